// What a test file gets for "vitest" when mutants are tried: tests are collected, to be run one at a time, as often as there are mutants for them.
// Expectations are those of Vitest itself.

import { format } from "node:util"
import { expect as vitestExpect, vi as vitestVi } from "vitest"

export * from "vitest"

type Run = (...args: ReadonlyArray<unknown>) => unknown

/** A test with the hooks around it. */
export interface Test {
  readonly name: string
  readonly run: () => Promise<void>
}

interface Suite {
  readonly name: string
  readonly before: Array<Run>
  readonly after: Array<Run>
  readonly outer: Suite | undefined
}

const newSuite = (name: string, outer: Suite | undefined): Suite => ({ name, before: [], after: [], outer })

let tests: Array<Test> = []
let current: Suite = newSuite("", undefined)

/** The tests that loading a file collects. */
export const collect = async (file: string, load: () => Promise<unknown>): Promise<ReadonlyArray<Test>> => {
  tests = []
  current = newSuite(file, undefined)
  await load()
  return tests
}

const functionAmong = (args: ReadonlyArray<unknown>): Run | undefined =>
  args.find((x): x is Run => typeof x === "function")

const suitesOf = (suite: Suite): ReadonlyArray<Suite> =>
  suite.outer === undefined ? [suite] : [...suitesOf(suite.outer), suite]

const register = (name: string, body: Run): void => {
  const suites = suitesOf(current)
  tests.push({
    name: [...suites.map((suite) => suite.name), name].join(" > "),
    run: async () => {
      const controller = new AbortController()
      const context = {
        signal: controller.signal,
        expect: vitestExpect,
        task: { name },
        onTestFinished: () => {},
        skip: () => {}
      }
      for (const { before } of suites) for (const hook of before) await hook(context)
      try {
        await body(context)
      } finally {
        for (const { after } of suites.toReversed()) for (const hook of after) await hook(context)
      }
    }
  })
}

const title = (name: unknown, args: ReadonlyArray<unknown>, i: number): string =>
  `${format(String(name).replaceAll("$", "%"), ...args).slice(0, 100)} #${i}`

const spread = (row: unknown): ReadonlyArray<unknown> => (Array.isArray(row) ? row : [row])

const tester = (args: ReadonlyArray<unknown>): void => {
  const body = functionAmong(args.slice(1))
  if (body !== undefined) register(String(args[0]), body)
}

const nothing = (): void => {}

export const it = Object.assign((...args: ReadonlyArray<unknown>): void => tester(args), {
  each:
    (rows: ReadonlyArray<unknown>) =>
    (name: unknown, ...args: ReadonlyArray<unknown>): void =>
      rows.forEach((row, i) => register(title(name, spread(row), i), () => functionAmong(args)!(...spread(row)))),
  for:
    (rows: ReadonlyArray<unknown>) =>
    (name: unknown, ...args: ReadonlyArray<unknown>): void =>
      rows.forEach((row, i) => register(title(name, spread(row), i), (context) => functionAmong(args)!(row, context))),
  skip: nothing,
  todo: nothing,
  only: (...args: ReadonlyArray<unknown>): void => tester(args),
  concurrent: (...args: ReadonlyArray<unknown>): void => tester(args),
  fails: nothing,
  skipIf: (condition: unknown) => (condition === true ? nothing : it),
  runIf: (condition: unknown) => (condition === true ? it : nothing)
})

export const test = it

const within = (name: string, args: ReadonlyArray<unknown>, values: ReadonlyArray<unknown>): void => {
  const body = functionAmong(args)
  const outer = current
  current = newSuite(name, outer)
  try {
    body?.(...values)
  } finally {
    current = outer
  }
}

export const describe = Object.assign(
  (name: unknown, ...args: ReadonlyArray<unknown>): void => within(String(name), args, []),
  {
    each:
      (rows: ReadonlyArray<unknown>) =>
      (name: unknown, ...args: ReadonlyArray<unknown>): void =>
        rows.forEach((row, i) => within(title(name, spread(row), i), args, spread(row))),
    skip: nothing
  }
)

export const beforeEach = (hook: Run): void => void current.before.push(hook)
export const afterEach = (hook: Run): void => void current.after.push(hook)

const once = (hook: Run): Run => {
  let done: unknown
  return () => (done ??= hook() ?? true)
}

export const beforeAll = (hook: Run): void => void current.before.push(once(hook))
// Files stay loaded while mutants are tried.
export const afterAll = nothing

export const vi: typeof vitestVi = new Proxy(vitestVi, {
  get: (target, property, receiver) => (property === "setConfig" ? nothing : Reflect.get(target, property, receiver))
})
