import { Fn, Shape, Tree } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect } from "effect"
import { define, relativeOf } from "../internal/law.ts"
import { basis, pull, push, tangentSpecs, type Tensors } from "../internal/passes.ts"
import { indexOf, placeOf } from "../internal/place.ts"
import { forCotangents } from "../internal/tolerance.ts"
import { same } from "../Ulp.ts"
import type { Comparison, Law, Plain } from "./model.ts"

const flat = (tensors: Tensors): ReadonlyArray<number> => tensors.flatMap(({ data }) => Array.from(data))

/**
 * Second derivatives do not depend on the order: the Hessian of a program of one scalar output is symmetric.
 *
 * **Details**
 *
 * What a rule that is the gradient of nothing breaks, although it is linear and both modes agree on it: a custom rule whose own derivative is not symmetric. The Hessian is computed
 * forward over reverse, one pass for each input element (reverse over reverse where the program supports reverse mode only), and each pair of elements is compared, within `tolerance`
 * (1e-12 by default) times the scale of their terms (see `modesAgree`). Do not ask this at kinks.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Laws } from "@fluxion/testing"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(Expr.sin(x), Expr.exp(y)))
 * const report = Effect.runSync(Laws.hessianSymmetric(f, { x: 1, y: 2 }))
 * console.log(report.worst?.place) // H[x, y]
 * ```
 *
 * @category laws
 * @since 0.1.0
 */
export const hessianSymmetric: Law<Plain, readonly [], Fn.ReverseOnly> = define({
  title: "the Hessian is symmetric",
  sides: ["H[i, j]", "H[j, i]"],
  examine: (f, at, options) =>
    Effect.sync(() => {
      const gradient: Fn.Any = Reverse.grad(f as Fn.Fn<Tree.Spec, readonly []>)
      const { inputs } = tangentSpecs(f)
      const derivative = Fn.supportsForward(gradient) ? push : pull
      const directions = basis(inputs)
      const rows = directions.map((direction) => flat(derivative(gradient, at, direction)))
      const elements = Tree.leaves(inputs).flatMap(({ path, type }, leaf) =>
        Array.from({ length: Shape.size(type.shape) }, (_, i) => {
          const index = indexOf(i, type.shape)
          return { path, index, leaf, i, name: placeOf(path, index, "x") }
        })
      )
      const tolerances = directions.map((direction) => forCotangents(gradient, at, direction, relativeOf(options)))
      const comparisons = elements.flatMap((row, i) =>
        elements.slice(i + 1).map((column, k): Comparison => {
          const j = i + 1 + k
          const [left, right] = [rows[i]![j]!, rows[j]![i]!]
          const tolerance = Math.max(
            tolerances[i]!(column.leaf, column.i, left, right),
            tolerances[j]!(row.leaf, row.i, left, right)
          )
          const difference = same(left, right) ? 0 : Math.abs(left - right)
          return {
            place: `H[${row.name}, ${column.name}]`,
            path: row.path,
            index: row.index,
            left,
            right,
            difference,
            tolerance,
            agrees: difference <= tolerance
          }
        })
      )
      return { comparisons }
    })
})
