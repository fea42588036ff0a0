import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Affine from "../../../src/internal/loops/affine.ts"
import { access, type Buffer, type Loop, makeBuffer, makeLoop } from "../../../src/internal/loops/model.ts"

const loops: ReadonlyArray<Loop> = [2, 3, 5, 1].map(makeLoop)
/** Indices that are computed at run time. */
const indices: ReadonlyArray<Buffer> = [0, 1].map(() => makeBuffer("temporary", { elementType: "index", shape: [] }))

const small = fc.integer({ min: -7, max: 7 })

const affine: fc.Arbitrary<Affine.Affine> = fc
  .record({
    constant: small,
    terms: fc.array(fc.tuple(fc.constantFrom(...loops), small), { maxLength: 5 }),
    dynamic: fc.array(fc.tuple(fc.constantFrom(...indices), small), { maxLength: 2 })
  })
  .map(({ constant, dynamic, terms }) =>
    [
      ...terms.map(([loop, factor]) => Affine.ofLoop(loop, factor)),
      ...dynamic.map(([index, factor]) => Affine.scale(Affine.ofIndex(access(index)), factor))
    ].reduce(Affine.add, Affine.constant(constant))
  )

const fixed = affine.filter(({ dynamic }) => dynamic.length === 0)

interface Point {
  readonly ofLoop: ReadonlyMap<Loop, number>
  readonly ofIndex: ReadonlyMap<Buffer, number>
}

const point: fc.Arbitrary<Point> = fc
  .tuple(fc.tuple(...loops.map(({ extent }) => fc.nat((extent as number) - 1))), fc.tuple(small, small))
  .map(([own, other]) => ({
    ofLoop: new Map(loops.map((loop, i) => [loop, own[i]!])),
    ofIndex: new Map(indices.map((index, i) => [index, other[i]!]))
  }))

const valueAt = ({ constant, dynamic, terms }: Affine.Affine, { ofIndex, ofLoop }: Point): number =>
  terms.reduce((sum, { factor, loop }) => sum + factor * ofLoop.get(loop)!, constant) +
  dynamic.reduce((sum, { factor, index }) => sum + factor * ofIndex.get(index.buffer)!, 0)

describe("affine subscripts", () => {
  it("are added and scaled as their values are", () => {
    fc.assert(
      fc.property(affine, affine, small, point, (a, b, by, at) => {
        expect(valueAt(Affine.add(a, b), at)).toBe(valueAt(a, at) + valueAt(b, at))
        expect(valueAt(Affine.scale(a, by), at)).toBe(by * valueAt(a, at) + 0)
      })
    )
  })

  it("have one term for a loop, and none with the factor 0", () => {
    fc.assert(
      fc.property(affine, affine, (a, b) => {
        const { terms } = Affine.add(a, b)
        expect(new Set(terms.map(({ loop }) => loop)).size).toBe(terms.length)
        expect(terms.every(({ factor }) => factor !== 0)).toBe(true)
      })
    )
  })

  it("replace loops by what takes their value", () => {
    fc.assert(
      fc.property(affine, affine, fc.constantFrom(...loops), point, (a, by, loop, at) => {
        const replaced = Affine.substitute(a, (other) => (other === loop ? by : undefined))
        const moved = { ...at, ofLoop: new Map([...at.ofLoop, [loop, valueAt(by, at)]]) }
        expect(valueAt(replaced, at)).toBe(valueAt(a, moved))
      })
    )
  })

  it("are the sum of the term of a loop and the rest", () => {
    fc.assert(
      fc.property(affine, fc.constantFrom(...loops), point, (a, loop, at) => {
        expect(Affine.factorOf(a, loop) * at.ofLoop.get(loop)! + valueAt(Affine.without(a, loop), at)).toBe(
          valueAt(a, at)
        )
      })
    )
  })

  it("have their range, which they reach", () => {
    const all = (rest: ReadonlyArray<Loop>): ReadonlyArray<ReadonlyMap<Loop, number>> =>
      rest.length === 0
        ? [new Map()]
        : all(rest.slice(1)).flatMap((map) =>
            Array.from({ length: rest[0]!.extent as number }, (_, i) => new Map([...map, [rest[0]!, i]]))
          )
    const points = all(loops)
    fc.assert(
      fc.property(fixed, (a) => {
        const values = points.map((ofLoop) => valueAt(a, { ofLoop, ofIndex: new Map() }))
        expect(Affine.range(a)).toEqual([Math.min(...values), Math.max(...values)])
      })
    )
    expect(Affine.range(Affine.ofIndex(access(indices[0]!)))).toBe(undefined)
  })

  it("are equal where they are equal everywhere", () => {
    fc.assert(
      fc.property(fixed, fixed, (a, b) => {
        const difference = Affine.add(a, Affine.scale(b, -1))
        const isZero = difference.terms.length === 0 && difference.constant === 0
        expect(Affine.equals(a, b)).toBe(isZero)
        expect(Affine.equals(Affine.add(a, b), Affine.add(b, a))).toBe(true)
      })
    )
  })

  it("lead to the element of row-major memory", () => {
    const buffer = makeBuffer("temporary", { elementType: "real", shape: [4, 3, 2] })
    fc.assert(
      fc.property(affine, affine, affine, point, (i, j, k, at) => {
        const [x, y, z] = [i, j, k].map((a) => valueAt(a, at)) as [number, number, number]
        expect(valueAt(Affine.linear(access(buffer, [i, j, k])), at)).toBe(6 * x + 2 * y + z)
      })
    )
  })
})
