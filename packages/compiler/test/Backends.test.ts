// What both backends offer: layers, refusals, what is compiled once, bindings, explanations.

import { describe, expect, it } from "@effect/vitest"
import { JavaScript, Wasm } from "@fluxion/compiler"
import { Backend, Expr, Failure, Fn, Interpreter, Tensor, Type } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Cause, Effect, Exit, Result } from "effect"
import { runChild } from "./children/run.ts"

const backends = [
  ["javascript", JavaScript.service, JavaScript.layer],
  ["wasm", Wasm.service, Wasm.layer]
] as const

const iterated = Fn.make(
  { x: [], n: [] },
  ({ n, x }) =>
    Expr.whileLoop(
      ({ k }) => Expr.lt(k, n),
      ({ k, v }) => ({ k: Expr.add(k, 1), v: Expr.sin(v) }),
      { k: 0, v: x }
    ).v
)

const compiled = <A extends Fn.Any>(f: A, service: Backend.Service): Backend.Executable =>
  Effect.runSync(service.compile(f as unknown as Backend.Graph))

describe.each(backends)("%s", (name, service, layer) => {
  it.effect("is there as a layer", () =>
    Effect.gen(function* () {
      const f = Fn.make({ x: [3], y: [] }, ({ x, y }) => ({ s: Expr.sum(Expr.mul(x, y)), p: Expr.gt(x, y) }))
      const at = { x: Tensor.make([1, 2, 3]), y: 2 }
      const compiled = yield* Fn.compile(f)
      expect(compiled.backend).toBe(name)
      const expected = { s: 12, p: Tensor.bool([false, false, true]) }
      expect(compiled.runSync(at)).toEqual(expected)
      expect(yield* compiled.run(at)).toEqual(expected)
      expect(compiled.runResult(at)).toEqual(Result.succeed(expected))
      expect(yield* Fn.run(f, at)).toEqual(expected)
    }).pipe(Effect.provide(layer))
  )

  it("compiles a program once, and programs of the same structure", () => {
    const make = (factor: number) =>
      Fn.make([3], (x) => Expr.sum(Expr.scan((c, y) => [Expr.mul(c, factor), y], x, x)[1]))
    const f = make(2)
    expect(compiled(f, service)).toBe(compiled(f, service))
    expect(compiled(f, service)).toBe(compiled(make(2), service))
    expect(compiled(f, service)).not.toBe(compiled(make(3), service))
    expect(compiled(make(0), service)).not.toBe(compiled(make(-0), service))
    const other = Fn.make([4], (x) => Expr.sum(Expr.scan((c, y) => [Expr.mul(c, 2), y], x, x)[1]))
    expect(compiled(f, service)).not.toBe(compiled(other, service))
  })

  it("tells guards apart by what they do and where they are", () => {
    const onFail = () => new Error("negative")
    const make = () => Fn.make([], (x) => Expr.ensure(x, (v) => Expr.gt(v, 0), onFail))
    const onOneLine = [make(), make()] as const
    expect(compiled(onOneLine[0], service)).toBe(compiled(onOneLine[1], service))
    const elsewhere = Fn.make([], (x) => Expr.ensure(x, (v) => Expr.gt(v, 0), onFail))
    expect(compiled(onOneLine[0], service)).not.toBe(compiled(elsewhere, service))
    const [one, two] = [1, 2].map((n) =>
      Fn.make([], (x) =>
        Expr.ensure(
          x,
          (v) => Expr.gt(v, 0),
          () => n
        )
      )
    )
    expect(compiled(one!, service)).not.toBe(compiled(two!, service))
  })

  it("compiles shared bodies that call each other many times over without writing each down", () => {
    let f = Fn.make([], (x) => Expr.sin(x))
    for (let i = 0; i < 60; i++) {
      const inner = f
      f = Fn.make([], (x) => Expr.add(Fn.call(inner, x), Fn.call(inner, Expr.neg(x))))
    }
    // What is called again with the same operands is computed once.
    expect(Effect.runSync(Fn.run(f, 1).pipe(Effect.provide(layer)))).toBe(0)
    // Here they never are the same.
    let g = Fn.make([], (x) => Expr.sin(x))
    for (let i = 0; i < 60; i++) {
      const inner = g
      g = Fn.make([], (x) => Expr.add(Fn.call(inner, Expr.cos(x)), Fn.call(inner, Expr.exp(x))))
    }
    const error = Effect.runSync(Fn.compile(g).pipe(Effect.provide(layer), Effect.flip))
    expect(error).toMatchObject({ _tag: "CompileError", backend: name, primitive: "call" })
    expect(error.message).toBe(
      `${name} cannot compile call: its calls come to more than 200000 operations, and calls are inlined`
    )
  })

  it("compiles calls in calls in calls", () => {
    let f = Fn.make([], (x) => Expr.sin(x))
    for (let i = 0; i < 10_000; i++) {
      const inner = f
      f = Fn.make([], (x) => Fn.call(inner, x))
    }
    expect(Effect.runSync(Fn.run(f, 0).pipe(Effect.provide(layer)))).toBe(0)
  })

  it("refuses what is nested too deeply instead of overflowing the stack", () => {
    let f = Fn.make([], (x) => Expr.sin(x))
    for (let i = 0; i < 5000; i++) {
      const inner = f
      f = Fn.make([], (x) =>
        Expr.cond(
          Expr.lt(x, i),
          () => Fn.call(inner, x),
          () => x
        )
      )
    }
    const error = Effect.runSync(Fn.compile(f).pipe(Effect.provide(layer), Effect.flip))
    expect(error.reason).toBe("bodies of calls, loops and branches are nested too deeply")
    expect(Effect.runSync(Fn.explain(f).pipe(Effect.provide(layer), Effect.flip)).reason).toBe(error.reason)
  })

  it("bindings are apart from each other, from runs and from programs of the same structure", () => {
    const make = () => Fn.make({ w: [2], b: [] }, ({ b, w }) => ({ s: Expr.add(Expr.sum(w), b), m: Expr.mul(w, b) }))
    const first = Effect.runSync(Fn.compile(make()).pipe(Effect.provide(layer)))
    const second = Effect.runSync(Fn.compile(make()).pipe(Effect.provide(layer)))
    const [one, two, three] = [first.bind(), first.bind(), second.bind()]
    one.inputs.w.set([1, 2])
    one.inputs.b[0] = 10
    two.inputs.w.set([3, 4])
    three.inputs.b[0] = 100
    one.run()
    two.run()
    three.run()
    expect(first.runSync({ w: Tensor.make([5, 6]), b: 1 }).s).toBe(12)
    expect(one.outputs).toEqual({ s: Float64Array.of(13), m: Float64Array.of(10, 20) })
    expect(two.outputs).toEqual({ s: Float64Array.of(7), m: Float64Array.of(0, 0) })
    expect(three.outputs).toEqual({ s: Float64Array.of(100), m: Float64Array.of(0, 0) })
    one.run()
    expect(one.outputs.s[0]).toBe(13)
  })

  it("binds arrays of every element type, empty ones too", () => {
    const f = Fn.make({ k: Type.index([3]), flags: [Type.bool([2]), [0]] }, ({ flags: [flags, none], k }) => ({
      k: Expr.add(k, Tensor.index(1)),
      flags: [Expr.not(flags), none]
    }))
    const { inputs, outputs, run } = Effect.runSync(Fn.compile(f).pipe(Effect.provide(layer))).bind()
    inputs.k.set([1, -2, 2147483647])
    inputs.flags[0].set([1, 0])
    run()
    expect(outputs).toEqual({
      k: Int32Array.of(2, -1, -2147483648),
      flags: [Uint8Array.of(0, 1), new Float64Array(0)]
    })
  })

  it("gives what a bound program fails with as a value", () => {
    const f = Fn.make([3], (x) => Expr.sum(Expr.checked.log(x)))
    const { inputs, outputs, run } = Effect.runSync(Fn.compile(f).pipe(Effect.provide(layer))).bind()
    inputs.set([1, 2, -1])
    const failed = run()
    expect(Result.isFailure(failed) && failed.failure).toBeInstanceOf(Failure.DomainError)
    expect(Result.isFailure(failed) && failed.failure).toMatchObject({ operation: "log", value: -1, index: [2] })
    inputs[2] = 1
    expect(run()).toBe(Result.void)
    expect(outputs[0]).toBe(Math.log(2))
  })

  it("keeps bound arrays while tapes grow", () => {
    const gradient = Reverse.grad(iterated, { wrt: ["x"] })
    const { inputs, outputs, run } = Effect.runSync(Fn.compile(gradient).pipe(Effect.provide(layer))).bind()
    const { n, x } = inputs
    const { x: derivative } = outputs
    for (const trips of [1, 100, 20_000, 10, 100_000]) {
      x[0] = 0.5
      n[0] = trips
      run()
      expect([x[0], n[0]]).toEqual([0.5, trips])
      let [v, expected] = [0.5, 1]
      for (let i = 0; i < trips; i++) {
        expected *= Math.cos(v)
        v = Math.sin(v)
      }
      expect(Math.abs(derivative[0]! - expected)).toBeLessThanOrEqual(1e-11 * expected)
    }
    expect(inputs).toEqual({ x, n })
    expect(outputs.x).toBe(derivative)
  })

  it.effect("explains loop nests, buffers and the source", () =>
    Effect.gen(function* () {
      const f = Fn.make({ x: [20, 17], w: [17] }, ({ w, x }) => Expr.abs(Expr.matmul(x, w)))
      const text = yield* Fn.explain(f)
      expect(text.split("\n")[0]).toBe(`${name}: 1 loop nest, 3 buffers of 2.9 KiB`)
      expect(text).toContain("in0   input   real[20,17]  2.7 KiB")
      expect(text).toMatch(/loop nests\n {2}1: (.*, )?abs/)
      expect(text).toMatch(/for l0 < 20, in any order/)
      expect(text).toContain(name === "wasm" ? "f64x2.mul" : "return (inputs, outputs) =>")
    }).pipe(Effect.provide(layer))
  )
})

describe("the JavaScript backend", () => {
  it(
    "says why it cannot compile where code from strings is forbidden; the WebAssembly backend works there",
    { timeout: 120_000 },
    () => {
      const result = runChild("strictPolicy.ts", ["--disallow-code-generation-from-strings"])
      expect(result).toMatchObject({ tag: "CompileError", backend: "javascript", computed: Math.exp(2) })
      expect((result as { readonly reason: string }).reason).toMatch(/^this environment forbids code from strings/)
    }
  )

  it("says that intermediate arrays find no room", () => {
    const f = Fn.make([], (x) => Expr.sum(Expr.cumsum(Expr.broadcastTo(x, [2 ** 36]))))
    const error = Effect.runSync(Fn.compile(f).pipe(Effect.provide(JavaScript.layer), Effect.flip))
    expect(error.reason).toMatch(/^there is no room for 512 GiB of intermediate arrays/)
  })
})

describe("the WebAssembly backend", () => {
  it("refuses a program that needs more memory than the limit, with both figures", () => {
    const f = Fn.make([1000], (x) => Expr.cumsum(x))
    const compile = (memoryLimit: number) =>
      Effect.runSync(Effect.result(Fn.compile(f).pipe(Effect.provide(Wasm.layerWith({ memoryLimit })))))
    expect(Result.isSuccess(compile(2 ** 17))).toBe(true)
    const refused = Effect.runSync(
      Fn.compile(Fn.make([100_000], (x) => Expr.cumsum(x))).pipe(
        Effect.provide(Wasm.layerWith({ memoryLimit: 2 ** 20 })),
        Effect.flip
      )
    )
    expect(refused.message).toMatch(
      /^wasm cannot compile the program: it needs 1\.5 MiB of memory \(16\d{5} bytes\), the memoryLimit is 1 MiB \(1048576 bytes\)$/
    )
    for (const memoryLimit of [NaN, -1, 0, 65535, 2 ** 31 + 1, Infinity]) {
      const result = compile(memoryLimit)
      expect(Result.isFailure(result) && result.failure.reason).toBe(
        `memoryLimit: expected a number of bytes from 65536 to 2147483648, got ${memoryLimit}`
      )
    }
  })

  it("refuses arrays and loops that subscripts do not reach", () => {
    const reason = (f: Fn.Fn<readonly [], readonly []>) =>
      Effect.runSync(Fn.compile(f).pipe(Effect.provide(Wasm.layer), Effect.flip)).reason
    const repeated = (size: number) => Fn.make([], (x) => Expr.sum(Expr.sin(Expr.broadcastTo(x, [size]))))
    // The loop adds up four terms at once.
    expect(reason(repeated(2 ** 30))).toBe("it has a loop of 268435456 iterations, and 268435456 are the most")
    const counted = Fn.make([], (x) => Expr.sum(Expr.cumsum(Expr.broadcastTo(x, [2 ** 30]))))
    expect(reason(counted)).toMatch(/^it has (an array of 1073741824 elements|a loop of 1073741824 iterations)/)
  })

  it.effect("dies with both figures where a tape outgrows the limit, and works on afterwards", () =>
    Effect.gen(function* () {
      const compiled = yield* Fn.compile(Reverse.grad(iterated, { wrt: ["x"] }))
      const exit = yield* Effect.exit(compiled.run({ x: 0.5, n: 1_000_000 }))
      if (Exit.isSuccess(exit)) throw new Error("expected a defect")
      expect(Cause.hasFails(exit.cause)).toBe(false)
      expect(String(Cause.squash(exit.cause))).toMatch(
        /^OutOfMemory: wasm: the record of a whileLoop .* does not fit into memory: .* in use, the memoryLimit is 1 MiB$/
      )
      expect(compiled.runSync({ x: 0.5, n: 1 }).x).toBeCloseTo(Math.cos(0.5), 15)
      const { inputs, outputs, run } = compiled.bind()
      inputs.n[0] = 1_000_000
      expect(run).toThrow("the memoryLimit is 1 MiB")
      inputs.n[0] = 0
      run()
      expect(outputs.x[0]).toBe(1)
    }).pipe(Effect.provide(Wasm.layerWith({ memoryLimit: 2 ** 20 })))
  )
})

describe("bound programs", () => {
  it("allocate nothing", { timeout: 300_000 }, () => {
    const results = runChild("allocation.ts", ["--expose-gc", "--max-semi-space-size=1"]) as ReadonlyArray<{
      readonly backend: string
      readonly name: string
      readonly calls: number
      readonly collections: number
      readonly grown: number
    }>
    const control = results.find(({ name }) => name === "control")
    expect(control!.collections).toBeGreaterThan(0)
    const bound = results.filter(({ name }) => name !== "control")
    expect(bound.length).toBe(8)
    for (const { backend, calls, collections, grown, name } of bound) {
      expect([backend, name, collections]).toEqual([backend, name, 0])
      // Less than a byte a call: what measuring itself takes.
      expect(grown).toBeLessThan(calls)
    }
  })
})

it("the interpreter is a layer too", () => {
  const name = Effect.map(Backend.Backend, (service) => service.name)
  expect(Effect.runSync(name.pipe(Effect.provide(Interpreter.layer), Effect.provide(Wasm.layer)))).toBe("interpreter")
})
