import { Expr, Fn, Tensor, Tree, Type } from "@fluxion/core"
import { Arbitraries } from "@fluxion/testing"
import { Equal } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

/** Arbitrary specifications: all element types, records with keys of any kind, tuples, nesting. */
const specs: fc.Arbitrary<Tree.Spec> = fc.letrec<{ tree: Tree.Spec; leaf: Tree.Leaf }>((tie) => {
  const shape = Arbitraries.shape({ minDimension: 0, maxRank: 2 })
  const keys = fc.oneof(fc.constantFrom("w", "b", "x y", "0", "t1", "class", "__proto__", 'a"b'), fc.string())
  const record = fc.dictionary(keys, tie("tree"), { maxKeys: 3 })
  // Numbers and tuples without elements are shapes; what looks like a type is one.
  const tuple = fc.array(tie("tree"), { minLength: 1, maxLength: 3 })
  return {
    leaf: fc.oneof(shape, shape.map(Type.index), shape.map(Type.bool), shape.map(Type.real)),
    tree: fc.oneof({ maxDepth: 3 }, tie("leaf"), record, tuple)
  }
}).tree

const sameValue = (spec: Tree.Spec, x: unknown, y: unknown): boolean => {
  const [left, right] = [Tree.toTensors("test", spec, x), Tree.toTensors("test", spec, y)]
  return left.every((tensor, i) => Equal.equals(tensor, right[i]))
}

const minimal = <A>(arbitrary: fc.Arbitrary<A>): string =>
  fc.stringify(fc.check(fc.property(arbitrary, () => false)).counterexample![0])

describe("point", () => {
  it("is a value of its specification, and prints as code that builds it", () => {
    const points = specs.chain((spec) => fc.tuple(fc.constant(spec), Arbitraries.point(spec)))
    fc.assert(
      fc.property(points, ([spec, at]) => {
        const code = fc.stringify(at)
        const again: unknown = new Function("Tensor", "Fn", "Expr", `return (${code})`)(Tensor, Fn, Expr)
        expect(sameValue(spec, at, again)).toBe(true)
      }),
      { numRuns: 500 }
    )
  })

  it("keeps the constraints of all leaves and of single ones", () => {
    const spec = { w: [3], deep: [{ i: Type.index([4]), b: Type.bool([]) }, [2, 2]], j: Type.index([]) } as const
    const points = Arbitraries.point(spec, {
      reals: { min: 1, max: 2 },
      indices: { min: 5, max: 6 },
      leaves: {
        deep: [{ i: { min: -1, max: -1 }, b: fc.constant(true) }, Arbitraries.orthogonal(2)],
        w: { min: -9, max: -8 }
      }
    })
    fc.assert(
      fc.property(points, ({ deep, j, w }) => {
        expect(w.data.every((x) => x >= -9 && x <= -8)).toBe(true)
        expect(deep[0].i.data.every((x) => x === -1)).toBe(true)
        expect(deep[0].b).toBe(true)
        expect(Math.abs(deep[1].data[0]!)).toBeLessThanOrEqual(1 + 1e-15)
        expect([5, 6]).toContain(j)
      })
    )
    expect(minimal(points)).toBe(
      "{ w: Tensor.make([-8, -8, -8]), deep: [{ i: Tensor.index([-1, -1, -1, -1]), b: true }, " +
        "Tensor.make([[1, 0], [0, 1]])], j: 5 }"
    )
  })

  it("takes constraints for a tree that is one leaf", () => {
    expect(minimal(Arbitraries.point([2], { leaves: { positive: true } }))).toBe("Tensor.make([1, 1])")
    expect(minimal(Arbitraries.point([], { leaves: fc.constant(7) }))).toBe("7")
    expect(minimal(Arbitraries.point(Type.bool([])))).toBe("false")
  })

  it("is what a program runs at", () => {
    const f = Fn.make({ x: [3], rows: Type.index([2]), flip: Type.bool([]) }, ({ flip, rows, x }) =>
      Expr.select(flip, Expr.neg(Expr.gather(x, rows)), Expr.gather(x, rows))
    )
    fc.assert(
      fc.property(Arbitraries.point(f.inputs, { indices: { max: 2 } }), (at) =>
        Fn.runSync(f, at).data.every(Number.isFinite)
      )
    )
  })
})

describe("direction", () => {
  const spec = { x: [3], skip: Type.index([2]), y: [[], [2, 2]] } as const
  const elements = (tree: unknown): ReadonlyArray<number> =>
    Tree.toTensors("test", Tree.tangentSpec(spec), tree).flatMap(({ data }) => Array.from(data))

  it("has norm 1, and leaves out what has no tangents", () => {
    const seen = new Set<number>()
    fc.assert(
      fc.property(Arbitraries.direction(spec), (v) => {
        expect(Object.keys(v)).toEqual(["x", "y"])
        expect(Math.abs(Math.hypot(...elements(v)) - 1)).toBeLessThan(4e-16)
        elements(v).forEach((x) => seen.add(x))
      }),
      { numRuns: 300 }
    )
    expect(seen.size).toBeGreaterThan(100)
  })

  it("is along one element with `basis`, and each of them occurs", () => {
    const places = new Set<number>()
    fc.assert(
      fc.property(Arbitraries.direction(spec, { basis: true }), (v) => {
        expect(elements(v).toSorted()).toEqual([0, 0, 0, 0, 0, 0, 0, 1])
        places.add(elements(v).indexOf(1))
      }),
      { numRuns: 300 }
    )
    expect(places.size).toBe(8)
  })

  it("shrinks to one element, printed as code", () => {
    expect(minimal(Arbitraries.direction(spec))).toBe(
      "{ x: Tensor.make([0, 0, 0]), y: [0, Tensor.make([[0, 0], [0, 1]])] }"
    )
    expect(minimal(Arbitraries.direction(spec, { basis: true }))).toBe(
      "{ x: Tensor.make([1, 0, 0]), y: [0, Tensor.make([[0, 0], [0, 0]])] }"
    )
  })

  it("is refused where nothing varies", () => {
    expect(() => Arbitraries.direction({ i: Type.index([3]), e: [0] })).toThrow(
      "expected an element of reals, got { i: index[3], e: real[0] }"
    )
  })
})
