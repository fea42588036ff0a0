// Central differences of five points, extrapolated, as the witness of derivatives, over random shapes and points.
import * as fc from "fast-check"
import { along, at, derivative, Shape, Tensor, tensors, weighted } from "./algebra.ts"
import type { Program } from "./algebra.ts"

/** A place where a program may be tested: numbers from an interval without kinks. */
export interface Domain {
  readonly low: number
  readonly high: number
}

export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export const sample = (random: () => number, shape: Shape.Shape, domain: Domain): Tensor.Tensor =>
  Tensor.fromArray(
    Float64Array.from({ length: Shape.size(shape) }, () => domain.low + (domain.high - domain.low) * random()),
    shape
  )

/** Shapes of rank 0 to 4 with few elements; some are empty. */
export const shapes: fc.Arbitrary<ReadonlyArray<number>> = fc.array(
  fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 3 }) }, { weight: 1, arbitrary: fc.constant(0) }),
  {
    maxLength: 4
  }
)

/** `count` shapes that broadcast against each other. */
export const broadcastable = (count: number): fc.Arbitrary<ReadonlyArray<ReadonlyArray<number>>> =>
  shapes.chain((shape) =>
    fc.tuple(
      ...Array.from({ length: count }, () =>
        fc
          .tuple(fc.integer({ min: 0, max: shape.length }), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
          .map(([drop, repeated]) => shape.slice(drop).map((n, i) => (repeated[i] === true ? 1 : n)))
      )
    )
  )

const moved = (inputs: ReadonlyArray<Tensor.Tensor>, direction: ReadonlyArray<Tensor.Tensor>, step: number) =>
  inputs.map((x, i) => tensors.add(x, tensors.mul(direction[i]!, step)))

const magnitude = (x: Tensor.Any): number => Array.from(x.data).reduce((most, e) => Math.max(most, Math.abs(e)), 0)

/**
 * Compares the derivative of `⟨weights, program⟩` along a random direction, by the rules, with differences; then that
 * of the derivative, up to the given order. Throws where they differ by more than the tolerance.
 */
export const compare = (
  program: Program,
  inputs: ReadonlyArray<Tensor.Tensor>,
  random: () => number,
  { order = 2, step = 2e-3, tolerance = 1e-7 } = {}
): void => {
  const spread = { low: -1, high: 1 }
  const result = program<Tensor.Any>(tensors, inputs)
  let scalar = weighted(program, sample(random, result.shape, spread))
  for (let k = 1; k <= order; k++) {
    const direction = inputs.map((x) => sample(random, x.shape, spread))
    const value = (h: number) => Tensor.item(scalar<Tensor.Any>(tensors, moved(inputs, direction, h)))
    let size = 0
    const difference = (h: number) => {
      const samples = [value(-2 * h), value(-h), value(h), value(2 * h)] as const
      size = Math.max(size, ...samples.map(Math.abs))
      return (samples[0] - 8 * samples[1] + 8 * samples[2] - samples[3]) / (12 * h)
    }
    // The error is c h^4 + O(h^6); extrapolation takes out the first term.
    const expected = (16 * difference(step / 2) - difference(step)) / 15
    const next = along(scalar, direction)
    const actual = Tensor.item(next<Tensor.Any>(tensors, inputs))
    const scale = 1 + Math.abs(expected) + size
    if (!(Math.abs(actual - expected) <= tolerance * scale)) {
      throw new Error(
        `derivative of order ${k}: ${actual} by the rules, ${expected} by differences, at ${inputs.join("; ")} ` +
          `of magnitude ${Math.max(0, ...inputs.map(magnitude))}`
      )
    }
    scalar = next
  }
}

/** A property over random shapes and points of `compare`. */
export const agreesWithDifferences = (
  program: Program,
  shapesOf: fc.Arbitrary<ReadonlyArray<ReadonlyArray<number>>>,
  domains: ReadonlyArray<Domain>,
  { numRuns = 40, order = 2, step = 2e-3, tolerance = 1e-7 } = {}
): void => {
  fc.assert(
    fc.property(shapesOf, fc.nat(), (operands, seed) => {
      const random = seeded(seed)
      const inputs = operands.map((shape, i) => sample(random, shape, domains[i % domains.length]!))
      compare(program, inputs, random, { order, step, tolerance })
    }),
    { numRuns }
  )
}

/** The derivative of order `orders.length` at a point of scalars, in the inputs of these positions in turn. */
export const partial = (program: Program, orders: ReadonlyArray<number>, ...point: ReadonlyArray<number>): number =>
  at(
    orders.reduce((f: Program, i) => derivative(f, i), program),
    ...point
  )
