// Operations on single elements.

import { type Assign, type Combine, elementTypeOf, type Operand } from "../../loops/model.ts"
import type { Plain } from "../instructions.ts"
import { functionOf } from "./functions.ts"
import { common, comparisons } from "./operations.ts"
import type { Printer } from "./Printer.ts"
import { elementCell, loadElement, pushIndex, pushPlace, pushSubscript } from "./subscripts.ts"
import { update } from "./update.ts"
import { getVariable, localOf, setVariable } from "./variables.ts"

/** Leaves a real number on the stack. */
export const constant = (p: Printer, value: number): void => {
  if (p.reals.type === "f64") p.code.f64Const(value)
  else p.code.f32Const(value)
}

/** Leaves an operand on the stack as one element: that of a lane where it is in a vector loop. */
export const pushElement = (p: Printer, o: Operand): void => {
  const { code } = p
  const lane = p.mode._tag === "Lane" ? p.mode.lane : 0
  switch (o._tag) {
    case "Literal":
      if (o.elementType === "real") constant(p, o.value)
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
        getVariable(p, buffer)
        return
      }
      code.get(vector)
      if (buffer.elementType === "real") code.lane(p.reals.extract, lane)
      else {
        code.lane(`${p.reals.masks}.extract_lane`, lane)
        if (p.reals.bytes === 8) code.op("i32.wrap_i64")
        code.i32Const(1)
        code.op("i32.and")
      }
    }
  }
}

/** Leaves the result of an operation on single elements on the stack. */
export const pushOperation = (p: Printer, statement: Assign): void => {
  const { code } = p
  const { type } = p.reals
  const { operands, operation } = statement
  const [x, y, z] = operands as readonly [Operand, Operand, Operand]
  const from = elementTypeOf(operation === "select" ? y : x)
  if (comparisons[operation] !== undefined) {
    pushElement(p, x)
    pushElement(p, y)
    const suffix = from === "index" && operation !== "eq" && operation !== "ne" ? "_s" : ""
    code.op(`${from === "real" ? type : "i32"}.${operation}${suffix}` as Plain)
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
    code.op(`${type}.${common[operation]}` as Plain)
    return
  }
  switch (operation) {
    case "copy":
      return pushElement(p, x)
    case "sign":
      constant(p, 1)
      pushElement(p, x)
      code.op(`${type}.copysign`)
      pushElement(p, x)
      pushElement(p, x)
      code.op(`${type}.abs`)
      constant(p, 0)
      code.op(`${type}.gt`)
      code.op("select")
      return
    case "relu":
      pushElement(p, x)
      constant(p, 0)
      code.op(`${type}.max`)
      return
    case "clamp":
      pushElement(p, x)
      pushElement(p, y)
      code.op(`${type}.max`)
      pushElement(p, z)
      code.op(`${type}.min`)
      return
    case "select":
      pushElement(p, y)
      pushElement(p, z)
      pushElement(p, x)
      code.op("select")
      return
    case "mulStrongZero": {
      const product = code.local(type)
      pushElement(p, x)
      pushElement(p, y)
      code.op(`${type}.mul`)
      code.set(product)
      constant(p, 0)
      code.get(product)
      code.get(product)
      code.get(product)
      code.op(`${type}.ne`)
      pushElement(p, x)
      constant(p, 0)
      code.op(`${type}.eq`)
      pushElement(p, y)
      constant(p, 0)
      code.op(`${type}.eq`)
      code.op("i32.or")
      code.op("i32.and")
      code.op("select")
      code.release(product)
      return
    }
    case "isFinite":
      pushElement(p, x)
      code.op(`${type}.abs`)
      constant(p, Infinity)
      code.op(`${type}.lt`)
      return
    case "toReal":
      pushElement(p, x)
      code.op(`${type}.convert_i32_s`)
      return
    case "toIndex":
      pushElement(p, x)
      code.op(`i32.trunc_sat_${type}_s`)
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
        code.op(p.reals.splat)
      }
      code.call(functionOf(p, statement).emit(p.module))
      code.lane(p.reals.extract, 0)
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
  code.op(`${elementType === "real" ? p.reals.type : "i32"}.${combine}` as Plain)
}

/** Writes one element: that of a lane where it is in a vector loop. */
export const writeAssign = (p: Printer, statement: Assign): void => {
  const { code } = p
  const { combine, target } = statement
  const { buffer } = target
  const { elementType } = buffer
  if (p.isVariable(buffer)) {
    if (combine === "add" && p.wide.has(buffer)) {
      const local = localOf(p, buffer)
      code.get(local)
      pushOperation(p, statement)
      code.op("f64.promote_f32")
      code.op("f64.add")
      code.set(local)
      return
    }
    setVariable(p, buffer, () => {
      if (combine !== undefined) getVariable(p, buffer)
      pushOperation(p, statement)
      if (combine !== undefined) combineElements(p, combine, elementType)
    })
    return
  }
  const lane = p.mode._tag === "Lane" ? p.mode.lane : 0
  const offset = pushPlace(p, target, lane)
  update(p, elementCell(p, buffer, offset), combine !== undefined, (old) => {
    old()
    pushOperation(p, statement)
    if (combine !== undefined) combineElements(p, combine, elementType)
  })
}
