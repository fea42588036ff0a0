import { Shuffle } from "@fluxion/optim"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

describe("permutation", () => {
  it("holds every position once", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2000 }), fc.maxSafeInteger(), fc.nat(), (count, seed, epoch) => {
        const sorted = Shuffle.permutation(count, { seed, epoch }).toSorted()
        expect(sorted.length).toBe(count)
        sorted.forEach((x, i) => expect(x).toBe(i))
      })
    )
  })

  it("is a function of count, seed and epoch, and depends on each bit of the seed", () => {
    const order = (seed: number, epoch: number) => Shuffle.permutation(50, { seed, epoch }).join()
    const seeds = [0, 1, -1, 2 ** 32, 2 ** 32 + 1, -(2 ** 32), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
    const orders = seeds.flatMap((seed) => [0, 1, 2].map((epoch) => order(seed, epoch)))
    expect(new Set(orders).size).toBe(orders.length)
    expect(order(7, 3)).toBe(order(7, 3))
  })

  // Computed by an independent implementation in Python:
  //
  //   M = 0xffffffff
  //   def threefry(k, c):
  //       ks = [k[0], k[1], 0x1bd11bda ^ k[0] ^ k[1]]; x, y = (c[0]+ks[0]) & M, (c[1]+ks[1]) & M
  //       for r in range(20):
  //           n = (13, 15, 26, 6, 17, 29, 16, 24)[r % 8]
  //           x = (x+y) & M; y = ((y << n | y >> (32-n)) & M) ^ x
  //           if r % 4 == 3:
  //               j = r//4 + 1; x = (x+ks[j % 3]) & M; y = (y+ks[(j+1) % 3]+j) & M
  //       return x, y
  //   def permutation(count, seed, epoch):
  //       key = (seed & M, (seed >> 32) & M)
  //       words = (w for n in range(10**9) for w in threefry(key, (epoch, n)))
  //       def below(b):
  //           while True:
  //               m = next(words) * b
  //               if m & M >= 2**32 % b: return m >> 32
  //       p = list(range(count))
  //       for i in range(count-1, 0, -1):
  //           j = below(i+1); p[i], p[j] = p[j], p[i]
  //       return p
  it.each([
    [10, 0, 1, [5, 2, 7, 0, 9, 8, 1, 4, 6, 3]],
    [10, 0, 2, [0, 4, 6, 7, 5, 9, 1, 2, 8, 3]],
    [12, 42, 1, [9, 8, 11, 0, 3, 4, 2, 6, 5, 7, 10, 1]],
    [9, -5, 7, [7, 0, 4, 2, 5, 1, 3, 8, 6]],
    [8, 1099511627779, 1, [1, 3, 4, 5, 7, 6, 2, 0]],
    [16, 9007199254740991, 4294967295, [15, 4, 2, 8, 9, 0, 7, 6, 5, 13, 3, 14, 11, 12, 1, 10]]
  ] as const)("is the same on every machine: count %d, seed %d, epoch %d", (count, seed, epoch, expected) => {
    expect(Array.from(Shuffle.permutation(count, { seed, epoch }))).toEqual(expected)
  })

  it("draws again where a draw would be biased", () => {
    // 300000 examples, seed 11, epoch 3: the same Python program rejects 8 draws; 31 h + x modulo 1000000007 over the order.
    const order = Shuffle.permutation(300_000, { seed: 11, epoch: 3 })
    expect(order.reduce((h, x) => (31 * h + x) % 1_000_000_007, 0)).toBe(497705012)
  })

  it("gives each of the 24 orders of four equally often", () => {
    const counts = new Map<string, number>()
    const trials = 24_000
    for (let epoch = 0; epoch < trials; epoch++) {
      const key = Shuffle.permutation(4, { seed: 2024, epoch }).join()
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    expect(counts.size).toBe(24)
    const expected = trials / 24
    const chiSquared = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0)
    // The 99.9% quantile of chi-squared with 23 degrees of freedom is 49.73.
    expect(chiSquared).toBeLessThan(49.73)
  })
})
