// Threefry-2x32 with 20 rounds: a counter-based generator. The same 64 bits for the same key and counter on every machine.
//
// Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3", section 3.3 and table 2 (rotations).

/** Writes two words of 32 bits, as int32, from a key and a counter of two words each. */
export const threefryInto = (
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
  out: Int32Array,
  at: number
): void => {
  const schedule2 = 0x1bd11bda ^ key0 ^ key1
  let x0 = (counter0 + key0) | 0
  let x1 = (counter1 + key1) | 0
  let [a, b, c] = [key1, schedule2, key0]
  for (let injection = 1; injection <= 5; injection++) {
    const odd = (injection & 1) === 1
    x0 = (x0 + x1) | 0
    x1 = (odd ? (x1 << 13) | (x1 >>> 19) : (x1 << 17) | (x1 >>> 15)) ^ x0
    x0 = (x0 + x1) | 0
    x1 = (odd ? (x1 << 15) | (x1 >>> 17) : (x1 << 29) | (x1 >>> 3)) ^ x0
    x0 = (x0 + x1) | 0
    x1 = (odd ? (x1 << 26) | (x1 >>> 6) : (x1 << 16) | (x1 >>> 16)) ^ x0
    x0 = (x0 + x1) | 0
    x1 = (odd ? (x1 << 6) | (x1 >>> 26) : (x1 << 24) | (x1 >>> 8)) ^ x0
    x0 = (x0 + a) | 0
    x1 = (x1 + b + injection) | 0
    const next = a
    a = b
    b = c
    c = next
  }
  out[at] = x0
  out[at + 1] = x1
}

/** Two words of 32 bits, unsigned, from a key and a counter of two words each. */
export const threefry2x32 = (
  key: readonly [number, number],
  counter: readonly [number, number]
): readonly [number, number] => {
  const words = new Int32Array(2)
  threefryInto(key[0] | 0, key[1] | 0, counter[0] | 0, counter[1] | 0, words, 0)
  return [words[0]! >>> 0, words[1]! >>> 0]
}
