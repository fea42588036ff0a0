// What cannot be compiled, and how that is said.

import { Backend } from "@fluxion/core"
import { Effect } from "effect"

/** Thrown where a program, or this machine, asks for more than can be done; never seen by users. */
export class Refused extends Error {
  override readonly name = "Refused"
  readonly primitive: string | undefined
  constructor(reason: string, primitive?: string) {
    super(reason)
    this.primitive = primitive
  }
}

const refusalOf = (problem: unknown): Refused | undefined => {
  if (problem instanceof Refused) return problem
  // Blocks are gone over recursively: V8 and JavaScriptCore say `RangeError`, SpiderMonkey `InternalError`.
  const isTooDeep =
    problem instanceof Error &&
    ((problem instanceof RangeError && problem.message.includes("stack")) || problem.name === "InternalError")
  return isTooDeep ? new Refused("bodies of calls, loops and branches are nested too deeply") : undefined
}

/** Compiles, with refusals as failures. Anything else that is thrown is a defect. */
export const attempt = <A>(backend: string, compile: () => A): Effect.Effect<A, Backend.CompileError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(compile())
    } catch (problem) {
      const refusal = refusalOf(problem)
      if (refusal === undefined) throw problem
      const { message, primitive } = refusal
      return Effect.fail(
        new Backend.CompileError({ backend, reason: message, ...(primitive === undefined ? {} : { primitive }) })
      )
    }
  })

/** A number of bytes for people. */
export const renderBytes = (bytes: number): string => {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]!}`
}
