// What evaluation throws where a guard fails. Not an `Error`: it has no stack to capture, and never reaches a user of `Fn`.

import type { Guard, PathSegment } from "../Failure.ts"

export class Raised {
  readonly guard: Guard
  readonly value: number | boolean
  readonly index: ReadonlyArray<number>
  readonly path: Array<PathSegment> = []
  /** The call site of the guard; `undefined` until what evaluates the node puts it in. */
  site: string | null | undefined
  constructor(guard: Guard, value: number | boolean, index: ReadonlyArray<number>) {
    this.guard = guard
    this.value = value
    this.index = index
  }
}

/** What is to be thrown on: a failing guard learns the site of its node. */
export const raisedAt = (error: unknown, site: string | null): unknown => {
  if (error instanceof Raised && error.site === undefined) error.site = site
  return error
}

/** What is to be thrown on: a failing guard learns where in control flow it was. */
export const raisedIn = (error: unknown, control: PathSegment["control"], index: number): unknown => {
  if (error instanceof Raised) error.path.unshift({ control, index })
  return error
}
