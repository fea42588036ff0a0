// Programs with custom rules that must type-check, with exactly these types, in both call styles.

import { Expr, Fn, Type } from "@fluxion/core"
import type { Result } from "effect"

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const the = <U>(_value: U) => ({
  is: <T>(..._proof: Equals<T, U> extends true ? [] : [U, "is not", T]): void => {}
})

declare const failing: Expr.Expr<readonly [], "overflow">

const f = Fn.make({ labels: Type.index([2]), w: [3] }, ({ labels, w }) => ({
  best: Expr.argmax(w, 0),
  picked: Expr.gather(w, labels)
}))
type Inputs = { readonly labels: Type.Type<"index", readonly [2]>; readonly w: readonly [3] }
type Outputs = { readonly best: Type.Type<"index", readonly []>; readonly picked: readonly [2] }
the(f).is<Fn.Fn<Inputs, Outputs>>()

// A JVP alone: both modes.
the(
  Expr.customJvp(f, ({ outputs, primals, tangents }) => {
    the(outputs.best).is<Expr.IndexExpr<readonly []>>()
    the(primals.labels).is<Expr.IndexExpr<readonly [2]>>()
    the(tangents).is<{ readonly w: Expr.Expr<readonly [3]> }>()
    return { picked: Expr.gather(tangents.w, primals.labels) }
  })
).is<Fn.Fn<Inputs, Outputs>>()
the(f.pipe(Expr.customJvp(({ primals, tangents }) => ({ picked: Expr.gather(tangents.w, primals.labels) })))).is<
  Fn.Fn<Inputs, Outputs>
>()

// The failures of a rule join those of the program.
the(Expr.customJvp(f, () => ({ picked: Expr.mul(failing, Expr.ones([2])) }))).is<Fn.Fn<Inputs, Outputs, "overflow">>()
const guarded = Fn.make([3], (x) => Expr.mul(x, null as never as Expr.Expr<readonly [], "negative">))
the(guarded.pipe(Expr.customJvp(({ tangents }) => Expr.mul(tangents, failing)))).is<
  Fn.Fn<readonly [3], readonly [3], "negative" | "overflow">
>()

// A VJP alone: reverse mode only.
const clipped = Expr.customVjp(guarded, ({ cotangents, outputs, primals }) => {
  the(outputs).is<Expr.Expr<readonly [3]>>()
  the(primals).is<Expr.Expr<readonly [3]>>()
  return Expr.clamp(cotangents, -1, 1)
})
the(clipped).is<Fn.Fn<readonly [3], readonly [3], "negative", Fn.ReverseOnly>>()
the(guarded.pipe(Expr.customVjp(({ cotangents }) => Expr.mul(cotangents, failing)))).is<
  Fn.Fn<readonly [3], readonly [3], "negative" | "overflow", Fn.ReverseOnly>
>()

// Both: both modes, unless a rule is made of what supports one.
const rules = Expr.customVjp(f, {
  vjp: ({ cotangents, primals }) => ({ w: Expr.scatterAdd(Expr.zeros([3]), primals.labels, cotangents.picked) }),
  jvp: ({ primals, tangents }) => ({ picked: Expr.gather(tangents.w, primals.labels) })
})
the(rules).is<Fn.Fn<Inputs, Outputs>>()
the(
  f.pipe(
    Expr.customVjp({
      vjp: ({ cotangents, primals }) => ({ w: Expr.scatterAdd(Expr.zeros([3]), primals.labels, cotangents.picked) }),
      jvp: ({ primals, tangents }) => ({ picked: Expr.mul(failing, Expr.gather(tangents.w, primals.labels)) })
    })
  )
).is<Fn.Fn<Inputs, Outputs, "overflow">>()
the(
  Expr.customJvp(
    Fn.make([3], (x) => x),
    ({ tangents }) => Fn.apply(clipped, tangents)
  )
).is<Fn.Fn<readonly [3], readonly [3], "negative", Fn.ReverseOnly>>()

// A rule takes the place of what is inside: what that lacks is not lacking any more.
the(clipped.pipe(Expr.customJvp(({ tangents }) => tangents))).is<Fn.Fn<readonly [3], readonly [3], "negative">>()

// What a program lacks goes where the program goes, and it runs.
const outer = Fn.make({ x: [3] }, ({ x }) => Expr.sum(Fn.call(clipped, x)))
the(outer).is<Fn.Fn<{ readonly x: readonly [3] }, readonly [], "negative", Fn.ReverseOnly>>()
export const value: Result.Result<number, "negative"> = Fn.runResult(outer, { x: null as never })
export const piped: Result.Result<number, "negative"> = outer.pipe(Fn.runResult({ x: null as never }))
const straightThrough = Expr.customVjp(
  Fn.make([], (x) => Expr.round(x)),
  ({ cotangents }) => cotangents
)
export const sync: ReadonlyArray<number> = [Fn.runSync(straightThrough, 1), straightThrough.pipe(Fn.runSync(1))]
export const running = [Fn.run(outer, { x: null as never }), Fn.compile(outer)]

// Where shapes are not known statically they are checked when the rule is built.
declare const n: number
const sized = Fn.make([n], (x) => Expr.exp(x))
the(Expr.customJvp(sized, ({ outputs, tangents }) => Expr.mul(tangents, outputs))).is<
  Fn.Fn<readonly [number], readonly [number]>
>()
export const dynamic: Fn.Any = Expr.customVjp(
  f as unknown as Fn.Fn<{ readonly [key: string]: readonly [3] }, readonly []>,
  {
    vjp: ({ primals }) => primals,
    jvp: () => 0
  }
)
