// Fitting a line to a hundred points, by 200 steps of gradient descent.
//
// The points are y = 3x + 2 with noise. They are read from a file through a schema, so what comes out of it are numbers and not text.
// All points make one batch, and the rate is small: the slope is found soon, the bias only slowly.

import { fileURLToPath } from "node:url"
import { Expr, Fn, Tensor } from "@fluxion/core"
import { sgd, train } from "@fluxion/optim"
import { Console, Effect, Schema, Stream } from "effect"
import * as Csv from "../demo/Csv.ts"
import { nodeServices } from "../internal/node.ts"
import { number, table } from "../internal/text.ts"
import * as Example from "../Example.ts"

/** A row of the file. */
export const Point = Schema.Struct({ x: Csv.NumberCell, y: Csv.NumberCell })

/** Reads points from one of the files of this package. */
export const readPoints = Effect.fn("readPoints")(function* (file: string) {
  const table = yield* Csv.read(fileURLToPath(new URL(`../../data/${file}`, import.meta.url)), file)
  const { rows } = yield* Csv.decode(table, Point, { onMalformed: "stop" })
  const points = rows.map(({ value }) => value)
  return {
    x: Tensor.fromArray(
      points.map(({ x }) => x),
      [points.length]
    ),
    y: Tensor.fromArray(
      points.map(({ y }) => y),
      [points.length]
    )
  }
}, Effect.provide(nodeServices))

/** What the loss takes: the two parameters of a line, and as many points as there are. */
export type Inputs = {
  readonly parameters: { readonly bias: readonly []; readonly slope: readonly [] }
  readonly batch: { readonly x: readonly [number]; readonly y: readonly [number] }
}

/** The mean squared error of the line bias + slope x. */
export const meanSquaredError = (inputs: Inputs) =>
  Fn.make(inputs, ({ batch: { x, y }, parameters: { bias, slope } }) => {
    const predictions = Expr.mul(slope, x).pipe(Expr.add(bias))
    return Expr.mean(Expr.square(Expr.sub(predictions, y)))
  })

export const example = Example.make({
  name: "line-fit",
  summary: "A line through 100 points by 200 steps of gradient descent at a rate of 0.001.",
  main: Effect.gen(function* () {
    const data = yield* readPoints("linear-regression-100.csv")
    const steps = yield* train({
      loss: meanSquaredError,
      parameters: { bias: 0, slope: 0 },
      data,
      optimizer: sgd(0.001),
      epochs: 200
    }).pipe(Stream.runCollect)

    const last = steps.at(-1)!
    yield* Console.log(`${table(
      ["step", "loss before it", "bias after it", "slope after it"],
      steps
        .filter(({ step }) => [1, 2, 5, 10, 20, 50, 100, 200].includes(step))
        .map(({ loss, parameters: { bias, slope }, step }) => [
          String(step),
          loss.toFixed(4),
          bias.toFixed(4),
          slope.toFixed(4)
        ])
    )}
y = ${number(last.parameters.slope, 5)} x + ${number(last.parameters.bias, 4)}`)
    return { losses: steps.map(({ loss }) => loss), ...last.parameters }
  })
})

if (import.meta.main) Effect.runFork(example.main)
