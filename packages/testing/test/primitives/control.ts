// The primitives that have several results: control flow, rules of one's own, decompositions, equations.

import { Expr, Fn, type Shape, Tensor } from "@fluxion/core"
import { regular, singular } from "./matrices.ts"
import { type Array64, moderate, named, real, row } from "./rows.ts"

type Scalar = Expr.Expr<readonly []>
type Vector = Expr.Expr<readonly [3]>

const operand = real([-1.7, 1.7])
const around = { kinks: [0], ranges: [[-1.7, 1.7]] } as const

/** A body is many operations: see `moderate`. */
const special = { values: moderate, tolerance: 1e-12 }

const scalarAnd = (...shapes: ReadonlyArray<Shape.Shape>) => [[[], ...shapes]]

/** Factors of an equation that has one solution: the derivative of its left-hand side is not below 1. */
const cubic = (x: Scalar, a: Scalar | Array64): Scalar =>
  Expr.sub(Expr.add(Expr.mul(x, Expr.mul(x, x)), x), a) as Scalar

/** Eigenvalues at a distance from each other. */
const separated = (x: Array64): Array64 => {
  const n = x.shape.at(-1)!
  const diagonal = Array.from({ length: n * n }, (_, i) => (Math.floor(i / n) === i % n ? 9 * (i % n) : 0))
  return Expr.add(x, Tensor.fromArray(diagonal, [n, n])) as Array64
}

const body = Fn.make({ x: [], w: [3] }, ({ w, x }) => ({
  y: Expr.mul(Expr.sin(x), Expr.sum(w)),
  z: Expr.mul(w, Expr.exp(x))
}))

export const control = named({
  cond: row({
    operands: [around, operand],
    cases: [
      {
        build: (x, y) =>
          Expr.cond(
            Expr.gt(x as Scalar, 0),
            () => Expr.mul(Expr.sin(x as Scalar), y as Vector) as Vector,
            () => Expr.exp(y as Vector)
          ),
        shapes: scalarAnd([3])
      },
      {
        label: "with several results, one of them an operand",
        build: (x, y) =>
          Expr.cond(
            Expr.gt(x as Scalar, 0),
            () => ({ p: x as Scalar, q: y as Scalar }),
            () => ({ p: Expr.mul(x as Scalar, y as Scalar), q: Expr.cos(x as Scalar) })
          ),
        shapes: scalarAnd([])
      }
    ],
    special,
    // At 0 the second branch is taken.
    conventions: [{ at: [0, [1, 2, 3]], partials: [0, [Math.E, Math.exp(2), Math.exp(3)]] }]
  }),
  scan: row({
    operands: [operand, operand, operand],
    cases: [
      {
        build: (c, xs, w) =>
          Expr.scan(
            (carry: Scalar, x: Scalar) => {
              const next = Expr.tanh(Expr.add(Expr.mul(carry, w as Scalar), x)) as Scalar
              return [next, Expr.mul(next, x)] as [Scalar, Scalar]
            },
            c as Scalar,
            xs as Vector
          ) as never,
        shapes: [
          [[], [3], []],
          [[], [1], []],
          [[], [0], []]
        ]
      },
      {
        label: "in reverse, carries computed again",
        build: (c, xs) =>
          Expr.fold((carry: Vector, x: Scalar) => Expr.mul(Expr.sin(carry), x) as Vector, c as Vector, xs as Vector, {
            reverse: true,
            checkpoint: "revolve"
          }),
        shapes: [[[3], [4]]]
      }
    ],
    special
  }),
  map: row({
    operands: [operand, operand],
    cases: [
      {
        build: (xs, w) => Expr.map((x: Scalar) => Expr.mul(Expr.exp(x), Expr.sin(w as Vector)), xs as Vector),
        shapes: [
          [[4], [3]],
          [[1], []],
          [[0], [2]]
        ]
      }
    ],
    special
  }),
  call: row({
    operands: [operand, operand],
    cases: [
      {
        build: (x, w) => Fn.call(body, { x: x as Scalar, w: w as Vector }) as never,
        shapes: scalarAnd([3])
      },
      {
        label: "under checkpoint",
        build: (x, w) => Fn.apply(Fn.checkpoint(body), { x: x as Scalar, w: w as Vector }) as never,
        shapes: scalarAnd([3])
      }
    ],
    special
  }),
  whileLoop: row({
    operands: [real([0.5, 0.6]), operand],
    cases: [
      {
        // Three steps from where points are drawn; it ends from everywhere.
        build: (x, w) =>
          Expr.whileLoop(
            ({ y }: { readonly y: Scalar; readonly z: Vector }) => Expr.lt(y, 2),
            ({ y, z }: { readonly y: Scalar; readonly z: Vector }) => ({
              y: Expr.add(Expr.mul(y, Expr.add(1.25, Expr.mul(y, 0.1))), 0.25) as Scalar,
              z: Expr.add(Expr.sin(z), y) as Vector
            }),
            { y: x as Scalar, z: w as Vector }
          ),
        shapes: scalarAnd([3])
      },
      {
        label: "not entered",
        build: (x, w) =>
          Expr.whileLoop(
            ({ y }: { readonly y: Scalar }) => Expr.lt(y, -1e9),
            ({ y }: { readonly y: Scalar }) => ({ y: Expr.add(Expr.abs(y), w as Scalar) as Scalar }),
            { y: x as Scalar }
          ),
        shapes: scalarAnd([])
      }
    ],
    special
  }),
  custom: row({
    operands: [operand, operand],
    cases: [
      {
        label: "a JVP",
        build: (x, y) => {
          const f = Fn.make({ x: [], y: [3] }, (given) => Expr.mul(Expr.sin(given.x), given.y))
          const rule = Expr.customJvp(f, ({ primals, tangents }) =>
            Expr.add(
              Expr.mulStrongZero(Expr.mul(Expr.cos(primals.x), primals.y), tangents.x),
              Expr.mulStrongZero(Expr.sin(primals.x), tangents.y)
            )
          )
          return Fn.apply(rule, { x: x as Scalar, y: y as Vector })
        },
        shapes: scalarAnd([3])
      },
      {
        label: "a VJP and a JVP",
        build: (x) => {
          const f = Fn.make([2, 2], (y) => Expr.exp(y))
          const rule = Expr.customVjp(f, {
            vjp: ({ cotangents, outputs }) => Expr.mulStrongZero(outputs, cotangents),
            jvp: ({ outputs, tangents }) => Expr.mulStrongZero(outputs, tangents)
          })
          return Fn.apply(rule, x as Expr.Expr<readonly [2, 2]>)
        },
        shapes: [[[2, 2]]]
      }
    ],
    special
  }),
  qr: row({
    operands: [operand],
    build: (x) => Expr.qr(regular(x) as never) as never,
    shapes: [[[3, 3]], [[4, 2]], [[2, 2, 2]], [[0, 2, 2]], [[1, 1]]],
    exempt: singular
  }),
  eigh: row({
    operands: [operand],
    build: (x) => Expr.eigh(separated(x) as never) as never,
    shapes: [[[3, 3]], [[2, 2, 2]], [[0, 2, 2]], [[1, 1]]],
    exempt: singular
  }),
  root: row({
    operands: [operand],
    build: (a) => Expr.root((x: Scalar) => cubic(x, a), Expr.constant(0) as Scalar),
    shapes: [[[]]],
    special
  })
})

export const derivedControl = named({
  fold: row({
    operands: [operand, operand],
    build: (x, coefficients) =>
      Expr.fold(
        (value: Scalar, c: Scalar) => Expr.add(Expr.mul(value, x as Scalar), c) as Scalar,
        0,
        coefficients as Vector
      ),
    shapes: scalarAnd([3]),
    special
  }),
  iterate: row({
    operands: [operand],
    build: (x) => Expr.iterate(3, (y: Array64) => Expr.add(Expr.sin(y), x) as Array64, x),
    shapes: [[[]], [[2, 2]], [[0]]],
    special
  }),
  fixedPoint: row({
    operands: [operand],
    build: (a) =>
      Expr.fixedPoint((x: Scalar) => Expr.mul(0.5, Expr.sin(Expr.add(x, a))) as Scalar, Expr.constant(0) as Scalar),
    shapes: [[[]]],
    // The iteration ends at 1e-12.
    tolerance: 1e-11,
    special
  })
})
