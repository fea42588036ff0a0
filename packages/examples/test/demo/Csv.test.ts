import { Effect, Exit, Result, Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it, layer } from "@effect/vitest"
import * as Csv from "../../src/demo/Csv.ts"
import { nodeServices } from "../../src/internal/node.ts"
import { failure } from "../support.ts"

const parse = (text: string) => Effect.runSync(Csv.parse(text, "f.csv"))
const cells = (text: string) => parse(text).rows.map((row) => Result.getOrThrow(row).cells)
const outcomes = (text: string) =>
  parse(text).rows.map((row) => (Result.isSuccess(row) ? row.success.line : row.failure.message))

const Row = Schema.Struct({ name: Schema.NullOr(Schema.String), size: Schema.NullOr(Csv.NumberCell) })
const decode = (text: string, onMalformed: "stop" | "skip") =>
  Effect.flatMap(Csv.parse(text, "f.csv"), (table) => Csv.decode(table, Row, { onMalformed }))

describe("parse", () => {
  // What spreadsheets write: every cell in quotes, quotes doubled. Line breaks come back as one kind.
  const cell = fc.string({ unit: fc.constantFrom(...'ab ,;"\n\t0.é—') })
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 5 }))
  const write = (rows: ReadonlyArray<ReadonlyArray<string>>, newline: string) =>
    rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(",") + newline).join("")

  it("reads back whatever is written, with the line each row begins on", () => {
    fc.assert(
      fc.property(table, fc.constantFrom("\n", "\r\n", "\r"), fc.boolean(), (rows, newline, mark) => {
        const header = rows[0]!.map((_, k) => `c${k}`)
        const text = (mark ? "\ufeff" : "") + header.join(",") + newline + write(rows, newline)
        expect(cells(text)).toEqual(rows)
        const breaks = (row: ReadonlyArray<string>) => row.join("").split("\n").length
        const lines = rows.map((_, k) => rows.slice(0, k).reduce((line, row) => line + breaks(row), 2))
        expect(outcomes(text)).toEqual(lines)
      })
    )
  })

  it("never throws, and accounts for every line that is not empty", () => {
    const anything = fc.string({ unit: fc.constantFrom(...'a1,"\n\r ') })
    fc.assert(
      fc.property(anything, (text) => {
        const exit = Effect.runSyncExit(Csv.parse(`x,y\n${text}`, "f.csv"))
        if (Exit.isFailure(exit)) expect(failure(exit)._tag).toBe("EmptyFile")
        else for (const row of exit.value.rows) expect(Result.isSuccess(row) ? row.success.cells.length : 2).toBe(2)
      })
    )
  })

  it("ignores spaces around cells, empty lines and a missing last line break", () => {
    expect(cells("a , b\n\n 1,2 \n   \n3, 4")).toEqual([
      ["1", "2"],
      ["3", "4"]
    ])
  })

  it("names the line and the column of a row that does not fit the header", () => {
    expect(outcomes("a,b,c\n1,2,3\n4,5\n6,7,8,9\n1,2,3")).toEqual([
      2,
      'f.csv, line 3, column 3 ("c"): expected a cell, got the end of the row (the row has 2 cells, the header 3)',
      'f.csv, line 4, column 4: expected the end of the row, got "9" (the row has 4 cells, the header 3)',
      5
    ])
  })

  it("goes on at the next line after a quote that is never closed", () => {
    expect(outcomes('a,b\n1,2\n3,"4\n5,6\n7,8\n')).toEqual([
      2,
      "f.csv, line 3, column 2: the quote that opens here is never closed",
      4,
      5
    ])
    expect(outcomes('a,b\n1,"2"3\n4,5')).toEqual([
      "f.csv, line 2, column 2: expected a comma or the end of the line after the closing quote",
      3
    ])
  })

  const fails = (text: string) => Effect.flip(Csv.parse(text, "f.csv"))

  it.effect("says what is wrong with an empty file or a header", () =>
    Effect.gen(function* () {
      expect((yield* fails("")).message).toBe(
        "f.csv is empty: expected a header line with the names of the columns, then rows"
      )
      expect((yield* fails(" \n\n")).message).toMatch(/is empty/)
      expect((yield* fails("a,b\n")).message).toBe(
        "f.csv has a header but no rows: expected at least one row after line 1"
      )
      expect((yield* fails("a,,b\n1,2,3")).message).toBe(
        "f.csv, line 1, column 2: expected the name of a column, got nothing"
      )
      expect((yield* fails("a,b,a\n1,2,3")).message).toBe(
        'f.csv, line 1, column 3: the name "a" is also that of column 1'
      )
      expect((yield* fails('"a,b\n1,2')).message).toBe(
        "f.csv, line 1, column 1: the quote that opens here is never closed"
      )
    })
  )
})

layer(nodeServices)("read", (it) => {
  const message = (path: string) => Effect.map(Effect.flip(Csv.read(path)), (error) => error.message)

  it.effect("says why a file cannot be read", () =>
    Effect.gen(function* () {
      expect(yield* message("no/such.csv")).toBe("cannot read no/such.csv: there is no such file")
      expect(yield* message(import.meta.dirname)).toMatch(/^cannot read .*: it is a folder, expected a file$/)
      expect(yield* message(`${import.meta.filename}/x.csv`)).toMatch(
        /a part of its path is a file, expected a folder$/
      )
    })
  )
})

describe("decode", () => {
  it.effect("gives typed values, and null where one is missing", () =>
    Effect.gen(function* () {
      const { malformed, rows } = yield* decode("size,name\n1.5,a\nNA,b\n-2e3,\n", "stop")
      expect(malformed).toEqual([])
      expect(rows).toEqual([
        { line: 2, value: { size: 1.5, name: "a" } },
        { line: 3, value: { size: null, name: "b" } },
        { line: 4, value: { size: -2000, name: null } }
      ])
    })
  )

  const bad = "name,size\na,1\nb,12cm\nc,2\nd\ne,1e999\n"
  const messages = [
    'f.csv, line 3, column 2 ("size"): expected a number, got "12cm"',
    'f.csv, line 5, column 2 ("size"): expected a cell, got the end of the row (the row has 1 cell, the header 2)',
    'f.csv, line 6, column 2 ("size"): expected a finite number, got Infinity'
  ]

  it.effect("skips malformed rows and reports each", () =>
    Effect.gen(function* () {
      const { malformed, rows } = yield* decode(bad, "skip")
      expect(rows.map(({ line }) => line)).toEqual([2, 4])
      expect(malformed.map(({ message }) => message)).toEqual(messages)
    })
  )

  it.effect("stops at the first malformed row", () =>
    Effect.gen(function* () {
      expect((yield* Effect.flip(decode(bad, "stop"))).message).toBe(messages[0])
    })
  )

  it.effect("names every wrong cell of a row", () =>
    Effect.gen(function* () {
      const Both = Schema.Struct({ x: Csv.NumberCell, y: Csv.NumberCell })
      const table = yield* Csv.parse("x,y\none,\n", "f.csv")
      const error = yield* Effect.flip(Csv.decode(table, Both, { onMalformed: "stop" }))
      expect(error.message).toBe(
        'f.csv, line 2, column 1 ("x"): expected a number, got "one"; column 2 ("y"): expected string, got null'
      )
    })
  )
})

describe("isNumber", () => {
  it("is true of what JavaScript writes, and false of what only JavaScript reads", () => {
    fc.assert(fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (x) => Csv.isNumber(String(x))))
    for (const text of ["", " ", "0x10", "0b1", "Infinity", "1,5", "1_000", "١", "1e", ".", "- 1"]) {
      expect(Csv.isNumber(text)).toBe(false)
    }
  })
})
