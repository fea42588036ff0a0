/**
 * Training a linear regression by mini-batch gradient descent, as a stream of steps.
 *
 * @since 0.1.0
 */
import { Fn, Tensor } from "@fluxion/core"
import { Schedule, sgd, train } from "@fluxion/optim"
import { Effect, Random, Stream } from "effect"
import { meanSquaredError, objective, type Parameters } from "./LinearRegression.ts"
import type { Standardised } from "./Standardisation.ts"

/**
 * How to train: how often to see all rows, how many make a mini-batch, the learning rate at the start, and what decides chance.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  readonly epochs: number
  readonly batchSize: number
  readonly rate: number
  readonly seed: number
}

/**
 * One update.
 *
 * **Details**
 *
 * `batchLoss` is the loss on the mini-batch before the update, `loss` the loss on all data after it, and `parameters` are those after it. The loss on all
 * data is computed only now and then: ever more rarely as steps go on, and at the last.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step {
  readonly step: number
  readonly epoch: number
  readonly endsEpoch: boolean
  readonly batchLoss: number
  readonly loss: number | undefined
  readonly parameters: Parameters
}

/**
 * Parameters to start from, each drawn evenly between -1 and 1: the same ones for the same seed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const initialParameters = (features: number, seed: number): Effect.Effect<Parameters> =>
  Effect.gen(function* () {
    const uniform = Random.nextBetween(-1, 1)
    const weights = yield* Effect.replicateEffect(uniform, features)
    return { weights: Tensor.fromArray(weights, [features]), bias: yield* uniform }
  }).pipe(Random.withSeed(seed))

/**
 * As many epochs as make about 6000 updates; from 5 to 500.
 *
 * @category options
 * @since 0.1.0
 */
export const usualEpochs = (rows: number, batchSize: number): number =>
  Math.min(500, Math.max(5, Math.ceil(6000 / Math.ceil(rows / batchSize))))

/**
 * Trains on standardised data: gradient descent on shuffled mini-batches, its rate falling to 0 along a cosine.
 *
 * @category training
 * @since 0.1.0
 */
export const steps = ({ x, y }: Standardised, initial: Parameters, options: Options) =>
  Stream.unwrap(
    Effect.map(Fn.compile(objective(x, y)), (loss) => {
      const total = options.epochs * Math.ceil(x.shape[0] / options.batchSize)
      return train({
        loss: meanSquaredError,
        parameters: initial,
        data: { x, y },
        optimizer: sgd(Schedule.cosine(options.rate, total)),
        epochs: options.epochs,
        batchSize: options.batchSize,
        seed: options.seed
      }).pipe(
        Stream.map(({ batch, batches, epoch, loss: batchLoss, parameters, step }): Step => ({
          step,
          epoch,
          endsEpoch: batch === batches,
          batchLoss,
          loss: isMilestone(step) || step === total ? loss.runSync(parameters) : undefined,
          parameters
        }))
      )
    })
  )

/** Every step at first, later one in each 3% more of them. */
const isMilestone = (step: number): boolean => Math.floor(24 * Math.log2(step)) > Math.floor(24 * Math.log2(step - 1))
