import { type Fn, Shape, type Tensor } from "@fluxion/core"
import * as fc from "fast-check"
import { controls } from "../internal/controls.ts"
import { operations } from "../internal/operations.ts"
import { type Instruction, type Language, Scope, language } from "../internal/scope.ts"
import { build, call, lambda, literal, printer } from "../internal/term.ts"
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
 * - `controlFlow` (on by default): `cond`, `map`, `scan`, `fold`, `iterate`, `whileLoop`, and inner programs that are applied, called and mapped. Bodies capture
 *   values from every level around them. `derivatives` (on by default): inner programs that are differentiated, by both modes. `depth`: how deeply bodies
 *   nest, 2 by default. Operations in bodies count towards
 *   `maxOperations`, an inner program and its uses (at two places at most) as one more.
 * - `reductions`, `linearAlgebra` (on by default): whether there are any. (Sums and means that gather results are there in any case.)
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
  readonly controlFlow?: boolean
  readonly derivatives?: boolean
  readonly reductions?: boolean
  readonly linearAlgebra?: boolean
  readonly depth?: number
  readonly inputs?: number
  readonly shapes?: fc.Arbitrary<Shape.Shape>
  readonly values?: TensorConstraints
  readonly maxSize?: number
}

const inputNames = ["x", "y", "z", "u", "v", "w"]

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

/** The first instructions, those of bodies counted. */
const within = (instructions: ReadonlyArray<Instruction>, budget: { left: number }): ReadonlyArray<Instruction> =>
  instructions.flatMap((instruction) => {
    if (budget.left <= 0) return []
    budget.left--
    return [{ ...instruction, bodies: instruction.bodies.map((body) => within(body, budget)) }]
  })

const assemble = (
  tensors: ReadonlyArray<Tensor.Tensor>,
  instructions: ReadonlyArray<Instruction>,
  known: Language,
  maxSize: number
): Program => {
  const values = tensors.map((given, id) => ({ id, shape: given.shape, samples: [given] }))
  const scope = new Scope(known, { next: tensors.length }, 1, maxSize, values, new Map()).follow(instructions)

  // Everything that nothing else uses flows into the output.
  const unused = scope.unused([])
  const block = scope.block(scope.total(unused.length === 0 ? values.slice(-1) : unused, false) ?? literal(0))

  const names = tensors.map((_, id) => inputNames[id]!)
  const record = (field: (given: Tensor.Tensor) => string): string =>
    `{ ${tensors.map((given, id) => `${names[id]}: ${field(given)}`).join(", ")} }`
  const f = lambda([Object.fromEntries(names.map((name, id) => [name, id]))], block)
  const print = printer(new Map(names.map((name, id) => [id, name])))
  const code = [
    `const program = Fn.make(${record(({ shape }) => `[${shape.join(", ")}]`)}, ${print(f, "")})`,
    `const inputs = ${record((given) =>
      given.shape.length === 0
        ? String(given.data[0])
        : Shape.size(given.shape) === 0
          ? `Tensor.zeros([${given.shape.join(", ")}])`
          : `Tensor.make(${given})`
    )}`
  ].join("\n")

  const specification = Object.fromEntries(tensors.map(({ shape }, id) => [names[id]!, shape]))
  const fn = build(call("Fn.make", literal(specification), f), () => undefined) as Fn.Fn<Inputs, readonly []>
  const inputs = Object.fromEntries(
    tensors.map((given, id) => [names[id]!, given.shape.length === 0 ? given.data[0]! : given])
  )
  return new ProgramImpl(fn, inputs, code)
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
 * An arbitrary program of one scalar output, over all primitives, control flow and derived functions that carry derivatives, with inputs.
 *
 * **Details**
 *
 * Intermediate results are shared, broadcast, reduced, contracted and moved about; whatever nothing else uses is summed into the output. By default the
 * program is smooth around its inputs, so numerical derivatives exist there: also inside loops, every time that a body runs. Loops run a few
 * times, `whileLoop` as often as its inputs say. (`stopGradient` is left out: no difference quotient sees it.)
 *
 * Shrinks by leaving out operations, by putting what is in a body in the place of its loop or condition, then towards simpler operations, fewer iterations, smaller
 * shapes and rounder numbers, and prints as the code that builds it.
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
  const picks = fc.array(pick, { minLength: 4, maxLength: 4 })
  const choices = fc.array(fc.noBias(fc.nat({ max: 419 })), { minLength: 12, maxLength: 12 })
  const known = language({
    kinks: constraints.kinks ?? "avoid",
    domains: constraints.domains ?? "safe",
    controlFlow: constraints.controlFlow ?? true,
    derivatives: constraints.derivatives ?? true,
    reductions: constraints.reductions ?? true,
    linearAlgebra: constraints.linearAlgebra ?? true
  })
  const plain: fc.Arbitrary<Instruction> = fc.record({
    operation: fc.noBias(fc.nat({ max: operations.length })),
    picks,
    choices,
    bodies: fc.constant([]),
    inline: fc.constant(false)
  })
  const instruction = (depth: number): fc.Arbitrary<Instruction> => {
    if (depth === 0 || known.controls.length === 0) return plain
    // A rare choice, but what an instruction shrinks to.
    const inline = fc.oneof(
      { withCrossShrink: true },
      { weight: 1, arbitrary: fc.constant(true) },
      { weight: 19, arbitrary: fc.constant(false) }
    )
    const body = fc.array(instruction(depth - 1), { minLength: 1, maxLength: 5, size: "max" })
    const control: fc.Arbitrary<Instruction> = fc.record({
      operation: fc.noBias(fc.nat({ max: controls.length })),
      picks,
      choices,
      bodies: fc.tuple(body, body),
      inline
    })
    return fc.oneof({ withCrossShrink: true }, { weight: 4, arbitrary: plain }, { weight: 1, arbitrary: control })
  }
  const maxOperations = constraints.maxOperations ?? 30
  return related(shapes, count).chain((chosen) =>
    fc
      .tuple(
        fc.tuple(...chosen.map((shape) => tensor(shape, constraints.values ?? { min: -2, max: 2 }))),
        fc.array(instruction(constraints.depth ?? 2), {
          minLength: constraints.minOperations ?? 1,
          maxLength: maxOperations,
          size: "max"
        })
      )
      .map(([tensors, instructions]) =>
        assemble(tensors, within(instructions, { left: maxOperations }), known, constraints.maxSize ?? 64)
      )
  )
}
