/**
 * Fluxion alone: every mode on every backend, beside JavaScript written by hand, and how times grow with the size.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { backends, names, type Name } from "../gradbench/Backends.ts"
import { number } from "../internal/text.ts"
import { measure, type Options, ratio, type Times } from "./Measurement.ts"
import { type Instance, type Mode, modes, type Problem } from "./Problem.ts"
import { errorCell, ratioCell, type Section, time, timeCells } from "./Report.ts"
import { type Answer, errorOf, type Subject } from "./Subject.ts"

/** A mode on a backend, or what was written by hand. */
type Key = `${Mode} ${Name}` | "by hand"

const byHand: Key = "by hand"

const key = (mode: Mode, name: Name): Key => `${mode} ${name}`

const labels: Readonly<Record<Name, string>> = {
  interpreter: "interpreter",
  javascript: "JavaScript",
  wasm: "WebAssembly"
}

const modeLabels: Readonly<Record<Mode, string>> = {
  primal: "value",
  forward: "forward (value, one direction)",
  reverse: "reverse (value, gradient)"
}

interface Results {
  readonly times: Readonly<Record<Key, Times>>
  readonly errors: Readonly<Record<Key, number>>
}

const measureInstance = Effect.fnUntraced(function* (instance: Instance, options: Options) {
  const subjects: Partial<Record<Key, Subject>> = { [byHand]: instance.byHand() }
  const exact = new Map<Mode, Answer>()
  for (const mode of modes) {
    for (const name of names) {
      subjects[key(mode, name)] = yield* Effect.provide(instance.programs[mode].compile(), backends[name])
    }
    exact.set(mode, yield* Effect.promise(async () => subjects[key(mode, "interpreter")]!.answer()))
  }
  const all = subjects as Readonly<Record<Key, Subject>>
  const times = yield* measure(all, options)
  const errors: Partial<Record<Key, number>> = {}
  for (const [name, subject] of Object.entries(all) as ReadonlyArray<[Key, Subject]>) {
    const mode = modes.find((mode) => name.startsWith(mode)) ?? "reverse"
    errors[name] = errorOf(yield* Effect.promise(async () => subject.answer()), exact.get(mode)!)
  }
  return { times, errors } as Results
})

const sectionOf = (problem: Problem, { size }: Instance, { errors, times }: Results): Section => {
  const hand = times[byHand]
  const rows = modes.flatMap((mode) =>
    names.map((name) => {
      const own = key(mode, name)
      return [
        `${modeLabels[mode]}, ${labels[name]}`,
        ...timeCells(times[own]),
        number(ratio(times[key(mode, "interpreter")], times[own]).median, 3),
        mode === "primal" ? "" : ratioCell(ratio(times[own], times[key("primal", name)])),
        mode === "reverse" ? ratioCell(ratio(times[own], hand)) : "",
        errorCell(errors[own])
      ]
    })
  )
  return {
    title: `${problem.name}, ${size}`,
    header: ["", "median", "quartiles", "× interpreter", "÷ its value", "÷ by hand", "error"],
    rows: [...rows, ["value and gradient by hand", ...timeCells(hand), "", "", "", errorCell(errors[byHand])]]
  }
}

/** The slope of the least squares line through the logarithms: the power of `n` that times grow with. */
const growth = (points: ReadonlyArray<readonly [n: number, time: number]>): number => {
  const logs = points.map(([n, time]) => [Math.log(n), Math.log(time)] as const)
  const mean = (k: 0 | 1): number => logs.reduce((sum, log) => sum + log[k], 0) / logs.length
  const [x, y] = [mean(0), mean(1)]
  const covariance = logs.reduce((sum, log) => sum + (log[0] - x) * (log[1] - y), 0)
  return covariance / logs.reduce((sum, log) => sum + (log[0] - x) ** 2, 0)
}

const scalingOf = (problem: Problem, all: ReadonlyArray<readonly [Instance, Results]>): Section => {
  const columns: ReadonlyArray<Key> = [...names.map((name) => key("reverse", name)), byHand]
  return {
    title: `${problem.name}: value and gradient as n grows`,
    header: ["", ...names.map((name) => labels[name]), "by hand"],
    rows: [
      ...all.map(([{ size }, { times }]) => [size, ...columns.map((column) => time(times[column].median))]),
      [
        "grows with the power of n",
        ...columns.map((column) => number(growth(all.map(([{ n }, { times }]) => [n, times[column].median])), 2))
      ]
    ]
  }
}

/**
 * The sections of a problem, given to `report` as they are ready.
 *
 * **Details**
 *
 * `× interpreter` says how many times as fast as the reference interpreter in the same mode; `÷ its value` how many times as long as the value alone on the same backend; `÷ by hand` how many
 * times as long as JavaScript written by hand. Errors are relative ones, in the maximum norm, to what the interpreter computes.
 *
 * @category running
 * @since 0.1.0
 */
export const run = Effect.fnUntraced(function* <E, R>(
  problem: Problem,
  instances: ReadonlyArray<() => Instance>,
  options: Options,
  report: (section: Section) => Effect.Effect<void, E, R>
) {
  const all: Array<readonly [Instance, Results]> = []
  for (const make of instances) {
    const instance = make()
    const results = yield* measureInstance(instance, options)
    all.push([instance, results])
    yield* report(sectionOf(problem, instance, results))
  }
  if (all.length > 1) yield* report(scalingOf(problem, all))
})
