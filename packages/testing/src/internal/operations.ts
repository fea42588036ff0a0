// The operations that random programs are made of: how each picks its operands, where it is defined, and where it has kinks.

import { Shape, type Type } from "@fluxion/core"
import { type Term, call, indices, list, literal } from "./term.ts"

/** The elements of arrays, one array after the other. */
export interface Elements {
  readonly data: Float64Array
}

/** What an operation may ask for while it is being chosen. Every answer is a function of the instruction, so that programs shrink. */
export interface Draw {
  /** A value of the program that satisfies a condition, or none. */
  readonly pick: (condition?: (shape: Shape.Shape) => boolean) => Operand | undefined
  /** Indices or truth values of which a condition holds, or none: then nothing is drawn. */
  readonly pickDiscrete: (
    condition: (type: Type.Type<"index" | "bool">, elements: Elements) => boolean
  ) => { readonly term: Term; readonly shape: Shape.Shape } | undefined
  /** A number from 0 to `count - 1`. */
  readonly choose: (count: number) => number
  /** What a term computes at the chosen inputs: in a body, each time that it runs. */
  readonly evaluate: (term: Term) => Elements
  readonly maxSize: number
  /** Whether domains are kept, and whether kinks are kept away from. */
  readonly safe: boolean
  readonly avoidKinks: boolean
  /** Whether there are reductions. */
  readonly reductions: boolean
}

/** A value of the program so far: its shape, and its elements at the chosen inputs, for all runs of the body that it is in. */
export interface Operand extends Elements {
  readonly term: Term
  readonly shape: Shape.Shape
}

export interface Operation {
  readonly name: string
  readonly kinks: boolean
  readonly family?: "reduction" | "linear algebra"
  /** The term, or nothing where the operation does not apply here. */
  readonly make: (draw: Draw) => Term | undefined
}

/** The margin that arguments keep from the edges of domains, and from kinks. */
const margin = 0.1

const every = ({ data }: Elements, condition: (x: number) => boolean): boolean => data.every(condition)

/** Where a function is defined, and a way to bring any number there. */
interface Domain {
  readonly holds: (x: number) => boolean
  readonly guard: (term: Term) => Term
}

const softplus =
  (shift: number) =>
  (term: Term): Term =>
    call("add", call("softplus", term), literal(shift))

const positive: Domain = { holds: (x) => x > 0.25, guard: softplus(0.5) }
const nonzero: Domain = { holds: (x) => Math.abs(x) > 0.25, guard: softplus(0.5) }
const aboveMinusOne: Domain = { holds: (x) => x > -0.75, guard: (term) => call("softplus", term) }
const aboveOne: Domain = { holds: (x) => x > 1.25, guard: softplus(1.5) }
const unit: Domain = { holds: (x) => Math.abs(x) < 0.9, guard: (term) => call("mul", literal(0.8), call("tanh", term)) }
const moderate: Domain = { holds: (x) => Math.abs(x) < 3, guard: (term) => call("mul", literal(2), call("tanh", term)) }
const belowHalfPi: Domain = { holds: (x) => Math.abs(x) < 1.2, guard: (term) => call("tanh", term) }

/** The operand, brought into the domain where it is outside. */
const into = (draw: Draw, operand: Operand, domain: Domain | undefined): Term =>
  domain === undefined || !draw.safe || every(operand, domain.holds) ? operand.term : domain.guard(operand.term)

/** Whether a term keeps its distance from zero (the kink of what is being made) at the chosen inputs. */
export const offZero = (draw: Draw, term: () => Term): boolean =>
  !draw.avoidKinks || every(draw.evaluate(term()), (x) => Math.abs(x) > margin)

const smooth = (name: string, make: Operation["make"]): Operation => ({ name, kinks: false, make })
const kinked = (name: string, make: Operation["make"]): Operation => ({ name, kinks: true, make })
const of = (family: NonNullable<Operation["family"]>, operation: Operation): Operation => ({ ...operation, family })

const unary = (name: string, domain?: Domain, ...attributes: ReadonlyArray<(draw: Draw) => Term>): Operation =>
  smooth(name, (draw) => {
    const x = draw.pick()
    return x === undefined
      ? undefined
      : call(name, into(draw, x, domain), ...attributes.map((attribute) => attribute(draw)))
  })

/** A function with a kink where `distance` is zero. */
const unaryWithKink = (name: string, distance: (x: Term) => Term, ...attributes: ReadonlyArray<Term>): Operation =>
  kinked(name, (draw) => {
    const x = draw.pick()
    if (x === undefined || !offZero(draw, () => distance(x.term))) return undefined
    return call(name, x.term, ...attributes)
  })

const broadcast = (a: Shape.Shape, b: Shape.Shape): Shape.Shape | undefined => {
  const rank = Math.max(a.length, b.length)
  const result: Array<number> = []
  for (let i = 0; i < rank; i++) {
    const m = a[a.length - rank + i] ?? 1
    const n = b[b.length - rank + i] ?? 1
    if (m !== n && m !== 1 && n !== 1) return undefined
    result.push(m === 1 ? n : m)
  }
  return result
}

const pickTwo = (draw: Draw): readonly [Operand, Operand] | undefined => {
  const x = draw.pick()
  if (x === undefined) return undefined
  const y = draw.pick((shape) => {
    const result = broadcast(x.shape, shape)
    return result !== undefined && Shape.size(result) <= draw.maxSize
  })
  return y === undefined ? undefined : draw.choose(2) === 0 ? [x, y] : [y, x]
}

const binary = (name: string, left?: Domain, right?: Domain): Operation =>
  smooth(name, (draw) => {
    const pair = pickTwo(draw)
    return pair === undefined ? undefined : call(name, into(draw, pair[0], left), into(draw, pair[1], right))
  })

const binaryWithKink = (name: string, distance: (x: Term, y: Term) => Term): Operation =>
  kinked(name, (draw) => {
    const pair = pickTwo(draw)
    if (pair === undefined || !offZero(draw, () => distance(pair[0].term, pair[1].term))) return undefined
    return call(name, pair[0].term, pair[1].term)
  })

const difference = (x: Term, y: Term): Term => call("sub", x, y)
const fromInteger = (x: Term): Term => call("sub", x, call("round", x))

/** The axes of a reduction: one, several or all, with or without the reduced axes. */
const reductionOptions = (draw: Draw, shape: Shape.Shape): ReadonlyArray<Term> => {
  const keepDims = draw.choose(3) === 0
  const axes = shape.flatMap((_, i) => (draw.choose(2) === 0 ? [i] : []))
  if (axes.length === 0 || axes.length === shape.length) return keepDims ? [literal({ keepDims })] : []
  const axis = axes.length === 1 ? (draw.choose(2) === 0 ? axes[0]! : axes[0]! - shape.length) : axes
  return [literal(keepDims ? { axis, keepDims } : { axis })]
}

const reduction = (
  name: string,
  options: {
    readonly kinks?: boolean
    readonly allows?: (draw: Draw, x: Operand, options: ReadonlyArray<Term>) => boolean
    readonly extra?: object
  } = {}
): Operation => ({
  name,
  kinks: options.kinks ?? false,
  family: "reduction",
  make: (draw) => {
    const x = draw.pick((shape) => Shape.size(shape) > 0)
    if (x === undefined) return undefined
    const attributes = reductionOptions(draw, x.shape)
    if (options.allows !== undefined && !options.allows(draw, x, attributes)) return undefined
    return call(name, x.term, ...attributes)
  }
})

const keepingDims = (attributes: ReadonlyArray<Term>): Term => {
  const given = attributes[0]
  return literal({ ...(given?._tag === "Literal" ? (given.value as object) : {}), keepDims: true })
}

/** Whether just one element of each group comes near its extremum. */
const noTies =
  (name: "reduceMax" | "reduceMin") =>
  (draw: Draw, x: Operand, attributes: ReadonlyArray<Term>): boolean => {
    if (!draw.avoidKinks) return true
    const keep = keepingDims(attributes)
    const distance = call("abs", call("sub", x.term, call(name, x.term, keep)))
    return every(
      draw.evaluate(call("sum", call("toReal", call("lt", distance, literal(margin))), keep)),
      (n) => n === 1
    )
  }

const spread =
  (name: string) =>
  (draw: Draw, x: Operand, attributes: ReadonlyArray<Term>): boolean =>
    !draw.safe || every(draw.evaluate(call(name, x.term, ...attributes)), (s) => s > margin)

const axisOption = (draw: Draw, shape: Shape.Shape, extra: object = {}): ReadonlyArray<Term> => {
  const axis = draw.choose(shape.length)
  const options = { ...(axis === shape.length - 1 && draw.choose(2) === 0 ? {} : { axis }), ...extra }
  return Object.keys(options).length === 0 ? [] : [literal(options)]
}

const alongAxis = (
  name: string,
  allows: (draw: Draw, x: Operand, axis: ReadonlyArray<Term>) => boolean = () => true
): Operation =>
  of(
    "reduction",
    smooth(name, (draw) => {
      const x = draw.pick((shape) => shape.length > 0)
      if (x === undefined) return undefined
      const axis = axisOption(draw, x.shape)
      return allows(draw, x, axis) ? call(name, x.term, ...axis) : undefined
    })
  )

const cumulative = (name: string): Operation =>
  of(
    "reduction",
    smooth(name, (draw) => {
      const x = draw.pick((shape) => shape.length > 0)
      if (x === undefined) return undefined
      return call(name, x.term, ...axisOption(draw, x.shape, draw.choose(2) === 0 ? {} : { reverse: true }))
    })
  )

/** Indices that are given, of a rank, all of them places on an axis of length `n` where domains are kept. */
const givenPlaces = (draw: Draw, n: number, fits: (shape: Shape.Shape) => boolean) =>
  draw.pickDiscrete(
    ({ elementType, shape }, elements) =>
      elementType === "index" && fits(shape) && (!draw.safe || every(elements, (i) => i >= 0 && i < n))
  )

/** A truth value for each element: comparisons, joined by logic now and then, or truth values that are given. */
export const predicate = (draw: Draw): { readonly term: Term; readonly shape: Shape.Shape } | undefined => {
  const given = draw.pickDiscrete(({ elementType }) => elementType === "bool")
  const one = (): { readonly term: Term; readonly shape: Shape.Shape } | undefined => {
    if (given !== undefined && draw.choose(2) === 0) return given
    const x = draw.pick()
    if (x === undefined) return undefined
    if (draw.choose(8) === 0) return { term: call("isFinite", x.term), shape: x.shape }
    const name = ["gt", "lt", "ge", "le", "eq", "ne"][draw.choose(6)]!
    const threshold = literal([0, 0.5, -1][draw.choose(3)]!)
    if (!offZero(draw, () => difference(x.term, threshold))) return undefined
    return { term: call(name, x.term, threshold), shape: x.shape }
  }
  const first = one()
  if (first === undefined) return undefined
  switch (draw.choose(6)) {
    case 0:
      return { term: call("not", first.term), shape: first.shape }
    case 1: {
      const second = one()
      const shape = second === undefined ? undefined : broadcast(first.shape, second.shape)
      if (second === undefined || shape === undefined || Shape.size(shape) > draw.maxSize) return first
      return { term: call(draw.choose(2) === 0 ? "and" : "or", first.term, second.term), shape }
    }
    case 2:
      if (!draw.reductions) return first
      return { term: call(draw.choose(2) === 0 ? "any" : "all", first.term), shape: [] }
    default:
      return first
  }
}

const letters = "abcdefghijkl"

/** Any contraction of two operands: axes of equal length may be joined, within an operand too (a diagonal), and any axis may be summed. */
const einsum = smooth("einsum", (draw) => {
  const [x, y] = [draw.pick(), draw.pick()]
  if (x === undefined || y === undefined) return undefined
  const sizes: Array<number> = []
  const label = (shape: Shape.Shape): string =>
    shape
      .map((n) => {
        const known = sizes.flatMap((m, i) => (m === n ? [i] : []))
        if (known.length > 0 && draw.choose(3) !== 0) return letters[known[draw.choose(known.length)]!]!
        sizes.push(n)
        return letters[sizes.length - 1]!
      })
      .join("")
  const [left, right] = [label(x.shape), label(y.shape)]
  const output: Array<number> = []
  sizes.forEach((_, i) => {
    if (draw.choose(2) === 0) output.splice(draw.choose(output.length + 1), 0, i)
  })
  if (output.reduce((size, i) => size * sizes[i]!, 1) > draw.maxSize) return undefined
  return call("einsum", literal(`${left},${right}->${output.map((i) => letters[i]).join("")}`), x.term, y.term)
})

const window = (draw: Draw, shape: Shape.Shape) => {
  const starts = shape.map((n) => draw.choose(n + 1))
  const limits = shape.map((n, i) => starts[i]! + draw.choose(n - starts[i]! + 1))
  // Windows with nothing in them are allowed, but rare.
  return shape.map(
    (n, i) => (limits[i]! > starts[i]! || draw.choose(8) === 0 ? [starts[i]!, limits[i]!] : [0, n]) as [number, number]
  )
}

export const nonEmpty = (shape: Shape.Shape): boolean => shape.length > 0 && Shape.size(shape) > 0

/** Places on an axis of length `n`, as an array of rank 0 to 2: constants, or indices that are given. */
const places = (draw: Draw, n: number): { readonly term: Term; readonly shape: Shape.Shape } => {
  const given = givenPlaces(draw, n, (shape) => shape.length <= 2)
  if (given !== undefined && draw.choose(4) !== 3) return given
  const one = () => draw.choose(n)
  switch (draw.choose(4)) {
    case 0:
      return { term: indices(one()), shape: [] }
    case 1:
      return {
        term: indices([
          [one(), one()],
          [one(), one()]
        ]),
        shape: [2, 2]
      }
    default: {
      const count = 1 + draw.choose(4)
      return { term: indices(Array.from({ length: count }, one)), shape: [count] }
    }
  }
}

/**
 * A matrix near the identity: `I + x / c`, with a number `c` that is large beside the elements of `x` at the chosen inputs. Square ones are well
 * conditioned and have a positive definite symmetric part, and rectangular ones have full rank.
 */
const nearIdentity = (x: Operand): Term => {
  const [m, n] = x.shape.slice(-2) as [number, number]
  const largest = x.data.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  const scale = Math.ceil(1 + 2 * Math.max(m, n) * largest)
  const eye = Array.from({ length: m }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)))
  return call("add", call("constant", literal(eye)), call("div", x.term, literal(scale)))
}

const isMatrix = (shape: Shape.Shape): boolean => shape.length >= 2 && Shape.size(shape) > 0
const isSquare = (shape: Shape.Shape): boolean => isMatrix(shape) && shape.at(-1) === shape.at(-2)

const ofMatrix = (name: string): Operation =>
  of(
    "linear algebra",
    smooth(name, (draw) => {
      const x = draw.pick(isSquare)
      return x === undefined ? undefined : call(name, draw.safe ? nearIdentity(x) : x.term)
    })
  )

const solving = (
  name: string,
  fits: (shape: Shape.Shape) => boolean,
  options: (draw: Draw) => ReadonlyArray<Term>
): Operation =>
  of(
    "linear algebra",
    smooth(name, (draw) => {
      const a = draw.pick(fits)
      if (a === undefined) return undefined
      const rows = a.shape.at(-2)!
      const b = draw.pick((shape) => {
        if (shape.length === 0 || rows !== (shape.length === 1 ? shape[0] : shape.at(-2))) return false
        const batch = broadcast(a.shape.slice(0, -2), shape.slice(0, -2))
        const columns = shape.length === 1 ? 1 : shape.at(-1)!
        return batch !== undefined && Shape.size(batch) * a.shape.at(-1)! * columns <= draw.maxSize
      })
      return b === undefined ? undefined : call(name, draw.safe ? nearIdentity(a) : a.term, b.term, ...options(draw))
    })
  )

/** All operations; earlier ones are simpler, and what programs shrink to. */
export const operations: ReadonlyArray<Operation> = [
  binary("add"),
  binary("mul"),
  binary("sub"),
  unary("neg"),
  unary("sin"),
  unary("cos"),
  unary("square"),
  unary("exp", moderate),
  unary("tanh"),
  binary("div", undefined, nonzero),
  unary("log", positive),
  unary("sqrt", positive),
  unary("expm1", moderate),
  unary("log1p", aboveMinusOne),
  unary("log2", positive),
  unary("log10", positive),
  unary("cbrt", nonzero),
  unary("tan", belowHalfPi),
  unary("asin", unit),
  unary("acos", unit),
  unary("atan"),
  unary("sinh", moderate),
  unary("cosh", moderate),
  unary("asinh"),
  unary("acosh", aboveOne),
  unary("atanh", unit),
  unary("erf"),
  unary("erfc"),
  unary("lgamma", positive),
  unary("digamma", positive),
  unary("polygamma", positive, (draw) => literal(1 + draw.choose(3))),
  unary("sigmoid"),
  unary("softplus"),
  unary("reciprocal", nonzero),
  unary("logSigmoid"),
  unary("silu"),
  unary("gelu"),
  unary("geluTanh"),
  unary("sinc"),
  unaryWithKink("abs", (x) => x),
  unaryWithKink("relu", (x) => x),
  unaryWithKink("leakyRelu", (x) => x),
  unaryWithKink("leakyRelu", (x) => x, literal(0.2)),
  unaryWithKink("elu", (x) => x),
  unaryWithKink("huber", (x) => call("sub", call("abs", x), literal(1)), literal(1)),
  unaryWithKink("sign", (x) => x),
  unaryWithKink("floor", fromInteger),
  unaryWithKink("ceil", fromInteger),
  unaryWithKink("round", (x) => fromInteger(call("add", x, literal(0.5)))),
  binary("mulStrongZero"),
  binary("pow", positive, moderate),
  smooth("pow", (draw) => {
    const x = draw.pick()
    const exponent = [2, 3, 0, 1, -1, 0.5][draw.choose(6)]!
    if (x === undefined) return undefined
    const whole = Number.isInteger(exponent) && exponent >= 0
    return call("pow", into(draw, x, whole ? undefined : positive), literal(exponent))
  }),
  binary("atan2", nonzero),
  binary("hypot", nonzero),
  binary("logAddExp"),
  binary("xlogy", undefined, positive),
  binaryWithKink("max", difference),
  binaryWithKink("min", difference),
  kinked("rem", (draw) => {
    const pair = pickTwo(draw)
    if (pair === undefined) return undefined
    const [x, y] = [pair[0].term, into(draw, pair[1], nonzero)]
    return offZero(draw, () => fromInteger(call("div", x, y))) ? call("rem", x, y) : undefined
  }),
  kinked("clamp", (draw) => {
    const x = draw.pick()
    if (x === undefined) return undefined
    const [low, high] = [literal(-1), literal(1.5)]
    const apart = offZero(draw, () => difference(x.term, low)) && offZero(draw, () => difference(x.term, high))
    return apart ? call("clamp", x.term, low, high) : undefined
  }),
  kinked("select", (draw) => {
    const [p, pair] = [predicate(draw), pickTwo(draw)]
    if (p === undefined || pair === undefined) return undefined
    const shape = broadcast(p.shape, broadcast(pair[0].shape, pair[1].shape)!)
    if (shape === undefined || Shape.size(shape) > draw.maxSize) return undefined
    return call("select", p.term, pair[0].term, pair[1].term)
  }),
  kinked("toReal", (draw) => {
    const p = predicate(draw)
    return p === undefined ? undefined : call("toReal", p.term)
  }),
  reduction("sum"),
  reduction("mean"),
  reduction("prod"),
  reduction("variance"),
  reduction("standardDeviation", { allows: spread("standardDeviation") }),
  reduction("norm", { allows: spread("norm") }),
  reduction("logSumExp"),
  reduction("reduceMax", { kinks: true, allows: noTies("reduceMax") }),
  reduction("reduceMin", { kinks: true, allows: noTies("reduceMin") }),
  cumulative("cumsum"),
  cumulative("cumprod"),
  alongAxis("softmax"),
  alongAxis("logSoftmax"),
  alongAxis("layerNorm", (draw, x, axis) =>
    spread("standardDeviation")(draw, x, axis.length === 0 ? [literal({ axis: -1 })] : axis)
  ),
  of(
    "reduction",
    smooth("crossEntropy", (draw) => {
      const logits = draw.pick(nonEmpty)
      if (logits === undefined) return undefined
      if (draw.choose(2) === 0 && logits.shape.length === 2) {
        const given = givenPlaces(draw, logits.shape[1]!, (shape) => Shape.equals(shape, logits.shape.slice(0, 1)))
        if (given !== undefined) return call("crossEntropy", logits.term, given.term)
        const labels = Array.from({ length: logits.shape[0]! }, () => draw.choose(logits.shape[1]!))
        return call("crossEntropy", logits.term, indices(labels))
      }
      const target = draw.pick((shape) => Shape.equals(shape, logits.shape))
      return target === undefined ? undefined : call("crossEntropy", logits.term, call("softmax", target.term))
    })
  ),
  einsum,
  smooth("matmul", (draw) => {
    const x = draw.pick((shape) => shape.length > 0)
    const y =
      x === undefined
        ? undefined
        : draw.pick((shape) => {
            if (shape.length === 0 || x.shape.at(-1) !== (shape.length === 1 ? shape[0] : shape.at(-2))) return false
            const batch = broadcast(x.shape.slice(0, -2), shape.slice(0, -2))
            return batch !== undefined && Shape.size(batch) * (x.shape.at(-2) ?? 1) * shape.at(-1)! <= draw.maxSize
          })
    return x === undefined || y === undefined ? undefined : call("matmul", x.term, y.term)
  }),
  smooth("dot", (draw) => {
    const x = draw.pick()
    const y = x === undefined ? undefined : draw.pick((shape) => Shape.equals(shape, x.shape))
    return x === undefined || y === undefined ? undefined : call("dot", x.term, y.term)
  }),
  smooth("outer", (draw) => {
    const x = draw.pick((shape) => shape.length <= 2)
    const y =
      x === undefined
        ? undefined
        : draw.pick((shape) => shape.length <= 2 && Shape.size(shape) * Shape.size(x.shape) <= draw.maxSize)
    return x === undefined || y === undefined ? undefined : call("outer", x.term, y.term)
  }),
  smooth("broadcastTo", (draw) => {
    const x = draw.pick((shape) => shape.length < 4)
    if (x === undefined) return undefined
    const grown = x.shape.map((n) => (n === 1 ? 1 + draw.choose(3) : n))
    const target = x.shape.length < 3 && draw.choose(2) === 0 ? [2, ...grown] : grown
    return Shape.size(target) > draw.maxSize ? undefined : call("broadcastTo", x.term, literal(target))
  }),
  smooth("reshape", (draw) => {
    const x = draw.pick((shape) => Shape.size(shape) > 0)
    if (x === undefined) return undefined
    const size = Shape.size(x.shape)
    const divisors = Array.from({ length: size }, (_, i) => i + 1).filter((n) => size % n === 0)
    const rows = divisors[draw.choose(divisors.length)]!
    return call("reshape", x.term, literal([[rows, size / rows], [-1], [rows, -1], [...x.shape, 1]][draw.choose(4)]!))
  }),
  smooth("transpose", (draw) => {
    const x = draw.pick((shape) => shape.length > 1)
    if (x === undefined) return undefined
    if (draw.choose(3) === 0) return call("transpose", x.term)
    const permutation: Array<number> = []
    x.shape.forEach((_, i) => permutation.splice(draw.choose(i + 1), 0, i))
    return call("transpose", x.term, literal(permutation))
  }),
  smooth("slice", (draw) => {
    const x = draw.pick(nonEmpty)
    if (x === undefined) return undefined
    const bounds = window(draw, x.shape)
    const strides = x.shape.map(() => 1 + draw.choose(2))
    return call(
      "slice",
      x.term,
      literal({
        starts: bounds.map(([start]) => start),
        limits: bounds.map(([, limit]) => limit),
        ...(strides.every((stride) => stride === 1) ? {} : { strides })
      })
    )
  }),
  smooth("at", (draw) => {
    const x = draw.pick(nonEmpty)
    if (x === undefined) return undefined
    const axis = draw.choose(x.shape.length)
    return call("at", x.term, literal(draw.choose(x.shape[axis]!)), literal(axis))
  }),
  smooth("dynamicSlice", (draw) => {
    const x = draw.pick(nonEmpty)
    if (x === undefined) return undefined
    const starts = x.shape.map((n) => draw.choose(n + 2) - 1)
    return call("dynamicSlice", x.term, indices(starts), literal(x.shape.map((n) => 1 + draw.choose(n))))
  }),
  smooth("dynamicUpdateSlice", (draw) => {
    const x = draw.pick(nonEmpty)
    const update =
      x === undefined
        ? undefined
        : draw.pick((shape) => shape.length === x.shape.length && shape.every((n, i) => n <= x.shape[i]!))
    if (x === undefined || update === undefined) return undefined
    return call("dynamicUpdateSlice", x.term, update.term, indices(x.shape.map((n) => draw.choose(n + 2) - 1)))
  }),
  smooth("pad", (draw) => {
    const x = draw.pick((shape) => shape.length > 0)
    if (x === undefined) return undefined
    const widths = () => x.shape.map(() => draw.choose(3))
    const [low, high, interior] = [widths(), widths(), x.shape.map(() => draw.choose(2))]
    const padded = x.shape.map((n, i) => n + low[i]! + high[i]! + Math.max(0, n - 1) * interior[i]!)
    if (Shape.size(padded) > draw.maxSize) return undefined
    return call("pad", x.term, literal({ low, high, interior, ...(draw.choose(2) === 0 ? {} : { value: 0.5 }) }))
  }),
  smooth("concat", (draw) => {
    const x = draw.pick((shape) => shape.length > 0)
    if (x === undefined) return undefined
    const axis = draw.choose(x.shape.length)
    const fits = (shape: Shape.Shape) =>
      shape.length === x.shape.length &&
      shape.every((n, i) => i === axis || n === x.shape[i]) &&
      Shape.size(shape) + Shape.size(x.shape) <= draw.maxSize
    const y = draw.pick(fits)
    return y === undefined ? undefined : call("concat", list(x.term, y.term), literal(axis))
  }),
  smooth("stack", (draw) => {
    const x = draw.pick((shape) => shape.length < 3 && 2 * Shape.size(shape) <= draw.maxSize)
    const y = x === undefined ? undefined : draw.pick((shape) => Shape.equals(shape, x.shape))
    return x === undefined || y === undefined
      ? undefined
      : call("stack", list(x.term, y.term), literal(draw.choose(x.shape.length + 1)))
  }),
  smooth("reverse", (draw) => {
    const x = draw.pick((shape) => shape.length > 0)
    if (x === undefined) return undefined
    return call("reverse", x.term, ...(draw.choose(2) === 0 ? [] : [literal(draw.choose(x.shape.length))]))
  }),
  smooth("gather", (draw) => {
    const x = draw.pick(nonEmpty)
    if (x === undefined) return undefined
    const axis = draw.choose(x.shape.length)
    const at = places(draw, x.shape[axis]!)
    if (Shape.size(x.shape.toSpliced(axis, 1, ...at.shape)) > draw.maxSize) return undefined
    return call("gather", x.term, at.term, literal(axis))
  }),
  smooth("scatterAdd", (draw) => {
    const x = draw.pick(nonEmpty)
    const updates = x === undefined ? undefined : draw.pick((shape) => Shape.equals(shape, x.shape))
    if (x === undefined || updates === undefined) return undefined
    const axis = draw.choose(x.shape.length)
    // As many updates as there are places, at repeated places and places out of range.
    const n = x.shape[axis]!
    const at = Array.from({ length: n }, () => draw.choose(n + 2) - 1)
    return call("scatterAdd", x.term, indices(at), updates.term, literal(axis))
  }),
  ...["tril", "triu"].map((name) =>
    smooth(name, (draw) => {
      const x = draw.pick((shape) => shape.length >= 2)
      const diagonal = draw.choose(3) - 1
      return x === undefined ? undefined : call(name, x.term, ...(diagonal === 0 ? [] : [literal(diagonal)]))
    })
  ),
  ...["diagonal", "trace"]
    .map((name) =>
      smooth(name, (draw) => {
        const x = draw.pick((shape) => shape.length === 2 && shape[0] === shape[1])
        return x === undefined ? undefined : call(name, x.term)
      })
    )
    .map((operation) => (operation.name === "trace" ? of("reduction", operation) : operation)),
  ofMatrix("inverse"),
  ofMatrix("cholesky"),
  ofMatrix("logdet"),
  ofMatrix("det"),
  ofMatrix("adjugate"),
  of(
    "linear algebra",
    kinked("detSign", (draw) => {
      const x = draw.pick(isSquare)
      return x === undefined || !offZero(draw, () => call("det", x.term)) ? undefined : call("detSign", x.term)
    })
  ),
  solving("solve", isSquare, () => []),
  solving("triangularSolve", isSquare, (draw) => {
    const flags = ["upper", "transposed", "unitDiagonal"].filter(() => draw.choose(2) === 1)
    return flags.length === 0 ? [] : [literal(Object.fromEntries(flags.map((flag) => [flag, true])))]
  }),
  solving("lstsq", isMatrix, () => []),
  smooth("expandDims", (draw) => {
    const x = draw.pick((shape) => shape.length < 3)
    return x === undefined ? undefined : call("expandDims", x.term, literal(draw.choose(x.shape.length + 1)))
  }),
  smooth("squeeze", (draw) => {
    const x = draw.pick((shape) => shape.includes(1))
    return x === undefined ? undefined : call("squeeze", x.term, literal(x.shape.indexOf(1)))
  }),
  ...["argmax", "argmin"].map((name) =>
    of(
      "reduction",
      kinked(name, (draw) => {
        const x = draw.pick(nonEmpty)
        if (x === undefined) return undefined
        const axis = draw.choose(x.shape.length)
        if (!noTies(name === "argmax" ? "reduceMax" : "reduceMin")(draw, x, [literal({ axis })])) return undefined
        const position = call(name, x.term, literal(axis))
        const y = draw.pick((shape) => shape.length > 0 && shape[0] === x.shape[axis])
        if (y === undefined || draw.choose(2) === 0) {
          const size = (Shape.size(x.shape) / x.shape[axis]!) * 2
          return size > draw.maxSize ? undefined : call("oneHot", position, literal(2))
        }
        const gathered = [...x.shape.toSpliced(axis, 1), ...y.shape.slice(1)]
        return Shape.size(gathered) > draw.maxSize ? undefined : call("gather", y.term, position)
      })
    )
  ),
  kinked("toIndex", (draw) => {
    const x = draw.pick(nonEmpty)
    const place = draw.pick((shape) => shape.length === 0)
    if (x === undefined || place === undefined) return undefined
    const position = call("mul", literal(x.shape[0]), call("sigmoid", place.term))
    return offZero(draw, () => fromInteger(position)) ? call("gather", x.term, call("toIndex", position)) : undefined
  })
]

/** What else there is where indices or truth values are given. */
export const conversions: ReadonlyArray<Operation> = [
  smooth("toReal", (draw) => {
    const x = draw.pickDiscrete(({ shape }) => Shape.size(shape) <= draw.maxSize)
    return x === undefined ? undefined : call("toReal", x.term)
  })
]
