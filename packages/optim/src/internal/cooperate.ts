// Long loops of synchronous steps let other fibers run, and can be interrupted.

import { Effect } from "effect"

const sliceMilliseconds = 8

/** An effect to run after each step: it yields to the scheduler when the loop has held it for a while. */
export const makeCooperate = (): Effect.Effect<void> => {
  let since = performance.now()
  return Effect.suspend(() => {
    if (performance.now() - since < sliceMilliseconds) return Effect.void
    return Effect.map(Effect.yieldNow, () => {
      since = performance.now()
    })
  })
}
