// Tries mutants: loads the instrumented modules and the tests of the packages once, and runs tests with one mutant switched on.

import { readFileSync } from "node:fs"
import { registerHooks } from "node:module"
import { fileURLToPath, pathToFileURL } from "node:url"
import { parentPort, workerData } from "node:worker_threads"
import { type Switch, switchName } from "./Mutator.ts"
import type { Test } from "./vitest.ts"

/** What a worker is made with. */
export interface Setup {
  readonly root: string
  /** Instrumented sources by path. */
  readonly sources: Readonly<Record<string, string>>
  /** Modules that remember what rules made. */
  readonly memories: ReadonlyArray<string>
  readonly tests: ReadonlyArray<string>
  /** The mutant that is on from the start, for what is evaluated when modules are loaded. */
  readonly active: number
}

/** What a worker is asked to do. */
export type Request =
  | { readonly _tag: "Measure"; readonly tests: ReadonlyArray<number> }
  | {
      readonly _tag: "Try"
      readonly mutant: number
      readonly tests: ReadonlyArray<number>
      readonly hits: ReadonlyArray<number>
    }

/** What a worker tells. */
export type Answer =
  | {
      readonly _tag: "Ready"
      readonly names: ReadonlyArray<string>
      readonly files: ReadonlyArray<string>
      readonly loaded: ReadonlyArray<number>
    }
  | { readonly _tag: "Started"; readonly test: number }
  | {
      readonly _tag: "Measured"
      readonly test: number
      readonly milliseconds: number
      readonly hits: number
      readonly covered: ReadonlyArray<number>
      readonly failure: string | undefined
    }
  | { readonly _tag: "Done" }
  | { readonly _tag: "Killed"; readonly mutant: number; readonly test: number; readonly message: string }
  /** A test fails without the mutant, after it was on: something remembers it. */
  | { readonly _tag: "Spoilt"; readonly mutant: number; readonly test: number; readonly message: string }
  | { readonly _tag: "Survived"; readonly mutant: number }

const port = parentPort!
const setup = workerData as Setup
const tell = (answer: Answer): void => port.postMessage(answer)

let active = setup.active
let recording: Set<number> | undefined = new Set()
let hits = 0
let limit = Number.POSITIVE_INFINITY
let generation = 0

/** A `WeakMap` that is empty again when another mutant is on. */
class Forgetful<K extends WeakKey, V> {
  private held = new WeakMap<K, V>()
  private made = generation
  private current(): WeakMap<K, V> {
    if (this.made !== generation) {
      this.held = new WeakMap()
      this.made = generation
    }
    return this.held
  }
  get(key: K): V | undefined {
    return this.current().get(key)
  }
  has(key: K): boolean {
    return this.current().has(key)
  }
  set(key: K, value: V): this {
    this.current().set(key, value)
    return this
  }
  delete(key: K): boolean {
    return this.current().delete(key)
  }
}

const is = (id: number): boolean => {
  recording?.add(id)
  hits++
  if (hits > limit) throw new Error("the mutant runs on and on")
  return id === active
}

const own: Switch = {
  is,
  WeakMap: Forgetful as unknown as typeof WeakMap,
  scale: (id, factor, rule) => {
    const call = rule as (...args: ReadonlyArray<unknown>) => unknown
    return (...args: ReadonlyArray<unknown>): unknown => {
      const result = call(...args)
      if (!is(id)) return result
      return (args[1] as { readonly ops: { readonly mul: (x: unknown, y: unknown) => unknown } }).ops.mul(
        result,
        factor
      )
    }
  }
}
;(globalThis as Record<string, unknown>)[switchName] = own

const shim = new URL("./vitest.ts", import.meta.url).href
const sources = new Map(Object.entries(setup.sources).map(([path, code]) => [pathToFileURL(path).href, code]))
const memories = new Set(setup.memories.map((path) => pathToFileURL(path).href))

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "vitest" && context.parentURL !== shim ? { url: shim, shortCircuit: true } : next(specifier, context),
  load: (url, context, next) => {
    if (memories.has(url)) {
      const source = readFileSync(fileURLToPath(url), "utf8").replaceAll(
        "new WeakMap",
        `new (globalThis as any).${switchName}.WeakMap`
      )
      return { format: "module-typescript", source, shortCircuit: true }
    }
    const source = sources.get(url)
    return source === undefined ? next(url, context) : { format: "module-typescript", source, shortCircuit: true }
  }
})

const fc = await import("fast-check")
// A failure is a failure: it need not be small.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_121, endOnFailure: true })

// What the rules evaluate when they are loaded.
await import("@fluxion/forward-mode")
await import("@fluxion/reverse-mode")
const loaded = [...(recording ?? [])]
recording = undefined

// Random programs come in few: a mutant that lives among fewer is tried on many tests besides.
process.env["FLUXION_RUNS"] = "25"

const { collect } = await import("./vitest.ts")
const tests: Array<Test> = []
const files: Array<string> = []
for (const file of setup.tests) {
  const collected = await collect(file, () => import(pathToFileURL(`${setup.root}/${file}`).href))
  tests.push(...collected)
  files.push(...collected.map(() => file))
}

const messageOf = (error: unknown): string => String(error instanceof Error ? error.message : error).slice(0, 200)

const run = async (test: number): Promise<string | undefined> => {
  hits = 0
  generation++
  try {
    await tests[test]!.run()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

const handle = async (request: Request): Promise<void> => {
  if (request._tag === "Measure") {
    for (const test of request.tests) {
      tell({ _tag: "Started", test })
      const covered = new Set<number>()
      recording = covered
      const started = process.threadCpuUsage()
      const failure = await run(test)
      const { system, user } = process.threadCpuUsage(started)
      recording = undefined
      tell({ _tag: "Measured", test, milliseconds: (user + system) / 1000, hits, covered: [...covered], failure })
    }
    tell({ _tag: "Done" })
    return
  }
  const { hits: expected, mutant, tests: chosen } = request
  for (const [i, test] of chosen.entries()) {
    tell({ _tag: "Started", test })
    active = mutant
    limit = 20 * expected[i]! + 100_000
    const message = await run(test)
    limit = Number.POSITIVE_INFINITY
    active = setup.active
    if (message === undefined) continue
    if (setup.active === -1) {
      const without = await run(test)
      if (without !== undefined) return tell({ _tag: "Spoilt", mutant, test, message: without })
    }
    return tell({ _tag: "Killed", mutant, test, message })
  }
  tell({ _tag: "Survived", mutant })
}

port.on("message", (request: Request) => void handle(request))
tell({ _tag: "Ready", names: tests.map(({ name }) => name), files, loaded })
