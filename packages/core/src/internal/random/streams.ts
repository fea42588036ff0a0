// What is drawn under a key. The first word of the counter says what for, so one key used for two purposes gives two streams.

import { threefryInto } from "./threefry.ts"

const purpose = { foldIn: 0, uniform: 1, permutation: 2, split: 3 } as const

/** So many counters there are for each purpose. */
export const limit = 2 ** 32

type Words = ArrayLike<number>

/** A key of its own for each of some integers. */
export const foldIn = (key: Words, data: Words): Int32Array => derive(key, purpose.foldIn, data)

/** Keys that are none of those that `foldIn` gives. */
export const split = (key: Words, count: number): Int32Array =>
  derive(
    key,
    purpose.split,
    Int32Array.from({ length: count }, (_, i) => i)
  )

const derive = (key: Words, first: number, data: Words): Int32Array => {
  const keys = new Int32Array(2 * data.length)
  for (let i = 0; i < data.length; i++) threefryInto(key[0]!, key[1]!, first, data[i]!, keys, 2 * i)
  return keys
}

/** Reals in [0, 1): multiples of 2^-53, each with the first 53 of its 64 bits. */
export const uniform = (key: Words, count: number): Float64Array => {
  const reals = new Float64Array(count)
  const words = new Int32Array(2)
  for (let i = 0; i < count; i++) {
    threefryInto(key[0]!, key[1]!, purpose.uniform, i | 0, words, 0)
    reals[i] = ((words[0]! >>> 0) * 2 ** 21 + (words[1]! >>> 11)) * 2 ** -53
  }
  return reals
}

/** A permutation of `0, 1, ..., count - 1`. */
export const permutation = (key: Words, count: number): Int32Array => {
  const words = new Int32Array(2)
  return shuffled(count, (n) => {
    threefryInto(key[0]!, key[1]!, purpose.permutation, n | 0, words, 0)
    return [words[0]! >>> 0, words[1]! >>> 0]
  })
}

/**
 * Fisher and Yates' shuffle (Knuth, volume 2, algorithm 3.4.2P). Integers below a bound are drawn without bias by rejection (Lemire 2019, "Fast random
 * integer generation in an interval").
 */
export const shuffled = (count: number, pair: (n: number) => readonly [number, number]): Int32Array => {
  let draws = 0
  let words: readonly [number, number] = [0, 0]
  const nextWord = (): number => {
    const which = draws & 1
    if (which === 0) words = pair(Math.floor(draws / 2))
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
  const order = new Int32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
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
