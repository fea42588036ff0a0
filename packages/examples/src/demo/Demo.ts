/**
 * The main job: linear regression on a table, from the file to the fitted coefficients.
 *
 * @since 0.1.0
 */
import { styleText } from "node:util"
import { Fn, Tensor } from "@fluxion/core"
import { Clock, Console, Effect, FileSystem, Path, Result, Schema, Stream } from "effect"
import { describe } from "../internal/fileError.ts"
import { number, plural } from "../internal/text.ts"
import { CollinearFeature } from "./DataError.ts"
import * as Dataset from "./Dataset.ts"
import * as GradientComparison from "./GradientComparison.ts"
import * as LeastSquares from "./LeastSquares.ts"
import { objective, type Parameters } from "./LinearRegression.ts"
import * as LossChart from "./LossChart.ts"
import { Progress } from "./Progress.ts"
import * as Report from "./Report.ts"
import { type Standardised, standardise, toOriginalUnits } from "./Standardisation.ts"
import * as Training from "./Training.ts"

/**
 * What to do: which data, how to train, where to draw.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Dataset.Options, Omit<Training.Options, "epochs"> {
  readonly source: Dataset.Source
  readonly epochs: number | undefined
  readonly out: string
}

/**
 * The chart cannot be written.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnwritableFile extends Schema.TaggedError<UnwritableFile>()("UnwritableFile", {
  file: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `cannot write ${this.file}: ${this.reason}`
  }
}

/**
 * Reads the data, compares the gradients, trains, and reports on standard output.
 *
 * @category running
 * @since 0.1.0
 */
export const run = Effect.fn("Demo.run")(function* (options: Options) {
  const startedAt = yield* Clock.currentTimeMillis
  const loaded = yield* Dataset.load(options.source, options)
  const { dataset } = loaded
  const [rows] = dataset.x.shape
  const training = { ...options, epochs: options.epochs ?? Training.usualEpochs(rows, options.batchSize) }
  yield* Console.log(Report.data(loaded))

  // The exact answer first: it also says when there is none.
  const standard = standardise(dataset)
  const exact = yield* leastSquares(dataset, standard)
  yield* Console.log(`\n${Report.columns(loaded, standard)}`)

  const loss = objective(standard.x, standard.y)
  const initial = yield* Training.initialParameters(dataset.features.length, options.seed)
  yield* Console.log(`
${heading("Gradient at the start")}, features and target standardised, parameters drawn with seed ${options.seed}
${Report.gradients(GradientComparison.compare(loss, dataset.features, initial))}`)

  yield* Console.log(`
${heading("Training")}: mini-batch gradient descent, ${plural(training.epochs, "epoch")} of batches of ${Math.min(options.batchSize, rows)}, rate ${options.rate} falling to 0 along a cosine`)
  const start = Fn.runSync(loss, initial)
  const { all, batches, fitted } = yield* train(standard, initial, start, training)
  const best = Fn.runSync(loss, exact)
  const end = Fn.runSync(loss, fitted)
  yield* Console.log(`  loss  ${number(start)} at the start, ${number(end)} at the end (least possible ${number(best)})
  R²    ${(1 - end).toFixed(6)} (least squares ${(1 - best).toFixed(6)})
  error ${number(Math.sqrt(end) * standard.target.deviation)} root mean square, in the units of ${dataset.target}`)

  yield* Console.log(`
${heading("Coefficients")}, fitted and by least squares in closed form (QR)
${Report.coefficients(coefficients(dataset, standard, fitted, exact), dataset.target)}`)

  yield* write(
    options.out,
    LossChart.render({
      title: `Training loss: ${dataset.target}, ${plural(dataset.features.length, "feature")}, ${plural(rows, "row")}`,
      batches,
      all,
      best
    })
  )
  const took = (yield* Clock.currentTimeMillis) - startedAt
  yield* Console.log(`\nLoss curve: ${options.out}\nDone in ${(took / 1000).toFixed(1)} s.`)
})

const heading = (text: string): string => styleText("bold", text, { stream: process.stdout })

/** Trains to the end, showing progress, and keeps the losses on the way. */
const train = Effect.fnUntraced(function* (
  data: Standardised,
  initial: Parameters,
  start: number,
  options: Training.Options
) {
  const progress = yield* Progress
  const batches: Array<LossChart.Point> = []
  const all: Array<LossChart.Point> = [[1, start]]
  let fitted = initial
  const show = (done: number) =>
    progress.report({ done, total: options.epochs, unit: "epoch", detail: `loss ${number(all.at(-1)![1], 5)}` })
  yield* show(0).pipe(
    Effect.andThen(
      Stream.runForEach(Training.steps(data, initial, options), (step) => {
        batches.push([step.step, step.batchLoss])
        if (step.loss !== undefined) all.push([step.step + 1, step.loss])
        fitted = step.parameters
        return step.endsEpoch ? show(step.epoch) : Effect.void
      })
    ),
    progress.during
  )
  return { batches, all, fitted }
})

const coefficients = (
  { features }: Dataset.Dataset,
  standard: Standardised,
  fitted: Parameters,
  exact: Parameters
): ReadonlyArray<Report.Coefficient> => {
  const original = { fitted: toOriginalUnits(standard, fitted), exact: toOriginalUnits(standard, exact) }
  return [
    ...features.map((name, k) => ({
      name,
      standard: fitted.weights.data[k]!,
      standardExact: exact.weights.data[k]!,
      original: original.fitted.slopes[k]!,
      originalExact: original.exact.slopes[k]!
    })),
    {
      name: "(intercept)",
      standard: fitted.bias,
      standardExact: exact.bias,
      original: original.fitted.intercept,
      originalExact: original.exact.intercept
    }
  ]
}

const leastSquares = (
  { features, file }: Dataset.Dataset,
  { x, y }: Standardised
): Effect.Effect<Parameters, CollinearFeature> =>
  Result.match(LeastSquares.solve(x, y), {
    onSuccess: ([intercept, ...slopes]) =>
      Effect.succeed({ weights: Tensor.fromArray(slopes, [slopes.length]), bias: intercept! }),
    onFailure: ({ column }) =>
      Effect.fail(
        new CollinearFeature({ file, column: features[column]!, others: features.filter((_, k) => k !== column) })
      )
  })

const write = Effect.fnUntraced(function* (file: string, text: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* fileSystem.makeDirectory(path.dirname(file), { recursive: true }).pipe(
    Effect.andThen(fileSystem.writeFileString(file, text)),
    Effect.mapError(({ reason }) => new UnwritableFile({ file, reason: describe(reason) }))
  )
})
