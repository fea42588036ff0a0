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

const read = (name: string) => JSON.parse(readFileSync(new URL(`../data/${name}.json`, import.meta.url), "utf8"))

export const reference: Reference = read("elementary-reference")

/** Second derivatives of functions of two arguments: `[a, b, ∂²a, ∂a∂b, ∂²b]`. */
const secondReference: Readonly<Record<string, ReadonlyArray<ReadonlyArray<Number64>>>> =
  read("elementary-second-reference")

type Univariate = Fn.Fn<readonly [], readonly []>
type Pair = { readonly a: readonly []; readonly b: readonly [] }
type Bivariate = Fn.Fn<Pair, readonly []>
type Hessian = Fn.Fn<Pair, { readonly a: Pair; readonly b: Pair }>

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
  sinc: Expr.sinc,
  sinc_pi: (x: Expr.Expr<readonly []>) => Expr.sinc(Expr.mul(Math.PI, x))
}

const bivariate = {
  pow: Expr.pow,
  atan2: Expr.atan2,
  hypot: Expr.hypot,
  logaddexp: Expr.logAddExp,
  xlogy: Expr.xlogy
}

/** The functions measured. */
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
  readonly name: string
  readonly order: 1 | 2
  readonly holds: (a: number, b: number) => boolean
  readonly why: string
}

const squareOverflows = (x: number): boolean => Math.abs(x) > 2 ** 500 || Math.abs(x) < 2 ** -500

/** Derivatives that are left out, because the derivative is a number where a factor of it is not; those of order 1 count for order 2, too. */
export const exceptions: ReadonlyArray<Exception> = [
  {
    name: "pow",
    order: 1,
    holds: (x, y) => x === 2 && y === 1024,
    why: "at (2, 1024), where 2^1024 overflows and its derivative 2^1024 log 2 would not"
  },
  {
    name: "pow",
    order: 2,
    holds: (x) => x < 2 ** -1022,
    why: "for subnormal x, where x^(y - 2) overflows and x^(y - 1) need not"
  },
  {
    name: "atan2",
    order: 2,
    holds: (y, x) => squareOverflows(Math.max(Math.abs(x), Math.abs(y))),
    why: "where the square of the larger argument is beyond 2^±1000"
  },
  {
    name: "hypot",
    order: 1,
    holds: (x, y) => !Number.isFinite(Math.hypot(x, y)),
    why: "where the value overflows, so that x / value is 0"
  },
  {
    name: "hypot",
    order: 2,
    holds: (x, y) => Math.hypot(x, y) < 2 ** -1022,
    why: "where the value is subnormal and its reciprocal overflows"
  },
  {
    name: "xlogy",
    order: 1,
    holds: (_, y) => y < 2 ** -1024,
    why: "for y below 2^-1024, where 1 / y overflows and the derivative x (1 / y) need not"
  },
  {
    name: "xlogy",
    order: 2,
    holds: (_, y) => squareOverflows(y),
    why: "where the square of y is beyond 2^±1000"
  }
]

const isException = (name: string, derivative: 1 | 2, [a, b]: ReadonlyArray<number>): boolean =>
  exceptions.some((exception) => exception.name === name && exception.order <= derivative && exception.holds(a!, b!))

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
  // The rounding of π x moves the argument of sinc: up to a unit in the last place of the largest derivative of this order, or of its argument.
  const scale = (order: number, x: number): number =>
    name === "sinc_pi" ? Math.PI ** order * Math.min(1, Math.abs(Math.PI * x)) : 0
  const at = (column: number, program: Univariate) =>
    worstOf(
      rows,
      1,
      column,
      ([x]) => Fn.runSync(program, x!),
      ([x]) => scale(column - 1, x!)
    )
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
  const smooth = rows.filter((row) => !isException(name, 1, row))
  // log(e^x + e^y) vanishes on a curve, where its digits cancel: there it is measured against the larger argument.
  const scale = ([a, b]: ReadonlyArray<number>): number =>
    name === "logaddexp" && Number.isFinite(a! + b!) && Math.max(a!, b!) < 0 ? Math.abs(Math.max(a!, b!)) : 0
  const partial = (program: typeof reverse, of: "a" | "b") =>
    worstOf(smooth, 2, of === "a" ? 3 : 4, (row) => Fn.runSync(program, point(row))[of])
  const larger = (x: Worst, y: Worst) => (y.ulps > x.ulps ? y : x)
  const curved = secondReference[name]!.map((row) => row.map(Number)).filter((row) => !isException(name, 2, row))
  // Second derivatives of these are differences; they vanish on lines.
  const curvature = ([, , aa, ab, bb]: ReadonlyArray<number>): number =>
    name === "hypot" || name === "atan2" ? Math.max(Math.abs(aa!), Math.abs(ab!), Math.abs(bb!)) : 0
  const second = (program: Hessian): Worst =>
    (["a", "b"] as const)
      .flatMap((i) => (["a", "b"] as const).map((j) => [i, j] as const))
      .map(([i, j]) => {
        const column = 2 + (i === "a" ? 0 : 1) + (j === "a" ? 0 : 1)
        return worstOf(curved, 2, column, (row) => Fn.runSync(program, point(row))[i][j], curvature)
      })
      .reduce(larger)
  const hessian = (operator: (f: typeof reverse) => unknown, gradient: unknown) =>
    second(operator(gradient as typeof reverse) as Hessian)
  return {
    name,
    points: rows.length,
    worst: {
      value: worstOf(rows, 2, 2, (row) => Fn.runSync(f, point(row)), scale),
      F: larger(partial(forward as never, "a"), partial(forward as never, "b")),
      R: larger(partial(reverse, "a"), partial(reverse, "b")),
      FF: hessian(Forward.jacobian, forward),
      FR: hessian(Forward.jacobian, reverse),
      RF: hessian(Reverse.jacobian, forward),
      RR: hessian(Reverse.jacobian, reverse)
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
    "- `F`, `R`: the first derivative, by `Forward.derivative` and by `Reverse.grad`; of functions of two arguments, the worst of the partial derivatives.",
    "- `FF`, `FR`, `RF`, `RR`: the second derivative, by every nesting of the two modes; `FR` is forward mode over reverse mode.",
    "",
    "Results below 2^-950 (1e-286) are measured in units of the last place of that number, for there factors underflow before their product does; values of",
    "`logaddexp` near the curve where it vanishes, in units of the larger argument; second derivatives of `hypot` and `atan2`, which are differences, in units of the",
    "largest of them at the point; `sinc_pi` in units of the largest that its derivative of the same order can be, times the argument where that is small. Left out:",
    "",
    ...exceptions.map(
      ({ name, order, why }) => `- the ${order === 2 ? "second " : ""}derivatives of \`${name}\` ${why}.`
    ),
    "",
    "`pow` takes x to the power y - 1, whose rounding costs up to |log x| / 2 ULP where y is below 1/2. `sinc_pi(x)` is `sinc(π x)` with a rounded product.",
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
