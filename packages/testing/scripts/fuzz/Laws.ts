// What has to hold for whatever program, and for whatever bytes: each law is a property of something that can be written down, so that what broke one
// once is kept as text and tried for ever.

import { Expr, Formula, Fn, Serialization, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Arbitraries, Laws } from "@fluxion/testing"
import { Effect, Result, Schema } from "effect"
import * as fc from "fast-check"
import { rebuild } from "../../test/rebuild.ts"

type Program = Pick<Arbitraries.Program, "fn" | "inputs">

/** A law about things that print as what they are made from. */
export interface Law {
  readonly name: string
  /** How many things are tried before the next law has its turn. */
  readonly batch: number
  readonly arbitrary: fc.Arbitrary<unknown>
  /** Throws, or fails, where the law does not hold. */
  readonly check: (thing: unknown) => void
  /** The text that a thing is kept as, and the thing again. */
  readonly write: (thing: unknown) => string
  readonly read: (text: string) => unknown
  /** The families of operations in a thing. */
  readonly families: (thing: unknown) => ReadonlyArray<string>
}

const primitivesOf = (fn: Fn.Any): ReadonlyArray<string> => {
  const found = new Set<string>()
  for (const node of Fn.nodes(fn)) {
    const view = Expr.view(node)
    if (view._tag === "Apply" || view._tag === "Project") found.add(view.primitive)
  }
  return [...found]
}

const ofPrograms = (
  name: string,
  batch: number,
  constraints: Arbitraries.ProgramConstraints,
  check: (program: Program) => void
): Law => ({
  name,
  batch,
  arbitrary: Arbitraries.program(constraints),
  check: (thing) => check(thing as Program),
  write: (thing) => (thing as Arbitraries.Program).code,
  read: (text) => {
    const { inputs, program } = rebuild(text)
    return { fn: program, inputs }
  },
  families: (thing) => primitivesOf((thing as Program).fn)
})

const identity = (text: string): string => text

const ofText = (name: string, batch: number, arbitrary: fc.Arbitrary<string>, check: (text: string) => void): Law => ({
  name,
  batch,
  arbitrary,
  check: (thing) => check(thing as string),
  write: (thing) => thing as string,
  read: identity,
  families: () => []
})

class Disagreement extends Error {}

const equal = (what: string, a: unknown, b: unknown): void => {
  if (a !== b) throw new Disagreement(`${what}: ${String(a).slice(0, 300)} is not ${String(b).slice(0, 300)}`)
}

/** All numbers of a tree, to the bit; a NaN is a NaN. */
const bits = (spec: Tree.Spec, value: unknown): string =>
  Tree.toTensors("fuzz", spec, value)
    .map(
      ({ data, shape }: Tensor.Any) =>
        `${shape.join("x")}: ${Array.from(data, (x) => (Object.is(x, -0) ? "-0" : String(x))).join(" ")}`
    )
    .join("; ")

const run = (f: Fn.Any, input: unknown): string =>
  bits(f.outputs as Tree.Spec, Fn.runSync(f as unknown as Fn.Fn<readonly [], readonly []>, input as number))

const text = (f: Fn.Any): string => JSON.stringify(Result.getOrThrow(Serialization.encode(f)))

const ones = (fn: Program["fn"]): never =>
  Tree.fromTensors(
    fn.inputs,
    Tree.leaves(fn.inputs).map(({ type: { shape } }) => Tensor.ones(shape))
  ) as never

/** A scalar program that takes a derivative: a weighted sum of all elements of the gradient. */
const alongGradient = (f: Program["fn"], gradient: (g: Program["fn"]) => Fn.Any): Program["fn"] => {
  const derivative = gradient(f)
  return Fn.unsafeFromLeaves(f.inputs, [], (leaves) => {
    const parts = Fn.interpret(derivative, Fn.expressions, leaves) as unknown as ReadonlyArray<Expr.Expr>
    return [
      parts
        .map((part, i) => Expr.sum(Expr.mul(part, 1 + i / 3)))
        .reduce<Expr.Expr>((a, b) => Expr.add(a, b), Expr.constant(0))
    ]
  }) as unknown as Program["fn"]
}

const integers = { min: -2, max: 2 }

const lawsOfPrograms: ReadonlyArray<Law> = [
  ofPrograms("forward = reverse", 20, {}, ({ fn, inputs }) => {
    Effect.runSync(Laws.modesAgree(fn, inputs))
  }),
  ofPrograms(
    "forward = reverse, at kinks",
    20,
    { kinks: "allow", maxOperations: 12, values: integers },
    ({ fn, inputs }) => {
      Effect.runSync(Laws.modesAgree(fn, inputs))
    }
  ),
  ofPrograms("modes = differences", 10, {}, ({ fn, inputs }) => {
    Effect.runSync(Laws.agreesWithNumeric(fn, inputs))
  }),
  ofPrograms("transposition", 10, { kinks: "allow" }, ({ fn, inputs }) => {
    const gradient = Reverse.grad(fn) as unknown as Fn.Fn<Arbitraries.Inputs, Arbitraries.Inputs>
    Effect.runSync(Laws.transpose(fn, inputs))
    Effect.runSync(Laws.transpose(gradient, inputs, { tolerance: 1e-10 }))
  }),
  ofPrograms(
    "second derivatives: forward = reverse = differences",
    5,
    { maxOperations: 8, inputs: 2, values: { min: -1, max: 1 } },
    ({ fn, inputs }) => {
      for (const gradient of [Reverse.grad, Forward.jacobian] as ReadonlyArray<(g: Program["fn"]) => Fn.Any>) {
        const g = alongGradient(fn, gradient)
        Effect.runSync(Laws.modesAgree(g, inputs, { tolerance: 1e-10 }))
        Effect.runSync(Laws.agreesWithNumeric(g, inputs))
      }
    }
  ),
  ofPrograms(
    "third derivatives: forward = reverse",
    5,
    { maxOperations: 5, inputs: 1, values: { min: -1, max: 1 } },
    ({ fn, inputs }) => {
      const h = alongGradient(alongGradient(fn, Reverse.grad as never), Forward.jacobian as never)
      Effect.runSync(Laws.modesAgree(h, inputs, { tolerance: 1e-9 }))
    }
  ),
  ofPrograms("derivatives as programs = as numbers", 10, { kinks: "allow", domains: "any" }, ({ fn, inputs }) => {
    const backward = { primals: inputs, cotangents: 1 } as never
    const vjp = Reverse.vjp(fn)
    equal("vjp", bits(vjp.outputs as Tree.Spec, Reverse.evaluate(fn, backward)), run(vjp, backward))
    const forward = { primals: inputs, tangents: ones(fn) } as never
    const jvp = Forward.jvp(fn)
    equal("jvp", bits(jvp.outputs as Tree.Spec, Forward.evaluate(fn, forward)), run(jvp, forward))
  }),
  ofPrograms("programs come back from JSON", 20, { kinks: "allow", domains: "any" }, ({ fn, inputs }) => {
    for (const f of [fn, Reverse.grad(fn), Forward.jacobian(fn)] as ReadonlyArray<Fn.Any>) {
      const again = Result.getOrThrow(Serialization.decode(JSON.parse(text(f))))
      equal("the text of the decoded", text(again), text(f))
      equal("its value", run(again, inputs), run(f, inputs))
    }
  }),
  ofPrograms("compiled = interpreted", 20, { kinks: "allow", domains: "any" }, ({ fn, inputs }) => {
    const gradient = Reverse.grad(fn) as Fn.Any
    // By the current backend: whatever is provided around the run.
    const compiled = Effect.runSync(Fn.compile(gradient as Fn.Fn<Arbitraries.Inputs, readonly []>))
    equal(
      compiled.backend,
      bits(gradient.outputs as Tree.Spec, compiled.runSync(inputs as never)),
      run(gradient, inputs)
    )
  }),
  ofPrograms("the code that is printed builds the program", 20, { kinks: "allow", domains: "any" }, (program) => {
    if (!("code" in program)) return
    const { inputs, program: again } = rebuild(program.code as string)
    equal("the program", text(again), text(program.fn))
    equal("its value", run(again, inputs), run(program.fn, program.inputs))
  })
]

interface Edit {
  readonly at: number
  readonly length: number
  readonly bytes: ReadonlyArray<number>
}

const pieces = [
  "0",
  "9",
  "-",
  "e",
  ".",
  "[",
  "]",
  "{",
  "}",
  "(",
  ")",
  ",",
  '"',
  ":",
  "^",
  "*",
  "=",
  ";",
  "null",
  "1e999",
  "__proto__"
]

const edits: fc.Arbitrary<ReadonlyArray<Edit>> = fc.array(
  fc.record({
    at: fc.nat(2 ** 20),
    length: fc.nat(6),
    bytes: fc.oneof(
      fc.array(fc.nat(255), { maxLength: 4 }),
      fc.constantFrom(...pieces).map((piece) => Array.from(Buffer.from(piece)))
    )
  }),
  { minLength: 1, maxLength: 4 }
)

const edited = (original: string, changes: ReadonlyArray<Edit>): string => {
  let bytes = Array.from(Buffer.from(original))
  for (const { at, bytes: more, length } of changes) {
    const start = at % (bytes.length + 1)
    bytes = [...bytes.slice(0, start), ...more, ...bytes.slice(start + length)]
  }
  return Buffer.from(bytes).toString("utf8")
}

const small: Arbitraries.ProgramConstraints = { maxOperations: 8, kinks: "allow", domains: "any" }
const scalars: Arbitraries.ProgramConstraints = {
  ...small,
  shapes: fc.constant([]),
  controlFlow: false,
  derivatives: false
}

const inTime = <X>(f: () => X): X => {
  const started = performance.now()
  const x = f()
  const taken = performance.now() - started
  if (taken > 2000) throw new Disagreement(`took ${taken.toFixed(0)} ms`)
  return x
}

const lawsOfText: ReadonlyArray<Law> = [
  ofText(
    "any bytes are a program or a SchemaError",
    100,
    fc.tuple(Arbitraries.program(small), edits).map(([{ fn }, changes]) => edited(text(fn), changes)),
    (given) => {
      const result = inTime(() => Schema.decodeUnknownResult(Schema.fromJsonString(Fn.schema))(given))
      if (Result.isFailure(result)) {
        if (!Schema.isSchemaError(result.failure)) throw new Disagreement(`another error: ${String(result.failure)}`)
        return
      }
      const encoded = text(result.success)
      equal(
        "what is decoded, encoded twice",
        text(Result.getOrThrow(Serialization.decode(JSON.parse(encoded)))),
        encoded
      )
    }
  ),
  ofText(
    "any text is a formula or a FormulaSyntaxError",
    100,
    fc.tuple(Arbitraries.program(scalars), edits).map(([{ fn }, changes]) => edited(Formula.print(fn), changes)),
    (given) => {
      const result = inTime(() => Formula.parse(given))
      if (Result.isFailure(result)) {
        equal("the tag", result.failure._tag, "FormulaSyntaxError")
        if (result.failure.offset < 0 || result.failure.offset > given.length)
          throw new Disagreement("a place outside of the text")
        return
      }
      const printed = Formula.print(result.success)
      const again = Result.getOrThrow(Formula.parse(printed, { variables: Formula.variables(result.success) }))
      equal("printed twice", Formula.print(again), printed)
    }
  )
]

/** All laws. */
export const laws: ReadonlyArray<Law> = [...lawsOfPrograms, ...lawsOfText]
