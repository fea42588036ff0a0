/**
 * What a function of the suite comes to for one input: a program, where to evaluate it, and how its value is written as JSON.
 *
 * @since 0.1.0
 */
import { type Backend, Fn, Shape, Tensor, Tree } from "@fluxion/core"
import { Effect, Result, Schema } from "effect"

/**
 * How often to run: at least so many times, and until so many seconds have been spent.
 *
 * @category models
 * @since 0.1.0
 */
export const Runs = Schema.Struct({
  min_runs: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))),
  min_seconds: Schema.optionalKey(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)))
})

/**
 * How often to run.
 *
 * @category models
 * @since 0.1.0
 */
export type Runs = typeof Runs.Type

/**
 * The value of the last run as JSON, what each run took, and the one before them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Measured {
  readonly output: unknown
  readonly warmup: number
  readonly nanoseconds: ReadonlyArray<number>
}

/**
 * An evaluation with its types hidden: compiled by the current backend, it can be measured.
 *
 * @category models
 * @since 0.1.0
 */
export interface Evaluation {
  readonly compile: Effect.Effect<(runs: Runs) => Measured, Backend.CompileError>
}

/**
 * The evaluation of a program at given inputs.
 *
 * **Details**
 *
 * The program is bound to arrays: inputs are written before the clock runs, so what is timed is the program alone. `toJson` sees the value of the last run, afterwards.
 *
 * Engines compile in two steps, and a function that is running is not exchanged for its optimised version, however long it runs. So there is one run before those
 * that count, which is timed apart, as the suite's tools in Julia have it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <I extends Tree.Spec, O>(
  program: Fn.Fn<I, O>,
  at: NoInfer<Tree.Value<I>>,
  toJson: (value: Tree.Value<NoInfer<O>>) => unknown
): Evaluation => {
  // That the inputs fit is found here, not while the clock runs.
  const given = Tree.toTensors("Evaluation.make", program.inputs, at)
  const { inputs: inputSpec, outputLeaves, outputs: outputSpec } = Fn.specs(program)
  const measure =
    ({ inputs, outputs, run }: Fn.Bound<I, O, never>) =>
    ({ min_runs = 1, min_seconds = 0 }: Runs): Measured => {
      const arrays = Tree.flatten(inputSpec, inputs) as ReadonlyArray<Tensor.Any["data"]>
      arrays.forEach((array, i) => array.set(given[i]!.data))
      const timed = (): number => {
        const start = performance.now()
        run()
        return Math.round((performance.now() - start) * 1e6)
      }
      const warmup = timed()
      const nanoseconds: Array<number> = []
      const enough = min_seconds * 1e9
      let spent = 0
      do {
        const took = timed()
        nanoseconds.push(took)
        spent += took
      } while (nanoseconds.length < min_runs || spent < enough)
      const results = (Tree.flatten(outputSpec, outputs) as ReadonlyArray<Tensor.Any["data"]>).map((data, i) => {
        const { elementType, shape } = outputLeaves[i]!.type
        return Tensor.fromData(elementType, data.slice(), shape)
      })
      return { output: toJson(Tree.fromTensors(outputSpec, results) as Tree.Value<O>), warmup, nanoseconds }
    }
  return { compile: Effect.map(Fn.compile(program), ({ bind }) => measure(bind())) }
}

/**
 * The input of a message is not what the function takes.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidInput extends Schema.TaggedError<InvalidInput>()("InvalidInput", {
  module: Schema.String,
  function: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.module}.${this.function}: the input is not as expected: ${this.problem}`
  }
}

/**
 * A function of a module: from the input of a message to an evaluation, or to what is wrong with the input.
 *
 * @category models
 * @since 0.1.0
 */
export type Function = (input: unknown) => Result.Result<Evaluation, string>

/**
 * A function whose input a schema describes.
 *
 * **Details**
 *
 * Sizes that contradict each other are found where the program is built, and are the input's fault.
 *
 * @category constructors
 * @since 0.1.0
 */
export const taking =
  <A, E>(schema: Schema.Codec<A, E>, evaluation: (input: A) => Evaluation): Function =>
  (input) =>
    Schema.decodeUnknownResult(schema)(input).pipe(
      Result.mapError(({ message }) => message),
      Result.flatMap((decoded) =>
        Result.try({
          try: () => evaluation(decoded),
          catch: (error) => {
            if (error instanceof Shape.ShapeError) return error.message
            throw error
          }
        })
      )
    )

/**
 * A module of the suite: functions by name.
 *
 * @category models
 * @since 0.1.0
 */
export interface Module {
  readonly name: string
  readonly functions: Readonly<Record<string, Function>>
}
