import { Backend, Expr, Fn, Shape, Tensor } from "@fluxion/core"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"

const f = Fn.make({ w: [2], b: [] }, ({ b, w }) => ({ sum: Expr.add(Expr.sum(w), b), scaled: Expr.mul(w, b) }))
const at = { w: Tensor.make([1, 2]), b: 10 }
const expected = { sum: 13, scaled: Tensor.make([10, 20]) }

/** The interpreter, counting what it compiles and executes. */
const counting = () => {
  const counts = { compiled: 0, executed: 0 }
  const service: Backend.Service = {
    name: "counting",
    compile: (graph) => {
      counts.compiled++
      return Effect.map(Backend.interpreter.compile(graph), ({ execute }) => ({
        execute: (inputs) => {
          counts.executed++
          return execute(inputs)
        }
      }))
    }
  }
  return { counts, layer: Backend.layer(service) }
}

const failing: Backend.Service = {
  name: "failing",
  compile: () => Effect.fail(new Backend.CompileError({ backend: "failing", primitive: "mul", reason: "on purpose" }))
}

/** The defect of an effect that dies, and of nothing else. */
const defect = Effect.fnUntraced(function* <A, E>(effect: Effect.Effect<A, E>) {
  const exit = yield* Effect.exit(effect)
  if (Exit.isSuccess(exit)) throw new Error("expected a defect, got a success")
  expect(Cause.hasFails(exit.cause)).toBe(false)
  expect(Cause.hasDies(exit.cause)).toBe(true)
  return Cause.squash(exit.cause)
})

describe("run", () => {
  it.effect("runs on the interpreter when nothing is provided, in both call styles", () =>
    Effect.gen(function* () {
      expect((yield* Backend.Backend).name).toBe("interpreter")
      expect(yield* Fn.run(f, at)).toEqual(expected)
      expect(yield* f.pipe(Fn.run(at))).toEqual(expected)
    })
  )

  it.effect("runs on the backend of a layer, and compiles at each run", () =>
    Effect.gen(function* () {
      const { counts, layer } = counting()
      const twice = Effect.all([Fn.run(f, at), Fn.run(f, at)])
      expect(yield* twice.pipe(Effect.provide(layer))).toEqual([expected, expected])
      expect(counts).toEqual({ compiled: 2, executed: 2 })
    })
  )

  it.effect("dies where the backend cannot compile", () =>
    Effect.gen(function* () {
      const error = yield* defect(Fn.run(f, at).pipe(Effect.provide(Backend.layer(failing))))
      expect(error).toBeInstanceOf(Backend.CompileError)
    })
  )
})

describe("compile", () => {
  it.effect("compiles once for any number of runs", () =>
    Effect.gen(function* () {
      const { counts, layer } = counting()
      const compiled = yield* Fn.compile(f).pipe(Effect.provide(layer))
      expect(compiled.backend).toBe("counting")
      expect(counts).toEqual({ compiled: 1, executed: 0 })
      expect(yield* compiled.run(at)).toEqual(expected)
      expect(yield* compiled.run({ ...at, b: 0 })).toEqual({ sum: 3, scaled: Tensor.make([0, 0]) })
      expect(compiled.runSync(at)).toEqual(expected)
      expect(counts).toEqual({ compiled: 1, executed: 3 })
    })
  )

  it.effect("runs nothing before the effect of a run does", () =>
    Effect.gen(function* () {
      const { counts, layer } = counting()
      const compiled = yield* Fn.compile(f).pipe(Effect.provide(layer))
      const run = compiled.run(at)
      expect(counts.executed).toBe(0)
      yield* run
      yield* run
      expect(counts.executed).toBe(2)
    })
  )

  it.effect("fails with the CompileError of the backend", () =>
    Effect.gen(function* () {
      const error = yield* Fn.compile(f).pipe(Effect.provide(Backend.layer(failing)), Effect.flip)
      expect(error).toBeInstanceOf(Backend.CompileError)
      expect(error).toMatchObject({ _tag: "CompileError", backend: "failing", primitive: "mul", reason: "on purpose" })
      expect(error.message).toBe("failing cannot compile mul: on purpose")
    })
  )
})

describe("values of a wrong shape", () => {
  const wrong = { w: Tensor.make([1, 2, 3]), b: 10 } as never

  it.effect("are a defect of run with the path", () =>
    Effect.gen(function* () {
      const error = yield* defect(Fn.run(f, wrong))
      expect(error).toBeInstanceOf(Shape.ShapeError)
      expect((error as Shape.ShapeError).message).toContain("w: expected real[2], got real[3]")
    })
  )

  it.effect("are a defect of a compiled program with the path, before it executes", () =>
    Effect.gen(function* () {
      const { counts, layer } = counting()
      const compiled = yield* Fn.compile(f).pipe(Effect.provide(layer))
      const error = yield* defect(compiled.run({ w: Tensor.make([1, 2]), b: "10" } as never))
      expect(error).toBeInstanceOf(Shape.ShapeError)
      expect((error as Shape.ShapeError).message).toContain("b: expected real[], got string")
      expect(counts.executed).toBe(0)
    })
  )
})
