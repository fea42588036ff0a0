/**
 * The matchers, registered with Vitest and typed: `import "@fluxion/testing/Vitest"`, in a test or in one of the `setupFiles`.
 *
 * **Details**
 *
 * `vitest` is an optional peer dependency: nothing else in this package imports it. For what each matcher says see `Matchers`.
 *
 * - `expect(f).toHaveCorrectGradient(at)`, for a program of one scalar output that requires nothing.
 * - `expect(value).toBeCloseTensor(expected, { ulps: 2 })`, for tensors, numbers and trees of them.
 * - `expect(f).toEqualProgram(expected)`.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import * as Reverse from "@fluxion/reverse-mode"
 * import "@fluxion/testing/Vitest"
 * import { expect, it } from "vitest"
 *
 * const f = Fn.make({ x: [3] }, ({ x }) => Expr.logSumExp(x))
 *
 * it("has a gradient that is correct, and sums to one", () => {
 *   const x = Tensor.make([1, 2, 3])
 *   expect(f).toHaveCorrectGradient({ x })
 *   const gradient = Fn.runSync(Reverse.grad(f), { x })
 *   expect(gradient.x.data.reduce((a, b) => a + b)).toBeCloseTensor(1, { ulps: 4 })
 *   expect(Reverse.grad(f)).not.toEqualProgram(f)
 * })
 * ```
 *
 * @since 0.1.0
 */
import type * as Calculus from "@fluxion/calculus"
import type { Fn, Tree } from "@fluxion/core"
import { expect } from "vitest"
import * as Matchers from "./Matchers.ts"

/**
 * The point at which the gradient of a program is checked: a value of its inputs; nothing for what is no program of one scalar output without requirements.
 *
 * @category type-level
 * @since 0.1.0
 */
export type PointOf<T> =
  T extends Fn.Fn<infer I, infer O, infer _E, infer Q>
    ? [O, Q] extends [readonly [], Fn.Runnable]
      ? Tree.Value<I>
      : never
    : never

/**
 * The matchers that `expect` has.
 *
 * @category matchers
 * @since 0.1.0
 */
export interface FluxionMatchers<R, T> {
  /** Passes where forward mode, reverse mode and numerical derivatives agree on the gradient at a point. */
  readonly toHaveCorrectGradient: (at: PointOf<T>, options?: Calculus.GradientCheckOptions) => R
  /** Passes where every element is close to the expected one: within so many ULPs, absolutely, or relatively; within 4 ULPs unless said otherwise. */
  readonly toBeCloseTensor: (expected: Matchers.Comparable, closeness?: Matchers.Closeness) => R
  /** Passes where a program has the same operations on the same operands as the expected one, whatever its variables are called. */
  readonly toEqualProgram: (expected: T extends Fn.Any ? Fn.Any : never) => R
}

declare module "vitest" {
  interface Matchers<R, T> extends FluxionMatchers<R, T> {}
}

expect.extend({ ...Matchers })
