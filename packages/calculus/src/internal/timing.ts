// Measured times: medians over interleaved samples, after a warm-up.

import { Clock, Effect } from "effect"

/** A sample takes about this long, in seconds: many times what the clock can tell apart. */
const sampleLength = 1e-3

// An engine compiles what runs often, while it runs; and all runs share code (the interpreter's, say). So they are warmed up in turn, until
// none has become faster for some rounds.
const steadyRounds = 4
const warmUpLength = 1e-2
const warmUpRuns = 4096

const median = (list: ReadonlyArray<number>): number => {
  const sorted = list.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export interface Measured {
  readonly samples: number
  /** Seconds for one run of each. */
  readonly medians: ReadonlyArray<number>
}

/**
 * The median times of some runs. Samples of all are taken in turn, so that a machine that changes its pace changes it for all; at least three, then until `samples` are taken
 * or `budget` seconds are over.
 */
export const measure = (
  runs: ReadonlyArray<() => void>,
  { budget, samples }: { readonly budget: number; readonly samples: number }
): Effect.Effect<Measured> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const now = (): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e9
    const time = (run: () => void, times: number): number => {
      const start = now()
      for (let i = 0; i < times; i++) run()
      return now() - start
    }
    const fastest = runs.map(() => Infinity)
    const begin = now()
    for (let steady = 0; steady < steadyRounds && (steady === 0 || now() - begin < budget); steady++) {
      runs.forEach((run, i) => {
        const start = now()
        let count = 0
        do {
          run()
          count++
        } while (count < warmUpRuns && now() - start < warmUpLength)
        const mean = (now() - start) / count
        if (mean < 0.95 * fastest[i]!) steady = 0
        fastest[i] = Math.min(fastest[i]!, mean)
      })
      yield* Effect.yieldNow
    }
    const batches = fastest.map((mean) => Math.min(warmUpRuns, Math.max(1, Math.ceil(sampleLength / mean))))
    const taken: ReadonlyArray<Array<number>> = runs.map(() => [])
    const start = now()
    let count = 0
    while (count < samples && (count < 3 || now() - start < budget)) {
      runs.forEach((run, i) => taken[i]!.push(time(run, batches[i]!) / batches[i]!))
      count++
      yield* Effect.yieldNow
    }
    return { samples: count, medians: taken.map(median) }
  })
