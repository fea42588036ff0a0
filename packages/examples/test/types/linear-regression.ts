// What the types of the demo's program know: ranks and names; and what they reject.

import { Fn, Tensor } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { meanSquaredError, objective } from "../../src/demo/LinearRegression.ts"

const inputs = { parameters: { weights: [3], bias: [] }, batch: { x: [32, 3], y: [32] } } as const
const loss = meanSquaredError(inputs)
const output: readonly [] = loss.outputs
const x = Tensor.zeros([32, 3])
const y = Tensor.zeros([32])
const weights = Tensor.zeros([3])

const value: number = Fn.runSync(loss, { parameters: { weights, bias: 0 }, batch: { x, y } })
const piped: number = loss.pipe(Fn.runSync({ parameters: { weights, bias: 0 }, batch: { x, y } }))
const gradient = Fn.runSync(Reverse.grad(loss, { wrt: ["parameters"] }), {
  parameters: { weights, bias: 0 },
  batch: { x, y }
})
const slope: Tensor.Tensor<readonly [number]> = gradient.parameters.weights
const ofParameters: number = Fn.runSync(objective(x, y), { weights, bias: 0 })

// @ts-expect-error the features are a matrix
meanSquaredError({ ...inputs, batch: { x: [32], y: [32] } })
// @ts-expect-error the bias is a scalar
meanSquaredError({ ...inputs, parameters: { weights: [3], bias: [1] } })
// @ts-expect-error the weights are a vector
Fn.runSync(loss, { parameters: { weights: x, bias: 0 }, batch: { x, y } })
// @ts-expect-error there is no such input
Reverse.grad(loss, { wrt: ["weights"] })
// @ts-expect-error the targets are a vector
objective(x, x)

export { gradient, ofParameters, output, piped, slope, value }
