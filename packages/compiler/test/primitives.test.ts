// Every primitive alone: all elementwise ones at all combinations of special values and at every rank, all others in small random programs.

import { JavaScript, Wasm } from "@fluxion/compiler"
import { Backend, type Expr, Fn, Primitive, Tensor, Tree, type Type } from "@fluxion/core"
import { Arbitraries, Laws, Ulp } from "@fluxion/testing"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { programOf, work } from "../../core/test/arbitraries.ts"
import { compare, elementaryUlps, inputsOf } from "./compare.ts"

const numRuns = Math.ceil(Number(process.env["FLUXION_RUNS"] ?? 40) / 4)

const backends = [
  ["javascript", JavaScript.service],
  ["wasm", Wasm.service],
  ["javascript in float32", JavaScript.make({ precision: "float32" })],
  ["wasm in float32", Wasm.make({ precision: "float32" })]
] as const

/** With more room for `erfc`, which is tried at special values here. */
const ulps: { readonly [K in Primitive.Name]?: number } = { ...elementaryUlps, erfc: 8 }

/** The type of operands; comparisons and arithmetic are tried on indices too. */
const operandsOf = (name: Primitive.Name): ReadonlyArray<Type.ElementType> =>
  name === "and" || name === "or" || name === "not"
    ? ["bool"]
    : ["add", "sub", "mul", "max", "min", "eq", "ne", "lt", "le", "gt", "ge"].includes(name)
      ? ["real", "index"]
      : name === "toReal" || name === "stopGradient"
        ? ["real", "index", "bool"]
        : ["real"]

const samples = {
  real: [...Arbitraries.specialValues, 0.1, -0.7, 1.5, 2.5, -3.5, 100.25, 1e9, -3e9],
  index: [0, 1, -1, 7, 2147483647, -2147483648, 46341, -65536],
  bool: [0, 1]
} as const

const arrays = { real: Float64Array, index: Int32Array, bool: Uint8Array } as const

const tensorOf = (
  elementType: Type.ElementType,
  data: ReadonlyArray<number>,
  shape: ReadonlyArray<number>
): Tensor.Any => Tensor.fromData(elementType, arrays[elementType].from(data), shape)

const apply = Fn.expressions.apply as unknown as (
  name: Primitive.Name,
  attributes: object,
  operands: ReadonlyArray<Expr.Any>
) => Expr.Any

const programFor = (name: Primitive.Name, attributes: object, types: ReadonlyArray<Type.Type>): Fn.Any =>
  Fn.make(types as never, (...inputs: ReadonlyArray<unknown>) => {
    const leaves = inputs[0] as ReadonlyArray<Expr.Any>
    return apply(name, attributes, leaves) as never
  }) as unknown as Fn.Any

const runOn = (service: Backend.Service, f: Fn.Any, inputs: ReadonlyArray<Tensor.Any>): Tensor.Any => {
  const result = Effect.runSync(service.compile(f as unknown as Backend.Graph)).execute(inputs)
  return (result as { readonly success: ReadonlyArray<Tensor.Any> }).success[0]!
}

const interpret = (f: Fn.Any, inputs: ReadonlyArray<Tensor.Any>): Tensor.Any => runOn(Backend.interpreter, f, inputs)

const elementwise = Primitive.names.filter((name) => Primitive.definitions[name].family === "elementwise")

/** What single precision makes of the elements of a tensor. */
const rounded = (tensor: Tensor.Any): Tensor.Any =>
  tensor.elementType === "real"
    ? Tensor.fromData("real", Float64Array.from(tensor.data, Math.fround), tensor.shape)
    : tensor

/** The steps between two singles. */
const singleSteps = (a: number, b: number): number => {
  const place = (x: number): number => {
    const bits = new Int32Array(Float32Array.of(x).buffer)[0]!
    return bits < 0 ? -(bits & 0x7fffffff) : bits
  }
  return Math.abs(place(a) - place(b))
}

/** Of both sides in single precision, whose rounding is one of them. */
const singleUlps: { readonly [K in Primitive.Name]?: number } = {
  ...Object.fromEntries(Object.keys(ulps).map((name) => [name, 2])),
  sum: 700,
  prod: 700,
  dot: 700
}

const expectSame = (
  name: Primitive.Name,
  isWasm: boolean,
  isSingle: boolean,
  expected: Tensor.Any,
  actual: Tensor.Any,
  at: (i: number) => unknown
) => {
  expect([actual.elementType, actual.shape]).toEqual([expected.elementType, expected.shape])
  const allowed = isWasm ? ((isSingle ? singleUlps : ulps)[name] ?? 0) : 0
  const distance = isSingle ? singleSteps : Ulp.distance
  expected.data.forEach((x: number, i: number) => {
    const y = actual.data[i]!
    // Zeros have the same sign.
    if (Object.is(x, y) || (x !== y && distance(x, y) <= allowed)) return
    throw new Error(`${name} at ${JSON.stringify(at(i))}: expected ${x}, got ${y}`)
  })
}

/** All combinations of the values of so many operands. */
const combinations = <A>(values: ReadonlyArray<A>, count: number): ReadonlyArray<ReadonlyArray<A>> =>
  count === 0 ? [[]] : combinations(values, count - 1).flatMap((rest) => values.map((value) => [...rest, value]))

const shapes: ReadonlyArray<ReadonlyArray<ReadonlyArray<number>>> = [
  [[], [], []],
  [[5], [5], [5]],
  [[17], [], [17]],
  [[3, 4], [4], [3, 1]],
  [
    [2, 3, 5],
    [2, 1, 5],
    [3, 5]
  ],
  [
    [2, 1, 3, 7],
    [5, 1, 7],
    [2, 5, 3, 1]
  ],
  [[0, 3], [3], [1, 3]]
]

describe.each(backends)("%s", (backend, service) => {
  const isWasm = backend.startsWith("wasm")
  const isSingle = backend.endsWith("float32")
  const agrees = Laws.backendAgrees(service)
  const inPrecision = isSingle ? rounded : (tensor: Tensor.Any) => tensor

  describe.each(elementwise)("%s", (name) => {
    const { arity } = Primitive.definitions[name] as { readonly arity: number }
    const attributes = name === "polygamma" ? { order: 2 } : {}
    const kinds: ReadonlyArray<ReadonlyArray<Type.ElementType>> =
      name === "select"
        ? (["real", "index", "bool"] as const).map((type) => ["bool", type, type])
        : operandsOf(name).map((type) => Array.from({ length: arity }, () => type))

    it.each(kinds.map((types) => [types.join(", "), types] as const))("special values: %s", (_, types) => {
      const values: ReadonlyArray<ReadonlyArray<number>> =
        new Set(types).size === 1
          ? combinations<number>(arity === 3 ? samples[types[0]!].slice(0, 14) : samples[types[0]!], arity)
          : combinations<number>(samples[types[1]!], 2).flatMap((pair) => [
              [0, ...pair],
              [1, ...pair]
            ])
      const inputs = types
        .map((type, k) =>
          tensorOf(
            type,
            values.map((row) => row[k]!),
            [values.length]
          )
        )
        .map(inPrecision)
      const f = programFor(
        name,
        attributes,
        inputs.map(({ elementType, shape }) => ({ elementType, shape }))
      )
      const [expected, actual] = [inPrecision(interpret(f, inputs)), runOn(service, f, inputs)]
      expectSame(name, isWasm, isSingle, expected, actual, (i) => values[i])
    })

    it.each(shapes.map((all) => [JSON.stringify(all.slice(0, arity)), all] as const))("shapes %s", (_, all) => {
      for (const types of kinds) {
        const inputs = types
          .map((type, k) => {
            const shape = all[k]!
            const values = samples[type]
            const length = shape.reduce((a, b) => a * b, 1)
            return tensorOf(
              type,
              Array.from({ length }, (_, i) => values[(i * 7 + k * 3) % values.length]!),
              shape
            )
          })
          .map(inPrecision)
        const f = programFor(
          name,
          attributes,
          inputs.map(({ elementType, shape }) => ({ elementType, shape }))
        )
        const expected = inPrecision(interpret(f, inputs))
        expectSame(name, isWasm, isSingle, expected, runOn(service, f, inputs), (i) => i)
      }
    })
  })

  const others = [...Primitive.names, ...Primitive.controlNames].filter(
    (name) => !(elementwise as ReadonlyArray<string>).includes(name)
  )

  it.each(others)("%s", { timeout: 120_000 }, (name) => {
    fc.assert(
      fc.property(programOf(name), fc.nat(100), (f, seed) => {
        if (work(f) > 50_000) return
        if (!isSingle) return void compare(f, service, inputsOf(f, seed), 1e-9)
        const inputs = inputsOf(f, seed).map(rounded)
        // What fails there may succeed here.
        const graph = f as unknown as Backend.Graph
        if (Result.isFailure(Effect.runSync(Backend.interpreter.compile(graph)).execute(inputs))) return
        agrees(f as never).assert(Tree.fromTensors(f.inputs, inputs) as never, {
          precision: "float32",
          ulps: singleUlps
        })
      }),
      { numRuns: numRuns * 2 }
    )
  })
})
