import { readFileSync } from "node:fs"
import * as Numeric from "@fluxion/calculus/Numeric"
import { Expr, Fn, Tensor } from "@fluxion/core"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

interface Known {
  readonly name: string
  readonly f: (x: number) => number
  readonly derivative: (x: number) => number
  readonly min: number
  readonly max: number
}

const known: ReadonlyArray<Known> = [
  { name: "exp", f: Math.exp, derivative: Math.exp, min: -20, max: 20 },
  { name: "sin", f: Math.sin, derivative: Math.cos, min: -1e4, max: 1e4 },
  { name: "sin 100x", f: (x) => Math.sin(100 * x), derivative: (x) => 100 * Math.cos(100 * x), min: -100, max: 100 },
  { name: "log", f: Math.log, derivative: (x) => 1 / x, min: 1e-3, max: 1e6 },
  { name: "sqrt", f: Math.sqrt, derivative: (x) => 0.5 / Math.sqrt(x), min: 1e-3, max: 1e6 },
  { name: "x^5", f: (x) => x ** 5, derivative: (x) => 5 * x ** 4, min: -50, max: 50 },
  { name: "atan 50x", f: (x) => Math.atan(50 * x), derivative: (x) => 50 / (1 + 2500 * x * x), min: -3, max: 3 },
  { name: "1/x", f: (x) => 1 / x, derivative: (x) => -1 / (x * x), min: 0.01, max: 100 },
  // Eight digits are lost inside: the noise must be measured, it cannot be seen in the value.
  { name: "noisy sin", f: (x) => 1e8 + Math.sin(x) - 1e8, derivative: Math.cos, min: 0.1, max: 100 }
]

const methods = ["richardson", "fivePoint", "central", "forward"] as const

/** A smooth function with its derivative. */
interface Smooth {
  readonly name: string
  readonly at: (x: number) => readonly [value: number, slope: number]
}

const unary = (name: string, f: (x: number) => readonly [number, number]) => ({ name, f })

const functions = [
  unary("sin", (x) => [Math.sin(x), Math.cos(x)]),
  unary("cos", (x) => [Math.cos(x), -Math.sin(x)]),
  unary("tanh", (x) => [Math.tanh(x), 1 / Math.cosh(x) ** 2]),
  unary("atan", (x) => [Math.atan(x), 1 / (1 + x * x)]),
  unary("exp sin", (x) => [Math.exp(Math.sin(x)), Math.exp(Math.sin(x)) * Math.cos(x)]),
  unary("asinh", (x) => [Math.asinh(x), 1 / Math.hypot(1, x)]),
  unary("log(1 + x²)", (x) => [Math.log1p(x * x), (2 * x) / (1 + x * x)]),
  unary("√(1 + x²)", (x) => [Math.hypot(1, x), x / Math.hypot(1, x)]),
  unary("1/(2 + sin)", (x) => [1 / (2 + Math.sin(x)), -Math.cos(x) / (2 + Math.sin(x)) ** 2])
]

/** Not the subnormal numbers that `fc.double` likes. */
const between = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: min * 1000, max: max * 1000 }).map((n) => n / 1000)

const { smooth } = fc.letrec<{ readonly smooth: Smooth }>((tie) => ({
  smooth: fc.oneof(
    { maxDepth: 4, depthIdentifier: "smooth" },
    fc
      .tuple(between(-20, 20), between(-3, 3))
      .map(([a, b]): Smooth => ({ name: `(${a} x + ${b})`, at: (x) => [a * x + b, a] })),
    fc.tuple(fc.constantFrom(...functions), tie("smooth")).map(([{ f, name }, g]): Smooth => ({
      name: `${name}(${g.name})`,
      at: (x) => {
        const [value, slope] = g.at(x)
        const [outer, own] = f(value)
        return [outer, own * slope]
      }
    })),
    fc.tuple(tie("smooth"), tie("smooth")).map(([f, g]): Smooth => ({
      name: `${f.name} * ${g.name}`,
      at: (x) => {
        const [[a, da], [b, db]] = [f.at(x), g.at(x)]
        return [a * b, da * b + a * db]
      }
    })),
    fc.tuple(tie("smooth"), tie("smooth")).map(([f, g]): Smooth => ({
      name: `${f.name} + ${g.name}`,
      at: (x) => {
        const [[a, da], [b, db]] = [f.at(x), g.at(x)]
        return [a + b, da + db]
      }
    }))
  )
}))

describe("of random smooth functions", () => {
  for (const method of methods) {
    it(`${method} errs by at most ten times what it estimates`, () => {
      fc.assert(
        fc.property(smooth, between(-4, 4), ({ at }, x) => {
          const { error, value } = Numeric.derivative((y) => at(y)[0], x, { method })
          const slope = at(x)[1]
          expect(Number.isFinite(error)).toBe(true)
          expect(Math.abs(value - slope)).toBeLessThanOrEqual(10 * error + 1e-14 * Math.abs(slope))
        }),
        { numRuns: 1000 }
      )
    })
  }

  it("the automatic step gives most of the digits that there are", () => {
    const digits = {
      forward: [] as Array<number>,
      central: [] as Array<number>,
      fivePoint: [] as Array<number>,
      richardson: [] as Array<number>
    }
    fc.assert(
      fc.property(smooth, between(-4, 4), ({ at }, x) => {
        const [value, slope] = at(x)
        const scale = Math.max(Math.abs(slope), Math.abs(value), 1e-3)
        for (const method of methods) {
          const { value: numeric } = Numeric.derivative((y) => at(y)[0], x, { method })
          digits[method].push(-Math.log10(Math.abs(numeric - slope) / scale + 1e-17))
        }
      }),
      { numRuns: 400 }
    )
    const median = (list: ReadonlyArray<number>) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!
    expect(median(digits.forward)).toBeGreaterThan(6.5)
    expect(median(digits.central)).toBeGreaterThan(9)
    expect(median(digits.fivePoint)).toBeGreaterThan(11)
    expect(median(digits.richardson)).toBeGreaterThan(12)
  })
})

describe("derivative", () => {
  for (const method of methods) {
    for (const { derivative, f, max, min, name } of known) {
      it(`of ${name} by ${method} lies within a few times the error it estimates`, () => {
        fc.assert(
          fc.property(fc.double({ min, max, noNaN: true }), (x) => {
            const estimate = Numeric.derivative(f, x, { method })
            expect(Math.abs(estimate.value - derivative(x))).toBeLessThanOrEqual(
              4 * estimate.error + 4e-16 * Math.abs(derivative(x))
            )
          }),
          { numRuns: 400 }
        )
      })
    }
  }

  it("is exact to about 1e-11 with Richardson's extrapolation, and to the order of the plain formulas", () => {
    const errors = methods.map(
      (method) => Math.abs(Numeric.derivative(Math.exp, 1, { method }).value - Math.E) / Math.E
    )
    expect(errors[0]).toBeLessThan(1e-12)
    expect(errors[1]).toBeLessThan(1e-10)
    expect(errors[2]).toBeLessThan(1e-9)
    expect(errors[3]).toBeLessThan(1e-6)
    expect(Math.max(errors[0]!, errors[1]!, errors[2]!)).toBeLessThan(errors[3]!)
  })

  for (const method of methods.slice(1)) {
    it(`${method} has the order it states`, () => {
      const order = { forward: 1, central: 2, fivePoint: 4 }[method as "forward" | "central" | "fivePoint"]
      const error = (step: number) => Numeric.derivative(Math.exp, 0.5, { method, step }).value - Math.exp(0.5)
      expect(Math.log2(error(2 ** -5) / error(2 ** -6))).toBeCloseTo(order, 1)
    })

    it(`${method} estimates its error`, () => {
      fc.assert(
        fc.property(fc.double({ min: -3, max: 3, noNaN: true }), (x) => {
          const { error, value } = Numeric.derivative(Math.sin, x, { method })
          expect(Math.abs(value - Math.cos(x))).toBeLessThanOrEqual(4 * error)
        })
      )
    })
  }

  it("finds its way back into the domain", () => {
    const { error, value } = Numeric.derivative(Math.log, 1e-8)
    expect(Math.abs(value - 1e8)).toBeLessThanOrEqual(error)
    expect(error).toBeLessThan(1)
  })

  it("says so where there is no derivative", () => {
    expect(Numeric.derivative(Math.sqrt, -1)).toEqual({
      value: Number.NaN,
      error: Number.POSITIVE_INFINITY,
      step: Number.NaN
    })
  })

  it("agrees with the correctly rounded derivatives of the reference data", () => {
    const data = JSON.parse(
      readFileSync(new URL("../../testing/data/elementary-reference.json", import.meta.url), "utf8")
    )
    const plain = {
      exp: Math.exp,
      sin: Math.sin,
      cos: Math.cos,
      atan: Math.atan,
      tanh: Math.tanh,
      asinh: Math.asinh,
      log1p: Math.log1p
    }
    let checked = 0
    for (const [name, f] of Object.entries(plain)) {
      for (const [x, , d1] of data.functions[name].rows as ReadonlyArray<ReadonlyArray<number>>) {
        if (Math.abs(x!) > 100 || !Number.isFinite(f(x!))) continue
        const { error, value } = Numeric.derivative(f, x!)
        // Within a few units of the edge of the domain no step is left.
        if (!Number.isFinite(error)) continue
        checked++
        expect(Math.abs(value - d1!), `${name}'(${x})`).toBeLessThanOrEqual(4 * error + 1e-15 * Math.abs(d1!))
      }
    }
    expect(checked).toBeGreaterThan(300)
  })
})

describe("step", () => {
  it("is such that x + h and x - h are exact", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (x) => {
        const seen: Array<number> = []
        const { step } = Numeric.derivative((y) => (seen.push(y), y), x, { method: "central", noise: 0 })
        expect(x + step - x).toBe(step)
        expect(x - (x - step)).toBe(step)
      })
    )
  })
})

describe("noise", () => {
  it("is at least half a unit in the last place and sees cancellation", () => {
    expect(Numeric.noise(() => 1, 0)).toBe(2 ** -53)
    // The unit in the last place at 1e8 is 1.5e-8.
    const noise = Numeric.noise((x) => 1e8 + Math.sin(x) - 1e8, 1)
    expect(noise).toBeGreaterThan(2e-9)
    expect(noise).toBeLessThan(1e-7)
  })

  it("of a smooth function is a few units in the last place", () => {
    fc.assert(
      fc.property(fc.double({ min: -3, max: 3, noNaN: true }), (x) => {
        expect(Numeric.noise(Math.exp, x)).toBeLessThan(2e-14 * Math.exp(x) + 2e-15)
      })
    )
  })
})

describe("oneSided", () => {
  it("takes each side of a kink", () => {
    for (const slope of [-3, 0.5, 7]) {
      const kink = (x: number) => (x < 1 ? Math.sin(x - 1) : slope * (x - 1) + (x - 1) ** 3)
      expect(Numeric.oneSided(kink, 1, "left").value).toBeCloseTo(1, 8)
      expect(Numeric.oneSided(kink, 1, "right").value).toBeCloseTo(slope, 8)
    }
  })

  it("agrees with the two-sided derivative where there is one", () => {
    fc.assert(
      fc.property(fc.double({ min: -2, max: 2, noNaN: true }), (x) => {
        for (const side of ["left", "right"] as const) {
          const { error, value } = Numeric.oneSided(Math.exp, x, side)
          expect(Math.abs(value - Math.exp(x))).toBeLessThanOrEqual(4 * error)
          expect(error).toBeLessThan(1e-8 * Math.exp(x))
        }
      })
    )
  })
})

describe("of programs", () => {
  const bilinear = Fn.make({ w: [2, 3], x: [3] }, ({ w, x }) => Expr.matmul(w, x))
  const at = {
    w: Tensor.make([
      [1, 2, 3],
      [4, 5, 6]
    ]),
    x: Tensor.make([7, 8, 9])
  }
  const near = (actual: Tensor.Any, expected: ReadonlyArray<number>) =>
    expected.forEach((e, i) => expect(actual.data[i]!).toBeCloseTo(e, 10))

  it("jacobian has the structure of the operators'", () => {
    const { error, value } = Numeric.jacobian(bilinear, at)
    expect(value.w.shape).toEqual([2, 2, 3])
    near(value.w, [7, 8, 9, 0, 0, 0, 0, 0, 0, 7, 8, 9])
    near(value.x, [1, 2, 3, 4, 5, 6])
    expect(Math.max(...error.w.data, ...error.x.data)).toBeLessThan(1e-10)
  })

  it("directional is the Jacobian times the direction", () => {
    const direction = {
      w: Tensor.make([
        [1, 0, -1],
        [0.5, 0, 0]
      ]),
      x: Tensor.make([1, 0, 2])
    }
    near(Numeric.directional(bilinear, at, direction).value, [7 - 9 + 1 + 6, 3.5 + 4 + 12])
  })

  it("gradient leaves out what is not real", () => {
    const f = Fn.make({ x: [3], i: { elementType: "index", shape: [] } }, ({ i, x }) => Expr.gather(x, i))
    const { value } = Numeric.gradient(f, { x: Tensor.make([1, 2, 3]), i: 1 })
    expect(Object.keys(value)).toEqual(["x"])
    near(value.x, [0, 1, 0])
  })

  it("gradient of a tuple and of a bare scalar", () => {
    const pair = Fn.make([[], [2]], ([a, b]) => Expr.mul(a, Expr.sum(b)))
    const [a, b] = Numeric.gradient(pair, [2, Tensor.make([3, 4])]).value
    expect(a).toBeCloseTo(7, 10)
    near(b, [2, 2])
    expect(
      Numeric.gradient(
        Fn.make([], (x) => Expr.exp(x)),
        0
      ).value
    ).toBeCloseTo(1, 11)
  })

  it("empty inputs give empty gradients", () => {
    const { value } = Numeric.gradient(
      Fn.make({ x: [0] }, ({ x }) => Expr.sum(x)),
      { x: Tensor.zeros([0]) }
    )
    expect(value.x.shape).toEqual([0])
  })
})
