import type { Pipeable } from "effect/Pipeable"
import { fromNode, isOperand, liftNode, toNode } from "../internal/lift.ts"
import * as Internal from "../internal/node.ts"
import type * as Primitive from "../Primitive.ts"
import type { Requirement } from "../Requirement.ts"
import type * as Shape from "../Shape.ts"
import * as Tensor from "../Tensor.ts"
import type * as Type from "../Type.ts"

/**
 * What the three kinds of expression share: element type, shape, and the phantom types of failures and requirements.
 *
 * @category models
 * @since 0.1.0
 */
export interface Proto<out D extends Type.ElementType, out S extends Shape.Shape, out E, out R> extends Pipeable {
  readonly [Internal.TypeId]: {
    readonly _E: (_: never) => E
    readonly _R: (_: never) => R
  }
  readonly elementType: D
  readonly shape: S
}

/**
 * A program fragment that computes an array of reals of shape `S`, can fail with `E` and requires `R`.
 *
 * **Details**
 *
 * An expression is an immutable value: a node of a graph whose edges are operands. Building it computes nothing.
 * Using one expression twice shares it; it is evaluated once.
 *
 * @category models
 * @since 0.1.0
 */
export interface Expr<out S extends Shape.Shape = Shape.Shape, out E = never, out R = never> extends Proto<
  "real",
  S,
  E,
  R
> {}

/**
 * A program fragment that computes an array of indices (int32). Indices carry no derivatives.
 *
 * @category models
 * @since 0.1.0
 */
export interface IndexExpr<out S extends Shape.Shape = Shape.Shape, out E = never, out R = never> extends Proto<
  "index",
  S,
  E,
  R
> {}

/**
 * A program fragment that computes an array of truth values.
 *
 * @category models
 * @since 0.1.0
 */
export interface BoolExpr<out S extends Shape.Shape = Shape.Shape, out E = never, out R = never> extends Proto<
  "bool",
  S,
  E,
  R
> {}

/**
 * Any expression: of reals, indices or truth values, of any shape, failures and requirements.
 *
 * @category models
 * @since 0.1.0
 */
export type Any =
  | Expr<Shape.Shape, unknown, unknown>
  | IndexExpr<Shape.Shape, unknown, unknown>
  | BoolExpr<Shape.Shape, unknown, unknown>

/**
 * What stands for an array of reals in an argument: an expression, a tensor or a number (the last two are lifted to constants).
 *
 * @category models
 * @since 0.1.0
 */
export type Operand = Expr<Shape.Shape, unknown, unknown> | Tensor.Tensor | number

/**
 * What stands for an array of indices in an argument: an expression or a tensor.
 *
 * @category models
 * @since 0.1.0
 */
export type IndexOperand = IndexExpr<Shape.Shape, unknown, unknown> | Tensor.Tensor<Shape.Shape, "index">

/**
 * What stands for an array of truth values in an argument: an expression, a tensor or a boolean.
 *
 * @category models
 * @since 0.1.0
 */
export type BoolOperand = BoolExpr<Shape.Shape, unknown, unknown> | Tensor.Tensor<Shape.Shape, "bool"> | boolean

/**
 * Reals or indices.
 *
 * @category models
 * @since 0.1.0
 */
export type NumericOperand = Operand | IndexOperand

/**
 * Any argument that can be lifted to an expression.
 *
 * @category models
 * @since 0.1.0
 */
export type AnyOperand = Operand | IndexOperand | BoolOperand

/**
 * The shape of an operand; scalars (numbers, booleans) have the empty shape.
 *
 * @category type-level
 * @since 0.1.0
 */
export type ShapeOf<X> = X extends { readonly shape: infer S extends Shape.Shape } ? S : readonly []

/**
 * The failures an operand can raise when it is evaluated.
 *
 * @category type-level
 * @since 0.1.0
 */
export type ErrorOf<X> = X extends { readonly [Internal.TypeId]: { readonly _E: (_: never) => infer E } } ? E : never

/**
 * What an operand still requires.
 *
 * @category type-level
 * @since 0.1.0
 */
export type RequirementsOf<X> = X extends { readonly [Internal.TypeId]: { readonly _R: (_: never) => infer R } }
  ? R
  : never

/**
 * The element type of an operand.
 *
 * @category type-level
 * @since 0.1.0
 */
export type ElementTypeOf<X> = X extends { readonly elementType: infer D extends Type.ElementType }
  ? D
  : X extends boolean
    ? "bool"
    : "real"

/**
 * An expression of reals of shape `S` with the failures and requirements of the operands `X` (a union where there are several).
 *
 * @category type-level
 * @since 0.1.0
 */
export type Real<S extends Shape.Shape, X> = Expr<S, ErrorOf<X>, RequirementsOf<X>>

/**
 * An expression of indices with the failures and requirements of the operands `X`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Index<S extends Shape.Shape, X> = IndexExpr<S, ErrorOf<X>, RequirementsOf<X>>

/**
 * An expression of truth values with the failures and requirements of the operands `X`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Bool<S extends Shape.Shape, X> = BoolExpr<S, ErrorOf<X>, RequirementsOf<X>>

/**
 * An expression with element type `D`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type OfElementType<D extends Type.ElementType, S extends Shape.Shape, X> = D extends "real"
  ? Real<S, X>
  : D extends "index"
    ? Index<S, X>
    : Bool<S, X>

/**
 * `F`: the function that a combinator gives when it is called with the argument `Y` alone, as in `x.pipe(Expr.add(y))`.
 *
 * **Details**
 *
 * An argument that is a call of a generic function is inferred late, after the functions beside it, when an overload of it returns a function. So the body of
 * `Expr.map((x) => …, Expr.add(xs, ys))` would not know its parameter. TypeScript does not take a conditional type for a function.
 *
 * @category signatures
 * @since 0.1.0
 */
export type DataLast<Y, F> = [Y] extends [unknown] ? F : never

type NumericElement<X, Y> = "index" extends ElementTypeOf<X> | ElementTypeOf<Y> ? "index" : "real"

type CheckElements<X, Y> = X extends number
  ? unknown
  : Y extends number
    ? unknown
    : [ElementTypeOf<X>, ElementTypeOf<Y>] extends [ElementTypeOf<Y>, ElementTypeOf<X>]
      ? unknown
      : Shape.Mismatch<`element types differ: ${ElementTypeOf<X>} and ${ElementTypeOf<Y>}`>

/**
 * The type of an elementwise function of one array of reals.
 *
 * @category signatures
 * @since 0.1.0
 */
export interface Unary {
  <X extends Operand>(x: X): Real<ShapeOf<X>, X>
}

/**
 * The type of an elementwise function of two arrays of reals, in both call styles: `f(x, y)` and `x.pipe(f(y))`.
 *
 * @category signatures
 * @since 0.1.0
 */
export interface Binary {
  <Y extends Operand>(
    that: Y
  ): DataLast<
    Y,
    <X extends Operand>(
      self: X & Shape.CheckBroadcast<ShapeOf<X>, ShapeOf<Y>>
    ) => Real<Shape.Broadcast<ShapeOf<X>, ShapeOf<Y>>, X | Y>
  >
  // For functions that are generic in a shape: it is not known yet, but both operands have it.
  <S extends Shape.Shape, X extends Proto<"real", S, unknown, unknown>, Y extends Expr<S, unknown, unknown> | number>(
    self: X & Expr<S, unknown, unknown>,
    that: Y
  ): Real<S, X | Y>
  <S extends Shape.Shape, Y extends Proto<"real", S, unknown, unknown>>(
    self: number,
    that: Y & Expr<S, unknown, unknown>
  ): Real<S, Y>
  <X extends Operand, Y extends Operand>(
    self: X,
    that: Y & Shape.CheckBroadcast<ShapeOf<X>, ShapeOf<Y>>
  ): Real<Shape.Broadcast<ShapeOf<X>, ShapeOf<Y>>, X | Y>
}

/**
 * The type of an elementwise function of two arrays of reals, or two arrays of indices.
 *
 * @category signatures
 * @since 0.1.0
 */
export interface Arithmetic {
  <Y extends NumericOperand>(
    that: Y
  ): DataLast<
    Y,
    <X extends NumericOperand>(
      self: X & Shape.CheckBroadcast<ShapeOf<X>, ShapeOf<Y>> & CheckElements<X, Y>
    ) => OfElementType<NumericElement<X, Y>, Shape.Broadcast<ShapeOf<X>, ShapeOf<Y>>, X | Y>
  >
  // For functions that are generic in a shape: it is not known yet, but both operands have it.
  <S extends Shape.Shape, X extends Proto<"real", S, unknown, unknown>, Y extends Expr<S, unknown, unknown> | number>(
    self: X & Expr<S, unknown, unknown>,
    that: Y
  ): Real<S, X | Y>
  <S extends Shape.Shape, Y extends Proto<"real", S, unknown, unknown>>(
    self: number,
    that: Y & Expr<S, unknown, unknown>
  ): Real<S, Y>
  <X extends NumericOperand, Y extends NumericOperand>(
    self: X,
    that: Y & Shape.CheckBroadcast<ShapeOf<X>, ShapeOf<Y>> & CheckElements<X, Y>
  ): OfElementType<NumericElement<X, Y>, Shape.Broadcast<ShapeOf<X>, ShapeOf<Y>>, X | Y>
}

/**
 * The type of a comparison of two arrays of reals, or two arrays of indices.
 *
 * @category signatures
 * @since 0.1.0
 */
export interface Comparison {
  <Y extends NumericOperand>(
    that: Y
  ): DataLast<
    Y,
    <X extends NumericOperand>(
      self: X & Shape.CheckBroadcast<ShapeOf<X>, ShapeOf<Y>> & CheckElements<X, Y>
    ) => Bool<Shape.Broadcast<ShapeOf<X>, ShapeOf<Y>>, X | Y>
  >
  // For functions that are generic in a shape: it is not known yet, but both operands have it.
  <S extends Shape.Shape, X extends Proto<"real", S, unknown, unknown>, Y extends Expr<S, unknown, unknown> | number>(
    self: X & Expr<S, unknown, unknown>,
    that: Y
  ): Bool<S, X | Y>
  <S extends Shape.Shape, Y extends Proto<"real", S, unknown, unknown>>(
    self: number,
    that: Y & Expr<S, unknown, unknown>
  ): Bool<S, Y>
  <X extends NumericOperand, Y extends NumericOperand>(
    self: X,
    that: Y & Shape.CheckBroadcast<ShapeOf<X>, ShapeOf<Y>> & CheckElements<X, Y>
  ): Bool<Shape.Broadcast<ShapeOf<X>, ShapeOf<Y>>, X | Y>
}

/**
 * The type of a logical operation on two arrays of truth values.
 *
 * @category signatures
 * @since 0.1.0
 */
export interface Logic {
  <Y extends BoolOperand>(
    that: Y
  ): DataLast<
    Y,
    <X extends BoolOperand>(
      self: X & Shape.CheckBroadcast<ShapeOf<X>, ShapeOf<Y>>
    ) => Bool<Shape.Broadcast<ShapeOf<X>, ShapeOf<Y>>, X | Y>
  >
  <X extends BoolOperand, Y extends BoolOperand>(
    self: X,
    that: Y & Shape.CheckBroadcast<ShapeOf<X>, ShapeOf<Y>>
  ): Bool<Shape.Broadcast<ShapeOf<X>, ShapeOf<Y>>, X | Y>
}

/**
 * Whether a value is an expression.
 *
 * @example
 * ```ts
 * import { Expr } from "@fluxion/core"
 *
 * console.log(Expr.isExpr(Expr.constant(1))) // true
 * console.log(Expr.isExpr(1)) // false
 * ```
 *
 * @category guards
 * @since 0.1.0
 */
export const isExpr = (u: unknown): u is Any => typeof u === "object" && u !== null && Internal.TypeId in u

/**
 * An expression seen as data: an input of a program, a constant, a primitive applied to operands, or one of the results of a control
 * primitive (whose attributes hold bodies).
 *
 * @category models
 * @since 0.1.0
 */
export type View =
  | {
      readonly _tag: "Input"
      readonly id: number
      readonly label: string
      readonly type: Type.Type
      /** What it stands for, where it is a free input that programs require. */
      readonly requirement?: Requirement
    }
  | { readonly _tag: "Constant"; readonly id: number; readonly value: Tensor.Any; readonly type: Type.Type }
  | {
      readonly _tag: "Apply"
      readonly id: number
      readonly primitive: Primitive.Name
      readonly attributes: object
      readonly operands: ReadonlyArray<Any>
      readonly type: Type.Type
      /** `file:line:column` of the user code that built it, where known. */
      readonly site: string | undefined
    }
  | {
      readonly _tag: "Project"
      readonly id: number
      /** The control primitive that was applied. */
      readonly primitive: Primitive.ControlName
      readonly attributes: object
      readonly operands: ReadonlyArray<Any>
      /** Identifies the control node: the projections of one node share it. */
      readonly of: number
      /** Which of its results this is. */
      readonly index: number
      readonly type: Type.Type
      readonly site: string | undefined
    }

/**
 * Looks at an expression as data.
 *
 * **Details**
 *
 * `id` identifies the node: operands have smaller ids than the nodes that use them, so ascending ids are a topological order.
 *
 * @example
 * ```ts
 * import { Expr } from "@fluxion/core"
 *
 * const view = Expr.view(Expr.sin(1))
 * console.log(view._tag === "Apply" ? view.primitive : view._tag) // sin
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const view = (self: Any): View => {
  const node = toNode(self)
  const type: Type.Type = { elementType: node.elementType, shape: node.shape }
  switch (node._tag) {
    case "Input":
      return {
        _tag: "Input",
        id: node.id,
        label: node.label!,
        type,
        ...(node.requirement === undefined ? {} : { requirement: node.requirement })
      }
    case "Constant":
      return { _tag: "Constant", id: node.id, value: node.value!, type }
    case "Apply":
      return {
        _tag: "Apply",
        id: node.id,
        primitive: node.primitive!,
        attributes: node.attributes!,
        operands: node.operands as ReadonlyArray<unknown> as ReadonlyArray<Any>,
        type,
        site: node.site ?? undefined
      }
    case "Project": {
      const [of] = node.operands as readonly [Internal.Node]
      return {
        _tag: "Project",
        id: node.id,
        primitive: of.control!.primitive,
        attributes: of.attributes!,
        operands: of.operands as ReadonlyArray<unknown> as ReadonlyArray<Any>,
        of: of.id,
        index: node.index,
        type,
        site: node.site ?? undefined
      }
    }
    case "Control":
      throw new Error("a control node is seen through its projections")
  }
}

/**
 * Lifts a number, a boolean, nested arrays of numbers, or a tensor to a constant expression.
 *
 * **Details**
 *
 * Nested arrays become arrays of reals; use `Tensor.index` and `Tensor.bool` for the other element types. Derivatives with respect to a
 * constant are zero by structure.
 *
 * @example
 * ```ts
 * import { Expr } from "@fluxion/core"
 *
 * console.log(Expr.constant([[1, 2, 3], [4, 5, 6]]).shape) // [ 2, 3 ]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const constant: {
  <const D extends Type.ElementType, S extends Shape.Shape>(value: Tensor.Tensor<S, D>): OfElementType<D, S, never>
  (value: boolean): BoolExpr<readonly []>
  <const N extends Tensor.NestedOfUnknownRank>(value: N): Expr<Tensor.ShapeOfNested<N>>
} = (value: unknown): never =>
  fromNode(isOperand(value) ? liftNode(value as AnyOperand) : Internal.constant(Tensor.make(value as number)))
