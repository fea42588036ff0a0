// NIST's regressions: derivatives by both modes against central differences in extended precision, and the certified solutions.

import { Fn, type Tensor } from "@fluxion/core"
import * as Calculus from "@fluxion/calculus"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import * as Fixtures from "@fluxion/testing/Fixtures"
import { Decimal, differences, evaluate, exact } from "./decimal.ts"
import { shown, table, type Worst, worst } from "./worst.ts"

/** What is measured of one problem. */
export interface Measurement {
  readonly name: string
  readonly observations: number
  readonly parameters: number
  /** Errors of the Jacobian of the residuals at both starts and at the certified parameters, relative to the largest entry of the column. */
  readonly jacobian: { readonly forward: Worst; readonly reverse: Worst }
  /** The share of entries whose error is below `own` of themselves. */
  readonly accurate: number
  /** Errors of the gradient of the sum of squares at the same points, relative to `Σ 2 |∂rᵢ| (|modelᵢ| + |responseᵢ|)`: residuals are differences. */
  readonly gradient: { readonly forward: Worst; readonly reverse: Worst }
  /** The relative error of the sum of squares at the certified parameters: in float64, and of the parsed formula in extended precision at the refined ones. */
  readonly sumOfSquares: { readonly float64: number; readonly extended: number }
  /** By how much, relative to their size, parameters would have to change for the gradient to vanish: at the certified and at the refined ones. */
  readonly stationarity: { readonly certified: number; readonly refined: number }
}

/** The relative error up to which an entry counts as accurate. */
export const own = 1e-13

/** The smallest positive number with 53 bits. */
const smallest = 2 ** -1022

type Vector = Tensor.Tensor<readonly [number]>

/** How programs of vectors are differentiated, so that a test can put a wrong one in. */
export interface Operators {
  readonly jacobian: (f: Fn.Fn<readonly [number], readonly [number]>, at: Vector) => Tensor.Any
  readonly gradient: (f: Fn.Fn<readonly [number], readonly []>, at: Vector) => Tensor.Any
}

export const operators: { readonly forward: Operators; readonly reverse: Operators } = {
  forward: {
    jacobian: (f, at) => Fn.runSync(Forward.jacobian(f), at),
    gradient: (f, at) => Fn.runSync(Forward.jacobian(f), at)
  },
  reverse: {
    jacobian: (f, at) => Fn.runSync(Reverse.jacobian(f), at),
    gradient: (f, at) => Fn.runSync(Reverse.grad(f), at)
  }
}

/** The rows of the inputs of the model, and the responses, one for each observation. */
const rows = <A>(
  { observations, response }: Fixtures.NistProblem,
  decimal: (x: number) => Decimal,
  f: (predictors: ReadonlyArray<Decimal>, response: Decimal) => A
): ReadonlyArray<A> => {
  const predictors = Object.keys(observations).filter((key) => key !== "y")
  return observations["y"]!.map((y, i) =>
    f(
      predictors.map((key) => decimal(observations[key]![i]!)),
      evaluate(response, [decimal(y)])
    )
  )
}

/** The sum of squares with all digits of the data, which are decimals. */
const sumOfSquares = (problem: Fixtures.NistProblem, parameters: ReadonlyArray<Decimal>): Decimal => {
  const squares = rows(
    problem,
    (x) => new Decimal(x),
    (predictors, response) =>
      evaluate(problem.model, [...parameters, ...predictors])
        .sub(response)
        .pow(2)
  )
  return Decimal.sum(...squares)
}

const stationarity = ({ objective }: Fixtures.NistProblem, at: Vector): number => {
  const gradient = Fn.runSync(Reverse.grad(objective), at)
  const hessian = Fn.runSync(Calculus.hessian(objective), at) as unknown as Tensor.Any
  const n = at.shape[0]
  return Math.max(
    ...Array.from(gradient.data, (g, j) => {
      const scale = Array.from(at.data, (b, k) => Math.abs(hessian.data[j * n + k]! * b)).reduce((x, y) => x + y)
      return Math.abs(g) / scale
    })
  )
}

/** Measures one problem. */
export const measure = (name: Fixtures.NistName, given = operators): Measurement => {
  const problem = Fixtures.nist(name)
  const { certified, minimum, minimiser, model, objective, parameters, residuals, starts } = problem
  const n = parameters.length
  const at = Fixtures.leastSquares(residuals, {
    name,
    starts: [certified.parameters],
    minimum,
    minimiser: certified.parameters
  }).minimiser
  const points = { "start 1": starts[0]!, "start 2": starts[1]!, certified: at }
  const references = Object.entries(points).map(([place, point]) => {
    const b = Array.from(point.data, exact)
    const reference = rows(problem, exact, (predictors, response) => {
      const inputs = [...b, ...predictors]
      const value = evaluate(model, inputs)
      return { value, response, partials: differences(model, inputs, n) }
    })
    const largest = parameters.map((_, j) =>
      reference.map(({ partials }) => partials[j]!.abs()).reduce((x, y) => Decimal.max(x, y), new Decimal(smallest))
    )
    return { place, point, reference, largest }
  })

  let entries = 0
  let accurate = 0
  const jacobian = ({ jacobian: differentiate }: Operators): Worst =>
    worst(
      references.flatMap(({ largest, place, point, reference }) => {
        const { data } = differentiate(residuals, point)
        return reference.flatMap(({ partials, value }, i) =>
          partials.map((expected, j) => {
            const actual = data[i * n + j]!
            const difference = exact(actual).sub(expected).abs()
            // Differences of 40 digits with steps of 1e-12 do not show what is smaller than this by much.
            const resolved = value.div(point.data[j]!).abs().mul(1e-14)
            entries++
            if (difference.div(Decimal.max(expected.abs(), resolved, smallest)).lte(own)) accurate++
            return {
              place: `∂r${i + 1}/∂${parameters[j]!} at ${place}`,
              expected: expected.toNumber(),
              actual,
              error: difference.div(largest[j]!).toNumber()
            }
          })
        )
      })
    )

  const gradient = ({ gradient: differentiate }: Operators): Worst =>
    worst(
      references.flatMap(({ place, point, reference }) => {
        const { data } = differentiate(objective, point)
        return parameters.map((parameter, j) => {
          const sum = (f: (row: (typeof reference)[number]) => Decimal): Decimal =>
            reference.map((row) => f(row).mul(2)).reduce((x, y) => x.add(y))
          const expected = sum(({ partials, response, value }) => value.sub(response).mul(partials[j]!))
          const scale = sum(({ partials, response, value }) => value.abs().add(response.abs()).mul(partials[j]!.abs()))
          return {
            place: `∂f/∂${parameter} at ${place}`,
            expected: expected.toNumber(),
            actual: data[j]!,
            error: exact(data[j]!).sub(expected).abs().div(Decimal.max(scale, smallest)).toNumber()
          }
        })
      })
    )

  const jacobians = { forward: jacobian(given.forward), reverse: jacobian(given.reverse) }
  const { residualSumOfSquares } = certified
  return {
    name,
    observations: problem.observations["y"]!.length,
    parameters: n,
    jacobian: jacobians,
    accurate: accurate / entries,
    gradient: { forward: gradient(given.forward), reverse: gradient(given.reverse) },
    sumOfSquares: {
      float64: Math.abs(Fn.runSync(objective, at) / residualSumOfSquares - 1),
      extended: sumOfSquares(
        problem,
        Array.from(minimiser.data, (b) => new Decimal(b))
      )
        .div(minimum)
        .sub(1)
        .abs()
        .toNumber()
    },
    stationarity: { certified: stationarity(problem, at), refined: stationarity(problem, minimiser) }
  }
}

/** The section of the documentation. */
export const render = (measurements: ReadonlyArray<Measurement>): string =>
  [
    "## NIST's nonlinear regressions",
    "",
    "The 27 models of the Statistical Reference Datasets, read by `Formula.parse` from the text that NIST gives. Derivatives at both starts and at the certified",
    "parameters, for all observations, against central differences in 40 digits (decimal.js) of the same formula at the same doubles.",
    "",
    "- `J`: the Jacobian of the residuals, relative to the largest entry of the column, by `F`orward and by `R`everse mode. `accurate`: the share of its entries with",
    `  an error below ${own} of themselves; where others are, the true entry vanishes (sines of multiples of π in ENSO, factors that are 0 or nearly so in Eckerle4 and Kirby2).`,
    "- `∇f`: the gradient of the sum of squares, relative to `Σ 2 |∂rᵢ| (|modelᵢ| + |responseᵢ|)`.",
    "- `f`: the sum of squares at the certified parameters, relative to the certified one, which has eleven digits; `f, 40 digits`: that of the parsed formula at",
    "  parameters of 17 digits, relative to a solution in 60 digits. Float64 cannot reproduce that of Lanczos1, 1.4e-25; its data, model and derivatives are checked all",
    "  the same.",
    "- `∇f = 0`: by how much parameters would have to change, relative to their size, for the gradient to vanish: `maxⱼ |gⱼ| / Σₖ |Hⱼₖ bₖ|`, at the certified parameters",
    "  and at those of 17 digits.",
    "",
    ...table(
      [
        "problem",
        "rows",
        "b",
        "J, F",
        "J, R",
        "accurate",
        "∇f, F",
        "∇f, R",
        "f",
        "f, 40 digits",
        "∇f = 0",
        "17 digits"
      ],
      measurements.map((m) => [
        m.name,
        String(m.observations),
        String(m.parameters),
        shown(m.jacobian.forward.error),
        shown(m.jacobian.reverse.error),
        `${(100 * m.accurate).toFixed(1)} %`,
        shown(m.gradient.forward.error),
        shown(m.gradient.reverse.error),
        shown(m.sumOfSquares.float64),
        shown(m.sumOfSquares.extended),
        shown(m.stationarity.certified),
        shown(m.stationarity.refined)
      ])
    ),
    ""
  ].join("\n")
