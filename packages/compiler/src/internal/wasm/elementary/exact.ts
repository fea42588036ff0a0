// Error-free transformations, lane by lane. D. E. Knuth, The Art of Computer Programming 2, 4.2.2; T. J. Dekker, "A
// floating-point technique for extending the available precision", Numer. Math. 18 (1971).

import type { Operand, Value, Variable, Vectors } from "../vector.ts"

/** What `sum`, the rounded x + y, lacks. */
export const twoSumError = (v: Vectors, x: Operand, y: Operand, sum: Variable): Value => {
  const part = v.let(v.sub(sum, x))
  return v.add(v.sub(x, v.sub(sum, part)), v.sub(y, part))
}

/** The same where |x| >= |y| or x is 0. */
export const fastTwoSumError = (v: Vectors, x: Operand, y: Operand, sum: Operand): Value => v.sub(y, v.sub(sum, x))

/** The upper half of the digits: 26 of a double. */
export const upper = (v: Vectors, x: Value): Value => {
  const scaled = v.let(v.mul(134217729, x))
  return v.sub(scaled, v.sub(scaled, x))
}

/** What `product`, the rounded x y, lacks. Arguments below 2^996; exact if the product is above 2^-969. */
export const twoProductError = (v: Vectors, x: Variable, y: Variable, product: Value): Value => {
  const a = v.let(upper(v, x))
  const b = v.let(upper(v, y))
  const c = v.let(v.sub(x, a))
  const d = v.let(v.sub(y, b))
  return v.sub(v.mul(c, d), v.sub(v.sub(v.sub(product, v.mul(a, b)), v.mul(c, b)), v.mul(a, d)))
}
