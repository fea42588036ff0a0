/**
 * Numbers that are the same in every run.
 *
 * @since 0.1.0
 */

/**
 * A source of numbers.
 *
 * @category models
 * @since 0.1.0
 */
export interface Draws {
  /** Numbers uniform in an interval. */
  readonly uniform: (size: number, low: number, high: number) => Float64Array
  /** Numbers of the normal distribution of mean 0. */
  readonly normal: (size: number, deviation?: number) => Float64Array
  /** Integers from 0 to below `count`. */
  readonly integers: (size: number, count: number) => Int32Array
}

/**
 * The source of a seed: Mulberry32 (T. Ettinger, 2017, public domain).
 *
 * **Details**
 *
 * All numbers are representable in single precision, so that programs in either precision are asked the same question.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (seed: number): Draws => {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const fill = (size: number, draw: () => number): Float64Array => {
    const data = new Float64Array(size)
    for (let i = 0; i < size; i++) data[i] = Math.fround(draw())
    return data
  }
  return {
    uniform: (size, low, high) => fill(size, () => low + (high - low) * next()),
    // Box and Muller (1958).
    normal: (size, deviation = 1) =>
      fill(size, () => deviation * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())),
    integers: (size, count) => Int32Array.from({ length: size }, () => Math.floor(count * next()))
  }
}
