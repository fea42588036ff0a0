// Numbers as unevaluated sums of two doubles, for tables that are computed when a module is written. Products by Dekker's
// splitting: T. J. Dekker, "A floating-point technique for extending the available precision", Numer. Math. 18 (1971).

export interface DoubleDouble {
  readonly hi: number
  readonly lo: number
}

const normalized = (hi: number, lo: number): DoubleDouble => {
  const sum = hi + lo
  return { hi: sum, lo: lo - (sum - hi) }
}

const split = (x: number): DoubleDouble => {
  const scaled = 134217729 * x
  const hi = scaled - (scaled - x)
  return { hi, lo: x - hi }
}

const twoProduct = (x: number, y: number): DoubleDouble => {
  const hi = x * y
  const a = split(x)
  const b = split(y)
  return { hi, lo: a.lo * b.lo - (hi - a.hi * b.hi - a.lo * b.hi - a.hi * b.lo) }
}

const twoSum = (x: number, y: number): DoubleDouble => {
  const hi = x + y
  const b = hi - x
  return { hi, lo: x - (hi - b) + (y - b) }
}

export const add = (x: DoubleDouble, y: DoubleDouble): DoubleDouble => {
  const high = twoSum(x.hi, y.hi)
  const low = twoSum(x.lo, y.lo)
  const sum = normalized(high.hi, high.lo + low.hi)
  return normalized(sum.hi, sum.lo + low.lo)
}

export const multiply = (x: DoubleDouble, y: DoubleDouble): DoubleDouble => {
  const product = twoProduct(x.hi, y.hi)
  return normalized(product.hi, product.lo + (x.hi * y.lo + x.lo * y.hi))
}

export const divide = (x: DoubleDouble, y: DoubleDouble): DoubleDouble => {
  const quotient = x.hi / y.hi
  const back = multiply({ hi: quotient, lo: 0 }, y)
  return normalized(quotient, (x.hi - back.hi + (x.lo - back.lo)) / y.hi)
}

/** A table that is computed when it is first asked for, and kept. */
export const once = (make: () => Uint8Array): (() => Uint8Array) => {
  let table: Uint8Array | undefined
  return () => (table ??= make())
}
