// Programs with values defined by equations that must type-check, with exactly these types, in both call styles.

import { Expr, Fn } from "@fluxion/core"

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const typed = <T>(value: T) => ({
  value,
  is: <U>(...wrong: Equals<T, U> extends true ? [] : [T, "is not", U]) => wrong
})
const shape = <S extends ReadonlyArray<number>>(expr: Expr.Proto<"real", S, unknown, unknown>) => ({
  expr,
  is: <T extends ReadonlyArray<number>>(...wrong: Equals<S, T> extends true ? [] : [S, "is not", T]) => wrong
})

const v3 = Expr.ones([3])
const n: number = v3.shape.length

shape(Expr.root((x) => Expr.sub(Expr.mul(x, x), 2), 1)).is<readonly []>()
shape(Expr.root((x) => Expr.sub(x, v3), v3)).is<readonly [3]>()
shape(v3.pipe(Expr.root((x: Expr.Expr<readonly [3]>) => Expr.sub(x, 1)))).is<readonly [3]>()
shape(Expr.fixedPoint((x) => Expr.cos(x), v3)).is<readonly [3]>()
shape(v3.pipe(Expr.fixedPoint(Expr.cos))).is<readonly [3]>()
shape(Expr.root((x) => Expr.sin(x), Expr.ones([n, 2]), { tolerance: 1e-6 })).is<readonly [number, 2]>()

const tree = Expr.root(
  ({ a, b }) => ({ a: Expr.sub(a, 1), b: [Expr.add(b[0], a)] as const }),
  { a: 0, b: [v3] as const },
  { solver: (init) => init, maxIterations: 10 }
)
shape(tree.a).is<readonly []>()
shape(tree.b[0]).is<readonly [3]>()

// What the function and the solver can fail with and require is united.
declare const failing: Expr.Expr<readonly [], "no value", "Random">
declare const other: Expr.Expr<readonly [], "other", never>
typed(Expr.root((x) => Expr.sub(x, failing), 1)).is<Expr.Expr<readonly [], "no value", "Random">>()
typed(Expr.root((x) => Expr.sub(x, failing), 1, { solver: () => other })).is<
  Expr.Expr<readonly [], "no value" | "other", "Random">
>()
typed(Expr.fixedPoint((x) => Expr.div(x, 2), failing)).is<Expr.Expr<readonly [], "no value", "Random">>()

export const kepler = Fn.make({ e: [], mean: [] }, ({ e, mean }) =>
  Expr.root((x) => Expr.sub(Expr.sub(x, Expr.mul(e, Expr.sin(x))), mean), mean)
)
export const anomaly: (at: { readonly e: number; readonly mean: number }) => number = (at) => Fn.runSync(kepler, at)
