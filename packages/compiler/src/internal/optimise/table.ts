// Operations by their structure: which operation on which operands was met, and the term for it. An open hash table, because programs of a hundred thousand
// operations are looked up twice each.

import type { Term } from "./term.ts"

export class Table {
  private slots = new Int32Array(64)
  private readonly operations: Array<number> = []
  private readonly operands: Array<ReadonlyArray<Term>> = []
  private readonly terms: Array<Term> = []

  get(operation: number, operands: ReadonlyArray<Term>): Term | undefined {
    const slot = this.find(operation, operands)
    const entry = this.slots[slot]!
    return entry === 0 ? undefined : this.terms[entry - 1]
  }

  set(operation: number, operands: ReadonlyArray<Term>, term: Term): void {
    if (this.terms.length * 2 >= this.slots.length) this.grow()
    this.operations.push(operation)
    this.operands.push(operands)
    this.slots[this.find(operation, operands)] = this.terms.push(term)
  }

  private grow(): void {
    this.slots = new Int32Array(this.slots.length * 4)
    for (let i = 0; i < this.terms.length; i++) {
      this.slots[this.find(this.operations[i]!, this.operands[i]!)] = i + 1
    }
  }

  /** The slot of an entry, or the empty one for it. */
  private find(operation: number, operands: ReadonlyArray<Term>): number {
    const mask = this.slots.length - 1
    let hash = operation
    for (let i = 0; i < operands.length; i++) {
      hash = Math.imul(hash ^ operands[i]!.id, 0x9e3779b1)
      hash ^= hash >>> 15
    }
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.slots[slot]!
      if (entry === 0 || this.isAt(entry - 1, operation, operands)) return slot
    }
  }

  private isAt(entry: number, operation: number, operands: ReadonlyArray<Term>): boolean {
    if (this.operations[entry] !== operation) return false
    const own = this.operands[entry]!
    if (own.length !== operands.length) return false
    for (let i = 0; i < own.length; i++) if (own[i] !== operands[i]) return false
    return true
  }
}
