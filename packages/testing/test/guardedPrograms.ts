// Random programs with guards anywhere (where a derivative needs them and where it does not, in bodies of every control primitive, on captured values and on
// constants), and what they fail with by a mirror in plain JavaScript.

import { Expr, type Failure, Fn, Tensor } from "@fluxion/core"
import * as fc from "fast-check"

export type Scalar = Expr.Expr<readonly []>

type Step =
  | { readonly tag: "sin"; readonly i: number }
  | { readonly tag: "add" | "mul"; readonly i: number; readonly j: number }
  | { readonly tag: "guard"; readonly i: number; readonly above: number; readonly use: Use }
  | { readonly tag: "map" | "call" | "apply"; readonly i: number; readonly j: number; readonly body: Body }
  | { readonly tag: "scan"; readonly i: number; readonly n: number; readonly reverse: boolean; readonly body: Body }
  | { readonly tag: "whileLoop"; readonly i: number; readonly n: number; readonly body: Body }
  | { readonly tag: "cond"; readonly i: number; readonly yes: Body; readonly no: Body }

/** What becomes of a guarded value: only the first two leave it in a derivative, and the second not in a first one. */
type Use = "value" | "linear" | "stopped" | "compared" | "constant"

export type Body = ReadonlyArray<Step>

const index = fc.nat(20)

const steps = fc.letrec<{ readonly step: Step; readonly body: Body }>((tie) => {
  const body = tie("body")
  return {
    body: fc.array(tie("step"), { minLength: 1, maxLength: 3, depthIdentifier: "guards" }),
    step: fc.oneof(
      { maxDepth: 3, depthIdentifier: "guards", depthSize: "small" },
      fc.record({ tag: fc.constant("sin" as const), i: index }),
      fc.record({ tag: fc.constantFrom("add" as const, "mul" as const), i: index, j: index }),
      fc.record({
        tag: fc.constant("guard" as const),
        i: index,
        above: fc.constantFrom(-3, -1, -0.9, -0.5, 0, 0.3),
        use: fc.constantFrom("value" as const, "linear", "stopped", "compared", "constant")
      }),
      fc.record({ tag: fc.constantFrom("map" as const, "call", "apply"), i: index, j: index, body }),
      fc.record({
        tag: fc.constant("scan" as const),
        i: index,
        n: fc.nat(3),
        reverse: fc.boolean(),
        body
      }),
      fc.record({ tag: fc.constant("whileLoop" as const), i: index, n: fc.nat(3), body }),
      fc.record({ tag: fc.constant("cond" as const), i: index, yes: body, no: body })
    )
  } as never
})

export const program: fc.Arbitrary<Body> = fc.array(steps.step, { minLength: 1, maxLength: 5 })

export const inputs: fc.Arbitrary<Inputs> = fc.record({
  a: fc.constantFrom(-1.1, -0.4, 0.2, 0.9),
  b: fc.constantFrom(-0.7, 0.6, 1.3),
  c: fc.constantFrom(-0.2, 0.5)
})

export interface Inputs {
  readonly a: number
  readonly b: number
  readonly c: number
}

// -----------------------------------------------------------------------------
// The program, and its mirror
// -----------------------------------------------------------------------------

/** Every step is used. */
const run = <A>(
  body: Body,
  pool: ReadonlyArray<A>,
  perform: (step: Step, pool: ReadonlyArray<A>) => A,
  finish: (results: ReadonlyArray<A>) => A
): A => {
  const all = pool.slice()
  for (const step of body) all.push(perform(step, all))
  return finish(all.slice(pool.length - 1))
}

const pick = <A>(pool: ReadonlyArray<A>, i: number): A => pool[i % pool.length]!

export const build = (body: Body, pool: ReadonlyArray<Scalar>, guarding: boolean): Scalar => {
  const inside = (own: Body, values: ReadonlyArray<Scalar>): Scalar =>
    run(own, values, perform, (results) => {
      const sum = results.reduce((x, y) => Expr.add(x, y))
      // Where it is linear, no derivative needs the values that are added.
      return own.length === 1 ? Expr.mul(0.5, sum) : Expr.sin(sum)
    })
  const perform = (step: Step, values: ReadonlyArray<Scalar>): Scalar => {
    const x = pick(values, step.i)
    switch (step.tag) {
      case "sin":
        return Expr.sin(x)
      case "add":
        return Expr.add(x, pick(values, step.j))
      case "mul":
        return Expr.mul(x, pick(values, step.j))
      case "guard": {
        const y = step.use === "constant" ? (Expr.constant(Math.sin(step.i)) as Scalar) : x
        const z = guarding
          ? (Expr.ensure(
              y,
              (v) => Expr.gt(v, step.above),
              ({ path, value }) => ({ path, value })
            ) as unknown as Scalar)
          : y
        return step.use === "value"
          ? Expr.sin(z)
          : step.use === "stopped"
            ? Expr.stopGradient(z)
            : step.use === "compared"
              ? Expr.toReal(Expr.gt(z, 100))
              : Expr.mul(3, z)
      }
      case "map": {
        const xs = Expr.stack([x, pick(values, step.j), Expr.mul(0.5, x)], 0)
        return Expr.sum(Expr.map((y) => inside(step.body, [...values, y as Scalar]), xs as Expr.Expr<readonly [3]>))
      }
      case "call":
      case "apply": {
        const inner = Fn.make({ u: [], v: [] }, ({ u, v }) => ({ r: inside(step.body, [...values, u, v]), s: u }))
        const input = { u: x, v: pick(values, step.j) }
        const { r, s } = step.tag === "call" ? Fn.call(inner, input) : Fn.apply(inner, input)
        // Of the second kind of programs, the output that need not fail is used.
        return step.j % 2 === 0 ? r : s
      }
      case "scan": {
        const xs = Tensor.fromArray(
          Array.from({ length: step.n }, (_, k) => 0.1 * k),
          [step.n]
        )
        const next = (c: Scalar, y: Scalar): readonly [Scalar, Scalar] => [inside(step.body, [...values, y, c]), c]
        return (Expr.scan as unknown as (...args: ReadonlyArray<unknown>) => [Scalar])(next, x, xs, {
          reverse: step.reverse
        })[0]
      }
      case "whileLoop":
        return (
          Expr.whileLoop as unknown as (...args: ReadonlyArray<unknown>) => { readonly k: Scalar; readonly v: Scalar }
        )(
          ({ k }: { readonly k: Scalar }) => Expr.lt(k, step.n),
          ({ k, v }: { readonly k: Scalar; readonly v: Scalar }) => ({
            k: Expr.add(k, 1),
            v: inside(step.body, [...values, v])
          }),
          { k: 0, v: x }
        ).v
      case "cond":
        return Expr.cond(
          Expr.gt(x, 0),
          () => inside(step.yes, [...values, x]),
          () => inside(step.no, [...values, x])
        ) as Scalar
    }
  }
  return inside(body, pool)
}

export interface Failed {
  readonly value: number
  readonly path: ReadonlyArray<Failure.PathSegment>
}

/** All guards that fail, in the order of evaluation. */
export const mirror = (body: Body, pool: ReadonlyArray<number>): ReadonlyArray<Failed> => {
  const failures: Array<Failed> = []
  const path: Array<Failure.PathSegment> = []
  const inside = (own: Body, values: ReadonlyArray<number>): number =>
    run(own, values, perform, (results) => {
      const sum = results.reduce((x, y) => x + y)
      return own.length === 1 ? 0.5 * sum : Math.sin(sum)
    })
  const at = (control: Failure.PathSegment["control"], i: number, f: () => number): number => {
    path.push({ control, index: i })
    const result = f()
    path.pop()
    return result
  }
  const perform = (step: Step, values: ReadonlyArray<number>): number => {
    const x = pick(values, step.i)
    switch (step.tag) {
      case "sin":
        return Math.sin(x)
      case "add":
        return x + pick(values, step.j)
      case "mul":
        return x * pick(values, step.j)
      case "guard": {
        const y = step.use === "constant" ? Math.sin(step.i) : x
        if (!(y > step.above)) failures.push({ value: y, path: path.slice() })
        return step.use === "value" ? Math.sin(y) : step.use === "stopped" ? y : step.use === "compared" ? 0 : 3 * y
      }
      case "map":
        return [x, pick(values, step.j), 0.5 * x]
          .map((y, k) => at("map", k, () => inside(step.body, [...values, y])))
          .reduce((sum, y) => sum + y)
      case "call":
      case "apply": {
        const result = inside(step.body, [...values, x, pick(values, step.j)])
        return step.j % 2 === 0 ? result : x
      }
      case "scan": {
        let carry = x
        for (let k = 0; k < step.n; k++) {
          const i = step.reverse ? step.n - 1 - k : k
          const before = carry
          carry = at("scan", i, () => inside(step.body, [...values, 0.1 * i, before]))
        }
        return carry
      }
      case "whileLoop": {
        let value = x
        for (let k = 0; k < step.n; k++) {
          const before = value
          value = at("whileLoop", k, () => inside(step.body, [...values, before]))
        }
        return value
      }
      case "cond":
        return inside(x > 0 ? step.yes : step.no, [...values, x])
    }
  }
  inside(body, pool)
  return failures
}

export const spec = { a: [], b: [], c: [] } as const

export type Program = Fn.Fn<typeof spec, readonly [], Failed>

export const make = (body: Body, guarding: boolean): Program =>
  Fn.make(spec, ({ a, b, c }) => build(body, [a, b, c], guarding)) as unknown as Program
