// What is known while a loop program is written as a module.

import { type Arena, plan } from "../../arena.ts"
import { sizeInBytes } from "../../buffers.ts"
import type { Buffer, Check, Kernel, Loop, LoopProgram } from "../../loops/model.ts"
import { isLocal, scopes } from "../../loops/scopes.ts"
import { type Vectorisation, vectorise, type VectorLoop } from "../../passes/vectorise.ts"
import type { Precision } from "../../precision.ts"
import { sumsOf } from "../../sums.ts"
import type { Code, Local } from "../Code.ts"
import { Module } from "../Module.ts"
import { type Products, productsOf } from "./multiplyAdd.ts"
import { type Reals, realsOf } from "./reals.ts"

export interface Options {
  /** Bytes of memory at most. */
  readonly memoryLimit: number
  readonly precision: Precision
  /** Whether to use instructions whose results engines may choose. */
  readonly relaxedSimd: boolean
}

type VectorMode = { readonly _tag: "Vector"; readonly loop: Loop; readonly needs: VectorLoop }

/** Whether single elements are written, vectors, or one lane of vectors. */
export type Mode =
  | { readonly _tag: "Scalar" }
  | VectorMode
  | { readonly _tag: "Lane"; readonly lane: number; readonly vector: VectorMode }

export const scalarMode: Mode = { _tag: "Scalar" }

/** How many subscripts and places in control flow a failing check reports. */
export const MOST_PLACES = 256

export class Printer {
  readonly program: LoopProgram
  readonly options: Options
  readonly reals: Reals
  readonly module = new Module()
  readonly vectorisation: Vectorisation
  readonly kernelImport: number
  readonly kernels: Array<Kernel> = []
  readonly checks: Array<Check> = []
  /** Where a failing check leaves its value and its places. */
  readonly failureValue: number
  readonly failurePlaces: number
  readonly addresses = new Map<Buffer, number>()
  /** Places for temporary arrays, from an address on that is -1 before one is used. */
  readonly arena: Arena
  arenaBase = -1
  readonly expandedAddresses = new Map<Buffer, number>()
  readonly tapes = new Map<Buffer, { readonly base: number; readonly capacity: number }>()
  /** The global that holds the end of the memory in use; -1 without tapes. */
  heapTop = -1
  /** The functions that parts of the program are. */
  readonly parts: Array<number> = []
  /** The function that is being written. */
  code!: Code
  mode: Mode = scalarMode
  /** How many functions stand where they are used. */
  inlinedCount = 0
  scalars = new Map<Buffer, Local>()
  vectors = new Map<Buffer, Local>()
  /** Indices that differ from lane to lane. */
  indices = new Map<Buffer, ReadonlyArray<Local>>()
  loops = new Map<Loop, Local>()
  /** Sums of the terms of subscripts that are known already: innermost scope last. */
  prefixes: Array<Map<string, Local>> = [new Map()]
  readonly order = new Map<Loop, number>()
  /** Variables for sums of singles, which are doubles on single elements. */
  readonly wide: ReadonlySet<Buffer>
  /** Products that vectors compute where they are added, for variables that are not computed then. */
  readonly products: Products
  private readonly inMemory: ReadonlySet<Buffer>

  constructor(program: LoopProgram, options: Options) {
    this.program = program
    this.options = options
    this.reals = realsOf(options.precision)
    this.vectorisation = vectorise(program, this.reals.lanes.length)
    this.arena = plan(program, (buffer) => sizeInBytes(options.precision, buffer))
    this.inMemory = scopes(program).inMemory
    this.wide = options.precision === "float32" ? sumsOf(program, (buffer) => this.isVariable(buffer)) : new Set()
    this.products = options.relaxedSimd ? productsOf(this, program) : new Map()
    this.kernelImport = this.module.importFunction(
      { module: "host", name: "kernel" },
      { parameters: ["i32"], results: [] }
    )
    this.failureValue = this.module.reserve(8)
    this.failurePlaces = this.module.reserve(4 * MOST_PLACES)
  }

  isVariable(buffer: Buffer): boolean {
    return isLocal(buffer) && !this.inMemory.has(buffer)
  }

  /** The mode in which one of the lanes, or all of them, is a vector's. */
  get vectorMode(): VectorMode | undefined {
    return this.mode._tag === "Vector" ? this.mode : this.mode._tag === "Lane" ? this.mode.vector : undefined
  }

  /** Whether each lane has an array of its own. */
  isExpanded(buffer: Buffer): boolean {
    return this.vectorMode?.needs.expanded.has(buffer) === true
  }

  /** Writes a function of its own; gives its index. */
  part(write: () => number): number {
    const { code, loops, prefixes, scalars } = this
    this.scalars = new Map()
    this.loops = new Map()
    this.prefixes = [new Map()]
    const index = write()
    this.code = code
    this.scalars = scalars
    this.loops = loops
    this.prefixes = prefixes
    this.parts.push(index)
    return index
  }

  inLane<A>(lane: number, emit: () => A): A {
    const before = this.mode
    this.mode = { _tag: "Lane", lane, vector: this.vectorMode! }
    try {
      return emit()
    } finally {
      this.mode = before
    }
  }
}
