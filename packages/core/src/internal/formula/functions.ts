// The functions a formula can call.

import * as Expr from "../../Expr.ts"
import * as Primitive from "../../Primitive.ts"
import * as Shape from "../../Shape.ts"
import * as Tensor from "../../Tensor.ts"
import { apply } from "../apply.ts"
import { constant, type Node } from "../node.ts"
import { fromNode, toNode } from "../lift.ts"

/** A function by its number of arguments; those from `literalFrom` on must be plain numbers. */
export interface Callable {
  readonly least: number
  readonly most: number
  readonly literalFrom: number
  readonly build: (args: ReadonlyArray<Node>) => Node
}

const callable = (
  least: number,
  most: number,
  build: (args: ReadonlyArray<Node>) => Node,
  literalFrom: number = Infinity
): Callable => ({ least, most, literalFrom, build })

type Untyped = <K extends Primitive.Name>(primitive: K, attributes: object, operands: ReadonlyArray<Node>) => Node

const primitive = (name: Primitive.Name): Callable => {
  const arity = Primitive.definitions[name].arity
  const count = arity === "variadic" ? 1 : arity
  return callable(count, count, (args) => (apply as Untyped)(name, {}, args))
}

const real = (node: Node): Expr.Expr => fromNode(node)

const unary = (f: Expr.Unary): Callable => callable(1, 1, ([x]) => toNode(f(real(x!))))

const binary = (f: Expr.Binary): Callable => callable(2, 2, ([x, y]) => toNode(f(real(x!), real(y!))))

const literal = (node: Node): number => node.value!.data[0]!

interface WithParameter {
  (parameter?: number): (x: Expr.Expr) => Expr.Expr
}

const withParameter = (f: WithParameter): Callable =>
  callable(1, 2, ([x, p]) => toNode((p === undefined ? f() : f(literal(p)))(real(x!))), 1)

/** Of any number of arguments from two on, as `max(max(a, b), c)`. */
const folded = (name: "max" | "min"): Callable =>
  callable(2, Infinity, (args) => args.reduce((x, y) => apply(name, {}, [x, y])))

const index = (value: number): Node => {
  if ((value | 0) !== value) throw Shape.error("index", [], `expected a 32-bit integer, got ${value}`)
  return constant(Tensor.index(value))
}

const aliases: Readonly<Record<string, Primitive.Name>> = {
  ln: "log",
  arcsin: "asin",
  arccos: "acos",
  arctan: "atan",
  arsinh: "asinh",
  arcosh: "acosh",
  artanh: "atanh"
}

const elementwise = Primitive.names.filter((name) => Primitive.definitions[name].family === "elementwise")

/** All functions by name: the elementwise primitives, and what is defined from them for scalars. */
export const functions: ReadonlyMap<string, Callable> = new Map<string, Callable>([
  ...elementwise.map((name) => [name, primitive(name)] as const),
  ...Object.entries(aliases).map(([alias, name]) => [alias, primitive(name)] as const),
  ["max", folded("max")],
  ["min", folded("min")],
  ["polygamma", callable(2, 2, ([x, n]) => apply("polygamma", { order: literal(n!) }, [x!]), 1)],
  ["index", callable(1, 1, ([n]) => index(literal(n!)), 0)],
  ["square", unary(Expr.square)],
  ["reciprocal", unary(Expr.reciprocal)],
  ["log2", unary(Expr.log2)],
  ["log10", unary(Expr.log10)],
  ["logSigmoid", unary(Expr.logSigmoid)],
  ["silu", unary(Expr.silu)],
  ["gelu", unary(Expr.gelu)],
  ["geluTanh", unary(Expr.geluTanh)],
  ["sinc", unary(Expr.sinc)],
  ["logAddExp", binary(Expr.logAddExp)],
  ["xlogy", binary(Expr.xlogy)],
  ["leakyRelu", withParameter(Expr.leakyRelu)],
  ["elu", withParameter(Expr.elu)],
  ["huber", withParameter(Expr.huber)]
])
