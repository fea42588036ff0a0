// Derivatives as linear maps: against the derivative programs they are taken from.

import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, Tensor, type Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const spec = { a: [], v: [3] } as const
type Program = Fn.Fn<typeof spec, Tree.Spec>

const number = fc.double({ min: -1, max: 1, noNaN: true })
const at = fc.record({
  a: number,
  v: fc.array(number, { minLength: 3, maxLength: 3 }).map((data) => Tensor.fromArray(data, [3]))
})

const programs: Record<string, Program> = {
  operations: Fn.make(spec, ({ a, v }) => ({
    x: Expr.mul(Expr.exp(a), Expr.sin(v)),
    y: Expr.mul(a, a),
    z: Expr.sin(2)
  })),
  scan: Fn.make(spec, ({ a, v }) =>
    Expr.fold((carry, item) => Expr.sin(Expr.mul(Expr.add(carry, item), a)), Expr.exp(a), v)
  ),
  "map and cond": Fn.make(spec, ({ a, v }) =>
    Expr.map(
      (item) =>
        Expr.cond(
          Expr.gt(item, 0),
          () => Expr.mul(Expr.exp(item), a),
          () => Expr.sin(Expr.mul(item, item))
        ),
      v
    )
  ),
  "whileLoop and call": Fn.make(spec, ({ a, v }) => {
    const square = Fn.make([], (x) => Expr.mul(x, x))
    const start = { n: Expr.constant(Tensor.index(0)), x: a }
    const { x } = Expr.whileLoop(
      ({ n }) => Expr.lt(n, Tensor.index(3)),
      ({ n, x }) => ({ n: Expr.add(n, Tensor.index(1)), x: Expr.add(Fn.call(square, x), Expr.sum(v)) }),
      start
    )
    return { x, y: Expr.sin(x) }
  })
}
programs["a gradient through a loop"] = Reverse.grad(
  Fn.make(spec, ({ a, v }) => {
    const start = { n: Expr.constant(Tensor.index(0)), x: a }
    const { x } = Expr.whileLoop(
      ({ n }) => Expr.lt(n, Tensor.index(3)),
      ({ n, x }) => ({ n: Expr.add(n, Tensor.index(1)), x: Expr.sin(Expr.add(x, Expr.sum(v))) }),
      start
    )
    return x
  })
) as never

/** The operations that outputs need, those in the bodies of control primitives included. */
const operations = (outputs: ReadonlyArray<Expr.Any>): ReadonlySet<string> => {
  const found = new Set<string>()
  const pending = outputs.slice()
  for (const expr of pending) {
    const view = Expr.view(expr)
    if (view._tag === "Apply") found.add(view.primitive)
    if (view._tag === "Apply" || view._tag === "Project") pending.push(...view.operands)
    if (view._tag !== "Project") continue
    for (const value of Object.values(view.attributes) as ReadonlyArray<unknown>) {
      if (typeof value === "object" && value !== null && "outputNodes" in value) {
        pending.push(...(value as { readonly outputNodes: ReadonlyArray<Expr.Any> }).outputNodes)
      }
    }
  }
  return found
}

describe("linearize", () => {
  it.each(Object.entries(programs))("%s: value and derivative are those of jvp", (_, f) => {
    fc.assert(
      fc.property(at, at, (point, direction) => {
        const expected = Fn.runSync(Forward.jvp(f), { primals: point, tangents: direction as never })
        const { tangent, value } = Effect.runSync(Calculus.linearize(f, point))
        expect({ primals: value, tangents: Fn.runSync(tangent, direction as never) }).toEqual(expected)
      })
    )
  })

  it("does not evaluate the primal again", () => {
    const f = Fn.make([1000], (xs) => Expr.fold((carry, x) => Expr.sin(Expr.mul(carry, Expr.exp(x))), 1, xs))
    const { tangent } = Effect.runSync(Calculus.linearize(f, Tensor.zeros([1000])))
    expect(operations(Fn.leaves(tangent).outputs)).toEqual(new Set(["mulStrongZero", "add"]))
  })
})

describe("linearTranspose", () => {
  it("pulls back: ⟨v, f(u)⟩ = ⟨transpose(v), u⟩", () => {
    const f = Fn.make({ x: [3], y: [] }, ({ x, y }) => ({
      p: Expr.sub(Expr.cumsum(x), Expr.mul(3, y)),
      q: Expr.fold((carry, item) => Expr.add(Expr.mul(0.5, carry), item), y, x)
    }))
    const transpose = Calculus.linearTranspose(f)
    const vector = fc.array(number, { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(vector, number, vector, number, (x, y, p, q) => {
        const { p: fp, q: fq } = Fn.runSync(f, { x: Tensor.fromArray(x, [3]), y })
        const back = Fn.runSync(transpose, { p: Tensor.fromArray(p, [3]), q })
        const left = p.reduce((sum, pi, i) => sum + pi * fp.data[i]!, q * fq)
        const right = x.reduce((sum, xi, i) => sum + xi * back.x.data[i]!, y * back.y)
        expect(Math.abs(left - right)).toBeLessThan(1e-12)
      })
    )
  })

  it("of a linearisation is the pullback", () => {
    fc.assert(
      fc.property(at, number, (point, cotangent) => {
        const f = programs["scan"] as Fn.Fn<typeof spec, readonly []>
        const { tangent } = Effect.runSync(Calculus.linearize(f, point))
        const expected = Fn.runSync(Reverse.vjp(f), { primals: point, cotangents: cotangent }).cotangents
        const actual = Fn.runSync(Calculus.linearTranspose(tangent), cotangent)
        expect(Math.abs(actual.a - expected.a)).toBeLessThan(1e-13)
        actual.v.data.forEach((x, i) => expect(Math.abs(x - expected.v.data[i]!)).toBeLessThan(1e-13))
      })
    )
  })

  it("refuses what is not linear, with the names of output and input", () => {
    const product = Fn.make({ x: [], y: [] }, ({ x, y }) => ({ sum: Expr.add(x, y), product: Expr.mul(x, y) }))
    expect(() => Calculus.linearTranspose(product)).toThrow(/output product does not vary linearly with input x/)
    const loop = Fn.make([3], (xs) => Expr.fold((carry, x) => Expr.sin(Expr.add(carry, x)), 0, xs))
    expect(() => Calculus.linearTranspose(loop)).toThrow(/the output does not vary linearly with the input/)
    const affine = Fn.make([], (x) => Expr.add(x, 1))
    expect(() => Calculus.linearTranspose(affine)).toThrow(/the output is not 0 where all inputs are 0/)
    const mixed = Fn.make({ x: [3], i: { elementType: "index", shape: [] } }, ({ x }) => x)
    expect(() => Calculus.linearTranspose(mixed)).toThrow(/input i is not real/)
  })

  it("of a piecewise linear program: relu is not linear", () => {
    expect(() => Calculus.linearTranspose(Fn.make([], (x) => Expr.relu(x)))).toThrow(/does not vary linearly/)
  })
})
