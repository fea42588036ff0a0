// Loop fusion: statements of a block that loop over the same range become one loop, so that what one computes and the next reads need not go through
// memory. A scan whose steps are elementwise over an axis is turned inside out, so that it can join a loop over that axis.
//
// What makes this legal is one test: every buffer that the joined statements share and one of them writes is cut up by the loop, each iteration touching a part
// of its own (`isPartitioned`); or it is only added to.

import * as Affine from "../loops/affine.ts"
import {
  type Access,
  type Buffer,
  type For,
  type Loop,
  type LoopProgram,
  makeLoop,
  type Statement,
  storageOf
} from "../loops/model.ts"
import { nestOf, wrap } from "../loops/nest.ts"
import { forEachAccess, hasChecks, mapBlocks, rewrite, type Role } from "../loops/walk.ts"

export interface Use {
  readonly access: Access
  readonly role: Role
  /** The loop of its item that is to be the joint one. */
  readonly loop: Loop
}

type Accesses = ReadonlyMap<Buffer, ReadonlyArray<{ readonly access: Access; readonly role: Role }>>

const accessesOf = (statement: Statement): Accesses => {
  const made = new Map<Buffer, Array<{ readonly access: Access; readonly role: Role }>>()
  forEachAccess([statement], (access, role) => {
    const storage = storageOf(access.buffer)
    const own = made.get(storage)
    if (own === undefined) made.set(storage, [{ access, role }])
    else own.push({ access, role })
  })
  return made
}

/** Whether each iteration of the loop touches a part of the buffer that no other iteration does. */
export const isPartitioned = (uses: ReadonlyArray<Use>): boolean => {
  const { buffer } = uses[0]!.access
  if (uses.some(({ access }) => access.buffer !== buffer || access.at.length !== buffer.shape.length)) return false
  for (let axis = 0; axis < buffer.shape.length; axis++) {
    const first = uses[0]!
    const factor = Affine.factorOf(first.access.at[axis]!, first.loop)
    if (factor === 0) continue
    const rest = Affine.without(first.access.at[axis]!, first.loop)
    let low = Infinity
    let high = -Infinity
    const fits = uses.every(({ access, loop }) => {
      const subscript = access.at[axis]!
      if (Affine.factorOf(subscript, loop) !== factor) return false
      // What all have in common moves no part into another.
      const range = Affine.range(Affine.add(Affine.without(subscript, loop), Affine.scale(rest, -1)))
      const own = Affine.range(Affine.without(subscript, loop))
      if (range !== undefined && range[0] === 0 && range[1] === 0) return true
      if (own === undefined) return false
      low = Math.min(low, own[0])
      high = Math.max(high, own[1])
      return high - low < Math.abs(factor)
    })
    if (!fits) continue
    if (low === Infinity) return Math.abs(factor) >= 1
    const own = Affine.range(rest)
    if (own === undefined) continue
    if (Math.max(high, own[1]) - Math.min(low, own[0]) < Math.abs(factor)) return true
  }
  return false
}

const isOnlyCombined = (uses: ReadonlyArray<{ readonly role: Role }>): boolean =>
  uses.every(({ role }) => role !== "read" && role !== "write" && role === uses[0]!.role)

// -----------------------------------------------------------------------------
// Which loop of a statement can be outermost
// -----------------------------------------------------------------------------

interface Candidate {
  readonly loop: Loop
  readonly extent: number
  /** The statement without the loop, whose variable is now another one. */
  readonly inside: (loop: Loop) => ReadonlyArray<Statement>
  /** Which loop counts for an access of the statement. */
  readonly loopOf: ReadonlyMap<Statement, Loop> | undefined
}

export const renamed = (statements: ReadonlyArray<Statement>, from: Loop, to: Loop): ReadonlyArray<Statement> =>
  rewrite(statements, {
    affine: (a) => Affine.substitute(a, (loop) => (loop === from ? Affine.ofLoop(to) : undefined))
  })

/**
 * Of a nest of several loops over plain assignments, the loop that should stay innermost: the one along which memory is read and written one element after the
 * other.
 */
const preferredInnermost = (loops: ReadonlyArray<For>, body: ReadonlyArray<Statement>): For | undefined => {
  if (loops.length < 2 || !loops.every(({ isParallel }) => isParallel)) return undefined
  if (!body.every(({ _tag }) => _tag === "Assign")) return undefined
  let best: For | undefined
  let least = Infinity
  for (const candidate of loops) {
    const { loop } = candidate
    let cost = typeof loop.extent === "number" && loop.extent < 4 ? 2 : 0
    forEachAccess(body, (access, role) => {
      if (access.at.length === 0) return
      const factor = Math.abs(Affine.factorOf(Affine.linear(access), loop))
      const isCombined = role !== "read" && role !== "write"
      cost += factor === 0 ? (isCombined ? 0 : 0.2) : factor === 1 ? (isCombined ? 2 : 1) : 6
    })
    if (cost <= least) {
      least = cost
      best = candidate
    }
  }
  return best
}

/** A nest with its preferred loop innermost. */
const ordered = (statement: For): For => {
  const { body, loops } = nestOf(statement)
  const innermost = preferredInnermost(loops, body)
  if (innermost === undefined || innermost === loops.at(-1)) return statement
  return wrap([...loops.filter((loop) => loop !== innermost), innermost], body)[0] as For
}

class Fusion {
  /** How often each buffer is accessed in the whole program. */
  private readonly total = new Map<Buffer, number>()

  constructor({ statements }: LoopProgram) {
    forEachAccess(statements, ({ buffer }) => {
      const storage = storageOf(buffer)
      this.total.set(storage, (this.total.get(storage) ?? 0) + 1)
    })
  }

  /** The loops of a statement that can be moved outermost. */
  candidates(statement: Statement): ReadonlyArray<Candidate> {
    if (statement._tag !== "For" || hasChecks([statement])) return []
    const { body, loops } = nestOf(statement)
    const made: Array<Candidate> = []
    const innermost = preferredInnermost(loops, body)
    for (let i = 0; i < loops.length && loops[i]!.isParallel; i++) {
      const { loop } = loops[i]!
      if (typeof loop.extent !== "number") break
      if (loops[i] === innermost) continue
      const others = loops.filter((_, k) => k !== i)
      made.push({
        loop,
        extent: loop.extent,
        loopOf: undefined,
        inside: (target) => renamed(wrap(others, body), loop, target)
      })
    }
    if (made.length > 0 || statement.isParallel) return made
    return this.interchanged(statement)
  }

  /** Loops that all statements of a sequential loop have, and that can be moved out of it. */
  private interchanged(statement: For): ReadonlyArray<Candidate> {
    if (typeof statement.loop.extent !== "number") return []
    const own = statement.body.map((inner) => this.candidates(inner))
    const extents = new Set(own.flatMap((list) => list.map(({ extent }) => extent)))
    const accesses = statement.body.map(accessesOf)
    const made: Array<Candidate> = []
    for (const extent of extents) {
      for (const pick of ["first", "last"] as const) {
        const chosen = own.map((list) => {
          const fitting = list.filter((candidate) => candidate.extent === extent)
          return pick === "first" ? fitting[0] : fitting.at(-1)
        })
        if (!this.canInterchange(statement, chosen, accesses)) continue
        const marker = makeLoop(extent)
        made.push({
          loop: marker,
          extent,
          loopOf: undefined,
          inside: (target) => [
            {
              ...statement,
              body: statement.body.flatMap((inner, i) => chosen[i]?.inside(target) ?? [inner])
            }
          ]
        })
        break
      }
    }
    return made
  }

  private canInterchange(
    statement: For,
    chosen: ReadonlyArray<Candidate | undefined>,
    accesses: ReadonlyArray<Accesses>
  ): boolean {
    if (chosen.every((candidate) => candidate === undefined)) return false
    const target = makeLoop(chosen.find((candidate) => candidate !== undefined)!.extent)
    // As they would be inside of the joint loop.
    const moved = statement.body.map((_, i) => {
      const candidate = chosen[i]
      if (candidate === undefined) return accesses[i]!
      const inside = candidate.inside(target)
      const all = new Map<Buffer, Array<{ readonly access: Access; readonly role: Role }>>()
      for (const part of inside) {
        for (const [buffer, uses] of accessesOf(part)) all.set(buffer, [...(all.get(buffer) ?? []), ...uses])
      }
      return all as Accesses
    })
    const uses = new Map<Buffer, Array<Use>>()
    const items = new Map<Buffer, Array<number>>()
    moved.forEach((own, i) => {
      for (const [buffer, list] of own) {
        const known = uses.get(buffer) ?? []
        for (const { access, role } of list) known.push({ access, role, loop: target })
        uses.set(buffer, known)
        items.set(buffer, [...(items.get(buffer) ?? []), i])
      }
    })
    for (const [buffer, list] of uses) {
      if (list.every(({ role }) => role === "read")) continue
      if (isOnlyCombined(list) || isPartitioned(list)) continue
      // What lives inside of one iteration only.
      if (list.length !== this.total.get(buffer)) return false
      const [first, ...rest] = items.get(buffer)!
      if (rest.length === 0 && chosen[first!] !== undefined) {
        // Inside of one iteration of the inner loop too, unless the loop sums it up.
        if (list.some(({ role }) => role !== "read" && role !== "write")) return false
        if (list[0]!.role !== "write") return false
        continue
      }
      const writer = statement.body[first!]!
      const isLocal =
        writer._tag === "Assign" &&
        writer.combine === undefined &&
        writer.target.at.length === 0 &&
        list.filter(({ role }) => role !== "read").length === 1 &&
        list[0]!.role === "write"
      if (!isLocal) return false
    }
    // What is not in the loop is done again for each iteration of it: only where that is little.
    return statement.body.every(({ _tag }, i) => chosen[i] !== undefined || _tag === "Assign")
  }

  // -----------------------------------------------------------------------------
  // Blocks
  // -----------------------------------------------------------------------------

  block(statements: ReadonlyArray<Statement>): ReadonlyArray<Statement> {
    if (statements.length === 0) return statements
    const groups: Array<Group> = []
    const lastWrite = new Map<Buffer, number>()
    const lastAccess = new Map<Buffer, number>()
    let lastCheck = -1
    const loopGroups: Array<number> = []
    for (const statement of statements) {
      const accesses = accessesOf(statement)
      const checks = hasChecks([statement])
      let lower = checks ? lastCheck : -1
      for (const [buffer, uses] of accesses) {
        const writes = uses.some(({ role }) => role !== "read")
        lower = Math.max(lower, (writes ? lastAccess : lastWrite).get(buffer) ?? -1)
      }
      const candidates = this.candidates(statement)
      let joined = -1
      if (candidates.length > 0) {
        let tries = 0
        for (let k = firstFrom(loopGroups, lower); k < loopGroups.length; k++) {
          const g = loopGroups[k]!
          if (tries++ > 16) break
          if (append(groups[g]!, { statement, candidates, accesses, chosen: undefined })) {
            joined = g
            break
          }
        }
      }
      if (joined < 0) {
        joined = groups.length
        groups.push(groupOf({ statement, candidates, accesses, chosen: undefined }))
        if (candidates.length > 0) loopGroups.push(joined)
      }
      for (const [buffer, uses] of accesses) {
        lastAccess.set(buffer, Math.max(lastAccess.get(buffer) ?? -1, joined))
        if (uses.some(({ role }) => role !== "read")) {
          lastWrite.set(buffer, Math.max(lastWrite.get(buffer) ?? -1, joined))
        }
      }
      if (checks) lastCheck = joined
    }
    return sunk(postpone(groups)).flatMap((group) => this.emit(group))
  }

  private emit({ items }: Group): ReadonlyArray<Statement> {
    const [first] = items
    if (items.length === 1) {
      const { candidates, statement } = first!
      if (statement._tag === "For" && !statement.isParallel && candidates.length > 0) {
        return this.joint(items, [candidates[0]!])
      }
      return [this.inside(statement._tag === "For" ? ordered(statement) : statement)]
    }
    return this.joint(
      items,
      items.map(({ chosen }) => chosen!)
    )
  }

  private joint(items: ReadonlyArray<Item>, chosen: ReadonlyArray<Candidate>): ReadonlyArray<Statement> {
    const loop = makeLoop(chosen[0]!.extent)
    const body = items.flatMap((_, i) => chosen[i]!.inside(loop))
    return [{ _tag: "For", loop, body: this.block(body), isParallel: true, isReverse: false }]
  }

  private inside(statement: Statement): Statement {
    return mapBlocks(statement, (own) => this.block(own))
  }
}

/** The place of the first of some increasing numbers that is not below another. */
const firstFrom = (numbers: ReadonlyArray<number>, least: number): number => {
  let [low, high] = [0, numbers.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (numbers[middle]! < least) low = middle + 1
    else high = middle
  }
  return low
}

interface Item {
  readonly statement: Statement
  readonly candidates: ReadonlyArray<Candidate>
  readonly accesses: Accesses
  chosen: Candidate | undefined
}

interface Group {
  readonly items: Array<Item>
  /** The items that access each buffer, and whether one of them writes to it. */
  readonly byBuffer: Map<Buffer, { writes: boolean; readonly items: Array<Item> }>
}

const groupOf = (item: Item): Group => {
  const group: Group = { items: [], byBuffer: new Map() }
  include(group, item)
  return group
}

/** Adds an item at the end of a group. */
const include = ({ byBuffer, items }: Group, item: Item): void => {
  items.push(item)
  for (const [buffer, uses] of item.accesses) {
    const writes = uses.some(({ role }) => role !== "read")
    const known = byBuffer.get(buffer)
    if (known === undefined) byBuffer.set(buffer, { writes, items: [item] })
    else {
      known.writes ||= writes
      known.items.push(item)
    }
  }
}

const usesOf = (item: Item, candidate: Candidate, buffer: Buffer): ReadonlyArray<Use> => {
  // The subscripts as they are inside of the loop that the candidate would make.
  const moved = movedAccesses(item, candidate)
  return (moved.accesses.get(buffer) ?? []).map(({ access, role }) => ({ access, role, loop: moved.loop }))
}

const movedCache = new WeakMap<Candidate, { readonly loop: Loop; readonly accesses: Accesses }>()

const movedAccesses = (item: Item, candidate: Candidate): { readonly loop: Loop; readonly accesses: Accesses } => {
  const known = movedCache.get(candidate)
  if (known !== undefined) return known
  // In a nest the loop keeps its variable; in a loop turned inside out it has a new one.
  const { loops } = nestOf(item.statement)
  const isNest = loops.some(({ loop }) => loop === candidate.loop)
  const accesses = new Map<Buffer, Array<{ readonly access: Access; readonly role: Role }>>()
  if (!isNest) {
    for (const part of candidate.inside(candidate.loop)) {
      for (const [buffer, uses] of accessesOf(part)) accesses.set(buffer, [...(accesses.get(buffer) ?? []), ...uses])
    }
  }
  const made = { loop: candidate.loop, accesses: isNest ? item.accesses : accesses }
  movedCache.set(candidate, made)
  return made
}

/** Adds an item to a group, where that is legal and they have something in common. */
const append = (group: Group, item: Item): boolean => {
  if (!choose(group, groupOf(item))) return false
  include(group, item)
  return true
}

/** Joins two groups, where that is legal and they have something in common; the items of the first come first. */
const merge = (first: Group, second: Group): boolean => {
  if (!choose(first, second)) return false
  second.items.unshift(...first.items)
  for (const [buffer, { items, writes }] of first.byBuffer) {
    const known = second.byBuffer.get(buffer)
    if (known === undefined) second.byBuffer.set(buffer, { writes, items: [...items] })
    else {
      known.writes ||= writes
      known.items.unshift(...items)
    }
  }
  return true
}

/** Chooses the loops by which two groups can become one. */
const choose = (first: Group, second: Group): boolean => {
  const [few, many] = first.byBuffer.size < second.byBuffer.size ? [first, second] : [second, first]
  const shared: Array<Buffer> = []
  let hasShared = false
  for (const [buffer, { writes }] of few.byBuffer) {
    const other = many.byBuffer.get(buffer)
    if (other === undefined) continue
    hasShared = true
    if (writes || other.writes) shared.push(buffer)
  }
  if (!hasShared) return false
  const [left] = first.items
  const [right] = second.items
  for (const a of left!.chosen === undefined ? left!.candidates : [left!.chosen]) {
    for (const b of right!.chosen === undefined ? right!.candidates : [right!.chosen]) {
      if (a.extent !== b.extent) continue
      const fits = shared.every((buffer) =>
        isPartitioned([
          ...first.byBuffer.get(buffer)!.items.flatMap((item) => usesOf(item, item.chosen ?? a, buffer)),
          ...second.byBuffer.get(buffer)!.items.flatMap((item) => usesOf(item, item.chosen ?? b, buffer))
        ])
      )
      if (!fits) continue
      left!.chosen = a
      right!.chosen = b
      return true
    }
  }
  return false
}

/**
 * Moves plain assignments down to the first group that depends on them: what one loop added up is often only scaled or copied before the next loop, and would keep the
 * two apart.
 */
const postpone = (groups: ReadonlyArray<Group>): ReadonlyArray<Group> => {
  // The new places of the groups after the current one: for each buffer the first that touches it, and the first that writes it.
  const touched = new Map<Buffer, number>()
  const written = new Map<Buffer, number>()
  const places = groups.map((_, g) => g)
  for (let g = groups.length - 1; g >= 0; g--) {
    const { items } = groups[g]!
    const [{ accesses, statement }] = items as [Item]
    if (items.length === 1 && statement._tag === "Assign") {
      let place = Infinity
      for (const [buffer, uses] of accesses) {
        const writes = uses.some(({ role }) => role !== "read")
        place = Math.min(place, (writes ? touched : written).get(buffer) ?? Infinity)
      }
      places[g] = place
    }
    const place = places[g]!
    for (const item of items) {
      for (const [buffer, uses] of item.accesses) {
        touched.set(buffer, Math.min(place, touched.get(buffer) ?? Infinity))
        if (uses.some(({ role }) => role !== "read")) {
          written.set(buffer, Math.min(place, written.get(buffer) ?? Infinity))
        }
      }
    }
  }
  // What has the place of a group comes before it, in the order in which it stood.
  return groups
    .map((group, g) => ({ group, g, place: places[g]! }))
    .sort((a, b) => (a.place === b.place ? a.g - b.g : a.place - b.place))
    .map(({ group }) => group)
}

/** Moves groups down to the first group that uses what they compute, and joins them there. */
const sink = (groups: ReadonlyArray<Group>): ReadonlyArray<Group> => {
  const kept: Array<Group | undefined> = [...groups]
  // For each buffer the first group, of those seen so far, that accesses it, and the first that writes to it.
  const first = new Map<Buffer, { access: number; write: number }>()
  const note = ({ byBuffer }: Group, place: number): void => {
    for (const [buffer, { writes }] of byBuffer) {
      const known = first.get(buffer)
      if (known === undefined) first.set(buffer, { access: place, write: writes ? place : Infinity })
      else {
        known.access = Math.min(known.access, place)
        if (writes) known.write = Math.min(known.write, place)
      }
    }
  }
  for (let g = groups.length - 1; g >= 0; g--) {
    const group = kept[g]!
    let place = g
    if (group.items[0]!.candidates.length > 0) {
      // The first later group that depends on this one.
      let next = Infinity
      for (const [buffer, { writes }] of group.byBuffer) {
        const known = first.get(buffer)
        if (known !== undefined) next = Math.min(next, writes ? known.access : known.write)
      }
      const target = kept[next]
      if (target !== undefined && target.items[0]!.candidates.length > 0 && merge(group, target)) {
        kept[g] = undefined
        place = next
      }
    }
    note(group, place)
  }
  return kept.filter((group) => group !== undefined)
}

/** The rounds of moving down. */
const MOST_ROUNDS = 4

/** Moves groups down as long as that joins some: what has been joined to a group can take it further. */
const sunk = (groups: ReadonlyArray<Group>): ReadonlyArray<Group> => {
  let made = sink(groups)
  for (let before = groups.length, round = 1; made.length < before && round < MOST_ROUNDS; round++) {
    before = made.length
    made = sink(made)
  }
  return made
}

export const fuse = (program: LoopProgram): LoopProgram => ({
  ...program,
  statements: new Fusion(program).block(program.statements)
})
