// Operations on vectors, inside of a loop that runs on them.

import * as Affine from "../../loops/affine.ts"
import { type Assign, type Buffer, type Combine, elementTypeOf, type Loop, type Operand } from "../../loops/model.ts"
import type { Plain } from "../instructions.ts"
import { functionOf, isInlined } from "./functions.ts"
import { expandedAddress } from "./memory.ts"
import { common, comparisons } from "./operations.ts"
import type { Printer } from "./Printer.ts"
import { combineElements, pushOperation, writeAssign } from "./scalars.ts"
import { elementCell, loadElement, pushAddress, pushPlace } from "./subscripts.ts"
import { type Cell, update } from "./update.ts"
import { indicesOf, vectorOf } from "./variables.ts"

const isFixedPlace = (p: Printer, a: Affine.Affine, loop: Loop): boolean => {
  return (
    Affine.factorOf(a, loop) === 0 &&
    a.dynamic.every(({ index }) =>
      p.isVariable(index.buffer) ? !p.pairs.has(index.buffer) : index.at.every((at) => isFixedPlace(p, at, loop))
    )
  )
}

/** Leaves an operand on the stack as a vector. */
const pushVector = (p: Printer, o: Operand): void => {
  const { code } = p
  const { loop } = p.vectorMode!
  if (o._tag === "Literal") {
    if (o.elementType === "bool") {
      code.v128Const(new Uint8Array(16).fill(o.value === 0 ? 0 : 255))
      return
    }
    const address = p.module.internedData(
      `literal:${Object.is(o.value, -0) ? "-0" : o.value}`,
      () => new Uint8Array(Float64Array.of(o.value).buffer),
      8
    )
    code.i32Const(0)
    code.memory("v128.load64_splat", address)
    return
  }
  if (o._tag === "Position") throw new Error("an index is no vector")
  const { buffer } = o
  if (p.isVariable(buffer)) {
    code.get(vectorOf(p, buffer))
    return
  }
  if (p.isExpanded(buffer)) {
    code.memory("v128.load", pushPlace(p, o))
    return
  }
  if (buffer.elementType === "bool") {
    for (const lane of [0, 1]) {
      p.inLane(lane, () => loadElement(p, o, lane))
      code.op("i64.extend_i32_u")
      if (lane === 0) code.op("i64x2.splat")
      else code.lane("i64x2.replace_lane", 1)
    }
    code.op("i64x2.neg")
    return
  }
  const linear = Affine.linear(o)
  const factor = Affine.factorOf(linear, loop)
  const isFixed = isFixedPlace(p, { ...linear, terms: [] }, loop)
  if (isFixed && factor === 1) code.memory("v128.load", pushPlace(p, o), 8)
  else if (isFixed && factor === 0) code.memory("v128.load64_splat", pushPlace(p, o))
  else {
    // The second address is pushed first.
    const second = p.inLane(1, () => pushPlace(p, o, 1))
    const first = p.inLane(0, () => pushPlace(p, o, 0))
    code.memory("v128.load64_zero", first)
    code.memoryLane("v128.load64_lane", 1, second)
  }
}

const pushLanes = (p: Printer, emit: (lane: number) => void, isMask: boolean): void => {
  const { code } = p
  for (const lane of [0, 1]) {
    p.inLane(lane, () => emit(lane))
    if (isMask) code.op("i64.extend_i32_u")
    if (lane === 0) code.op(isMask ? "i64x2.splat" : "f64x2.splat")
    else code.lane(isMask ? "i64x2.replace_lane" : "f64x2.replace_lane", 1)
  }
  if (isMask) code.op("i64x2.neg")
}

const pushVectorOperation = (p: Printer, statement: Assign): void => {
  const { code } = p
  const { operands, operation } = statement
  const [x, y, z] = operands as readonly [Operand, Operand, Operand]
  const isMask = statement.target.buffer.elementType === "bool"
  if (operands.some((o) => elementTypeOf(o) === "index")) {
    pushLanes(p, () => pushOperation(p, statement), isMask)
    return
  }
  if (comparisons[operation] !== undefined) {
    pushVector(p, x)
    pushVector(p, y)
    code.op(`f64x2.${operation}` as Plain)
    return
  }
  if (common[operation] !== undefined) {
    for (const o of operands) pushVector(p, o)
    code.op(`f64x2.${common[operation]}` as Plain)
    return
  }
  switch (operation) {
    case "copy":
      return pushVector(p, x)
    case "sign":
      // The sign bit on one, where the magnitude is above zero; the operand itself elsewhere.
      pushVector(p, { _tag: "Literal", elementType: "real", value: 1 })
      pushVector(p, x)
      pushVector(p, { _tag: "Literal", elementType: "real", value: -0 })
      code.op("v128.and")
      code.op("v128.or")
      pushVector(p, x)
      pushVector(p, x)
      code.op("f64x2.abs")
      pushVector(p, { _tag: "Literal", elementType: "real", value: 0 })
      code.op("f64x2.gt")
      code.op("v128.bitselect")
      return
    case "relu":
      pushVector(p, x)
      pushVector(p, { _tag: "Literal", elementType: "real", value: 0 })
      code.op("f64x2.max")
      return
    case "clamp":
      pushVector(p, x)
      pushVector(p, y)
      code.op("f64x2.max")
      pushVector(p, z)
      code.op("f64x2.min")
      return
    case "select":
      pushVector(p, y)
      pushVector(p, z)
      pushVector(p, x)
      code.op("v128.bitselect")
      return
    case "mulStrongZero": {
      const product = code.local("v128")
      const undefinedLanes = code.local("v128")
      pushVector(p, x)
      pushVector(p, y)
      code.op("f64x2.mul")
      code.tee(product)
      code.get(product)
      code.op("f64x2.ne")
      code.tee(undefinedLanes)
      code.op("v128.any_true")
      code.if(() => {
        code.get(product)
        code.get(undefinedLanes)
        pushVector(p, x)
        code.v128Const(new Uint8Array(16))
        code.op("f64x2.eq")
        pushVector(p, y)
        code.v128Const(new Uint8Array(16))
        code.op("f64x2.eq")
        code.op("v128.or")
        code.op("v128.and")
        code.op("v128.andnot")
        code.set(product)
      })
      code.get(product)
      code.release(product)
      code.release(undefinedLanes)
      return
    }
    case "isFinite":
      pushVector(p, x)
      code.op("f64x2.abs")
      pushVector(p, { _tag: "Literal", elementType: "real", value: Infinity })
      code.op("f64x2.lt")
      return
    case "toReal":
      // A truth value: one where the mask is set.
      pushVector(p, x)
      pushVector(p, { _tag: "Literal", elementType: "real", value: 1 })
      code.op("v128.and")
      return
    case "and":
    case "or":
      pushVector(p, x)
      pushVector(p, y)
      code.op(`v128.${operation}`)
      return
    case "not":
      pushVector(p, x)
      code.op("v128.not")
      return
    default:
      pushElementary(p, statement)
  }
}

const pushElementary = (p: Printer, statement: Assign): void => {
  const { code } = p
  const definition = functionOf(statement)
  for (const o of statement.operands) pushVector(p, o)
  if (!isInlined(p, statement)) {
    code.call(definition.emit(p.module))
    return
  }
  const x = code.local("v128")
  code.set(x)
  definition.inline(p.module, code, x)
  code.release(x)
}

const combineVectors = (p: Printer, combine: Combine, buffer: Buffer): void => {
  p.code.op((buffer.elementType === "bool" ? `v128.${combine}` : `f64x2.${combine}`) as Plain)
}

const vectorCell = (p: Printer, offset: number, alignment: number): Cell => ({
  load: () => p.code.memory("v128.load", offset, alignment),
  store: (value) => {
    value()
    p.code.memory("v128.store", offset, alignment)
  }
})

export const writeVectorAssign = (p: Printer, statement: Assign): void => {
  const { code } = p
  const { combine, target } = statement
  const { buffer } = target
  const { accumulated } = p.vectorMode!.needs
  const { loop } = p.vectorMode!
  const value = (): void => pushVectorOperation(p, statement)
  const combined = combine === undefined ? undefined : () => combineVectors(p, combine, buffer)
  if (p.isVariable(buffer)) {
    if (buffer.elementType === "index") {
      const pair = indicesOf(p, buffer)
      // The operands may be the variable itself.
      for (const lane of [0, 1]) {
        p.inLane(lane, () => {
          if (combine !== undefined) code.get(pair[lane]!)
          pushOperation(p, statement)
          if (combine !== undefined) combineElements(p, combine, "index")
        })
      }
      code.set(pair[1])
      code.set(pair[0])
      return
    }
    const local = vectorOf(p, buffer)
    if (combine !== undefined) code.get(local)
    value()
    combined?.()
    code.set(local)
    return
  }
  if (accumulated.has(buffer) || p.isExpanded(buffer)) {
    const isAccumulated = accumulated.has(buffer)
    const offset = isAccumulated
      ? pushAddress(p, target, { base: expandedAddress(p, buffer), scale: 2, shift: 0, lane: 0 })
      : pushPlace(p, target)
    update(p, vectorCell(p, offset, 16), value, combined)
    return
  }
  const linear = Affine.linear(target)
  const isDirect =
    buffer.elementType === "real" &&
    Affine.factorOf(linear, loop) === 1 &&
    isFixedPlace(p, { ...linear, terms: [] }, loop)
  if (isDirect) {
    update(p, vectorCell(p, pushPlace(p, target), 8), value, combined)
    return
  }
  // To places apart: one lane after the other.
  if (buffer.elementType === "real") {
    const computed = code.local("v128")
    pushVectorOperation(p, statement)
    code.set(computed)
    for (const lane of [0, 1]) {
      p.inLane(lane, () => {
        const offset = pushPlace(p, target, lane)
        if (combine === undefined) {
          code.get(computed)
          code.memoryLane("v128.store64_lane", lane, offset)
          return
        }
        const element = (): void => {
          code.get(computed)
          code.lane("f64x2.extract_lane", lane)
        }
        update(p, elementCell(p, buffer, offset), element, () => combineElements(p, combine, "real"))
      })
    }
    code.release(computed)
    return
  }
  for (const lane of [0, 1]) p.inLane(lane, () => writeAssign(p, statement))
}
