// The description of every primitive. The table is total over those of core: a primitive without a row is a compile error.

import type { Primitive } from "@fluxion/core"
import type { PrimitiveSuite } from "@fluxion/testing"
import { contraction } from "./contraction.ts"
import { control } from "./control.ts"
import { elementwise } from "./elementwise.ts"
import { guard } from "./guard.ts"
import { linalg } from "./linalg.ts"
import { random } from "./random.ts"
import { reduction } from "./reduction.ts"
import { structural } from "./structural.ts"

export const primitives: { readonly [K in Primitive.Name | Primitive.ControlName]: PrimitiveSuite.Described } = {
  ...elementwise,
  ...reduction,
  ...contraction,
  ...structural,
  ...linalg,
  ...random,
  ...guard,
  ...control
}
