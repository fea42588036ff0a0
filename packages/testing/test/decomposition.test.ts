// Derivatives of the decompositions of matrices: references of 60 digits, and what happens where they do not exist.

import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { describe, expect, it } from "vitest"

type Matrix<M extends number = 3, N extends number = 3> = Expr.Expr<readonly [M, N]>
type Scalar = Expr.Expr<readonly []>

const numbers = (x: unknown): Array<number> => (typeof x === "number" ? [x] : Array.from((x as Tensor.Tensor).data))

/** The gradient by both modes. */
const gradients = <M extends number, N extends number>(
  f: (a: Matrix<M, N>) => Scalar,
  at: Tensor.Tensor<readonly [M, N]>
): ReadonlyArray<Array<number>> => {
  const program = Fn.make(at.shape as unknown as readonly [2, 2], f as never) as Fn.Fn<readonly [2, 2], readonly []>
  const value = at as unknown as Tensor.Tensor<readonly [2, 2]>
  return [numbers(Fn.runSync(Forward.jacobian(program), value)), numbers(Fn.runSync(Reverse.grad(program), value))]
}

const near = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>, tolerance = 1e-13): void => {
  expect(actual.length).toBe(expected.length)
  expected.forEach((v, i) => expect(Math.abs(actual[i]! - v)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(v))))
}

const weights = (m: number, n: number, f: (i: number, j: number) => number) =>
  Tensor.fromArray(
    Float64Array.from({ length: m * n }, (_, k) => f(Math.floor(k / n), k % n)),
    [m, n]
  )

describe("against central differences of 60 digits (mpmath)", () => {
  it("qr", () => {
    const a = Tensor.make([
      [2, -1, 0.5],
      [1, 3, -2],
      [0.25, 4, 1],
      [-3, 0, 2]
    ]) as unknown as Tensor.Tensor<readonly [4, 3]>
    const f = (x: Matrix<4, 3>): Scalar => {
      const { q, r } = Expr.qr(x)
      const ofQ = Expr.mul(
        q,
        weights(4, 3, (i, j) => Math.sin(3 * i + j + 1))
      )
      const ofR = Expr.mul(
        r,
        weights(3, 3, (i, j) => Math.cos(2 * i + j))
      )
      return Expr.add(Expr.sum(ofQ), Expr.sum(ofR)) as Scalar
    }
    const exact = [
      0.5784992711521356, 0.43728411027895503, 0.37743881260373924, 0.10515053106377735, -0.5067833172185149,
      -1.1195806262826231, 0.5205107872478284, -0.69362672141595, 0.04989393701020119, -0.7859077432733315,
      -0.6105851413400387, 0.4027737067430632
    ]
    for (const gradient of gradients(f, a)) near(gradient, exact)
  })

  it("eigh", () => {
    const a = Tensor.make([
      [4, 1, -2],
      [1, 2, 0.5],
      [-2, 0.5, 3]
    ]) as unknown as Tensor.Tensor<readonly [3, 3]>
    const f = (x: Matrix): Scalar => {
      const { values, vectors } = Expr.eigh(x)
      const ofVectors = Expr.mul(
        vectors,
        weights(3, 3, (i, j) => Math.sin(3 * i + j + 1))
      )
      const ofValues = Expr.dot(values, Tensor.make([1, Math.cos(1), Math.cos(2)]))
      return Expr.add(Expr.sum(ofVectors), ofValues) as Scalar
    }
    const exact = [
      0.235547160536788, -0.18215491119099972, 0.7875235270130441, -0.18215491119099972, 0.2994374172266112,
      -0.015392513272045076, 0.7875235270130441, -0.015392513272045076, 0.5891708915575982
    ]
    for (const gradient of gradients(f, a)) near(gradient, exact)
  })
})

describe("closed forms of order 2", () => {
  const a = Tensor.make([
    [3, 1],
    [1, 2]
  ]) as unknown as Tensor.Tensor<readonly [2, 2]>

  it("the larger eigenvalue: mean + radius, and its Hessian", () => {
    const larger = (x: Matrix<2, 2>): Scalar => Expr.at(Expr.eigh(x).values, 1)
    // λ = (a + d) / 2 + ρ with ρ = sqrt(((a - d) / 2)² + b²): here (a - d) / 2 = 0.5, b = 1.
    const radius = Math.sqrt(1.25)
    for (const gradient of gradients(larger, a)) {
      near(gradient, [0.5 + 0.25 / radius, 0.5 / radius, 0.5 / radius, 0.5 - 0.25 / radius])
    }
    // d²λ/db² = ρ'' = (ρ² - b²) / ρ³, with b in both places.
    const along = Fn.make([], (b) =>
      larger(Expr.reshape(Expr.stack([Expr.constant(3), b, b, Expr.constant(2)]), [2, 2]) as unknown as Matrix<2, 2>)
    )
    const second = (1.25 - 1) / radius ** 3
    near([Fn.runSync(Forward.derivative(Forward.derivative(along)), 1)], [second])
    near([Fn.runSync(Forward.derivative(Reverse.grad(along)), 1)], [second])
    near([Fn.runSync(Reverse.grad(Forward.derivative(along)), 1)], [second])
    near([Fn.runSync(Reverse.grad(Reverse.grad(along)), 1)], [second])
  })

  it("r of qr: its diagonal is |a1| and |det| / |a1|", () => {
    const last = (x: Matrix<2, 2>): Scalar => Expr.at(Expr.reshape(Expr.qr(x).r, [4]), 3)
    // det = 5, |a1| = sqrt(10): d(det / |a1|) = adj' / |a1| - det a1 / |a1|³.
    const length = Math.sqrt(10)
    for (const gradient of gradients(last, a)) {
      near(gradient, [2 / length - 15 / length ** 3, -1 / length, -1 / length - 5 / length ** 3, 3 / length])
    }
  })
})

describe("where eigenvalues coincide", () => {
  const a = Tensor.make([
    [2, 0, 0],
    [0, 2, 0],
    [0, 0, -1]
  ]) as unknown as Tensor.Tensor<readonly [3, 3]>

  it("symmetric functions of the values are differentiated", () => {
    const product = (x: Matrix): Scalar => Expr.prod(Expr.eigh(x).values) as Scalar
    for (const gradient of gradients(product, a)) near(gradient, [-2, 0, 0, 0, -2, 0, 0, 0, 4])
    const squares = (x: Matrix): Scalar => Expr.sum(Expr.square(Expr.eigh(x).values)) as Scalar
    for (const gradient of gradients(squares, a)) near(gradient, [4, 0, 0, 0, 4, 0, 0, 0, -2])
  })

  it("derivatives of the vectors are not finite, but those of the vector of a simple eigenvalue are", () => {
    const all = (x: Matrix): Scalar =>
      Expr.sum(
        Expr.mul(
          Expr.eigh(x).vectors,
          weights(3, 3, (i, j) => i + 2 * j + 1)
        )
      ) as Scalar
    for (const gradient of gradients(all, a)) expect(gradient.every(Number.isFinite)).toBe(false)
    // That of -1 is (0, 0, 1); it turns by A_i3 / (-1 - 2).
    const simple = (x: Matrix): Scalar =>
      Expr.sum(
        Expr.mul(
          Expr.eigh(x).vectors,
          weights(3, 3, (i, j) => (j === 0 ? i + 1 : 0))
        )
      ) as Scalar
    const [, reverse] = gradients(simple, a)
    near(reverse!, [0, 0, -1 / 6, 0, 0, -2 / 6, -1 / 6, -2 / 6, 0])
  })

  it("a tangent that leaves an eigenspace as it is moves the vectors outside of it alone", () => {
    const f = Fn.make([3, 3], (x) => Expr.eigh(x).vectors)
    const direction = Tensor.make([
      [0, 0, 1],
      [0, 5, 2],
      [1, 2, 3]
    ]) as unknown as Tensor.Tensor<readonly [3, 3]>
    const { tangents } = Fn.runSync(Forward.jvp(f), { primals: a, tangents: direction })
    near(numbers(tangents), [-1 / 3, 0, 0, -2 / 3, 0, 0, 0, 1 / 3, 2 / 3])
  })

  it("a branch not taken poisons nothing", () => {
    const f = (x: Matrix): Scalar =>
      Expr.select(Expr.constant(false), Expr.sum(Expr.eigh(x).vectors), Expr.sum(x)) as Scalar
    for (const gradient of gradients(f, a)) expect(gradient).toEqual(new Array<number>(9).fill(1))
    const singular = (x: Matrix): Scalar => {
      const { q, r } = Expr.qr(Expr.sub(x, x) as Matrix)
      return Expr.select(Expr.constant(false), Expr.add(Expr.sum(q), Expr.sum(r)), Expr.sum(x)) as Scalar
    }
    for (const gradient of gradients(singular, a)) expect(gradient).toEqual(new Array<number>(9).fill(1))
  })
})

describe("near equal eigenvalues", () => {
  it("digits of the derivatives of vectors are lost as the gap closes, those of values stay", () => {
    for (const exponent of [-10, -20, -30]) {
      const gap = 2 ** exponent
      const a = Tensor.make([
        [1, 0],
        [0, 1 + gap]
      ]) as unknown as Tensor.Tensor<readonly [2, 2]>
      const first = (x: Matrix<2, 2>): Scalar => Expr.at(Expr.eigh(x).values, 0)
      for (const gradient of gradients(first, a)) expect(gradient).toEqual([1, 0, 0, 0])
      const turn = (x: Matrix<2, 2>): Scalar => Expr.at(Expr.reshape(Expr.eigh(x).vectors, [4]), 2)
      for (const gradient of gradients(turn, a)) near(gradient, [0, -0.5 / gap, -0.5 / gap, 0])
    }
  })
})

it("a factorisation of a batch is differentiated matrix by matrix", () => {
  const batch = Tensor.fromArray(
    Float64Array.from({ length: 12 }, (_, i) => Math.sin(7 * i + 1)),
    [2, 3, 2]
  )
  const f = Fn.make([2, 3, 2], (x) => Expr.sum(Expr.sin(Expr.qr(x).q)))
  const g = Fn.make([3, 2], (x) => Expr.sum(Expr.sin(Expr.qr(x).q)))
  const whole = numbers(Fn.runSync(Reverse.grad(f), batch as never))
  const parts = [0, 1].flatMap((i) =>
    numbers(Fn.runSync(Reverse.grad(g), Tensor.fromArray(batch.data.slice(6 * i, 6 * i + 6), [3, 2]) as never))
  )
  expect(whole).toEqual(parts)
})
