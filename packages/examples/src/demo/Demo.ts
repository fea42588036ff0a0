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
export interface Options extends Dataset.Options, Training.Options {
  readonly source: Dataset.Source
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
  yield* Console.log(Report.data(loaded))

  // The exact answer first: it also says when there is none.
  const standard = standardise(dataset)
  const exact = yield* leastSquares(dataset, standard)
  const exactOriginal = toOriginalUnits(standard, exact)
  yield* Console.log(`\n${Report.columns(loaded, standard)}`)

  const loss = objective(standard.x, standard.y)
  const initial = yield* Training.initialParameters(dataset.features.length, options.seed)
  yield* Console.log(`
${heading("Gradient at the start")}, features and target standardised, parameters drawn with seed ${options.seed}
${Report.gradients(GradientComparison.compare(loss, dataset.features, initial))}`)

  yield* Console.log(`
${heading("Training")}: mini-batch gradient descent, ${plural(options.epochs, "epoch")} of batches of ${Math.min(options.batchSize, rows)}, rate ${options.rate} falling to 0 along a cosine`)
  const progress = yield* Progress
  const start = Fn.runSync(loss, initial)
  const show = (done: number, loss: number) =>
    progress.report({ done, total: options.epochs, unit: "epoch", detail: `loss ${number(loss, 5)}` })
  const epochs = yield* progress.during(
    show(0, start).pipe(
      Effect.andThen(
        Training.epochs(standard, initial, options).pipe(
          Stream.tap(({ epoch, loss }) => show(epoch, loss)),
          Stream.runCollect
        )
      )
    )
  )
  const fitted = epochs.at(-1)!
  const fittedOriginal = toOriginalUnits(standard, fitted.parameters)
  const best = Fn.runSync(loss, exact)
  yield* Console.log(`  loss  ${number(start)} at the start, ${number(fitted.loss)} at the end (least possible ${number(best)})
  R²    ${(1 - fitted.loss).toFixed(6)} (least squares ${(1 - best).toFixed(6)})
  error ${number(Math.sqrt(fitted.loss) * standard.target.deviation)} root mean square, in the units of ${dataset.target}`)

  yield* Console.log(`
${heading("Coefficients")}, fitted and by least squares in closed form (QR)
${Report.coefficients(
  [
    ...dataset.features.map((name, k) => ({
      name,
      standard: fitted.parameters.weights.data[k]!,
      standardExact: exact.weights.data[k]!,
      original: fittedOriginal.slopes[k]!,
      originalExact: exactOriginal.slopes[k]!
    })),
    {
      name: "(intercept)",
      standard: fitted.parameters.bias,
      standardExact: exact.bias,
      original: fittedOriginal.intercept,
      originalExact: exactOriginal.intercept
    }
  ],
  dataset.target
)}`)

  yield* write(
    options.out,
    LossChart.render({
      title: `Training loss: ${dataset.target}, ${plural(dataset.features.length, "feature")}, ${plural(rows, "row")}`,
      batches: epochs.flatMap(({ batches, epoch }) =>
        batches.map((loss, k) => [epoch - 1 + k / batches.length, loss] as const)
      ),
      epochs: [[0, start] as const, ...epochs.map(({ epoch, loss }) => [epoch, loss] as const)],
      best
    })
  )
  const took = (yield* Clock.currentTimeMillis) - startedAt
  yield* Console.log(`\nLoss curve: ${options.out}\nDone in ${(took / 1000).toFixed(1)} s.`)
})

const heading = (text: string): string => styleText("bold", text, { stream: process.stdout })

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
