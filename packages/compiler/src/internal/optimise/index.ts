// The optimiser: from a program to one that computes the same with less, bit by bit, and fails in the same way.

import { Body } from "@fluxion/core"
import { control } from "./control.ts"
import { elementwise } from "./elementwise.ts"
import { fold } from "./fold.ts"
import { makeRoom, Run } from "./graph.ts"
import { hoist } from "./hoist.ts"
import { reductions } from "./reduction.ts"
import { structural } from "./structural.ts"

type Pass = (body: Body.Body) => Body.Body

/** Leaves out results of control primitives that nothing uses, and what they alone need. */
export const dropUnused: Pass = (body) =>
  Body.keepOutputs(
    body,
    body.outputNodes.map(() => true)
  )

/** Computes once what has the same structure. */
export const share: Pass = (body) => new Run({}).program(body)

/** Computes what depends on constants alone. */
export const foldConstants: Pass = (body) => new Run({ rules: [fold] }).program(body)

export const simplifyElementwise: Pass = (body) => new Run({ rules: [elementwise] }).program(body)

export const simplifyStructure: Pass = (body) => new Run({ rules: [structural] }).program(body)

export const simplifyReductions: Pass = (body) => new Run({ rules: [reductions] }).program(body)

export const simplifyControl: Pass = (body) => new Run({ controlRules: [control] }).program(body)

/** Moves out of loops what is the same in each step. */
export const hoistInvariants: Pass = (body) => new Run({ hoist }).program(body)

/** What one rewriting enables is found by the next; few programs need more than three. */
const MOST_ROUNDS = 8

/** All of it, in one go over the program, until nothing changes. */
export const optimise: Pass = (body) => {
  const room = makeRoom()
  let made = body
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const run = new Run({ rules: [fold, elementwise, structural, reductions], controlRules: [control], hoist, room })
    made = run.program(made)
    if (run.changes === 0) break
  }
  return made
}
