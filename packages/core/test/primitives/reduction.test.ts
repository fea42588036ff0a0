import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Name } from "../../src/Primitive.ts"
import * as Tensor from "../../src/Tensor.ts"
import {
  at,
  axesOf,
  axisOf,
  build,
  expectMisuse,
  expectSame,
  fromElements,
  indicesOf,
  run,
  shapes,
  smallIntegers,
  tensors
} from "./oracle.ts"
import type { ElementType, Index, Misuse } from "./oracle.ts"

type Fold = (elements: ReadonlyArray<number>) => number

const isNaNumber = (x: number): boolean => x !== x

const largest: Fold = (xs) => {
  if (xs.some(isNaNumber)) return NaN
  const most = xs.reduce((best, x) => (x > best ? x : best), -Infinity)
  return most === 0 && xs.some((x) => Object.is(x, 0)) ? 0 : most
}

const smallest: Fold = (xs) => {
  if (xs.some(isNaNumber)) return NaN
  const least = xs.reduce((best, x) => (x < best ? x : best), Infinity)
  return least === 0 && xs.some((x) => Object.is(x, -0)) ? -0 : least
}

const wrap = (x: bigint): number => Number(BigInt.asIntN(32, x))

// Below 129 elements pairwise summation is sequential, so the oracles of the small arrays agree to the bit.
const folds: ReadonlyArray<readonly [Name & ("sum" | "prod"), ElementType, Fold]> = [
  ["sum", "real", (xs) => xs.reduce((total, x) => total + x, 0)],
  ["sum", "index", (xs) => wrap(xs.reduce((total, x) => total + BigInt(x), 0n))],
  ["prod", "real", (xs) => xs.reduce((total, x) => total * x, 1)],
  ["reduceMax" as "sum", "real", largest],
  ["reduceMax" as "sum", "index", (xs) => Math.max(-2147483648, ...xs)],
  ["reduceMin" as "sum", "real", smallest],
  ["reduceMin" as "sum", "index", (xs) => Math.min(2147483647, ...xs)],
  ["any" as "sum", "bool", (xs) => (xs.includes(1) ? 1 : 0)],
  ["all" as "sum", "bool", (xs) => (xs.includes(0) ? 0 : 1)]
]

/** The elements that a result element is made of, in row-major order of the reduced axes. */
const reduced = (x: Tensor.Any, axes: Index, result: Index): Array<number> =>
  indicesOf(axes.map((axis) => x.shape[axis]!)).map((inner) => {
    const outer = [...result]
    const index = x.shape.map((_, axis) => (axes.includes(axis) ? inner[axes.indexOf(axis)]! : outer.shift()!))
    return at(x, index)
  })

const without = (shape: Index, axes: Index): Index => shape.filter((_, axis) => !axes.includes(axis))

const withAxes = (elementType: ElementType) =>
  shapes().chain((shape) => fc.tuple(tensors(elementType, shape), axesOf(shape)))

const withAxis = (elementType: ElementType, element?: fc.Arbitrary<number>) =>
  shapes(1).chain((shape) => fc.tuple(tensors(elementType, shape, element), axisOf(shape)))

describe("reductions", () => {
  it.each(folds)("%s of %s folds the elements of every result", (name, elementType, fold) => {
    fc.assert(
      fc.property(withAxes(elementType), ([x, axes]) => {
        const result = run(name, { axes }, x)
        if (axes.length === 0) return expectSame(result, x)
        expectSame(
          result,
          build(elementType, without(x.shape, axes), (index) => fold(reduced(x, axes, index)))
        )
      }),
      { numRuns: 200 }
    )
  })

  it.each([
    ["sum", 0],
    ["prod", 1],
    ["reduceMax", -Infinity],
    ["reduceMin", Infinity]
  ] as const)("%s of nothing is %d", (name, expected) => {
    expect([...run(name, { axes: [1] }, Tensor.zeros([2, 0])).data]).toEqual([expected, expected])
  })

  it("any of nothing is false and all of nothing is true", () => {
    expect(run("any", { axes: [0] }, fromElements("bool", [0], [])).data[0]).toBe(0)
    expect(run("all", { axes: [0] }, fromElements("bool", [0], [])).data[0]).toBe(1)
  })
})

describe("pairwise summation", () => {
  // Oracle: 2^-1074 is a unit of every double, so sums of BigInts of units are exact.
  const units = (x: number): bigint => {
    const bits = new BigUint64Array(new Float64Array([x]).buffer)[0]!
    const exponent = (bits >> 52n) & 2047n
    const fraction = bits & ((1n << 52n) - 1n)
    const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n)
    return x < 0 ? -magnitude : magnitude
  }

  it("stays within the error bound", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 100, maxLength: 3000, size: "max" }),
        (values) => {
          const sum = run("sum", { axes: [0] }, Tensor.fromArray(values, [values.length])).data[0]!
          const exact = values.reduce((total, x) => total + units(x), 0n)
          const magnitude = values.reduce((total, x) => total + Math.abs(x), 0)
          const error = units(sum) - exact
          const bound = (128 + Math.log2(values.length)) * 2 ** -53 * magnitude
          expect((error < 0n ? -error : error) <= units(bound * (1 + 1e-9))).toBe(true)
        }
      ),
      { numRuns: 20 }
    )
  })

  it("is a hundred times as accurate as adding in sequence", () => {
    const n = 1_000_000
    const x = Tensor.full([n], 0.1)
    const sequential = x.data.reduce((total, value) => total + value, 0)
    const pairwise = run("sum", { axes: [0] }, x).data[0]!
    const error = (sum: number): bigint => {
      const difference = units(sum) - units(0.1) * BigInt(n)
      return difference < 0n ? -difference : difference
    }
    expect(error(pairwise) * 100n < error(sequential)).toBe(true)
  })

  it("has the documented order: blocks of 128 merged as a binary counter carries", () => {
    fc.assert(
      fc.property(fc.nat({ max: 1500 }), fc.integer(), (n, seed) => {
        const values = Array.from({ length: n }, (_, i) => Math.sin(seed + i * i) * 10 ** (i % 7))
        const counter: Array<{ total: number; blocks: number }> = []
        for (let from = 0; from < n; from += 128) {
          const block = values.slice(from, from + 128).reduce((total, x) => total + x, 0)
          let carry = { total: block, blocks: 1 }
          while (counter.length > 0 && counter.at(-1)!.blocks === carry.blocks) {
            const left = counter.pop()!
            carry = { total: left.total + carry.total, blocks: 2 * carry.blocks }
          }
          counter.push(carry)
        }
        const expected = counter.reduceRight((right, left) => (right === 0 ? left.total : left.total + right), 0)
        const actual = run("sum", { axes: [0] }, Tensor.fromArray(values, [n])).data[0]!
        expect(actual).toBe(expected)
      }),
      { numRuns: 50 }
    )
  })
})

describe("arg-reductions", () => {
  const position =
    (extremum: Fold): Fold =>
    (xs) => {
      const found = extremum(xs)
      return xs.findIndex((x) => x === found || (isNaNumber(x) && isNaNumber(found)))
    }

  const ties = fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 1, -1)

  it.each([
    ["argmax", largest],
    ["argmin", smallest]
  ] as const)("%s finds the first extremum", (name, extremum) => {
    const check = ([x, axis]: [Tensor.Any, number]): void => {
      fc.pre(x.shape[axis] !== 0)
      const result = run(name, { axis }, x)
      expectSame(
        result,
        build("index", without(x.shape, [axis]), (index) => position(extremum)(reduced(x, [axis], index)))
      )
    }
    fc.assert(fc.property(withAxis("real"), check))
    fc.assert(fc.property(withAxis("real", ties), check))
    fc.assert(fc.property(withAxis("index", fc.integer({ min: -2, max: 2 })), check))
  })

  it("the first NaN wins", () => {
    const x = Tensor.make([1, NaN, Infinity, NaN, -Infinity])
    expect(run("argmax", { axis: 0 }, x).data[0]).toBe(1)
    expect(run("argmin", { axis: 0 }, x).data[0]).toBe(1)
  })
})

describe("cumulative", () => {
  it.each([
    ["cumsum", (xs: ReadonlyArray<number>) => xs.reduce((total, x) => total + x, 0)],
    ["cumprod", (xs: ReadonlyArray<number>) => xs.reduce((total, x) => total * x, 1)]
  ] as const)("%s folds every prefix or suffix", (name, fold) => {
    fc.assert(
      fc.property(withAxis("real"), fc.boolean(), ([x, axis], reverse) => {
        expectSame(
          run(name, { axis, reverse }, x),
          build("real", x.shape, (index) => {
            const line = reduced(x, [axis], index.toSpliced(axis, 1))
            const i = index[axis]!
            return fold(reverse ? line.slice(i).reverse() : line.slice(0, i + 1))
          })
        )
      })
    )
  })

  it("ends with the reduction", () => {
    fc.assert(
      fc.property(fc.array(smallIntegers, { minLength: 1, maxLength: 100 }), (values) => {
        const x = Tensor.fromArray(values, [values.length])
        const last = run("cumsum", { axis: 0, reverse: false }, x).data.at(-1)
        expect(last).toBe(run("sum", { axes: [0] }, x).data[0])
      })
    )
  })
})

describe("typing", () => {
  const misuses: ReadonlyArray<Misuse> = [
    ["sum", { axes: [0] }, ["bool[3]"], "expected real or index, got bool[3]"],
    ["sum", { axes: [0] }, ["real[3]", "real[3]"], "expected 1 operand, got 2"],
    ["sum", { axes: [1] }, ["real[3]"], "axis 1 is out of range for [3]"],
    ["sum", { axes: [-1] }, ["real[3]"], "axis -1 is out of range for [3]"],
    ["sum", { axes: [0.5] }, ["real[3]"], "axis 0.5 is out of range for [3]"],
    ["sum", { axes: ["0"] }, ["real[3]"], "axis 0 is out of range for [3]"],
    ["sum", { axes: [NaN] }, ["real[3]"], "axis NaN is out of range for [3]"],
    ["sum", { axes: [1, 0] }, ["real[3,4]"], "expected distinct axes in ascending order, got [1,0] for [3,4]"],
    ["sum", { axes: [0, 0] }, ["real[3,4]"], "expected distinct axes in ascending order, got [0,0] for [3,4]"],
    ["sum", {}, ["real[3,4]"], "expected axes to be a list, got undefined for [3,4]"],
    ["sum", { axes: [0] }, ["real[]"], "axis 0 is out of range for []"],
    ["prod", { axes: [0] }, ["index[3]"], "expected real, got index[3]"],
    ["reduceMax", { axes: [0] }, ["bool[3]"], "expected real or index, got bool[3]"],
    ["reduceMin", { axes: [0] }, ["bool[3]"], "expected real or index, got bool[3]"],
    ["any", { axes: [0] }, ["real[3]"], "expected bool, got real[3]"],
    ["all", { axes: [0] }, ["index[3]"], "expected bool, got index[3]"],
    ["argmax", { axis: 0 }, ["bool[3]"], "expected real or index, got bool[3]"],
    ["argmax", { axis: 0 }, ["real[]"], "axis 0 is out of range for []"],
    ["argmax", { axis: 0 }, ["real[0,3]"], "expected a non-empty axis, but axis 0 of [0,3] is empty"],
    ["argmin", { axis: 1 }, ["real[3,0]"], "expected a non-empty axis, but axis 1 of [3,0] is empty"],
    ["argmin", {}, ["real[3]"], "axis undefined is out of range for [3]"],
    ["cumsum", { axis: 0, reverse: false }, ["index[3]"], "expected real, got index[3]"],
    ["cumsum", { axis: 2, reverse: false }, ["real[3,4]"], "axis 2 is out of range for [3,4]"],
    ["cumprod", { axis: 0, reverse: 1 }, ["real[3]"], "expected reverse to be true or false, got 1"],
    ["cumprod", { axis: 0, reverse: false }, [], "expected 1 operand, got 0"]
  ]

  it.each(misuses)("%s %j of %j is refused: %s", (...misuse) => expectMisuse(misuse))
})
