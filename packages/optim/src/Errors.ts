/**
 * The failures of training and minimisation.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * An option outside its domain.
 *
 * **Details**
 *
 * `train` and `minimize` fail with it; functions that build programs (`Schedule.cosine`) throw it.
 *
 * @example
 * ```ts
 * import { InvalidOption } from "@fluxion/optim"
 *
 * const error = new InvalidOption({ operation: "train", option: "epochs", expected: "a positive integer", actual: "0" })
 * console.log(error.message) // train: epochs must be a positive integer, got 0
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidOption extends Schema.TaggedError<InvalidOption>()("InvalidOption", {
  /** The function that was called. */
  operation: Schema.String,
  /** The option. */
  option: Schema.String,
  /** What it must be. */
  expected: Schema.String,
  /** What it is. */
  actual: Schema.String
}) {
  override get message(): string {
    return `${this.operation}: ${this.option} must be ${this.expected}, got ${this.actual}`
  }
}

/**
 * Two arrays of a data set that do not hold the same number of examples along their leading axes.
 *
 * @example
 * ```ts
 * import { ExampleCountMismatch } from "@fluxion/optim"
 *
 * const error = new ExampleCountMismatch({ path: "y", count: 99, otherPath: "x", otherCount: 100 })
 * console.log(error.message) // the data disagree about the number of examples: x has 100 along its leading axis, y has 99
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class ExampleCountMismatch extends Schema.TaggedError<ExampleCountMismatch>()("ExampleCountMismatch", {
  /** The array that does not fit. */
  path: Schema.String,
  /** The size of its leading axis. */
  count: Schema.Int,
  /** The first array of the data. */
  otherPath: Schema.String,
  /** The size of its leading axis. */
  otherCount: Schema.Int
}) {
  override get message(): string {
    return (
      `the data disagree about the number of examples: ${this.otherPath} has ${this.otherCount} along its leading axis, ` +
      `${this.path} has ${this.count}`
    )
  }
}

/**
 * A data set that holds no examples: it is empty, or an array in it has no leading axis.
 *
 * @example
 * ```ts
 * import { NoExamples } from "@fluxion/optim"
 *
 * console.log(new NoExamples({ path: "x", shape: [0, 3] }).message) // x of shape [0,3] holds no examples along its leading axis
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class NoExamples extends Schema.TaggedError<NoExamples>()("NoExamples", {
  /** The array, or `""` when the data hold no array at all. */
  path: Schema.String,
  /** Its shape. */
  shape: Schema.Array(Schema.Number)
}) {
  override get message(): string {
    if (this.path === "") return "the data hold no arrays"
    return `${this.path} of shape [${this.shape.join(",")}] holds no examples along its leading axis`
  }
}

/**
 * Training that left the finite numbers: the loss, its gradient or the updated parameters are NaN or infinite.
 *
 * **Details**
 *
 * The step that diverged is not emitted; the parameters of the step before are the last finite ones.
 *
 * @example
 * ```ts
 * import { TrainingDiverged } from "@fluxion/optim"
 *
 * const error = new TrainingDiverged({ step: 12, epoch: 2, quantity: "loss", path: "loss", value: NaN, loss: NaN })
 * console.log(error.message) // training diverged at step 12 (epoch 2): the loss is NaN
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class TrainingDiverged extends Schema.TaggedError<TrainingDiverged>()("TrainingDiverged", {
  /** The step that diverged; the first is 1. */
  step: Schema.Int,
  /** The epoch it belongs to; the first is 1. */
  epoch: Schema.Int,
  /** What stopped being finite first. */
  quantity: Schema.Literals(["loss", "gradient", "parameters"]),
  /** `"loss"`, `"gradient norm"`, or the element of the parameters, e.g. `"parameters.w[1,3]"`. */
  path: Schema.String,
  /** The value that is not finite. */
  value: Schema.Number,
  /** The loss of the step. */
  loss: Schema.Number
}) {
  override get message(): string {
    const what =
      this.quantity === "parameters"
        ? `${this.path} became ${this.value} (the loss was ${this.loss})`
        : this.quantity === "gradient"
          ? `the ${this.path} is ${this.value} (the loss is ${this.loss})`
          : `the loss is ${this.value}`
    return `training diverged at step ${this.step} (epoch ${this.epoch}): ${what}`
  }
}
