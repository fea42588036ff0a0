// Values for parameters, by their initialisers.

import * as Random from "../../expr/random.ts"
import { type Initializer, fans } from "../../Initializer.ts"
import { evaluateBody } from "../evaluate.ts"
import * as Shape from "../../Shape.ts"
import * as Tensor from "../../Tensor.ts"
import { orthogonalise } from "../linalg/householder.ts"
import { toNode } from "../lift.ts"
import { constant } from "../node.ts"
import { inScope, Scope } from "../scope.ts"
import * as Streams from "./streams.ts"

type Words = ArrayLike<number>

/** A key of its own for each name: characters are folded in one after the other, after their number. */
export const keyOfName = (key: Words, name: string): Int32Array => {
  let own = Streams.foldIn(key, [name.length])
  for (let i = 0; i < name.length; i++) own = Streams.foldIn(own, [name.charCodeAt(i)])
  return own
}

const draw = (key: Int32Array, build: () => ReturnType<typeof Random.normal>): Tensor.Tensor => {
  const scope = new Scope(() => constant(Tensor.unsafeMake("index", [2], key)))
  const output = toNode(inScope(scope, build))
  return evaluateBody({ inputNodes: [], outputNodes: [output] }, [])[0] as Tensor.Tensor
}

const around0 = (key: Int32Array, shape: Shape.Shape, limit: number) =>
  draw(key, () => Random.uniform(shape, { min: -limit, max: limit }) as never)

const normal = (key: Int32Array, shape: Shape.Shape, mean: number, standardDeviation: number) =>
  draw(key, () => Random.normal(shape, { mean, standardDeviation }) as never)

const orthogonal = (key: Int32Array, shape: Shape.Shape, gain: number): Tensor.Tensor => {
  const columns = shape.at(-1) ?? 1
  const rows = shape.length < 2 ? 1 : Shape.size(shape.slice(0, -1))
  const [m, n] = [Math.max(rows, columns), Math.min(rows, columns)]
  const q = new Float64Array(m * n)
  orthogonalise(normal(key, [m, n], 0, 1).data, 0, m, n, q, new Float64Array(n * n))
  const data = new Float64Array(m * n)
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) data[rows >= columns ? i * n + j : j * m + i] = gain * q[i * n + j]!
  }
  return Tensor.fromArray(data, shape)
}

/** The value of a parameter under a key. */
export const initialize = (initializer: Initializer, shape: Shape.Shape, key: Int32Array): Tensor.Tensor => {
  if (shape.includes(0)) return Tensor.zeros(shape)
  const { fanIn, fanOut } = fans(shape)
  switch (initializer._tag) {
    case "Constant":
      return Tensor.full(shape, initializer.value)
    case "Uniform": {
      const { max, min } = initializer
      return draw(key, () => Random.uniform(shape, { min, max }) as never)
    }
    case "Normal":
      return normal(key, shape, initializer.mean, initializer.standardDeviation)
    case "GlorotUniform":
      return around0(key, shape, Math.sqrt(6 / (fanIn + fanOut)))
    case "GlorotNormal":
      return normal(key, shape, 0, Math.sqrt(2 / (fanIn + fanOut)))
    case "HeUniform":
      return around0(key, shape, Math.sqrt(6 / fanIn))
    case "HeNormal":
      return normal(key, shape, 0, Math.sqrt(2 / fanIn))
    case "Orthogonal":
      return orthogonal(key, shape, initializer.gain)
  }
}
