import { readFileSync } from "node:fs"
import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Ulp from "@fluxion/testing/Ulp"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { elementaryFunctions, polygammaFunction } from "../../../src/internal/wasm/elementaryFunctions.ts"
import { Module } from "../../../src/internal/wasm/Module.ts"
import { engine, overArrays, readByWabt } from "./support.ts"

type Name = keyof typeof elementaryFunctions.f64x2
const names = Object.keys(elementaryFunctions.f64x2) as Array<Name>

/** How far from the correctly rounded value, in doubles (1 of those asked for at most 1, 2 of the others). */
const bound = (name: Name): number => (["exp", "log"].includes(name) ? 1 : (bounds[name] ?? 2))
const bounds: Partial<Record<Name, number>> = { expm1: 1, cbrt: 1, sin: 1, cos: 1, hypot: 1, pow: 1, rem: 0 }

interface Reference {
  readonly functions: Readonly<
    Record<
      string,
      { readonly args: ReadonlyArray<string>; readonly rows: ReadonlyArray<ReadonlyArray<number | string>> }
    >
  >
}
const reference: Reference = JSON.parse(
  readFileSync(new URL("../../../../testing/data/elementary-reference.json", import.meta.url), "utf8")
)

const singleSteps = (a: number, b: number): number => {
  const view = new DataView(new ArrayBuffer(4))
  const place = (x: number): number => {
    view.setFloat32(0, x)
    const bits = view.getInt32(0)
    return bits < 0 ? -(bits & 0x7fffffff) : bits
  }
  return Number.isNaN(a) || Number.isNaN(b)
    ? Number.isNaN(a) && Number.isNaN(b)
      ? 0
      : Infinity
    : Math.abs(place(a) - place(b))
}

const column = (rows: ReadonlyArray<ReadonlyArray<number>>, i: number): Float64Array<ArrayBuffer> =>
  Float64Array.from(rows, (row) => row[i]!)

/** What the reference interpreter says. */
const byInterpreter = (name: Name, x: Float64Array<ArrayBuffer>, y: Float64Array<ArrayBuffer>): ArrayLike<number> => {
  const { arity } = elementaryFunctions.f64x2[name]
  const shape = [x.length] as const
  const input = { x: Tensor.fromArray(x, shape), y: Tensor.fromArray(y, shape) }
  const f = Fn.make({ x: shape, y: shape }, ({ x, y }) =>
    arity === 1 ? Expr[name as "exp"](x) : Expr[name as "pow"](x, y)
  )
  return (Fn.runSync(f, input as never) as unknown as Tensor.Tensor<readonly [number]>).data
}

const special = [
  0,
  1,
  0.5,
  2,
  3,
  2.5,
  1e-320,
  5e-324,
  2 ** -1022,
  1e-300,
  1e-20,
  1e-8,
  0.9999999999999999,
  1.0000000000000002,
  Math.PI,
  Math.PI / 2,
  709.78,
  709.79,
  710.4,
  710.5,
  745.13,
  745.14,
  26.6,
  27.3,
  8192,
  8193,
  1e22,
  2 ** 53,
  2 ** 53 - 1,
  1e300,
  Number.MAX_VALUE,
  Infinity,
  NaN
].flatMap((x) => [x, -x])

const wide = fc.oneof(
  fc.double(),
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.double({ min: -50, max: 50, noNaN: true }),
  // Evenly over the values, where `fc.double` is even over the bits.
  fc.integer({ min: -(2 ** 30), max: 2 ** 30 }).map((n) => n / 2 ** 24),
  fc.integer({ min: -(2 ** 30), max: 2 ** 30 }).map((n) => n / 2 ** 20),
  fc.constantFrom(...special)
)

const doublesOf = (name: Name, inline = false) =>
  overArrays<Float64Array<ArrayBuffer>>(() => new Module(), elementaryFunctions.f64x2[name], inline)
const singlesOf = (name: Name) =>
  overArrays<Float32Array<ArrayBuffer>>(() => new Module(), elementaryFunctions.f32x4[name])

describe("elementary functions of vectors", () => {
  it("WABT and the engine find a module with all of them valid", () => {
    const module = new Module()
    for (const floats of ["f64x2", "f32x4"] as const) {
      for (const definition of Object.values(elementaryFunctions[floats])) definition.emit(module)
    }
    expect(readByWabt(module)).toContain("f64x2.exp")
    expect(engine.validate(module.toBytes())).toBe(true)
  })

  it("every function of the reference data is here, but those made of others", () => {
    const derived = ["log2", "log10", "sqrt", "sinc", "sinc_pi", "logaddexp", "xlogy"]
    expect([...names.filter((name) => name !== "rem" && name in reference.functions), ...derived].sort()).toEqual(
      Object.keys(reference.functions).sort()
    )
  })

  it("polygamma: as the reference interpreter, orders 1 to 4 and 171", () => {
    for (const order of [1, 2, 3, 4, 171]) {
      const definition = polygammaFunction("f64x2", order)
      const apply = overArrays<Float64Array<ArrayBuffer>>(() => new Module(), definition)
      const at = [...special, 0.1, 7.5, -0.5, -1.5, -3.25, -20.125, 30, 100.5, 1e-10, -1e-10]
      fc.assert(
        fc.property(fc.array(wide, { minLength: 16, maxLength: 64 }), (points) => {
          const x = Float64Array.from([...at, ...points])
          const shape = [x.length] as const
          const f = Fn.make(shape, (x) => Expr.polygamma(x, order))
          const expected = (
            Fn.runSync(f, Tensor.fromArray(x, shape) as never) as unknown as Tensor.Tensor<readonly [number]>
          ).data
          apply(x).forEach((value, i) => {
            const message = `polygamma(${order}, ${x[i]}) = ${value}, not ${expected[i]}`
            expect(Ulp.distance(value, expected[i]!), message).toBeLessThanOrEqual(2)
            if (expected[i] === 0) expect(value, message).toBe(expected[i])
          })
        }),
        { numRuns: 5 }
      )
    }
  })

  it("have reference values, but for the remainder, which is exact", () => {
    expect(names.filter((name) => !(name in reference.functions))).toEqual(["rem"])
  })

  for (const name of names.filter((own) => own in reference.functions)) {
    const { arity } = elementaryFunctions.f64x2[name]
    const apply = doublesOf(name)

    it(`${name}: within ${bound(name)} ULP of correctly rounded values`, () => {
      const rows = reference.functions[name]!.rows.map((row) => row.map(Number))
      const values = apply(column(rows, 0), arity === 2 ? column(rows, 1) : undefined)
      rows.forEach((row, i) => {
        const at = row.slice(0, arity).join(", ")
        expect(Ulp.distance(values[i]!, row[arity]!), `${name}(${at}) = ${values[i]}`).toBeLessThanOrEqual(bound(name))
      })
    })
  }

  for (const name of names.filter((own) => own in reference.functions)) {
    const { arity } = elementaryFunctions.f32x4[name]

    it(`${name} of singles: within 2 ULP of correctly rounded values`, () => {
      // Singles near the points of the reference data have other values: those that are singles themselves count.
      const rows = reference.functions[name]!.rows.map((row) => row.map(Number)).filter((row) =>
        row.slice(0, arity).every((x) => Object.is(Math.fround(x), x))
      )
      expect(rows.length).toBeGreaterThan(arity === 1 ? 10 : 3)
      const values = singlesOf(name)(
        Float32Array.from(column(rows, 0)),
        arity === 2 ? Float32Array.from(column(rows, 1)) : undefined
      )
      rows.forEach((row, i) => {
        const message = `${name}(${row.slice(0, arity).join(", ")}) = ${values[i]}, not ${row[arity]}`
        expect(singleSteps(values[i]!, Math.fround(row[arity]!)), message).toBeLessThanOrEqual(2)
      })
    })
  }

  for (const name of names) {
    const { arity } = elementaryFunctions.f64x2[name]
    const apply = doublesOf(name)

    it(`${name}: as the reference interpreter at special values, with the sign of zeros`, () => {
      const pairs = special.flatMap((x) => (arity === 1 ? [[x, 0]] : special.map((y) => [x, y])))
      const x = column(pairs, 0)
      const y = column(pairs, 1)
      const values = apply(x, y)
      const expected = byInterpreter(name, x, y)
      pairs.forEach((pair, i) => {
        const message = `${name}(${pair.slice(0, arity).join(", ")}) = ${values[i]}, not ${expected[i]}`
        if (expected[i] === 0) expect(values[i], message).toBe(expected[i])
        else expect(Ulp.distance(values[i]!, expected[i]!), message).toBeLessThanOrEqual(2)
      })
    })

    it(`${name}: as the reference interpreter on random arguments, of doubles and of singles`, () => {
      const singles = singlesOf(name)
      fc.assert(
        fc.property(fc.array(fc.tuple(wide, wide), { minLength: 64, maxLength: 256 }), (pairs) => {
          const x = column(pairs, 0)
          const y = column(pairs, 1)
          const values = apply(x, y)
          const expected = byInterpreter(name, x, y)
          pairs.forEach((pair, i) => {
            const message = `${name}(${pair.slice(0, arity).join(", ")}) = ${values[i]}, not ${expected[i]}`
            // Both may be off to opposite sides.
            expect(Ulp.distance(values[i]!, expected[i]!), message).toBeLessThanOrEqual(bound(name) + 1)
          })
          const x32 = Float32Array.from(x)
          const y32 = Float32Array.from(y)
          const rounded = singles(x32, y32)
          const exact = byInterpreter(name, Float64Array.from(x32), Float64Array.from(y32))
          rounded.forEach((value, i) => {
            const message = `${name}(${x32[i]}, ${y32[i]}) = ${value}, not ${exact[i]}`
            expect(singleSteps(value, Math.fround(exact[i]!)), message).toBeLessThanOrEqual(2)
          })
        }),
        { numRuns: 30 }
      )
    })

    it(`${name}: a lane has the bits it has alone, called or inlined`, () => {
      const inlined = doublesOf(name, true)
      const singles = singlesOf(name)
      fc.assert(
        fc.property(fc.array(fc.tuple(wide, wide), { minLength: 8, maxLength: 64 }), (pairs) => {
          const x = column(pairs, 0)
          const y = column(pairs, 1)
          const together = apply(x, y)
          expect(inlined(x, y)).toEqual(together)
          const repeat = (values: Float64Array<ArrayBuffer>, times: number) =>
            Float64Array.from({ length: values.length * times }, (_, i) => values[Math.floor(i / times)]!)
          const alone = apply(repeat(x, 2), repeat(y, 2))
          expect(alone).toEqual(repeat(together, 2))
          const four = singles(Float32Array.from(x), Float32Array.from(y))
          const eachFour = singles(Float32Array.from(repeat(x, 4)), Float32Array.from(repeat(y, 4)))
          expect(eachFour).toEqual(Float32Array.from(repeat(Float64Array.from(four), 4)))
        }),
        { numRuns: 20 }
      )
    })
  }
})
