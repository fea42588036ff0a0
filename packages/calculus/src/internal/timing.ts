// Measured times: medians over interleaved samples, after a warm-up.

import { Clock, Effect } from "effect"

/** A sample takes about this long, in seconds: many times what the clock can tell apart. */
const sampleLength = 1e-3

// All runs share code (the interpreter's, say): they are warmed up in turn, until none of them finds it cold.
const warmUpRounds = 3
const warmUpLength = 5e-3
const warmUpRuns = 2000

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
    for (let round = 0; round < warmUpRounds; round++) {
      for (const run of runs) {
        const start = now()
        for (let i = 0; i < warmUpRuns && (i === 0 || now() - start < warmUpLength); i++) run()
      }
    }
    const batches = runs.map((run) => {
      let batch = 1
      while (batch < 4096 && time(run, batch) < sampleLength) batch *= 2
      return batch
    })
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
