// Where random draws get their keys: a stack of scopes, one for each program or body under construction. Sites are numbered within their scope, in the
// order in which they are built, so streams do not depend on what else the process builds.

import * as Tensor from "../Tensor.ts"
import * as Type from "../Type.ts"
import { apply } from "./apply.ts"
import { constant, type Node, required } from "./node.ts"

/** The type of a key. */
export const keyType = Type.index([2])

/** A key that a program requires, until `Fn.withKey` makes it an input. */
export const freeKey = (): Node => required("key", keyType, { _tag: "Random" })

export const foldIn = (key: Node, data: Tensor.Tensor<Type.Type["shape"], "index">): Node =>
  apply("foldIn", {}, [key, constant(data)])

/** A key for each of `0, 1, ..., count - 1`. */
export const keysFor = (key: Node, count: number): Node =>
  foldIn(
    key,
    Tensor.unsafeMake(
      "index",
      [count],
      Int32Array.from({ length: count }, (_, i) => i)
    )
  )

export class Scope {
  private readonly make: () => Node
  private key: Node | undefined
  private sites: number
  /** `make` gives the key of the scope, when it is first needed; sites are numbered from `first` on. */
  constructor(make: () => Node, first = 0) {
    this.make = make
    this.sites = first
  }
  /** A key that no other site has. */
  next(): Node {
    this.key ??= this.make()
    return foldIn(this.key, Tensor.index(this.sites++))
  }
  get upcoming(): number {
    return this.sites
  }
  owns(key: Node): boolean {
    return this.key === key
  }
}

const open: Array<Scope> = []

export const inScope = <A>(scope: Scope, build: () => A): A => {
  open.push(scope)
  try {
    return build()
  } finally {
    open.pop()
  }
}

/** The innermost scope; outside of all, one of its own. */
export const enclosing = (): Scope => open.at(-1) ?? new Scope(freeKey)

/** Whether a key is that of a program that is still under construction: what is drawn under it was drawn there, once. */
export const isOpen = (key: Node): boolean => open.some((scope) => scope.owns(key))
