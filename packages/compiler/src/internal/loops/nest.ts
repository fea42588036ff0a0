// Perfect nests: loops around loops, with one block inside.

import type { For, Loop, Statement } from "./model.ts"

/** The loops of a nest, outermost first, and the block inside. */
export const nestOf = (
  statement: Statement
): { readonly loops: ReadonlyArray<For>; readonly body: ReadonlyArray<Statement> } => {
  const loops: Array<For> = []
  let body: ReadonlyArray<Statement> = [statement]
  while (body.length === 1 && body[0]!._tag === "For") {
    const inner: For = body[0]!
    loops.push(inner)
    body = inner.body
  }
  return { loops, body }
}

/** Puts loops around a block. */
export const wrap = (loops: ReadonlyArray<For>, body: ReadonlyArray<Statement>): ReadonlyArray<Statement> => {
  let statements = body
  for (let i = loops.length - 1; i >= 0; i--) statements = [{ ...loops[i]!, body: statements }]
  return statements
}

export const fixedExtent = (loop: Loop): number | undefined =>
  typeof loop.extent === "number" ? loop.extent : undefined
