import { Effect, FileSystem } from "effect"
import { expect, layer } from "@effect/vitest"
import * as Dataset from "../../src/demo/Dataset.ts"
import * as Penguins from "../../src/demo/Penguins.ts"
import { nodeServices } from "../../src/internal/node.ts"

type Options = Partial<Dataset.Options> & { readonly target: string }

const load = Effect.fnUntraced(function* (text: string, options: Options) {
  const files = yield* FileSystem.FileSystem
  const path = yield* files.makeTempFileScoped({ prefix: "fluxion-dataset-", suffix: ".csv" })
  yield* files.writeFileString(path, text)
  return yield* Dataset.load({ path, file: "data.csv" }, { onMalformed: "skip", ...options })
})
const fails = (text: string, options: Options) => Effect.flip(load(text, options))

const table = "x,note,z,y\n1,a,5,2\n2,b,4,4\n3,,3,7\n4,d,3,8\n5,e,1,9\n"

layer(nodeServices)("the penguins", (it) => {
  it.effect("are 333 complete rows of 344, and none malformed", () =>
    Effect.gen(function* () {
      const { dataset, leftOut, rows } = yield* Dataset.load(Penguins.source, {
        target: "body_mass_g",
        onMalformed: "stop"
      })
      expect(rows).toBe(344)
      expect(dataset.features).toEqual(["bill_length_mm", "bill_depth_mm", "flipper_length_mm"])
      expect(dataset.x.shape).toEqual([333, 3])
      expect(Array.from(dataset.x.data.subarray(0, 3))).toEqual([39.1, 18.7, 181])
      expect(dataset.y.data[0]).toBe(3750)
      expect(leftOut.malformed).toEqual([])
      expect(leftOut.incomplete).toBe(11)
      expect(leftOut.missing).toEqual([
        { column: "bill_length_mm", rows: 2 },
        { column: "bill_depth_mm", rows: 2 },
        { column: "flipper_length_mm", rows: 2 },
        { column: "body_mass_g", rows: 2 },
        { column: "sex", rows: 11 }
      ])
    })
  )
})

layer(nodeServices)("load", (it) => {
  it.effect("takes every column of numbers but the target, and says what it leaves out", () =>
    Effect.gen(function* () {
      const { dataset, leftOut } = yield* load(table, { target: "y" })
      expect(dataset.features).toEqual(["x", "z"])
      expect(`${dataset.x}`).toBe("[[1, 5], [2, 4], [3, 3], [4, 3], [5, 1]]")
      expect(`${dataset.y}`).toBe("[2, 4, 7, 8, 9]")
      expect(leftOut).toEqual({
        columns: [{ column: "note", kind: "text" }],
        malformed: [],
        incomplete: 0,
        missing: []
      })
    })
  )

  it.effect("takes the named features only, in their order", () =>
    Effect.gen(function* () {
      const { dataset, leftOut } = yield* load(table, { target: "x", features: ["y", "z"] })
      expect(dataset.features).toEqual(["y", "z"])
      expect(Array.from(dataset.x.data.subarray(0, 2))).toEqual([2, 5])
      expect(leftOut.columns).toEqual([{ column: "note", kind: "text" }])
    })
  )

  it.effect("leaves out incomplete and malformed rows, and counts them", () =>
    Effect.gen(function* () {
      const text = `${table}6,f,NA,3\n7,g,1,\nNA,h,2,1\n8,i,eight,4\n9,j\n`
      const { dataset, leftOut, rows } = yield* load(text, { target: "y" })
      expect(rows).toBe(10)
      expect(dataset.x.shape).toEqual([5, 2])
      expect(leftOut.incomplete).toBe(3)
      expect(leftOut.missing).toEqual(["x", "z", "y"].map((column) => ({ column, rows: 1 })))
      expect(leftOut.malformed.map(({ message }) => message)).toEqual([
        'data.csv, line 10, column 3 ("z"): expected a number, got "eight"',
        'data.csv, line 11, column 3 ("z"): expected a cell, got the end of the row (the row has 2 cells, the header 4)'
      ])
    })
  )

  it.effect("stops at a malformed row when told to", () =>
    Effect.gen(function* () {
      const error = yield* fails(`${table}8,i,eight,4\n`, { target: "y", onMalformed: "stop" })
      expect(error.message).toBe('data.csv, line 7, column 3 ("z"): expected a number, got "eight"')
    })
  )

  it.effect("does not stumble over names that objects have of themselves", () =>
    Effect.gen(function* () {
      const text = "__proto__,constructor,toString\n1,2,2\n2,1,4\n3,5,7\n4,1,8\n"
      const { dataset } = yield* load(text, { target: "toString" })
      expect(dataset.features).toEqual(["__proto__", "constructor"])
      expect(`${dataset.x}`).toBe("[[1, 2], [2, 1], [3, 5], [4, 1]]")
    })
  )

  const cases: ReadonlyArray<readonly [what: string, text: string, options: Options, message: string]> = [
    [
      "an unknown target",
      table,
      { target: "Y1" },
      'data.csv has no column "Y1"\nIts columns are "x", "note", "z", "y".'
    ],
    [
      "a target that is nearly right",
      "height,y_axis\n1,2\n",
      { target: "heigth" },
      'data.csv has no column "heigth"; did you mean "height"?\nIts columns are "height", "y_axis".'
    ],
    [
      "a text target",
      table,
      { target: "note" },
      'data.csv: the target "note" is a text column (line 2 has "a"); linear regression needs numbers\n' +
        'The columns of numbers are "x", "z", "y".'
    ],
    [
      "a text feature",
      table,
      { target: "y", features: ["x", "note"] },
      'data.csv: the feature "note" is a text column (line 2 has "a"); linear regression needs numbers\n' +
        'The columns of numbers are "x", "z", "y".'
    ],
    [
      "an unknown feature",
      table,
      { target: "y", features: ["x", "q"] },
      'data.csv has no column "q"\nIts columns are "x", "note", "z", "y".'
    ],
    [
      "a target among the features",
      table,
      { target: "y", features: ["x", "y"] },
      'data.csv: "y" is the target, so it cannot be a feature'
    ],
    ["a feature twice", table, { target: "y", features: ["x", "x"] }, 'data.csv: the feature "x" is named twice'],
    [
      "no features",
      "note,y\na,1\nb,2\n",
      { target: "y" },
      "data.csv: there is no column of numbers beside the target, expected at least one feature"
    ],
    [
      "a target without a value",
      "x,y\n1,NA\n2,\n3,NA\n",
      { target: "y" },
      'data.csv: the target "y" is missing in every row'
    ],
    [
      "a constant feature",
      "x,c,y\n1,0.1,2\n2,0.1,4\n3,0.1,5\n4,0.1,9\n",
      { target: "y" },
      'data.csv: the feature "c" is constant (0.1 in all 4 rows), so it cannot be standardised\n' +
        "Leave it out with --features x"
    ],
    [
      "a constant only feature",
      "c,y\n1,2\n1,4\n1,5\n1,9\n",
      { target: "y" },
      'data.csv: the feature "c" is constant (1 in all 4 rows), so it cannot be standardised; it is the only feature'
    ],
    [
      "a constant target",
      "x,y\n1,2\n2,2\n3,2\n4,2\n",
      { target: "y" },
      'data.csv: the target "y" is constant (2 in all 4 rows), so it cannot be standardised and there is nothing to predict'
    ],
    [
      "too few rows",
      "x,z,y\n1,2,3\n2,4,NA\n3,x,1\n4,4,4\n5,5,6\n",
      { target: "y" },
      "data.csv: 3 usable rows, expected at least 4 to fit 3 coefficients\n" +
        'Left out: 1 row malformed, the first: data.csv, line 4, column 2 ("z"): expected a number, got "x"; ' +
        "1 row with missing values."
    ],
    [
      "only malformed rows",
      "x,y\n1\n2\n",
      { target: "y", features: ["x"] },
      "data.csv: 0 usable rows, expected at least 3 to fit 2 coefficients\n" +
        'Left out: 2 rows malformed, the first: data.csv, line 2, column 2 ("y"): ' +
        "expected a cell, got the end of the row (the row has 1 cell, the header 2)."
    ]
  ]

  it.effect.each(cases)("says what is wrong with %s", ([, text, options, message]) =>
    Effect.gen(function* () {
      expect((yield* fails(text, options)).message).toBe(message)
    })
  )
})
