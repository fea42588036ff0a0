// What lowering writes to: the statements of the block that is being built.

import type { Type } from "@fluxion/core"
import * as Affine from "../loops/affine.ts"
import {
  access,
  type Access,
  assign,
  type Buffer,
  type Combine,
  forLoop,
  literal,
  makeBuffer,
  makeLoop,
  type Operand,
  type Operation,
  type Segment,
  type Statement
} from "../loops/model.ts"
import * as View from "./view.ts"

export type Index = ReadonlyArray<Affine.Affine>

export class Builder {
  private block: Array<Statement> = []
  /** Where in control flow the current block is. */
  path: ReadonlyArray<Segment> = []

  emit(statement: Statement): void {
    this.block.push(statement)
  }

  /** The statements that a function emits. */
  collect(build: () => void): ReadonlyArray<Statement> {
    const before = this.block
    const own: Array<Statement> = []
    this.block = own
    try {
      build()
    } finally {
      this.block = before
    }
    return own
  }

  temporary(type: Type.Type): Buffer {
    return makeBuffer("temporary", type)
  }

  /** A local variable that holds the result of an operation. */
  compute(
    elementType: Type.ElementType,
    operation: Operation,
    operands: ReadonlyArray<Operand>,
    order?: number
  ): Access {
    const target = access(this.temporary({ elementType, shape: [] }))
    this.emit(assign(target, operation, operands, order === undefined ? {} : { order }))
    return target
  }

  /** Loops over all indices of a shape. */
  nest(shape: ReadonlyArray<number>, build: (index: Index) => void): void {
    const loops = shape.map((extent) => (extent === 1 ? undefined : makeLoop(extent)))
    let statements = this.collect(() =>
      build(loops.map((loop) => (loop === undefined ? Affine.zero : Affine.ofLoop(loop))))
    )
    for (let axis = loops.length - 1; axis >= 0; axis--) {
      const loop = loops[axis]
      if (loop !== undefined) statements = [forLoop(loop, statements, { isParallel: true })]
    }
    for (const statement of statements) this.emit(statement)
  }

  /** Writes one operation for each element of a shape to places in a buffer. */
  store(
    buffer: Buffer,
    shape: ReadonlyArray<number>,
    place: (index: Index) => Index,
    operation: Operation,
    operands: (index: Index) => ReadonlyArray<Operand>,
    options: { readonly combine?: Combine; readonly order?: number } = {}
  ): void {
    this.nest(shape, (index) => {
      this.emit(assign(access(buffer, place(index)), operation, operands(index), options))
    })
  }

  /** A new array with one operation for each element. */
  elementwise(
    type: Type.Type,
    operation: Operation,
    operands: (index: Index) => ReadonlyArray<Operand>,
    order?: number
  ): View.View {
    const buffer = this.temporary(type)
    this.store(buffer, type.shape, (index) => index, operation, operands, order === undefined ? {} : { order })
    return View.ofBuffer(buffer)
  }

  /** A new array with a computation of several operations for each element. */
  each(type: Type.Type, element: (index: Index) => Operand): View.View {
    const buffer = this.temporary(type)
    this.nest(type.shape, (index) => {
      this.emit(assign(access(buffer, index), "copy", [element(index)]))
    })
    return View.ofBuffer(buffer)
  }

  /** Copies a view into a buffer, at a place. */
  copy(target: Buffer, view: View.View, place: (index: Index) => Index = (index) => index): void {
    this.store(target, view.shape, place, "copy", (index) => [View.at(view, index)])
  }

  fill(target: Buffer, value: number): void {
    this.store(
      target,
      target.shape,
      (index) => index,
      "copy",
      () => [literal(target.elementType, value)]
    )
  }

  /** The elements in a buffer of their own. */
  materialise(view: View.View): Buffer {
    const buffer = this.temporary(view)
    this.copy(buffer, view)
    return buffer
  }

  /** A buffer with exactly these elements, in order. */
  dense(view: View.View): Buffer {
    const { element } = view
    return element._tag === "Access" && View.isWhole(view) ? element.buffer : this.materialise(view)
  }
}
