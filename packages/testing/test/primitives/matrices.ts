// Cases of functions of matrices and of systems of equations.

import { Expr, type Shape, Tensor } from "@fluxion/core"
import { type Array64, each, ofArrays, type Row } from "./rows.ts"

export const singular = {
  "special values":
    "where a matrix is singular or holds NaN, each mode divides by zero in an order of its own: linalg.test.ts"
}

/** Well-conditioned matrices from any that are not large. */
export const regular = (x: Array64): Array64 => {
  const [m, n] = x.shape.slice(-2) as unknown as [number, number]
  const eye = Array.from({ length: m * n }, (_, i) => (Math.floor(i / n) === i % n ? 8 : 0))
  return Expr.add(x, Tensor.fromArray(eye, [m, n])) as Array64
}

export const squares: ReadonlyArray<Shape.Shape> = [
  [0, 0],
  [1, 1],
  [3, 3],
  [2, 2, 2],
  [2, 1, 2, 2],
  [0, 2, 2]
]

export const ofMatrices = (f: (x: Array64) => Expr.Any): Row =>
  ofArrays(
    each(squares, (x) => f(regular(x))),
    { exempt: singular }
  )

type Systems = ReadonlyArray<readonly [a: Shape.Shape, b: Shape.Shape]>

export const ofSystems = (f: (a: Array64, b: Array64) => Expr.Any, systems: Systems): Row =>
  ofArrays(
    systems.map((shapes) => [shapes, (a: Array64, b: Array64) => f(regular(a), b)] as const),
    { exempt: singular }
  )

export const squareSystems: Systems = [
  [[3, 3], [3]],
  [
    [3, 3],
    [3, 2]
  ],
  [
    [2, 1, 2, 2],
    [3, 2, 1]
  ],
  [
    [2, 2],
    [2, 2, 1]
  ],
  [
    [0, 0],
    [0, 2]
  ],
  [
    [2, 2],
    [2, 0]
  ]
]
