// Formulas in extended precision: an algebra of decimal numbers, and central differences in it. None of the arithmetic or of the rules of derivatives is ours.

import { type Algebra, Fn, type Primitive, Type } from "@fluxion/core"
import { Decimal as DecimalOfAnyPrecision } from "decimal.js"

/** Decimals of 40 digits. */
export const Decimal = DecimalOfAnyPrecision.clone({ precision: 40 })

export type Decimal = DecimalOfAnyPrecision

/** A double as the number that it is, not as its shortest decimal form. */
export const exact = (x: number): Decimal => {
  if (x === 0 || !Number.isFinite(x)) return new Decimal(x)
  let [integer, exponent] = [x, 0]
  while (!Number.isInteger(integer)) {
    integer *= 2
    exponent--
  }
  return new Decimal(integer).mul(Decimal.pow(2, exponent))
}

const operations: {
  readonly [K in Primitive.Name]?: (x: Decimal, y: Decimal) => Decimal
} = {
  neg: (x) => x.neg(),
  add: (x, y) => x.add(y),
  sub: (x, y) => x.sub(y),
  mul: (x, y) => x.mul(y),
  div: (x, y) => x.div(y),
  pow: (x, y) => x.pow(y),
  exp: (x) => x.exp(),
  log: (x) => x.ln(),
  sin: (x) => x.sin(),
  cos: (x) => x.cos(),
  atan: (x) => x.atan()
}

/** What takes long: values are kept by their operand. */
const transcendental: ReadonlySet<Primitive.Name> = new Set(["exp", "log", "sin", "cos", "atan"])

/** What the formulas of the references are made of: scalars, and operations that decimal.js has. It remembers values of the same operand. */
const algebra = (): Algebra<Decimal> => {
  const known = new Map<string, Decimal>()
  return {
    apply: (primitive, _, operands) => {
      const operation = operations[primitive]
      if (operation === undefined) throw new Error(`${primitive} is not defined for decimals`)
      const [x, y] = operands as ReadonlyArray<Decimal>
      if (!transcendental.has(primitive)) return operation(x!, y!)
      const key = `${primitive} ${x!.toString()}`
      const value = known.get(key) ?? operation(x!, y!)
      known.set(key, value)
      return value
    },
    applyMany: (primitive) => {
      throw new Error(`${primitive} is not defined for decimals`)
    },
    constant: (value) => exact(value.data[0] as number),
    typeOf: () => Type.real([])
  }
}

/** Evaluates a formula. */
export const evaluate = (formula: Fn.Any, inputs: ReadonlyArray<Decimal>): Decimal =>
  Fn.interpret(formula, algebra(), inputs)[0]!

const step = new Decimal("1e-12")

/** The partial derivatives of a formula with respect to the first inputs, by central differences whose steps are `1e-12` of each input. */
export const differences = (formula: Fn.Any, inputs: ReadonlyArray<Decimal>, count: number): ReadonlyArray<Decimal> => {
  const decimals = algebra()
  const at = (i: number, x: Decimal) => Fn.interpret(formula, decimals, inputs.with(i, x))[0]!
  return inputs.slice(0, count).map((x, i) => {
    const h = x.isZero() ? step : x.abs().mul(step)
    return at(i, x.add(h))
      .sub(at(i, x.sub(h)))
      .div(h.mul(2))
  })
}
