import { Interpreter, Random, Shape, Tensor } from "@fluxion/core"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const seed = fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }))

describe("key", () => {
  it("holds the two's complement of the seed", () => {
    fc.assert(
      fc.property(seed, (n) => {
        const [high, low] = Random.key(n).data
        const bits = (BigInt(high! >>> 0) << 32n) | BigInt(low! >>> 0)
        expect(bits).toBe(BigInt.asUintN(64, BigInt(n)))
      })
    )
  })

  it.each([0.5, NaN, Infinity, 2 ** 53, -(2 ** 53), 2n ** 64n, -(2n ** 63n) - 1n])("refuses %s", (n) => {
    expect(() => Random.key(n)).toThrow(RangeError)
    expect(() => Random.key(n)).toThrow(`got ${n}`)
  })
})

describe("foldIn and split", () => {
  it("derive what programs derive, in both call styles", () => {
    const key = Random.key(42)
    expect(Random.foldIn(key, 1)).toEqual(Tensor.index([64467757, -1378843660]))
    expect(key.pipe(Random.foldIn(1))).toEqual(Random.foldIn(key, 1))
    expect(Random.foldIn(key, 2 ** 32 - 1)).toEqual(Random.foldIn(key, -1))
    expect(Interpreter.algebra.apply("foldIn", {}, [key, Tensor.index(7)])).toEqual(Random.foldIn(key, 7))
    // As in primitives/random.test.ts, for counters (3, i).
    expect(Random.split(key, 2)).toEqual([
      Tensor.index([1681094280, 1937190183]),
      Tensor.index([-2103146570, -912214635])
    ])
    expect(key.pipe(Random.split(2))).toEqual(Random.split(key, 2))
  })

  it("give different keys, none of one among those of the other", () => {
    fc.assert(
      fc.property(seed, (n) => {
        const key = Random.key(n)
        const keys = [...Random.split(key, 100), ...Array.from({ length: 100 }, (_, i) => Random.foldIn(key, i)), key]
        expect(new Set(keys.map(String)).size).toBe(201)
      })
    )
  })

  it("refuse what is no number of theirs, and what is no key", () => {
    const key = Random.key(0)
    expect(() => Random.foldIn(key, 0.5)).toThrow(RangeError)
    expect(() => Random.foldIn(key, 2 ** 32)).toThrow(RangeError)
    expect(() => Random.split(key, -1)).toThrow(RangeError)
    expect(() => Random.foldIn(Tensor.index([1, 2, 3]) as never, 0)).toThrow(Shape.ShapeError)
    expect(() => Random.split(Tensor.make([1, 2]) as never, 0)).toThrow(Shape.ShapeError)
  })
})
