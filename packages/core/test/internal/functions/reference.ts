import { readFileSync } from "node:fs"
import { ulpDistance } from "./ulp.ts"

type Cell = number | string

interface Family {
  readonly args: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<Cell>>
  readonly edge: ReadonlyArray<ReadonlyArray<Cell>>
}

const file = new URL("../../../../testing/data/elementary-reference.json", import.meta.url)
const families = (JSON.parse(readFileSync(file, "utf8")) as { readonly functions: Record<string, Family> }).functions

/** One line of the correctly rounded reference data. */
export interface Row {
  readonly args: ReadonlyArray<number>
  /** The value, then the derivatives as the file's "about" says. */
  readonly outputs: ReadonlyArray<number>
}

const parse = (family: Family, rows: Family["rows"]): ReadonlyArray<Row> =>
  rows.map((row) => {
    const cells = row.slice(0, family.args.length + 3).map(Number)
    return { args: cells.slice(0, family.args.length), outputs: cells.slice(family.args.length) }
  })

const family = (name: string): Family => {
  const found = families[name]
  if (found === undefined) throw new Error(`no reference data for ${name}`)
  return found
}

/** The rows of a function where it is differentiable. */
export const referenceRows = (name: string): ReadonlyArray<Row> => parse(family(name), family(name).rows)

/** The rows of a function at signed zeros, poles, infinities and NaN. */
export const edgeRows = (name: string): ReadonlyArray<Row> => parse(family(name), family(name).edge)

/** The rows on which `f` is more than `bound` ULP away from an output (the value by default). */
export const violations = (
  name: string,
  f: (...args: ReadonlyArray<number>) => number,
  bound: number,
  output = 0
): ReadonlyArray<string> => {
  const rows = referenceRows(name)
  if (rows.length < 50) throw new Error(`only ${rows.length} reference rows for ${name}`)
  return rows.flatMap(({ args, outputs }) => {
    const expected = outputs[output]!
    const actual = f(...args)
    const distance = ulpDistance(actual, expected)
    return distance <= bound ? [] : [`${name}(${args.join(", ")}): ${actual}, not ${expected}: ${distance} ULP`]
  })
}
