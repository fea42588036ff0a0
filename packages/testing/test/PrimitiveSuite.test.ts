// The suite catches what is wrong with a rule, by the check whose name says so.

import { Expr, Fn, type Shape } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { type PrimitiveSuite, primitiveSuite } from "@fluxion/testing"
import { Effect, Result } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { primitives } from "./primitives/table.ts"

type Checks = ReadonlyArray<PrimitiveSuite.Check>
type Operand = Expr.Expr

const failures = (checks: Checks): Readonly<Record<string, string>> =>
  Object.fromEntries(
    checks.flatMap(({ check, name, primitive }) => {
      const result = Effect.runSync(Effect.result(check))
      return Result.isFailure(result) ? [[name.slice(primitive.length + 2), result.failure.message]] : []
    })
  )

const failing = (checks: Checks): ReadonlyArray<string> => Object.keys(failures(checks))

const isNumeric = (name: string): boolean => name.includes("central differences")

// -----------------------------------------------------------------------------
// Rules of one's own
// -----------------------------------------------------------------------------

interface Rules {
  readonly jvp?: (given: Given & { readonly tangents: Pair }) => Operand
  readonly vjp?: (given: Given & { readonly cotangents: Operand }) => Pair
}
interface Pair {
  readonly x: Operand
  readonly y: Operand
}
interface Given {
  readonly primals: Pair
  readonly outputs: Operand
}

/** A combinator of two operands with rules of its own, of any shapes. */
const withRules =
  (value: (x: Operand, y: Operand) => Expr.Any, { jvp, vjp }: Rules) =>
  (x: Operand, y: Operand): Operand => {
    const f = Fn.make({ x: x.shape, y: y.shape }, (given) => {
      const operands = given as unknown as Pair
      return value(operands.x, operands.y) as Operand
    })
    const ruled: unknown =
      vjp === undefined
        ? Expr.customJvp(f, jvp as never)
        : Expr.customVjp(f, (jvp === undefined ? vjp : { jvp, vjp }) as never)
    return Fn.apply(ruled as typeof f, { x, y } as never) as Operand
  }

const times = (a: Operand, b: Operand): Operand => Expr.mulStrongZero(a, b) as Operand

/** Sums over the axes along which an operand of this shape was broadcast. */
const summedTo = (x: Operand, shape: Shape.Shape): Operand => {
  const added = x.shape.length - shape.length
  const axes = x.shape.flatMap((n, axis) => (axis < added || (shape[axis - added] === 1 && n !== 1) ? [axis] : []))
  return Expr.reshape(Expr.sum(x, { axis: axes }), shape) as Operand
}

const product = (x: Operand, y: Operand): Expr.Any => Expr.mul(Expr.sin(x), y)
const productJvp: NonNullable<Rules["jvp"]> = ({ primals: { x, y }, tangents }) =>
  Expr.add(times(Expr.mul(Expr.cos(x), y) as Operand, tangents.x), times(Expr.sin(x), tangents.y)) as Operand
const productVjp: NonNullable<Rules["vjp"]> = ({ cotangents, primals: { x, y } }) => ({
  x: summedTo(times(Expr.mul(Expr.cos(x), y) as Operand, cotangents), x.shape),
  y: summedTo(times(Expr.sin(x), cotangents), y.shape)
})

const suite = (rules: Rules): Checks =>
  primitiveSuite({
    name: "product",
    operands: [{ ranges: [[-2, 2]] }, { ranges: [[-2, 2]] }],
    build: withRules(product, rules),
    value: (x, y) => Math.sin(x!) * y!,
    // Beyond, sines are of arguments that are rounded as much.
    special: { values: [0, -0, 1, -1, Infinity, -Infinity, NaN, 5e-324, 710], tolerance: 1e-12 }
  })

describe("a rule of one's own", () => {
  it("passes where it is the derivative: a JVP, a VJP, both", () => {
    expect(failures(suite({ jvp: productJvp }))).toEqual({})
    expect(failures(suite({ jvp: productJvp, vjp: productVjp }))).toEqual({})
    expect(failures(suite({ vjp: productVjp }))).toEqual({})
  })

  it("without a JVP is checked in reverse mode only", () => {
    const names = suite({ vjp: productVjp }).map(({ name }) => name)
    expect(names.some((name) => name.includes("forward"))).toBe(false)
    expect(names).toContain("product: order 3, scalars: as central differences")
    const wrong = suite({ vjp: (given) => ({ ...productVjp(given), y: Expr.neg(productVjp(given).y) }) })
    expect(failing(wrong)).toContain("order 1, scalars: as central differences")
  })

  it("with a wrong factor is not what central differences say, of order 1 and at all shapes", () => {
    const wrong = suite({ jvp: (given) => Expr.mul(2, productJvp(given)) as Operand })
    expect(failing(wrong)).toEqual([
      "order 1, scalars: as central differences",
      "order 1, ranks 1 to 4: as central differences",
      "order 1, broadcasting: as central differences"
    ])
    expect(failures(wrong)["order 1, scalars: as central differences"]).toMatch(
      /^product: order 1, scalars: as central differences: 4 of 4 comparisons differ where a = .*, b = .*; forward and central differences at [ab]: .* and .*, difference .*, allowed .*e-1\d$/
    )
  })

  it("with a wrong sign in one operand of one mode: the modes differ there, and which is wrong is said", () => {
    const wrong = suite({
      jvp: productJvp,
      vjp: (given) => ({ ...productVjp(given), y: Expr.neg(productVjp(given).y) as Operand })
    })
    const found = failures(wrong)
    expect(found["order 1, scalars: forward = reverse"]).toMatch(/1 of 2 comparisons .*forward and reverse at b: /)
    expect(found["order 1, scalars: as central differences"]).toMatch(
      /1 of 4 comparisons .*reverse and central differences at b: /
    )
    expect(found["reverse mode is the transpose of forward mode"]).toMatch(/<v, J u> and <J' v, u>/)
    expect(found["derivatives are linear in directions"]).toBeUndefined()
  })

  it("that is wrong at order 2 only", () => {
    const wrong = suite({
      jvp: ({ primals: { x, y }, tangents }) =>
        Expr.add(
          times(Expr.mul(Expr.stopGradient(Expr.cos(x)), y) as Operand, tangents.x),
          times(Expr.sin(x), tangents.y)
        ) as Operand
    })
    const names = failing(wrong)
    expect(names).toContain("order 2, scalars: as central differences")
    expect(names.filter((name) => name.startsWith("order 1"))).toEqual([])
    expect(names.every((name) => isNumeric(name) || name.includes("nestings"))).toBe(true)
  })

  it("that is wrong at order 2 of one mode only", () => {
    const wrong = suite({
      jvp: productJvp,
      vjp: ({ cotangents, primals: { x, y } }) => ({
        x: summedTo(times(Expr.mul(Expr.stopGradient(Expr.cos(x)), y) as Operand, cotangents), x.shape),
        y: summedTo(times(Expr.sin(x), cotangents), y.shape)
      })
    })
    const found = failures(wrong)
    expect(found["order 2, scalars: all 4 nestings of the modes agree"]).toContain("over reverse")
    expect(Object.keys(found).filter((name) => name.startsWith("order 1"))).toEqual([])
  })

  it("that turns zero times infinity into NaN", () => {
    const logarithm = (forward: (a: Operand, b: Operand) => Expr.Any, reverse: typeof forward) =>
      primitiveSuite({
        name: "logarithm",
        operands: [{ ranges: [[0.2, 3]] }],
        build: (x) =>
          withRules((y) => Expr.log(y), {
            jvp: ({ primals, tangents }) => forward(Expr.div(1, primals.x) as Operand, tangents.x) as Operand,
            vjp: ({ cotangents, primals }) => ({
              x: reverse(Expr.div(1, primals.x) as Operand, cotangents) as Operand,
              y: Expr.zeros([]) as Operand
            })
          })(x, Expr.zeros([]) as Operand)
      })
    expect(failing(logarithm(Expr.mulStrongZero, Expr.mulStrongZero))).toEqual([])
    // A select drops tangents, whatever they are.
    expect(failing(logarithm(Expr.mul, Expr.mulStrongZero))).toEqual(["a zero derivative stays zero at special values"])
    const found = failures(logarithm(Expr.mulStrongZero, Expr.mul))
    expect(Object.keys(found)).toEqual([
      "a zero derivative stays zero at special values",
      "a branch not taken does not poison"
    ])
    expect(found["a zero derivative stays zero at special values"]).toMatch(/to .* at \(-?0\): NaN and 0/)
  })

  it("that is wrong where it broadcasts", () => {
    const wrong = suite({
      jvp: productJvp,
      vjp: (given) => {
        const { x, y } = productVjp(given)
        const count = given.outputs.shape.reduce((a, b) => a * b, 1) / y.shape.reduce((a, b) => a * b, 1)
        return { x, y: (Number.isFinite(count) ? Expr.div(y, count) : y) as Operand }
      }
    })
    const names = failing(wrong)
    expect(names.slice(0, 2)).toEqual([
      "order 1, broadcasting: forward = reverse",
      "order 1, broadcasting: as central differences"
    ])
    expect(names.some((name) => name.includes("scalars") || name.includes("ranks"))).toBe(false)
  })

  it("that cannot be built at some shapes", () => {
    const wrong = suite({
      jvp: productJvp,
      vjp: (given) => ({
        ...productVjp(given),
        x: times(Expr.mul(Expr.cos(given.primals.x), given.primals.y) as Operand, given.cotangents)
      })
    })
    const found = failures(wrong)
    expect(found["order 1, broadcasting: forward = reverse"]).toMatch(/threw ShapeError: .*customVjp/)
    expect(found["order 1, scalars: forward = reverse"]).toBeUndefined()
  })

  it("without the convention at a kink", () => {
    const absolute = (slope: (x: Operand) => Expr.Any, reverse = slope) =>
      primitiveSuite({
        name: "absolute",
        operands: [{ ranges: [[-3, 3]], kinks: [0] }],
        build: (x) =>
          withRules((y) => Expr.abs(y), {
            jvp: ({ primals, tangents }) => times(slope(primals.x) as Operand, tangents.x),
            vjp: ({ cotangents, primals }) => ({
              x: times(reverse(primals.x) as Operand, cotangents),
              y: Expr.zeros([]) as Operand
            })
          })(x, Expr.zeros([]) as Operand),
        conventions: [{ at: [0], partials: [0] }],
        special: { values: [1, -1, 2, -2] }
      })
    expect(failing(absolute(Expr.sign))).toEqual([])
    const quotient = (x: Operand) => Expr.div(x, Expr.abs(x))
    const found = failures(absolute(quotient))
    expect(Object.keys(found)).toEqual(["conventions are those given"])
    expect(found["conventions are those given"]).toMatch(
      /where a = 0; forward and the convention for ∂\/∂a: NaN and 0, difference NaN/
    )
    const oneSided = (x: Operand) => Expr.select(Expr.ge(x, 0), 1, -1)
    expect(failing(absolute(Expr.sign, oneSided))).toEqual([
      "conventions are those given",
      "the same at kinks in every mode"
    ])
  })

  it("that is not linear", () => {
    const clipped = suite({
      jvp: productJvp,
      vjp: (given) => ({ ...productVjp(given), x: Expr.clamp(productVjp(given).x, -0.01, 0.01) as Operand })
    })
    expect(failures(clipped)["derivatives are linear in directions"]).toMatch(/the VJP of a sum of directions at a/)
    // Reverse mode transposes a JVP, and there is no transpose of an absolute value.
    const absolute = suite({ jvp: (given) => Expr.abs(productJvp(given)) as Operand })
    expect(failing(absolute)).toContain("derivatives are linear in directions")
    expect(failing(absolute)).toContain("reverse mode is the transpose of forward mode")
  })
})

describe("a combinator", () => {
  const operands = [{ ranges: [[0.5, 2]] }] as const

  it("is compared with a formula and with references", () => {
    const checks = primitiveSuite({
      name: "square root",
      operands,
      build: (x) => Expr.sqrt(x),
      value: (x) => Math.sqrt(x!) + 1e-9,
      references: [
        { at: [1], value: 1, first: [0.5], second: [[-0.25]] },
        { at: [1.44], value: 1.25, first: [0.4], second: [[-0.1]] }
      ]
    })
    const found = failures(checks)
    expect(Object.keys(found)).toEqual([
      "values are those of the formula",
      "values are those of the references",
      "first derivatives are those of the references",
      "second derivatives are those of the references"
    ])
    expect(found["values are those of the references"]).toMatch(
      /where a = 1.44; the value and the reference: 1.2 and 1.25, difference 0.05/
    )
    expect(found["first derivatives are those of the references"]).toContain("forward and the reference for ∂/∂a")
    expect(found["second derivatives are those of the references"]).toMatch(/ over .* and the reference for ∂²\/∂a∂a/)
  })

  it("is finite where it is said to be smooth", () => {
    const checks = primitiveSuite({ name: "log", operands: [{ ranges: [[-3, -2]] }], build: (x) => Expr.log(x) })
    expect(failures(checks)["values are finite where it is smooth"]).toContain("NaN and 0")
  })

  it("that cannot be encoded or mapped says why", () => {
    const checks = primitiveSuite({
      name: "positive",
      operands,
      build: (x) => Expr.ensure(x, Expr.gt(x, -1e9) as never, () => "negative") as Operand,
      shapes: [[[]], [[3]]],
      special: { values: [1, 2] }
    })
    expect(failures(checks)).toEqual({
      "encoded and decoded, the same": expect.stringMatching(
        /^positive: encoded and decoded, the same: threw SchemaError: Expected a guard of the library/
      )
    })
  })

  it("draws the same points again from a seed, and others from another", () => {
    const worst = (seed: number) =>
      primitiveSuite({ name: "wrong", operands, seed, build: (x) => Expr.log(Expr.sub(x, 9)) }).map(({ check }) => {
        const result = Effect.runSync(Effect.result(check))
        return Result.isFailure(result) ? result.failure.message : ""
      })
    expect(worst(1)).toEqual(worst(1))
    expect(worst(1)).not.toEqual(worst(2))
  })

  it("reports what was compared, and runs under any runner", () => {
    const [finite, modes] = primitiveSuite({ name: "sine", operands, build: (x) => Expr.sin(x) })
    const report = Effect.runSync(modes!.check)
    expect(report).toMatchObject({
      primitive: "sine",
      check: "sine: order 1, scalars: forward = reverse",
      comparisons: 4
    })
    expect(report.worst!.difference).toBeLessThanOrEqual(report.worst!.tolerance)
    expect(finite!.run()).toBeUndefined()
    const [wrong] = primitiveSuite({ name: "log", operands: [{ ranges: [[-3, -2]] }], build: (x) => Expr.log(x) })
    expect(wrong!.run).toThrow(/^log: values are finite where it is smooth: /)
  })

  it("may be exempt from a property", () => {
    const all = primitiveSuite({ name: "sine", operands, build: (x) => Expr.sin(x) })
    const some = primitiveSuite({
      name: "sine",
      operands,
      build: (x) => Expr.sin(x),
      orders: 2,
      exempt: { serialisation: "it is never written" }
    })
    expect(some.every(({ name }) => !name.includes("order 3") && !name.includes("encoded"))).toBe(true)
    expect(all.length - some.length).toBe(1 + 6)
  })
})

// -----------------------------------------------------------------------------
// Rules of ours
// -----------------------------------------------------------------------------

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
const forward = Forward.rules as Mutable<typeof Forward.rules>
const reverse = Reverse.rules as Mutable<typeof Reverse.rules>
const forwardControl = Forward.controlRules as Mutable<typeof Forward.controlRules>
const reverseControl = Reverse.controlRules as Mutable<typeof Reverse.controlRules>
const tables = [forward, reverse, forwardControl, reverseControl] as ReadonlyArray<object>
const originals = tables.map((table) => ({ ...table }))

afterEach(() => tables.forEach((table, i) => Object.assign(table, originals[i])))

describe("the suites of our own primitives go red at the right names where a rule is broken", () => {
  it("elementwise: a factor in one mode, the convention at a tie, an order of evaluation that poisons", () => {
    reverse.sin = [(ct, { operands: [x], ops }) => ops.mulStrongZero(ct, ops.mul(ops.cos(x), 1 + 1e-9))]
    const sine = failing(primitiveSuite(primitives.sin))
    expect(sine).toContain("order 1, scalars: forward = reverse")
    expect(sine).toContain("order 1, a in [50, 60]: as central differences")

    reverse.max = [
      (ct, { operands: [x, y], ops }) => ops.mulStrongZero(ct, ops.toReal(ops.ge(x, y))),
      (ct, { operands: [x, y], ops }) => ops.mulStrongZero(ct, ops.toReal(ops.lt(x, y)))
    ]
    const maximum = failing(primitiveSuite(primitives.max))
    expect(maximum).toContain("conventions are those given")
    expect(maximum.filter((name) => name.startsWith("order"))).toEqual([])

    forward.log = [(t, { operands: [x], ops }) => ops.div(t, x)]
    expect(failing(primitiveSuite(primitives.log))).toContain("a zero derivative stays zero at special values")
  })

  it("structural, reduction, linear algebra, control flow", () => {
    reverse.triangle = [(ct, { attributes, ops }) => ops.triangle(ct, { ...attributes, upper: !attributes.upper })]
    expect(failing(primitiveSuite(primitives.triangle))).toContain("reverse mode is the transpose of forward mode")

    forward.cumsum = [(t, { attributes, ops }) => ops.cumsum(t, attributes.axis, false)]
    expect(failing(primitiveSuite(primitives.cumsum))).toContain("order 1, its shapes: forward = reverse")

    const [, rightHandSide] = reverse.solve
    reverse.solve = [Reverse.Zero, rightHandSide]
    expect(failing(primitiveSuite(primitives.solve)).length).toBeGreaterThan(5)

    reverseControl.map = reverseControl.scan as never
    const mapped = failing(primitiveSuite(primitives.sin))
    expect(mapped).toContain("mapped over a batch, as one by one")
  })
})
