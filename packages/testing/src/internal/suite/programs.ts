// Programs made from the operands of a primitive, and their derivatives by every nesting of the modes.

import { Expr, Fn, type Shape, Tensor, Tree, Type } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Result } from "effect"
import { type Operand, elementTypeOf, names } from "./model.ts"

export type Mode = "forward" | "reverse"

export type Tensors = ReadonlyArray<Tensor.Any>

type Program = Fn.Fn<Tree.Spec, Tree.Spec>
type ScalarProgram = Fn.Fn<Tree.Spec, readonly []>

const isReal = ({ type }: Tree.PathAndType): boolean => type.elementType === "real"

export const realInputs = (f: Fn.Any): ReadonlyArray<Tree.PathAndType> => Fn.specs(f).inputLeaves.filter(isReal)

export const realOutputs = (f: Fn.Any): ReadonlyArray<Tree.PathAndType> => Fn.specs(f).outputLeaves.filter(isReal)

/** Without types of shapes, which are not known here. */
const make = Fn.make as unknown as (
  inputs: Tree.SpecRecord,
  body: (inputs: Readonly<Record<string, Expr.Any>>) => Tree.ExprTree
) => Fn.Any

export const programOf = (
  operands: ReadonlyArray<Operand>,
  shapes: ReadonlyArray<Shape.Shape>,
  build: (...operands: ReadonlyArray<Expr.Any>) => Tree.ExprTree
): Fn.Any => {
  const inputs = Object.fromEntries(
    shapes.map((shape, i) => [names[i]!, Type.make(elementTypeOf(operands[i]!), shape)])
  ) as Tree.SpecRecord
  return make(inputs, (given) => build(...shapes.map((_, i) => given[names[i]!]!)))
}

export const valueAt = (f: Fn.Any, at: Tensors): Tensors => {
  const { inputs, outputs } = Fn.specs(f)
  const result = Result.getOrThrow(Fn.runResult(f as Program, Tree.fromTensors(inputs, at) as never))
  return Tree.toTensors("suite", outputs, result)
}

/** The tangents of the real outputs, for tangents of the real inputs. */
export const pushed = (f: Fn.Any, at: Tensors, tangents: Tensors): Tensors => {
  const { inputs, outputs } = Fn.specs(f)
  const result = Forward.evaluateResult(f as Program, {
    primals: Tree.fromTensors(inputs, at) as never,
    tangents: Tree.fromTensors(Tree.tangentSpec(inputs), tangents) as never
  })
  return Tree.toTensors("suite", Tree.tangentSpec(outputs), Result.getOrThrow(result).tangents)
}

/** The cotangents of the real inputs, for cotangents of the real outputs. */
export const pulled = (f: Fn.Any, at: Tensors, cotangents: Tensors): Tensors => {
  const { inputs, outputs } = Fn.specs(f)
  const result = Reverse.evaluateResult(f as Program, {
    primals: Tree.fromTensors(inputs, at) as never,
    cotangents: Tree.fromTensors(Tree.tangentSpec(outputs), cotangents) as never
  })
  return Tree.toTensors("suite", Tree.tangentSpec(inputs), Result.getOrThrow(result).cotangents)
}

export const zerosLike = (leaves: ReadonlyArray<Tree.PathAndType>): ReadonlyArray<Tensor.Tensor> =>
  leaves.map(({ type }) => Tensor.zeros(type.shape))

export const filledLike = (leaves: ReadonlyArray<Tree.PathAndType>, x: number): ReadonlyArray<Tensor.Tensor> =>
  leaves.map(({ type }) => Tensor.full(type.shape, x))

export const basis = (zeros: ReadonlyArray<Tensor.Tensor>, leaf: number, element: number): Tensors => {
  const data = new Float64Array(zeros[leaf]!.data.length)
  data[element] = 1
  return zeros.with(leaf, Tensor.fromArray(data, zeros[leaf]!.shape))
}

const total = (terms: ReadonlyArray<Expr.Expr>): Expr.Expr =>
  terms.length === 0
    ? Expr.constant(0)
    : terms.map((term) => Expr.sum(term) as Expr.Expr).reduce((sum, term) => Expr.add(sum, term) as Expr.Expr)

const products = (exprs: ReadonlyArray<Expr.Any>, weights: Tensors): ReadonlyArray<Expr.Expr> =>
  exprs.map((x, i) => Expr.mul(x as Expr.Expr, weights[i]! as Tensor.Tensor) as Expr.Expr)

/** A program of one scalar output from one that computes expressions for it. */
export const scalarProgram = (f: Fn.Any, body: (leaves: ReadonlyArray<Expr.Any>) => ReadonlyArray<Expr.Expr>): Fn.Any =>
  Fn.unsafeFromLeaves(f.inputs, [], (leaves) => [total(body(leaves))])

export const applied = (f: Fn.Any, leaves: ReadonlyArray<Expr.Any>): ReadonlyArray<Expr.Any> =>
  Fn.interpret(f, Fn.expressions, leaves)

export const realResults = (f: Fn.Any, leaves: ReadonlyArray<Expr.Any>): ReadonlyArray<Expr.Expr> => {
  const { outputLeaves } = Fn.specs(f)
  return applied(f, leaves).flatMap((x, i) => (isReal(outputLeaves[i]!) ? [x as Expr.Expr] : []))
}

/** The weighted sum of the real outputs. */
export const weighted = (f: Fn.Any, weights: Tensors): Fn.Any =>
  scalarProgram(f, (leaves) => products(realResults(f, leaves), weights))

/** The derivative of a scalar program along a direction, as a program. */
const along = (mode: Mode, f: Fn.Any, direction: Tensors): Fn.Any =>
  scalarProgram(f, (leaves) => {
    if (mode === "reverse") return products(applied(Reverse.grad(f as ScalarProgram), leaves), direction)
    const constants = direction.map((d) => Expr.constant(d as Tensor.Tensor) as Expr.Any)
    return [applied(Forward.jvp(f as Program), [...leaves, ...constants])[1]! as Expr.Expr]
  })

/** The derivative of a scalar program along directions, innermost first, as a program. */
export const nested = (f: Fn.Any, modes: ReadonlyArray<Mode>, directions: ReadonlyArray<Tensors>): Fn.Any =>
  modes.reduce((program, mode, i) => along(mode, program, directions[i]!), f)

/** All sequences of modes of a length, innermost first. */
export const nestings = (modes: ReadonlyArray<Mode>, length: number): ReadonlyArray<ReadonlyArray<Mode>> =>
  length === 0 ? [[]] : nestings(modes, length - 1).flatMap((inner) => modes.map((mode) => [...inner, mode]))

export const renderNesting = (modes: ReadonlyArray<Mode>): string => modes.toReversed().join(" over ")

/** The sum of products, in which a zero makes a zero. */
export const inner = (a: Tensors, b: Tensors): number =>
  a.reduce((sum, { data }, leaf) => {
    let own = sum
    for (let i = 0; i < data.length; i++) {
      const [p, q] = [data[i]!, b[leaf]!.data[i]!]
      own += p === 0 || q === 0 ? 0 : p * q
    }
    return own
  }, 0)
