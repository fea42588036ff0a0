// Where rules break: zeros of both signs, infinities, NaN, the ends of the range of doubles, kinks, ties; and what holds there in both modes.

import { Expr, Fn, Shape, Tensor } from "@fluxion/core"
import type { Comparison } from "../../PrimitiveSuite.ts"
import { specialValues } from "../../arbitraries/tensor.ts"
import { distance, same } from "../../Ulp.ts"
import { direction, generator, ordinary, tensorOf } from "./draw.ts"
import { compare, compareTensors, describePoint, type Findings, placeOf } from "./findings.ts"
import type { Operand, Subject, Variant } from "./model.ts"
import { gradientBy, modesOf } from "./orders.ts"
import {
  basis,
  filledLike,
  inner,
  nested,
  nestings,
  programOf,
  pulled,
  pushed,
  realInputs,
  realOutputs,
  realResults,
  renderNesting,
  scalarProgram,
  type Tensors,
  valueAt,
  weighted,
  zerosLike
} from "./programs.ts"

// -----------------------------------------------------------------------------
// Points
// -----------------------------------------------------------------------------

/** Of three operands and more not all combinations. */
const few = [0, -0, 1, -1, Infinity, -Infinity, NaN, 5e-324]

const valuesOf = ({ elementType = "real", ranges = [[-2, 2]] }: Operand, real: ReadonlyArray<number>) =>
  elementType === "bool" ? [0, 1] : elementType === "index" ? [...ranges[0]!] : real

/** All combinations of special values for the operands of a function that is elementwise. */
const tuples = ({ operands, special }: Subject): ReadonlyArray<Array<number>> => {
  const given = special.values ?? specialValues
  const reals = operands.length < 3 ? given : given.filter((x) => few.some((y) => Object.is(x, y)))
  return operands
    .reduce<ReadonlyArray<Array<number>>>(
      (points, operand) => points.flatMap((point) => valuesOf(operand, reals).map((x) => [...point, x])),
      [[]]
    )
    .filter((point) => special.except === undefined || !special.except(...point))
}

/** One vector for each operand. */
const columns = (subject: Subject, points: ReadonlyArray<ReadonlyArray<number>>): Tensors =>
  subject.operands.map((operand, k) =>
    tensorOf(
      operand,
      [points.length],
      points.map((point) => point[k]!)
    )
  )

interface SpecialPlace {
  readonly variant: Variant
  readonly program: Fn.Any
  readonly at: Tensors
}

/** Orders of the special values that bring different ones together. */
const rotations = [0, 5, 11, 17]

const rotated = (subject: Subject, { shapes }: Variant, rotation: number, values: ReadonlyArray<number>): Tensors => {
  let n = 0
  return shapes.map((shape, k) => {
    const operand = subject.operands[k]!
    const own = valuesOf(operand, values)
    return tensorOf(
      operand,
      shape,
      Array.from({ length: Shape.size(shape) }, () => own[(n++ * 7 + rotation) % own.length]!)
    )
  })
}

function* specialPlaces(subject: Subject): Iterable<SpecialPlace> {
  if (subject.elementwise) {
    const { build, label } = subject.variants[0]!
    const at = columns(subject, tuples(subject))
    const shapes = at.map(({ shape }) => shape)
    yield {
      variant: { build, label, family: "its shapes", shapes },
      program: programOf(subject.operands, shapes, build),
      at
    }
    return
  }
  for (const variant of subject.variants) {
    const program = programOf(subject.operands, variant.shapes, variant.build)
    for (const rotation of rotations)
      yield { variant, program, at: rotated(subject, variant, rotation, subject.special.values ?? specialValues) }
  }
}

const whereOf =
  ({ at, program, variant }: SpecialPlace) =>
  (): string =>
    describePoint(variant.label, program, at)

// -----------------------------------------------------------------------------
// Both modes, entry by entry
// -----------------------------------------------------------------------------

/**
 * How far two modes may be apart at special values: equal up to the sign of zero, both NaN, or (rules are written independently) a few units in the
 * last place. Where the value itself is NaN, a mode may say so and the other give what its formula gives.
 */
const compareModes = (place: string, forward: number, reverse: number, value: number, slack: number): Comparison => {
  const agree =
    same(forward, reverse) ||
    (Number.isNaN(value) && (Number.isNaN(forward) || Number.isNaN(reverse))) ||
    (Number.isFinite(forward) && Number.isFinite(reverse) && distance(forward, reverse) <= 4)
  const comparison = compare(place, forward, reverse, slack)
  return agree ? { ...comparison, difference: 0 } : comparison
}

const at = (subject: Subject, tensors: Tensors, i: number): string =>
  `(${subject.operands.map((_, k) => String(Object.is(tensors[k]!.data[i], -0) ? "-0" : tensors[k]!.data[i])).join(", ")})`

function* elementwisePartials(subject: Subject, place: SpecialPlace): Findings {
  const { at: tensors, program } = place
  const [inputs, outputs] = [realInputs(program), realOutputs(program)]
  if (outputs.length === 0) return
  const zeros = zerosLike(inputs)
  const reverse = pulled(program, tensors, filledLike(outputs, 1))
  const value = valueAt(program, tensors)[0]!.data
  const comparisons = inputs.flatMap(({ path, type }, leaf) => {
    const forward = pushed(program, tensors, zeros.with(leaf, Tensor.ones(type.shape)))
    return Array.from(forward[0]!.data, (d, i) =>
      compareModes(
        `∂/∂${path} at ${at(subject, tensors, i)} by forward and reverse`,
        d,
        reverse[leaf]!.data[i]!,
        value[i]!,
        subject.special.tolerance ?? 0
      )
    )
  })
  yield { where: () => "", comparisons }
}

function* jacobians(subject: Subject, place: SpecialPlace): Findings {
  const { at: tensors, program } = place
  const [inputs, outputs] = [realInputs(program), realOutputs(program)]
  const [tangents, cotangents] = [zerosLike(inputs), zerosLike(outputs)]
  const values = valueAt(program, tensors).filter(({ elementType }) => elementType === "real")
  const rows = cotangents.map((zero, o) =>
    Array.from(zero.data, (_, j) => pulled(program, tensors, basis(cotangents, o, j)))
  )
  const comparisons: Array<Comparison> = []
  tangents.forEach((zero, leaf) => {
    zero.data.forEach((_, i) => {
      const column = pushed(program, tensors, basis(tangents, leaf, i))
      column.forEach(({ data }, o) => {
        data.forEach((d, j) => {
          const reverse = rows[o]![j]![leaf]!.data[i]!
          const finite = Math.max(1, ...[d, reverse].filter(Number.isFinite).map(Math.abs))
          const { path, type } = inputs[leaf]!
          const output = outputs[o]!
          comparisons.push(
            compareModes(
              `∂${placeOf(output.path === "" ? "output" : output.path, output.type.shape, j)}/∂${placeOf(path, type.shape, i)} by forward and reverse`,
              d,
              reverse,
              values[o]!.data[j]!,
              (subject.special.tolerance ?? 0) * finite
            )
          )
        })
      })
    })
  })
  yield { where: whereOf(place), comparisons }
}

export function* specialModes(subject: Subject): Findings {
  for (const place of specialPlaces(subject))
    yield* subject.elementwise ? elementwisePartials(subject, place) : jacobians(subject, place)
}

// -----------------------------------------------------------------------------
// Zeros that stay zero
// -----------------------------------------------------------------------------

const expectZeros = (
  subject: Subject,
  place: SpecialPlace,
  leaves: ReturnType<typeof realInputs>,
  results: Tensors,
  what: string,
  only: (i: number) => boolean = () => true
): ReadonlyArray<Comparison> =>
  leaves.flatMap(({ path, type }, leaf) =>
    Array.from(results[leaf]!.data).flatMap((x, i) => {
      if (!only(i)) return []
      const where = subject.elementwise
        ? `${path === "" ? "the output" : path} at ${at(subject, place.at, i)}`
        : placeOf(path === "" ? "the output" : path, type.shape, i)
      return [compare(`${what} to ${where}`, x, 0, 0)]
    })
  )

export function* zeroStaysZero(subject: Subject): Findings {
  for (const place of specialPlaces(subject)) {
    const { at: tensors, program } = place
    const [inputs, outputs] = [realInputs(program), realOutputs(program)]
    const [tangents, cotangents] = [zerosLike(inputs), zerosLike(outputs)]
    const comparisons = [
      ...expectZeros(subject, place, inputs, pulled(program, tensors, cotangents), "from a zero cotangent")
    ]
    if (subject.forward) {
      comparisons.push(
        ...expectZeros(subject, place, outputs, pushed(program, tensors, tangents), "from a zero tangent")
      )
    }
    // Zeros beside ones: where a function is elementwise they do not meet.
    if (subject.elementwise) {
      const odd = (i: number): boolean => i % 2 === 1
      const mask = ({ type }: (typeof inputs)[number]) =>
        Tensor.fromArray(
          Array.from({ length: Shape.size(type.shape) }, (_, i) => (odd(i) ? 0 : 1)),
          type.shape
        )
      comparisons.push(
        ...expectZeros(
          subject,
          place,
          inputs,
          pulled(program, tensors, outputs.map(mask)),
          "from a masked cotangent",
          odd
        )
      )
      if (subject.forward) {
        comparisons.push(
          ...expectZeros(
            subject,
            place,
            outputs,
            pushed(program, tensors, inputs.map(mask)),
            "from a masked tangent",
            odd
          )
        )
      }
    }
    yield { where: subject.elementwise ? () => "" : whereOf(place), comparisons }
  }
}

// -----------------------------------------------------------------------------
// Branches that are not taken
// -----------------------------------------------------------------------------

const never = Expr.constant(false)

export function* branchNotTaken(subject: Subject): Findings {
  const random = generator(subject.seed, subject.name, "branch")
  for (const place of specialPlaces(subject)) {
    const { at: tensors, program } = place
    const inputs = realInputs(program)
    const weights = inputs.map(({ type }) => direction(random, type.shape))
    const us = [1, 2].map(() => inputs.map(({ type }) => direction(random, type.shape)))
    const real = Fn.specs(program).inputLeaves.flatMap(({ type }, i) => (type.elementType === "real" ? [i] : []))
    const masked = (leaves: ReadonlyArray<Expr.Any>): ReadonlyArray<Expr.Expr> =>
      realResults(program, leaves).map((y) => Expr.select(never, y, 0) as Expr.Expr)
    const guarded = scalarProgram(program, (leaves) => [
      ...masked(leaves),
      ...weights.map((w, k) => Expr.mul(leaves[real[k]!] as Expr.Expr, w) as Expr.Expr)
    ])
    const comparisons: Array<Comparison> = []
    const expected = (actual: Tensors, right: Tensors, what: string): void => {
      inputs.forEach(({ path, type }, leaf) => {
        actual[leaf]!.data.forEach((d, i) => {
          const where = subject.elementwise
            ? `∂/∂${path} at ${at(subject, tensors, i)}`
            : `∂/∂${placeOf(path, type.shape, i)}`
          comparisons.push(compare(`${what}: ${where}`, d, right[leaf]!.data[i]!, 0))
        })
      })
    }
    expected(pulled(guarded, tensors, [Tensor.full([], 1)]), weights, "reverse")
    if (subject.forward) {
      const slope = pushed(guarded, tensors, us[0]!)[0]!.data[0]!
      const sum = inner(us[0]!, weights)
      comparisons.push(
        compare("forward along a direction", slope, sum, 1e-12 * Math.max(1, Math.abs(sum)) * inputs.length * 1e3)
      )
    }
    const zeros = zerosLike(inputs)
    for (const modes of nestings(modesOf(subject), 1)) {
      const slope = nested(guarded, modes, us)
      expected(pulled(slope, tensors, [Tensor.full([], 1)]), zeros, renderNesting([...modes, "reverse"]))
      if (subject.forward) {
        const second = pushed(slope, tensors, us[1]!)[0]!.data[0]!
        comparisons.push(compare(renderNesting([...modes, "forward"]), second, 0, 0))
      }
    }
    yield { where: subject.elementwise ? () => "" : whereOf(place), comparisons }
  }
}

// -----------------------------------------------------------------------------
// Kinks
// -----------------------------------------------------------------------------

const tensorsAt = (subject: Subject, points: ReadonlyArray<Tensor.NestedOfUnknownRank>): Tensors =>
  points.map((nested, k) => {
    const { data, shape } = Tensor.make(nested as number)
    return tensorOf(subject.operands[k]!, shape, data)
  })

export function* conventions(subject: Subject): Findings {
  for (const { at: given, build, partials } of subject.conventions) {
    const tensors = tensorsAt(subject, given)
    const program = programOf(
      subject.operands,
      tensors.map(({ shape }) => shape),
      (build ?? subject.variants[0]!.build) as Variant["build"]
    )
    const sum = weighted(program, filledLike(realOutputs(program), 1))
    const expected = partials.map((nested) => Tensor.make(nested as number))
    yield {
      where: () => describePoint("", program, tensors),
      comparisons: modesOf(subject).flatMap((mode) =>
        compareTensors(
          realInputs(sum),
          gradientBy(mode, sum, tensors),
          expected,
          (_, __, ___, b) => 1e-14 * Math.max(1, Math.abs(b)),
          `${mode} and the convention for ∂/∂`
        )
      )
    }
  }
}

const placesOfKinks = (subject: Subject): ReadonlyArray<Array<number>> => {
  const random = generator(subject.seed, subject.name, "kinks")
  const scalars = subject.operands.map((): Shape.Shape => [])
  const choices = subject.operands.map(({ kinks = [] }) => kinks)
  // Every operand at its kinks beside ordinary others, and all at theirs.
  const beside = choices.flatMap((own, k) =>
    own.map((kink) => {
      const point = ordinary({ ...subject, smooth: undefined }, random, scalars).map(({ data }) => data[0]!)
      return point.with(k, kink)
    })
  )
  const together = choices.every((own) => own.length > 0)
    ? choices.reduce<ReadonlyArray<Array<number>>>(
        (points, own) => points.flatMap((point) => own.map((kink) => [...point, kink])),
        [[]]
      )
    : []
  return [...beside, ...together]
}

/** Small integers: zeros, ties, and the kinks of most functions. */
const integers = [0, 1, -1, 0, 2, 1, 1, -2, 0]

function* kinkPlaces(subject: Subject): Iterable<SpecialPlace> {
  if (subject.elementwise) {
    const points = placesOfKinks(subject)
    const [variant] = subject.variants
    const program = programOf(subject.operands, variant!.shapes, variant!.build)
    for (const point of points) {
      yield {
        variant: variant!,
        program,
        at: point.map((x, k) => tensorOf(subject.operands[k]!, [], [x]))
      }
    }
    return
  }
  for (const variant of subject.variants) {
    const program = programOf(subject.operands, variant.shapes, variant.build)
    for (const rotation of [0, 4]) yield { variant, program, at: rotated(subject, variant, rotation, integers) }
  }
}

export function* kinks(subject: Subject): Findings {
  const random = generator(subject.seed, subject.name, "at kinks")
  for (const place of kinkPlaces(subject)) {
    const { at: tensors, program } = place
    const inputs = realInputs(program)
    const weights = realOutputs(program).map(({ type }) => direction(random, type.shape))
    const us = [1, 2].map(() => inputs.map(({ type }) => direction(random, type.shape)))
    const scalar = weighted(program, weights)
    const tolerance = (_: number, __: number, a: number, b: number): number =>
      1e-10 * Math.max(1, Math.abs(a), Math.abs(b))
    const comparisons = [
      ...compareTensors(
        inputs,
        gradientBy("forward", scalar, tensors),
        gradientBy("reverse", scalar, tensors),
        tolerance,
        "forward and reverse at "
      )
    ]
    const [first, ...rest] = nestings(modesOf(subject), 1).flatMap((modes) => {
      const slope = nested(scalar, modes, us)
      return [
        [[...modes, "forward"], pushed(slope, tensors, us[1]!)[0]!.data[0]!],
        [[...modes, "reverse"], inner(pulled(slope, tensors, [Tensor.full([], 1)]), us[1]!)]
      ] as const
    })
    for (const [modes, second] of rest) {
      const place = `${renderNesting(first![0])} and ${renderNesting(modes)}`
      const expected = first![1]
      // Where no second derivative exists (of a norm at 0), it does not matter how it is not finite.
      if (!Number.isFinite(expected) && !Number.isFinite(second)) continue
      comparisons.push(compare(place, expected, second, tolerance(0, 0, expected, second)))
    }
    yield { where: whereOf(place), comparisons }
  }
}

export const hasKinks = (subject: Subject): boolean =>
  !subject.elementwise || subject.operands.some(({ kinks }) => (kinks?.length ?? 0) > 0)
