// What holds of derivatives as maps: they are linear, reverse mode is the transpose of forward mode, operands do not depend on each other's
// derivatives, and programs of derivatives, batches and decoded programs compute the same.

import { Expr, Fn, Tensor, type Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Schema } from "effect"
import type { Comparison } from "../../PrimitiveSuite.ts"
import { direction, generator, type Generator, ordinary, tensorOf } from "./draw.ts"
import { compare, compareTensors, describePoint, type Findings, largest, scaleOfPaths } from "./findings.ts"
import { isRealOperand, names, type Subject, type Variant } from "./model.ts"
import { gradientBy, modesOf } from "./orders.ts"
import {
  applied,
  filledLike,
  inner,
  programOf,
  pulled,
  pushed,
  realInputs,
  realOutputs,
  type Tensors,
  valueAt,
  weighted
} from "./programs.ts"

interface Place {
  readonly variant: Variant
  readonly program: Fn.Any
  readonly at: Tensors
  readonly random: Generator
  readonly where: () => string
}

/** One smooth point of every case, at all shapes. */
function* places(subject: Subject, check: string): Iterable<Place> {
  const random = generator(subject.seed, subject.name, check)
  for (const variant of subject.variants) {
    const program = programOf(subject.operands, variant.shapes, variant.build)
    const at = ordinary(subject, random, variant.shapes)
    yield { variant, program, at, random, where: () => describePoint(variant.label, program, at) }
  }
}

const directions = (random: Generator, leaves: ReadonlyArray<Tree.PathAndType>): ReadonlyArray<Tensor.Tensor> =>
  leaves.map(({ type }) => direction(random, type.shape))

const combined = (p: number, x: Tensors, q: number, y: Tensors): Tensors =>
  x.map(({ data, shape }, leaf) =>
    Tensor.fromArray(
      Array.from(data, (own, i) => p * own + q * y[leaf]!.data[i]!),
      shape
    )
  )

/** Up to rounding of the largest of the numbers, which elements may have met. */
const near =
  (relative: number, ...tensors: ReadonlyArray<Tensors>) =>
  (): number =>
    relative * Math.max(largest(...tensors), 2 ** -1000)

export function* finite(subject: Subject): Findings {
  for (const { at, program, variant, where } of places(subject, "value")) {
    // A mean of nothing is NaN.
    if (variant.family === "empty") continue
    const values = valueAt(program, at)
    const comparisons = Fn.specs(program).outputLeaves.flatMap(({ path }, leaf) =>
      Array.from(values[leaf]!.data, (x, i): Comparison =>
        Number.isFinite(x) ? compare(`${path}[${i}]`, x, x, 0) : compare(`the value at ${path}[${i}]`, x, 0, 0)
      )
    )
    yield { where, comparisons }
  }
}

export function* linearity(subject: Subject): Findings {
  const [p, q] = [0.75, -1.5]
  const relative = subject.tolerance * 10
  for (const { at, program, random, where } of places(subject, "linearity")) {
    const [inputs, outputs] = [realInputs(program), realOutputs(program)]
    // Where derivatives are small by cancellation, of the terms that cancel.
    const scale = scaleOfPaths(weighted(program, filledLike(outputs, 1)), at, relative)
    const everything = filledLike(inputs, 1)
    const comparisons: Array<Comparison> = []
    const compareMap = (map: (x: Tensors) => Tensors, domain: typeof inputs, codomain: typeof inputs, name: string) => {
      const [x, y] = [directions(random, domain), directions(random, domain)]
      const whole = map(combined(p, x, q, y))
      const [ofX, ofY] = [map(x), map(y)]
      const parts = combined(p, ofX, q, ofY)
      const simple = near(relative, ofX, ofY)()
      const tolerance = (_: number, __: number, a: number, b: number): number =>
        Math.abs(a - b) <= simple ? simple : scale.direction(everything, a, b)
      comparisons.push(...compareTensors(codomain, whole, parts, tolerance, `the ${name} of a sum of directions at `))
    }
    if (subject.forward) compareMap((tangents) => pushed(program, at, tangents), inputs, outputs, "JVP")
    compareMap((cotangents) => pulled(program, at, cotangents), outputs, inputs, "VJP")
    yield { where, comparisons }
  }
}

export function* transposition(subject: Subject): Findings {
  for (const { at, program, random, where } of places(subject, "transposition")) {
    const u = directions(random, realInputs(program))
    const v = directions(random, realOutputs(program))
    const left = inner(v, pushed(program, at, u))
    const right = inner(u, pulled(program, at, v))
    const scale = scaleOfPaths(weighted(program, v), at, subject.tolerance)
    yield {
      where,
      comparisons: [compare("<v, J u> and <J' v, u>", left, right, scale.direction(u, left, right))]
    }
  }
}

/** The program of one of its inputs, with constants for the others. */
const onlyOf = (program: Fn.Any, at: Tensors, position: number): Fn.Any => {
  const { inputLeaves, outputs } = Fn.specs(program)
  const { path, type } = inputLeaves[position]!
  return Fn.unsafeFromLeaves({ [path]: type }, outputs, ([x]) =>
    applied(
      program,
      at.map((tensor, i) => (i === position ? x! : (Expr.constant(tensor as Tensor.Tensor) as Expr.Any)))
    )
  )
}

export function* eachAlone(subject: Subject): Findings {
  for (const { at, program, random, variant, where } of places(subject, "alone")) {
    const weights = directions(random, realOutputs(program))
    const real = variant.shapes.flatMap((_, i) => (isRealOperand(subject.operands[i]!) ? [i] : []))
    if (real.length < 2) continue
    const whole = weighted(program, weights)
    const scale = scaleOfPaths(whole, at, subject.tolerance)
    const comparisons = modesOf(subject).flatMap((mode) => {
      const together = gradientBy(mode, whole, at)
      return real.flatMap((position, leaf) => {
        const alone = onlyOf(program, at, position)
        return compareTensors(
          realInputs(alone),
          gradientBy(mode, weighted(alone, weights), [at[position]!]),
          [together[leaf]!],
          (_, i, a, b) => scale.element(leaf, i, a, b),
          `${mode} with the other operands constant and not, at `
        )
      })
    })
    yield { where, comparisons }
  }
}

const exactly = (): number => 0

export function* programsCompute(subject: Subject): Findings {
  for (const { at, program, random, where } of places(subject, "programs")) {
    const [inputs, outputs] = [realInputs(program), realOutputs(program)]
    const [u, v] = [directions(random, inputs), directions(random, outputs)]
    const skip = Fn.specs(program).outputLeaves.length
    const backward = valueAt(Reverse.vjp(program as never) as Fn.Any, [...at, ...v]).slice(skip)
    const comparisons = [
      ...compareTensors(inputs, backward, pulled(program, at, v), exactly, "the VJP as a program and as numbers at ")
    ]
    if (subject.forward) {
      const forward = valueAt(Forward.jvp(program as never) as Fn.Any, [...at, ...u]).slice(skip)
      comparisons.push(
        ...compareTensors(outputs, forward, pushed(program, at, u), exactly, "the JVP as a program and as numbers at ")
      )
    }
    yield { where, comparisons }
  }
}

const batch = 3

const stack = (subject: Subject, position: number, tensors: Tensors): Tensor.Any =>
  tensorOf(
    subject.operands[position]!,
    [tensors.length, ...tensors[0]!.shape],
    tensors.flatMap(({ data }) => Array.from(data))
  )

const stackReals = (tensors: Tensors): Tensor.Tensor =>
  Tensor.fromArray(
    tensors.flatMap(({ data }) => Array.from(data)),
    [tensors.length, ...tensors[0]!.shape]
  )

const transposed = (rows: ReadonlyArray<Tensors>): ReadonlyArray<Tensors> =>
  (rows[0] ?? []).map((_, i) => rows.map((row) => row[i]!))

const sumOf = (tensors: Tensors): Tensor.Tensor =>
  Tensor.fromArray(
    Array.from(tensors[0]!.data, (_, i) => tensors.reduce((sum, { data }) => sum + data[i]!, 0)),
    tensors[0]!.shape
  )

export function* batching(subject: Subject): Findings {
  const random = generator(subject.seed, subject.name, "batching")
  for (const { build, label, shapes } of subject.variants) {
    const program = programOf(subject.operands, shapes, build)
    const [inputs, outputs] = [realInputs(program), realOutputs(program)]
    // All operands mapped; then one after the other shared by all elements.
    const shared = shapes.length < 2 ? [undefined] : [undefined, ...shapes.keys()]
    for (const same of shared) {
      const first = ordinary(subject, random, shapes)
      // That a shared operand may be at a kink beside the others does not matter where nothing is differenced.
      const points = Array.from({ length: batch }, (): Tensors =>
        ordinary(subject, random, shapes).map((own, i) => (i === same ? first[i]! : own))
      )
      const axes = Object.fromEntries(shapes.map((_, i) => [names[i]!, i === same ? null : 0]))
      const mapped = Fn.map(program as Fn.Fn<Tree.SpecRecord, Tree.Spec>, { size: batch, axes } as never) as Fn.Any
      const whole = transposed(points).map((own, i) => (i === same ? own[0]! : stack(subject, i, own)))
      const what = same === undefined ? "" : `, ${names[same]} shared`
      const comparisons: Array<Comparison> = []
      const check = (
        leaves: typeof inputs,
        actual: Tensors,
        expected: Tensors,
        name: string,
        terms: ReadonlyArray<Tensors> = [expected]
      ): void => {
        comparisons.push(
          ...compareTensors(leaves, actual, expected, near(subject.tolerance, ...terms), `${name} mapped${what}, at `)
        )
      }
      const values = transposed(points.map((at) => valueAt(program, at)))
      const mappedOutputs = Fn.specs(mapped).outputLeaves
      check(
        mappedOutputs,
        valueAt(mapped, whole),
        values.map((own) => stackReals(own)),
        "value"
      )
      const us = points.map(() => directions(random, inputs))
      const vs = points.map(() => directions(random, outputs))
      const realPositions = shapes.flatMap((_, i) => (isRealOperand(subject.operands[i]!) ? [i] : []))
      if (subject.forward) {
        const tangents = transposed(us).map((own, leaf) => (realPositions[leaf] === same ? own[0]! : stackReals(own)))
        const one = points.map((at, i) =>
          pushed(
            program,
            at,
            us[i]!.map((own, leaf) => (realPositions[leaf] === same ? us[0]![leaf]! : own))
          )
        )
        check(realOutputs(mapped), pushed(mapped, whole, tangents), transposed(one).map(stackReals), "JVP")
      }
      const back = transposed(points.map((at, i) => pulled(program, at, vs[i]!)))
      check(
        realInputs(mapped),
        pulled(mapped, whole, transposed(vs).map(stackReals)),
        back.map((own, leaf) => (realPositions[leaf] === same ? sumOf(own) : stackReals(own))),
        "VJP",
        back
      )
      yield { where: () => describePoint(label, mapped, whole), comparisons }
    }
  }
}

const text = Schema.fromJsonString(Fn.schema)

export function* roundTrip(subject: Subject): Findings {
  for (const { at, program, random, where } of places(subject, "round trip")) {
    const encoded = Schema.encodeSync(text)(program)
    const decoded = Schema.decodeSync(text)(encoded)
    const again = Schema.encodeSync(text)(decoded)
    if (again !== encoded) throw new Error(`encoded again it is another program: ${again}, first ${encoded}`)
    const [inputs, outputs] = [realInputs(program), realOutputs(program)]
    const [u, v] = [directions(random, inputs), directions(random, outputs)]
    const comparisons = [
      ...compareTensors(
        Fn.specs(program).outputLeaves,
        valueAt(decoded, at),
        valueAt(program, at),
        exactly,
        "the value decoded and before, at "
      ),
      ...compareTensors(
        inputs,
        pulled(decoded, at, v),
        pulled(program, at, v),
        exactly,
        "the VJP decoded and before, at "
      )
    ]
    if (subject.forward) {
      comparisons.push(
        ...compareTensors(
          outputs,
          pushed(decoded, at, u),
          pushed(program, at, u),
          exactly,
          "the JVP decoded and before, at "
        )
      )
    }
    yield { where, comparisons }
  }
}
