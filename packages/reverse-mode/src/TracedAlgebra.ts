/**
 * Reverse mode as a transformer of algebras: carriers become traced carriers, and one backward sweep pulls cotangents back.
 *
 * @since 0.1.0
 */
import { type Algebra, CallSite, Operations, Primitive } from "@fluxion/core"
import { type AnyContext, Zero } from "@fluxion/core/Rule"
import type { Tape, TapeEntry, Traced } from "./Tape.ts"
import type { ControlVjpRule } from "./VjpRule.ts"
import { controlRules, rules } from "./VjpRules.ts"

type PerOperand = ReadonlyArray<(<A>(cotangent: A, context: AnyContext<A>) => A) | Zero>
type Variadic = <A>(cotangent: A, context: AnyContext<A>, position: number) => A

const table = rules as unknown as Record<Primitive.Name, PerOperand | Variadic>

const controlTable = controlRules as unknown as Record<Primitive.ControlName, ControlVjpRule<"call">>

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
  const controlContext = (attributes: object, operands: ReadonlyArray<Traced<A>>) => ({
    attributes: attributes as Primitive.CallAttributes,
    varies: operands.map(({ entry }) => entry !== undefined),
    trace: traced
  })

  const pullback: Tape<A>["pullback"] = (outputs, cotangents, inputs) => {
    const before = CallSite.inherited()
    try {
      return sweep(outputs, cotangents, inputs)
    } finally {
      CallSite.inherit(before)
    }
  }
  const sweep: Tape<A>["pullback"] = (outputs, cotangents, inputs) => {
    const accumulated = new Map<number, A>()
    const accumulate = (entry: TapeEntry<A>, cotangent: A): void => {
      const before = accumulated.get(entry.index)
      accumulated.set(entry.index, before === undefined ? cotangent : ops.add(before, cotangent))
    }
    // The cotangents of the results of control primitives, by the position of their steps.
    const results = new Map<number, Array<A | Zero>>()
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
      if (step._tag === "Control") {
        const cotangents = results.get(index)
        if (cotangents === undefined) continue
        results.delete(index)
        const { accumulates, pullback } = controlTable[step.primitive]
        // What stands in several places has what it got so far in the first.
        const seen = new Set<number>()
        const before = step.operands.map(({ entry }): A | Zero => {
          if (accumulates !== true || entry === undefined || seen.has(entry.index)) return Zero
          seen.add(entry.index)
          return accumulated.get(entry.index) ?? Zero
        })
        CallSite.inherit(step.site)
        const pulled = pullback(
          algebra,
          cotangents,
          step.operands.map((operand) => operand.primal),
          step,
          controlContext(step.attributes, step.operands),
          before
        )
        step.operands.forEach(({ entry }, i) => {
          const own = pulled[i] as A | Zero
          if (entry === undefined || own === Zero) return
          if (before[i] === Zero) accumulate(entry, own)
          else accumulated.set(entry.index, own)
        })
        continue
      }
      if (cotangent === undefined || step._tag === "Input") continue
      // Nothing later can add to it, and no earlier step needs it.
      accumulated.delete(index)
      if (step._tag === "Project") {
        const of = entries[step.of]!.step as Extract<TapeEntry<A>["step"], { readonly _tag: "Control" }>
        const cotangents = results.get(step.of) ?? new Array<A | Zero>(of.results.length).fill(Zero)
        results.set(step.of, cotangents)
        cotangents[step.position] = cotangent
        continue
      }
      CallSite.inherit(step.site)
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
        // A guard passes its operand on, with its place on the tape: so cotangents add up in the same order, to the same bits, as without it.
        if (primitive === "ensure" || primitive === "after") return { primal: result, entry: operands[0]!.entry }
        const rule = table[primitive]
        const varies = operands.some(
          ({ entry }, i) => entry !== undefined && (typeof rule === "function" || rule[i] !== Zero)
        )
        return varies
          ? {
              primal: result,
              entry: record({ _tag: "Apply", primitive, attributes, operands, result, site: CallSite.inherited() })
            }
          : constant(result)
      },
      applyMany: (primitive, attributes, operands, types) => {
        const primals = operands.map((operand) => operand.primal)
        const apply = (): ReadonlyArray<A> => algebra.applyMany(primitive, attributes, primals, types)
        if (operands.every(({ entry }) => entry === undefined)) return apply().map(constant)
        const context = controlContext(attributes, operands)
        const { active, forward } = controlTable[primitive]
        const varies = active(context)
        if (!varies.includes(true)) return apply().map(constant)
        const { residuals, results } =
          forward === undefined ? { residuals: [], results: apply() } : forward(algebra, primals, context)
        const site = CallSite.inherited()
        const { index } = record({ _tag: "Control", primitive, attributes, operands, residuals, results, site })
        return results.map((primal, position) =>
          varies[position] === true
            ? { primal, entry: record({ _tag: "Project", of: index, position }) }
            : constant(primal)
        )
      },
      constant: (value) => constant(algebra.constant(value)),
      typeOf: ({ primal }) => algebra.typeOf(primal),
      ...(free === undefined ? {} : { free: (expr) => constant(free(expr)) })
    },
    input: (primal) => ({ primal, entry: record({ _tag: "Input" }) }),
    pullback
  }
}
