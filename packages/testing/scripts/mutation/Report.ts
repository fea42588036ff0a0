// What is told of a run: a table by file, for CI and for the documentation.

import type { Mutant } from "./Mutator.ts"
import type { Result } from "./Runner.ts"
import type { Judgement } from "./Survivors.ts"

interface Row {
  tried: number
  killed: number
  stuck: number
  explained: number
  unexplained: number
}

const empty = (): Row => ({ tried: 0, killed: 0, stuck: 0, explained: 0, unexplained: 0 })

const score = ({ explained, killed, stuck, tried }: Row): string => {
  const mattering = tried - explained
  return mattering === 0 ? "" : `${((100 * (killed + stuck)) / mattering).toFixed(1)}%`
}

/** By file and in all: how many mutants were tried and what became of them. The score leaves out those that are explained. */
export const table = ({ fates }: Result, { explained, unexplained }: Judgement): string => {
  const rows = new Map<string, Row>()
  const open = new Set(unexplained)
  const all = empty()
  const count = (mutant: Mutant, row: Row): void => {
    const fate = fates.get(mutant)!
    row.tried++
    if (fate._tag === "Killed") row.killed++
    else if (fate._tag === "Stuck") row.stuck++
    else if (open.has(mutant)) row.unexplained++
    else if (explained.has(mutant)) row.explained++
  }
  for (const mutant of fates.keys()) {
    const row = rows.get(mutant.file) ?? empty()
    rows.set(mutant.file, row)
    count(mutant, row)
    count(mutant, all)
  }
  const line = (name: string, row: Row): string =>
    `| ${name} | ${row.tried} | ${row.killed} | ${row.stuck} | ${row.explained} | ${row.unexplained} | ${score(row)} |`
  const names = [...rows.keys()].sort()
  return [
    "| rules | mutants | killed by a failing test | killed by running on | survived, explained | survived | score |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...names.map((name) => line(name.replace("packages/", "").replace("/src/rules", ""), rows.get(name)!)),
    line("all", all)
  ].join("\n")
}
