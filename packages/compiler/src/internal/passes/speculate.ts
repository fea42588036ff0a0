// Strong products at the price of plain ones: a nest multiplies as IEEE does and watches for NaN; only where one turns up it runs again as it stood.
//
// A strong product differs from a plain one only where that is NaN. So a nest that can run twice is run with plain products first, while what becomes of the
// products is added up: the sum is NaN if one of them was (or if infinities of both signs came together). Then the nest with strong products follows.

import * as Affine from "../loops/affine.ts"
import { clone } from "../loops/clone.ts"
import {
  type Access,
  access,
  assign,
  type Assign,
  type Buffer,
  type For,
  forLoop,
  literal,
  type LoopProgram,
  makeBuffer,
  makeLoop,
  type Operation,
  type Statement,
  storageOf
} from "../loops/model.ts"
import { nestOf, wrap } from "../loops/nest.ts"
import { isLocal } from "../loops/scopes.ts"
import { forEachAccess, kernelBuffers, mapBlocks, type Role } from "../loops/walk.ts"

/** The largest nest that is written twice, in statements. */
const MOST_STATEMENTS = 3000

/** The largest array that both runs of a nest have one of their own of. */
const MOST_OWN = 65_536

/** Operations whose result is NaN where an operand is. */
const propagating: ReadonlySet<Operation> = new Set([
  "copy",
  "neg",
  "abs",
  "add",
  "sub",
  "mul",
  "div",
  "sqrt",
  "exp",
  "log",
  "sin",
  "cos",
  "tanh",
  "sigmoid"
])

const sizeOf = (buffer: Buffer): number => buffer.shape.reduce((a, b) => a * b, 1)

const isStrong = (statement: Statement): statement is Assign =>
  statement._tag === "Assign" &&
  statement.operation === "mulStrongZero" &&
  (statement.combine === "add" || (statement.combine === undefined && isLocal(statement.target.buffer)))

const countStatements = (statements: ReadonlyArray<Statement>): number =>
  statements.reduce((sum, statement) => sum + 1 + (statement._tag === "For" ? countStatements(statement.body) : 0), 0)

/** Whether a loop can be run without consequences but for its results, and has strong products that can be watched. */
const isPlainNest = (statement: Statement): statement is For => {
  let hasStrong = false
  const isPlain = (inner: Statement, isInIf: boolean): boolean => {
    switch (inner._tag) {
      case "Assign":
        if (!isInIf && isStrong(inner)) hasStrong = true
        return true
      case "For":
        return typeof inner.loop.extent === "number" && inner.body.every((own) => isPlain(own, isInIf))
      case "If":
        return [...inner.whenTrue, ...inner.whenFalse].every((own) => isPlain(own, true))
      default:
        return false
    }
  }
  return statement._tag === "For" && isPlain(statement, false) && hasStrong
}

interface Rerun {
  /** The buffers that only the nest uses. */
  readonly own: ReadonlySet<Buffer>
  /** What sets sums back to where they started. */
  readonly restart: ReadonlyArray<Statement>
}

/** Where a sum with products in it was added to, and what shows it. */
type Sums = Map<Buffer, Array<Access>>

class Speculation {
  private readonly totals = new Map<Buffer, number>()
  private readonly writes = new Map<Buffer, number>()
  private readonly starts = new Map<Buffer, number>()
  private readonly aliased = new Set<Buffer>()

  constructor({ statements }: LoopProgram) {
    forEachAccess(statements, ({ buffer }, role) => {
      const storage = storageOf(buffer)
      if (storage !== buffer) this.aliased.add(storage)
      this.totals.set(storage, (this.totals.get(storage) ?? 0) + 1)
      if (role !== "read") this.writes.set(storage, (this.writes.get(storage) ?? 0) + 1)
      if (role === "write") this.starts.set(storage, (this.starts.get(storage) ?? 0) + 1)
    })
    for (const buffer of kernelBuffers(statements)) this.aliased.add(buffer)
  }

  block(statements: ReadonlyArray<Statement>): ReadonlyArray<Statement> {
    return statements.flatMap((statement, place) => {
      if (isPlainNest(statement) && countStatements([statement]) <= MOST_STATEMENTS) {
        const run = this.rerun(statement, statements.slice(0, place))
        const made = run === undefined ? undefined : this.twice(statement, run)
        if (made !== undefined) return made
      }
      return [this.inside(statement)]
    })
  }

  private inside(statement: Statement): Statement {
    // Inside of loops that may run on vectors a branch costs more than strong products do.
    if (statement._tag === "For" && statement.isParallel) return statement
    return mapBlocks(statement, (own) => this.block(own))
  }

  /** What it takes to run a nest again, if that is possible; `before` are the statements before it. */
  private rerun(statement: For, before: ReadonlyArray<Statement>): Rerun | undefined {
    const uses = new Map<Buffer, Array<{ readonly access: Access; readonly role: Role }>>()
    forEachAccess([statement], (own, role) => {
      const storage = storageOf(own.buffer)
      const list = uses.get(storage)
      if (list === undefined) uses.set(storage, [{ access: own, role }])
      else list.push({ access: own, role })
    })
    const conditional = new Set<Buffer>()
    const collect = (inner: Statement): void => {
      if (inner._tag === "For") inner.body.forEach(collect)
      else if (inner._tag === "If") forEachAccess([inner], ({ buffer }) => conditional.add(storageOf(buffer)))
    }
    collect(statement)
    const own = new Set<Buffer>()
    const restart: Array<Statement> = []
    for (const [buffer, list] of uses) {
      if (list.every(({ role }) => role === "read")) continue
      // What is read must have been written before, so in this run: nothing is left over from another.
      if (list.length === this.totals.get(buffer) && buffer.role === "temporary") {
        if (!this.aliased.has(buffer)) own.add(buffer)
        continue
      }
      if (list.every(({ role }) => role === "write")) continue
      // Each element is written before it is read, in the same iteration.
      const [first] = list
      if (!conditional.has(buffer) && first!.role === "write") {
        if (list.every((use) => Affine.sameAccess(use.access, first!.access))) continue
      }
      // Sums that start right before the nest start again.
      if (this.aliased.has(buffer) || !list.every(({ role }) => role === "add")) return undefined
      const start = before.findLast((earlier) => accesses(earlier, buffer))
      if (start === undefined || !isStart(start, buffer)) return undefined
      restart.push(start)
    }
    return { own, restart }
  }

  private twice(statement: For, { own, restart }: Rerun): ReadonlyArray<Statement> | undefined {
    const sum = access(makeBuffer("temporary", { elementType: "real", shape: [] }))
    const isNaN = access(makeBuffer("temporary", { elementType: "bool", shape: [] }))
    const sums: Sums = new Map()
    const fast = this.watched([statement], sum, sums)
    // A sum that starts again inside of the nest, where that was not recognised, cannot be looked at after it.
    const storages = new Set(Array.from(sums.keys(), storageOf))
    let isLost = false
    forEachAccess([statement], ({ buffer }, role) => {
      if (role !== "read" && role !== "add" && storages.has(storageOf(buffer))) isLost = true
    })
    if (isLost) return undefined
    return [
      assign(sum, "copy", [literal("real", 0)]),
      ...fast,
      ...[...sums.keys()].flatMap((buffer) => checkOfAll(buffer, sum)),
      assign(isNaN, "ne", [sum, sum]),
      {
        _tag: "If",
        condition: isNaN,
        whenTrue: clone([...restart, statement], (buffer) => own.has(buffer) && sizeOf(buffer) <= MOST_OWN),
        whenFalse: []
      }
    ]
  }

  /** The statements with plain products, and what looks at their results. Sums that started further outside are left in `outer`. */
  private watched(statements: ReadonlyArray<Statement>, sum: Access, outer: Sums): ReadonlyArray<Statement> {
    // For local variables: another one, or the place of a sum, that is NaN where they are.
    const shownBy = new Map<Buffer, { readonly target: Access; readonly place: number | undefined }>()
    statements.forEach((statement, place) => {
      if (statement._tag !== "Assign") return
      const { combine, operands, operation, target } = statement
      if (!propagating.has(operation) && !isStrong(statement)) return
      if (combine === undefined ? !this.isFixed(target.buffer) : combine !== "add") return
      for (const operand of operands) {
        if (operand._tag !== "Access" || shownBy.has(operand.buffer)) continue
        shownBy.set(operand.buffer, { target, place: combine === undefined ? undefined : place })
      }
    })
    const sums = new Map<Buffer, { last: number; readonly accesses: Array<Access> }>()
    const fills = new Map<Buffer, Fill>()
    const after = new Map<number, Array<Statement>>()
    const shown = new Set<Buffer>()
    const look = (place: number, check: ReadonlyArray<Statement>): void => {
      after.set(place, [...(after.get(place) ?? []), ...check])
    }
    const added = (target: Access, place: number): void => {
      const known = sums.get(target.buffer)
      if (known === undefined) sums.set(target.buffer, { last: place, accesses: [target] })
      else {
        known.last = Math.max(place, known.last)
        known.accesses.push(target)
      }
    }
    const made = statements.map((statement, place): Statement => {
      if (statement._tag === "For") {
        const pending: Sums = new Map()
        const body = this.watched(statement.body, sum, pending)
        for (const list of pending.values()) for (const target of list) added(target, place)
        const filled = fillOf(statement)
        if (filled !== undefined) fills.set(filled.target.buffer, filled)
        return { ...statement, body }
      }
      if (statement._tag !== "Assign") return statement
      const { combine, target } = statement
      if (!isStrong(statement)) {
        if (combine === undefined) fills.set(target.buffer, { loops: [], target })
        return statement
      }
      if (combine !== undefined) added(target, place)
      else if (this.isFixed(target.buffer)) {
        let last = target.buffer
        let by = shownBy.get(last)
        while (by !== undefined && by.place === undefined) {
          last = by.target.buffer
          by = shownBy.get(last)
        }
        if (by !== undefined) added(by.target, by.place!)
        else shown.add(last)
      } else look(place, [checkOf(target, sum)])
      return { ...statement, operation: "mul" }
    })
    for (const [buffer, { accesses, last }] of sums) {
      const fill = fills.get(buffer)
      if (fill !== undefined && this.starts.get(buffer) === 1 && accesses.every((target) => covers(fill, target))) {
        look(
          last,
          clone(wrap(fill.loops, [checkOf(fill.target, sum)]), () => false)
        )
      } else outer.set(buffer, [...(outer.get(buffer) ?? []), ...accesses])
    }
    return [
      ...made.flatMap((statement, place) => [statement, ...(after.get(place) ?? [])]),
      ...checkOfEach(
        Array.from(shown, (buffer) => access(buffer)),
        sum
      )
    ]
  }

  /** Whether a buffer is a local variable that is assigned in one place. */
  private isFixed(buffer: Buffer): boolean {
    return isLocal(buffer) && this.writes.get(buffer) === 1
  }
}

/** What starts the sums in an array, or in a part of it. */
interface Fill {
  readonly loops: ReadonlyArray<For>
  readonly target: Access
}

/** Whether an element is one of those that a fill starts. */
const covers = ({ loops, target }: Fill, element: Access): boolean =>
  element.buffer === target.buffer &&
  target.at.every((subscript, axis) => {
    const own = element.at[axis]!
    if (Affine.equals(subscript, own)) return true
    const loop = loops.find((candidate) => Affine.equals(subscript, Affine.ofLoop(candidate.loop)))
    return loop !== undefined && loop.loop.extent === target.buffer.shape[axis]
  })

const checkOf = (target: Access, sum: Access): Statement => assign(sum, "copy", [target], { combine: "add" })

/** Adds values to each other first, two by two, so that the sum does not wait for each of them. */
const checkOfEach = (values: ReadonlyArray<Access>, sum: Access): ReadonlyArray<Statement> => {
  const made: Array<Statement> = []
  let level = values
  while (level.length > 1) {
    const next: Array<Access> = []
    for (let i = 0; i + 1 < level.length; i += 2) {
      const both = access(makeBuffer("temporary", { elementType: "real", shape: [] }))
      made.push(assign(both, "add", [level[i]!, level[i + 1]!]))
      next.push(both)
    }
    if (level.length % 2 === 1) next.push(level.at(-1)!)
    level = next
  }
  return level.length === 0 ? [] : [...made, checkOf(level[0]!, sum)]
}

/** Reads a nest of loops as what fills an array with a number. */
const fillOf = (statement: For): Fill | undefined => {
  const { body, loops } = nestOf(statement)
  const [only] = body
  if (body.length !== 1 || only!._tag !== "Assign" || only!.combine !== undefined) return undefined
  return only!.operation === "copy" && only!.operands[0]!._tag === "Literal"
    ? { loops, target: only!.target }
    : undefined
}

const accesses = (statement: Statement, buffer: Buffer): boolean => {
  let found = false
  forEachAccess([statement], (own) => {
    if (storageOf(own.buffer) === buffer) found = true
  })
  return found
}

/** Whether a statement sets all of a buffer to a number. */
const isStart = (statement: Statement, buffer: Buffer): boolean => {
  if (statement._tag === "Assign") {
    const { combine, operands, operation, target } = statement
    const isNumber = operation === "copy" && combine === undefined && operands[0]!._tag === "Literal"
    return isNumber && target.buffer === buffer && buffer.shape.length === 0
  }
  const fill = statement._tag === "For" ? fillOf(statement) : undefined
  if (fill === undefined || fill.target.buffer !== buffer) return false
  const axes = fill.target.at.map((subscript) =>
    fill.loops.findIndex(({ loop }) => Affine.equals(subscript, Affine.ofLoop(loop)))
  )
  return axes.every((place, axis) => place >= 0 && fill.loops[place]!.loop.extent === buffer.shape[axis])
}

/** Looks at all elements of a buffer. */
const checkOfAll = (buffer: Buffer, sum: Access): ReadonlyArray<Statement> => {
  const loops = buffer.shape.map((extent) => makeLoop(extent))
  const at = loops.map((loop) => Affine.ofLoop(loop))
  let statements: ReadonlyArray<Statement> = [checkOf(access(buffer, at), sum)]
  for (const loop of loops.toReversed()) statements = [forLoop(loop, statements, { isParallel: true })]
  return statements
}

export const speculate = (program: LoopProgram): LoopProgram => ({
  ...program,
  statements: new Speculation(program).block(program.statements)
})
