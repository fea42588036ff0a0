import type { Code } from "../Code.ts"
import { type Operand, type Value, type Variable, Vectors } from "../vector.ts"
import { divide as quotientOf, type DoubleDouble } from "./doubleDouble.ts"
import { twoProductError, twoSumError } from "./exact.ts"
import { logRow } from "./power.ts"

// Double-double arithmetic, lane by lane, with the algorithms of packages/core/src/internal/functions/double-double.ts. The
// operations are functions of the module: code that needs them needs many.

/** An unevaluated sum of two vectors of doubles. */
export interface Pair {
  readonly hi: Variable
  readonly lo: Variable
}

const inModule = (
  v: Vectors,
  name: string,
  parameters: number,
  build: (v: Vectors, p: ReadonlyArray<Variable>) => readonly [Value, Value]
): number =>
  v.module.once(name, (module) =>
    module.function(
      name,
      { parameters: Array.from({ length: parameters }, () => "v128" as const), results: ["v128", "v128"] },
      (code: Code) => {
        const w = new Vectors(module, code, "f64x2")
        const [hi, lo] = build(
          w,
          Array.from({ length: parameters }, (_, i) => w.variable(i))
        )
        hi.emit()
        lo.emit()
      }
    )
  )

const call = (v: Vectors, index: number, operands: ReadonlyArray<Value>): Pair => {
  const hi = v.variable(v.code.local("v128"))
  const lo = v.variable(v.code.local("v128"))
  for (const operand of operands) operand.emit()
  v.code.call(index)
  v.code.set(lo.local)
  v.code.set(hi.local)
  return { hi, lo }
}

/** The rounded sum of numbers the first of which is not the smaller, and the rest. */
const fast = (v: Vectors, x: Operand, y: Operand): readonly [Value, Value] => {
  const b = v.let(y)
  const a = v.let(x)
  const sum = v.let(v.add(a, b))
  return [sum, v.sub(b, v.sub(sum, a))]
}

export const fromNumber = (v: Vectors, x: Operand): Pair => ({ hi: v.let(x), lo: v.let(0) })
export const constant = (v: Vectors, { hi, lo }: DoubleDouble): Pair => ({ hi: v.let(hi), lo: v.let(lo) })
export const assign = (v: Vectors, variable: Pair, value: { readonly hi: Value; readonly lo: Value }): void => {
  v.assign(variable.hi, value.hi)
  v.assign(variable.lo, value.lo)
}
export const select = (v: Vectors, mask: Value, whenTrue: Pair, whenFalse: Pair): Pair => ({
  hi: v.let(v.select(mask, whenTrue.hi, whenFalse.hi)),
  lo: v.let(v.select(mask, whenTrue.lo, whenFalse.lo))
})

/** The exact sum of two doubles. */
export const twoSum = (v: Vectors, x: Variable, y: Variable): Pair => {
  const hi = v.let(v.add(x, y))
  return { hi, lo: v.let(twoSumError(v, x, y, hi)) }
}

export const add = (v: Vectors, x: Pair, y: Pair): Pair => {
  const index = inModule(v, "pair.add", 4, (w, [xHi, xLo, yHi, yLo]) => {
    const s = twoSum(w, xHi!, yHi!)
    const t = twoSum(w, xLo!, yLo!)
    const [hi, lo] = fast(w, s.hi, w.add(s.lo, t.hi))
    return fast(w, hi, w.add(t.lo, lo))
  })
  return call(v, index, [x.hi, x.lo, y.hi, y.lo])
}
export const negate = (v: Vectors, x: Pair): Pair => ({ hi: v.let(v.neg(x.hi)), lo: v.let(v.neg(x.lo)) })
export const subtract = (v: Vectors, x: Pair, y: Pair): Pair => add(v, x, negate(v, y))

export const multiply = (v: Vectors, x: Pair, y: Pair): Pair => {
  const index = inModule(v, "pair.mul", 4, (w, [xHi, xLo, yHi, yLo]) => {
    const product = w.let(w.mul(xHi!, yHi!))
    const error = twoProductError(w, xHi!, yHi!, product)
    return fast(w, product, w.add(error, w.add(w.mul(xHi!, yLo!), w.mul(xLo!, yHi!))))
  })
  return call(v, index, [x.hi, x.lo, y.hi, y.lo])
}

export const divide = (v: Vectors, x: Pair, y: Pair): Pair => {
  const index = inModule(v, "pair.div", 4, (w, [xHi, xLo, yHi, yLo]) => {
    const a = { hi: xHi!, lo: xLo! }
    const b = { hi: yHi!, lo: yLo! }
    const first = w.let(w.div(a.hi, b.hi))
    const remainder = subtract(w, a, multiply(w, b, fromNumber(w, first)))
    const second = w.let(w.div(remainder.hi, b.hi))
    const rest = subtract(w, remainder, multiply(w, b, fromNumber(w, second)))
    const [hi, lo] = fast(w, first, second)
    const quotient = w.let(hi)
    return fast(w, quotient, w.add(lo, w.div(rest.hi, b.hi)))
  })
  return call(v, index, [x.hi, x.lo, y.hi, y.lo])
}

/** The polynomial with coefficients `leading` and then `tail`, whose share of the sum is below 2^-50. */
export const polynomial = (
  v: Vectors,
  x: Pair,
  leading: ReadonlyArray<DoubleDouble>,
  tail: ReadonlyArray<number>
): Pair =>
  leading.reduceRight(
    (sum, coefficient) => add(v, multiply(v, sum, x), constant(v, coefficient)),
    fromNumber(v, v.horner(tail, x.hi))
  )

/** A positive integer power. */
export const power = (v: Vectors, base: Pair, exponent: number): Pair => {
  let result: Pair | undefined
  let square = base
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = result === undefined ? square : multiply(v, result, square)
    if (rest > 1) square = multiply(v, square, square)
  }
  return result!
}

/** A quotient of integers below 2^53. */
export const rational = (numerator: number, denominator: number): DoubleDouble =>
  quotientOf({ hi: numerator, lo: 0 }, { hi: denominator, lo: 0 })

const LOG1P_LEADING = Array.from({ length: 7 }, (_, i) => rational(i % 2 === 0 ? -1 : 1, i + 2))
const LOG1P_TAIL = Array.from({ length: 6 }, (_, i) => (i % 2 === 0 ? 1 : -1) / (i + 9))

/** log x of a positive normal number, absolute error below 2^-95 (1 + |log x|). */
export const log = (v: Vectors, x: Pair): Pair => {
  const index = inModule(v, "pair.log", 2, (w, [hi, lo]) => {
    const { inverse, k, logHigh, logLow, rHigh, rLow, scale } = logRow(w, hi!, 1023)
    const exact = twoSum(w, rHigh, rLow)
    const r = add(w, exact, fromNumber(w, w.mul(w.mul(lo!, scale), inverse)))
    const series = multiply(w, multiply(w, r, r), polynomial(w, r, LOG1P_LEADING, LOG1P_TAIL))
    const low = twoSum(w, w.let(w.mul(k.value, k.low)), w.let(logLow))
    const high = fromNumber(w, w.add(w.mul(k.value, k.high), logHigh))
    const sum = add(w, add(w, high, low), add(w, r, series))
    return [sum.hi, sum.lo]
  })
  return call(v, index, [x.hi, x.lo])
}

const factorialInverse = (n: number): DoubleDouble => {
  let factorial = 1
  for (let i = 2; i <= n; i++) factorial *= i
  return rational(1, factorial)
}
const negated = ({ hi, lo }: DoubleDouble): DoubleDouble => ({ hi: -hi, lo: -lo })
/** The coefficients (-1)^i / (2 i + first)!. */
const series = (first: 0 | 1) => {
  const all = Array.from({ length: 14 }, (_, i) => {
    const coefficient = factorialInverse(2 * i + first)
    return i % 2 === 0 ? coefficient : negated(coefficient)
  })
  // 18! is the last factorial below 2^53.
  return { leading: all.slice(0, 9), tail: all.slice(9).map(({ hi }) => hi) }
}
const SINE = series(1)
const COSINE = series(0)

export const PI: DoubleDouble = { hi: 3.141592653589793, lo: 1.2246467991473532e-16 }

/** sin(pi r) and cos(pi r) for |r| <= 1/4. */
export const sinCosPi = (v: Vectors, r: Value): { readonly sin: Pair; readonly cos: Pair } => {
  const angle = multiply(v, constant(v, PI), fromNumber(v, r))
  const square = multiply(v, angle, angle)
  return {
    sin: multiply(v, angle, polynomial(v, square, SINE.leading, SINE.tail)),
    cos: polynomial(v, square, COSINE.leading, COSINE.tail)
  }
}
