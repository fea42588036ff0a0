import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { at, derivative, evaluate, Primitive, pull, Tensor, tensors } from "./algebra.ts"
import type { Program } from "./algebra.ts"
import { agreesWithDifferences, broadcastable, partial } from "./differences.ts"
import type { Domain } from "./differences.ts"
import { Zero } from "@fluxion/core/Rule"
import { rules } from "../../src/VjpRules.ts"
import { ulps } from "./ulp.ts"

const on = (low: number, high: number): Domain => ({ low, high })

const unit = on(-0.8, 0.8)
const wide = on(-3, 3)
const positive = on(0.3, 3)

const unary = {
  neg: wide,
  abs: positive,
  sign: positive,
  exp: wide,
  expm1: wide,
  log: positive,
  log1p: on(-0.7, 3),
  sqrt: positive,
  cbrt: positive,
  sin: wide,
  cos: wide,
  tan: on(-1.2, 1.2),
  asin: unit,
  acos: unit,
  atan: wide,
  sinh: wide,
  cosh: wide,
  tanh: wide,
  asinh: wide,
  acosh: on(1.3, 4),
  atanh: unit,
  erf: wide,
  erfc: wide,
  lgamma: positive,
  digamma: on(0.5, 4),
  sigmoid: wide,
  softplus: wide,
  relu: positive,
  floor: on(0.1, 0.9),
  ceil: on(1.1, 1.9),
  round: on(0.6, 1.4),
  stopGradient: wide
} as const

const binary = {
  add: [wide, wide],
  sub: [wide, wide],
  mul: [wide, wide],
  mulStrongZero: [wide, wide],
  div: [wide, positive],
  pow: [positive, wide],
  atan2: [wide, positive],
  hypot: [wide, positive],
  max: [on(0, 1), on(1.1, 2)],
  min: [on(0, 1), on(1.1, 2)],
  rem: [on(7.2, 7.8), on(2.9, 3.1)]
} as const

type UnaryName = keyof typeof unary
type BinaryName = keyof typeof binary
const keys = <K extends string>(record: Readonly<Record<K, unknown>>) => Object.keys(record) as Array<K>

const unaryProgram =
  (name: UnaryName): Program =>
  (ops, [x]) =>
    ops[name](x!)
const binaryProgram =
  (name: BinaryName): Program =>
  (ops, [x, y]) =>
    ops[name](x!, y!)

describe("against central differences, first and second order, over broadcast shapes", () => {
  for (const name of keys(unary)) {
    const program = name === "stopGradient" ? undefined : unaryProgram(name)
    if (program !== undefined) {
      it(name, () => {
        agreesWithDifferences(program, broadcastable(1), [unary[name]])
      })
    }
  }
  for (const name of keys(binary)) {
    it(name, () => {
      agreesWithDifferences(binaryProgram(name), broadcastable(2), binary[name])
    })
  }
  for (const order of [0, 1, 3]) {
    it(`polygamma of order ${order}`, () => {
      agreesWithDifferences((ops, [x]) => ops.polygamma(x!, order), broadcastable(1), [on(1, 4)])
    })
  }
  it("select", () => {
    agreesWithDifferences((ops, [p, a, b]) => ops.select(ops.gt(p!, 0), ops.exp(a!), ops.sin(b!)), broadcastable(3), [
      on(0.1, 2),
      wide,
      wide
    ])
  })
  it("select by a broadcast predicate", () => {
    const p = Tensor.bool([[true], [false]])
    const shapes = fc.constantFrom([[3], [2, 1]], [[], [2, 3]], [[2, 3], [3]])
    agreesWithDifferences((ops, [a, b]) => ops.select(ops.constant(p), ops.exp(a!), ops.sin(b!)), shapes, [wide])
  })
  it("clamp", () => {
    for (const x of [on(0.5, 0.9), on(-2, -1.1), on(2.1, 3)]) {
      agreesWithDifferences((ops, [a, low, high]) => ops.exp(ops.clamp(a!, low!, high!)), broadcastable(3), [
        x,
        on(-1, 0.4),
        on(1, 2)
      ])
    }
  })
  it("rem with negative operands", () => {
    for (const x of [on(7.2, 7.8), on(-7.8, -7.2)]) {
      for (const y of [on(2.9, 3.1), on(-3.1, -2.9)]) {
        agreesWithDifferences(binaryProgram("rem"), broadcastable(2), [x, y], { order: 1, numRuns: 10 })
      }
    }
  })
  it("negative bases of pow and other quadrants of atan2", () => {
    agreesWithDifferences((ops, [x]) => ops.pow(x!, 3), broadcastable(1), [on(-2, -0.5)])
    agreesWithDifferences((ops, [x]) => ops.pow(x!, -2), broadcastable(1), [on(-2, -0.5)])
    for (const y of [on(-3, -0.4), on(0.4, 3)]) {
      agreesWithDifferences(binaryProgram("atan2"), broadcastable(2), [y, wide])
      agreesWithDifferences(binaryProgram("hypot"), broadcastable(2), [y, wide])
    }
  })
})

describe("kinks", () => {
  const of = (name: UnaryName, x: number) => at(derivative(unaryProgram(name)), x)
  const both = (name: BinaryName, x: number, y: number) =>
    [0, 1].map((i) => at(derivative(binaryProgram(name), i), x, y))

  it("relu'(0) = abs'(0) = 0, and all derivatives after it", () => {
    for (const name of ["relu", "abs"] as const) {
      for (const zero of [0, -0]) {
        expect(of(name, zero)).toBeCloseTo(0, 15)
        expect(partial(unaryProgram(name), [0, 0], zero)).toBeCloseTo(0, 15)
      }
    }
    expect([of("relu", 5e-324), of("relu", -5e-324), of("relu", Infinity), of("relu", -Infinity)]).toEqual([1, 0, 1, 0])
    expect([of("abs", 5e-324), of("abs", -5e-324), of("abs", Infinity), of("abs", -Infinity)]).toEqual([1, -1, 1, -1])
  })
  it("ties of max and min share equally, infinities included", () => {
    for (const tie of [2, 0, Infinity, -Infinity]) {
      expect(both("max", tie, tie)).toEqual([0.5, 0.5])
      expect(both("min", tie, tie)).toEqual([0.5, 0.5])
    }
    expect(both("max", 0, -0)).toEqual([0.5, 0.5])
    expect(both("max", 1, 2)).toEqual([0, 1])
    expect(both("min", 1, 2)).toEqual([1, 0])
    expect(both("max", -Infinity, Infinity)).toEqual([0, 1])
    expect(both("min", -Infinity, Infinity)).toEqual([1, 0])
  })
  it("NaN gives NaN in relu, abs, max and min", () => {
    expect(of("relu", NaN)).toBeNaN()
    expect(of("abs", NaN)).toBeNaN()
    for (const name of ["max", "min"] as const) {
      expect(both(name, NaN, 1)).toEqual([NaN, NaN])
      expect(both(name, 1, NaN)).toEqual([NaN, NaN])
    }
  })
  it("NaN gives NaN in smooth functions", () => {
    const linear = new Set<string>(["neg", "sign", "floor", "ceil", "round", "stopGradient"])
    for (const name of keys(unary)) if (!linear.has(name)) expect(of(name, NaN), name).toBeNaN()
  })
  it("pow(x, 0) in x and pow(0, y) in y", () => {
    for (const x of [0, -0, 1, 5, -3, Infinity, NaN]) expect(Math.abs(both("pow", x, 0)[0]!)).toBe(0)
    for (const y of [0.25, 0.5, 1, 1.5, 2, 30]) expect(Math.abs(both("pow", 0, y)[1]!)).toBe(0)
    expect(both("pow", 0, 2).map(Math.abs)).toEqual([0, 0])
    expect(both("pow", 0, 1).map(Math.abs)).toEqual([1, 0])
    expect(both("pow", 0, 0.5).map(Math.abs)).toEqual([Infinity, 0])
    expect(both("pow", 0, 0)).toEqual([0, -Infinity])
    expect(both("pow", 0, -1)).toEqual([-Infinity, -Infinity])
    expect(both("pow", -2, 3)).toEqual([12, NaN])
  })
  it("pow at zero, to third order in x", () => {
    // d^k x^n / dx^k at 0 is n! where k = n, and 0 elsewhere.
    const rows = [
      [0, 0, 0],
      [1, 0, 0],
      [0, 2, 0],
      [0, 0, 6],
      [0, 0, 0]
    ]
    for (const [n, expected] of rows.entries()) {
      const orders = [[0], [0, 0], [0, 0, 0]]
      expect(orders.map((order) => partial(binaryProgram("pow"), order, 0, n))).toEqual(expected)
      const constant: Program = (ops, [x]) => ops.pow(x!, n)
      expect(orders.map((order) => partial(constant, order, 0))).toEqual(expected)
    }
  })
  it("pow at zero, mixed and in y", () => {
    // x^y log x and its derivatives tend to 0 for y > 1.
    for (const orders of [
      [1, 1],
      [1, 1, 1],
      [0, 1],
      [1, 0]
    ]) {
      expect(partial(binaryProgram("pow"), orders, 0, 2.5)).toBe(0)
    }
    expect(partial(binaryProgram("pow"), [0, 1], 0, 1)).toBe(-Infinity)
    expect(partial(binaryProgram("pow"), [1, 0], 0, 1)).toBe(-Infinity)
  })
  it("pow to third order against the closed form", () => {
    const [x, y] = [1.7, 2.3]
    expect(partial(binaryProgram("pow"), [0, 0, 0], x, y)).toBeCloseTo(y * (y - 1) * (y - 2) * x ** (y - 3), 12)
    expect(partial(binaryProgram("pow"), [1, 1, 1], x, y)).toBeCloseTo(x ** y * Math.log(x) ** 3, 12)
    const mixed = x ** (y - 2) * (2 * y - 1 + y * (y - 1) * Math.log(x))
    for (const order of [
      [0, 0, 1],
      [0, 1, 0],
      [1, 0, 0]
    ]) {
      expect(partial(binaryProgram("pow"), order, x, y)).toBeCloseTo(mixed, 12)
    }
  })
  it("the origin of hypot and atan2: 0 to all orders", () => {
    for (const name of ["hypot", "atan2"] as const) {
      for (const [x, y] of [
        [0, 0],
        [-0, 0],
        [0, -0],
        [-0, -0]
      ] as const) {
        for (const orders of [[0], [1], [0, 0], [0, 1], [1, 0], [1, 1], [0, 0, 1], [1, 1, 1]]) {
          expect(Math.abs(partial(binaryProgram(name), orders, x, y)), `${name} ${orders.join("")}`).toBe(0)
        }
      }
    }
  })
  it("hypot and atan2 on the axes", () => {
    expect(both("hypot", 0, 2)).toEqual([0, 1])
    expect(both("hypot", -3, 0)).toEqual([-1, 0])
    expect(both("atan2", 0, 2).map((d) => d + 0)).toEqual([0.5, 0])
    expect(both("atan2", 2, 0).map((d) => d + 0)).toEqual([0, -0.5])
    expect(both("atan2", 1, -Infinity).map((d) => d + 0)).toEqual([0, 0])
    expect(both("atan2", Infinity, 1).map((d) => d + 0)).toEqual([0, 0])
  })
  it("hypot to third order against the closed form", () => {
    const [x, y] = [1.2, -0.7]
    const h = Math.hypot(x, y)
    expect(partial(binaryProgram("hypot"), [0, 0], x, y)).toBeCloseTo((y * y) / h ** 3, 13)
    expect(partial(binaryProgram("hypot"), [0, 1], x, y)).toBeCloseTo((-x * y) / h ** 3, 13)
    expect(partial(binaryProgram("hypot"), [0, 0, 0], x, y)).toBeCloseTo((-3 * x * y * y) / h ** 5, 13)
    expect(partial(binaryProgram("hypot"), [0, 1, 1], x, y)).toBeCloseTo((x * (2 * y * y - x * x)) / h ** 5, 13)
  })
  it("mulStrongZero: bilinear, to third order, with strong zeros in every rule", () => {
    const f = binaryProgram("mulStrongZero")
    expect(both("mulStrongZero", 2, 5)).toEqual([5, 2])
    expect(both("mulStrongZero", 0, Infinity)).toEqual([Infinity, 0])
    expect(both("mulStrongZero", 0, NaN)).toEqual([NaN, 0])
    expect(
      [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1]
      ].map((orders) => partial(f, orders, 2, 5))
    ).toEqual([0, 1, 1, 0])
    for (const orders of [
      [0, 1, 0],
      [0, 0, 1],
      [0, 1, 1]
    ])
      expect(partial(f, orders, 2, 5)).toBe(0)
    const cube: Program = (ops, [x]) => ops.mulStrongZero(x!, ops.mulStrongZero(x!, x!))
    for (const x of [2, 0]) {
      expect([[0], [0, 0], [0, 0, 0]].map((orders) => partial(cube, orders, x))).toEqual([3 * x * x, 6 * x, 6])
    }
  })
  it("clamp", () => {
    const clamp: Program = (ops, [x, low, high]) => ops.clamp(x!, low!, high!)
    const of3 = (x: number, low: number, high: number) => [0, 1, 2].map((i) => at(derivative(clamp, i), x, low, high))
    expect(of3(0.5, 0, 1)).toEqual([1, 0, 0])
    expect(of3(-1, 0, 1)).toEqual([0, 1, 0])
    expect(of3(2, 0, 1)).toEqual([0, 0, 1])
    expect(of3(0, 0, 1)).toEqual([0.5, 0.5, 0])
    expect(of3(1, 0, 1)).toEqual([0.5, 0, 0.5])
    expect(of3(1, 1, 1)).toEqual([0.25, 0.25, 0.5])
    expect(of3(3, 2, 1)).toEqual([0, 0, 1])
    expect(of3(Infinity, 0, Infinity)).toEqual([0.5, 0, 0.5])
    expect(of3(0, -Infinity, Infinity)).toEqual([1, 0, 0])
    expect(of3(NaN, 0, 1)[0]).toBeNaN()
    const composed: Program = (ops, [x, low, high]) => ops.min(ops.max(x!, low!), high!)
    fc.assert(
      fc.property(fc.tuple(...Array.from({ length: 3 }, () => fc.integer({ min: 0, max: 3 }))), (point) => {
        for (const i of [0, 1, 2]) {
          expect(at(derivative(clamp, i), ...point)).toBe(at(derivative(composed, i), ...point))
        }
      })
    )
  })
  it("rem: the truncated quotient, right where x / y rounds up to an integer", () => {
    expect(both("rem", 1, 0.1)).toEqual([1, -9])
    fc.assert(
      fc.property(fc.integer({ min: -40, max: 40 }), fc.integer({ min: 1, max: 9 }), fc.boolean(), (n, d, negative) => {
        const [x, y] = [n / 10, negative ? -d / 10 : d / 10]
        // The exact quotient, of the doubles scaled to integers.
        const exact = BigInt(x * 2 ** 60) / BigInt(y * 2 ** 60)
        const [dx, dy] = both("rem", x, y)
        expect(dx).toBe(1)
        expect(dy! + Number(exact)).toBe(0)
      })
    )
  })
  it("sqrt, cbrt and log at zero", () => {
    for (const d of [of("sqrt", 0), of("cbrt", 0), of("cbrt", -0), of("log", 0)]) expect(d).toBe(Infinity)
    expect(partial(unaryProgram("sqrt"), [0, 0], 0)).toBe(-Infinity)
    expect(partial(unaryProgram("log"), [0, 0], 0)).toBe(-Infinity)
    expect(partial(unaryProgram("cbrt"), [0, 0], 0)).toBe(-Infinity)
    expect(partial(unaryProgram("cbrt"), [0, 0], -0)).toBe(Infinity)
  })
})

describe("a branch not taken never poisons", () => {
  const points = [0, -0, -1, 1, 2, -2, Infinity, -Infinity, NaN, 1e308, 5e-324]
  const zeroThrice = (program: Program, x: number, what: string) => {
    for (const orders of [[0], [0, 0], [0, 0, 0]]) {
      expect(Math.abs(partial(program, orders, x)), `${what} at ${x}, order ${orders.length}`).toBe(0)
    }
  }
  for (const name of keys(unary)) {
    it(name, () => {
      for (const x of points) {
        zeroThrice((ops, [a]) => ops.select(ops.ne(a!, a!), ops[name](a!), 0), x === x ? x : 0, `select of ${name}`)
        zeroThrice((ops, [a]) => ops.mulStrongZero(ops[name](a!), ops.scalar(0)), x, `strong zero times ${name}`)
      }
    })
  }
  for (const name of keys(binary)) {
    it(name, () => {
      for (const x of points) {
        for (const y of points) {
          const f: Program = (ops, [a, b]) => ops.mulStrongZero(ops[name](a!, b!), ops.scalar(0))
          for (const orders of [[0], [1], [0, 0], [0, 1], [1, 1]]) {
            expect(Math.abs(partial(f, orders, x, y)), `${name}(${x}, ${y}) ${orders.join("")}`).toBe(0)
          }
        }
      }
    })
  }
  it("select gives the branch not taken a zero, however bad the cotangent", () => {
    const p = Tensor.bool([true, false, true, false])
    const f: Program = (ops, [a, b]) => ops.select(ops.constant(p), a!, b!)
    const inputs = [Tensor.make([1, 2, 3, 4]), Tensor.make([5, 6, 7, 8])]
    const [a, b] = pull<Tensor.Any>(tensors, f, inputs, Tensor.make([Infinity, NaN, NaN, -Infinity]))
    expect(Array.from(a!.data)).toEqual([Infinity, 0, NaN, 0])
    expect(Array.from(b!.data)).toEqual([0, NaN, 0, -Infinity])
  })
  it("select of a log in an array", () => {
    const f: Program = (ops, [x]) => ops.select(ops.gt(x!, 0), ops.log(x!), 0)
    expect(evaluate(derivative(f), Tensor.make([-1, 0, 2, NaN])).map(Math.abs)).toEqual([0, 0, 0.5, 0])
  })
})

describe("accuracy beyond the reference", () => {
  it("derivatives of the bell of erf decay correctly to third order", () => {
    const c = 2 / Math.sqrt(Math.PI)
    const third: Program = derivative(derivative(derivative(unaryProgram("erf"))))
    for (const x of [0, 0.3, 1.7, -4.2, 9.5]) {
      const expected = c * (4 * x * x - 2) * Math.exp(-x * x)
      expect(Math.abs(at(third, x) - expected)).toBeLessThanOrEqual(1e-13 * Math.abs(expected))
    }
  })
  it("third derivatives of tanh, sigmoid, atan and asin", () => {
    for (const x of [1e-9, 0.2, -1.3, 4, 30]) {
      const t = Math.tanh(x)
      const p = 1 / Math.cosh(x) ** 2
      expect(partial(unaryProgram("tanh"), [0, 0, 0], x) / (p * (4 * t * t - 2 * p))).toBeCloseTo(1, 12)
      const h = Math.tanh(x / 2)
      const s = 0.25 / Math.cosh(x / 2) ** 2
      expect(partial(unaryProgram("sigmoid"), [0, 0, 0], x) / (s * (h * h - 2 * s))).toBeCloseTo(1, 12)
      const q = 1 + x * x
      expect(partial(unaryProgram("atan"), [0, 0, 0], x) / ((6 * x * x - 2) / q ** 3)).toBeCloseTo(1, 12)
    }
    for (const x of [1e-9, 0.2, -0.7, 0.999]) {
      const q = (1 - x) * (1 + x)
      expect(partial(unaryProgram("asin"), [0, 0, 0], x) / ((1 + 2 * x * x) / q ** 2.5)).toBeCloseTo(1, 12)
      expect(partial(unaryProgram("atanh"), [0, 0, 0], x) / ((2 + 6 * x * x) / q ** 3)).toBeCloseTo(1, 12)
    }
  })
  it("quotients of extreme operands", () => {
    const f = binaryProgram("div")
    expect(ulps(partial(f, [1], 1e-200, 1e-250), -1e300)).toBeLessThanOrEqual(2)
    expect(ulps(partial(f, [0], 1, 1e300), 1e-300)).toBeLessThanOrEqual(1)
    expect(partial(f, [0], 0, 0)).toBe(Infinity)
  })
})

describe("structural zeros", () => {
  it("piecewise constant primitives and predicates have Zero in the place of the pullback", () => {
    const flat = [
      "sign",
      "floor",
      "ceil",
      "round",
      "isFinite",
      "toReal",
      "toIndex",
      "eq",
      "ne",
      "lt",
      "le",
      "gt",
      "ge",
      "and",
      "or",
      "not",
      "stopGradient"
    ] as const
    for (const name of flat)
      expect(
        rules[name].every((pullback) => pullback === Zero),
        name
      ).toBe(true)
    expect(rules.select[0]).toBe(Zero)
  })
  it("every primitive has one pullback an operand", () => {
    for (const name of Primitive.names) {
      const { arity } = Primitive.definitions[name]
      const rule: unknown = rules[name]
      if (arity === "variadic") expect(typeof rule).toBe("function")
      else expect((rule as ReadonlyArray<unknown>).length, name).toBe(arity)
    }
    expect(Object.keys(rules).toSorted()).toEqual([...Primitive.names].toSorted())
  })
})
