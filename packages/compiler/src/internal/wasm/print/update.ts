// The one way to write to memory.

import type { Printer } from "./Printer.ts"

/** Instructions for the contents of one place. */
export interface Cell {
  /** Loads from the address on the stack. */
  readonly load: () => void
  /** Stores what `value` leaves on the stack at the address below. */
  readonly store: (value: () => void) => void
}

/** Writes to the address on the stack: the value, or what is there combined with it. */
export const update = (
  p: Printer,
  { load, store }: Cell,
  value: () => void,
  combine: (() => void) | undefined
): void => {
  const { code } = p
  if (combine === undefined) return store(value)
  const address = code.local("i32")
  code.tee(address)
  store(() => {
    code.get(address)
    load()
    value()
    combine()
  })
  code.release(address)
}
