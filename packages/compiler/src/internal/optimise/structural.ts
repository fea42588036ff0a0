// Identities of operations that move elements, repeat them or leave them out.

import { type Primitive, Shape, type Type } from "@fluxion/core"
import { absorbsZero } from "./facts.ts"
import type { Graph, Rule } from "./graph.ts"
import { isFill, sizeOf, type Term } from "./term.ts"

type Identity<A> = (graph: Graph, attributes: A, operands: ReadonlyArray<Term>, type: Type.Type) => Term | undefined

type Row<K extends Primitive.Name> = Identity<Primitive.Attributes<K>>

const of = (x: Term, primitive: Primitive.Name): Term | undefined =>
  x.primitive === primitive ? x.operands[0] : undefined

const broadcastTo: Row<"broadcastTo"> = (graph, { shape }, [x], type) => {
  if (Shape.equals(shape, x!.shape)) return x
  const inner = of(x!, "broadcastTo")
  return inner === undefined ? undefined : graph.apply("broadcastTo", { shape }, [inner], type)
}

const reshape: Row<"reshape"> = (graph, { shape }, [x], type) => {
  if (Shape.equals(shape, x!.shape)) return x
  if (x!.fill !== undefined) return graph.fill(type, x!.fill)
  const inner = of(x!, "reshape")
  return inner === undefined ? undefined : graph.apply("reshape", { shape }, [inner], type)
}

const transpose: Row<"transpose"> = (graph, { permutation }, [x], type) => {
  if (permutation.every((axis, i) => axis === i)) return x
  if (x!.fill !== undefined) return graph.fill(type, x!.fill)
  const inner = of(x!, "transpose")
  if (inner !== undefined) {
    const before = (x!.attributes as Primitive.Attributes<"transpose">).permutation
    return graph.apply("transpose", { permutation: permutation.map((axis) => before[axis]!) }, [inner], type)
  }
  if (x!.primitive !== "dot") return undefined
  const attributes = x!.attributes as Primitive.DotAttributes
  const output = permutation.map((axis) => attributes.output[axis]!)
  return graph.apply("dot", { ...attributes, output }, x!.operands, type)
}

const isWhole = ({ limits, starts, strides }: Primitive.SliceAttributes, shape: Shape.Shape, except = -1): boolean =>
  shape.every((n, axis) => axis === except || (starts[axis] === 0 && limits[axis] === n && strides[axis] === 1))

const slice: Row<"slice"> = (graph, attributes, [x], type) => {
  const { limits, starts, strides } = attributes
  if (isWhole(attributes, x!.shape)) return x
  if (x!.fill !== undefined && sizeOf(type) > 0) return graph.fill(type, x!.fill)
  const inner = of(x!, "slice")
  if (inner !== undefined) {
    const before = x!.attributes as Primitive.SliceAttributes
    const steps = strides.map((stride, axis) => stride * before.strides[axis]!)
    const from = starts.map((start, axis) => before.starts[axis]! + start * before.strides[axis]!)
    // The last element that is taken, and not further.
    const to = type.shape.map((n, axis) => (n === 0 ? from[axis]! : from[axis]! + (n - 1) * steps[axis]! + 1))
    if (sizeOf(type) === 0) return undefined
    return graph.apply("slice", { starts: from, limits: to, strides: steps }, [inner], type)
  }
  if (x!.primitive === "concat" && sizeOf(type) > 0) {
    const { axis } = x!.attributes as Primitive.AxisAttributes
    let offset = 0
    for (const operand of x!.operands) {
      const end = offset + operand.shape[axis]!
      const last = starts[axis]! + (type.shape[axis]! - 1) * strides[axis]!
      if (starts[axis]! >= offset && last < end) {
        const moved = {
          starts: starts.map((start, i) => (i === axis ? start - offset : start)),
          limits: limits.map((limit, i) => (i === axis ? Math.min(limit, end) - offset : limit)),
          strides
        }
        return graph.apply("slice", moved, [operand], type)
      }
      offset = end
    }
  }
  if (x!.primitive === "stack") {
    const { axis } = x!.attributes as Primitive.AxisAttributes
    if (type.shape[axis] === 1 && isWhole(attributes, x!.shape, axis)) {
      return graph.apply("reshape", { shape: type.shape }, [x!.operands[starts[axis]!]!], type)
    }
  }
  return undefined
}

const dynamicSlice: Row<"dynamicSlice"> = (graph, { sizes }, [x, starts], type) => {
  if (Shape.equals(sizes, x!.shape)) return x
  if (x!.fill !== undefined && sizeOf(type) > 0) return graph.fill(type, x!.fill)
  const from = starts!.value?.data
  if (from === undefined) return undefined
  const first = x!.shape.map((n, axis) => Math.max(0, Math.min(from[axis]!, n - sizes[axis]!)))
  const limits = first.map((start, axis) => start + sizes[axis]!)
  return graph.apply("slice", { starts: first, limits, strides: sizes.map(() => 1) }, [x!], type)
}

const dynamicUpdateSlice: Row<"dynamicUpdateSlice"> = (_, __, [x, update]) => {
  if (Shape.equals(x!.shape, update!.shape)) return update
  return sizeOf(update!) === 0 ? x : undefined
}

const pad: Row<"pad"> = (graph, { high, interior, low, value }, [x], type) => {
  if (Shape.equals(x!.shape, type.shape)) return x
  if (isFill(x!, value) || sizeOf(x!) === 0) return graph.fill(type, value)
  const inner = of(x!, "pad")
  if (inner === undefined || interior.some((n) => n > 0)) return undefined
  const before = x!.attributes as Primitive.PadAttributes
  if (!Object.is(before.value, value)) return undefined
  const attributes = {
    low: low.map((n, axis) => n + before.low[axis]!),
    high: high.map((n, axis) => n + before.high[axis]!),
    interior: before.interior,
    value
  }
  return graph.apply("pad", attributes, [inner], type)
}

const concat: Row<"concat"> = (graph, { axis }, operands, type) => {
  const some = operands.filter((x) => sizeOf(x) > 0)
  if (some.length === 0) return operands.length === 1 ? operands[0] : undefined
  if (some.length < operands.length) return some.length === 1 ? some[0] : graph.apply("concat", { axis }, some, type)
  const { fill } = some[0]!
  if (fill !== undefined && some.every((x) => isFill(x, fill))) return graph.fill(type, fill)
  return some.length === 1 ? some[0] : undefined
}

const stack: Row<"stack"> = (graph, _, operands, type) => {
  const { fill } = operands[0]!
  if (fill !== undefined && operands.every((x) => isFill(x, fill))) return graph.fill(type, fill)
  return operands.length === 1 ? graph.apply("reshape", { shape: type.shape }, [operands[0]!], type) : undefined
}

const reverse: Row<"reverse"> = (graph, { axes }, [x], type) => {
  if (x!.fill !== undefined) return x
  const moving = axes.filter((axis) => x!.shape[axis]! > 1)
  if (moving.length === 0) return x
  const inner = of(x!, "reverse")
  if (inner === undefined) {
    return moving.length < axes.length ? graph.apply("reverse", { axes: moving }, [x!], type) : undefined
  }
  const before = (x!.attributes as Primitive.ReductionAttributes).axes
  const once = [...moving.filter((axis) => !before.includes(axis)), ...before.filter((axis) => !moving.includes(axis))]
  return graph.apply("reverse", { axes: once.sort((a, b) => a - b) }, [inner], type)
}

const isInRange = (indices: Term, n: number): boolean =>
  indices.value !== undefined && indices.value.data.every((i: number) => i >= 0 && i < n)

const gather: Row<"gather"> = (graph, { axis }, [x, indices], type) => {
  const n = x!.shape[axis]!
  if (sizeOf(type) === 0 || !isInRange(indices!, n)) return undefined
  if (x!.fill !== undefined) return graph.fill(type, x!.fill)
  const { data } = indices!.value!
  const isAll = indices!.shape.length === 1 && data.length === n && data.every((i: number, k: number) => i === k)
  return isAll ? x : undefined
}

const scatterAdd: Row<"scatterAdd"> = (_, __, [x, , updates]) =>
  sizeOf(updates!) === 0 || absorbsZero(x!, updates!) ? x : undefined

const triangle: Row<"triangle"> = (_, { diagonal, upper }, [x]) => {
  if (isFill(x!, 0)) return x
  const before = x!.attributes as Primitive.TriangleAttributes
  return x!.primitive === "triangle" && before.upper === upper && before.diagonal === diagonal ? x : undefined
}

const identities: { readonly [K in Primitive.Name]?: Row<K> } = {
  broadcastTo,
  reshape,
  transpose,
  slice,
  dynamicSlice,
  dynamicUpdateSlice,
  pad,
  concat,
  stack,
  reverse,
  gather,
  scatterAdd,
  triangle
}

export const structural: Rule = (graph, primitive, attributes, operands, type) => {
  if (primitive === "after") return operands[1]!.isGuarded ? undefined : operands[0]
  const identity = identities[primitive] as Identity<object> | undefined
  return identity?.(graph, attributes, operands, type)
}
