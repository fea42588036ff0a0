import { Fn, Tree } from "@fluxion/core"
import { Effect, Result, Schema } from "effect"
import { renderFailure, sameFailure } from "../internal/failures.ts"
import { compareEntries, define } from "../internal/law.ts"
import { programDifference } from "../internal/programDifference.ts"
import type { Kind, Law } from "./model.ts"

/**
 * Options of `roundTrip`: the codec of programs, `Fn.schema` by default. Its encoded form has to be JSON.
 *
 * @category options
 * @since 0.1.0
 */
export interface RoundTripOptions {
  readonly codec?: Schema.Codec<Fn.Any, unknown>
}

/**
 * `RoundTripOptions` whatever the program; failures of programs are compared.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface Encoded extends Kind {
  readonly options: RoundTripOptions
  readonly errors: never
}

/**
 * A program that was written as JSON and read again is the same program: the same operations on the same operands, the same bits at the point, and the same text when
 * it is written once more.
 *
 * **Details**
 *
 * The names of variables inside are not compared (paths of inputs and outputs are), nor are lines of code. A program that cannot be written (it has a guard that raises an error of the caller's own) breaks the law, with
 * the reason. One that fails at the point has to fail with the same error when it was read.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Laws } from "@fluxion/testing"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ c: [3], x: [] }, ({ c, x }) => Expr.fold((y, ci) => Expr.add(Expr.mul(y, x), ci), 0, c))
 * const at = { c: Tensor.make([1, 2, 3]), x: 0.1 }
 * console.log(Effect.runSync(Laws.roundTrip(f, at)).verdict) // holds
 * ```
 *
 * @category laws
 * @since 0.1.0
 */
export const roundTrip: Law<Encoded, unknown, Fn.ReverseOnly> = define({
  title: "decode . encode = identity",
  sides: ["written", "read"],
  runs: false,
  examine: (f, at, given) => {
    const codec = (given as RoundTripOptions | undefined)?.codec ?? Fn.schema
    const text = (program: Fn.Any) => Effect.map(Schema.encodeEffect(codec)(program), (data) => JSON.stringify(data))
    const examined = Effect.gen(function* () {
      const written = yield* text(f)
      const again = yield* Schema.decodeUnknownEffect(codec)(JSON.parse(written))
      const difference = programDifference(again, f)
      if (difference !== undefined) {
        const { expected, received, where } = difference
        return { reason: `another program was read; first at ${where}: written ${expected}, read ${received}` }
      }
      if ((yield* text(again)) !== written) return { reason: "the program that was read is written as another text" }
      const run = (program: Fn.Any) => Fn.runResult(program as Fn.Fn<Tree.Spec, Tree.Spec, unknown>, at as never)
      const [before, after] = [run(f), run(again)]
      if (Result.isFailure(before) || Result.isFailure(after)) {
        return sameFailure(before, after)
          ? { comparisons: [] }
          : { reason: `the program written ${renderFailure(before)}, the program read ${renderFailure(after)}` }
      }
      const { outputs: spec } = Fn.specs(f)
      const comparisons = compareEntries({
        spec,
        left: Tree.toTensors("Laws.roundTrip", spec, before.success),
        right: Tree.toTensors("Laws.roundTrip", spec, after.success),
        tolerance: () => 0,
        whole: "the output"
      }).map((entry) => ({ ...entry, agrees: Object.is(entry.left, entry.right) }))
      return { comparisons }
    })
    return Effect.catchTag(examined, "SchemaError", (error) => Effect.succeed({ reason: error.message }))
  }
})
