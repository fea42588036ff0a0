/**
 * Times of subjects, measured in turn by Tinybench.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { Bench } from "tinybench"
import type { Subject } from "./Subject.ts"

/**
 * How long to measure.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Seconds for each subject, over all rounds. */
  readonly seconds: number
}

/**
 * What the runs of a subject took, in nanoseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Times {
  readonly median: number
  readonly lowerQuartile: number
  readonly upperQuartile: number
  /** The median of each round. */
  readonly rounds: ReadonlyArray<number>
}

/**
 * A ratio of times: the median of the ratios of the rounds, the smallest and the largest of them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ratio {
  readonly median: number
  readonly smallest: number
  readonly largest: number
}

const ROUNDS = 5

// A sample is of so many nanoseconds at least, which the clock's own time is a small part of.
const SAMPLE = 50_000

/** The quantile of sorted numbers, between the two next to it. */
const quantile = (sorted: ReadonlyArray<number>, q: number): number => {
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)]!
  return low + (sorted[Math.ceil(at)]! - low) * (at % 1)
}

const ascending = (values: ReadonlyArray<number>): ReadonlyArray<number> => values.toSorted((a, b) => a - b)

/** What one run takes, and how many runs make a sample. */
interface Pace {
  readonly least: number
  readonly batch: number
}

const warmUp = async ({ run }: Subject, nanoseconds: number, isAsync: boolean): Promise<Pace> => {
  const started = performance.now()
  const timed = async (count: number): Promise<number> => {
    const start = performance.now()
    if (isAsync) for (let i = 0; i < count; i++) await run()
    else repeat(run, count)
    return ((performance.now() - start) * 1e6) / count
  }
  let least = await timed(1)
  let batch = 1
  while ((performance.now() - started) * 1e6 < nanoseconds) {
    const took = await timed(batch)
    least = Math.min(least, took)
    if (took * batch < SAMPLE) batch *= 2
  }
  return { least, batch: Math.max(1, Math.ceil(SAMPLE / Math.max(least, 1))) }
}

/** Runs that do not wait for anything. */
const repeat = (run: Subject["run"], count: number): void => {
  for (let i = 0; i < count; i++) void run()
}

// A loop that has seen one function only has it inlined, and is then no measure of a call. This one has seen several before it is used.
const seen = new Float64Array(4)
const others: ReadonlyArray<() => void> = [
  () => void seen[0]!++,
  () => void seen[1]!++,
  () => void seen[2]!++,
  () => void seen[3]!++
]
for (let i = 0; i < 10; i++) for (const other of others) repeat(other, 10_000)

/** One sample after another for some time, one at least; what each took for one run. */
const sample = async (
  { run }: Subject,
  { batch }: Pace,
  milliseconds: number,
  isAsync: boolean
): Promise<ReadonlyArray<number>> => {
  const bench = new Bench({ time: milliseconds, iterations: 1, warmup: false, retainSamples: true, throws: true })
  bench.add(
    "subject",
    isAsync
      ? async () => {
          for (let i = 0; i < batch; i++) await run()
        }
      : () => repeat(run, batch),
    { async: isAsync }
  )
  const [task] = isAsync ? await bench.run() : bench.runSync()
  const { result } = task!
  if (result.state !== "completed") throw new Error(`Tinybench did not complete: it is ${result.state}`)
  return result.latency.samples!.map((took) => (took * 1e6) / batch)
}

/**
 * Measures subjects in turn, several rounds of all of them.
 *
 * **Details**
 *
 * All are warmed up before the first is measured, and called from the same place in the code, which inlines none of them. Each round gives each subject its share of the time, so that a machine that is slower for a while is so for all of them, and ratios
 * are taken within a round. A subject of which one run takes longer than all its time is measured in one round only.
 *
 * @category measuring
 * @since 0.1.0
 */
export const measure = <Name extends string>(
  subjects: Readonly<Record<Name, Subject>>,
  { seconds }: Options
): Effect.Effect<Readonly<Record<Name, Times>>> =>
  Effect.promise(async () => {
    const names = Object.keys(subjects) as Array<Name>
    const paces = new Map<Name, Pace>()
    const asynchronous = new Set<Name>()
    for (const name of names) {
      const pending = subjects[name].run()
      // Bound programs that can fail give a result, which is no promise.
      if (pending instanceof Promise) {
        asynchronous.add(name)
        await pending
      }
      paces.set(name, await warmUp(subjects[name], (seconds * 1e9) / ROUNDS, asynchronous.has(name)))
    }
    const samples = new Map<Name, Array<ReadonlyArray<number>>>(names.map((name) => [name, []]))
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of names) {
        const pace = paces.get(name)!
        if (round > 0 && pace.least > seconds * 1e9) continue
        const own = await sample(subjects[name], pace, (seconds * 1000) / ROUNDS, asynchronous.has(name))
        samples.get(name)!.push(own)
      }
    }
    return Object.fromEntries(
      names.map((name) => {
        const all = ascending(samples.get(name)!.flat())
        const times: Times = {
          median: quantile(all, 0.5),
          lowerQuartile: quantile(all, 0.25),
          upperQuartile: quantile(all, 0.75),
          rounds: samples.get(name)!.map((own) => quantile(ascending(own), 0.5))
        }
        return [name, times]
      })
    ) as Record<Name, Times>
  })

/**
 * How many times as long one subject takes as another one that was measured with it.
 *
 * @category comparing
 * @since 0.1.0
 */
export const ratio = (times: Times, reference: Times): Ratio => {
  const rounds = Math.min(times.rounds.length, reference.rounds.length)
  const ratios = ascending(Array.from({ length: rounds }, (_, i) => times.rounds[i]! / reference.rounds[i]!))
  return { median: quantile(ratios, 0.5), smallest: ratios[0]!, largest: ratios.at(-1)! }
}
