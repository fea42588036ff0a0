// The loop language: what programs are lowered to, what passes transform, what printers write down as JavaScript and WebAssembly.
//
// A program is a list of statements over buffers. Loops have fixed extents (or, in loops over a tape, one found at run time); subscripts are affine in the
// loops around, so that what a loop touches can be reasoned about. An assignment computes one scalar operation; a temporary buffer of
// rank 0 is a local variable.

import type { Failure, Tensor, Type } from "@fluxion/core"

/** A loop. It is also the variable that counts its iterations. */
export interface Loop {
  readonly id: number
  /** The trip count; an operand where it is known at run time only. */
  readonly extent: number | Operand
}

/** One array in memory. */
export interface Buffer {
  readonly id: number
  readonly elementType: Type.ElementType
  readonly shape: ReadonlyArray<number>
  /** A tape grows along its leading axis, whose size in `shape` is 0. */
  readonly role: "input" | "output" | "constant" | "temporary" | "tape"
  /** Of a constant: its elements. */
  readonly data: Tensor.Any["data"] | undefined
  /** The buffer whose memory this one is a name for, with another shape. */
  readonly storage: Buffer | undefined
}

/** `constant + sum of factor * loop + sum of factor * index`, where an index is computed at run time. */
export interface Affine {
  readonly constant: number
  readonly terms: ReadonlyArray<{ readonly loop: Loop; readonly factor: number }>
  readonly dynamic: ReadonlyArray<{ readonly index: Access; readonly factor: number }>
}

/** An element of a buffer: one subscript for each axis. */
export interface Access {
  readonly _tag: "Access"
  readonly buffer: Buffer
  readonly at: ReadonlyArray<Affine>
}

/** A number known when compiling. */
export interface Literal {
  readonly _tag: "Literal"
  readonly elementType: Type.ElementType
  readonly value: number
}

/** The value of a subscript, as an index. */
export interface Position {
  readonly _tag: "Position"
  readonly index: Affine
}

export type Operand = Access | Literal | Position

/** The scalar operations: the elementwise primitives, and `copy`. */
export type Operation =
  | "copy"
  | "neg"
  | "abs"
  | "sign"
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "sqrt"
  | "cbrt"
  | "sin"
  | "cos"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "sinh"
  | "cosh"
  | "tanh"
  | "asinh"
  | "acosh"
  | "atanh"
  | "erf"
  | "erfc"
  | "lgamma"
  | "digamma"
  | "polygamma"
  | "sigmoid"
  | "softplus"
  | "relu"
  | "floor"
  | "ceil"
  | "round"
  | "isFinite"
  | "toReal"
  | "toIndex"
  | "add"
  | "sub"
  | "mul"
  | "mulStrongZero"
  | "div"
  | "pow"
  | "atan2"
  | "hypot"
  | "max"
  | "min"
  | "rem"
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "and"
  | "or"
  | "not"
  | "select"
  | "clamp"

/** How an assignment combines the new value with the old one. The order in which values are added to one element is that of the loops. */
export type Combine = "add" | "mul" | "max" | "min" | "and" | "or"

export interface Assign {
  readonly _tag: "Assign"
  readonly target: Access
  readonly operation: Operation
  readonly operands: ReadonlyArray<Operand>
  /** Of `polygamma`. */
  readonly order: number | undefined
  readonly combine: Combine | undefined
}

export interface For {
  readonly _tag: "For"
  readonly loop: Loop
  readonly body: ReadonlyArray<Statement>
  /** Whether iterations may run in any order and at the same time, but for the combining assignments in it. */
  readonly isParallel: boolean
  readonly isReverse: boolean
}

export interface If {
  readonly _tag: "If"
  readonly condition: Operand
  readonly whenTrue: ReadonlyArray<Statement>
  readonly whenFalse: ReadonlyArray<Statement>
}

export interface While {
  readonly _tag: "While"
  /** Computes the condition, again before each iteration. */
  readonly test: ReadonlyArray<Statement>
  readonly condition: Operand
  readonly body: ReadonlyArray<Statement>
}

/** Makes room in tapes for the entry at an index. */
export interface Reserve {
  readonly _tag: "Reserve"
  readonly tapes: ReadonlyArray<Buffer>
  readonly index: Operand
}

/** A place in the control flow of the program, for the report of a guard. */
export interface Segment {
  readonly control: Failure.PathSegment["control"]
  readonly index: Operand
}

/** Ends the program with a failure unless the condition holds. */
export interface Check {
  readonly _tag: "Check"
  readonly condition: Operand
  readonly value: Operand
  readonly index: ReadonlyArray<Affine>
  readonly path: ReadonlyArray<Segment>
  readonly guard: Failure.Guard
  readonly site: string | undefined
}

/** A computation on whole arrays that the reference kernel of a primitive does. */
export interface Kernel {
  readonly _tag: "Kernel"
  readonly name: string
  readonly operands: ReadonlyArray<Buffer>
  readonly results: ReadonlyArray<Buffer>
  readonly run: (operands: ReadonlyArray<Tensor.Any>) => ReadonlyArray<Tensor.Any>
}

/** A part of a long program that is written as a function of its own; only programs themselves have parts. */
export interface Part {
  readonly _tag: "Part"
  readonly body: ReadonlyArray<Statement>
}

export type Statement = Assign | For | If | While | Reserve | Check | Kernel | Part

export interface LoopProgram {
  readonly inputs: ReadonlyArray<Buffer>
  readonly outputs: ReadonlyArray<Buffer>
  readonly statements: ReadonlyArray<Statement>
}

// -----------------------------------------------------------------------------
// Making them
// -----------------------------------------------------------------------------

let nextId = 0

export const makeLoop = (extent: number | Operand): Loop => ({ id: nextId++, extent })

export const makeBuffer = (
  role: Buffer["role"],
  { elementType, shape }: Type.Type,
  options: { readonly data?: Tensor.Any["data"]; readonly storage?: Buffer } = {}
): Buffer => ({ id: nextId++, elementType, shape, role, data: options.data, storage: options.storage })

export const access = (buffer: Buffer, at: ReadonlyArray<Affine> = []): Access => ({ _tag: "Access", buffer, at })

export const literal = (elementType: Type.ElementType, value: number): Literal => ({
  _tag: "Literal",
  elementType,
  value
})

export const assign = (
  target: Access,
  operation: Operation,
  operands: ReadonlyArray<Operand>,
  options: { readonly combine?: Combine; readonly order?: number } = {}
): Assign => ({
  _tag: "Assign",
  target,
  operation,
  operands,
  order: options.order,
  combine: options.combine
})

export const forLoop = (
  loop: Loop,
  body: ReadonlyArray<Statement>,
  options: { readonly isParallel: boolean; readonly isReverse?: boolean }
): For => ({ _tag: "For", loop, body, isParallel: options.isParallel, isReverse: options.isReverse ?? false })

/** The element type of an operand. */
export const elementTypeOf = (operand: Operand): Type.ElementType =>
  operand._tag === "Access" ? operand.buffer.elementType : operand._tag === "Literal" ? operand.elementType : "index"

/** The buffer whose memory a buffer is in. */
export const storageOf = (buffer: Buffer): Buffer => {
  let storage = buffer
  while (storage.storage !== undefined) storage = storage.storage
  return storage
}
