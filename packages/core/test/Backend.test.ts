import { Backend, Expr, Fn, Shape, Tensor, Type } from "@fluxion/core"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Result } from "effect"

const f = Fn.make({ w: [2], b: [] }, ({ b, w }) => ({ sum: Expr.add(Expr.sum(w), b), scaled: Expr.mul(w, b) }))
const at = { w: Tensor.make([1, 2]), b: 10 }
const expected = { sum: 13, scaled: Tensor.make([10, 20]) }

/** The interpreter, counting what it compiles and executes. */
const counting = () => {
  const counts = { compiled: 0, executed: 0 }
  const service: Backend.Service = {
    ...Backend.interpreter,
    name: "counting",
    compile: (graph) => {
      counts.compiled++
      return Effect.map(Backend.interpreter.compile(graph), ({ execute }) =>
        Backend.executable(graph, (inputs) => {
          counts.executed++
          return execute(inputs)
        })
      )
    }
  }
  return { counts, layer: Backend.layer(service) }
}

const refused = Effect.fail(new Backend.CompileError({ backend: "failing", primitive: "mul", reason: "on purpose" }))

const failing: Backend.Service = { name: "failing", compile: () => refused, explain: () => refused }

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

describe("bind", () => {
  const program = Fn.make({ x: [3], k: Type.index([]), flags: [Type.bool([2])] }, ({ flags: [flags], k, x }) => ({
    x,
    at: Expr.gather(x, k),
    none: Expr.not(flags),
    next: [Expr.add(k, Tensor.index(1))]
  }))

  it.effect("gives typed arrays that stay the same ones, of every element type", () =>
    Effect.gen(function* () {
      const compiled = yield* Fn.compile(program)
      const { inputs, outputs, run } = compiled.bind()
      const { at, next, none, x } = outputs
      inputs.x.set([1.5, 2.5, 3.5])
      inputs.k[0] = 2
      inputs.flags[0].set([1, 0])
      run()
      expect([x, at, none, next]).toEqual([
        Float64Array.of(1.5, 2.5, 3.5),
        Float64Array.of(3.5),
        Uint8Array.of(0, 1),
        [Int32Array.of(3)]
      ])
      inputs.x[2] = 7
      // Outputs do not share memory with inputs.
      expect(x[2]).toBe(3.5)
      run()
      expect([x[2], at[0]]).toEqual([7, 7])
      expect(outputs).toEqual({ x, at, none, next })
    })
  )

  it.effect("bindings are apart from each other and from runs", () =>
    Effect.gen(function* () {
      const compiled = yield* Fn.compile(f)
      const one = compiled.bind()
      const two = compiled.bind()
      one.inputs.w.set([1, 2])
      one.inputs.b[0] = 10
      two.inputs.w.set([3, 4])
      one.run()
      expect(compiled.runSync({ w: Tensor.make([5, 6]), b: 1 }).sum).toBe(12)
      two.run()
      expect(one.outputs).toEqual({ sum: Float64Array.of(13), scaled: Float64Array.of(10, 20) })
      expect(two.outputs).toEqual({ sum: Float64Array.of(7), scaled: Float64Array.of(0, 0) })
      one.run()
      expect(one.outputs.sum[0]).toBe(13)
    })
  )

  it.effect("gives what a program fails with as a value", () =>
    Effect.gen(function* () {
      const compiled = yield* Fn.compile(Fn.make({ x: [2] }, ({ x }) => Expr.checked.log(x)))
      const { inputs, outputs, run } = compiled.bind()
      inputs.x.set([1, -1])
      const failed = run()
      expect(Result.isFailure(failed) && failed.failure).toMatchObject({ _tag: "DomainError", value: -1, index: [1] })
      inputs.x.set([1, 1])
      expect(run()).toEqual(Result.void)
      expect(outputs).toEqual(Float64Array.of(0, 0))
    })
  )
})

describe("explain", () => {
  it.effect("lists the operations, those of bodies too", () =>
    Effect.gen(function* () {
      const scanned = Fn.make({ x: [3], c: [] }, ({ c, x }) => Expr.scan((s, y) => [Expr.mul(s, y), s], c, x))
      const text = yield* Fn.explain(scanned)
      expect(text).toContain("program(in0: real[3], in1: real[])")
      expect(text).toContain("= scan(in1, in0) { body: body0, consts: 0, carries: 1, length: 3, ")
      expect(text).toContain("body0(in0: real[], in1: real[])\n  v2 = mul(in0, in1): real[]\n  return v2, in0")
    })
  )

  it.effect("fails with the CompileError of the backend", () =>
    Effect.gen(function* () {
      const error = yield* Fn.explain(f).pipe(Effect.provide(Backend.layer(failing)), Effect.flip)
      expect(error._tag).toBe("CompileError")
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
