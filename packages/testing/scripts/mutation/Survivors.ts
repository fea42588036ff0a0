// Survivors that were looked at: why no test can tell them from the rules.

import type { Mutant } from "./Mutator.ts"

/** Mutants by what they change, and not by line numbers, which move: the text of the line that they are on, and the change. */
export interface Change {
  readonly line: string
  readonly original: string
  readonly replacement: string
}

/** Mutants of one file that survive for one reason. */
export interface Explanation {
  readonly file: string
  readonly because: string
  readonly mutants: ReadonlyArray<Change>
}

export const keyOf = (file: string, { line, original, replacement }: Change): string =>
  JSON.stringify([file, line, original, replacement])

/** The change that a mutant makes, given the lines of its file. */
export const changeOf = ({ line, original, replacement }: Mutant, lines: ReadonlyArray<string>): Change => ({
  line: lines[line - 1]!.trim(),
  original,
  replacement
})

export interface Judgement {
  /** Explained, and why. */
  readonly explained: ReadonlyMap<Mutant, string>
  readonly unexplained: ReadonlyArray<Mutant>
  /** Explanations of what was tried and did not survive, or is no longer there. */
  readonly stale: ReadonlyArray<{ readonly file: string; readonly change: Change; readonly because: string }>
}

/**
 * Holds survivors against explanations. An explanation is for every mutant that makes its change, and is stale when none of them survived while all of them were
 * tried.
 */
export const judge = (
  explanations: ReadonlyArray<Explanation>,
  mutants: ReadonlyArray<Mutant>,
  fateOf: (mutant: Mutant) => "survived" | "killed" | "untried",
  change: (mutant: Mutant) => Change
): Judgement => {
  const reasons = new Map<string, string>()
  for (const { because, file, mutants: changes } of explanations)
    for (const one of changes) reasons.set(keyOf(file, one), because)
  const explained = new Map<Mutant, string>()
  const unexplained: Array<Mutant> = []
  const needed = new Set<string>()
  for (const mutant of mutants) {
    const key = keyOf(mutant.file, change(mutant))
    const fate = fateOf(mutant)
    if (fate !== "killed") needed.add(key)
    if (fate !== "survived") continue
    const because = reasons.get(key)
    if (because === undefined) unexplained.push(mutant)
    else explained.set(mutant, because)
  }
  const stale = explanations.flatMap(({ because, file, mutants: changes }) =>
    changes.filter((one) => !needed.has(keyOf(file, one))).map((one) => ({ file, change: one, because }))
  )
  return { explained, unexplained, stale }
}
