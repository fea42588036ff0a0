// Programs with control flow that must type-check, with exactly these types, in both call styles.

import { Expr, type Failure, Fn, type Requirement, Tensor } from "@fluxion/core"

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const the = <U>(_value: U) => ({
  is: <T>(..._proof: Equals<T, U> extends true ? [] : [U, "is not", T]): void => {}
})

declare const failing: Expr.Expr<readonly [], "overflow", "Random">
declare const flag: Expr.BoolExpr<readonly [], "unset">
declare const n: number
const xs = Expr.ones([5, 3])
const labels = Expr.constant(Tensor.index([1, 2, 3, 4, 5]))
const sized = Expr.ones([n, 3])

// cond
the(
  Expr.cond(
    flag,
    () => Expr.ones([3]),
    () => Expr.zeros([3])
  )
).is<Expr.Expr<readonly [3], "unset">>()
the(
  flag.pipe(
    Expr.cond(
      () => 1,
      () => Expr.constant(0)
    )
  )
).is<Expr.Expr<readonly [], "unset">>()
the(
  Expr.cond(
    flag,
    () => 1,
    () => failing
  )
).is<Expr.Expr<readonly [], "unset" | "overflow", "Random">>()
the(
  Expr.cond(
    flag,
    () => ({ a: 1, b: [true] }),
    () => ({ a: 2, b: [false] })
  )
).is<{ readonly a: Expr.Expr<readonly [], "unset">; readonly b: readonly [Expr.BoolExpr<readonly [], "unset">] }>()

// scan
the(Expr.scan((total, x) => [Expr.add(total, Expr.sum(x)), Expr.mul(x, total)], 0, xs)).is<
  readonly [Expr.Expr<readonly []>, Expr.Expr<readonly [5, 3]>]
>()
the(Expr.scan((total, x) => [Expr.add(total, Expr.sum(x)), x], 0, sized, { reverse: true })).is<
  readonly [Expr.Expr<readonly []>, Expr.Expr<readonly [number, 3]>]
>()
the(Expr.scan((total) => [Expr.add(total, 1), total], 0, {}, { length: 7 })).is<
  readonly [Expr.Expr<readonly []>, Expr.Expr<readonly [7]>]
>()
the(
  Expr.scan(
    ({ i, w }, { label, x }) => [{ w: Expr.add(w, Expr.mul(x, failing)), i: Expr.add(i, 1) }, [label]],
    { w: Expr.zeros([3]), i: Expr.constant(Tensor.index(0)) },
    { x: xs, label: labels }
  )
).is<
  readonly [
    {
      readonly w: Expr.Expr<readonly [3], "overflow", "Random">
      readonly i: Expr.IndexExpr<readonly [], "overflow", "Random">
    },
    readonly [Expr.IndexExpr<readonly [5], "overflow", "Random">]
  ]
>()
the(
  xs.pipe(Expr.scan((total, x: Expr.Expr<readonly [3]>) => [Expr.add(total, Expr.sum(x)), Expr.mul(x, total)], 0))
).is<readonly [Expr.Expr<readonly []>, Expr.Expr<readonly [5, 3]>]>()

// fold and iterate
the(Expr.fold((total, x) => Expr.add(total, x), Expr.zeros([3]), xs)).is<Expr.Expr<readonly [3]>>()
the(xs.pipe(Expr.fold((total, x: Expr.Expr<readonly [3]>) => Expr.add(total, x), Expr.zeros([3])))).is<
  Expr.Expr<readonly [3]>
>()
the(Expr.iterate(3, (x) => Expr.mul(x, failing), 1)).is<Expr.Expr<readonly [], "overflow", "Random">>()
the(Expr.iterate(3, ([a, b]) => [b, Expr.add(a, b)], [0, 1])).is<
  readonly [Expr.Expr<readonly []>, Expr.Expr<readonly []>]
>()
the(Expr.constant(1).pipe(Expr.iterate(3, (x: Expr.Expr<readonly []>) => Expr.mul(x, 2)))).is<Expr.Expr<readonly []>>()

// whileLoop
the(
  Expr.whileLoop(
    ({ n }) => Expr.and(flag, Expr.lt(n, 10)),
    ({ n, x }) => ({ x: Expr.mul(x, failing), n: Expr.add(n, 1) }),
    { x: 1, n: 0 }
  )
).is<{
  readonly x: Expr.Expr<readonly [], "unset" | "overflow", "Random">
  readonly n: Expr.Expr<readonly [], "unset" | "overflow", "Random">
}>()

// map
the(Expr.map((x) => Expr.sum(x), xs)).is<Expr.Expr<readonly [5]>>()
the(xs.pipe(Expr.map((x: Expr.Expr<readonly [3]>) => Expr.sum(x)))).is<Expr.Expr<readonly [5]>>()
the(Expr.map((x) => Expr.mul(failing, Expr.sum(x)), sized)).is<Expr.Expr<readonly [number], "overflow", "Random">>()
the(Expr.map(({ label, x }) => ({ twice: Expr.add(x, x), label }), { x: xs, label: labels })).is<{
  readonly twice: Expr.Expr<readonly [5, 3]>
  readonly label: Expr.IndexExpr<readonly [5]>
}>()
the(Expr.map((x, { scale }) => Expr.mul(x, scale), xs, { consts: { scale: 2 } })).is<Expr.Expr<readonly [5, 3]>>()
the(Expr.map((row) => Expr.map((x) => Expr.mul(x, Expr.constant([1, 2])), row), xs)).is<Expr.Expr<readonly [5, 3, 2]>>()

// Programs
the(Fn.make([3], (x) => Expr.scan((c, xi) => [Expr.add(c, xi), c], 0, x))).is<
  Fn.Fn<readonly [3], readonly [readonly [], readonly [3]]>
>()

// Checkpoints
const v4 = Expr.ones([4])
the(Expr.fold((c, x) => Expr.add(c, x), 0, v4, { checkpoint: "revolve" })).is<Expr.Expr<readonly []>>()
the(Expr.iterate(3, (c) => Expr.mul(c, failing), 1, { checkpoint: { every: 2 } })).is<
  Expr.Expr<readonly [], "overflow", "Random">
>()
the(Expr.scan((c, x) => [Expr.add(c, x), c], 0, v4, { checkpoint: { snapshots: 2 }, reverse: true })).is<
  readonly [Expr.Expr<readonly []>, Expr.Expr<readonly [4]>]
>()
the(Fn.checkpoint(Fn.make({ x: [3] }, ({ x }) => ({ y: Expr.sum(x), failing })))).is<
  Fn.Fn<{ readonly x: readonly [3] }, { readonly y: readonly []; readonly failing: readonly [] }, "overflow", "Random">
>()

// The body comes first, and its parameters have types also where the other arguments are calls of combinators with two call styles.
const three = Expr.ones([3])
const row = Expr.ones([1, 3])
the(Expr.map((x) => Expr.sin(x), Expr.mul(xs, three))).is<Expr.Expr<readonly [5, 3]>>()
the(Expr.map((x) => Expr.sum(x), xs.pipe(Expr.mul(three), Expr.add(1)))).is<Expr.Expr<readonly [5]>>()
the(Expr.map((x) => Expr.sum(x), Expr.matmul(Expr.ones([5, 2]), Expr.ones([2, 3])))).is<Expr.Expr<readonly [5]>>()
the(Expr.map((x) => Expr.sum(x), Expr.transpose(Expr.ones([3, 5])))).is<Expr.Expr<readonly [5]>>()
the(Expr.map((x) => Expr.sum(x), Expr.broadcastTo(row, [5, 3]))).is<Expr.Expr<readonly [5]>>()
the(Expr.map((x) => Expr.sum(x), Expr.reshape(Expr.ones([15]), [5, 3]))).is<Expr.Expr<readonly [5]>>()
the(Expr.map((x) => Expr.sum(x), Expr.cumsum(xs, { axis: 0 }))).is<Expr.Expr<readonly [5]>>()
the(Expr.map((x) => Expr.not(x), Expr.and(Expr.gt(xs, three), true))).is<Expr.BoolExpr<readonly [5, 3]>>()
the(Expr.map((x) => Expr.sum(x), Expr.select(Expr.gt(xs, 0), xs, three))).is<Expr.Expr<readonly [5]>>()
the(Expr.map((x) => Expr.sum(x), Expr.solve(Expr.ones([5, 5]), xs))).is<Expr.Expr<readonly [5]>>()
the(Expr.map((x) => Expr.sum(x), Expr.softmax(xs))).is<Expr.Expr<readonly [5]>>()
the(Expr.map((x) => Expr.exp(x), Expr.sum(xs, { axis: [1] }))).is<Expr.Expr<readonly [5]>>()
the(
  Expr.map(
    (x) => Expr.exp(x),
    Expr.map((x) => Expr.sum(x), Expr.mul(xs, 2))
  )
).is<Expr.Expr<readonly [5]>>()
the(
  Expr.map(
    (x) => Expr.exp(x),
    Fn.apply(
      Fn.make([5], (x) => x),
      Expr.add(Expr.ones([5]), 1)
    )
  )
).is<Expr.Expr<readonly [5]>>()
the(Expr.map(({ a, b }) => Expr.mul(a, b), { a: Expr.mul(xs, three), b: Expr.add(xs, failing) })).is<
  Expr.Expr<readonly [5, 3], "overflow", "Random">
>()
the(Expr.map((x, { c }) => Expr.mul(x, c), Expr.mul(xs, 2), { consts: { c: Expr.mul(three, 2) } })).is<
  Expr.Expr<readonly [5, 3]>
>()
the(Expr.fold((c, x) => Expr.add(c, x), Expr.mul(three, 2), Expr.mul(xs, three))).is<Expr.Expr<readonly [3]>>()
the(Expr.scan((c, x) => [Expr.add(c, x), Expr.sum(x)], Expr.mul(three, failing), Expr.mul(xs, three))).is<
  readonly [Expr.Expr<readonly [3], "overflow", "Random">, Expr.Expr<readonly [5], "overflow", "Random">]
>()
the(Expr.iterate(3, (x) => Expr.sin(x), Expr.mul(three, 2))).is<Expr.Expr<readonly [3]>>()
the(
  Expr.whileLoop(
    (x) => Expr.lt(Expr.sum(x), 3),
    (x) => Expr.mul(x, 2),
    Expr.mul(three, 2)
  )
).is<Expr.Expr<readonly [3]>>()

the(Expr.map((x) => Expr.sum(x), Expr.checked.div(xs, three))).is<Expr.Expr<readonly [5], Failure.DomainError>>()
the(Expr.map((x) => Expr.sum(x), Expr.checked.solve(Expr.ones([5, 5]), xs))).is<
  Expr.Expr<readonly [5], Failure.SingularMatrixError>
>()
the(
  Expr.map(
    (x) => Expr.sum(x),
    Expr.ensure(xs, Expr.gt(xs, 0), () => "negative" as const)
  )
).is<Expr.Expr<readonly [5], "negative">>()
the(Expr.map((x) => Expr.not(x), Expr.random.bernoulli(0.5, [5, 3]))).is<
  Expr.BoolExpr<readonly [5, 3], never, Requirement.Random>
>()
the(Expr.map((x) => Expr.toReal(x), Expr.random.categorical(xs))).is<
  Expr.Expr<readonly [5], never, Requirement.Random>
>()
the(
  Expr.map(
    (x) => Expr.sum(x),
    Expr.fixedPoint((x) => Expr.div(x, 2), Expr.mul(xs, three))
  )
).is<Expr.Expr<readonly [5]>>()

// In a pipe too.
the(xs.pipe(Expr.map((x) => Expr.sum(x)))).is<Expr.Expr<readonly [5]>>()
the(
  xs.pipe(
    Expr.mul(failing),
    Expr.map((x: Expr.Expr<readonly [3]>) => Expr.sum(x)),
    Expr.exp
  )
).is<Expr.Expr<readonly [5], "overflow", "Random">>()
the(xs.pipe(Expr.fold((c, x) => Expr.add(c, x), Expr.mul(three, 2)))).is<Expr.Expr<readonly [3]>>()
the(xs.pipe(Expr.scan((c, x) => [Expr.add(c, Expr.sum(x)), x], 0))).is<
  readonly [Expr.Expr<readonly []>, Expr.Expr<readonly [5, 3]>]
>()
the(Expr.mul(three, 2).pipe(Expr.iterate(3, (x) => Expr.sin(x)))).is<Expr.Expr<readonly [3]>>()

// Alone, with the type of a slice written out.
const sums = Expr.map((x: Expr.Expr<readonly [3]>) => Expr.sum(x))
the(sums(xs)).is<Expr.Expr<readonly [5]>>()
