/**
 * Programs of Fluxion at given inputs, with their types hidden.
 *
 * @since 0.1.0
 */
import { type Backend, Fn, type Tensor, Tree } from "@fluxion/core"
import { Effect } from "effect"
import type { Precision } from "./peers/Peer.ts"
import type { Subject } from "./Subject.ts"

/**
 * A program at given inputs, which the current backend makes a subject of.
 *
 * @category models
 * @since 0.1.0
 */
export interface Program {
  /** Bound to arrays of that precision, `"float64"` unless said otherwise. */
  readonly compile: (precision?: Precision) => Effect.Effect<Subject, Backend.CompileError>
}

/**
 * A program whose first output is the value, and whose others are the derivative.
 *
 * **Details**
 *
 * The program is bound to arrays and its inputs are written once: a run is a run of the compiled program and nothing else.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <I extends Tree.Spec, O>(program: Fn.Fn<I, O>, at: NoInfer<Tree.Value<I>>): Program => {
  const given = Tree.toTensors("Program.make", program.inputs, at)
  const { inputs: inputSpec, outputs: outputSpec } = Fn.specs(program)
  const subject = ({ inputs, outputs, run }: Fn.Bound<I, O, never, Float64Array | Float32Array>): Subject => {
    const arrays = Tree.flatten(inputSpec, inputs) as ReadonlyArray<Tensor.Any["data"]>
    arrays.forEach((array, i) => array.set(given[i]!.data))
    const results = Tree.flatten(outputSpec, outputs) as ReadonlyArray<Tensor.Any["data"]>
    return {
      run,
      answer: () => {
        run()
        const [value, ...derivative] = results.map((result) => result.slice())
        return { value: value![0]!, derivative }
      }
    }
  }
  return {
    compile: (precision = "float64") =>
      Effect.map(Fn.compile(program), ({ bind }) => subject(precision === "float64" ? bind() : bind({ precision })))
  }
}
