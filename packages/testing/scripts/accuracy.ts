// Measures how far values and derivatives are from correctly rounded ones, in units in the last place, and writes docs/accuracy.md.
//
//   node packages/testing/scripts/accuracy.ts

import { readFileSync, writeFileSync } from "node:fs"
import { Expr, Fn } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import * as Ulp from "@fluxion/testing/Ulp"

type Number64 = number | "NaN" | "Infinity" | "-Infinity"

interface Reference {
  readonly functions: Readonly<
    Record<string, { readonly args: ReadonlyArray<string>; readonly rows: ReadonlyArray<ReadonlyArray<Number64>> }>
  >
}

export const reference: Reference = JSON.parse(
  readFileSync(new URL("../data/elementary-reference.json", import.meta.url), "utf8")
)

type Univariate = Fn.Fn<readonly [], readonly []>
type Bivariate = Fn.Fn<{ readonly a: readonly []; readonly b: readonly [] }, readonly []>

const univariate = {
  exp: Expr.exp,
  expm1: Expr.expm1,
  log: Expr.log,
  log1p: Expr.log1p,
  log2: Expr.log2,
  log10: Expr.log10,
  sqrt: Expr.sqrt,
  cbrt: Expr.cbrt,
  sin: Expr.sin,
  cos: Expr.cos,
  tan: Expr.tan,
  asin: Expr.asin,
  acos: Expr.acos,
  atan: Expr.atan,
  sinh: Expr.sinh,
  cosh: Expr.cosh,
  tanh: Expr.tanh,
  asinh: Expr.asinh,
  acosh: Expr.acosh,
  atanh: Expr.atanh,
  erf: Expr.erf,
  erfc: Expr.erfc,
  lgamma: Expr.lgamma,
  digamma: Expr.digamma,
  sigmoid: Expr.sigmoid,
  softplus: Expr.softplus,
  sinc: Expr.sinc
}

const bivariate = {
  pow: Expr.pow,
  atan2: Expr.atan2,
  hypot: Expr.hypot,
  logaddexp: Expr.logAddExp,
  xlogy: Expr.xlogy
}

/** The functions measured. (The normalised sinc of the data is not one of ours: `sinc(π x)` with a rounded π is another function.) */
export const measured: ReadonlyArray<string> = [...Object.keys(univariate), ...Object.keys(bivariate)]

/** The worst distance of one quantity, and where. */
export interface Worst {
  readonly ulps: number
  readonly at: ReadonlyArray<number>
  readonly expected: number
  readonly actual: number
}

/** Of one function: the worst distances of its value, and of derivatives by each way to take them. */
export interface Measurement {
  readonly name: string
  readonly points: number
  readonly worst: Readonly<Record<string, Worst>>
}

/** Below this, factors of a derivative underflow before their product does: what is smaller is measured in units of the last place of this. */
const tiny = 2 ** -950

const ulpsBetween = (actual: number, expected: number, scale: number): number => {
  const size = Math.max(Math.abs(expected), tiny, scale)
  return size === Math.abs(expected) || !Number.isFinite(actual) || !Number.isFinite(expected)
    ? Ulp.distance(actual, expected)
    : Math.round(Math.abs(actual - expected) / Ulp.of(size))
}

interface Exception {
  readonly holds: (a: number, b: number) => boolean
  readonly why: string
}

/** Derivatives that are left out, because the derivative is a number where a factor of it is not. */
export const exceptions: Readonly<Record<string, Exception>> = {
  pow: {
    holds: (x, y) => x === 2 && y === 1024,
    why: "at (2, 1024), where 2^1024 overflows and its derivative 2^1024 log 2 would not"
  },
  hypot: {
    holds: (x, y) => !Number.isFinite(Math.hypot(x, y)),
    why: "where the value overflows, so that x / value is 0"
  },
  xlogy: {
    holds: (_, y) => y < 2 ** -1024,
    why: "for y below 2^-1024, where 1 / y overflows and the derivative x (1 / y) need not"
  }
}

const isException = (name: string, [a, b]: ReadonlyArray<number>): boolean => exceptions[name]?.holds(a!, b!) ?? false

const worstOf = (
  rows: ReadonlyArray<ReadonlyArray<number>>,
  arity: number,
  column: number,
  f: (row: ReadonlyArray<number>) => number,
  scale: (row: ReadonlyArray<number>) => number = () => 0
): Worst => {
  let worst: Worst = { ulps: -1, at: [], expected: 0, actual: 0 }
  for (const row of rows) {
    const expected = row[column]!
    const actual = f(row)
    const ulps = ulpsBetween(actual, expected, scale(row))
    if (ulps > worst.ulps) worst = { ulps, at: row.slice(0, arity), expected, actual }
  }
  return worst
}

const rowsOf = (name: string) => reference.functions[name]!.rows.map((row) => row.map(Number))

const measureUnivariate = (name: string, f: Univariate): Measurement => {
  const rows = rowsOf(name)
  const forward = Forward.derivative(f)
  const reverse = Reverse.grad(f)
  const at = (column: number, program: Univariate) => worstOf(rows, 1, column, ([x]) => Fn.runSync(program, x!))
  return {
    name,
    points: rows.length,
    worst: {
      value: at(1, f),
      F: at(2, forward),
      R: at(2, reverse),
      FF: at(3, Forward.derivative(forward)),
      FR: at(3, Forward.derivative(reverse)),
      RF: at(3, Reverse.grad(forward)),
      RR: at(3, Reverse.grad(reverse))
    }
  }
}

const measureBivariate = (name: string, f: Bivariate): Measurement => {
  const rows = rowsOf(name)
  const forward = Forward.jacobian(f)
  const reverse = Reverse.grad(f)
  const point = ([a, b]: ReadonlyArray<number>) => ({ a: a!, b: b! })
  const smooth = rows.filter((row) => !isException(name, row))
  // log(e^x + e^y) vanishes on a curve, where its digits cancel: there it is measured against the larger argument.
  const scale = ([a, b]: ReadonlyArray<number>): number =>
    name === "logaddexp" && Number.isFinite(a! + b!) && Math.max(a!, b!) < 0 ? Math.abs(Math.max(a!, b!)) : 0
  const partial = (program: typeof reverse, of: "a" | "b") =>
    worstOf(smooth, 2, of === "a" ? 3 : 4, (row) => Fn.runSync(program, point(row))[of])
  const larger = (x: Worst, y: Worst) => (y.ulps > x.ulps ? y : x)
  return {
    name,
    points: rows.length,
    worst: {
      value: worstOf(rows, 2, 2, (row) => Fn.runSync(f, point(row)), scale),
      F: larger(partial(forward as never, "a"), partial(forward as never, "b")),
      R: larger(partial(reverse, "a"), partial(reverse, "b"))
    }
  }
}

/** Measures one function against the reference data. */
export const measure = (name: string): Measurement => {
  const one = (univariate as Readonly<Record<string, Expr.Unary>>)[name]
  if (one !== undefined)
    return measureUnivariate(
      name,
      Fn.make([], (x) => one(x))
    )
  const two = bivariate[name as keyof typeof bivariate]
  return measureBivariate(name, Fn.make({ a: [], b: [] }, ({ a, b }) => two(a, b)) as Bivariate)
}

const quantities = ["value", "F", "R", "FF", "FR", "RF", "RR"]

/** The table of the documentation. */
export const render = (measurements: ReadonlyArray<Measurement>): string => {
  const cell = (m: Measurement, quantity: string): string => String(m.worst[quantity]?.ulps ?? "")
  return [
    "# Accuracy of values and derivatives",
    "",
    "How far the reference interpreter is from the correctly rounded result, in units in the last place (ULP): the worst of about a hundred",
    "points for each function, over its whole range, with both ends, subnormals and overflow. 0 means that every result was the correctly",
    "rounded one. The reference values were computed with mpmath and rounded once, see packages/testing/data/SOURCES.md.",
    "",
    "- `value`: the function itself.",
    "- `F`, `R`: the first derivative, by `Forward.derivative` and by `Reverse.grad`; of functions of two arguments, the worse of both partial derivatives.",
    "- `FF`, `FR`, `RF`, `RR`: the second derivative, by every nesting of the two modes; `FR` is forward mode over reverse mode.",
    "",
    "Results below 2^-950 (1e-286) are measured in units of the last place of that number, for there factors underflow before their product does; values of",
    "`logaddexp` near the curve where it vanishes, in units of the larger argument. Left out:",
    "",
    ...Object.entries(exceptions).map(([name, { why }]) => `- the derivatives of \`${name}\` ${why}.`),
    "",
    "`pow` takes x to the power y - 1, whose rounding costs up to |log x| / 2 ULP where y is below 1/2.",
    "",
    "The test packages/testing/test/elementary.test.ts asserts bounds for all of these. This page is written by `node packages/testing/scripts/accuracy.ts`.",
    "",
    `| function | points | ${quantities.join(" | ")} |`,
    `| --- | ---: | ${quantities.map(() => "---:").join(" | ")} |`,
    ...measurements.map((m) => `| ${m.name} | ${m.points} | ${quantities.map((q) => cell(m, q)).join(" | ")} |`),
    ""
  ].join("\n")
}

if (import.meta.main) {
  const measurements = measured.map(measure)
  const page = render(measurements)
  writeFileSync(new URL("../../../docs/accuracy.md", import.meta.url), page)
  console.log(page)
  if (process.argv.includes("--where")) {
    for (const m of measurements) {
      for (const [quantity, { actual, at, expected, ulps }] of Object.entries(m.worst)) {
        if (ulps > 4) console.log(m.name, quantity, at, "expected", expected, "got", actual, "ULP", ulps)
      }
    }
  }
}
