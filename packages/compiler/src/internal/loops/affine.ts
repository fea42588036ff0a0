// Affine subscripts.

import type { Access, Affine, Loop, Operand } from "./model.ts"

export type { Affine }

const none: ReadonlyArray<never> = []

export const constant = (value: number): Affine => ({ constant: value, terms: none, dynamic: none })

export const zero: Affine = constant(0)

export const ofLoop = (loop: Loop, factor = 1): Affine => ({
  constant: 0,
  terms: factor === 0 ? none : [{ loop, factor }],
  dynamic: none
})

export const ofIndex = (index: Access): Affine => ({ constant: 0, terms: none, dynamic: [{ index, factor: 1 }] })

export const add = (a: Affine, b: Affine): Affine => {
  if (isConstant(b)) return b.constant === 0 ? a : { ...a, constant: a.constant + b.constant }
  if (isConstant(a)) return a.constant === 0 ? b : { ...b, constant: a.constant + b.constant }
  const terms = a.terms.map((term) => ({ ...term }))
  for (const { factor, loop } of b.terms) {
    const known = terms.find((term) => term.loop === loop)
    if (known === undefined) terms.push({ loop, factor })
    else known.factor += factor
  }
  return {
    constant: a.constant + b.constant,
    terms: terms.filter(({ factor }) => factor !== 0),
    dynamic: [...a.dynamic, ...b.dynamic]
  }
}

export const scale = (a: Affine, by: number): Affine =>
  by === 1
    ? a
    : by === 0
      ? zero
      : {
          constant: a.constant * by,
          terms: a.terms.map(({ factor, loop }) => ({ loop, factor: factor * by })),
          dynamic: a.dynamic.map(({ factor, index }) => ({ index, factor: factor * by }))
        }

export const isConstant = (a: Affine): boolean => a.terms.length === 0 && a.dynamic.length === 0

/** Replaces loops by affine expressions, and the indices computed at run time likewise. */
export const substitute = (a: Affine, of: (loop: Loop) => Affine | undefined): Affine => {
  if (isConstant(a)) return a
  if (a.dynamic.length === 0 && a.terms.every(({ loop }) => of(loop) === undefined)) return a
  let result = constant(a.constant)
  for (const { factor, loop } of a.terms) result = add(result, scale(of(loop) ?? ofLoop(loop), factor))
  for (const { factor, index } of a.dynamic) {
    const own = { ...index, at: index.at.map((at) => substitute(at, of)) }
    result = add(result, { constant: 0, terms: none, dynamic: [{ index: own, factor }] })
  }
  return result
}

export const substituteAccess = (a: Access, of: (loop: Loop) => Affine | undefined): Access => ({
  ...a,
  at: a.at.map((at) => substitute(at, of))
})

export const substituteOperand = (operand: Operand, of: (loop: Loop) => Affine | undefined): Operand =>
  operand._tag === "Access"
    ? substituteAccess(operand, of)
    : operand._tag === "Position"
      ? { ...operand, index: substitute(operand.index, of) }
      : operand

/** The factor of a loop. */
export const factorOf = (a: Affine, loop: Loop): number => {
  for (const term of a.terms) if (term.loop === loop) return term.factor
  return 0
}

/** Without the term of a loop. */
export const without = (a: Affine, loop: Loop): Affine => ({
  ...a,
  terms: a.terms.filter((term) => term.loop !== loop)
})

/** The least and the greatest value over all iterations of the loops; `undefined` where that is not known. */
export const range = (a: Affine): readonly [number, number] | undefined => {
  if (a.dynamic.length > 0) return undefined
  let low = a.constant
  let high = a.constant
  for (const { factor, loop } of a.terms) {
    if (typeof loop.extent !== "number") return undefined
    const last = Math.max(0, loop.extent - 1) * factor
    if (last < 0) low += last
    else high += last
  }
  return [low, high]
}

export const equals = (a: Affine, b: Affine): boolean => {
  if (a === b) return true
  if (a.constant !== b.constant || a.terms.length !== b.terms.length || a.dynamic.length !== b.dynamic.length) {
    return false
  }
  for (const { factor, loop } of a.terms) if (factorOf(b, loop) !== factor) return false
  return a.dynamic.every(
    ({ factor, index }, i) => b.dynamic[i]!.factor === factor && sameAccess(index, b.dynamic[i]!.index)
  )
}

/** Whether two accesses are to the same element, whatever the iteration. */
export const sameAccess = (a: Access, b: Access): boolean =>
  a.buffer === b.buffer && a.at.every((at, i) => equals(at, b.at[i]!))

/** The subscript in row-major memory. */
export const linear = (a: Access): Affine => {
  let result = zero
  let stride = 1
  for (let axis = a.at.length - 1; axis >= 0; axis--) {
    result = add(result, scale(a.at[axis]!, stride))
    stride *= a.buffer.shape[axis]!
  }
  return result
}
