import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { at, derivative } from "./algebra.ts"
import type { Ops, Program } from "./algebra.ts"
import { ulps } from "./ulp.ts"

type Row = ReadonlyArray<number | string>
interface Reference {
  readonly functions: Readonly<Record<string, { readonly rows: ReadonlyArray<Row>; readonly edge: ReadonlyArray<Row> }>>
}

const reference: Reference = JSON.parse(
  readFileSync(new URL("../../../testing/data/elementary-reference.json", import.meta.url), "utf8")
)

const numbers = (row: Row): ReadonlyArray<number> => row.map(Number)

// Greatest distance from the correctly rounded first and second derivative, in ULP, over all rows of the reference.
const bounds = {
  exp: [1, 1],
  expm1: [1, 1],
  log: [1, 1],
  log1p: [1, 3],
  sqrt: [1, 3],
  cbrt: [2, 5],
  sin: [1, 1],
  cos: [1, 1],
  tan: [2, 3],
  asin: [2, 4],
  acos: [2, 4],
  atan: [2, 4],
  sinh: [1, 1],
  cosh: [1, 1],
  tanh: [2, 3],
  asinh: [1, 3],
  acosh: [2, 4],
  atanh: [2, 3],
  // Where the first derivative is subnormal, the second (its -2x fold) is the multiple of a number with few digits.
  erf: [2, 3],
  erfc: [2, 3],
  lgamma: [2, 2],
  digamma: [2, 2],
  sigmoid: [2, 3],
  softplus: [1, 2]
} as const

type Name = keyof typeof bounds

const program =
  (name: Name): Program =>
  <A>(ops: Ops<A>, [x]: ReadonlyArray<A>) =>
    ops[name](x!)

const smallestNormal = 2 ** -1022

describe("univariate functions against the reference", () => {
  for (const name of Object.keys(bounds) as ReadonlyArray<Name>) {
    it(`${name}: first derivative within ${bounds[name][0]} ULP, second within ${bounds[name][1]}`, () => {
      const first = derivative(program(name))
      const second = derivative(first)
      for (const [x, , d1, d2] of reference.functions[name]!.rows.map(numbers)) {
        const actual = [at(first, x!), at(second, x!)] as const
        expect(ulps(actual[0], d1!), `${name}'(${x}) = ${actual[0]}, not ${d1}`).toBeLessThanOrEqual(bounds[name][0])
        const bound = Math.abs(d1!) < smallestNormal ? Math.max(bounds[name][1], 2 * Math.abs(x!)) : bounds[name][1]
        expect(ulps(actual[1], d2!), `${name}''(${x}) = ${actual[1]}, not ${d2}`).toBeLessThanOrEqual(bound)
      }
    })
  }
})

describe("bivariate functions against the reference", () => {
  const check = (name: "pow" | "atan2" | "hypot", bound: number, excepted: (row: ReadonlyArray<number>) => boolean) => {
    const f: Program = (ops, [x, y]) => ops[name](x!, y!)
    for (const row of reference.functions[name]!.rows.map(numbers)) {
      const [x, y, , dx, dy] = row
      if (excepted(row)) continue
      expect(ulps(at(derivative(f, 0), x!, y!), dx!), `first of ${name}(${x}, ${y})`).toBeLessThanOrEqual(bound)
      expect(ulps(at(derivative(f, 1), x!, y!), dy!), `second of ${name}(${x}, ${y})`).toBeLessThanOrEqual(bound)
    }
  }

  // Where the distance itself overflows, its reciprocal is zero.
  const overflows = ([x, y]: ReadonlyArray<number>) => Math.hypot(x!, y!) === Infinity

  it("hypot: within 2 ULP", () => check("hypot", 2, overflows))

  it("atan2: within 3 ULP", () => check("atan2", 3, overflows))

  // Rounding y - 1 moves the exponent by up to 2^-53, and the power by the log(x)-fold of that.
  it("pow: within 3 ULP where y - 1 is exact and nothing overflows or underflows on the way", () =>
    check("pow", 3, ([x, y, z]) => y! - 1 + 1 !== y! || z === Infinity || x! ** (y! - 1) < smallestNormal))

  it("pow: within |log x| ULP elsewhere", () => {
    for (const [x, y, z, dx] of reference.functions["pow"]!.rows.map(numbers)) {
      if (z === Infinity || x! ** (y! - 1) < smallestNormal) continue
      const f: Program = (ops, inputs) => ops.pow(inputs[0]!, inputs[1]!)
      expect(ulps(at(derivative(f, 0), x!, y!), dx!)).toBeLessThanOrEqual(3 + Math.abs(Math.log(x!)))
    }
  })
})

describe("edges of the reference", () => {
  // The reference's advice is followed but here: outside the domain the formula of the derivative holds (only those of
  // log, log1p and atanh have values there), and -0 is approached from below.
  const outside: Partial<Record<Name, (x: number) => boolean>> = {
    log: (x) => x < 0 || Object.is(x, -0),
    sqrt: (x) => Object.is(x, -0),
    log1p: (x) => x < -1,
    atanh: (x) => Math.abs(x) > 1
  }
  for (const name of Object.keys(bounds) as ReadonlyArray<Name>) {
    it(name, () => {
      for (const [x, , d1] of reference.functions[name]!.edge.map(numbers)) {
        if (outside[name]?.(x!) === true) continue
        const actual = at(derivative(program(name)), x!)
        expect(ulps(actual, d1!), `${name}'(${x}) = ${actual}, not ${d1}`).toBeLessThanOrEqual(1)
      }
    })
  }
})
