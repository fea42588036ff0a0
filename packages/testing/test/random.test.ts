// Randomness across modes: streams that are never shared, draws that are the same in every mode, pathwise derivatives, and the distributions themselves.

import {
  type Algebra,
  Body,
  Expr,
  Fn,
  Interpreter,
  Primitive,
  Random,
  Tensor,
  type Tree,
  type Type
} from "@fluxion/core"
import * as Calculus from "@fluxion/calculus"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

type Scalar = Expr.Expr<readonly []>
type Program = Fn.Fn<readonly [], readonly []>
/** What a program requires. */
type Required<F> = F extends Fn.Fn<infer _I, infer _O, infer _E, infer R> ? R : never
/** A program to which a key and parameters are given. */
type Later<I extends Tree.Spec, O> = Fn.Fn<
  {
    readonly key: Type.Type<"index", readonly [2]>
    readonly inputs: {
      readonly params: { readonly scale: readonly []; readonly shift: readonly [3] }
      readonly inputs: I
    }
  },
  O
>

// -----------------------------------------------------------------------------
// Random programs that draw
// -----------------------------------------------------------------------------

type Kind = "uniform" | "normal" | "bernoulli" | "categorical" | "permutation"

/** A program of one scalar: what is done to it, one thing after the other. */
type Plan = ReadonlyArray<Step>
type Step =
  | { readonly _tag: "Draw"; readonly kind: Kind }
  | { readonly _tag: "Cond"; readonly flag: boolean; readonly whenTrue: Plan; readonly whenFalse: Plan }
  | {
      readonly _tag: "Map" | "Scan" | "Iterate" | "While" | "Apply" | "Call" | "Batch" | "Compose" | "Captured"
      readonly times: number
      readonly body: Plan
    }

const plan: fc.Arbitrary<Plan> = fc.letrec<{ readonly plan: Plan; readonly step: Step }>((tie) => ({
  plan: fc.array(tie("step"), { minLength: 1, maxLength: 3 }),
  step: fc.oneof(
    { maxDepth: 3, depthSize: "medium" },
    fc.record({
      _tag: fc.constant("Draw" as const),
      kind: fc.constantFrom<Kind>("uniform", "normal", "bernoulli", "categorical", "permutation")
    }),
    fc.record({
      _tag: fc.constant("Cond" as const),
      flag: fc.boolean(),
      whenTrue: tie("plan"),
      whenFalse: tie("plan")
    }),
    fc.record({
      _tag: fc.constantFrom(
        "Map",
        "Scan",
        "Iterate",
        "While",
        "Apply",
        "Call",
        "Batch",
        "Compose",
        "Captured" as const
      ),
      times: fc.integer({ min: 0, max: 3 }),
      body: tie("plan")
    })
  )
})).plan

const draw = (kind: Kind): Scalar => {
  switch (kind) {
    case "uniform":
      return Expr.random.uniform([]) as never
    case "normal":
      return Expr.mean(Expr.random.normal([2])) as never
    case "bernoulli":
      return Expr.toReal(Expr.random.bernoulli(0.3)) as never
    case "categorical":
      return Expr.toReal(Expr.random.categorical(Expr.zeros([3]))) as never
    case "permutation":
      return Expr.toReal(Expr.at(Expr.random.permutation(3), 0)) as never
  }
}

const build = (steps: Plan, start: Scalar): Scalar => steps.reduce((x, step) => apply(step, x), start)

const program = (steps: Plan): Program => Fn.make([], (x) => build(steps, x)) as never

const repeat = (n: number, f: (x: Scalar) => Scalar, x: Scalar): Scalar => {
  let result = x
  for (let i = 0; i < n; i++) result = f(result)
  return result
}

const apply = (step: Step, x: Scalar): Scalar => {
  switch (step._tag) {
    case "Draw":
      return Expr.add(Expr.mul(0.5, x), draw(step.kind)) as Scalar
    case "Cond":
      return Expr.cond(
        Expr.constant(step.flag),
        () => build(step.whenTrue, x),
        () => build(step.whenFalse, x)
      ) as Scalar
    default:
  }
  const { body, times } = step
  const xs = (): Expr.Expr<readonly [number]> => Expr.broadcastTo(x, [times] as readonly [number]) as never
  switch (step._tag) {
    case "Map":
      return Expr.sum(Expr.map((xi) => build(body, xi as Scalar), xs())) as Scalar
    case "Scan":
      return Expr.fold((c, xi) => build(body, Expr.add(c, xi) as Scalar), x, xs()) as Scalar
    case "Iterate":
      return Expr.iterate(times, (y) => build(body, y as Scalar), x) as Scalar
    case "While":
      return Expr.whileLoop(
        ({ i }) => Expr.lt(Expr.add(i, Expr.mul(0.5, Expr.random.uniform([]))), times - 0.25),
        ({ i, y }) => ({ i: Expr.add(i, 1), y: build(body, y as Scalar) }),
        { i: 0, y: x }
      ).y as Scalar
    case "Apply": {
      const f = program(body)
      return repeat(times, (y) => Fn.apply(f, y) as Scalar, x)
    }
    case "Call": {
      const f = program(body)
      return repeat(times, (y) => Fn.call(f, y) as Scalar, x)
    }
    case "Batch":
      return Expr.sum(Fn.apply(Fn.map(program(body), { size: times }), xs() as never)) as Scalar
    case "Compose": {
      const f = program(body)
      return Fn.apply(Fn.andThen(f, Fn.andThen(f, f)), x) as Scalar
    }
    case "Captured": {
      // Drawn outside, used inside.
      const noise = build(body, x)
      return Expr.sum(Expr.map((xi) => Expr.add(xi, noise), xs())) as Scalar
    }
  }
}

/** How many arrays are drawn when the program runs. */
const draws = (steps: Plan): number =>
  steps.reduce((sum, step) => {
    switch (step._tag) {
      case "Draw":
        return sum + 1
      case "Cond":
        return sum + draws(step.flag ? step.whenTrue : step.whenFalse)
      // The condition draws too, and once more than the body.
      case "While":
        return sum + step.times * draws(step.body) + step.times + 1
      case "Compose":
        return sum + 3 * draws(step.body)
      case "Captured":
        return sum + draws(step.body)
      default:
        return sum + step.times * draws(step.body)
    }
  }, 0)

/** The tensor algebra, which notes every key that something is drawn with, in bodies too. */
const recording = () => {
  const keys: Array<string> = []
  const algebra: Algebra<Tensor.Any> = {
    ...Interpreter.algebra,
    apply: (primitive, attributes, operands, type) => {
      if (primitive.startsWith("random")) keys.push(String((operands as ReadonlyArray<Tensor.Any>)[0]))
      return Interpreter.algebra.apply(primitive, attributes, operands, type)
    },
    applyMany: (primitive, attributes, operands) => {
      const { evaluate } = Primitive.controlDefinitions[primitive] as Primitive.ControlDefinition<"call">
      const run = (body: Primitive.Body, inputs: ReadonlyArray<Tensor.Any>) => Body.interpret(body, algebra, inputs)
      const evaluated = evaluate(
        attributes as Primitive.CallAttributes,
        operands,
        (body) => (inputs) => run(body, inputs)
      )
      return "body" in evaluated ? run(evaluated.body, evaluated.inputs) : evaluated
    }
  }
  return { algebra, keys }
}

const key = Random.key(2026)
const seeds = fc.maxSafeInteger().map(Random.key)
/** Kept small, so that the same draws are compared in many modes at little cost. */
const smallPlan = plan.filter((steps) => draws(steps) <= 60)

describe("streams", () => {
  it("are never shared: every draw of every element, step and use has a key of its own", () => {
    let most = 0
    fc.assert(
      fc.property(
        plan.filter((steps) => draws(steps) <= 2000),
        seeds,
        (steps, seed) => {
          const f = Fn.withKey(program(steps))
          const { algebra, keys } = recording()
          const [value] = Fn.interpret(f, algebra, [seed, Tensor.full([], 0.25)])
          expect(keys.length).toBe(draws(steps))
          expect(new Set(keys).size).toBe(keys.length)
          // What is recorded is what is run.
          expect(value!.data[0]).toBe(Fn.runSync(f, { key: seed, inputs: 0.25 }))
          most = Math.max(most, keys.length)
        }
      ),
      { numRuns: 300 }
    )
    expect(most).toBeGreaterThan(50)
  })

  it("are the same for the same key, and others for another", () => {
    fc.assert(
      fc.property(smallPlan, (steps) => {
        const f = Fn.withKey(program(steps))
        const values = [1, 1, 2].map((seed) => Fn.runSync(f, { key: Random.key(seed), inputs: 0.5 }))
        expect(values[0]).toBe(values[1])
        expect(Fn.runSync(Fn.withKey(program(steps)), { key: Random.key(1), inputs: 0.5 })).toBe(values[0])
      })
    )
    const f = Fn.withKey(Fn.make({}, () => Expr.random.uniform([])))
    const values = Array.from({ length: 100 }, (_, seed) => Fn.runSync(f, { key: Random.key(seed), inputs: {} }))
    expect(new Set(values).size).toBe(100)
  })
})

describe("every mode", () => {
  it("draws what the program draws", () => {
    fc.assert(
      fc.property(smallPlan, seeds, fc.double({ min: -2, max: 2, noNaN: true }), (steps, seed, x) => {
        const f = program(steps)
        const value = Fn.runSync(Fn.withKey(f), { key: seed, inputs: x })
        const at = { key: seed, inputs: x }
        const primals = { primals: x, tangents: 1 }
        const both = Fn.runSync(Fn.withKey(Reverse.valueAndGrad(f)), at)
        expect(both.value).toBe(value)
        expect(Fn.runSync(Fn.withKey(Forward.jvp(f)), { key: seed, inputs: primals }).primals).toBe(value)
        expect(Effect.runSync(Fn.run(Fn.withKey(f), at))).toBe(value)
        const numbers = Forward.evaluate(Fn.withKey(f), { primals: at, tangents: { inputs: 1 } })
        expect(numbers.primals).toBe(value)
        // The derivatives agree: they see the same branches and the same draws.
        const derivative = Fn.runSync(Fn.withKey(Forward.derivative(f)), at)
        expect(derivative).toBeCloseTo(both.grad, 10)
        expect(numbers.tangents).toBeCloseTo(both.grad, 10)
        // Bound before, or after.
        expect(Fn.runSync(Reverse.grad(Fn.withKey(f), { wrt: ["inputs"] }), at).inputs).toBe(both.grad)
        expect(Fn.runSync(Fn.withKey(Reverse.grad(f)), at)).toBe(both.grad)
        expect(Fn.runSync(Fn.withKey(Calculus.hvp(f)), { key: seed, inputs: primals })).toBeCloseTo(0, 10)
      }),
      { numRuns: 60 }
    )
  })

  it("keeps draws independent where a derivative is applied beside its program", () => {
    const f: Program = Fn.make([], (x) => Expr.mul(x, Expr.random.uniform([]))) as never
    const g = Fn.make([], (x) => ({ value: Fn.apply(f, x), slope: Fn.apply(Reverse.grad(f), x) }))
    const { slope, value } = Fn.runSync(Fn.withKey(g), { key, inputs: 1 })
    expect(slope).not.toBe(value)
  })

  it("differentiates along the path of each draw: mean and standard deviation, bounds", () => {
    const n = 50
    const normal = Fn.make({ mean: [], deviation: [n] }, ({ deviation, mean }) =>
      Expr.mean(Expr.square(Expr.random.normal([n], { mean, standardDeviation: deviation })))
    )
    const z = Fn.runSync(Fn.withKey(Fn.make({}, () => Expr.random.normal([n]))), { key, inputs: {} }).data
    const deviation = Tensor.fromArray(
      Float64Array.from(z, (_, i) => 1 + i / n),
      [n]
    )
    const mean = 0.3
    const x = Array.from(z, (zi, i) => mean + deviation.data[i]! * zi)
    const { grad, value } = Fn.runSync(Fn.withKey(Reverse.valueAndGrad(normal)), { key, inputs: { mean, deviation } })
    expect(value).toBeCloseTo(x.reduce((sum, xi) => sum + xi * xi, 0) / n, 13)
    expect(grad.mean).toBeCloseTo(x.reduce((sum, xi) => sum + 2 * xi, 0) / n, 13)
    grad.deviation.data.forEach((d, i) => expect(d).toBeCloseTo((2 * x[i]! * z[i]!) / n, 14))

    const uniform = Fn.make({ min: [], max: [] }, ({ max, min }) =>
      Expr.sum(Expr.exp(Expr.random.uniform([n], { min, max })))
    )
    const u = Fn.runSync(Fn.withKey(Fn.make({}, () => Expr.random.uniform([n]))), { key, inputs: {} }).data
    const bounds = { min: -1, max: 0.5 }
    const slopes = Fn.runSync(Fn.withKey(Forward.jacobian(uniform)), { key, inputs: bounds })
    const e = Array.from(u, (ui) => Math.exp(-1 + 1.5 * ui))
    expect(slopes.max).toBeCloseTo(
      e.reduce((sum, ei, i) => sum + ei * u[i]!, 0),
      11
    )
    expect(slopes.min).toBeCloseTo(
      e.reduce((sum, ei, i) => sum + ei * (1 - u[i]!), 0),
      11
    )
  })

  it("estimates the gradient of an expectation: E[x^2] of N(m, s) has derivatives 2 m and 2 s", () => {
    const n = 100_000
    const f = Fn.make({ m: [], s: [] }, ({ m, s }) =>
      Expr.mean(Expr.square(Expr.random.normal([n], { mean: m, standardDeviation: s })))
    )
    const [m, s] = [0.7, 1.3]
    const grad = Fn.runSync(Fn.withKey(Reverse.grad(f)), { key, inputs: { m, s } })
    // 2 x has variance 4 s^2; 2 x z has variance 4 m^2 + 8 s^2. Bounds are 4 standard deviations.
    expect(Math.abs(grad.m - 2 * m)).toBeLessThan(4 * Math.sqrt((4 * s * s) / n))
    expect(Math.abs(grad.s - 2 * s)).toBeLessThan(4 * Math.sqrt((4 * m * m + 8 * s * s) / n))
  })

  it("solves one equation: what the function of a root draws is the same at every step", () => {
    // x = a / 2 + u / 4 + x / 2 has the solution a + u / 2.
    const f = Fn.make([], (a) =>
      Expr.fixedPoint((x) => {
        const scale = Expr.param("scale", [], { _tag: "Constant", value: 1 })
        const u = Expr.random.uniform([])
        return Expr.add(Expr.mul(scale, Expr.add(Expr.mul(0.5, a), Expr.mul(0.25, u))), Expr.mul(0.5, x))
      }, Expr.constant(0))
    ) as unknown as Fn.Fn<readonly [], readonly [], never, never>
    const at = { key, inputs: { params: { scale: 1 }, inputs: 3 } }
    const bound = Fn.withKey(Fn.withParams(f)) as never
    const u = Interpreter.algebra.apply("randomUniform", { shape: [] }, [Random.foldIn(key, 0)]).data[0]!
    expect(Fn.runSync(bound, at as never)).toBeCloseTo(3 + u / 2, 10)
    const { inputs } = Fn.runSync(Reverse.grad(bound, { wrt: ["inputs"] } as never) as never, at as never) as never as {
      readonly inputs: { readonly params: { readonly scale: number }; readonly inputs: number }
    }
    expect(inputs.inputs).toBeCloseTo(1, 10)
    expect(inputs.params.scale).toBeCloseTo(3 + u / 2, 10)
  })

  it("differentiates parameters wherever they are: the gradient in `params` is a record", () => {
    const f = Fn.make([3], (x) => {
      const [w, b] = [
        Expr.param("w", [], { _tag: "Constant", value: 2 }),
        Expr.param("b", [], { _tag: "Constant", value: 1 })
      ]
      return Expr.sum(Expr.map((xi) => Expr.add(Expr.mul(w, Expr.mul(xi, xi)), b), x))
    })
    const at = { params: Fn.initParams(f, key), inputs: Tensor.make([1, 2, 3]) }
    expect(Fn.runSync(Reverse.grad(Fn.withParams(f), { wrt: ["params"] }), at)).toEqual({ params: { w: 14, b: 3 } })
    // Differentiated first, bound afterwards.
    expect(Fn.runSync(Fn.withParams(Reverse.grad(f)), at)).toEqual(Tensor.make([4, 8, 12]))
    const noisy = Fn.make([], (x) =>
      Expr.mul(Expr.param("a", [], { _tag: "Constant", value: 3 }), Expr.mul(x, Expr.random.uniform([])))
    )
    const bound = Reverse.grad(Fn.withKey(Fn.withParams(noisy)), { wrt: ["inputs"] })
    const { inputs } = Fn.runSync(bound, { key, inputs: { params: { a: 3 }, inputs: 2 } })
    expect(inputs.inputs / 3).toBeCloseTo(inputs.params.a / 2, 14)
  })

  it("draws the same where a program is checkpointed or guarded", () => {
    const f = Fn.make([3], (x) => Expr.sum(Expr.map((xi) => Expr.div(xi, Expr.random.uniform([])), x)))
    const at = { key, inputs: Tensor.make([1, 2, 3]) }
    for (const variant of [f, Reverse.grad(f)] as ReadonlyArray<Fn.Any>) {
      const run = (g: Fn.Any) => Fn.runResult(Fn.withKey(g as typeof f) as never as Program, at as never)
      expect(run(Fn.checkpoint(variant as typeof f))).toEqual(run(variant))
      expect(run(Fn.finite(variant as typeof f))).toEqual(run(variant))
    }
    // Each use has draws of its own.
    const twice = Fn.make([3], (x) => {
      const g = Fn.checkpoint(f)
      return Expr.sub(Fn.apply(g, x), Fn.apply(g, x))
    })
    expect(Fn.runSync(Fn.withKey(twice), at)).not.toBe(0)
  })

  it("makes whole derivatives of programs that still require something: the same as of programs to which it was given", () => {
    const shift = Expr.param("shift", [3], { _tag: "Constant", value: 1 })
    const f = Fn.make([3], (x) => {
      const scale = Expr.param("scale", [], { _tag: "Constant", value: 2 })
      const noise = Expr.random.normal([3])
      const [last] = Expr.scan(
        (carry: Scalar, xi: Scalar) => {
          const next = Expr.add(Expr.mul(carry, Expr.sin(xi)), Expr.mul(scale, Expr.random.uniform([])))
          return [next, next]
        },
        1,
        x
      )
      const shared = Expr.map((xi) => Expr.mul(Expr.exp(xi), Expr.add(scale, Expr.random.uniform([]))), x)
      return Expr.mul(Expr.add(shared, Expr.mul(noise, shift)), Expr.add(last, Expr.square(x)))
    })
    const g = Fn.make([3], (x) => Expr.sum(Fn.apply(f, x)))
    const at = Tensor.make([0.3, -1.2, 0.8])
    const params = { scale: 1.7, shift: Tensor.make([0.5, -2, 3]) }
    const given = Fn.make([3], (x) => Fn.apply(Fn.withKey(Fn.withParams(f)), { key, inputs: { params, inputs: x } }))
    const givenSum = Fn.make([3], (x) => Fn.apply(Fn.withKey(Fn.withParams(g)), { key, inputs: { params, inputs: x } }))
    const later = <I extends Tree.Spec, O, E>(h: Fn.Fn<I, O, E, Required<typeof f>>, inputs: Tree.Value<I>) =>
      Fn.runResult(Fn.withKey(Fn.withParams(h)) as unknown as Fn.Any as Later<I, O>, {
        key,
        inputs: { params, inputs }
      })
    const now = <I extends Tree.Spec, O>(h: Fn.Fn<I, O>, inputs: Tree.Value<I>) => Fn.runResult(h, inputs as never)
    expect(later(Forward.jacobian(f), at)).toEqual(now(Forward.jacobian(given), at))
    expect(later(Reverse.jacobian(f), at)).toEqual(now(Reverse.jacobian(given), at))
    expect(later(Calculus.hessian(g), at)).toEqual(now(Calculus.hessian(givenSum), at))
    expect(later(Calculus.laplacian(g), at)).toEqual(now(Calculus.laplacian(givenSum), at))
    const along = { at, direction: Tensor.make([1, -2, 0.5]) }
    expect(later(Calculus.taylor(f, 3), along)).toEqual(now(Calculus.taylor(given, 3), along))
    for (const mode of ["auto", "mixed"] as const) {
      const jacobian = Calculus.jacobian({ mode })
      expect(later(jacobian(f), at)).toEqual(now(jacobian(given), at))
    }
    const [sparse, sparseGiven] = [Calculus.sparseJacobian(f), Calculus.sparseJacobian(given)]
    expect(sparse.pattern).toEqual(sparseGiven.pattern)
    expect(later(sparse.values, at)).toEqual(now(sparseGiven.values, at))
    // What a program that is linear requires, its transpose requires.
    const linear = Fn.make([3], (x) =>
      Expr.mul(x, Expr.mul(Expr.random.normal([3]), Expr.param("scale", [], { _tag: "Constant", value: 2 })))
    )
    const diagonal = (v: Tensor.Tensor<readonly [3]>) =>
      Fn.runSync(Fn.withKey(Fn.withParams(linear)), { key, inputs: { params: { scale: 1.7 }, inputs: v } })
    const transposed = Fn.withKey(Fn.withParams(Calculus.linearTranspose(linear)))
    expect(Fn.runSync(transposed, { key, inputs: { params: { scale: 1.7 }, inputs: at } })).toEqual(diagonal(at))
    // A point evaluates them, so it needs them.
    const { tangent } = Effect.runSync(Calculus.linearize(given, at))
    const columns = Fn.runSync(Forward.jacobian(tangent), at)
    const expected = Fn.runSync(Forward.jacobian(given), at)
    columns.data.forEach((x, i) => expect(x).toBeCloseTo(expected.data[i]!, 12))
  })
})

// -----------------------------------------------------------------------------
// Distributions. Keys are fixed, so these are examples; bounds are those that a correct generator meets with probability 0.999 or more.
// -----------------------------------------------------------------------------

const n = 100_000

const sample = (make: () => Expr.Any, seed = 1): Float64Array => {
  const f = Fn.make({}, () => make() as Expr.Expr<readonly [number], never, never>)
  const value = Fn.runSync(Fn.withKey(f), { key: Random.key(seed), inputs: {} }) as Tensor.Tensor
  return Float64Array.from(value.data)
}

/** Kolmogorov and Smirnov's statistic, which exceeds 1.95 with probability 0.001 (Kolmogorov's distribution). */
const kolmogorovSmirnov = (data: Float64Array, cdf: (x: number) => number): number => {
  let largest = 0
  data.toSorted().forEach((x, i) => {
    const p = cdf(x)
    largest = Math.max(largest, p - i / data.length, (i + 1) / data.length - p)
  })
  return largest * Math.sqrt(data.length)
}

const erfc = Fn.make([], (x) => Expr.erfc(x))
const normalCdf = (x: number): number => Fn.runSync(erfc, -x / Math.SQRT2) / 2

const mean = (data: ArrayLike<number>, f: (x: number) => number): number =>
  Array.from(data).reduce((sum, x) => sum + f(x), 0) / data.length

const chiSquared = (counts: ReadonlyArray<number>, probabilities: ReadonlyArray<number>): number => {
  const total = counts.reduce((a, b) => a + b, 0)
  return counts.reduce(
    (sum, count, i) => sum + (count - total * probabilities[i]!) ** 2 / (total * probabilities[i]!),
    0
  )
}

const countsOf = (data: ArrayLike<number>, classes: number): Array<number> => {
  const counts = new Array<number>(classes).fill(0)
  for (let i = 0; i < data.length; i++) counts[data[i]!]!++
  return counts
}

/** The correlation of two samples times the root of their size: about standard normal when they are independent. */
const correlation = (x: Float64Array, y: Float64Array): number => {
  const [mx, my] = [mean(x, (v) => v), mean(y, (v) => v)]
  let [xy, xx, yy] = [0, 0, 0]
  x.forEach((v, i) => {
    xy += (v - mx) * (y[i]! - my)
    xx += (v - mx) ** 2
    yy += (y[i]! - my) ** 2
  })
  return (xy / Math.sqrt(xx * yy)) * Math.sqrt(x.length)
}

describe("uniform", () => {
  it("is uniform on [0, 1): moments, and Kolmogorov and Smirnov's test", () => {
    const data = sample(() => Expr.random.uniform([n]))
    expect(data.every((x) => x >= 0 && x < 1 && Number.isInteger(x * 2 ** 53))).toBe(true)
    // Standard deviations of the means of x, x^2, x^3: sqrt((1 / (2k + 1) - 1 / (k + 1)^2) / n).
    for (const k of [1, 2, 3]) {
      const deviation = Math.sqrt((1 / (2 * k + 1) - 1 / (k + 1) ** 2) / n)
      expect(Math.abs(mean(data, (x) => x ** k) - 1 / (k + 1))).toBeLessThan(3.3 * deviation)
    }
    expect(kolmogorovSmirnov(data, (x) => x)).toBeLessThan(1.95)
    // The low bits are as random as the high ones: the fraction of x 2^40.
    expect(
      kolmogorovSmirnov(
        data.map((x) => (x * 2 ** 40) % 1),
        (x) => x
      )
    ).toBeLessThan(1.95)
  })

  it("has the bounds asked for, each element its own", () => {
    const data = sample(() => Expr.random.uniform([n], { min: -3, max: 5 }))
    expect(kolmogorovSmirnov(data, (x) => (x + 3) / 8)).toBeLessThan(1.95)
    const low = Expr.constant([[0], [10]])
    const rows = sample(() => Expr.random.uniform([2, n / 2], { min: low, max: Expr.add(low, 2) }))
    expect(kolmogorovSmirnov(rows.subarray(0, n / 2), (x) => x / 2)).toBeLessThan(1.95)
    expect(kolmogorovSmirnov(rows.subarray(n / 2), (x) => (x - 10) / 2)).toBeLessThan(1.95)
  })

  it("has neighbours that are independent, in pairs at lags 1 to 5", () => {
    const data = sample(() => Expr.random.uniform([n]))
    for (let lag = 1; lag <= 5; lag++) {
      expect(Math.abs(correlation(data.subarray(lag), data.subarray(0, n - lag)))).toBeLessThan(3.3)
    }
    // Pairs in a grid of 8 by 8: 63 degrees of freedom, 99.9% quantile 103.4.
    const cells = Array.from(
      { length: n / 2 },
      (_, i) => Math.floor(data[2 * i]! * 8) * 8 + Math.floor(data[2 * i + 1]! * 8)
    )
    expect(chiSquared(countsOf(cells, 64), new Array<number>(64).fill(1 / 64))).toBeLessThan(103.4)
  })
})

describe("normal", () => {
  it("is normal: moments, Kolmogorov and Smirnov's test, and the tails", () => {
    const data = sample(() => Expr.random.normal([n]))
    // The variances of z^k: 1, 2, 15, 96.
    const moments = [0, 1, 0, 3]
    const variances = [1, 2, 15, 96]
    moments.forEach((expected, i) => {
      expect(Math.abs(mean(data, (z) => z ** (i + 1)) - expected)).toBeLessThan(3.3 * Math.sqrt(variances[i]! / n))
    })
    expect(kolmogorovSmirnov(data, normalCdf)).toBeLessThan(1.95)
    for (const limit of [2, 3, 4]) {
      const p = 2 * normalCdf(-limit)
      const count = data.filter((z) => Math.abs(z) > limit).length
      // Poisson's deviation, with room for small counts.
      expect(Math.abs(count - n * p)).toBeLessThan(3.3 * Math.sqrt(n * p) + 1.5)
    }
  })

  it("has the mean and the deviation asked for, and elements that are independent", () => {
    const data = sample(() => Expr.random.normal([n], { mean: 2, standardDeviation: 0.5 }))
    expect(kolmogorovSmirnov(data, (x) => normalCdf((x - 2) / 0.5))).toBeLessThan(1.95)
    for (let lag = 1; lag <= 3; lag++) {
      expect(Math.abs(correlation(data.subarray(lag), data.subarray(0, n - lag)))).toBeLessThan(3.3)
      const [x, y] = [data.subarray(lag), data.subarray(0, n - lag)].map((part) => part.map((v) => (v - 2) ** 2))
      expect(Math.abs(correlation(x!, y!))).toBeLessThan(3.3)
    }
  })

  it("is finite at the ends of the range of its uniform draws", () => {
    const radius = Fn.make([], (u) => Expr.sqrt(Expr.mul(-2, Expr.log1p(Expr.neg(u)))))
    expect(Fn.runSync(radius, 0)).toBe(0)
    expect(Fn.runSync(radius, 1 - 2 ** -53)).toBeCloseTo(Math.sqrt(106 * Math.LN2), 12)
  })
})

describe("bernoulli", () => {
  it("is true with the probability asked for", () => {
    // 1 degree of freedom, 99.9% quantile 10.83.
    for (const p of [0.01, 0.3, 0.5, 0.999]) {
      const counts = countsOf(
        sample(() => Expr.random.bernoulli(p, [n])),
        2
      )
      expect(chiSquared(counts, [1 - p, p])).toBeLessThan(10.83)
    }
    expect(sample(() => Expr.random.bernoulli(1, [n])).every((x) => x === 1)).toBe(true)
    for (const p of [0, -1, NaN])
      expect(sample(() => Expr.random.bernoulli(p, [1000])).every((x) => x === 0)).toBe(true)
    const each = sample(() => Expr.random.bernoulli(Expr.constant([0, 1, 0, 1])))
    expect(Array.from(each)).toEqual([0, 1, 0, 1])
  })
})

describe("categorical", () => {
  const logits = [0.5, -1, 2, 0, -Infinity, 1]
  const weights = logits.map(Math.exp)
  const total = weights.reduce((a, b) => a + b, 0)
  const probabilities = weights.map((weight) => weight / total)

  it("draws with the probabilities of softmax, and never what has none", () => {
    const counts = countsOf(
      sample(() => Expr.random.categorical(Expr.broadcastTo(Expr.constant(logits), [n, 6]))),
      6
    )
    expect(counts[4]).toBe(0)
    const possible = [0, 1, 2, 3, 5]
    // 4 degrees of freedom, 99.9% quantile 18.47.
    expect(
      chiSquared(
        possible.map((i) => counts[i]!),
        possible.map((i) => probabilities[i]!)
      )
    ).toBeLessThan(18.47)
  })

  it("draws along the axis asked for, in both call styles", () => {
    const columns = Expr.broadcastTo(Expr.reshape(Expr.constant(logits), [6, 1]), [6, n])
    const counts = countsOf(
      sample(() => columns.pipe(Expr.random.categorical({ axis: 0 }))),
      6
    )
    expect(counts[2]! / n).toBeCloseTo(probabilities[2]!, 1)
    const [a, b] = [
      sample(() => Expr.random.categorical(columns, { axis: 0 })),
      sample(() => columns.pipe(Expr.random.categorical({ axis: 0 })))
    ]
    expect(a).toEqual(b)
  })

  it("of consecutive rows are independent", () => {
    const data = sample(() => Expr.random.categorical(Expr.zeros([n, 4])))
    const pairs = Array.from({ length: n / 2 }, (_, i) => data[2 * i]! * 4 + data[2 * i + 1]!)
    // 15 degrees of freedom, 99.9% quantile 37.70.
    expect(chiSquared(countsOf(pairs, 16), new Array<number>(16).fill(1 / 16))).toBeLessThan(37.7)
  })
})

describe("permutation", () => {
  it("gives each of the 24 orders of four equally often", () => {
    const trials = 24_000
    const orders = sample(() =>
      Expr.map(
        (x) => Expr.dot(Expr.toReal(Expr.random.permutation(4)), Expr.add(Expr.mul(0, x), Tensor.make([1, 4, 16, 64]))),
        Expr.zeros([trials])
      )
    )
    const counts = new Map<number, number>()
    orders.forEach((order) => counts.set(order, (counts.get(order) ?? 0) + 1))
    expect(counts.size).toBe(24)
    // 23 degrees of freedom, 99.9% quantile 49.73.
    expect(chiSquared([...counts.values()], new Array<number>(24).fill(1 / 24))).toBeLessThan(49.73)
  })

  it("holds every index once", () => {
    expect(Array.from(sample(() => Expr.random.permutation(1000)).toSorted())).toEqual(
      Array.from({ length: 1000 }, (_, i) => i)
    )
  })
})

describe("independence", () => {
  const m = 20_000
  it("of sites, of elements under map, of steps of a scan, of iterations, of uses", () => {
    const pairs: Readonly<Record<string, () => Expr.Any>> = {
      sites: () => Expr.stack([Expr.random.uniform([m]), Expr.random.uniform([m])] as never),
      elements: () => Expr.map((x) => Expr.add(Expr.mul(0, x), Expr.random.uniform([m])), Expr.zeros([2])),
      "two sites of one element": () =>
        Expr.transpose(
          Expr.map(
            (x) => Expr.add(Expr.mul(0, x), Expr.stack([Expr.random.uniform([]), Expr.random.uniform([])] as never)),
            Expr.zeros([m])
          ) as Expr.Expr
        ),
      steps: () => Expr.scan((c, x) => [c, Expr.add(Expr.mul(0, x), Expr.random.uniform([m]))], 0, Expr.zeros([2]))[1],
      uses: () => {
        const f = Fn.make([], (x) => Expr.add(x, Expr.random.uniform([m])))
        return Expr.stack([Fn.apply(f, 0), Fn.apply(f, 0)] as never)
      },
      "inside and outside": () => {
        const outside = Expr.random.uniform([m])
        const inside = Expr.map((x) => Expr.add(Expr.mul(0, x), Expr.random.uniform([])), outside)
        return Expr.stack([outside, inside] as never)
      }
    }
    for (const [name, make] of Object.entries(pairs)) {
      const data = sample(make)
      expect(data.length, name).toBe(2 * m)
      const [x, y] = [data.subarray(0, m), data.subarray(m)]
      expect(Math.abs(correlation(x, y)), name).toBeLessThan(3.3)
      expect(
        kolmogorovSmirnov(x, (v) => v),
        name
      ).toBeLessThan(1.95)
      expect(
        kolmogorovSmirnov(y, (v) => v),
        name
      ).toBeLessThan(1.95)
      // Cells of 8 by 8: 63 degrees of freedom, 99.9% quantile 103.4.
      const cells = Array.from(x, (v, i) => Math.floor(v * 8) * 8 + Math.floor(y[i]! * 8))
      expect(chiSquared(countsOf(cells, 64), new Array<number>(64).fill(1 / 64)), name).toBeLessThan(103.4)
    }
  })

  it("of elements: the mean over a map of single draws converges like one array", () => {
    const data = sample(() => Expr.map((x) => Expr.add(Expr.mul(0, x), Expr.random.normal([])), Expr.zeros([m])))
    expect(kolmogorovSmirnov(data, normalCdf)).toBeLessThan(1.95)
    expect(Math.abs(correlation(data.subarray(1), data.subarray(0, m - 1)))).toBeLessThan(3.3)
  })
})
