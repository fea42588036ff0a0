// Failures in types: guards add them, every transformation keeps them, catchTag removes them one by one.

import * as Calculus from "@fluxion/calculus"
import { type Backend, Expr, type Failure, Fn, Tensor, Type } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Data, Effect, Result } from "effect"

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const the = <U>(_value: U) => ({
  is: <T>(..._proof: Equals<T, U> extends true ? [] : [U, "is not", T]): void => {}
})

class Negative extends Data.TaggedError("Negative")<{ readonly value: number }> {}
class TooLarge extends Data.TaggedError("TooLarge")<{}> {}

declare const x: Expr.Expr<readonly [2, 3]>
declare const failing: Expr.Expr<readonly [], "overflow", "Random">
declare const flags: Expr.BoolExpr<readonly [3], "unset">
declare const indices: Expr.IndexExpr<readonly [4]>

// ensure, in both call styles, by a function and by truth values
the(
  Expr.ensure(
    x,
    (v) => Expr.ge(v, 0),
    ({ value }) => new Negative({ value })
  )
).is<Expr.Expr<readonly [2, 3], Negative>>()
the(
  x.pipe(
    Expr.ensure(
      (v) => Expr.ge(v, 0),
      ({ value }) => new Negative({ value })
    )
  )
).is<Expr.Expr<readonly [2, 3], Negative>>()
the(Expr.ensure(x, flags, () => new TooLarge())).is<Expr.Expr<readonly [2, 3], "unset" | TooLarge>>()
the(x.pipe(Expr.ensure(flags, () => new TooLarge()))).is<Expr.Expr<readonly [2, 3], "unset" | TooLarge>>()
the(
  Expr.ensure(
    failing,
    (v) => Expr.lt(v, 1),
    () => new TooLarge()
  )
).is<Expr.Expr<readonly [], "overflow" | TooLarge, "Random">>()
the(
  Expr.ensure(
    indices,
    (i) => Expr.lt(i, Expr.constant(Tensor.index(3))),
    ({ index }) => index
  )
).is<Expr.IndexExpr<readonly [4], ReadonlyArray<number>>>()
the(
  Expr.ensure(
    flags,
    (p) => p,
    ({ value }) => ({ value })
  )
).is<Expr.BoolExpr<readonly [3], "unset" | { value: boolean }>>()
the(
  Expr.ensure(
    2,
    (v) => Expr.lt(v, 1),
    () => new TooLarge()
  )
).is<Expr.Expr<readonly [], TooLarge>>()

// checked functions
the(Expr.checked.log(x)).is<Expr.Expr<readonly [2, 3], Failure.DomainError>>()
the(x.pipe(Expr.checked.sqrt)).is<Expr.Expr<readonly [2, 3], Failure.DomainError>>()
the(Expr.checked.div(x, failing)).is<Expr.Expr<readonly [2, 3], "overflow" | Failure.DomainError, "Random">>()
the(x.pipe(Expr.checked.div(failing))).is<Expr.Expr<readonly [2, 3], "overflow" | Failure.DomainError, "Random">>()
the(Expr.checked.pow(2, Expr.ones([3]))).is<Expr.Expr<readonly [3], Failure.DomainError>>()

// Programs
const guarded = Fn.make({ w: [3], k: Type.index([]) }, ({ w }) =>
  Expr.sum(
    Expr.ensure(
      Expr.checked.log(w),
      (v) => Expr.lt(v, 10),
      () => new TooLarge()
    )
  )
)
type E = Failure.DomainError | TooLarge
type I = { readonly w: readonly [3]; readonly k: Type.Type<"index", readonly []> }
the(guarded).is<Fn.Fn<I, readonly [], E>>()
the(Reverse.grad(guarded)).is<Fn.Fn<I, { readonly w: readonly [3] }, E>>()
the(guarded.pipe(Reverse.grad({ wrt: ["w"] }))).is<Fn.Fn<I, { readonly w: readonly [3] }, E>>()
the(Fn.finite(guarded)).is<Fn.Fn<I, readonly [], E | Failure.NonFiniteError>>()
the(guarded.pipe(Fn.finite, (f) => Reverse.grad(f))).is<
  Fn.Fn<I, { readonly w: readonly [3] }, E | Failure.NonFiniteError>
>()

type ErrorsOf<F> = F extends { readonly "~@fluxion/core/Fn": { readonly _E: (_: never) => infer Err } } ? Err : never
const forward = Forward.jvp(guarded)
const hessian = Calculus.hessian(guarded)
the<ErrorsOf<typeof forward>>(null as never).is<E>()
the<ErrorsOf<typeof hessian>>(null as never).is<E>()

// Control flow, and programs in programs
const at = { w: Tensor.make([1, 2, 3]), k: 0 }
the(Expr.map((row) => Expr.checked.log(Expr.sum(row)), x)).is<Expr.Expr<readonly [2], Failure.DomainError>>()
the(Expr.fold((c, row) => Expr.add(c, Expr.checked.sqrt(Expr.sum(row))), 0, x)).is<
  Expr.Expr<readonly [], Failure.DomainError>
>()
the(
  Expr.whileLoop(
    (v) => Expr.lt(Expr.checked.log(v), 1),
    (v) => Expr.add(v, 1),
    1
  )
).is<Expr.Expr<readonly [], Failure.DomainError>>()
the(
  Expr.cond(
    Expr.gt(failing, 0),
    () => Expr.checked.log(failing),
    () => 0
  )
).is<Expr.Expr<readonly [], "overflow" | Failure.DomainError, "Random">>()
the(Fn.make([3], (w) => Fn.call(guarded, { w, k: Expr.constant(Tensor.index(0)) }))).is<
  Fn.Fn<readonly [3], readonly [], E>
>()
the(Fn.make([3], (w) => Fn.apply(guarded, { w, k: Expr.constant(Tensor.index(0)) }))).is<
  Fn.Fn<readonly [3], readonly [], E>
>()
the(
  Fn.andThen(
    guarded,
    Fn.make([], (y) => Expr.checked.sqrt(y))
  )
).is<Fn.Fn<I, readonly [], E>>()

// Running: the failures are in the type of the effect, and catchTag takes them out until none is left.
const run = Fn.run(guarded, at)
the(run).is<Effect.Effect<number, E>>()
the(guarded.pipe(Fn.run(at))).is<Effect.Effect<number, E>>()
the(run.pipe(Effect.catchTag("DomainError", () => Effect.succeed(0)))).is<Effect.Effect<number, TooLarge>>()
the(
  run.pipe(
    Effect.catchTag("DomainError", () => Effect.succeed(0)),
    Effect.catchTag("TooLarge", () => Effect.succeed(0))
  )
).is<Effect.Effect<number>>()
the(
  guarded.pipe(
    (f) => Reverse.grad(f),
    Fn.finite,
    Fn.run(at),
    Effect.catchTags({
      DomainError: () => Effect.succeed(undefined),
      TooLarge: () => Effect.succeed(undefined),
      NonFiniteError: () => Effect.succeed(undefined)
    })
  )
).is<Effect.Effect<{ readonly w: Tensor.Tensor<readonly [3]> } | undefined>>()
const compiled = Fn.compile(Reverse.grad(guarded))
the(Effect.flatMap(compiled, ({ run }) => run(at)).pipe(Effect.catchTag("CompileError", Effect.die))).is<
  Effect.Effect<{ readonly w: Tensor.Tensor<readonly [3]> }, E>
>()
the(Fn.runResult(guarded, at)).is<Result.Result<number, E>>()
the(guarded.pipe(Fn.runResult(at))).is<Result.Result<number, E>>()
the(Reverse.evaluateResult(guarded, { primals: at, cotangents: 1 }).pipe(Result.map(({ primals }) => primals))).is<
  Result.Result<number, E>
>()

// Programs that cannot fail run at once.
const pure = Fn.make([], (v) => Expr.sin(v))
the(Fn.runSync(pure, 1)).is<number>()
the(pure.pipe(Fn.runSync(1))).is<number>()
the(Effect.map(Fn.compile(pure), ({ runSync }) => runSync(1))).is<Effect.Effect<number, Backend.CompileError>>()
