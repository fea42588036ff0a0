/**
 * Algebras: what it means to apply a primitive to carriers of some type.
 *
 * **Details**
 *
 * `Expr` is the initial encoding of a program, `Algebra<A>` the final one. The tensor algebra evaluates, the expression
 * algebra builds programs; forward and reverse mode are transformers that make an algebra of dual or traced carriers out of any algebra.
 *
 * @since 0.1.0
 */
import type * as Expr from "./Expr.ts"
import type * as Primitive from "./Primitive.ts"
import type * as Tensor from "./Tensor.ts"
import type * as Type from "./Type.ts"

/**
 * How primitives apply to carriers of type `A`.
 *
 * **Details**
 *
 * - `apply` applies one primitive. Operands have the types the primitive demands; an algebra may assume it. `type` is the type of
 *   the result where the caller knows it already.
 * - `applyMany` applies a control primitive, whose attributes hold programs and which has any number of results. `types` are the types of
 *   the results where the caller knows them already.
 * - `constant` injects a value; derivatives with respect to it are zero.
 * - `typeOf` reads the element type and shape of a carrier.
 * - `free`, where present, reads a variable (or a whole subexpression that does not depend on the program's inputs) that a program
 *   captured from an enclosing one. An algebra of numbers has none: there a free variable has no value.
 *
 * @category models
 * @since 0.1.0
 */
export interface Algebra<A> {
  readonly apply: <K extends Primitive.Name>(
    primitive: K,
    attributes: Primitive.Attributes<K>,
    operands: Primitive.Operands<K, A>,
    type?: Type.Type
  ) => A
  readonly applyMany: <K extends Primitive.ControlName>(
    primitive: K,
    attributes: Primitive.ControlAttributes<K>,
    operands: ReadonlyArray<A>,
    types?: ReadonlyArray<Type.Type>
  ) => ReadonlyArray<A>
  readonly constant: (value: Tensor.Any) => A
  readonly typeOf: (carrier: A) => Type.Type
  readonly free?: (expr: Expr.Any) => A
}
