// Sparse derivatives against the dense ones, and colourings against their definition.

import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, Tensor, Tree, Type } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

type Pattern = Calculus.SparsityPattern

const unknown = (n: number): number => n

const rowsOf = ({ columns, rowCount, rowPointers }: Pattern): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: rowCount }, (_, i) => Array.from(columns.slice(rowPointers[i], rowPointers[i + 1])))

const patternOf = (rows: ReadonlyArray<ReadonlyArray<number>>, columnCount: number): Pattern => {
  const sorted = rows.map((row) => Array.from(new Set(row)).sort((a, b) => a - b))
  const rowPointers = new Int32Array(rows.length + 1)
  sorted.forEach((row, i) => (rowPointers[i + 1] = rowPointers[i]! + row.length))
  return { rowCount: rows.length, columnCount, rowPointers, columns: Int32Array.from(sorted.flat()) }
}

const pattern = fc
  .record({ rowCount: fc.nat(12), columnCount: fc.integer({ min: 1, max: 12 }) })
  .chain(({ columnCount, rowCount }) =>
    fc
      .array(fc.array(fc.nat(columnCount - 1), { maxLength: 5 }), { minLength: rowCount, maxLength: rowCount })
      .map((rows) => patternOf(rows, columnCount))
  )

const symmetric = fc
  .integer({ min: 1, max: 12 })
  .chain((n) => fc.array(fc.tuple(fc.nat(n - 1), fc.nat(n - 1)), { maxLength: 30 }).map((edges) => ({ n, edges })))
  .map(({ edges, n }) => {
    const rows = Array.from({ length: n }, () => new Array<number>())
    for (const [i, j] of edges) {
      rows[i]!.push(j)
      rows[j]!.push(i)
    }
    return patternOf(rows, n)
  })

describe("colourings", () => {
  it("columns of one colour have no row in common", () => {
    fc.assert(
      fc.property(pattern, (pattern) => {
        const { colours, count } = Calculus.colourColumns(pattern)
        for (const row of rowsOf(pattern)) {
          expect(new Set(row.map((column) => colours[column])).size).toBe(row.length)
        }
        expect(count).toBe(Math.max(-1, ...colours) + 1)
      })
    )
  })

  it("a star colouring: neighbours differ, and each path of four vertices has three colours", () => {
    fc.assert(
      fc.property(symmetric, (pattern) => {
        const { colours } = Calculus.colourSymmetric(pattern)
        const neighbours = rowsOf(pattern).map((row, i) => row.filter((j) => j !== i))
        neighbours.forEach((list, b) => {
          for (const c of list) {
            expect(colours[b]).not.toBe(colours[c])
            for (const a of list) {
              if (a === c) continue
              for (const d of neighbours[c]!) {
                if (d === b || d === a) continue
                expect(new Set([a, b, c, d].map((v) => colours[v])).size).toBeGreaterThan(2)
              }
            }
          }
        })
      }),
      { numRuns: 300 }
    )
  })

  it("transposing twice changes nothing", () => {
    fc.assert(
      fc.property(pattern, (pattern) => {
        expect(Calculus.transposePattern(Calculus.transposePattern(pattern))).toEqual(pattern)
      })
    )
  })
})

const spec = { v: [5], m: [3, 2], s: [] } as const
type Program = Fn.Fn<typeof spec, Tree.Spec>

const programs: Record<string, Program> = {
  elementwise: Fn.make(spec, ({ m, s, v }) => ({
    a: Expr.mul(Expr.sin(v), s),
    b: Expr.add(m, Expr.exp(Expr.reshape(Expr.slice(v, { starts: [0], limits: [2] }), [1, 2]))),
    c: Expr.floor(v)
  })),
  "a known zero": Fn.make(spec, ({ v }) => Expr.mul(v, Expr.constant([1, 0, 2, 0, 3]))),
  "select and clamp": Fn.make(spec, ({ s, v }) => ({
    known: Expr.select(Tensor.bool([true, false, true, false, true]), v, s),
    unknown: Expr.select(Expr.gt(v, 0), v, Expr.mul(s, s)),
    clamped: Expr.clamp(v, -0.5, s)
  })),
  structure: Fn.make(spec, ({ m, s, v }) => ({
    transposed: Expr.transpose(m),
    padded: Expr.pad(v, { low: [1], high: [2], interior: [1], value: 3 }),
    joined: Expr.concat([v, Expr.reshape(m, [6])]),
    stacked: Expr.stack([s, Expr.at(v, 2)]),
    reversed: Expr.reverse(v),
    gathered: Expr.gather(v, Tensor.index([4, 4, 0, 7])),
    scattered: Expr.scatterAdd(v, Tensor.index([1, 1, 9]), Expr.slice(v, { starts: [2], limits: [5] })),
    lower: Expr.tril(m)
  })),
  reductions: Fn.make(spec, ({ m, v }) => ({
    rows: Expr.sum(m, { axis: 1 }),
    largest: Expr.reduceMax(m, { axis: 0 }),
    product: Expr.prod(v),
    running: Expr.cumsum(v),
    backwards: Expr.cumprod(v, { reverse: true })
  })),
  contractions: Fn.make(spec, ({ m, v }) => ({
    product: Expr.matmul(m, Expr.transpose(m)),
    banded: Expr.matmul(
      Expr.constant([
        [1, -1, 0, 0, 0],
        [0, 1, -1, 0, 0]
      ]),
      v
    ),
    outer: Expr.outer(v, v)
  })),
  "linear algebra": Fn.make(spec, ({ m, v }) => {
    const gram = Expr.add(
      Expr.matmul(Expr.transpose(m), m),
      Expr.constant([
        [1, 0],
        [0, 1]
      ])
    )
    return { det: Expr.det(gram), solved: Expr.solve(gram, Expr.slice(v, { starts: [0], limits: [2] })), v }
  }),
  "map, alike": Fn.make(spec, ({ m, s }) => Expr.map((row) => Expr.mul(Expr.sin(row), s), m)),
  "map over positions": Fn.make(spec, ({ v }) =>
    Expr.map((i) => Expr.square(Expr.gather(v, i)), Expr.constant(Tensor.index([0, 3, 3])))
  ),
  scan: Fn.make(spec, ({ s, v }) => {
    const [last, ys] = Expr.scan(
      (carry, x) => {
        const next = Expr.add(Expr.mul(carry, 0.5), Expr.mul(x, x))
        return [next, { next, x }]
      },
      s,
      v,
      { reverse: true }
    )
    return { last, ys: ys.next, xs: ys.x }
  }),
  "cond and call": Fn.make(spec, ({ s, v }) => {
    const square = Fn.make([5], (x) => Expr.mul(x, x))
    return Expr.cond(
      Expr.gt(s, 0),
      () => Fn.call(square, v),
      () => Expr.reverse(v)
    )
  }),
  "a loop with a counter": Fn.make(spec, ({ v }) => {
    const start = { i: Expr.constant(Tensor.index(0)), total: Expr.constant(0) }
    return Expr.whileLoop(
      ({ i }) => Expr.lt(i, Tensor.index(3)),
      ({ i, total }) => ({ i: Expr.add(i, Tensor.index(1)), total: Expr.add(total, Expr.square(Expr.gather(v, i))) }),
      start
    ).total
  }),
  "a loop that real values end": Fn.make(spec, ({ s, v }) => {
    const start = { x: s, y: Expr.at(v, 0), z: Expr.at(v, 1) }
    return Expr.whileLoop(
      ({ x }) => Expr.lt(Expr.abs(x), 2),
      ({ x, y, z }) => ({ x: Expr.add(Expr.abs(x), 0.7), y: Expr.add(y, z), z: Expr.mul(z, Expr.at(v, 4)) }),
      start
    )
  })
}

const number = fc.double({ min: -1, max: 1, noNaN: true })
const numbers = (n: number) => fc.array(number, { minLength: n, maxLength: n })
const point = fc.record({ v: numbers(5), m: numbers(6), s: number }).map(({ m, s, v }) => ({
  v: Tensor.fromArray(v, [5]),
  m: Tensor.fromArray(m, [3, 2]),
  s
}))

/** The dense Jacobian as rows of outputs by columns of inputs. */
const dense = (f: Program, at: Fn.Input<Program>): ReadonlyArray<ReadonlyArray<number>> => {
  const jacobian = Forward.jacobian(f) as unknown as Fn.Any
  const { outputLeaves } = Fn.specs(f)
  const real = outputLeaves.filter(({ type }) => type.elementType === "real")
  const blocks = Tree.toTensors("test", jacobian.outputs as Tree.Spec, Fn.runSync(jacobian as never, at as never))
  const widths = [5, 6, 1]
  const order = Tree.leaves(f.inputs).map(({ path }) => ["v", "m", "s"].indexOf(path))
  return real.flatMap(({ type }, o) => {
    const height = type.shape.reduce((a, b) => a * b, 1)
    return Array.from({ length: height }, (_, row) =>
      order.flatMap((leaf, i) => {
        const width = widths[leaf]!
        return Array.from(blocks[o * 3 + i]!.data.slice(row * width, (row + 1) * width))
      })
    )
  })
}

describe.each(Object.entries(programs))("%s", (_, f) => {
  it("the sparse Jacobian is the dense one, in both modes", () => {
    const byMode = [
      Calculus.sparseJacobian(f),
      Calculus.sparseJacobian(f, { mode: "forward" }),
      Calculus.sparseJacobian(f, { mode: "reverse" })
    ]
    fc.assert(
      fc.property(point, (at) => {
        const expected = dense(f, at)
        for (const { pattern, values } of byMode) {
          const actual = Tensor.toNested(Calculus.toDense(pattern, Fn.runSync(values, at)))
          expected.forEach((row, i) =>
            row.forEach((value, j) => {
              expect(Math.abs(actual[i]![j]! - value)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(value)))
            })
          )
        }
      }),
      { numRuns: 20 }
    )
  })
})

describe("sparsity", () => {
  it("is as narrow as the structure says", () => {
    const rows = (name: string) => rowsOf(Calculus.sparsity(programs[name]!))
    const columns = Tree.leaves(spec).map(({ path }) => path)
    expect(columns).toEqual(["v", "m", "s"])
    expect(rows("a known zero")).toEqual([[0], [], [2], [], [4]])
    expect(rows("map over positions")).toEqual([[0], [3], [3]])
    expect(rows("map, alike")).toEqual([5, 6, 7, 8, 9, 10].map((j) => [j, 11]))
    expect(rows("a loop with a counter")).toEqual([[0, 1, 2]])
    expect(rows("contractions").slice(9, 11)).toEqual([
      [0, 1],
      [1, 2]
    ])
    expect(rowsOf(Calculus.sparsity(Fn.make([3], (x) => Expr.sign(x))))).toEqual([[], [], []])
  })

  it("reads inputs that are not real from `at`, and takes everything where they are not given", () => {
    const f = Fn.make({ x: [4], i: Type.index([2]) }, ({ i, x }) => Expr.mul(Expr.gather(x, i), 2))
    expect(rowsOf(Calculus.sparsity(f, { i: Tensor.index([3, 1]) }))).toEqual([[3], [1]])
    expect(rowsOf(Calculus.sparsity(f))).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3]
    ])
    const { passes, values } = Calculus.sparseJacobian(f, { at: { i: Tensor.index([3, 1]) } })
    expect(passes).toBe(1)
    expect(Tensor.toNested(Fn.runSync(values, { x: Tensor.make([1, 2, 3, 4]), i: Tensor.index([3, 1]) }))).toEqual([
      2, 2
    ])
  })

  it("of nothing: empty inputs, empty outputs, outputs that do not vary", () => {
    const nothing = Calculus.sparseJacobian(Fn.make({ x: [0], y: [2] }, ({ x, y }) => ({ x, y: Expr.floor(y) })))
    expect(nothing.pattern.columns.length).toBe(0)
    expect(Tensor.toNested(Fn.runSync(nothing.values, { x: Tensor.zeros([0]), y: Tensor.make([1, 2]) }))).toEqual([])
  })
})

describe("known structures", () => {
  const shifted = (x: Expr.Expr<readonly [number]>, n: number, by: 1 | -1): Expr.Expr<readonly [number]> =>
    by === 1
      ? Expr.pad(Expr.slice(x, { starts: [0], limits: [n - 1] }), { low: [1], high: [0] })
      : Expr.pad(Expr.slice(x, { starts: [1], limits: [n] }), { low: [0], high: [1] })

  it("a tridiagonal Jacobian of 100,000 columns takes 3 passes", () => {
    const n = unknown(100_000)
    const f = Fn.make([n], (x) =>
      Expr.sub(Expr.mul(x, Expr.mul(x, 2)), Expr.add(shifted(x, n, 1), Expr.sin(shifted(x, n, -1))))
    )
    const { mode, passes, pattern, values } = Calculus.sparseJacobian(f)
    expect([passes, mode, pattern.columns.length]).toEqual([3, "forward", 3 * n - 2])
    const entries = Fn.runSync(values, Tensor.fromArray(new Float64Array(n).fill(1), [n])).data
    expect(Array.from(entries.slice(2, 5))).toEqual([-1, 4, -Math.cos(1)])
    expect(Array.from(entries.slice(-2))).toEqual([-1, 4])
  })

  it("blocks of 2 × 15, as in bundle adjustment, take 15 passes", () => {
    // Each observation reads one camera (11 numbers), one point (3) and its own weight, and gives two residuals.
    const [cameras, points, observations] = [unknown(3), unknown(20), unknown(50)]
    const spec = {
      cameras: [cameras, 11],
      points: [points, 3],
      weights: [observations],
      camera: Type.index([observations]),
      point: Type.index([observations])
    } as const
    const f = Fn.make(spec, (inputs) =>
      Expr.map(
        ({ camera, point, weight }) => {
          const [c, p] = [Expr.gather(inputs.cameras, camera), Expr.gather(inputs.points, point)]
          const mixed = Expr.mul(Expr.sum(Expr.sin(c)), Expr.sum(Expr.mul(p, p)))
          return Expr.mul(weight, Expr.stack([mixed, Expr.exp(Expr.neg(mixed))]))
        },
        { weight: inputs.weights, camera: inputs.camera, point: inputs.point }
      )
    )
    const camera = Tensor.index(Array.from({ length: observations }, (_, i) => i % cameras))
    const point = Tensor.index(Array.from({ length: observations }, (_, i) => (7 * i) % points))
    const { passes, pattern } = Calculus.sparseJacobian(f, { at: { camera, point } })
    expect(pattern.columns.length).toBe(2 * observations * 15)
    expect(passes).toBe(15)
  })

  it("the Hessian of a chain takes 3 products and is symmetric; that of an arrow takes 2", () => {
    const n = unknown(200)
    const chain = Fn.make([n], (x) => {
      const [before, after] = [
        Expr.slice(x, { starts: [0], limits: [n - 1] }),
        Expr.slice(x, { starts: [1], limits: [n] })
      ]
      return Expr.sum(Expr.square(Expr.sub(after, Expr.mul(before, before))))
    })
    const at = Tensor.fromArray(
      Float64Array.from({ length: n }, (_, i) => Math.sin(i)),
      [n]
    )
    const { passes, pattern, values } = Calculus.sparseHessian(chain)
    expect(passes).toBe(3)
    const sparse = Calculus.toDense(pattern, Fn.runSync(values, at)).data
    const full = Fn.runSync(Calculus.hessian(chain), at).data
    full.forEach((value, k) => {
      expect(Math.abs(sparse[k]! - value)).toBeLessThanOrEqual(1e-13 * Math.max(1, Math.abs(value)))
    })
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) expect(sparse[i * n + j]).toBe(sparse[j * n + i])
    const arrow = Fn.make([n], (x) => Expr.sum(Expr.mul(Expr.at(x, 0), Expr.exp(x))))
    expect(Calculus.sparseHessian(arrow).passes).toBe(2)
  })
})
