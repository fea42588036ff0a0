// Trees of expressions, at run time: their specification, and their nodes in the order of its leaves.

import type * as Expr from "../expr/model.ts"
import * as Shape from "../Shape.ts"
import * as Tree from "../Tree.ts"
import type { Node } from "./node.ts"
import { isOperand, liftNode } from "./lift.ts"

const kindOf = (u: unknown): string => (u === null ? "null" : Array.isArray(u) ? "a tuple" : typeof u)

const specOf = (node: Node): Tree.Spec =>
  node.elementType === "real" ? node.shape : { elementType: node.elementType, shape: node.shape }

/** The specification of a tree of operands, and its nodes; `root` names the tree in messages. */
export const read = (
  operation: string,
  root: string,
  tree: unknown
): { readonly spec: Tree.Spec; readonly nodes: ReadonlyArray<Node>; readonly paths: ReadonlyArray<string> } => {
  const nodes: Array<Node> = []
  const paths: Array<string> = []
  const visit = (t: unknown, path: string): Tree.Spec => {
    if (isOperand(t)) {
      const node = liftNode(t as Expr.AnyOperand)
      nodes.push(node)
      paths.push(path)
      return specOf(node)
    }
    if (Array.isArray(t) && t.length > 0) {
      return t.map((child, i) => visit(child, `${path}[${i}]`)) as ReadonlyArray<Tree.SpecElement>
    }
    if (typeof t === "object" && t !== null && !Array.isArray(t)) {
      return Object.fromEntries(Object.entries(t).map(([key, child]) => [key, visit(child, `${path}.${key}`)]))
    }
    throw Shape.error(
      operation,
      [],
      `${path}: expected an expression, got ${Array.isArray(t) ? "an empty tuple" : kindOf(t)}`
    )
  }
  return { spec: visit(tree, root), nodes, paths }
}

/** The nodes of a tree that must have the structure and the types of a specification; `like` says where that comes from. */
export const readLike = (
  operation: string,
  root: string,
  spec: Tree.Spec,
  tree: unknown,
  like: string
): ReadonlyArray<Node> => {
  const nodes: Array<Node> = []
  const mismatch = (path: string, expected: Tree.Spec, got: string, shape: Shape.Shape = []) =>
    Shape.error(
      operation,
      Tree.isLeaf(expected) ? [Tree.typeOfLeaf(expected).shape, shape] : [],
      `${path}: expected ${Tree.render(expected)} as in ${like}, got ${got}`
    )
  const visit = (s: Tree.Spec, t: unknown, path: string): void => {
    if (Tree.isLeaf(s)) {
      const type = Tree.typeOfLeaf(s)
      if (!isOperand(t)) throw mismatch(path, s, kindOf(t))
      const node = liftNode(t as Expr.AnyOperand, type.elementType)
      if (node.elementType !== type.elementType || !Shape.equals(node.shape, type.shape)) {
        throw mismatch(path, s, Tree.render(specOf(node)), node.shape)
      }
      nodes.push(node)
      return
    }
    if (isOperand(t)) throw mismatch(path, s, Tree.render(specOf(liftNode(t as Expr.AnyOperand))))
    if (Array.isArray(s)) {
      const elements = s as ReadonlyArray<Tree.Spec>
      if (!Array.isArray(t)) throw mismatch(path, s, kindOf(t))
      if (t.length !== elements.length) throw mismatch(path, s, `a tuple of ${t.length}`)
      elements.forEach((element, i) => visit(element, t[i], `${path}[${i}]`))
      return
    }
    if (typeof t !== "object" || t === null || Array.isArray(t)) throw mismatch(path, s, kindOf(t))
    const fields = s as Tree.SpecRecord
    for (const key of Object.keys(fields)) {
      if (!Object.hasOwn(t, key)) throw mismatch(`${path}.${key}`, fields[key]!, "nothing")
      visit(fields[key]!, (t as Record<string, unknown>)[key], `${path}.${key}`)
    }
    const stray = Object.keys(t).find((key) => !Object.hasOwn(fields, key))
    if (stray !== undefined) {
      throw Shape.error(operation, [], `${path}.${stray}: nothing expected there; ${like} is ${Tree.render(s)}`)
    }
  }
  visit(spec, tree, root)
  return nodes
}
