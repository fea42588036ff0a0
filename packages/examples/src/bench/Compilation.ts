/**
 * How long programs take to compile.
 *
 * @since 0.1.0
 */
import { JavaScript, Wasm } from "@fluxion/compiler"
import { type Backend, Expr, Fn, Tensor } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect, Schema } from "effect"
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import type { Section } from "./Report.ts"
import { time } from "./Report.ts"

const services: Readonly<Record<"javascript" | "wasm", Backend.Service>> = {
  javascript: JavaScript.service,
  wasm: Wasm.service
}

/**
 * The backends whose compilation is timed.
 *
 * @category models
 * @since 0.1.0
 */
export const compilers = ["javascript", "wasm"] as const

/** One number after another through elementary functions: nothing to fuse, all of it in one function. */
const chain = (operations: number, seed: number): Fn.Any =>
  Fn.make({ x: [], y: [] }, ({ x, y }) => {
    let value: Expr.Expr<readonly []> = x
    for (let i = 0; i < operations / 4; i++) {
      value = Expr.add(Expr.mul(Expr.sin(value), y), seed + i / operations)
      value = Expr.mul(value, 0.5)
    }
    return value
  })

/** The value and gradient of a recurrent network that is written out step by step, as loops in the host language do. */
const network = (operations: number, seed: number): Fn.Any => {
  const width = 4
  // One step is so many operations, its derivative included.
  const steps = Math.max(1, Math.round(operations / 25))
  const loss = Fn.make({ w: [width, width], u: [width], x: [steps] }, ({ u, w, x }) => {
    let state: Expr.Expr<readonly [number]> = Expr.constant(
      Tensor.fromArray(new Float64Array(width).fill(seed), [width])
    )
    for (let t = 0; t < steps; t++) {
      const input = Expr.mul(u, Expr.at(x, t))
      state = Expr.tanh(Expr.add(Expr.matmul(w, state), input))
    }
    return Expr.sum(Expr.square(state))
  })
  return Reverse.valueAndGrad(loss, { wrt: ["w", "u"] })
}

export const kinds = { chain, "recurrent network, gradient": network }

/**
 * What is compiled: a kind of program of about so many operations, by which backend, how often.
 *
 * @category models
 * @since 0.1.0
 */
export interface Task {
  readonly kind: keyof typeof kinds
  readonly operations: number
  readonly compiler: (typeof compilers)[number]
  readonly repetitions: number
}

/**
 * What came of it: operations as they are, and nanoseconds; or why it does not compile.
 *
 * @category models
 * @since 0.1.0
 */
export const Outcome = Schema.Struct({
  operations: Schema.Int,
  /** The first compilation in a fresh engine. */
  first: Schema.Finite,
  /** The median of those after it, of other programs of the same size. */
  again: Schema.optionalKey(Schema.Finite),
  /** A program of the same structure as one that was compiled before. */
  known: Schema.Finite,
  refusal: Schema.optionalKey(Schema.String)
})

/**
 * Compiles in this engine.
 *
 * @category running
 * @since 0.1.0
 */
export const compile = ({ compiler, kind, operations, repetitions }: Task): typeof Outcome.Type => {
  const service = services[compiler]
  const timed = (program: Fn.Any): number => {
    const start = performance.now()
    Effect.runSync(service.compile(Fn.toBody(program)))
    return (performance.now() - start) * 1e6
  }
  const make = kinds[kind]
  const program = make(operations, 0.25)
  const count = Fn.operationCount(program)
  try {
    const first = timed(program)
    const others = Array.from({ length: repetitions }, (_, i) => timed(make(operations, 0.5 + i)))
    const again = others.toSorted((a, b) => a - b)[others.length >> 1]
    const known = timed(make(operations, 0.25))
    return { operations: count, first, ...(again === undefined ? {} : { again }), known }
  } catch (problem) {
    const refusal = problem instanceof Error ? problem.message : String(problem)
    return { operations: count, first: 0, known: 0, refusal }
  }
}

const inFreshEngine = (task: Task): Effect.Effect<typeof Outcome.Type> =>
  Effect.promise(async () => {
    const worker = new Worker(new URL("./compilationWorker.ts", import.meta.url), { workerData: task })
    try {
      const [message] = (await once(worker, "message")) as [unknown]
      return Schema.decodeUnknownSync(Outcome)(message)
    } finally {
      await worker.terminate()
    }
  })

/**
 * The table of compile times, each kind, size and backend in an engine of its own.
 *
 * @category running
 * @since 0.1.0
 */
export const run = Effect.fnUntraced(function* (sizes: ReadonlyArray<number>) {
  const rows: Array<ReadonlyArray<string>> = []
  for (const kind of Object.keys(kinds) as ReadonlyArray<Task["kind"]>) {
    for (const operations of sizes) {
      // Large programs take minutes.
      const repetitions = operations > 10_000 ? 0 : 5
      for (const compiler of compilers) {
        const {
          operations: count,
          refusal,
          ...times
        } = yield* inFreshEngine({ kind, operations, compiler, repetitions })
        rows.push([
          kind,
          String(count),
          compiler,
          ...(refusal === undefined
            ? [times.first, times.again, times.known].map((took) => (took === undefined ? "" : time(took)))
            : ["", "", refusal])
        ])
      }
    }
  }
  const section: Section = {
    title: "Compilation",
    header: ["program", "operations", "backend", "in a fresh engine", "once warm", "structure known"],
    rows
  }
  return section
})
