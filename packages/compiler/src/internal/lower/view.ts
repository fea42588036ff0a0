// Views: how the values of a program are read while it is lowered. A view moves no elements: transposes, windows, broadcasts and most reshapes are other
// subscripts of the same buffer.

import type { Type } from "@fluxion/core"
import * as Affine from "../loops/affine.ts"
import { access, type Buffer, type Literal, type Loop, makeBuffer, makeLoop, type Operand } from "../loops/model.ts"

export interface View extends Type.Type {
  /** One for each axis of the shape, standing for the subscript there. */
  readonly axes: ReadonlyArray<Loop>
  /** The element at these subscripts. */
  readonly element: Operand
}

const noLoops: ReadonlyArray<Loop> = []

/** A view of the elements that a function of subscripts gives. */
export const make = (
  { elementType, shape }: Type.Type,
  element: (index: ReadonlyArray<Affine.Affine>) => Operand
): View => {
  const axes = shape.length === 0 ? noLoops : shape.map((extent) => makeLoop(extent))
  return {
    elementType,
    shape,
    axes,
    element: element(axes.map((axis) => (axis.extent === 1 ? Affine.zero : Affine.ofLoop(axis))))
  }
}

/** All of a buffer. */
export const ofBuffer = (buffer: Buffer): View => make(buffer, (index) => access(buffer, index))

/** One number, as often as the shape says. */
export const ofLiteral = (type: Type.Type, literal: Literal): View => make(type, () => literal)

/** The element of a view at an index. */
export const at = (self: View, index: ReadonlyArray<Affine.Affine>): Operand => {
  if (self.element._tag === "Literal" || self.axes.length === 0) return self.element
  return Affine.substituteOperand(self.element, (loop) => {
    const axis = self.axes.indexOf(loop)
    return axis < 0 ? undefined : index[axis]
  })
}

/** The element that an array of a larger shape repeats at an index. */
export const broadcastAt = (self: View, index: ReadonlyArray<Affine.Affine>): Operand => {
  if (self.element._tag === "Literal" || self.axes.length === 0) return self.element
  const missing = index.length - self.shape.length
  return at(
    self,
    self.shape.map((extent, axis) => (extent === 1 ? Affine.zero : index[axis + missing]!))
  )
}

/** The slice at a subscript of the leading axis. */
export const slice = (self: View, subscript: Affine.Affine): View =>
  make({ elementType: self.elementType, shape: self.shape.slice(1) }, (index) => at(self, [subscript, ...index]))

/** Whether the view is all of its buffer, in order. */
export const isWhole = ({ axes, element, shape }: View): boolean =>
  element._tag === "Access" &&
  element.buffer.role !== "tape" &&
  element.buffer.shape.length === shape.length &&
  element.at.every(
    (subscript, axis) =>
      element.buffer.shape[axis] === shape[axis] &&
      (shape[axis] === 1
        ? Affine.isConstant(subscript)
        : subscript.constant === 0 &&
          subscript.dynamic.length === 0 &&
          subscript.terms.length === 1 &&
          subscript.terms[0]!.loop === axes[axis] &&
          subscript.terms[0]!.factor === 1)
  )

/** Runs of axes of two shapes that hold the same elements. Axes of one element stand nowhere. */
const groups = (
  from: ReadonlyArray<number>,
  to: ReadonlyArray<number>
): ReadonlyArray<{ readonly from: ReadonlyArray<number>; readonly to: ReadonlyArray<number> }> => {
  const made: Array<{ from: Array<number>; to: Array<number> }> = []
  let i = 0
  let j = 0
  while (i < from.length || j < to.length) {
    if (from[i] === 1) {
      i++
      continue
    }
    if (to[j] === 1) {
      j++
      continue
    }
    const group = { from: [i], to: [j] }
    let m = from[i++]!
    let n = to[j++]!
    while (m !== n) {
      if (m < n) {
        if (from[i] !== 1) group.from.push(i)
        m *= from[i++]!
      } else {
        if (to[j] !== 1) group.to.push(j)
        n *= to[j++]!
      }
    }
    made.push(group)
  }
  return made
}

/** The view with another shape; `undefined` where elements have to be moved for that. */
export const reshape = (self: View, shape: ReadonlyArray<number>): View | undefined => {
  const type = { elementType: self.elementType, shape }
  const { element } = self
  if (element._tag === "Literal") return ofLiteral(type, element)
  if (shape.includes(0))
    return make(type, () =>
      at(
        self,
        self.shape.map(() => Affine.zero)
      )
    )
  const runs = groups(self.shape, shape)
  // An axis that is split is a sum of axes.
  const joined = (run: ReadonlyArray<number>, index: ReadonlyArray<Affine.Affine>): Affine.Affine => {
    let subscript = Affine.zero
    let stride = 1
    for (let k = run.length - 1; k >= 0; k--) {
      subscript = Affine.add(subscript, Affine.scale(index[run[k]!]!, stride))
      stride *= shape[run[k]!]!
    }
    return subscript
  }
  if (runs.every(({ from }) => from.length === 1)) {
    return make(type, (index) => {
      const own = self.shape.map((): Affine.Affine => Affine.zero)
      for (const { from, to } of runs) own[from[0]!] = joined(to, index)
      return at(self, own)
    })
  }
  if (element._tag !== "Access" || element.buffer.role === "tape") return undefined
  if (isWhole(self)) return ofBuffer(makeBuffer(element.buffer.role, type, { storage: element.buffer }))
  // Axes are joined where the step of each is the size of the next.
  const address = Affine.linear(element)
  const steps = self.axes.map((axis) => Affine.factorOf(address, axis))
  const joins = runs.every(({ from }) =>
    from.every((axis, k) => k === 0 || steps[from[k - 1]!] === steps[axis]! * self.shape[axis]!)
  )
  if (!joins) return undefined
  const size = element.buffer.shape.reduce((a, b) => a * b, 1)
  const flat = makeBuffer(
    element.buffer.role,
    { elementType: self.elementType, shape: [size] },
    { storage: element.buffer }
  )
  return make(type, (index) => {
    let subscript = Affine.substitute(address, (loop) => (self.axes.includes(loop) ? Affine.zero : undefined))
    for (const { from, to } of runs) {
      subscript = Affine.add(subscript, Affine.scale(joined(to, index), steps[from.at(-1)!]!))
    }
    return access(flat, [subscript])
  })
}
