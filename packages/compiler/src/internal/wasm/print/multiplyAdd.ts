// Products that are only added to something: on request one instruction does both, on vectors.

import type { Access, Assign, Buffer, LoopProgram, Operand, Statement } from "../../loops/model.ts"
import { forEachAccess } from "../../loops/walk.ts"
import type { Printer } from "./Printer.ts"

export interface Product {
  readonly x: Operand
  readonly y: Operand
}

interface Sum {
  readonly product: Product
  readonly term: Operand
  /** Whether the product is subtracted. */
  readonly isNegative: boolean
}

/** What stands for a product that is not computed on its own: the variable it would be in. */
export type Products = ReadonlyMap<Buffer, Product>

const isReal = ({ target }: Assign): boolean => target.buffer.elementType === "real"

const productIn = ({ operands, operation }: Assign): Product | undefined =>
  operation === "mul" ? { x: operands[0]!, y: operands[1]! } : undefined

/** The variable whose product a sum takes, if it is one: the other operand, and the sign. */
const sumOf = ({
  combine,
  operands,
  operation
}: Assign): ReadonlyArray<Omit<Sum, "product"> & { readonly of: Operand }> => {
  const [x, y] = operands as readonly [Operand, Operand]
  if (operation === "copy" && combine === "add") return [{ of: x, term: x, isNegative: false }]
  if (operation === "add") {
    return [
      { of: x, term: y, isNegative: false },
      { of: y, term: x, isNegative: false }
    ]
  }
  return operation === "sub" ? [{ of: y, term: x, isNegative: true }] : []
}

const isIn = (operand: Operand, buffer: Buffer): boolean => operand._tag === "Access" && operand.buffer === buffer

/** Whether a statement changes what an operand says. */
const changes = (p: Printer, { target }: Assign, operand: Operand): boolean => {
  let isChanged = false
  const visit = ({ at, buffer }: Access): void => {
    // What is in memory may have several names.
    if (buffer === target.buffer || (!p.isVariable(buffer) && !p.isVariable(target.buffer))) isChanged = true
    for (const { dynamic } of at) for (const { index } of dynamic) visit(index)
  }
  if (operand._tag === "Access") visit(operand)
  return isChanged
}

/** The products of a program that are in a variable only for one sum in the same block, where nothing has changed yet. */
export const productsOf = (p: Printer, { statements: all }: LoopProgram): Products => {
  const uses = new Map<Buffer, number>()
  forEachAccess(all, ({ buffer }) => uses.set(buffer, (uses.get(buffer) ?? 0) + 1))
  const products = new Map<Buffer, Product>()
  const visit = (statements: ReadonlyArray<Statement>): void => {
    let open = new Map<Buffer, Product>()
    for (const statement of statements) {
      if (statement._tag !== "Assign") {
        open = new Map()
        if (statement._tag === "For" || statement._tag === "Part") visit(statement.body)
        continue
      }
      if (isReal(statement)) {
        for (const { of, term } of sumOf(statement)) {
          const buffer = of._tag === "Access" ? of.buffer : undefined
          const product = buffer === undefined ? undefined : open.get(buffer)
          // A sum of two products takes one of them.
          if (product === undefined || (term !== of && term._tag === "Access" && products.has(term.buffer))) continue
          products.set(buffer!, product)
          break
        }
      }
      const { combine, target } = statement
      for (const [buffer, { x, y }] of open) {
        if (changes(p, statement, x) || changes(p, statement, y)) open.delete(buffer)
      }
      const product = combine === undefined && isReal(statement) ? productIn(statement) : undefined
      if (product === undefined || !p.isVariable(target.buffer) || uses.get(target.buffer) !== 2) continue
      if (!isIn(product.x, target.buffer) && !isIn(product.y, target.buffer)) open.set(target.buffer, product)
    }
  }
  visit(all)
  return products
}

/** The product that a statement adds to what its target holds. */
export const summedProduct = (p: Printer, statement: Assign): Product | undefined => {
  if (!p.options.relaxedSimd || !isReal(statement)) return undefined
  const [operand] = statement.operands
  return statement.operation === "copy" && operand!._tag === "Access"
    ? p.products.get(operand!.buffer)
    : productIn(statement)
}

/** The product and the term of a sum. */
export const multiplyAddOf = (p: Printer, statement: Assign): Sum | undefined => {
  if (statement.operation === "copy" || !isReal(statement)) return undefined
  for (const { of, ...sum } of sumOf(statement)) {
    const product = of._tag === "Access" ? p.products.get(of.buffer) : undefined
    if (product !== undefined) return { product, ...sum }
  }
  return undefined
}
