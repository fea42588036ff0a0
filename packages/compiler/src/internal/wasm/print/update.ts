// The one way to write to memory.

import type { Printer } from "./Printer.ts"

/** Instructions for the contents of one place. */
export interface Cell {
  /** Loads from the address on the stack. */
  readonly load: () => void
  /** Stores what `value` leaves on the stack at the address below. */
  readonly store: (value: () => void) => void
}

/** Computes a new value, given what leaves the old one on the stack where it combines with that. */
export type Compute = (old: () => void) => void

/** Writes to the address on the stack. */
export const update = (p: Printer, { load, store }: Cell, isCombining: boolean, compute: Compute): void => {
  const { code } = p
  if (!isCombining) return store(() => compute(() => undefined))
  const address = code.local("i32")
  code.tee(address)
  store(() =>
    compute(() => {
      code.get(address)
      load()
    })
  )
  code.release(address)
}
