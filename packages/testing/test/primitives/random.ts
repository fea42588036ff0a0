// Randomness: functions of a key, used with what is differentiated.

import { Expr, Fn, Tensor } from "@fluxion/core"
import { type Array64, each, named, ofArrays, real, row } from "./rows.ts"

const key = Expr.constant(Tensor.index([7, -9]))

export const random = named({
  foldIn: row({
    operands: [real([-1.7, 1.7]), { elementType: "index", ranges: [[-5, 99]] }],
    build: (x, i) =>
      Expr.mul(
        Expr.reshape(x, [-1, 1]),
        // Words are of the size of 2^31.
        Expr.mul(2 ** -31, Expr.toReal(Fn.expressions.apply("foldIn", {}, [key, i]) as Expr.IndexExpr))
      ),
    shapes: [
      [[2], [2]],
      [[0], [0]]
    ]
  }),
  randomUniform: ofArrays(
    each([[], [3], [0], [2, 1, 3]], (x) =>
      Expr.mul(x, Fn.expressions.apply("randomUniform", { shape: x.shape }, [key]) as Array64)
    )
  ),
  randomPermutation: ofArrays(
    each([[3], [0], [2, 3]], (x) =>
      Expr.gather(x, Fn.expressions.apply("randomPermutation", { size: x.shape[0]! }, [key]) as Expr.IndexExpr)
    )
  )
})
