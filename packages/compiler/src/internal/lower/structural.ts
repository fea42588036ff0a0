// Structure: most of it is a matter of subscripts.

import { Shape } from "@fluxion/core"
import * as Affine from "../loops/affine.ts"
import { access, assign, literal, type Operand } from "../loops/model.ts"
import type { Builder, Index } from "./builder.ts"
import type { Lowerings } from "./model.ts"
import * as View from "./view.ts"

/** What an index out of range reads. */
const missing = { real: NaN, index: -1, bool: 0 } as const

/** An index moved into range, and whether it was in range; `extent` is not 0. */
const inRange = (builder: Builder, index: Operand, extent: number) => {
  const low = builder.compute("index", "max", [index, literal("index", 0)])
  const clamped = builder.compute("index", "min", [low, literal("index", extent - 1)])
  return { clamped, holds: builder.compute("bool", "eq", [index, clamped]) }
}

/** The starts at which a window of `sizes` fits, in local variables. */
const clampedStarts = (
  builder: Builder,
  starts: View.View,
  shape: ReadonlyArray<number>,
  sizes: ReadonlyArray<number>
): ReadonlyArray<Affine.Affine> =>
  shape.map((extent, axis) => {
    const most = extent - sizes[axis]!
    if (most === 0) return Affine.zero
    const start = View.at(starts, [Affine.constant(axis)])
    if (start._tag === "Literal") return Affine.constant(Math.max(0, Math.min(start.value, most)))
    const least = builder.compute("index", "min", [start, literal("index", most)])
    return Affine.ofIndex(builder.compute("index", "max", [least, literal("index", 0)]))
  })

const moved = (index: Index, by: Index): Index => index.map((subscript, axis) => Affine.add(subscript, by[axis]!))

export const structural: Lowerings<
  | "broadcastTo"
  | "reshape"
  | "transpose"
  | "slice"
  | "dynamicSlice"
  | "dynamicUpdateSlice"
  | "pad"
  | "concat"
  | "stack"
  | "reverse"
  | "gather"
  | "scatterAdd"
  | "triangle"
> = {
  broadcastTo: (_, __, [x], type) => View.make(type, (index) => View.broadcastAt(x, index)),

  reshape: (builder, _, [x], { shape }) =>
    View.reshape(x, shape) ?? View.reshape(View.ofBuffer(builder.materialise(x)), shape)!,

  transpose: (_, { permutation }, [x], type) =>
    View.make(type, (index) => {
      const own = x.shape.map((): Affine.Affine => Affine.zero)
      permutation.forEach((axis, i) => {
        own[axis] = index[i]!
      })
      return View.at(x, own)
    }),

  slice: (_, { starts, strides }, [x], type) =>
    View.make(type, (index) =>
      View.at(
        x,
        index.map((subscript, axis) =>
          Affine.add(Affine.scale(subscript, strides[axis]!), Affine.constant(starts[axis]!))
        )
      )
    ),

  dynamicSlice: (builder, { sizes }, [x, starts], type) => {
    const offsets = clampedStarts(builder, starts, x.shape, sizes)
    return View.make(type, (index) => View.at(x, moved(index, offsets)))
  },

  dynamicUpdateSlice: (builder, _, [x, update, starts]) => {
    const result = builder.materialise(x)
    const offsets = clampedStarts(builder, starts, x.shape, update.shape)
    builder.copy(result, update, (index) => moved(index, offsets))
    return View.ofBuffer(result)
  },

  pad: (builder, { interior, low, value }, [x], type) => {
    if (Shape.equals(x.shape, type.shape)) return x
    const result = builder.temporary(type)
    builder.fill(result, value)
    builder.copy(result, x, (index) =>
      index.map((subscript, axis) =>
        Affine.add(Affine.scale(subscript, interior[axis]! + 1), Affine.constant(low[axis]!))
      )
    )
    return View.ofBuffer(result)
  },

  concat: (builder, { axis }, operands, type) => {
    if (operands.length === 1) return operands[0]!
    const result = builder.temporary(type)
    let offset = 0
    for (const operand of operands) {
      const start = Affine.constant(offset)
      builder.copy(result, operand, (index) => index.with(axis, Affine.add(index[axis]!, start)))
      offset += operand.shape[axis]!
    }
    return View.ofBuffer(result)
  },

  stack: (builder, { axis }, operands, type) => {
    const result = builder.temporary(type)
    operands.forEach((operand, i) => {
      builder.copy(result, operand, (index) => index.toSpliced(axis, 0, Affine.constant(i)))
    })
    return View.ofBuffer(result)
  },

  reverse: (_, { axes }, [x], type) =>
    View.make(type, (index) =>
      View.at(
        x,
        index.map((subscript, axis) =>
          axes.includes(axis) ? Affine.add(Affine.scale(subscript, -1), Affine.constant(x.shape[axis]! - 1)) : subscript
        )
      )
    ),

  gather: (builder, { axis }, [x, indices], type) => {
    const extent = x.shape[axis]!
    if (extent === 0) return View.ofLiteral(type, literal(type.elementType, missing[type.elementType]))
    const rank = indices.shape.length
    return builder.each(type, (index) => {
      const subscript = View.at(indices, index.slice(axis, axis + rank))
      const { clamped, holds } = inRange(builder, subscript, extent)
      const at = [...index.slice(0, axis), Affine.ofIndex(clamped), ...index.slice(axis + rank)]
      const element = View.at(x, at)
      return builder.compute(type.elementType, "select", [
        holds,
        element,
        literal(type.elementType, missing[type.elementType])
      ])
    })
  },

  scatterAdd: (builder, { axis }, [x, indices, updates]) => {
    const result = builder.materialise(x)
    const extent = x.shape[axis]!
    if (extent === 0) return View.ofBuffer(result)
    const rank = indices.shape.length
    builder.nest(updates.shape, (index) => {
      const subscript = View.at(indices, index.slice(axis, axis + rank))
      const { clamped, holds } = inRange(builder, subscript, extent)
      const at = [...index.slice(0, axis), Affine.ofIndex(clamped), ...index.slice(axis + rank)]
      const add = assign(access(result, at), "copy", [View.at(updates, index)], { combine: "add" })
      builder.emit({ _tag: "If", condition: holds, whenTrue: [add], whenFalse: [] })
    })
    return View.ofBuffer(result)
  },

  triangle: (builder, { diagonal, upper }, [x], type) =>
    builder.each(type, (index) => {
      const offset = Affine.add(index.at(-1)!, Affine.scale(index.at(-2)!, -1))
      const kept = builder.compute("bool", upper ? "ge" : "le", [
        { _tag: "Position", index: offset },
        literal("index", diagonal)
      ])
      return builder.compute(type.elementType, "select", [kept, View.at(x, index), literal(type.elementType, 0)])
    })
}
