// Operations on single elements.

import { type Assign, type Combine, elementTypeOf, type Operand } from "../../loops/model.ts"
import type { Plain } from "../instructions.ts"
import { functionOf } from "./functions.ts"
import { common, comparisons } from "./operations.ts"
import type { Printer } from "./Printer.ts"
import { elementCell, loadElement, pushIndex, pushPlace, pushSubscript } from "./subscripts.ts"
import { update } from "./update.ts"
import { localOf } from "./variables.ts"

/** Leaves an operand on the stack as one element: that of a lane where it is in a vector loop. */
export const pushElement = (p: Printer, o: Operand): void => {
  const { code } = p
  const lane = p.mode._tag === "Lane" ? p.mode.lane : 0
  switch (o._tag) {
    case "Literal":
      if (o.elementType === "real") code.f64Const(o.value)
      else code.i32Const(o.value)
      return
    case "Position":
      return pushSubscript(p, o.index, lane)
    case "Access": {
      const { buffer } = o
      if (!p.isVariable(buffer)) return loadElement(p, o, lane)
      if (buffer.elementType === "index") return pushIndex(p, o, lane)
      const vector = p.mode._tag === "Lane" ? p.vectors.get(buffer) : undefined
      if (vector === undefined) {
        code.get(localOf(p, buffer))
        return
      }
      code.get(vector)
      if (buffer.elementType === "real") code.lane("f64x2.extract_lane", lane)
      else {
        code.lane("i64x2.extract_lane", lane)
        code.op("i32.wrap_i64")
        code.i32Const(1)
        code.op("i32.and")
      }
    }
  }
}

/** Leaves the result of an operation on single elements on the stack. */
export const pushOperation = (p: Printer, statement: Assign): void => {
  const { code } = p
  const { operands, operation } = statement
  const [x, y, z] = operands as readonly [Operand, Operand, Operand]
  const from = elementTypeOf(operation === "select" ? y : x)
  if (comparisons[operation] !== undefined) {
    pushElement(p, x)
    pushElement(p, y)
    const suffix = from === "index" && operation !== "eq" && operation !== "ne" ? "_s" : ""
    code.op(`${from === "real" ? "f64" : "i32"}.${operation}${suffix}` as Plain)
    return
  }
  if (from === "index" && operation !== "copy" && operation !== "toReal" && operation !== "select") {
    pushElement(p, x)
    pushElement(p, y)
    if (operation === "max" || operation === "min") {
      pushElement(p, x)
      pushElement(p, y)
      code.op(operation === "max" ? "i32.gt_s" : "i32.lt_s")
      code.op("select")
    } else code.op(`i32.${operation}` as Plain)
    return
  }
  if (common[operation] !== undefined) {
    for (const o of operands) pushElement(p, o)
    code.op(`f64.${common[operation]}` as Plain)
    return
  }
  switch (operation) {
    case "copy":
      return pushElement(p, x)
    case "sign":
      code.f64Const(1)
      pushElement(p, x)
      code.op("f64.copysign")
      pushElement(p, x)
      pushElement(p, x)
      code.op("f64.abs")
      code.f64Const(0)
      code.op("f64.gt")
      code.op("select")
      return
    case "relu":
      pushElement(p, x)
      code.f64Const(0)
      code.op("f64.max")
      return
    case "clamp":
      pushElement(p, x)
      pushElement(p, y)
      code.op("f64.max")
      pushElement(p, z)
      code.op("f64.min")
      return
    case "select":
      pushElement(p, y)
      pushElement(p, z)
      pushElement(p, x)
      code.op("select")
      return
    case "mulStrongZero": {
      const product = code.local("f64")
      pushElement(p, x)
      pushElement(p, y)
      code.op("f64.mul")
      code.set(product)
      code.f64Const(0)
      code.get(product)
      code.get(product)
      code.get(product)
      code.op("f64.ne")
      pushElement(p, x)
      code.f64Const(0)
      code.op("f64.eq")
      pushElement(p, y)
      code.f64Const(0)
      code.op("f64.eq")
      code.op("i32.or")
      code.op("i32.and")
      code.op("select")
      code.release(product)
      return
    }
    case "isFinite":
      pushElement(p, x)
      code.op("f64.abs")
      code.f64Const(Infinity)
      code.op("f64.lt")
      return
    case "toReal":
      pushElement(p, x)
      code.op("f64.convert_i32_s")
      return
    case "toIndex":
      pushElement(p, x)
      code.op("i32.trunc_sat_f64_s")
      return
    case "and":
    case "or":
      pushElement(p, x)
      pushElement(p, y)
      code.op(`i32.${operation}`)
      return
    case "not":
      pushElement(p, x)
      code.op("i32.eqz")
      return
    default: {
      for (const o of operands) {
        pushElement(p, o)
        code.op("f64x2.splat")
      }
      code.call(functionOf(statement).emit(p.module))
      code.lane("f64x2.extract_lane", 0)
    }
  }
}

export const combineElements = (p: Printer, combine: Combine, elementType: "real" | "index" | "bool"): void => {
  const { code } = p
  if (elementType === "index" && (combine === "max" || combine === "min")) {
    const b = code.local("i32")
    const a = code.local("i32")
    code.set(b)
    code.set(a)
    code.get(a)
    code.get(b)
    code.get(a)
    code.get(b)
    code.op(combine === "max" ? "i32.gt_s" : "i32.lt_s")
    code.op("select")
    code.release(a)
    code.release(b)
    return
  }
  code.op(`${elementType === "real" ? "f64" : "i32"}.${combine}` as Plain)
}

/** Writes one element: that of a lane where it is in a vector loop. */
export const writeAssign = (p: Printer, statement: Assign): void => {
  const { code } = p
  const { combine, target } = statement
  const { buffer } = target
  const { elementType } = buffer
  if (p.isVariable(buffer)) {
    const local = localOf(p, buffer)
    if (combine !== undefined) code.get(local)
    pushOperation(p, statement)
    if (combine !== undefined) combineElements(p, combine, elementType)
    code.set(local)
    return
  }
  const lane = p.mode._tag === "Lane" ? p.mode.lane : 0
  const offset = pushPlace(p, target, lane)
  update(
    p,
    elementCell(p, buffer, offset),
    () => pushOperation(p, statement),
    combine === undefined ? undefined : () => combineElements(p, combine, elementType)
  )
}
