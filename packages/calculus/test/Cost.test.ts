import { compareModes, Cost } from "@fluxion/calculus"
import { Expr, Fn, Tensor } from "@fluxion/core"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"

const counts = (part: Partial<Cost.OperationCounts>): Cost.OperationCounts => ({
  additions: 0,
  multiplications: 0,
  divisions: 0,
  transcendentals: 0,
  comparisons: 0,
  moves: 0,
  ...part
})

const compare: typeof compareModes = (f, at, options) => compareModes(f, at, { time: false, trace: false, ...options })

describe("counted by hand", () => {
  it("ln(x1) + x1 x2 - sin(x2)", () => {
    const f = Fn.make({ x1: [], x2: [] }, ({ x1, x2 }) =>
      Expr.log(x1).pipe(Expr.add(Expr.mul(x1, x2)), Expr.sub(Expr.sin(x2)))
    )
    const { forward, primal, reverse } = Effect.runSync(compare(f, { x1: 2, x2: 5 }))
    expect(primal.operations).toEqual(counts({ additions: 2, multiplications: 1, transcendentals: 2 }))
    // ln: t × (1/x). Product: two products and their sum. sin: t × cos. Sum: one. Difference: a negative and a sum.
    expect(forward.pass).toEqual(
      counts({
        additions: 2 + 1 + 1 + 2,
        multiplications: 1 + 1 + 2 + 1,
        divisions: 1,
        transcendentals: 2 + 1
      })
    )
    // x1: ln and the product; x2: the product and the sine.
    expect(forward.total).toEqual(
      counts({
        additions: 2 + 1 + (1 + 1),
        multiplications: 1 + 2 + 2,
        divisions: 1,
        transcendentals: 2 + 1
      })
    )
    // Difference: a negative. sin: cos, product. Product: two. ln: quotient, product. Both inputs have two adjoints to add up.
    expect(reverse.pass).toEqual(
      counts({ additions: 2 + 1 + 2, multiplications: 1 + 1 + 2 + 1, divisions: 1, transcendentals: 2 + 1 })
    )
    expect(reverse.total).toEqual(reverse.pass)
    expect([forward.passes, reverse.passes]).toEqual([2, 1])
    // The adjoints need x1 and x2, and nothing that was computed.
    expect(reverse.residuals).toEqual({ values: 2, bytes: 16 })
    // x1, x2, ln(x1) and the product together when that is done.
    expect(primal.peak).toEqual({ values: 4, bytes: 32 })
  })

  it("exp(W x)", () => {
    const f = Fn.make({ w: [3, 4], x: [4] }, ({ w, x }) => Expr.exp(Expr.matmul(w, x)))
    const at = { w: Tensor.full([3, 4], 0.1), x: Tensor.make([1, 2, 3, 4]) }
    const { forward, primal, reverse } = Effect.runSync(compare(f, at))
    expect(primal.operations).toEqual(counts({ additions: 9, multiplications: 12, transcendentals: 3 }))
    // dW x and W dx (each as the product itself), their sum, then three products with exp.
    expect(forward.pass).toEqual(counts({ additions: 9 + 18 + 3, multiplications: 12 + 24 + 3, transcendentals: 3 }))
    // The outer product ct x, and ct W: four sums of three.
    expect(reverse.pass).toEqual(counts({ additions: 9 + 8, multiplications: 12 + 3 + 12 + 12, transcendentals: 3 }))
    // Each of the 16 forward passes has one of dW x and W dx.
    expect(forward.total).toEqual(counts({ additions: 9 + 16 * 9, multiplications: 12 + 16 * 15, transcendentals: 3 }))
    expect(reverse.total).toEqual(counts({ additions: 9 + 3 * 8, multiplications: 12 + 3 * 27, transcendentals: 3 }))
    // W, x and the result of exp.
    expect(reverse.residuals).toEqual({ values: 3, bytes: 8 * (12 + 4 + 3) })
    // W and x with their product, which they do not outlive.
    expect(primal.peak).toEqual({ values: 3, bytes: 8 * (12 + 4 + 3) })
  })

  it("a scan: x^10", () => {
    const f = Fn.make([], (x) => Expr.iterate(10, (y) => Expr.mul(y, x), Expr.constant(1)))
    const { forward, primal, reverse } = Effect.runSync(compare(f, 2))
    expect(primal.operations).toEqual(counts({ multiplications: 10 }))
    expect(Cost.countOperations(f)).toEqual(primal.operations)
    expect(forward.pass).toEqual(counts({ multiplications: 30, additions: 10 }))
    // Forwards, ten carries are stacked. Backwards, each step has two products, and adds to the adjoint of x.
    expect(reverse.pass).toEqual(counts({ multiplications: 30, additions: 10, moves: 10 }))
    expect(reverse.residuals).toEqual({ values: 2, bytes: 8 * (10 + 1) })
  })

  it("a branch and a loop without a known number of iterations", () => {
    const branch = Fn.make([], (x) =>
      Expr.cond(
        Expr.gt(x, 0),
        () => Expr.exp(x),
        () => Expr.mul(Expr.mul(x, x), x)
      )
    )
    expect(Cost.countOperations(branch, { at: 2 })).toEqual(counts({ comparisons: 1, transcendentals: 1 }))
    expect(Cost.countOperations(branch, { at: -2 })).toEqual(counts({ comparisons: 1, multiplications: 2 }))
    expect(Cost.countOperations(branch)).toEqual(counts({ comparisons: 1, multiplications: 2 }))

    const loop = Fn.make([], (x) =>
      Expr.whileLoop(
        (y) => Expr.lt(y, 100),
        (y) => Expr.mul(y, x),
        x
      )
    )
    // 2, 4, …, 128: six products, seven comparisons.
    expect(Cost.countOperations(loop, { at: 2 })).toEqual(counts({ comparisons: 7, multiplications: 6 }))
    expect(Cost.countOperations(loop)).toEqual(counts({ comparisons: 1, multiplications: 1 }))
    const { forward, reverse } = Effect.runSync(compare(loop, 2))
    // Two products and a sum for the tangent.
    expect(forward.pass).toEqual(counts({ comparisons: 7, multiplications: 18, additions: 6 }))
    // Once for the value, once with a tape; backwards two products and a sum; the loop's own x and its first state are one input, so their adjoints are added.
    expect(reverse.pass).toEqual(counts({ comparisons: 14, multiplications: 12 + 12, additions: 6 + 1 }))
    // x, and the states 4 to 64 before an iteration (the first is x).
    expect(reverse.residuals).toEqual({ values: 6, bytes: 48 })
  })

  it("a system of three equations with two right-hand sides", () => {
    const f = Fn.make({ a: [3, 3], b: [3, 2] }, ({ a, b }) => Expr.sum(Expr.solve(a, b)))
    const { primal, reverse } = Effect.runSync(
      compare(f, {
        a: Tensor.make([
          [2, 1, 0],
          [1, 3, 1],
          [0, 1, 4]
        ]),
        b: Tensor.make([
          [1, 2],
          [3, 4],
          [5, 6]
        ])
      })
    )
    // Elimination: (2 × 2 + 1) products, 2 + 1 quotients and comparisons; substitution: 3 products a column, twice; 3 quotients a column. Then five sums.
    const solve = { additions: 5 + 12, multiplications: 5 + 12, divisions: 3 + 6, comparisons: 3 }
    expect(primal.operations).toEqual(counts({ ...solve, additions: solve.additions + 5 }))
    // Both operands solve a system with the transposed matrix, whose right-hand side is looked at for zeros; the adjoint of the matrix is 9 sums of two products with
    // one factor negated; the cotangent of the sum is copied to 6 elements.
    expect(reverse.pass).toEqual(
      counts({
        additions: 3 * solve.additions + 5 + 9 + 6,
        multiplications: 3 * solve.multiplications + 18,
        divisions: 3 * solve.divisions,
        comparisons: 3 * solve.comparisons + 2 * 6,
        moves: 2 * 9 + 6
      })
    )
  })
})

/** Counts what an algorithm does, written with loops. */
const tally = (algorithm: (count: (name: keyof Cost.OperationCounts, n?: number) => void) => void) => {
  const total: Record<string, number> = { ...counts({}) }
  algorithm((name, n = 1) => (total[name]! += n))
  return total
}

describe("linear algebra", () => {
  const costOf = (f: Fn.Any) => Cost.countOperations(f as Fn.Fn<[], []>)

  it.each([0, 1, 2, 3, 4, 7])("counts the loops of algorithms on matrices of %i rows", (n) => {
    const matrix = (name: "det" | "cholesky" | "inverse") =>
      costOf(Fn.make({ a: [n, n] as Tensor.Any["shape"] }, ({ a }) => Expr[name](a as never) as never))
    const eliminate = (count: Parameters<Parameters<typeof tally>[0]>[0]) => {
      for (let k = 0; k < n; k++) {
        for (let i = k + 1; i < n; i++) {
          count("comparisons")
          count("divisions")
          for (let j = k + 1; j < n; j++) {
            count("multiplications")
            count("additions")
          }
        }
      }
    }
    const substitute = (count: Parameters<Parameters<typeof tally>[0]>[0], columns: number, unit: boolean) => {
      for (let c = 0; c < columns; c++) {
        for (let i = 0; i < n; i++) {
          count("multiplications", i)
          count("additions", i)
          if (!unit) count("divisions")
        }
      }
    }
    expect(matrix("det")).toEqual(
      tally((count) => {
        eliminate(count)
        count("multiplications", n)
      })
    )
    expect(matrix("inverse")).toEqual(
      tally((count) => {
        eliminate(count)
        substitute(count, n, true)
        substitute(count, n, false)
      })
    )
    expect(matrix("cholesky")).toEqual(
      tally((count) => {
        for (let i = 0; i < n; i++) {
          for (let j = 0; j <= i; j++) {
            count("additions")
            count("multiplications")
            for (let k = 0; k < j; k++) {
              count("additions")
              count("multiplications")
            }
            if (j < i) count("divisions")
          }
          count("transcendentals")
          count("comparisons")
        }
      })
    )
  })
})

describe("least squares", () => {
  it.each([
    [5, 3, 2],
    [3, 5, 2],
    [4, 4, 1]
  ])("counts the loops of Householder's reflections, %i by %i for %i right-hand sides", (m, n, k) => {
    const f = Fn.make({ a: [m, n], b: [m, k] }, ({ a, b }) => Expr.lstsq(a as never, b as never) as Expr.Expr)
    const [rows, order] = m >= n ? [m, n] : [n, m]
    expect(Cost.countOperations(f)).toEqual(
      tally((count) => {
        const reflect = (step: number, columns: number) => {
          for (let c = 0; c < columns; c++) {
            count("multiplications", 2 * (rows - step))
            count("additions", 2 * (rows - step))
            count("divisions")
          }
        }
        for (let step = 0; step < order; step++) {
          // The length: the largest, then ratios, squares and their sum; a root and a product. Then the column over its length.
          for (let i = step; i < rows; i++) {
            count("comparisons")
            count("divisions", 2)
            count("multiplications")
            count("additions")
          }
          count("transcendentals")
          count("multiplications")
          count("additions")
          reflect(step, order - step - 1)
          reflect(step, k)
        }
        for (let i = 0; i < order; i++) {
          count("multiplications", i * k)
          count("additions", i * k)
          count("divisions", k)
        }
      })
    )
  })
})

describe("countOperations", () => {
  it("counts every primitive by the elements of arrays", () => {
    const f = Fn.make({ x: [5, 2] }, ({ x }) =>
      Expr.sum(Expr.cumsum(Expr.mul(Expr.clamp(x, 0, 1), 2), { axis: 0 }), { axis: 1 })
    )
    expect(Cost.countOperations(f)).toEqual(
      counts({ comparisons: 20, multiplications: 10, additions: (5 - 1) * 2 + (10 - 5) })
    )
  })

  it("does not count what depends on no input", () => {
    const f = Fn.make([], (x) => Expr.mul(x, Expr.exp(Expr.constant(2))))
    expect(Cost.countOperations(f)).toEqual(counts({ multiplications: 1 }))
    expect(Cost.countOperations(f, { at: 3 })).toEqual(counts({ multiplications: 1 }))
  })

  it("knows the cost of each primitive on empty arrays", () => {
    const f = Fn.make({ x: [0, 3] }, ({ x }) => ({
      sums: Expr.sum(x),
      sines: Expr.sin(x),
      products: Expr.matmul(x, Expr.transpose(x)),
      running: Expr.cumsum(x, { axis: 0 })
    }))
    expect(Cost.countOperations(f)).toEqual(counts({}))
  })

  it("counts bodies as often as they run", () => {
    const f = Fn.make({ x: [4, 3], w: [3] }, ({ w, x }) => Expr.map((row) => Expr.dot(Expr.sin(row), w), x))
    expect(Cost.countOperations(f)).toEqual(
      counts({ transcendentals: 12, multiplications: 12, additions: 8, moves: 4 })
    )
    expect(Cost.countOperations(f, { at: { x: Tensor.ones([4, 3]), w: Tensor.ones([3]) } })).toEqual(
      Cost.countOperations(f)
    )
  })
})
