import { type Backend, type Fn, Interpreter, Tensor, type Tree, type Type } from "@fluxion/core"
import { Effect, Stream } from "effect"
import { ExampleCountMismatch, InvalidOption, NoExamples, TrainingDiverged } from "./Errors.ts"
import { makeCooperate } from "./internal/cooperate.ts"
import { firstNotFinite } from "./internal/finite.ts"
import * as Programs from "./internal/programs.ts"
import * as Optimizer from "./Optimizer.ts"
import * as Parameters from "./Parameters.ts"
import * as Shuffle from "./Shuffle.ts"
import { trainingStep } from "./TrainingStep.ts"

/**
 * A data set: a tree of tensors of any element type, whose leading axis counts the examples.
 *
 * @category models
 * @since 0.1.0
 */
export type Examples = Tensor.Any | ReadonlyArray<Examples> | { readonly [key: string]: Examples }

type BatchShape<S> = S extends readonly [number, ...infer Rest extends ReadonlyArray<number>]
  ? readonly [number, ...Rest]
  : ReadonlyArray<number>

/**
 * The specification of a mini-batch of the data `D`: the leading axis has the size of the batch.
 *
 * @category type-level
 * @since 0.1.0
 */
export type BatchSpec<D> = BatchTree<D> extends infer B extends Tree.Spec ? B : never

type BatchTree<D> =
  D extends Tensor.Tensor<infer S, infer T extends Type.ElementType>
    ? T extends "real"
      ? BatchShape<S>
      : Type.Type<T, BatchShape<S>>
    : { readonly [K in keyof D]: BatchTree<D[K]> }

/**
 * The inputs of a loss: the parameters, and a mini-batch of the data.
 *
 * @category type-level
 * @since 0.1.0
 */
export type LossInputs<V, D> = { readonly parameters: Parameters.SpecOf<V>; readonly batch: BatchSpec<D> }

/**
 * The options of `train`.
 *
 * @category options
 * @since 0.1.0
 */
export interface TrainOptions<V extends Parameters.Values, D extends Examples, S, E = never, E2 = never> {
  /** The loss for a batch, given the specification of its inputs; called once for each distinct size of batch. */
  readonly loss: (inputs: LossInputs<V, D>) => Fn.Fn<LossInputs<V, D>, readonly [], E, Fn.Runnable>
  /** The parameters to start from. */
  readonly parameters: V
  /** The examples to learn from. */
  readonly data: D
  readonly optimizer: Optimizer.Optimizer<S, E2>
  /** How many times to go through the data. */
  readonly epochs: number
  /** How many examples a step uses: all of them by default. The last batch of an epoch may be smaller. */
  readonly batchSize?: number
  /** The order of the examples follows from it: 0 by default. */
  readonly seed?: number
  /** Whether each epoch goes through the examples in an order of its own: true by default. */
  readonly shuffle?: boolean
}

/**
 * One step of training.
 *
 * @category models
 * @since 0.1.0
 */
export interface TrainStep<P extends Parameters.Spec, S extends Tree.Spec> {
  /** The number of updates made, this one included. */
  readonly step: number
  /** The number of the pass through the data, from 1. */
  readonly epoch: number
  /** The number of the batch in its epoch, from 1. */
  readonly batch: number
  /** How many batches make an epoch. */
  readonly batches: number
  /** The positions of the examples of the batch in the data; not to be written to. */
  readonly examples: Int32Array
  /** The loss of the batch before the update. */
  readonly loss: number
  /** The Euclidean norm of its gradient. */
  readonly gradientNorm: number
  /** The parameters after the update. */
  readonly parameters: Tree.Value<P>
  /** The state of the optimiser after the update. */
  readonly state: Tree.Value<S>
}

interface Leaf {
  readonly path: string
  readonly tensor: Tensor.Any
}

const isTensor = (u: unknown): u is Tensor.Any => Tensor.isTensor(u)

const leavesOf = (tree: unknown, path: string): ReadonlyArray<Leaf> => {
  if (isTensor(tree)) return [{ path: path === "" ? "data" : path, tensor: tree }]
  if (Array.isArray(tree)) return tree.flatMap((child, i) => leavesOf(child, `${path}[${i}]`))
  return Object.entries(tree as object).flatMap(([key, child]) => leavesOf(child, path === "" ? key : `${path}.${key}`))
}

const mapLeaves = (tree: unknown, f: (tensor: Tensor.Any) => unknown): unknown => {
  if (isTensor(tree)) return f(tree)
  if (Array.isArray(tree)) return tree.map((child) => mapLeaves(child, f))
  return Object.fromEntries(Object.entries(tree as object).map(([key, child]) => [key, mapLeaves(child, f)]))
}

const batchSpec = (data: unknown, size: number): Tree.Spec =>
  mapLeaves(data, ({ elementType, shape }): Tree.Spec => {
    const batch = [size, ...shape.slice(1)]
    return elementType === "real" ? batch : { elementType, shape: batch }
  }) as Tree.Spec

const select = (data: unknown, examples: Int32Array): unknown => {
  const rows = Tensor.index(Array.from(examples))
  return mapLeaves(data, (tensor) => Interpreter.algebra.apply("gather", { axis: 0 }, [tensor, rows]))
}

const countExamples = Effect.fnUntraced(function* (data: unknown) {
  const leaves = leavesOf(data, "")
  const [first] = leaves
  if (first === undefined) return yield* new NoExamples({ path: "", shape: [] })
  for (const { path, tensor } of leaves) {
    const count = tensor.shape[0]
    if (count === undefined) return yield* new NoExamples({ path, shape: tensor.shape })
    const otherCount = first.tensor.shape[0]!
    if (count !== otherCount) {
      return yield* new ExampleCountMismatch({ path, count, otherPath: first.path, otherCount })
    }
    if (count === 0) return yield* new NoExamples({ path, shape: tensor.shape })
  }
  return first.tensor.shape[0]!
})

const requireOption = (valid: boolean, option: string, expected: string, actual: unknown) =>
  valid ? Effect.void : Effect.fail(new InvalidOption({ operation: "train", option, expected, actual: String(actual) }))

interface StepOutputs {
  readonly loss: number
  readonly gradientNorm: number
  readonly parameters: unknown
  readonly state: unknown
}

interface Progress {
  readonly step: number
  readonly parameters: unknown
  readonly state: unknown
}

interface AnyTrainOptions {
  readonly parameters: Parameters.Values
  readonly data: Examples
  readonly optimizer: Optimizer.Any
  readonly epochs: number
  readonly batchSize?: number
  readonly seed?: number
  readonly shuffle?: boolean
  readonly loss: (inputs: Tree.Spec) => Fn.Any
}

const prepare = Effect.fnUntraced(function* (options: AnyTrainOptions) {
  const { data, epochs, loss, optimizer, seed = 0, shuffle = true } = options
  const count = yield* countExamples(data)
  const { batchSize = count } = options
  yield* requireOption(Number.isSafeInteger(epochs) && epochs >= 1, "epochs", "a positive integer", epochs)
  yield* requireOption(Number.isSafeInteger(batchSize) && batchSize >= 1, "batchSize", "a positive integer", batchSize)
  yield* requireOption(Number.isSafeInteger(seed), "seed", "a safe integer", seed)

  const parameters: Parameters.Spec = Parameters.specOf<never>(options.parameters as never)
  const { init } = Optimizer.instantiateUntyped(optimizer, parameters)
  const size = Math.min(batchSize, count)
  const batches = Math.ceil(count / size)
  const compileStep = (batch: number) => {
    const program = loss({ parameters, batch: batchSpec(data, batch) })
    return Programs.compile<StepOutputs, unknown>(trainingStep(optimizer as never, program as never))
  }
  // Programs have static shapes: one for whole batches, one for what remains.
  const whole = yield* compileStep(size)
  const remainder = count % size === 0 ? whole : yield* compileStep(count % size)
  const initial = yield* Effect.flatMap(Programs.compile<unknown, never>(init), ({ run }) => run(options.parameters))

  const inOrder = Int32Array.from({ length: count }, (_, i) => i)
  let order: { readonly epoch: number; readonly examples: Int32Array } = { epoch: 0, examples: inOrder }
  const orderOf = (epoch: number): Int32Array => {
    if (!shuffle || batches === 1) return inOrder
    if (order.epoch !== epoch) order = { epoch, examples: Shuffle.permutation(count, { seed, epoch }) }
    return order.examples
  }

  const advance = Effect.fnUntraced(function* (before: Progress) {
    const epoch = Math.floor(before.step / batches) + 1
    if (epoch > epochs) return undefined
    const batch = (before.step % batches) + 1
    const examples = orderOf(epoch).subarray((batch - 1) * size, Math.min(batch * size, count))
    const { run } = examples.length === size ? whole : remainder
    const after = yield* run({
      parameters: before.parameters,
      state: before.state,
      batch: batches === 1 ? data : select(data, examples)
    })
    const step = before.step + 1
    const diverged = divergence(parameters, after)
    if (diverged !== undefined) return yield* new TrainingDiverged({ step, epoch, loss: after.loss, ...diverged })
    return [
      { step, epoch, batch, batches, examples, ...after },
      { ...after, step }
    ] as const
  })
  return { start: { step: 0, parameters: options.parameters, state: initial }, advance }
})

const divergence = (spec: Tree.Spec, { gradientNorm, loss, parameters }: StepOutputs) => {
  if (!Number.isFinite(loss)) return { quantity: "loss", path: "loss", value: loss } as const
  if (!Number.isFinite(gradientNorm)) {
    return { quantity: "gradient", path: "gradient norm", value: gradientNorm } as const
  }
  const parameter = firstNotFinite("parameters", spec, parameters)
  return parameter === undefined ? undefined : ({ quantity: "parameters", ...parameter } as const)
}

/**
 * Trains parameters on mini-batches of data: a stream with one element for each step.
 *
 * **Details**
 *
 * `loss` receives the specification `{ parameters, batch }` and returns a program of one scalar output from it, usually
 * by `Fn.make`. Programs have static shapes, so it is called once for whole batches and, where the last batch of an
 * epoch is smaller, once for that; each program is differentiated by reverse mode, joined with the optimiser and compiled once, by the current
 * `Backend`.
 *
 * Each epoch goes through every example once, in the order of `Shuffle.permutation` for the seed and the number of the epoch, so the same options
 * give the same stream on every machine. Where one batch holds all examples they stay in the order of the data.
 *
 * The stream is lazy: it trains as fast as it is consumed, starts afresh each time it is run, and can be interrupted between steps. It keeps nothing
 * but the current parameters and state; each step carries both.
 *
 * It fails with `TrainingDiverged` at the first step whose loss, gradient or parameters are not finite (that step is not emitted), with
 * `ExampleCountMismatch` and `NoExamples` where the data do not fit together, with `InvalidOption`, with `CompileError`, and with the failures of the
 * loss and the optimiser.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { sgd, train } from "@fluxion/optim"
 * import { Effect, Stream } from "effect"
 *
 * const steps = train({
 *   data: { x: Tensor.make([1, 2, 3, 4]), y: Tensor.make([3, 5, 7, 9]) },
 *   parameters: { bias: 0, slope: 0 },
 *   loss: (inputs) =>
 *     Fn.make(inputs, ({ batch: { x, y }, parameters: { bias, slope } }) =>
 *       Expr.mean(Expr.square(Expr.sub(Expr.add(bias, Expr.mul(slope, x)), y)))),
 *   optimizer: sgd(0.05),
 *   epochs: 2,
 *   batchSize: 3
 * })
 * const summary = Stream.map(steps, ({ batch, epoch, examples, step }) => `${step}: epoch ${epoch}, batch ${batch}, ${examples.length} examples`)
 * console.log(Effect.runSync(Stream.runCollect(summary)).join("; "))
 * // 1: epoch 1, batch 1, 3 examples; 2: epoch 1, batch 2, 1 examples; 3: epoch 2, batch 1, 3 examples; 4: epoch 2, batch 2, 1 examples
 * ```
 *
 * @category training
 * @since 0.1.0
 */
export const train = <V extends Parameters.Values, D extends Examples, S, E = never, E2 = never>(
  options: TrainOptions<V, D, S, E, E2>
): Stream.Stream<
  TrainStep<Parameters.SpecOf<V>, Optimizer.StateSpec<S, Parameters.SpecOf<V>>>,
  E | E2 | Backend.CompileError | ExampleCountMismatch | InvalidOption | NoExamples | TrainingDiverged
> =>
  Stream.unwrap(
    Effect.map(prepare(options as unknown as AnyTrainOptions), ({ advance, start }) => {
      const cooperate = makeCooperate()
      return Stream.unfold(start as Progress, (progress) => Effect.andThen(cooperate, advance(progress)))
    })
  ) as never
