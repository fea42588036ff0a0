/**
 * The elementwise primitives as functions of numbers.
 *
 * @since 0.1.0
 */
import { sigmoid, softplus } from "./internal/functions/activation.ts"
import * as Elementary from "./internal/functions/elementary.ts"
import { erf, erfc } from "./internal/functions/erf.ts"
import { lgamma } from "./internal/functions/gamma.ts"
import { digamma, polygamma } from "./internal/functions/polygamma.ts"
import { power } from "./internal/functions/power.ts"

/**
 * The functions of reals behind elementwise primitives, by the name of the primitive: the reference to the last bit, for backends that work element by element.
 *
 * **Details**
 *
 * Domains, values at NaN and infinities, and accuracy are those of the primitives. What JavaScript has an operator or a comparison for is not here. `polygamma` takes
 * the order first.
 *
 * @example
 * ```ts
 * import { Elementwise } from "@fluxion/core"
 *
 * console.log(Elementwise.functions.sigmoid(0)) // 0.5
 * console.log(Elementwise.functions.pow(1, NaN)) // 1
 * ```
 *
 * @category functions
 * @since 0.1.0
 */
export const functions = {
  exp: Elementary.exp,
  expm1: Elementary.expm1,
  log: Elementary.log,
  log1p: Elementary.log1p,
  sqrt: Elementary.sqrt,
  cbrt: Elementary.cbrt,
  sin: Elementary.sin,
  cos: Elementary.cos,
  tan: Elementary.tan,
  asin: Elementary.asin,
  acos: Elementary.acos,
  atan: Elementary.atan,
  sinh: Elementary.sinh,
  cosh: Elementary.cosh,
  tanh: Elementary.tanh,
  asinh: Elementary.asinh,
  acosh: Elementary.acosh,
  atanh: Elementary.atanh,
  sign: Elementary.sign,
  round: Elementary.round,
  sigmoid,
  softplus,
  erf,
  erfc,
  lgamma,
  digamma,
  polygamma,
  pow: power,
  atan2: Elementary.atan2,
  hypot: Elementary.hypot
} as const
