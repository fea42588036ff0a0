import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as activation from "../../src/internal/functions/activation.ts"
import * as elementary from "../../src/internal/functions/elementary.ts"
import * as erf from "../../src/internal/functions/erf.ts"
import * as gamma from "../../src/internal/functions/gamma.ts"
import * as polygamma from "../../src/internal/functions/polygamma.ts"
import { names, definitions } from "../../src/Primitive.ts"
import type { Name } from "../../src/Primitive.ts"
import * as Tensor from "../../src/Tensor.ts"
import {
  anyTensor,
  at,
  broadcastable,
  broadcastAt,
  broadcastShape,
  build,
  elementTypes,
  expectMisuse,
  expectSame,
  parseType,
  run,
  shapes,
  specials,
  tensors,
  typing
} from "./oracle.ts"
import type { ElementType, Misuse } from "./oracle.ts"

type Unary = (x: number) => number
type Binary = (x: number, y: number) => number

const realUnary = {
  neg: (x) => x * -1,
  abs: (x) => (x > 0 ? x : x === 0 ? 0 : x * -1),
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : x),
  exp: elementary.exp,
  expm1: elementary.expm1,
  log: elementary.log,
  log1p: elementary.log1p,
  sqrt: elementary.sqrt,
  cbrt: elementary.cbrt,
  sin: elementary.sin,
  cos: elementary.cos,
  tan: elementary.tan,
  asin: elementary.asin,
  acos: elementary.acos,
  atan: elementary.atan,
  sinh: elementary.sinh,
  cosh: elementary.cosh,
  tanh: elementary.tanh,
  asinh: elementary.asinh,
  acosh: elementary.acosh,
  atanh: elementary.atanh,
  erf: erf.erf,
  erfc: erf.erfc,
  lgamma: gamma.lgamma,
  digamma: polygamma.digamma,
  sigmoid: activation.sigmoid,
  softplus: activation.softplus,
  relu: (x) => (Number.isNaN(x) ? NaN : x > 0 ? x : 0),
  floor: (x) => Math.floor(x),
  ceil: (x) => Math.ceil(x),
  round: (x) => {
    if (!Number.isFinite(x) || Number.isInteger(x)) return x
    const below = Math.floor(x)
    const nearest = x - below < 0.5 || (x - below === 0.5 && below % 2 === 0) ? below : below + 1
    return nearest === 0 && x < 0 ? -0 : nearest
  }
} satisfies Partial<Record<Name, Unary>>

// One value of each function from its definition, so that a row wired to another function shows.
const knownValues: ReadonlyArray<readonly [keyof typeof realUnary, number, number]> = [
  ["neg", 0.5, -0.5],
  ["abs", -0.5, 0.5],
  ["sign", -0.5, -1],
  ["exp", 0.5, 1.6487212707001282],
  ["expm1", 0.5, 0.6487212707001282],
  ["log", 0.5, -0.6931471805599453],
  ["log1p", 0.5, 0.4054651081081644],
  ["sqrt", 0.25, 0.5],
  ["cbrt", 0.125, 0.5],
  ["sin", 0.5, 0.479425538604203],
  ["cos", 0.5, 0.8775825618903728],
  ["tan", 0.5, 0.5463024898437905],
  ["asin", 0.5, 0.5235987755982989],
  ["acos", 0.5, 1.0471975511965979],
  ["atan", 0.5, 0.4636476090008061],
  ["sinh", 0.5, 0.5210953054937474],
  ["cosh", 0.5, 1.1276259652063807],
  ["tanh", 0.5, 0.46211715726001],
  ["asinh", 0.5, 0.48121182505960347],
  ["acosh", 1.5, 0.9624236501192069],
  ["atanh", 0.5, 0.5493061443340549],
  ["erf", 0.5, 0.5204998778130465],
  ["erfc", 0.5, 0.4795001221869535],
  ["lgamma", 0.5, 0.5723649429247001],
  ["digamma", 0.5, -1.9635100260214235],
  ["sigmoid", 0.5, 0.6224593312018546],
  ["softplus", 0.5, 0.9740769841801067],
  ["relu", 0.5, 0.5],
  ["floor", -0.5, -1],
  ["ceil", 1.5, 2],
  ["round", 2.5, 2]
]

const isNegativeZero = (x: number): boolean => Object.is(x, -0)

const realBinary = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  mulStrongZero: (x, y) => ((x === 0 || y === 0) && !(Number.isFinite(x) && Number.isFinite(y)) ? 0 : x * y),
  div: (x, y) => x / y,
  pow: (x, y) => (x === 1 || y === 0 || (x === -1 && !Number.isFinite(y) && y === y) ? 1 : x ** y),
  atan2: elementary.atan2,
  hypot: elementary.hypot,
  max: (x, y) => (x !== x || y !== y ? NaN : x > y || (x === y && isNegativeZero(y)) ? x : y),
  min: (x, y) => (x !== x || y !== y ? NaN : x < y || (x === y && isNegativeZero(x)) ? x : y),
  rem: (x, y) => x % y
} satisfies Partial<Record<Name, Binary>>

const wrap = (x: bigint): number => Number(BigInt.asIntN(32, x))

const indexBinary = {
  add: (x, y) => wrap(BigInt(x) + BigInt(y)),
  sub: (x, y) => wrap(BigInt(x) - BigInt(y)),
  mul: (x, y) => wrap(BigInt(x) * BigInt(y)),
  max: (x, y) => (x >= y ? x : y),
  min: (x, y) => (x <= y ? x : y)
} satisfies Partial<Record<Name, Binary>>

const comparisons: Record<"eq" | "ne" | "lt" | "le" | "gt" | "ge", Binary> = {
  eq: (x, y) => (x !== x || y !== y || Math.abs(x - y) > 0 || Math.sign(x) !== Math.sign(y) ? 0 : 1),
  ne: (x, y) => 1 - comparisons.eq(x, y),
  lt: (x, y) => (x !== x || y !== y || x >= y ? 0 : 1),
  le: (x, y) => (x !== x || y !== y || x > y ? 0 : 1),
  gt: (x, y) => (x !== x || y !== y || x <= y ? 0 : 1),
  ge: (x, y) => (x !== x || y !== y || x < y ? 0 : 1)
}

const logic = {
  and: (x, y) => (x === 1 && y === 1 ? 1 : 0),
  or: (x, y) => (x === 1 || y === 1 ? 1 : 0)
} satisfies Partial<Record<Name, Binary>>

const entries = <T extends object>(table: T): Array<[keyof T, T[keyof T]]> =>
  Object.entries(table) as Array<[keyof T, T[keyof T]]>

const real = (x: number): Tensor.Any => Tensor.make(x)

const scalarOf = (x: Tensor.Any): number => {
  expect(x.shape).toEqual([])
  return x.data[0]!
}

describe("the table", () => {
  it("has a complete row per primitive of the family", () => {
    for (const name of names) {
      const { arity, evaluate, family, type } = definitions[name]
      expect(["elementwise", "reduction", "contraction", "structural", "linalg", "random", "guard"]).toContain(family)
      expect([1, 2, 3, "variadic"]).toContain(arity)
      expect([typeof type, typeof evaluate]).toEqual(["function", "function"])
    }
    expect(names.length).toBe(new Set(names).size)
  })
})

describe("unary", () => {
  it.each(entries(realUnary))("%s is the scalar function at every element", (name, f) => {
    fc.assert(
      fc.property(
        shapes().chain((shape) => tensors("real", shape)),
        (x) =>
          expectSame(
            run(name, {}, x),
            build("real", x.shape, (index) => f(at(x, index)))
          )
      ),
      { numRuns: 30 }
    )
    const x = Tensor.fromArray(specials, [specials.length])
    expectSame(
      run(name, {}, x),
      build("real", x.shape, (index) => f(at(x, index)))
    )
  })

  it.each(knownValues)("%s(%d) is %d", (name, x, y) => {
    expect(scalarOf(run(name, {}, real(x)))).toBeCloseTo(y, 13)
  })

  it("knows a value of every function", () => {
    expect(knownValues.map(([name]) => name).sort()).toEqual(Object.keys(realUnary).sort())
  })

  it("polygamma takes the order from its attribute", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 4 }),
        shapes().chain((shape) => tensors("real", shape, fc.double({ min: 0.1, max: 10, noNaN: true }))),
        (order, x) =>
          expectSame(
            run("polygamma", { order }, x),
            build("real", x.shape, (i) => polygamma.polygamma(order, at(x, i)))
          )
      ),
      { numRuns: 30 }
    )
    expect(scalarOf(run("polygamma", { order: 1 }, real(1)))).toBeCloseTo(Math.PI ** 2 / 6, 13)
  })

  it("relu(NaN) is NaN and relu(-0) is 0", () => {
    expect(scalarOf(run("relu", {}, real(NaN)))).toBeNaN()
    expect(scalarOf(run("relu", {}, real(-0)))).toBe(0)
  })

  it("round takes ties to even and keeps the sign of zero", () => {
    const x = Tensor.make([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999999999999994, 2251799813685249.5])
    expect([...run("round", {}, x).data]).toEqual([-2, -2, -0, 0, 2, 2, 0, 2251799813685250])
  })
})

describe("conversions", () => {
  it("isFinite is true for finite reals only", () => {
    fc.assert(
      fc.property(
        shapes().chain((shape) => tensors("real", shape)),
        (x) =>
          expectSame(
            run("isFinite", {}, x),
            build("bool", x.shape, (i) => (at(x, i) - at(x, i) === 0 ? 1 : 0))
          )
      )
    )
  })

  it("toReal keeps values", () => {
    fc.assert(
      fc.property(anyTensor(), (x) =>
        expectSame(
          run("toReal", {}, x),
          build("real", x.shape, (i) => at(x, i))
        )
      )
    )
    const x = Tensor.make([1, 2])
    expect(run("toReal", {}, x)).toBe(x)
  })

  it("toIndex truncates and saturates", () => {
    const oracle = (x: number): number =>
      Number.isNaN(x) ? 0 : x >= 2147483647 ? 2147483647 : x <= -2147483648 ? -2147483648 : Math.trunc(x) + 0
    fc.assert(
      fc.property(
        shapes().chain((shape) => tensors("real", shape)),
        (x) =>
          expectSame(
            run("toIndex", {}, x),
            build("index", x.shape, (i) => oracle(at(x, i)))
          )
      )
    )
    const x = Tensor.make([NaN, Infinity, -Infinity, 2 ** 31, -(2 ** 31) - 1, 2 ** 40, -0.9, 2.9, -2.9, 2147483646.5])
    expect([...run("toIndex", {}, x).data]).toEqual([
      0, 2147483647, -2147483648, 2147483647, -2147483648, 2147483647, 0, 2, -2, 2147483646
    ])
  })

  it("not negates", () => {
    fc.assert(
      fc.property(
        shapes().chain((shape) => tensors("bool", shape)),
        (x) =>
          expectSame(
            run("not", {}, x),
            build("bool", x.shape, (i) => 1 - at(x, i))
          )
      )
    )
  })

  it("stopGradient returns the very tensor", () => {
    fc.assert(
      fc.property(anyTensor(), (x) => {
        expect(run("stopGradient", {}, x)).toBe(x)
      })
    )
  })
})

describe("binary", () => {
  const check = (name: keyof typeof realBinary, from: ElementType, to: ElementType, f: Binary): void =>
    fc.assert(
      fc.property(broadcastable(from, from), ([x, y]) => {
        const shape = broadcastShape(x!.shape, y!.shape)
        expectSame(
          run(name, {}, x!, y!),
          build(to, shape, (i) => f(broadcastAt(x!, i), broadcastAt(y!, i)))
        )
      })
    )

  it.each(entries(realBinary))("%s of reals broadcasts", (name, f) => check(name, "real", "real", f))

  it.each(entries(indexBinary))("%s of indices broadcasts and wraps", (name, f) => check(name, "index", "index", f))

  it.each(entries(comparisons))("%s compares reals and indices", (name, f) => {
    check(name as "add", "real", "bool", f)
    check(name as "add", "index", "bool", f)
  })

  it.each(entries(logic))("%s of truth values", (name, f) => check(name as "add", "bool", "bool", f))

  it.each(entries({ ...realBinary, ...comparisons }))("%s of all pairs of special values", (name, f) => {
    const x = Tensor.fromArray(specials, [specials.length, 1])
    const y = Tensor.fromArray(specials, [specials.length])
    const pairs = specials.flatMap((a) => specials.map((b) => f(a, b)))
    const result = run(name as "add", {}, x, y)
    expect([...result.data]).toEqual(pairs)
  })

  it("mulStrongZero is zero with any zero factor", () => {
    for (const x of specials) {
      expect(Math.abs(scalarOf(run("mulStrongZero", {}, real(0), real(x))))).toBe(0)
      expect(Math.abs(scalarOf(run("mulStrongZero", {}, real(x), real(-0))))).toBe(0)
    }
    expect(scalarOf(run("mulStrongZero", {}, real(Infinity), real(NaN)))).toBeNaN()
  })

  it("pow follows C where Math.pow does not", () => {
    const pow = (x: number, y: number) => scalarOf(run("pow", {}, real(x), real(y)))
    expect([pow(1, NaN), pow(1, Infinity), pow(-1, Infinity), pow(-1, -Infinity), pow(NaN, 0)]).toEqual([1, 1, 1, 1, 1])
    expect([pow(-1, NaN), pow(NaN, 1), pow(-8, 1 / 3), pow(-2, 3), pow(0, -1)]).toEqual([NaN, NaN, NaN, -8, Infinity])
  })
})

describe("ternary", () => {
  it("select chooses between operands of any type", () => {
    fc.assert(
      fc.property(
        elementTypes.chain((t) => broadcastable("bool", t, t)),
        ([p, x, y]) => {
          const shape = broadcastShape(p!.shape, x!.shape, y!.shape)
          expectSame(
            run("select", {}, p!, x!, y!),
            build(x!.elementType, shape, (i) => (broadcastAt(p!, i) === 1 ? broadcastAt(x!, i) : broadcastAt(y!, i)))
          )
        }
      )
    )
  })

  it("clamp is min(max(x, low), high)", () => {
    const { max, min } = realBinary
    fc.assert(
      fc.property(broadcastable("real", "real", "real"), ([x, low, high]) => {
        const shape = broadcastShape(x!.shape, low!.shape, high!.shape)
        expectSame(
          run("clamp", {}, x!, low!, high!),
          build("real", shape, (i) => min(max(broadcastAt(x!, i), broadcastAt(low!, i)), broadcastAt(high!, i)))
        )
      })
    )
    expect(scalarOf(run("clamp", {}, real(NaN), real(0), real(1)))).toBeNaN()
  })
})

describe("typing", () => {
  const misuses: ReadonlyArray<Misuse> = [
    ["sin", {}, ["index[3]"], "expected real, got index[3]"],
    ["neg", {}, ["bool[]"], "expected real, got bool[]"],
    ["sin", {}, [], "expected 1 operand, got 0"],
    ["sin", {}, ["real[]", "real[]"], "expected 1 operand, got 2"],
    ["polygamma", { order: -1 }, ["real[2]"], "expected order to be an integer not below 0, got -1 for [2]"],
    ["polygamma", { order: 0.5 }, ["real[2]"], "expected order to be an integer not below 0, got 0.5 for [2]"],
    ["polygamma", {}, ["real[2]"], "expected order to be an integer not below 0, got undefined for [2]"],
    ["isFinite", {}, ["index[3]"], "expected real, got index[3]"],
    ["toIndex", {}, ["bool[3]"], "expected real, got bool[3]"],
    ["toReal", {}, [], "expected 1 operand, got 0"],
    ["not", {}, ["real[3]"], "expected bool, got real[3]"],
    ["stopGradient", {}, ["real[3]", "real[3]"], "expected 1 operand, got 2"],
    ["add", {}, ["real[3,4]", "real[5]"], "cannot broadcast [3,4] with [5]"],
    ["add", {}, ["real[3]", "index[3]"], "expected two reals or two indices, got real[3] and index[3]"],
    ["max", {}, ["bool[3]", "bool[3]"], "expected two reals or two indices, got bool[3] and bool[3]"],
    ["add", {}, ["real[3]"], "expected 2 operands, got 1"],
    [
      "mul",
      {},
      ["real[1,1099511627776]", "real[1099511627776,1]"],
      "[1099511627776,1099511627776] has too many elements"
    ],
    ["div", {}, ["index[3]", "index[3]"], "expected two reals, got index[3] and index[3]"],
    ["div", {}, ["real[2]", "real[3]"], "cannot broadcast [2] with [3]"],
    ["pow", {}, ["real[3]", "index[3]"], "expected two reals, got real[3] and index[3]"],
    ["rem", {}, ["real[3]", "real[3]", "real[3]"], "expected 2 operands, got 3"],
    ["lt", {}, ["real[2]", "real[3]"], "cannot broadcast [2] with [3]"],
    ["eq", {}, ["bool[2]", "bool[2]"], "expected two reals or two indices, got bool[2] and bool[2]"],
    ["and", {}, ["bool[2]", "real[2]"], "expected two truth values, got bool[2] and real[2]"],
    ["or", {}, ["bool[2]", "bool[0]"], "cannot broadcast [2] with [0]"],
    ["select", {}, ["bool[2]", "real[2]"], "expected 3 operands, got 2"],
    [
      "select",
      {},
      ["real[2]", "real[2]", "real[2]"],
      "expected bool and two operands of one element type, got real[2], real[2] and real[2]"
    ],
    [
      "select",
      {},
      ["bool[2]", "real[2]", "index[2]"],
      "expected bool and two operands of one element type, got bool[2], real[2] and index[2]"
    ],
    ["select", {}, ["bool[2]", "real[]", "real[3]"], "cannot broadcast [2] with [3]"],
    ["clamp", {}, ["real[2]", "real[3]", "real[]"], "cannot broadcast [2] with [3]"],
    ["clamp", {}, ["real[2]", "real[2]", "real[3]"], "cannot broadcast [2] with [3]"],
    ["clamp", {}, ["index[2]", "index[]", "index[]"], "expected three reals, got index[2], index[] and index[]"],
    ["clamp", {}, ["real[2]"], "expected 3 operands, got 1"]
  ]

  it.each(misuses)("%s %j of %j is refused: %s", (...misuse) => expectMisuse(misuse))

  it("every unary function of reals refuses every other element type", () => {
    for (const name of Object.keys(realUnary) as Array<Name>) {
      expectMisuse([name, {}, ["index[2]"], "expected real, got index[2]"])
      expectMisuse([name, {}, ["bool[]"], "expected real, got bool[]"])
    }
  })

  it("results keep the operand's type where nothing changes", () => {
    const x = parseType("real[2,3]")
    expect(typing("sin")({}, [x])).toBe(x)
    expect(typing("add")({}, [x, parseType("real[]")])).toBe(x)
  })
})
