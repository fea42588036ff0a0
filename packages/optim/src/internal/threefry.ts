// Threefry-2x32 with 20 rounds: a counter-based generator. The same 64 bits for the same key and counter on every machine.
//
// Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3", section 3.3 and table 2 (rotations).

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const

/** Two words of 32 bits from a key and a counter of two words each. */
export const threefry2x32 = (
  key: readonly [number, number],
  counter: readonly [number, number]
): readonly [number, number] => {
  const schedule = [key[0] | 0, key[1] | 0, 0x1bd11bda ^ key[0] ^ key[1]] as const
  let x0 = (counter[0] + schedule[0]) | 0
  let x1 = (counter[1] + schedule[1]) | 0
  for (let round = 0; round < 20; round++) {
    const rotation = rotations[round & 7]!
    x0 = (x0 + x1) | 0
    x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0
    if ((round & 3) === 3) {
      const injection = (round >> 2) + 1
      x0 = (x0 + schedule[injection % 3]!) | 0
      x1 = (x1 + schedule[(injection + 1) % 3]! + injection) | 0
    }
  }
  return [x0 >>> 0, x1 >>> 0]
}
