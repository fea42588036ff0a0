/**
 * Trees of shapes, values and expressions: what programs take and return.
 *
 * **Details**
 *
 * A tree is a leaf, a record of trees or a tuple of trees. A leaf of a specification is a shape (of reals) or a `Type`; `[]` is a
 * scalar. Values have the same structure with numbers or tensors at the leaves, expressions with `Expr`s.
 *
 * @since 0.1.0
 */
import type * as Expr from "./Expr.ts"
import * as Shape from "./Shape.ts"
import * as Tensor from "./Tensor.ts"
import type * as Type from "./Type.ts"

/**
 * A leaf of a specification: a shape of reals, or a type.
 *
 * @category models
 * @since 0.1.0
 */
export type Leaf = Shape.Shape | Type.Type

/**
 * The specification of a tree of arrays.
 *
 * @category models
 * @since 0.1.0
 */
export type Spec = Leaf | SpecRecord | ReadonlyArray<SpecElement>

/**
 * A record of specifications.
 *
 * @category models
 * @since 0.1.0
 */
export interface SpecRecord {
  readonly [key: string]: Spec
}

/**
 * An element of a tuple of specifications.
 *
 * @category models
 * @since 0.1.0
 */
export type SpecElement = Leaf | SpecRecord | ReadonlyArray<SpecElement>

// Trees of unknown structure and depth: there the recursion of the types below has to end.
type IsWide<S> =
  S extends ReadonlyArray<unknown>
    ? number extends S["length"]
      ? S[number] extends Leaf
        ? false
        : true
      : false
    : string extends keyof S
      ? S[keyof S] extends Leaf
        ? false
        : true
      : false

/**
 * The value of a tree whose specification is not known statically.
 *
 * @category models
 * @since 0.1.0
 */
export type AnyValue = number | boolean | Tensor.Any | ReadonlyArray<AnyValue> | { readonly [key: string]: AnyValue }

/**
 * The value of a tree: numbers (booleans) for scalars, tensors for arrays.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Value<S> = [Spec] extends [S]
  ? AnyValue
  : S extends Shape.Shape
    ? RealValue<S>
    : S extends Type.Type<infer D, infer Sh>
      ? LeafValue<D, Sh>
      : IsWide<S> extends true
        ? AnyValue
        : { readonly [K in keyof S]: Value<S[K]> }

type RealValue<S extends Shape.Shape> = S extends readonly []
  ? number
  : number extends S["length"]
    ? Tensor.Tensor<S> | number
    : Tensor.Tensor<S>

type LeafValue<D extends Type.ElementType, S extends Shape.Shape> = S extends readonly []
  ? D extends "bool"
    ? boolean
    : number
  : number extends S["length"]
    ? Tensor.Tensor<S, D> | (D extends "bool" ? boolean : number)
    : Tensor.Tensor<S, D>

/**
 * The arrays of a tree: what a program that is bound reads its inputs from and writes its outputs to. `Real` is the type of arrays of reals.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Arrays<S, Real = Tensor.Data<"real">> = [Spec] extends [S]
  ? AnyArrays<Real>
  : S extends Shape.Shape
    ? Real
    : S extends Type.Type<infer D>
      ? D extends "real"
        ? Real
        : Tensor.Data<D>
      : IsWide<S> extends true
        ? AnyArrays<Real>
        : { readonly [K in keyof S]: Arrays<S[K], Real> }

/**
 * The arrays of a tree whose specification is not known statically.
 *
 * @category models
 * @since 0.1.0
 */
export type AnyArrays<Real = Tensor.Data<"real">> =
  | Real
  | Tensor.Data<"index" | "bool">
  | ReadonlyArray<AnyArrays<Real>>
  | { readonly [key: string]: AnyArrays<Real> }

/**
 * The expressions of a tree: what the body of a program receives.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Exprs<S> = [Spec] extends [S]
  ? ExprTree
  : S extends Shape.Shape
    ? Expr.Expr<S>
    : S extends Type.Type<infer D, infer Sh>
      ? Expr.OfElementType<D, Sh, never>
      : IsWide<S> extends true
        ? ExprTree
        : { readonly [K in keyof S]: Exprs<S[K]> }

/**
 * What may stand for the expressions of a tree: expressions with any failures and requirements, tensors, and numbers for scalars.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Operands<S> = [Spec] extends [S]
  ? ExprTree
  : S extends Shape.Shape
    ? Expr.Expr<S, unknown, unknown> | Tensor.Tensor<S> | (S extends readonly [] ? number : never)
    : S extends Type.Type<infer D, infer Sh>
      ? Expr.Proto<D, Sh, unknown, unknown> | Tensor.Tensor<Sh, D>
      : IsWide<S> extends true
        ? ExprTree
        : { readonly [K in keyof S]: Operands<S[K]> }

/**
 * `unknown` when the tree `T` of expressions fits the specification `I`, otherwise what was expected.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckOperands<I, T> = [T] extends [Operands<I>] ? unknown : Operands<I>

/**
 * `unknown` when the value `V` fits the specification `I`, otherwise what was expected.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckValue<I, V> = [V] extends [Value<I>] ? unknown : { readonly expected: Value<I> }

/**
 * A tree of expressions, tensors and numbers, as the body of a program may return it.
 *
 * @category models
 * @since 0.1.0
 */
export type ExprTree = Expr.AnyOperand | ReadonlyArray<ExprTree> | { readonly [key: string]: ExprTree }

/**
 * The specification of a tree of expressions.
 *
 * @category type-level
 * @since 0.1.0
 */
export type SpecOf<T> = T extends number
  ? readonly []
  : T extends boolean
    ? Type.Type<"bool", readonly []>
    : T extends { readonly elementType: infer D extends Type.ElementType; readonly shape: infer S extends Shape.Shape }
      ? D extends "real"
        ? S
        : Type.Type<D, S>
      : { readonly [K in keyof T]: SpecOf<T[K]> }

/**
 * The union of the failures of the expressions of a tree.
 *
 * @category type-level
 * @since 0.1.0
 */
export type ErrorOf<T> = T extends Expr.AnyOperand
  ? Expr.ErrorOf<T>
  : T extends ReadonlyArray<unknown>
    ? ErrorOf<T[number]>
    : T extends object
      ? ErrorOf<T[keyof T]>
      : never

/**
 * The union of the requirements of the expressions of a tree.
 *
 * @category type-level
 * @since 0.1.0
 */
export type RequirementsOf<T> = T extends Expr.AnyOperand
  ? Expr.RequirementsOf<T>
  : T extends ReadonlyArray<unknown>
    ? RequirementsOf<T[number]>
    : T extends object
      ? RequirementsOf<T[keyof T]>
      : never

/**
 * The specification of the tangents (or cotangents) of a tree: the leaves of reals.
 *
 * **Details**
 *
 * Indices and truth values carry no derivatives: such fields are left out of records, and stand as `{}` in tuples.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Tangent<S> = [Spec] extends [S]
  ? Spec
  : S extends Shape.Shape
    ? S
    : S extends Type.Type<infer D, infer Sh>
      ? D extends "real"
        ? Sh
        : {}
      : IsWide<S> extends true
        ? Spec
        : S extends ReadonlyArray<unknown>
          ? { readonly [K in keyof S]: Tangent<S[K]> }
          : { readonly [K in keyof S as S[K] extends Type.Type<"index" | "bool"> ? never : K]: Tangent<S[K]> }

/**
 * `Tangent`, known to be a specification.
 *
 * @category type-level
 * @since 0.1.0
 */
export type TangentSpec<S> = Tangent<S> extends infer T extends Spec ? T : never

/**
 * The Jacobian of outputs `O` with respect to inputs `I`: the tree of `O` with, at each leaf, the tree of `I` whose leaves have the
 * shape of the output followed by the shape of the input.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Jacobian<O, I> = [Spec] extends [O]
  ? Spec
  : O extends Shape.Shape
    ? JacobianRow<O, I>
    : { readonly [K in keyof O]: Jacobian<O[K], I> }

type JacobianRow<O extends Shape.Shape, I> = [Spec] extends [I]
  ? Spec
  : I extends Shape.Shape
    ? readonly [...O, ...I]
    : { readonly [K in keyof I]: JacobianRow<O, I[K]> }

/**
 * One leaf of a specification: its type, and its path for messages, e.g. `params.layer1.w`.
 *
 * @category models
 * @since 0.1.0
 */
export interface PathAndType {
  readonly path: string
  /** The keys along the path; none for a tree that is one leaf. */
  readonly keys: ReadonlyArray<string | number>
  readonly type: Type.Type
}

const isType = (spec: Spec): spec is Type.Type =>
  !Array.isArray(spec) &&
  typeof (spec as { readonly elementType?: unknown }).elementType === "string" &&
  Array.isArray((spec as { readonly shape?: unknown }).shape)

const isShape = (spec: Spec): spec is Shape.Shape =>
  Array.isArray(spec) && (spec as ReadonlyArray<unknown>).every((n) => typeof n === "number")

/**
 * Whether a specification is a leaf.
 *
 * @example
 * ```ts
 * import { Tree } from "@fluxion/core"
 *
 * console.log(Tree.isLeaf([3, 4])) // true
 * console.log(Tree.isLeaf({ w: [3, 4] })) // false
 * ```
 *
 * @category guards
 * @since 0.1.0
 */
export const isLeaf = (spec: Spec): spec is Leaf => isShape(spec) || isType(spec)

/**
 * The type a leaf stands for: a bare shape is of reals.
 *
 * @example
 * ```ts
 * import { Tree, Type } from "@fluxion/core"
 *
 * console.log(Type.render(Tree.typeOfLeaf([3]))) // real[3]
 * ```
 *
 * @category queries
 * @since 0.1.0
 */
export const typeOfLeaf = (leaf: Leaf): Type.Type =>
  isShape(leaf) ? { elementType: "real", shape: leaf } : (leaf as Type.Type)

const childPath = (path: string, key: string | number): string =>
  typeof key === "number" ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`

const children = (spec: Spec): ReadonlyArray<readonly [string | number, Spec]> =>
  Array.isArray(spec) ? (spec as ReadonlyArray<Spec>).map((s, i) => [i, s]) : Object.entries(spec as SpecRecord)

/**
 * The leaves of a specification in order: record fields as written, tuple elements by position.
 *
 * @example
 * ```ts
 * import { Tree } from "@fluxion/core"
 *
 * console.log(Tree.leaves({ w: [3, 4], b: [[4], []] }).map((leaf) => leaf.path)) // [ 'w', 'b[0]', 'b[1]' ]
 * ```
 *
 * @category queries
 * @since 0.1.0
 */
export const leaves = (spec: Spec): ReadonlyArray<PathAndType> => {
  const result: Array<PathAndType> = []
  const visit = (s: Spec, path: string, keys: ReadonlyArray<string | number>): void => {
    if (isLeaf(s)) result.push({ path, keys, type: typeOfLeaf(s) })
    else for (const [key, child] of children(s)) visit(child, childPath(path, key), [...keys, key])
  }
  visit(spec, "", [])
  return result
}

/**
 * The leaves of a tree that has the structure of a specification, in order.
 *
 * **Details**
 *
 * Throws a `ShapeError` that names the path when a field or element is missing.
 *
 * @example
 * ```ts
 * import { Tree } from "@fluxion/core"
 *
 * console.log(Tree.flatten({ a: [], b: [[], []] }, { b: [2, 3], a: 1 })) // [ 1, 2, 3 ]
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const flatten = (spec: Spec, tree: unknown): Array<unknown> => {
  const result: Array<unknown> = []
  const visit = (s: Spec, t: unknown, path: string): void => {
    if (isLeaf(s)) {
      result.push(t)
      return
    }
    for (const [key, child] of children(s)) {
      const container = t as Record<string | number, unknown> | null | undefined
      if (typeof container !== "object" || container === null || !Object.hasOwn(container, key)) {
        throw Shape.error("Tree.flatten", [], `nothing at ${childPath(path, key)}, expected ${render(child)}`)
      }
      visit(child, container[key], childPath(path, key))
    }
  }
  visit(spec, tree, "")
  return result
}

/**
 * The tree of a specification with the given leaves, the inverse of `flatten`.
 *
 * @example
 * ```ts
 * import { Tree } from "@fluxion/core"
 *
 * console.log(Tree.unflatten({ a: [], b: [[], []] }, [1, 2, 3])) // { a: 1, b: [ 2, 3 ] }
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const unflatten = (spec: Spec, values: ReadonlyArray<unknown>): unknown => {
  let next = 0
  const build = (s: Spec): unknown => {
    if (isLeaf(s)) return values[next++]
    if (Array.isArray(s)) return (s as ReadonlyArray<Spec>).map(build)
    return Object.fromEntries(Object.entries(s as SpecRecord).map(([key, child]) => [key, build(child)]))
  }
  return build(spec)
}

/**
 * The same tree with each leaf replaced.
 *
 * @example
 * ```ts
 * import { Tree } from "@fluxion/core"
 *
 * console.log(Tree.mapSpec({ w: [2] }, ({ type }) => [...type.shape, 3])) // { w: [ 2, 3 ] }
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const mapSpec = (spec: Spec, f: (leaf: PathAndType) => Spec): Spec =>
  unflatten(spec, leaves(spec).map(f)) as Spec

/**
 * The specification of the tangents of a tree: see the type `Tangent`.
 *
 * @example
 * ```ts
 * import { Tree, Type } from "@fluxion/core"
 *
 * console.log(Tree.tangent({ w: [2], labels: Type.index([5]) })) // { w: [ 2 ] }
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const tangent = <S extends Spec>(spec: S): Tangent<S> => tangentSpec(spec) as Tangent<S>

/**
 * `tangent` for a specification that is not known statically.
 *
 * @example
 * ```ts
 * import { Tree } from "@fluxion/core"
 *
 * console.log(Tree.tangentSpec([[2], []])) // [ [ 2 ], [] ]
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const tangentSpec = (spec: Spec): Spec => {
  if (isLeaf(spec)) return typeOfLeaf(spec).elementType === "real" ? typeOfLeaf(spec).shape : {}
  if (Array.isArray(spec)) return (spec as ReadonlyArray<Spec>).map(tangentSpec) as ReadonlyArray<SpecElement>
  return Object.fromEntries(
    Object.entries(spec as SpecRecord).flatMap(([key, child]) =>
      isLeaf(child) && typeOfLeaf(child).elementType !== "real" ? [] : [[key, tangentSpec(child)]]
    )
  )
}

/**
 * Writes a specification, e.g. `{ w: real[3,4], b: real[4] }`.
 *
 * @example
 * ```ts
 * import { Tree } from "@fluxion/core"
 *
 * console.log(Tree.render({ w: [3, 4], b: [] })) // { w: real[3,4], b: real[] }
 * ```
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (spec: Spec): string => {
  if (isLeaf(spec)) {
    const type = typeOfLeaf(spec)
    return `${type.elementType}[${type.shape.join(",")}]`
  }
  if (Array.isArray(spec)) return `[${(spec as ReadonlyArray<Spec>).map(render).join(", ")}]`
  const fields = Object.entries(spec as SpecRecord).map(([key, child]) => `${key}: ${render(child)}`)
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`
}

const describe = (leaf: unknown): string =>
  leaf === null ? "null" : Array.isArray(leaf) ? "an array (make a tensor of it: Tensor.make)" : typeof leaf

/**
 * The tensors of a value, in the order of `leaves`, checked against the specification.
 *
 * **Details**
 *
 * Throws a `ShapeError` that names the path, what was expected and what came.
 *
 * @example
 * ```ts
 * import { Tensor, Tree } from "@fluxion/core"
 *
 * const tensors = Tree.toTensors("example", { a: [], b: [2] }, { a: 1, b: Tensor.make([2, 3]) })
 * console.log(tensors.map(String)) // [ '1', '[2, 3]' ]
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const toTensors = (operation: string, spec: Spec, value: unknown): Array<Tensor.Any> => {
  const expected = leaves(spec)
  return flatten(spec, value).map((leaf, i) => {
    const { path, type } = expected[i]!
    const mismatch = (actual: string, shape: Shape.Shape) =>
      Shape.error(
        operation,
        [type.shape, shape],
        `${path === "" ? "the value" : path}: expected ${render(type)}, got ${actual}`
      )
    if (type.shape.length === 0) {
      if (type.elementType === "bool" && typeof leaf === "boolean") return Tensor.bool(leaf)
      if (type.elementType === "real" && typeof leaf === "number") return Tensor.full([], leaf)
      if (type.elementType === "index" && typeof leaf === "number") return Tensor.index(leaf)
    }
    if (!Tensor.isTensor(leaf)) throw mismatch(describe(leaf), [])
    if (leaf.elementType !== type.elementType || !Shape.equals(leaf.shape, type.shape)) {
      throw mismatch(render(leaf), leaf.shape)
    }
    return leaf
  })
}

/**
 * The value of a tree from its tensors: scalars become numbers or booleans. The inverse of `toTensors`.
 *
 * @example
 * ```ts
 * import { Tensor, Tree } from "@fluxion/core"
 *
 * console.log(Tree.fromTensors({ a: [] }, [Tensor.full([], 3)])) // { a: 3 }
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const fromTensors = (spec: Spec, tensors: ReadonlyArray<Tensor.Any>): unknown =>
  unflatten(
    spec,
    tensors.map((tensor) =>
      tensor.shape.length > 0 ? tensor : tensor.elementType === "bool" ? tensor.data[0] === 1 : tensor.data[0]
    )
  )
