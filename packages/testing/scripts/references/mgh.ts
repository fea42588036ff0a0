// The test functions of Moré, Garbow and Hillstrom: values, gradients and Hessians against those computed in 100 digits.

import { readFileSync } from "node:fs"
import { Expr, Fn, type Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import * as Fixtures from "@fluxion/testing/Fixtures"
import { type Comparison, shown, table, type Worst, worst } from "./worst.ts"

/** One problem of the data. */
export interface Reference {
  readonly number: number
  readonly name: string
  readonly n: number
  readonly m: number
  readonly start: ReadonlyArray<number>
  readonly minimum: number
  readonly minimiser: ReadonlyArray<number>
  readonly f_start: number
  readonly residuals_start: ReadonlyArray<number>
  readonly gradient_start: ReadonlyArray<number>
  readonly hessian_start: ReadonlyArray<ReadonlyArray<number>>
  readonly hessian_eigenvalues_at_minimiser: ReadonlyArray<number>
}

export const references: ReadonlyArray<Reference> = (
  JSON.parse(readFileSync(new URL("../../data/mgh.json", import.meta.url), "utf8")) as {
    readonly problems: ReadonlyArray<Reference>
  }
).problems

type Problem = Fixtures.LeastSquares
type Scalar = Fn.Fn<readonly [number], readonly []>
type Vector = Fn.Fn<readonly [number], readonly [number]>
type Matrix = Fn.Fn<readonly [number], readonly [number, number]>

export const problems: ReadonlyMap<string, Problem> = new Map(
  Object.values(Fixtures.mgh as unknown as Readonly<Record<string, Problem>>).map((problem) => [problem.name, problem])
)

/** What is measured of one problem. All errors are relative to the largest entry, but of the value to itself. */
export interface Measurement {
  readonly name: string
  readonly n: number
  readonly m: number
  readonly value: Worst
  readonly residuals: Worst
  /** At the start, by each mode. */
  readonly gradients: Readonly<Record<string, Worst>>
  /** At the start, by every nesting of the modes. */
  readonly hessians: Readonly<Record<string, Worst>>
  /** At the minimiser: of the value, relative to it where it is not 0; and of the eigenvalues of the Hessian. */
  readonly minimum: Worst
  readonly eigenvalues: Worst
  /** By how much, relative to the largest, entries of the minimiser would have to change for the gradient to vanish. */
  readonly stationarity: number
}

/** The gradient as a program, by each mode. */
export const gradients: Readonly<Record<string, (f: Scalar) => Vector>> = {
  F: (f) => Forward.jacobian(f) as unknown as Vector,
  R: (f) => Reverse.grad(f) as unknown as Vector
}

/** The Hessian as a program, by every nesting: `FR` is forward mode over reverse mode. */
export const hessians: Readonly<Record<string, (f: Scalar) => Matrix>> = Object.fromEntries(
  Object.entries(gradients).flatMap(([inner, gradient]) => [
    [`F${inner}`, (f: Scalar) => Forward.jacobian(gradient(f)) as unknown as Matrix],
    [`R${inner}`, (f: Scalar) => Reverse.jacobian(gradient(f)) as unknown as Matrix]
  ])
)

const compare = (
  what: string,
  actual: ArrayLike<number>,
  expected: ReadonlyArray<number>,
  scale = Math.max(...expected.map(Math.abs))
): Worst => {
  if (actual.length !== expected.length)
    throw new Error(`${what}: expected ${expected.length} numbers, got ${actual.length}`)
  return worst(
    expected.map((e, i): Comparison => {
      const difference = Math.abs(actual[i]! - e)
      // All entries may be 0.
      return {
        place: `${what}[${i}]`,
        expected: e,
        actual: actual[i]!,
        error: difference === 0 ? 0 : difference / (scale || 1)
      }
    })
  )
}

const eigenvaluesOf = (hessian: Matrix): Vector =>
  Fn.make(hessian.inputs, (x) => Expr.eigh(Fn.apply(hessian, x)).values) as unknown as Vector

/** Measures one problem. */
export const measure = (reference: Reference, given = gradients): Measurement => {
  const { minimiser, objective, residuals, starts } = problems.get(reference.name)!
  const start = starts[0]!
  const of = (f: Vector | Matrix, x = start): ArrayLike<number> => (Fn.runSync(f as Vector, x) as Tensor.Any).data
  const hessian = hessians["FR"]!(objective)
  const curvatures = of(hessian, minimiser)
  const n = reference.n
  const largest = Math.max(...minimiser.data.map(Math.abs))
  const slopes = of(given["R"]!(objective), minimiser)
  return {
    name: reference.name,
    n,
    m: reference.m,
    value: compare("f", [Fn.runSync(objective, start)], [reference.f_start]),
    residuals: compare("r", of(residuals), reference.residuals_start),
    gradients: Object.fromEntries(
      Object.entries(given).map(([mode, gradient]) => [
        mode,
        compare(`gradient by ${mode}`, of(gradient(objective)), reference.gradient_start)
      ])
    ),
    hessians: Object.fromEntries(
      Object.entries(hessians).map(([modes, second]) => [
        modes,
        compare(`Hessian by ${modes}`, of(second(objective)), reference.hessian_start.flat())
      ])
    ),
    minimum: compare("minimum", [Fn.runSync(objective, minimiser)], [reference.minimum]),
    eigenvalues: compare(
      "eigenvalue",
      of(eigenvaluesOf(hessian), minimiser),
      reference.hessian_eigenvalues_at_minimiser
    ),
    stationarity: Math.max(
      ...Array.from(slopes, (g, j) => {
        if (g === 0) return 0
        const scale = Array.from({ length: n }, (_, k) => Math.abs(curvatures[j * n + k]!)).reduce((a, b) => a + b)
        return Math.abs(g) / (scale * largest)
      })
    )
  }
}

/** The section of the documentation. */
export const render = (measurements: ReadonlyArray<Measurement>): string =>
  [
    "## Moré, Garbow and Hillstrom",
    "",
    "The test functions of optimisers, `Fixtures.mgh`, against values, residuals, gradients and Hessians at the usual start that were computed in 100 digits. Errors are",
    "relative to the largest entry.",
    "",
    "- `∇f`: by `F`orward and by `R`everse mode; `∇²f`: the worst of all four nestings.",
    "- `minimum`: the value at the minimiser, rounded to doubles, relative to the known one, absolute where that is 0. It is conditioned badly where residuals are small",
    "  differences (Watson, Osborne, Meyer).",
    "- `λ`: the eigenvalues of the Hessian at the minimiser, by `Expr.eigh`.",
    "- `∇f = 0`: by how much entries of the minimiser would have to change, relative to the largest, for the gradient to vanish.",
    "",
    ...table(
      ["problem", "n", "m", "f", "r", "∇f, F", "∇f, R", "∇²f", "minimum", "λ", "∇f = 0"],
      measurements.map((m) => [
        m.name,
        String(m.n),
        String(m.m),
        shown(m.value.error),
        shown(m.residuals.error),
        shown(m.gradients["F"]!.error),
        shown(m.gradients["R"]!.error),
        shown(worst(Object.values(m.hessians)).error),
        shown(m.minimum.error),
        shown(m.eigenvalues.error),
        shown(m.stationarity)
      ])
    ),
    ""
  ].join("\n")
