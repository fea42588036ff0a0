// An evaluator of random programs that shares no code with Fluxion: the names that printed programs use (`Expr`, `Fn`, `Tensor`, and the modes),
// bound to plain JavaScript over arrays. Control flow is JavaScript's own, programs are functions, and derivatives are differences.

interface Arr {
  readonly shape: ReadonlyArray<number>
  readonly data: ReadonlyArray<number>
}

type Index = ReadonlyArray<number>
export type Tree = Arr | number | boolean | ReadonlyArray<Tree> | { readonly [name: string]: Tree }

const { abs, cos, exp, log, max, min, sin, sqrt, tanh } = Math

const size = (shape: Index): number => shape.reduce((n, m) => n * m, 1)

const isArr = (u: unknown): u is Arr => typeof u === "object" && u !== null && "data" in u && "shape" in u

const range = (n: number): Array<number> => Array.from({ length: n }, (_, i) => i)

const lift = (x: unknown): Arr => {
  if (isArr(x)) return x
  if (!Array.isArray(x)) return { shape: [], data: [Number(x)] }
  const parts = x.map(lift)
  return { shape: [parts.length, ...(parts[0]?.shape ?? [])], data: parts.flatMap(({ data }) => data) }
}

const indicesOf = (shape: Index): Array<Index> =>
  shape.reduce<Array<Index>>((all, n) => all.flatMap((index) => range(n).map((i) => [...index, i])), [[]])

const place = (shape: Index, index: Index): number => index.reduce((at, i, axis) => at * shape[axis]! + i, 0)

const get = ({ data, shape }: Arr, index: Index): number => data[place(shape, index)]!

const make = (shape: Index, element: (index: Index) => number): Arr => ({ shape, data: indicesOf(shape).map(element) })

/** The element at an index of a shape that the array broadcasts to. */
const spread = (x: Arr, index: Index): number =>
  get(
    x,
    x.shape.map((n, axis) => (n === 1 ? 0 : index[index.length - x.shape.length + axis]!))
  )

const broadcast = (...shapes: ReadonlyArray<Index>): Index => {
  const rank = max(...shapes.map((shape) => shape.length))
  return range(rank).map((axis) => shapes.map((s) => s[axis - rank + s.length] ?? 1).find((n) => n !== 1) ?? 1)
}

const pointwise =
  (f: (...xs: ReadonlyArray<number>) => number) =>
  (...operands: ReadonlyArray<unknown>): Arr => {
    const arrays = operands.map(lift)
    return make(broadcast(...arrays.map(({ shape }) => shape)), (index) => f(...arrays.map((x) => spread(x, index))))
  }

// -----------------------------------------------------------------------------
// Functions of numbers
// -----------------------------------------------------------------------------

/** For positive arguments: up the recurrence to where the asymptotic series has converged. */
const bernoulli = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6]

const lgamma = (x: number): number => {
  let shift = 0
  let z = x
  for (; z < 15; z++) shift -= log(z)
  const series = bernoulli.reduce((sum, b, k) => sum + b / ((2 * k + 2) * (2 * k + 1) * z ** (2 * k + 1)), 0)
  return shift + (z - 0.5) * log(z) - z + 0.5 * log(2 * Math.PI) + series
}

const factorial = (n: number): number => range(n).reduce((p, i) => p * (i + 1), 1)

const polygamma = (x: number, m: number): number => {
  let total = 0
  let z = x
  const sign = m % 2 === 0 ? -1 : 1
  for (; z < 15; z++) total += m === 0 ? -1 / z : (sign * factorial(m)) / z ** (m + 1)
  const series = bernoulli.reduce(
    (sum, b, k) => sum + (b * factorial(2 * k + 1 + m)) / (factorial(2 * k + 2) * z ** (2 * k + 2 + m)),
    0
  )
  return m === 0
    ? total + log(z) - 1 / (2 * z) - series
    : total + sign * (factorial(m - 1) / z ** m + factorial(m) / (2 * z ** (m + 1)) + series)
}

/** The Taylor series, or the continued fraction (Abramowitz and Stegun 7.1.6 and 7.1.14). */
const erfc = (x: number): number => {
  if (x < 0) return 2 - erfc(-x)
  if (x < 2.5) {
    let term = x
    let sum = x
    for (let n = 1; n < 80; n++) sum += term *= (2 * x * x) / (2 * n + 1)
    return 1 - (2 / sqrt(Math.PI)) * exp(-x * x) * sum
  }
  const fraction = range(120).reduceRight((rest, k) => (k + 1) / 2 / (x + rest), 0)
  return exp(-x * x) / sqrt(Math.PI) / (x + fraction)
}

const erf = (x: number): number => {
  if (abs(x) > 0.5) return 1 - erfc(x)
  let term = x
  let sum = x
  for (let n = 1; n < 40; n++) sum += term *= (2 * x * x) / (2 * n + 1)
  return (2 / sqrt(Math.PI)) * exp(-x * x) * sum
}

const sigmoid = (x: number): number => 1 / (1 + exp(-x))
const softplus = (x: number): number => max(x, 0) + Math.log1p(exp(-abs(x)))
const round = (x: number): number => {
  const below = Math.floor(x)
  return x - below === 0.5 ? below + (abs(below) % 2) : Math.round(x)
}
const truth = (b: boolean): number => (b ? 1 : 0)

// -----------------------------------------------------------------------------
// Axes
// -----------------------------------------------------------------------------

interface AxesOptions {
  readonly axis?: number | Index
  readonly keepDims?: boolean
}

const normal = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis)

const reduce =
  (f: (xs: ReadonlyArray<number>) => number) =>
  (given: unknown, { axis, keepDims = false }: AxesOptions = {}): Arr => {
    const x = lift(given)
    const rank = x.shape.length
    const axes = new Set((axis === undefined ? range(rank) : [axis].flat()).map((a) => normal(a as number, rank)))
    const kept = x.shape.map((n, i) => (axes.has(i) ? 1 : n))
    const reduced = x.shape.map((n, i) => (axes.has(i) ? n : 1))
    const whole = make(kept, (at) =>
      f(
        indicesOf(reduced).map((offset) =>
          get(
            x,
            at.map((i, k) => i + offset[k]!)
          )
        )
      )
    )
    return keepDims ? whole : { shape: kept.filter((_, i) => !axes.has(i)), data: whole.data }
  }

const sumOf = (xs: ReadonlyArray<number>): number => xs.reduce((a, b) => a + b, 0)
const meanOf = (xs: ReadonlyArray<number>): number => sumOf(xs) / xs.length
const varianceOf = (xs: ReadonlyArray<number>): number => meanOf(xs.map((x) => (x - meanOf(xs)) ** 2))

/** Maps the vectors along an axis to vectors. */
const along =
  (f: (xs: ReadonlyArray<number>) => ReadonlyArray<number>) =>
  (
    given: unknown,
    { axis = -1, reverse = false }: { readonly axis?: number; readonly reverse?: boolean } = {}
  ): Arr => {
    const x = lift(given)
    const a = normal(axis, x.shape.length)
    const out = x.data.slice()
    for (const at of indicesOf(x.shape.with(a, 1))) {
      const line = range(x.shape[a]!).map((i) => at.with(a, i))
      if (reverse) line.reverse()
      f(line.map((index) => get(x, index))).forEach((y, i) => (out[place(x.shape, line[i]!)] = y))
    }
    return { shape: x.shape, data: out }
  }

const logSumExpOf = (xs: ReadonlyArray<number>): number => {
  const most = max(...xs)
  return most + log(sumOf(xs.map((x) => exp(x - most))))
}

const accumulated = (f: (a: number, b: number) => number) => (xs: ReadonlyArray<number>) =>
  xs.map((_, i) => xs.slice(1, i + 1).reduce(f, xs[0]!))

const extremal = (better: (a: number, b: number) => boolean) => (given: unknown, axis: number) =>
  reduce((xs) => xs.reduce((best, x, i) => (better(x, xs[best]!) ? i : best), 0))(given, { axis })

// -----------------------------------------------------------------------------
// Contractions and matrices
// -----------------------------------------------------------------------------

const einsum = (subscripts: string, left: unknown, right: unknown): Arr => {
  const [inputs, output] = subscripts.split("->") as [string, string]
  const labels = inputs.split(",")
  const operands = [lift(left), lift(right)]
  const sizes = new Map<string, number>()
  labels.forEach((own, o) => Array.from(own).forEach((c, axis) => sizes.set(c, operands[o]!.shape[axis]!)))
  const summed = Array.from(sizes.keys()).filter((c) => !output.includes(c))
  return make(
    Array.from(output, (c) => sizes.get(c)!),
    (index) =>
      sumOf(
        indicesOf(summed.map((c) => sizes.get(c)!)).map((rest) => {
          const at = new Map([
            ...Array.from(output, (c, i) => [c, index[i]!] as const),
            ...summed.map((c, i) => [c, rest[i]!] as const)
          ])
          return operands.reduce(
            (p, x, o) =>
              p *
              get(
                x,
                Array.from(labels[o]!, (c) => at.get(c)!)
              ),
            1
          )
        })
      )
  )
}

type Matrix = ReadonlyArray<ReadonlyArray<number>>

const matrixAt = (x: Arr, batch: Index): Matrix =>
  range(x.shape.at(-2)!).map((i) => range(x.shape.at(-1)!).map((j) => spread(x, [...batch, i, j])))

/** Applies a function to the matrices of a batch; a vector on the right is a matrix of one column. */
const matrices = (operands: ReadonlyArray<Arr>, f: (...ms: ReadonlyArray<Matrix>) => Matrix): Arr => {
  const vector = operands[1]?.shape.length === 1
  const own = operands.map((x) => (x.shape.length === 1 ? { shape: [x.shape[0]!, 1], data: x.data } : x))
  const batch = broadcast(...own.map(({ shape }) => shape.slice(0, -2)))
  const results = indicesOf(batch).map((at) => f(...own.map((x) => matrixAt(x, at))))
  // An empty batch has a shape too.
  const one =
    results[0] ??
    f(
      ...own.map(({ shape }) =>
        identity(max(...shape.slice(-2)))
          .slice(0, shape.at(-2)!)
          .map((row) => row.slice(0, shape.at(-1)!))
      )
    )
  const [rows, columns] = [one.length, one[0]?.length ?? 0]
  return { shape: [...batch, rows, ...(vector ? [] : [columns])], data: results.flat(2) }
}

const transposed = (m: Matrix): Matrix => range(m[0]!.length).map((j) => m.map((row) => row[j]!))
const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => transposed(b).map((column) => sumOf(row.map((x, k) => x * column[k]!))))
const identity = (n: number): Matrix => range(n).map((i) => range(n).map((j) => truth(i === j)))

/** Gauss and Jordan, with partial pivoting. */
const solve = (a: Matrix, b: Matrix): Matrix => {
  const n = a.length
  const rows = a.map((row, i) => [...row, ...b[i]!])
  for (let k = 0; k < n; k++) {
    const pivot = range(n - k).reduce((best, i) => (abs(rows[k + i]![k]!) > abs(rows[best]![k]!) ? k + i : best), k)
    ;[rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!]
    const scaled = rows[k]!.map((x) => x / rows[k]![k]!)
    rows.forEach((row, i) => (rows[i] = i === k ? scaled : row.map((x, j) => x - row[k]! * scaled[j]!)))
  }
  return rows.map((row) => row.slice(n))
}

const minor = (m: Matrix, i: number, j: number): Matrix => m.toSpliced(i, 1).map((row) => row.toSpliced(j, 1))

/** Laplace's expansion. */
const det = (m: Matrix): number =>
  m.length === 0 ? 1 : sumOf(m[0]!.map((x, j) => (j % 2 === 0 ? 1 : -1) * x * det(minor(m, 0, j))))

const cholesky = (m: Matrix): Matrix => {
  const l = m.map((row) => row.map(() => 0))
  for (let i = 0; i < m.length; i++) {
    for (let j = 0; j <= i; j++) {
      const rest = (m[i]![j]! + m[j]![i]!) / 2 - sumOf(range(j).map((k) => l[i]![k]! * l[j]![k]!))
      l[i]![j] = i === j ? sqrt(rest) : rest / l[j]![j]!
    }
  }
  return l
}

const leastSquares = (a: Matrix, b: Matrix): Matrix => {
  const at = transposed(a)
  return a.length >= a[0]!.length ? solve(product(at, a), product(at, b)) : product(at, solve(product(a, at), b))
}

const ofMatrix = (f: (m: Matrix) => Matrix) => (x: unknown) => matrices([lift(x)], f)
const toNumber = (f: (m: Matrix) => number) => (x: unknown) => {
  const { data, shape } = ofMatrix((m) => [[f(m)]])(x)
  return { shape: shape.slice(0, -2), data }
}

interface TriangularOptions {
  readonly upper?: boolean
  readonly transposed?: boolean
  readonly unitDiagonal?: boolean
}

const triangle =
  (keep: (i: number, j: number, diagonal: number) => boolean) =>
  (given: unknown, diagonal = 0) => {
    const x = lift(given)
    return make(x.shape, (index) => (keep(index.at(-2)!, index.at(-1)!, diagonal) ? get(x, index) : 0))
  }

const stack = (items: ReadonlyArray<unknown>, axis = 0): Arr => {
  const arrays = items.map(lift)
  const shape = arrays[0]!.shape
  return make(shape.toSpliced(axis, 0, arrays.length), (index) => get(arrays[index[axis]!]!, index.toSpliced(axis, 1)))
}

const at = (given: unknown, position: number, axis = 0): Arr => {
  const x = lift(given)
  return make(x.shape.toSpliced(axis, 1), (index) => get(x, index.toSpliced(axis, 0, position)))
}

const clampStart = (start: number, n: number, width: number): number => max(0, min(start, n - width))

// -----------------------------------------------------------------------------
// Trees and control flow
// -----------------------------------------------------------------------------

const leaves = (tree: Tree): Array<Arr> =>
  isArr(tree) || typeof tree !== "object" ? [lift(tree)] : Object.values(tree as object).flatMap(leaves)

const mapTrees = (f: (...xs: ReadonlyArray<Arr>) => Arr, ...trees: ReadonlyArray<Tree>): Tree => {
  const first = trees[0]!
  if (isArr(first) || typeof first !== "object") return f(...trees.map(lift))
  const parts = Object.keys(first).map(
    (key) => [key, mapTrees(f, ...trees.map((t) => (t as Record<string, Tree>)[key]!))] as const
  )
  return Array.isArray(first) ? parts.map(([, part]) => part) : Object.fromEntries(parts)
}

type Function = (...operands: ReadonlyArray<Tree>) => Tree

const isTrue = (x: Tree): boolean => lift(x).data[0] === 1

const stackTrees = (rows: ReadonlyArray<Tree>): Tree => mapTrees((...own) => stack(own), ...rows)

const slice = (xs: Tree, i: number): Tree => mapTrees((x) => at(x, i), xs)

interface ScanOptions {
  readonly length?: number
  readonly reverse?: boolean
}

const scan = (f: Function, init: Tree, xs: Tree, { length, reverse = false }: ScanOptions = {}): Tree => {
  const order = range(length ?? leaves(xs)[0]!.shape[0]!)
  if (reverse) order.reverse()
  const ys: Array<Tree> = []
  let carry = init
  for (const i of order) [carry, ys[i]!] = f(carry, slice(xs, i)) as readonly [Tree, Tree]
  if (ys.length > 0) return [carry, stackTrees(ys)]
  // Without steps only the shapes of outputs are of interest.
  const [, y] = f(init, slice(xs, 0)) as readonly [Tree, Tree]
  return [carry, mapTrees(({ shape }) => ({ shape: [0, ...shape], data: [] }), y)]
}

// -----------------------------------------------------------------------------
// Derivatives, by differences
// -----------------------------------------------------------------------------

/** The derivative at 0 of a curve of numbers: central differences extrapolated to step zero, from the row where they change least. */
const slope = (curve: (t: number) => ReadonlyArray<number>): ReadonlyArray<number> => {
  const rows: Array<Array<ReadonlyArray<number>>> = []
  for (let level = 0; level < 8; level++) {
    const h = 2 ** (-4 - level)
    const [right, left] = [curve(h), curve(-h)]
    const row: Array<ReadonlyArray<number>> = [right.map((y, i) => (y - left[i]!) / (2 * h))]
    for (let k = 1; k <= level; k++) {
      row.push(row[k - 1]!.map((finer, i) => finer + (finer - rows[level - 1]![k - 1]![i]!) / (4 ** k - 1)))
    }
    rows.push(row)
  }
  return rows[0]![0]!.map((_, i) => {
    let [best, error] = [Number.NaN, Number.POSITIVE_INFINITY]
    for (let level = 1; level < rows.length; level++) {
      for (let k = 1; k <= level; k++) {
        const [own, finer, coarser] = [rows[level]![k]!, rows[level]![k - 1]!, rows[level - 1]![k - 1]!]
        const change = max(abs(own[i]! - finer[i]!), abs(own[i]! - coarser[i]!))
        if (change < error) [best, error] = [own[i]!, change]
      }
    }
    return best
  })
}

const numbersOf = (tree: Tree): ReadonlyArray<number> => leaves(tree).flatMap(({ data }) => data)

const like = (tree: Tree, numbers: ReadonlyArray<number>): Tree => {
  let next = 0
  return mapTrees((x) => ({ shape: x.shape, data: x.data.map(() => numbers[next++]!) }), tree)
}

const moved = (tree: Tree, direction: ReadonlyArray<number>, t: number): Tree =>
  like(
    tree,
    numbersOf(tree).map((x, i) => x + t * direction[i]!)
  )

const basis = (n: number): ReadonlyArray<ReadonlyArray<number>> =>
  range(n).map((i) => range(n).map((j) => truth(i === j)))

const pushed = (f: Function, primals: Tree, tangents: Tree): Tree =>
  like(
    f(primals),
    slope((t) => numbersOf(f(moved(primals, numbersOf(tangents), t))))
  )

const pulled = (f: Function, primals: Tree, cotangents: Tree): Tree => {
  const weights = numbersOf(cotangents)
  const rows = basis(numbersOf(primals).length).map((direction) =>
    sumOf(slope((t) => numbersOf(f(moved(primals, direction, t)))).map((d, i) => d * weights[i]!))
  )
  return like(primals, rows)
}

const grad =
  (f: Function): Function =>
  (x) =>
    pulled(f, x!, 1)

// -----------------------------------------------------------------------------
// The names
// -----------------------------------------------------------------------------

/** Moves an axis to the front. */
const leading = (x: Arr, axis: number): Arr => stack(range(x.shape[axis]!).map((i) => at(x, i, axis)))

const Expr = {
  constant: lift,
  ones: (shape: Index) => make(shape, () => 1),
  add: pointwise((x, y) => x! + y!),
  sub: pointwise((x, y) => x! - y!),
  mul: pointwise((x, y) => x! * y!),
  mulStrongZero: pointwise((x, y) => (x === 0 || y === 0 ? 0 : x! * y!)),
  div: pointwise((x, y) => x! / y!),
  pow: pointwise((x, y) => x! ** y!),
  atan2: pointwise((y, x) => Math.atan2(y!, x!)),
  hypot: pointwise((x, y) => sqrt(x! * x! + y! * y!)),
  max: pointwise((x, y) => max(x!, y!)),
  min: pointwise((x, y) => min(x!, y!)),
  rem: pointwise((x, y) => x! % y!),
  logAddExp: pointwise((x, y) => logSumExpOf([x!, y!])),
  xlogy: pointwise((x, y) => (x === 0 ? 0 : x! * log(y!))),
  eq: pointwise((x, y) => truth(x === y)),
  ne: pointwise((x, y) => truth(x !== y)),
  lt: pointwise((x, y) => truth(x! < y!)),
  le: pointwise((x, y) => truth(x! <= y!)),
  gt: pointwise((x, y) => truth(x! > y!)),
  ge: pointwise((x, y) => truth(x! >= y!)),
  and: pointwise((x, y) => x! * y!),
  or: pointwise((x, y) => max(x!, y!)),
  not: pointwise((x) => 1 - x!),
  isFinite: pointwise((x) => truth(Number.isFinite(x))),
  toReal: pointwise((x) => x!),
  toIndex: pointwise((x) => Math.trunc(x!)),
  select: pointwise((p, x, y) => (p === 1 ? x! : y!)),
  clamp: pointwise((x, low, high) => min(max(x!, low!), high!)),
  neg: pointwise((x) => -x!),
  abs: pointwise((x) => abs(x!)),
  sign: pointwise((x) => Math.sign(x!)),
  exp: pointwise((x) => exp(x!)),
  expm1: pointwise((x) => Math.expm1(x!)),
  log: pointwise((x) => log(x!)),
  log1p: pointwise((x) => Math.log1p(x!)),
  log2: pointwise((x) => Math.log2(x!)),
  log10: pointwise((x) => Math.log10(x!)),
  sqrt: pointwise((x) => sqrt(x!)),
  cbrt: pointwise((x) => Math.cbrt(x!)),
  sin: pointwise((x) => sin(x!)),
  cos: pointwise((x) => cos(x!)),
  tan: pointwise((x) => Math.tan(x!)),
  asin: pointwise((x) => Math.asin(x!)),
  acos: pointwise((x) => Math.acos(x!)),
  atan: pointwise((x) => Math.atan(x!)),
  sinh: pointwise((x) => Math.sinh(x!)),
  cosh: pointwise((x) => Math.cosh(x!)),
  tanh: pointwise((x) => tanh(x!)),
  asinh: pointwise((x) => Math.asinh(x!)),
  acosh: pointwise((x) => Math.acosh(x!)),
  atanh: pointwise((x) => Math.atanh(x!)),
  erf: pointwise((x) => erf(x!)),
  erfc: pointwise((x) => erfc(x!)),
  lgamma: pointwise((x) => lgamma(x!)),
  digamma: pointwise((x) => polygamma(x!, 0)),
  polygamma: pointwise((x, order) => polygamma(x!, order!)),
  sigmoid: pointwise((x) => sigmoid(x!)),
  softplus: pointwise((x) => softplus(x!)),
  logSigmoid: pointwise((x) => -softplus(-x!)),
  silu: pointwise((x) => x! * sigmoid(x!)),
  gelu: pointwise((x) => (x! / 2) * erfc(-x! / Math.SQRT2)),
  geluTanh: pointwise((x) => (x! / 2) * (1 + tanh(sqrt(2 / Math.PI) * (x! + 0.044715 * x! ** 3)))),
  sinc: pointwise((x) => (abs(x!) < 1e-4 ? 1 - (x! * x!) / 6 : sin(x!) / x!)),
  square: pointwise((x) => x! * x!),
  reciprocal: pointwise((x) => 1 / x!),
  relu: pointwise((x) => max(x!, 0)),
  leakyRelu: pointwise((x, slope_ = 0.01) => (x! > 0 ? x! : slope_ * x!)),
  elu: pointwise((x) => (x! > 0 ? x! : Math.expm1(x!))),
  huber: pointwise((x, delta) => (abs(x!) <= delta! ? (x! * x!) / 2 : delta! * (abs(x!) - delta! / 2))),
  floor: pointwise((x) => Math.floor(x!)),
  ceil: pointwise((x) => Math.ceil(x!)),
  round: pointwise((x) => round(x!)),

  sum: reduce(sumOf),
  mean: reduce(meanOf),
  prod: reduce((xs) => xs.reduce((a, b) => a * b, 1)),
  variance: reduce(varianceOf),
  standardDeviation: reduce((xs) => sqrt(varianceOf(xs))),
  norm: reduce((xs) => sqrt(sumOf(xs.map((x) => x * x)))),
  logSumExp: reduce(logSumExpOf),
  reduceMax: reduce((xs) => max(...xs)),
  reduceMin: reduce((xs) => min(...xs)),
  any: reduce((xs) => max(0, ...xs)),
  all: reduce((xs) => min(1, ...xs)),
  argmax: extremal((a, b) => a > b),
  argmin: extremal((a, b) => a < b),
  cumsum: along(accumulated((a, b) => a + b)),
  cumprod: along(accumulated((a, b) => a * b)),
  softmax: along((xs) => xs.map((x) => exp(x - logSumExpOf(xs)))),
  logSoftmax: along((xs) => xs.map((x) => x - logSumExpOf(xs))),
  layerNorm: along((xs) => xs.map((x) => (x - meanOf(xs)) / sqrt(varianceOf(xs) + 1e-5))),
  crossEntropy: (given: unknown, target: unknown): Arr => {
    const [logits, weights] = [Expr.logSoftmax(given), lift(target)]
    const full = weights.shape.length === logits.shape.length ? weights : Expr.oneHot(weights, logits.shape.at(-1)!)
    return Expr.neg(Expr.sum(Expr.mul(full, logits), { axis: -1 }))
  },

  einsum,
  dot: (x: unknown, y: unknown) => Expr.sum(Expr.mul(x, y)),
  outer: (x: unknown, y: unknown) => {
    const [a, b] = [lift(x), lift(y)]
    return make(
      [...a.shape, ...b.shape],
      (index) => get(a, index.slice(0, a.shape.length)) * get(b, index.slice(a.shape.length))
    )
  },
  matmul: (x: unknown, y: unknown): Arr => {
    const [a, b] = [lift(x), lift(y)]
    const [left, right] = [
      a.shape.length === 1 ? [1, ...a.shape] : a.shape,
      b.shape.length === 1 ? [...b.shape, 1] : b.shape
    ]
    const batch = broadcast(left.slice(0, -2), right.slice(0, -2))
    const whole = make([...batch, left.at(-2)!, right.at(-1)!], (index) => {
      const [rest, i, j] = [index.slice(0, -2), index.at(-2)!, index.at(-1)!]
      const terms = range(left.at(-1)!).map(
        (k) =>
          spread({ shape: left, data: a.data }, [...rest, i, k]) *
          spread({ shape: right, data: b.data }, [...rest, k, j])
      )
      return sumOf(terms)
    })
    const shape = [
      ...batch,
      ...(a.shape.length === 1 ? [] : left.slice(-2, -1)),
      ...(b.shape.length === 1 ? [] : right.slice(-1))
    ]
    return { shape, data: whole.data }
  },
  diagonal: (x: unknown) => einsum("ii,->i", x, 1),
  trace: (x: unknown) => einsum("ii,->", x, 1),
  inverse: ofMatrix((m) => solve(m, identity(m.length))),
  cholesky: ofMatrix(cholesky),
  adjugate: ofMatrix((m) => m.map((row, i) => row.map((_, j) => ((i + j) % 2 === 0 ? 1 : -1) * det(minor(m, j, i))))),
  det: toNumber(det),
  detSign: toNumber((m) => Math.sign(det(m))),
  logdet: toNumber((m) => log(abs(det(m)))),
  solve: (a: unknown, b: unknown) => matrices([lift(a), lift(b)], solve),
  lstsq: (a: unknown, b: unknown) => matrices([lift(a), lift(b)], leastSquares),
  triangularSolve: (a: unknown, b: unknown, options: TriangularOptions = {}) =>
    matrices([lift(a), lift(b)], (m, right) => {
      const t = m!.map((row, i) =>
        row.map((x, j) =>
          i === j && options.unitDiagonal === true ? 1 : i === j || j > i === (options.upper ?? false) ? x : 0
        )
      )
      return solve(options.transposed === true ? transposed(t) : t, right!)
    }),

  at,
  reshape: (x: unknown, shape: Index) => {
    const { data } = lift(x)
    const known = shape.filter((n) => n !== -1)
    return { shape: shape.map((n) => (n === -1 ? data.length / size(known) : n)), data }
  },
  broadcastTo: (x: unknown, shape: Index) => make(shape, (index) => spread(lift(x), index)),
  transpose: (given: unknown, permutation?: Index) => {
    const x = lift(given)
    const axes = permutation ?? range(x.shape.length).reverse()
    return make(
      axes.map((axis) => x.shape[axis]!),
      (index) =>
        get(
          x,
          range(axes.length).map((axis) => index[axes.indexOf(axis)]!)
        )
    )
  },
  slice: (
    given: unknown,
    { limits, starts, strides }: { readonly starts: Index; readonly limits: Index; readonly strides?: Index }
  ) => {
    const x = lift(given)
    const steps = strides ?? starts.map(() => 1)
    const shape = starts.map((start, i) => Math.ceil((limits[i]! - start) / steps[i]!))
    return make(shape, (index) =>
      get(
        x,
        index.map((i, axis) => starts[axis]! + i * steps[axis]!)
      )
    )
  },
  dynamicSlice: (given: unknown, starts: Arr, sizes: Index) => {
    const x = lift(given)
    const first = starts.data.map((start, i) => clampStart(start, x.shape[i]!, sizes[i]!))
    return make(sizes, (index) =>
      get(
        x,
        index.map((i, axis) => first[axis]! + i)
      )
    )
  },
  dynamicUpdateSlice: (given: unknown, update: unknown, starts: Arr) => {
    const [x, u] = [lift(given), lift(update)]
    const first = starts.data.map((start, i) => clampStart(start, x.shape[i]!, u.shape[i]!))
    return make(x.shape, (index) => {
      const inside = index.map((i, axis) => i - first[axis]!)
      return inside.every((i, axis) => i >= 0 && i < u.shape[axis]!) ? get(u, inside) : get(x, index)
    })
  },
  pad: (
    given: unknown,
    {
      high,
      interior,
      low,
      value = 0
    }: Readonly<Record<"low" | "high" | "interior", Index>> & { readonly value?: number }
  ) => {
    const x = lift(given)
    const shape = x.shape.map((n, i) => low[i]! + n + max(0, n - 1) * interior[i]! + high[i]!)
    return make(shape, (index) => {
      const from = index.map((i, axis) => (i - low[axis]!) / (interior[axis]! + 1))
      return from.every((i, axis) => Number.isInteger(i) && i >= 0 && i < x.shape[axis]!) ? get(x, from) : value
    })
  },
  concat: (items: ReadonlyArray<unknown>, axis: number) => {
    const arrays = items.map(lift)
    const ends = arrays.map((_, i) => sumOf(arrays.slice(0, i + 1).map(({ shape }) => shape[axis]!)))
    return make(arrays[0]!.shape.with(axis, ends.at(-1)!), (index) => {
      const own = ends.findIndex((end) => index[axis]! < end)
      return get(arrays[own]!, index.with(axis, index[axis]! - (ends[own - 1] ?? 0)))
    })
  },
  stack,
  reverse: (given: unknown, axis?: number) => {
    const x = lift(given)
    return make(x.shape, (index) =>
      get(
        x,
        index.map((i, k) => (axis === undefined || k === axis ? x.shape[k]! - 1 - i : i))
      )
    )
  },
  gather: (given: unknown, indices: Arr, axis = 0) => {
    const x = lift(given)
    const rank = indices.shape.length
    return make(x.shape.toSpliced(axis, 1, ...indices.shape), (index) =>
      get(x, index.toSpliced(axis, rank, get(indices, index.slice(axis, axis + rank))))
    )
  },
  scatterAdd: (given: unknown, indices: Arr, updates: unknown, axis: number) => {
    const [x, u] = [lift(given), lift(updates)]
    return make(x.shape, (index) =>
      indices.data.reduce(
        (sum, to, from) => (to === index[axis] ? sum + get(u, index.with(axis, from)) : sum),
        get(x, index)
      )
    )
  },
  tril: triangle((i, j, diagonal) => j - i <= diagonal),
  triu: triangle((i, j, diagonal) => j - i >= diagonal),
  expandDims: (x: unknown, axis: number) => ({ shape: lift(x).shape.toSpliced(axis, 0, 1), data: lift(x).data }),
  squeeze: (x: unknown, axis: number) => ({ shape: lift(x).shape.toSpliced(axis, 1), data: lift(x).data }),
  oneHot: (labels: Arr, n: number): Arr =>
    make([...labels.shape, n], (index) => truth(get(labels, index.slice(0, -1)) === index.at(-1))),

  cond: (p: Tree, whenTrue: () => Tree, whenFalse: () => Tree) => (isTrue(p) ? whenTrue() : whenFalse()),
  map: (f: Function, xs: Tree, options: { readonly consts?: Tree } = {}) =>
    stackTrees(range(leaves(xs)[0]!.shape[0]!).map((i) => f(slice(xs, i), options.consts ?? {}))),
  scan,
  fold: (f: Function, init: Tree, xs: Tree, options?: ScanOptions) =>
    (scan((carry, x) => [f(carry!, x!), {}], init, xs, options) as ReadonlyArray<Tree>)[0],
  iterate: (n: number, f: Function, init: Tree) => range(n).reduce((state) => f(state), init),
  whileLoop: (condition: Function, f: Function, init: Tree) => {
    let state = init
    while (isTrue(condition(state))) state = f(state)
    return state
  }
}

type Axes = number | null | ReadonlyArray<Axes> | { readonly [name: string]: Axes }

/** For each leaf of the inputs its axis, `null` where it is shared. */
const axesOf = (tree: Tree, axes: Axes): Array<number | null> =>
  isArr(tree) || typeof tree !== "object"
    ? [axes as number | null]
    : Object.entries(tree as Record<string, Tree>).flatMap(([key, part]) =>
        axesOf(part, typeof axes === "number" || axes === null ? axes : (axes as Record<string, Axes>)[key]!)
      )

/** Of a program of one array to one array: at each place of the output, the derivatives in all elements of the input. */
const jacobian =
  (f: Function): Function =>
  (given) => {
    const x = lift(given)
    const y = lift(f(x))
    const columns = basis(x.data.length).map((direction) => slope((t) => numbersOf(f(moved(x, direction, t)))))
    return { shape: [...y.shape, ...x.shape], data: y.data.flatMap((_, o) => columns.map((column) => column[o]!)) }
  }

/** The number that an array of one element is. */
export const numberOf = (x: Tree): number => lift(x).data[0]!

/** What a printed program means here. */
export const direct = {
  Expr,
  Fn: {
    make: (_: unknown, f: Function): Function => f,
    apply: (f: Function, x: Tree) => f(x),
    call: (f: Function, x: Tree) => f(x),
    map:
      (f: Function, { axes = 0, size: n }: { readonly size: number; readonly axes?: Axes }): Function =>
      (xs) => {
        const axis = axesOf(xs!, axes)
        return stackTrees(
          range(n).map((i) => {
            let next = 0
            return f(
              mapTrees((x) => {
                const own = axis[next++]!
                return own === null ? x : at(leading(x, own), i)
              }, xs!)
            )
          })
        )
      }
  },
  Tensor: { make: lift, index: lift, zeros: (shape: Index) => make(shape, () => 0) },
  Forward: {
    derivative:
      (f: Function): Function =>
      (x) =>
        pushed(f, x!, 1),
    jacobian,
    jvp:
      (f: Function): Function =>
      (given) => {
        const { primals, tangents } = given as { readonly primals: Tree; readonly tangents: Tree }
        return { primals: f(primals), tangents: pushed(f, primals, tangents) }
      }
  },
  Reverse: {
    grad,
    jacobian,
    valueAndGrad:
      (f: Function): Function =>
      (x) => ({ value: f(x!), grad: grad(f)(x!) }),
    vjp:
      (f: Function): Function =>
      (given) => {
        const { cotangents, primals } = given as { readonly primals: Tree; readonly cotangents: Tree }
        return { primals: f(primals), cotangents: pulled(f, primals, cotangents) }
      }
  },
  Calculus: {
    hvp:
      (f: Function): Function =>
      (given) => {
        const { primals, tangents } = given as { readonly primals: Tree; readonly tangents: Tree }
        return like(
          primals,
          slope((t) => numbersOf(grad(f)(moved(primals, numbersOf(tangents), t))))
        )
      }
  }
}
