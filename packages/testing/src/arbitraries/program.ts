import { type Fn, Shape, Tensor, Tree, type Type } from "@fluxion/core"
import * as fc from "fast-check"
import { valueCode } from "../internal/code.ts"
import { controls } from "../internal/controls.ts"
import { fit } from "../internal/fit.ts"
import { leafNames } from "../internal/names.ts"
import { operations } from "../internal/operations.ts"
import { ranked } from "../internal/ranked.ts"
import { listOf } from "../internal/lists.ts"
import { type Discrete, type Instruction, type Language, Scope, type Value, language } from "../internal/scope.ts"
import {
  type Pattern,
  type Term,
  build,
  call,
  lambda,
  list,
  literal,
  printer,
  record,
  specification,
  value
} from "../internal/term.ts"
import { point } from "./point.ts"
import { shape as arbitraryShape } from "./shape.ts"
import { type TensorConstraints, element } from "./tensor.ts"

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
export interface Program<I extends Tree.Spec = Inputs, O = readonly []> {
  readonly fn: Fn.Fn<I, O>
  readonly inputs: Tree.Value<I>
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
 * The outputs of a program that was asked for with these ones: a type of reals is its shape.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Outputs<O> = [Tree.Spec] extends [O]
  ? Tree.Spec
  : O extends Shape.Shape
    ? O
    : O extends Type.Type<infer D, infer S>
      ? D extends "real"
        ? S
        : O
      : { readonly [K in keyof O]: Outputs<O[K]> }

/**
 * Constraints of `program`.
 *
 * **Details**
 *
 * - `outputs`: what the program computes, a tree of shapes and types; one scalar by default.
 * - `minOperations`, `maxOperations`: how many operations are asked for, 1 and 30 by default. Those that do not fit (a matrix product
 *   where there are no matrices) are left out; what brings results to the shapes of the outputs comes on top.
 * - `kinks`: `"avoid"` (default) has operations with kinks, but only where the arguments keep a distance of 0.1 from them; `"none"`
 *   has none; `"allow"` has them anywhere. (Outputs of indices and truth values jump in any case.)
 * - `domains`: `"safe"` (default) keeps arguments well inside the domain of each function (`log(softplus(x) + 0.5)` where `x` is not positive)
 *   and values below 100; `"any"` lets NaN and infinities flow.
 * - `controlFlow` (on by default): `cond`, `map`, `scan`, `fold`, `iterate`, `whileLoop`, and inner programs that are applied, called and mapped. Bodies capture
 *   values from every level around them. `derivatives` (on by default): inner programs that are differentiated, by both modes. `depth`: how deeply bodies
 *   nest, 2 by default. Operations in bodies count towards
 *   `maxOperations`, an inner program and its uses (at two places at most) as one more.
 * - `reductions`, `linearAlgebra` (on by default): whether there are any. (Sums and means that gather results are there in any case.)
 * - `inputs`: how many inputs at most, 3 by default. `shapes`: their shapes (ranks 0 to 3). `values`: their elements, from -2 to 2 by default.
 * - `maxSize`: elements of any intermediate array at most, 64 by default.
 *
 * @category options
 * @since 0.1.0
 */
export interface ProgramConstraints<O extends Tree.Spec = readonly []> {
  readonly outputs?: O
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

/**
 * Constraints of `program` where its inputs are given: `inputs` is their specification, and `points` an arbitrary of their values,
 * `Arbitraries.point(inputs, { reals: { min: -2, max: 2 } })` by default. The others are those of `ProgramConstraints`.
 *
 * @category options
 * @since 0.1.0
 */
export interface TypedProgramConstraints<I extends Tree.Spec, O extends Tree.Spec = readonly []> extends Omit<
  ProgramConstraints<O>,
  "inputs" | "shapes"
> {
  readonly inputs: I
  readonly points?: fc.Arbitrary<Tree.Value<NoInfer<I>>>
}

/** How many elements an input has at most, unless its shape is asked for. */
const maxInputSize = 12

const inputNames = ["x", "y", "z", "u", "v", "w"]

class ProgramImpl {
  readonly fn: Fn.Any
  readonly inputs: unknown
  readonly code: string
  constructor(fn: Fn.Any, inputs: unknown, code: string) {
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

/** The tree of a specification with a term for each leaf, as a term. */
const termOf = (spec: Tree.Spec, terms: Iterator<Term>): Term => {
  if (Tree.isLeaf(spec)) return terms.next().value as Term
  if (Array.isArray(spec)) return list(...(spec as ReadonlyArray<Tree.Spec>).map((child) => termOf(child, terms)))
  return record(
    Object.fromEntries(Object.entries(spec as Tree.SpecRecord).map(([key, child]) => [key, termOf(child, terms)]))
  )
}

/** What decides how values are brought to the shape of an output. */
type Fitting = Pick<Instruction, "choices" | "picks">

interface Plan {
  readonly inputs: Tree.Spec
  readonly at: unknown
  readonly instructions: ReadonlyArray<Instruction>
  readonly outputs: Tree.Spec
  readonly fittings: ReadonlyArray<Fitting>
}

/** The outputs as a term. Everything that nothing else uses flows into them. */
const outputsOf = (scope: Scope, { fittings, outputs }: Plan): Term => {
  const types = Tree.leaves(outputs).map(({ type }) => type)
  if (types.length === 1 && types[0]!.elementType === "real" && types[0]!.shape.length === 0) {
    const unused = scope.unused([])
    const total = scope.total(unused.length === 0 ? scope.values.slice(-1) : unused, false)
    return termOf(outputs, [total ?? literal(0)].values())
  }
  const fitted = types.map(({ shape }, i) => fit(scope.draw(fittings[i]!), shape))
  const rest = scope.total(scope.unused(fitted), true)
  const terms = fitted.map((term, i) => {
    const whole = i === 0 && rest !== undefined ? call("add", term, rest) : term
    switch (types[i]!.elementType) {
      case "real":
        return whole
      case "index":
        return call("toIndex", whole)
      case "bool":
        return call("gt", whole, literal(0))
    }
  })
  return termOf(outputs, terms.values())
}

const assemble = (plan: Plan, known: Language, maxSize: number): ProgramImpl => {
  const { at, inputs, instructions } = plan
  const tensors = Tree.toTensors("Arbitraries.program", inputs, at)
  const values: Array<Value> = []
  const discrete: Array<Discrete> = []
  tensors.forEach((given, id) => {
    if (given.elementType === "real") values.push({ id, shape: given.shape, samples: [given] })
    else discrete.push({ id, type: given, samples: [given] })
  })
  const scope = new Scope(known, { next: tensors.length }, 1, maxSize, values, new Map(), discrete)
  // Operations take reals: where none are given, they are made of what is.
  if (values.length === 0) {
    for (const { id } of discrete) scope.add({ pattern: scope.ids.next++, term: call("toReal", value(id)) })
  }
  scope.follow(instructions)
  const pattern = Tree.unflatten(
    inputs,
    tensors.map((_, id) => id)
  ) as Pattern
  const term = call("Fn.make", specification(inputs), lambda([pattern], scope.block(outputsOf(scope, plan))))
  const inlined = new Set<number>()
  const print = printer(new Map(leafNames(inputs).map((name, id) => [id, name])), inlined)
  const code = [`const program = ${print(term, "")}`, `const inputs = ${valueCode(at)}`].join("\n")
  return new ProgramImpl(build(term, () => undefined, inlined) as Fn.Any, at, code)
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
 * An arbitrary program over all primitives, control flow and derived functions that carry derivatives, with inputs to run it at.
 *
 * **Details**
 *
 * It takes what `inputs` says (a tree of shapes and types, or a number: that many arrays of reals at most) and computes what `outputs` says, one scalar by default; its type says so.
 * Intermediate results are shared, broadcast, reduced, contracted and moved about. What is computed is brought to the shapes of the outputs by sums and means over
 * axes, slices, products and the like; and whatever nothing else uses is added to the first output. By default the
 * program is smooth around its inputs, so numerical derivatives exist there: also inside loops, every time that a body runs. Loops run a few
 * times, `whileLoop` as often as its inputs say. (`stopGradient` is left out: no difference quotient sees it.) Inputs of indices choose places in `gather` and labels in `crossEntropy`,
 * truth values choose in `select` and `cond`.
 *
 * Shrinks by leaving out operations, by putting what is in a body in the place of its loop or condition, then towards simpler operations, fewer iterations, smaller
 * shapes (where they are not given) and rounder numbers, and prints as the code that builds it.
 *
 * @example
 * ```ts
 * import { Fn, Type } from "@fluxion/core"
 * import { Arbitraries } from "@fluxion/testing"
 * import * as fc from "fast-check"
 *
 * const finite = fc.property(Arbitraries.program(), ({ fn, inputs }) => Number.isFinite(Fn.runSync(fn, inputs)))
 * console.log(fc.check(finite, { numRuns: 20 }).failed) // false
 *
 * const typed = Arbitraries.program({ inputs: { w: [2, 3], row: Type.index([]) }, outputs: [3], maxOperations: 5 })
 * const three = fc.property(typed, ({ fn, inputs }) => Fn.runSync(fn, inputs).data.length === 3)
 * console.log(fc.check(three, { numRuns: 20 }).failed) // false
 *
 * const shrunk = fc.check(fc.property(typed, ({ fn }) => !Fn.isFn(fn)))
 * console.log(shrunk.counterexample?.[0].code.split("\n")[0])
 * // const program = Fn.make({ w: [2, 3], row: Type.index([]) }, ({ w, row }) => Expr.sum(w, { axis: 0 }))
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const program: {
  <const O extends Tree.Spec = readonly []>(
    constraints?: ProgramConstraints<O>
  ): fc.Arbitrary<Program<Inputs, Outputs<O>>>
  <const I extends Tree.Spec, const O extends Tree.Spec = readonly []>(
    constraints: TypedProgramConstraints<I, O>
  ): fc.Arbitrary<Program<I, Outputs<O>>>
} = (
  constraints: Omit<ProgramConstraints<Tree.Spec>, "inputs"> & {
    readonly inputs?: number | Tree.Spec
    readonly points?: fc.Arbitrary<unknown>
  } = {}
): fc.Arbitrary<never> => {
  const given = typeof constraints.inputs === "object" ? constraints.inputs : undefined
  const pick = fc.oneof({ weight: 2, arbitrary: fc.nat({ max: 2 }) }, fc.nat({ max: 40 }))
  const picks = listOf(pick, 4, 4)
  const choices = listOf(fc.noBias(fc.nat({ max: 419 })), 12, 12)
  const known = language({
    kinks: constraints.kinks ?? "avoid",
    domains: constraints.domains ?? "safe",
    controlFlow: constraints.controlFlow ?? true,
    derivatives: constraints.derivatives ?? true,
    reductions: constraints.reductions ?? true,
    linearAlgebra: constraints.linearAlgebra ?? true,
    discrete: given !== undefined && Tree.leaves(given).some(({ type }) => type.elementType !== "real")
  })
  const plain: fc.Arbitrary<Instruction> = fc.record({
    operation: ranked(operations.length),
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
    const body = listOf(instruction(depth - 1), 1, 5)
    const control: fc.Arbitrary<Instruction> = fc.record({
      operation: ranked(controls.length),
      picks,
      choices,
      bodies: fc.tuple(body, body),
      inline
    })
    return fc.oneof({ withCrossShrink: true }, { weight: 4, arbitrary: plain }, { weight: 1, arbitrary: control })
  }
  const maxOperations = constraints.maxOperations ?? 30
  const outputs = constraints.outputs ?? []
  const fitting: fc.Arbitrary<Fitting> = fc.record({ picks, choices })
  const instructions = listOf(instruction(constraints.depth ?? 2), constraints.minOperations ?? 1, maxOperations)
  const leaves = Tree.leaves(outputs).length
  const fittings = listOf(fitting, leaves, leaves)
  const reals = constraints.values ?? { min: -2, max: 2 }
  const programOf = (
    inputs: Tree.Spec,
    at: unknown,
    given: ReadonlyArray<Instruction>,
    own: ReadonlyArray<Fitting>
  ) => {
    const plan = { inputs, at, instructions: within(given, { left: maxOperations }), outputs, fittings: own }
    return assemble(plan, known, constraints.maxSize ?? 64)
  }
  const programs = (inputs: Tree.Spec, points: fc.Arbitrary<unknown>): fc.Arbitrary<ProgramImpl> =>
    fc.tuple(points, instructions, fittings).map(([at, followed, own]) => programOf(inputs, at, followed, own))
  if (given !== undefined) {
    return programs(given, constraints.points ?? point(given, { reals })) as fc.Arbitrary<never>
  }
  const count = Math.min(typeof constraints.inputs === "number" ? constraints.inputs : 3, inputNames.length)
  const named = (chosen: ReadonlyArray<Shape.Shape>): { readonly [name: string]: Shape.Shape } =>
    Object.fromEntries(chosen.map((shape, id) => [inputNames[id]!, shape]))
  if (constraints.shapes !== undefined) {
    return related(constraints.shapes, count).chain((chosen) => {
      const inputs = named(chosen)
      return programs(inputs, point(inputs, { reals }))
    }) as fc.Arbitrary<never>
  }
  // Enough elements for any shape: so shapes can still shrink when operations have.
  const elements = listOf(element(reals), maxInputSize, maxInputSize)
  const shapes = related(arbitraryShape({ maxRank: 3, maxDimension: 3, maxSize: maxInputSize }), count)
  const data = listOf(elements, count, count)
  return fc.tuple(shapes, data, instructions, fittings).map(([chosen, numbers, followed, own]) => {
    const inputs = named(chosen)
    const tensors = chosen.map((shape, i) => Tensor.fromArray(numbers[i]!.slice(0, Shape.size(shape)), shape))
    return programOf(inputs, Tree.fromTensors(inputs, tensors), followed, own)
  }) as fc.Arbitrary<never>
}
