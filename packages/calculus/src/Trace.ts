/**
 * Evaluation traces: what a program computes line by line, beside its tangents and its adjoints.
 *
 * @since 0.1.0
 */
import {
  type Algebra,
  Body,
  type Failure,
  Fn,
  Interpreter,
  type Primitive,
  type Requirement,
  Tensor,
  Tree
} from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Result } from "effect"
import { evaluateConstant, evaluateControl } from "./internal/execution.ts"
import { atom, formatTensor, texts, type Written } from "./internal/notation.ts"
import { isReal } from "./internal/passes.ts"
import { applyStep, type Step, stepsOf } from "./internal/steps.ts"
import { type Table, toMarkdownTable, toSvgTable, toTextTable, width } from "./internal/table.ts"

/**
 * One line of a trace, `label = expression = substituted = value`.
 *
 * **Details**
 *
 * `v1 = ln v-1 = ln 2 = 0.693`. A line of a control primitive with several results has all their labels, and their values side by side.
 *
 * @category models
 * @since 0.1.0
 */
export interface Line {
  readonly label: string
  /** What is computed, in terms of labels. */
  readonly expression: string
  /** The same with values in the place of labels. */
  readonly substituted: string
  /** The value, rounded and in short. */
  readonly text: string
  readonly values: ReadonlyArray<Tensor.Any>
}

/**
 * One line of the reverse trace: what a step adds to the adjoint of one of its operands.
 *
 * **Details**
 *
 * `v̄-1 = v̄-1 + v̄1 ∂v1/∂v-1 = v̄-1 + v̄1 / v-1 = 5.5`. `values` hold the adjoint so far.
 *
 * @category models
 * @since 0.1.0
 */
export interface AdjointLine extends Line {
  /** The rule, in terms of partial derivatives: `v̄4 ∂v4/∂v2`. */
  readonly derivative: string
  /** The position of the operand in the step. */
  readonly operand: number
  /** What this step alone adds. */
  readonly increment: Tensor.Any
}

/**
 * One row: an input, a step, or an output, with the tangent and the adjoints that belong to it.
 *
 * **Details**
 *
 * The adjoints of a row are in the order in which reverse mode computes them; those of an input are its final adjoint, those of an output its seed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Row {
  readonly kind: "input" | "step" | "output"
  /** The labels of the values that this row reads, in order; constants have none. */
  readonly operands: ReadonlyArray<string | undefined>
  readonly results: ReadonlyArray<string>
  readonly primitive: Primitive.Name | Primitive.ControlName | undefined
  readonly primal: Line
  readonly tangent: Line | undefined
  readonly adjoints: ReadonlyArray<AdjointLine>
}

/**
 * The traces of a program at a point.
 *
 * @category models
 * @since 0.1.0
 */
export interface Trace {
  readonly rows: ReadonlyArray<Row>
}

/**
 * Options of `make`.
 *
 * **Details**
 *
 * - `tangents`, `cotangents`: the seeds, trees of the real inputs (outputs). Without them the first element of the first real input (output) is 1, all others 0.
 * - `digits`: decimals of printed values, 3 by default. `elements`: how many elements of an array are printed, 4 by default.
 *
 * @category options
 * @since 0.1.0
 */
export interface TraceOptions<I = Tree.Spec, O = Tree.Spec> {
  readonly tangents?: Tree.Value<Tree.Tangent<I>>
  readonly cotangents?: Tree.Value<Tree.Tangent<O>>
  readonly digits?: number
  readonly elements?: number
}

type AnyTraceOptions = Omit<TraceOptions, "tangents" | "cotangents"> & {
  readonly tangents?: unknown
  readonly cotangents?: unknown
}

/** A value with the two ways to write it. */
interface Annotated {
  readonly value: Tensor.Any
  readonly symbol: Written
  readonly number: Written
}

const annotated = (format: (tensor: Tensor.Any) => string): Algebra<Annotated> => {
  const writing = texts(format, evaluateConstant)
  const numbers = Interpreter.algebra
  const constant = (value: Tensor.Any): Annotated => {
    const text = writing.constant(value)
    return { value, symbol: text, number: text }
  }
  return {
    apply: (primitive, attributes, operands, type) => {
      const given = operands as ReadonlyArray<Annotated>
      const value = numbers.apply(primitive, attributes, given.map((x) => x.value) as never, type)
      return {
        value,
        symbol: writing.apply(primitive, attributes, given.map((x) => x.symbol) as never, value),
        number: writing.apply(primitive, attributes, given.map((x) => x.number) as never, value)
      }
    },
    applyMany: (primitive, attributes, operands, types) => {
      const values = numbers.applyMany(
        primitive,
        attributes,
        operands.map((x) => x.value),
        types
      )
      const symbols = writing.applyMany(
        primitive,
        attributes,
        operands.map((x) => x.symbol),
        values
      )
      const texts = writing.applyMany(
        primitive,
        attributes,
        operands.map((x) => x.number),
        values
      )
      return values.map((value, i) => ({ value, symbol: symbols[i]!, number: texts[i]! }))
    },
    constant,
    typeOf: ({ value }) => value,
    free: (expr) => constant(evaluateConstant(expr))
  }
}

const dot = "\u0307"
const bar = "\u0304"

/** A mark over the first letter: v̇1, x̄2. */
const over = (label: string, mark: string): string => {
  const [first = "", ...rest] = label
  return `${first}${mark}`.normalize("NFC") + rest.join("")
}

const variables = "abcdefghijklmnopqrstuvwxyz"

/** What a body computes, as `(a, b) ↦ a + sin b`. */
const bodyText = (body: Primitive.Body, format: (tensor: Tensor.Any) => string): string => {
  const types = Body.inputTypes(body)
  const name = (i: number): string => (i < variables.length ? variables[i]! : `x${i}`)
  const outputs = Body.interpret(
    body,
    texts(format, evaluateConstant),
    types.map((type, i) => atom(name(i), type))
  ).map(({ text }) => text)
  const text = `(${types.map((_, i) => name(i)).join(", ")}) ↦ ${outputs.length === 1 ? outputs[0]! : `(${outputs.join(", ")})`}`
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

/** What a control primitive does at a point: the bodies that it evaluates, and how often. */
const controlText = (
  { attributes, primitive }: Step,
  operands: ReadonlyArray<Tensor.Any>,
  format: (tensor: Tensor.Any) => string
): string => {
  const evaluations = new Map<Primitive.Body, number>()
  evaluateControl(primitive as Primitive.ControlName, attributes, operands, (body) => (inputs) => {
    evaluations.set(body, (evaluations.get(body) ?? 0) + 1)
    return Body.interpret(body, Interpreter.algebra, inputs)
  })
  return Array.from(evaluations, ([body, times]) => `${times} × ${bodyText(body, format)}`).join("; ")
}

/** The names of inputs or outputs: their paths, or a letter for a tree that is one leaf. */
const namesOf = (leaves: ReadonlyArray<Tree.PathAndType>, single: string): ReadonlyArray<string> =>
  leaves.map(({ path }) => (path === "" ? single : path.startsWith("[") ? `${single}${path}` : path))

/** The given seeds, or a unit vector. */
const seeds = (operation: string, leaves: ReadonlyArray<Tree.PathAndType>, spec: Tree.Spec, given: unknown) => {
  const tensors = given === undefined ? undefined : Tree.toTensors(operation, Tree.tangentSpec(spec), given)
  let next = 0
  return leaves.map((leaf): Tensor.Any | Zero => {
    if (!isReal(leaf)) return Zero
    const position = next++
    if (tensors !== undefined) return tensors[position]!
    const data = Float64Array.from(Tensor.zeros(leaf.type.shape).data)
    if (position === 0 && data.length > 0) data[0] = 1
    return Tensor.fromArray(data, leaf.type.shape)
  })
}

/**
 * Makes the traces of a program at a point.
 *
 * **Details**
 *
 * As in Tables 2 and 3 of Baydin, Pearlmutter, Radul and Siskind, "Automatic differentiation in machine learning: a survey", JMLR 18 (2018): inputs are
 * `v-1, v0` (as many as there are leaves), steps `v1, v2, …` in the order in which the program was built, tangents `v̇`, adjoints `v̄`. Expressions come from
 * the rules of both modes themselves, values from applying them to numbers. Arrays are one value each, written in short. A control primitive is
 * one line, which says what its bodies compute and how often; its partial derivatives are written as such.
 *
 * Costs an evaluation and one pass of each mode, and keeps every value. A program that can fail does not type-check here: see `makeResult`.
 *
 * @example
 * ```ts
 * import { Trace } from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x1: [], x2: [] }, ({ x1, x2 }) => Expr.mul(x1, Expr.sin(x2)))
 * const { rows } = Trace.make(f, { x1: 2, x2: 5 })
 * console.log(rows.map(({ primal }) => primal.expression)) // [ 'x1', 'x2', 'sin v0', 'v-1 × v1', 'v2' ]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> &
    Requirement.CheckNone<R> &
    Forward.CheckForward<R> &
    Failure.CheckInfallible<E, "Trace.make", "Trace.makeResult">,
  at: Tree.Value<I>,
  options?: TraceOptions<I, O>
) => Trace = (f: Fn.Any, at: unknown, options?: AnyTraceOptions): Trace => traceOf(f, at, options)

/**
 * Makes the traces of a program that can fail: the traces, or its failure at the point.
 *
 * @example
 * ```ts
 * import { Trace } from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.checked.log(x))
 * console.log(Result.isSuccess(Trace.makeResult(f, { x: 2 }))) // true
 * const failed = Trace.makeResult(f, { x: -1 })
 * console.log(Result.isFailure(failed) && failed.failure._tag) // DomainError
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeResult: <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & Requirement.CheckNone<R> & Forward.CheckForward<R>,
  at: Tree.Value<I>,
  options?: TraceOptions<I, O>
) => Result.Result<Trace, E> = (f: Fn.Any, at: unknown, options?: AnyTraceOptions) =>
  // Derivatives fail where the program fails.
  Result.map(Fn.runResult(f as Fn.Fn<Tree.Spec, Tree.Spec>, at as never), () => traceOf(f, at, options)) as never

const traceOf = (f: Fn.Any, at: unknown, options: AnyTraceOptions | undefined): Trace => {
  const { inputLeaves, inputs: inputSpec, outputLeaves, outputs: outputSpec } = Fn.specs(f)
  const [digits, elements] = [options?.digits ?? 3, options?.elements ?? 4]
  const format = (tensor: Tensor.Any): string => formatTensor(tensor, digits, elements)
  const algebra = annotated(format)
  const steps = stepsOf(f)

  // Labels: inputs end at v0, the first step is v1.
  const labels = new Array<string>(steps.types.length)
  let next = 1 - steps.inputs
  for (let value = 0; value < steps.inputs; value++) labels[value] = `v${next++}`
  for (const { results } of steps.steps) for (const value of results) labels[value] = `v${next++}`
  const variable = (label: string, value: Tensor.Any): Annotated => ({
    value,
    symbol: atom(label, value),
    number: atom(format(value), value)
  })
  const join = (list: ReadonlyArray<string>): string => list.join(", ")
  const line = (label: string, expression: string, substituted: string, values: ReadonlyArray<Tensor.Any>): Line => ({
    label,
    expression,
    substituted,
    text: join(values.map(format)),
    values
  })

  // Forwards: primals and tangents.
  const primals = new Array<Annotated>(steps.types.length)
  const tangents = new Array<Annotated | Zero>(steps.types.length).fill(Zero)
  for (const [value, expr] of steps.constants) primals[value] = algebra.free!(expr)
  const tensors = Tree.toTensors("Trace.make", inputSpec, at)
  const inputSeeds = seeds("Trace.make", inputLeaves, inputSpec, options?.tangents)
  const inputNames = namesOf(inputLeaves, "x")
  const outputNames = namesOf(outputLeaves, "y")
  const primalLines: Array<Line> = []
  const tangentLines: Array<Line | undefined> = []
  tensors.forEach((tensor, value) => {
    const label = labels[value]!
    primals[value] = variable(label, tensor)
    primalLines.push(line(label, inputNames[value]!, format(tensor), [tensor]))
    const seed = inputSeeds[value] as Tensor.Any | Zero
    if (seed === Zero) {
      tangentLines.push(undefined)
      return
    }
    tangents[value] = variable(over(label, dot), seed)
    tangentLines.push(line(over(label, dot), over(inputNames[value]!, dot), format(seed), [seed]))
  })
  const dual = Forward.dual(algebra)
  for (const step of steps.steps) {
    const own = step.operands.map((value) => primals[value]!)
    const results = applyStep(
      dual,
      step,
      step.operands.map((value): Forward.DualCarrier<Annotated> => ({
        primal: primals[value]!,
        tangent: tangents[value] as Annotated
      }))
    )
    const values = results.map(({ primal }) => primal.value)
    const label = join(step.results.map((value) => labels[value]!))
    const description = step.control
      ? controlText(
          step,
          own.map(({ value }) => value),
          format
        )
      : ""
    const written = (texts: ReadonlyArray<string>, more: string): string =>
      `${step.primitive}(${join(texts)}${more === "" ? "" : `; ${more}`})`
    primalLines.push(
      step.control
        ? line(
            label,
            written(
              own.map((x) => x.symbol.text),
              description
            ),
            written(
              own.map((x) => x.number.text),
              ""
            ),
            values
          )
        : line(label, results[0]!.primal.symbol.text, results[0]!.primal.number.text, values)
    )
    const pushed = results.map(({ tangent }) => tangent)
    const varying = step.results.filter((_, i) => pushed[i] !== Zero)
    if (varying.length === 0) {
      tangentLines.push(undefined)
    } else {
      const chain = (write: (tangent: Annotated) => string): string =>
        join(
          varying.map((result) =>
            Array.from(new Set(step.operands))
              .flatMap((value) => {
                const tangent = tangents[value] as Annotated | Zero
                return tangent === Zero ? [] : [`${write(tangent)} ∂${labels[result]!}/∂${labels[value]!}`]
              })
              .join(" + ")
          )
        )
      const tangent = pushed.filter((x) => x !== Zero) as Array<Annotated>
      tangentLines.push(
        line(
          join(varying.map((value) => over(labels[value]!, dot))),
          step.control ? chain(({ symbol }) => symbol.text) : tangent[0]!.symbol.text,
          step.control ? chain(({ number }) => number.text) : tangent[0]!.number.text,
          tangent.map(({ value }) => value)
        )
      )
    }
    step.results.forEach((value, i) => {
      primals[value] = variable(labels[value]!, values[i]!)
      const tangent = pushed[i]!
      tangents[value] = tangent === Zero ? Zero : variable(over(labels[value]!, dot), tangent.value)
    })
  }

  // Backwards: adjoints.
  const adjoints = new Map<number, Annotated>()
  const name = (value: number): string => over(labels[value]!, bar)
  const accumulate = (value: number, operand: number, increment: Annotated, derivative: string): AdjointLine => {
    const before = adjoints.get(value)
    const total = before === undefined ? increment : algebra.apply("add", {}, [before, increment])
    adjoints.set(value, variable(name(value), total.value))
    return {
      ...line(name(value), total.symbol.text, total.number.text, [total.value]),
      derivative: before === undefined ? derivative : `${name(value)} + ${derivative}`,
      operand,
      increment: increment.value
    }
  }
  const varies = (value: number): boolean => tangents[value] !== Zero
  const outputSeeds = seeds("Trace.make", outputLeaves, outputSpec, options?.cotangents)
  const outputAdjoints = steps.outputs.map((value, i): ReadonlyArray<AdjointLine> => {
    const seed = outputSeeds[i] as Tensor.Any | Zero
    if (seed === Zero || !varies(value)) return []
    const label = over(outputNames[i]!, bar)
    return [accumulate(value, 0, variable(label, seed), label)]
  })
  const stepAdjoints = new Array<ReadonlyArray<AdjointLine>>(steps.steps.length)
  for (let i = steps.steps.length - 1; i >= 0; i--) {
    const step = steps.steps[i]!
    const given = step.results.filter((value) => adjoints.has(value))
    if (given.length === 0) {
      stepAdjoints[i] = []
      continue
    }
    const tape = Reverse.traced(algebra)
    const carriers = step.operands.map((value) =>
      varies(value) ? tape.input(primals[value]!) : { primal: primals[value]!, entry: undefined }
    )
    const cotangents = step.results.map((value): Annotated | Zero => adjoints.get(value) ?? Zero)
    const pulled = tape.pullback(applyStep(tape.algebra, step, carriers), cotangents, carriers)
    stepAdjoints[i] = step.operands.flatMap((value, operand) => {
      const own = pulled[operand] as Annotated | Zero
      if (own === Zero) return []
      const partials = given.map((result) => `${name(result)} ∂${labels[result]!}/∂${labels[value]!}`).join(" + ")
      return [accumulate(value, operand, step.control ? rename(own, partials) : timesOne(own, cotangents), partials)]
    })
  }

  const operandLabels = (values: ReadonlyArray<number>) =>
    values.map((value) => (steps.constants.has(value) ? undefined : labels[value]!))
  const rows: Array<Row> = []
  tensors.forEach((_, value) => {
    const adjoint = adjoints.get(value)
    const label = over(inputNames[value]!, bar)
    rows.push({
      kind: "input",
      operands: [],
      results: [labels[value]!],
      primitive: undefined,
      primal: primalLines[value]!,
      tangent: tangentLines[value],
      adjoints:
        adjoint === undefined
          ? []
          : [
              {
                ...line(label, name(value), adjoint.number.text, [adjoint.value]),
                derivative: name(value),
                operand: 0,
                increment: adjoint.value
              }
            ]
    })
  })
  steps.steps.forEach((step, i) =>
    rows.push({
      kind: "step",
      operands: operandLabels(step.operands),
      results: step.results.map((value) => labels[value]!),
      primitive: step.primitive,
      primal: primalLines[steps.inputs + i]!,
      tangent: tangentLines[steps.inputs + i],
      adjoints: stepAdjoints[i]!
    })
  )
  steps.outputs.forEach((value, i) => {
    const { number, value: result } = primals[value]!
    const tangent = tangents[value] as Annotated | Zero
    const constant = steps.constants.has(value)
    rows.push({
      kind: "output",
      operands: operandLabels([value]),
      results: [outputNames[i]!],
      primitive: undefined,
      primal: line(outputNames[i]!, constant ? number.text : labels[value]!, number.text, [result]),
      tangent:
        tangent === Zero
          ? undefined
          : line(over(outputNames[i]!, dot), tangent.symbol.text, tangent.number.text, [tangent.value]),
      adjoints: outputAdjoints[i]!
    })
  })
  return { rows }
}

const rename = (x: Annotated, text: string): Annotated => ({
  ...x,
  symbol: { ...x.symbol, text },
  number: { ...x.number, text }
})

/** Where a rule hands the cotangent on, or its negative, the partial derivative 1 (or -1) is written out, as in the paper. */
const timesOne = (x: Annotated, cotangents: ReadonlyArray<Annotated | Zero>): Annotated => {
  const [seed] = cotangents as readonly [Annotated]
  const factor = x.symbol === seed.symbol ? "1" : x.symbol.negated === seed.symbol ? "(-1)" : undefined
  if (factor === undefined) return x
  const times = (written: Written): Written => {
    const { text, type } = written
    return { ...atom(text, type), text: `${text} × ${factor}`, level: 4 }
  }
  return { ...x, symbol: times(seed.symbol), number: times(seed.number) }
}

// -----------------------------------------------------------------------------
// Printing
// -----------------------------------------------------------------------------

/**
 * Which of the traces to print beside the primal trace, and how many rows at most (60 by default; rows in the middle are left out).
 *
 * @category options
 * @since 0.1.0
 */
export interface PrintOptions {
  readonly mode: "forward" | "reverse"
  readonly maxRows?: number
}

/** What stands in the columns of a line: its label, and whatever follows an equals sign. */
const cells = ({ expression, label, substituted, text }: Line): ReadonlyArray<string> =>
  [label, expression, substituted, text].filter((cell, i, all) => i === 0 || cell !== all[i - 1])

const adjointCells = ({ derivative, expression, label, text }: AdjointLine): ReadonlyArray<string> =>
  [label, derivative, expression, text].filter((cell, i, all) => i === 0 || cell !== all[i - 1])

/** The lines of one column, aligned at their first equals sign and at their values. */
const aligned = (lines: ReadonlyArray<ReadonlyArray<string> | undefined>): ReadonlyArray<string> => {
  const widest = (cell: (line: ReadonlyArray<string>) => string): number =>
    lines.reduce((most, line) => Math.max(most, line === undefined ? 0 : width(cell(line))), 0)
  const label = widest((line) => line[0]!)
  return lines.map((line) =>
    line === undefined ? "" : `${line[0]!}${" ".repeat(label - width(line[0]!))} = ${line.slice(1).join(" = ")}`
  )
}

const tableOf = ({ rows }: Trace, { maxRows = 60, mode }: PrintOptions): Table => {
  // Adjoints are read upwards: the last one of a row stands at its top.
  const all = rows.flatMap((row) => {
    const beside =
      mode === "forward"
        ? [row.tangent === undefined ? undefined : cells(row.tangent)]
        : row.adjoints.map(adjointCells).reverse()
    return Array.from({ length: Math.max(1, beside.length) }, (_, i) => ({
      left: i === 0 ? cells(row.primal) : undefined,
      right: beside[i]
    }))
  })
  const left = aligned(all.map((pair) => pair.left))
  const right = aligned(all.map((pair) => pair.right))
  const lines = left.map((text, i) => [text, right[i]!])
  const head = Math.ceil(maxRows / 2)
  const shown =
    lines.length <= maxRows
      ? lines
      : [
          ...lines.slice(0, head),
          [`… ${lines.length - maxRows} lines left out …`, ""],
          ...lines.slice(lines.length - (maxRows - head))
        ]
  return {
    title: mode === "forward" ? "Forward mode" : "Reverse mode",
    header: [
      "Forward primal trace",
      mode === "forward" ? "Forward tangent trace" : "Reverse adjoint trace (read upwards)"
    ],
    align: ["left", "left"],
    rows: shown
  }
}

/**
 * Prints the primal trace beside the tangent or the adjoint trace, as plain text.
 *
 * **Details**
 *
 * The adjoint trace is read from the bottom up, as in the paper: so each adjoint stands beside the step that it comes from.
 *
 * @example
 * ```ts
 * import { Trace } from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.log(x))
 * const lines = Trace.toText(Trace.make(f, { x: 2 }), { mode: "forward" }).split("\n")
 * console.log(lines[3]) // v1 = ln v0 = ln 2 = 0.693  v̇1 = v̇0 / v0 = 1 / 2 = 0.5
 * ```
 *
 * @category printing
 * @since 0.1.0
 */
export const toText = (self: Trace, options: PrintOptions): string => toTextTable(tableOf(self, options))

/**
 * Prints the primal trace beside the tangent or the adjoint trace, as a Markdown table.
 *
 * @example
 * ```ts
 * import { Trace } from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.log(x))
 * const lines = Trace.toMarkdown(Trace.make(f, { x: 2 }), { mode: "reverse" }).split("\n")
 * console.log(lines[3]) // | v1 = ln v0 = ln 2 = 0.693 | v̄0 = v̄1 ∂v1/∂v0 = v̄1 / v0 = 0.5 |
 * ```
 *
 * @category printing
 * @since 0.1.0
 */
export const toMarkdown = (self: Trace, options: PrintOptions): string => toMarkdownTable(tableOf(self, options))

/**
 * Prints the primal trace beside the tangent or the adjoint trace, as a self-contained SVG.
 *
 * @example
 * ```ts
 * import { Trace } from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.log(x))
 * console.log(Trace.toSvg(Trace.make(f, { x: 2 }), { mode: "reverse" }).startsWith("<svg xmlns=")) // true
 * ```
 *
 * @category printing
 * @since 0.1.0
 */
export const toSvg = (self: Trace, options: PrintOptions): string => toSvgTable(tableOf(self, options))
