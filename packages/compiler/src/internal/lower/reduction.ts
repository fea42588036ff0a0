// Reductions: an array of initial values, into which a nest of loops combines.

import type { Primitive, Type } from "@fluxion/core"
import * as Affine from "../loops/affine.ts"
import { access, assign, type Combine, forLoop, literal, makeLoop, type Operation } from "../loops/model.ts"
import type { Builder, Index } from "./builder.ts"
import type { Lowerings } from "./model.ts"
import * as View from "./view.ts"

const reduce =
  (combine: Combine, initial: (elementType: Type.ElementType) => number) =>
  (
    builder: Builder,
    { axes }: Primitive.ReductionAttributes,
    [x]: readonly [View.View],
    type: Type.Type
  ): View.View => {
    if (axes.length === 0) return x
    const result = builder.temporary(type)
    builder.fill(result, initial(type.elementType))
    builder.store(
      result,
      x.shape,
      (index) => index.filter((_, axis) => !axes.includes(axis)),
      "copy",
      (index) => [View.at(x, index)],
      { combine }
    )
    return View.ofBuffer(result)
  }

/** Replaces one subscript. */
const replace = (index: Index, axis: number, subscript: Affine.Affine): Index => index.with(axis, subscript)

/** Places below this are numbers of any precision. */
const MOST_PLACES = 2 ** 24

const worst = {
  gt: { real: -Infinity, index: -2147483648 },
  lt: { real: Infinity, index: 2147483647 }
} as const

/** The place of the first extremum along an axis; a NaN is one. */
const argReduce =
  (better: "gt" | "lt") =>
  (builder: Builder, { axis }: Primitive.AxisAttributes, [x]: readonly [View.View], type: Type.Type): View.View =>
    builder.each(type, (outer) => {
      const index = outer.toSpliced(axis, 0, Affine.zero)
      const { elementType } = x
      // What everything is better than: if nothing is, the first is as good as all.
      const least = worst[better][elementType === "index" ? "index" : "real"]
      const extent = x.shape[axis]!
      // Loops over other axes run on vectors, which hold real numbers.
      const counted = extent <= MOST_PLACES ? "real" : "index"
      const best = access(builder.temporary({ elementType, shape: [] }))
      const found = access(builder.temporary({ elementType: counted, shape: [] }))
      const current = access(builder.temporary({ elementType: counted, shape: [] }))
      builder.emit(assign(best, "copy", [literal(elementType, least)]))
      builder.emit(assign(found, "copy", [literal(counted, 0)]))
      builder.emit(assign(current, "copy", [literal(counted, 0)]))
      const loop = makeLoop(extent)
      const place = Affine.ofLoop(loop)
      const body = builder.collect(() => {
        const candidate = builder.compute(elementType, "copy", [View.at(x, replace(index, axis, place))])
        const isBetter = builder.compute("bool", better, [candidate, best])
        const isNaN = builder.compute("bool", "ne", [candidate, candidate])
        const wins = builder.compute("bool", "or", [isBetter, isNaN])
        const wasNumber = builder.compute("bool", "eq", [best, best])
        const taken = builder.compute("bool", "and", [wins, wasNumber])
        builder.emit(assign(best, "select", [taken, candidate, best]))
        builder.emit(assign(found, "select", [taken, current, found]))
        builder.emit(assign(current, "add", [current, literal(counted, 1)]))
      })
      builder.emit(forLoop(loop, body, { isParallel: false }))
      return counted === "index" ? found : builder.compute("index", "toIndex", [found])
    })

const accumulate =
  (operation: Operation, initial: number) =>
  (
    builder: Builder,
    { axis, reverse }: Primitive.CumulativeAttributes,
    [x]: readonly [View.View],
    type: Type.Type
  ): View.View => {
    const result = builder.temporary(type)
    builder.nest(
      type.shape.map((extent, i) => (i === axis ? 1 : extent)),
      (index) => {
        const total = access(builder.temporary({ elementType: "real", shape: [] }))
        builder.emit(assign(total, "copy", [literal("real", initial)]))
        const loop = makeLoop(type.shape[axis]!)
        const at = replace(index, axis, Affine.ofLoop(loop))
        const body = builder.collect(() => {
          builder.emit(assign(total, operation, [total, View.at(x, at)]))
          builder.emit(assign(access(result, at), "copy", [total]))
        })
        builder.emit(forLoop(loop, body, { isParallel: false, isReverse: reverse }))
      }
    )
    return View.ofBuffer(result)
  }

export const reduction: Lowerings<
  "sum" | "prod" | "reduceMax" | "reduceMin" | "argmax" | "argmin" | "any" | "all" | "cumsum" | "cumprod"
> = {
  sum: reduce("add", () => 0),
  prod: reduce("mul", () => 1),
  reduceMax: reduce("max", (elementType) => (elementType === "real" ? -Infinity : -2147483648)),
  reduceMin: reduce("min", (elementType) => (elementType === "real" ? Infinity : 2147483647)),
  argmax: argReduce("gt"),
  argmin: argReduce("lt"),
  any: reduce("or", () => 0),
  all: reduce("and", () => 1),
  cumsum: accumulate("add", 0),
  cumprod: accumulate("mul", 1)
}
