// The control flow and the inner programs of random programs: what bodies are given, what they return, and what they see each time they run.

import { Expr, Shape, Tensor } from "@fluxion/core"
import { type Draw, type Operand, nonEmpty, offZero, predicate } from "./operations.ts"
import { type Instruction, type Scope, evaluateAll } from "./scope.ts"
import {
  type Pattern,
  type Statement,
  type Term,
  bind,
  build,
  call,
  lambda,
  list,
  literal,
  printer,
  record,
  value
} from "./term.ts"

/** An operand with its value in every run of the body that it is in. */
export interface Sampled extends Operand {
  readonly samples: ReadonlyArray<Tensor.Tensor>
}

/** What a control operation may ask for. */
export interface Nest extends Draw {
  readonly pick: (condition?: (shape: Shape.Shape) => boolean) => Sampled | undefined
  readonly scope: Scope
  /** Whether a condition may depend on the inputs. */
  readonly kinks: boolean
  /** The same numbers, drawn for what is in another scope. */
  readonly in: (scope: Scope) => Nest
  /** Remembers how many numbers were drawn; calling the result draws the same ones again. */
  readonly mark: () => () => void
}

export interface Control {
  readonly name: string
  readonly kinks: boolean
  /** Whether it differentiates inner programs. */
  readonly derivatives: boolean
  /** The statements, or nothing where it does not apply here. */
  readonly make: (draw: Nest, bodies: ReadonlyArray<ReadonlyArray<Instruction>>) => ReadonlyArray<Statement> | undefined
}

const { equals, size } = Shape

// -----------------------------------------------------------------------------
// Trees
// -----------------------------------------------------------------------------

/** How one to three things are put together. */
type Layout = "single" | "record" | "tuple"

const layoutOf = (draw: Draw, count: number): Layout =>
  count === 1 ? (["single", "record"] as const)[draw.choose(2)]! : (["record", "tuple"] as const)[draw.choose(2)]!

const names = ["a", "b", "c"]

const recordOf = <X>(items: ReadonlyArray<X>): { readonly [name: string]: X } =>
  Object.fromEntries(items.map((item, i) => [names[i]!, item]))

const tree = <X>(layout: Layout, items: ReadonlyArray<X>): unknown =>
  layout === "single" ? items[0]! : layout === "record" ? recordOf(items) : items

const patternTree = (layout: Layout, ids: ReadonlyArray<number>): Pattern => tree(layout, ids) as Pattern

const termTree = (layout: Layout, terms: ReadonlyArray<Term>): Term =>
  layout === "single" ? terms[0]! : layout === "record" ? record(recordOf(terms)) : list(...terms)

const untree = (layout: Layout, count: number, whole: unknown): Array<unknown> => {
  const parts = new Array<unknown>(count)
  bind(patternTree(layout, Array.from(parts.keys())), whole, (i, part) => (parts[i] = part))
  return parts
}

// -----------------------------------------------------------------------------
// Bodies
// -----------------------------------------------------------------------------

const fresh = ({ scope }: Nest): number => scope.ids.next++

const range = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i)

const all = <X>(items: ReadonlyArray<X | undefined>): ReadonlyArray<X> | undefined =>
  items.includes(undefined) ? undefined : (items as ReadonlyArray<X>)

const like = (shape: Shape.Shape) => (other: Shape.Shape) => equals(shape, other)

const isScalar = (shape: Shape.Shape): boolean => shape.length === 0

/** Values of a body of the wanted shapes. What nothing else there uses is added to the first. */
const results = (
  draw: Nest,
  body: Scope,
  wanted: ReadonlyArray<(shape: Shape.Shape) => boolean>
): ReadonlyArray<Term> | undefined => {
  const inside = draw.in(body)
  const terms = all(wanted.map((condition) => inside.pick(condition)?.term))
  if (terms === undefined) return undefined
  const rest = body.total(body.unused(terms), true)
  return rest === undefined ? terms : [call("add", terms[0]!, rest), ...terms.slice(1)]
}

/** Slices along an axis: for each array, all of its slices. */
const slices = (samples: ReadonlyArray<Tensor.Tensor>, axis = 0): ReadonlyArray<ReadonlyArray<Tensor.Tensor>> =>
  samples.map(({ data, shape }) => {
    const inner = size(shape.slice(axis + 1))
    const n = shape[axis]!
    return range(n).map((i) =>
      Tensor.fromArray(
        data.filter((_, at) => Math.floor(at / inner) % n === i),
        shape.toSpliced(axis, 1)
      )
    )
  })

/** A state that does not leave a sane range, however often a loop runs. */
const bounded = (draw: Draw, term: Term): Term => {
  switch (draw.choose(4)) {
    case 0:
      return term
    case 1:
      return call("sin", term)
    default:
      return call("tanh", term)
  }
}

// -----------------------------------------------------------------------------
// Conditions and batches
// -----------------------------------------------------------------------------

const cond: Control = {
  name: "cond",
  kinks: true,
  derivatives: false,
  make: (draw, bodies) => {
    const elementwise = predicate(draw)
    if (elementwise === undefined || (!isScalar(elementwise.shape) && !draw.reductions)) return undefined
    const condition = isScalar(elementwise.shape)
      ? elementwise.term
      : call(draw.choose(2) === 0 ? "any" : "all", elementwise.term)
    const taken = draw.evaluate(condition).data
    const wanted = all(range(1 + draw.choose(2)).map(() => draw.pick()))
    if (wanted === undefined) return undefined
    const layout = layoutOf(draw, wanted.length)
    const branch = (i: number): Term | undefined => {
      const from = range(draw.scope.runs).filter((run) => (taken[run] === 1) === (i === 0))
      const body = draw.scope.enter(from, draw.maxSize).follow(bodies[i] ?? [])
      const own = results(
        draw,
        body,
        wanted.map(({ shape }) => like(shape))
      )
      return own === undefined ? undefined : lambda([], body.block(termTree(layout, own)))
    }
    const branches = all([branch(0), branch(1)])
    if (branches === undefined) return undefined
    const pattern = patternTree(
      layout,
      wanted.map(() => fresh(draw))
    )
    return [{ pattern, term: call("cond", condition, ...branches) }]
  }
}

const map: Control = {
  name: "map",
  kinks: false,
  derivatives: false,
  make: (draw, bodies) => {
    const x = draw.pick(nonEmpty)
    if (x === undefined) return undefined
    const n = x.shape[0]!
    const y = draw.choose(2) === 0 ? undefined : draw.pick((shape) => nonEmpty(shape) && shape[0] === n)
    const shared = draw.choose(3) === 2 ? draw.pick() : undefined
    const xs = y === undefined ? [x] : [x, y]
    const from = range(draw.scope.runs).flatMap((run) => range(n).map(() => run))
    const body = draw.scope.enter(from, Math.max(1, Math.floor(draw.maxSize / n)))
    const rows = xs.map(({ samples, shape }) => body.parameter(shape.slice(1), slices(samples).flat()))
    const constant =
      shared === undefined
        ? []
        : [
            {
              c: body.parameter(
                shared.shape,
                from.map((run) => shared.samples[run]!)
              )
            }
          ]
    body.follow(bodies[0]!)
    const count = 1 + draw.choose(2)
    const own = results(
      draw,
      body,
      range(count).map(() => (shape) => size(shape) * n <= draw.maxSize)
    )
    if (own === undefined) return undefined
    const [given, returned] = [layoutOf(draw, xs.length), layoutOf(draw, count)]
    const f = lambda([patternTree(given, rows), ...constant], body.block(termTree(returned, own)))
    const options = shared === undefined ? [] : [record({ consts: record({ c: shared.term }) })]
    const over = termTree(
      given,
      xs.map(({ term }) => term)
    )
    const pattern = patternTree(
      returned,
      range(count).map(() => fresh(draw))
    )
    return [{ pattern, term: call("map", f, over, ...options) }]
  }
}

// -----------------------------------------------------------------------------
// Loops
// -----------------------------------------------------------------------------

/** The states before each iteration, for each run of what is around the loop. */
type Trace = ReadonlyArray<ReadonlyArray<ReadonlyArray<Tensor.Tensor>>>

interface Loop {
  /** The functions of the loop. */
  readonly functions: ReadonlyArray<Term>
  /** The states that these give. */
  readonly trace: () => Trace | undefined
}

/**
 * The functions of a loop. They are built for the states in a trace, so that operations stay inside their domains there; but the states depend
 * on the functions. So they are built again for the states that they give, until nothing changes.
 */
const settle = (
  draw: Nest,
  start: Trace,
  make: (trace: Trace) => Loop | undefined
): ReadonlyArray<Term> | undefined => {
  const reset = draw.mark()
  const outside = new Map(Array.from({ length: draw.scope.ids.next }, (_, id) => [id, `#${id}`]))
  let before: string | undefined
  let trace = start
  for (let attempt = 0; attempt < 5; attempt++) {
    reset()
    const loop = make(trace)
    if (loop === undefined) return undefined
    const print = printer(outside)
    const code = loop.functions.map((f) => print(f, "")).join()
    if (code === before) return loop.functions
    before = code
    const next = loop.trace()
    if (next === undefined) return undefined
    trace = next
  }
  return undefined
}

type Step = (...operands: ReadonlyArray<unknown>) => unknown

const constants = (samples: ReadonlyArray<Tensor.Tensor>): ReadonlyArray<Expr.Any> =>
  samples.map((sample) => Expr.constant(sample) as Expr.Any)

const scan = (name: "scan" | "fold" | "iterate"): Control => ({
  name,
  kinks: false,
  derivatives: false,
  make: (draw, bodies) => {
    const carries = all(range(1 + draw.choose(2)).map(() => draw.pick()))
    if (carries === undefined) return undefined
    const first = name === "iterate" || draw.choose(4) === 3 ? undefined : draw.pick(nonEmpty)
    const second =
      first === undefined || draw.choose(3) !== 2
        ? undefined
        : draw.pick((shape) => nonEmpty(shape) && shape[0] === first.shape[0])
    const xs = first === undefined ? [] : second === undefined ? [first] : [first, second]
    const length = first === undefined ? [1, 2, 3, 0][draw.choose(4)]! : first.shape[0]!
    const reverse = name !== "iterate" && draw.choose(2) === 1
    const carried = layoutOf(draw, carries.length)
    const given = xs.length === 0 ? "record" : layoutOf(draw, xs.length)
    const outputs = name === "scan" ? draw.choose(3) : 0
    const returned = outputs === 0 ? "record" : layoutOf(draw, outputs)
    const rows = xs.map(({ samples }) => slices(samples))
    const at = (k: number): number => (reverse ? length - 1 - k : k)

    const make = (trace: Trace): Loop | undefined => {
      const from = trace.flatMap((states, run) => states.map(() => run))
      const body = draw.scope.enter(from, draw.maxSize)
      const own = carries.map(({ shape }, j) =>
        body.parameter(
          shape,
          trace.flatMap((states) => states.map((state) => state[j]!))
        )
      )
      const elements = xs.map(({ shape }, j) =>
        body.parameter(
          shape.slice(1),
          trace.flatMap((states, run) => states.map((_, k) => rows[j]![run]![at(k)]!))
        )
      )
      body.follow(bodies[0]!)
      const made = results(draw, body, [
        ...carries.map(({ shape }) => like(shape)),
        ...range(outputs).map(() => (shape: Shape.Shape) => size(shape) * length <= draw.maxSize)
      ])
      if (made === undefined) return undefined
      const next = termTree(
        carried,
        made.slice(0, carries.length).map((term) => bounded(draw, term))
      )
      const parameters = [patternTree(carried, own), patternTree(given, elements)]
      const f =
        name === "scan"
          ? lambda(parameters, body.block(list(next, termTree(returned, made.slice(carries.length)))))
          : lambda(name === "fold" ? parameters : parameters.slice(0, 1), body.block(next))
      return {
        functions: [f],
        trace: () =>
          range(draw.scope.runs).map((run) => {
            const step = build(f, draw.scope.constants(run)) as Step
            let state = carries.map(({ samples }) => samples[run]!) as ReadonlyArray<Tensor.Tensor>
            return range(length).map((k) => {
              const before = state
              const result = step(
                tree(carried, constants(before)),
                tree(given, constants(rows.map((row) => row[run]![at(k)]!)))
              )
              const whole = name === "scan" ? (result as ReadonlyArray<unknown>)[0] : result
              state = evaluateAll(untree(carried, carries.length, whole) as ReadonlyArray<Expr.Any>)
              return before
            })
          })
      }
    }
    const start = range(draw.scope.runs).map((run) =>
      length === 0 ? [] : [carries.map(({ samples }) => samples[run]!)]
    )
    const functions = settle(draw, start, make)
    if (functions === undefined) return undefined
    const init = termTree(
      carried,
      carries.map(({ term }) => term)
    )
    const over = termTree(
      given,
      xs.map(({ term }) => term)
    )
    const options = { ...(reverse ? { reverse } : {}), ...(xs.length === 0 ? { length } : {}) }
    const finals = patternTree(
      carried,
      carries.map(() => fresh(draw))
    )
    if (name === "iterate") return [{ pattern: finals, term: call("iterate", literal(length), ...functions, init) }]
    const term = call(name, ...functions, init, over, ...(Object.keys(options).length === 0 ? [] : [literal(options)]))
    if (name === "fold") return [{ pattern: finals, term }]
    const ys = patternTree(
      returned,
      range(outputs).map(() => fresh(draw))
    )
    return [{ pattern: outputs === 0 ? [finals] : [finals, ys], term }]
  }
})

/** More iterations than any loop here should have. */
const mostTrips = 8

const whileLoop: Control = {
  name: "whileLoop",
  kinks: false,
  derivatives: false,
  make: (draw, bodies) => {
    const { scope } = draw
    const others = all(range(1 + draw.choose(2)).map(() => draw.pick()))
    if (others === undefined) return undefined
    const scalar = (): Term | undefined => (draw.kinks ? draw.pick(isScalar)?.term : undefined)
    const [offset, limit] = [draw.choose(2) === 0 ? undefined : scalar(), draw.choose(3) === 0 ? undefined : scalar()]
    const most = [2, 4, 3, 1][draw.choose(4)]!
    const init = offset === undefined ? literal(0) : call("sigmoid", offset)
    const bound = limit === undefined ? literal(most - 0.5) : call("mul", literal(most), call("sigmoid", limit))
    const more = draw.kinks && draw.choose(3) === 2
    const varyingStep = draw.kinks && draw.choose(3) === 2
    const layout = layoutOf(draw, 1 + others.length)
    const counts = Array.from(scope.evaluate(init).data, (x) => Tensor.full([], x))

    let first = true
    const make = (trace: Trace): Loop | undefined => {
      const shapes = [[], ...others.map(({ shape }) => shape)]
      // Nothing is known of the iterations at first: the body is built for one.
      const iterations = trace.map((states) => (first ? states : states.slice(0, -1)))
      first = false
      const enter = (states: Trace): { readonly own: ReadonlyArray<number>; readonly body: Scope } => {
        const body = scope.enter(
          states.flatMap((list_, run) => list_.map(() => run)),
          draw.maxSize
        )
        const own = shapes.map((shape, j) =>
          body.parameter(
            shape,
            states.flatMap((list_) => list_.map((state) => state[j]!))
          )
        )
        return { own, body }
      }
      const test = enter(trace)
      const inTest = draw.in(test.body)
      const count = value(test.own[0]!)
      if (!offZero(inTest, () => call("sub", count, bound))) return undefined
      const extra = more ? predicate(inTest) : undefined
      const counted = call("lt", count, bound)
      const condition = lambda(
        [patternTree(layout, test.own)],
        test.body.block(extra === undefined || !isScalar(extra.shape) ? counted : call("and", counted, extra.term))
      )
      const { body, own } = enter(iterations)
      body.follow(bodies[0]!)
      const made = results(
        draw,
        body,
        others.map(({ shape }) => like(shape))
      )
      const advance = varyingStep ? draw.in(body).pick(isScalar) : undefined
      if (made === undefined) return undefined
      const step = advance === undefined ? literal(1) : call("add", literal(0.75), call("sigmoid", advance.term))
      const next = [call("add", value(own[0]!), step), ...made.map((term) => bounded(draw, term))]
      const f = lambda([patternTree(layout, own)], body.block(termTree(layout, next)))
      return {
        functions: [condition, f],
        trace: () =>
          all(
            range(scope.runs).map((run) => {
              const [holds, advanceBy] = [condition, f].map((g) => build(g, scope.constants(run))) as [Step, Step]
              const states: Array<ReadonlyArray<Tensor.Tensor>> = [
                [counts[run]!, ...others.map(({ samples }) => samples[run]!)]
              ]
              for (;;) {
                const state = tree(layout, constants(states.at(-1)!))
                if (evaluateAll([holds(state) as Expr.Any])[0]!.data[0] !== 1) return states
                if (states.length > mostTrips) return undefined
                states.push(evaluateAll(untree(layout, shapes.length, advanceBy(state)) as ReadonlyArray<Expr.Any>))
              }
            })
          )
      }
    }
    const start = range(scope.runs).map((run) => [[counts[run]!, ...others.map(({ samples }) => samples[run]!)]])
    const functions = settle(draw, start, make)
    if (functions === undefined) return undefined
    const pattern = patternTree(
      layout,
      range(1 + others.length).map(() => fresh(draw))
    )
    const operands = termTree(layout, [init, ...others.map(({ term }) => term)])
    return [{ pattern, term: call("whileLoop", ...functions, operands) }]
  }
}

// -----------------------------------------------------------------------------
// Programs
// -----------------------------------------------------------------------------

interface Definition {
  readonly id: number
  readonly statement: Statement
  readonly inputs: ReadonlyArray<Shape.Shape>
  readonly given: Layout
  readonly outputs: ReadonlyArray<Shape.Shape>
  readonly returned: Layout
}

/** A program whose body runs once for each run of the scope and each of its `inputs`' samples. */
const define = (
  draw: Nest,
  instructions: ReadonlyArray<Instruction>,
  from: ReadonlyArray<number>,
  inputs: ReadonlyArray<{ readonly shape: Shape.Shape; readonly samples: ReadonlyArray<Tensor.Tensor> }>,
  given: Layout,
  maxSize: number
): Definition | undefined => {
  const body = draw.scope.enter(from, maxSize)
  const parameters = inputs.map(({ samples, shape }) => body.parameter(shape, samples))
  body.follow(instructions)
  const shapes = inputs.map(({ shape }) => shape)
  const finish = (returned: Layout, own: ReadonlyArray<Term>, outputs: ReadonlyArray<Shape.Shape>): Definition => {
    const id = fresh(draw)
    const f = lambda([patternTree(given, parameters)], body.block(termTree(returned, own)))
    const statement = { pattern: id, term: call("Fn.make", literal(tree(given, shapes)), f) }
    return { id, statement, inputs: shapes, given, outputs, returned }
  }
  if (draw.choose(2) === 0) {
    const unused = body.unused([])
    const last = body.values.at(-1)
    const total = body.total(unused.length === 0 && last !== undefined ? [last] : unused, false)
    return total === undefined ? undefined : finish("single", [total], [[]])
  }
  const inside = draw.in(body)
  const picked = all(range(1 + draw.choose(2)).map(() => inside.pick((shape) => size(shape) <= maxSize)))
  if (picked === undefined) return undefined
  const terms = picked.map(({ term }) => term)
  const rest = body.total(body.unused(terms), true)
  return finish(
    layoutOf(draw, picked.length),
    rest === undefined ? terms : [call("add", terms[0]!, rest), ...terms.slice(1)],
    picked.map(({ shape }) => shape)
  )
}

/** What is done with a program: the program that is called, what it takes besides `primals`, and what it gives. */
const uses = (
  draw: Nest,
  { id, inputs, outputs, returned, given }: Definition,
  derivatives: boolean
): ReadonlyArray<(operands: ReadonlyArray<Term>) => Statement> => {
  const f = value(id)
  const head = draw.choose(2) === 0 ? "Fn.apply" : "Fn.call"
  const ins = (): Pattern =>
    patternTree(
      given,
      inputs.map(() => fresh(draw))
    )
  const outs = (): Pattern =>
    patternTree(
      returned,
      outputs.map(() => fresh(draw))
    )
  const along = (shapes: ReadonlyArray<Shape.Shape>): ReadonlyArray<Term> =>
    shapes.map((shape) => draw.pick(like(shape))?.term ?? call("ones", literal(shape)))
  const plain = (program: Term, pattern: () => Pattern) => (operands: ReadonlyArray<Term>) => ({
    pattern: pattern(),
    term: call(head, program, termTree(given, operands))
  })
  if (!derivatives) return [plain(f, outs)]
  const scalar = returned === "single" && isScalar(outputs[0]!)
  const direct = given === "single" && isScalar(inputs[0]!)
  const block = given === "single" && returned === "single" && size(inputs[0]!) * size(outputs[0]!) <= draw.maxSize
  return [
    ...(scalar
      ? [
          plain(call("Reverse.grad", f), ins),
          plain(call("Reverse.valueAndGrad", f), () => ({ value: fresh(draw), grad: ins() })),
          (operands: ReadonlyArray<Term>) => ({
            pattern: ins(),
            term: call(
              head,
              call("Calculus.hvp", f),
              record({ primals: termTree(given, operands), tangents: termTree(given, along(inputs)) })
            )
          })
        ]
      : []),
    ...(direct ? [plain(call("Forward.derivative", f), outs)] : []),
    ...(block ? ["Forward.jacobian", "Reverse.jacobian"].map((name) => plain(call(name, f), () => fresh(draw))) : []),
    ...(direct && scalar ? [plain(call("Forward.derivative", call("Reverse.grad", f)), outs)] : []),
    (operands) => ({
      pattern: { primals: outs(), tangents: outs() },
      term: call(
        head,
        call("Forward.jvp", f),
        record({ primals: termTree(given, operands), tangents: termTree(given, along(inputs)) })
      )
    }),
    (operands) => ({
      pattern: { primals: outs(), cotangents: ins() },
      term: call(
        head,
        call("Reverse.vjp", f),
        record({ primals: termTree(given, operands), cotangents: termTree(returned, along(outputs)) })
      )
    })
  ]
}

/** A program that is applied, called or differentiated, at one or two places. */
const inner = (name: string, derivatives: boolean): Control => ({
  name,
  kinks: false,
  derivatives,
  make: (draw, bodies) => {
    const first = all(range(1 + draw.choose(2)).map(() => draw.pick()))
    if (first === undefined) return undefined
    const second = draw.choose(3) === 2 ? all(first.map(({ shape }) => draw.pick(like(shape)))) : undefined
    const sites = second === undefined ? [first] : [first, second]
    const runs = range(draw.scope.runs)
    const inputs = first.map(({ shape }, j) => ({ shape, samples: sites.flatMap((site) => site[j]!.samples) }))
    const given = layoutOf(draw, first.length)
    const definition = define(
      draw,
      bodies[0]!,
      sites.flatMap(() => runs),
      inputs,
      given,
      draw.maxSize
    )
    if (definition === undefined) return undefined
    return [
      definition.statement,
      ...sites.map((site) => {
        const available = uses(draw, definition, derivatives)
        return available[draw.choose(available.length)]!(site.map(({ term }) => term))
      })
    ]
  }
})

/** A program, or its gradient, that is mapped over an axis of its first input. */
const mapped = (name: string, derivatives: boolean): Control => ({
  name,
  kinks: false,
  derivatives,
  make: (draw, bodies) => {
    const x = draw.pick(nonEmpty)
    if (x === undefined) return undefined
    const axis = draw.choose(x.shape.length)
    const n = x.shape[axis]!
    const shared = draw.choose(2) === 0 ? undefined : draw.pick((shape) => size(shape) * n <= draw.maxSize)
    const from = range(draw.scope.runs).flatMap((run) => range(n).map(() => run))
    const inputs = [
      { shape: x.shape.toSpliced(axis, 1), samples: slices(x.samples, axis).flat() },
      ...(shared === undefined ? [] : [{ shape: shared.shape, samples: from.map((run) => shared.samples[run]!) }])
    ]
    const given = layoutOf(draw, inputs.length)
    const most = Math.max(1, Math.floor(draw.maxSize / n))
    const definition = define(draw, bodies[0]!, from, inputs, given, most)
    if (definition === undefined) return undefined
    const scalar = definition.returned === "single" && isScalar(definition.outputs[0]!)
    if (derivatives && !scalar) return undefined
    const f = derivatives ? call("Reverse.grad", value(definition.id)) : value(definition.id)
    const axes = tree(given, shared === undefined ? [axis] : [axis, null])
    const options = { size: n, ...(axis === 0 && shared === undefined ? {} : { axes }) }
    const operands = shared === undefined ? [x.term] : [x.term, shared.term]
    const pattern = derivatives
      ? patternTree(
          given,
          inputs.map(() => fresh(draw))
        )
      : patternTree(
          definition.returned,
          definition.outputs.map(() => fresh(draw))
        )
    const term = call(
      draw.choose(2) === 0 ? "Fn.apply" : "Fn.call",
      call("Fn.map", f, literal(options)),
      termTree(given, operands)
    )
    return [definition.statement, { pattern, term }]
  }
})

/** All control operations; earlier ones are simpler. */
export const controls: ReadonlyArray<Control> = [
  inner("call", false),
  cond,
  map,
  scan("iterate"),
  scan("fold"),
  scan("scan"),
  whileLoop,
  mapped("Fn.map", false),
  inner("derivative", true),
  inner("derivative", true),
  inner("derivative", true),
  mapped("map of a gradient", true)
]
