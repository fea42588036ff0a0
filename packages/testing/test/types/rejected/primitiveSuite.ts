// What descriptions refuse.

import { Expr } from "@fluxion/core"
import { primitiveSuite } from "@fluxion/testing"

const real = { ranges: [[-2, 2]] } as const

primitiveSuite({
  name: "an operand too many",
  operands: [real],
  // error: Target signature provides too few arguments
  build: (x: Expr.Expr, y: Expr.Expr) => Expr.mul(x, y)
})

primitiveSuite({
  name: "an index as a real",
  operands: [{ elementType: "index", ranges: [[0, 3]] }],
  // error: Type '"index"' is not assignable to type '"real"'
  build: (i) => Expr.sin(i)
})

primitiveSuite({
  name: "a property that there is not",
  operands: [real],
  build: (x) => Expr.sin(x),
  // error: Object literal may only specify known properties
  exempt: { speed: "it is slow" }
})
