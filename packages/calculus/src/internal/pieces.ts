// Programs that are smooth in pieces: which piece each primitive is on at a point.

import { Body, CallSite, Failure, Fn, Interpreter, type Primitive, type Tensor } from "@fluxion/core"
import { Result } from "effect"
import { indexOf } from "./complexAlgebra.ts"
import { evaluateControl } from "./execution.ts"

/** A primitive on the border between two of its pieces. */
export interface Border {
  readonly primitive: Primitive.Name
  readonly operands: ReadonlyArray<number>
  readonly index: ReadonlyArray<number>
  readonly path: ReadonlyArray<Failure.PathSegment>
  readonly site: string | undefined
}

/** One application of a primitive. */
interface Visit {
  readonly primitive: Primitive.Name
  readonly pieces: ReadonlyArray<number | string>
  readonly operandsAt: (element: number) => ReadonlyArray<number>
  readonly indexAt: (element: number) => ReadonlyArray<number>
  readonly path: ReadonlyArray<Failure.PathSegment>
  readonly site: string | undefined
  readonly result: Tensor.Any
}

type PieceOf = (operands: ReadonlyArray<number>, value: number) => number | string

const ofSign: PieceOf = ([x]) => Math.sign(x!)
const ofOrder: PieceOf = ([x, y]) => Math.sign(x! - y!) || (x === y ? 0 : Number.NaN)
const ofValue: PieceOf = (_, value) => value
const ofOrigin: PieceOf = ([x, y]) => (x === 0 && y === 0 ? 0 : 1)
const ofUnitInterval: PieceOf = ([x]) => Math.sign(x! - 1) + 2 * Math.sign(x! + 1)

/** The primitives that are not smooth everywhere, element by element: what tells their pieces apart. A zero of `sqrt` and its like is a piece of its own. */
const elementwise: { readonly [K in Primitive.Name]?: PieceOf } = {
  abs: ofSign,
  sign: ofSign,
  relu: ofSign,
  log: ofSign,
  sqrt: ofSign,
  cbrt: ofSign,
  log1p: ([x]) => Math.sign(x! + 1),
  asin: ofUnitInterval,
  acos: ofUnitInterval,
  atanh: ofUnitInterval,
  acosh: ([x]) => Math.sign(x! - 1),
  lgamma: ([x]) => (x! <= 0 ? Math.ceil(x!) - Math.floor(x!) : 1),
  digamma: ([x]) => (x! <= 0 ? Math.ceil(x!) - Math.floor(x!) : 1),
  floor: ofValue,
  ceil: ofValue,
  round: ofValue,
  isFinite: ofValue,
  toIndex: ofValue,
  div: ([, y]) => Math.sign(y!),
  pow: ofSign,
  atan2: ofOrigin,
  hypot: ofOrigin,
  max: ofOrder,
  min: ofOrder,
  rem: ([x, y], value) => Math.round((x! - value) / y!),
  eq: ofOrder,
  ne: ofOrder,
  lt: ofOrder,
  le: ofOrder,
  gt: ofOrder,
  ge: ofOrder,
  clamp: ([x, low, high]) => 3 * Math.sign(x! - low!) + Math.sign(x! - high!)
}

const broadcast = (x: Tensor.Any, { shape }: Tensor.Any): ArrayLike<number> =>
  Interpreter.algebra.apply("broadcastTo", { shape }, [x]).data

/** The elements of the operand that a reduction takes together, each list in order. */
const groups = (axes: ReadonlyArray<number>, { shape }: Tensor.Any, result: Tensor.Any): Array<Array<number>> => {
  const kept = shape.map((n, axis) => (axes.includes(axis) ? 1 : n))
  const found: Array<Array<number>> = Array.from({ length: result.data.length }, () => [])
  for (let e = 0, size = shape.reduce((a, b) => a * b, 1); e < size; e++) {
    const index = indexOf(e, shape)
    found[index.reduce((at, i, axis) => at * kept[axis]! + (kept[axis] === 1 ? 0 : i), 0)]!.push(e)
  }
  return found
}

type PiecesOf = (
  attributes: object,
  operands: ReadonlyArray<Tensor.Any>,
  result: Tensor.Any
) => Pick<Visit, "pieces" | "operandsAt">

/** Which elements are the extreme one. */
const extreme: PiecesOf = (attributes, [x], result) => {
  const elements = groups((attributes as Primitive.ReductionAttributes).axes, x!, result)
  return {
    pieces: elements.map((own, r) => own.filter((e) => x!.data[e] === result.data[r]).join()),
    operandsAt: (r) => elements[r]!.map((e) => x!.data[e]!)
  }
}

const argument: PiecesOf = (attributes, [x], result) => {
  const elements = groups([(attributes as Primitive.AxisAttributes).axis], x!, result)
  return { pieces: Array.from(result.data), operandsAt: (r) => elements[r]!.map((e) => x!.data[e]!) }
}

const reductions: { readonly [K in Primitive.Name]?: PiecesOf } = {
  reduceMax: extreme,
  reduceMin: extreme,
  argmax: argument,
  argmin: argument
}

const piecesOf = (
  primitive: Primitive.Name,
  attributes: object,
  operands: ReadonlyArray<Tensor.Any>,
  result: Tensor.Any
): Pick<Visit, "pieces" | "operandsAt"> | undefined => {
  const reduction = reductions[primitive]
  if (reduction !== undefined) return reduction(attributes, operands, result)
  const piece = elementwise[primitive]
  if (piece === undefined) return undefined
  const parts = operands.map((operand) => broadcast(operand, result))
  const operandsAt = (e: number): ReadonlyArray<number> => parts.map((part) => part[e]!)
  return { pieces: Array.from(result.data, (value, e) => piece(operandsAt(e), value)), operandsAt }
}

/**
 * Evaluates a program at a point and keeps the pieces of what its outputs depend on. What is made of `stopGradient` alone does not vary, and what only goes there has
 * no effect. Where the program fails it ends.
 */
const visitsOf = (f: Fn.Any, inputs: ReadonlyArray<Tensor.Any>): ReadonlyArray<Visit> => {
  const visits: Array<Visit> = []
  const path: Array<Failure.PathSegment> = []
  const varying = new WeakSet<Tensor.Any>(inputs)
  // What each array is made of, where it varies.
  const sources = new Map<Tensor.Any, Array<Tensor.Any>>()
  const note = (results: ReadonlyArray<Tensor.Any>, operands: ReadonlyArray<Tensor.Any>): void => {
    const own = operands.filter((operand) => operand !== undefined && varying.has(operand))
    if (own.length === 0) return
    for (const result of results) {
      varying.add(result)
      const known = sources.get(result)
      if (known === undefined) sources.set(result, own.slice())
      else known.push(...own)
    }
  }
  const algebra: typeof Interpreter.algebra = {
    ...Interpreter.algebra,
    apply: (primitive, attributes, operands, type) => {
      const result = Interpreter.algebra.apply(primitive, attributes, operands, type)
      const tensors = operands as ReadonlyArray<Tensor.Any>
      if (primitive === "stopGradient") return cloneOf(result)
      note([result], tensors)
      const found = varying.has(result) ? piecesOf(primitive, attributes, tensors, result) : undefined
      if (found !== undefined) {
        visits.push({
          primitive,
          ...found,
          indexAt: (e) => indexOf(e, result.shape),
          path: path.slice(),
          site: CallSite.inherited() ?? undefined,
          result
        })
      }
      return result
    },
    applyMany: (primitive, attributes, operands, types) => {
      Interpreter.types.applyMany(primitive, attributes, operands, types)
      const looping = primitive === "map" || primitive === "scan" || primitive === "whileLoop"
      const steps = new Map<Primitive.Body, number>()
      const made: Array<Tensor.Any> = []
      const interpret = (body: Primitive.Body, given: ReadonlyArray<Tensor.Any>): ReadonlyArray<Tensor.Any> => {
        note(
          given.filter((input) => input !== undefined && !operands.includes(input)),
          [...operands, ...made]
        )
        const results = Body.interpret(body, algebra, given)
        if (looping) for (const result of results) if (varying.has(result)) made.push(result)
        return results
      }
      const results = evaluateControl(primitive, attributes, operands, (body) => (given) => {
        if (!looping) return interpret(body, given)
        const step = steps.get(body) ?? 0
        steps.set(body, step + 1)
        const backwards = primitive === "scan" && (attributes as Primitive.ScanAttributes).reverse
        const index = backwards ? (attributes as Primitive.ScanAttributes).length - 1 - step : step
        path.push({ control: primitive, index })
        const inside = interpret(body, given)
        path.pop()
        return inside
      })
      // The results of a branch and of a call are those of the body; what is stacked is new.
      if (looping || primitive === "cond" || !results.some((result) => varying.has(result))) {
        note(results, [...operands, ...made])
      }
      return results
    }
  }
  const run = Failure.attempt(() => Fn.interpret(f, algebra, inputs))
  if (Result.isFailure(run)) return visits
  const reached = new Set<Tensor.Any>(run.success)
  for (const tensor of reached) for (const source of sources.get(tensor) ?? []) reached.add(source)
  return visits.filter(({ result }) => reached.has(result))
}

/** The same array as another object. */
const cloneOf = (x: Tensor.Any): Tensor.Any => Interpreter.algebra.apply("reshape", { shape: x.shape }, [x])

const same = (a: number | string, b: number | string): boolean =>
  a === b || (Number.isNaN(a as number) && Number.isNaN(b as number))

/** The primitives that are on another piece near by than at the point, as far as all take the same path through the program. */
export const bordersBetween = (
  f: Fn.Any,
  at: ReadonlyArray<Tensor.Any>,
  near: ReadonlyArray<ReadonlyArray<Tensor.Any>>
): ReadonlyArray<Border> => {
  const visits = visitsOf(f, at)
  const others = near.map((inputs) => visitsOf(f, inputs))
  const borders: Array<Border> = []
  const seen = new Set<string>()
  const open = others.map(() => true)
  visits.forEach((visit, i) => {
    const { indexAt, operandsAt, path, pieces, primitive, site } = visit
    let element = -1
    others.forEach((other, side) => {
      const there = other[i]
      if (there?.primitive !== primitive || there.pieces.length !== pieces.length) open[side] = false
      if (!open[side]) return
      const moved = pieces.findIndex((piece, e) => !same(piece, there!.pieces[e]!))
      if (moved >= 0 && element < 0) element = moved
    })
    if (element < 0) return
    const border: Border = { primitive, operands: operandsAt(element), index: indexAt(element), path, site }
    const key = JSON.stringify([primitive, border.operands, site, path])
    if (seen.has(key)) return
    seen.add(key)
    borders.push(border)
  })
  return borders
}
