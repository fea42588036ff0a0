import { Fn, Tensor } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect, Random, Stream } from "effect"
import { meanSquaredError, objective, type Parameters } from "./LinearRegression.ts"
import type { Standardised } from "./Standardisation.ts"

export interface Options {
  readonly epochs: number
  readonly batchSize: number
  readonly rate: number
  readonly seed: number
}

export interface Epoch {
  readonly epoch: number
  readonly batches: ReadonlyArray<number>
  readonly loss: number
  readonly parameters: Parameters
}

export const initialParameters = (features: number, seed: number): Effect.Effect<Parameters> =>
  Effect.gen(function* () {
    const uniform = Random.nextBetween(-1, 1)
    const weights = yield* Effect.replicateEffect(uniform, features)
    return { weights: Tensor.fromArray(weights, [features]), bias: yield* uniform }
  }).pipe(Random.withSeed(seed))

export const epochs = ({ x, y }: Standardised, initial: Parameters, options: Options): Stream.Stream<Epoch> => {
  const [rows, features] = x.shape
  const loss = objective(x, y)
  const run = function* () {
    let p = initial
    let k = 0
    const per = Math.ceil(rows / options.batchSize)
    for (let epoch = 1; epoch <= options.epochs; epoch++) {
      const order = Effect.runSync(Random.shuffle(Array.from({ length: rows }, (_, i) => i)).pipe(Random.withSeed(options.seed + epoch)))
      const batches: Array<number> = []
      for (let b = 0; b < per; b++) {
        const idx = order.slice(b * options.batchSize, (b + 1) * options.batchSize)
        const g = Reverse.valueAndGrad(meanSquaredError(idx.length, features), { wrt: ["parameters"] })
        const rate = options.rate * 0.5 * (1 + Math.cos((Math.PI * k++) / (per * options.epochs)))
        const r = Fn.runSync(g, {
          parameters: p,
          batch: {
            x: Tensor.fromArray(idx.flatMap((i) => [...x.data.slice(i * features, i * features + features)]), [idx.length, features]),
            y: Tensor.fromArray(idx.map((i) => y.data[i]!), [idx.length])
          }
        })
        batches.push(r.value)
        p = {
          weights: Tensor.fromArray(p.weights.data.map((w, i) => w - rate * r.grad.parameters.weights.data[i]!), [features]),
          bias: p.bias - rate * r.grad.parameters.bias
        }
      }
      yield { epoch, batches, loss: Fn.runSync(loss, p), parameters: p }
    }
  }
  return Stream.fromIterable(run(), { chunkSize: 1 })
}
