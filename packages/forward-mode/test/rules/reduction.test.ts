import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Algebra } from "@fluxion/core"
import * as Operations from "../../../core/src/Operations.ts"
import type * as Primitive from "../../../core/src/Primitive.ts"
import * as Tensor from "../../../core/src/Tensor.ts"
import {
  at,
  direction,
  disagreements,
  jvp,
  partials,
  primitive,
  type Program,
  run,
  tensors,
  values
} from "./algebra.ts"

const tolerance = 1e-8

/** Numbers among which zeros are common. */
const entry = fc.oneof(
  { weight: 3, arbitrary: fc.double({ min: -2, max: 2, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(0) }
)
const entries = (count: number) => fc.array(entry, { minLength: count, maxLength: count })
const subsets = [[], [0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]]

describe("reductions against central differences, first and second order", () => {
  it.each(["sum", "prod"] as const)("%s over any axes, with zeros", (name) => {
    fc.assert(
      fc.property(entries(24), fc.constantFrom(...subsets), fc.nat(), (xs, axes, seed) => {
        const x = Tensor.fromArray(xs, [2, 3, 4])
        // A product of 24 factors up to 2 may be large: small factors keep its differences accurate.
        const f: Program = (ops, [y]) => primitive(name, { axes })(ops, [name === "prod" ? ops.mul(y!, 0.7) : y!])
        expect(disagreements(f, [x], [direction([2, 3, 4], seed)])).toBeLessThan(1e-6)
      }),
      { numRuns: 100 }
    )
  })
  it.each(["cumsum", "cumprod"] as const)("%s along any axis, both ways, with zeros", (name) => {
    fc.assert(
      fc.property(entries(30), fc.nat({ max: 2 }), fc.boolean(), fc.nat(), (xs, axis, reverse, seed) => {
        const x = Tensor.fromArray(xs, [2, 3, 5])
        expect(disagreements(primitive(name, { axis, reverse }), [x], [direction([2, 3, 5], seed)])).toBeLessThan(
          tolerance
        )
      }),
      { numRuns: 100 }
    )
  })
  it.each(["reduceMax", "reduceMin"] as const)("%s away from ties", (name) => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(
          Array.from({ length: 12 }, (_, i) => i / 10),
          { minLength: 12, maxLength: 12 }
        ),
        fc.constantFrom([0], [1], [0, 1]),
        fc.nat(),
        (xs, axes, seed) => {
          const f: Program = (ops, [x]) => ops.exp(primitive(name, { axes })(ops, [ops.sin(x!)]))
          expect(disagreements(f, [Tensor.fromArray(xs, [3, 4])], [direction([3, 4], seed)])).toBeLessThan(tolerance)
        }
      )
    )
  })
})

/** The gradient of a reduction of a vector to a number, one direction at a time. */
const gradient = (name: "prod" | "reduceMax" | "reduceMin", xs: ReadonlyArray<number>): Array<number> =>
  xs.map((_, i) => {
    const t = Tensor.make(xs.map((_, j) => (i === j ? 1 : 0)))
    return run(jvp(primitive(name, { axes: [0] }), [0]), Tensor.make(xs), t).data[0]! + 0
  })

describe("conventions", () => {
  it("ties share equally", () => {
    expect(gradient("reduceMax", [1, 3, 3, 2])).toEqual([0, 0.5, 0.5, 0])
    expect(gradient("reduceMax", [5, 5, 5])).toEqual([1 / 3, 1 / 3, 1 / 3])
    expect(gradient("reduceMin", [1, 3, 1, 1, 1])).toEqual([0.25, 0, 0.25, 0.25, 0.25])
    expect(gradient("reduceMax", [Infinity, 1, Infinity])).toEqual([0.5, 0, 0.5])
    expect(gradient("reduceMin", [0, -0])).toEqual([0.5, 0.5])
  })
  it("ties share equally in each of several reductions", () => {
    const x = Tensor.make([
      [1, 1],
      [2, 3]
    ])
    const t = Tensor.make([
      [1, 3],
      [10, 20]
    ])
    expect(values(run(jvp(primitive("reduceMax", { axes: [1] }), [0]), x, t))).toEqual([2, 20])
    expect(values(run(jvp(primitive("reduceMax", { axes: [0, 1] }), [0]), x, t))).toEqual([20])
  })
  it("a NaN result has a NaN derivative, but a zero tangent stays zero", () => {
    expect(gradient("reduceMax", [1, NaN, 2])).toEqual([NaN, NaN, NaN])
    expect(gradient("reduceMin", [1, NaN])).toEqual([NaN, NaN])
    const zero = run(jvp(primitive("reduceMax", { axes: [0] }), [0]), Tensor.make([1, NaN]), Tensor.make([0, 0]))
    expect(values(zero)).toEqual([0])
  })
  it("nothing varies in arg-reductions, any and all", () => {
    for (const name of ["argmax", "argmin"] as const) {
      const f: Program = (ops, [x]) => ops.toReal(ops[name](x!, 0))
      expect(values(run(jvp(f, [0]), Tensor.make([1, 2]), Tensor.make([1, 1])))).toEqual([0])
    }
    for (const name of ["any", "all"] as const) {
      const g: Program = (ops, [x]) => ops.toReal(ops[name](ops.gt(x!, 0), [0]))
      expect(values(run(jvp(g, [0]), Tensor.make([1, 2]), Tensor.make([1, 1])))).toEqual([0])
    }
  })
})

/** The product of the elements of a vector given as scalars. */
const product: Program = (ops, inputs) => ops.prod(ops.stack(inputs, 0), [0])
const lastOfCumprod =
  (reverse: boolean): Program =>
  (ops, inputs) => {
    const n = inputs.length
    const all = ops.cumprod(ops.stack(inputs, 0), 0, reverse)
    return ops.reshape(ops.slice(all, { starts: [reverse ? 0 : n - 1], limits: [reverse ? 1 : n], strides: [1] }), [])
  }

describe("products with zeros, to the third order", () => {
  const factors = fc.array(fc.constantFrom(0, 0, 1, 2, -3, 5), { minLength: 1, maxLength: 9 })
  const programs: ReadonlyArray<readonly [string, Program]> = [
    ["prod", product],
    ["cumprod", lastOfCumprod(false)],
    ["reverse cumprod", lastOfCumprod(true)]
  ]
  it.each(programs)("every mixed derivative of %s is the product of the others, exactly", (_, f) => {
    fc.assert(
      fc.property(factors, fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 3 }), (xs, picks) => {
        const wrt = picks.map((i) => i % xs.length)
        const expected =
          new Set(wrt).size < wrt.length ? 0 : xs.reduce<number>((p, x, i) => (wrt.includes(i) ? p : p * x), 1)
        expect(at(partials(f, wrt), ...xs) + 0).toBe(expected + 0)
      }),
      { numRuns: 300 }
    )
  })
  it("three zeros among four factors", () => {
    expect(at(partials(product, [0, 1, 2]), 0, 0, 0, 5)).toBe(5)
    expect(at(partials(product, [0, 1, 3]), 0, 0, 0, 5)).toBe(0)
    expect(gradient("prod", [0, 0, 7])).toEqual([0, 0, 0])
    expect(gradient("prod", [2, 0, 7])).toEqual([0, 14, 0])
  })
  it("cumprod with zeros", () => {
    const tangent = run(
      jvp(primitive("cumprod", { axis: 0, reverse: false }), [0]),
      Tensor.make([2, 0, 3, 0, 5]),
      Tensor.make([1, 10, 100, 1000, 10000])
    )
    // t_k is the sum over i <= k of t_i times the product of the other factors up to k.
    expect(values(tangent)).toEqual([1, 20, 60, 0, 0])
  })
  it("empty and single-element axes", () => {
    const prod = (xs: Tensor.Any, t: Tensor.Any, axes: ReadonlyArray<number>) =>
      run(jvp(primitive("prod", { axes }), [0]), xs, t)
    expect(values(prod(Tensor.zeros([2, 0]), Tensor.zeros([2, 0]), [1]))).toEqual([0, 0])
    expect(prod(Tensor.zeros([0, 2]), Tensor.zeros([0, 2]), [1]).shape).toEqual([0])
    expect(values(prod(Tensor.make([[3], [4]]), Tensor.make([[5], [6]]), [1]))).toEqual([5, 6])
    const empty = run(jvp(primitive("cumprod", { axis: 0, reverse: true }), [0]), Tensor.zeros([0]), Tensor.zeros([0]))
    expect(empty.shape).toEqual([0])
  })
  it("factors that do not vary may be infinite or NaN only where the derivative sees them", () => {
    const t = run(
      jvp(primitive("prod", { axes: [1] }), [0]),
      Tensor.make([
        [2, Infinity],
        [2, NaN],
        [2, 3]
      ]),
      Tensor.make([
        [0, 0],
        [0, 0],
        [1, 0]
      ])
    )
    expect(values(t)).toEqual([0, 0, 3])
    const c = run(
      jvp(primitive("cumprod", { axis: 0, reverse: false }), [0]),
      Tensor.make([2, 3, NaN, 4]),
      Tensor.make([0, 1, 0, 0])
    )
    expect(values(c)).toEqual([0, 2, NaN, NaN])
  })
  it("long products take logarithmically many operations", () => {
    const n = 5000
    const xs = Array.from({ length: n }, (_, i) => 1 + Math.sin(i) / 100)
    const t = Array.from({ length: n }, (_, i) => Math.cos(i))
    const whole = xs.reduce((p, x) => p * x, 1)
    const expected = whole * t.reduce((sum, u, i) => sum + u / xs[i]!, 0)
    const tangent = run(jvp(primitive("prod", { axes: [0] }), [0]), Tensor.make(xs), Tensor.make(t)).data[0]!
    expect(Math.abs(tangent / expected - 1)).toBeLessThan(1e-11)
    const scan = run(jvp(primitive("cumprod", { axis: 0, reverse: false }), [0]), Tensor.make(xs), Tensor.make(t))
    expect(Math.abs(scan.data[n - 1]! / expected - 1)).toBeLessThan(1e-11)
    let count = 0
    const counting: Algebra<Tensor.Any> = {
      ...tensors,
      apply: (name, attributes, operands) => {
        count++
        return tensors.apply(name, attributes, operands)
      }
    }
    const ops = Operations.make(counting)
    for (const f of [primitive("prod", { axes: [0] }), primitive("cumprod", { axis: 0, reverse: false })]) {
      count = 0
      jvp(f, [0])(ops, [Tensor.make(xs), Tensor.make(t)])
      expect(count).toBeLessThan(13 * 9 + 10)
    }
  })
})

describe("attributes that the primitive shares with its tangent", () => {
  it("cumsum keeps its direction", () => {
    const name: Primitive.Name = "cumsum"
    const t = run(jvp(primitive(name, { axis: 0, reverse: true }), [0]), Tensor.make([0, 0, 0]), Tensor.make([1, 2, 4]))
    expect(values(t)).toEqual([7, 6, 4])
  })
})
