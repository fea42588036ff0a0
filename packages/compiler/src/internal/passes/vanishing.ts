// Differences of a value with itself, which rules of derivatives use to give a value the derivatives of another one: m - m is zero where m is finite. Where m
// is NaN only if an operand of it is, and what the difference is added to is NaN then too, zero can be added in its place.

import type { Assign, Buffer, Operand } from "../loops/model.ts"

/** The assignments of local variables that are assigned once. */
export type Definitions = ReadonlyMap<Buffer, Assign>

interface Bound {
  /** The largest magnitude. */
  readonly most: number
  /** The variables one of which is NaN where the value is. */
  readonly roots: ReadonlySet<Buffer>
}

/** How far definitions are followed. */
const MOST_STEPS = 12

/** Functions of bounded values that are NaN only at NaN. */
const bounds = { tanh: 1, sigmoid: 1, erf: 1, erfc: 2 } as const

const isBounded = (operation: string): operation is keyof typeof bounds => Object.hasOwn(bounds, operation)

const definitionOf = (definitions: Definitions, operand: Operand): Assign | undefined =>
  operand._tag === "Access" ? definitions.get(operand.buffer) : undefined

/** The variable that is NaN exactly where an operand is. */
const rootOf = (definitions: Definitions, operand: Operand, steps = MOST_STEPS): Buffer | undefined => {
  if (operand._tag !== "Access" || operand.at.length > 0) return undefined
  const own = definitions.get(operand.buffer)
  if (own === undefined || steps === 0) return operand.buffer
  const { operands, operation } = own
  const [x, y] = operands
  const isFactor = (o: Operand | undefined): boolean =>
    o?._tag === "Literal" && Number.isFinite(o.value) && o.value !== 0
  switch (operation) {
    case "neg":
    case "abs":
      return rootOf(definitions, x!, steps - 1)
    case "mul":
      if (isFactor(x)) return rootOf(definitions, y!, steps - 1)
      return isFactor(y) ? rootOf(definitions, x!, steps - 1) : operand.buffer
    default:
      return operand.buffer
  }
}

const boundOf = (definitions: Definitions, operand: Operand, steps = MOST_STEPS): Bound | undefined => {
  if (operand._tag === "Literal") {
    return Number.isFinite(operand.value) ? { most: Math.abs(operand.value), roots: new Set() } : undefined
  }
  const own = definitionOf(definitions, operand)
  if (own === undefined || steps === 0) return undefined
  const { operands, operation } = own
  const [x, y] = operands
  if (isBounded(operation)) {
    const root = rootOf(definitions, x!)
    return root === undefined ? undefined : { most: bounds[operation], roots: new Set([root]) }
  }
  const first = boundOf(definitions, x!, steps - 1)
  if (first === undefined) return undefined
  if (operation === "neg" || operation === "abs") return first
  if (operation !== "mul" && operation !== "add" && operation !== "sub") return undefined
  const second = boundOf(definitions, y!, steps - 1)
  if (second === undefined) return undefined
  const most = operation === "mul" ? first.most * second.most : first.most + second.most
  return most < 1e300 ? { most, roots: new Set([...first.roots, ...second.roots]) } : undefined
}

const propagating: ReadonlySet<string> = new Set([
  "neg",
  "abs",
  "add",
  "sub",
  "mul",
  "div",
  "exp",
  "tanh",
  "sigmoid",
  "sqrt"
])

/** Whether an operand is NaN wherever a variable is. */
const shows = (definitions: Definitions, operand: Operand, root: Buffer, steps = MOST_STEPS): boolean => {
  if (operand._tag !== "Access" || operand.at.length > 0) return false
  if (operand.buffer === root) return true
  const own = definitions.get(operand.buffer)
  if (own === undefined || steps === 0 || !propagating.has(own.operation)) return false
  return own.operands.some((inner) => shows(definitions, inner, root, steps - 1))
}

/** Whether `difference` can be taken as zero where it is added to `value`. */
export const vanishes = (definitions: Definitions, difference: Operand, value: Operand): boolean => {
  const own = definitionOf(definitions, difference)
  if (own === undefined || own.operation !== "sub") return false
  const [x, y] = own.operands
  if (x!._tag !== "Access" || y!._tag !== "Access" || x.buffer !== y.buffer || x.at.length > 0) return false
  const bound = boundOf(definitions, x)
  return bound !== undefined && [...bound.roots].every((root) => shows(definitions, value, root))
}
