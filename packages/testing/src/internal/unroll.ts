// What a program does at given inputs, without control flow: the branches that are taken, the iterations that are run.

import {
  type Algebra,
  Body,
  type Expr,
  Fn,
  Interpreter,
  Operations,
  type Primitive,
  type Tensor,
  Tree
} from "@fluxion/core"

/** An expression with its value at the given inputs. */
interface Carrier {
  readonly tensor: Tensor.Any
  readonly expr: Expr.Any
}

/** Slice `i` along the leading axis. */
const at = (x: Carrier, i: number): Carrier => {
  const { shape } = x.tensor
  const bounds = { starts: shape.map((_, axis) => (axis === 0 ? i : 0)), strides: shape.map(() => 1) }
  const limits = shape.map((n, axis) => (axis === 0 ? i + 1 : n))
  return operations.reshape(operations.slice(x, { ...bounds, limits }), shape.slice(1))
}

const stacked = (rows: ReadonlyArray<Carrier>, type: { readonly shape: ReadonlyArray<number> }): Carrier =>
  rows.length === 0 ? operations.zeros([0, ...type.shape]) : operations.stack(rows, 0)

const isTrue = (results: ReadonlyArray<Carrier>): boolean => results[0]!.tensor.data[0] === 1

type Carriers = ReadonlyArray<Carrier>

const range = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i)

/** A primitive of several results without a body to run step by step: it stays as it is. */
const kept =
  <K extends Primitive.ControlName>(primitive: K) =>
  (attributes: Primitive.ControlAttributes<K>, operands: Carriers): Carriers => {
    const tensors = operands.map(({ tensor }) => tensor)
    const exprs = operands.map(({ expr }) => expr)
    const results = Fn.expressions.applyMany(primitive, attributes, exprs)
    return Interpreter.algebra
      .applyMany(primitive, attributes, tensors)
      .map((tensor, i) => ({ tensor, expr: results[i]! }))
  }

type Run = (body: Primitive.Body, operands: Carriers) => Carriers

type Unrolled = {
  readonly [K in Primitive.ControlName]: (
    attributes: Primitive.ControlAttributes<K>,
    operands: Carriers,
    run: Run
  ) => Carriers
}

const differentiated: Unrolled = {
  cond: ({ whenFalse, whenTrue }, [predicate, ...consts], run) =>
    run(isTrue([predicate!]) ? whenTrue : whenFalse, consts),
  call: ({ body }, operands, run) => run(body, operands),
  map: ({ body, consts, size, summed }, operands, run) => {
    const rows = range(size).map((i) =>
      run(
        body,
        operands.map((x, j) => (j < consts ? x : at(x, i)))
      )
    )
    return Body.outputTypes(body).map((type, j) => {
      const own = rows.map((row) => row[j]!)
      return j < body.outputNodes.length - summed
        ? stacked(own, type)
        : own.reduce((total, x) => operations.add(total, x), operations.zeros(type.shape))
    })
  },
  scan: ({ body, carries, consts, length, reverse }, operands, run) => {
    const xs = operands.slice(consts + carries)
    const types = Body.outputTypes(body).slice(carries)
    const ys: Array<Array<Carrier>> = types.map(() => new Array<Carrier>(length))
    let state = operands.slice(consts, consts + carries)
    for (let k = 0; k < length; k++) {
      const i = reverse ? length - 1 - k : k
      const results = run(body, [...operands.slice(0, consts), ...state, ...xs.map((x) => at(x, i))])
      state = results.slice(0, carries)
      ys.forEach((own, j) => (own[i] = results[carries + j]!))
    }
    return [...state, ...ys.map((own, j) => stacked(own, types[j]!))]
  },
  whileLoop: ({ condition, consts, sweeps }, operands, run) => {
    const shared = operands.slice(0, consts)
    // For each iteration: what the sweeps so far had as states and records.
    const tape: Array<Array<Carrier>> = []
    const results: Array<Carrier> = []
    let first = consts
    sweeps.forEach(({ body, states }, k) => {
      let own = operands.slice(first, first + states)
      first += states
      const iterate = (row: Array<Carrier>): void => {
        const outputs = run(body, [...shared, ...row, ...own])
        row.push(...own, ...outputs.slice(states))
        own = outputs.slice(0, states)
      }
      if (k > 0) (k % 2 === 1 ? tape.toReversed() : tape).forEach(iterate)
      else {
        while (isTrue(run(condition, [...shared, ...own]))) {
          tape.push([])
          iterate(tape.at(-1)!)
        }
      }
      results.push(...own)
    })
    return results
  },
  // What has a rule of its own is differentiated by it, not through its operations; a rule for reverse mode alone has no tangents.
  custom: (attributes, operands, run) =>
    attributes.jvp === undefined ? run(attributes.body, operands) : kept("custom")(attributes, operands),
  qr: kept("qr"),
  eigh: kept("eigh"),
  // A solution is differentiated where it is, not through the steps to it.
  root: kept("root")
}

const evaluated: Unrolled = {
  ...differentiated,
  custom: ({ body }, operands, run) => run(body, operands),
  root: ({ solve }, operands, run) => run(solve, operands)
}

const { expressions } = Fn

const algebraOf = (unrolled: Unrolled): Algebra<Carrier> => ({
  apply: (primitive, attributes, given, type) => {
    const operands = given as Carriers
    const exprs = operands.map(({ expr }) => expr)
    return {
      tensor: Interpreter.algebra.apply(primitive, attributes, operands.map(({ tensor }) => tensor) as never, type),
      expr: expressions.apply(primitive, attributes, exprs as never, type)
    }
  },
  applyMany: (primitive, attributes, operands) =>
    unrolled[primitive](attributes, operands, (body, inputs) => Body.interpret(body, algebraOf(unrolled), inputs)),
  constant: (tensor) => ({ tensor, expr: expressions.constant(tensor) }),
  typeOf: ({ tensor }) => tensor
})

const operations = Operations.make(algebraOf(differentiated))

/**
 * The program without control flow that does what a program does at given inputs, and near them: the branches that are taken there, and as many
 * iterations as are run there.
 *
 * What has rules of its own (`custom`, `root`) stays where it is `"differentiated"`; where it is `"evaluated"`, what it stands for is unrolled too.
 */
export const unroll = (
  f: Fn.Any,
  inputsAt: unknown,
  purpose: "differentiated" | "evaluated" = "differentiated"
): Fn.Any => {
  const algebra = algebraOf(purpose === "differentiated" ? differentiated : evaluated)
  const { inputs, outputs } = Fn.specs(f)
  const tensors = Tree.toTensors("unroll", inputs, inputsAt)
  return Fn.unsafeFromLeaves(inputs, outputs, (leaves) =>
    Fn.interpret(
      f,
      algebra,
      leaves.map((expr, i) => ({ expr, tensor: tensors[i]! }))
    ).map(({ expr }) => expr)
  )
}
