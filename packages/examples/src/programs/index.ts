import type { Example } from "../Example.ts"
import { example as dualNumbers } from "./dual-numbers.ts"
import { example as gradient } from "./gradient.ts"
import { example as gradientCheck } from "./gradient-check.ts"
import { example as gradientDescent } from "./gradient-descent.ts"
import { example as huber } from "./huber.ts"
import { example as lineFit } from "./line-fit.ts"
import { example as softmax } from "./softmax.ts"

/** The examples, from the simplest on. */
export const examples: ReadonlyArray<Example> = [
  gradient,
  dualNumbers,
  gradientCheck,
  huber,
  softmax,
  gradientDescent,
  lineFit
]
