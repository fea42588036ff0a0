// Statements.

import { elementTypeOf, type Operand, type Statement } from "../../loops/model.ts"
import { Refused } from "../../refusal.ts"
import { writeFor } from "./loops.ts"
import { addressOf } from "./memory.ts"
import { MOST_PLACES, type Printer } from "./Printer.ts"
import { pushElement, writeAssign } from "./scalars.ts"
import { reserve } from "./tapes.ts"
import { writeVectorAssign } from "./vectors.ts"

export const writeBlock = (p: Printer, statements: ReadonlyArray<Statement>): void => {
  for (const statement of statements) writeStatement(p, statement)
}

const writeStatement = (p: Printer, statement: Statement): void => {
  const { code } = p
  switch (statement._tag) {
    case "Assign":
      if (p.mode._tag === "Vector") writeVectorAssign(p, statement)
      else writeAssign(p, statement)
      return
    case "For":
      return writeFor(p, statement)
    case "If":
      if (p.mode._tag === "Vector") {
        for (const lane of [0, 1]) p.inLane(lane, () => writeBranch(p, statement))
      } else writeBranch(p, statement)
      return
    case "While":
      code.block((end) => {
        code.loop((again) => {
          writeBlock(p, statement.test)
          pushElement(p, statement.condition)
          code.op("i32.eqz")
          code.brIf(end)
          writeBlock(p, statement.body)
          code.br(again)
        })
      })
      return
    case "Reserve":
      for (const tape of statement.tapes) reserve(p, tape, statement.index)
      return
    case "Check":
      pushElement(p, statement.condition)
      code.op("i32.eqz")
      code.if(() => {
        code.i32Const(0)
        pushElement(p, statement.value)
        if (elementTypeOf(statement.value) !== "real") code.op("f64.convert_i32_s")
        code.memory("f64.store", p.failureValue)
        const places = [
          ...statement.index.map((index): Operand => ({ _tag: "Position", index })),
          ...statement.path.map(({ index }) => index)
        ]
        if (places.length > MOST_PLACES) throw new Refused("a guard is nested too deeply in maps and loops")
        places.forEach((place, i) => {
          code.i32Const(0)
          pushElement(p, place)
          code.memory("i32.store", p.failurePlaces + 4 * i)
        })
        code.i32Const(p.checks.length + 1)
        code.op("return")
      })
      p.checks.push(statement)
      return
    case "Part":
      return writePart(p, statement.body)
    case "Kernel":
      code.i32Const(p.kernels.length)
      code.call(p.kernelImport)
      for (const buffer of [...statement.operands, ...statement.results]) addressOf(p, buffer)
      p.kernels.push(statement)
      return
  }
}

/** A function of its own, which gives the number of the check that failed. */
const writePart = (p: Printer, body: ReadonlyArray<Statement>): void => {
  const { code, module } = p
  const part = p.part(() => {
    const index = module.declare(`part${module.functionCount}`, { parameters: [], results: ["i32"] })
    module.define(index, (inner) => {
      p.code = inner
      writeBlock(p, body)
      inner.i32Const(0)
    })
    return index
  })
  const failed = code.local("i32")
  code.call(part)
  code.tee(failed)
  code.if(() => {
    code.get(failed)
    code.op("return")
  })
  code.release(failed)
}

const writeBranch = (
  p: Printer,
  { condition, whenFalse, whenTrue }: Extract<Statement, { readonly _tag: "If" }>
): void => {
  pushElement(p, condition)
  p.code.if(() => writeBlock(p, whenTrue), whenFalse.length === 0 ? undefined : () => writeBlock(p, whenFalse))
}
