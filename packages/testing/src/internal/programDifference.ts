// The first difference between two programs as graphs, up to the names of variables and the identity of nodes.

import { Expr, Fn, Formula, type Primitive, Tensor, Tree, Type } from "@fluxion/core"
import { cut, renderValue } from "./place.ts"

/** Where, and what stands there in each program. */
export interface Difference {
  readonly where: string
  readonly received: string
  readonly expected: string
}

type Body = Primitive.Body

interface Sides<A> {
  readonly received: A
  readonly expected: A
}

const isBody = (u: unknown): u is Body => typeof u === "object" && u !== null && "inputNodes" in u && "outputNodes" in u

const exprsOf = ({
  inputNodes,
  outputNodes
}: Body): { readonly inputs: ReadonlyArray<Expr.Any>; readonly outputs: ReadonlyArray<Expr.Any> } => ({
  inputs: inputNodes as ReadonlyArray<unknown> as ReadonlyArray<Expr.Any>,
  outputs: outputNodes as ReadonlyArray<unknown> as ReadonlyArray<Expr.Any>
})

const written = (expr: Expr.Any): string => cut(Formula.print(expr), 120)

const sameTensor = (a: Tensor.Any, b: Tensor.Any): boolean =>
  Type.render(a) === Type.render(b) && a.data.every((x: number, i: number) => Object.is(x, b.data[i]))

const nameOf = (view: Expr.View): string =>
  view._tag === "Apply" || view._tag === "Project" ? view.primitive : view._tag.toLowerCase()

/** The value of an attribute. Bodies are not written out. */
const writtenValue = (value: unknown): string => {
  if (isBody(value)) return "a body"
  if (Array.isArray(value)) return cut(`[${value.map(writtenValue).join(", ")}]`, 120)
  if (typeof value !== "object" || value === null || Tensor.isTensor(value)) return cut(renderValue(value), 120)
  return cut(
    `{ ${Object.entries(value)
      .map(([key, own]) => `${key}: ${writtenValue(own)}`)
      .join(", ")} }`,
    120
  )
}

/** A pairing that is one to one. */
class Pairing<A> {
  private readonly there = new Map<A, A>()
  private readonly back = new Map<A, A>()
  /** Whether the two may be partners; `new` where they were not before. */
  pair(received: A, expected: A): "new" | "known" | "conflict" {
    const partner = this.there.get(received)
    if (partner === undefined && !this.back.has(expected)) {
      this.there.set(received, expected)
      this.back.set(expected, received)
      return "new"
    }
    return partner === expected ? "known" : "conflict"
  }
}

class Comparer {
  /** Bodies that must be the same; each pair is looked at once. */
  private readonly bodies: Array<Sides<Body> & { readonly where: string }> = []
  private readonly partners = new Pairing<Body>()

  programs(received: Fn.Any, expected: Fn.Any): Difference | undefined {
    const [ours, theirs] = [Fn.specs(received), Fn.specs(expected)]
    // The order of fields does not matter.
    const byPath = (leaves: ReadonlyArray<Tree.PathAndType>): ReadonlyArray<number> =>
      Array.from(leaves.keys()).sort((i, j) => (leaves[i]!.path < leaves[j]!.path ? -1 : 1))
    const rendered = (leaves: ReadonlyArray<Tree.PathAndType>): string =>
      byPath(leaves)
        .map((i) => `${leaves[i]!.path}: ${Type.render(leaves[i]!.type)}`)
        .join()
    if (rendered(ours.inputLeaves) !== rendered(theirs.inputLeaves))
      return { where: "the inputs", received: Tree.render(ours.inputs), expected: Tree.render(theirs.inputs) }
    if (rendered(ours.outputLeaves) !== rendered(theirs.outputLeaves))
      return { where: "the outputs", received: Tree.render(ours.outputs), expected: Tree.render(theirs.outputs) }
    const [a, b] = [Fn.leaves(received), Fn.leaves(expected)]
    const pairs = (
      nodes: Sides<ReadonlyArray<Expr.Any>>,
      leaves: Sides<ReadonlyArray<Tree.PathAndType>>
    ): ReadonlyArray<Start> => {
      const others = byPath(leaves.expected)
      return byPath(leaves.received).map((i, k) => ({
        received: nodes.received[i]!,
        expected: nodes.expected[others[k]!]!,
        where: leaves.received[i]!.path === "" ? "the output" : `the output ${leaves.received[i]!.path}`
      }))
    }
    const found = this.graphs(
      pairs({ received: a.inputs, expected: b.inputs }, { received: ours.inputLeaves, expected: theirs.inputLeaves }),
      pairs(
        { received: a.outputs, expected: b.outputs },
        { received: ours.outputLeaves, expected: theirs.outputLeaves }
      )
    )
    return found ?? this.rest()
  }

  private rest(): Difference | undefined {
    for (let next = 0; next < this.bodies.length; next++) {
      const { where, ...sides } = this.bodies[next]!
      const [a, b] = [exprsOf(sides.received), exprsOf(sides.expected)]
      if (a.inputs.length !== b.inputs.length || a.outputs.length !== b.outputs.length) {
        const size = ({ inputs, outputs }: typeof a) => `${inputs.length} inputs and ${outputs.length} results`
        return { where: `the body of ${where}`, received: size(a), expected: size(b) }
      }
      const starts = (ours: ReadonlyArray<Expr.Any>, theirs: ReadonlyArray<Expr.Any>): ReadonlyArray<Start> =>
        ours.map((received, i) => ({ received, expected: theirs[i]!, where: `result ${i} of the body of ${where}` }))
      const found = this.graphs(starts(a.inputs, b.inputs), starts(a.outputs, b.outputs))
      if (found !== undefined) return found
    }
    return undefined
  }

  private graphs(inputs: ReadonlyArray<Start>, outputs: ReadonlyArray<Start>): Difference | undefined {
    const nodes = new Pairing<number>()
    const controls = new Pairing<number>()
    for (const { expected, received } of inputs) nodes.pair(Expr.view(received).id, Expr.view(expected).id)
    const pending: Array<Start> = outputs.toReversed()
    while (pending.length > 0) {
      const { expected, received, where } = pending.pop()!
      const [a, b] = [Expr.view(received), Expr.view(expected)]
      const differ = (
        of: Sides<string> = { received: written(received), expected: written(expected) }
      ): Difference => ({
        where,
        ...of
      })
      if (a._tag === "Constant" && b._tag === "Constant") {
        // Which constants are shared is no part of a program.
        if (sameTensor(a.value, b.value)) continue
        return differ({ received: cut(String(a.value)), expected: cut(String(b.value)) })
      }
      const paired = nodes.pair(a.id, b.id)
      if (paired === "known") continue
      if (a._tag !== b._tag || nameOf(a) !== nameOf(b)) return differ()
      if (paired === "conflict") {
        if (a._tag === "Input") return differ()
        return differ({
          received: `${written(received)}, not shared with the same uses`,
          expected: written(expected)
        })
      }
      if (a._tag === "Input" || b._tag === "Input" || a._tag === "Constant" || b._tag === "Constant") {
        // Not an input of either: a variable of a program around, or a requirement, which has a name.
        if (a.id === b.id || this.sameRequirement(a, b)) continue
        return differ()
      }
      const type = { received: Type.render(a.type), expected: Type.render(b.type) }
      if (type.received !== type.expected) {
        return differ({
          received: `${written(received)} of type ${type.received}`,
          expected: `${written(expected)} of type ${type.expected}`
        })
      }
      if (a._tag === "Project" && b._tag === "Project") {
        if (a.index !== b.index) {
          return differ({
            received: `result ${a.index} of ${a.primitive}`,
            expected: `result ${b.index} of ${b.primitive}`
          })
        }
        const same = controls.pair(a.of, b.of)
        if (same === "known") continue
        if (same === "conflict") return differ()
      }
      const attribute = this.attributes(a.attributes, b.attributes, a.primitive)
      if (attribute !== undefined) {
        return { where: `${where}: ${attribute.where}`, received: attribute.received, expected: attribute.expected }
      }
      if (a.operands.length !== b.operands.length) return differ()
      for (let i = a.operands.length - 1; i >= 0; i--) {
        const place = a.operands.length === 1 ? "the operand" : `operand ${i + 1}`
        pending.push({
          received: a.operands[i]!,
          expected: b.operands[i]!,
          where: `${place} of ${a.primitive}`
        })
      }
    }
    return undefined
  }

  private sameRequirement(a: Expr.View, b: Expr.View): boolean {
    if (a._tag !== "Input" || b._tag !== "Input" || a.requirement === undefined || b.requirement === undefined)
      return false
    return a.requirement._tag === b.requirement._tag && a.label === b.label
  }

  private attributes(received: unknown, expected: unknown, primitive: string, path = ""): Difference | undefined {
    if (Object.is(received, expected)) return undefined
    const where = `the ${path === "" ? "attributes" : path} of ${primitive}`
    const differ = (): Difference => ({ where, received: writtenValue(received), expected: writtenValue(expected) })
    if (isBody(received) && isBody(expected)) {
      const pairing = this.partners.pair(received, expected)
      if (pairing === "new") this.bodies.push({ received, expected, where: primitive })
      return pairing === "conflict"
        ? { where, received: "a body that is not shared with the same uses", expected: "one that is" }
        : undefined
    }
    if (typeof received !== "object" || typeof expected !== "object" || received === null || expected === null)
      return differ()
    if (Tensor.isTensor(received) || Tensor.isTensor(expected)) {
      return Tensor.isTensor(received) && Tensor.isTensor(expected) && sameTensor(received, expected)
        ? undefined
        : differ()
    }
    const keys = Object.keys(received)
    if (keys.length !== Object.keys(expected).length || Array.isArray(received) !== Array.isArray(expected))
      return differ()
    for (const key of keys) {
      if (!Object.hasOwn(expected, key)) return differ()
      const found = this.attributes(
        (received as Record<string, unknown>)[key],
        (expected as Record<string, unknown>)[key],
        primitive,
        Array.isArray(received) ? path : key
      )
      if (found !== undefined) return found
    }
    return undefined
  }
}

interface Start extends Sides<Expr.Any> {
  readonly where: string
}

/** The first difference between two programs, from the outputs down; `undefined` where there is none. Iterative in the number of operations. */
export const programDifference = (received: Fn.Any, expected: Fn.Any): Difference | undefined =>
  new Comparer().programs(received, expected)
