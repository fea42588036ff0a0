// Rejected: points, constraints and outputs that do not fit.

import { Fn, Tensor, Type } from "@fluxion/core"
import { Arbitraries } from "@fluxion/testing"
import * as fc from "fast-check"

const programs = Arbitraries.program({ inputs: { x: [2], k: Type.index([]) }, outputs: [3] })

fc.property(
  programs,
  Arbitraries.point({ x: [3], k: Type.index([]) }),
  ({ fn }, at) =>
    // error: readonly [2]
    Fn.runSync(fn, at).data[0] === 0
)
fc.property(programs, ({ fn, inputs }) => {
  // error: Tensor<readonly [3], "real">' is not assignable to type 'number'
  const y: number = Fn.runSync(fn, inputs)
  return y > 0
})
// error: readonly [2, 2]
Arbitraries.program({ inputs: { x: [2] }, points: Arbitraries.point({ x: [2, 2] }) })
// error: readonly [2, 2]
Arbitraries.point({ a: [3, 3] }, { leaves: { a: Arbitraries.orthogonal(2) } })
// error: 'b' does not exist
Arbitraries.point({ a: [3, 3] }, { leaves: { b: { min: 0 } } })
// error: 'positive' does not exist
Arbitraries.point({ i: Type.index([3]) }, { leaves: { i: { positive: true } } })
// error: Type 'string' is not assignable
Arbitraries.tensor([2], { min: "0" })
// error: Property 'k' is missing
fc.property(programs, ({ fn }) => Fn.runSync(fn, { x: Tensor.make([1, 2]) }).data[0] === 0)
// error: 'c' is missing
fc.property(Arbitraries.formula({ variables: ["a", "c"] }), ({ fn }) => Fn.runSync(fn, { a: 1 }) > 0)
// error: No overload matches this call
Arbitraries.program({ inputs: { x: [2] }, kinks: "sometimes" })
