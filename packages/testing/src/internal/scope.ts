// Random programs under construction: what is in scope in a body, what it computes each time the body runs, and how instructions become statements.

import { Expr, Fn, Shape, Tensor, type Type } from "@fluxion/core"
import { tensorOf } from "./code.ts"
import { type Control, type Nest, controls } from "./controls.ts"
import { type Elements, type Operation, conversions, operations } from "./operations.ts"
import {
  type Block,
  type Statement,
  type Term,
  bind,
  build,
  call,
  hoist,
  references,
  value,
  withoutUnusedPrograms
} from "./term.ts"

/** One step of a random program; a control operation has the instructions of its bodies. */
export interface Instruction {
  readonly operation: number
  readonly picks: ReadonlyArray<number>
  readonly choices: ReadonlyArray<number>
  readonly bodies: ReadonlyArray<ReadonlyArray<Instruction>>
  /** Whether the instructions of the bodies take the place of this one. */
  readonly inline: boolean
}

/** An array in scope: its shape, and what it is each time the body runs at the chosen inputs. */
export interface Value {
  readonly id: number
  readonly shape: Shape.Shape
  readonly samples: ReadonlyArray<Tensor.Tensor>
}

/** Indices or truth values in scope: what programs are given, and what their bodies capture. */
export interface Discrete {
  readonly id: number
  readonly type: Type.Type<"index" | "bool">
  readonly samples: ReadonlyArray<Tensor.Any>
}

/** What random programs may consist of. */
export interface Language {
  readonly operations: ReadonlyArray<Operation>
  readonly controls: ReadonlyArray<Control>
  readonly safe: boolean
  readonly avoidKinks: boolean
  readonly kinks: boolean
  readonly reductions: boolean
}

export const language = (options: {
  readonly kinks: "avoid" | "none" | "allow"
  readonly domains: "safe" | "any"
  readonly controlFlow: boolean
  readonly derivatives: boolean
  readonly reductions: boolean
  readonly linearAlgebra: boolean
  /** Whether there are inputs of indices or truth values. */
  readonly discrete: boolean
}): Language => ({
  operations: [...operations, ...(options.discrete ? conversions : [])].filter(
    ({ family, kinks }) =>
      (options.kinks !== "none" || !kinks) &&
      (options.reductions || family !== "reduction") &&
      (options.linearAlgebra || family !== "linear algebra")
  ),
  controls: controls.filter(
    ({ derivatives, kinks }) =>
      (options.kinks !== "none" || !kinks) && (derivatives ? options.derivatives : options.controlFlow)
  ),
  safe: options.domains === "safe",
  avoidKinks: options.kinks !== "allow",
  kinks: options.kinks !== "none",
  reductions: options.reductions
})

/** Far enough below infinity that no derivative of a few operations overflows. */
const largest = 100

const elementsOf = (samples: ReadonlyArray<Tensor.Any>): Elements => {
  const data = new Float64Array(samples.reduce((size, sample) => size + sample.data.length, 0))
  let offset = 0
  for (const sample of samples) {
    data.set(sample.data, offset)
    offset += sample.data.length
  }
  return { data }
}

/** The arrays that expressions without inputs compute. */
export const evaluateAll = (exprs: ReadonlyArray<Expr.Any>): ReadonlyArray<Tensor.Tensor> =>
  exprs.map((expr) => {
    const result = Fn.evaluate(expr as Expr.Expr) as Tensor.Tensor | number | boolean
    return typeof result === "object" ? result : Tensor.full([], Number(result))
  })

const asExpr = (x: unknown): Expr.Any => (typeof x === "number" ? Expr.constant(x) : x) as Expr.Any

/** Ids for a whole program. */
export interface Ids {
  next: number
}

/**
 * What is in scope in a body. A body runs several times (for each element, for each iteration, and so for each run of the bodies around it), and each value
 * is known for each of these runs: operations stay inside their domains and away from kinks in all of them.
 */
export class Scope {
  readonly language: Language
  readonly ids: Ids
  readonly runs: number
  readonly maxSize: number
  readonly values: Array<Value>
  readonly programs: Map<number, Term>
  readonly discrete: ReadonlyArray<Discrete>
  readonly statements: Array<Statement> = []
  /** Ids that are bound here and not outside. */
  readonly own: Array<number> = []

  constructor(
    language: Language,
    ids: Ids,
    runs: number,
    maxSize: number,
    values: ReadonlyArray<Value>,
    programs: ReadonlyMap<number, Term>,
    discrete: ReadonlyArray<Discrete> = []
  ) {
    this.language = language
    this.ids = ids
    this.runs = runs
    this.maxSize = maxSize
    this.values = values.slice()
    this.programs = new Map(programs)
    this.discrete = discrete
  }

  /** The scope of a body whose run `i` belongs to run `from[i]` of this one. */
  enter(from: ReadonlyArray<number>, maxSize: number): Scope {
    const values = this.values.map(({ id, samples, shape }) => ({
      id,
      shape,
      samples: from.map((run) => samples[run]!)
    }))
    const discrete = this.discrete.map(({ id, samples, type }) => ({
      id,
      type,
      samples: from.map((run) => samples[run]!)
    }))
    return new Scope(this.language, this.ids, from.length, maxSize, values, this.programs, discrete)
  }

  /** What a term refers to, as constants: their values in a run. */
  constants(run: number): (id: number) => unknown {
    const lookup = (id: number): unknown => {
      const program = this.programs.get(id)
      if (program !== undefined) return build(program, lookup)
      const known = this.values.find((candidate) => candidate.id === id)
      if (known !== undefined) return Expr.constant(known.samples[run] ?? Tensor.zeros(known.shape))
      const { samples, type } = this.discrete.find((candidate) => candidate.id === id)!
      return Expr.constant(
        (samples[run] ?? tensorOf(type, new Array<number>(Shape.size(type.shape)).fill(0))) as Tensor.Tensor
      )
    }
    return lookup
  }

  /** What a term computes in every run. */
  evaluate(term: Term): Elements {
    const samples = Array.from({ length: this.runs }, (_, run) => asExpr(build(term, this.constants(run))))
    return elementsOf(evaluateAll(samples))
  }

  /** Binds an array that a body is given. */
  parameter(shape: Shape.Shape, samples: ReadonlyArray<Tensor.Tensor>): number {
    const id = this.ids.next++
    this.values.push({ id, shape, samples })
    return id
  }

  /** Takes in a statement, unless what it computes is too large. */
  add(statement: Statement): boolean {
    const { pattern, term } = statement
    if (term._tag === "Call" && term.name === "Fn.make") {
      this.programs.set(pattern as number, term)
      this.statements.push(statement)
      return true
    }
    const shapes = new Map<number, Shape.Shape>()
    const samples = new Map<number, Array<Tensor.Tensor>>()
    // A body that never runs is built once, for its shapes.
    for (let run = 0; run < Math.max(1, this.runs); run++) {
      bind(pattern, build(term, this.constants(run)), (id, part) => {
        const expr = asExpr(part)
        shapes.set(id, expr.shape)
        if (this.runs > 0) samples.set(id, [...(samples.get(id) ?? []), ...evaluateAll([expr])])
      })
    }
    const all = Array.from(samples.values()).flat()
    if (this.language.safe && !all.every(({ data }) => data.every((x) => Math.abs(x) <= largest))) return false
    this.statements.push(statement)
    shapes.forEach((shape, id) => {
      this.own.push(id)
      this.values.push({ id, shape, samples: samples.get(id) ?? [] })
    })
    return true
  }

  /** The numbers that an instruction draws, and what it may see of this scope. */
  draw({ choices, picks }: Pick<Instruction, "choices" | "picks">): Nest {
    let pickAt = 0
    let choiceAt = 0
    const choose = (count: number): number => choices[choiceAt++ % choices.length]! % count
    const drawIn = (scope: Scope): Nest => ({
      scope,
      maxSize: scope.maxSize,
      safe: this.language.safe,
      avoidKinks: this.language.avoidKinks,
      reductions: this.language.reductions,
      kinks: this.language.kinks,
      choose,
      // Counted from the end: leaving out an earlier instruction changes little.
      pick: (condition = () => true) => {
        const candidates = scope.values.filter(({ shape }) => condition(shape))
        const chosen = candidates[candidates.length - 1 - (picks[pickAt++ % picks.length]! % candidates.length)]
        if (chosen === undefined) return undefined
        let elements: Elements | undefined
        return {
          term: value(chosen.id),
          shape: chosen.shape,
          samples: chosen.samples,
          get data() {
            return (elements ??= elementsOf(chosen.samples)).data
          }
        }
      },
      pickDiscrete: (condition) => {
        const candidates = scope.discrete.filter(({ samples, type }) => condition(type, elementsOf(samples)))
        if (candidates.length === 0) return undefined
        const chosen = candidates[candidates.length - 1 - (picks[pickAt++ % picks.length]! % candidates.length)]!
        return { term: value(chosen.id), shape: chosen.type.shape }
      },
      evaluate: (term) => scope.evaluate(term),
      in: drawIn,
      mark: () => {
        const [pick, choice] = [pickAt, choiceAt]
        return () => {
          pickAt = pick
          choiceAt = choice
        }
      }
    })
    return drawIn(this)
  }

  /** Follows instructions. */
  follow(instructions: ReadonlyArray<Instruction>): this {
    const { controls: available, operations: plain } = this.language
    for (const instruction of instructions) {
      const { bodies, inline, operation } = instruction
      const draw = this.draw(instruction)
      // What an instruction shrinks to: another name for a value, so that others still count as before; before that, one with bodies to these.
      if (operation === 0) {
        const term = draw.pick()?.term
        const same = this.values.findLast(({ id }) => term?._tag === "Value" && term.id === id)
        if (same !== undefined) this.values.push(same)
        continue
      }
      if (bodies.length === 0) {
        const term = plain[(operation - 1) % plain.length]!.make(draw)
        if (term !== undefined) this.add({ pattern: this.ids.next++, term })
      } else if (inline) {
        this.follow(bodies.flat())
      } else {
        const statements = available[(operation - 1) % available.length]!.make(draw, bodies) ?? []
        const outside = draw.choose(2) === 0 ? statements.flatMap(hoist) : statements
        for (const statement of outside) this.add(statement)
      }
    }
    return this
  }

  /** Values that are made here and that no statement uses. */
  unused(besides: ReadonlyArray<Term>): ReadonlyArray<Value> {
    const used = new Set([...this.statements.map(({ term }) => term), ...besides].flatMap(references))
    const own = new Set(this.own)
    return this.values.filter((x, i, all) => own.has(x.id) && !used.has(x.id) && all.indexOf(x) === i)
  }

  /** The sum of all elements of values; with `mean`, of their means. */
  total(values: ReadonlyArray<Value>, mean: boolean): Term | undefined {
    const summands = values.map(({ id, shape }) =>
      shape.length === 0 ? value(id) : call(mean && Shape.size(shape) > 0 ? "mean" : "sum", value(id))
    )
    return summands.length === 0 ? undefined : summands.reduce((sum, summand) => call("add", sum, summand))
  }

  /** The body that gives a result. */
  block(result: Term): Block {
    return withoutUnusedPrograms({ statements: this.statements, result })
  }
}
