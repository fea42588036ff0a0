// Tries laws on random things, in turn, until the time is over: what breaks a law is shrunk and handed out.

import { Clock, Effect } from "effect"
import * as fc from "fast-check"
import type { Law } from "./Laws.ts"

/** Something that breaks a law: the text that it is kept as, and how to find it again. */
export interface Finding {
  readonly law: string
  readonly text: string
  readonly seed: number
  readonly path: string
  readonly message: string
}

export interface Options {
  readonly laws: ReadonlyArray<Law>
  readonly seed: number
  readonly seconds: number
  /** At most so many batches; all that time allows when left out. */
  readonly batches?: number
  readonly found: (finding: Finding) => Effect.Effect<void>
  readonly progress: (summary: Summary) => Effect.Effect<void>
}

export interface Summary {
  readonly seed: number
  readonly seconds: number
  /** How many things each law was tried on. */
  readonly tried: Readonly<Record<string, number>>
  /** How many of them each primitive was in. */
  readonly families: Readonly<Record<string, number>>
  readonly findings: number
}

/** The seed of a batch. Batches follow from the seed of the run, and each can be repeated alone. */
export const seedOf = (seed: number, batch: number): number => (Math.imul(batch, 0x9e3779b1) + seed) | 0

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n").slice(0, 12).join("\n")

/** One batch of one law; a finding if there is any. Shrinking ends after two minutes, with what it has. */
export const tryLaw = (law: Law, seed: number, seen: (thing: unknown) => void): Finding | undefined => {
  let failed = false
  const property = fc.property(law.arbitrary, (thing) => {
    if (!failed) seen(thing)
    try {
      law.check(thing)
    } catch (error) {
      failed = true
      throw error
    }
  })
  const {
    counterexample,
    counterexamplePath,
    errorInstance,
    failed: broken
  } = fc.check(property, { seed, numRuns: law.batch, interruptAfterTimeLimit: 120_000 })
  if (!broken || counterexample === null) return undefined
  return {
    law: law.name,
    text: law.write(counterexample[0]),
    seed,
    path: counterexamplePath ?? "",
    message: messageOf(errorInstance)
  }
}

/** Ends when the time is over, after the last batch, or when it is interrupted: between two batches. */
export const fuzz = ({ batches = Number.POSITIVE_INFINITY, found, laws, progress, seconds, seed }: Options) =>
  Effect.gen(function* () {
    const started = yield* Clock.currentTimeMillis
    const tried: Record<string, number> = {}
    const families: Record<string, number> = {}
    let findings = 0
    const summary = (now: number): Summary => ({ seed, seconds: (now - started) / 1000, tried, families, findings })
    const loop = Effect.gen(function* () {
      let told = started
      for (let batch = 0; batch < batches; batch++) {
        const now = yield* Clock.currentTimeMillis
        if (now - started >= seconds * 1000) return
        if (now - told > 10_000) {
          told = now
          yield* progress(summary(now))
        }
        const law = laws[batch % laws.length]!
        const finding = tryLaw(law, seedOf(seed, batch), (thing) => {
          tried[law.name] = (tried[law.name] ?? 0) + 1
          for (const family of law.families(thing)) families[family] = (families[family] ?? 0) + 1
        })
        if (finding !== undefined) {
          findings++
          yield* found(finding)
        }
        // Where an interruption is noticed.
        yield* Effect.sleep(0)
      }
    })
    yield* Effect.onInterrupt(loop, () => Effect.flatMap(Clock.currentTimeMillis, (now) => progress(summary(now))))
    return summary(yield* Clock.currentTimeMillis)
  })
