/**
 * Second derivatives of programs of one scalar output: forward mode over reverse mode.
 *
 * @since 0.1.0
 */
import { Fn, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"

/**
 * The Hessian of a program of one scalar output, as a program.
 *
 * **Details**
 *
 * Has the structure of the Jacobian of the gradient: at each leaf of the inputs of shape `i`, the tree of the inputs with leaves of shape
 * `[...i, ...j]`. Taken forward over reverse (one gradient, one tangent for each input element), the cheapest order for a dense
 * Hessian (Griewank and Walther 2008, section 5.4). Failures and requirements are those of `f`. When you need only its product with
 * a vector, use `hvp`.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const f = Fn.make([2], (x) => Expr.prod(Expr.mul(x, x)))
 * console.log(`${Fn.runSync(Calculus.hessian(f), Tensor.make([1, 2]))}`) // [[8, 8], [8, 2]]
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const hessian = <I extends Tree.Spec, E, R>(
  f: Fn.Fn<I, readonly [], E, R> & Forward.CheckForward<R>
): Fn.Fn<I, Tree.Jacobian<Tree.Tangent<I>, Tree.Tangent<I>>, E, R> =>
  Forward.jacobian(Reverse.grad(f as Fn.Fn<I, readonly [], E>)) as never

/**
 * The product of the Hessian of a program of one scalar output with a vector, as a program: point and vector in, product out.
 *
 * **Details**
 *
 * The tangent of the gradient along the vector (B. A. Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6, 1994). Costs a
 * small constant times `f`, whatever the number of inputs; the Hessian is never formed. Failures and requirements are those of `f`.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const f = Fn.make([2], (x) => Expr.prod(Expr.mul(x, x)))
 * const at = { primals: Tensor.make([1, 2]), tangents: Tensor.make([1, 0]) }
 * console.log(`${Fn.runSync(Calculus.hvp(f), at)}`) // [8, 8]
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const hvp = <I extends Tree.Spec, E, R>(
  f: Fn.Fn<I, readonly [], E, R> & Forward.CheckForward<R>
): Fn.Fn<{ readonly primals: I; readonly tangents: Tree.TangentSpec<I> }, Tree.Tangent<I>, E, R> => {
  const { inputs } = Fn.specs(f)
  const tangents = Tree.tangentSpec(inputs)
  const gradient: Fn.Any = Reverse.grad(f as Fn.Fn<I, readonly [], E>)
  const directional = Forward.directional(gradient as Fn.Fn<Tree.Spec, Tree.Spec>)
  return Fn.unsafeFromLeaves({ primals: inputs, tangents }, tangents, (leaves) =>
    Fn.interpret(directional, Fn.expressions, leaves)
  ) as never
}
