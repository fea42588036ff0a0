/**
 * Examples: short programs with a name, a sentence and figures that a test asserts.
 *
 * @since 0.1.0
 */
import type { Effect } from "effect"

/**
 * A short runnable program: it prints what it does and gives its figures.
 *
 * @category models
 * @since 0.1.0
 */
export interface Example<out Figures = unknown, out E = unknown> {
  readonly name: string
  readonly summary: string
  readonly main: Effect.Effect<Figures, E>
}

/**
 * Makes an example.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <Figures, E>(example: Example<Figures, E>): Example<Figures, E> => example
