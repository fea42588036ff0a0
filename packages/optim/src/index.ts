/**
 * Optimisers as pure programs, training as a stream, minimisation with a reason.
 *
 * @since 0.1.0
 */
export { adam, type AdamOptions, type AdamState } from "./Adam.ts"
export { chain, type ChainState, identity } from "./Chain.ts"
export { clipByGlobalNorm } from "./ClipByGlobalNorm.ts"
export { ExampleCountMismatch, InvalidOption, NoExamples, TrainingDiverged } from "./Errors.ts"
export * as Hyperparameter from "./Hyperparameter.ts"
export {
  type CheckStart,
  type Iterate,
  iterates,
  minimize,
  type MinimizeOptions,
  type MinimizeResult,
  StopReason
} from "./Minimize.ts"
export { momentum, type MomentumOptions, type MomentumState } from "./Momentum.ts"
export * as Optimizer from "./Optimizer.ts"
export * as Parameters from "./Parameters.ts"
export { scale, type ScaleState } from "./Scale.ts"
export * as Schedule from "./Schedule.ts"
export { sgd, type SgdState } from "./Sgd.ts"
export * as Shuffle from "./Shuffle.ts"
export { type BatchSpec, type Examples, type LossInputs, train, type TrainOptions, type TrainStep } from "./Train.ts"
export { trainingStep, type TrainingStepInputs, type TrainingStepOutputs } from "./TrainingStep.ts"
export * as Vector from "./Vector.ts"
