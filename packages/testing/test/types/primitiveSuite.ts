// Descriptions of primitives: operands have the types that they are described with.

import { Expr, Fn, Tensor } from "@fluxion/core"
import { PrimitiveSuite, primitiveSuite } from "@fluxion/testing"

const real = { ranges: [[-2, 2]] } as const

export const chosen: ReadonlyArray<PrimitiveSuite.Check> = primitiveSuite({
  name: "chosen",
  operands: [{ elementType: "bool" }, real, { elementType: "index", ranges: [[0, 3]] }],
  build: (p: Expr.BoolExpr, x: Expr.Expr, i: Expr.IndexExpr) => Expr.select(p, x, Expr.toReal(i)),
  smooth: (p, x) => p === 1 || x !== 0,
  value: (p, x, i) => (p === 1 ? x! : i!)
})

export const several: PrimitiveSuite.Described = PrimitiveSuite.describe({
  name: "several",
  operands: [real, real],
  cases: [
    { label: "both", build: (x, y) => ({ product: Expr.mul(x, y), sum: Expr.add(x, y) }), shapes: [[[2], [2]]] },
    { build: (x) => [x, Tensor.make(1)], shapes: [[[]], [[3]]] }
  ],
  conventions: [{ at: [[0, 1]], partials: [[1, 1]], build: (x) => Expr.sin(x) }]
})

const halved = Expr.customVjp(
  Fn.make([3], (x) => Expr.mul(x, 0.5)),
  ({ cotangents }) => Expr.mul(cotangents, 0.5)
)
export const ruled = primitiveSuite({
  name: "halved",
  operands: [real],
  build: (x) => Fn.apply(halved, x as Expr.Expr<readonly [3]>),
  shapes: [[[3]]],
  orders: 2
})
