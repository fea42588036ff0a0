// The tables have a row for everything that there is.

import { Expr, Primitive } from "@fluxion/core"
import { type PrimitiveSuite, primitiveSuite } from "@fluxion/testing"
import { describe, expect, it } from "vitest"
import { derivedElementwise, derivedOfArrays } from "./derived.ts"
import { derivedControl } from "./control.ts"
import { primitives } from "./table.ts"

/** Exports of Expr that are no functions of arrays of reals. */
const others = [
  // Functions with a restricted domain: packages/core/test/guards.test.ts.
  "checked",
  // Custom rules are rows of `custom`, and customRules.test.ts.
  "customJvp",
  "customVjp",
  "constant",
  "isExpr",
  "ones",
  // Requirements have tests of their own: packages/core/test/requirements.test.ts and random.test.ts.
  "param",
  "random",
  "view",
  "zeros"
]

describe("the tables", () => {
  it("have a row for every primitive", () => {
    expect(Object.keys(primitives).sort()).toEqual([...Primitive.names, ...Primitive.controlNames].sort())
  })

  it("have a row for every derived function", () => {
    const known = new Set<string>([...Primitive.names, ...Primitive.controlNames, ...others])
    expect(
      [...Object.keys(derivedElementwise), ...Object.keys(derivedOfArrays), ...Object.keys(derivedControl)].sort()
    ).toEqual(
      Object.keys(Expr)
        .filter((name) => !known.has(name))
        .sort()
    )
  })

  it("leave out nothing but what says why", () => {
    const all: Readonly<Record<string, PrimitiveSuite.Described>> = {
      ...primitives,
      ...derivedElementwise,
      ...derivedOfArrays,
      ...derivedControl
    }
    const exempt = Object.entries(all).flatMap(([name, { description }]) =>
      Object.keys(description.exempt ?? {}).map((property) => `${name}: ${property}`)
    )
    expect(exempt).toEqual([
      "stopGradient: central differences",
      "cholesky: special values",
      "triangularSolve: special values",
      "solve: special values",
      "lstsq: special values",
      "inverse: special values",
      "adjugate: special values",
      "det: special values",
      "detSign: special values",
      "logdet: special values",
      "ensure: serialisation",
      "qr: special values",
      "eigh: special values",
      "standardDeviation: central differences",
      "slogdet: special values"
    ])
    // Every primitive has the checks of all orders.
    for (const described of Object.values(all)) {
      const names = primitiveSuite(described).map(({ name }) => name)
      expect(new Set(names).size).toBe(names.length)
      for (const order of [1, 2, 3]) expect(names.some((name) => name.includes(`order ${order}`))).toBe(true)
    }
  })
})
