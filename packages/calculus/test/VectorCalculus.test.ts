// Operators of vector calculus against closed forms, and against the dense derivatives they avoid.

import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, Random, Shape, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const number = fc.double({ min: -2, max: 2, noNaN: true })
const vector = <const N extends number>(length: N) =>
  fc.array(number, { minLength: length, maxLength: length }).map((data) => Tensor.fromArray(data, [length]))

const near = (actual: number, expected: number, scale = 1): void => {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-12 * Math.max(scale, Math.abs(expected)))
}

const scalarField = Fn.make({ x: [3], y: [] }, ({ x, y }) => {
  const looped = Expr.fold((carry, item) => Expr.mul(Expr.tanh(Expr.add(carry, item)), y), y, x)
  return Expr.add(Expr.mul(Expr.sum(Expr.sin(x)), Expr.exp(y)), looped)
})

const at = fc.record({ x: vector(3), y: number })

const hessianEntry = (h: Fn.Output<typeof hessian>, i: number, j: number): number =>
  i === 3 ? (j === 3 ? h.y.y : h.y.x.data[j]!) : j === 3 ? h.x.y.data[i]! : h.x.x.data[3 * i + j]!
const hessian = Calculus.hessian(scalarField)

describe("second derivatives", () => {
  it("diagonalHessian and laplacian are the diagonal and the trace of the Hessian", () => {
    const [diagonal, laplacian] = [Calculus.diagonalHessian(scalarField), Calculus.laplacian(scalarField)]
    fc.assert(
      fc.property(at, (point) => {
        const h = Fn.runSync(hessian, point)
        const expected = [0, 1, 2, 3].map((i) => hessianEntry(h, i, i))
        const { x, y } = Fn.runSync(diagonal, point)
        ;[...x.data, y].forEach((value, i) => near(value, expected[i]!, 100))
        near(
          Fn.runSync(laplacian, point),
          expected.reduce((a, b) => a + b),
          100
        )
      })
    )
  })

  it("vhp is hvp, and the Hessian is symmetric", () => {
    const [hvp, vhp] = [Calculus.hvp(scalarField), Calculus.vhp(scalarField)]
    fc.assert(
      fc.property(at, at, (primals, direction) => {
        const a = Fn.runSync(hvp, { primals, tangents: direction })
        const b = Fn.runSync(vhp, { primals, cotangents: direction })
        const h = Fn.runSync(hessian, primals)
        const v = [...direction.x.data, direction.y]
        ;[...a.x.data, a.y].forEach((value, i) => {
          near(value, [...b.x.data, b.y][i]!, 100)
          near(
            value,
            v.reduce((sum, x, j) => sum + x * hessianEntry(h, i, j), 0),
            100
          )
          for (let j = 0; j < 4; j++) near(hessianEntry(h, i, j), hessianEntry(h, j, i), 100)
        })
      })
    )
  })

  it("the Laplacian of a harmonic function is 0, that of |x|² is twice the dimension", () => {
    const harmonic = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(Expr.exp(x), Expr.sin(y)))
    const square = Fn.make([7], (x) => Expr.sum(Expr.mul(x, x)))
    fc.assert(
      fc.property(number, number, vector(7), (x, y, v) => {
        near(Fn.runSync(Calculus.laplacian(harmonic), { x, y }), 0, 100)
        expect(Fn.runSync(Calculus.laplacian(square), v)).toBe(14)
      })
    )
  })

  it("can be differentiated again, and mapped", () => {
    const cube = Fn.make([2], (x) => Expr.sum(Expr.mul(x, Expr.mul(x, x))))
    const gradient = Reverse.grad(Calculus.laplacian(cube))
    expect(Tensor.toNested(Fn.runSync(gradient, Tensor.make([5, 7])))).toEqual([6, 6])
    const mapped = Fn.map(Calculus.laplacian(cube), { size: 2 })
    expect(
      Tensor.toNested(
        Fn.runSync(
          mapped,
          Tensor.make([
            [1, 2],
            [3, 4]
          ])
        )
      )
    ).toEqual([18, 42])
  })

  it("the estimate of the Laplacian is exact for a diagonal Hessian, and right on average for others", () => {
    const separable = Calculus.laplacianEstimate(
      Fn.make({ x: [3], y: [] }, ({ x, y }) => Expr.add(Expr.sum(Expr.exp(x)), Expr.sin(y)))
    )
    const exact = Calculus.laplacian(
      Fn.make({ x: [3], y: [] }, ({ x, y }) => Expr.add(Expr.sum(Expr.exp(x)), Expr.sin(y)))
    )
    const inputs = { x: Tensor.make([0.1, 0.2, 0.3]), y: 0.4 }
    near(Fn.runSync(Fn.withKey(separable), { key: Random.key(1), inputs }), Fn.runSync(exact, inputs))
    // Off the diagonal the sum of squares of the Hessian is V: the mean of n samples has the standard deviation sqrt(2 V / n).
    const n = 10_000
    const mixed = Fn.make([3], (x) => Expr.mul(Expr.sum(x), Expr.sum(Expr.mul(x, x))))
    const at = Tensor.make([1, -2, 0.5])
    const h = Fn.runSync(Calculus.hessian(mixed), at).data
    const offDiagonal = h.reduce((sum, value, k) => (k % 4 === 0 ? sum : sum + value * value), 0)
    const estimate = Fn.runSync(Fn.withKey(mixed.pipe(Calculus.laplacianEstimate({ samples: n }))), {
      key: Random.key(2),
      inputs: at
    })
    const error = Math.abs(estimate - Fn.runSync(Calculus.laplacian(mixed), at))
    expect(error).toBeLessThan(4 * Math.sqrt((2 * offDiagonal) / n))
    expect(error).toBeGreaterThan(0)
    expect(() => Calculus.laplacianEstimate(mixed, { samples: 0 })).toThrow(
      /expected a positive number of samples, got 0/
    )
  })

  it("programs without elements, and of linear functions", () => {
    expect(Fn.runSync(Calculus.laplacian(Fn.make([0], (x) => Expr.sum(x))), Tensor.zeros([0]))).toBe(0)
    const linear = Fn.make({ x: [], y: [2] }, ({ x, y }) => Expr.add(x, Expr.sum(y)))
    const diagonal = Fn.runSync(Calculus.diagonalHessian(linear), { x: 1, y: Tensor.make([1, 2]) })
    expect([diagonal.x, Tensor.toNested(diagonal.y)]).toEqual([0, [0, 0]])
  })
})

describe("gradientNorm", () => {
  it("is the norm over all inputs together", () => {
    const [norm, gradient] = [Calculus.gradientNorm(scalarField), Reverse.grad(scalarField)]
    fc.assert(
      fc.property(at, (point) => {
        const g = Fn.runSync(gradient, point)
        near(Fn.runSync(norm, point), Math.hypot(...g.x.data, g.y))
      })
    )
  })

  it("has a gradient at a stationary point", () => {
    const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.add(Expr.mul(x, x), Expr.mul(y, y)))
    expect(Fn.runSync(Reverse.grad(Calculus.gradientNorm(f)), { x: 0, y: 0 })).toEqual({ x: 0, y: 0 })
  })
})

describe("divergence and curl", () => {
  const field = Fn.make({ x: [2], y: [] }, ({ x, y }) => ({
    x: Expr.mul(Expr.sin(x), Expr.reverse(x)),
    y: Expr.mul(Expr.sum(x), Expr.exp(y))
  }))

  it("divergence is the trace of the Jacobian", () => {
    const [divergence, jacobian] = [Calculus.divergence(field), Forward.jacobian(field)]
    fc.assert(
      fc.property(fc.record({ x: vector(2), y: number }), (point) => {
        const j = Fn.runSync(jacobian, point)
        near(Fn.runSync(divergence, point), j.x.x.data[0]! + j.x.x.data[3]! + j.y.y, 100)
      })
    )
  })

  const space = { x: [], y: [], z: [] } as const
  const potential = Fn.make(space, ({ x, y, z }) => Expr.mul(Expr.sin(Expr.mul(x, y)), Expr.exp(z)))
  const swirl = Fn.make(space, ({ x, y, z }) => ({
    x: Expr.mul(Expr.sin(y), z),
    y: Expr.mul(Expr.exp(z), x),
    z: Expr.mul(Expr.cos(x), Expr.mul(y, y))
  }))
  const point = fc.record({ x: number, y: number, z: number })

  it("the curl of a gradient is 0, and so is the divergence of a curl", () => {
    const [ofGradient, ofCurl] = [Calculus.curl(Reverse.grad(potential)), Calculus.divergence(Calculus.curl(swirl))]
    fc.assert(
      fc.property(point, (p) => {
        const { x, y, z } = Fn.runSync(ofGradient, p)
        for (const component of [x, y, z]) near(component, 0, 100)
        near(Fn.runSync(ofCurl, p), 0, 100)
      })
    )
  })

  it("the curl has its closed form, for records and for arrays", () => {
    const array = Fn.make([3], (v) => {
      const { x, y, z } = Fn.apply(swirl, { x: Expr.at(v, 0), y: Expr.at(v, 1), z: Expr.at(v, 2) })
      return Expr.stack([x, y, z])
    })
    fc.assert(
      fc.property(point, ({ x, y, z }) => {
        const expected = [
          2 * y * Math.cos(x) - Math.exp(z) * x,
          Math.sin(y) + Math.sin(x) * y * y,
          Math.exp(z) - Math.cos(y) * z
        ]
        const record = Fn.runSync(Calculus.curl(swirl), { x, y, z })
        ;[record.x, record.y, record.z].forEach((value, i) => near(value, expected[i]!, 100))
        Fn.runSync(Calculus.curl(array), Tensor.make([x, y, z])).data.forEach((value, i) =>
          near(value, expected[i]!, 100)
        )
      })
    )
  })

  it("says what it expected", () => {
    const plane = Fn.make([2], (x) => Expr.mul(x, x))
    expect(() => Calculus.curl(plane)).toThrow(/expected three real elements in the inputs, got 2 in real\[2\]/)
    const other = Fn.make([2], (x) => Expr.sum(x)) as unknown as typeof plane
    expect(() => Calculus.divergence(other)).toThrow(Shape.ShapeError)
    expect(() => Calculus.divergence(other)).toThrow(/outputs like the real inputs real\[2\], got real\[\]/)
  })
})
