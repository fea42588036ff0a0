import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import type * as Primitive from "../../../core/src/Primitive.ts"
import { at, partials, primitive, ulps } from "./algebra.ts"

interface Reference {
  readonly args: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<number | string>>
}

const file = new URL("../../../testing/data/elementary-reference.json", import.meta.url)
const reference = (JSON.parse(readFileSync(file, "utf8")) as { readonly functions: Record<string, Reference> })
  .functions

/**
 * Bounds in ULP on the first and second derivative (univariate), or on the derivatives in both operands, against the
 * exact value rounded to the nearest double. The kernels contribute up to 1 ULP for each function in a rule.
 */
const bounds: ReadonlyArray<readonly [Primitive.Name, number, number]> = [
  ["exp", 1, 1],
  ["expm1", 1, 1],
  ["log", 1, 3],
  ["log1p", 2, 4],
  ["sqrt", 2, 5],
  ["cbrt", 3, 8],
  ["sin", 1, 1],
  ["cos", 1, 1],
  ["tan", 2, 3],
  ["asin", 2, 6],
  ["acos", 2, 6],
  ["atan", 2, 4],
  ["sinh", 1, 1],
  ["cosh", 1, 1],
  ["tanh", 4, 6],
  ["asinh", 2, 5],
  ["acosh", 3, 6],
  ["atanh", 2, 4],
  ["erf", 2, 3],
  ["erfc", 2, 3],
  ["lgamma", 1, 1],
  ["digamma", 1, 1],
  ["sigmoid", 4, 6],
  ["softplus", 2, 5],
  ["pow", 2, 2],
  ["atan2", 3, 3],
  ["hypot", 2, 2]
]

const smallestNormal = 2 ** -1022

/** Wider bounds, where the form of the rule cannot do better: see the comments. */
const wider = (name: Primitive.Name, numbers: ReadonlyArray<number>, output: number, bound: number): number => {
  const [x, y] = numbers as [number, number]
  // The second derivative is 2x times the first, which is subnormal here: its one rounding is multiplied by 2|x|.
  if ((name === "erf" || name === "erfc") && output === 1) {
    const first = (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x)
    return first < smallestNormal ? bound + 2 * Math.abs(x) : bound
  }
  if (name === "pow") {
    // x^(y - 1) or x^y under- or overflows, its product with y or log(x) does not.
    const factor = Math.pow(x, output === 0 ? y - 1 : y)
    if (factor < smallestNormal || factor === Infinity) return Infinity
    // y - 1 is rounded.
    return output === 0 && y < 0.5 ? bound + Math.abs(Math.log(x)) * Math.max(1, Math.abs(y - 1)) : bound
  }
  // The distance overflows.
  if (name === "hypot" || name === "atan2") return Math.hypot(x, y) === Infinity ? Infinity : bound
  return bound
}

describe("derivatives of the elementary functions in ULPs", () => {
  for (const [name, ...limits] of bounds) {
    const { args, rows } = reference[name]!
    limits.forEach((limit, output) => {
      const which = args.length === 2 ? `d/d${args[output]}` : `derivative ${output + 1}`
      it(`${name}, ${which}: at most ${limit} ULP at ${rows.length} points`, () => {
        const f = partials(primitive(name, {}), args.length === 2 ? [output] : output === 0 ? [0] : [0, 0])
        const failures = rows.flatMap((row) => {
          const numbers = row.map(Number)
          const point = numbers.slice(0, args.length)
          const expected = numbers[args.length + 1 + output]!
          const actual = at(f, ...point)
          return ulps(actual, expected) <= wider(name, point, output, limit) ? [] : [{ point, actual, expected }]
        })
        expect(failures).toEqual([])
      })
    })
  }
})
