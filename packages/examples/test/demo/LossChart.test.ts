import { Effect, Stream } from "effect"
import { Xml } from "effect/encoding"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as LossChart from "../../src/demo/LossChart.ts"

const events = (svg: string) =>
  Effect.runSync(Stream.make(svg).pipe(Stream.pipeThroughChannel(Xml.decodeString()), Stream.runCollect))

const loss = fc.oneof(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), fc.constant(0))
const point = fc.tuple(fc.integer({ min: 1, max: 100_000 }), loss)
const curve = fc.record({
  title: fc.string({ unit: "binary", maxLength: 200 }),
  batches: fc.array(point, { maxLength: 50 }),
  all: fc.array(point, { minLength: 1, maxLength: 50 }),
  best: loss
})

describe("render", () => {
  it("is well-formed XML with finite coordinates, whatever the losses and the title", () => {
    fc.assert(
      fc.property(curve, (curve) => {
        const svg = LossChart.render(curve)
        expect(() => events(svg)).not.toThrow()
        expect(svg).not.toMatch(/="[^"]*(?:NaN|Infinity|undefined)/)
      })
    )
  })

  it("says in words what it shows", () => {
    const svg = LossChart.render({
      title: 'a < b & "c"',
      batches: [[1, 2.5]],
      all: [
        [1, 3],
        [100, 0.25]
      ],
      best: 0.2
    })
    expect(svg).toContain('<title id="title">a &lt; b &amp; &quot;c&quot;</title>')
    expect(svg).toContain(
      "The mean squared error on all data falls from 3 to 0.25 over 100 mini-batches; the least possible is 0.2."
    )
    expect(svg).toContain(">all data: 0.25</text>")
    expect(svg).toContain(">least squares: 0.2</text>")
  })

  it("stays small when there are many mini-batches", () => {
    const batches = Array.from({ length: 200_000 }, (_, k) => [k + 1, 1 + (k % 7)] as const)
    expect(
      LossChart.render({
        title: "",
        batches,
        all: [
          [1, 1],
          [200_000, 0.5]
        ],
        best: 0.5
      }).length
    ).toBeLessThan(60_000)
  })
})
