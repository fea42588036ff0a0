// Maps over rows, whose loops are short, and sums over long ones: programs for which loops are written out, joined and cut into partial sums compute what the
// interpreter computes, whatever the extents.

import { JavaScript, Wasm } from "@fluxion/compiler"
import { Expr, Fn } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { print } from "../../../src/internal/loops/print.ts"
import { lower } from "../../../src/internal/lower/index.ts"
import { passes } from "../../../src/internal/passes/index.ts"
import { compare, inputsOf } from "../../compare.ts"

const numRuns = Number(process.env["FLUXION_RUNS"] ?? 40) * 2

type Row = Expr.Expr<readonly [number]>
type Rows = Expr.Expr<readonly [number, number]>

const ofRows: Readonly<Record<string, (row: Row, table: Rows) => Expr.Expr>> = {
  "a polynomial, from the last coefficient": (row) =>
    Expr.fold((value, c) => Expr.add(Expr.mul(value, 0.5), c), 0, row, { reverse: true }),
  "the distance to the nearest row": (row, table) => {
    const nearest = Expr.gather(table, Expr.argmin(Expr.sum(Expr.square(Expr.sub(table, row)), { axis: 1 }), 0))
    return Expr.sum(Expr.square(Expr.sub(nearest, row)))
  },
  "the row that is farthest": (row, table) =>
    Expr.toReal(Expr.argmax(Expr.sum(Expr.abs(Expr.sub(table, row)), { axis: 1 }), 0)),
  "steps that start from the last of what they take up": (row, table) => {
    const lengths = Expr.sum(Expr.square(Expr.sub(table, row)), { axis: 1 })
    return Expr.fold((value, length) => Expr.add(Expr.mul(value, 0.5), length), Expr.at(lengths, -1), lengths)
  },
  "sums along sums": (row) => Expr.sum(Expr.mul(Expr.cumsum(row), Expr.sum(row)))
}

const overAll: Readonly<Record<string, (x: Rows) => Expr.Expr>> = {
  sum: (x) => Expr.sum(x, { axis: 1 }),
  "a product with itself": (x) => Expr.sum(Expr.mul(x, x), { axis: 1 }),
  max: (x) => Expr.reduceMax(x, { axis: 1 }),
  min: (x) => Expr.reduceMin(x, { axis: 1 }),
  "a sum and a product": (x) =>
    Expr.mul(Expr.sum(x, { axis: 1 }), Expr.prod(Expr.add(1, Expr.mul(x, 1e-3)), { axis: 1 }))
}

describe.each([
  ["javascript", JavaScript.service],
  ["wasm", Wasm.service]
] as const)("%s", (_, service) => {
  it.each(Object.entries(ofRows))("%s, for each row", { timeout: 120_000 }, (_, of) => {
    fc.assert(
      fc.property(
        fc.record({
          rows: fc.constantFrom<number>(1, 2, 3, 40, 41),
          width: fc.integer({ min: 1, max: 20 }),
          of: fc.integer({ min: 1, max: 9 })
        }),
        fc.nat(100),
        (sizes, seed) => {
          const f = Fn.make({ x: [sizes.rows, sizes.width], table: [sizes.of, sizes.width] }, ({ table, x }) =>
            Expr.map((row) => of(row as never, table as never), x)
          ) as unknown as Fn.Any
          compare(f, service, inputsOf(f, seed), 1e-12)
        }
      ),
      { numRuns }
    )
  })

  it.each(Object.entries(overAll))("%s, of long rows", { timeout: 120_000 }, (_, of) => {
    fc.assert(
      fc.property(
        fc.constantFrom<number>(1, 2, 5),
        fc.integer({ min: 60, max: 140 }),
        fc.nat(100),
        (rows, width, seed) => {
          const f = Fn.make([rows, width], (x) => of(x as never)) as unknown as Fn.Any
          compare(f, service, inputsOf(f, seed), 1e-12)
          const g = Reverse.grad(Fn.make([rows, width], (x) => Expr.sum(of(x as never)))) as unknown as Fn.Any
          compare(g, service, inputsOf(g, 3 * seed + 1), 1e-12)
        }
      ),
      { numRuns }
    )
  })
})

it("goes through all passes that it is for", () => {
  const changed = new Set<string>()
  const run = (f: Fn.Any): void => {
    let program = lower(f as never)
    for (const [name, pass] of passes) {
      const made = pass(program)
      if (print(made) !== print(program)) changed.add(name)
      program = made
    }
  }
  for (const of of Object.values(ofRows)) {
    run(
      Fn.make({ x: [41, 7], table: [5, 7] }, ({ table, x }) =>
        Expr.map((row) => of(row as never, table as never), x)
      ) as never
    )
  }
  for (const of of Object.values(overAll)) run(Fn.make([2, 101], (x) => of(x as never)) as never)
  expect([...changed]).toEqual(expect.arrayContaining(["joinSteps", "unroll", "partialSums", "hoist"]))
})
