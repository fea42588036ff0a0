/**
 * Reproducible orders of examples.
 *
 * @since 0.1.0
 */
import { Random } from "@fluxion/core"

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
  return Random.shuffled(count, (n) => Random.threefry2x32(key, [epoch, n]))
}
