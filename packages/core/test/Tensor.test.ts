import { Arbitrary, Effect, Equal, Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Shape, Tensor, Tree, Type } from "../src/index.ts"

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
const tensors = shapes.chain((shape) =>
  fc
    .array(fc.double(), { minLength: Shape.size(shape), maxLength: Shape.size(shape) })
    .map((data) => Tensor.fromArray(data, shape))
)

describe("Tensor", () => {
  it("has a schema of which effect derives values, of the right shape and any elements", () => {
    const schema = Tensor.schema([2, 3])
    const values = Effect.runSync(Arbitrary.sampleEffect(Arbitrary.schema(schema), { count: 100, seed: 1 }))
    expect(values.every(Schema.is(schema))).toBe(true)
    const elements = values.flatMap(({ data }) => Array.from(data))
    expect([Number.isNaN, (x: number) => x === Infinity, Number.isInteger].map((is) => elements.some(is))).toEqual([
      true,
      true,
      true
    ])
  })

  it("round-trips through nested arrays when nothing is empty", () => {
    fc.assert(
      fc.property(tensors, (t) => {
        if (t.data.length === 0) return
        const again: Tensor.Any = Tensor.make(Tensor.toNested(t) as number)
        expect(again.shape).toEqual(t.shape)
        expect(Equal.equals(again, t)).toBe(true)
      })
    )
  })

  it("round-trips through its schema, NaN, infinities and -0 included", () => {
    fc.assert(
      fc.property(tensors, (t) => {
        const schema = Tensor.schema(t.shape)
        const json: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(schema)(t)))
        expect(Equal.equals(Schema.decodeUnknownSync(schema)(json) as unknown, t)).toBe(true)
      })
    )
  })

  it("says what is wrong with data that does not decode", () => {
    const decode = Schema.decodeUnknownSync(Tensor.schema([2]))
    expect(() => decode({ shape: [3], data: [1, 2, 3] })).toThrow("expected shape [2], got [3]")
    expect(() => decode({ shape: [2], data: [1] })).toThrow("expected 2 elements, got 1")
    expect(() => decode({ shape: [2], data: [1, "x"] })).toThrow(/data/)
    expect(() => decode(null)).toThrow(/Expected/)
  })

  it("names the place where nesting is ragged", () => {
    expect(() => Tensor.make([[1, 2], [3]] as const)).toThrow("expected 2 elements at value[1], got 1")
    expect(() => Tensor.make([1, [2]])).toThrow("at value[1]")
  })

  it("refuses indices that are not 32-bit integers, and lengths that do not fit", () => {
    expect(() => Tensor.index([1.5])).toThrow("1.5 (element 0) is not a 32-bit integer")
    expect(() => Tensor.fromArray([1, 2, 3], [2])).toThrow("expected 2 elements for shape [2], got 3")
    expect(() => Tensor.zeros([-1])).toThrow("not a non-negative integer")
    expect(() => Tensor.iota(-1)).toThrow("not a non-negative integer")
    expect(() => Tensor.iota(1.5)).toThrow("not a non-negative integer")
    expect(() => Tensor.schema([-1])).toThrow("not a non-negative integer")
    expect(() => Tensor.item(Tensor.make([1, 2]))).toThrow("expected one element, got 2")
  })

  it("compares by value", () => {
    expect(Equal.equals(Tensor.make([NaN, 0]), Tensor.make([NaN, 0]))).toBe(true)
    expect(Equal.equals(Tensor.make([0]), Tensor.make([-0]))).toBe(false)
    expect(Equal.equals(Tensor.make([1]), Tensor.make([[1]]))).toBe(false)
  })
})

describe("Shape", () => {
  it("broadcasts as its definition says", () => {
    fc.assert(
      fc.property(shapes, shapes, (a, b) => {
        const rank = Math.max(a.length, b.length)
        const padded = (s: ReadonlyArray<number>) => [...Array.from({ length: rank - s.length }, () => 1), ...s]
        const pairs = padded(a).map((m, i) => [m, padded(b)[i]!] as const)
        const fits = pairs.every(([m, n]) => m === n || m === 1 || n === 1)
        if (!fits) expect(() => Shape.broadcast("test", a, b)).toThrow(`cannot broadcast [${a}] with [${b}]`)
        else {
          const result = Shape.broadcast("test", a, b)
          expect(result).toEqual(pairs.map(([m, n]) => (m === 1 ? n : m)))
          expect(Shape.broadcastsTo(a, result)).toBe(true)
          expect(Shape.broadcastsTo(b, result)).toBe(true)
        }
      })
    )
  })

  it("normalises axes", () => {
    expect(Shape.normalizeAxes("t", [2, 3, 4], [-1, 0])).toEqual([0, 2])
    expect(() => Shape.normalizeAxes("t", [2, 3], [0, -2])).toThrow("named twice")
    expect(() => Shape.normalizeAxes("t", [2, 3], 2)).toThrow("axis 2 is out of range for [2,3]")
    expect(() => Shape.normalizeAxes("t", [2, 3], 0.5)).toThrow("out of range")
  })
})

describe("Tree", () => {
  const specs = fc.letrec<{ spec: Tree.Spec; leaf: Tree.Spec; record: Tree.Spec; tuple: Tree.Spec }>((tie) => ({
    leaf: fc.oneof(
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
      fc.constant(Type.index([2])),
      fc.constant(Type.bool([]))
    ),
    record: fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie("spec"), { maxKeys: 3 }) as fc.Arbitrary<Tree.Spec>,
    tuple: fc.array(tie("record"), { minLength: 1, maxLength: 2 }) as fc.Arbitrary<Tree.Spec>,
    spec: fc.oneof({ depthSize: "small" }, tie("leaf"), tie("record"), tie("tuple"))
  })).spec

  it("unflatten is the inverse of flatten", () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const numbered = Tree.leaves(spec).map((_, i) => i)
        expect(Tree.flatten(spec, Tree.unflatten(spec, numbered))).toEqual(numbered)
      })
    )
  })

  it("keeps the real leaves, in order, as tangents", () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const real = Tree.leaves(spec).filter((leaf) => leaf.type.elementType === "real")
        expect(Tree.leaves(Tree.tangentSpec(spec)).map((leaf) => leaf.type.shape)).toEqual(
          real.map((leaf) => leaf.type.shape)
        )
      })
    )
  })

  it("names the path of what is missing", () => {
    expect(() => Tree.flatten({ a: { b: [[], []] } }, { a: { b: [1] } })).toThrow("nothing at a.b[1], expected real[]")
    expect(() => Tree.toTensors("t", { a: [2] }, { a: "x" })).toThrow("a: expected real[2], got string")
  })
})
