/**
 * Reverse mode as a transformer of algebras: carriers become traced carriers, and one backward sweep pulls cotangents back.
 *
 * @since 0.1.0
 */
import { type Algebra, Operations, Primitive, type Type } from "@fluxion/core"
import { Zero } from "./VjpRule.ts"
import { rules } from "./VjpRules.ts"

/**
 * One step of the tape: the primitive that was applied, with what its pullback needs.
 *
 * @category models
 * @since 0.1.0
 */
export interface TapeEntry<A> {
  /** The position on the tape. */
  readonly index: number
  /** What was applied; `undefined` for an input. */
  readonly step:
    | {
        readonly primitive: Primitive.Name
        readonly attributes: object
        readonly operands: ReadonlyArray<Traced<A>>
        readonly result: A
      }
    | undefined
}

/**
 * A carrier with its place on the tape; without one it does not vary with the inputs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Traced<A> {
  readonly primal: A
  readonly entry: TapeEntry<A> | undefined
}

/**
 * A tape: the algebra that records on it, and the sweep that reads it backwards.
 *
 * **Details**
 *
 * - `input` puts a carrier on the tape as a quantity to differentiate with respect to.
 * - `pullback` takes a cotangent for each output and gives the cotangent of each input. It may be called many times.
 *
 * @category models
 * @since 0.1.0
 */
export interface Tape<A> {
  readonly algebra: Algebra<Traced<A>>
  readonly input: (primal: A) => Traced<A>
  readonly pullback: (
    outputs: ReadonlyArray<Traced<A>>,
    cotangents: ReadonlyArray<A | Zero>,
    inputs: ReadonlyArray<Traced<A>>
  ) => Array<A | Zero>
}

interface AnyContext<A> {
  readonly ops: Operations.Operations<A>
  readonly attributes: object
  readonly operands: ReadonlyArray<A>
  readonly result: A
  readonly type: Type.Type
}

type PerOperand = ReadonlyArray<(<A>(cotangent: A, context: AnyContext<A>) => A) | Zero>
type Variadic = <A>(cotangent: A, context: AnyContext<A>, position: number) => A

const table = rules as unknown as Record<Primitive.Name, PerOperand | Variadic>

/**
 * Makes a tape over an algebra.
 *
 * **Details**
 *
 * Over the tensor algebra the sweep computes numbers, over the expression algebra it builds the derivative as a program; over the algebra of
 * another tape or of dual carriers it nests. Only what varies with an input is recorded, and in the sweep only what reaches an output is visited;
 * cotangents that are zero by structure are never computed.
 *
 * The sweep costs a small constant times the primal evaluation (Baur and Strassen, 1983); the tape holds one entry for each recorded step.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Interpreter, Tensor } from "@fluxion/core"
 * import * as Reverse from "@fluxion/reverse-mode"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(x, y))
 * const tape = Reverse.traced(Interpreter.algebra)
 * const inputs = [Tensor.make(3), Tensor.make(4)].map(tape.input)
 * const outputs = Fn.interpret(f, tape.algebra, inputs)
 * console.log(tape.pullback(outputs, [Tensor.make(1)], inputs).map(String)) // [ '4', '3' ]
 * ```
 *
 * @category transformers
 * @since 0.1.0
 */
export const traced = <A>(algebra: Algebra<A>): Tape<A> => {
  const ops = Operations.make(algebra)
  const entries: Array<TapeEntry<A>> = []
  const record = (step: TapeEntry<A>["step"]): TapeEntry<A> => {
    const entry = { index: entries.length, step }
    entries.push(entry)
    return entry
  }
  const { free } = algebra
  const constant = (primal: A): Traced<A> => ({ primal, entry: undefined })

  const pullback: Tape<A>["pullback"] = (outputs, cotangents, inputs) => {
    const accumulated = new Map<number, A>()
    const accumulate = (entry: TapeEntry<A>, cotangent: A): void => {
      const before = accumulated.get(entry.index)
      accumulated.set(entry.index, before === undefined ? cotangent : ops.add(before, cotangent))
    }
    let last = -1
    outputs.forEach(({ entry }, i) => {
      const cotangent = cotangents[i] as A | Zero
      if (entry === undefined || cotangent === Zero) return
      accumulate(entry, cotangent)
      last = Math.max(last, entry.index)
    })
    for (let index = last; index >= 0; index--) {
      const cotangent = accumulated.get(index)
      const { step } = entries[index]!
      if (cotangent === undefined || step === undefined) continue
      // Nothing later can add to it, and no earlier step needs it.
      accumulated.delete(index)
      const { attributes, primitive, result } = step
      const operands = step.operands.map((operand) => operand.primal)
      const context: AnyContext<A> = { ops, attributes, operands, result, type: algebra.typeOf(result) }
      const rule = table[primitive]
      const elementwise = Primitive.definitions[primitive].family === "elementwise"
      step.operands.forEach(({ entry, primal }, position) => {
        if (entry === undefined) return
        if (typeof rule === "function") {
          accumulate(entry, rule(cotangent, context, position))
          return
        }
        const pull = rule[position]!
        if (pull === Zero) return
        const pulled = pull(cotangent, context)
        // An operand that was broadcast was used several times: its cotangents add up.
        accumulate(
          entry,
          elementwise ? ops.sumTo(ops.broadcastLike(pulled, context.type.shape), algebra.typeOf(primal).shape) : pulled
        )
      })
    }
    return inputs.map(({ entry }) => (entry === undefined ? Zero : (accumulated.get(entry.index) ?? Zero)))
  }

  return {
    algebra: {
      apply: (primitive, attributes, carriers, type) => {
        const operands = carriers as ReadonlyArray<Traced<A>>
        const result = algebra.apply(primitive, attributes, operands.map((operand) => operand.primal) as never, type)
        const rule = table[primitive]
        const varies = operands.some(
          ({ entry }, i) => entry !== undefined && (typeof rule === "function" || rule[i] !== Zero)
        )
        return varies
          ? { primal: result, entry: record({ primitive, attributes, operands, result }) }
          : constant(result)
      },
      constant: (value) => constant(algebra.constant(value)),
      typeOf: ({ primal }) => algebra.typeOf(primal),
      ...(free === undefined ? {} : { free: (expr) => constant(free(expr)) })
    },
    input: (primal) => ({ primal, entry: record(undefined) }),
    pullback
  }
}
