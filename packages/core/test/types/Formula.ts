// Programs about formulas that the types accept and reject.

import type { Result } from "effect"
import type { Schema } from "effect"
import * as Expr from "../../src/Expr.ts"
import * as Fn from "../../src/Fn.ts"
import * as Formula from "../../src/Formula.ts"

declare const exactly: <A>() => <B>(value: B & ([A, B] extends [B, A] ? unknown : never)) => void

declare const unwrap: <A, E>(result: Result.Result<A, E>) => A

// The variables are the inputs, exactly.
const f = unwrap(Formula.parse("x + y", { variables: ["x", "y"] }))
exactly<Fn.Fn<{ readonly x: readonly []; readonly y: readonly [] }, readonly []>>()(f)
exactly<number>()(Fn.runSync(f, { x: 1, y: 2 }))

// @ts-expect-error: an input is missing
Fn.runSync(f, { x: 1 })

// @ts-expect-error: z is no input
Fn.runSync(f, { x: 1, y: 2, z: 3 })

// Without variables, the inputs are a record of scalars.
const g = unwrap(Formula.parse("x + y"))
exactly<Fn.Fn<{ readonly [name: string]: readonly [] }, readonly []>>()(g)
exactly<number>()(Fn.runSync(g, { x: 1, y: 2 }))

// @ts-expect-error: scalars only
Fn.runSync(g, { x: "1" })

// Variables that are not known statically.
declare const names: ReadonlyArray<string>
exactly<Fn.Fn<{ readonly [name: string]: readonly [] }, readonly []>>()(
  unwrap(Formula.parse("x", { variables: names }))
)

// A failure is a value.
exactly<Result.Result<Formula.FormulaFn<readonly []>, Formula.FormulaSyntaxError>>()(
  Formula.parse("1", { variables: [] })
)

// @ts-expect-error: variables are names
Formula.parse("x", { variables: [1] })

// @ts-expect-error: a text
Formula.parse(1)

// Programs and expressions print.
exactly<string>()(Formula.print(f))
exactly<string>()(Formula.print(Expr.add(1, 2), { separator: "\n" }))
exactly<string>()(Formula.latex(Fn.make({ w: [2] }, ({ w }) => ({ w, p: Expr.gt(w, 0) }))))

// @ts-expect-error: statements are separated by semicolons or line ends
Formula.print(f, { separator: ", " })

// @ts-expect-error: a number is no program
Formula.print(1)

// Schemas have the exact program.
const codec = Formula.schema({ variables: ["x"] })
exactly<Fn.Fn<{ readonly x: readonly [] }, readonly []>>()(undefined as unknown as Schema.Schema.Type<typeof codec>)
