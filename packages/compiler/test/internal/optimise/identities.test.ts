// Every identity alone, at special values: where the optimiser has another term for an expression, both have the same bits.

import { Backend, Body, Expr, Fn, type Tensor, Tensor as Tensors, Type } from "@fluxion/core"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { optimise } from "../../../src/internal/optimise/index.ts"
import { operations } from "./operations.ts"

const specials = [
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  5e-324,
  -5e-324,
  2.2e-308,
  1.7e308,
  -1.7e308,
  1,
  -1,
  0.1,
  -3,
  2 ** 53
]

const number = fc.oneof(fc.constantFrom(...specials), fc.double())

const run = (body: Body.Body, inputs: ReadonlyArray<Tensor.Any>): ReadonlyArray<Tensor.Any> => {
  const result = Effect.runSync(Backend.interpreter.compile(body)).execute(inputs)
  if (Result.isFailure(result)) throw new Error("expected a success")
  return result.success
}

type X = Expr.Expr<readonly [4]>
type Build = (x: X, y: X, k: Expr.IndexExpr<readonly [4]>, p: Expr.BoolExpr<readonly [4]>) => Expr.AnyOperand

const spec = { x: [4], y: [4], k: Type.index([4]), p: Type.bool([4]) } as const

const bodyOf = (build: Build): Body.Body =>
  Fn.make(spec, ({ k, p, x, y }) => build(x, y, k, p) as Expr.Expr) as unknown as Body.Body

const at = fc
  .record({
    x: fc.array(number, { minLength: 4, maxLength: 4 }),
    y: fc.array(number, { minLength: 4, maxLength: 4 }),
    k: fc.array(fc.integer({ min: -3, max: 6 }), { minLength: 4, maxLength: 4 }),
    p: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 })
  })
  // In the order of the leaves: by name.
  .map(({ k, p, x, y }): ReadonlyArray<Tensor.Any> =>
    Body.inputTypes(bodyOf((a) => a)).map((type, i) => {
      if (type.elementType === "index") return Tensors.index(k)
      if (type.elementType === "bool") return Tensors.bool(p)
      return Tensors.fromArray(
        i === Body.inputTypes(bodyOf((a) => a)).findIndex((t) => t.elementType === "real") ? x : y,
        [4]
      )
    })
  )

const same = (before: Body.Body, inputs: ReadonlyArray<Tensor.Any>): void => {
  const after = optimise(before)
  const [expected, actual] = [run(before, inputs), run(after, inputs)]
  expected.forEach(({ data }, o) => {
    data.forEach((a: number, i: number) => {
      const b = actual[o]!.data[i]!
      if (!Object.is(a, b)) throw new Error(`at ${i}: expected ${a}, got ${b}\n${Body.print(after)}`)
    })
  })
}

const square = (x: X): Expr.Expr<readonly [4]> => Expr.mul(x, x)
const apply = Fn.expressions.apply as unknown as (
  name: string,
  attributes: object,
  operands: ReadonlyArray<unknown>
) => never
/** Built without the simplifications of expressions. */
const raw = (name: string, ...operands: ReadonlyArray<unknown>): X => apply(name, {}, operands)
const number4 = (value: number): X => Expr.constant(Tensors.full([4], value))

/** What is left of an expression: the number of operations that compute. */
const identities: Readonly<Record<string, readonly [left: number, build: Build]>> = {
  "x * 1": [0, (x) => Expr.mul(x, number4(1))],
  "1 * x": [0, (x) => Expr.mul(1, x)],
  "x * -1": [1, (x) => Expr.mul(x, -1)],
  "x / 1": [0, (x) => Expr.div(x, 1)],
  "x / -1": [1, (x) => Expr.div(x, -1)],
  "x / 8": [1, (x) => Expr.div(x, 8)],
  "x / 2 ** -1022": [1, (x) => Expr.div(x, 2 ** -1022)],
  "x / 2 ** 1023": [1, (x) => Expr.div(x, 2 ** 1023)],
  "x / 3": [1, (x) => Expr.div(x, 3)],
  "x + -0": [0, (x) => Expr.add(x, -0)],
  "x - 0": [0, (x) => Expr.sub(x, 0)],
  "-0 - x": [1, (x) => Expr.sub(-0, x)],
  "x + 0 stays": [1, (x) => Expr.add(x, 0)],
  "x - -0 stays": [1, (x) => Expr.sub(x, -0)],
  "x * 0 stays": [1, (x) => Expr.mul(x, 0)],
  "x - x stays": [1, (x) => Expr.sub(x, x)],
  "x / x stays": [1, (x) => Expr.div(x, x)],
  "x + -y": [1, (x, y) => Expr.add(x, Expr.neg(y))],
  "-x + y": [1, (x, y) => Expr.add(Expr.neg(x), y)],
  "x - -y": [1, (x, y) => Expr.sub(x, Expr.neg(y))],
  "--x": [0, (x) => Expr.neg(Expr.neg(x))],
  "-x * -y": [1, (x, y) => Expr.mul(Expr.neg(x), Expr.neg(y))],
  "-x / -y": [1, (x, y) => Expr.div(Expr.neg(x), Expr.neg(y))],
  "-x * 3": [1, (x) => Expr.mul(Expr.neg(x), 3)],
  "-(x * 3)": [1, (x) => Expr.neg(Expr.mul(x, 3))],
  "-(0.1 * x)": [1, (x) => Expr.neg(Expr.mul(0.1, x))],
  "abs(-x)": [1, (x) => Expr.abs(Expr.neg(x))],
  "abs(abs(x))": [1, (x) => Expr.abs(Expr.abs(x))],
  "abs(exp(x))": [1, (x) => Expr.abs(Expr.exp(x))],
  "abs(sigmoid(x))": [1, (x) => Expr.abs(Expr.sigmoid(x))],
  "relu(relu(x))": [1, (x) => Expr.relu(Expr.relu(x))],
  "relu(abs(x))": [1, (x) => Expr.relu(Expr.abs(x))],
  "sign(sign(x))": [1, (x) => Expr.sign(Expr.sign(x))],
  "floor(round(x))": [1, (x) => Expr.floor(Expr.round(x))],
  "round(ceil(x))": [1, (x) => Expr.round(Expr.ceil(x))],
  "pow(x, 0)": [0, (x) => Expr.pow(x, 0)],
  "pow(x, 1)": [0, (x) => Expr.pow(x, 1)],
  "pow(1, x)": [0, (x) => Expr.pow(1, x)],
  "max(x, x)": [0, (x) => Expr.max(x, x)],
  "min(x, x)": [0, (x) => Expr.min(x, x)],
  "max(x, -Infinity)": [0, (x) => Expr.max(x, -Infinity)],
  "min(Infinity, x)": [0, (x) => Expr.min(Infinity, x)],
  "x < x": [0, (x) => Expr.lt(x, x)],
  "x == x stays": [1, (x) => Expr.eq(x, x)],
  "k == k": [0, (_, __, k) => Expr.eq(k, k)],
  "k - k": [0, (_, __, k) => Expr.sub(k, k)],
  "not not p": [0, (_, __, ___, p) => Expr.not(Expr.not(p))],
  "not (x == y)": [1, (x, y) => Expr.not(Expr.eq(x, y))],
  "not (x < y) stays": [2, (x, y) => Expr.not(Expr.lt(x, y))],
  "p and p": [0, (_, __, ___, p) => Expr.and(p, p)],
  "p or true": [0, (_, __, ___, p) => Expr.or(p, Tensors.bool([true, true, true, true]))],
  "select(p, x, x)": [0, (x, _, __, p) => Expr.select(p, x, x)],
  "select(not p, x, y)": [1, (x, y, _, p) => Expr.select(Expr.not(p), x, y)],
  "strong product with 2": [1, (x) => raw("mulStrongZero", x, number4(2))],
  "strong product with 0 keeps the sign": [1, (x) => raw("mulStrongZero", x, number4(0))],
  "x² plus a strong product with 0": [1, (x, y) => Expr.add(square(x), raw("mulStrongZero", y, number4(0)))],
  "x² less a strong product with 0": [1, (x, y) => Expr.sub(square(x), raw("mulStrongZero", y, number4(0)))],
  "x plus a strong product with 0 stays": [2, (x, y) => Expr.add(x, raw("mulStrongZero", y, number4(0)))],
  "max(x², 1) plus a strong product with 0": [
    2,
    (x, y) => Expr.add(Expr.max(square(x), 1), raw("mulStrongZero", y, number4(0)))
  ],
  "max(x, -1) plus a strong product with 0 stays": [
    3,
    (x, y) => Expr.add(Expr.max(x, -1), raw("mulStrongZero", y, number4(0)))
  ],
  "the sum of a strong product with 0": [0, (x) => Expr.sum(raw("mulStrongZero", x, number4(-0)))],
  "the sum of sines of strong products with 0": [
    0,
    (x) => Expr.sum(Expr.sin(raw("mulStrongZero", Expr.exp(x), number4(0))))
  ],
  "the cumulative sum of a strong product with 0": [0, (x) => Expr.cumsum(raw("mulStrongZero", x, number4(0)))],
  "a strong contraction with 0": [
    0,
    (x) => apply("dot", { left: [0], right: [0, 1], output: [1], strongZero: true }, [x, Expr.zeros([4, 3])])
  ],
  "an ordinary contraction with 0 stays": [
    1,
    (x) => apply("dot", { left: [0], right: [0, 1], output: [1], strongZero: false }, [x, Expr.zeros([4, 3])])
  ],
  "exp of what repeats": [1, (x) => Expr.exp(Expr.broadcastTo(x, [3, 4]))],
  "x * y of what repeats": [1, (x, y) => Expr.mul(Expr.broadcastTo(x, [3, 4]), Expr.broadcastTo(y, [3, 4]))],
  "transpose of transpose": [1, (x, y) => Expr.transpose(Expr.transpose(Expr.outer(x, y)))],
  "transpose of a product": [1, (x, y) => Expr.transpose(Expr.outer(x, y))],
  "reverse of reverse": [0, (x) => Expr.reverse(Expr.reverse(x))],
  "the whole slice": [0, (x) => Expr.slice(x, { starts: [0], limits: [4] })],
  "slice of slice": [
    1,
    (x) => Expr.slice(Expr.slice(x, { starts: [1], limits: [4] }), { starts: [0], limits: [3], strides: [2] })
  ],
  "slice of concat": [1, (x, y) => Expr.slice(Expr.concat([x, y], 0), { starts: [5], limits: [7] })],
  "one of a stack": [0, (x, y) => Expr.slice(Expr.stack([x, y], 0), { starts: [1, 0], limits: [2, 4] })],
  "pad of pad": [1, (x) => Expr.pad(Expr.pad(x, { low: [1], high: [0] }), { low: [0], high: [2] })],
  "gather of all": [0, (x) => Expr.gather(x, Tensors.index([0, 1, 2, 3]))],
  "sum over one element": [1, (x) => Expr.sum(Expr.reshape(x, [4, 1]), { axis: 1 })],
  "sum over one square": [1, (x) => Expr.sum(Expr.reshape(square(x), [4, 1]), { axis: 1 })],
  "prod over one element": [0, (x) => Expr.prod(Expr.reshape(x, [4, 1]), { axis: 1 })],
  "max of max": [1, (x) => Expr.reduceMax(Expr.reduceMax(Expr.reshape(x, [2, 2]), { axis: 0 }))],
  "lgamma of a constant": [0, () => Expr.lgamma(Tensors.linspace(0.5, 3, 6))],
  "x + x and x + x": [2, (x) => Expr.mul(Expr.add(x, x), Expr.add(x, x))],
  "x * y and y * x": [2, (x, y) => Expr.sub(Expr.mul(x, y), Expr.mul(y, x))]
}

describe("an identity holds to the bit and leaves what it should", () => {
  it.each(Object.entries(identities))("%s", (_, [left, build]) => {
    const body = bodyOf(build)
    expect(operations(optimise(body)), Body.print(optimise(body))).toBe(left)
    fc.assert(
      fc.property(at, (inputs) => same(body, inputs)),
      { numRuns: 60 }
    )
  })
})

/** An expression of arithmetic over inputs and special numbers. */
type Term = (x: X, y: X, p: Expr.BoolExpr<readonly [4]>) => X

const terms = fc.letrec<{ readonly term: Term }>((tie) => {
  const term = tie("term")
  const unary = fc.constantFrom(
    "neg",
    "abs",
    "exp",
    "sign",
    "floor",
    "round",
    "relu",
    "sqrt",
    "sin",
    "reverse",
    "cumsum"
  )
  const binary = fc.constantFrom(
    "add",
    "sub",
    "mul",
    "mul",
    "mulStrongZero",
    "mulStrongZero",
    "div",
    "max",
    "min",
    "pow"
  )
  return {
    term: fc.oneof(
      { maxDepth: 5, depthSize: "small" },
      fc.boolean().map(
        (isX): Term =>
          (x, y) =>
            isX ? x : y
      ),
      fc.constantFrom(...specials).map(
        (value): Term =>
          () =>
            number4(value)
      ),
      fc.tuple(unary, term).map(([name, a]): Term => {
        const attributes = name === "reverse" ? { axes: [0] } : name === "cumsum" ? { axis: 0, reverse: false } : {}
        return (x, y, p) => apply(name, attributes, [a(x, y, p)])
      }),
      {
        weight: 3,
        arbitrary: fc.tuple(binary, term, term).map(
          ([name, a, b]): Term =>
            (x, y, p) =>
              raw(name, a(x, y, p), b(x, y, p))
        )
      },
      fc.tuple(term, term).map(
        ([a, b]): Term =>
          (x, y, p) =>
            Expr.select(p, a(x, y, p), b(x, y, p))
      ),
      fc.tuple(term, term).map(
        ([a, b]): Term =>
          (x, y, p) =>
            Expr.broadcastTo(Expr.sum(Expr.stack([a(x, y, p), b(x, y, p)], 0)), [4])
      )
    )
  }
})

it("random arithmetic over special numbers keeps its bits", { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(terms.term, at, (term, inputs) =>
      same(
        bodyOf((x, y, _, p) => term(x, y, p)),
        inputs
      )
    ),
    { numRuns: 3000 }
  )
})
