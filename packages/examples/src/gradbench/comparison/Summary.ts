/**
 * Ratios of the times of tools, problem by problem.
 *
 * @since 0.1.0
 */
import { number, plural, type Style, styledTable } from "../../internal/text.ts"
import type { Round } from "./Session.ts"

/**
 * Which functions of the suite compute values, and which derivatives.
 *
 * @category models
 * @since 0.1.0
 */
export const roles: Readonly<Record<string, "primal" | "gradient">> = {
  objective: "primal",
  primal: "primal",
  cost: "primal",
  jacobian: "gradient",
  gradient: "gradient",
  dir: "gradient"
}

/**
 * Ratios of several sizes: their geometric mean and the largest.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ratio {
  readonly mean: number
  readonly largest: number
}

/**
 * One problem, of `tool` against `peer`. What was not measured is not there.
 *
 * @category models
 * @since 0.1.0
 */
export interface Row {
  readonly module: string
  readonly sizes: number
  readonly valid: number
  readonly judged: number
  readonly gradient?: Ratio
  readonly primal?: Ratio
  readonly gradientToPrimal?: Ratio
  readonly peerGradientToPrimal?: Ratio
}

const geometricMean = (values: ReadonlyArray<number>): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)

const ratio = (values: ReadonlyArray<number | undefined>): Ratio | undefined => {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : { mean: geometricMean(known), largest: Math.max(...known) }
}

const timeOf = (round: Round | undefined, tool: string): number | undefined => {
  const outcome = round?.outcomes[tool]
  return outcome?._tag === "Measured" ? outcome.nanoseconds : undefined
}

const divide = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined || b === 0 ? undefined : a / b

/**
 * The rows of a table of ratios, in the order in which problems first occur.
 *
 * @category summaries
 * @since 0.1.0
 */
export const rows = (rounds: ReadonlyArray<Round>, tool: string, peer: string): ReadonlyArray<Row> => {
  const modules = Array.from(new Set(rounds.map(({ module }) => module)))
  return modules.map((module) => {
    const own = rounds.filter((round) => round.module === module)
    const descriptions = Array.from(new Set(own.map(({ description }) => description)))
    const sizes = descriptions.map((description) => {
      const find = (role: "primal" | "gradient") =>
        own.find((round) => round.description === description && roles[round.function] === role)
      return { primal: find("primal"), gradient: find("gradient") }
    })
    const against = (role: "primal" | "gradient") =>
      ratio(sizes.map((size) => divide(timeOf(size[role], tool), timeOf(size[role], peer))))
    const within = (of: string) =>
      ratio(sizes.map(({ gradient, primal }) => divide(timeOf(gradient, of), timeOf(primal, of))))
    const known = {
      gradient: against("gradient"),
      primal: against("primal"),
      gradientToPrimal: within(tool),
      peerGradientToPrimal: within(peer)
    }
    return {
      module,
      sizes: sizes.length,
      valid: own.filter(({ verdict }) => verdict._tag === "Valid").length,
      judged: own.length,
      ...(Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)) as Partial<Row>)
    }
  })
}

/**
 * The problems whose geometric mean says how a tool does: those that `manual` differentiates as the suite states them.
 *
 * @category models
 * @since 0.1.0
 */
export const ranked: ReadonlyArray<string> = ["llsq", "lse", "gmm", "kmeans", "lstm", "ba", "ht"]

const shown = (value: number): string => number(value, 3)

const cells = (value: Ratio | undefined): readonly [string, string] =>
  value === undefined ? ["", ""] : [shown(value.mean), shown(value.largest)]

/**
 * A table of ratios as text.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (all: ReadonlyArray<Row>, tool: string, peer: string, style: Style = "text"): string => {
  const header = [
    "problem",
    "valid",
    "gradient",
    "worst",
    "primal",
    "worst",
    "grad/primal",
    "worst",
    `of ${peer}`,
    "worst"
  ]
  const lines = all.map((row) => [
    row.module,
    `${row.valid}/${row.judged}`,
    ...cells(row.gradient),
    ...cells(row.primal),
    ...cells(row.gradientToPrimal),
    ...cells(row.peerGradientToPrimal)
  ])
  const overall = (["gradient", "primal"] as const).flatMap((role) => {
    const counted = all.flatMap((row) => {
      const ratio = row[role]
      return ratio !== undefined && ranked.includes(row.module) ? [{ module: row.module, mean: ratio.mean }] : []
    })
    if (counted.length === 0) return []
    const problems = `${plural(counted.length, "problem")} (${counted.map(({ module }) => module).join(", ")})`
    const mean = shown(geometricMean(counted.map(({ mean }) => mean)))
    return [`\n\n${style === "text" ? "  " : ""}${role}, geometric mean over ${problems}: ${mean}`]
  })
  return `${tool} / ${peer}: ratios of median times, geometric means over sizes\n\n${styledTable(style, header, lines)}${overall.join("")}`
}

/**
 * One round as a line of text.
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderRound = (round: Round): string => {
  const times = Object.entries(round.outcomes).map(([tool, outcome]) =>
    outcome._tag === "Measured"
      ? `${tool} ${number(outcome.nanoseconds / 1e6, 4)} ms (${plural(outcome.runs, "run")})`
      : `${tool}: ${outcome.error}`
  )
  const said =
    round.verdict._tag === "Valid"
      ? "valid"
      : round.verdict._tag === "Invalid"
        ? `INVALID: ${round.verdict.error}`
        : "no answer"
  return `${[round.module, round.function, round.description].filter((part) => part !== "").join(" ")}: ${times.join(", ")}; ${said}`
}
