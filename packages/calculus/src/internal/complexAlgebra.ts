// The algebra of complex numbers: values are pairs of tensors. Real parts are the values of the program itself, imaginary parts so small that their
// squares are below rounding (J. R. R. A. Martins, P. Sturdza and J. J. Alonso, "The complex-step derivative approximation", ACM TOMS 29, 2003).

import {
  type Algebra,
  Body,
  CallSite,
  type Failure,
  Interpreter,
  type Primitive,
  Shape,
  Tensor,
  Type
} from "@fluxion/core"
import { rules as sparsityRules } from "../rules/sparsity/index.ts"
import { binary, type Imaginary1, type Imaginary2, isSingularity, polygammaOf, unary } from "./complexFunctions.ts"
import * as Matrices from "./complexMatrices.ts"

/**
 * A value; `im` is `undefined` where it does not vary. An element of `im` is NaN where the program is not analytic; `obstacle` says why. So a branch that is not
 * taken, or a factor of zero, leaves the others alone.
 */
export interface Complex {
  readonly re: Tensor.Any
  readonly im: Float64Array | undefined
  /** Where it varies at all: 1, otherwise 0. A square at 0 varies, with an imaginary part of 0. */
  readonly varies?: Float64Array | undefined
  readonly obstacle?: Obstacle | undefined
}

/** A primitive that is not analytic at its operands, or not continued to complex numbers at all. */
export interface Obstacle {
  readonly primitive: string
  readonly operands: ReadonlyArray<number>
  readonly index: ReadonlyArray<number>
  readonly reason: string
  readonly path: ReadonlyArray<Failure.PathSegment>
  readonly site: string | undefined
}

let places: ReadonlyArray<Failure.PathSegment> = []

const obstacleAt = (
  primitive: string,
  operands: ReadonlyArray<number>,
  index: ReadonlyArray<number>,
  reason: string
): Obstacle => ({ primitive, operands, index, reason, path: places, site: CallSite.inherited() ?? undefined })

const within = <A>(control: Failure.PathSegment["control"], index: number, f: () => A): A => {
  const before = places
  places = [...before, { control, index }]
  try {
    return f()
  } finally {
    places = before
  }
}

export const indexOf = (flat: number, shape: Shape.Shape): ReadonlyArray<number> => {
  const index: Array<number> = []
  let rest = flat
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]!)
    rest = Math.floor(rest / shape[axis]!)
  }
  return index
}

const real = (re: Tensor.Any): Complex => ({ re, im: undefined })

const evaluate = (primitive: Primitive.Name, attributes: object, operands: ReadonlyArray<Tensor.Any>): Tensor.Any =>
  Interpreter.algebra.apply(primitive, attributes as never, operands as never)

const imaginary = ({ im, re }: Complex): Tensor.Any =>
  Tensor.fromArray(im ?? new Float64Array(re.data.length), re.shape)

interface Call {
  readonly primitive: Primitive.Name
  readonly attributes: object
  readonly operands: ReadonlyArray<Complex>
  /** The value of the program. */
  readonly re: Tensor.Any
  /** Where the result varies. */
  readonly varies: Float64Array
  /** Takes note of an obstacle, and gives what is in its place. */
  readonly stop: (operands: ReadonlyArray<number>, index: ReadonlyArray<number>, reason: string) => number
}

type Rule = (call: Call) => Float64Array | undefined

const repeated = (x: Tensor.Any, shape: Shape.Shape): ArrayLike<number> =>
  Shape.equals(x.shape, shape) ? x.data : evaluate("broadcastTo", { shape }, [x]).data

const zeros = (n: number): Float64Array => new Float64Array(n)

/**
 * Element by element; one that does not vary is left out, and so meets no infinite factor. One that varies only to higher order meets poles and branch points, but
 * no corners.
 */
const elementwise =
  (im: (parts: ReadonlyArray<number>, value: number, stop: (reason: string) => number) => number): Rule =>
  ({ operands, re, stop, varies }) => {
    const parts = operands.flatMap((operand) => [
      repeated(operand.re, re.shape),
      operand.im === undefined ? zeros(re.data.length) : repeated(imaginary(operand), re.shape)
    ])
    const out = zeros(re.data.length)
    for (let e = 0; e < out.length; e++) {
      const own = parts.map((part) => part[e]!)
      if (varies[e] === 0) continue
      const flat = own.every((x, i) => i % 2 === 0 || x === 0)
      const value = re.data[e]!
      const halt = (reason: string): number => {
        const at = own.filter((_, i) => i % 2 === 0)
        return flat && !isSingularity(reason) ? 0 : stop(at, indexOf(e, re.shape), reason)
      }
      out[e] = Number.isNaN(value) ? Number.NaN : im(own, value, halt)
    }
    return out
  }

const ofOne = (f: Imaginary1): Rule => elementwise(([a, b], value, stop) => f(a!, b!, value, stop))
const ofTwo = (f: Imaginary2): Rule => elementwise(([a, b, c, d], value, stop) => f(a!, b!, c!, d!, value, stop))

const constant: Rule = () => undefined

/** A linear primitive takes imaginary parts to imaginary parts; operands that are not real are read as they are. */
const linear: Rule = ({ attributes, operands, primitive }) => {
  const parts = operands.map((operand) => (operand.re.elementType === "real" ? imaginary(operand) : operand.re))
  return evaluate(primitive, attributes, parts).data as Float64Array
}

const first: Rule = ({ operands: [x] }) => x!.im

/** Products of real and imaginary parts, crosswise. */
const bilinear: Rule = ({ attributes, operands, primitive, re }) => {
  const [x, y] = operands as readonly [Complex, Complex]
  const strong = { ...attributes, strongZero: true }
  const out = zeros(re.data.length)
  const accumulate = (a: Tensor.Any, b: Tensor.Any): void => {
    const { data } = evaluate(primitive, strong, [a, b])
    for (let e = 0; e < out.length; e++) out[e]! += data[e]!
  }
  if (x.im !== undefined) accumulate(imaginary(x), y.re)
  if (y.im !== undefined) accumulate(x.re, imaginary(y))
  return out
}

/** Index out of range reads a constant. */
const gather: Rule = ({ attributes, operands, primitive, re }) => {
  const [x, indices] = operands as readonly [Complex, Complex]
  const there = evaluate(primitive, attributes, [Tensor.zeros(x.re.shape), indices.re]).data
  const read = evaluate(primitive, attributes, [imaginary(x), indices.re]).data
  return Float64Array.from({ length: re.data.length }, (_, e) => (there[e] === 0 ? read[e]! : 0))
}

/** The elements that a reduction takes together, each list in order. */
const groups = ({ attributes, operands, re }: Call): ReadonlyArray<ReadonlyArray<number>> => {
  const { axes } = attributes as Primitive.ReductionAttributes
  const { shape } = operands[0]!.re
  const places = Tensor.fromArray(
    Float64Array.from({ length: re.data.length }, (_, e) => e),
    Shape.reduce(shape, axes, true)
  )
  const targets = evaluate("broadcastTo", { shape }, [places]).data
  const found: ReadonlyArray<Array<number>> = Array.from({ length: re.data.length }, () => [])
  for (let e = 0; e < targets.length; e++) found[targets[e]!]!.push(e)
  return found
}

const product: Rule = (call) => {
  const [x] = call.operands
  return Float64Array.from(groups(call), (elements) => {
    const factors = elements.map((e): Matrices.Complex => [x!.re.data[e]!, x!.im![e]!])
    return factors.reduce<Matrices.Complex>(Matrices.multiply, [1, 0])[1]
  })
}

const extreme: Rule = (call) => {
  const [x] = call.operands
  return Float64Array.from(groups(call), (elements, r) => {
    const value = call.re.data[r]!
    if (Number.isNaN(value)) return elements.some((e) => x!.im![e] !== 0) ? Number.NaN : 0
    const chosen = elements.filter((e) => x!.re.data[e] === value).map((e) => x!.im![e]!)
    if (chosen.some((im) => im !== chosen[0])) {
      return call.stop(
        elements.map((e) => x!.re.data[e]!),
        indexOf(r, call.re.shape),
        "a tie"
      )
    }
    return chosen[0] ?? 0
  })
}

const cumulativeProduct: Rule = ({ attributes, operands: [x], re }) => {
  const { axis, reverse } = attributes as Primitive.CumulativeAttributes
  const length = re.shape[axis]!
  const stride = Shape.size(re.shape.slice(axis + 1))
  const out = zeros(re.data.length)
  for (let e = 0; e < out.length; e++) {
    if (Math.floor(e / stride) % length !== 0) continue
    let running: Matrices.Complex = [1, 0]
    for (let k = 0; k < length; k++) {
      const at = e + (reverse ? length - 1 - k : k) * stride
      running = Matrices.multiply(running, [x!.re.data[at]!, x!.im![at]!])
      out[at] = running[1]
    }
  }
  return out
}

const clamp: Rule = elementwise(([x, xi, low, lowi, high, highi], _value, stop) => {
  const inner = binary.max(x!, xi!, low!, lowi!, 0, stop)
  return binary.min(Math.max(x!, low!), inner, high!, highi!, 0, stop)
})

const select: Rule = ({ operands, re }) => {
  const [predicate, whenTrue, whenFalse] = operands as readonly [Complex, Complex, Complex]
  const parts = [predicate.re, imaginary(whenTrue), imaginary(whenFalse)]
  const shape = re.shape
  return evaluate(
    "select",
    {},
    parts.map((part) => (Shape.equals(part.shape, shape) ? part : evaluate("broadcastTo", { shape }, [part])))
  ).data as Float64Array
}

/** The matrices in the last two axes. */
const matricesOf = (x: Complex): ReadonlyArray<Matrices.Matrix> => {
  const { data, shape } = x.re
  const [rows, columns] = shape.slice(-2) as [number, number]
  return Array.from({ length: Shape.size(shape.slice(0, -2)) }, (_, m) => ({
    columns,
    elements: Array.from({ length: rows * columns }, (_, e): Matrices.Complex => {
      const at = m * rows * columns + e
      return [data[at]!, x.im === undefined ? 0 : x.im[at]!]
    })
  }))
}

const imaginaryOf = (matrices: ReadonlyArray<Matrices.Matrix>): Float64Array =>
  Float64Array.from(matrices.flatMap(({ elements }) => elements.map(([, im]) => im)))

/** On each matrix of a batch (with its right-hand sides); a singular one is no place to divide by. */
const onMatrices =
  (
    compute: (matrix: Matrices.Matrix, right: Matrices.Matrix, attributes: object) => Matrices.Matrix,
    singular?: (matrix: Matrices.Matrix, attributes: object) => boolean
  ): Rule =>
  ({ attributes, operands, re, stop }) => {
    const [a, b] = operands.map(matricesOf)
    const batch = operands[0]!.re.shape.slice(0, -2)
    const size = re.data.length / a!.length
    return imaginaryOf(
      a!.map((matrix, m) => {
        const right = b?.[m] ?? { columns: 0, elements: [] }
        if ([...matrix.elements, ...right.elements].every(([, im]) => im === 0)) return constants(size, 0)
        if (singular?.(matrix, attributes) !== true) return compute(matrix, right, attributes)
        const elements = matrix.elements.map(([x]) => x)
        return constants(size, stop(elements, indexOf(m, batch), "a singular matrix"))
      })
    )
  }

const constants = (count: number, im: number): Matrices.Matrix => ({
  columns: count,
  elements: Array.from({ length: count }, () => [0, im])
})

const isSingular = (matrix: Matrices.Matrix): boolean => Matrices.factor(matrix).singular

const hasZeroDiagonal = ({ columns, elements }: Matrices.Matrix, attributes: object): boolean =>
  !(attributes as Primitive.TriangularSolveAttributes).unitDiagonal &&
  elements.some(([re], e) => e % (columns + 1) === 0 && re === 0)

const single = (im: number): Matrices.Matrix => constants(1, im)

const rules: { readonly [K in Primitive.Name]: Rule } = {
  neg: linear,
  abs: ofOne(unary.abs),
  sign: ofOne(unary.sign),
  exp: ofOne(unary.exp),
  expm1: ofOne(unary.expm1),
  log: ofOne(unary.log),
  log1p: ofOne(unary.log1p),
  sqrt: ofOne(unary.sqrt),
  cbrt: ofOne(unary.cbrt),
  sin: ofOne(unary.sin),
  cos: ofOne(unary.cos),
  tan: ofOne(unary.tan),
  asin: ofOne(unary.asin),
  acos: ofOne(unary.acos),
  atan: ofOne(unary.atan),
  sinh: ofOne(unary.sinh),
  cosh: ofOne(unary.cosh),
  tanh: ofOne(unary.tanh),
  asinh: ofOne(unary.asinh),
  acosh: ofOne(unary.acosh),
  atanh: ofOne(unary.atanh),
  erf: ofOne(unary.erf),
  erfc: ofOne(unary.erfc),
  lgamma: ofOne(unary.lgamma),
  digamma: ofOne(unary.digamma),
  polygamma: (call) => ofOne(polygammaOf((call.attributes as Primitive.Attributes<"polygamma">).order))(call),
  sigmoid: ofOne(unary.sigmoid),
  softplus: ofOne(unary.softplus),
  relu: ofOne(unary.relu),
  floor: ofOne(unary.floor),
  ceil: ofOne(unary.ceil),
  round: ofOne(unary.round),
  // Decisions are those of the real parts.
  isFinite: constant,
  toReal: constant,
  toIndex: constant,
  add: ofTwo(binary.add),
  sub: ofTwo(binary.sub),
  mul: ofTwo(binary.mul),
  mulStrongZero: ofTwo(binary.mul),
  div: ofTwo(binary.div),
  pow: ofTwo(binary.pow),
  atan2: ofTwo(binary.atan2),
  hypot: ofTwo(binary.hypot),
  max: ofTwo(binary.max),
  min: ofTwo(binary.min),
  rem: ofTwo(binary.rem),
  eq: constant,
  ne: constant,
  lt: constant,
  le: constant,
  gt: constant,
  ge: constant,
  and: constant,
  or: constant,
  not: constant,
  select,
  clamp,
  sum: linear,
  prod: product,
  reduceMax: extreme,
  reduceMin: extreme,
  argmax: constant,
  argmin: constant,
  any: constant,
  all: constant,
  cumsum: linear,
  cumprod: cumulativeProduct,
  dot: bilinear,
  broadcastTo: linear,
  reshape: linear,
  transpose: linear,
  slice: linear,
  dynamicSlice: linear,
  dynamicUpdateSlice: linear,
  pad: (call) => linear({ ...call, attributes: { ...call.attributes, value: 0 } }),
  concat: linear,
  stack: linear,
  reverse: linear,
  gather,
  scatterAdd: linear,
  triangle: linear,
  cholesky: onMatrices(Matrices.cholesky),
  triangularSolve: onMatrices(
    (a, b, attributes) => Matrices.substitute(a, b, attributes as Primitive.TriangularSolveAttributes),
    hasZeroDiagonal
  ),
  solve: onMatrices(Matrices.solve, isSingular),
  lstsq: ({ operands }) => {
    const [a, b] = operands as readonly [Complex, Complex]
    const right = matricesOf(b)
    return imaginaryOf(matricesOf(a).map((matrix, m) => Matrices.leastSquares(matrix, a.re.shape.at(-2)!, right[m]!)))
  },
  inverse: onMatrices((a) => Matrices.solve(a, Matrices.identity(a.columns)), isSingular),
  adjugate: onMatrices(Matrices.adjugate),
  det: onMatrices((a) => single(Matrices.determinant(a)[1])),
  detSign: onMatrices(() => single(0), isSingular),
  logdet: onMatrices(
    (a) => single(Matrices.factor(a).diagonal.reduce((sum, [re, im]) => sum + Math.atan(im / re), 0)),
    isSingular
  ),
  stopGradient: constant,
  foldIn: constant,
  randomUniform: constant,
  randomPermutation: constant,
  ensure: first,
  after: first
}

const ones = (n: number): Float64Array => zeros(n).fill(1)

const variation = ({ im, re, varies }: Complex): Tensor.Any =>
  Tensor.fromArray(varies ?? (im === undefined ? zeros(re.data.length) : ones(re.data.length)), re.shape)

/** They stand still but where they jump. */
const steps: ReadonlySet<Primitive.Name> = new Set(["sign", "floor", "ceil", "round"])

/** Where a result varies: what linear primitives make of where the operands do. */
const variationOf = (
  primitive: Primitive.Name,
  attributes: object,
  operands: ReadonlyArray<Complex>,
  re: Tensor.Any
): Float64Array => {
  const parts = operands.map((operand) => (operand.re.elementType === "real" ? variation(operand) : operand.re))
  const flagged = (...results: ReadonlyArray<ArrayLike<number>>): Float64Array =>
    Float64Array.from({ length: re.data.length }, (_, e) => (results.some((result) => result[e]! > 0) ? 1 : 0))
  switch (sparsityRules[primitive]) {
    case "constant":
      return steps.has(primitive) ? flagged(...parts.map((part) => repeated(part, re.shape))) : zeros(re.data.length)
    case "elementwise":
    case "product":
      return flagged(...parts.map((part) => repeated(part, re.shape)))
    case "select":
      return flagged(evaluate("select", {}, parts).data)
    case "move":
    case "scatter":
      return flagged(evaluate(primitive, primitive === "pad" ? { ...attributes, value: 0 } : attributes, parts).data)
    case "reduce":
      return flagged(evaluate("sum", attributes, parts).data)
    case "cumulative":
      return flagged(evaluate("cumsum", attributes, parts).data)
    case "contract": {
      const [x, y] = parts.map((part) => Tensor.full(part.shape, 1))
      return flagged(
        evaluate(primitive, attributes, [parts[0]!, y!]).data,
        evaluate(primitive, attributes, [x!, parts[1]!]).data
      )
    }
    case "first":
      return parts[0]!.data as Float64Array
    case "batch":
      return ones(re.data.length)
  }
}

const slice = (i: number, { im, obstacle, re, varies }: Complex): Complex => {
  const shape = re.shape.slice(1)
  const size = Shape.size(shape)
  const [from, to] = [i * size, (i + 1) * size]
  const window = {
    starts: re.shape.map((_, axis) => (axis === 0 ? i : 0)),
    limits: re.shape.map((n, axis) => (axis === 0 ? i + 1 : n)),
    strides: re.shape.map(() => 1)
  }
  return {
    re: evaluate("reshape", { shape }, [evaluate("slice", window, [re])]),
    im: im?.slice(from, to),
    varies: varies?.slice(from, to),
    obstacle
  }
}

/** An array without elements. */
const nothing = ({ elementType, shape }: Type.Type): Tensor.Any => {
  const empty = Tensor.zeros(shape)
  return elementType === "real" ? empty : evaluate(elementType === "index" ? "toIndex" : "isFinite", {}, [empty])
}

const stack = (parts: ReadonlyArray<Complex>, type: Type.Type): Complex => {
  if (parts.length === 0) return real(nothing(type))
  const values = parts.map(({ re }) => re)
  const together = evaluate("stack", { axis: 0 }, values)
  if (parts.every(({ im }) => im === undefined)) return real(together)
  const im = evaluate("stack", { axis: 0 }, parts.map(imaginary)).data as Float64Array
  const varies = evaluate("stack", { axis: 0 }, parts.map(variation)).data as Float64Array
  return { re: together, im, varies, obstacle: obstacleOf(im, parts) }
}

/** The obstacle behind a value: its own, or the first of those it is made of. */
const obstacleOf = (
  im: Float64Array | undefined,
  operands: ReadonlyArray<Complex>,
  own?: Obstacle | undefined
): Obstacle | undefined =>
  im?.some(Number.isNaN) === true
    ? (operands.find(({ obstacle }) => obstacle !== undefined)?.obstacle ?? own)
    : undefined

const isTrue = ([p]: ReadonlyArray<Complex>): boolean => p!.re.data[0] === 1

const perturbation = 2 ** -332

type ControlRule<K extends Primitive.ControlName> = (
  attributes: Primitive.ControlAttributes<K>,
  operands: ReadonlyArray<Complex>,
  types: ReadonlyArray<Type.Type>
) => ReadonlyArray<Complex>

const run = (body: Body.Body, inputs: ReadonlyArray<Complex>): ReadonlyArray<Complex> =>
  Body.interpret(body, complex, inputs)

const controlRules: { readonly [K in Primitive.ControlName]: ControlRule<K> } = {
  call: ({ body }, operands) => run(body, operands),
  custom: ({ body }, operands) => run(body, operands),
  cond: ({ whenFalse, whenTrue }, [predicate, ...consts]) => run(isTrue([predicate!]) ? whenTrue : whenFalse, consts),
  map: ({ body, consts, size, summed }, operands, types) => {
    const slices = Array.from({ length: size }, (_, i) =>
      within("map", i, () =>
        run(
          body,
          operands.map((operand, j) => (j < consts ? operand : slice(i, operand)))
        )
      )
    )
    const stacked = types.length - summed
    return types.map((type, r) => {
      const parts = slices.map((results) => results[r]!)
      if (r < stacked) return stack(parts, type)
      return parts.reduce((a, b) => complex.apply("add", {}, [a, b]), real(Tensor.zeros(type.shape)))
    })
  },
  scan: ({ body, carries, consts, length, reverse }, operands, types) => {
    const shared = operands.slice(0, consts)
    const xs = operands.slice(consts + carries)
    const ys: Array<ReadonlyArray<Complex>> = new Array(length)
    let carried: ReadonlyArray<Complex> = operands.slice(consts, consts + carries)
    for (let k = 0; k < length; k++) {
      const i = reverse ? length - 1 - k : k
      const results = within("scan", i, () => run(body, [...shared, ...carried, ...xs.map((x) => slice(i, x))]))
      carried = results.slice(0, carries)
      ys[i] = results.slice(carries)
    }
    return types.map((type, r) =>
      r < carries
        ? carried[r]!
        : stack(
            ys.map((results) => results[r - carries]!),
            type
          )
    )
  },
  whileLoop: ({ condition, consts, sweeps }, operands) => {
    const shared = operands.slice(0, consts)
    // For each iteration, the states and records of the sweeps so far.
    const tape: Array<Array<Complex>> = []
    const results: Array<Complex> = []
    let next = consts
    sweeps.forEach(({ body, states }, k) => {
      let own: ReadonlyArray<Complex> = operands.slice(next, next + states)
      next += states
      const iterate = (i: number): void => {
        const recorded = (tape[i] ??= [])
        const outputs = within("whileLoop", i, () => run(body, [...shared, ...recorded, ...own]))
        recorded.push(...own, ...outputs.slice(states))
        own = outputs.slice(0, states)
      }
      if (k === 0) for (let i = 0; isTrue(run(condition, [...shared, ...own])); i++) iterate(i)
      else if (k % 2 === 1) for (let i = tape.length - 1; i >= 0; i--) iterate(i)
      else for (let i = 0; i < tape.length; i++) iterate(i)
      results.push(...own)
    })
    return results
  },
  qr: (_, [a]) => {
    const [q, r] = Interpreter.algebra.applyMany("qr", {}, [a!.re])
    const factors = matricesOf(a!).map(Matrices.orthogonalise)
    const { obstacle } = a!
    return [
      { re: q!, im: imaginaryOf(factors.map((factor) => factor.q)), obstacle },
      { re: r!, im: imaginaryOf(factors.map((factor) => factor.r)), obstacle }
    ]
  },
  eigh: (_, [a]) => {
    const results = Interpreter.algebra.applyMany("eigh", {}, [a!.re])
    const own = obstacleAt("eigh", Array.from(a!.re.data), [], "its eigenvectors are not continued to complex matrices")
    return results.map((re) => {
      const im = zeros(re.data.length).fill(Number.NaN)
      return { re, im, obstacle: obstacleOf(im, [a!], own) }
    })
  },
  // One step of Newton's method from the real solution, in which the residual says by complex steps of its own how it varies.
  root: ({ consts, residual, solve }, operands) => {
    const shared = operands.slice(0, consts)
    const values = operands.map(({ re }) => re)
    const unknowns = Body.interpret(solve, Interpreter.algebra, values)
    const off = run(residual, [...shared, ...unknowns.map(real)])
    const flat = (parts: ReadonlyArray<Complex>): Array<number> =>
      parts.flatMap((part) => Array.from(imaginary(part).data))
    const columns = unknowns.flatMap((unknown, u) =>
      Array.from({ length: unknown.data.length }, (_, e) => {
        const moved = unknowns.map((x, i): Complex => {
          if (i !== u) return real(x)
          const im = zeros(x.data.length)
          im[e] = perturbation
          return { re: x, im }
        })
        return flat(run(residual, [...shared.map(({ re }) => real(re)), ...moved])).map((im) => im / perturbation)
      })
    )
    const n = columns.length
    const matrix = Tensor.fromArray(
      columns.flatMap((_, i) => columns.map((column) => column[i]!)),
      [n, n]
    )
    const right = Tensor.fromArray(
      flat(off).map((im) => -im),
      [n, 1]
    )
    const solution = evaluate("solve", { strongZero: true }, [matrix, right]).data as Float64Array
    let offset = 0
    return unknowns.map((re) => {
      offset += re.data.length
      const im = solution.slice(offset - re.data.length, offset)
      return { re, im, obstacle: obstacleOf(im, operands) }
    })
  }
}

export const complex: Algebra<Complex> = {
  apply: (primitive, attributes, carriers, type) => {
    const operands = carriers as ReadonlyArray<Complex>
    const values = operands.map(({ re }) => re)
    const re = Interpreter.algebra.apply(primitive, attributes, values as never, type)
    if (operands.every(({ im }) => im === undefined)) return real(re)
    let own: Obstacle | undefined
    const varies = variationOf(primitive, attributes, operands, re)
    const im = rules[primitive]({
      primitive,
      attributes,
      operands,
      re,
      varies,
      stop: (at, index, reason) => {
        own ??= obstacleAt(primitive, at, index, reason)
        return Number.NaN
      }
    })
    if (own === undefined && sparsityRules[primitive] === "constant") return real(re)
    return { re, im, varies, obstacle: obstacleOf(im, operands, own) }
  },
  applyMany: (primitive, attributes, operands, given) => {
    if (operands.every(({ im }) => im === undefined)) {
      const values = operands.map(({ re }) => re)
      return Interpreter.algebra.applyMany(primitive, attributes, values).map(real)
    }
    const types =
      given ??
      Interpreter.types.applyMany(
        primitive,
        attributes,
        operands.map(({ re }) => re)
      )
    return (controlRules[primitive] as unknown as ControlRule<typeof primitive>)(attributes, operands, types)
  },
  constant: real,
  typeOf: ({ re }) => Type.make(re.elementType, re.shape)
}
