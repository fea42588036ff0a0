// What each primitive costs, from its attributes and the types around it: two total tables, so that a primitive without a cost does not
// compile. Structural primitives cost moves, linear algebra what core's reference algorithms do on a matrix without zeros.

import { type Primitive, Shape, type Type } from "@fluxion/core"
import type { OperationCounts } from "../Cost.ts"

type Part = Partial<OperationCounts>

type Cost<K extends Primitive.Name> = (
  attributes: Primitive.Attributes<K>,
  operands: Primitive.Operands<K, Type.Type>,
  result: Type.Type
) => Part

type Class = keyof OperationCounts

const size = ({ shape }: Type.Type): number => Shape.size(shape)

const elementwise =
  (name: Class, each = 1) =>
  (_attributes: object, _operands: unknown, result: Type.Type): Part => ({ [name]: each * size(result) })

const addition = elementwise("additions")
const multiplication = elementwise("multiplications")
const division = elementwise("divisions")
const transcendental = elementwise("transcendentals")
const comparison = elementwise("comparisons")
const move = elementwise("moves")
const nothing = (): Part => ({})

/** One operation for each element that is not the first of its result. */
const reduction =
  (name: Class) =>
  (_attributes: object, [x]: readonly [Type.Type], result: Type.Type): Part => ({
    [name]: Math.max(0, size(x) - size(result))
  })

const cumulation =
  (name: Class) =>
  ({ axis }: Primitive.CumulativeAttributes, [x]: readonly [Type.Type]): Part => {
    const length = x.shape[axis]!
    return { [name]: length === 0 ? 0 : size(x) - size(x) / length }
  }

/** Integer operations of a block of Threefry-2x32-20: 20 rounds of an addition, a rotation and an exclusive or, and 5 injections of two words of the key. */
const block = 70

const contraction = (
  { left, right }: Primitive.DotAttributes,
  [a, b]: readonly [Type.Type, Type.Type],
  result: Type.Type
): Part => {
  const extents = new Map<number, number>()
  left.forEach((label, i) => extents.set(label, a.shape[i]!))
  right.forEach((label, i) => extents.set(label, b.shape[i]!))
  let products = 1
  for (const extent of extents.values()) products *= extent
  return { multiplications: products, additions: Math.max(0, products - size(result)) }
}

// -----------------------------------------------------------------------------
// Linear algebra
// -----------------------------------------------------------------------------

const plus = (...parts: ReadonlyArray<Part>): Part => {
  const total: Record<string, number> = {}
  for (const part of parts) for (const [name, n] of Object.entries(part)) total[name] = (total[name] ?? 0) + n
  return total
}

const times = (count: number, part: Part): Part =>
  Object.fromEntries(Object.entries(part).map(([name, n]) => [name, count * n]))

const both = (n: number): Part => ({ multiplications: n, additions: n })

/** Elimination of an n by n matrix with partial pivoting. */
const elimination = (n: number): Part =>
  plus(both((n * (n - 1) * (2 * n - 1)) / 6), { divisions: (n * (n - 1)) / 2, comparisons: (n * (n - 1)) / 2 })

/** Substitution in a triangle of n rows, for k right-hand sides. */
const substitution = (n: number, k: number, unitDiagonal: boolean): Part =>
  plus(both((k * n * (n - 1)) / 2), { divisions: unitDiagonal ? 0 : k * n })

const solution = (n: number, k: number): Part =>
  plus(elimination(n), substitution(n, k, true), substitution(n, k, false))

const cholesky = (n: number): Part =>
  plus(both((n * (n + 1)) / 2 + (n * n * n - n) / 6), {
    divisions: (n * (n - 1)) / 2,
    transcendentals: n,
    comparisons: n
  })

/** As core takes it: elimination with complete pivoting, then the triangles around the last pivot. */
const adjugate = (n: number): Part =>
  n === 0
    ? {}
    : plus(
        both((n * (n - 1) * (2 * n - 1)) / 6),
        { divisions: (n * (n - 1)) / 2, comparisons: (n * (n + 1) * (2 * n + 1)) / 6 },
        substitution(n, n, true),
        { multiplications: 2 * n * (n - 1), additions: n * (n - 1) },
        substitution(n - 1, n, false),
        { multiplications: n - 1 + n * n }
      )

/** Householder reflections of an m by n matrix (or of its transpose, which is the taller), and k right-hand sides. */
const leastSquares = (m: number, n: number, k: number): Part => {
  const [rows, order] = m >= n ? [m, n] : [n, m]
  const parts: Array<Part> = [substitution(order, k, false)]
  for (let step = 0; step < order; step++) {
    const length = rows - step
    const columns = order - step - 1 + k
    parts.push(
      {
        comparisons: length,
        divisions: 2 * length,
        transcendentals: 1,
        multiplications: length + 1,
        additions: length
      },
      both(2 * length * columns),
      { divisions: columns, additions: 1 }
    )
  }
  return plus(...parts)
}

const ofMatrices =
  (cost: (n: number) => Part) =>
  (_: object, [a]: readonly [Type.Type]): Part =>
    times(Shape.size(a.shape.slice(0, -2)), cost(a.shape.at(-1)!))

const ofSystems =
  <A extends Primitive.SolveAttributes>(cost: (attributes: A, m: number, n: number, k: number) => Part) =>
  (attributes: A, [a, b]: readonly [Type.Type, Type.Type]): Part => {
    const [m, n] = a.shape.slice(-2) as [number, number]
    const k = b.shape.at(-1)!
    // A right-hand side of zeros has to be recognised.
    const zeros = attributes.strongZero ? { comparisons: m * k } : {}
    return times(Shape.size(a.shape.slice(0, -2)), plus(cost(attributes, m, n, k), zeros))
  }

// -----------------------------------------------------------------------------
// The tables
// -----------------------------------------------------------------------------

export const costs: { readonly [K in Primitive.Name]: Cost<K> } = {
  neg: addition,
  abs: comparison,
  sign: comparison,
  exp: transcendental,
  expm1: transcendental,
  log: transcendental,
  log1p: transcendental,
  sqrt: transcendental,
  cbrt: transcendental,
  sin: transcendental,
  cos: transcendental,
  tan: transcendental,
  asin: transcendental,
  acos: transcendental,
  atan: transcendental,
  sinh: transcendental,
  cosh: transcendental,
  tanh: transcendental,
  asinh: transcendental,
  acosh: transcendental,
  atanh: transcendental,
  erf: transcendental,
  erfc: transcendental,
  lgamma: transcendental,
  digamma: transcendental,
  polygamma: transcendental,
  sigmoid: transcendental,
  softplus: transcendental,
  relu: comparison,
  floor: comparison,
  ceil: comparison,
  round: comparison,
  isFinite: comparison,
  toReal: move,
  toIndex: move,
  add: addition,
  sub: addition,
  mul: multiplication,
  mulStrongZero: multiplication,
  div: division,
  pow: transcendental,
  atan2: transcendental,
  hypot: transcendental,
  max: comparison,
  min: comparison,
  rem: division,
  eq: comparison,
  ne: comparison,
  lt: comparison,
  le: comparison,
  gt: comparison,
  ge: comparison,
  and: comparison,
  or: comparison,
  not: comparison,
  select: comparison,
  clamp: elementwise("comparisons", 2),
  sum: reduction("additions"),
  prod: reduction("multiplications"),
  reduceMax: reduction("comparisons"),
  reduceMin: reduction("comparisons"),
  argmax: reduction("comparisons"),
  argmin: reduction("comparisons"),
  any: reduction("comparisons"),
  all: reduction("comparisons"),
  cumsum: cumulation("additions"),
  cumprod: cumulation("multiplications"),
  dot: contraction,
  broadcastTo: move,
  // Shares the data of its operand.
  reshape: nothing,
  transpose: move,
  slice: move,
  dynamicSlice: move,
  dynamicUpdateSlice: move,
  pad: move,
  concat: move,
  stack: move,
  reverse: move,
  gather: move,
  scatterAdd: (_, [, , updates], result) => ({ moves: size(result), additions: size(updates) }),
  triangle: move,
  cholesky: ofMatrices(cholesky),
  triangularSolve: ofSystems<Primitive.TriangularSolveAttributes>(({ unitDiagonal }, _, n, k) =>
    substitution(n, k, unitDiagonal)
  ),
  solve: ofSystems((_, __, n, k) => solution(n, k)),
  lstsq: ofSystems((_, m, n, k) => leastSquares(m, n, k)),
  inverse: ofMatrices((n) => solution(n, n)),
  adjugate: ofMatrices(adjugate),
  det: ofMatrices((n) => plus(elimination(n), { multiplications: n })),
  detSign: ofMatrices((n) => plus(elimination(n), { comparisons: n, multiplications: n })),
  logdet: ofMatrices((n) => plus(elimination(n), { transcendentals: n, additions: n })),
  stopGradient: nothing,
  // A block has two words: a key, a real, or the draws for two places.
  foldIn: elementwise("additions", block / 2),
  randomUniform: elementwise("additions", block),
  randomPermutation: elementwise("additions", block / 2),
  ensure: nothing,
  after: nothing
}

/** What a control primitive costs beside the evaluations of its bodies, and how often it evaluates them where that is known from shapes. */
interface ControlCost<K extends Primitive.ControlName> {
  readonly own: (attributes: Primitive.ControlAttributes<K>, results: ReadonlyArray<Type.Type>) => Part
  /** The bodies with their numbers of evaluations, one list for each way that the evaluation may take. */
  readonly ways: (
    attributes: Primitive.ControlAttributes<K>
  ) => ReadonlyArray<ReadonlyArray<readonly [Primitive.Body, number]>>
}

const none = () => [[]]

/** Householder reflections for R, and once more to form Q. */
const factorisation = (m: number, n: number): Part =>
  plus(both(2 * (m * n * n - (n * n * n) / 3)), { divisions: n, transcendentals: n })

/** Jacobi's method stops when it has converged; six sweeps are usual. Each rotation changes two rows and columns, and two vectors. */
const usualSweeps = 6

const eigen = (n: number): Part => {
  const rotations = (usualSweeps * n * (n - 1)) / 2
  return plus(both(8 * n * rotations), {
    divisions: 3 * rotations,
    transcendentals: 3 * rotations,
    comparisons: 3 * rotations
  })
}

const sizes = (types: ReadonlyArray<Type.Type>): number => types.reduce((sum, type) => sum + size(type), 0)

export const controlCosts: { readonly [K in Primitive.ControlName]: ControlCost<K> } = {
  cond: { own: nothing, ways: ({ whenFalse, whenTrue }) => [[[whenTrue, 1]], [[whenFalse, 1]]] },
  scan: {
    own: ({ carries }, results) => ({ moves: sizes(results.slice(carries)) }),
    ways: ({ body, length }) => [[[body, length]]]
  },
  map: {
    own: ({ size: count, summed }, results) => {
      const stacks = results.length - summed
      return {
        moves: sizes(results.slice(0, stacks)),
        additions: Math.max(0, count - 1) * sizes(results.slice(stacks))
      }
    },
    ways: ({ body, size: count }) => [[[body, count]]]
  },
  call: { own: nothing, ways: ({ body }) => [[[body, 1]]] },
  // Shapes do not say how often: one iteration stands for all.
  whileLoop: {
    own: nothing,
    ways: ({ condition, sweeps }) => [[[condition, 1], ...sweeps.map(({ body }) => [body, 1] as const)]]
  },
  // Evaluated as the program is; a derivative calls the rules.
  custom: { own: nothing, ways: ({ body }) => [[[body, 1]]] },
  qr: {
    own: (_, [q]) => {
      const [m, n] = q!.shape.slice(-2) as [number, number]
      return times(size(q!) === 0 ? 0 : size(q!) / (m * n), factorisation(m, n))
    },
    ways: none
  },
  eigh: {
    own: (_, [values]) => {
      const n = values!.shape.at(-1)!
      return times(n === 0 ? 0 : size(values!) / n, eigen(n))
    },
    ways: none
  },
  root: { own: nothing, ways: ({ solve }) => [[[solve, 1]]] }
}
