// Programs about optimisers that the types accept and reject. Compiled by tsc, not run.

import { Expr, Fn, Tensor, Type } from "@fluxion/core"
import {
  adam,
  chain,
  clipByGlobalNorm,
  identity,
  type InvalidOption,
  minimize,
  type MinimizeResult,
  momentum,
  Optimizer,
  Parameters,
  Schedule,
  sgd,
  StopReason,
  train,
  trainingStep,
  Vector
} from "@fluxion/optim"
import type { Backend } from "@fluxion/core"
import type { Effect, Stream } from "effect"

declare const exactly: <A>() => <B>(value: B & ([A, B] extends [B, A] ? unknown : never)) => void

class Failure {
  readonly _tag = "Failure"
}
class OtherFailure {
  readonly _tag = "OtherFailure"
}
interface Need {
  readonly need: "Need"
}

declare const failingRate: Expr.Expr<readonly [], Failure, Need>
declare const failingSchedule: Schedule.Schedule<OtherFailure>

// -----------------------------------------------------------------------------
// States are typed for every tree of parameters
// -----------------------------------------------------------------------------

type P = { readonly w: readonly [3]; readonly b: readonly [] }
const spec: P = { w: [3], b: [] }

const instance = Optimizer.instantiate(adam(0.1), spec)
exactly<Fn.Fn<P, { readonly count: readonly []; readonly firstMoment: P; readonly secondMoment: P }>>()(instance.init)

exactly<{ readonly count: readonly []; readonly velocity: P }>()(momentum(0.1).pipe(Optimizer.instantiate(spec)).state)

exactly<
  readonly [{}, { readonly count: readonly []; readonly velocity: P }, readonly [{ readonly count: readonly [] }]]
>()(Optimizer.instantiate(chain(clipByGlobalNorm(1), momentum(0.1), chain(sgd(1))), spec).state)

exactly<{ readonly w: Tensor.Tensor<readonly [3]>; readonly b: number }>()(
  Fn.runSync(instance.update, {
    gradients: { w: Tensor.zeros([3]), b: 0 },
    state: Fn.runSync(instance.init, { w: Tensor.zeros([3]), b: 0 }),
    parameters: { w: Tensor.zeros([3]), b: 0 }
  }).updates
)

Fn.runSync(instance.update, {
  // @ts-expect-error: gradients of another tree
  gradients: { w: Tensor.zeros([4]), b: 0 },
  state: Fn.runSync(instance.init, { w: Tensor.zeros([3]), b: 0 }),
  parameters: { w: Tensor.zeros([3]), b: 0 }
})

// @ts-expect-error: no b
Fn.runSync(instance.init, { w: Tensor.zeros([3]) })

Fn.runSync(instance.update, {
  gradients: { w: Tensor.zeros([3]), b: 0 },
  // @ts-expect-error: the state of sgd is not that of adam
  state: { count: 0 },
  parameters: { w: Tensor.zeros([3]), b: 0 }
})

// @ts-expect-error: indices have no gradient
Optimizer.instantiate(sgd(0.1), { rows: Type.index([3]) })

// @ts-expect-error: a chain has at least one link
chain()

// @ts-expect-error: not an optimiser
chain(sgd(0.1), 0.1)

// -----------------------------------------------------------------------------
// Hyperparameters: numbers, scalar expressions, schedules
// -----------------------------------------------------------------------------

exactly<Optimizer.Optimizer<{ readonly count: readonly [] }>>()(sgd(0.1))
exactly<Optimizer.Optimizer<{ readonly count: readonly [] }, Failure, Need>>()(sgd(failingRate))
exactly<Optimizer.Optimizer<{ readonly count: readonly [] }, OtherFailure>>()(sgd(failingSchedule))
exactly<Failure | OtherFailure>()(null! as Optimizer.ErrorOf<ReturnType<typeof mixed>>)
const mixed = () => chain(identity, momentum(failingRate, { decay: failingSchedule }), adam(1))
exactly<Need>()(null! as Optimizer.RequirementsOf<ReturnType<typeof mixed>>)
exactly<Schedule.Schedule<Failure, Need>>()(Schedule.cosine(failingRate, 10))
exactly<Schedule.Schedule>()(Schedule.cosine(1, 10, { warmup: 2, final: 0.1 }))

// @ts-expect-error: a rate is a scalar
sgd(Expr.ones([3]))

// @ts-expect-error: a schedule maps a scalar to a scalar
sgd(Fn.make([3], (x) => Expr.sum(x)))

// @ts-expect-error: clipping takes no schedule
clipByGlobalNorm(Schedule.constant(1))

// -----------------------------------------------------------------------------
// Definitions: the state is inferred from init
// -----------------------------------------------------------------------------

const averaged = Optimizer.make({
  name: "averaged",
  hyperparameters: { rate: failingRate },
  init: (parameters) => ({ mean: Vector.zerosLike(parameters), seen: [Expr.constant(0)] as const }),
  update: ({ gradients, hyperparameters, state: { mean, seen } }) => {
    const next = Vector.add(mean, gradients)
    const { rate } = hyperparameters(seen[0])
    return { updates: Vector.scale(next, rate), state: { mean: next, seen: [Expr.add(seen[0], 1)] as const } }
  }
})
exactly<
  Optimizer.Optimizer<{ readonly mean: Optimizer.LikeParameters; readonly seen: readonly [readonly []] }, Failure, Need>
>()(averaged)

Optimizer.make({
  name: "forgetful",
  hyperparameters: {},
  init: () => ({ count: Expr.constant(0) }),
  // @ts-expect-error: the state lacks its count
  update: ({ gradients }) => ({ updates: gradients, state: {} })
})

// -----------------------------------------------------------------------------
// Minimisation
// -----------------------------------------------------------------------------

const f = Fn.make({ w: [3], b: [] }, ({ b, w }) => Expr.add(Expr.sum(Expr.square(w)), Expr.square(b)))

exactly<Effect.Effect<MinimizeResult<P>, Backend.CompileError | InvalidOption>>()(
  minimize(f, { start: { w: Tensor.zeros([3]), b: 0 }, optimizer: adam(0.1) })
)
exactly<Effect.Effect<MinimizeResult<P>, Backend.CompileError | InvalidOption>>()(
  f.pipe(minimize({ start: { w: Tensor.zeros([3]), b: 0 }, optimizer: adam(0.1) }))
)
// A program that supports reverse mode only.
const clipped = Fn.make([], (x) => x).pipe(Expr.customVjp(({ cotangents }) => Expr.clamp(cotangents, -1, 1)))
const clippedLoss = Fn.make({ w: [3], b: [] }, ({ b, w }) => Fn.apply(clipped, Fn.apply(f, { b, w })))
exactly<Effect.Effect<MinimizeResult<P>, Backend.CompileError | InvalidOption>>()(
  minimize(clippedLoss, { start: { w: Tensor.zeros([3]), b: 0 }, optimizer: adam(0.1) })
)
exactly<Effect.Effect<MinimizeResult<P>, OtherFailure | Backend.CompileError | InvalidOption>>()(
  minimize(f, { start: { w: Tensor.zeros([3]), b: 0 }, optimizer: sgd(failingSchedule) })
)

// @ts-expect-error: the start has another shape
minimize(f, { start: { w: Tensor.zeros([4]), b: 0 }, optimizer: sgd(0.1) })

// @ts-expect-error: the start lacks b
minimize(f, { start: { w: Tensor.zeros([3]) }, optimizer: sgd(0.1) })

// @ts-expect-error: the start has another shape, data-last
f.pipe(minimize({ start: { w: Tensor.zeros([4]), b: 0 }, optimizer: sgd(0.1) }))

const vectorValued = Fn.make([3], (x) => Expr.square(x))
// @ts-expect-error: the program has no scalar output
minimize(vectorValued, { start: Tensor.zeros([3]), optimizer: sgd(0.1) })

// @ts-expect-error: the optimiser still requires something
minimize(f, { start: { w: Tensor.zeros([3]), b: 0 }, optimizer: sgd(failingRate) })

// The reason is exhaustive.
export const explain = (reason: StopReason): string => {
  switch (reason._tag) {
    case "Converged":
      return `below ${reason.gradientTolerance}`
    case "MaxSteps":
      return `after ${reason.maxSteps}`
    case "NonFinite":
      return `${reason.quantity} ${reason.path}`
    default:
      exactly<never>()(reason)
      return reason
  }
}

// @ts-expect-error: NonFinite is not handled
StopReason.$match({ Converged: () => 1, MaxSteps: () => 2 })

// -----------------------------------------------------------------------------
// Training
// -----------------------------------------------------------------------------

const data = { x: Tensor.zeros([100, 3]), label: Tensor.index([0, 1]) }

const steps = train({
  data,
  parameters: { w: Tensor.zeros([3]), b: 0 },
  loss: (inputs) => {
    exactly<{
      readonly parameters: P
      readonly batch: { readonly x: readonly [number, 3]; readonly label: Type.Type<"index", readonly [number]> }
    }>()(inputs)
    return Fn.make(inputs, ({ batch: { x }, parameters: { b, w } }) =>
      Expr.mean(Expr.square(Expr.add(Expr.matmul(x, w), b)))
    )
  },
  optimizer: chain(clipByGlobalNorm(1), momentum(failingSchedule)),
  epochs: 3
})
type StepOf<S> = S extends Stream.Stream<infer A, unknown> ? A : never
type ErrorOf<S> = S extends Stream.Stream<unknown, infer E> ? E : never
declare const step: StepOf<typeof steps>
declare const error: ErrorOf<typeof steps>
exactly<{ readonly w: Tensor.Tensor<readonly [3]>; readonly b: number }>()(step.parameters)
exactly<number>()(step.state[1].count)
exactly<Tensor.Tensor<readonly [3]>>()(step.state[1].velocity.w)
exactly<
  ReadonlyArray<
    "OtherFailure" | "CompileError" | "ExampleCountMismatch" | "InvalidOption" | "NoExamples" | "TrainingDiverged"
  >
>()([] as ReadonlyArray<typeof error._tag>)

train({
  data,
  parameters: 0,
  // @ts-expect-error: a loss is a scalar
  loss: (inputs) => Fn.make(inputs, ({ batch: { x } }) => x),
  optimizer: sgd(0.1),
  epochs: 3
})

train({
  data,
  parameters: 0,
  // @ts-expect-error: a loss of other inputs
  loss: () => Fn.make({ parameters: [2], batch: [3] }, ({ parameters }) => Expr.sum(parameters)),
  optimizer: sgd(0.1),
  epochs: 3
})

// @ts-expect-error: data are tensors
train({ data: [1, 2, 3], parameters: 0, loss: () => null!, optimizer: sgd(0.1), epochs: 1 })

const loss = Fn.make({ parameters: { w: [3], b: [] }, batch: [5] }, ({ batch, parameters: { b, w } }) =>
  Expr.add(Expr.sum(w), Expr.mul(b, Expr.sum(batch)))
)
exactly<
  Fn.Fn<
    {
      readonly parameters: P
      readonly state: { readonly count: readonly [] }
      readonly batch: readonly [5]
    },
    {
      readonly loss: readonly []
      readonly gradientNorm: readonly []
      readonly parameters: P
      readonly state: { readonly count: readonly [] }
    },
    Failure,
    Need
  >
>()(trainingStep(sgd(failingRate), loss))

// -----------------------------------------------------------------------------
// Parameters
// -----------------------------------------------------------------------------

exactly<readonly []>()(Parameters.specOf(0))
exactly<{ readonly w: readonly [3]; readonly b: readonly [] }>()(Parameters.specOf({ w: Tensor.zeros([3]), b: 0 }))
exactly<Fn.Fn<P, readonly []>>()(Parameters.globalNorm(spec))
