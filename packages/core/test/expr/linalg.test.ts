import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Expr from "../../src/Expr.ts"
import * as Fn from "../../src/Fn.ts"
import * as Formula from "../../src/Formula.ts"
import * as Shape from "../../src/Shape.ts"
import * as Tensor from "../../src/Tensor.ts"
import { indicesOf, tensors } from "../primitives/oracle.ts"

const value = (expr: Expr.Expr): Tensor.Tensor => {
  const result: unknown = Fn.evaluate(expr)
  return typeof result === "number" ? Tensor.make(result) : (result as Tensor.Tensor)
}

/** The matrix (or vector) at an index of a batch, where axes of 1 repeat. */
const member = (x: Tensor.Any, rank: number, index: ReadonlyArray<number>): Tensor.Tensor => {
  const inner = x.shape.slice(x.shape.length - rank)
  const batch = x.shape.slice(0, x.shape.length - rank)
  const own = batch.map((n, i) => (n === 1 ? 0 : index[index.length - batch.length + i]!))
  const place = own.reduce((total, i, axis) => total * batch[axis]! + i, 0)
  const size = Shape.size(inner)
  return Tensor.fromArray(Float64Array.from(x.data.slice(place * size, (place + 1) * size)), inner)
}

const element = fc.double({ min: -1, max: 1, noNaN: true })

const dominant = (a: Tensor.Any): Tensor.Tensor => {
  const [m, n] = a.shape.slice(-2) as [number, number]
  return Tensor.fromArray(
    Float64Array.from(a.data, (v, i) => v + (Math.floor(i / n) % m === i % n ? 6 : 0)),
    a.shape
  )
}

/** Two batches of up to two axes that broadcast with each other, and what they broadcast to. */
const batches = fc
  .tuple(
    fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
    fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    fc.nat({ max: 2 }),
    fc.nat({ max: 2 })
  )
  .map(([target, ones, dropA, dropB]) => {
    const of = (drop: number, flags: ReadonlyArray<boolean>) =>
      target.slice(drop).map((n, i) => (flags[i] === true ? 1 : n))
    const a = of(dropA, ones.slice(0, 2))
    const b = of(dropB, ones.slice(2))
    return { a, b, both: Shape.broadcast("test", a, b) }
  })

const systems = (square: boolean) =>
  fc
    .tuple(batches, fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 3 }))
    .chain(([{ a, b, both }, m, free, k]) => {
      const n = square ? m : free
      return fc.record({
        both: fc.constant(both),
        a: tensors("real", [...a, m, n], element).map(dominant),
        b: tensors("real", [...b, m, k], element).map((x) => x as Tensor.Tensor)
      })
    })

type Solver = (a: Expr.Expr, b: Expr.Expr) => Expr.Expr

const solvers: ReadonlyArray<readonly [string, boolean, Solver]> = [
  ["solve", true, (a, b) => Expr.solve(a, b)],
  ["triangularSolve", true, (a, b) => Expr.triangularSolve(a, b, { upper: true })],
  ["lstsq", false, (a, b) => Expr.lstsq(a, b)]
]

describe.each(solvers)("%s", (_name, square, solve) => {
  it("leading axes broadcast: every member of the batch is solved as by itself", () => {
    fc.assert(
      fc.property(systems(square), ({ a, b, both }) => {
        const whole = value(solve(Expr.constant(a), Expr.constant(b)))
        const [n, k] = [a.shape.at(-1)!, b.shape.at(-1)!]
        expect(whole.shape).toEqual([...both, n, k])
        for (const index of indicesOf(both)) {
          const alone = value(solve(Expr.constant(member(a, 2, index)), Expr.constant(member(b, 2, index))))
          expect(member(whole, 2, index).data).toEqual(alone.data)
        }
      }),
      { numRuns: 150 }
    )
  })

  it("a vector on the right is one column, for every matrix of a batch", () => {
    fc.assert(
      fc.property(systems(square), fc.nat(), ({ a }, seed) => {
        const m = a.shape.at(-2)!
        const b = Tensor.fromArray(
          Float64Array.from({ length: m }, (_, i) => Math.sin(i + seed)),
          [m]
        )
        const solved = value(solve(Expr.constant(a), Expr.constant(b)))
        expect(solved.shape).toEqual([...a.shape.slice(0, -2), a.shape.at(-1)!])
        const column = Expr.reshape(Expr.constant(b), [m, 1])
        expect(solved.data).toEqual(value(solve(Expr.constant(a), column)).data)
      }),
      { numRuns: 50 }
    )
  })
})

it("both call styles build the same", () => {
  const a = Expr.constant([
    [4, 1],
    [2, 3]
  ])
  const b = Expr.constant([1, 2])
  const upper = { upper: true }
  expect(value(a.pipe(Expr.solve(b))).data).toEqual(value(Expr.solve(a, b)).data)
  expect(value(a.pipe(Expr.lstsq(b))).data).toEqual(value(Expr.lstsq(a, b)).data)
  expect(value(a.pipe(Expr.triangularSolve(b, upper))).data).toEqual(value(Expr.triangularSolve(a, b, upper)).data)
  expect(value(a.pipe(Expr.triangularSolve(b))).data).toEqual(Float64Array.of(0.25, 0.5))
})

it("one matrix with a batch of right-hand sides is factored once", () => {
  const b = Expr.constant(Tensor.ones([5, 2, 3]))
  const solved = Expr.solve(
    Expr.constant([
      [2, 0],
      [0, 4]
    ]),
    b
  )
  expect(solved.shape).toEqual([5, 2, 3])
  const shapes = Fn.nodes(Fn.make([], () => solved)).map((node) => Expr.view(node))
  const solves = shapes.filter((view) => view._tag === "Apply" && view.primitive === "solve")
  expect(solves.map((view) => view.type.shape)).toEqual([[2, 15]])
  expect(value(solved).data).toEqual(Float64Array.from({ length: 30 }, (_, i) => (i % 6 < 3 ? 0.5 : 0.25)))
})

describe("slogdet", () => {
  it("sign and logarithm of a determinant that overflows", () => {
    const big = Expr.constant([
      [0, 1e200],
      [1e200, 0]
    ])
    const { logdet, sign } = Expr.slogdet(big)
    expect(value(sign).data[0]).toBe(-1)
    expect(value(logdet).data[0]).toBeCloseTo(400 * Math.LN10, 10)
    expect(value(Expr.det(big)).data[0]).toBe(-Infinity)
  })
})

describe("qr", () => {
  const wide = fc
    .tuple(batches, fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 3 }))
    .chain(([{ a }, m, more]) => tensors("real", [...a, m, m + more], element))

  it("of wide matrices: q is square and orthonormal, r upper trapezoidal, q r the matrix", () => {
    fc.assert(
      fc.property(wide, (a) => {
        const [m, n] = a.shape.slice(-2) as [number, number]
        const batch = a.shape.slice(0, -2)
        const { q, r } = Expr.qr(Expr.constant(a as Tensor.Tensor)) as { readonly q: Expr.Expr; readonly r: Expr.Expr }
        expect(q.shape).toEqual([...batch, m, m])
        expect(r.shape).toEqual([...batch, m, n])
        const product = value(Expr.matmul(q, r) as Expr.Expr)
        product.data.forEach((v, i) => expect(Math.abs(v - a.data[i]!)).toBeLessThanOrEqual(2 ** -52 * 8 * (m + 1)))
        value(r).data.forEach((v, i) => {
          if (Math.floor(i / n) % m > i % n) expect(v).toBe(0)
        })
      }),
      { numRuns: 100 }
    )
  })

  it("of matrices without rows or columns", () => {
    for (const [m, n] of [
      [0, 3],
      [3, 0],
      [0, 0]
    ] as const) {
      const { q, r } = Expr.qr(Expr.zeros([m, n])) as { readonly q: Expr.Expr; readonly r: Expr.Expr }
      expect(value(q).shape).toEqual([m, 0])
      expect(value(r).shape).toEqual([0, n])
    }
  })
})

it("decompositions are written as the results of a function", () => {
  const f = Fn.make([2, 2], (x) => Expr.sum(Expr.eigh(x).values))
  expect(Formula.print(f)).toBe("sum(eigh(x)[0], axes: [0])")
})

it("is written with the attributes that are true", () => {
  const f = Fn.make({ A: [2, 2], b: [2, 1] }, ({ A, b }) =>
    Expr.add(Expr.solve(Expr.inverse(A), b), Expr.triangularSolve(A, b, { upper: true }))
  )
  expect(Formula.print(f)).toBe("solve(inverse(A), b) + triangularSolve(A, b, upper: true)")
  const g = Fn.make([2, 2], (x) => Expr.mul(Expr.logdet(x), Expr.det(Expr.cholesky(x))))
  expect(Formula.latex(g)).toBe(
    "\\ln\\left|\\det\\left(x\\right)\\right| \\cdot \\det\\left(\\operatorname{chol}\\left(x\\right)\\right)"
  )
})

describe("shapes that do not fit", () => {
  const n: number = 3
  const square = Expr.ones([n, n])
  const problem = (build: () => unknown): string => {
    try {
      build()
    } catch (error) {
      if (error instanceof Shape.ShapeError) return error.message.split("\n")[0]!
      throw error
    }
    return "accepted"
  }
  it.each<readonly [string, () => unknown]>([
    ["det: expected square matrices, got [3,4]", () => Expr.det(Expr.ones([n, n + 1]))],
    ["cholesky: expected square matrices, got [3]", () => Expr.cholesky(Expr.ones([n] as ReadonlyArray<number>))],
    ["solve: expected square matrices, got [3,4]", () => Expr.solve(Expr.ones([n, n + 1]), Expr.ones([n]))],
    ["solve: cannot solve [3,3] for [4]", () => Expr.solve(square, Expr.ones([n + 1]))],
    ["solve: cannot solve [3,3] for []", () => Expr.solve(square, Expr.ones([] as ReadonlyArray<number>))],
    ["solve: cannot solve [2,3,3] for [4,3,1]", () => Expr.solve(Expr.ones([n - 1, n, n]), Expr.ones([n + 1, n, 1]))],
    ["triangularSolve: cannot solve [3,3] for [1,3]", () => Expr.triangularSolve(square, Expr.ones([n - 2, n]))],
    ["lstsq: cannot solve [4,3] for [3]", () => Expr.lstsq(Expr.ones([n + 1, n]), Expr.ones([n]))],
    ["eigh: expected square matrices, got [3,4]", () => Expr.eigh(Expr.ones([n, n + 1]))],
    ["qr: expected matrices in the last two axes, got [3]", () => Expr.qr(Expr.ones([n] as ReadonlyArray<number>))],
    ["lstsq: expected matrices, got [3]", () => Expr.lstsq(Expr.ones([n] as ReadonlyArray<number>), Expr.ones([n]))]
  ])("%s", (expected, build) => expect(problem(build)).toBe(expected))
})
