// Building and compiling programs whose specifications are not known statically: trees are untyped.

import { type Backend, Fn, type Tree } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import type { Effect } from "effect"

export type Untyped = Readonly<Record<string, unknown>>

export const make = Fn.make as unknown as (inputs: Tree.Spec, body: (inputs: Untyped) => unknown) => Fn.Any

export const apply =
  (f: Fn.Any) =>
  (inputs: unknown): unknown =>
    Fn.apply(f as never, inputs as never)

export const compile = Fn.compile as unknown as <O, E>(
  f: Fn.Any
) => Effect.Effect<{ readonly run: (inputs: unknown) => Effect.Effect<O, E> }, Backend.CompileError>

export const valueAndGrad = Reverse.valueAndGrad as unknown as (
  f: Fn.Any,
  options?: { readonly wrt: ReadonlyArray<string> }
) => Fn.Any
