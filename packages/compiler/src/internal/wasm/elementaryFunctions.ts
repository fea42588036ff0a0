import type { VectorFunction } from "./vector.ts"
import { sigmoid, softplus } from "./elementary/activation.ts"
import { exp, expm1 } from "./elementary/exponential.ts"
import { acosh, asinh, atanh, cosh, sinh, tanh } from "./elementary/hyperbolic.ts"
import { log, log1p } from "./elementary/logarithm.ts"

/** Of vectors of two doubles. */
export const doubles = {
  exp,
  expm1,
  log,
  log1p,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  sigmoid,
  softplus
} satisfies Record<string, VectorFunction>
