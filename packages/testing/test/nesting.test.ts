// Derivatives of derivatives: every nesting of the two modes to depth three against closed forms, and the cases in which perturbations get confused.
//
// The cases of confusion are those of J. M. Siskind and B. A. Pearlmutter, "Nesting forward-mode AD in a functional framework", Higher-Order and
// Symbolic Computation 21 (2008), section 2, and "Perturbation confusion and referential transparency" (IFL 2005); the one with a mapped closure is from
// O. Manzyuk et al., "Perturbation confusion in forward automatic differentiation of higher-order functions", JFP 29 (2019).

import { Expr, Fn, Interpreter, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

type Scalar = Fn.Fn<readonly [], readonly []>
type Operator = (f: Scalar) => Scalar

const scalar = (body: (x: Expr.Expr<readonly []>) => Expr.Expr<readonly []>): Scalar => Fn.make([], (x) => body(x))

/** Derivatives as programs, by ways that share as little as possible. */
const operators: Readonly<Record<string, Operator>> = {
  "Forward.derivative": (f) => Forward.derivative(f),
  "Reverse.grad": (f) => Reverse.grad(f),
  "Forward.jacobian": (f) => Forward.jacobian(f),
  "Reverse.jacobian": (f) => Reverse.jacobian(f),
  "Forward.jvp": (f) =>
    Fn.make([], (x) => Fn.apply(Forward.jvp(f), { primals: x, tangents: Expr.constant(1) }).tangents),
  "Reverse.vjp": (f) =>
    Fn.make([], (x) => Fn.apply(Reverse.vjp(f), { primals: x, cotangents: Expr.constant(1) }).cotangents)
}

/** Derivatives as numbers, of a program. */
const numbers: Readonly<Record<string, (f: Scalar, x: number) => number>> = {
  "Forward.evaluate": (f, x) => Forward.evaluate(f, { primals: x, tangents: 1 }).tangents,
  "Reverse.evaluate": (f, x) => Reverse.evaluate(f, { primals: x, cotangents: 1 }).cotangents
}

interface Closed {
  readonly name: string
  readonly f: Scalar
  /** The function and its first three derivatives. */
  readonly derivatives: readonly [
    (x: number) => number,
    (x: number) => number,
    (x: number) => number,
    (x: number) => number
  ]
}

const { cos, exp, log, sin, tanh } = Math

const closed: ReadonlyArray<Closed> = [
  {
    name: "x^4",
    f: scalar((x) => Expr.pow(x, 4)),
    derivatives: [(x) => x ** 4, (x) => 4 * x ** 3, (x) => 12 * x ** 2, (x) => 24 * x]
  },
  {
    name: "exp(2x)",
    f: scalar((x) => Expr.exp(Expr.mul(2, x))),
    derivatives: [(x) => exp(2 * x), (x) => 2 * exp(2 * x), (x) => 4 * exp(2 * x), (x) => 8 * exp(2 * x)]
  },
  {
    name: "x sin x",
    f: scalar((x) => Expr.mul(x, Expr.sin(x))),
    derivatives: [
      (x) => x * sin(x),
      (x) => sin(x) + x * cos(x),
      (x) => 2 * cos(x) - x * sin(x),
      (x) => -3 * sin(x) - x * cos(x)
    ]
  },
  {
    name: "1/x",
    f: scalar((x) => Expr.div(1, x)),
    derivatives: [(x) => 1 / x, (x) => -1 / x ** 2, (x) => 2 / x ** 3, (x) => -6 / x ** 4]
  },
  {
    name: "x log x",
    f: scalar((x) => Expr.mul(x, Expr.log(x))),
    derivatives: [(x) => x * log(x), (x) => log(x) + 1, (x) => 1 / x, (x) => -1 / x ** 2]
  },
  {
    name: "tanh",
    f: scalar((x) => Expr.tanh(x)),
    derivatives: [
      tanh,
      (x) => 1 / Math.cosh(x) ** 2,
      (x) => (-2 * tanh(x)) / Math.cosh(x) ** 2,
      (x) => (4 * tanh(x) ** 2 * Math.cosh(x) ** 2 - 2) / Math.cosh(x) ** 4
    ]
  },
  {
    name: "sum of x^k over an array",
    f: scalar((x) => Expr.sum(Expr.cumprod(Expr.broadcastTo(x, [4])))),
    derivatives: [
      (x) => x + x ** 2 + x ** 3 + x ** 4,
      (x) => 1 + 2 * x + 3 * x ** 2 + 4 * x ** 3,
      (x) => 2 + 6 * x + 12 * x ** 2,
      (x) => 6 + 24 * x
    ]
  },
  {
    name: "x^3 as a product",
    f: scalar((x) => Expr.prod(Expr.stack([x, x, x]))),
    derivatives: [(x) => x ** 3, (x) => 3 * x ** 2, (x) => 6 * x, () => 6]
  }
]

const close = (actual: number, expected: number): void =>
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(expected)))

const points = fc.double({ min: 0.25, max: 2, noNaN: true })

describe("every nesting to depth 3", () => {
  const names = Object.keys(operators)
  const nestings: ReadonlyArray<ReadonlyArray<string>> = [
    ...names.map((a) => [a]),
    ...names.flatMap((a) => names.map((b) => [a, b])),
    // The four with a name of their own in every order, the two others at the top.
    ...names.flatMap((a) => names.slice(0, 2).flatMap((b) => names.slice(0, 4).map((c) => [a, b, c])))
  ]
  for (const { derivatives, f, name } of closed) {
    it(`of ${name}, as programs (${nestings.length} nestings) and as numbers of the innermost programs`, () => {
      const programs = nestings.map((nesting) => nesting.reduceRight((g, operator) => operators[operator]!(g), f))
      fc.assert(
        fc.property(points, (x) => {
          programs.forEach((program, i) => {
            const order = nestings[i]!.length
            close(Fn.runSync(program, x), derivatives[order]!(x))
            if (order < 3)
              for (const evaluate of Object.values(numbers)) close(evaluate(program, x), derivatives[order + 1]!(x))
          })
        }),
        { numRuns: 5 }
      )
    })
  }
})

describe("algebras nest without building programs", () => {
  // dual over dual over tensors, and dual over tape: the second derivative of x^3 at 2 is 12.
  const cube = scalar((x) => Expr.mul(x, Expr.mul(x, x)))
  const [two, one] = [Tensor.make(2), Tensor.make(1)]

  it("forward over forward", () => {
    const inner = Forward.dual(Interpreter.algebra)
    const outer = Forward.dual(inner)
    const seed: Forward.DualCarrier<Forward.DualCarrier<Tensor.Any>> = {
      primal: { primal: two, tangent: one },
      tangent: { primal: one, tangent: Forward.Zero }
    }
    const [result] = Fn.interpret(cube, outer, [seed])
    const tangent = result!.tangent
    expect(tangent !== Forward.Zero && String(tangent.tangent)).toBe("12")
  })

  it("reverse over forward, and forward over reverse", () => {
    const tape = Reverse.traced(Interpreter.algebra)
    const x = tape.input(two)
    const dual = Forward.dual(tape.algebra)
    const [result] = Fn.interpret(cube, dual, [{ primal: x, tangent: tape.algebra.constant(one) }])
    if (result!.tangent === Forward.Zero) throw new Error("the tangent is zero")
    expect(String(tape.pullback([result!.tangent], [one], [x])[0])).toBe("12")

    const inner = Forward.dual(Interpreter.algebra)
    const outerTape = Reverse.traced(inner)
    const y = outerTape.input({ primal: two, tangent: one })
    const outputs = Fn.interpret(cube, outerTape.algebra, [y])
    const [cotangent] = outerTape.pullback(outputs, [{ primal: one, tangent: Forward.Zero }], [y])
    expect(typeof cotangent === "object" && `${cotangent.primal} ${String(cotangent.tangent)}`).toBe("12 12")
  })

  it("reverse over reverse", () => {
    const outer = Reverse.traced(Interpreter.algebra)
    const inner = Reverse.traced(outer.algebra)
    const x = outer.input(two)
    const y = inner.input(x)
    const outputs = Fn.interpret(cube, inner.algebra, [y])
    const [first] = inner.pullback(outputs, [outer.algebra.constant(one)], [y])
    if (typeof first === "symbol") throw new Error("the cotangent is zero")
    expect(String(first!.primal)).toBe("12")
    expect(String(outer.pullback([first!], [one], [x])[0])).toBe("12")
  })
})

describe("perturbations are not confused", () => {
  /** The derivative of an inner program that captures variables of the outer one, at a point that is an expression of the outer one. */
  const inner = (
    operator: Operator,
    body: (y: Expr.Expr<readonly []>) => Expr.Expr<readonly []>,
    at: Expr.Expr<readonly []>
  ): Expr.Expr<readonly []> => Fn.apply(operator(scalar(body)), at)

  interface Case {
    readonly name: string
    readonly body: (d: Operator) => (x: Expr.Expr<readonly []>) => Expr.Expr<readonly []>
    /** The derivative of the body. */
    readonly expected: (x: number) => number
  }

  const cases: ReadonlyArray<Case> = [
    {
      name: "d/dx [x · d/dy (x + y)] = 1",
      body: (d) => (x) =>
        Expr.mul(
          x,
          inner(d, (y) => Expr.add(x, y), Expr.constant(1))
        ),
      expected: () => 1
    },
    {
      name: "d/dx [x · d/dy (x y)] = 2x",
      body: (d) => (x) =>
        Expr.mul(
          x,
          inner(d, (y) => Expr.mul(x, y), Expr.constant(2))
        ),
      expected: (x) => 2 * x
    },
    {
      name: "d/dx [x · (d/dy (x y) at y = x)] = 2x",
      body: (d) => (x) =>
        Expr.mul(
          x,
          inner(d, (y) => Expr.mul(x, y), x)
        ),
      expected: (x) => 2 * x
    },
    {
      name: "d/dx [d/dy (x² y³) at y = x] = 12 x³",
      body: (d) => (x) => inner(d, (y) => Expr.mul(Expr.mul(x, x), Expr.pow(y, 3)), x),
      expected: (x) => 12 * x ** 3
    },
    {
      name: "d/dx [d/dy (y sin(x y)) at y = x]",
      body: (d) => (x) => inner(d, (y) => Expr.mul(y, Expr.sin(Expr.mul(x, y))), x),
      // g(x, y) = sin(xy) + xy cos(xy); its total derivative along y = x.
      expected: (x) => 4 * x * cos(x * x) - 2 * x ** 3 * sin(x * x)
    },
    {
      name: "d/dx [d/dy (x) at y = 1] = 0",
      body: (d) => (x) =>
        Expr.mul(
          x,
          inner(d, () => x, Expr.constant(1))
        ),
      expected: () => 0
    },
    {
      name: "three levels: d/dx [x · d/dy (y · d/dz (x + y z))] = 2 x y at y = 3, which is 6x",
      body: (d) => (x) =>
        Expr.mul(
          Expr.mul(x, x),
          inner(
            d,
            (y) =>
              Expr.mul(
                0.5,
                Expr.mul(
                  y,
                  inner(d, (z) => Expr.add(x, Expr.mul(y, z)), Expr.constant(5))
                )
              ),
            Expr.constant(3)
          )
        ),
      // d/dz = y; y · y / 2, whose derivative at 3 is 3; 3 x² has derivative 6x.
      expected: (x) => 6 * x
    },
    {
      name: "a captured value computed outside: d/dx [d/dy (sin(x)·y²) at y = 2] = 4 cos x",
      body: (d) => (x) => {
        const outside = Expr.sin(x)
        return inner(d, (y) => Expr.mul(outside, Expr.square(y)), Expr.constant(2))
      },
      expected: (x) => 4 * cos(x)
    },
    {
      name: "the same inner derivative twice, at different points, with a shared part",
      body: (d) => (x) => {
        const f = d(scalar((y) => Expr.mul(x, Expr.exp(y))))
        return Expr.mul(Fn.apply(f, x), Fn.apply(f, Expr.constant(0)))
      },
      // x e^x · x
      expected: (x) => (2 * x + x * x) * exp(x)
    }
  ]

  for (const { body, expected, name } of cases) {
    for (const [innerName, innerOperator] of Object.entries(operators)) {
      it(`${name}, inner by ${innerName}`, () => {
        const f = scalar(body(innerOperator))
        for (const x of [0.5, 1, 2]) {
          for (const outer of Object.values(operators)) close(Fn.runSync(outer(f), x), expected(x))
          for (const evaluate of Object.values(numbers)) close(evaluate(f, x), expected(x))
        }
      })
    }
  }

  it("a gradient with captured arrays: the Hessian by nested gradients", () => {
    // ∂/∂x_j of ∂f/∂x_i, with f(x) = Σ x³ built inside the body of the outer program.
    const weights = Tensor.make([1, 10, 100])
    type Gradient = (f: Fn.Fn<readonly [3], readonly []>) => Fn.Fn<readonly [3], readonly [3]>
    const gradients: ReadonlyArray<Gradient> = [(f) => Reverse.grad(f), (f) => Forward.jacobian(f)]
    for (const gradient of gradients) {
      const outer = Fn.make([3], (x) => {
        const energy = Fn.make([3], (y) => Expr.sum(Expr.mul(x, Expr.mul(y, y))))
        return Expr.sum(Expr.mul(weights, Fn.apply(gradient(energy), x)))
      })
      // ∇_y at y = x is 2x², so the gradient of Σ w 2x² is 4 w x.
      expect(`${Fn.runSync(Reverse.grad(outer), Tensor.make([1, 2, 3]))}`).toBe("[4, 80, 1200]")
      expect(`${Fn.runSync(Forward.jacobian(outer), Tensor.make([1, 2, 3]))}`).toBe("[4, 80, 1200]")
    }
  })

  it("the mapped closure of Manzyuk et al.: the derivative of a function of functions, applied twice", () => {
    // s(u)(f)(x) = f(x + u); D s 0 applied twice to exp at 1 is the second derivative of exp, not twice the first.
    const shifted =
      (d: Operator) =>
      (f: Scalar): Scalar =>
        Fn.make([], (x) => Fn.apply(d(scalar((u) => Fn.apply(f, Expr.add(x, u)))), Expr.constant(0)))
    for (const first of Object.values(operators)) {
      for (const second of Object.values(operators)) {
        const twice = shifted(first)(shifted(second)(scalar((x) => Expr.exp(Expr.mul(2, x)))))
        close(Fn.runSync(twice, 0.5) / (4 * Math.E), 1)
      }
    }
  })

  it("a variable of another program has no value outside it, and says so", () => {
    let escaped: Expr.Expr<readonly []> = Expr.constant(0)
    scalar((x) => (escaped = x))
    expect(() =>
      Fn.runSync(
        scalar((y) => Expr.mul(y, escaped)),
        1
      )
    ).toThrow(/belongs to another program/)
  })
})
