import { Interpreter, Primitive, Shape, Tensor, Type } from "@fluxion/core"
import { describe, expect, it } from "vitest"

const { foldIn, randomPermutation, randomUniform } = Primitive.definitions
const apply = Interpreter.algebra.apply
const keyOf = (words: readonly [number, number]) => Tensor.index(words)

// Computed by an independent implementation in Python (see optim/test/Shuffle.test.ts for its `threefry` and for `below`):
//
//   fold = lambda k, d: threefry(k, (0, d & M))
//   def uniform(k, n): return [((a << 32 | b) >> 11) / 2**53 for a, b in (threefry(k, (1, i)) for i in range(n))]
//   permutation: words = (w for n in count() for w in threefry(k, (2, n)))
//
// for keys (seed >> 32 & M, seed & M).
const cases = [
  {
    words: [0, 0],
    keys: [
      [1797259609, -1715843330],
      [928981903, -841280227],
      [743310391, -505205485],
      [1609757137, -1929714535]
    ],
    uniform: [0.3146817192326744, 0.5760166270699968, 0.3236726903657299],
    permutation: [3, 6, 4, 0, 1, 5, 2]
  },
  {
    words: [0, 42],
    keys: [
      [1832780943, 270669613],
      [64467757, -1378843660],
      [-1896430451, -403990582],
      [793847391, 18989694]
    ],
    uniform: [0.10015824060222656, 0.2687092952221162, 0.165208437944946],
    permutation: [3, 5, 4, 2, 6, 0, 1]
  },
  {
    words: [-1, -5],
    keys: [
      [-1514273044, -1518681839],
      [-515136837, -494276992],
      [-1828309562, -186755629],
      [-1053857377, 852970809]
    ],
    uniform: [0.5528109652978103, 0.7235913046317322, 0.26494118120954335],
    permutation: [1, 0, 3, 2, 6, 5, 4]
  },
  {
    words: [256, 3],
    keys: [
      [1903400153, -1204222717],
      [1898048313, 2094402391],
      [589070892, -1024124477],
      [439714292, 1836383774]
    ],
    uniform: [0.05680095183263634, 0.45571086731210964, 0.6321800781666833],
    permutation: [4, 0, 6, 5, 1, 2, 3]
  }
] as const

describe("draws under a key", () => {
  it.each(cases)("are the same on every machine: $words", ({ keys, permutation, uniform, words }) => {
    const key = keyOf(words)
    expect(apply("foldIn", {}, [key, Tensor.index([0, 1, -1, 123456])])).toEqual(Tensor.index(keys))
    expect(apply("randomUniform", { shape: [3] }, [key])).toEqual(Tensor.make(uniform))
    expect(apply("randomUniform", { shape: [3, 1] }, [key])).toEqual(Tensor.fromArray(uniform, [3, 1]))
    expect(apply("randomPermutation", { size: 7 }, [key])).toEqual(Tensor.index(permutation))
  })

  it("have the shapes asked for, also none at all", () => {
    const key = keyOf([1, 2])
    expect(apply("foldIn", {}, [key, Tensor.index(3)]).shape).toEqual([2])
    expect(apply("foldIn", {}, [key, Tensor.index([[3], [4]])]).shape).toEqual([2, 1, 2])
    expect(apply("randomUniform", { shape: [] }, [key]).data.length).toBe(1)
    expect(apply("randomUniform", { shape: [3, 0] }, [key]).data.length).toBe(0)
    expect(apply("randomPermutation", { size: 0 }, [key])).toEqual(Tensor.index([]))
    expect(apply("randomPermutation", { size: 1 }, [key])).toEqual(Tensor.index([0]))
  })

  it("of one key for two purposes are apart", () => {
    const key = keyOf([1, 2])
    const words = apply("foldIn", {}, [key, Tensor.index([0, 1, 2, 3])]).data
    const reals = apply("randomUniform", { shape: [4] }, [key]).data
    // The reals that the words would give.
    const same = Array.from(reals, (_, i) => ((words[2 * i]! >>> 0) * 2 ** 21 + (words[2 * i + 1]! >>> 11)) * 2 ** -53)
    same.forEach((x, i) => expect(reals[i]).not.toBe(x))
  })
})

describe("types", () => {
  const key = Type.index([2])
  it.each([
    [() => foldIn.type({}, [Type.index([3]), Type.index([])]), "foldIn: expected a key, index[2], got index[3]"],
    [() => foldIn.type({}, [Type.real([2]), Type.index([])]), "foldIn: expected a key, index[2], got real[2]"],
    [() => foldIn.type({}, [key, Type.real([])]), "foldIn: expected a key and indices, got index[2] and real[]"],
    [() => foldIn.type({}, [key] as never), "foldIn: expected 2 operands, got 1"],
    [() => randomUniform.type({ shape: [-1] }, [key]), "expected shape to be integers not below 0"],
    [() => randomUniform.type({ shape: [2 ** 17, 2 ** 17] }, [key]), "expected at most 4294967296 elements"],
    [() => randomUniform.type({ shape: [] }, [Type.bool([2])]), "randomUniform: expected a key"],
    [() => randomPermutation.type({ size: 1.5 }, [key]), "expected size to be an integer not below 0, got 1.5"],
    [() => randomPermutation.type({ size: 2 ** 31 + 1 }, [key]), "expected at most 2147483648 elements"]
  ])("%#", (type, message) => {
    expect(type).toThrow(Shape.ShapeError)
    expect(type).toThrow(message)
  })
})
