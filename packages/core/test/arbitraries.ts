// Random programs over every primitive, control primitives included, as data that fast-check can shrink: a list of steps, each the name of
// a primitive and some numbers that decide on operands, attributes and bodies.

import * as fc from "fast-check"
import { Body, Expr, Fn, Primitive, Shape, Tensor, Tree, Type } from "../src/index.ts"
import { apply, applyMany } from "../src/internal/apply.ts"
import { bodiesOf } from "../src/internal/bodies.ts"
import type { Node } from "../src/internal/node.ts"

const toNode = (expr: Expr.Any): Node => expr as unknown as Node
const toExpr = (node: Node): Expr.Any => node as unknown as Expr.Any

const shapes: ReadonlyArray<Shape.Shape> = [[], [3], [1], [2, 3], [3, 1], [2, 2], [4, 3, 2], [0], [2, 0], [70], [9, 8]]

const specials: ReadonlyArray<number> = [NaN, Infinity, -Infinity, -0, 0, 5e-324, -2.5, 1e300, 0.1, 3]

/** Numbers that decide. */
class Choices {
  private readonly numbers: ReadonlyArray<number>
  private next = 0
  constructor(numbers: ReadonlyArray<number>) {
    this.numbers = numbers
  }
  /** One of 0, 1, ..., `count - 1`. */
  below(count: number): number {
    return (this.numbers[this.next++ % this.numbers.length] ?? 0) % count
  }
  of<A>(list: ReadonlyArray<A>): A {
    return list[this.below(list.length)]!
  }
  boolean(): boolean {
    return this.below(2) === 1
  }
  tensor(elementType: Type.ElementType, shape: Shape.Shape): Tensor.Any {
    const size = Shape.size(shape)
    const from = this.below(1000)
    if (elementType === "real") {
      const data = Float64Array.from({ length: size }, (_, i) =>
        (from + i) % 3 === 0 ? specials[(from + i) % specials.length]! : Math.sin(from + i)
      )
      // A NaN with a payload.
      if (size > 0 && from % 10 === 9) new BigUint64Array(data.buffer)[0] = 0xfff8000000001234n
      return Tensor.fromArray(data, shape)
    }
    const indices = Int32Array.from({ length: size }, (_, i) => ((from + i) * 0x9e3779b1) | 0)
    if (elementType === "index") return Tensor.unsafeMake("index", shape, indices)
    return Tensor.unsafeMake(
      "bool",
      shape,
      Uint8Array.from(indices, (n) => n & 1)
    )
  }
}

/** A program under construction: what has been computed so far, and the numbers that decide on the next step. */
class Builder {
  readonly pool: Array<Node>
  choices: Choices = new Choices([])
  /** How deep in bodies this is, and the bodies made so far, at any depth. */
  readonly depth: number
  readonly bodies: Array<Body.Body>
  constructor(pool: ReadonlyArray<Node>, depth = 0, bodies: Array<Body.Body> = []) {
    this.pool = [...pool]
    this.depth = depth
    this.bodies = bodies
  }
  constant(elementType: Type.ElementType, shape: Shape.Shape): Node {
    return toNode(Expr.constant(this.choices.tensor(elementType, shape) as Tensor.Tensor))
  }
  /** What fits, or a constant of the type where nothing does. */
  some(fits: (node: Node) => boolean, otherwise: Type.Type): Node {
    const fitting = this.pool.filter((node) => node.shape.length < 6 && fits(node))
    return fitting.length === 0 || this.choices.below(8) === 0
      ? this.constant(otherwise.elementType, otherwise.shape)
      : this.choices.of(fitting)
  }
  of(elementType: Type.ElementType): Node {
    return this.some((node) => node.elementType === elementType, Type.make(elementType, this.choices.of(shapes)))
  }
  numeric(): Node {
    return this.of(this.choices.below(3) === 0 ? "index" : "real")
  }
  any(): Node {
    return this.of(this.choices.of(["real", "real", "index", "bool"] as const))
  }
  withAxis(elementType: Type.ElementType, fits: (node: Node) => boolean = () => true): Node {
    return this.some(
      (node) => node.elementType === elementType && node.shape.length > 0 && fits(node),
      Type.make(elementType, [2, 3])
    )
  }
  like(type: Type.Type): Node {
    return this.some((node) => node.elementType === type.elementType && Shape.equals(node.shape, type.shape), type)
  }
  /** An operand that broadcasts with others of these shapes. */
  beside(elementType: Type.ElementType, ...others: ReadonlyArray<Shape.Shape>): Node {
    const fits = (node: Node): boolean => {
      try {
        others.reduce((a, b) => Shape.broadcast("beside", a, b), node.shape)
        return node.elementType === elementType
      } catch {
        return false
      }
    }
    return this.some(fits, Type.make(elementType, []))
  }
  axes(shape: Shape.Shape): Array<number> {
    return shape.flatMap((_, axis) => (this.choices.boolean() ? [axis] : []))
  }
  apply<K extends Primitive.Name>(
    primitive: K,
    attributes: Primitive.Attributes<K>,
    operands: ReadonlyArray<Node>
  ): Node {
    const node = apply(primitive, attributes, operands)
    this.pool.push(node)
    return node
  }
  control<K extends Primitive.ControlName>(
    primitive: K,
    attributes: Primitive.ControlAttributes<K>,
    operands: ReadonlyArray<Node>
  ): void {
    this.pool.push(...applyMany(primitive, attributes, operands))
  }
  /** Up to two arrays of any type. */
  few(): Array<Node> {
    return Array.from({ length: this.choices.below(3) }, () => this.any())
  }
  /** A body of a few random steps; `finish` chooses its outputs. */
  body(inputs: ReadonlyArray<Type.Type>, finish: (inner: Builder) => ReadonlyArray<Node>): Body.Body {
    const body = Body.make(inputs, (leaves) => {
      const inner = new Builder(leaves.map(toNode), this.depth + 1, this.bodies)
      inner.choices = this.choices
      for (let steps = this.choices.below(4); steps > 0; steps--) {
        if (inner.depth < 3 && this.choices.below(3) === 0) {
          const name = this.choices.of(Primitive.controlNames)
          controlRows[name](inner, name as never)
        } else {
          const name = this.choices.of(Primitive.names)
          rows[name](inner, name as never)
        }
      }
      return finish(inner).map(toExpr)
    })
    this.bodies.push(body)
    return body
  }
}

type Build = (builder: Builder, name: never) => void

const unary =
  (elementType: Type.ElementType): Build =>
  (b, name: "neg") =>
    b.apply(name, {}, [b.of(elementType)])
const real = unary("real")
const binary =
  (operand: (b: Builder) => Node): Build =>
  (b, name: "add") => {
    const x = operand(b)
    b.apply(name, {}, [x, b.beside(x.elementType, x.shape)])
  }
const reals = binary((b) => b.of("real"))
const numbers = binary((b) => b.numeric())
const truths = binary((b) => b.of("bool"))
const reduction =
  (operand: (b: Builder) => Node): Build =>
  (b, name: "sum") => {
    const x = operand(b)
    b.apply(name, { axes: b.axes(x.shape) }, [x])
  }
const argReduction: Build = (b, name: "argmax") => {
  const x = b.withAxis(b.choices.boolean() ? "real" : "index", ({ shape }) => !shape.includes(0))
  b.apply(name, { axis: b.choices.below(x.shape.length) }, [x])
}
const cumulative: Build = (b, name: "cumsum") => {
  const x = b.withAxis("real")
  b.apply(name, { axis: b.choices.below(x.shape.length), reverse: b.choices.boolean() }, [x])
}

const square = (b: Builder): Node =>
  b.some(
    ({ elementType, shape }) => elementType === "real" && shape.length >= 2 && shape.at(-1) === shape.at(-2),
    Type.real(
      b.choices.of([
        [2, 2],
        [3, 3],
        [2, 3, 3],
        [1, 0, 0]
      ])
    )
  )
const ofMatrix: Build = (b, name: "inverse") => b.apply(name, {}, [square(b)])
/** Right-hand sides for a matrix. */
const right = (b: Builder, a: Node): Node => b.like(Type.real([...a.shape.slice(0, -1), 1 + b.choices.below(2)]))

/** One row a primitive: applies it to something that fits. */
const rows: { readonly [K in Primitive.Name]: Build } = {
  neg: real,
  abs: real,
  sign: real,
  exp: real,
  expm1: real,
  log: real,
  log1p: real,
  sqrt: real,
  cbrt: real,
  sin: real,
  cos: real,
  tan: real,
  asin: real,
  acos: real,
  atan: real,
  sinh: real,
  cosh: real,
  tanh: real,
  asinh: real,
  acosh: real,
  atanh: real,
  erf: real,
  erfc: real,
  lgamma: real,
  digamma: real,
  polygamma: (b) => b.apply("polygamma", { order: b.choices.below(5) }, [b.of("real")]),
  sigmoid: real,
  softplus: real,
  relu: real,
  floor: real,
  ceil: real,
  round: real,
  isFinite: real,
  toReal: (b) => b.apply("toReal", {}, [b.any()]),
  toIndex: real,
  add: numbers,
  sub: numbers,
  mul: numbers,
  mulStrongZero: reals,
  div: reals,
  pow: reals,
  atan2: reals,
  hypot: reals,
  max: numbers,
  min: numbers,
  rem: reals,
  eq: numbers,
  ne: numbers,
  lt: numbers,
  le: numbers,
  gt: numbers,
  ge: numbers,
  and: truths,
  or: truths,
  not: unary("bool"),
  select: (b) => {
    const predicate = b.of("bool")
    const x = b.beside(b.choices.of(["real", "index", "bool"] as const), predicate.shape)
    b.apply("select", {}, [predicate, x, b.beside(x.elementType, predicate.shape, x.shape)])
  },
  clamp: (b) => {
    const x = b.of("real")
    const low = b.beside("real", x.shape)
    b.apply("clamp", {}, [x, low, b.beside("real", x.shape, low.shape)])
  },
  sum: reduction((b) => b.numeric()),
  prod: reduction((b) => b.of("real")),
  reduceMax: reduction((b) => b.numeric()),
  reduceMin: reduction((b) => b.numeric()),
  argmax: argReduction,
  argmin: argReduction,
  any: reduction((b) => b.of("bool")),
  all: reduction((b) => b.of("bool")),
  cumsum: cumulative,
  cumprod: cumulative,
  dot: (b) => {
    // The last axis of the left operand with the first of the right one, or all axes of two operands of one shape.
    const x = b.withAxis("real")
    const strongZero = b.choices.boolean()
    const left = x.shape.map((_, axis) => axis)
    if (b.choices.boolean()) {
      const output = left.filter(() => b.choices.boolean())
      b.apply("dot", { left, right: left, output, strongZero }, [x, b.like(x)])
      return
    }
    const inner = x.shape.at(-1)!
    const y = b.withAxis("real", ({ shape }) => shape[0] === inner)
    const fitting = y.shape[0] === inner ? y : b.constant("real", [inner, 2])
    const right = fitting.shape.map((_, axis) => left.length - 1 + axis)
    const output = [...left.slice(0, -1), ...right.slice(1)].reverse()
    b.apply("dot", { left, right, output, strongZero }, [x, fitting])
  },
  broadcastTo: (b) => {
    const x = b.any()
    const own = x.shape.map((n) => (n === 1 ? b.choices.of([1, 4]) : n))
    b.apply("broadcastTo", { shape: [...b.choices.of([[], [2], [1, 2]]), ...own] }, [x])
  },
  reshape: (b) => {
    const x = b.any()
    b.apply("reshape", { shape: b.choices.of([[Shape.size(x.shape)], [1, ...x.shape], x.shape]) }, [x])
  },
  transpose: (b) => {
    const x = b.any()
    const shift = b.choices.below(6)
    const rank = x.shape.length
    b.apply("transpose", { permutation: x.shape.map((_, axis) => (axis + shift) % rank) }, [x])
  },
  slice: (b) => {
    const x = b.any()
    const starts = x.shape.map((n) => b.choices.below(n + 1))
    const limits = x.shape.map((n, axis) => starts[axis]! + b.choices.below(n - starts[axis]! + 1))
    b.apply("slice", { starts, limits, strides: x.shape.map(() => 1 + b.choices.below(3)) }, [x])
  },
  dynamicSlice: (b) => {
    const x = b.any()
    const sizes = x.shape.map((n) => b.choices.below(n + 1))
    b.apply("dynamicSlice", { sizes }, [x, b.like(Type.index([x.shape.length]))])
  },
  dynamicUpdateSlice: (b) => {
    const x = b.any()
    const update = b.like(
      Type.make(
        x.elementType,
        x.shape.map((n) => b.choices.below(n + 1))
      )
    )
    b.apply("dynamicUpdateSlice", {}, [x, update, b.like(Type.index([x.shape.length]))])
  },
  pad: (b) => {
    const x = b.any()
    const some = () => x.shape.map(() => b.choices.below(3))
    const value = x.elementType === "real" ? b.choices.of(specials) : b.choices.below(2)
    b.apply("pad", { low: some(), high: some(), interior: some(), value }, [x])
  },
  concat: (b) => {
    const x = b.withAxis(b.choices.of(["real", "index", "bool"] as const))
    const operands = Array.from({ length: 1 + b.choices.below(3) }, () => b.like(x))
    b.apply("concat", { axis: b.choices.below(x.shape.length) }, [x, ...operands])
  },
  stack: (b) => {
    const x = b.any()
    const operands = Array.from({ length: b.choices.below(3) }, () => b.like(x))
    b.apply("stack", { axis: b.choices.below(x.shape.length + 1) }, [x, ...operands])
  },
  reverse: reduction((b) => b.any()),
  gather: (b) => {
    const x = b.withAxis(b.choices.of(["real", "index", "bool"] as const))
    b.apply("gather", { axis: b.choices.below(x.shape.length) }, [x, b.of("index")])
  },
  scatterAdd: (b) => {
    const x = b.withAxis(b.choices.boolean() ? "real" : "index")
    const indices = b.of("index")
    const axis = b.choices.below(x.shape.length)
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]
    if (Shape.size(shape) > 10_000) return
    b.apply("scatterAdd", { axis }, [x, indices, b.like(Type.make(x.elementType, shape))])
  },
  triangle: (b) => {
    const x = b.some(({ shape }) => shape.length >= 2, Type.real([3, 3]))
    b.apply("triangle", { upper: b.choices.boolean(), diagonal: b.choices.below(5) - 2 }, [x])
  },
  cholesky: ofMatrix,
  triangularSolve: (b) => {
    const a = square(b)
    const { choices } = b
    const attributes = { upper: choices.boolean(), transposed: choices.boolean(), unitDiagonal: choices.boolean() }
    b.apply("triangularSolve", { ...attributes, strongZero: choices.boolean() }, [a, right(b, a)])
  },
  solve: (b) => {
    const a = square(b)
    b.apply("solve", { strongZero: b.choices.boolean() }, [a, right(b, a)])
  },
  lstsq: (b) => {
    const a = b.some(({ elementType, shape }) => elementType === "real" && shape.length >= 2, Type.real([3, 2]))
    b.apply("lstsq", { strongZero: b.choices.boolean() }, [a, right(b, a)])
  },
  inverse: ofMatrix,
  adjugate: ofMatrix,
  det: ofMatrix,
  detSign: ofMatrix,
  logdet: ofMatrix,
  stopGradient: (b) => b.apply("stopGradient", {}, [b.any()]),
  foldIn: (b) => b.apply("foldIn", {}, [b.like(Type.index([2])), b.of("index")]),
  randomUniform: (b) => b.apply("randomUniform", { shape: b.choices.of(shapes) }, [b.like(Type.index([2]))]),
  randomPermutation: (b) => b.apply("randomPermutation", { size: b.choices.below(20) }, [b.like(Type.index([2]))]),
  ensure: (b) => {
    const x = b.any()
    const ok = b.some(
      ({ elementType, shape }) => elementType === "bool" && Shape.broadcastsTo(shape, x.shape),
      Type.bool([])
    )
    const guard = b.choices.boolean()
      ? ({ _tag: "Domain", operation: "f", domain: "x > 0" } as const)
      : ({ _tag: "NonFinite", source: b.choices.of(["operation", "input", "constant"] as const), name: "g" } as const)
    b.apply("ensure", { guard }, [x, ok])
  },
  after: (b) => b.apply("after", {}, [b.any(), b.any()])
}

const sliceOf = ({ elementType, shape }: Type.Type): Type.Type => Type.make(elementType, shape.slice(1))

/** Up to two arrays with a leading axis of one length, and that length. */
const rowsOf = (b: Builder): { readonly xs: ReadonlyArray<Node>; readonly length: number } => {
  const xs = Array.from({ length: b.choices.below(3) }, () => b.withAxis(b.choices.of(["real", "index", "bool"])))
  const length = xs[0]?.shape[0] ?? b.choices.below(4)
  return { xs: xs.filter(({ shape }) => shape[0] === length), length }
}

/** The same for the control primitives. Loops end: the first state of a `whileLoop` counts its iterations. */
const controlRows: { readonly [K in Primitive.ControlName]: Build } = {
  cond: (b) => {
    const predicate = b.like(Type.bool([]))
    const consts = b.few()
    const whenTrue = b.body(consts, (inner) => inner.few())
    const results = Body.outputTypes(whenTrue)
    const whenFalse = b.choices.below(4) === 0 ? whenTrue : b.body(consts, (inner) => results.map((t) => inner.like(t)))
    b.control("cond", { whenTrue, whenFalse }, [predicate, ...consts])
  },
  scan: (b) => {
    const [consts, init] = [b.few(), b.few()]
    const { length, xs } = rowsOf(b)
    const body = b.body([...consts, ...init, ...xs.map(sliceOf)], (inner) => [
      ...init.map((type) => inner.like(type)),
      ...inner.few()
    ])
    const attributes = {
      body,
      consts: consts.length,
      carries: init.length,
      length,
      reverse: b.choices.boolean(),
      checkpoint: b.choices.of<Primitive.Checkpoint>(["all", "none", "revolve", { every: 2 }, { snapshots: 3 }])
    }
    b.control("scan", attributes, [...consts, ...init, ...xs])
  },
  map: (b) => {
    const consts = b.few()
    const { length, xs } = rowsOf(b)
    const summed = b.choices.below(2)
    const body = b.body([...consts, ...xs.map(sliceOf)], (inner) => [
      ...inner.few(),
      ...(summed === 0 ? [] : [inner.of("real")])
    ])
    b.control("map", { body, consts: consts.length, size: length, summed }, [...consts, ...xs])
  },
  call: (b) => {
    const known = b.bodies.length > 0 && b.choices.boolean() ? b.choices.of(b.bodies) : undefined
    const operands = known === undefined ? b.few() : Body.inputTypes(known).map((type) => b.like(type))
    b.control(
      "call",
      { body: known ?? b.body(operands, (inner) => inner.few()), checkpoint: b.choices.boolean() },
      operands
    )
  },
  whileLoop: (b) => {
    const consts = b.few()
    const trips = b.choices.below(4)
    const operands = [...consts]
    const recorded: Array<Type.Type> = []
    let condition: Body.Body | undefined
    const sweeps = Array.from({ length: 1 + b.choices.below(3) }, (_, k): Primitive.Sweep => {
      const own = [...(k === 0 ? [toNode(Expr.constant(Tensor.index(0)))] : []), ...b.few()]
      operands.push(...own)
      condition ??= b.body([...consts, ...own], (inner) => [
        inner.apply("lt", {}, [inner.pool[consts.length]!, toNode(Expr.constant(Tensor.index(trips)))])
      ])
      const first = consts.length + recorded.length
      const body = b.body([...consts, ...recorded, ...own], (inner) => [
        ...own.map((type, j) =>
          k > 0 || j > 0
            ? inner.like(type)
            : inner.apply("add", {}, [inner.pool[first]!, toNode(Expr.constant(Tensor.index(1)))])
        ),
        ...inner.few()
      ])
      const records = Body.outputTypes(body).slice(own.length)
      recorded.push(...own.map(({ elementType, shape }) => Type.make(elementType, shape)), ...records)
      return { body, states: own.length, records: records.length }
    })
    b.control("whileLoop", { condition: condition!, consts: consts.length, sweeps }, operands)
  },
  custom: (b) => {
    const operands = b.few()
    const body = b.body(operands, (inner) => inner.few())
    const results = Body.outputTypes(body)
    const isReal = ({ elementType }: Type.Type) => elementType === "real"
    const rule = (given: ReadonlyArray<Type.Type>, computed: ReadonlyArray<Type.Type>) =>
      b.body([...operands, ...results, ...given.filter(isReal)], (inner) =>
        computed.filter(isReal).map((type) => inner.like(type))
      )
    const rules = b.choices.of(["jvp", "vjp", "both"] as const)
    const attributes = {
      body,
      ...(rules === "vjp" ? {} : { jvp: rule(operands, results) }),
      ...(rules === "jvp" ? {} : { vjp: rule(results, operands) })
    }
    b.control("custom", attributes, operands)
  },
  qr: (b) => {
    const tall = ({ elementType, shape }: Type.Type) =>
      elementType === "real" && shape.length >= 2 && shape.at(-2)! >= shape.at(-1)!
    b.control("qr", {}, [b.some(tall, Type.real([3, 2]))])
  },
  eigh: (b) => b.control("eigh", {}, [square(b)]),
  root: (b) => {
    const consts = b.few()
    const init = [b.of("real")]
    const find = () => b.body([...consts, ...init], (inner) => init.map((type) => inner.like(type)))
    b.control("root", { residual: find(), solve: find(), consts: consts.length }, [...consts, ...init])
  }
}

// -----------------------------------------------------------------------------
// Arbitraries
// -----------------------------------------------------------------------------

interface Step {
  readonly primitive: Primitive.Name | Primitive.ControlName
  readonly choices: ReadonlyArray<number>
}

const choices: fc.Arbitrary<ReadonlyArray<number>> = fc.array(fc.nat(2 ** 16), { minLength: 17, maxLength: 17 })

const step: fc.Arbitrary<Step> = fc.record({
  primitive: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...Primitive.names) },
    { weight: 2, arbitrary: fc.constantFrom(...Primitive.controlNames) }
  ),
  choices
})

/** Names of fields, those included that mean something to JavaScript. */
const key: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("x", "w", "b", "layer1", "a.b", "a", "", "0", "elementType", "shape", "input", "ünï \u2028"),
  fc.constantFrom("__proto__", "constructor", "prototype", "hasOwnProperty", "toString", "valueOf", "toJSON", "length")
)

const leaf: fc.Arbitrary<Tree.Spec> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...shapes) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(Type.real, Type.index, Type.bool), fc.constantFrom(...shapes))
      .map(([make, shape]) => make(shape))
  }
)

const record = <A>(value: fc.Arbitrary<A>): fc.Arbitrary<{ readonly [key: string]: A }> =>
  fc.array(fc.tuple(key, value), { maxLength: 3 }).map((entries) => Object.fromEntries(entries))

/** A specification of inputs. */
export const spec: fc.Arbitrary<Tree.Spec> = fc.letrec<{ readonly spec: Tree.Spec }>((tie) => ({
  spec: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    leaf,
    record(tie("spec")) as fc.Arbitrary<Tree.Spec>,
    fc.array(tie("spec"), { minLength: 1, maxLength: 3 }) as fc.Arbitrary<Tree.Spec>
  )
})).spec

/** A tree of numbers, each to be taken for something the program computes. */
type Picks = number | ReadonlyArray<Picks> | { readonly [key: string]: Picks }

const picks: fc.Arbitrary<Picks> = fc.letrec<{ readonly picks: Picks }>((tie) => ({
  picks: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    fc.nat(1000),
    record(tie("picks")),
    fc.array(tie("picks"), { minLength: 1, maxLength: 3 })
  )
})).picks

interface Recipe {
  readonly inputs: Tree.Spec
  readonly before: ReadonlyArray<number>
  readonly steps: ReadonlyArray<Step>
  readonly outputs: Picks
}

/** A random program over all primitives, with trees of inputs and outputs, shared nodes, and constants of every kind. */
export const program: fc.Arbitrary<Fn.Any> = fc
  .record({ inputs: spec, before: choices, steps: fc.array(step, { maxLength: 30 }), outputs: picks })
  .map((recipe) => follow(recipe))

/** A random program that ends with a primitive, and gives its (last) result. */
export const programOf = (primitive: Primitive.Name | Primitive.ControlName): fc.Arbitrary<Fn.Any> =>
  fc
    .record({ inputs: spec, before: choices, steps: fc.array(step, { maxLength: 4 }), last: choices })
    .map(({ before, inputs, last, steps }) =>
      follow({ inputs, before, steps: [...steps, { primitive, choices: last }], outputs: 0 })
    )

const follow = ({ before, inputs, outputs, steps }: Recipe): Fn.Any => {
  // Constants, and what is computed of them, may be older than the inputs.
  const captured = new Builder([])
  captured.choices = new Choices(before)
  captured.pool.push(captured.constant("real", captured.choices.of(shapes)))
  if (captured.choices.boolean()) rows.exp(captured, "exp" as never)
  return Fn.make(inputs, (tree) => {
    const builder = new Builder([
      ...captured.pool,
      ...(Tree.flatten(inputs, tree) as ReadonlyArray<Expr.Any>).map(toNode)
    ])
    for (const { choices, primitive } of steps) {
      builder.choices = new Choices(choices)
      const build: Build =
        primitive in rows ? rows[primitive as Primitive.Name] : controlRows[primitive as Primitive.ControlName]
      build(builder, primitive as never)
    }
    const { pool } = builder
    const visit = (picks: Picks): Tree.ExprTree => {
      if (typeof picks === "number") return toExpr(pool[pool.length - 1 - (picks % pool.length)]!) as Expr.AnyOperand
      return Array.isArray(picks)
        ? picks.map(visit)
        : Object.fromEntries(Object.entries(picks).map(([key, child]) => [key, visit(child)]))
    }
    return visit(outputs) as Expr.Expr
  }) as unknown as Fn.Any
}

// -----------------------------------------------------------------------------
// Sameness
// -----------------------------------------------------------------------------

const bytesOf = ({ data }: Tensor.Any): string =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1")

/** Attributes as text; a body as its number among the bodies that were met. */
const attributesOf = (attributes: object, numberOf: (body: Body.Body) => number): string => {
  const write = (value: unknown): unknown =>
    typeof value === "object" && value !== null
      ? "inputNodes" in value
        ? `body ${numberOf(value as Body.Body)}`
        : Array.isArray(value)
          ? value.map(write)
          : Object.entries(value)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([key, child]) => [key, write(child)])
      : typeof value === "number"
        ? Object.is(value, -0)
          ? "-0"
          : String(value)
        : value
  return JSON.stringify(write(attributes))
}

/**
 * How two programs differ, or `undefined`: inputs, outputs, primitives, attributes, bodies, constants to the bit, what is shared, and the order of
 * evaluation of operations. Independent of the encoding.
 */
export const difference = (f: Fn.Any, g: Fn.Any): string | undefined => {
  if (Object.prototype.toString.call(f) !== Object.prototype.toString.call(g)) return "kind"
  if (JSON.stringify([f.inputs, f.outputs]) !== JSON.stringify([g.inputs, g.outputs])) return `${f} and ${g}`
  // Pairs of bodies that should be the same; shared where the other is shared.
  const pairs: Array<readonly [Body.Body, Body.Body]> = [[Fn.toBody(f), Fn.toBody(g)]]
  const numbers = [new Map<Body.Body, number>(), new Map<Body.Body, number>()] as const
  const met: readonly [Array<Body.Body>, Array<Body.Body>] = [[], []]
  const numberIn = (side: 0 | 1) => (body: Body.Body) => {
    if (!numbers[side].has(body)) {
      numbers[side].set(body, numbers[side].size)
      met[side].push(body)
    }
    return numbers[side].get(body)!
  }
  for (let next = 0; next < pairs.length; next++) {
    const found = bodyDifference(...pairs[next]!, numberIn(0), numberIn(1))
    if (found !== undefined) return found
    while (pairs.length <= met[0].length) pairs.push([met[0][pairs.length - 1]!, met[1][pairs.length - 1]!])
  }
  return undefined
}

const bodyDifference = (
  f: Body.Body,
  g: Body.Body,
  numberInF: (body: Body.Body) => number,
  numberInG: (body: Body.Body) => number
): string | undefined => {
  if (f.inputNodes.length !== g.inputNodes.length || f.outputNodes.length !== g.outputNodes.length) {
    return "the number of leaves"
  }
  const partner = new Map<number, number>()
  const reverse = new Map<number, number>()
  const pending: Array<readonly [Node, Node]> = [
    ...f.outputNodes.map((x, i) => [x, g.outputNodes[i]!] as const),
    ...f.inputNodes.map((x, i) => [x, g.inputNodes[i]!] as const)
  ]
  const ordered: Array<readonly [number, number]> = []
  while (pending.length > 0) {
    const [x, y] = pending.pop()!
    const seen = partner.get(x.id)
    if (seen !== undefined || reverse.has(y.id)) {
      if (seen !== y.id || reverse.get(y.id) !== x.id) return `sharing of ${x}`
      continue
    }
    partner.set(x.id, y.id)
    reverse.set(y.id, x.id)
    if (Type.render(x) !== Type.render(y)) return `types ${x} and ${y}`
    if (x._tag !== y._tag) return `${x._tag} and ${y._tag}`
    if (x.label !== y.label) return `labels ${x.label} and ${y.label}`
    if (x.index !== y.index) return `results ${x.index} and ${y.index}`
    if (x.primitive !== y.primitive || x.control?.primitive !== y.control?.primitive) return `${x} and ${y}`
    if (x._tag === "Constant" && bytesOf(x.value!) !== bytesOf(y.value!)) return `constants ${x} and ${y}`
    if (x._tag === "Apply" || x._tag === "Control") {
      const [m, n] = [attributesOf(x.attributes!, numberInF), attributesOf(y.attributes!, numberInG)]
      if (m !== n) return `attributes ${m} and ${n} of ${x}`
      ordered.push([x.id, y.id])
    }
    if (x.operands.length !== y.operands.length) return `the number of operands of ${x}`
    x.operands.forEach((operand, i) => pending.push([operand, y.operands[i]!]))
  }
  ordered.sort(([m], [n]) => m - n)
  const outOfOrder = ordered.some(([, id], i) => i > 0 && ordered[i - 1]![1] >= id)
  return outOfOrder ? "the order of evaluation" : undefined
}

/** About how many elements evaluating a program computes. */
export const work = (f: Fn.Any): number => {
  const known = new Map<Body.Body, number>()
  const ofBody = (body: Body.Body): number => {
    const before = known.get(body)
    if (before !== undefined) return before
    let total = 0
    const seen = new Set<Node>()
    const pending = [...body.outputNodes]
    while (pending.length > 0) {
      const node = pending.pop()!
      if (seen.has(node)) continue
      seen.add(node)
      pending.push(...node.operands)
      total += Shape.size(node.shape) + 1
      if (node._tag !== "Control") continue
      const { length = 4, size = length } = node.attributes as { readonly length?: number; readonly size?: number }
      for (const held of bodiesOf(node.attributes!)) total += (size + 1) * ofBody(held)
    }
    known.set(body, total)
    return total
  }
  return ofBody(Fn.toBody(f))
}
