import * as Calculus from "@fluxion/calculus"
import * as Forward from "@fluxion/forward-mode"
import { Expr, Fn, Tensor } from "@fluxion/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Ba from "../../src/gradbench/modules/Ba.ts"
import * as Det from "../../src/gradbench/modules/Det.ts"
import type * as Gmm from "../../src/gradbench/modules/Gmm.ts"
import { argmin, gradient, type Mode } from "../../src/gradbench/modules/GradientDescent.ts"
import * as Particle from "../../src/gradbench/modules/Particle.ts"
import { difference, error, output, paths, rows, slope, slopes, wave } from "./support.ts"

const numbers = (length: number, max = 2) =>
  fc.array(fc.double({ min: -max, max, noNaN: true }), { minLength: length, maxLength: length })

const modes: ReadonlyArray<Mode> = ["forward", "reverse"]

describe("llsq", () => {
  it("is the sum of the squared residuals of a polynomial, with its gradient", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }).chain((m) => numbers(m)),
        fc.integer({ min: 2, max: 9 }),
        (x, n) => {
          const t = Array.from({ length: n }, (_, i) => -1 + (i * 2) / (n - 1))
          const residual = t.map((ti) => Math.sign(ti) - x.reduce((sum, xj, j) => sum + xj * ti ** j, 0))
          const value = residual.reduce((sum, r) => sum + (r * r) / 2, 0)
          const slope = x.map((_, j) => -residual.reduce((sum, r, i) => sum + r * t[i]! ** j, 0))
          expect(difference([output("llsq", "primal", { x, n }) as number], [value])).toBeLessThan(1e-12)
          expect(difference(output("llsq", "gradient", { x, n }) as Array<number>, slope)).toBeLessThan(1e-12)
        }
      )
    )
  })
})

describe("lse", () => {
  it("is the logarithm of a sum of exponentials; its gradient is the softmax", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }).chain((n) => numbers(n, 5)),
        fc.constantFrom(0, 1000, -1000),
        (x, shift) => {
          const total = x.reduce((sum, xi) => sum + Math.exp(xi), 0)
          const input = { x: x.map((xi) => xi + shift) }
          expect(difference([output("lse", "primal", input) as number], [shift + Math.log(total)])).toBeLessThan(1e-12)
          const softmax = x.map((xi) => Math.exp(xi) / total)
          expect(difference(output("lse", "gradient", input) as Array<number>, softmax)).toBeLessThan(1e-12)
        }
      )
    )
  })
})

describe("gmm", () => {
  const mixture = ({ d, gamma, k, m, n }: Gmm.Mixture) => ({
    d,
    k,
    n,
    m,
    gamma,
    x: rows(
      wave(1, n * d, (x) => 2 * x),
      d
    ),
    alpha: wave(2, k),
    mu: rows(wave(3, k * d), d),
    q: rows(
      wave(4, k * d, (x) => 0.5 * x),
      d
    ),
    l: Array.from({ length: k }, (_, i) =>
      wave(5, (k * d * (d - 1)) / 2).slice((i * d * (d - 1)) / 2, ((i + 1) * d * (d - 1)) / 2)
    )
  })

  it("is the log posterior by the densities of SciPy", () => {
    // multivariate_normal.pdf and wishart.logpdf of SciPy 1.10.
    const first = output("gmm", "objective", mixture({ d: 3, k: 2, n: 4, m: 0, gamma: 1 })) as number
    expect(difference([first], [-36.24849429005006])).toBeLessThan(1e-13)
    const second = output("gmm", "objective", mixture({ d: 2, k: 3, n: 5, m: 2, gamma: 0.5 })) as number
    expect(difference([second], [-53.53210396681038])).toBeLessThan(1e-13)
  })

  it("has the gradient of central differences", () => {
    for (const d of [1, 3]) {
      const input = mixture({ d, k: 2, n: 4, m: 1, gamma: 0.7 })
      const own = output("gmm", "jacobian", input) as Record<"alpha" | "mu" | "q" | "l", ReadonlyArray<never>>
      for (const name of ["alpha", "mu", "q", "l"] as const) {
        const numeric = paths(input[name], name).map((path) => slope("gmm", "objective", input, path))
        expect(difference(own[name].flat(), numeric)).toBeLessThan(1e-8)
        expect(own[name]).toHaveLength(2)
      }
    }
  })
})

describe("lstm", () => {
  const network = (layers: number, bits: number, length: number) => ({
    main_params: rows(wave(1, 8 * layers * bits), 4 * bits),
    extra_params: rows(wave(2, 3 * bits), bits),
    state: rows(wave(3, 2 * layers * bits), bits),
    sequence: rows(
      wave(4, length * bits, (x) => (x > 0 ? 1 : 0)),
      bits
    )
  })

  it("is the loss by NumPy", () => {
    const losses = [output("lstm", "objective", network(2, 3, 5)), output("lstm", "objective", network(1, 2, 4))]
    expect(difference(losses as Array<number>, [0.7159565883913513, 1.2030852406720214])).toBeLessThan(1e-14)
  })

  it("has the gradient of central differences", () => {
    const input = network(2, 3, 5)
    const parameters = [...paths(input.main_params, "main_params"), ...paths(input.extra_params, "extra_params")]
    const numeric = parameters.map((path) => slope("lstm", "objective", input, path))
    expect(difference(output("lstm", "jacobian", input) as Array<number>, numeric)).toBeLessThan(1e-10)
  })

  it("keeps all states or recomputes them: the gradient is that of one long text", () => {
    const input = network(1, 2, 40)
    const numeric = paths(input.extra_params, "extra_params").map((path) => slope("lstm", "objective", input, path))
    expect(difference((output("lstm", "jacobian", input) as Array<number>).slice(-6), numeric)).toBeLessThan(1e-10)
  })
})

describe("ode", () => {
  it("is exact up to the fourth component, where the solution is a polynomial of degree 4", () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 4 })
          .chain((n) => fc.array(fc.double({ min: 0.5, max: 2, noNaN: true }), { minLength: n, maxLength: n })),
        fc.integer({ min: 1, max: 5 }),
        (x, s) => {
          const y: Array<number> = []
          for (const [i, xi] of x.entries()) y.push(((i === 0 ? 1 : y[i - 1]!) * xi * 2) / (i + 1))
          expect(difference(output("ode", "primal", { x, s }) as Array<number>, y)).toBeLessThan(1e-12)
          const slopes = x.map((xi) => y.at(-1)! / xi)
          expect(difference(output("ode", "gradient", { x, s }) as Array<number>, slopes)).toBeLessThan(1e-12)
        }
      )
    )
  })
})

describe("det", () => {
  it("is the determinant; its gradient are the cofactors", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }).chain((n) => numbers(n * n).map((A) => ({ A, ell: n }))),
        (input) => {
          const matrix = Expr.constant(Tensor.fromArray(input.A, [input.ell, input.ell]))
          expect(difference([output("det", "primal", input) as number], [Fn.evaluate(Expr.det(matrix))])).toBeLessThan(
            1e-10
          )
          const cofactors = Fn.evaluate(Expr.transpose(Expr.adjugate(matrix)))
          expect(
            difference(output("det", "gradient", input) as Array<number>, Array.from(cofactors.data))
          ).toBeLessThan(1e-10)
        }
      )
    )
  })

  it("refuses tables that would not fit, and matrices that are none", () => {
    expect(error("det", "primal", { A: [1], ell: 40 })).toContain('["ell"]')
    expect(error("det", "primal", { A: [1, 2, 3], ell: 2 })).toContain("det.primal")
  })

  it("computes each minor once", () => {
    expect(Fn.operationCount(Det.determinant(11))).toBeLessThan(200)
  })
})

describe("kmeans", () => {
  it("sums squared distances; Newton's direction leads from the means of the clusters", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }).chain((d) =>
          fc.record({
            points: fc.array(numbers(d), { minLength: 3, maxLength: 12 }),
            k: fc.integer({ min: 1, max: 3 })
          })
        ),
        ({ k, points }) => {
          // Each centroid is a point, so that no cluster is empty.
          const centroids = points.slice(0, k)
          const distance = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
            a.reduce((sum, ai, i) => sum + (ai - b[i]!) ** 2, 0)
          const distances = points.map((p) => centroids.map((c) => distance(p, c)))
          const nearest = distances.map((row) => row.indexOf(Math.min(...row)))
          fc.pre(centroids.every((_, j) => nearest.includes(j)))
          const cost = distances.reduce((sum, row) => sum + Math.min(...row), 0)
          expect(difference([output("kmeans", "cost", { points, centroids }) as number], [cost])).toBeLessThan(1e-12)
          const direction = centroids.map((c, j) => {
            const own = points.filter((_, i) => nearest[i] === j)
            return c.map((ci, l) => ci - own.reduce((sum, p) => sum + p[l]!, 0) / own.length)
          })
          const actual = output("kmeans", "dir", { points, centroids }) as ReadonlyArray<ReadonlyArray<number>>
          expect(difference(actual.flat(), direction.flat())).toBeLessThan(1e-12)
        }
      )
    )
  })
})

describe("ba", () => {
  const elements = (value: unknown) =>
    (value as { readonly reproj_error: { readonly elements: ReadonlyArray<number> } }).reproj_error.elements

  const camera = [0.2, -0.4, 0.3, 0.1, 0.2, -3, 700, 320, 240, 0.01, -0.02]
  const input = { n: 2, m: 3, p: 6, cam: camera, x: [0.5, -0.7, 4], w: 0.9, feat: [350, 200] }

  it("reprojects as SciPy's rotations do", () => {
    expect(output("ba", "objective", input)).toEqual({
      reproj_error: {
        elements: [expect.closeTo(-207.26559323414673, 9), expect.closeTo(-210.62655869308725, 9)],
        repeated: 6
      },
      w_err: { element: expect.closeTo(1 - 0.81, 14), repeated: 6 }
    })
  })

  it("gives the first two rows of the Jacobian and its last entry", () => {
    const { cols, rows: pointers, vals } = output("ba", "jacobian", input) as Record<string, ReadonlyArray<number>>
    const columns = [...camera.keys(), 22, 23, 24, 31]
    expect(cols).toEqual([...columns, ...columns, 36])
    expect(pointers).toEqual([
      0, 15, 30, 45, 60, 75, 90, 105, 120, 135, 150, 165, 180, 181, 182, 183, 184, 185, 186, 186
    ])
    const variables = [...paths(camera, "cam"), ["x", 0], ["x", 1], ["x", 2], ["w"]]
    const numeric = [0, 1].flatMap((row) =>
      variables.map((path) => slope("ba", "objective", input, path, (value) => elements(value)[row]))
    )
    expect(difference(vals, [...numeric, -1.8])).toBeLessThan(1e-8)
  })

  // Cameras, points and observations that differ, one camera that is not turned at all.
  const sizes = { n: 3, m: 4, p: 5 }
  const at = {
    cameras: Tensor.make([camera, [0, 0, 0, ...camera.slice(3)], camera.map((c, i) => (i < 6 ? 0.5 * c : 0.9 * c))]),
    points: Tensor.make(
      rows(
        wave(3, 12, (x) => x + 1),
        3
      )
    ),
    observations: {
      camera: Tensor.index([2, 0, 1, 2, 1]),
      point: Tensor.index([3, 1, 0, 2, 3]),
      weight: Tensor.make([1, 0.5, 0.7, 1.1, 0.9]),
      feature: Tensor.make(rows(wave(8, 10), 2))
    }
  }

  type Block = Readonly<Record<"cameras" | "points" | "weight", { readonly data: Float64Array }>>

  it("is the whole Jacobian of all errors", () => {
    const dense = Forward.jacobian(
      Fn.make({ cameras: [3, 11], points: [4, 3], weight: [5] }, ({ cameras, points, weight }) =>
        Fn.apply(Ba.errors(sizes), {
          cameras,
          points,
          observations: { ...at.observations, weight }
        } as never)
      )
    )
    const { reprojection, weight } = Fn.runSync(dense, {
      cameras: at.cameras,
      points: at.points,
      weight: at.observations.weight
    } as never) as unknown as Record<"reprojection" | "weight", Block>
    const blockRows = (block: Block, count: number): ReadonlyArray<ReadonlyArray<number>> =>
      Array.from({ length: count }, (_, i) =>
        [block.cameras, block.points, block.weight].flatMap(({ data }) =>
          Array.from(data.subarray((i * data.length) / count, ((i + 1) * data.length) / count))
        )
      )
    const expected = [...blockRows(reprojection, 10), ...blockRows(weight, 5)]

    const sparse = Fn.runSync(Ba.sparseJacobian(sizes), at as never)
    const actual = expected.map((row, i) => {
      const full = row.map(() => 0)
      for (let k = sparse.rows.data[i]!; k < sparse.rows.data[i + 1]!; k++)
        full[sparse.columns.data[k]!] = sparse.values.data[k]!
      return full
    })
    expect(sparse.rows.data.at(-1)).toBe(sparse.values.data.length)
    expect(actual.flat().every(Number.isFinite)).toBe(true)
    expect(difference(actual.flat(), expected.flat())).toBeLessThan(1e-12)
  })

  it("differentiates rotations at no rotation", () => {
    const still = { ...input, cam: [0, 0, 0, ...camera.slice(3)] }
    const { vals } = output("ba", "jacobian", still) as { readonly vals: ReadonlyArray<number> }
    const numeric = [0, 1, 2].map((i) => slope("ba", "objective", still, ["cam", i], (value) => elements(value)[0]))
    expect(difference(vals.slice(0, 3), numeric)).toBeLessThan(1e-6)
  })
})

describe("ht", () => {
  const parents = [-1, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 13, 14, 15, 0, 17, 18, 19, 0]
  const affine = (k: number, scale: number) => [
    ...rows(
      wave(k, 12, (x) => scale * x),
      4
    ).map((row, i) => row.map((x, j) => (i === j ? 1 + x : x))),
    [0, 0, 0, 1]
  ]
  const hand = (
    vertices: number,
    points: number,
    { mirrored, simple }: { readonly mirrored: boolean; readonly simple: boolean }
  ) => ({
    theta: wave(9, 26, (x) => 0.5 * x),
    data: {
      model: {
        bone_count: 22,
        bone_names: parents.map(String),
        parents,
        base_relatives: parents.map((_, b) => affine(b, 0.3)),
        inverse_base_absolutes: parents.map((_, b) => affine(b + 50, 0.2)),
        base_positions: rows(wave(7, 3 * vertices), 3).map((row) => [...row, 1]),
        weights: Array.from({ length: vertices }, (_, v) => {
          const row = parents.map(() => 0)
          row[(3 * v) % 22] = 0.6
          row[(5 * v + 1) % 22]! += 0.4
          if (v % 3 === 0) row[(7 * v + 2) % 22]! += 0.25
          return row
        }),
        triangles: Array.from({ length: 6 }, (_, i) => [i % vertices, (2 * i + 1) % vertices, (3 * i + 2) % vertices]),
        is_mirrored: mirrored
      },
      correspondences: Array.from({ length: points }, (_, i) => (simple ? (3 * i) % vertices : (2 * i) % 6)),
      points: rows(wave(13, 3 * points), 3)
    },
    us: simple
      ? []
      : rows(
          wave(11, 2 * points, (x) => 0.5 + 0.3 * x),
          2
        )
  })
  const complicated = hand(8, 3, { mirrored: false, simple: false })
  const simple = hand(8, 2, { mirrored: true, simple: true })

  it("poses the hand as NumPy and SciPy's rotations do", () => {
    expect(
      difference(
        output("ht", "objective", complicated) as Array<number>,
        [
          0.8024086496238991, 2.7415946972084537, 0.15573709112462908, 2.381563486194778, 0.07330146977665054,
          -0.36554051452131525, -0.1323457813161203, -0.18719236914788928, 1.3518390535048768
        ]
      )
    ).toBeLessThan(1e-14)
    expect(
      difference(
        output("ht", "objective", simple) as Array<number>,
        [
          3.976883095392858, 1.1214979587235652, -1.1635876793164628, 2.425745213833003, -0.5661656081211179,
          -2.0702478317695374
        ]
      )
    ).toBeLessThan(1e-14)
  })

  it("has the Jacobian of central differences: each point's coordinates first, then the pose", () => {
    const jacobian = output("ht", "jacobian", complicated) as ReadonlyArray<ReadonlyArray<number>>
    expect(jacobian).toHaveLength(9)
    const ofPose = paths(complicated.theta, "theta").map((path) => slopes("ht", "objective", complicated, path))
    const ofCoordinates = paths(complicated.us, "us").map((path) => slopes("ht", "objective", complicated, path))
    for (const [row, own] of jacobian.entries()) {
      const point = Math.floor(row / 3)
      const columns = [...ofCoordinates.slice(2 * point, 2 * point + 2), ...ofPose]
      const numeric = columns.map((column) => column[row]!)
      expect(difference(own, numeric)).toBeLessThan(1e-9)
      // No point depends on the coordinates of another.
      const others = ofCoordinates.filter((_, i) => Math.floor(i / 2) !== point)
      expect(others.map((column) => Math.abs(column[row]!) < 1e-12)).toEqual(others.map(() => true))
    }
    const ofVertices = output("ht", "jacobian", simple) as ReadonlyArray<ReadonlyArray<number>>
    const numeric = paths(simple.theta, "theta").map((path) => slopes("ht", "objective", simple, path))
    for (const [row, own] of ofVertices.entries()) {
      expect(
        difference(
          own,
          numeric.map((column) => column[row]!)
        )
      ).toBeLessThan(1e-9)
    }
  })

  it("does not turn a hand by less than 10⁻⁴, and has no slope there", () => {
    const still = { ...simple, theta: simple.theta.map((x, i) => (i < 3 ? 0 : x)) }
    const jacobian = output("ht", "jacobian", still) as ReadonlyArray<ReadonlyArray<number>>
    for (const row of jacobian) {
      expect(row.slice(0, 3).map(Math.abs)).toEqual([0, 0, 0])
      expect(row.every(Number.isFinite)).toBe(true)
    }
  })

  it("says what does not fit", () => {
    expect(error("ht", "objective", { ...simple, theta: [1, 2] })).toContain("expected a list of 26, got a list of 2")
  })
})

describe("gradient descent", () => {
  const bowl = Fn.make([2] as readonly [number], (x) =>
    Expr.add(Expr.square(Expr.sub(Expr.at(x, 0), 3)), Expr.mul(2, Expr.square(Expr.add(Expr.at(x, 1), 1))))
  )

  it("finds a minimum, by both modes", () => {
    for (const mode of modes) {
      const place = Fn.runSync(
        Fn.make([2] as readonly [number], (start) => argmin(bowl, mode, start)),
        Tensor.make([0, 0]) as never
      )
      expect(difference(Array.from(place.data), [3, -1])).toBeLessThan(1e-3)
    }
  })

  it("is differentiated: a minimum moves with what is minimised", () => {
    // The minimum of (x - s)² is at s, from whatever start.
    const follow = Fn.make([], (s) => {
      const parabola = Fn.make([1] as readonly [number], (x) => Expr.sum(Expr.square(Expr.sub(x, s))))
      return Expr.at(argmin(parabola, "reverse", Expr.zeros([1]) as never), 0)
    })
    expect(Fn.runSync(Forward.derivative(follow), 1)).toBeCloseTo(1, 3)
  })
})

describe("particle", () => {
  // The value that the suite's validator knows.
  const expected = 0.2071918746486116

  it("finds the control parameter in all nestings of the modes", () => {
    for (const name of ["ff", "fr", "rf", "rr"]) {
      expect(Math.abs((output("particle", name, { w: 0 }) as number) - expected)).toBeLessThan(1e-6)
    }
  })

  it("has the derivative of central differences through its loop", () => {
    for (const inner of modes) {
      const miss = Particle.miss(inner)
      const numeric = Calculus.Numeric.derivative((w) => Fn.runSync(miss, Tensor.make([w]) as never), 0.1).value
      for (const outer of modes) {
        const [own] = Fn.runSync(gradient(miss, outer), Tensor.make([0.1]) as never).data
        expect(difference([own!], [numeric])).toBeLessThan(1e-8)
      }
    }
  })

  it("hits the origin", () => {
    expect(Fn.runSync(Particle.miss("reverse"), Tensor.make([expected]) as never)).toBeLessThan(1e-6)
  })
})

describe("saddle", () => {
  it("finds the saddle point in all nestings of the modes", () => {
    // The values that the suite's validator knows.
    const place = [8.246324826140356e-6, 8.246324826140356e-6, 8.246324826140356e-6, 8.246324826140356e-6]
    for (const name of ["ff", "fr", "rf", "rr"]) {
      const actual = output("saddle", name, { start: [1, 1] }) as ReadonlyArray<number>
      expect(actual.map((x, i) => Math.abs(x - place[i]!) < 1e-9)).toEqual([true, true, true, true])
    }
  })
})
