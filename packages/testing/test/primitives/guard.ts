// Guards. What they do where they fail: packages/core/test/guards.test.ts and guards.test.ts.

import { Expr, Fn, Operations, Tensor } from "@fluxion/core"
import { named, ofArrays } from "./rows.ts"

const operations = Operations.make(Fn.expressions)

export const guard = named({
  ensure: ofArrays(
    [
      [[[]], (x) => Expr.ensure(x, true, () => "never")],
      [[[2, 3]], (x) => Expr.ensure(x, Expr.constant(Tensor.bool([true, true, true])), () => "never")],
      [[[0, 3]], (x) => Expr.ensure(x, false, () => "never")]
    ],
    { exempt: { serialisation: "a failure of the caller's own is a function; those of the library are data" } }
  ),
  after: ofArrays([
    [[[2, 3], [2]], (x, y) => operations.after(x, y)],
    [[[0]], (x) => operations.after(x, Expr.constant(true))]
  ])
})
