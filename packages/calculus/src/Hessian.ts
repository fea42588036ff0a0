/**
 * Second derivatives of programs of one scalar output: forward mode over reverse mode.
 *
 * @since 0.1.0
 */
import { Fn, Operations, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Zero } from "@fluxion/core/Rule"
import { diagonal } from "./internal/diagonal.ts"

const expressions = Operations.make(Fn.expressions)

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

/**
 * The product of a vector with the Hessian of a program of one scalar output, as a program: point and vector in, product out.
 *
 * **Details**
 *
 * Reverse over reverse: the gradient of `⟨vector, gradient⟩`. A Hessian is symmetric where the second derivatives are continuous, so there this equals `hvp`, which
 * keeps less in memory; elsewhere they may differ. Failures and requirements are those of `f`.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const f = Fn.make([2], (x) => Expr.prod(Expr.mul(x, x)))
 * const at = { primals: Tensor.make([1, 2]), cotangents: Tensor.make([1, 0]) }
 * console.log(`${Fn.runSync(Calculus.vhp(f), at)}`) // [8, 8]
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const vhp = <I extends Tree.Spec, E, R>(
  f: Fn.Fn<I, readonly [], E, R>
): Fn.Fn<{ readonly primals: I; readonly cotangents: Tree.TangentSpec<I> }, Tree.Tangent<I>, E, R> => {
  const { inputs } = Fn.specs(f)
  const cotangents = Tree.tangentSpec(inputs)
  const gradient: Fn.Any = Reverse.grad(f)
  const pullback = Reverse.vjp(gradient as Fn.Fn<Tree.Spec, Tree.Spec>)
  return Fn.unsafeFromLeaves({ primals: inputs, cotangents }, cotangents, (leaves) =>
    // The results before the product are the gradient.
    Fn.interpret(pullback, Fn.expressions, leaves).slice(Tree.leaves(cotangents).length)
  ) as never
}

/**
 * The diagonal of the Hessian of a program of one scalar output, as a program: at each input, its second derivatives.
 *
 * **Details**
 *
 * One second derivative along each basis vector, forward over forward; the Hessian is never formed. The primal is evaluated once for each input, whatever the
 * number of its elements. Failures and requirements are those of `f`.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const f = Fn.make([2], (x) => Expr.prod(Expr.mul(x, x)))
 * console.log(`${Fn.runSync(Calculus.diagonalHessian(f), Tensor.make([1, 2]))}`) // [8, 2]
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const diagonalHessian = <I extends Tree.Spec, E, R>(
  f: Fn.Fn<I, readonly [], E, R> & Forward.CheckForward<R>
): Fn.Fn<I, Tree.Tangent<I>, E, R> => {
  const program: Fn.Any = f
  const tangents = Tree.tangentSpec(program.inputs)
  return Fn.unsafeFromLeaves(program.inputs, tangents, (leaves) =>
    diagonal("Calculus.diagonalHessian", program, leaves).map((second, i) =>
      second === Zero ? expressions.zeros(Tree.leaves(tangents)[i]!.type.shape) : second
    )
  ) as never
}
