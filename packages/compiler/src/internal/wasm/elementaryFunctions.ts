import type { Code, Local } from "./Code.ts"
import { promoted } from "./elementary/promoted.ts"
import type { Module } from "./Module.ts"
import { emit, type Floats, type VectorFunction, Vectors } from "./vector.ts"
import { sigmoid, softplus } from "./elementary/activation.ts"
import { erf, erfc } from "./elementary/errorFunction.ts"
import { exp, expm1 } from "./elementary/exponential.ts"
import { digamma, lgamma, polygamma } from "./elementary/gamma.ts"
import { acosh, asinh, atanh, cosh, sinh, tanh } from "./elementary/hyperbolic.ts"
import { acos, asin, atan, atan2 } from "./elementary/inverseTrigonometric.ts"
import { log, log1p } from "./elementary/logarithm.ts"
import { cbrt, hypot, pow } from "./elementary/power.ts"
import { rem } from "./elementary/remainder.ts"
import { natives } from "./elementary/singles.ts"
import { cos, sin, tan } from "./elementary/trigonometric.ts"

/** Of vectors of two doubles. */
const doubles = {
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
  lgamma,
  digamma,
  pow,
  atan2,
  hypot,
  rem
} satisfies Record<string, VectorFunction>

type Name = keyof typeof doubles

/** Of vectors of four singles: some in single precision, the others through doubles (at most 1 ULP off). */
const singles = {
  ...(Object.fromEntries(
    Object.entries(doubles).map(([name, definition]) => [name, promoted(name, definition)])
  ) as Readonly<Record<Name, VectorFunction>>),
  ...natives
}

/** How a function of vectors gets into a module. */
export interface ElementaryFunction {
  readonly arity: 1 | 2
  /** The index of the function (v128, one or two) -> v128, which is written when it is first asked for. */
  readonly emit: (module: Module) => number
  /** Instructions that leave the result for the values of variables on the stack: no call, but more code. The same bits. */
  readonly inline: (module: Module, code: Code, x: Local, y?: Local) => void
}

const entry =
  (floats: Floats) =>
  ([name, definition]: [string, VectorFunction]): [string, ElementaryFunction] => [
    name,
    {
      arity: definition.arity,
      emit: (module) => emit(module, floats, name, definition),
      inline: (module, code, x, y = x) => {
        const v = new Vectors(module, code, floats)
        definition.build(v, v.variable(x), v.variable(y)).emit()
      }
    }
  ]

/** The derivative of `order` (at least 1) of digamma. */
export const polygammaFunction = (floats: Floats, order: number): ElementaryFunction => {
  const name = `polygamma.${order}`
  const definition = polygamma(order)
  return entry(floats)([name, floats === "f64x2" ? definition : promoted(name, definition)])[1]
}

const entries = (floats: Floats, definitions: Readonly<Record<Name, VectorFunction>>) =>
  Object.fromEntries(Object.entries(definitions).map(entry(floats))) as Readonly<Record<Name, ElementaryFunction>>

/** The elementary functions of vectors of two doubles and of four singles. Each lane has the bits it would have alone. */
export const elementaryFunctions: Readonly<Record<Floats, Readonly<Record<Name, ElementaryFunction>>>> = {
  f64x2: entries("f64x2", doubles),
  f32x4: entries("f32x4", singles)
}
