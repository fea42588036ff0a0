// Linear algebra through the operators: both modes against each other, against PyTorch, and nested.

import { Expr, Fn, type Shape, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import * as fc from "fast-check"
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"

type Inputs = Readonly<Record<string, Tensor.Tensor>>

type Expressions = Readonly<Record<string, Expr.Expr>>

/** A program of named arrays with one result. */
type Program = (inputs: Expressions) => Expr.Expr

type Spec = Readonly<Record<string, Shape.Shape>>

const specOf = (inputs: Inputs): Spec =>
  Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]))

const arrays = (value: object): Inputs =>
  Object.fromEntries(
    Object.entries(value).map(([name, x]: [string, unknown]) => [
      name,
      typeof x === "number" ? Tensor.make(x) : (x as Tensor.Tensor)
    ])
  )

/** `⟨weights, f⟩`, a scalar program. */
const weighted = (f: Program, inputs: Inputs, weights: Tensor.Tensor) =>
  Fn.make(specOf(inputs), (x) => Expr.sum(Expr.mul(f(x as Expressions), weights)))

/** The derivative of a scalar program along a direction, by one mode. */
type Slope = (f: Program, inputs: Inputs, direction: Inputs) => Program

const scalarOf = (f: Program, inputs: Inputs) => Fn.make(specOf(inputs), (x) => Expr.sum(f(x as Expressions)))

const forward: Slope = (f, inputs, direction) => (x) => {
  const jvp = Forward.jvp(scalarOf(f, inputs))
  const { tangents } = Fn.apply(jvp, { primals: x, tangents: direction } as never) as { readonly tangents: Expr.Expr }
  return tangents
}

const reverse: Slope = (f, inputs, direction) => (x) => {
  const gradient = Fn.apply(Reverse.grad(scalarOf(f, inputs)), x as never) as Expressions
  return Object.entries(direction)
    .map(([name, d]) => Expr.sum(Expr.mul(gradient[name]!, d)) as Expr.Expr)
    .reduce((total, term) => Expr.add(total, term) as Expr.Expr)
}

const evaluate = (f: Program, inputs: Inputs): number => {
  const result: unknown = Fn.runSync(scalarOf(f, inputs), inputs as never)
  return result as number
}

/** Numbers in [-1, 1): a mulberry32 generator. */
const generator = (seed: number) => {
  let state = seed >>> 0
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2147483648 - 1
  }
}

const sample = (random: () => number, shape: Shape.Shape, diagonal = 0): Tensor.Tensor => {
  const [m, n] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1]
  const size = shape.reduce((product, d) => product * d, 1)
  return Tensor.fromArray(
    Float64Array.from({ length: size }, (_, place) => {
      const within = place % (m * n)
      return random() + (Math.floor(within / n) === within % n ? diagonal : 0)
    }),
    shape
  )
}

const like = (random: () => number, inputs: Inputs): Inputs =>
  Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, sample(random, x.shape)]))

const moved = (inputs: Inputs, direction: Inputs, step: number): Inputs =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, x]) => [
      name,
      Tensor.fromArray(
        x.data.map((v, i) => v + step * direction[name]!.data[i]!),
        x.shape
      )
    ])
  )

/** Central differences of five points, extrapolated; with the size of what was subtracted. */
const difference = (f: Program, inputs: Inputs, direction: Inputs): readonly [slope: number, size: number] => {
  let size = 1
  const of = (h: number) => {
    const values = [-2, -1, 1, 2].map((k) => evaluate(f, moved(inputs, direction, k * h))) as [
      number,
      number,
      number,
      number
    ]
    size = Math.max(size, ...values.map(Math.abs))
    return (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
  }
  return [(16 * of(1e-3) - of(2e-3)) / 15, size]
}

// -----------------------------------------------------------------------------
// Programs
// -----------------------------------------------------------------------------

interface Case {
  readonly name: string
  readonly program: Program
  readonly inputs: (random: () => number, batch: Shape.Shape, n: number) => Inputs
}

const square = (random: () => number, batch: Shape.Shape, n: number): Inputs => ({
  A: sample(random, [...batch, n, n], 4)
})

const system = (random: () => number, batch: Shape.Shape, n: number): Inputs => ({
  A: sample(random, [...batch, n, n], 4),
  b: sample(random, [...batch, n, 2])
})

const flip = (x: Expr.Expr): Expr.Expr => {
  const rank = x.shape.length
  const axes: ReadonlyArray<number> = [...x.shape.slice(2).map((_, i) => i), rank - 1, rank - 2]
  return Expr.transpose(x, axes)
}

/** Arrays as one vector. */
const together = (x: Expr.Expr, y: Expr.Expr): Expr.Expr =>
  Expr.concat([Expr.reshape(x, [-1]), Expr.reshape(y, [-1])] as const, 0) as Expr.Expr

/** Matrices whose symmetric parts have eigenvalues at a distance from each other. */
const separated: Case["inputs"] = (random, batch, n) => {
  const noise = sample(random, [...batch, n, n])
  const data = noise.data.map((v, i) => v / 2 + (Math.floor(i / n) % n === i % n ? 4 * (i % n) : 0))
  return { A: Tensor.fromArray(data, noise.shape) }
}

const cases: ReadonlyArray<Case> = [
  { name: "cholesky", program: ({ A }) => Expr.cholesky(A!), inputs: square },
  { name: "inverse", program: ({ A }) => Expr.inverse(A!), inputs: square },
  { name: "adjugate", program: ({ A }) => Expr.adjugate(A!), inputs: square },
  { name: "det", program: ({ A }) => Expr.det(A!), inputs: square },
  { name: "logdet", program: ({ A }) => Expr.logdet(A!), inputs: square },
  { name: "solve", program: ({ A, b }) => Expr.solve(A!, b!), inputs: system },
  { name: "triangularSolve", program: ({ A, b }) => Expr.triangularSolve(A!, b!), inputs: system },
  {
    name: "triangularSolve of the upper triangle, transposed, with a unit diagonal",
    program: ({ A, b }) => Expr.triangularSolve(A!, b!, { upper: true, transposed: true, unitDiagonal: true }),
    inputs: system
  },
  {
    name: "lstsq of tall matrices",
    program: ({ A, b }) => Expr.lstsq(A!, b!),
    inputs: (random, batch, n) => ({
      A: sample(random, [...batch, n + 2, n], 4),
      b: sample(random, [...batch, n + 2, 2])
    })
  },
  {
    name: "lstsq of wide matrices",
    program: ({ A, b }) => Expr.lstsq(A!, b!),
    inputs: (random, batch, n) => ({ A: sample(random, [...batch, n, n + 2], 4), b: sample(random, [...batch, n, 2]) })
  },
  {
    name: "a batch of right-hand sides for one matrix",
    program: ({ A, b }) => Expr.solve(A!, b!),
    inputs: (random, batch, n) => ({ A: sample(random, [n, n], 4), b: sample(random, [3, ...batch, n, 2]) })
  },
  {
    name: "a batch of matrices for one vector",
    program: ({ A, b }) => Expr.solve(A!, b!),
    inputs: (random, batch, n) => ({ A: sample(random, [3, ...batch, n, n], 4), b: sample(random, [n]) })
  },
  ...(
    [
      ["tall", 2, 0],
      ["square", 0, 0],
      ["wide", 0, 2]
    ] as const
  ).map(([shape, rows, more]): Case => ({
    name: `qr of ${shape} matrices`,
    program: ({ A }) => {
      const { q, r } = Expr.qr(A!) as { readonly q: Expr.Expr; readonly r: Expr.Expr }
      return together(q, r)
    },
    inputs: (random, batch, n) => ({ A: sample(random, [...batch, n + rows, n + more], 4) })
  })),
  {
    name: "q of qr alone",
    program: ({ A }) => Expr.qr(A!).q as Expr.Expr,
    inputs: (random, batch, n) => ({ A: sample(random, [...batch, n + 1, n], 4) })
  },
  {
    name: "r of qr alone",
    program: ({ A }) => Expr.qr(A!).r as Expr.Expr,
    inputs: (random, batch, n) => ({ A: sample(random, [...batch, n + 1, n], 4) })
  },
  {
    name: "eigh",
    program: ({ A }) => {
      const { values, vectors } = Expr.eigh(A!) as { readonly values: Expr.Expr; readonly vectors: Expr.Expr }
      return together(values, vectors)
    },
    inputs: separated
  },
  { name: "values of eigh alone", program: ({ A }) => Expr.eigh(A!).values as Expr.Expr, inputs: separated },
  { name: "vectors of eigh alone", program: ({ A }) => Expr.eigh(A!).vectors as Expr.Expr, inputs: separated },
  {
    name: "the log-likelihood of a Gaussian process",
    program: ({ A, b }) => {
      const covariance = Expr.matmul(A!, flip(A!)) as Expr.Expr
      const z = Expr.triangularSolve(Expr.cholesky(covariance), b!) as Expr.Expr
      return Expr.add(Expr.sum(Expr.square(z)), Expr.sum(Expr.logdet(covariance)))
    },
    inputs: system
  }
]

const modes = { forward, reverse }

const batches = fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 1 })

const close = (actual: number, expected: number, size: number, tolerance: number): void => {
  const scale = Math.max(1, size, Math.abs(expected))
  if (!(Math.abs(actual - expected) <= tolerance * scale)) {
    throw new Error(`expected ${expected} within ${tolerance * scale}, got ${actual}`)
  }
}

describe.each(cases)("$name", ({ inputs: make, program }) => {
  it("forward mode = reverse mode = central differences, and so for second derivatives in all four orders", () => {
    fc.assert(
      fc.property(batches, fc.integer({ min: 0, max: 5 }), fc.nat(), (batch, n, seed) => {
        const random = generator(seed)
        const inputs = make(random, batch, n)
        const shape = Fn.specs(Fn.make(specOf(inputs), (x) => program(x as Expressions))).outputs as Shape.Shape
        const weights = sample(random, shape)
        const f: Program = (x) => Expr.mul(program(x), weights) as Expr.Expr
        const [first, second] = [like(random, inputs), like(random, inputs)]
        const [slope, size] = difference(f, inputs, first)
        const slopes = [forward(f, inputs, first), reverse(f, inputs, first)]
        const values = slopes.map((g) => evaluate(g, inputs))
        close(values[0]!, values[1]!, size, 1e-11)
        for (const value of values) close(value, slope, size, 1e-8)
        const [curvature, sizeOfSlope] = difference(slopes[0]!, inputs, second)
        const curvatures = slopes.flatMap((g) =>
          Object.values(modes).map((mode) => evaluate(mode(g, inputs, second), inputs))
        )
        for (const value of curvatures) {
          close(value, curvatures[0]!, sizeOfSlope, 1e-10)
          close(value, curvature, sizeOfSlope, 1e-8)
        }
      }),
      { numRuns: 15 }
    )
  })
})

// -----------------------------------------------------------------------------
// PyTorch
// -----------------------------------------------------------------------------

interface Flat {
  readonly shape: ReadonlyArray<number>
  readonly data: ReadonlyArray<number>
}

type FlatRecord = Readonly<Record<string, Flat>>

interface Reference {
  readonly name: string
  readonly inputs: FlatRecord
  readonly outputs: FlatRecord
  readonly cotangents: FlatRecord
  readonly grads: FlatRecord
  readonly hvp: { readonly direction: FlatRecord; readonly value: FlatRecord } | null
}

const file = new URL("../data/torch-reference.json", import.meta.url)
const reference = (JSON.parse(readFileSync(file, "utf8")) as { readonly cases: ReadonlyArray<Reference> }).cases

const read = (record: FlatRecord): Inputs =>
  Object.fromEntries(
    Object.entries(record).map(([name, { data, shape }]) => [name, Tensor.fromArray(Float64Array.from(data), shape)])
  )

const expectClose = (actual: Inputs, expected: Inputs, tolerance = 1e-11): void => {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort())
  for (const [name, { data, shape }] of Object.entries(expected)) {
    expect(actual[name]!.shape).toEqual(shape)
    const scale = Math.max(1, ...data.map(Math.abs))
    data.forEach((v, i) => expect(Math.abs(actual[name]!.data[i]! - v)).toBeLessThan(tolerance * scale))
  }
}

const eye = (n: number): Expr.Expr =>
  Expr.constant(
    Tensor.fromArray(
      Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)),
      [n, n]
    )
  )

/** The diagonal Padé approximant of order 6 of `A / 2^8`, squared 8 times (Moler & Van Loan 2003, method 3). */
const exponential = (A: Expr.Expr): Expr.Expr => {
  const squarings = 8
  const small = Expr.div(A, 2 ** squarings) as Expr.Expr
  const q = 6
  let coefficient = 1
  let power = eye(3)
  let numerator = power
  let denominator = power
  for (let k = 1; k <= q; k++) {
    coefficient *= (q - k + 1) / (k * (2 * q - k + 1))
    power = Expr.matmul(small, power) as Expr.Expr
    const term = Expr.mul(power, coefficient) as Expr.Expr
    numerator = Expr.add(numerator, term) as Expr.Expr
    denominator = (k % 2 === 0 ? Expr.add(denominator, term) : Expr.sub(denominator, term)) as Expr.Expr
  }
  let result = Expr.solve(denominator, numerator) as Expr.Expr
  for (let k = 0; k < squarings; k++) result = Expr.matmul(result, result) as Expr.Expr
  return result
}

const torch: Readonly<Record<string, Program>> = {
  triangular_solve_lower: ({ L, b }) => Expr.triangularSolve(L!, b!),
  solve: ({ A, b }) => Expr.solve(A!, b!),
  inverse: ({ A }) => Expr.inverse(A!),
  determinant: ({ A }) => Expr.det(A!),
  logabsdet: ({ A }) => Expr.logdet(A!),
  cholesky_of_BBt_plus_2I: ({ B }) =>
    Expr.cholesky(Expr.add(Expr.matmul(B!, flip(B!)), Expr.mul(2, eye(3))) as Expr.Expr),
  cholesky_symmetric_input: ({ M }) => Expr.cholesky(M!),
  matrix_exponential: ({ A }) => exponential(A!)
}

describe.each(Object.keys(torch))("PyTorch: %s", (name) => {
  const found = reference.find((c) => c.name === name)!
  const program = torch[name]!
  const inputs = read(found.inputs)
  const cotangent = read(found.cotangents)["y"]!

  it("value and gradient", () => {
    const f = Fn.make(specOf(inputs), (x) => ({ y: program(x as Expressions) }))
    const result: unknown = Fn.runSync(f, inputs as never)
    expectClose(arrays(result as object), read(found.outputs))
    const gradient: unknown = Fn.runSync(Reverse.grad(weighted(program, inputs, cotangent)), inputs as never)
    expectClose(arrays(gradient as object), read(found.grads))
  })

  const { hvp } = found
  if (hvp === null) return
  it("Hessian times vector, forward over reverse and reverse over reverse", () => {
    const direction = read(hvp.direction)
    const gradient = Reverse.grad(weighted(program, inputs, cotangent))
    const { tangents } = Fn.runSync(Forward.jvp(gradient), { primals: inputs, tangents: direction } as never) as {
      readonly tangents: object
    }
    expectClose(arrays(tangents), read(hvp.value), 1e-10)
    const slope = reverse((x) => Expr.mul(program(x), cotangent) as Expr.Expr, inputs, direction)
    const twice: unknown = Fn.runSync(Reverse.grad(scalarOf(slope, inputs)), inputs as never)
    expectClose(arrays(twice as object), read(hvp.value), 1e-10)
  })
})

// -----------------------------------------------------------------------------
// Near singular matrices
// -----------------------------------------------------------------------------

describe("near singular matrices", () => {
  const gradient = (f: Program, A: Tensor.Tensor): ReadonlyArray<number> => {
    const result: unknown = Fn.runSync(Reverse.grad(scalarOf(f, { A })), { A } as never)
    return Array.from(arrays(result as object)["A"]!.data)
  }
  it("the gradient of det keeps all digits; those of logdet and solve lose as many as the condition number has", () => {
    for (const exponent of [-10, -20, -30, -40, -50]) {
      const tiny = 2 ** exponent
      // det = tiny, and the condition number is about 4 / tiny.
      const A = Tensor.make([
        [1, 1],
        [1, 1 + tiny]
      ])
      expect(gradient(({ A }) => Expr.det(A!), A)).toEqual([1 + tiny, -1, -1, 1])
      const bound = (8 * 2 ** -52) / tiny
      gradient(({ A }) => Expr.logdet(A!), A).forEach((v, i) => {
        const exact = [1 + tiny, -1, -1, 1][i]! / tiny
        expect(Math.abs(v / exact - 1)).toBeLessThan(bound)
      })
      // x = (1, 0), and the cotangent (0, 1) is pulled back to (-1, 1) / tiny.
      const second = Expr.constant([0, 1])
      gradient(({ A }) => Expr.mul(Expr.solve(A!, Expr.constant([1, 1])), second), A).forEach((v, i) => {
        const exact = [1 / tiny, 0, -1 / tiny, 0][i]!
        expect(Math.abs(v - exact)).toBeLessThan(bound / tiny)
      })
    }
  })

  it("at a singular matrix det has a gradient, and logdet, inverse and solve have none that is finite", () => {
    const A = Tensor.make([
      [1, 2],
      [2, 4]
    ])
    expect(gradient(({ A }) => Expr.det(A!), A)).toEqual([4, -2, -2, 1])
    for (const f of [
      ({ A }: Expressions) => Expr.logdet(A!) as Expr.Expr,
      ({ A }: Expressions) => Expr.inverse(A!) as Expr.Expr,
      ({ A }: Expressions) => Expr.solve(A!, Expr.constant([1, 1])) as Expr.Expr
    ]) {
      expect(gradient(f, A).some((v) => !Number.isFinite(v))).toBe(true)
      const guarded: Program = ({ A }) => Expr.select(Expr.ne(Expr.det(A!), 0), f({ A: A! }), 0) as Expr.Expr
      expect(gradient(guarded, A).every((v) => v === 0)).toBe(true)
    }
  })
})
