// Values and derivatives against those that a description gives.

import { Tensor } from "@fluxion/core"
import type { Comparison } from "../../PrimitiveSuite.ts"
import { generator, ordinary, tensorOf } from "./draw.ts"
import { compare, describePoint, type Findings, placeOf } from "./findings.ts"
import type { Subject } from "./model.ts"
import { gradientBy, modesOf } from "./orders.ts"
import {
  nested,
  nestings,
  programOf,
  pulled,
  pushed,
  realInputs,
  renderNesting,
  type Tensors,
  valueAt,
  weighted
} from "./programs.ts"

/** How many points are drawn for a formula. */
const draws = 20

/** The formula at points that are drawn. */
export function* formula(subject: Subject): Findings {
  const random = generator(subject.seed, subject.name, "formula")
  const { build, label, shapes } = subject.variants[0]!
  const program = programOf(subject.operands, shapes, build)
  for (let draw = 0; draw < draws; draw++) {
    const at = ordinary(subject, random, shapes)
    const actual = valueAt(program, at)[0]!.data[0]!
    const expected = subject.value!(...at.map(({ data }) => data[0]!))
    yield {
      where: () => describePoint(label, program, at),
      comparisons: [
        compare("the value and the formula", actual, expected, subject.tolerance * Math.max(1, Math.abs(expected)))
      ]
    }
  }
}

const scalarUnits = (count: number, k: number): Tensors =>
  Array.from({ length: count }, (_, i) => Tensor.full([], i === k ? 1 : 0))

export const references = (subject: Subject, order: 0 | 1 | 2): Findings => ({
  *[Symbol.iterator]() {
    const { build, label, shapes } = subject.variants[0]!
    const program = programOf(subject.operands, shapes, build)
    const inputs = realInputs(program)
    const scalar = weighted(program, [Tensor.full([], 1)])
    for (const { at: given, first, second, tolerance: relative = subject.tolerance, value } of subject.references) {
      const at = given.map((x, k) => tensorOf(subject.operands[k]!, [], [x]))
      const tolerance = (expected: number): number => relative * Math.abs(expected) + 2 ** -1074
      const comparisons: Array<Comparison> = []
      if (order === 0) {
        const actual = valueAt(program, at)[0]!.data[0]!
        comparisons.push(compare("the value and the reference", actual, value, tolerance(value)))
      }
      if (order === 1 && first !== undefined) {
        for (const mode of modesOf(subject)) {
          gradientBy(mode, scalar, at).forEach(({ data }, k) => {
            const place = `${mode} and the reference for ∂/∂${placeOf(inputs[k]!.path, [], 0)}`
            comparisons.push(compare(place, data[0]!, first[k]!, tolerance(first[k]!)))
          })
        }
      }
      if (order === 2 && second !== undefined) {
        for (const modes of nestings(modesOf(subject), 1)) {
          second.forEach((row, i) => {
            const slope = nested(scalar, modes, [scalarUnits(inputs.length, i)])
            const reverse = pulled(slope, at, [Tensor.full([], 1)])
            row.forEach((expected, j) => {
              const pair = `∂²/∂${inputs[i]!.path}∂${inputs[j]!.path}`
              const add = (name: string, actual: number): void => {
                comparisons.push(
                  compare(`${name} and the reference for ${pair}`, actual, expected, tolerance(expected))
                )
              }
              add(renderNesting([...modes, "reverse"]), reverse[j]!.data[0]!)
              if (subject.forward) {
                const forward = pushed(slope, at, scalarUnits(inputs.length, j))[0]!.data[0]!
                add(renderNesting([...modes, "forward"]), forward)
              }
            })
          })
        }
      }
      yield { where: () => describePoint(label, program, at), comparisons }
    }
  }
})
