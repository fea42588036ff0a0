// What the checks of a suite work on: a description made uniform, and the points that are drawn for it.

import type { Expr, Shape, Tensor, Tree, Type } from "@fluxion/core"

export interface Operand {
  readonly elementType?: Type.ElementType
  readonly ranges?: ReadonlyArray<readonly [low: number, high: number]>
  readonly kinks?: ReadonlyArray<number>
}

export interface Case {
  readonly label?: string
  readonly build: (...operands: never) => Tree.ExprTree
  readonly shapes: ReadonlyArray<ReadonlyArray<Shape.Shape>>
}

export interface Convention {
  readonly at: ReadonlyArray<Tensor.NestedOfUnknownRank>
  readonly partials: ReadonlyArray<Tensor.NestedOfUnknownRank>
  readonly build?: (...operands: never) => Tree.ExprTree
}

export interface Reference {
  readonly at: ReadonlyArray<number>
  readonly value: number
  readonly first?: ReadonlyArray<number>
  readonly second?: ReadonlyArray<ReadonlyArray<number>>
  readonly tolerance?: number
}

export interface Special {
  readonly values?: ReadonlyArray<number>
  readonly except?: (...point: Array<number>) => boolean
  readonly tolerance?: number
}

/** The shapes that are drawn together: a family of them is one check. */
export type Family = "scalars" | "ranks 1 to 4" | "broadcasting" | "empty" | "its shapes"

/** One program to check: a case at given shapes. */
export interface Variant {
  readonly family: Family
  readonly label: string
  readonly build: (...operands: ReadonlyArray<Expr.Any>) => Tree.ExprTree
  readonly shapes: ReadonlyArray<Shape.Shape>
}

export interface Subject {
  readonly name: string
  readonly operands: ReadonlyArray<Operand>
  readonly variants: ReadonlyArray<Variant>
  readonly elementwise: boolean
  readonly forward: boolean
  readonly smooth: ((...point: Array<number>) => boolean) | undefined
  readonly value: ((...point: Array<number>) => number) | undefined
  readonly references: ReadonlyArray<Reference>
  readonly conventions: ReadonlyArray<Convention>
  readonly special: Special
  readonly tolerance: number
  readonly seed: number
}

export const names = ["a", "b", "c", "d", "e", "f", "g", "h"]

export const elementTypeOf = (operand: Operand): Type.ElementType => operand.elementType ?? "real"

export const isRealOperand = (operand: Operand): boolean => elementTypeOf(operand) === "real"

/** Ranks 1 to 4; the scalar is a family of its own. */
const ranks: ReadonlyArray<Shape.Shape> = [[4], [2, 3], [2, 1, 3], [2, 1, 2, 2]]
const empties: ReadonlyArray<Shape.Shape> = [[0], [2, 0], [0, 3, 2]]

const pairs: ReadonlyArray<ReadonlyArray<Shape.Shape>> = [
  [[2, 3], [3]],
  [[3], [2, 3]],
  [
    [2, 1],
    [1, 3]
  ],
  [[], [2]],
  [[2, 2], []],
  [
    [2, 1, 3, 1],
    [2, 1, 2]
  ]
]

const emptyPairs: ReadonlyArray<ReadonlyArray<Shape.Shape>> = [
  [[0], [1]],
  [[2, 1], [0]]
]

/** The shapes that a function which is elementwise in all operands is tried on. */
export const elementwiseShapes = (arity: number): ReadonlyArray<readonly [Family, ReadonlyArray<Shape.Shape>]> => {
  const same = (shape: Shape.Shape) => Array.from({ length: arity }, () => shape)
  // The remaining operands broadcast in turn.
  const extended = (pair: ReadonlyArray<Shape.Shape>) => Array.from({ length: arity }, (_, i) => pair[i] ?? [1])
  return [
    ["scalars", same([])],
    ...ranks.map((shape) => ["ranks 1 to 4", same(shape)] as const),
    ...(arity < 2 ? [] : pairs.map((pair) => ["broadcasting", extended(pair)] as const)),
    ...empties.map((shape) => ["empty", same(shape)] as const),
    ...(arity < 2 ? [] : emptyPairs.map((pair) => ["empty", extended(pair)] as const))
  ]
}
