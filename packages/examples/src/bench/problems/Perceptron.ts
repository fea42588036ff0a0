/**
 * A perceptron with one hidden layer on a batch: products of matrices.
 *
 * @since 0.1.0
 */
import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import * as Draws from "../Draws.ts"
import * as Problem from "../Problem.ts"
import * as Program from "../Program.ts"
import type { Subject } from "../Subject.ts"

interface Size {
  readonly batch: number
  readonly features: number
  readonly hidden: number
  readonly classes: number
}

/**
 * The mean cross entropy of a batch: `tanh` in the hidden layer, softmax at the end.
 *
 * @category programs
 * @since 0.1.0
 */
export const objective = ({ batch, classes, features, hidden }: Size) =>
  Fn.make(
    {
      x: [batch, features],
      targets: [batch, classes],
      w1: [features, hidden],
      b1: [hidden],
      w2: [hidden, classes],
      b2: [classes]
    },
    ({ b1, b2, targets, w1, w2, x }) => {
      const activations = Expr.tanh(Expr.add(Expr.matmul(x, w1), b1))
      const logits = Expr.add(Expr.matmul(activations, w2), b2)
      return Expr.mean(Expr.crossEntropy(logits, targets))
    }
  )

const directional = (size: Size) => {
  const { batch, classes, features, hidden } = size
  const weights = { w1: [features, hidden], b1: [hidden], w2: [hidden, classes], b2: [classes] } as const
  const spec = { x: [batch, features], targets: [batch, classes], weights, direction: weights } as const
  return Fn.make(spec, ({ direction, targets, weights: at, x }) => {
    const ofWeights = Fn.make(weights, (own) => Fn.apply(objective(size), { x, targets, ...own }))
    return Fn.apply(Forward.jvp(ofWeights), { primals: at, tangents: direction })
  })
}

/** `out[i, :] += Σₖ a[i, k] b[k, :]`, four rows of `b` at a time, so that `out` is read and written a quarter as often. */
const addProduct = (
  out: Float64Array,
  a: Float64Array,
  b: Float64Array,
  rows: number,
  inner: number,
  columns: number
): void => {
  for (let i = 0; i < rows; i++) {
    const to = i * columns
    let k = 0
    for (; k + 3 < inner; k += 4) {
      const at = i * inner + k
      const a0 = a[at]!
      const a1 = a[at + 1]!
      const a2 = a[at + 2]!
      const a3 = a[at + 3]!
      const from = k * columns
      for (let j = 0; j < columns; j++) {
        out[to + j]! +=
          a0 * b[from + j]! +
          a1 * b[from + columns + j]! +
          a2 * b[from + 2 * columns + j]! +
          a3 * b[from + 3 * columns + j]!
      }
    }
    for (; k < inner; k++) {
      const ak = a[i * inner + k]!
      for (let j = 0; j < columns; j++) out[to + j]! += ak * b[k * columns + j]!
    }
  }
}

/** `out[k, :] += Σᵢ a[i, k] b[i, :]`, four rows of both at a time. */
const addTransposedProduct = (
  out: Float64Array,
  a: Float64Array,
  b: Float64Array,
  rows: number,
  inner: number,
  columns: number
): void => {
  let i = 0
  for (; i + 3 < rows; i += 4) {
    const from = i * columns
    for (let k = 0; k < inner; k++) {
      const a0 = a[i * inner + k]!
      const a1 = a[(i + 1) * inner + k]!
      const a2 = a[(i + 2) * inner + k]!
      const a3 = a[(i + 3) * inner + k]!
      const to = k * columns
      for (let j = 0; j < columns; j++) {
        out[to + j]! +=
          a0 * b[from + j]! +
          a1 * b[from + columns + j]! +
          a2 * b[from + 2 * columns + j]! +
          a3 * b[from + 3 * columns + j]!
      }
    }
  }
  for (; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const ak = a[i * inner + k]!
      for (let j = 0; j < columns; j++) out[k * columns + j]! += ak * b[i * columns + j]!
    }
  }
}

interface Arrays {
  readonly x: Float64Array
  readonly targets: Float64Array
  readonly w1: Float64Array
  readonly b1: Float64Array
  readonly w2: Float64Array
  readonly b2: Float64Array
}

const byHand = ({ batch, classes, features, hidden }: Size, { b1, b2, targets, w1, w2, x }: Arrays): Subject => {
  const activations = new Float64Array(batch * hidden)
  const logits = new Float64Array(batch * classes)
  const ofActivations = new Float64Array(batch * hidden)
  const gradient = [w1, b1, w2, b2].map(({ length }) => new Float64Array(length))
  const [ofW1, ofB1, ofW2, ofB2] = gradient as [Float64Array, Float64Array, Float64Array, Float64Array]
  let value = 0
  const run = (): void => {
    for (const array of gradient) array.fill(0)
    for (let i = 0; i < batch; i++) activations.set(b1, i * hidden)
    addProduct(activations, x, w1, batch, features, hidden)
    for (let i = 0; i < activations.length; i++) activations[i] = Math.tanh(activations[i]!)
    for (let i = 0; i < batch; i++) logits.set(b2, i * classes)
    addProduct(logits, activations, w2, batch, hidden, classes)

    // The logits become their own cotangents: softmax minus targets, over the size of the batch.
    let loss = 0
    for (let i = 0; i < batch; i++) {
      const row = i * classes
      let largest = -Infinity
      for (let j = 0; j < classes; j++) if (logits[row + j]! > largest) largest = logits[row + j]!
      let sum = 0
      let total = 0
      for (let j = 0; j < classes; j++) {
        const shifted = logits[row + j]! - largest
        const target = targets[row + j]!
        loss -= target * shifted
        total += target
        const e = Math.exp(shifted)
        logits[row + j] = e
        sum += e
      }
      loss += total * Math.log(sum)
      const scale = total / sum
      for (let j = 0; j < classes; j++) {
        const cotangent = (logits[row + j]! * scale - targets[row + j]!) / batch
        logits[row + j] = cotangent
        ofB2[j]! += cotangent
      }
    }
    value = loss / batch

    addTransposedProduct(ofW2, activations, logits, batch, hidden, classes)
    for (let i = 0; i < batch; i++) {
      const row = i * classes
      for (let k = 0; k < hidden; k++) {
        let sum = 0
        for (let j = 0; j < classes; j++) sum += logits[row + j]! * w2[k * classes + j]!
        const h = activations[i * hidden + k]!
        const cotangent = sum * (1 - h * h)
        ofActivations[i * hidden + k] = cotangent
        ofB1[k]! += cotangent
      }
    }
    addTransposedProduct(ofW1, x, ofActivations, batch, features, hidden)
  }
  return {
    run,
    answer: () => {
      run()
      return { value, derivative: gradient.map((array) => array.slice()) }
    }
  }
}

const instance = (size: Size): Problem.Instance => {
  const { batch, classes, features, hidden } = size
  const draws = Draws.make(3)
  const labels = draws.integers(batch, classes)
  const arrays: Arrays = {
    x: draws.normal(batch * features),
    targets: Float64Array.from({ length: batch * classes }, (_, i) =>
      labels[Math.floor(i / classes)] === i % classes ? 1 : 0
    ),
    w1: draws.normal(features * hidden, 1 / Math.sqrt(features)),
    b1: draws.normal(hidden, 0.1),
    w2: draws.normal(hidden * classes, 1 / Math.sqrt(hidden)),
    b2: draws.normal(classes, 0.1)
  }
  const x = Tensor.fromArray(arrays.x, [batch, features])
  const targets = Tensor.fromArray(arrays.targets, [batch, classes])
  const weights = {
    w1: Tensor.fromArray(arrays.w1, [features, hidden]),
    b1: Tensor.fromArray(arrays.b1, [hidden]),
    w2: Tensor.fromArray(arrays.w2, [hidden, classes]),
    b2: Tensor.fromArray(arrays.b2, [classes])
  }
  const direction = {
    w1: Tensor.fromArray(draws.normal(features * hidden), [features, hidden]),
    b1: Tensor.fromArray(draws.normal(hidden), [hidden]),
    w2: Tensor.fromArray(draws.normal(hidden * classes), [hidden, classes]),
    b2: Tensor.fromArray(draws.normal(classes), [classes])
  }
  const f = objective(size)
  return {
    size: `${features}-${hidden}-${classes}, batch ${batch}`,
    n: batch,
    programs: {
      primal: Program.make(f, { x, targets, ...weights }),
      forward: Program.make(directional(size), { x, targets, weights, direction }),
      reverse: Program.make(Reverse.valueAndGrad(f, { wrt: ["w1", "b1", "w2", "b2"] }), { x, targets, ...weights })
    },
    byHand: () => byHand(size, arrays),
    inputs: { x, targets, ...weights }
  }
}

const layers = { features: 64, hidden: 64, classes: 10 }
const main = { batch: 128, ...layers }

/**
 * The problem.
 *
 * @category problems
 * @since 0.1.0
 */
export const perceptron = Problem.make(
  "perceptron",
  {
    sizes: [{ batch: 16, ...layers }, main, { batch: 1024, ...layers }],
    main,
    quick: { batch: 5, features: 6, hidden: 3, classes: 2 }
  },
  instance
)
