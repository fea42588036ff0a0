// Tries all mutants on worker threads: first the tests are measured (how long each takes, which mutants it reaches), then each mutant is given the tests
// that reach it, those that killed its neighbours first, then the fast ones, until one fails.

import { Worker } from "node:worker_threads"
import type { Mutant } from "./Mutator.ts"
import type { Answer, Request, Setup } from "./worker.ts"

/** What became of a mutant. */
export type Fate =
  | { readonly _tag: "Killed"; readonly test: string; readonly message: string }
  /** It ran far longer than the rules do, or used all memory. */
  | { readonly _tag: "Stuck"; readonly test: string }
  | { readonly _tag: "Survived"; readonly tests: number }
  | { readonly _tag: "Unreached" }

/** The fates of mutants, in the order in which they became known. */
export interface Result {
  readonly fates: ReadonlyMap<Mutant, Fate>
  readonly tests: number
  /** Tests that fail with no mutant: nothing can be concluded before they are mended. */
  readonly failing: ReadonlyArray<string>
}

export interface Options {
  readonly setup: Omit<Setup, "active">
  readonly mutants: ReadonlyArray<Mutant>
  readonly workers: number
  /** Milliseconds of tests for a mutant at most, and of a single test. */
  readonly budget: (mutant: Mutant) => number
  readonly longest: number
  /** Mutants to try, first ones first. */
  readonly order: (mutants: ReadonlyArray<Mutant>) => ReadonlyArray<Mutant>
  /** Whether to stop before the next mutant. */
  readonly stopped: () => boolean
  readonly progress: (line: string) => void
  /** What was measured of the tests of a file before, and what is now. */
  readonly recall: (file: string) => ReadonlyArray<Measured> | undefined
  readonly learn: (file: string, measured: ReadonlyArray<Measured>) => void
}

/** What a test takes, without a mutant. */
export interface Measured {
  readonly milliseconds: number
  readonly hits: number
  readonly covered: ReadonlyArray<number>
}

type Ready = Extract<Answer, { readonly _tag: "Ready" }>

/** A thread that answers, or is ended when it does not. */
class Thread {
  private worker: Worker | undefined
  private readonly setup: Setup
  constructor(setup: Setup) {
    this.setup = setup
  }

  /** Listens until an answer settles, or a test takes longer than it may. */
  private listen<X>(
    settle: (answer: Answer, done: (x: X) => void) => void,
    allowed: (test: number) => number,
    lost: (test: number | undefined) => X,
    begin: (worker: Worker) => void
  ): Promise<X> {
    const worker = this.worker!
    return new Promise((resolve) => {
      let test: number | undefined
      const end = (x: X): void => {
        clearTimeout(timer)
        worker.off("message", onMessage).off("error", onLost).off("exit", onLost)
        resolve(x)
      }
      const onLost = (): void => {
        void this.end()
        end(lost(test))
      }
      let timer = setTimeout(onLost, 120_000)
      const onMessage = (answer: Answer): void => {
        if (answer._tag === "Started") {
          test = answer.test
          clearTimeout(timer)
          timer = setTimeout(onLost, allowed(answer.test))
        } else settle(answer, end)
      }
      worker.on("message", onMessage).on("error", onLost).on("exit", onLost)
      begin(worker)
    })
  }

  async start(): Promise<Ready | undefined> {
    this.worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: this.setup,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: 2048 }
    })
    return this.listen<Ready | undefined>(
      (answer, done) => {
        if (answer._tag === "Ready") done(answer)
      },
      () => 120_000,
      () => undefined,
      () => {}
    )
  }

  measure(
    tests: ReadonlyArray<number>,
    each: (answer: Extract<Answer, { readonly _tag: "Measured" }>) => void
  ): Promise<boolean> {
    return this.listen<boolean>(
      (answer, done) => {
        if (answer._tag === "Measured") each(answer)
        if (answer._tag === "Done") done(true)
      },
      () => 300_000,
      () => false,
      (worker) => worker.postMessage({ _tag: "Measure", tests } satisfies Request, [])
    )
  }

  async attempt(
    mutant: number,
    tests: ReadonlyArray<number>,
    measured: ReadonlyArray<Measured>
  ): Promise<Answer | { readonly _tag: "Lost"; readonly test: number | undefined }> {
    if (this.worker === undefined && (await this.start()) === undefined) return { _tag: "Lost", test: undefined }
    return this.listen<Answer | { readonly _tag: "Lost"; readonly test: number | undefined }>(
      (answer, done) => done(answer),
      (test) => 3000 + 30 * measured[test]!.milliseconds,
      (test) => ({ _tag: "Lost", test }),
      (worker) =>
        worker.postMessage(
          {
            _tag: "Try",
            mutant,
            tests,
            hits: tests.map((test) => measured[test]!.hits)
          } satisfies Request,
          []
        )
    )
  }

  async end(): Promise<void> {
    const { worker } = this
    this.worker = undefined
    await worker?.terminate()
  }
}

export const tryMutants = async (options: Options): Promise<Result> => {
  const { budget, learn, longest, mutants, order, progress, recall, setup, stopped, workers } = options
  const fates = new Map<Mutant, Fate>()
  const threads = Array.from({ length: workers }, () => new Thread({ ...setup, active: -1 }))
  const ready = (await Promise.all(threads.map((thread) => thread.start())))[0]
  if (ready === undefined) throw new Error("the tests do not load")
  const { files, loaded, names } = ready

  // Whole files, so that what is compiled for one test serves the next.
  const measured = new Array<Measured>(names.length)
  const failing: Array<string> = []
  let next = 0
  await Promise.all(
    threads.map(async (thread) => {
      while (next < names.length) {
        const first = next
        while (next < names.length && files[next] === files[first]) next++
        const own = Array.from({ length: next - first }, (_, i) => first + i)
        const before = recall(files[first]!)
        if (before?.length === own.length) {
          before.forEach((one, i) => (measured[first + i] = one))
          continue
        }
        const done = await thread.measure(own, (answer) => {
          const { covered, hits, milliseconds } = answer
          measured[answer.test] = { covered, hits, milliseconds }
          if (answer.failure !== undefined) failing.push(`${names[answer.test]!}: ${answer.failure}`)
        })
        if (!done) throw new Error(`the tests of ${files[first]!} end the worker`)
        if (failing.length === 0) learn(files[first]!, measured.slice(first, next))
      }
    })
  )
  const spent = measured.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  progress(`${names.length} tests, ${(spent / 1000).toFixed(1)} s`)
  if (failing.length > 0) {
    await Promise.all(threads.map((thread) => thread.end()))
    return { fates, tests: names.length, failing }
  }

  const reaching = new Map<number, Array<number>>()
  measured.forEach(({ covered, milliseconds }, test) => {
    if (milliseconds > longest) return
    for (const mutant of covered) reaching.set(mutant, [...(reaching.get(mutant) ?? []), test])
  })
  const fast = (a: number, b: number): number => measured[a]!.milliseconds - measured[b]!.milliseconds
  const all = names
    .map((_, test) => test)
    .filter((test) => measured[test]!.milliseconds <= longest)
    .sort(fast)

  const killers = new Map<string, Array<number>>()
  const testsFor = (mutant: Mutant, early: boolean): ReadonlyArray<number> => {
    const found = early ? all : (reaching.get(mutant.id) ?? []).sort(fast)
    const known = new Set(found)
    const before = (killers.get(mutant.file) ?? []).filter((test) => known.has(test))
    let left = budget(mutant)
    return [...new Set([...before, ...found])].filter((test) => (left -= measured[test]!.milliseconds) >= 0)
  }
  const early = new Set(loaded)
  const queue = order(mutants).values()
  const started = performance.now()
  let told = 0

  await Promise.all(
    threads.map(async (thread) => {
      for (const mutant of queue) {
        if (stopped()) break
        const isEarly = early.has(mutant.id)
        const tests = testsFor(mutant, isEarly)
        if (tests.length === 0) {
          fates.set(mutant, { _tag: "Unreached" })
          continue
        }
        const own = isEarly ? new Thread({ ...setup, active: mutant.id }) : thread
        let answer = await own.attempt(mutant.id, tests, measured)
        if (answer._tag === "Spoilt") {
          // Something remembers the mutant before, or this one: a fresh worker knows.
          await own.end()
          answer = await own.attempt(mutant.id, tests, measured)
          if (answer._tag === "Spoilt") {
            await own.end()
            answer = { ...answer, _tag: "Killed" }
          }
        }
        if (isEarly) await own.end()
        if (answer._tag === "Killed") {
          const recent = killers.get(mutant.file) ?? []
          killers.set(mutant.file, [answer.test, ...recent.filter((test) => test !== answer.test)].slice(0, 12))
          fates.set(mutant, { _tag: "Killed", test: names[answer.test]!, message: answer.message })
        } else if (answer._tag === "Lost") {
          fates.set(mutant, { _tag: "Stuck", test: answer.test === undefined ? "when loaded" : names[answer.test]! })
        } else fates.set(mutant, { _tag: "Survived", tests: tests.length })
        if (performance.now() - told > 10_000) {
          told = performance.now()
          progress(`${fates.size} mutants, ${((told - started) / 1000).toFixed(0)} s`)
        }
      }
    })
  )
  await Promise.all(threads.map((thread) => thread.end()))
  return { fates, tests: names.length, failing }
}
