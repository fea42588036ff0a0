/**
 * Fluxion beside other libraries and JavaScript written by hand: times of the value and the gradient, and errors beside them.
 *
 * @since 0.1.0
 */
import { Wasm } from "@fluxion/compiler"
import { Effect, type Layer } from "effect"
import { number } from "../internal/text.ts"
import { measure, type Options, ratio } from "./Measurement.ts"
import type { Contestant, Peer, Precision } from "./peers/Peer.ts"
import type { Instance, Problem } from "./Problem.ts"
import { errorCell, ratioCell, type Section, timeCells } from "./Report.ts"
import { errorOf, type Subject } from "./Subject.ts"

/** Fluxion in each precision. */
const own: ReadonlyArray<{ readonly precision: Precision; readonly layer: Layer.Layer<never> }> = [
  { precision: "float64", layer: Wasm.layer },
  { precision: "float32", layer: Wasm.layerWith({ precision: "float32" }) }
]

/** The largest relative error with which an answer counts. */
const tolerance: Readonly<Record<Precision, number>> = { float64: 1e-12, float32: 1e-5 }

const byHand = "by hand"

const elementary: ReadonlySet<string> = new Set(["lse", "logistic"])

/** How many times as long a library should take at least, where the project has set itself a target. */
const targetOf = (problem: string, peer: string, precision: Precision): number | undefined => {
  if (problem === "rosenbrock") return peer === "rose" ? 1 : undefined
  if (peer === byHand) return 1
  if (peer === "TensorFlow.js") return 3
  return precision === "float32" ? 1 : elementary.has(problem) ? 4 : 2
}

interface Entry extends Contestant {
  readonly peer: string
}

const contestantsOf = Effect.fnUntraced(function* (
  peers: ReadonlyArray<Peer>,
  problem: Problem,
  inputs: Instance["inputs"]
) {
  const entries: Array<Entry> = []
  for (const { contestants, name } of peers) {
    for (const make of contestants(problem.name, inputs)) {
      entries.push({ ...(yield* Effect.promise(make)), peer: name })
    }
  }
  return entries
})

/**
 * The comparison at one size.
 *
 * **Details**
 *
 * Times are ratios to Fluxion's in the same precision. Errors are relative ones, in the maximum norm, to what the reference interpreter computes; where one is larger than
 * `1e-12` (`1e-5` in single precision) the answer does not count, and neither meets nor misses a target.
 *
 * @category running
 * @since 0.1.0
 */
export const run = Effect.fnUntraced(function* (
  peers: ReadonlyArray<Peer>,
  problem: Problem,
  instance: Instance,
  options: Options
) {
  const exact = yield* Effect.flatMap(instance.programs.reverse.compile(), ({ answer }) =>
    Effect.promise(async () => answer())
  )
  const entries: Array<Entry> = []
  for (const { layer, precision } of own) {
    const subject = yield* Effect.provide(instance.programs.reverse.compile(precision), layer)
    entries.push({ name: "Fluxion", peer: "Fluxion", precision, subject, end: () => {} })
  }
  entries.push({ name: byHand, peer: byHand, precision: "float64", subject: instance.byHand(), end: () => {} })
  entries.push(...(yield* contestantsOf(peers, problem, instance.inputs)))

  const key = ({ name, precision }: Entry): string => `${name} ${precision}`
  const times = yield* measure(
    Object.fromEntries(entries.map((entry): [string, Subject] => [key(entry), entry.subject])),
    options
  )
  const rows: Array<ReadonlyArray<string>> = []
  for (const entry of entries) {
    const { name, peer, precision, subject } = entry
    const error = errorOf(yield* Effect.promise(async () => subject.answer()), exact)
    const counts = error <= tolerance[precision]
    const reference = entries.find((other) => other.peer === "Fluxion" && other.precision === precision)!
    const relative = ratio(times[key(entry)]!, times[key(reference)]!)
    const target = peer === "Fluxion" ? undefined : targetOf(problem.name, peer, precision)
    rows.push([
      name,
      precision,
      ...timeCells(times[key(entry)]!),
      entry === reference ? "1" : ratioCell(relative),
      errorCell(error),
      counts ? "yes" : "no",
      target === undefined
        ? ""
        : `≥ ${number(target)}${counts ? (relative.median >= target ? ", met" : ", missed") : ""}`
    ])
    entry.end()
  }
  const section: Section = {
    title: `${problem.name}, ${instance.size}: value and gradient beside others`,
    header: ["", "precision", "median", "quartiles", "÷ Fluxion", "error", "counts", "target"],
    rows
  }
  return section
})
