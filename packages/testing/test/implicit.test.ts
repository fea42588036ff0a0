// Values defined by equations: their derivatives by both modes, in every nesting, against closed forms, central differences and
// derivatives through the iterations.

import { Numeric } from "@fluxion/calculus"
import { Expr, Fn, Formula, Shape, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

type Scalar = Expr.Expr<readonly []>
type ScalarFunction = Fn.Fn<readonly [], readonly []>

const scalar = (f: (x: Scalar) => Scalar): ScalarFunction => Fn.make([], f)

const numbers = (x: unknown): Array<number> =>
  typeof x === "number"
    ? [x]
    : Tensor.isTensor(x)
      ? Array.from(x.data)
      : Object.values(x as object).flatMap((child) => numbers(child))

const near = (actual: unknown, expected: ReadonlyArray<number>, tolerance = 1e-12): void => {
  const values = numbers(actual)
  expect(values.length).toBe(expected.length)
  expected.forEach((v, i) => {
    if (!(Math.abs(values[i]! - v) <= tolerance * Math.max(1, Math.abs(v)))) {
      throw new Error(`element ${i}: expected ${v}, got ${values[i]}`)
    }
  })
}

const modes: Readonly<Record<string, (f: ScalarFunction) => ScalarFunction>> = {
  forward: (f) => Forward.derivative(f) as ScalarFunction,
  reverse: (f) => Reverse.grad(f) as ScalarFunction
}

/** The first, second and third derivative, by every composition of the modes. */
const expectDerivatives = (f: ScalarFunction, x: number, exact: ReadonlyArray<number>, tolerance = 1e-11): void => {
  let programs: ReadonlyArray<ScalarFunction> = [f]
  for (const derivative of exact) {
    programs = programs.flatMap((program) => Object.values(modes).map((mode) => mode(program)))
    for (const program of programs) near(Fn.runSync(program, x), [derivative], tolerance)
  }
}

const squareRoot = (a: Scalar | number): Scalar => Expr.root((x) => Expr.sub(Expr.mul(x, x), a), 1)

describe("closed forms, to the third order in every composition of the modes", () => {
  it("x² = a", () => {
    const f = scalar((a) => squareRoot(a))
    for (const a of [0.25, 2, 100]) {
      near(Fn.runSync(f, a), [Math.sqrt(a)], 1e-15)
      expectDerivatives(f, a, [0.5 / Math.sqrt(a), -0.25 * a ** -1.5, 0.375 * a ** -2.5])
    }
  })

  it("Heron's fixed point", () => {
    const f = scalar((a) => Expr.fixedPoint((x) => Expr.div(Expr.add(x, Expr.div(a, x)), 2), 1))
    expectDerivatives(f, 3, [0.5 * 3 ** -0.5, -0.25 * 3 ** -1.5, 0.375 * 3 ** -2.5])
  })

  it("Kepler's equation", () => {
    const [e, M] = [0.6, 0.9]
    const f = scalar((mean) => Expr.root((x) => Expr.sub(Expr.sub(x, Expr.mul(e, Expr.sin(x))), mean), mean))
    const E = Fn.runSync(f, M)
    near(E - e * Math.sin(E), [M], 1e-15)
    const [s, c] = [Math.sin(E), Math.cos(E)]
    const d = 1 / (1 - e * c)
    expectDerivatives(f, M, [d, -e * s * d ** 3, -e * c * d ** 4 + 3 * e * e * s * s * d ** 5])
    const both = Fn.make({ e: [], M: [] }, ({ M, e }) =>
      Expr.root((x) => Expr.sub(Expr.sub(x, Expr.mul(e, Expr.sin(x))), M), M)
    )
    near(Fn.runSync(Reverse.grad(both), { e, M }), [s * d, d])
    near(Fn.runSync(Forward.jvp(both), { primals: { e, M }, tangents: { e: 2, M: 1 } }).tangents, [2 * s * d + d])
  })
})

describe("systems of equations", () => {
  const system = { A: [3, 3], b: [3] } as const
  const at = {
    A: Tensor.make([
      [4, 1, -1],
      [0.5, 3, 1],
      [-1, 2, 5]
    ]),
    b: Tensor.make([1, -2, 0.5])
  } as never
  const weights = Tensor.make([1, 2, 3])

  it("linear equations have the derivatives of solve, to the second order", () => {
    const implicit = Fn.make(system, ({ A, b }) =>
      Expr.dot(Expr.sin(Expr.root((x) => Expr.sub(Expr.matmul(A, x), b), Expr.zeros([3]))), weights)
    )
    const direct = Fn.make(system, ({ A, b }) => Expr.dot(Expr.sin(Expr.solve(A, b)), weights))
    near(Fn.runSync(implicit, at), numbers(Fn.runSync(direct, at)))
    near(Fn.runSync(Reverse.grad(implicit), at), numbers(Fn.runSync(Reverse.grad(direct), at)))
    const tangents = {
      A: Tensor.fromArray(
        Float64Array.from({ length: 9 }, (_, i) => Math.cos(i)),
        [3, 3]
      ),
      b: weights
    }
    const along = { primals: at, tangents } as never
    near(Fn.runSync(Forward.jvp(implicit), along), numbers(Fn.runSync(Forward.jvp(direct), along)))
    const [first, second] = [implicit, direct].map((f) => Fn.runSync(Forward.jvp(Reverse.grad(f)), along))
    near(first, numbers(second))
  })

  it("unknowns may be a tree", () => {
    // p and q with p + q = s and p q = t, componentwise for a vector besides.
    const f = Fn.make({ s: [], t: [] }, ({ s, t }) => {
      const { p, rest } = Expr.root(
        ({ p, rest }) => ({
          p: Expr.sub(Expr.add(p, rest[0]), s),
          rest: [Expr.sub(Expr.mul(p, rest[0]), t), Expr.sub(Expr.mul(rest[1], rest[1]), Expr.stack([s, t]))] as const
        }),
        { p: Expr.constant(3), rest: [1, Expr.ones([2])] as const }
      )
      return { p, q: rest[0], roots: rest[1] }
    })
    const [s, t] = [5, 6]
    near(Fn.runSync(f, { s, t }), [3, 2, Math.sqrt(5), Math.sqrt(6)])
    // dp = (p ds - dt) / (p - q), dq = (dt - q ds) / (p - q)
    const along = { primals: { s, t }, tangents: { s: 1, t: 2 } }
    near(Fn.runSync(Forward.jvp(f), along).tangents, [1, 0, 0.5 / Math.sqrt(5), 1 / Math.sqrt(6)])
    const seeds = { p: 1, q: 10, roots: Tensor.make([2, 3]) }
    const pulled = Fn.runSync(Reverse.vjp(f), { primals: { s, t }, cotangents: seeds }).cotangents
    near(pulled, [3 - 20 + 1 / Math.sqrt(5), -1 + 10 + 1.5 / Math.sqrt(6)])
  })

  it("forward mode = reverse mode = central differences, on random systems", () => {
    const element = fc.double({ min: -1, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.array(element, { minLength: 12, maxLength: 12 }), (data) => {
        const f = Fn.make({ W: [3, 3], c: [3] }, ({ W, c }) => {
          const x = Expr.root(
            (x) => Expr.sub(Expr.add(Expr.mul(4, x), Expr.tanh(Expr.matmul(W, x))), c),
            Expr.zeros([3])
          )
          return Expr.dot(x, Expr.exp(x))
        })
        const inputs = {
          W: Tensor.fromArray(Float64Array.from(data.slice(0, 9)), [3, 3]),
          c: Tensor.fromArray(Float64Array.from(data.slice(9)), [3])
        }
        const reverse = Fn.runSync(Reverse.grad(f), inputs)
        near(reverse, numbers(Fn.runSync(Forward.jacobian(f), inputs)), 1e-12)
        near(reverse, numbers(Numeric.gradient(f, inputs).value), 1e-8)
      }),
      { numRuns: 20 }
    )
  })

  it("the fixed point of a softmax has the derivatives of many iterations", () => {
    const step = (W: Expr.Expr<readonly [3, 3]>) => (x: Expr.Expr<readonly [3]>) =>
      Expr.softmax(Expr.matmul(W, x)) as Expr.Expr<readonly [3]>
    const start = Expr.constant([0.2, 0.3, 0.5])
    const loss = (x: Expr.Expr<readonly [3]>): Scalar => Expr.dot(x, Expr.mul(x, Tensor.make([1, -2, 4]))) as Scalar
    const implicit = Fn.make([3, 3], (W) => loss(Expr.fixedPoint(step(W), start)))
    const unrolled = Fn.make([3, 3], (W) => loss(Expr.iterate(80, step(W), start)))
    const W = Tensor.make([
      [0.5, -1, 0.2],
      [0.1, 0.7, -0.4],
      [1, 0.3, -0.6]
    ]) as never
    near(Fn.runSync(Reverse.grad(implicit), W), numbers(Fn.runSync(Reverse.grad(unrolled), W)), 1e-11)
    near(Fn.runSync(Forward.jacobian(implicit), W), numbers(Fn.runSync(Forward.jacobian(unrolled), W)), 1e-11)
    const direction = Tensor.ones([3, 3]) as never
    const curvature = (f: typeof implicit) =>
      Fn.runSync(Forward.jvp(Reverse.grad(f)), { primals: W, tangents: direction }).tangents
    near(curvature(implicit), numbers(curvature(unrolled)), 1e-10)
  })
})

describe("hypergradients", () => {
  const X = Tensor.fromArray(
    Float64Array.from({ length: 15 }, (_, i) => Math.sin(5 * i + 1)),
    [5, 3]
  )
  const y = Tensor.make([1, -1, 0.5, 2, 0])
  const validation = Tensor.fromArray(
    Float64Array.from({ length: 12 }, (_, i) => Math.cos(3 * i)),
    [4, 3]
  )
  const targets = Tensor.make([0.5, 1, -1, 0])
  const lossOf = (w: Expr.Expr<readonly [3]>): Scalar =>
    Expr.sum(Expr.square(Expr.sub(Expr.matmul(Expr.constant(validation), w), targets))) as Scalar

  it("ridge regression: the weights by their normal equations, by a solver and by gradient descent, to the second order", () => {
    const exact = scalar((logPenalty) => {
      const penalty = Expr.exp(logPenalty)
      const gram = Expr.add(
        Expr.constant(gramOf(X)),
        Expr.mul(penalty, Expr.constant(Tensor.identity(3)))
      ) as Expr.Expr<readonly [3, 3]>
      return lossOf(Expr.solve(gram, Expr.constant(momentsOf(X, y))) as Expr.Expr<readonly [3]>)
    })
    const gradient = (w: Expr.Expr<readonly [3]>, penalty: Scalar) =>
      Expr.sub(Expr.add(Expr.matmul(Expr.constant(gramOf(X)), w), Expr.mul(penalty, w)), momentsOf(X, y)) as Expr.Expr<
        readonly [3]
      >
    const byNewton = scalar((logPenalty) => {
      const penalty = Expr.exp(logPenalty)
      return lossOf(Expr.root((w) => gradient(w, penalty), Expr.zeros([3])))
    })
    const byDescent = scalar((logPenalty) => {
      const penalty = Expr.exp(logPenalty)
      return lossOf(Expr.fixedPoint((w) => Expr.sub(w, Expr.mul(0.1, gradient(w, penalty))), Expr.zeros([3])))
    })
    const byOwnSolver = scalar((logPenalty) => {
      const penalty = Expr.exp(logPenalty)
      return lossOf(
        Expr.root((w) => gradient(w, penalty), Expr.zeros([3]), {
          solver: (start) => Expr.iterate(600, (w) => Expr.sub(w, Expr.mul(0.1, gradient(w, penalty))), start)
        })
      )
    })
    for (const f of [byNewton, byDescent, byOwnSolver]) {
      near(Fn.runSync(f, -1), [Fn.runSync(exact, -1)], 1e-10)
      for (const first of Object.values(modes)) {
        near(Fn.runSync(first(f), -1), [Fn.runSync(first(exact), -1)], 1e-9)
        for (const second of Object.values(modes)) {
          near(Fn.runSync(second(first(f)), -1), [Fn.runSync(second(first(exact)), -1)], 1e-9)
        }
      }
    }
  })
})

const gramOf = (x: Tensor.Tensor): Tensor.Tensor => {
  const [m, n] = x.shape as readonly [number, number]
  const out = new Float64Array(n * n)
  for (let k = 0; k < m; k++) {
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[i * n + j]! += x.data[k * n + i]! * x.data[k * n + j]!
  }
  return Tensor.fromArray(out, [n, n])
}

const momentsOf = (x: Tensor.Tensor, y: Tensor.Tensor): Tensor.Tensor => {
  const [m, n] = x.shape as readonly [number, number]
  const out = new Float64Array(n)
  for (let k = 0; k < m; k++) for (let i = 0; i < n; i++) out[i]! += x.data[k * n + i]! * y.data[k]!
  return Tensor.fromArray(out, [n])
}

describe("inside of control flow", () => {
  it("map: each element has its own solution", () => {
    const f = Fn.make({ v: [3], c: [] }, ({ c, v }) =>
      Expr.sum(Expr.map((a: Scalar) => Expr.mul(c, squareRoot(Expr.mul(a, c))), v))
    )
    // Σ c sqrt(c v)
    const gradient = { v: [1, 4, 9].map((a) => Math.SQRT2 / Math.sqrt(a)), c: 1.5 * Math.SQRT2 * 6 }
    near(Fn.runSync(Reverse.grad(f), { v: Tensor.make([1, 4, 9]), c: 2 }), [...gradient.v, gradient.c])
    near(Fn.runSync(Forward.jacobian(f), { v: Tensor.make([1, 4, 9]), c: 2 }), [...gradient.v, gradient.c])
  })

  it("scan, cond and whileLoop", () => {
    const nested = scalar((a) => Expr.iterate(3, (x) => squareRoot(x), a))
    expectDerivatives(nested, 3, [0.125 * 3 ** -0.875, 0.125 * -0.875 * 3 ** -1.875])
    const chosen = scalar((a) =>
      Expr.cond(
        Expr.gt(a, 0),
        () => squareRoot(a),
        () => Expr.mul(a, a)
      )
    )
    expectDerivatives(chosen, 4, [0.25, -1 / 32])
    expectDerivatives(chosen, -4, [-8, 2])
    const looped = scalar((a) =>
      Expr.whileLoop(
        (x) => Expr.gt(x, 2),
        (x) => squareRoot(x),
        a
      )
    )
    expectDerivatives(looped, 17, [0.125 * 17 ** -0.875, 0.125 * -0.875 * 17 ** -1.875])
  })

  it("a root within the residual of another", () => {
    // y = sqrt(x + a) inside of x = y: x² - x - a = 0.
    const f = scalar((a) => Expr.root((x) => Expr.sub(x, squareRoot(Expr.add(x, a))), 2))
    const x = (1 + Math.sqrt(9)) / 2
    near(Fn.runSync(f, 2), [x])
    // dx = 1 / (2 x - 1)
    expectDerivatives(f, 2, [1 / (2 * x - 1), -2 / (2 * x - 1) ** 3])
  })

  it("a loop of its own inside of the residual", () => {
    const cube = scalar((a) =>
      Expr.root(
        (x) =>
          Expr.sub(
            Expr.fold((p: Scalar, one: Scalar) => Expr.mul(p, Expr.mul(x, one)), 1, Expr.ones([3])),
            a
          ),
        1
      )
    )
    expectDerivatives(cube, 8, [1 / 12, (-2 / 9) * 8 ** (-5 / 3)])
  })
})

describe("what does not vary", () => {
  it("the solution does not vary with its initial values, nor with what only the solver uses", () => {
    const f = Fn.make({ a: [], start: [], used: [] }, ({ a, start, used }) =>
      Expr.root((x) => Expr.sub(Expr.mul(x, x), a), start, {
        solver: (x) => Expr.add(Expr.sqrt(a), Expr.mul(0, Expr.mul(x, used)))
      })
    )
    const at = { a: 4, start: 7, used: 3 }
    expect(Fn.runSync(Reverse.grad(f), at)).toEqual({ a: 0.25, start: 0, used: 0 })
    expect(Fn.runSync(Forward.jvp(f), { primals: at, tangents: { a: 0, start: 1, used: 1 } }).tangents).toBeCloseTo(
      0,
      15
    )
  })

  it("nothing but initial values: no derivative is computed", () => {
    const f = scalar((start) => Expr.root((x) => Expr.sub(Expr.mul(x, x), 4), start))
    expect(Fn.runSync(Forward.derivative(f), 1)).toBe(0)
    expect(Fn.operationCount(Reverse.grad(f))).toBe(0)
  })

  it("no unknowns", () => {
    const f = scalar((a) => {
      const nothing = Expr.root((x) => Expr.mul(x, a), Expr.zeros([0]))
      return Expr.add(Expr.sum(nothing), a)
    })
    expect(Fn.runSync(f, 2)).toBe(2)
    expect(Fn.runSync(Forward.derivative(f), 2)).toBe(1)
    expect(Fn.runSync(Reverse.grad(f), 2)).toBe(1)
  })
})

describe("where there is no solution, or it is not differentiable", () => {
  it("no convergence: NaN", () => {
    const none = scalar((a) => Expr.root((x) => Expr.add(Expr.mul(x, x), a), 1))
    expect(Fn.runSync(none, 1)).toBeNaN()
    expect(Fn.runSync(Reverse.grad(none), 1)).toBeNaN()
    const diverging = scalar((a) => Expr.fixedPoint((x) => Expr.mul(a, x), 1))
    expect(Fn.runSync(diverging, 2)).toBeNaN()
    expect(Fn.evaluate(Expr.fixedPoint((x) => Expr.cos(x), 1, { maxIterations: 20 }))).toBeNaN()
    expect(Fn.evaluate(Expr.fixedPoint((x) => Expr.cos(x), 1, { maxIterations: 20, tolerance: 1e-2 }))).toBeCloseTo(
      0.739,
      2
    )
    expect(Fn.evaluate(Expr.root((x) => Expr.sub(x, NaN), 1))).toBeNaN()
    expect(Fn.evaluate(Expr.root((x) => Expr.sub(Expr.mul(x, x), 2), 1, { maxIterations: 0 }))).toBeNaN()
  })

  it("a flat start: no step is defined", () => {
    expect(Fn.evaluate(Expr.root((x) => Expr.sub(Expr.floor(x), 1), 0.5))).toBeNaN()
  })

  it("a start far off: steps are halved", () => {
    // The full step from 10 goes to -138 and on to ever larger values.
    expect(Fn.evaluate(Expr.root((x) => Expr.atan(x), 10))).toBeCloseTo(0, 14)
  })

  it("small unknowns need a scale", () => {
    const tiny = (scale: number) => Fn.evaluate(Expr.root((x) => Expr.sub(Expr.mul(x, x), 1e-24), 1e-11, { scale }))
    near(tiny(1e-12) * 1e12, [1], 1e-14)
    const slow = Fn.evaluate(Expr.fixedPoint((x) => Expr.add(Expr.mul(0.5, x), 1e-15), 0, { scale: 1e-15 }))
    near(slow * 1e15, [2], 1e-11)
  })

  it("a residual without unknowns has no derivative that is finite", () => {
    const f = scalar((a) => Expr.root(() => Expr.sub(a, 1), 5, { solver: (x) => x }))
    for (const mode of Object.values(modes)) expect(Number.isFinite(Fn.runSync(mode(f), 1))).toBe(false)
  })

  it("a tangent of zero stays zero at a double root", () => {
    const f = scalar((a) => Expr.root((x) => Expr.sub(Expr.mul(x, x), a), 0))
    near(Fn.runSync(Forward.jvp(f), { primals: 0, tangents: 0 }), [0, 0])
    near(Fn.runSync(Reverse.vjp(f), { primals: 0, cotangents: 0 }), [0, 0])
  })

  it("at a double root the derivative is not finite; that of a branch not taken is zero", () => {
    const f = scalar((a) => Expr.root((x) => Expr.sub(Expr.mul(x, x), a), 0))
    expect(Fn.runSync(f, 0)).toBe(0)
    for (const mode of Object.values(modes)) {
      expect(Number.isFinite(Fn.runSync(mode(f), 0))).toBe(false)
      const guarded = scalar((a) =>
        Expr.select(
          Expr.gt(a, 0),
          Expr.root((x) => Expr.sub(Expr.mul(x, x), a), 0),
          Expr.mul(3, a)
        )
      )
      expect(Fn.runSync(mode(guarded), 0)).toBe(3)
    }
  })
})

describe("building", () => {
  const problem = (build: () => unknown): string => {
    try {
      build()
    } catch (error) {
      if (error instanceof Shape.ShapeError) return error.message.split("\n")[0]!
      throw error
    }
    return "accepted"
  }
  const n: number = 3

  it.each<readonly [string, () => unknown]>([
    ["root: x: expected real[3] as in init, got real[4]", () => Expr.root(() => Expr.ones([n + 1]), Expr.ones([n]))],
    [
      "fixedPoint: x.b: expected real[] as in init, got nothing",
      () => Expr.fixedPoint((({ a }: { readonly a: Scalar }) => ({ a })) as never, { a: 1, b: 2 } as never)
    ],
    [
      "root: solution: expected real[3] as in init, got real[4]",
      () => Expr.root((x) => x, Expr.ones([n]), { solver: () => Expr.ones([n + 1]) })
    ],
    [
      "root: init.k: expected unknowns that are real, got index",
      () => Expr.root((x) => x, { k: Expr.constant(Tensor.index(1)) })
    ],
    [
      "root: tolerance is NaN, expected a number that is not negative",
      () => Expr.root((x) => x, 1, { tolerance: NaN })
    ],
    ["root: scale is 0, expected a positive number", () => Expr.root((x) => x, 1, { scale: 0 })],
    [
      "fixedPoint: maxIterations is 1.5, expected a non-negative integer",
      () => Expr.fixedPoint((x) => x, 1, { maxIterations: 1.5 })
    ]
  ])("%s", (expected, build) => expect(problem(build)).toBe(expected))

  it("both call styles build the same", () => {
    const f = (x: Scalar): Scalar => Expr.sub(Expr.mul(x, x), 2)
    expect(Fn.evaluate(Expr.constant(1).pipe(Expr.root(f)))).toBe(Fn.evaluate(Expr.root(f, Expr.constant(1))))
    expect(Fn.evaluate(Expr.constant(1).pipe(Expr.fixedPoint(Expr.cos)))).toBe(
      Fn.evaluate(Expr.fixedPoint(Expr.cos, Expr.constant(1)))
    )
  })

  it("is written with its residual and its solver", () => {
    const f = scalar((a) => Expr.root((x) => Expr.sub(x, a), 0, { solver: () => a }))
    const text = Formula.print(f)
    expect(text).toContain("root((x, init) => ")
    expect(text).toContain("solve: ")
  })
})
