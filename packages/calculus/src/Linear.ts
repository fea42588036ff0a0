/**
 * Derivatives as linear maps: evaluated once and applied many times, and transposed.
 *
 * @since 0.1.0
 */
import { Body, Fn, Interpreter, Operations, type Requirement, Shape, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Zero } from "@fluxion/core/Rule"
import { Effect } from "effect"

const expressions = Operations.make(Fn.expressions)

const isReal = ({ type }: Tree.PathAndType): boolean => type.elementType === "real"

/**
 * A program linearised at a point: its value there, and the linear map that takes tangents of the inputs to tangents of the outputs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Linearization<I, O> {
  readonly value: Tree.Value<O>
  readonly tangent: Fn.Fn<Tree.TangentSpec<I>, Tree.Tangent<O>>
}

/**
 * Evaluates a program at a point once, and gives the derivative there as a linear program to be applied to many tangents.
 *
 * **Details**
 *
 * The derivative program (see `Forward.jvp`) is split into what depends on the point, which is run now, and the rest, whose constants are the residuals
 * (see `Body.split`): applying it evaluates nothing of the primal again, loops included. Exceptions: a `whileLoop` that varies and a checkpointed loop
 * run again at each application. Its transpose, `linearTranspose(tangent)`, pulls cotangents back.
 *
 * Fails as `f` fails at the point; the linear map does not fail.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(Expr.exp(x), y))
 * const { tangent, value } = Effect.runSync(Calculus.linearize(f, { x: 0, y: 3 }))
 * console.log(value, Fn.runSync(tangent, { x: 1, y: 0 }), Fn.runSync(tangent, { x: 0, y: 1 })) // 3 3 1
 * console.log(Fn.operationCount(tangent)) // 2
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const linearize: <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & Requirement.CheckNone<R> & Forward.CheckForward<R>,
  at: Tree.Value<I>
) => Effect.Effect<Linearization<I, O>, E> = Effect.fnUntraced(function* (f: Fn.Any, at: unknown) {
  const program = f as Fn.Fn<Tree.Spec, Tree.Spec>
  const { inputs, outputLeaves, outputs } = Fn.specs(f)
  const jvp: Fn.Any = Forward.jvp(program)
  const { inputLeaves } = Fn.specs(jvp)
  const count = Tree.leaves(inputs).length
  const body = Body.make(
    inputLeaves.map(({ type }) => type),
    (leaves) => Fn.interpret(jvp, Fn.expressions, leaves)
  )
  const { known, knownOutputs, unknown } = Body.split(
    body,
    inputLeaves.map((_, i) => i < count)
  )
  const types = Body.outputTypes(known)
  const residual = Fn.unsafeFromLeaves(inputs, types, (leaves) => Body.interpret(known, Fn.expressions, leaves))
  const values = Tree.toTensors(
    "Calculus.linearize",
    types,
    yield* Fn.run(residual as Fn.Fn<Tree.Spec, Tree.Spec>, at as never)
  )
  // Outputs that the point determines are known; of the tangents, those that do not vary.
  let next = 0
  const determined = knownOutputs.map((flag) => (flag ? values[next++]! : undefined))
  const residuals = values.slice(next).map((value) => expressions.constant(value))
  const tangent = Fn.unsafeFromLeaves(Tree.tangentSpec(inputs), Tree.tangentSpec(outputs), (leaves) => {
    const results = Body.interpret(unknown, Fn.expressions, [...residuals, ...leaves])
    let at = 0
    const all = knownOutputs.map((flag, i) => (flag ? expressions.constant(determined[i]!) : results[at++]!))
    return all.slice(outputLeaves.length)
  })
  const primals = determined.slice(0, outputLeaves.length).filter((primal) => primal !== undefined)
  const value =
    primals.length === outputLeaves.length ? Tree.fromTensors(outputs, primals) : yield* Fn.run(program, at as never)
  return { value, tangent }
}) as never

/**
 * The transpose of a linear program: cotangents of the outputs in, cotangents of the inputs out.
 *
 * **Details**
 *
 * For all `u`, `v`: `⟨v, f(u)⟩ = ⟨linearTranspose(f)(v), u⟩`. Failures and requirements are those of `f`; the cost is about that of `f`.
 *
 * Throws a `ShapeError` that names the input and the output when an output does not vary linearly with an input (found from the structure of the
 * program: its derivative must not depend on the point), when `f(0)` is not 0, and when an input or output is not real.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const f = Fn.make([3], (x) => Expr.cumsum(x))
 * console.log(`${Fn.runSync(Calculus.linearTranspose(f), Tensor.make([1, 10, 100]))}`) // [111, 110, 100]
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const linearTranspose = <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & Forward.CheckForward<R>
): Fn.Fn<Tree.TangentSpec<O>, Tree.Tangent<I>, E, R> => {
  checkLinear(f)
  const { inputLeaves, inputs, outputs } = Fn.specs(f)
  return Fn.unsafeFromLeaves(outputs, inputs, (cotangents) => {
    const tape = Reverse.traced(Fn.expressions)
    const point = inputLeaves.map(({ type }) => tape.input(expressions.zeros(type.shape)))
    return tape
      .pullback(Fn.interpret(f, tape.algebra, point), cotangents, point)
      .map((cotangent, i) => (cotangent === Zero ? expressions.zeros(inputLeaves[i]!.type.shape) : cotangent))
  }) as never
}

const checkLinear = (f: Fn.Any): void => {
  const { inputLeaves, outputLeaves } = Fn.specs(f)
  const fail = (message: string): never => {
    throw Shape.error("Calculus.linearTranspose", [], message)
  }
  const name = (what: string, { path }: Tree.PathAndType): string => (path === "" ? `the ${what}` : `${what} ${path}`)
  for (const leaf of inputLeaves) if (!isReal(leaf)) fail(`${name("input", leaf)} is not real`)
  for (const leaf of outputLeaves) if (!isReal(leaf)) fail(`${name("output", leaf)} is not real`)

  // A program is affine when its derivative is determined by the tangents alone, whatever the point.
  const jvp: Fn.Any = Forward.jvp(f as Fn.Fn<Tree.Spec, Tree.Spec>)
  const types = Fn.specs(jvp).inputLeaves.map(({ type }) => type)
  const { body, captured } = Body.capture(types, (leaves) => Fn.interpret(jvp, Fn.expressions, leaves))
  inputLeaves.forEach((input, at) => {
    const known = Body.inputTypes(body).map((_, i) => i !== captured.length + at)
    Body.split(body, known)
      .knownOutputs.slice(outputLeaves.length)
      .forEach((determined, o) => {
        if (determined) return
        fail(`${name("output", outputLeaves[o]!)} does not vary linearly with ${name("input", input)}`)
      })
  })

  // What a program takes from one that is being built has no value yet, so there a constant term cannot be seen.
  if (captured.length > 0) return
  const zeros = inputLeaves.map(({ type }) => Tensor.zeros(type.shape))
  Fn.interpret<Tensor.Any>(f, Interpreter.algebra, zeros).forEach((value, o) => {
    if (value.data.some((x) => x !== 0)) fail(`${name("output", outputLeaves[o]!)} is not 0 where all inputs are 0`)
  })
}
