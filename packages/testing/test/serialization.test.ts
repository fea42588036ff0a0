// Derivative programs as data, and decoded programs differentiated. FLUXION_RUNS sets the number of random programs.

import { Expr, Failure, Fn, Interpreter, Serialization, Shape, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { difference, program, work } from "../../core/test/arbitraries.ts"

const given = process.env["FLUXION_RUNS"]
const runs = (count: number): { readonly numRuns: number } => ({ numRuns: given === undefined ? count : Number(given) })

const text = (f: Fn.Any): string => JSON.stringify(Result.getOrThrow(Serialization.encode(f)))
const copy = (f: Fn.Any): Fn.Any => Result.getOrThrow(Serialization.decode(JSON.parse(text(f))))

/** What distinguishes all numbers; the bits of a NaN are the engine's own. */
const bytes = ({ data, shape }: Tensor.Any): string => {
  const plain = data.map((x) => (Number.isNaN(x) ? Number.NaN : x))
  return `${shape.join()} ${Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength).toString("latin1")}`
}

/** The outputs of a program at some inputs, to the bit, or how it fails; call sites are not written. */
const outputs = (f: Fn.Any, seed: number): unknown => {
  const inputs = Fn.specs(f).inputLeaves.map(({ type: { elementType, shape } }, i) => {
    const size = Shape.size(shape)
    if (elementType === "real") {
      return Tensor.fromArray(
        Float64Array.from({ length: size }, (_, j) => Math.sin(seed + i + j)),
        shape
      ) as Tensor.Any
    }
    const data = elementType === "index" ? new Int32Array(size) : new Uint8Array(size)
    return Tensor.unsafeMake(elementType, shape, data) as Tensor.Any
  })
  return Result.mapError(
    Failure.attempt(() => Fn.interpret(f, Interpreter.algebra, inputs).map(bytes)),
    ({ guard, index, path, value }) => ({ guard, index, path, value })
  )
}

type Any = Fn.Fn<readonly [], readonly []>
const derivatives: ReadonlyArray<readonly [string, (f: Any) => Fn.Any]> = [
  ["vjp", (f) => Reverse.vjp(f) as unknown as Fn.Any],
  ["jvp", (f) => Forward.jvp(f) as unknown as Fn.Any],
  ["jvp of vjp", (f) => Forward.jvp(Reverse.vjp(f) as unknown as Any) as unknown as Fn.Any]
]

describe.each(derivatives)("the %s of a random program", (name, derive) => {
  const supports = (f: Fn.Any): boolean => name === "vjp" || Fn.supportsForward(f)
  const of = (f: Fn.Any): Fn.Any => derive(f as unknown as Any)

  it("comes back from JSON as the same program", () => {
    fc.assert(
      fc.property(program, (f) => {
        fc.pre(work(f) < 1e6 && supports(f))
        const derivative = of(f)
        const again = copy(derivative)
        expect(difference(derivative, again)).toBe(undefined)
        expect(text(again)).toBe(text(derivative))
      }),
      runs(100)
    )
  }, 600_000)

  it("is the same, to the bit, when the program came from JSON", () => {
    let ran = 0
    fc.assert(
      fc.property(program, fc.nat(100), (f, seed) => {
        fc.pre(work(f) < 1e4 && supports(f))
        const derivative = of(f)
        fc.pre(work(derivative) < 1e6)
        expect(outputs(of(copy(f)), seed)).toEqual(outputs(derivative, seed))
        expect(outputs(copy(derivative), seed)).toEqual(outputs(derivative, seed))
        ran++
      }),
      runs(100)
    )
    expect(ran).toBeGreaterThan(20)
  }, 600_000)
})

describe("a loop that was differentiated", () => {
  it("is encoded with the bodies of its derivative, and runs the same", () => {
    const f = Fn.make({ xs: [4], rate: [] }, ({ rate, xs }) =>
      Expr.fold((total, x) => Expr.sin(Expr.add(Expr.mul(rate, total), x)), 0, xs)
    )
    const gradient = Reverse.grad(f)
    const { bodies = [] } = Result.getOrThrow(Serialization.encode(gradient))
    expect(bodies.length).toBe(2)
    const again = copy(gradient) as unknown as typeof gradient
    const at = { xs: Tensor.make([1, 2, 3, 4]), rate: 0.5 }
    expect(Fn.runSync(again, at)).toEqual(Fn.runSync(gradient, at))
  })
})
