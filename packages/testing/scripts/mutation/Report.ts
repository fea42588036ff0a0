// What is told of a run: a table by file, for CI and for the documentation.

import type { Mutant } from "./Mutator.ts"
import type { Result } from "./Runner.ts"
import type { Explanation, Judgement } from "./Survivors.ts"

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

const code = (text: string): string => `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``

/** docs/mutation.md. */
export const page = (
  report: string,
  mutants: number,
  tests: number,
  explanations: ReadonlyArray<Explanation>
): string => {
  const files = [...new Set(explanations.map(({ file }) => file))].sort()
  return `# Mutation testing of the rules

Every rule of both modes is changed in small ways, one at a time: another function, another operand, a sign, a number, a condition, a statement left out,
a result lost. Each change has to make a test of the packages fail. \`npx -y pnpm@12.21.0 mutate\` does it, in CI too, where it takes mutants in an order by chance for
as long as it has; a survivor without an explanation fails the run, and so does an explanation of what no longer survives.

All mutants live in one version of the rules, behind a switch, and the tests of \`forward-mode\`, \`reverse-mode\` and \`testing\` are loaded once: a mutant costs
what the tests that reach it cost until one fails, some milliseconds for most. Tests that take longer than 1.5 s are left out, and a mutant gets at most 3 s of
tests, one that is explained half a second (\`--thorough\`: 3 s, too). \`packages/testing/scripts/mutation\` holds the mutator, \`survivors.json\` in it the explanations below.

${mutants} mutants, ${tests} tests, ${new Date().toISOString().slice(0, 10)}. The score counts what was killed among those without explanation.

${report}

## Survivors

What no test can tell from the rules, or only by how long it takes; one reason may be that of several mutants.

${files
  .map((file) =>
    [
      `### ${file.replace("packages/", "").replace("/src/rules", "")}`,
      "",
      ...explanations
        .filter((explanation) => explanation.file === file)
        .map(({ because, mutants }) =>
          [
            `- ${because}`,
            ...mutants.map(({ original, replacement }) => `  - ${code(original)} → ${code(replacement)}`)
          ].join("\n")
        )
    ].join("\n")
  )
  .join("\n\n")}
`
}
