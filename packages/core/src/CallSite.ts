/**
 * Call sites: the lines of user code that built the operations of a program.
 *
 * **Details**
 *
 * Every operation records `file:line:column` of the code that called into the library. What is made while a program is interpreted (its derivative, a
 * copy) inherits the site of the operation that it comes from; a transformation that makes operations later, as the backward sweep of reverse
 * mode does, says so here.
 *
 * @since 0.1.0
 */
import { inherit as inheritSite, inheritedSite } from "./internal/callSite.ts"

/**
 * `file:line:column`, `null` where it is not known, `undefined` for operations that take their own.
 *
 * @category models
 * @since 0.1.0
 */
export type CallSite = string | null | undefined

/**
 * The call site that operations made now inherit.
 *
 * @example
 * ```ts
 * import { CallSite } from "@fluxion/core"
 *
 * console.log(CallSite.inherited()) // undefined
 * ```
 *
 * @category inheritance
 * @since 0.1.0
 */
export const inherited = (): CallSite => inheritedSite()

/**
 * Lets the operations that are made from now on inherit a call site, and gives the one before, to be put back.
 *
 * @example
 * ```ts
 * import { CallSite, Expr } from "@fluxion/core"
 *
 * const before = CallSite.inherit("model.ts:12:3")
 * const y = Expr.sin(1)
 * CallSite.inherit(before)
 * const view = Expr.view(y)
 * console.log(view._tag === "Apply" && view.site) // model.ts:12:3
 * ```
 *
 * @category inheritance
 * @since 0.1.0
 */
export const inherit = (site: CallSite): CallSite => inheritSite(site)
