// Which elementary function an operation calls, and where it stands in the code.

import type { Assign } from "../../loops/model.ts"
import { type ElementaryFunction, elementaryFunctions, polygammaFunction } from "../elementaryFunctions.ts"
import type { Printer } from "./Printer.ts"

/** Functions that are short enough to stand where they are used, and so common that a call would cost. */
const inlined: ReadonlySet<string> = new Set(["exp", "log", "tanh", "sigmoid", "sin", "cos"])

/** How often they stand in one module, at most. */
const MOST_INLINED = 16

/** An elementary function of vectors. */
export const functionOf = ({ operation, order }: Assign): ElementaryFunction => {
  if (operation === "polygamma" && order !== 0) return polygammaFunction("f64x2", order!)
  const name = operation === "polygamma" ? "digamma" : operation
  return (elementaryFunctions.f64x2 as Readonly<Record<string, ElementaryFunction>>)[name]!
}

/** Whether to write the function here instead of a call; counts those. */
export const isInlined = (p: Printer, { operation }: Assign): boolean => {
  if (!inlined.has(operation) || p.inlinedCount >= MOST_INLINED) return false
  p.inlinedCount++
  return true
}
