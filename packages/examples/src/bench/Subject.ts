/**
 * What is timed: something that computes a value, and what comes with it, again and again.
 *
 * @since 0.1.0
 */

/**
 * A value, and a gradient (or the derivative in one direction), one list for each parameter.
 *
 * @category models
 * @since 0.1.0
 */
export interface Answer {
  readonly value: number
  readonly derivative: ReadonlyArray<ArrayLike<number>>
}

/**
 * Something to be timed.
 *
 * **Details**
 *
 * A `run` that gives a promise has ended when that is fulfilled. `answer` is asked for once, and gives what such a run computes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Subject {
  readonly run: () => void | Promise<void>
  readonly answer: () => Answer | Promise<Answer>
}

// One scale for a whole gradient: an element that cancels to nearly nothing has the error of its terms.
const largest = (lists: ReadonlyArray<ArrayLike<number>>, at: (list: number, i: number) => number): number => {
  let most = 0
  lists.forEach((list, k) => {
    for (let i = 0; i < list.length; i++) {
      const size = Math.abs(at(k, i))
      // Not a number is the worst there is.
      if (!(size <= most)) most = Number.isNaN(size) ? Infinity : size
    }
  })
  return most
}

const relative = (actual: ReadonlyArray<ArrayLike<number>>, exact: ReadonlyArray<ArrayLike<number>>): number => {
  if (actual.length !== exact.length || actual.some((list, k) => list.length !== exact[k]!.length)) return Infinity
  const scale = largest(exact, (k, i) => exact[k]![i]!)
  const error = largest(exact, (k, i) => actual[k]![i]! - exact[k]![i]!)
  return error === 0 ? 0 : error / scale
}

/**
 * How far an answer is from another one: the larger of the relative errors of the value and of the derivative in the maximum norm.
 *
 * @category comparing
 * @since 0.1.0
 */
export const errorOf = (actual: Answer, exact: Answer): number =>
  Math.max(relative([[actual.value]], [[exact.value]]), relative(actual.derivative, exact.derivative))
