// The one bridge between the two encodings: an iterative fold of a program in topological order.

import type { Algebra } from "../Algebra.ts"
import type * as Expr from "../Expr.ts"
import type * as Primitive from "../Primitive.ts"
import type * as Type from "../Type.ts"
import type { Node } from "./node.ts"
import { inherit } from "./callSite.ts"
import { raisedAt } from "./raised.ts"
import { type Body, schedule } from "./schedule.ts"

export class FreeVariable extends Error {
  override readonly name = "FreeVariable"
  constructor(
    node: Node,
    advice = "it has no value here: build the inner program inside the body of the outer one, or pass it as an input"
  ) {
    super(
      node.requirement?._tag === "Param"
        ? `the parameter ${JSON.stringify(node.label)} has no value here: use Fn.withParams`
        : node.requirement?._tag === "Random"
          ? `there is no key to draw random numbers with: use Fn.withKey`
          : `the input ${JSON.stringify(node.label)} belongs to another program; ${advice}`
    )
  }
}

type AnyApply<A> = (primitive: Primitive.Name, attributes: object, operands: ReadonlyArray<A>, type: Type.Type) => A
type AnyApplyMany<A> = (
  primitive: Primitive.ControlName,
  attributes: object,
  operands: ReadonlyArray<A>,
  types: ReadonlyArray<Type.Type>
) => ReadonlyArray<A>

export const interpret = <A>(body: Body, algebra: Algebra<A>, inputs: ReadonlyArray<A>): Array<A> => {
  const { free } = algebra
  const apply = algebra.apply as unknown as AnyApply<A>
  const applyMany = algebra.applyMany as unknown as AnyApplyMany<A>
  const { dependent, first, inputIndex, lastUse, nodes, operands, outputs } = schedule(body, free !== undefined)
  const values = new Array<A | undefined>(nodes.length)
  // The results of control nodes, by position.
  const results = new Map<number, ReadonlyArray<A>>()
  const before = inherit(null)
  let i = 0
  try {
    for (; i < nodes.length; i++) {
      const node = nodes[i]!
      if (inputIndex[i]! >= 0) {
        values[i] = inputs[inputIndex[i]!]!
      } else if (dependent[i] === 0 && free !== undefined) {
        // Whatever does not depend on the inputs is read as a whole.
        if (node._tag !== "Control") values[i] = free(node as unknown as Expr.Any)
      } else if (node._tag === "Constant") {
        values[i] = algebra.constant(node.value!)
      } else if (node._tag === "Input") {
        throw new FreeVariable(node)
      } else if (node._tag === "Project") {
        const position = operands[first[i]!]!
        values[i] = results.get(position)![node.index]!
        if (lastUse[position] === i) results.delete(position)
      } else {
        // What the algebra makes of an operation has the operation's call site.
        inherit(node.site)
        const start = first[i]!
        const end = first[i + 1]!
        const carriers = new Array<A>(end - start)
        for (let j = start; j < end; j++) carriers[j - start] = values[operands[j]!]!
        if (node.control === undefined) values[i] = apply(node.primitive!, node.attributes!, carriers, node)
        else results.set(i, applyMany(node.control.primitive, node.attributes!, carriers, node.control.types))
        for (let j = start; j < end; j++) if (lastUse[operands[j]!] === i) values[operands[j]!] = undefined
      }
    }
  } catch (error) {
    throw raisedAt(error, nodes[i]!.site)
  } finally {
    inherit(before)
  }
  return outputs.map((p) => values[p]!)
}
