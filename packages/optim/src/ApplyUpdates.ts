import { Expr, Fn } from "@fluxion/core"
import * as Parameters from "./Parameters.ts"

/**
 * The program that adds updates to parameters.
 *
 * @example
 * ```ts
 * import { Fn } from "@fluxion/core"
 * import { applyUpdates } from "@fluxion/optim"
 *
 * console.log(Fn.runSync(applyUpdates({ w: [] }), { parameters: { w: 3 }, updates: { w: -1 } })) // { w: 2 }
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const applyUpdates = <const P extends Parameters.Spec>(
  spec: P
): Fn.Fn<{ readonly parameters: P; readonly updates: P }, P> =>
  Fn.make({ parameters: spec, updates: spec } as const, ({ parameters, updates }): never => {
    const add = (parameter: Expr.Expr, update: Expr.Expr) => Expr.add(parameter, update)
    return Parameters.map(spec, add, parameters as never, updates as never) as never
  }) as never
