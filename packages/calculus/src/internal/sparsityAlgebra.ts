// The algebra of sparsity: for each element of each value, which elements of the inputs it varies with.

import { type Algebra, Body, Interpreter, type Primitive, Shape, Tensor, Type } from "@fluxion/core"
import { Equal } from "effect"
import { rules, type SparsityRule } from "../rules/sparsity/index.ts"
import {
  Collector,
  concatenate,
  empty,
  everything,
  gatherUnion,
  type IndexSets,
  pick,
  same,
  type Scratch,
  scratch as makeScratch,
  singletons
} from "./indexSets.ts"

/** A value as far as it is known, and what its elements vary with; `undefined` when it does not vary. */
export interface Pattern {
  readonly type: Type.Type
  readonly value: Tensor.Any | undefined
  readonly sets: IndexSets | undefined
}

export const known = (value: Tensor.Any): Pattern => ({
  type: Type.make(value.elementType, value.shape),
  value,
  sets: undefined
})

const sizeOf = ({ shape }: Type.Type): number => Shape.size(shape)

const setsOf = ({ sets, type }: Pattern): IndexSets => sets ?? empty(sizeOf(type))

/** Ids 1, 2, … of the elements of an array; 0 stands for no element. */
const ids = (shape: Shape.Shape, first: number): Tensor.Tensor =>
  Tensor.fromArray(
    Float64Array.from({ length: Shape.size(shape) }, (_, i) => first + i),
    shape
  )

const evaluate = (primitive: Primitive.Name, attributes: object, operands: ReadonlyArray<Tensor.Any>): Tensor.Any =>
  Interpreter.algebra.apply(primitive, attributes as never, operands as never)

/** Where each element of a broadcast array comes from. */
const broadcastSources = (from: Shape.Shape, to: Shape.Shape): ArrayLike<number> =>
  evaluate("broadcastTo", { shape: to }, [ids(from, 0)]).data

interface Call {
  readonly primitive: Primitive.Name
  readonly attributes: object
  readonly operands: ReadonlyArray<Pattern>
  readonly type: Type.Type
  readonly scratch: Scratch
}

type Rule = (call: Call) => IndexSets

/** Each element of the result varies with everything. */
const dense: Rule = ({ operands, scratch, type }) => everything(operands.map(setsOf), sizeOf(type), scratch)

const elementwise =
  (keeps: (operands: ReadonlyArray<Pattern>) => (operand: number, at: (operand: number) => number) => boolean): Rule =>
  ({ operands, scratch, type }) => {
    const size = sizeOf(type)
    const sources = operands.map((operand) =>
      Shape.equals(operand.type.shape, type.shape) ? undefined : broadcastSources(operand.type.shape, type.shape)
    )
    const varying = operands.flatMap((operand, i) => (operand.sets === undefined ? [] : [i]))
    const keep = keeps(operands)
    const collector = new Collector(size, scratch)
    for (let e = 0; e < size; e++) {
      const at = (i: number): number => {
        const source = sources[i]
        return source === undefined ? e : source[e]!
      }
      for (const i of varying) if (keep(i, at)) collector.add(operands[i]!.sets!, at(i))
      collector.next()
    }
    return collector.result()
  }

const always = () => true

/** Whether an element of a value that is known is zero. */
const isZero = ({ value }: Pattern, e: number): boolean => value !== undefined && value.data[e] === 0

const product = elementwise((operands) => (i, at) => !isZero(operands[1 - i]!, at(1 - i)))

/** Of a known predicate the branch that is taken. */
const select = elementwise(([predicate]) => (i, at) => {
  const value = predicate!.value
  return value === undefined || (value.data[at(0)] === 1) === (i === 1)
})

/** Primitives that move elements, run on the ids of the elements. */
const move: Rule = (call) => {
  const { attributes, operands, primitive } = call
  const placed = operands.map(({ type, value }) => (type.elementType === "real" ? undefined : value))
  if (operands.some(({ type }, i) => type.elementType !== "real" && placed[i] === undefined)) return dense(call)
  let first = 1
  const inputs = operands.map(({ type }, i) => {
    if (type.elementType !== "real") return placed[i]!
    const own = ids(type.shape, first)
    first += sizeOf(type)
    return own
  })
  const plain = primitive === "pad" ? { ...attributes, value: 0 } : attributes
  const { data } = evaluate(primitive, plain, inputs)
  const sources = Int32Array.from(data, (id) => (id >= 1 ? id - 1 : -1))
  return pick(concatenate(operands.filter(({ type }) => type.elementType === "real").map(setsOf)), sources)
}

const scatter: Rule = (call) => {
  const { attributes, operands, scratch, type } = call
  const [x, indices, updates] = operands as readonly [Pattern, Pattern, Pattern]
  if (indices.value === undefined) return dense(call)
  const { data } = evaluate("gather", attributes, [ids(x.type.shape, 0), indices.value])
  const size = sizeOf(type)
  return gatherUnion(
    [
      { sets: setsOf(x), targets: Int32Array.from({ length: size }, (_, i) => i) },
      { sets: setsOf(updates), targets: Int32Array.from(data, (id) => (id >= 0 ? id : -1)) }
    ],
    size,
    scratch
  )
}

const reduce: Rule = ({ attributes, operands: [x], scratch, type }) => {
  const { axes } = attributes as Primitive.ReductionAttributes
  const { shape } = x!.type
  const kept = Shape.reduce(shape, axes, true)
  const targets = evaluate("broadcastTo", { shape }, [evaluate("reshape", { shape: kept }, [ids(type.shape, 0)])]).data
  return gatherUnion([{ sets: setsOf(x!), targets }], sizeOf(type), scratch)
}

const cumulative: Rule = ({ attributes, operands: [x], scratch, type }) => {
  const { axis, reverse } = attributes as Primitive.CumulativeAttributes
  const { shape } = type
  const length = shape[axis]!
  const stride = Shape.size(shape.slice(axis + 1))
  const collector = new Collector(sizeOf(type), scratch)
  const sets = setsOf(x!)
  for (let e = 0; e < sizeOf(type); e++) {
    const position = Math.floor(e / stride) % length
    const start = e - position * stride
    const [from, to] = reverse ? [position, length - 1] : [0, position]
    for (let p = from; p <= to; p++) collector.add(sets, start + p * stride)
    collector.next()
  }
  return collector.result()
}

const contract: Rule = ({ attributes, operands, scratch, type }) => {
  const { left, output, right } = attributes as Primitive.DotAttributes
  const [x, y] = operands as readonly [Pattern, Pattern]
  const extents = new Map<number, number>()
  left.forEach((label, i) => extents.set(label, x.type.shape[i]!))
  right.forEach((label, i) => extents.set(label, y.type.shape[i]!))
  const summed = [...extents.keys()].filter((label) => !output.includes(label))
  const order = [...output, ...summed]
  const strides = (labels: ReadonlyArray<number>, shape: Shape.Shape): ReadonlyArray<number> =>
    order.map((label) => {
      const i = labels.indexOf(label)
      return i < 0 ? 0 : Shape.size(shape.slice(i + 1))
    })
  const [ofX, ofY] = [strides(left, x.type.shape), strides(right, y.type.shape)]
  const terms = summed.reduce((n, label) => n * extents.get(label)!, 1)
  const [xSets, ySets] = [x.sets, y.sets]
  const collector = new Collector(sizeOf(type), scratch)
  const index = new Array<number>(order.length).fill(0)
  let atX = 0
  let atY = 0
  for (let e = 0; e < sizeOf(type); e++) {
    for (let t = 0; t < terms; t++) {
      if (xSets !== undefined && !isZero(y, atY)) collector.add(xSets, atX)
      if (ySets !== undefined && !isZero(x, atX)) collector.add(ySets, atY)
      for (let axis = order.length - 1; axis >= 0; axis--) {
        atX += ofX[axis]!
        atY += ofY[axis]!
        if (++index[axis]! < extents.get(order[axis]!)!) break
        atX -= index[axis]! * ofX[axis]!
        atY -= index[axis]! * ofY[axis]!
        index[axis] = 0
      }
    }
    collector.next()
  }
  return collector.result()
}

const batch: Rule = ({ operands, scratch, type }) => {
  const count = Shape.size(operands[0]!.type.shape.slice(0, -2))
  const collector = new Collector(count, scratch)
  for (let b = 0; b < count; b++) {
    for (const { sets, type } of operands) {
      if (sets === undefined) continue
      const each = sizeOf(type) / count
      for (let e = 0; e < each; e++) collector.add(sets, b * each + e)
    }
    collector.next()
  }
  const size = sizeOf(type)
  return pick(
    collector.result(),
    Int32Array.from({ length: size }, (_, e) => Math.floor(e / (size / count)))
  )
}

const first: Rule = ({ operands: [x] }) => setsOf(x!)

const table: { readonly [K in Exclude<SparsityRule, "constant">]: Rule } = {
  elementwise: elementwise(() => always),
  product,
  select,
  move,
  scatter,
  reduce,
  cumulative,
  contract,
  batch,
  first
}

/** The sparsity of a body in terms of its own inputs, as far as their values are known. */
interface Local {
  /** For each output, the positions of elements of the inputs, numbered through; `undefined` when it does not vary. */
  readonly outputs: ReadonlyArray<Pattern>
  readonly firsts: ReadonlyArray<number>
}

const local = (body: Body.Body, inputs: ReadonlyArray<Pattern>): Local => {
  let positions = 0
  const firsts = inputs.map(({ type }) => {
    const first = positions
    positions += sizeOf(type)
    return first
  })
  const carriers = inputs.map((input, i): Pattern =>
    input.sets === undefined ? input : { ...input, sets: singletons(sizeOf(input.type), firsts[i]!) }
  )
  return { outputs: Body.interpret(body, sparsity(positions), carriers), firsts }
}

/** What a position of a local pattern stands for: an input, and an element of it. */
const place = (firsts: ReadonlyArray<number>, position: number): readonly [number, number] => {
  let input = firsts.length - 1
  while (firsts[input]! > position) input--
  return [input, position - firsts[input]!]
}

const sliceOf = ({ sets, type, value }: Pattern, i: number): Pattern => {
  const { shape } = type
  const slice = Type.make(type.elementType, shape.slice(1))
  const size = sizeOf(slice)
  const window = {
    starts: shape.map((_, axis) => (axis === 0 ? i : 0)),
    limits: shape.map((n, axis) => (axis === 0 ? i + 1 : n)),
    strides: shape.map(() => 1)
  }
  return {
    type: slice,
    value:
      value === undefined
        ? undefined
        : evaluate("reshape", { shape: slice.shape }, [evaluate("slice", window, [value])]),
    sets:
      sets === undefined
        ? undefined
        : pick(
            sets,
            Int32Array.from({ length: size }, (_, e) => i * size + e)
          )
  }
}

/** Positions that are known decide what is read: then each step is looked at by itself. */
const decides = ({ type, value }: Pattern): boolean => type.elementType !== "real" && value !== undefined

const merge = (a: Pattern, b: Pattern, scratch: Scratch): Pattern => {
  const value = a.value !== undefined && b.value !== undefined && Equal.equals(a.value, b.value) ? a.value : undefined
  if (a.sets === undefined || b.sets === undefined) return { type: a.type, value, sets: a.sets ?? b.sets }
  const size = sizeOf(a.type)
  const targets = Int32Array.from({ length: size }, (_, i) => i)
  return {
    type: a.type,
    value,
    sets: gatherUnion(
      [
        { sets: a.sets, targets },
        { sets: b.sets, targets }
      ],
      size,
      scratch
    )
  }
}

const samePattern = (a: Pattern, b: Pattern): boolean =>
  a.value === b.value &&
  (a.sets === undefined) === (b.sets === undefined) &&
  (a.sets === undefined || same(a.sets, b.sets!))

const forget = (x: Pattern): Pattern => ({ ...x, value: undefined })

const stack = (parts: ReadonlyArray<Pattern>, type: Type.Type): Pattern => {
  const values = parts.map(({ value }) => value)
  return {
    type,
    value:
      parts.length > 0 && values.every((value) => value !== undefined)
        ? evaluate("stack", { axis: 0 }, values as ReadonlyArray<Tensor.Any>)
        : undefined,
    sets: parts.some(({ sets }) => sets !== undefined) ? concatenate(parts.map(setsOf)) : undefined
  }
}

type ControlRule<K extends Primitive.ControlName> = (
  attributes: Primitive.ControlAttributes<K>,
  operands: ReadonlyArray<Pattern>,
  algebra: Algebra<Pattern>,
  scratch: Scratch,
  types: ReadonlyArray<Type.Type>
) => ReadonlyArray<Pattern>

const map: ControlRule<"map"> = ({ body, consts, size, summed }, operands, algebra, scratch, types) => {
  const stacks = types.length - summed
  const [shared, xs] = [operands.slice(0, consts), operands.slice(consts)]
  if (xs.some(decides)) {
    const slices = Array.from({ length: size }, (_, i) =>
      Body.interpret(body, algebra, [...shared, ...xs.map((x) => sliceOf(x, i))])
    )
    return types.map((type, r) => {
      const parts = slices.map((slice) => slice[r]!)
      if (r < stacks) return stack(parts, type)
      return parts.map(forget).reduce((a, b) => merge(a, b, scratch), { type, value: undefined, sets: undefined })
    })
  }
  // All slices are alike.
  const { firsts, outputs } = local(body, [...shared, ...(size === 0 ? [] : xs.map((x) => forget(sliceOf(x, 0))))])
  return outputs.map((output, r): Pattern => {
    const type = types[r]!
    const { sets } = output
    if (sets === undefined) return { type, value: undefined, sets: undefined }
    const each = sets.pointers.length - 1
    const sizes = operands.map((operand, k) => (k < consts ? 0 : sizeOf(operand.type) / size))
    const collector = new Collector(sizeOf(type), scratch)
    const addSlice = (i: number, e: number): void => {
      for (let k = sets.pointers[e]!; k < sets.pointers[e + 1]!; k++) {
        const [input, element] = place(firsts, sets.items[k]!)
        collector.add(operands[input]!.sets!, i * sizes[input]! + element)
      }
    }
    if (r < stacks) {
      for (let i = 0; i < size; i++) {
        for (let e = 0; e < each; e++) {
          addSlice(i, e)
          collector.next()
        }
      }
    } else {
      for (let e = 0; e < each; e++) {
        for (let i = 0; i < size; i++) addSlice(i, e)
        collector.next()
      }
    }
    return { type, value: undefined, sets: collector.result() }
  })
}

/** The outputs of a body whose inputs have these sets, by its local pattern. */
const compose = (
  { firsts, outputs }: Local,
  inputs: ReadonlyArray<Pattern>,
  scratch: Scratch
): ReadonlyArray<Pattern> =>
  outputs.map((output): Pattern => {
    const { sets, type } = output
    if (sets === undefined) return { type, value: undefined, sets: undefined }
    const collector = new Collector(sizeOf(type), scratch)
    for (let e = 0; e < sets.pointers.length - 1; e++) {
      for (let k = sets.pointers[e]!; k < sets.pointers[e + 1]!; k++) {
        const [input, element] = place(firsts, sets.items[k]!)
        const own = inputs[input]!.sets
        if (own !== undefined) collector.add(own, element)
      }
      collector.next()
    }
    return { type, value: undefined, sets: collector.result() }
  })

/** As if it varied: for a pattern that has to hold whether it does or not. */
const varying = (x: Pattern): Pattern =>
  x.type.elementType === "real" ? { type: x.type, value: undefined, sets: x.sets ?? empty(sizeOf(x.type)) } : forget(x)

const scan: ControlRule<"scan"> = ({ body, carries, consts, length, reverse }, operands, algebra, scratch, types) => {
  const shared = operands.slice(0, consts)
  const xs = operands.slice(consts + carries)
  let carried = operands.slice(consts, consts + carries)
  const exact = [...carried, ...xs].some(decides)
  const pattern =
    exact || length === 0
      ? undefined
      : local(body, [...shared, ...carried.map(varying), ...xs.map((x) => varying(sliceOf(x, 0)))])
  const ys: Array<ReadonlyArray<Pattern>> = new Array(length)
  for (let k = 0; k < length; k++) {
    const i = reverse ? length - 1 - k : k
    const inputs = [...shared, ...carried, ...xs.map((x) => sliceOf(x, i))]
    const outputs = pattern === undefined ? Body.interpret(body, algebra, inputs) : compose(pattern, inputs, scratch)
    carried = outputs.slice(0, carries)
    ys[i] = outputs.slice(carries)
  }
  return types.map((type, r) =>
    r < carries
      ? carried[r]!
      : stack(
          ys.map((outputs) => outputs[r - carries]!),
          type
        )
  )
}

const whileLoop: ControlRule<"whileLoop"> = ({ condition, consts, sweeps }, operands, algebra, scratch, types) => {
  const [sweep, ...later] = sweeps
  if (sweep === undefined || later.length > 0) return denseMany(operands, types, scratch)
  const shared = operands.slice(0, consts)
  let states = operands.slice(consts)
  // As long as it is known whether the loop goes on, iteration by iteration.
  for (;;) {
    const [holds] = Body.interpret(condition, algebra, [...shared, ...states])
    const value = holds!.value
    if (value === undefined) break
    if (value.data[0] !== 1) return states
    states = Body.interpret(sweep.body, algebra, [...shared, ...states]).slice()
  }
  // From then on, until another iteration adds nothing.
  for (;;) {
    const next = Body.interpret(sweep.body, algebra, [...shared, ...states])
    const merged = states.map((state, i) => merge(state, next[i]!, scratch))
    if (merged.every((state, i) => samePattern(state, states[i]!))) return states
    states = merged
  }
}

const denseMany = (
  operands: ReadonlyArray<Pattern>,
  types: ReadonlyArray<Type.Type>,
  scratch: Scratch
): ReadonlyArray<Pattern> =>
  types.map((type) => ({
    type,
    value: undefined,
    sets:
      type.elementType === "real" && operands.some(({ sets }) => sets !== undefined)
        ? everything(operands.map(setsOf), sizeOf(type), scratch)
        : undefined
  }))

// A control primitive without a rule varies with all of its operands.
const controlRules: { readonly [K in Primitive.ControlName]?: ControlRule<K> } = {
  call: ({ body }, operands, algebra) => Body.interpret(body, algebra, operands),
  cond: ({ whenFalse, whenTrue }, [predicate, ...consts], algebra, scratch) => {
    const value = predicate!.value
    if (value !== undefined) return Body.interpret(value.data[0] === 1 ? whenTrue : whenFalse, algebra, consts)
    const [yes, no] = [Body.interpret(whenTrue, algebra, consts), Body.interpret(whenFalse, algebra, consts)]
    return yes.map((x, i) => merge(x, no[i]!, scratch))
  },
  map,
  scan,
  whileLoop
}

/** The algebra of sparsity over inputs of so many elements in all. */
export const sparsity = (positions: number): Algebra<Pattern> => {
  const scratch = makeScratch(positions)
  const algebra: Algebra<Pattern> = {
    apply: (primitive, attributes, carriers, given) => {
      const operands = carriers as ReadonlyArray<Pattern>
      const type =
        given === undefined
          ? Interpreter.types.apply(primitive, attributes, operands.map((operand) => operand.type) as never)
          : Type.make(given.elementType, given.shape)
      const values = operands.map(({ value }) => value)
      if (values.every((value) => value !== undefined)) return known(evaluate(primitive, attributes, values))
      const rule: SparsityRule = rules[primitive]
      if (rule === "constant" || operands.every(({ sets }) => sets === undefined)) {
        return { type, value: undefined, sets: undefined }
      }
      return { type, value: undefined, sets: table[rule]({ primitive, attributes, operands, type, scratch }) }
    },
    applyMany: (primitive, attributes, operands, given) => {
      const values = operands.map(({ value }) => value)
      if (values.every((value) => value !== undefined)) {
        return Interpreter.algebra.applyMany(primitive, attributes, values).map(known)
      }
      const types =
        given ??
        Interpreter.types.applyMany(
          primitive,
          attributes,
          operands.map(({ type }) => type)
        )
      const rule = controlRules[primitive] as ControlRule<typeof primitive> | undefined
      return rule === undefined
        ? denseMany(operands, types, scratch)
        : rule(attributes, operands, algebra, scratch, types)
    },
    constant: known,
    typeOf: ({ type }) => type
  }
  return algebra
}
