// Temporary arrays share memory where their lives do not overlap, and only there.

import { type Body, Expr, Fn } from "@fluxion/core"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { plan } from "../../src/internal/arena.ts"
import { sizeInBytes } from "../../src/internal/buffers.ts"
import * as Affine from "../../src/internal/loops/affine.ts"
import { access, assign, type Buffer, type LoopProgram, makeBuffer } from "../../src/internal/loops/model.ts"
import { lower } from "../../src/internal/lower/index.ts"

const bytesOf = (buffer: Buffer): number => sizeInBytes("float64", buffer)

it("keeps arrays apart that are needed at the same time, at any lives and sizes", () => {
  const lives = fc.array(fc.record({ size: fc.integer({ min: 0, max: 40 }), first: fc.nat(20), length: fc.nat(10) }), {
    maxLength: 40
  })
  fc.assert(
    fc.property(lives, (own) => {
      const buffers = own.map(({ size }) => makeBuffer("temporary", { elementType: "real", shape: [size] }))
      const statements = Array.from({ length: 32 }, (_, place) =>
        own.flatMap(({ first, length }, i) =>
          first === place || first + length === place
            ? [assign(access(buffers[i]!, [Affine.zero]), "neg", [access(buffers[i]!, [Affine.zero])])]
            : []
        )
      )
      // One statement of the program for each place: a part would be cut open.
      const program: LoopProgram = {
        inputs: [],
        outputs: [],
        statements: statements.map((body) => ({
          _tag: "If",
          condition: { _tag: "Literal", elementType: "bool", value: 1 },
          whenTrue: body,
          whenFalse: []
        }))
      }
      const { offsets, size } = plan(program, bytesOf)
      const end = (i: number): number => offsets.get(buffers[i]!)! + bytesOf(buffers[i]!)
      let most = 0
      own.forEach((a, i) => {
        expect(offsets.get(buffers[i]!)! % 16).toBe(0)
        expect(end(i)).toBeLessThanOrEqual(size)
        most += Math.ceil(Math.max(1, bytesOf(buffers[i]!)) / 16) * 16
        own.forEach((b, k) => {
          if (k <= i || a.first + a.length < b.first || b.first + b.length < a.first) return
          const areApart = end(i) <= offsets.get(buffers[k]!)! || end(k) <= offsets.get(buffers[i]!)!
          expect(areApart || bytesOf(buffers[i]!) === 0 || bytesOf(buffers[k]!) === 0).toBe(true)
        })
      })
      expect(size).toBeLessThanOrEqual(most)
    })
  )
})

const sizeOf = (f: Fn.Any): number => plan(lower(f as unknown as Body.Body), bytesOf).size

it("needs the memory of one array for a chain of operations on elements", () => {
  const f = Fn.make([1000], (x) => {
    let y: Expr.Expr<readonly [1000]> = x
    for (let i = 0; i < 20; i++) y = Expr.sin(y)
    return y
  })
  expect(sizeOf(f)).toBe(8000)
})

it("needs another array where elements are read after others were written, or once more", () => {
  const reversed = Fn.make([1000], (x) => Expr.exp(Expr.reverse(Expr.sin(x))))
  expect(sizeOf(reversed)).toBe(2 * 8000)
  const kept = Fn.make([1000], (x) => {
    const y = Expr.sin(x)
    return Expr.add(Expr.exp(y), y)
  })
  expect(sizeOf(kept)).toBe(2 * 8000)
  const repeated = Fn.make([30, 30], (x) => Expr.exp(Expr.matmul(Expr.sin(x), Expr.cos(x))))
  expect(sizeOf(repeated)).toBeGreaterThanOrEqual(3 * 7200)
})
