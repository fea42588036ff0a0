/**
 * Keys: where random numbers come from. A run with the same key draws the same numbers, on every machine and backend.
 *
 * **Details**
 *
 * A program draws with `Expr.random`, which requires `Random`; `Fn.withKey` makes an input of it, and `key` makes the value for that input. The generator is
 * Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a bijection of 64-bit counters for each
 * 64-bit key, without state.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import * as Streams from "./internal/random/streams.ts"
import { threefry2x32 as threefry } from "./internal/random/threefry.ts"
import * as Tensor from "./Tensor.ts"
import * as Tree from "./Tree.ts"
import * as Type from "./Type.ts"

/**
 * A key: 64 bits, in two words of 32.
 *
 * @category models
 * @since 0.1.0
 */
export type Key = Tensor.Tensor<readonly [2], "index">

const keyShape = [2] as const

const fromWords = (words: Int32Array): Key => Tensor.unsafeMake("index", keyShape, words)

/** The key itself, or a `ShapeError` where it is none. */
const check = (operation: string, self: Key): Key => Tree.toTensors(operation, Type.index(keyShape), self)[0] as Key

/**
 * The key of a seed.
 *
 * **Details**
 *
 * A seed is a safe integer, or a bigint of at most 64 bits (from -2^63 to 2^64 - 1); its two's complement is the key, higher word first. Different seeds
 * have different keys, except for a negative bigint and its complement. Anything else throws a `RangeError`.
 *
 * @example
 * ```ts
 * import { Random } from "@fluxion/core"
 *
 * console.log(`${Random.key(42)}`) // [0, 42]
 * console.log(`${Random.key(-1)}`) // [-1, -1]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const key = (seed: number | bigint): Key => {
  const valid = typeof seed === "bigint" ? seed >= -(2n ** 63n) && seed < 2n ** 64n : Number.isSafeInteger(seed)
  if (!valid) {
    throw new RangeError(`Random.key: expected a safe integer or a bigint of 64 bits as seed, got ${String(seed)}`)
  }
  const bits = BigInt.asUintN(64, BigInt(seed))
  return fromWords(Int32Array.of(Number(bits >> 32n) | 0, Number(bits & 0xffffffffn) | 0))
}

/**
 * A key of its own for an integer (one of 32 bits): what programs derive keys with.
 *
 * **Details**
 *
 * Different integers give different keys. An integer out of range throws a `RangeError`.
 *
 * @example
 * ```ts
 * import { Random } from "@fluxion/core"
 *
 * const key = Random.key(42)
 * const epochs = [0, 1, 2].map((epoch) => `${Random.foldIn(key, epoch)}`)
 * console.log(new Set(epochs).size) // 3
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const foldIn: {
  (data: number): (self: Key) => Key
  (self: Key, data: number): Key
} = dual(2, (self: Key, data: number): Key => {
  if (!Number.isInteger(data) || data < -(2 ** 31) || data >= 2 ** 32) {
    throw new RangeError(`Random.foldIn: expected an integer of 32 bits, got ${String(data)}`)
  }
  return fromWords(Streams.foldIn(check("Random.foldIn", self).data, [data | 0]))
})

/**
 * So many keys of one.
 *
 * **Details**
 *
 * They are all different, and none is a key that `foldIn` (and so a program that runs with this key) derives from the same one.
 *
 * @example
 * ```ts
 * import { Random } from "@fluxion/core"
 *
 * const [forWeights, forData] = Random.split(Random.key(42), 2)
 * console.log(`${forWeights}` === `${forData}`) // false
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const split: {
  (count: number): (self: Key) => ReadonlyArray<Key>
  (self: Key, count: number): ReadonlyArray<Key>
} = dual(2, (self: Key, count: number): ReadonlyArray<Key> => {
  if (!Number.isInteger(count) || count < 0 || count > 2 ** 31) {
    throw new RangeError(`Random.split: expected a number of keys from 0 to 2^31, got ${String(count)}`)
  }
  const words = Streams.split(check("Random.split", self).data, count)
  return Array.from({ length: count }, (_, i) => fromWords(words.slice(2 * i, 2 * i + 2)))
})

/**
 * Threefry-2x32 with 20 rounds: two words of 32 bits from a key and a counter of two words each, as unsigned integers.
 *
 * **Details**
 *
 * Checked against the known answers of the authors' library Random123.
 *
 * @example
 * ```ts
 * import { Random } from "@fluxion/core"
 *
 * console.log(Random.threefry2x32([0, 0], [0, 0]).map((word) => word.toString(16))) // [ '6b200159', '99ba4efe' ]
 * ```
 *
 * @category generator
 * @since 0.1.0
 */
export const threefry2x32 = (
  key: readonly [number, number],
  counter: readonly [number, number]
): readonly [number, number] => threefry(key, counter)

/**
 * The permutation of `0, 1, ..., count - 1` that pairs of random words of 32 bits give; `pair` gives the n-th pair.
 *
 * **Details**
 *
 * Fisher and Yates' shuffle (Knuth, volume 2, algorithm 3.4.2P) with integers drawn without bias by rejection (Lemire 2019, "Fast random integer
 * generation in an interval"): every permutation is equally likely when words are. Time and memory are proportional to the count. A
 * count that is not an integer from 0 to 2^31 throws a `RangeError`.
 *
 * @example
 * ```ts
 * import { Random } from "@fluxion/core"
 *
 * const order = Random.shuffled(5, (n) => Random.threefry2x32([0, 42], [0, n]))
 * console.log(order.toSorted()) // Int32Array(5) [ 0, 1, 2, 3, 4 ]
 * ```
 *
 * @category generator
 * @since 0.1.0
 */
export const shuffled = (count: number, pair: (n: number) => readonly [number, number]): Int32Array => {
  if (!Number.isInteger(count) || count < 0 || count > 2 ** 31) {
    throw new RangeError(`Random.shuffled: expected a count from 0 to 2^31, got ${String(count)}`)
  }
  return Streams.shuffled(count, pair)
}
