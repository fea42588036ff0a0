// Runs the suites of a table of primitives.

import { type PrimitiveSuite, primitiveSuite } from "@fluxion/testing"
import { describe, it } from "vitest"

export const runSuites = (table: Readonly<Record<string, PrimitiveSuite.Described>>): void => {
  for (const [primitive, described] of Object.entries(table)) {
    describe(primitive, () => {
      for (const { name, run } of primitiveSuite(described)) it(name, run)
    })
  }
}
