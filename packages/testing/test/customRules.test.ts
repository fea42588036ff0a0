// What the modes make of custom rules. A rule that is the true derivative changes nothing, in any mode, nesting and loop; a rule that is not is what
// gets used.

import { Expr, Fn, Rule, Tensor, Tree, Type } from "@fluxion/core"
import * as Calculus from "@fluxion/calculus"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Arbitraries } from "../src/index.ts"

type Scalar = Expr.Expr<readonly []>
type ScalarFn = Fn.Fn<readonly [], readonly []>
type Wide = Fn.Fn<Arbitraries.Inputs, readonly []>

/** The true derivatives as rules, in the three ways to give them. */
const wrappers: Readonly<Record<string, (f: Wide) => Wide>> = {
  "a JVP": (f) =>
    Expr.customJvp(f, ({ primals, tangents }) => Fn.apply(Forward.jvp(f), { primals, tangents } as never).tangents),
  "a VJP and a JVP": (f) =>
    Expr.customVjp(f, {
      vjp: ({ cotangents, primals }) => Fn.apply(Reverse.vjp(f), { cotangents, primals } as never).cotangents as never,
      jvp: ({ primals, tangents }) => Fn.apply(Forward.jvp(f), { primals, tangents } as never).tangents
    }) as Wide,
  // Forward mode is not asked of this one.
  "a VJP": (f) =>
    Expr.customVjp(
      f,
      ({ cotangents, primals }) => Fn.apply(Reverse.vjp(f), { cotangents, primals } as never).cotangents as never
    ) as Fn.Any as Wide
}
const supportsForward = (name: string): boolean => name !== "a VJP"

type Values = { readonly [name: string]: Tensor.Tensor | number }

const flat = (tree: unknown): ReadonlyArray<number> =>
  typeof tree === "number"
    ? [tree]
    : Tensor.isTensor(tree)
      ? Array.from(tree.data)
      : Object.values(tree as object).flatMap(flat)

/** Numbers agree up to rounding, relative to the largest of them. */
const close = (actual: unknown, expected: unknown, tolerance = 1e-9): void => {
  const [a, b] = [flat(actual), flat(expected)]
  const scale = Math.max(1, ...a.map(Math.abs), ...b.map(Math.abs))
  a.forEach((x, i) => expect(Math.abs(x - b[i]!)).toBeLessThanOrEqual(tolerance * scale))
  expect(a.length).toBe(b.length)
}

const direction = (inputs: Values): Values =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, x], k) => [
      name,
      typeof x === "number"
        ? k + 0.5
        : Tensor.fromArray(
            x.data.map((_, i) => Math.cos(i + k)),
            x.shape
          )
    ])
  )

/** The product of second derivatives with a direction, in the four nestings. */
const seconds: Readonly<Record<string, (f: Wide, at: Values) => unknown>> = {
  "forward over forward": (f, at) => {
    const d = direction(at)
    const slope = Fn.make(f.inputs, (x) =>
      Fn.apply(Forward.directional(f) as Fn.Any as Fn.Fn<{}, []>, { at: x, direction: d } as never)
    ) as Fn.Any as Wide
    return Forward.evaluate(slope, { primals: at, tangents: d } as never).tangents
  },
  "forward over reverse": (f, at) =>
    Forward.evaluate(Reverse.grad(f), { primals: at, tangents: direction(at) } as never).tangents,
  "reverse over forward": (f, at) => {
    const d = direction(at)
    const slope = Fn.make(f.inputs, (x) =>
      Fn.apply(Forward.directional(f) as Fn.Any as Fn.Fn<{}, []>, { at: x, direction: d } as never)
    ) as Fn.Any as Wide
    return Fn.runSync(Reverse.grad(slope), at as never)
  },
  "reverse over reverse": (f, at) =>
    Reverse.evaluate(Reverse.grad(f), { primals: at, cotangents: direction(at) } as never).cotangents
}

describe("a rule that is the true derivative changes nothing on random programs", () => {
  for (const [name, wrap] of Object.entries(wrappers)) {
    it(`with ${name}: values and first derivatives, the same bits where the rule is of the mode`, () => {
      fc.assert(
        fc.property(Arbitraries.program({ maxOperations: 10 }), ({ fn, inputs }) => {
          const own = wrap(fn)
          expect(Fn.operationCount(own)).toBe(1)
          expect(Fn.runSync(own, inputs)).toBe(Fn.runSync(fn, inputs))
          const at = { primals: inputs, tangents: direction(inputs) } as never
          if (supportsForward(name)) expect(Forward.evaluate(own, at)).toEqual(Forward.evaluate(fn, at))
          const back = { primals: inputs, cotangents: 1.5 } as never
          const [actual, expected] = [Reverse.evaluate(own, back), Reverse.evaluate(fn, back)]
          if (name === "a JVP") close(actual.cotangents, expected.cotangents)
          else expect(actual).toEqual(expected)
          close(Fn.runSync(Reverse.grad(own), inputs), Fn.runSync(Reverse.grad(fn), inputs))
        }),
        { numRuns: 60 }
      )
    })

    it(`with ${name}: second derivatives`, () => {
      fc.assert(
        fc.property(Arbitraries.program({ maxOperations: 6, maxSize: 16 }), ({ fn, inputs }) => {
          const own = wrap(fn)
          for (const [nesting, second] of Object.entries(seconds)) {
            if (nesting.includes("forward") && !supportsForward(name)) continue
            close(second(own, inputs), second(fn, inputs), 1e-8)
          }
        }),
        { numRuns: 25 }
      )
    })
  }
})

// -----------------------------------------------------------------------------
// Loops
// -----------------------------------------------------------------------------

const plain = Fn.make({ a: [], i: Type.index([]), w: [3] }, ({ a, i, w }) => ({
  large: Expr.gt(a, 1),
  y: Expr.mul(Expr.sin(a), Expr.add(Expr.gather(w, i), a)),
  z: Expr.mul(w, Expr.exp(Expr.neg(a)))
}))
type Shared = typeof plain

const jvpOf = ({
  i,
  a,
  w,
  da,
  dw
}: {
  readonly a: Scalar
  readonly i: Expr.IndexExpr<readonly []>
  readonly w: Expr.Expr<readonly [3]>
  readonly da: Scalar
  readonly dw: Expr.Expr<readonly [3]>
}) => {
  const inner = Expr.add(Expr.gather(w, i), a)
  const small = Expr.exp(Expr.neg(a))
  return {
    y: Expr.add(Expr.mul(Expr.mul(Expr.cos(a), inner), da), Expr.mul(Expr.sin(a), Expr.add(Expr.gather(dw, i), da))),
    z: Expr.sub(Expr.mul(dw, small), Expr.mul(Expr.mul(w, small), da))
  }
}

const shared: Readonly<Record<string, Shared>> = {
  "a JVP": plain.pipe(
    Expr.customJvp(({ primals: { a, i, w }, tangents }) => jvpOf({ a, i, w, da: tangents.a, dw: tangents.w }))
  ),
  "a VJP and a JVP": Expr.customVjp(plain, {
    jvp: ({ primals: { a, i, w }, tangents }) => jvpOf({ a, i, w, da: tangents.a, dw: tangents.w }),
    vjp: ({ cotangents: { y, z }, outputs, primals: { a, i, w } }) => {
      const inner = Expr.add(Expr.gather(w, i), a)
      const toW = Expr.mul(y, Expr.sin(a))
      return {
        a: Expr.sub(Expr.add(Expr.mul(y, Expr.mul(Expr.cos(a), inner)), toW), Expr.dot(z, outputs.z)),
        w: Expr.add(
          Expr.scatterAdd(Expr.zeros([3]), Expr.reshape(i, [1]), Expr.reshape(toW, [1])),
          Expr.mul(z, Expr.exp(Expr.neg(a)))
        )
      }
    }
  })
}

const total = (g: Shared, a: Scalar, i: Expr.IndexExpr<readonly []> | number, w: Expr.Expr<readonly [3]>): Scalar => {
  const index = typeof i === "number" ? Expr.constant(Tensor.index(i)) : i
  const { large, y, z } = Fn.apply(g, { a, i: index, w })
  return Expr.select(large, Expr.add(y, Expr.sum(z)), Expr.mul(y, 0.5))
}

const places: Readonly<Record<string, (g: Shared) => (x: Scalar, w: Expr.Expr<readonly [3]>) => Scalar>> = {
  map: (g) => (x, w) => Expr.sum(Expr.map((wi: Scalar) => total(g, Expr.mul(wi, x), 1, w), w)),
  scan: (g) => (x, w) => Expr.fold((c: Scalar, wi: Scalar) => total(g, Expr.add(c, wi), 2, Expr.mul(w, x)), x, w),
  cond: (g) => (x, w) =>
    Expr.cond(
      Expr.gt(x, 0),
      () => total(g, x, 0, w),
      () => Expr.mul(total(g, Expr.sum(w), 1, w), x)
    ),
  whileLoop: (g) => (x, w) =>
    Expr.whileLoop(
      ({ n }: { readonly n: Expr.IndexExpr<readonly []>; readonly y: Scalar }) => Expr.lt(n, 3),
      ({ n, y }: { readonly n: Expr.IndexExpr<readonly []>; readonly y: Scalar }) => ({
        n: Expr.add(n, 1),
        y: total(g, Expr.tanh(y), n, w)
      }),
      { n: Expr.constant(Tensor.index(0)), y: x }
    ).y,
  "Fn.call": (g) => (x, w) => {
    const inner = Fn.make({ a: [], w: [3] }, ({ a, w: v }) => total(g, a, 2, v))
    return Fn.call(inner, { a: Fn.call(inner, { a: x, w }), w })
  },
  "Fn.map": (g) => (x, w) => {
    const inner = Fn.make({ a: [], w: [3] }, ({ a, w: v }) => total(g, a, 2, v))
    return Expr.sum(Fn.apply(Fn.map(inner, { size: 3, axes: { a: 0, w: null } }), { a: Expr.mul(w, x), w }))
  },
  "a rule of its own around it": (g) => (x, w) => {
    const inner = Fn.make({ a: [], w: [3] }, ({ a, w: v }) => total(g, a, 2, v))
    const outer = Expr.customJvp(inner, ({ primals, tangents }) =>
      Fn.apply(Forward.directional(inner), { at: primals, direction: tangents })
    )
    return Fn.apply(outer, { a: x, w })
  }
}

describe("a rule that is the true derivative changes nothing in loops", () => {
  const points = fc.record({
    x: fc.double({ min: -1, max: 2, noNaN: true }),
    w: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 })
  })
  for (const [place, build] of Object.entries(places)) {
    for (const [name, g] of Object.entries(shared)) {
      it(`${place}, with ${name}`, () => {
        const program = (of: Shared): Wide =>
          Fn.make({ x: [], w: [3] }, ({ w, x }) => build(of)(x, w)) as Fn.Any as Wide
        const [own, expected] = [program(g), program(plain)]
        fc.assert(
          fc.property(points, ({ w, x }) => {
            const at: Values = { x, w: Tensor.fromArray(Float64Array.from(w), [3]) }
            const forward = { primals: at, tangents: direction(at) } as never
            close(Forward.evaluate(own, forward), Forward.evaluate(expected, forward))
            close(Fn.runSync(Forward.jacobian(own), at as never), Fn.runSync(Forward.jacobian(expected), at as never))
            close(Fn.runSync(Reverse.grad(own), at as never), Fn.runSync(Reverse.grad(expected), at as never))
            for (const second of Object.values(seconds)) close(second(own, at), second(expected, at))
          }),
          { numRuns: 5 }
        )
      })
    }
  }
})

// -----------------------------------------------------------------------------
// Rules that are not the derivative
// -----------------------------------------------------------------------------

const operators: Readonly<Record<string, (f: ScalarFn) => ScalarFn>> = {
  forward: (f) => Forward.derivative(f),
  reverse: (f) => Reverse.grad(f)
}
const nestings = Object.entries(operators).flatMap(([a, outer]) =>
  Object.entries(operators).map(([b, inner]) => [`${a} over ${b}`, (f: ScalarFn) => outer(inner(f))] as const)
)

describe("a rule that is not the derivative is what gets used", () => {
  const three: ScalarFn = Expr.customJvp(
    Fn.make([], (x) => Expr.sin(x)),
    ({ primals, tangents }) => Expr.mul(tangents, Expr.pow(primals, 3))
  )

  it("in both modes, as programs and as numbers", () => {
    expect(Fn.runSync(Forward.derivative(three), 2)).toBe(8)
    expect(Fn.runSync(Reverse.grad(three), 2)).toBe(8)
    expect(Forward.evaluate(three, { primals: 2, tangents: 10 })).toEqual({ primals: Math.sin(2), tangents: 80 })
    expect(Reverse.evaluate(three, { primals: 2, cotangents: 10 })).toEqual({ primals: Math.sin(2), cotangents: 80 })
  })

  it.each(nestings)("higher derivatives are those of the rule: %s", (_, nest) => {
    expect(Fn.runSync(nest(three), 2)).toBe(12)
    // The outputs that a rule reads keep their rule.
    const exp: ScalarFn = Expr.customJvp(
      Fn.make([], (x) => Expr.exp(x)),
      ({ outputs, tangents }) => Expr.mul(Expr.mul(2, outputs), tangents)
    )
    expect(Fn.runSync(nest(exp), 0)).toBe(4)
  })

  it.each(nestings)("log(1 + exp(x)) far out: %s", (_, nest) => {
    const stable: ScalarFn = Fn.make([], (x) => Expr.log1p(Expr.exp(x))).pipe(
      Expr.customJvp(({ primals, tangents }) =>
        Expr.mul(tangents, Expr.sub(1, Expr.div(1, Expr.add(1, Expr.exp(primals)))))
      )
    )
    expect(Fn.runSync(Forward.derivative(stable), 1000)).toBe(1)
    expect(Fn.runSync(Reverse.grad(stable), 1000)).toBe(1)
    expect(Fn.runSync(nest(stable), 0)).toBe(0.25)
  })

  it("clips gradients, and lets them through what is constant", () => {
    const clip = Fn.make({ x: [3], limit: [] }, ({ x }) => x).pipe(
      Expr.customVjp(({ cotangents, primals: { limit } }) => ({
        x: Expr.clamp(cotangents, Expr.neg(limit), limit),
        limit: Expr.constant(0)
      }))
    )
    const f = Fn.make({ x: [3], limit: [] }, ({ limit, x }) =>
      Expr.dot(Fn.apply(clip, { x: Expr.mul(2, x), limit }), Expr.constant([-7, 0.5, 3]))
    )
    const gradient = Fn.runSync(Reverse.grad(f), { x: Tensor.make([1, 1, 1]), limit: 1.5 })
    expect([`${gradient.x}`, gradient.limit]).toEqual(["[-3, 1, 3]", 0])
    const round = Fn.make([3], (x) => Expr.round(x)).pipe(
      Expr.customVjp({ vjp: ({ cotangents }) => cotangents, jvp: ({ tangents }) => tangents })
    )
    const at = Tensor.make([0.75, 2, -1.25])
    const through = Fn.make([3], (x) => Expr.sum(Expr.square(Fn.apply(round, x))))
    for (const jacobian of [Forward.jacobian, Reverse.jacobian]) {
      expect(`${Fn.runSync(jacobian(through), at)}`).toBe("[2, 4, -2]")
    }
  })

  it("in reverse over reverse where there is a VJP alone", () => {
    const cube = Expr.customVjp(
      Fn.make([], (x) => Expr.mul(x, Expr.mul(x, x))),
      ({ cotangents, primals }) => Expr.mul(cotangents, Expr.exp(primals))
    )
    const gradient = Reverse.grad(cube)
    expect([Fn.runSync(gradient, 0), Fn.runSync(Reverse.grad(gradient), 0)]).toEqual([1, 1])
    expect(Fn.runSync(Reverse.grad(Reverse.grad(gradient)), 1)).toBe(Math.E)
    expect(Calculus.chooseMode(cube).mode).toBe("reverse")
    expect(Fn.runSync(Calculus.jacobian(cube), 0)).toBe(1)
    // The derivative of the program itself.
    expect(Calculus.Numeric.gradient(cube, 2).value).toBeCloseTo(12, 6)
  })

  it("in every operator that is made of the modes", () => {
    // The rule is the derivative of another program, so but for values this is as that one is.
    const odd = Expr.customJvp(
      Fn.make([3], (x) => Expr.add(x, Expr.sin(x))),
      ({ primals, tangents }) => Expr.mul(tangents, Expr.mul(primals, 2))
    )
    const squares = Fn.make([3], (x) => Expr.sub(Expr.mul(x, x), 4))
    const at = Tensor.make([0.5, -1, 2])
    const direction = Tensor.make([1, 0.5, -2])
    const own = Fn.make([3], (x) => Fn.apply(odd, Expr.cos(x)))
    const other = Fn.make([3], (x) => Fn.apply(squares, Expr.cos(x)))
    const series = (h: typeof odd) => flat(Fn.runSync(Calculus.taylor(h, 4), { at, direction })).slice(3)
    close(series(own), series(other))
    const tangent = (h: typeof odd) => Fn.runSync(Effect.runSync(Calculus.linearize(h, at)).tangent, direction)
    close(tangent(own), tangent(other))
    for (const mode of ["forward", "reverse"] as const) {
      const { pattern, values } = Calculus.sparseJacobian(own, { mode })
      close(Calculus.toDense(pattern, Fn.runSync(values, at)), Fn.runSync(Forward.jacobian(other), at))
    }
    close(Fn.runSync(Calculus.jacobian(own, { mode: "mixed" }), at), Fn.runSync(Forward.jacobian(other), at))
    const total = (h: typeof odd) => Fn.make([3], (x) => Expr.sum(Fn.apply(h, x)))
    close(Fn.runSync(Calculus.laplacian(total(own)), at), Fn.runSync(Calculus.laplacian(total(other)), at))
    const report = Effect.runSync(Calculus.compareModes(own, at, { time: false }))
    close(report.forward.jacobian, Fn.runSync(Forward.jacobian(other), at))
    close(report.reverse.jacobian, Fn.runSync(Forward.jacobian(other), at))
  })

  it("fails where the program or its rule fails", () => {
    const guarded = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.checked.div(x, y))
    const f = Expr.customJvp(guarded, ({ primals, tangents }) => Expr.mul(tangents.x, Expr.checked.log(primals.x)))
    const domain = (h: Fn.Any, at: unknown): unknown => {
      const result = Fn.runResult(h as Fn.Fn<Tree.Spec, [], { readonly domain: string }>, at as never)
      return Result.isFailure(result) ? result.failure.domain : result.success
    }
    expect(domain(f, { x: 1, y: 0 })).toBe("y != 0")
    expect(domain(f, { x: -1, y: 1 })).toBe(-1)
    for (const derivative of [Forward.jacobian(f), Reverse.grad(f)]) {
      expect(domain(derivative, { x: 1, y: 0 })).toBe("y != 0")
      expect(domain(derivative, { x: -1, y: 1 })).toBe("x > 0")
    }
    // A finite program guards what it computes; its rules are used as they are written.
    const reciprocal = Fn.make([], (x) => Expr.div(1, x)).pipe(
      Expr.customJvp(({ primals, tangents }) => Expr.div(tangents, Expr.sub(primals, primals)))
    )
    const finite = Fn.finite(reciprocal)
    expect(Result.isFailure(Fn.runResult(finite, 0))).toBe(true)
    expect(Fn.runResult(finite, 2)).toEqual(Result.succeed(0.5))
    expect(Fn.runResult(Forward.derivative(finite), 2)).toEqual(Result.succeed(Infinity))
    expect(Result.isFailure(Fn.runResult(Reverse.grad(finite), 0))).toBe(true)
  })

  it("confuses no perturbations", () => {
    // d/dx (x * d/dy g(x, y) at y = 1), where g = x^2 y^2 by a rule: 2 x^3 y, then 6 x^2.
    const square = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(Expr.mul(x, x), Expr.mul(y, y)))
    const g = Expr.customJvp(square, ({ primals, tangents }) =>
      Fn.apply(Forward.directional(square), { at: primals, direction: tangents })
    )
    for (const outer of Object.values(operators)) {
      for (const inner of Object.values(operators)) {
        const f = Fn.make([], (x) => {
          const slope = inner(Fn.make([], (y) => Fn.apply(g, { x, y })))
          return Expr.mul(x, Fn.apply(slope, Expr.constant(1)))
        })
        expect(Fn.runSync(outer(f), 3)).toBe(54)
      }
    }
  })
})

describe("what carries no derivative", () => {
  const picked = Expr.customJvp(
    Fn.make({ i: Type.index([2]), p: Type.bool([]), x: [4] }, ({ i, p, x }) => ({
      first: Expr.argmax(x, 0),
      rows: Expr.select(p, Expr.gather(x, i), 0),
      twice: Expr.mul(x, 2)
    })),
    ({ primals: { i, p }, tangents }) => ({
      rows: Expr.select(p, Expr.gather(tangents.x, i), 0),
      twice: Expr.zeros([4])
    })
  )

  it("indices and truth values among inputs and outputs, and results whose rule is zero", () => {
    const at = { i: Tensor.index([3, 0]), p: true, x: Tensor.make([1, 5, 2, 3]) }
    const { primals, tangents } = Forward.evaluate(picked, { primals: at, tangents: { x: Tensor.make([1, 2, 3, 4]) } })
    expect([primals.first, `${tangents.rows}`, `${tangents.twice}`]).toEqual([1, "[4, 1]", "[0, 0, 0, 0]"])
    const cotangents = { rows: Tensor.make([10, 1]), twice: Tensor.make([1, 1, 1, 1]) }
    expect(`${Reverse.evaluate(picked, { primals: at, cotangents }).cotangents.x}`).toBe("[1, 0, 0, 10]")
    // The branch not taken has a structural zero in the derivative of `twice`: nothing is computed for it.
    const only = Fn.make([4], (x) =>
      Expr.sum(Fn.apply(picked, { i: Tensor.index([3, 0]), p: Tensor.bool(true), x }).twice)
    )
    expect(Fn.operationCount(Forward.directional(only))).toBeLessThanOrEqual(2)
    expect(Fn.operationCount(Reverse.grad(only))).toBeLessThanOrEqual(1)
  })

  it("an input that does not vary, and a program without reals", () => {
    const g = Expr.customVjp(
      Fn.make({ x: [2], y: [2] }, ({ x, y }) => Expr.mul(x, y)),
      {
        vjp: ({ cotangents }) => ({ x: Expr.mul(cotangents, 3), y: Expr.mul(cotangents, Infinity) }),
        jvp: ({ tangents: { x, y } }) => Expr.add(Expr.mul(x, 3), Expr.mul(y, 5))
      }
    )
    const f = Fn.make([2], (x) => Fn.apply(g, { x, y: Tensor.make([1, 1]) }))
    expect(
      `${Fn.runSync(Reverse.vjp(f), { primals: Tensor.make([1, 2]), cotangents: Tensor.make([1, 2]) }).cotangents}`
    ).toBe("[3, 6]")
    expect(`${Fn.runSync(Forward.directional(f), { at: Tensor.make([1, 2]), direction: Tensor.make([1, 2]) })}`).toBe(
      "[3, 6]"
    )
    const index = Expr.customVjp(
      Fn.make({ i: Type.index([]) }, ({ i }) => Expr.add(i, 1)),
      () => ({})
    )
    const program = Fn.make({ x: [], i: Type.index([]) }, ({ i, x }) =>
      Expr.mul(x, Expr.toReal(Fn.apply(index, { i })))
    )
    // Nothing that varies comes upon the rule, so that it lacks a mode does not matter when the program runs.
    const forward = Forward.jvp(program as Fn.Any as Fn.Fn<{ x: []; i: Type.Type<"index", []> }, []>)
    expect(Fn.runSync(forward, { primals: { x: 2, i: 4 }, tangents: { x: 1 } }).tangents).toBe(5)
  })

  it("arrays without elements", () => {
    const empty = Expr.customJvp(
      Fn.make([0], (x) => Expr.exp(x)),
      ({ outputs, tangents }) => Expr.mul(tangents, outputs)
    )
    const f = Fn.make([0], (x) => Expr.sum(Fn.apply(empty, x)))
    expect(Fn.runSync(Reverse.grad(f), Tensor.zeros([0])).shape).toEqual([0])
    expect(Fn.runSync(Forward.directional(f), { at: Tensor.zeros([0]), direction: Tensor.zeros([0]) })).toBe(0)
  })
})

it("forward mode on a program that lacks it, past the type, says so", () => {
  const lacking: Fn.Any = Expr.customVjp(
    Fn.make([], (x) => Expr.exp(x)),
    ({ cotangents }) => cotangents
  )
  const mapped: Fn.Any = Fn.map(lacking as ScalarFn, { size: 3 })
  for (const run of [
    () => Forward.derivative(lacking as ScalarFn),
    () => Forward.evaluate(lacking as ScalarFn, { primals: 1, tangents: 1 }),
    () => Forward.jacobian(mapped as Fn.Fn<[3], [3]>)
  ]) {
    expect(run).toThrow(Rule.MissingRule)
    expect(run).toThrow("this program has a custom rule without a JVP: it supports reverse mode only")
  }
})

describe("stopGradient", () => {
  const f: ScalarFn = Fn.make([], (x) => Expr.mul(Expr.sin(x), Expr.stopGradient(Expr.mul(x, x))))

  it("is a constant for both modes, as numbers and as programs", () => {
    const slope = Math.cos(3) * 9
    expect(Forward.evaluate(f, { primals: 3, tangents: 1 }).tangents).toBe(slope)
    expect(Reverse.evaluate(f, { primals: 3, cotangents: 1 }).cotangents).toBe(slope)
    for (const operator of Object.values(operators)) expect(Fn.runSync(operator(f), 3)).toBe(slope)
  })

  it.each(nestings)("and stays one: %s", (_, nest) => {
    expect(Fn.runSync(nest(f), 3)).toBeCloseTo(-Math.sin(3) * 9, 14)
  })

  it("in loops", () => {
    const looped: ScalarFn = Fn.make([], (x) =>
      Expr.iterate(3, (y: Scalar) => Expr.mul(x, Expr.stopGradient(y)), Expr.constant(1))
    )
    for (const operator of Object.values(operators)) expect(Fn.runSync(operator(looped), 2)).toBe(4)
    for (const [, nest] of nestings) expect(Fn.runSync(nest(looped), 2)).toBe(0)
  })
})

it("a chain of applications keeps its program small: the rule is one call an application", () => {
  const tower = Expr.customJvp(
    Fn.make([], (x) => Expr.iterate(3, (y: Scalar) => Expr.sin(Expr.mul(y, y)), x)),
    ({ outputs, primals, tangents }) => Expr.mul(tangents, Expr.mul(outputs, Expr.exp(Expr.sin(primals))))
  )
  const chain: ScalarFn = Fn.make([], (x) => Array.from({ length: 50 }).reduce<Scalar>((y) => Fn.apply(tower, y), x))
  expect(Fn.operationCount(chain)).toBe(50)
  expect(Fn.operationCount(Forward.derivative(chain))).toBe(100)
  expect(Fn.operationCount(Reverse.grad(chain))).toBe(100)
  expect(Tree.render(chain.outputs)).toBe("real[]")
})
