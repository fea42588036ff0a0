// The tables of lowering: total, so that a primitive without a row is a compile error.

import type { Primitive, Type } from "@fluxion/core"
import type { Builder } from "./builder.ts"
import type { View } from "./view.ts"

export type Lowering<K extends Primitive.Name> = (
  builder: Builder,
  attributes: Primitive.Attributes<K>,
  operands: Primitive.Operands<K, View>,
  type: Type.Type
) => View

export type Lowerings<K extends Primitive.Name> = { readonly [P in K]: Lowering<P> }

export type ControlLowering<K extends Primitive.ControlName> = (
  builder: Builder,
  attributes: Primitive.ControlAttributes<K>,
  operands: ReadonlyArray<View>,
  types: ReadonlyArray<Type.Type>,
  /** Lowers a body into the current block. */
  enter: (body: Primitive.Body, inputs: ReadonlyArray<View>) => ReadonlyArray<View>
) => ReadonlyArray<View>

export type ControlLowerings<K extends Primitive.ControlName> = { readonly [P in K]: ControlLowering<P> }
