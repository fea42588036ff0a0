// What the compiler made of a program, for people to read.

import { Body, Type } from "@fluxion/core"
import { buffersOf, sizeInBytes, totalBytes } from "./buffers.ts"
import type { Loop, LoopProgram, Statement } from "./loops/model.ts"
import { makeNames, printStatements } from "./loops/print.ts"
import type { Precision } from "./precision.ts"
import { renderBytes } from "./refusal.ts"

/** The operations of statements, and how often each. */
const operationsIn = (statements: ReadonlyArray<Statement>, counts: Map<string, number>): Map<string, number> => {
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1)
  for (const statement of statements) {
    switch (statement._tag) {
      case "Assign":
        if (statement.operation !== "copy") count(statement.operation)
        if (statement.combine !== undefined) count(`${statement.combine} up`)
        break
      case "For":
      case "Part":
        operationsIn(statement.body, counts)
        break
      case "If":
        operationsIn(statement.whenTrue, counts)
        operationsIn(statement.whenFalse, counts)
        break
      case "While":
        operationsIn(statement.test, counts)
        operationsIn(statement.body, counts)
        break
      case "Kernel":
        count(statement.name)
        break
      case "Check":
        count("check")
        break
      case "Reserve":
        break
    }
  }
  return counts
}

const renderCounts = (counts: ReadonlyMap<string, number>): string =>
  counts.size === 0
    ? "copies"
    : Array.from(counts, ([name, times]) => (times === 1 ? name : `${name} × ${times}`)).join(", ")

/** `optimised` is what was lowered, `isVector` says which loops run on vectors, `source` is the generated code. */
export const explain = (options: {
  readonly backend: string
  readonly optimised: Body.Body
  readonly precision: Precision
  readonly program: LoopProgram
  readonly isVector: (loop: Loop) => boolean
  readonly source: string
}): string => {
  const { backend, isVector, optimised, precision, program, source } = options
  const names = makeNames(program)
  const { statements } = program
  const buffers = buffersOf(program)
  // Names in the order of the text.
  const code = printStatements(statements, names, (loop) => (isVector(loop) ? ", on vectors" : ""))
  const nests = statements
    .flatMap((statement) => (statement._tag === "Part" ? statement.body : [statement]))
    .filter(({ _tag }) => _tag === "For" || _tag === "While")
  const fixed = buffers.filter(({ role }) => role !== "tape")
  const total = totalBytes(precision, program)
  const tapes = buffers.length - fixed.length
  const s = (n: number): string => (n === 1 ? "" : "s")
  const rows = buffers.map((buffer) => [
    names.ofBuffer(buffer),
    buffer.role,
    Type.render(buffer),
    buffer.role === "tape" ? "grows" : renderBytes(sizeInBytes(precision, buffer))
  ])
  const widths = [0, 1, 2].map((k) => Math.max(0, ...rows.map((row) => row[k]!.length)))
  return [
    `${backend}${precision === "float64" ? "" : ` in ${precision}`}: ${nests.length} loop nest${s(nests.length)}, ${buffers.length} buffer${s(buffers.length)} of ${renderBytes(total)}` +
      (tapes === 0 ? "" : ` and ${tapes} tape${s(tapes)}`),
    "",
    ...Body.print(optimised).split("\n"),
    "",
    "buffers",
    ...rows.map((row) => `  ${row.map((cell, k) => (k < 3 ? cell.padEnd(widths[k]!) : cell)).join("  ")}`),
    "",
    "loop nests",
    ...nests.map((nest, i) => `  ${i + 1}: ${renderCounts(operationsIn([nest], new Map()))}`),
    "",
    "loops",
    ...code.map((line) => `  ${line}`),
    "",
    "source",
    ...source.split("\n").map((line) => `  ${line}`)
  ].join("\n")
}
