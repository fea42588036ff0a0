// For each element of an array, a set of positions: sorted, in compressed form.

/** The set of element `i` is `items[pointers[i]] … items[pointers[i + 1] - 1]`, ascending. */
export interface IndexSets {
  readonly pointers: Int32Array
  readonly items: Int32Array
}

const none = new Int32Array(0)

export const empty = (size: number): IndexSets => ({ pointers: new Int32Array(size + 1), items: none })

export const isEmpty = ({ items }: IndexSets): boolean => items.length === 0

/** One position an element: `first`, `first + 1`, … */
export const singletons = (size: number, first: number): IndexSets => ({
  pointers: Int32Array.from({ length: size + 1 }, (_, i) => i),
  items: Int32Array.from({ length: size }, (_, i) => first + i)
})

/** Which set saw a position last, so that repetitions are left out; shared by all collectors. */
export interface Scratch {
  readonly seen: Float64Array
  set: number
}

export const scratch = (positions: number): Scratch => ({ seen: new Float64Array(positions), set: 0 })

/** Builds sets, element after element. */
export class Collector {
  private readonly pointers: Int32Array
  private items = new Int32Array(16)
  private length = 0
  private element = 0
  private readonly scratch: Scratch
  constructor(size: number, scratch: Scratch) {
    this.pointers = new Int32Array(size + 1)
    this.scratch = scratch
    scratch.set++
  }
  add(sets: IndexSets, i: number): void {
    const { seen, set } = this.scratch
    const end = sets.pointers[i + 1]!
    for (let k = sets.pointers[i]!; k < end; k++) {
      const position = sets.items[k]!
      if (seen[position] === set) continue
      seen[position] = set
      if (this.length === this.items.length) {
        const larger = new Int32Array(2 * this.length)
        larger.set(this.items)
        this.items = larger
      }
      this.items[this.length++] = position
    }
  }
  /** Ends the set of the present element. */
  next(): void {
    const start = this.pointers[this.element]!
    if (this.length - start > 1) this.items.subarray(start, this.length).sort()
    this.pointers[++this.element] = this.length
    this.scratch.set++
  }
  result(): IndexSets {
    return { pointers: this.pointers, items: this.items.slice(0, this.length) }
  }
}

/** The sets of the elements at `sources`, in that order; the empty set where a source is negative. */
export const pick = (sets: IndexSets, sources: ArrayLike<number>): IndexSets => {
  const pointers = new Int32Array(sources.length + 1)
  for (let i = 0; i < sources.length; i++) {
    const source = sources[i]!
    pointers[i + 1] = pointers[i]! + (source < 0 ? 0 : sets.pointers[source + 1]! - sets.pointers[source]!)
  }
  const items = new Int32Array(pointers[sources.length]!)
  for (let i = 0; i < sources.length; i++) {
    const source = sources[i]!
    if (source >= 0) items.set(sets.items.subarray(sets.pointers[source]!, sets.pointers[source + 1]!), pointers[i]!)
  }
  return { pointers, items }
}

/** For each of `size` elements the union of the sets of the elements of `sets` whose target it is. */
export const gatherUnion = (
  parts: ReadonlyArray<{ readonly sets: IndexSets; readonly targets: ArrayLike<number> }>,
  size: number,
  scratch: Scratch
): IndexSets => {
  const counts = new Int32Array(size + 1)
  for (const { targets } of parts) {
    for (let i = 0; i < targets.length; i++) if (targets[i]! >= 0) counts[targets[i]! + 1]!++
  }
  for (let i = 0; i < size; i++) counts[i + 1]! += counts[i]!
  const members = new Int32Array(counts[size]!)
  const owners = new Uint8Array(counts[size]!)
  const filled = counts.slice(0, size)
  parts.forEach(({ targets }, part) => {
    for (let i = 0; i < targets.length; i++) {
      const target = targets[i]!
      if (target < 0) continue
      owners[filled[target]!] = part
      members[filled[target]!++] = i
    }
  })
  const collector = new Collector(size, scratch)
  for (let i = 0; i < size; i++) {
    for (let k = counts[i]!; k < counts[i + 1]!; k++) collector.add(parts[owners[k]!]!.sets, members[k]!)
    collector.next()
  }
  return collector.result()
}

/** The same union of all sets for each of `size` elements. */
export const everything = (parts: ReadonlyArray<IndexSets>, size: number, scratch: Scratch): IndexSets => {
  const collector = new Collector(1, scratch)
  for (const sets of parts) for (let i = 0; i + 1 < sets.pointers.length; i++) collector.add(sets, i)
  collector.next()
  const all = collector.result()
  return isEmpty(all) ? empty(size) : pick(all, new Int32Array(size))
}

/** The sets of several arrays, one after the other. */
export const concatenate = (parts: ReadonlyArray<IndexSets>): IndexSets => {
  const [only] = parts
  if (parts.length === 1) return only!
  const pointers = new Int32Array(parts.reduce((sum, part) => sum + part.pointers.length - 1, 1))
  const items = new Int32Array(parts.reduce((sum, part) => sum + part.items.length, 0))
  let element = 0
  let length = 0
  for (const part of parts) {
    for (let i = 1; i < part.pointers.length; i++) pointers[++element] = length + part.pointers[i]!
    items.set(part.items, length)
    length += part.items.length
  }
  return { pointers, items }
}

export const same = (a: IndexSets, b: IndexSets): boolean =>
  a.items.length === b.items.length &&
  a.items.every((x, i) => x === b.items[i]) &&
  a.pointers.every((x, i) => x === b.pointers[i])
