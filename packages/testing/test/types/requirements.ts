// Every operator keeps the requirements of a program.

import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, Initializer, type Requirement } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const the = <U>(_value: U) => ({
  is: <T>(..._proof: Equals<T, U> extends true ? [] : [U, "is not", T]): void => {}
})

type R = Requirement.Param<"w", readonly [3]> | Requirement.Random
type RequirementsOf<F> = F extends Fn.Fn<infer _I, infer _O, infer _E, infer R> ? R : never
const requirementsOf = <F>(_f: F): RequirementsOf<F> => undefined as never

const loss = Fn.make([3], (x) =>
  Expr.sum(Expr.mul(Expr.param("w", [3], Initializer.heNormal), Expr.add(x, Expr.random.normal([3]))))
)
const scalar = Fn.make([], (x) => Expr.mul(x, Expr.random.uniform([])))

the(loss).is<Fn.Fn<readonly [3], readonly [], never, R>>()
the(Reverse.grad(loss)).is<Fn.Fn<readonly [3], readonly [3], never, R>>()
the(requirementsOf(Reverse.valueAndGrad(loss))).is<R>()
the(requirementsOf(Reverse.vjp(loss))).is<R>()
the(requirementsOf(Reverse.jacobian(loss))).is<R>()
the(requirementsOf(Forward.jvp(loss))).is<R>()
the(requirementsOf(loss.pipe(Forward.directional))).is<R>()
the(requirementsOf(Forward.jacobian(loss))).is<R>()
the(requirementsOf(Forward.derivative(scalar))).is<Requirement.Random>()
the(requirementsOf(Calculus.jacobian(loss))).is<R>()
the(requirementsOf(Calculus.hessian(loss))).is<R>()
the(requirementsOf(Calculus.hvp(loss))).is<R>()

// The gradient in the parameters, by name.
const bound = Fn.withParams(loss)
the(Reverse.grad(bound, { wrt: ["params"] })).is<
  Fn.Fn<
    { readonly params: { readonly w: readonly [3] }; readonly inputs: readonly [3] },
    { readonly params: { readonly w: readonly [3] } },
    never,
    Requirement.Random
  >
>()
the(bound.pipe(Reverse.grad({ wrt: ["params"] }), Fn.withKey, requirementsOf)).is<never>()
