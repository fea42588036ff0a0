import type { VectorFunction } from "./vector.ts"
import { sigmoid, softplus } from "./elementary/activation.ts"
import { erf, erfc } from "./elementary/errorFunction.ts"
import { exp, expm1 } from "./elementary/exponential.ts"
import { acosh, asinh, atanh, cosh, sinh, tanh } from "./elementary/hyperbolic.ts"
import { acos, asin, atan, atan2 } from "./elementary/inverseTrigonometric.ts"
import { log, log1p } from "./elementary/logarithm.ts"
import { cbrt, hypot, pow } from "./elementary/power.ts"
import { rem } from "./elementary/remainder.ts"
import { cos, sin, tan } from "./elementary/trigonometric.ts"

/** Of vectors of two doubles. */
export const doubles = {
  exp,
  expm1,
  log,
  log1p,
  cbrt,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  sigmoid,
  softplus,
  erf,
  erfc,
  pow,
  atan2,
  hypot,
  rem
} satisfies Record<string, VectorFunction>
