// Measures time and peak memory of long programs in both modes: a chain of a million operations, scans of a million steps. Each in a process of its own, with
// node's own limit of the heap.
//
//   node packages/testing/scripts/memory.ts                 all of them, as a table
//   node packages/testing/scripts/memory.ts "chain, Reverse.grad"      one, as JSON
//
// Every result is checked against the same recurrence written out as a loop.

import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Expr, Fn, type Primitive, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"

/** What one measurement found. */
export interface Measurement {
  readonly name: string
  readonly seconds: number
  readonly peakMiB: number
}

const steps = 1_000_000
const x0 = 0.5

type Scalar = Expr.Expr<readonly []>
type Program = Fn.Fn<readonly [], readonly []>

// -----------------------------------------------------------------------------
// Programs, and what their derivatives are
// -----------------------------------------------------------------------------

/** exp, log, exp, log, …: neither the value nor the derivative vanishes. */
const chain = (): Program =>
  Fn.make([], (x) => {
    let y: Scalar = x
    for (let i = 0; i < steps; i++) y = i % 2 === 0 ? Expr.exp(y) : Expr.log(y)
    return y
  })

const chainDerivative = (): number => {
  let y = x0
  let dy = 1
  for (let i = 0; i < steps; i++) {
    dy = i % 2 === 0 ? dy * Math.exp(y) : dy / y
    y = i % 2 === 0 ? Math.exp(y) : Math.log(y)
  }
  return dy
}

const scalarLoop = (checkpoint: Primitive.Checkpoint) => (): Program =>
  Fn.make([], (x) => Expr.iterate(steps, (y: Scalar): Scalar => Expr.sin(Expr.add(y, x)), x as Scalar, { checkpoint }))

const loopDerivative = (count: number, weight: number): number => {
  let y = weight * x0
  let dy = weight
  for (let i = 0; i < count; i++) {
    dy = Math.cos(y + x0) * (dy + 1)
    y = Math.sin(y + x0)
  }
  return dy
}

const scalarDerivative = (): number => loopDerivative(steps, 1)

const weights = [1, 0.5, 0.25, -0.5, -1, 0.75, 0.125, 2]

const vectorLoop = (checkpoint: Primitive.Checkpoint) => (): Program =>
  Fn.make([], (x) => {
    const start: Expr.Expr<readonly [8]> = Expr.mul(Tensor.fromArray(Float64Array.from(weights), [8]), x)
    return Expr.sum(
      Expr.iterate(steps, (y: typeof start): typeof start => Expr.sin(Expr.add(y, x)), start, { checkpoint })
    )
  })

const width = 1000
const few = 20_000

/** Fewer steps, with carries of 8 kB: 160 MB when all are kept. */
const wideLoop = (checkpoint: Primitive.Checkpoint) => (): Program =>
  Fn.make([], (x) => {
    const start: Expr.Expr<readonly [typeof width]> = Expr.broadcastTo(x, [width])
    const last = Expr.iterate(few, (y: typeof start): typeof start => Expr.sin(Expr.add(y, x)), start, { checkpoint })
    return Expr.div(Expr.sum(last), width)
  })

const vectorDerivative = (): number => weights.reduce((total, weight) => total + loopDerivative(steps, weight), 0)

const wideDerivative = (): number => loopDerivative(few, 1)

const modes: Readonly<Record<string, (f: Program) => number>> = {
  "Forward.derivative": (f) => Fn.runSync(Forward.derivative(f), x0),
  "Reverse.grad": (f) => Fn.runSync(Reverse.grad(f), x0),
  "Forward.evaluate": (f) => Forward.evaluate(f, { primals: x0, tangents: 1 }).tangents,
  "Reverse.evaluate": (f) => Reverse.evaluate(f, { primals: x0, cotangents: 1 }).cotangents
}

const checkpoints: ReadonlyArray<readonly [string, Primitive.Checkpoint]> = [
  ["all", "all"],
  ["every 1000", { every: 1000 }],
  ["revolve", "revolve"],
  ["100 snapshots", { snapshots: 100 }]
]

interface Case {
  readonly make: () => Program
  readonly derivative: () => number
  readonly mode: (f: Program) => number
}

const cases: ReadonlyMap<string, Case> = new Map([
  ...Object.entries(modes).map(([mode, run]): readonly [string, Case] => [
    `chain, ${mode}`,
    { make: chain, derivative: chainDerivative, mode: run }
  ]),
  ...(
    [
      ["scan of scalars", scalarLoop, scalarDerivative],
      ["scan of vectors", vectorLoop, vectorDerivative],
      ["scan of 20000 wide vectors", wideLoop, wideDerivative]
    ] as const
  ).flatMap(([name, loop, derivative]) =>
    Object.entries(modes).flatMap(([mode, run]) =>
      // Checkpoints have no bearing on forward mode.
      checkpoints
        .filter(([label]) => label === "all" || mode.startsWith("Reverse"))
        .map(([label, checkpoint]): readonly [string, Case] => [
          `${name}, ${mode}${mode.startsWith("Reverse") ? `, ${label}` : ""}`,
          { make: loop(checkpoint), derivative, mode: run }
        ])
    )
  )
])

/** The names of all measurements. */
export const names: ReadonlyArray<string> = Array.from(cases.keys())

// -----------------------------------------------------------------------------
// Measuring
// -----------------------------------------------------------------------------

/** Measures in a process of its own. */
export const measure = (name: string): Measurement => {
  const { error, status, stderr, stdout } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), name], {
    encoding: "utf8"
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${name}: exit code ${status}\n${stderr}`)
  return JSON.parse(stdout) as Measurement
}

const measureHere = (name: string): Measurement => {
  const found = cases.get(name)
  if (found === undefined) throw new Error(`no measurement ${JSON.stringify(name)}; there are: ${names.join("; ")}`)
  const start = performance.now()
  const result = found.mode(found.make())
  const seconds = (performance.now() - start) / 1000
  const expected = found.derivative()
  if (!(Math.abs(result - expected) <= 1e-8 * Math.abs(expected))) {
    throw new Error(`${name}: got ${result}, expected ${expected}`)
  }
  // maxRSS is in KiB.
  return { name, seconds, peakMiB: process.resourceUsage().maxRSS / 1024 }
}

if (import.meta.main) {
  const [, , name] = process.argv
  if (name === undefined) {
    console.log("| program and operator | seconds | peak MiB |\n| --- | --- | --- |")
    for (const each of names) {
      const { peakMiB, seconds } = measure(each)
      console.log(`| ${each} | ${seconds.toFixed(1)} | ${peakMiB.toFixed(0)} |`)
    }
  } else {
    console.log(JSON.stringify(measureHere(name)))
  }
}
