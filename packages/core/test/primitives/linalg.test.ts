import * as fc from "fast-check"
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import * as Tensor from "../../src/Tensor.ts"
import { type Misuse, count, expectMisuse, expectSame, fromElements, run, tensors } from "./oracle.ts"

interface Matrix {
  readonly shape: ReadonlyArray<number>
  readonly data: ReadonlyArray<number>
}

interface Square {
  readonly name: string
  readonly condition: number
  readonly matrix: Matrix
  readonly right: Matrix
  readonly solve: Matrix
  readonly inverse: Matrix
  readonly adjugate: Matrix
  readonly det: number
  readonly logdet: number
  readonly sign: number
  readonly positive: Matrix
  readonly cholesky: Matrix
  readonly triangle: Matrix
  readonly forward: Matrix
  readonly backward: Matrix
}

interface Rectangle {
  readonly name: string
  readonly condition: number
  readonly matrix: Matrix
  readonly right: Matrix
  readonly lstsq: Matrix
}

const file = new URL("../../../testing/data/linalg-reference.json", import.meta.url)
const reference = JSON.parse(readFileSync(file, "utf8")) as {
  readonly squares: ReadonlyArray<Square>
  readonly singular: ReadonlyArray<Pick<Square, "name" | "matrix" | "adjugate">>
  readonly rectangles: ReadonlyArray<Rectangle>
}

const read = ({ data, shape }: Matrix): Tensor.Any => fromElements("real", shape, data)

const EPSILON = 2 ** -52

/** The largest difference of two arrays, relative to the largest element. */
const relativeError = (actual: Tensor.Any, { data, shape }: Matrix): number => {
  expect(actual.shape).toEqual(shape)
  const largest = Math.max(...data.map(Math.abs))
  const worst = Math.max(...data.map((x, i) => Math.abs(x - actual.data[i]!)))
  return worst === 0 ? 0 : worst / largest
}

const plain = { strongZero: false }
const lower = { upper: false, transposed: false, unitDiagonal: false, strongZero: false }

const transposed = (x: Tensor.Any): Tensor.Any => run("transpose", { permutation: [1, 0] }, x)

const times = (x: Tensor.Any, y: Tensor.Any): Tensor.Any =>
  run("dot", { left: [0, 1], right: [1, 2], output: [0, 2], strongZero: false }, x, y)

const diagonalOf = (x: Tensor.Any): ReadonlyArray<number> =>
  Array.from({ length: x.shape[0]! }, (_, i) => x.data[i * (x.shape[0]! + 1)]!)

const identity = (n: number): Tensor.Any =>
  fromElements(
    "real",
    [n, n],
    Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0))
  )

describe("against correctly rounded results", () => {
  it.each(reference.squares)("$name, condition number $condition", (c) => {
    const n = c.matrix.shape[0]!
    const bound = 2 * n * c.condition * EPSILON
    const a = read(c.matrix)
    const b = read(c.right)
    expect(relativeError(run("solve", plain, a, b), c.solve)).toBeLessThan(bound)
    expect(relativeError(run("inverse", {}, a), c.inverse)).toBeLessThan(bound)
    expect(relativeError(run("adjugate", {}, a), c.adjugate)).toBeLessThan(bound)
    const det = run("det", {}, a).data[0]!
    expect(Math.abs(det / c.det - 1)).toBeLessThan(bound)
    expect(Math.abs(run("logdet", {}, a).data[0]! - c.logdet)).toBeLessThan(
      Math.max(bound, 8 * EPSILON * Math.abs(c.logdet))
    )
    expect(run("detSign", {}, a).data[0]).toBe(c.sign)
    // The condition number of A A' + I is at most 1 + the square of the norm of A.
    const square = c.matrix.data.reduce((total, x) => total + x * x, 1)
    expect(relativeError(run("cholesky", {}, read(c.positive)), c.cholesky)).toBeLessThan(2 * n * square * EPSILON)
    const l = read(c.triangle)
    expect(relativeError(run("triangularSolve", lower, l, b), c.forward)).toBeLessThan(100 * n * EPSILON)
    expect(relativeError(run("triangularSolve", { ...lower, transposed: true }, l, b), c.backward)).toBeLessThan(
      100 * n * EPSILON
    )
  })

  it.each(reference.singular)("the adjugate of a singular matrix: $name", ({ adjugate, matrix }) => {
    const a = read(matrix)
    const actual = run("adjugate", {}, a)
    const scale = Math.max(1, ...matrix.data.map(Math.abs)) ** 2
    const largest = Math.max(...adjugate.data.map(Math.abs))
    if (largest === 0 || scale > 1e10) {
      const worst = Math.max(...adjugate.data.map((x, i) => Math.abs(x - actual.data[i]!)))
      expect(worst).toBeLessThan(scale > 1e10 ? 1e85 : 20 * scale * EPSILON)
    } else {
      expect(relativeError(actual, adjugate)).toBeLessThan(20 * EPSILON)
    }
  })

  it.each(reference.rectangles)("least squares, $name, condition number $condition", (c) => {
    const actual = run("lstsq", plain, read(c.matrix), read(c.right))
    // With a residual the condition number enters squared (Golub & Van Loan 2013, theorem 5.3.1), but only with it.
    const residual = c.matrix.shape[0]! > c.matrix.shape[1]! ? c.condition : 1
    expect(relativeError(actual, c.lstsq)).toBeLessThan(20 * c.condition * residual * EPSILON)
  })
})

/** Matrices of small integers, which are often singular or need pivoting. */
const integers = (rows: number, columns: number) =>
  tensors(
    "real",
    [rows, columns],
    fc.integer({ min: -4, max: 4 }).map((x) => x + 0)
  )

const sizes = fc.integer({ min: 0, max: 5 })

/** The determinant of a matrix of integers by its definition: the signed sum over permutations. Exact. */
const leibniz = (rows: ReadonlyArray<ReadonlyArray<number>>): number =>
  rows.length === 0
    ? 1
    : rows[0]!.reduce(
        (total, x, j) =>
          total + (j % 2 === 0 ? x : -x) * leibniz(rows.slice(1).map((row) => row.filter((_, k) => k !== j))),
        0
      )

const rowsOf = (a: Tensor.Any): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: a.shape[0]! }, (_, i) => Array.from(a.data.slice(i * a.shape[1]!, (i + 1) * a.shape[1]!)))

describe("matrices of integers", () => {
  const square = sizes.chain((n) => integers(n, n))

  it("the determinant is the signed sum over permutations", () => {
    fc.assert(
      fc.property(square, (a) => {
        const exact = leibniz(rowsOf(a))
        const scale = Math.max(1, ...a.data.map(Math.abs)) ** a.shape[0]!
        expect(Math.abs(run("det", {}, a).data[0]! - exact)).toBeLessThan(100 * scale * EPSILON)
        if (exact !== 0) {
          expect(run("detSign", {}, a).data[0]).toBe(Math.sign(exact))
          expect(run("logdet", {}, a).data[0]).toBeCloseTo(Math.log(Math.abs(exact)), 11)
        }
      }),
      { numRuns: 500 }
    )
  })

  it("the adjugate holds the signed minors, whatever the rank", () => {
    fc.assert(
      fc.property(square, (a) => {
        const n = a.shape[0]!
        const rows = rowsOf(a)
        const scale = Math.max(1, ...a.data.map(Math.abs)) ** Math.max(0, n - 1)
        const actual = run("adjugate", {}, a)
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            const minor = rows.filter((_, r) => r !== j).map((row) => row.filter((_, c) => c !== i))
            const exact = ((i + j) % 2 === 0 ? 1 : -1) * leibniz(minor)
            expect(Math.abs(actual.data[i * n + j]! - exact)).toBeLessThan(200 * scale * EPSILON)
          }
        }
      }),
      { numRuns: 500 }
    )
  })

  it("A adj(A) = det(A) I", () => {
    fc.assert(
      fc.property(square, (a) => {
        const n = a.shape[0]!
        const left = times(a, run("adjugate", {}, a))
        const det = run("det", {}, a).data[0]!
        const eye = identity(n)
        const scale = 5 * Math.max(1, ...a.data.map(Math.abs)) ** n
        left.data.forEach((x, i) => expect(Math.abs(x - det * eye.data[i]!)).toBeLessThan(200 * scale * EPSILON))
      })
    )
  })

  it("a system of a matrix away from singular ones is solved, and the determinants of matrix and inverse multiply to 1", () => {
    fc.assert(
      fc.property(
        fc.tuple(sizes, fc.integer({ min: 0, max: 3 })).chain(([n, k]) => fc.tuple(integers(n, n), integers(n, k))),
        ([noise, b]) => {
          const n = noise.shape[0]!
          // Diagonally dominant.
          const a = run("add", {}, noise, run("mul", {}, identity(n), Tensor.full([], 25)))
          const x = run("solve", plain, a, b)
          times(a, x).data.forEach((v, i) => expect(v).toBeCloseTo(b.data[i]!, 11))
          const inverse = run("inverse", {}, a)
          expect(run("det", {}, a).data[0]! * run("det", {}, inverse).data[0]!).toBeCloseTo(1, 11)
          times(inverse, a).data.forEach((v, i) => expect(v).toBeCloseTo(identity(n).data[i]!, 11))
          // Least squares of as many equations as unknowns is the solution.
          run("lstsq", plain, a, b).data.forEach((v, i) => expect(v).toBeCloseTo(x.data[i]!, 11))
        }
      )
    )
  })

  it("L L' = A, L is lower triangular, and log det A is twice the sum of log diag L", () => {
    fc.assert(
      fc.property(square, (noise) => {
        const n = noise.shape[0]!
        const a = run("add", {}, times(noise, transposed(noise)), identity(n))
        const l = run("cholesky", {}, a)
        times(l, transposed(l)).data.forEach((v, i) => expect(v).toBeCloseTo(a.data[i]!, 10))
        expectSame(run("triangle", { upper: false, diagonal: 0 }, l), l)
        const logs = diagonalOf(l).reduce((total, x) => total + Math.log(x), 0)
        expect(run("logdet", {}, a).data[0]).toBeCloseTo(2 * logs, 10)
        // Only the symmetric part matters.
        const skew = run("sub", {}, noise, transposed(noise))
        expectSame(run("cholesky", {}, run("add", {}, a, skew)), l)
      })
    )
  })

  it("triangularSolve reads its triangle only, and solves with it as solve does with the whole matrix", () => {
    fc.assert(
      fc.property(
        fc.tuple(sizes, fc.integer({ min: 0, max: 3 })).chain(([n, k]) => fc.tuple(integers(n, n), integers(n, k))),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        ([noise, b], upper, isTransposed, unitDiagonal) => {
          const n = noise.shape[0]!
          const diagonal = unitDiagonal ? (upper ? 1 : -1) : 0
          const a = unitDiagonal ? noise : run("add", {}, noise, run("mul", {}, identity(n), Tensor.full([], 9)))
          const attributes = { upper, transposed: isTransposed, unitDiagonal, strongZero: false }
          const x = run("triangularSolve", attributes, a, b)
          const kept = run("triangle", { upper, diagonal }, a)
          const whole = unitDiagonal ? run("add", {}, kept, identity(n)) : kept
          const product = times(isTransposed ? transposed(whole) : whole, x)
          const scale = Math.max(1, ...x.data.map(Math.abs))
          product.data.forEach((v, i) => expect(Math.abs(v - b.data[i]!)).toBeLessThan(1e-13 * scale))
          const unread = run("sub", {}, identity(n), run("triangle", { upper, diagonal }, identity(n)))
          const poison = run("mul", {}, run("sub", {}, run("add", {}, a, unread), kept), Tensor.full([], 1))
          const poisoned = fromElements(
            "real",
            a.shape,
            Array.from(a.data, (v, i) => (poison.data[i] === 0 ? v : Number.NaN))
          )
          expectSame(run("triangularSolve", attributes, poisoned, b), x)
        }
      )
    )
  })

  it("a least-squares residual is orthogonal to the columns; a shortest solution lies in the space of the rows", () => {
    fc.assert(
      fc.property(
        fc
          .tuple(sizes, sizes, fc.integer({ min: 0, max: 2 }))
          .chain(([m, n, k]) => fc.tuple(integers(m, n), integers(m, k))),
        ([noise, b]) => {
          const [m, n] = noise.shape as [number, number]
          const far = Array.from({ length: m * n }, (_, i) => (Math.floor(i / n) === i % n ? 15 : 0))
          const a = run("add", {}, noise, fromElements("real", [m, n], far))
          const x = run("lstsq", plain, a, b)
          expect(x.shape).toEqual([n, b.shape[1]])
          const residual = run("sub", {}, b, times(a, x))
          if (m >= n) times(transposed(a), residual).data.forEach((v) => expect(v).toBeCloseTo(0, 10))
          else {
            residual.data.forEach((v) => expect(v).toBeCloseTo(0, 11))
            // x = A' y with A A' y = b.
            const y = run("solve", plain, times(a, transposed(a)), b)
            times(transposed(a), y).data.forEach((v, i) => expect(v).toBeCloseTo(x.data[i]!, 11))
          }
        }
      )
    )
  })
})

describe("batches", () => {
  it("every matrix is treated by itself, in every batch", () => {
    const batches = fc.tuple(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 2 }),
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: 0, max: 3 })
    )
    const element = fc.double({ min: -2, max: 2, noNaN: true })
    fc.assert(
      fc.property(
        batches.chain(([batch, n, k]) =>
          fc.tuple(
            tensors("real", [...batch, n, n], element),
            tensors("real", [...batch, n, k], element),
            tensors("real", [...batch, k, n], element)
          )
        ),
        ([a, b, wide]) => {
          const one = (x: Tensor.Any, m: number): Tensor.Any => {
            const shape = x.shape.slice(-2)
            return fromElements("real", shape, Array.from(x.data.slice(m * count(shape), (m + 1) * count(shape))))
          }
          const matrices = count(a.shape.slice(0, -2))
          const joined = (parts: (m: number) => Tensor.Any, shape: ReadonlyArray<number>) =>
            fromElements("real", shape, Array.from({ length: matrices }, (_, m) => [...parts(m).data]).flat())
          for (const name of ["cholesky", "inverse", "adjugate", "det", "detSign", "logdet"] as const) {
            const whole = run(name, {}, a)
            expectSame(
              whole,
              joined((m) => run(name, {}, one(a, m)), whole.shape)
            )
          }
          const solved = run("solve", plain, a, b)
          expectSame(
            solved,
            joined((m) => run("solve", plain, one(a, m), one(b, m)), solved.shape)
          )
          const triangular = run("triangularSolve", { ...lower, upper: true }, a, b)
          expectSame(
            triangular,
            joined((m) => run("triangularSolve", { ...lower, upper: true }, one(a, m), one(b, m)), triangular.shape)
          )
          const fitted = run("lstsq", plain, b, a)
          expectSame(
            fitted,
            joined((m) => run("lstsq", plain, one(b, m), one(a, m)), fitted.shape)
          )
          const right = run("dot", matmul(a.shape.length), wide, a)
          const shortest = run("lstsq", plain, wide, right)
          expectSame(
            shortest,
            joined((m) => run("lstsq", plain, one(wide, m), one(right, m)), shortest.shape)
          )
        }
      ),
      { numRuns: 100 }
    )
  })
})

const matmul = (rank: number) => {
  const batch = Array.from({ length: rank - 2 }, (_, i) => i)
  return { left: [...batch, 50, 51], right: [...batch, 51, 52], output: [...batch, 50, 52], strongZero: false }
}

describe("singular and extreme matrices", () => {
  const singular = Tensor.make([
    [1, 2],
    [2, 4]
  ])
  const zero = Tensor.zeros([2, 2])

  it("a zero pivot: determinant 0, logarithm -Infinity, and solutions that are not finite", () => {
    for (const a of [singular, zero]) {
      expectSame(run("det", {}, a), Tensor.make(0))
      expectSame(run("detSign", {}, a), Tensor.make(0))
      expectSame(run("logdet", {}, a), Tensor.make(-Infinity))
      for (const x of run("solve", plain, a, Tensor.make([[1], [1]])).data) expect(Number.isFinite(x)).toBe(false)
      expect([...run("inverse", {}, a).data].some((x) => !Number.isFinite(x))).toBe(true)
    }
    expectSame(run("inverse", {}, Tensor.make([[0]])), Tensor.make([[Infinity]]))
    expectSame(run("solve", plain, Tensor.make([[0]]), Tensor.make([[-2, 0]])), Tensor.make([[-Infinity, NaN]]))
    expectSame(run("lstsq", plain, Tensor.zeros([2, 1]), Tensor.ones([2, 1])), Tensor.make([[-Infinity]]))
  })

  it("with strongZero a right-hand side of zeros has the solution zero, whatever the matrix", () => {
    const right = Tensor.make([
      [0, 1, -0],
      [0, 0, 0]
    ])
    const strong = { strongZero: true }
    for (const a of [zero, singular, Tensor.full([2, 2], NaN), Tensor.full([2, 2], Infinity)]) {
      for (const x of [
        run("solve", strong, a, right),
        run("lstsq", strong, a, right),
        run("triangularSolve", { ...lower, ...strong }, a, right),
        run("lstsq", strong, Tensor.full([2, 4], NaN), right)
      ]) {
        const [first, second, third] = rowsOf(transposed(x)) as [Array<number>, Array<number>, Array<number>]
        expect(first.every((v) => v === 0)).toBe(true)
        expect(third.every((v) => v === 0)).toBe(true)
        expect(second.every((v) => v === 0)).toBe(false)
      }
    }
  })

  it("the factor of a matrix that is not positive definite is NaN below the diagonal and on it", () => {
    const batch = Tensor.make([
      [
        [1, 2],
        [2, 1]
      ],
      [
        [4, 2],
        [2, 10]
      ],
      [
        [0, 0],
        [0, 1]
      ],
      [
        [1, NaN],
        [0, 1]
      ],
      [
        [1, 0],
        [0, 0]
      ]
    ])
    expect([...run("cholesky", {}, batch).data]).toEqual(
      [
        [NaN, 0, NaN, NaN],
        [2, 0, 1, 3],
        [NaN, 0, NaN, NaN],
        [NaN, 0, NaN, NaN],
        [NaN, 0, NaN, NaN]
      ].flat()
    )
  })

  it("determinants neither over- nor underflow on the way", () => {
    const diagonal = (...elements: ReadonlyArray<number>) => {
      const n = elements.length
      return fromElements(
        "real",
        [n, n],
        Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? elements[i / (n + 1)]! : 0))
      )
    }
    const p = 2 ** 700
    expectSame(run("det", {}, diagonal(p, p, 1 / p, -1 / p)), Tensor.make(-1))
    expectSame(run("det", {}, diagonal(1 / p, 1 / p, p, p)), Tensor.make(1))
    const q = 2 ** 512
    expectSame(run("det", {}, diagonal(q, q, 1 / q, 1 / q)), Tensor.make(1))
    expectSame(run("det", {}, diagonal(p, p)), Tensor.make(Infinity))
    expectSame(run("det", {}, diagonal(-p, p, p)), Tensor.make(-Infinity))
    expectSame(run("det", {}, diagonal(1 / p, 1 / p)), Tensor.make(0))
    expectSame(run("det", {}, diagonal(1 / p, 2 ** -374)), Tensor.make(5e-324))
    expectSame(run("det", {}, diagonal(5e-324, 2 ** 1000, 2 ** 74)), Tensor.make(1))
    expectSame(run("det", {}, diagonal(Infinity, 1)), Tensor.make(Infinity))
    expectSame(run("det", {}, diagonal(1 / p, 1 / p, 1 / p)), Tensor.make(0))
    expectSame(run("detSign", {}, diagonal(1 / p, 1 / p, -1 / p)), Tensor.make(-1))
    expect(run("logdet", {}, diagonal(1 / p, 1 / p, -1 / p)).data[0]).toBeCloseTo(-2100 * Math.LN2, 10)
    expectSame(run("adjugate", {}, diagonal(p, p, 0)), diagonal(0, 0, Infinity))
  })

  it("the matrix of no rows", () => {
    const empty = Tensor.zeros([2, 0, 0])
    expectSame(run("det", {}, empty), Tensor.ones([2]))
    expectSame(run("detSign", {}, empty), Tensor.ones([2]))
    expectSame(run("logdet", {}, empty), Tensor.zeros([2]))
    expectSame(run("inverse", {}, empty), empty)
    expectSame(run("lstsq", plain, Tensor.zeros([0, 3]), Tensor.zeros([0, 2])), Tensor.zeros([3, 2]))
    expectSame(run("lstsq", plain, Tensor.zeros([3, 0]), Tensor.zeros([3, 2])), Tensor.zeros([0, 2]))
  })

  it("a small pivot is passed over for a larger one", () => {
    const a = Tensor.make([
      [1e-20, 1],
      [1, 1]
    ])
    expectSame(run("solve", plain, a, Tensor.make([[1], [2]])), Tensor.make([[1], [1]]))
    expectSame(run("det", {}, a), Tensor.make(-1))
  })

  it("a nearly singular matrix loses as many digits as its condition number has", () => {
    for (const exponent of [-10, -25, -40, -50]) {
      const tiny = 2 ** exponent
      const a = Tensor.make([
        [1, 1],
        [1, 1 + tiny]
      ])
      // The system was made for the solution (1, 1); its numbers are exact.
      const x = run("solve", plain, a, Tensor.make([[2], [2 + tiny]]))
      for (const v of x.data) expect(Math.abs(v - 1)).toBeLessThan(EPSILON / tiny)
      expect(run("det", {}, a).data[0]).toBe(tiny)
      expect(run("logdet", {}, a).data[0]).toBeCloseTo(exponent * Math.LN2, 10)
      expectSame(
        run("adjugate", {}, a),
        Tensor.make([
          [1 + tiny, -1],
          [-1, 1]
        ])
      )
    }
  })
})

describe("typing", () => {
  const misuses: ReadonlyArray<Misuse> = [
    ["det", {}, ["real[3,4]"], "expected square matrices, got [3,4]"],
    ["inverse", {}, ["real[3]"], "expected square matrices, got [3]"],
    ["cholesky", {}, ["real[]"], "expected square matrices, got []"],
    ["logdet", {}, ["index[2,2]"], "expected real, got index[2,2]"],
    ["adjugate", {}, ["real[2,2]", "real[2,2]"], "expected 1 operand, got 2"],
    ["detSign", {}, [], "expected 1 operand, got 0"],
    ["solve", plain, ["real[2,2]"], "expected 2 operands, got 1"],
    ["solve", plain, ["real[2,2]", "bool[2,2]"], "expected two reals, got real[2,2] and bool[2,2]"],
    ["solve", plain, ["real[2,3]", "real[2,1]"], "expected square matrices, got [2,3]"],
    ["solve", plain, ["real[2,2]", "real[2]"], "expected matrices in the last two axes, got [2]"],
    ["solve", plain, ["real[2,2]", "real[3,1]"], "expected equal numbers of rows, got [2,2] and [3,1]"],
    [
      "solve",
      plain,
      ["real[5,2,2]", "real[1,2,1]"],
      "expected equal axes before the last two, got [5,2,2] and [1,2,1]"
    ],
    ["solve", {}, ["real[2,2]", "real[2,1]"], "expected strongZero to be true or false, got undefined"],
    ["triangularSolve", lower, ["real[2,3]", "real[2,1]"], "expected square matrices, got [2,3]"],
    [
      "triangularSolve",
      { ...lower, upper: 1 },
      ["real[2,2]", "real[2,1]"],
      "expected upper to be true or false, got 1"
    ],
    [
      "triangularSolve",
      { ...lower, transposed: "no" },
      ["real[2,2]", "real[2,1]"],
      "expected transposed to be true or false, got no"
    ],
    [
      "triangularSolve",
      { ...lower, unitDiagonal: null },
      ["real[2,2]", "real[2,1]"],
      "expected unitDiagonal to be true or false, got null"
    ],
    ["lstsq", plain, ["real[2,3]", "real[3,1]"], "expected equal numbers of rows, got [2,3] and [3,1]"],
    [
      "lstsq",
      plain,
      ["real[0,1099511627776]", "real[0,1099511627776]"],
      "[1099511627776,1099511627776] has too many elements"
    ]
  ]
  it.each(misuses)("%s %j of %j is refused: %s", (...misuse) => expectMisuse(misuse))
})
