// Derivatives of orders 1 to 3 at points where the primitive is smooth: every nesting of the modes, and central differences.

import { Numeric } from "@fluxion/calculus"
import { Fn, Tensor, Tree } from "@fluxion/core"
import type { Comparison } from "../../PrimitiveSuite.ts"
import { direction, generator, ordinary } from "./draw.ts"
import { compareTensors, compare, describePoint, type Finding, type Findings, scaleOfPaths } from "./findings.ts"
import { elementTypeOf, type Family, type Operand, type Subject } from "./model.ts"
import {
  basis,
  inner,
  type Mode,
  nested,
  nestings,
  programOf,
  pulled,
  pushed,
  realInputs,
  realOutputs,
  renderNesting,
  type Tensors,
  weighted,
  zerosLike
} from "./programs.ts"

export const modesOf = ({ forward }: Subject): ReadonlyArray<Mode> => (forward ? ["forward", "reverse"] : ["reverse"])

/** The gradient of a scalar program, element by element. */
export const gradientBy = (mode: Mode, f: Fn.Any, at: Tensors): Tensors => {
  if (mode === "reverse") return pulled(f, at, [Tensor.full([], 1)])
  const zeros = zerosLike(realInputs(f))
  return zeros.map((zero, leaf) =>
    Tensor.fromArray(
      zero.data.map((_, i) => pushed(f, at, basis(zeros, leaf, i))[0]!.data[0]!),
      zero.shape
    )
  )
}

/** A point with everything that is computed there, each once and only when asked for. */
interface Place {
  readonly where: () => string
  readonly scalar: Fn.Any
  readonly at: Tensors
  readonly directions: ReadonlyArray<Tensors>
}

const lazy = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}

const placeAt = (label: string, program: Fn.Any, at: Tensors, random: () => number, order: number): Place => {
  const directions = (): Tensors => realInputs(program).map(({ type }) => direction(random, type.shape))
  const weights = realOutputs(program).map(({ type }) => direction(random, type.shape))
  return {
    where: () => describePoint(label, program, at),
    scalar: weighted(program, weights),
    at,
    directions: Array.from({ length: order }, directions)
  }
}

/** At most how far a numerical derivative may say that it is off, relative to the size of the derivative (or 1). */
const trusted = 1e-3

const numericTolerance = (error: number, value: number): number =>
  Math.min(4 * error, trusted * Math.max(1, Math.abs(value)))

const firstOrder = (subject: Subject, place: Place) => {
  const { at, scalar } = place
  const leaves = realInputs(scalar)
  const inputs = Fn.specs(scalar).inputs
  const gradients = lazy(() => modesOf(subject).map((mode) => [mode, gradientBy(mode, scalar, at)] as const))
  const rounding = scaleOfPaths(scalar, at, subject.tolerance)
  return {
    modes: (): Finding => {
      const [forward, reverse] = gradients()
      return {
        where: place.where,
        comparisons: compareTensors(leaves, forward![1], reverse![1], rounding.element, "forward and reverse at ")
      }
    },
    numeric: (): Finding => {
      const numeric = Numeric.gradient(scalar as Fn.Fn<Tree.Spec, readonly []>, Tree.fromTensors(inputs, at) as never)
      const tensors = (value: unknown) => Tree.toTensors("suite", Tree.tangentSpec(inputs), value)
      const [value, error] = [tensors(numeric.value), tensors(numeric.error)]
      return {
        where: place.where,
        comparisons: gradients().flatMap(([mode, gradient]) =>
          compareTensors(
            leaves,
            gradient,
            value,
            (leaf, i, a, b) => {
              const own = numericTolerance(error[leaf]!.data[i]!, b)
              return Math.abs(a - b) <= own ? own : own + rounding.element(leaf, i, a, b)
            },
            `${mode} and central differences at `
          )
        )
      }
    }
  }
}

interface Slope {
  readonly modes: ReadonlyArray<Mode>
  readonly value: number
  readonly gradient: Tensors | undefined
}

const higherOrder = (subject: Subject, place: Place, order: number) => {
  const { at, directions, scalar } = place
  const leaves = realInputs(scalar)
  const last = directions[order - 1]!
  const programs = lazy(() =>
    nestings(modesOf(subject), order - 1).map((modes) => [modes, nested(scalar, modes, directions)] as const)
  )
  const slopes = lazy(() =>
    programs().flatMap(([modes, program]): ReadonlyArray<Slope> => {
      const gradient = pulled(program, at, [Tensor.full([], 1)])
      const reverse: Slope = { modes: [...modes, "reverse"], value: inner(gradient, last), gradient }
      if (!subject.forward) return [reverse]
      return [
        { modes: [...modes, "forward"], value: pushed(program, at, last)[0]!.data[0]!, gradient: undefined },
        reverse
      ]
    })
  )
  // Each order multiplies the terms that round.
  const rounding = lazy(() => scaleOfPaths(programs()[0]![1], at, subject.tolerance * 100 ** (order - 1)))
  return {
    modes: (): Finding => {
      const [first, ...rest] = slopes()
      const gradients = slopes().filter(({ gradient }) => gradient !== undefined)
      return {
        where: place.where,
        comparisons: [
          ...rest.map(({ modes, value }) =>
            compare(
              `${renderNesting(first!.modes)} and ${renderNesting(modes)}`,
              first!.value,
              value,
              rounding().direction(last, first!.value, value)
            )
          ),
          ...gradients
            .slice(1)
            .flatMap(({ gradient, modes }) =>
              compareTensors(
                leaves,
                gradients[0]!.gradient!,
                gradient!,
                rounding().element,
                `${renderNesting(gradients[0]!.modes)} and ${renderNesting(modes)} at `
              )
            )
        ]
      }
    },
    numeric: (): Finding => {
      const inputs = Fn.specs(scalar).inputs
      const numeric = Numeric.directional(
        programs()[0]![1] as Fn.Fn<Tree.Spec, readonly []>,
        Tree.fromTensors(inputs, at) as never,
        Tree.fromTensors(Tree.tangentSpec(inputs), last) as never
      )
      const [expected, error] = [numeric.value as number, numeric.error as number]
      return {
        where: place.where,
        comparisons: slopes().map(({ modes, value }): Comparison => {
          const own = numericTolerance(error, expected)
          const allowed = Math.abs(value - expected) <= own ? own : own + rounding().direction(last, value, expected)
          return compare(`${renderNesting(modes)} and central differences`, value, expected, allowed)
        })
      }
    }
  }
}

export interface Derivatives {
  readonly modes: () => Findings
  readonly numeric: () => Findings
}

const at = (subject: Subject, place: Place, order: number) =>
  order === 1 ? firstOrder(subject, place) : higherOrder(subject, place, order)

/** What both checks of an order look at; what they share is computed once. */
const derivatives = (
  make: () => ReadonlyArray<{ readonly modes: () => Finding; readonly numeric: () => Finding }>
): Derivatives => {
  const points = lazy(make)
  return {
    modes: function* () {
      for (const point of points()) yield point.modes()
    },
    numeric: function* () {
      for (const point of points()) yield point.numeric()
    }
  }
}

/** How many points are drawn where there is one number for each operand. */
const pointsAtScalars = 4

export const familyDerivatives = (subject: Subject, family: Family, order: number): Derivatives =>
  derivatives(() => {
    const random = generator(subject.seed, subject.name, family, String(order))
    return subject.variants
      .filter((variant) => variant.family === family)
      .flatMap(({ build, label, shapes }) => {
        const program = programOf(subject.operands, shapes, build)
        if (realInputs(program).length === 0) return []
        return Array.from({ length: family === "scalars" ? pointsAtScalars : 1 }, () => {
          const point = ordinary(subject, random, shapes)
          return at(subject, placeAt(label, program, point, random, order), order)
        })
      })
  })

/** One range for each operand. */
export interface Box {
  readonly name: string
  readonly operands: ReadonlyArray<Operand>
}

/** Every combination of the ranges of the operands, where any has several. */
export const boxesOf = ({ operands }: Subject, names: ReadonlyArray<string>): ReadonlyArray<Box> => {
  const several = (operand: Operand): boolean => elementTypeOf(operand) === "real" && (operand.ranges?.length ?? 1) > 1
  if (!operands.some(several)) return []
  return operands.reduce<ReadonlyArray<Box>>(
    (boxes, operand, i) =>
      boxes.flatMap((box) =>
        several(operand)
          ? operand.ranges!.map((range) => ({
              name: `${box.name}${box.name === "" ? "" : ", "}${names[i]} in [${range.join(", ")}]`,
              operands: [...box.operands, { ...operand, ranges: [range] }]
            }))
          : [{ name: box.name, operands: [...box.operands, operand] }]
      ),
    [{ name: "", operands: [] }]
  )
}

export const boxDerivatives = (subject: Subject, box: Box, order: number): Derivatives =>
  derivatives(() => {
    const random = generator(subject.seed, subject.name, box.name, String(order))
    const { build, label, shapes } = subject.variants[0]!
    const program = programOf(subject.operands, shapes, build)
    return Array.from({ length: pointsAtScalars }, () => {
      const point = ordinary(subject, random, shapes, box.operands)
      return at(subject, placeAt(label, program, point, random, order), order)
    })
  })
