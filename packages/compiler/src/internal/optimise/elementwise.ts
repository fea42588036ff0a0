// Identities of elementwise operations. Each holds for all operands, to the bit: NaN, infinities, signed zeros and subnormal numbers included.
// (Which NaN it is, is of no consequence.)

import { Primitive, Shape, type Type } from "@fluxion/core"
import { absorbsZero } from "./facts.ts"
import type { Graph, Rule } from "./graph.ts"
import { isFill, isReal, sizeOf, type Term } from "./term.ts"

/** A term with the shape of a result. */
const as = (graph: Graph, x: Term, { elementType, shape }: Type.Type): Term =>
  Shape.equals(x.shape, shape) ? x : graph.apply("broadcastTo", { shape }, [x], { elementType, shape })

const isFactor = ({ fill }: Term): boolean => fill !== undefined && fill !== 0 && Number.isFinite(fill)

const bits = new DataView(new ArrayBuffer(8))

/** Whether dividing by a number is multiplying by its inverse: both are powers of two. */
const hasExactInverse = (x: number): boolean => {
  bits.setFloat64(0, x)
  const exponent = (bits.getUint32(0) >>> 20) & 0x7ff
  const isPower = (bits.getUint32(0) & 0xfffff) === 0 && bits.getUint32(4) === 0
  return isPower && exponent > 1 && exponent < 2045
}

const of = (x: Term, primitive: Primitive.Name): Term | undefined =>
  x.primitive === primitive ? x.operands[0] : undefined

type Identity = (graph: Graph, operands: ReadonlyArray<Term>, type: Type.Type) => Term | undefined

const first: Identity = (_, [x]) => x

/** A function that leaves its own results as they are, and those of some others. */
const idempotent =
  (...names: ReadonlyArray<Primitive.Name>): Identity =>
  (_, [x]) =>
    x!.primitive !== undefined && names.includes(x!.primitive) ? x : undefined

const same = (x: Term | undefined, y: Term | undefined): boolean => x === y

const mul: Identity = (graph, [x, y], type) => {
  for (const [a, b] of [
    [x!, y!],
    [y!, x!]
  ] as const) {
    if (isFill(b, 1)) return as(graph, a, type)
    if (!isReal(type)) {
      if (isFill(b, 0)) return graph.fill(type, 0)
      continue
    }
    if (isFill(b, -1)) return as(graph, graph.apply("neg", {}, [a]), type)
    const negated = of(a, "neg")
    if (negated === undefined) continue
    if (b.fill !== undefined) return graph.apply("mul", {}, [negated, graph.fill(b, -b.fill)], type)
    const other = of(b, "neg")
    if (other !== undefined) return graph.apply("mul", {}, [negated, other], type)
  }
  return undefined
}

const identities: { readonly [K in Primitive.Name]?: Identity } = {
  stopGradient: first,
  toReal: (_, [x]) => (isReal(x!) ? x : undefined),
  neg: (graph, [x], type) => {
    const inner = of(x!, "neg")
    if (inner !== undefined) return inner
    if (x!.primitive !== "mul") return undefined
    const [a, b] = x!.operands as readonly [Term, Term]
    if (b.fill !== undefined) return graph.apply("mul", {}, [a, graph.fill(b, -b.fill)], type)
    return a.fill === undefined ? undefined : graph.apply("mul", {}, [graph.fill(a, -a.fill), b], type)
  },
  abs: (graph, [x], type) => {
    const inner = of(x!, "neg")
    if (inner !== undefined) return graph.apply("abs", {}, [inner], type)
    return idempotent("abs", "exp", "cosh", "sigmoid", "relu")(graph, [x!], type)
  },
  relu: idempotent("relu", "abs"),
  sign: idempotent("sign"),
  floor: idempotent("floor", "ceil", "round"),
  ceil: idempotent("floor", "ceil", "round"),
  round: idempotent("floor", "ceil", "round"),
  mul,
  mulStrongZero: (graph, [x, y], type) =>
    isFactor(x!) || isFactor(y!) ? graph.apply("mul", {}, [x!, y!], type) : undefined,
  div: (graph, [x, y], type) => {
    if (isFill(y!, 1)) return as(graph, x!, type)
    if (isFill(y!, -1)) return as(graph, graph.apply("neg", {}, [x!]), type)
    if (y!.fill !== undefined && hasExactInverse(y!.fill)) {
      return graph.apply("mul", {}, [x!, graph.fill(y!, 1 / y!.fill)], type)
    }
    const [a, b] = [of(x!, "neg"), of(y!, "neg")]
    return a === undefined || b === undefined ? undefined : graph.apply("div", {}, [a, b], type)
  },
  add: (graph, [x, y], type) => {
    if (isFill(y!, isReal(type) ? -0 : 0) || absorbsZero(x!, y!)) return as(graph, x!, type)
    if (isFill(x!, isReal(type) ? -0 : 0) || absorbsZero(y!, x!)) return as(graph, y!, type)
    if (!isReal(type)) return undefined
    const right = of(y!, "neg")
    if (right !== undefined) return graph.apply("sub", {}, [x!, right], type)
    const left = of(x!, "neg")
    return left === undefined ? undefined : graph.apply("sub", {}, [y!, left], type)
  },
  sub: (graph, [x, y], type) => {
    if (isFill(y!, 0) || (y!.isZero && x!.hasNoNegativeZero)) return as(graph, x!, type)
    if (!isReal(type)) return same(x, y) ? graph.fill(type, 0) : undefined
    if (isFill(x!, -0)) return as(graph, graph.apply("neg", {}, [y!]), type)
    const right = of(y!, "neg")
    return right === undefined ? undefined : graph.apply("add", {}, [x!, right], type)
  },
  pow: (graph, [x, y], type) => {
    if (isFill(x!, 1) || y!.fill === 0) return graph.fill(type, 1)
    return isFill(y!, 1) ? as(graph, x!, type) : undefined
  },
  max: (graph, [x, y], type) => {
    if (same(x, y)) return x
    if (!isReal(type)) return undefined
    if (isFill(y!, -Infinity)) return as(graph, x!, type)
    return isFill(x!, -Infinity) ? as(graph, y!, type) : undefined
  },
  min: (graph, [x, y], type) => {
    if (same(x, y)) return x
    if (!isReal(type)) return undefined
    if (isFill(y!, Infinity)) return as(graph, x!, type)
    return isFill(x!, Infinity) ? as(graph, y!, type) : undefined
  },
  eq: (graph, [x, y], type) => (same(x, y) && !isReal(x!) ? graph.fill(type, 1) : undefined),
  ne: (graph, [x, y], type) => (same(x, y) && !isReal(x!) ? graph.fill(type, 0) : undefined),
  le: (graph, [x, y], type) => (same(x, y) && !isReal(x!) ? graph.fill(type, 1) : undefined),
  ge: (graph, [x, y], type) => (same(x, y) && !isReal(x!) ? graph.fill(type, 1) : undefined),
  lt: (graph, [x, y], type) => (same(x, y) ? graph.fill(type, 0) : undefined),
  gt: (graph, [x, y], type) => (same(x, y) ? graph.fill(type, 0) : undefined),
  and: (graph, [x, y], type) => {
    if (same(x, y) || isFill(y!, 1)) return as(graph, x!, type)
    if (isFill(x!, 1)) return as(graph, y!, type)
    return isFill(x!, 0) || isFill(y!, 0) ? graph.fill(type, 0) : undefined
  },
  or: (graph, [x, y], type) => {
    if (same(x, y) || isFill(y!, 0)) return as(graph, x!, type)
    if (isFill(x!, 0)) return as(graph, y!, type)
    return isFill(x!, 1) || isFill(y!, 1) ? graph.fill(type, 1) : undefined
  },
  not: (graph, [x], type) => {
    const inner = of(x!, "not")
    if (inner !== undefined) return inner
    if (x!.primitive === "eq") return graph.apply("ne", {}, x!.operands, type)
    return x!.primitive === "ne" ? graph.apply("eq", {}, x!.operands, type) : undefined
  },
  select: (graph, [p, x, y], type) => {
    if (same(x, y)) return as(graph, x!, type)
    if (p!.fill !== undefined) return as(graph, p!.fill === 0 ? y! : x!, type)
    const inner = of(p!, "not")
    return inner === undefined ? undefined : graph.apply("select", {}, [inner, y!, x!], type)
  }
}

/** What repeats, and what it is that repeats. */
const unrepeated = (graph: Graph, x: Term): Term => {
  if (x.fill !== undefined) return graph.scalar(x.elementType, x.fill)
  return x.primitive === "broadcastTo" ? x.operands[0]! : x
}

const broadcast = (shapes: ReadonlyArray<Shape.Shape>): Shape.Shape =>
  shapes.reduce((a, b) => Shape.broadcast("broadcastTo", a, b))

/** Operands that repeat are read where they are, and what repeats as a whole is computed once. */
const unrepeat = (
  graph: Graph,
  primitive: Primitive.Name,
  attributes: object,
  operands: ReadonlyArray<Term>,
  type: Type.Type
): Term | undefined => {
  let inner: ReadonlyArray<Term> = operands
  let repeats = false
  for (const x of operands)
    if (x.primitive === "broadcastTo" || (x.fill !== undefined && x.shape.length > 0)) repeats = true
  if (!repeats) return undefined
  inner = operands.map((x) => unrepeated(graph, x))
  const shape = broadcast(inner.map((x) => x.shape))
  const own: Type.Type = { elementType: type.elementType, shape }
  if (Shape.equals(shape, type.shape)) {
    return inner.every((x, i) => x === operands[i]) ? undefined : graph.apply(primitive, attributes, inner, own)
  }
  if (sizeOf(own) < sizeOf(type)) return as(graph, graph.apply(primitive, attributes, inner, own), type)
  // Some of them do not have to be repeated.
  for (let i = 0; i < operands.length; i++) {
    if (inner[i] === operands[i]) continue
    const some = operands.map((x, k) => (k === i ? inner[i]! : x))
    if (Shape.equals(broadcast(some.map((x) => x.shape)), type.shape)) {
      return graph.apply(primitive, attributes, some, type)
    }
  }
  return undefined
}

export const elementwise: Rule = (graph, primitive, attributes, operands, type) => {
  if (Primitive.definitions[primitive].family !== "elementwise") return undefined
  return identities[primitive]?.(graph, operands, type) ?? unrepeat(graph, primitive, attributes, operands, type)
}
