// A graph on a backend against the interpreter.

import { Backend, type Fn, type Primitive, Tensor, Tree } from "@fluxion/core"
import { Effect, Result } from "effect"
import { expect } from "vitest"

/** Units in the last place between both sides, by `docs/accuracy.md`: the interpreter has the functions of the engine. */
export const elementaryUlps = {
  exp: 2,
  expm1: 3,
  log: 2,
  log1p: 3,
  cbrt: 3,
  sin: 3,
  cos: 3,
  tan: 3,
  asin: 3,
  acos: 3,
  atan: 3,
  sinh: 3,
  cosh: 3,
  tanh: 3,
  asinh: 4,
  acosh: 4,
  atanh: 4,
  erf: 4,
  erfc: 4,
  lgamma: 8,
  digamma: 8,
  sigmoid: 4,
  softplus: 4,
  pow: 3,
  atan2: 3,
  hypot: 3
} as const satisfies { readonly [K in Primitive.Name]?: number }

const specials = [NaN, Infinity, -Infinity, -0, 0, 5e-324, -2.5, 1e300]

/** Inputs of a type, some of them with special values and indices out of range. */
const inputOf = ({ type }: Tree.PathAndType, seed: number): Tensor.Any => {
  const length = type.shape.reduce((a, b) => a * b, 1)
  const { elementType, shape } = type
  switch (elementType) {
    case "real": {
      const isSpecial = (i: number) => seed % 3 === 0 && (i + seed) % 7 === 0
      const element = (_: unknown, i: number) => (isSpecial(i) ? specials[(i + seed) % 8]! : Math.sin(i * 1.7 + seed))
      return Tensor.fromData("real", Float64Array.from({ length }, element), shape)
    }
    case "index":
      return Tensor.fromData(
        "index",
        Int32Array.from({ length }, (_, i) => ((i * 7 + seed) % 9) - 2),
        shape
      )
    case "bool":
      return Tensor.fromData(
        "bool",
        Uint8Array.from({ length }, (_, i) => ((i * 5 + seed) >> 1) & 1),
        shape
      )
  }
}

export const inputsOf = (f: Fn.Any, seed: number): ReadonlyArray<Tensor.Any> =>
  Tree.leaves(f.inputs).map((leaf) => inputOf(leaf, seed))

const near = (a: number, b: number, allowed: number): boolean =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= allowed

/** Whether a program applies some of the primitives, in bodies too. */
export const applies = (f: Fn.Any, names: ReadonlyArray<string>): boolean => {
  const listing = Effect.runSync(Backend.interpreter.explain(f as unknown as Backend.Graph))
  return names.some((name) => listing.includes(` = ${name}(`))
}

/** Gives how many elements had other bits; all are as near as `tolerance` says, relative to the largest element of the output. */
export const compare = (
  f: Fn.Any,
  service: Backend.Service,
  inputs: ReadonlyArray<Tensor.Any>,
  tolerance: number,
  reference: Backend.Service = Backend.interpreter
): number => {
  const graph = f as unknown as Backend.Graph
  const expected = Effect.runSync(reference.compile(graph)).execute(inputs)
  const executable = Effect.runSync(service.compile(graph))
  const bound = executable.bind()
  inputs.forEach(({ data }, i) => bound.inputs[i]!.set(data))
  // What a run leaves in memory is of no consequence for the next one.
  const runs = [executable.execute(inputs), executable.execute(inputs)]
  const failure = bound.run()
  runs.push(
    failure === undefined
      ? Result.succeed(
          Tree.leaves(f.outputs as Tree.Spec).map(({ type }, i) => {
            const data = bound.outputs[i]!
            return Tensor.fromData(
              type.elementType,
              data instanceof Float32Array ? Float64Array.from(data) : data,
              type.shape
            )
          })
        )
      : Result.fail(failure)
  )
  // In another order a product may underflow to zero before it meets an infinity, or not.
  const multipliesUp = applies(f, ["prod"])
  const isNear = (a: number, b: number, largest: number): boolean =>
    near(a, b, tolerance * largest) || (multipliesUp && !Number.isFinite(a - b))
  let others = 0
  for (const actual of runs) {
    if (Result.isFailure(expected) || Result.isFailure(actual)) {
      const [a, b] = [expected, actual].map((result) => (Result.isFailure(result) ? result.failure : undefined))
      expect(a === undefined ? "succeeds" : "fails").toBe(b === undefined ? "succeeds" : "fails")
      const { value: left, ...own } = a!
      const { value: right, ...other } = b!
      expect(other).toEqual(own)
      expect(other.guard).toBe(own.guard)
      expect(typeof right).toBe(typeof left)
      expect(near(Number(left), Number(right), tolerance * Math.abs(Number(left)))).toBe(true)
      continue
    }
    expected.success.forEach((tensor, o) => {
      const got = actual.success[o]!
      expect([got.elementType, got.shape, got.data.length]).toEqual([
        tensor.elementType,
        tensor.shape,
        tensor.data.length
      ])
      const largest = Math.max(0, ...Array.from(tensor.data, Math.abs).filter(Number.isFinite))
      tensor.data.forEach((x: number, i: number) => {
        const y = got.data[i]!
        if (Object.is(x, y)) return
        others++
        if (tolerance === 0 || !isNear(x, y, largest)) throw new Error(`output ${o} at ${i}: expected ${x}, got ${y}`)
      })
    })
  }
  return others
}
