// Every operator of the package on programs as users write them: trees of inputs and outputs, guards, parameters, draws; under `Expr.map`, called, and differentiated
// again.

import * as Calculus from "@fluxion/calculus"
import * as Numeric from "@fluxion/calculus/Numeric"
import { Expr, Fn, Initializer, Random, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Data, Effect, Result } from "effect"
import { describe, expect, it } from "vitest"

class Negative extends Data.TaggedError("Negative")<{ readonly value: number }> {}

const spec = { a: [], b: [[3], { c: [2, 2] }] } as const
type Spec = typeof spec
type Inputs = Tree.Exprs<Spec>
type Scalar = Expr.Expr<readonly []>

/** What fails or requires something, in a test that does not look at types. */
const loose = <X>(expr: Expr.Any): X => expr as unknown as X

const point = {
  a: 0.7,
  b: [
    Tensor.make([0.3, 1.1, 0.6]),
    {
      c: Tensor.make([
        [0.2, 0.9],
        [1.4, 0.5]
      ])
    }
  ]
} as const
const bad = { ...point, a: -0.7 } as const
const direction = {
  a: 0.5,
  b: [
    Tensor.make([1, -0.25, 0.75]),
    {
      c: Tensor.make([
        [-1, 0.5],
        [0.25, 2]
      ])
    }
  ]
} as const
const weight = 1.3

const energy = ({ a, b: [v, { c }] }: Inputs, w: Scalar) =>
  Expr.add(
    Expr.mul(Expr.sin(Expr.mul(w, a)), Expr.sum(Expr.exp(Expr.matmul(c, c)))),
    Expr.sum(Expr.mul(Expr.tanh(v), Expr.square(Expr.mul(a, v))))
  )

const guarded = (inputs: Inputs): Inputs => ({
  ...inputs,
  a: loose<Scalar>(
    Expr.ensure(
      inputs.a,
      (x) => Expr.gt(x, 0),
      ({ value }) => new Negative({ value })
    )
  )
})

const scalar = Fn.make(spec, (inputs) => energy(inputs, Expr.constant(weight)))
const scalars = {
  plain: scalar,
  failing: Fn.make(spec, (inputs) => energy(guarded(inputs), Expr.constant(weight))),
  requiring: Fn.make(spec, (inputs) => energy(inputs, loose<Scalar>(Expr.param("w", [], Initializer.ones)))),
  drawing: Fn.make(spec, (inputs) => energy(inputs, loose<Scalar>(Expr.random.uniform([], { min: 1, max: 2 }))))
}

/** A field: outputs like the inputs. */
const fieldOf = (inputs: Inputs, w: Scalar) => {
  const {
    a,
    b: [v, { c }]
  } = inputs
  const total = energy(inputs, w)
  return { a: Expr.mul(total, a), b: [Expr.mul(v, total), { c: Expr.matmul(c, Expr.mul(a, c)) }] as const }
}
const fields = {
  plain: Fn.make(spec, (inputs) => fieldOf(inputs, Expr.constant(weight))),
  failing: Fn.make(spec, (inputs) => fieldOf(guarded(inputs), Expr.constant(weight))),
  requiring: Fn.make(spec, (inputs) => fieldOf(inputs, loose<Scalar>(Expr.param("w", [], Initializer.ones)))),
  drawing: Fn.make(spec, (inputs) => fieldOf(inputs, loose<Scalar>(Expr.random.uniform([], { min: 1, max: 2 }))))
}

const curlOf = (v: Expr.Expr<readonly [3]>, w: Scalar) =>
  Expr.mul(w, Expr.mul(Expr.sin(Expr.reverse(v)), Expr.sum(Expr.square(v))))
const spatial = {
  plain: Fn.make([3], (v) => curlOf(v, Expr.constant(weight))),
  failing: Fn.make([3], (v) =>
    curlOf(
      loose<Expr.Expr<readonly [3]>>(
        Expr.ensure(
          v,
          (x) => Expr.gt(x, 0),
          ({ value }) => new Negative({ value })
        )
      ),
      Expr.constant(weight)
    )
  ),
  requiring: Fn.make([3], (v) => curlOf(v, loose<Scalar>(Expr.param("w", [], Initializer.ones)))),
  drawing: Fn.make([3], (v) => curlOf(v, loose<Scalar>(Expr.random.uniform([], { min: 1, max: 2 }))))
}

const linearOf = ({ a, b: [v, { c }] }: Inputs, w: Scalar) => ({
  x: Expr.mul(w, Expr.add(a, Expr.sum(c))),
  y: [Expr.mul(w, Expr.reverse(v))] as const
})
const linear = {
  plain: Fn.make(spec, (inputs) => linearOf(inputs, Expr.constant(weight))),
  failing: undefined,
  requiring: Fn.make(spec, (inputs) => linearOf(inputs, loose<Scalar>(Expr.param("w", [], Initializer.ones)))),
  drawing: Fn.make(spec, (inputs) => linearOf(inputs, loose<Scalar>(Expr.random.uniform([], { min: 1, max: 2 }))))
}

type Programs = { readonly [K in "plain" | "failing" | "requiring" | "drawing"]: unknown }

interface Operator {
  readonly name: string
  readonly programs: Programs
  readonly apply: (f: never) => unknown
  readonly inputs: (at: unknown) => unknown
  readonly at?: readonly [good: unknown, bad: unknown]
}

const itself = (at: unknown): unknown => at
const three = [Tensor.make([0.3, 1.1, 0.6]), Tensor.make([0.3, -1.1, 0.6])] as const

const operators: ReadonlyArray<Operator> = [
  ...([undefined, "forward", "reverse", "mixed"] as const).map((mode) => ({
    name: `jacobian ${mode ?? "of the mode that it chooses"}`,
    programs: fields,
    apply: (f: never) => Calculus.jacobian(f as Fn.Fn<Spec, Spec>, mode === undefined ? undefined : { mode }),
    inputs: itself
  })),
  { name: "hessian", programs: scalars, apply: (f) => Calculus.hessian(f), inputs: itself },
  {
    name: "hvp",
    programs: scalars,
    apply: (f) => Calculus.hvp(f),
    inputs: (primals) => ({ primals, tangents: direction })
  },
  {
    name: "vhp",
    programs: scalars,
    apply: (f) => Calculus.vhp(f),
    inputs: (primals) => ({ primals, cotangents: direction })
  },
  {
    name: "jvp",
    programs: fields,
    apply: (f) => Calculus.jvp(f),
    inputs: (primals) => ({ primals, tangents: direction })
  },
  {
    name: "vjp",
    programs: fields,
    apply: (f) => Calculus.vjp(f),
    inputs: (primals) => ({ primals, cotangents: direction })
  },
  {
    name: "directional",
    programs: fields,
    apply: (f) => Calculus.directional(f),
    inputs: (at) => ({ at, direction })
  },
  { name: "gradientNorm", programs: scalars, apply: (f) => Calculus.gradientNorm(f), inputs: itself },
  { name: "divergence", programs: fields, apply: (f) => Calculus.divergence(f), inputs: itself },
  { name: "curl", programs: spatial, apply: (f) => Calculus.curl(f), inputs: itself, at: three },
  { name: "laplacian", programs: scalars, apply: (f) => Calculus.laplacian(f), inputs: itself },
  { name: "diagonalHessian", programs: scalars, apply: (f) => Calculus.diagonalHessian(f), inputs: itself },
  {
    name: "taylor",
    programs: fields,
    apply: (f) => Calculus.taylor(f, 3),
    inputs: (at) => ({ at, direction })
  },
  {
    name: "linearTranspose",
    programs: linear,
    apply: (f) => Calculus.linearTranspose(f),
    inputs: () => ({ x: 0.4, y: [Tensor.make([1, 2, 3])] })
  },
  { name: "sparseJacobian", programs: fields, apply: (f) => Calculus.sparseJacobian(f).values, inputs: itself },
  { name: "sparseHessian", programs: scalars, apply: (f) => Calculus.sparseHessian(f).values, inputs: itself }
]

type Program = Fn.Fn<Tree.Spec, Tree.Spec, unknown>

const flat = (value: unknown): ReadonlyArray<number> =>
  typeof value === "number"
    ? [value]
    : ArrayBuffer.isView((value as Tensor.Tensor).data)
      ? Array.from((value as Tensor.Tensor).data)
      : Object.values(value as object).flatMap(flat)

const run = (f: unknown, at: unknown): unknown => Result.getOrThrow(Fn.runResult(f as Program, at as never))

const close = (actual: unknown, expected: unknown): void => {
  const [a, b] = [flat(actual), flat(expected)]
  expect(a.length).toBe(b.length)
  const scale = Math.max(1, ...b.map(Math.abs))
  a.forEach((x, i) => expect(Math.abs(x - b[i]!)).toBeLessThanOrEqual(1e-12 * scale))
}

const batched = (f: Program): Program => (Fn.map as (f: unknown, options: object) => unknown)(f, { size: 3 }) as Program

/** Values one above the other along a new axis. */
const stacked = (values: ReadonlyArray<unknown>): unknown => {
  const [first] = values
  if (typeof first === "number") return Tensor.fromArray(values as ReadonlyArray<number>, [values.length])
  if (Tensor.isTensor(first)) {
    return Tensor.fromArray(values.flatMap(flat), [values.length, ...first.shape])
  }
  const parts = Object.keys(first as object).map((key) => [
    key,
    stacked(values.map((value) => (value as Record<string, unknown>)[key]))
  ])
  return Array.isArray(first) ? parts.map(([, part]) => part) : Object.fromEntries(parts)
}

const scaled = (value: unknown, factor: number): unknown => {
  if (typeof value === "number") return value * factor
  if (Tensor.isTensor(value)) {
    return Tensor.fromArray(
      flat(value).map((x) => x * factor),
      value.shape
    )
  }
  const entries = Object.entries(value as object).map(([key, part]) => [key, scaled(part, factor)])
  return Array.isArray(value) ? entries.map(([, part]) => part) : Object.fromEntries(entries)
}

for (const { apply, at = [point, bad], inputs, name, programs } of operators) {
  describe(name, () => {
    const derived = (kind: keyof Programs): Program => apply(programs[kind] as never) as Program
    const plain = derived("plain")
    const given = inputs(at[0])
    const expected = run(plain, given)

    if (programs.failing !== undefined) {
      it("fails where the program fails, and only there", () => {
        const failing = derived("failing")
        close(run(failing, given), expected)
        const result = Fn.runResult(failing, inputs(at[1]) as never)
        expect(Result.isFailure(result) && result.failure).toBeInstanceOf(Negative)
      })
    }

    it("keeps the parameters that the program requires", () => {
      const f = Fn.withParams(derived("requiring") as unknown as Fn.Fn<Tree.Spec, Tree.Spec, never, never>)
      close(run(f, { params: { w: weight }, inputs: given }), expected)
    })

    it("keeps the draws of the program", () => {
      const f = Fn.withKey(derived("drawing") as unknown as Fn.Fn<Tree.Spec, Tree.Spec>)
      const first = run(f, { key: Random.key(1), inputs: given })
      close(run(f, { key: Random.key(1), inputs: given }), first)
      const second = flat(run(f, { key: Random.key(2), inputs: given }))
      expect(flat(first).some((x, i) => x !== second[i])).toBe(true)
    })

    it("under a map over points, and called", () => {
      const factors = [1, 0.5, 1.25]
      const batch = factors.map((factor) => inputs(scaled(at[0], factor)))
      const each = stacked(batch.map((own) => run(plain, own)))
      close(run(batched(plain), stacked(batch)), each)
      const mapEach = Expr.map as unknown as (f: (own: never) => unknown, xs: unknown) => never
      const mapped = Fn.make(batched(plain).inputs as Tree.Spec, (xs) =>
        mapEach((own) => Fn.apply(plain as never, own) as unknown, xs)
      )
      close(run(mapped, stacked(batch)), each)
      const called = Fn.make(plain.inputs as Tree.Spec, (own) => Fn.call(plain as never, own as never) as never)
      close(run(called, given), expected)
    })

    it("is differentiated again: both modes of its derivative agree with differences", () => {
      const squared = Fn.make(plain.inputs as Tree.Spec, (own) => {
        const outputs = Fn.apply(plain as never, own as never) as unknown
        const parts = (tree: unknown): ReadonlyArray<Expr.Expr> =>
          Expr.isExpr(tree) ? [tree as Expr.Expr] : Object.values(tree as object).flatMap(parts)
        return parts(outputs).reduce<Expr.Expr>(
          (sum, part) => Expr.add(sum, Expr.sum(Expr.sin(part))),
          Expr.constant(0)
        )
      }) as unknown as Fn.Fn<Spec, readonly []>
      const reverse = flat(run(Reverse.grad(squared), given))
      const forward = flat(run(Forward.jacobian(squared), given))
      const { error, value } = Numeric.gradient(squared, given as never)
      const [values, errors] = [flat(value), flat(error)]
      reverse.forEach((d, i) => {
        expect(Math.abs(d - forward[i]!)).toBeLessThanOrEqual(1e-11 * Math.max(1, Math.abs(d)))
        expect(Math.abs(d - values[i]!)).toBeLessThanOrEqual(10 * errors[i]! + 1e-7 * Math.max(1, Math.abs(d)))
      })
    })
  })
}

describe("nested in each other", () => {
  const at = point
  it("the Hessian of a Laplacian, the Laplacian of a Laplacian", () => {
    const biharmonic = Fn.make([2], (x) => Expr.prod(Expr.square(x)))
    const x = Tensor.make([0.5, 2])
    // Δ x²y² = 2x² + 2y², whose Hessian is 4 times the identity, and whose Laplacian is 8.
    expect(flat(run(Calculus.hessian(Calculus.laplacian(biharmonic)), x))).toEqual([4, 0, 0, 4])
    expect(run(Calculus.laplacian(Calculus.laplacian(biharmonic)), x)).toBe(8)
  })

  it("the derivative of a Hessian-vector product, forwards and backwards, is the third derivative", () => {
    const third = run(Forward.jacobian(Calculus.hessian(scalar)), at)
    const jvp = run(Calculus.jvp(Calculus.hvp(scalar)), {
      primals: { primals: at, tangents: direction },
      tangents: { primals: direction, tangents: scaled(direction, 0) }
    }) as { readonly tangents: unknown }
    // Contract the third derivative with the direction twice.
    const n = flat(at).length
    const d = flat(direction)
    const hessianAlong = (h: number) =>
      flat(
        run(
          Calculus.hessian(scalar),
          Tree.fromTensors(
            spec,
            Tree.toTensors("test", spec, at).map((t, i) => {
              const dt = Tree.toTensors("test", spec, direction)[i]!
              return Tensor.fromArray(
                Float64Array.from(t.data, (x, e) => x + h * dt.data[e]!),
                t.shape
              )
            })
          )
        )
      )
    expect(flat(third).length).toBe(n ** 3)
    expect(hessianAlong(0).length).toBe(n ** 2)
    const series = run(Calculus.taylor(scalar, 3), { at, direction }) as Tensor.Tensor
    // f‴[d, d, d] = 6 c₃.
    const total = flat(jvp.tangents).reduce((sum, x, i) => sum + x * d[i]!, 0)
    expect(Math.abs(total - 6 * series.data[3]!)).toBeLessThan(1e-10 * Math.abs(total))
  })

  it("Taylor coefficients of a gradient norm, a Jacobian of Taylor coefficients, a divergence of a gradient", () => {
    const norm = Calculus.gradientNorm(scalar)
    const series = run(Calculus.taylor(norm, 1), { at, direction }) as Tensor.Tensor
    const along = run(Calculus.jvp(norm), { primals: at, tangents: direction }) as { readonly tangents: number }
    expect(series.data[1]).toBeCloseTo(along.tangents, 11)
    const coefficients = Calculus.jacobian(Calculus.taylor(scalar, 1))
    const { at: slopes } = run(coefficients, { at, direction }) as { readonly at: unknown }
    const gradient = flat(run(Reverse.grad(scalar), at))
    const first = flat(slopes as object)
    expect(first.length).toBe(2 * gradient.length)
    expect(run(Calculus.divergence(Reverse.grad(scalar)), at)).toBeCloseTo(
      run(Calculus.laplacian(scalar), at) as number,
      10
    )
  })

  it("the linear map of a guarded program, its transpose, and a Taylor series of it", () => {
    const linearised = Effect.runSync(Calculus.linearize(fields.failing as Fn.Fn<Spec, Spec>, point))
    const pushed = run(linearised.tangent, direction)
    close(
      pushed,
      (run(Calculus.jvp(fields.plain), { primals: point, tangents: direction }) as { tangents: unknown }).tangents
    )
    const failure = Effect.runSync(Effect.flip(Calculus.linearize(fields.failing as Fn.Fn<Spec, Spec, Negative>, bad)))
    expect(failure).toBeInstanceOf(Negative)
  })

  it("Hutchinson's estimate inside of a Hessian keeps its draws", () => {
    const estimate = Fn.withKey(Calculus.gradientNorm(Calculus.laplacianEstimate(scalar, { samples: 2 })))
    const value = run(estimate, { key: Random.key(3), inputs: point })
    expect(Number.isFinite(value)).toBe(true)
    expect(run(estimate, { key: Random.key(3), inputs: point })).toBe(value)
  })
})
