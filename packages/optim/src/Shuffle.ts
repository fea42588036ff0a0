/**
 * Reproducible orders of examples.
 *
 * @since 0.1.0
 */
import { threefry2x32 } from "./internal/threefry.ts"

/**
 * The permutation of `0, 1, ..., count - 1` that belongs to a seed and an epoch: the same on every machine.
 *
 * **Details**
 *
 * Each epoch has its own permutation, which does not depend on the ones before it, so training can be resumed at any epoch. Every
 * permutation is equally likely up to the quality of the generator. The seed is any safe integer, the epoch a non-negative integer below 2^32. Time and
 * memory are proportional to the count.
 *
 * Fisher and Yates' shuffle (Knuth, volume 2, algorithm 3.4.2P) with the counter-based generator Threefry-2x32-20 (Salmon et al. 2011):
 * its key is the seed's two's complement in two words, its counter the pair (epoch, number of the draw). Integers below a bound are drawn without
 * bias by rejection (Lemire 2019, "Fast random integer generation in an interval").
 *
 * @example
 * ```ts
 * import { Shuffle } from "@fluxion/optim"
 *
 * console.log(Shuffle.permutation(6, { seed: 1, epoch: 0 })) // Int32Array(6) [ 5, 1, 0, 3, 2, 4 ]
 * ```
 *
 * @category permutations
 * @since 0.1.0
 */
export const permutation = (count: number, options: { readonly seed: number; readonly epoch: number }): Int32Array => {
  const { epoch, seed } = options
  const key = [(seed % 2 ** 32) | 0, Math.floor(seed / 2 ** 32) | 0] as const
  let draws = 0
  let words: readonly [number, number] = [0, 0]
  const nextWord = (): number => {
    const which = draws & 1
    if (which === 0) words = threefry2x32(key, [epoch, draws >>> 1])
    draws++
    return words[which]!
  }
  // A word times the bound, in units of 2^-32: the integer part is the draw unless the fraction falls into the uneven rest.
  const below = (bound: number): number => {
    const rest = (2 ** 32 - bound) % bound
    for (;;) {
      const [high, low] = multiply(nextWord(), bound)
      if (low >= rest) return high
    }
  }
  const order = Int32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = below(i + 1)
    const swapped = order[i]!
    order[i] = order[j]!
    order[j] = swapped
  }
  return order
}

/** The 64-bit product of two 32-bit words, as two words. */
const multiply = (a: number, b: number): readonly [high: number, low: number] => {
  const low = Math.imul(a, b) >>> 0
  const aHigh = a >>> 16
  const aLow = a & 0xffff
  // Every partial product and sum below is an integer under 2^53, so this is exact.
  const middle = aHigh * b + Math.floor((aLow * b) / 65536)
  return [Math.floor(middle / 65536), low]
}
