// Single precision: what programs take and give, how sums are added up, where numbers end.

import { JavaScript, Wasm } from "@fluxion/compiler"
import { type Backend, Expr, Failure, Fn, Tensor, Type } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"

const precision = "float32"

const backends = [
  ["javascript", JavaScript.make({ precision }), JavaScript.layerWith({ precision })],
  ["wasm", Wasm.make({ precision }), Wasm.layerWith({ precision })]
] as const

const noise = (n: number, seed = 1): Float64Array<ArrayBuffer> =>
  Float64Array.from({ length: n }, (_, i) => Math.fround(Math.abs(Math.sin((i + seed) * 12.9898) * 43758.5453) % 1))

/** The sum of doubles, with a correction for what each addition loses. */
const exactSum = (terms: Iterable<number>): number => {
  let sum = 0
  let rest = 0
  for (const term of terms) {
    const next = sum + term
    rest += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum
    sum = next
  }
  return sum + rest
}

const within = (actual: number, expected: number, relative: number): void =>
  expect(Math.abs(actual - expected) / Math.abs(expected)).toBeLessThanOrEqual(relative)

describe.each(backends)("%s", (name, service, layer) => {
  it("takes and gives doubles, and computes with singles", () => {
    const f = Fn.make({ x: [3], k: Type.index([]), p: Type.bool([]) }, ({ k, p, x }) => ({
      y: Expr.add(x, 0.1),
      k: Expr.mul(k, 3),
      p: Expr.not(p),
      n: Expr.toReal(k)
    }))
    const at = { x: Tensor.make([0.1, -0, 16777217]), k: 16777217, p: true }
    const result = Effect.runSync(Fn.run(f, at).pipe(Effect.provide(layer)))
    const tenth = Math.fround(0.1)
    expect(result).toEqual({
      y: Tensor.make([Math.fround(tenth + tenth), tenth, 16777216]),
      k: 50331651,
      p: false,
      n: 16777216
    })
    expect(result.y.data).toBeInstanceOf(Float64Array)
  })

  it("binds arrays of singles, or doubles that are converted", () => {
    const f = Fn.make({ x: [5], k: Type.index([]), none: [0] }, ({ k, none, x }) => [Expr.mul(x, x), k, none] as const)
    const compiled = Effect.runSync(Fn.compile(f).pipe(Effect.provide(layer)))
    const single = compiled.bind({ precision })
    const double = compiled.bind()
    const values = [0.1, 1.5, -2, 1e30, 3]
    const { k, x } = single.inputs
    const squares = values.map((v) => Math.fround(Math.fround(v) * Math.fround(v)))
    for (const bound of [single, double]) {
      bound.inputs.x.set(values)
      bound.inputs.k[0] = 7
      bound.run()
      expect(Array.from(bound.outputs[0])).toEqual(squares)
      expect(bound.outputs[1]).toEqual(Int32Array.of(7))
    }
    expect([x, single.outputs[0], single.outputs[2]].every((array) => array instanceof Float32Array)).toBe(true)
    expect([double.inputs.x, double.outputs[0]].every((array) => array instanceof Float64Array)).toBe(true)
    expect(x[0]).toBe(Math.fround(0.1))
    expect(double.inputs.x[0]).toBe(0.1)
    expect([single.inputs.x, single.inputs.k]).toEqual([x, k])
    const interpreted = Effect.runSync(Fn.compile(f)).bind({ precision })
    interpreted.inputs.x.set(values)
    interpreted.run()
    expect(interpreted.outputs[0]).toEqual(Float32Array.from(values, (v) => Math.fround(v) ** 2))
  })

  it("numbers beyond singles are infinite, and those too small are zero; constants too", () => {
    const f = Fn.make([4], (x) => [Expr.mul(x, 1e300), Expr.mul(x, 1e-300), Expr.mul(x, x)] as const)
    const [large, small, squares] = Effect.runSync(
      Fn.run(f, Tensor.make([1, -1e300, 0, 1e-30])).pipe(Effect.provide(layer))
    )
    expect(Tensor.toNested(large)).toEqual([Infinity, -Infinity, NaN, Infinity])
    expect(Tensor.toNested(small)).toEqual([0, NaN, 0, 0])
    expect(Tensor.toNested(squares)).toEqual([1, Infinity, 0, 0])
  })

  it.each([1, 511, 512, 513, 516, 1000, 4099, 640_000])("adds up %i terms as exactly as singles say", (n) => {
    const x = noise(n)
    const sum = Fn.make([n], (x) => Expr.sum(Expr.mul(x, 1)))
    const dot = Fn.make([n], (x) => Expr.dot(x, Expr.add(x, 1)))
    const at = Tensor.fromArray(x, [n])
    const run = (f: Fn.Fn<readonly [number], readonly []>) => Effect.runSync(Fn.run(f, at).pipe(Effect.provide(layer)))
    // A half of the unit for the result, and one for the errors of blocks of 128 terms, which are on both sides.
    within(run(sum), exactSum(x), 2 ** -22)
    within(run(dot), exactSum(x.map((v) => Math.fround(v * Math.fround(v + 1)))), 2 ** -22)
  })

  it("adds up on each lane, forwards and backwards, in blocks", () => {
    const [rows, columns] = [700, 9]
    const x = noise(rows * columns)
    const f = Fn.make({ x: [rows, columns], w: [rows] }, ({ w, x }) => ({
      product: Expr.matmul(Expr.transpose(x), w),
      reversed: Expr.matmul(Expr.transpose(Expr.reverse(x, [0])), w),
      columns: Expr.sum(x, { axis: 0 }),
      running: Expr.cumsum(x, { axis: 0 })
    }))
    const w = noise(rows, 77)
    const at = { x: Tensor.fromArray(x, [rows, columns]), w: Tensor.fromArray(w, [rows]) }
    const got = Effect.runSync(Fn.run(f, at).pipe(Effect.provide(layer)))
    const range = Array.from({ length: rows }, (_, i) => i)
    for (let j = 0; j < columns; j++) {
      within(got.product.data[j]!, exactSum(range.map((i) => x[i * columns + j]! * w[i]!)), 5e-6)
      within(got.reversed.data[j]!, exactSum(range.map((i) => x[(rows - 1 - i) * columns + j]! * w[i]!)), 5e-6)
      within(got.columns.data[j]!, exactSum(range.map((i) => x[i * columns + j]!)), 5e-6)
      let running = 0
      for (const i of range) {
        running = Math.fround(running + x[i * columns + j]!)
        expect(got.running.data[i * columns + j]).toBe(running)
      }
    }
  })

  it("gradients of sums over 640,000 terms are within 1e-5 of those in double precision", () => {
    const n = 640_000
    const logSumExp = Fn.make([n], (x) => Expr.logSumExp(x))
    const at = Tensor.fromArray(noise(n), [n])
    const gradient = Reverse.valueAndGrad(logSumExp)
    const single = Effect.runSync(Fn.run(gradient, at).pipe(Effect.provide(layer)))
    const double = Effect.runSync(Fn.run(gradient, at).pipe(Effect.provide(Wasm.layer)))
    within(single.value, double.value, 1e-6)
    let largest = 0
    double.grad.data.forEach((d, i) => (largest = Math.max(largest, Math.abs(single.grad.data[i]! - d) / d)))
    expect(largest).toBeLessThan(1e-6)
  })

  it("hands doubles to linear algebra, and rounds what it gives", () => {
    const a = Tensor.make([
      [4, 1],
      [1, 3]
    ])
    const f = Fn.make([2, 2], (a) => Expr.cholesky(a))
    const got = Effect.runSync(Fn.run(f, a).pipe(Effect.provide(layer)))
    expect(Array.from(got.data)).toEqual(Array.from(Fn.runSync(f, a).data, Math.fround))
  })

  it("keeps tapes of singles", () => {
    const iterated = Fn.make(
      { x: [], n: [] },
      ({ n, x }) =>
        Expr.whileLoop(
          ({ k }) => Expr.lt(k, n),
          ({ k, v }) => ({ k: Expr.add(k, 1), v: Expr.mul(v, 1.0001) }),
          { k: 0, v: x }
        ).v
    )
    const gradient = Effect.runSync(Fn.compile(Reverse.grad(iterated, { wrt: ["x"] })).pipe(Effect.provide(layer)))
    const { inputs, outputs, run } = gradient.bind({ precision })
    const { x } = outputs
    for (const trips of [1, 5000, 3]) {
      inputs.x[0] = 0.5
      inputs.n[0] = trips
      run()
      within(x[0]!, Math.fround(1.0001) ** trips, trips * 2 ** -24 + 2 ** -24)
    }
  })

  it("reports the single that fails a guard", () => {
    const f = Fn.make([3], (x) => Expr.sum(Expr.checked.log(Expr.sub(x, 0.1))))
    const compiled = Effect.runSync(Fn.compile(f).pipe(Effect.provide(layer)))
    const failed = compiled.runResult(Tensor.make([1, 2, -0.2]))
    expect(Result.isFailure(failed) && failed.failure).toBeInstanceOf(Failure.DomainError)
    const value = Math.fround(Math.fround(-0.2) - Math.fround(0.1))
    expect(Result.isFailure(failed) && failed.failure).toMatchObject({ operation: "log", value, index: [2] })
  })

  it("is told apart from float64: by what is compiled, and in explanations", () => {
    const f = Fn.make([1000], (x) => Expr.add(Expr.exp(x), 0.1))
    const graph = f as unknown as Backend.Graph
    const [single, double] = [
      service.compile(graph),
      (name === "wasm" ? Wasm.service : JavaScript.service).compile(graph)
    ].map(Effect.runSync)
    expect(single).not.toBe(double)
    expect(Effect.runSync(service.compile(graph))).toBe(single)
    const text = Effect.runSync(service.explain(graph))
    expect(text.split("\n")[0]).toBe(`${name} in float32: 1 loop nest, 2 buffers of 7.8 KiB`)
    expect(text).toContain(name === "wasm" ? "f32x4.add" : "Math.fround(")
    expect(text).not.toContain("f64x2.add")
  })
})
