import { type Expr, Fn, Shape, type Tensor } from "@fluxion/core"
import * as fc from "fast-check"
import { type Draw, type Operand, type Value, evaluateTerm, operations } from "../internal/operations.ts"
import { type Term, build, call, print, references, value } from "../internal/term.ts"
import { shape as arbitraryShape } from "./shape.ts"
import { type TensorConstraints, tensor } from "./tensor.ts"

/**
 * A program with inputs to run it at, and the code that builds both.
 *
 * **Details**
 *
 * Prints as its code, so a counterexample can be pasted into a test.
 *
 * @category models
 * @since 0.1.0
 */
export interface Program {
  readonly fn: Fn.Fn<Inputs, readonly []>
  readonly inputs: { readonly [name: string]: Tensor.Tensor | number }
  readonly code: string
}

/**
 * The inputs of an arbitrary program: arrays of reals by name.
 *
 * @category models
 * @since 0.1.0
 */
export interface Inputs {
  readonly [name: string]: Shape.Shape
}

/**
 * Constraints of `program`.
 *
 * **Details**
 *
 * - `minOperations`, `maxOperations`: how many operations are asked for, 1 and 30 by default. Those that do not fit (a matrix product
 *   where there are no matrices) are left out.
 * - `kinks`: `"avoid"` (default) has operations with kinks, but only where the arguments keep a distance of 0.1 from them; `"none"`
 *   has none; `"allow"` has them anywhere.
 * - `domains`: `"safe"` (default) keeps arguments well inside the domain of each function (`log(softplus(x) + 0.5)` where `x` is not positive)
 *   and values below 100; `"any"` lets NaN and infinities flow.
 * - `inputs`: how many inputs at most, 3 by default. `shapes`: their shapes (ranks 0 to 3). `values`: their elements.
 * - `maxSize`: elements of any intermediate array at most, 64 by default.
 *
 * @category options
 * @since 0.1.0
 */
export interface ProgramConstraints {
  readonly minOperations?: number
  readonly maxOperations?: number
  readonly kinks?: "avoid" | "none" | "allow"
  readonly domains?: "safe" | "any"
  readonly inputs?: number
  readonly shapes?: fc.Arbitrary<Shape.Shape>
  readonly values?: TensorConstraints
  readonly maxSize?: number
}

interface Instruction {
  readonly operation: number
  readonly picks: ReadonlyArray<number>
  readonly choices: ReadonlyArray<number>
}

const inputNames = ["x", "y", "z", "u", "v", "w"]

/** Far enough below infinity that no derivative of a few operations overflows. */
const largest = 100

class ProgramImpl implements Program {
  readonly fn: Fn.Fn<Inputs, readonly []>
  readonly inputs: { readonly [name: string]: Tensor.Tensor | number }
  readonly code: string
  constructor(fn: Fn.Fn<Inputs, readonly []>, inputs: Program["inputs"], code: string) {
    this.fn = fn
    this.inputs = inputs
    this.code = code
  }
  toString(): string {
    return this.code
  }
  [fc.toStringMethod](): string {
    return `\n${this.code}\n`
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.code
  }
}

const assemble = (
  tensors: ReadonlyArray<Tensor.Tensor>,
  instructions: ReadonlyArray<Instruction>,
  constraints: ProgramConstraints
): Program => {
  const maxSize = constraints.maxSize ?? 64
  const safe = (constraints.domains ?? "safe") === "safe"
  const kinks = constraints.kinks ?? "avoid"
  const available = kinks === "none" ? operations.filter((operation) => !operation.kinks) : operations
  const values: Array<Value> = tensors.map((given, id) => ({ id, tensor: given }))
  const terms: Array<Term | undefined> = tensors.map(() => undefined)

  for (const { choices, operation, picks } of instructions) {
    // What an instruction shrinks to: nothing.
    if (operation === 0) continue
    let pickAt = 0
    let choiceAt = 0
    const draw: Draw = {
      maxSize,
      safe,
      avoidKinks: kinks !== "allow",
      choose: (count) => choices[choiceAt++ % choices.length]! % count,
      // Counted from the end: leaving out an earlier instruction changes little.
      pick: (condition = () => true) => {
        const candidates = values.filter((candidate) => condition(candidate.tensor.shape))
        const chosen = candidates[candidates.length - 1 - (picks[pickAt++ % picks.length]! % candidates.length)]
        return chosen === undefined
          ? undefined
          : ({ term: value(chosen.id), shape: chosen.tensor.shape, tensor: chosen.tensor } satisfies Operand)
      },
      evaluate: (term) => evaluateTerm(term, values)
    }
    const term = available[(operation - 1) % available.length]!.make(draw)
    if (term === undefined) continue
    const result = evaluateTerm(term, values)
    if (safe && !result.data.every((x) => Math.abs(x) <= largest)) continue
    terms.push(term)
    values.push({ id: values.length, tensor: result })
  }

  // Everything that nothing else uses flows into the output.
  const used = new Set(terms.flatMap((term) => (term === undefined ? [] : references(term))))
  const results = values.filter(({ id }) => id >= tensors.length && !used.has(id))
  const summands = (results.length === 0 ? values.slice(-1) : results).map(({ id, tensor: { shape } }) =>
    shape.length === 0 ? value(id) : call("sum", value(id))
  )
  const output = summands.reduce((total, summand) => call("add", total, summand))

  const name = (id: number): string => (id < tensors.length ? inputNames[id]! : `t${id - tensors.length + 1}`)
  const record = (field: (given: Tensor.Tensor) => string): string =>
    `{ ${tensors.map((given, id) => `${inputNames[id]}: ${field(given)}`).join(", ")} }`
  const names = tensors.map((_, id) => inputNames[id]).join(", ")
  const code = [
    `const program = Fn.make(${record(({ shape }) => `[${shape.join(", ")}]`)}, ({ ${names} }) => {`,
    ...terms.flatMap((term, id) => (term === undefined ? [] : [`  const ${name(id)} = ${print(term, name)}`])),
    `  return ${print(output, name)}`,
    `})`,
    `const inputs = ${record((given) =>
      given.shape.length === 0
        ? String(given.data[0])
        : Shape.size(given.shape) === 0
          ? `Tensor.zeros([${given.shape.join(", ")}])`
          : `Tensor.make(${given})`
    )}`
  ].join("\n")

  const specification = Object.fromEntries(tensors.map(({ shape }, id) => [inputNames[id]!, shape]))
  const fn = Fn.make(specification, (exprs) => {
    const built: Array<Expr.Any> = tensors.map((_, id) => exprs[inputNames[id]!] as Expr.Any)
    const at = (id: number): Expr.Any => built[id]!
    terms.forEach((term, id) => {
      if (term !== undefined) built[id] = build(term, at) as Expr.Any
    })
    return build(output, at) as Expr.Expr<readonly []>
  })
  const inputs = Object.fromEntries(
    tensors.map((given, id) => [inputNames[id]!, given.shape.length === 0 ? given.data[0]! : given])
  )
  return new ProgramImpl(fn as unknown as Fn.Fn<Inputs, readonly []>, inputs, code)
}

/** Shapes that broadcast against each other more often than not. */
const related = (shapes: fc.Arbitrary<Shape.Shape>, count: number): fc.Arbitrary<ReadonlyArray<Shape.Shape>> =>
  fc
    .tuple(
      shapes,
      fc.array(
        fc.record({ keep: fc.nat({ max: 4 }), ones: fc.nat({ max: 15 }), other: fc.option(shapes, { freq: 2 }) }),
        {
          maxLength: count - 1
        }
      )
    )
    .map(([base, others]) => [
      base,
      ...others.map(({ keep, ones, other }) =>
        other === null
          ? base.slice(Math.max(0, base.length - keep)).map((n, i) => ((ones >> i) % 4 === 3 ? 1 : n))
          : other
      )
    ])

/**
 * An arbitrary program of one scalar output, over all primitives and derived functions that carry derivatives, with inputs.
 *
 * **Details**
 *
 * Intermediate results are shared, broadcast, reduced, contracted and moved about; whatever nothing else uses is summed into the output. By default the
 * program is smooth around its inputs, so numerical derivatives exist there. (`stopGradient` is left out: no difference quotient sees it.)
 *
 * Shrinks by leaving out operations, then towards simpler operations, smaller shapes and rounder numbers, and prints as the code that builds it.
 *
 * @example
 * ```ts
 * import { Fn } from "@fluxion/core"
 * import { Arbitraries } from "@fluxion/testing"
 * import * as fc from "fast-check"
 *
 * const finite = fc.property(Arbitraries.program(), ({ fn, inputs }) => Number.isFinite(Fn.runSync(fn, inputs)))
 * console.log(fc.check(finite, { numRuns: 20 }).failed) // false
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const program = (constraints: ProgramConstraints = {}): fc.Arbitrary<Program> => {
  const count = Math.min(constraints.inputs ?? 3, inputNames.length)
  const shapes = constraints.shapes ?? arbitraryShape({ maxRank: 3, maxDimension: 3, maxSize: 12 })
  const pick = fc.oneof({ weight: 2, arbitrary: fc.nat({ max: 2 }) }, fc.nat({ max: 40 }))
  const instruction: fc.Arbitrary<Instruction> = fc.record({
    operation: fc.noBias(fc.nat({ max: operations.length })),
    picks: fc.array(pick, { minLength: 4, maxLength: 4 }),
    choices: fc.array(fc.noBias(fc.nat({ max: 419 })), { minLength: 12, maxLength: 12 })
  })
  return related(shapes, count).chain((chosen) =>
    fc
      .tuple(
        fc.tuple(...chosen.map((shape) => tensor(shape, constraints.values ?? { min: -2, max: 2 }))),
        fc.array(instruction, {
          minLength: constraints.minOperations ?? 1,
          maxLength: constraints.maxOperations ?? 30,
          size: "max"
        })
      )
      .map(([tensors, instructions]) => assemble(tensors, instructions, constraints))
  )
}
