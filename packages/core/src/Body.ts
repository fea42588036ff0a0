/**
 * Bodies: the closed programs inside control primitives.
 *
 * **Details**
 *
 * A body is a list of inputs and a list of outputs. It is closed: what it uses from outside comes in as an operand of the control primitive, so
 * bodies can be transformed and evaluated on their own. Rules of differentiation make the bodies of derivatives here.
 *
 * @since 0.1.0
 */
import type { Algebra } from "./Algebra.ts"
import type * as Expr from "./Expr.ts"
import { capture as captureNodes, capturedBy, close } from "./internal/capture.ts"
import { keepOutputs as keepBodyOutputs } from "./internal/deadResults.ts"
import { keepingGuards, unwatched } from "./internal/guards.ts"
import { FreeVariable, interpret as interpretBody } from "./internal/interpret.ts"
import { listing } from "./internal/listing.ts"
import { type Memory, memory } from "./internal/memory.ts"
import * as Internal from "./internal/node.ts"
import { splitBody } from "./internal/partialEvaluation.ts"
import { type Body as InternalBody, schedule, usedInputs as used } from "./internal/schedule.ts"
import type * as Type from "./Type.ts"

/**
 * A closed program from a list of arrays to a list of arrays.
 *
 * @category models
 * @since 0.1.0
 */
export interface Body extends InternalBody {}

/**
 * Makes a body from the types of its inputs and a function that builds it.
 *
 * **Details**
 *
 * Throws a `FreeVariable` error when the outputs depend on an input of another program. Guards of programs that `build` interprets and its
 * outputs do not need are evaluated before the first output; with `replay` they are left out, because the same program is evaluated with the same values
 * elsewhere before (as the forward pass is before the pullback that repeats a step of it).
 *
 * @example
 * ```ts
 * import { Body, Fn, Type } from "@fluxion/core"
 *
 * const body = Body.make([Type.real([2])], ([x]) => [Fn.expressions.apply("sin", {}, [x!])])
 * console.log(Body.outputTypes(body).map(Type.render)) // [ 'real[2]' ]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  inputs: ReadonlyArray<Type.Type>,
  build: (inputs: ReadonlyArray<Expr.Any>) => ReadonlyArray<Expr.Any>,
  options?: { readonly replay: boolean }
): Body => {
  const inputNodes = inputs.map((type, i) => Internal.input(`x${i}`, type))
  const run = () =>
    build(
      inputNodes as ReadonlyArray<unknown> as ReadonlyArray<Expr.Any>
    ) as ReadonlyArray<unknown> as ReadonlyArray<Internal.Node>
  const outputNodes = options?.replay === true ? unwatched(run) : keepingGuards(inputNodes, run)
  const body = { inputNodes, outputNodes }
  const { inputIndex, nodes } = schedule(body, false)
  nodes.forEach((node, i) => {
    if (node._tag === "Input" && inputIndex[i]! < 0) throw new FreeVariable(node)
  })
  return body
}

/**
 * The types of the inputs of a body.
 *
 * @example
 * ```ts
 * import { Body, Type } from "@fluxion/core"
 *
 * console.log(Body.inputTypes(Body.make([Type.real([2])], (inputs) => inputs)).map(Type.render)) // [ 'real[2]' ]
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const inputTypes = (self: Body): ReadonlyArray<Type.Type> => self.inputNodes.map(typeOf)

/**
 * The types of the outputs of a body.
 *
 * @example
 * ```ts
 * import { Body, Type } from "@fluxion/core"
 *
 * console.log(Body.outputTypes(Body.make([Type.real([2])], (inputs) => inputs)).map(Type.render)) // [ 'real[2]' ]
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const outputTypes = (self: Body): ReadonlyArray<Type.Type> => self.outputNodes.map(typeOf)

const typeOf = ({ elementType, shape }: Internal.Node): Type.Type => ({ elementType, shape })

/**
 * A body as text, for people to read: a line for each operation, in the order of evaluation, then the bodies inside, each once.
 *
 * @example
 * ```ts
 * import { Body, Fn, Type } from "@fluxion/core"
 *
 * const body = Body.make([Type.real([2])], ([x]) => [Fn.expressions.apply("sin", {}, [x!])])
 * console.log(Body.print(body).split("\n")[1]!.trim()) // v1 = sin(in0): real[2]
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const print = (self: Body): string => listing(self)

/**
 * Interprets a body in an algebra.
 *
 * @example
 * ```ts
 * import { Body, Fn, Interpreter, Tensor, Type } from "@fluxion/core"
 *
 * const body = Body.make([Type.real([])], ([x]) => [Fn.expressions.apply("neg", {}, [x!])])
 * console.log(Body.interpret(body, Interpreter.algebra, [Tensor.make(3)]).map(String)) // [ '-3' ]
 * ```
 *
 * @category interpretation
 * @since 0.1.0
 */
export const interpret = <A>(self: Body, algebra: Algebra<A>, inputs: ReadonlyArray<A>): ReadonlyArray<A> =>
  interpretBody(self, algebra, inputs)

/**
 * Which inputs the outputs of a body depend on.
 *
 * @example
 * ```ts
 * import { Body, Type } from "@fluxion/core"
 *
 * console.log(Body.usedInputs(Body.make([Type.real([]), Type.real([])], ([, y]) => [y!]))) // [ false, true ]
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const usedInputs = (self: Body): ReadonlyArray<boolean> => used(self)

/**
 * The body without some of the inputs that it does not use.
 *
 * @example
 * ```ts
 * import { Body, Type } from "@fluxion/core"
 *
 * const body = Body.make([Type.real([]), Type.real([2])], ([, y]) => [y!])
 * console.log(Body.inputTypes(Body.keepInputs(body, [false, true])).map(Type.render)) // [ 'real[2]' ]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const keepInputs = (self: Body, keep: ReadonlyArray<boolean>): Body =>
  keep.every(Boolean) ? self : { inputNodes: self.inputNodes.filter((_, i) => keep[i]), outputNodes: self.outputNodes }

/**
 * Which outputs of a body are zero whatever its inputs are: constants of zeros, also where they are broadcast.
 *
 * @example
 * ```ts
 * import { Body, Expr, Type } from "@fluxion/core"
 *
 * console.log(Body.zeroOutputs(Body.make([Type.real([2])], ([x]) => [x!, Expr.zeros([2])]))) // [ false, true ]
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const zeroOutputs = (self: Body): ReadonlyArray<boolean> =>
  self.outputNodes.map((output) => {
    let node = output
    while (node.primitive === "broadcastTo" || node.primitive === "reshape") node = node.operands[0]!
    return node.value !== undefined && node.value.data.every((x) => x === 0)
  })

/**
 * The body with some of its outputs only.
 *
 * **Details**
 *
 * What the other outputs alone need is left out, in the bodies of loops and branches too: a carry that only they need is not carried.
 *
 * @example
 * ```ts
 * import { Body, Type } from "@fluxion/core"
 *
 * const body = Body.make([Type.real([]), Type.real([2])], (inputs) => inputs)
 * console.log(Body.outputTypes(Body.keepOutputs(body, [false, true])).map(Type.render)) // [ 'real[2]' ]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const keepOutputs = (self: Body, keep: ReadonlyArray<boolean>): Body => keepBodyOutputs(self, keep)

/**
 * A body that uses expressions of the program around it: they are its first inputs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Captured {
  readonly body: Body
  /** What it uses from outside, in the order of its first inputs. */
  readonly captured: ReadonlyArray<Expr.Any>
}

/**
 * Makes a body from a function that may use expressions from outside; what it uses becomes its first inputs.
 *
 * @example
 * ```ts
 * import { Body, Expr, Fn, Type } from "@fluxion/core"
 *
 * Fn.make([], (x) => {
 *   const { body, captured } = Body.capture([Type.real([])], ([y]) => [Expr.mul(x, y as Expr.Expr)])
 *   console.log(captured.length, Body.inputTypes(body).length) // 1 2
 *   return x
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const capture = (
  inputs: ReadonlyArray<Type.Type>,
  build: (inputs: ReadonlyArray<Expr.Any>) => ReadonlyArray<Expr.Any>
): Captured => {
  const made = captureNodes(
    inputs.map((type, i) => ({ label: `x${i}`, type })),
    (nodes) =>
      keepingGuards(
        nodes,
        () =>
          build(
            nodes as ReadonlyArray<unknown> as ReadonlyArray<Expr.Any>
          ) as ReadonlyArray<unknown> as ReadonlyArray<Internal.Node>
      )
  )
  const captured = capturedBy(made)
  return { body: close(made, captured), captured: captured as ReadonlyArray<unknown> as ReadonlyArray<Expr.Any> }
}

/**
 * A body in two parts: what some of its inputs determine, and the rest.
 *
 * @category models
 * @since 0.1.0
 */
export interface Split {
  /** Takes the known inputs; computes the known outputs, then the residuals. */
  readonly known: Body
  /** Takes the residuals, then the unknown inputs; computes the other outputs. */
  readonly unknown: Body
  /** Which outputs the known inputs determine. */
  readonly knownOutputs: ReadonlyArray<boolean>
}

/**
 * Splits a body into the part that its known inputs determine and the rest, so that the first is evaluated once and the second many times.
 *
 * **Details**
 *
 * The residuals are the values of the known part that the unknown part uses. Loops, maps, branches and calls are split along with their bodies: a
 * loop over known carries runs in the known part and stacks what the other loop needs; what does not change from step to step is computed before the loop.
 * `whileLoop` runs again in the unknown part, as does a loop that is checkpointed.
 *
 * Together the parts cost what the body costs, and memory for the residuals.
 *
 * This is partial evaluation, by which A. Radul, A. Paszke, R. Frostig, M. Johnson and D. Maclaurin, "You only linearize once" (2023), section 5, take a
 * linear program out of its derivative.
 *
 * @example
 * ```ts
 * import { Body, Expr, Type } from "@fluxion/core"
 *
 * const real = Type.real([])
 * const body = Body.make([real, real], ([x, t]) => [Expr.mul(Expr.cos(x as Expr.Expr), t as Expr.Expr)])
 * const { known, unknown } = Body.split(body, [true, false])
 * console.log(Body.outputTypes(known).length, Body.inputTypes(unknown).length) // 1 2
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const split = (self: Body, known: ReadonlyArray<boolean>): Split => {
  const every = self.outputNodes.map(() => true)
  return splitBody(
    self,
    known,
    every,
    known.map(() => false)
  )
}

/**
 * A memory for what is made of bodies: for one body and key, it is made once, for as long as the body lives.
 *
 * **Details**
 *
 * For rules that transform bodies. Bodies that are shared are transformed once, so programs that call a program twice, which calls another one twice, take time
 * linear in their size. Making may use any memory again for the bodies inside; that takes no stack, however deep they nest: a
 * call may begin again after what it needed was made. So it must have no effect but its result.
 *
 * @example
 * ```ts
 * import { Body, Type } from "@fluxion/core"
 *
 * const remember = Body.makeMemory()
 * const body = Body.make([Type.real([])], (inputs) => inputs)
 * const count = () => remember(body, "outputs", () => {
 *   console.log("once") // once
 *   return Body.outputTypes(body).length
 * })
 * console.log(count() + count()) // 2
 * ```
 *
 * @category caching
 * @since 0.1.0
 */
export const makeMemory: () => Memory = memory

export type {
  /**
   * Gives what was made of a body under a key before, or makes it.
   *
   * @category caching
   * @since 0.1.0
   */
  Memory
}
