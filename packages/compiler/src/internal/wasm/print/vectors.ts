// Operations on vectors, inside of a loop that runs on them.

import * as Affine from "../../loops/affine.ts"
import { type Assign, type Buffer, type Combine, elementTypeOf, type Loop, type Operand } from "../../loops/model.ts"
import type { Plain } from "../instructions.ts"
import { functionOf, isInlined } from "./functions.ts"
import { common, comparisons } from "./operations.ts"
import { multiplyAddOf, type Product, summedProduct } from "./multiplyAdd.ts"
import type { Printer } from "./Printer.ts"
import { combineElements, pushOperation, writeAssign } from "./scalars.ts"
import { elementCell, loadElement, pushExpandedPlace, pushPlace } from "./subscripts.ts"
import { type Cell, type Compute, update } from "./update.ts"
import { indicesOf, vectorOf } from "./variables.ts"

const isFixedPlace = (p: Printer, a: Affine.Affine, loop: Loop): boolean =>
  Affine.factorOf(a, loop) === 0 &&
  a.dynamic.every(({ index }) =>
    p.isVariable(index.buffer) ? !p.indices.has(index.buffer) : index.at.every((at) => isFixedPlace(p, at, loop))
  )

/** Leaves an operand on the stack as a vector. */
export const pushVector = (p: Printer, o: Operand): void => {
  const { code } = p
  const { loop } = p.vectorMode!
  const { bytes, lanes } = p.reals
  if (o._tag === "Literal") {
    if (o.elementType === "bool") {
      code.v128Const(new Uint8Array(16).fill(o.value === 0 ? 0 : 255))
      return
    }
    const address = p.module.internedData(
      `literal:${Object.is(o.value, -0) ? "-0" : o.value}`,
      () => new Uint8Array((bytes === 8 ? Float64Array : Float32Array).of(o.value).buffer),
      bytes
    )
    code.i32Const(0)
    code.memory(p.reals.loadSplat, address)
    return
  }
  if (o._tag === "Position") throw new Error("an index is no vector")
  const { buffer } = o
  if (p.isVariable(buffer)) {
    const product = p.products.get(buffer)
    if (product === undefined) return code.get(vectorOf(p, buffer))
    pushVector(p, product.x)
    pushVector(p, product.y)
    return code.op(`${p.reals.floats}.mul`)
  }
  if (p.isExpanded(buffer)) {
    code.memory("v128.load", pushPlace(p, o))
    return
  }
  if (buffer.elementType === "bool") {
    pushLanes(p, (lane) => loadElement(p, o, lane), true)
    return
  }
  const linear = Affine.linear(o)
  const factor = Affine.factorOf(linear, loop)
  const isFixed = isFixedPlace(p, { ...linear, terms: [] }, loop)
  if (isFixed && factor === 1) code.memory("v128.load", pushPlace(p, o), bytes)
  else if (isFixed && factor === 0) code.memory(p.reals.loadSplat, pushPlace(p, o))
  else {
    // The address of the first lane is pushed last.
    const offsets = lanes
      .toReversed()
      .map((lane) => p.inLane(lane, () => pushPlace(p, o, lane)))
      .reverse()
    code.memory(p.reals.loadZero, offsets[0]!)
    for (const lane of lanes.slice(1)) code.memoryLane(p.reals.loadLane, lane, offsets[lane]!)
  }
}

/** Makes a vector of what is computed for each lane: of numbers, or of truth values. */
const pushLanes = (p: Printer, emit: (lane: number) => void, isMask: boolean): void => {
  const { code } = p
  const { bytes, lanes, masks, replace, splat } = p.reals
  for (const lane of lanes) {
    p.inLane(lane, () => emit(lane))
    if (isMask && bytes === 8) code.op("i64.extend_i32_u")
    if (lane === 0) code.op(isMask ? `${masks}.splat` : splat)
    else code.lane(isMask ? `${masks}.replace_lane` : replace, lane)
  }
  if (isMask) code.op(`${masks}.neg`)
}

const pushVectorOperation = (p: Printer, statement: Assign): void => {
  const { code } = p
  const { floats } = p.reals
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
    code.op(`${floats}.${operation}` as Plain)
    return
  }
  const sum = p.options.relaxedSimd ? multiplyAddOf(p, statement) : undefined
  if (sum !== undefined) return pushMultiplyAdd(p, sum.product, () => pushVector(p, sum.term), sum.isNegative)
  if (common[operation] !== undefined) {
    for (const o of operands) pushVector(p, o)
    code.op(`${floats}.${common[operation]}` as Plain)
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
      code.op(`${floats}.abs`)
      pushVector(p, { _tag: "Literal", elementType: "real", value: 0 })
      code.op(`${floats}.gt`)
      code.op("v128.bitselect")
      return
    case "relu":
      pushVector(p, x)
      pushVector(p, { _tag: "Literal", elementType: "real", value: 0 })
      code.op(`${floats}.max`)
      return
    case "clamp":
      pushVector(p, x)
      pushVector(p, y)
      code.op(`${floats}.max`)
      pushVector(p, z)
      code.op(`${floats}.min`)
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
      code.op(`${floats}.mul`)
      code.tee(product)
      code.get(product)
      code.op(`${floats}.ne`)
      code.tee(undefinedLanes)
      code.op("v128.any_true")
      code.if(() => {
        code.get(product)
        code.get(undefinedLanes)
        pushVector(p, x)
        code.v128Const(new Uint8Array(16))
        code.op(`${floats}.eq`)
        pushVector(p, y)
        code.v128Const(new Uint8Array(16))
        code.op(`${floats}.eq`)
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
      code.op(`${floats}.abs`)
      pushVector(p, { _tag: "Literal", elementType: "real", value: Infinity })
      code.op(`${floats}.lt`)
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

/** Leaves the sum of a product and what `term` leaves there on the stack, rounded once or twice as the engine likes. */
const pushMultiplyAdd = (p: Printer, { x, y }: Product, term: () => void, isNegative = false): void => {
  pushVector(p, x)
  pushVector(p, y)
  term()
  p.code.op(`${p.reals.floats}.${isNegative ? "relaxed_nmadd" : "relaxed_madd"}`)
}

const pushElementary = (p: Printer, statement: Assign): void => {
  const { code } = p
  const definition = functionOf(p, statement)
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
  p.code.op((buffer.elementType === "bool" ? `v128.${combine}` : `${p.reals.floats}.${combine}`) as Plain)
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
  const { bytes, extract, lanes, storeLane } = p.reals
  const isCombining = combine !== undefined
  const compute: Compute = (old) => {
    const product = combine === "add" ? summedProduct(p, statement) : undefined
    if (product !== undefined) return pushMultiplyAdd(p, product, old)
    old()
    pushVectorOperation(p, statement)
    if (combine !== undefined) combineVectors(p, combine, buffer)
  }
  if (p.isVariable(buffer)) {
    if (buffer.elementType === "index") {
      const indices = indicesOf(p, buffer)
      // The operands may be the variable itself.
      for (const lane of lanes) {
        p.inLane(lane, () => {
          if (combine !== undefined) code.get(indices[lane]!)
          pushOperation(p, statement)
          if (combine !== undefined) combineElements(p, combine, "index")
        })
      }
      for (const index of indices.toReversed()) code.set(index)
      return
    }
    const local = vectorOf(p, buffer)
    compute(() => {
      if (isCombining) code.get(local)
    })
    code.set(local)
    return
  }
  if (accumulated.has(buffer) || p.isExpanded(buffer)) {
    update(p, vectorCell(p, pushExpandedPlace(p, target), 16), isCombining, compute)
    return
  }
  const linear = Affine.linear(target)
  const isDirect =
    buffer.elementType === "real" &&
    Affine.factorOf(linear, loop) === 1 &&
    isFixedPlace(p, { ...linear, terms: [] }, loop)
  if (isDirect) {
    update(p, vectorCell(p, pushPlace(p, target), bytes), isCombining, compute)
    return
  }
  // To places apart: one lane after the other.
  if (buffer.elementType === "real") {
    const computed = code.local("v128")
    pushVectorOperation(p, statement)
    code.set(computed)
    for (const lane of lanes) {
      p.inLane(lane, () => {
        const offset = pushPlace(p, target, lane)
        if (combine === undefined) {
          code.get(computed)
          code.memoryLane(storeLane, lane, offset)
          return
        }
        update(p, elementCell(p, buffer, offset), true, (old) => {
          old()
          code.get(computed)
          code.lane(extract, lane)
          combineElements(p, combine, "real")
        })
      })
    }
    code.release(computed)
    return
  }
  for (const lane of lanes) p.inLane(lane, () => writeAssign(p, statement))
}
