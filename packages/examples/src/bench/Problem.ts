/**
 * Problems: a scalar function of parameters, as programs and as a JavaScript function written by hand.
 *
 * @since 0.1.0
 */
import type { Tensor } from "@fluxion/core"
import type { Program } from "./Program.ts"
import type { Subject } from "./Subject.ts"

/**
 * What is computed: the value; the value and its derivative in one direction; the value and its gradient.
 *
 * @category models
 * @since 0.1.0
 */
export const modes = ["primal", "forward", "reverse"] as const

/**
 * What is computed.
 *
 * @category models
 * @since 0.1.0
 */
export type Mode = (typeof modes)[number]

/**
 * A problem of one size.
 *
 * @category models
 * @since 0.1.0
 */
export interface Instance {
  /** In words. */
  readonly size: string
  /** What grows from size to size. */
  readonly n: number
  readonly programs: Readonly<Record<Mode, Program>>
  /** The value and the gradient in JavaScript over typed arrays, as an expert writes them. */
  readonly byHand: () => Subject
  /** Inputs by name, for those who have other programs. */
  readonly inputs: Readonly<Record<string, Tensor.Any>>
}

/**
 * A problem: what it is called, and instances of it by size, the smallest first.
 *
 * @category models
 * @since 0.1.0
 */
export interface Problem {
  readonly name: string
  readonly instances: ReadonlyArray<() => Instance>
  /** The one that others are compared at. */
  readonly main: () => Instance
  /** One that takes no time. */
  readonly quick: () => Instance
}

/**
 * A problem from what its sizes are; the main one is among them, or is the last.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <S>(
  name: string,
  { main, quick, sizes }: { readonly sizes: ReadonlyArray<S>; readonly main: S; readonly quick: S },
  instance: (size: S) => Instance
): Problem => ({
  name,
  instances: sizes.map((size) => () => instance(size)),
  main: () => instance(main),
  quick: () => instance(quick)
})
