/**
 * The Palmer penguins: 344 penguins of three species from three islands, measured 2007 to 2009.
 *
 * **Details**
 *
 * Gorman, Williams and Fraser, "Ecological sexual dimorphism and environmental variability within a community of Antarctic penguins (genus
 * Pygoscelis)", PLoS ONE 9 (2014). CC0; see data/SOURCES.md.
 *
 * @since 0.1.0
 */
import { fileURLToPath } from "node:url"
import { Schema } from "effect"
import { NumberCell } from "./Csv.ts"
import type { Source } from "./Dataset.ts"

const measurement = NumberCell.check(Schema.isGreaterThan(0, { expected: "a positive number" }))

/**
 * One row: what could not be recorded is `null`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Penguin = Schema.Struct({
  species: Schema.NullOr(Schema.Literals(["Adelie", "Chinstrap", "Gentoo"])),
  island: Schema.NullOr(Schema.Literals(["Biscoe", "Dream", "Torgersen"])),
  bill_length_mm: Schema.NullOr(measurement),
  bill_depth_mm: Schema.NullOr(measurement),
  flipper_length_mm: Schema.NullOr(measurement),
  body_mass_g: Schema.NullOr(measurement),
  sex: Schema.NullOr(Schema.Literals(["female", "male"])),
  year: Schema.NullOr(NumberCell.check(Schema.isInt(), Schema.isBetween({ minimum: 2007, maximum: 2009 })))
})

/**
 * The measurements of a body, from which each other one may be predicted. The year is not one.
 *
 * @category models
 * @since 0.1.0
 */
export const measurements = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"] as const

/**
 * The file in this package, with its schema.
 *
 * @category models
 * @since 0.1.0
 */
export const source: Source = {
  path: fileURLToPath(new URL("../../data/penguins.csv", import.meta.url)),
  file: "penguins.csv",
  schema: Penguin,
  features: measurements
}
