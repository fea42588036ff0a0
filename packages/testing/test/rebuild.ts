// Programs built again from what they print, with what their names are bound to replaced here and there.

import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, Tensor, Type } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import type { Arbitraries } from "@fluxion/testing"

type Names = Readonly<Record<string, object>>

const names: Names = { Calculus, Expr, Fn, Forward, Reverse, Tensor, Type }

/** Evaluates code under the given names. */
export const evaluate = (code: string, given: Names): { readonly program: unknown; readonly inputs: unknown } =>
  new Function(...Object.keys(given), `${code}\nreturn { program, inputs }`)(...Object.values(given))

/** The program that the code of another one builds; `replaced` says which functions stand in for others. */
export const rebuild = (
  code: string,
  replaced: Names = {}
): { readonly program: Arbitraries.Program["fn"]; readonly inputs: Arbitraries.Program["inputs"] } =>
  evaluate(
    code,
    Object.fromEntries(Object.entries(names).map(([name, own]) => [name, { ...own, ...replaced[name] }]))
  ) as never
