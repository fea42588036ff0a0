// Which loops to run on vectors: for each nest the choice with the least estimated cost.

import * as Affine from "../loops/affine.ts"
import {
  type Access,
  type Buffer,
  elementTypeOf,
  type For,
  type Loop,
  type LoopProgram,
  type Operand,
  type Statement,
  storageOf
} from "../loops/model.ts"
import { isLocal } from "../loops/scopes.ts"
import { forEachAccess } from "../loops/walk.ts"

/** What a loop needs to run on vectors. */
export interface VectorLoop {
  /** Arrays that each lane has one of its own of. */
  readonly expanded: ReadonlySet<Buffer>
  /** Arrays outside of the loop into which it combines, at places that do not depend on it. */
  readonly accumulated: ReadonlySet<Buffer>
}

export type Vectorisation = ReadonlyMap<Loop, VectorLoop>

const costs: Readonly<Record<string, number>> = {
  copy: 0.5,
  div: 4,
  sqrt: 4,
  exp: 12,
  expm1: 16,
  log: 16,
  log1p: 18,
  sin: 20,
  cos: 20,
  tan: 30,
  tanh: 20,
  sigmoid: 16,
  pow: 50,
  lgamma: 600,
  digamma: 900,
  polygamma: 900
}

export const costOf = (operation: string): number => costs[operation] ?? 1

/** The largest array that loops combine into on vectors: its copy has to be cleared and added up. */
const MOST_ACCUMULATED = 1024

export const vectorise = (program: LoopProgram, lanes: number): Vectorisation => analyse(program, lanes).chosen

/** The estimated cost of a program, with the best loops on vectors. */
export const estimate = (program: LoopProgram, lanes: number): number => analyse(program, lanes).cost

const analyse = (program: LoopProgram, lanes: number): { readonly chosen: Vectorisation; readonly cost: number } => {
  const chosen = new Map<Loop, VectorLoop>()
  const totals = new Map<Buffer, number>()
  const inMemory = new Set<Buffer>()
  forEachAccess(program.statements, ({ buffer }) => {
    const storage = storageOf(buffer)
    totals.set(storage, (totals.get(storage) ?? 0) + 1)
    if (storage !== buffer) inMemory.add(storage)
  })

  /** The estimated cost of a block on single elements, with the best choice inside. */
  const scalar = (statements: ReadonlyArray<Statement>): number => {
    let cost = 0
    for (const statement of statements) {
      switch (statement._tag) {
        case "Assign":
          cost += costOf(statement.operation) + 0.5 * memoryOperands(statement).length
          break
        case "For":
          cost += loopCost(statement)
          break
        case "Part":
          cost += scalar(statement.body)
          break
        case "If":
          cost += scalar(statement.whenTrue) + scalar(statement.whenFalse) + 1
          break
        case "While":
          cost += 10 * (scalar(statement.test) + scalar(statement.body))
          break
        case "Kernel":
          cost += 100
          break
        default:
          cost += 1
      }
    }
    return cost
  }

  const loopCost = (statement: For): number => {
    const { loop } = statement
    const extent = typeof loop.extent === "number" ? loop.extent : 10
    const inner = scalar(statement.body)
    if (!statement.isParallel || typeof loop.extent !== "number" || extent < 2 * lanes)
      return 1 + extent * (inner + 0.5)
    const wide = vector(statement)
    if (wide === undefined) return 1 + extent * (inner + 0.5)
    const clearing = [...wide.needs.accumulated].reduce(
      (sum, { shape }) => sum + 3 * shape.reduce((a, b) => a * b, 1),
      0
    )
    const cost = clearing + 2 + (extent / lanes) * (wide.cost + 0.5) + (extent % lanes) * inner
    if (cost >= 1 + extent * (inner + 0.5)) return 1 + extent * (inner + 0.5)
    chosen.set(loop, wide.needs)
    forget(statement.body)
    return cost
  }

  /** Inside of a loop on vectors, loops run on single vectors. */
  const forget = (statements: ReadonlyArray<Statement>): void => {
    for (const statement of statements) {
      if (statement._tag !== "For") continue
      chosen.delete(statement.loop)
      forget(statement.body)
    }
  }

  /** The estimated cost of one iteration on vectors, if the loop can run on them. */
  const vector = (root: For): { readonly cost: number; readonly needs: VectorLoop } | undefined => {
    const { loop } = root
    const assigned = new Set<Buffer>()
    const counts = new Map<Buffer, number>()
    let fits = true
    let isScattering = false
    const collect = (statements: ReadonlyArray<Statement>, isInIf: boolean): void => {
      for (const statement of statements) {
        switch (statement._tag) {
          case "Assign":
            if (isLocal(statement.target.buffer)) {
              if (isInIf) fits = false
              assigned.add(statement.target.buffer)
            }
            break
          case "For":
            if (typeof statement.loop.extent !== "number") fits = false
            collect(statement.body, isInIf)
            break
          case "If":
            isScattering = true
            collect(statement.whenTrue, true)
            collect(statement.whenFalse, true)
            break
          default:
            fits = false
        }
      }
    }
    collect(root.body, false)
    if (!fits) return undefined
    forEachAccess(root.body, ({ buffer }) => {
      counts.set(storageOf(buffer), (counts.get(storageOf(buffer)) ?? 0) + 1)
    })
    const expanded = new Set<Buffer>()
    const accumulated = new Set<Buffer>()
    const direct = new Set<Buffer>()
    const varies = (a: Affine.Affine): boolean =>
      Affine.factorOf(a, loop) !== 0 ||
      a.dynamic.some(({ index }) => assigned.has(index.buffer) || index.at.some(varies))
    // How memory is used: by place, by each lane for itself, or to combine into.
    const roles = new Map<Buffer, { reads: number; writes: number; combines: number; moves: boolean; fixed: boolean }>()
    forEachAccess(root.body, (access, role) => {
      const { buffer } = access
      if (isLocal(buffer) && !inMemory.has(buffer)) return
      const own = roles.get(storageOf(buffer)) ?? { reads: 0, writes: 0, combines: 0, moves: false, fixed: false }
      if (role === "read") own.reads++
      else if (role === "write") own.writes++
      else own.combines++
      if (access.at.some(varies)) own.moves = true
      else own.fixed = true
      roles.set(storageOf(buffer), own)
    })
    for (const [buffer, { combines, fixed, moves, reads, writes }] of roles) {
      if (writes + combines === 0) continue
      if (buffer.role === "tape") return undefined
      if (!fixed) {
        direct.add(buffer)
        continue
      }
      if (moves) return undefined
      const isPrivate =
        buffer.role === "temporary" &&
        !inMemory.has(buffer) &&
        counts.get(buffer) === totals.get(buffer) &&
        buffer.elementType !== "index"
      if (isPrivate) expanded.add(buffer)
      else if (reads === 0 && writes === 0 && buffer.elementType === "real" && !inMemory.has(buffer)) {
        if (isScattering || buffer.shape.reduce((a, b) => a * b, 1) > MOST_ACCUMULATED) return undefined
        accumulated.add(buffer)
      } else return undefined
    }
    // Accumulators that are local variables outside of the loop.
    const outside = (buffer: Buffer): boolean => isLocal(buffer) && counts.get(buffer) !== totals.get(buffer)
    let isFit = true
    const cost = (statements: ReadonlyArray<Statement>): number => {
      let sum = 0
      for (const statement of statements) {
        if (statement._tag === "For") {
          sum += 1 + (statement.loop.extent as number) * (cost(statement.body) + 0.5)
          continue
        }
        if (statement._tag === "If") {
          sum += lanes * (cost(statement.whenTrue) + cost(statement.whenFalse) + 2)
          continue
        }
        if (statement._tag !== "Assign") continue
        const { combine, operation, target } = statement
        if (outside(target.buffer) && (combine === undefined || target.buffer.elementType !== "real")) isFit = false
        const isIndex = elementTypeOf(statement.operands.at(-1)!) === "index"
        // Functions cost somewhat more on vectors than on numbers; what has no vector form costs as often as there are lanes.
        sum += isIndex ? lanes * 1.5 : costOf(operation) * (costOf(operation) > 8 ? 1.2 : 1)
        for (const access of memoryOperands(statement)) {
          const factor = Affine.factorOf(Affine.linear(access), loop)
          const isGathered = access.at.some(({ dynamic }) => dynamic.length > 0)
          sum += factor === 0 && !isGathered ? 0.5 : factor === 1 && !isGathered ? 0.6 : lanes
        }
      }
      return sum
    }
    const total = cost(root.body)
    return isFit ? { cost: total, needs: { expanded, accumulated } } : undefined
  }

  /** The accesses to memory of a statement. */
  const memoryOperands = (statement: Extract<Statement, { _tag: "Assign" }>): ReadonlyArray<Access> => {
    const isMemory = (operand: Operand): operand is Access => operand._tag === "Access" && !isLocal(operand.buffer)
    return [...statement.operands.filter(isMemory), ...(isMemory(statement.target) ? [statement.target] : [])]
  }

  const cost = scalar(program.statements)
  return { chosen, cost }
}
