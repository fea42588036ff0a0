/**
 * Forward and reverse mode side by side, on one program at one point.
 *
 * @since 0.1.0
 */
import { Fn, Interpreter, type Requirement, Shape, Tensor, Tree } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect } from "effect"
import * as Comparison from "./Comparison.ts"
import * as Cost from "./Cost.ts"
import * as Graph from "./Graph.ts"
import { type Blocks, forwardBlocks, reverseBlocks } from "./internal/blocks.ts"
import { type Execution, execution } from "./internal/execution.ts"
import {
  elementsOf,
  type Ground,
  isReal,
  type PassCosts,
  passCosts,
  pointOf,
  tangentPass,
  tapeOf
} from "./internal/passes.ts"
import { measure } from "./internal/timing.ts"
import { cutOf, decide } from "./Jacobian.ts"
import * as Trace from "./Trace.ts"

/**
 * Options of `compareModes`.
 *
 * **Details**
 *
 * - `time`: `false` measures no times, which makes the report the same on every run. Otherwise, when the programs have become as fast as they get, the median of `samples` (15)
 *   samples is taken, or of as many as fit into `budget` (1) seconds, but three.
 * - `maxPasses`: a mode that needs more passes than this (1000 by default) does not compute the Jacobian; its costs are known all the same.
 * - `maxEntries`: how many elements of the Jacobian `entries` holds, 20 by default.
 * - `trace`: `false` makes no traces and no graph. `maxNodes`, `digits`, `elements`, `tangents` and `cotangents` are those of `Graph.make` and `Trace.make`.
 *
 * @category options
 * @since 0.1.0
 */
export interface CompareModesOptions<I = Tree.Spec, O = Tree.Spec> extends Graph.GraphOptions<I, O> {
  readonly time?: boolean | { readonly samples?: number; readonly budget?: number }
  readonly maxPasses?: number
  readonly maxEntries?: number
  readonly trace?: boolean
}

/** Evaluates on books that know the inputs and the seeds. */
const booked = (
  primals: ReadonlyArray<Tensor.Any>
): { readonly run: Execution; readonly ground: Ground<Tensor.Any> } => {
  const run = execution()
  run.inputs(primals)
  const ones: Ground<Tensor.Any>["ones"] = ({ shape }) => {
    const seed = Tensor.ones(shape)
    run.inputs([seed])
    return seed
  }
  return { run, ground: { ...pointOf(primals), ones } }
}

const nonZero = (list: ReadonlyArray<Tensor.Any | Zero>): Array<Tensor.Any> =>
  list.filter((x) => x !== Zero) as Array<Tensor.Any>

const memories = (f: Fn.Any, primals: ReadonlyArray<Tensor.Any>) => {
  const plain = booked(primals)
  const primal = plain.run.peak(Fn.interpret(f, plain.run.algebra, primals))

  const tangent = booked(primals)
  const pushed = tangentPass(f, tangent.run.algebra, tangent.ground, () => true)
  const forward = tangent.run.peak([
    ...pushed.map((x) => x.primal),
    ...nonZero(pushed.map((x) => x.tangent as Tensor.Any | Zero))
  ])

  const adjoint = booked(primals)
  const { outputs, sweep } = tapeOf(f, adjoint.run.algebra, adjoint.ground)
  const turn = adjoint.run.mark()
  const pulled = sweep(() => true)
  const residuals = adjoint.run.readSince(turn)
  return { primal, forward, reverse: adjoint.run.peak([...outputs, ...nonZero(pulled)]), residuals }
}

const crossoverOf = (
  { forward, primal, recorded, reverse }: PassCosts,
  inputs: number,
  outputs: number
): Comparison.Crossover | undefined => {
  const [start, saved] = [Cost.arithmetic(primal), Cost.arithmetic(recorded)]
  const push = inputs === 0 || forward === undefined ? 0 : (Cost.arithmetic(forward.total) - start) / inputs
  const pull = outputs === 0 ? 0 : (Cost.arithmetic(reverse.total) - saved) / outputs
  if (push === 0 || pull === 0) return undefined
  return {
    inputs: (saved - start + outputs * pull) / push,
    outputs: Math.max(0, start - saved + inputs * push) / pull,
    ratio: pull / push
  }
}

/** The first elements of the Jacobian, by both modes. */
const entriesOf = (
  f: Fn.Any,
  forward: Blocks<Tensor.Any> | undefined,
  reverse: Blocks<Tensor.Any> | undefined,
  most: number
): ReadonlyArray<Comparison.Entry> => {
  const { inputLeaves, outputLeaves } = Fn.specs(f)
  const named = (leaves: ReadonlyArray<Tree.PathAndType>, single: string) =>
    leaves.filter(isReal).map(({ path, type: { shape } }) => ({ path: path === "" ? single : path, shape }))
  const entries: Array<Comparison.Entry> = []
  named(outputLeaves, "y").forEach((output, o) => {
    for (let row = 0; row < Shape.size(output.shape); row++) {
      named(inputLeaves, "x").forEach((input, i) => {
        const size = Shape.size(input.shape)
        for (let column = 0; column < size && entries.length < most; column++) {
          const flat = row * size + column
          entries.push({
            output: Comparison.element(output.path, row, output.shape),
            input: Comparison.element(input.path, column, input.shape),
            forward: Comparison.at(forward?.rows[o]![i], flat),
            reverse: Comparison.at(reverse?.rows[o]![i], flat)
          })
        }
      })
      if (entries.length >= most) return
    }
  })
  return entries
}

const jacobianSpec = (f: Fn.Any): Tree.Spec => {
  const { inputs, outputs } = Fn.specs(f)
  const tangents = Tree.tangentSpec(inputs)
  return Tree.mapSpec(Tree.tangentSpec(outputs), (output) =>
    Tree.mapSpec(tangents, (input) => [...output.type.shape, ...input.type.shape])
  )
}

type AnyOptions = CompareModesOptions & { readonly tangents?: unknown; readonly cotangents?: unknown }

/** Times of the primal, of a forward and of a reverse pass, compiled by the current backend. */
const timesOf = Effect.fnUntraced(function* (f: Fn.Any, at: unknown, options: AnyOptions["time"]) {
  const program = f as Fn.Fn<Tree.Spec, Tree.Spec>
  const { inputLeaves, inputs, outputLeaves, outputs } = Fn.specs(f)
  const ones = (spec: Tree.Spec, leaves: ReadonlyArray<Tree.PathAndType>): unknown =>
    Tree.fromTensors(
      Tree.tangentSpec(spec),
      leaves.filter(isReal).map(({ type }) => Tensor.ones(type.shape))
    )
  const compile = (g: Fn.Any) => Effect.orDie(Fn.compile(g as typeof program))
  const primal = yield* compile(program)
  const forward = yield* compile(Forward.jvp(program) as Fn.Any)
  const reverse = yield* compile(Reverse.vjp(program) as Fn.Any)
  const point = at as never
  const push = { primals: at, tangents: ones(inputs, inputLeaves) } as never
  const pull = { primals: at, cotangents: ones(outputs, outputLeaves) } as never
  const { medians, samples } = yield* measure(
    [() => primal.runSync(point), () => forward.runSync(push), () => reverse.runSync(pull)],
    { samples: 15, budget: 1, ...(typeof options === "object" ? options : {}) }
  )
  const [one, pushed, pulled] = medians as [number, number, number]
  // A clock that stands still tells nothing.
  return one > 0
    ? { timing: { backend: primal.backend, samples, primal: one }, forward: pushed / one, reverse: pulled / one }
    : undefined
})

/**
 * Compares forward and reverse mode on a program at a point: results, operations, memory, time, and traces.
 *
 * **Details**
 *
 * Operations are counted while both modes run on numbers by the reference interpreter, with the branches and iterations that there are (`Cost.countOperations` says how). One pass is
 * `Forward.evaluate` (`Reverse.evaluate`); the passes of a Jacobian share one evaluation of the program. As programs, derivatives can take a few operations less: what is known to do nothing is left
 * out. Times are of the programs `Forward.jvp(f)` and `Reverse.vjp(f)`, compiled by the current `Backend`, as ratios of the time of `f`. The traces are those of Baydin, Pearlmutter,
 * Radul and Siskind (2018), Tables 2 and 3: see `Trace.make`.
 *
 * Fails as running the program fails. Costs the whole Jacobian in both modes (see `maxPasses`), a few counted passes, and about a second of measuring (see `time`).
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ x1: [], x2: [] }, ({ x1, x2 }) =>
 *   Expr.log(x1).pipe(Expr.add(Expr.mul(x1, x2)), Expr.sub(Expr.sin(x2))))
 * const { forward, predicted, reverse } = Effect.runSync(Calculus.compareModes(f, { x1: 2, x2: 5 }, { time: false }))
 * console.log(forward.jacobian?.x1, reverse.jacobian?.x1) // 5.5 5.5
 * console.log(forward.passes, reverse.passes, predicted) // 2 1 forward
 * console.log(reverse.residuals) // { values: 2, bytes: 16 }
 * ```
 *
 * @category comparisons
 * @since 0.1.0
 */
export const compareModes: <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & Requirement.CheckNone<R> & Forward.CheckForward<R>,
  at: Tree.Value<I>,
  options?: CompareModesOptions<I, O>
) => Effect.Effect<Comparison.Comparison<Tree.Value<Tree.Jacobian<Tree.Tangent<O>, Tree.Tangent<I>>>>, E> =
  Effect.fnUntraced(function* (f: Fn.Any, at: unknown, options?: AnyOptions) {
    const program = f as Fn.Fn<Tree.Spec, Tree.Spec>
    // Failures of the program are those of running it once.
    yield* Fn.run(program, at as never)
    const { inputLeaves, inputs, outputLeaves } = Fn.specs(f)
    const primals = Tree.toTensors("Calculus.compareModes", inputs, at)
    const [inputElements, outputElements] = [elementsOf(inputLeaves), elementsOf(outputLeaves)]
    const maxPasses = options?.maxPasses ?? 1000
    const costs = passCosts(f, pointOf(primals))
    const { mixed, mode, reason } = decide(f, costs, cutOf(f))
    const memory = memories(f, primals)
    const forwardResult = inputElements <= maxPasses ? forwardBlocks(f, Interpreter.algebra, primals) : undefined
    const reverseResult = outputElements <= maxPasses ? reverseBlocks(f, Interpreter.algebra, primals) : undefined
    const spec = jacobianSpec(f)
    const tree = (blocks: Blocks<Tensor.Any> | undefined): unknown =>
      blocks === undefined ? undefined : Tree.fromTensors(spec, blocks.rows.flat())
    const times = options?.time === false ? undefined : yield* timesOf(f, at, options?.time)
    const trace = options?.trace === false ? undefined : Trace.make(program, at as never, options as never)
    const start = Cost.arithmetic(costs.primal)
    const ratio = (pass: Cost.OperationCounts): number => Cost.arithmetic(pass) / start
    const { reverse } = costs
    const forward = costs.forward!
    return {
      inputElements,
      outputElements,
      primal: { operations: costs.primal, peak: memory.primal },
      forward: {
        ...forward,
        mode: "forward",
        jacobian: tree(forwardResult),
        ratio: ratio(forward.pass),
        residuals: { values: 0, bytes: 0 },
        peak: memory.forward,
        time: times?.forward
      },
      reverse: {
        ...reverse,
        mode: "reverse",
        jacobian: tree(reverseResult),
        ratio: ratio(reverse.pass),
        residuals: memory.residuals,
        peak: memory.reverse,
        time: times?.reverse
      },
      mixed,
      predicted: mode,
      reason,
      crossover: crossoverOf(costs, inputElements, outputElements),
      timing: times?.timing,
      entries: entriesOf(f, forwardResult, reverseResult, options?.maxEntries ?? 20),
      trace,
      graph: trace === undefined ? undefined : Graph.fromTrace(trace, options)
    } satisfies Comparison.Comparison
  }) as never
