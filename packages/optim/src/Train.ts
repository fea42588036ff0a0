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
export type BatchSpec<D> = D extends Tensor.Tensor<infer S, infer T extends Type.ElementType>
  ? T extends "real"
    ? BatchShape<S>
    : Type.Type<T, BatchShape<S>>
  : { readonly [K in keyof D]: BatchSpec<D[K]> }

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
  readonly loss: (
    inputs: LossInputs<V, D>
  ) => LossInputs<V, D> extends infer I extends Tree.Spec ? Fn.Fn<I, readonly [], E> : never
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
  /** The positions of the examples of the batch. */
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

type AnyTrainOptions = TrainOptions<Parameters.Values, Examples, unknown, unknown, unknown>
