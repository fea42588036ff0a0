import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Tensor from "../../../core/src/Tensor.ts"
import type * as Primitive from "../../../core/src/Primitive.ts"
import { at, direction, disagreements, jvp, partials, primitive, type Program, run, values } from "./algebra.ts"

const tolerance = 1e-8

type Unary = {
  [K in Primitive.Name]: Primitive.Signatures[K]["arity"] extends 1
    ? Primitive.Attributes<K> extends Record<string, never>
      ? K
      : keyof Primitive.Attributes<K> extends never
        ? K
        : never
    : never
}[Primitive.Name]

/** Where each function is smooth. */
const unary: ReadonlyArray<readonly [Unary, number, number]> = [
  ["neg", -3, 3],
  ["abs", 0.1, 3],
  ["abs", -3, -0.1],
  ["exp", -3, 3],
  ["expm1", -3, 3],
  ["log", 0.3, 4],
  ["log1p", -0.6, 3],
  ["sqrt", 0.3, 4],
  ["cbrt", 0.3, 4],
  ["cbrt", -4, -0.3],
  ["sin", -4, 4],
  ["cos", -4, 4],
  ["tan", -1, 1],
  ["asin", -0.8, 0.8],
  ["acos", -0.8, 0.8],
  ["atan", -4, 4],
  ["sinh", -3, 3],
  ["cosh", -3, 3],
  ["tanh", -3, 3],
  ["asinh", -4, 4],
  ["acosh", 1.3, 4],
  ["atanh", -0.8, 0.8],
  ["erf", -2.5, 2.5],
  ["erfc", -2.5, 2.5],
  ["lgamma", 0.6, 6],
  ["lgamma", -1.7, -1.3],
  ["digamma", 0.8, 6],
  ["sigmoid", -6, 6],
  ["softplus", -6, 6],
  ["relu", 0.1, 3],
  ["relu", -3, -0.1]
]

const vector = (low: number, high: number) =>
  fc.array(fc.double({ min: low, max: high, noNaN: true }), { minLength: 6, maxLength: 6 })

describe("unary rules against central differences, first and second order", () => {
  for (const [name, low, high] of unary) {
    it(`${name} on [${low}, ${high}]`, () => {
      fc.assert(
        fc.property(vector(low, high), fc.nat(), (xs, seed) => {
          const x = Tensor.fromArray(xs, [2, 3])
          expect(disagreements(primitive(name, {}), [x], [direction([2, 3], seed)])).toBeLessThan(tolerance)
        }),
        { numRuns: 50 }
      )
    })
  }
  it.each([1, 2, 3])("polygamma of order %i", (order) => {
    fc.assert(
      fc.property(vector(1.5, 8), fc.nat(), (xs, seed) => {
        const x = Tensor.fromArray(xs, [6])
        expect(disagreements(primitive("polygamma", { order }), [x], [direction([6], seed)])).toBeLessThan(tolerance)
      }),
      { numRuns: 50 }
    )
  })
})

type Box = readonly [number, number]
const binary: ReadonlyArray<
  readonly ["add" | "sub" | "mul" | "mulStrongZero" | "div" | "pow" | "atan2" | "hypot" | "rem", Box, Box]
> = [
  ["add", [-3, 3], [-3, 3]],
  ["sub", [-3, 3], [-3, 3]],
  ["mul", [-3, 3], [-3, 3]],
  ["mulStrongZero", [0.1, 3], [-3, -0.1]],
  ["div", [-3, 3], [0.4, 3]],
  ["div", [-3, 3], [-3, -0.4]],
  ["pow", [0.4, 3], [-3, 3]],
  ["atan2", [-3, 3], [0.5, 3]],
  ["atan2", [0.5, 3], [-3, 3]],
  ["hypot", [0.5, 3], [-3, 3]],
  ["hypot", [-3, 3], [0.5, 3]],
  // The quotient stays between two integers.
  ["rem", [5.2, 5.4], [0.92, 1]],
  ["rem", [-7.4, -7.2], [-3.2, -2.6]],
  ["rem", [7.2, 7.4], [-3.2, -2.6]]
]

/** Shapes of two operands that broadcast, and the number of elements of each. */
const shapes: ReadonlyArray<readonly [ReadonlyArray<number>, ReadonlyArray<number>]> = [
  [
    [2, 3],
    [2, 3]
  ],
  [[2, 3], [3]],
  [[], [2, 3]],
  [
    [2, 1],
    [1, 3]
  ]
]

const size = (shape: ReadonlyArray<number>) => shape.reduce((n, m) => n * m, 1)

describe("binary rules against central differences, first and second order", () => {
  for (const [name, [a, b], [c, d]] of binary) {
    it(`${name} on [${a}, ${b}] and [${c}, ${d}], broadcasting`, () => {
      fc.assert(
        fc.property(vector(a, b), vector(c, d), fc.constantFrom(...shapes), fc.nat(), (xs, ys, [s, r], seed) => {
          const x = Tensor.fromArray(xs.slice(0, size(s)), s)
          const y = Tensor.fromArray(ys.slice(0, size(r)), r)
          const f = primitive(name, {})
          expect(disagreements(f, [x, y], [direction(s, seed), direction(r, seed + 1)])).toBeLessThan(tolerance)
          expect(disagreements(f, [x, y], [direction(s, seed)], [0])).toBeLessThan(tolerance)
          expect(disagreements(f, [x, y], [direction(r, seed)], [1])).toBeLessThan(tolerance)
        }),
        { numRuns: 50 }
      )
    })
  }
  it.each(["max", "min"] as const)("%s away from ties", (name) => {
    fc.assert(
      fc.property(vector(-3, 3), fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), fc.nat(), (xs, up, seed) => {
        const x = Tensor.fromArray(xs, [6])
        const y = Tensor.fromArray(
          xs.map((v, i) => (up[i] ? v + 0.1 : v - 0.1)),
          [6]
        )
        expect(
          disagreements(primitive(name, {}), [x, y], [direction([6], seed), direction([6], seed + 1)])
        ).toBeLessThan(tolerance)
      }),
      { numRuns: 50 }
    )
  })
})

describe("ternary rules against central differences", () => {
  it("select", () => {
    fc.assert(
      fc.property(
        vector(-3, 3),
        vector(-3, 3),
        fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        fc.nat(),
        (xs, ys, p, seed) => {
          const f: Program = (ops, [c, x, y]) => ops.select(c!, ops.exp(x!), ops.mul(x!, y!))
          const inputs = [Tensor.bool(p), Tensor.make(xs), Tensor.make(ys)]
          expect(disagreements(f, inputs, [direction([6], seed), direction([6], seed + 1)], [1, 2])).toBeLessThan(
            tolerance
          )
        }
      ),
      { numRuns: 50 }
    )
  })
  it("clamp away from its bounds", () => {
    const x = Tensor.make([-2, -1.2, -0.8, 0, 0.4, 0.6, 3])
    const low = Tensor.make(-1)
    const high = Tensor.make([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, -4])
    const f = primitive("clamp", {})
    expect(disagreements(f, [x, low, high], [direction([7], 1), direction([], 2), direction([7], 3)])).toBeLessThan(
      tolerance
    )
  })
})

/** The derivatives of a primitive in each operand, at numbers. */
const gradient = (name: Primitive.Name, ...point: ReadonlyArray<number>): Array<number> =>
  point.map((_, i) => at(partials(primitive(name, {}), [i]), ...point))

describe("conventions at kinks", () => {
  it.each([
    ["relu", [0], [0]],
    ["relu", [-0], [0]],
    ["relu", [2], [1]],
    ["relu", [-2], [0]],
    ["relu", [NaN], [NaN]],
    ["abs", [0], [0]],
    ["abs", [-0], [0]],
    ["abs", [NaN], [NaN]],
    ["abs", [-Infinity], [-1]],
    ["sign", [0], [0]],
    ["floor", [1], [0]],
    ["ceil", [1], [0]],
    ["round", [0.5], [0]],
    ["stopGradient", [3], [0]],
    ["max", [2, 2], [0.5, 0.5]],
    ["max", [3, 2], [1, 0]],
    ["max", [1, 2], [0, 1]],
    ["max", [Infinity, Infinity], [0.5, 0.5]],
    ["max", [-0, 0], [0.5, 0.5]],
    ["max", [NaN, 1], [NaN, NaN]],
    ["max", [1, NaN], [NaN, NaN]],
    ["min", [2, 2], [0.5, 0.5]],
    ["min", [3, 2], [0, 1]],
    ["min", [1, 2], [1, 0]],
    ["min", [-Infinity, -Infinity], [0.5, 0.5]],
    ["min", [NaN, 1], [NaN, NaN]],
    ["clamp", [0.5, 0, 1], [1, 0, 0]],
    ["clamp", [-1, 0, 1], [0, 1, 0]],
    ["clamp", [2, 0, 1], [0, 0, 1]],
    ["clamp", [0, 0, 1], [0.5, 0.5, 0]],
    ["clamp", [1, 0, 1], [0.5, 0, 0.5]],
    ["clamp", [1, 1, 1], [0.25, 0.25, 0.5]],
    ["clamp", [0, 2, 1], [0, 0, 1]],
    ["clamp", [-Infinity, -Infinity, Infinity], [0.5, 0.5, 0]],
    ["clamp", [NaN, 0, 1], [NaN, NaN, NaN]],
    ["pow", [0, 0], [0, -Infinity]],
    ["pow", [-2, 0], [0, NaN]],
    ["pow", [0, 1], [1, 0]],
    ["pow", [0, 2], [0, 0]],
    ["pow", [0, 0.5], [Infinity, 0]],
    ["pow", [0, 2.5], [0, 0]],
    ["pow", [0, -1], [-Infinity, -Infinity]],
    ["pow", [-2, 3], [12, NaN]],
    ["pow", [2, 1024], [Infinity, Infinity]],
    ["hypot", [0, 0], [0, 0]],
    ["hypot", [0, -3], [0, -1]],
    ["hypot", [5e-324, 0], [1, 0]],
    ["hypot", [NaN, 1], [NaN, NaN]],
    ["atan2", [0, 0], [0, 0]],
    ["atan2", [0, 2], [0.5, 0]],
    ["atan2", [3, 0], [0, -1 / 3]],
    ["sqrt", [0], [Infinity]],
    ["sqrt", [-1], [NaN]],
    ["sqrt", [Infinity], [0]],
    ["cbrt", [0], [Infinity]],
    ["cbrt", [-0], [Infinity]],
    ["cbrt", [-Infinity], [0]],
    ["log", [0], [Infinity]],
    ["log", [Infinity], [0]],
    ["log", [NaN], [NaN]],
    ["log1p", [-1], [Infinity]],
    ["asin", [1], [Infinity]],
    ["asin", [-1], [Infinity]],
    ["asin", [2], [NaN]],
    ["acos", [1], [-Infinity]],
    ["acosh", [1], [Infinity]],
    ["acosh", [-2], [NaN]],
    ["atanh", [1], [Infinity]],
    ["erf", [Infinity], [0]],
    ["erf", [-Infinity], [0]],
    ["erf", [1.7976931348623157e308], [0]],
    ["erf", [NaN], [NaN]],
    ["tanh", [Infinity], [0]],
    ["atan", [-Infinity], [0]],
    ["div", [1, 0], [Infinity, -Infinity]],
    ["div", [0, 2], [0.5, 0]],
    ["div", [1, Infinity], [0, 0]],
    ["rem", [7, 2], [1, -3]],
    ["rem", [-7, 2], [1, 3]],
    ["rem", [7, -2], [1, 3]],
    ["rem", [1, Infinity], [1, 0]],
    ["mulStrongZero", [0, Infinity], [Infinity, 0]],
    ["mul", [3, Infinity], [Infinity, 3]]
  ] as ReadonlyArray<readonly [Primitive.Name, ReadonlyArray<number>, ReadonlyArray<number>]>)(
    "%s at %o has derivatives %o",
    (name, point, expected) => {
      // 0 and -0 are both a zero derivative.
      expect(gradient(name, ...point).map((d) => d + 0)).toEqual(expected.map((d) => d + 0))
    }
  )

  it("rem: the quotient is not rounded up to the next integer", () => {
    // 0.7/0.1 is 7 in floating point, but 0.7 < 7 * 0.1 as real numbers: the remainder is 0.0999..., the integer
    // quotient 6.
    expect(0.7 / 0.1).toBeCloseTo(7)
    expect(at(primitive("rem", {}), 0.7, 0.1)).toBeCloseTo(0.1)
    expect(gradient("rem", 0.7, 0.1)).toEqual([1, -6])
    // The quotient itself rounds to an integer.
    const [x, y] = [1 - 2 ** -53, 2 ** -40 * (1 + 2 ** -52)]
    const n = (x - (x % y)) / y
    expect(gradient("rem", x, y)[1]).toBe(-Math.round(n))
  })

  it("a NaN operand gives every smooth function a NaN derivative", () => {
    for (const [name] of unary) if (name !== "neg") expect([name, ...gradient(name, NaN)]).toEqual([name, NaN])
  })
})

describe("second and third derivatives at special points", () => {
  const d = (name: Primitive.Name, wrt: ReadonlyArray<number>, ...point: ReadonlyArray<number>) =>
    at(partials(primitive(name, {}), wrt), ...point) + 0

  it("pow at x = 0, to the third order in x", () => {
    expect([0, 1, 2, 3, 4].map((y) => d("pow", [0], 0, y))).toEqual([0, 1, 0, 0, 0])
    expect([0, 1, 2, 3, 4].map((y) => d("pow", [0, 0], 0, y))).toEqual([0, 0, 2, 0, 0])
    expect([0, 1, 2, 3, 4].map((y) => d("pow", [0, 0, 0], 0, y))).toEqual([0, 0, 0, 6, 0])
    expect([0, 1, 2, 3].map((y) => d("pow", [0, 0, 0], -2, y))).toEqual([0, 0, 0, 6])
    expect(d("pow", [0, 0, 0], 3, 2)).toBe(0)
  })
  it("pow at x = 0, with derivatives in y", () => {
    for (const wrt of [[1], [1, 1], [1, 1, 1], [0, 1], [1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]) {
      expect([wrt, d("pow", wrt, 0, 2.5)]).toEqual([wrt, 0])
    }
    // d/dx d/dy x^y = x^(y-1) (1 + y log x).
    expect(d("pow", [0, 1], 0, 1)).toBe(-Infinity)
    expect(d("pow", [1, 0], 0, 1)).toBe(-Infinity)
    // d^2/dx^2 d/dy x^y = x^(y-2) (2y - 1 + y (y - 1) log x).
    for (const wrt of [
      [0, 0, 1],
      [0, 1, 0],
      [1, 0, 0]
    ]) {
      expect(d("pow", wrt, 0, 3)).toBe(0)
      expect(d("pow", wrt, 0, 2)).toBe(-Infinity)
    }
  })
  it("pow to the third order at ordinary points", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.2, max: 4, noNaN: true }), fc.double({ min: -3, max: 3, noNaN: true }), (x, y) => {
        const log = Math.log(x)
        const close = (actual: number, expected: number) =>
          expect(Math.abs(actual - expected)).toBeLessThan(1e-10 * (1 + Math.abs(expected)))
        close(d("pow", [0, 0, 0], x, y), y * (y - 1) * (y - 2) * x ** (y - 3))
        close(d("pow", [1, 1, 1], x, y), x ** y * log ** 3)
        const mixed = x ** (y - 2) * (2 * y - 1 + y * (y - 1) * log)
        for (const wrt of [
          [0, 0, 1],
          [0, 1, 0],
          [1, 0, 0]
        ])
          close(d("pow", wrt, x, y), mixed)
      })
    )
  })
  it("hypot to the third order", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.3, max: 4, noNaN: true }), fc.double({ min: -4, max: 4, noNaN: true }), (x, y) => {
        const h = Math.hypot(x, y)
        expect(d("hypot", [0, 0], x, y)).toBeCloseTo(y ** 2 / h ** 3, 11)
        expect(d("hypot", [0, 1], x, y)).toBeCloseTo((-x * y) / h ** 3, 11)
        expect(d("hypot", [0, 0, 0], x, y)).toBeCloseTo((-3 * x * y ** 2) / h ** 5, 10)
        for (const wrt of [
          [0, 0, 1],
          [0, 1, 0],
          [1, 0, 0]
        ]) {
          expect(d("hypot", wrt, x, y)).toBeCloseTo((y * (2 * x ** 2 - y ** 2)) / h ** 5, 10)
        }
      })
    )
    for (const wrt of [
      [0, 0],
      [0, 1],
      [1, 1],
      [0, 0, 0],
      [0, 1, 1]
    ])
      expect(d("hypot", wrt, 0, 0)).toBe(0)
    for (const wrt of [
      [0, 0],
      [0, 1],
      [1, 1],
      [0, 0, 0],
      [0, 1, 1]
    ])
      expect(d("atan2", wrt, 0, 0)).toBe(0)
  })
  it("mulStrongZero is bilinear: cross derivative 1, all others of order two and three 0", () => {
    for (const [x, y] of [
      [2, 3],
      [0, 3],
      [0, 0],
      [0, Infinity],
      [NaN, 0]
    ] as const) {
      expect(d("mulStrongZero", [0, 1], x, y)).toBe(1)
      expect(d("mulStrongZero", [1, 0], x, y)).toBe(1)
      for (const wrt of [
        [0, 0],
        [1, 1],
        [0, 1, 0],
        [0, 1, 1],
        [1, 0, 1]
      ])
        expect(d("mulStrongZero", wrt, x, y)).toBe(0)
    }
    const cube: Program = (ops, [x]) => ops.mulStrongZero(ops.mulStrongZero(x!, x!), x!)
    for (const x of [0, 2])
      expect([[0], [0, 0], [0, 0, 0]].map((wrt) => at(partials(cube, wrt), x))).toEqual([3 * x * x, 6 * x, 6])
  })
  it("third derivatives in closed form", () => {
    const cases: ReadonlyArray<readonly [Primitive.Name, (x: number) => number, ReadonlyArray<number>]> = [
      ["log", (x) => 2 / x ** 3, [0.1, 1, 7]],
      ["sqrt", (x) => (3 / 8) * x ** -2.5, [0.1, 1, 7]],
      ["cbrt", (x) => ((10 / 27) * Math.cbrt(x)) / x ** 3, [0.1, -1, 7]],
      ["asin", (x) => (1 + 2 * x * x) * (1 - x * x) ** -2.5, [0, 1e-9, 0.4, 0.6, -0.9]],
      ["atanh", (x) => (2 + 6 * x * x) * (1 - x * x) ** -3, [0, 1e-9, 0.4, 0.6, -0.9]],
      ["atan", (x) => (6 * x * x - 2) * (1 + x * x) ** -3, [0, 1e-9, 2, 1e3, 1e12]],
      ["asinh", (x) => (2 * x * x - 1) * (1 + x * x) ** -2.5, [0, 2, 1e3, 1e12]],
      ["tanh", (x) => (4 * Math.tanh(x) ** 2 - 2 * Math.cosh(x) ** -2) * Math.cosh(x) ** -2, [0, 1, -3, 30]],
      ["erf", (x) => (2 / Math.sqrt(Math.PI)) * (4 * x * x - 2) * Math.exp(-x * x), [0, 0.3, -2, 5.3]],
      [
        "sigmoid",
        (x) => (Math.exp(-x) * (Math.exp(-2 * x) - 4 * Math.exp(-x) + 1)) / (1 + Math.exp(-x)) ** 4,
        [0, 2, -4]
      ]
    ]
    for (const [name, third, points] of cases) {
      for (const x of points) {
        const expected = third(x)
        const actual = d(name, [0, 0, 0], x)
        expect([name, x, Math.abs(actual - expected) <= 1e-13 * Math.abs(expected) || actual === expected]).toEqual([
          name,
          x,
          true
        ])
      }
    }
  })
  it("the derivative of 1/(1 + x^2) does not underflow before its value", () => {
    const f: Program = (ops, [x]) => ops.div(1, ops.add(1, ops.mul(x!, x!)))
    expect(at(partials(f, [0]), 1e100) / -2e-300).toBeCloseTo(1, 12)
  })
})

describe("a branch not taken never poisons", () => {
  const cases: ReadonlyArray<readonly [string, Program, number, ReadonlyArray<number>]> = [
    ["log", (ops, [x]) => ops.select(ops.gt(x!, 0), ops.log(x!), 0), 0, [0, 0, 0]],
    ["sqrt", (ops, [x]) => ops.select(ops.gt(x!, 0), ops.sqrt(x!), ops.mul(3, x!)), 0, [3, 0, 0]],
    [
      "sqrt of a negative number",
      (ops, [x]) => ops.select(ops.gt(x!, 0), ops.sqrt(x!), ops.mul(x!, x!)),
      -1,
      [-2, 2, 0]
    ],
    ["division by zero", (ops, [x]) => ops.select(ops.ne(x!, 0), ops.div(ops.sin(x!), x!), 1), 0, [0, 0, 0]],
    ["pow", (ops, [x]) => ops.select(ops.gt(x!, 0), ops.pow(x!, x!), x!), -2.5, [1, 0, 0]],
    ["acosh", (ops, [x]) => ops.select(ops.gt(x!, 1), ops.acosh(x!), x!), 0.5, [1, 0, 0]],
    [
      "a product with the branch",
      (ops, [x]) => ops.mul(ops.select(ops.gt(x!, 0), ops.log(x!), 0), ops.select(ops.gt(x!, 0), ops.div(1, x!), x!)),
      0,
      [0, 0, 0]
    ],
    // The zero tangent of the branch goes through partials that are infinite or NaN.
    ["log of a zero that does not vary", (ops, [x]) => ops.log(ops.select(ops.gt(x!, 0), x!, 0)), -1, [0, 0, 0]],
    ["0/0 that does not vary", (ops, [x]) => ops.div(ops.relu(x!), ops.relu(x!)), -1, [0, 0, 0]],
    ["pow of a zero that does not vary", (ops, [x]) => ops.pow(ops.relu(x!), -0.5), -1, [0, 0, 0]],
    ["hypot", (ops, [x]) => ops.hypot(ops.relu(x!), ops.mul(ops.relu(x!), Infinity)), -1, [0, 0, 0]]
  ]
  it.each(cases)("%s", (_, f, x, expected) => {
    expect([[0], [0, 0], [0, 0, 0]].map((wrt) => at(partials(f, wrt), x) + 0)).toEqual(expected)
  })
  it("a tangent of zero stays zero beside an infinite or NaN partial, for every primitive of one or two reals", () => {
    const points = [0, -0, 1, -1, 2, Infinity, -Infinity, NaN]
    const zero = Tensor.make(0)
    for (const [name] of unary) {
      for (const x of points) {
        expect([name, x, values(run(jvp(primitive(name, {}), [0]), Tensor.make(x), zero)).map(Math.abs)]).toEqual([
          name,
          x,
          [0]
        ])
      }
    }
    for (const name of ["mul", "mulStrongZero", "div", "pow", "atan2", "hypot", "max", "min", "rem"] as const) {
      for (const x of points) {
        for (const y of points) {
          const tangent = run(jvp(primitive(name, {}), [0, 1]), Tensor.make(x), Tensor.make(y), zero, zero)
          expect([name, x, y, values(tangent).map(Math.abs)]).toEqual([name, x, y, [0]])
        }
      }
    }
  })
})
