// Derivatives through control flow: forward mode, reverse mode and central differences are three independent witnesses,
// and so are the four compositions of the modes for second derivatives.

import { Expr, Fn, Interpreter, Tensor, Type } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Reverse from "../src/index.ts"

type Scalar = Expr.Expr<readonly []>
interface Inputs {
  readonly x: Scalar
  readonly v: Expr.Expr<readonly [3]>
  readonly m: Expr.Expr<readonly [2, 3]>
}
const spec = { x: [], v: [3], m: [2, 3] } as const
type Spec = typeof spec
type Program = Fn.Fn<Spec, readonly []>

const make = (body: (inputs: Inputs) => Scalar): Program => Fn.make(spec, body) as Program

const index = (n: number) => Expr.constant(Tensor.index(n))
const smooth = (x: Scalar): Scalar => Expr.tanh(x)

// Heron's method until it has settled: the number of iterations depends on the value, and is high enough for one more to
// change nothing that a difference of values could see.
const root = (a: Scalar): Scalar => {
  const start: Scalar = Expr.add(a, 1)
  return Expr.whileLoop(
    ({ previous, y }) => Expr.gt(Expr.abs(Expr.sub(y, previous)), 1e-7),
    ({ y }) => ({ previous: y, y: Expr.div(Expr.add(y, Expr.div(a, y)), 2) }),
    { previous: 0, y: start }
  ).y
}

const countedLoop = (n: number, f: (y: Scalar, i: Expr.IndexExpr<readonly []>) => Scalar, init: Scalar | number) =>
  Expr.whileLoop(
    ({ i }) => Expr.lt(i, n),
    ({ i, y }) => ({ i: Expr.add(i, 1), y: f(y, i) }),
    { i: index(0), y: init }
  ).y

const inner = Fn.make({ a: [], b: [3] }, ({ a, b }) => Expr.mul(Expr.sin(a), Expr.sum(Expr.mul(b, b))))

const programs: Record<string, Program> = {
  "fold that captures": make(({ v, x }) => Expr.fold((c, vi) => smooth(Expr.add(Expr.mul(c, x), vi)), 0, v)),
  "scan with outputs": make(({ v, x }) => {
    const [last, ys] = Expr.scan(
      (c, vi) => {
        const next = Expr.sin(Expr.add(Expr.mul(c, vi), x))
        return [next, { product: Expr.mul(next, c), same: vi }]
      },
      x,
      v
    )
    return Expr.add(last, Expr.add(Expr.dot(ys.product, v), Expr.sum(ys.same)))
  }),
  "scan in reverse": make(({ m, x }) => {
    const [last, ys] = Expr.scan(
      (c, row) => [Expr.tanh(Expr.add(Expr.mul(c, row), x)), Expr.sum(c)],
      Expr.ones([3]),
      m,
      { reverse: true }
    )
    return Expr.add(Expr.sum(last), Expr.dot(ys, ys))
  }),
  "scan whose outputs alone are used": make(({ v }) =>
    Expr.sum(Expr.scan((c, vi) => [Expr.mul(c, vi), Expr.square(c)], Expr.constant(2), v)[1])
  ),
  "scan whose carry does not vary": make(({ v, x }) =>
    Expr.sum(Expr.scan((c, vi) => [Expr.add(c, 1), Expr.mul(Expr.mul(c, x), Expr.sin(vi))], 1, v)[1])
  ),
  "scan that exchanges its carries": make(({ v, x }) => {
    const [[a, b, c]] = Expr.scan(([a, b, c], vi) => [[b, Expr.mul(c, vi), Expr.add(a, c)], {}], [1, 2, x], v)
    return Expr.add(a, Expr.add(Expr.mul(b, 2), Expr.mul(c, 3)))
  }),
  "scan with index and bool carries": make(({ v, x }) => {
    const [{ y }] = Expr.scan(
      ({ even, i, y }) => {
        const vi = Expr.gather(v, i)
        return [
          {
            i: Expr.add(i, 1),
            even: Expr.not(even),
            y: Expr.cond(
              even,
              () => Expr.mul(y, vi),
              () => Expr.add(Expr.sin(y), Expr.mul(vi, Expr.toReal(i)))
            )
          },
          {}
        ]
      },
      { i: index(0), even: true, y: x },
      v
    )
    return y
  }),
  iterate: make(({ v, x }) => Expr.sum(Expr.iterate(5, (w) => Expr.sin(Expr.mul(w, x)), v))),
  "no steps": make(({ v, x }) => {
    const square = Expr.mul(x, x)
    const y = Expr.iterate(0, (c) => Expr.mul(c, Expr.log(x)), square)
    return Expr.add(
      y,
      Expr.mul(
        Expr.sum(v),
        countedLoop(0, (z) => Expr.log(z), y)
      )
    )
  }),
  "map that captures": make(({ v, x }) => Expr.sum(Expr.map((vi) => Expr.sin(Expr.mul(vi, x)), v))),
  "map in map": make(({ m, v, x }) =>
    Expr.sum(
      Expr.map((row) => {
        const total = Expr.dot(row, v)
        return Expr.map((entry) => Expr.mul(Expr.sin(Expr.mul(entry, x)), total), row)
      }, m)
    )
  ),
  "map of several results, one unused": make(({ m, v }) => {
    const { a, b } = Expr.map((row) => ({ a: Expr.dot(row, v), b: Expr.mul(row, v), c: Expr.exp(row) }), m)
    return Expr.add(Expr.dot(a, a), Expr.sum(Expr.sin(b)))
  }),
  cond: make(({ v, x }) =>
    Expr.cond(
      Expr.gt(Expr.sum(v), x),
      () => Expr.mul(x, Expr.sin(Expr.sum(v))),
      () => Expr.mul(Expr.square(x), Expr.cos(Expr.sum(Expr.square(v))))
    )
  ),
  "cond whose branches vary with different inputs": make(({ m, v, x }) => {
    const { a, b } = Expr.cond(
      Expr.gt(x, 0),
      () => ({ a: Expr.square(x), b: Expr.constant(3) }),
      () => ({ a: Expr.constant(2), b: Expr.sum(Expr.exp(v)) })
    )
    return Expr.mul(Expr.add(a, Expr.sum(m)), b)
  }),
  "cond in map": make(({ v, x }) =>
    Expr.sum(
      Expr.map(
        (vi) =>
          Expr.cond(
            Expr.gt(vi, x),
            () => Expr.sqrt(Expr.sub(vi, x)),
            () => Expr.mul(vi, Expr.square(x))
          ),
        v
      )
    )
  ),
  "cond in cond": make(({ v, x }) =>
    Expr.cond(
      Expr.gt(x, 0),
      () =>
        Expr.cond(
          Expr.gt(Expr.sum(v), 0),
          () => Expr.mul(x, Expr.sum(v)),
          () => Expr.square(x)
        ),
      () => Expr.sin(x)
    )
  ),
  "scan in scan": make(({ m, x }) =>
    Expr.fold((c, row) => smooth(Expr.fold((d, entry) => Expr.add(Expr.mul(d, c), Expr.mul(entry, x)), c, row)), x, m)
  ),
  "map in scan in map": make(({ m, v }) =>
    Expr.sum(
      Expr.map((row) => {
        const init = Expr.mul(v, row)
        return Expr.fold((w, r) => Expr.map((wi) => Expr.sin(Expr.add(wi, Expr.mul(r, r))), w), init, row)
      }, m)
    )
  ),
  while: make(({ x }) => root(Expr.add(Expr.square(x), 1))),
  "while that captures": make(({ v, x }) =>
    countedLoop(4, (y, i) => Expr.add(Expr.sin(Expr.mul(y, x)), Expr.dot(v, Expr.mul(v, Expr.toReal(i)))), x)
  ),
  "while in scan": make(({ v, x }) =>
    Expr.fold((c, vi) => Expr.mul(root(Expr.add(1, Expr.add(Expr.square(c), Expr.square(vi)))), x), x, v)
  ),
  "while in map in while": make(({ v, x }) =>
    Expr.sum(
      Expr.whileLoop(
        ({ i }) => Expr.lt(i, 2),
        ({ i, w }) => ({
          i: Expr.add(i, 1),
          w: Expr.map(
            (wi) =>
              Expr.mul(
                x,
                countedLoop(3, (y) => Expr.sin(y), wi)
              ),
            w
          )
        }),
        { i: 0, w: v }
      ).w
    )
  ),
  "scan and cond in while": make(({ v, x }) =>
    countedLoop(
      3,
      (y, i) =>
        Expr.cond(
          Expr.eq(i, 1),
          () => Expr.mul(y, x),
          () => Expr.fold((c, vi) => smooth(Expr.add(c, vi)), y, v)
        ),
      x
    )
  ),
  "while with several trees": make(({ m, v, x }) => {
    const { a, b } = Expr.whileLoop(
      ({ n }) => Expr.lt(n, 3),
      ({ a, b, n }) => ({
        n: Expr.add(n, 1),
        a: Expr.map((row) => Expr.mul(row, Expr.sin(v)), a),
        b: [Expr.mul(b[0], x), Expr.sum(a)]
      }),
      { n: 0, a: m, b: [x, 1] }
    )
    return Expr.add(Expr.sum(a), Expr.mul(b[0], b[1]))
  }),
  call: make(({ m, v, x }) => {
    const y = Fn.call(inner, { a: x, b: v })
    return Expr.add(Fn.call(inner, { a: y, b: Expr.sum(m, { axis: 0 }) }), y)
  }),
  "call in scan": make(({ m, x }) => Expr.fold((c, row) => smooth(Fn.call(inner, { a: c, b: row })), x, m)),
  "Fn.map": make(({ m, v }) =>
    Expr.sum(Fn.apply(Fn.map(inner, { size: 3, axes: { a: 0, b: 0 } }), { a: v, b: Expr.matmul(Expr.transpose(m), m) }))
  ),
  "stopGradient in scan": make(({ v, x }) => Expr.fold((c, vi) => Expr.add(Expr.mul(c, vi), Expr.sin(x)), x, v))
}

// -----------------------------------------------------------------------------
// Points and derivatives as flat lists
// -----------------------------------------------------------------------------

const size = 10
type Point = ReadonlyArray<number>

const at = (p: Point) => ({
  x: p[0]!,
  v: Tensor.fromArray(p.slice(1, 4), [3]),
  m: Tensor.fromArray(p.slice(4), [2, 3])
})
const flat = (value: unknown): Array<number> => {
  const { m, v, x } = value as { readonly x: number; readonly v: Tensor.Any; readonly m: Tensor.Any }
  return [x, ...v.data, ...m.data]
}
const run = (f: Fn.Any, p: Point): unknown => Fn.runSync(f as never, at(p) as never)
const value = (f: Program, p: Point): number => run(f, p) as number
const dot = (a: Point, b: Point): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0)

const shift = (p: Point, i: number, by: number): Point => p.map((x, j) => (i === j ? x + by : x))
/** Central differences of the fourth order. */
const difference = (f: (p: Point) => number, p: Point, i: number, h = 1e-3): number => {
  const g = (k: number): number => f(shift(p, i, k * h))
  return (8 * (g(1) - g(-1)) - (g(2) - g(-2))) / (12 * h)
}

const close = (actual: Point, expected: Point, tolerance: number): void => {
  const scale = 1 + Math.max(...expected.map(Math.abs))
  actual.forEach((x, i) => {
    if (!(Math.abs(x - expected[i]!) <= tolerance * scale)) {
      throw new Error(`at ${i}: ${x}, expected ${expected[i]}; ${actual} and ${expected}`)
    }
  })
}

const coordinate = fc.integer({ min: -40, max: 40 }).map((n) => n / 32 + 0.011)
const point = fc.array(coordinate, { minLength: size, maxLength: size })

/** A function is differentiated only where it is smooth: where the number of iterations and the branches stay the same. */
const isSmooth = (f: Program, p: Point): boolean => {
  const probe = (h: number): number => {
    const g = (i: number, k: number): number => value(f, shift(p, i, k * h))
    return Math.max(...p.map((_, i) => Math.abs(g(i, 1) - 2 * g(i, 0) + g(i, -1))))
  }
  return probe(2e-3) < 1e-3 * (1 + Math.abs(value(f, p)))
}

const gradient = (f: Program, p: Point): Point => flat(run(Reverse.grad(f), p))

const constants = (d: Point) => {
  const { m, v, x } = at(d)
  return { x: Expr.constant(x), v: Expr.constant(v), m: Expr.constant(m) }
}
/** The derivative of a program along a fixed direction, by forward mode. */
const along = (f: Program, d: Point): Program =>
  make((inputs) => Fn.apply(Forward.directional(f), { at: inputs, direction: constants(d) } as never) as Scalar)
/** The same by reverse mode. */
const alongReverse = (f: Program, d: Point): Program =>
  make((inputs) => {
    const g = Fn.apply(Reverse.grad(f), inputs as never) as unknown as Inputs
    const { m, v, x } = constants(d)
    return Expr.add(Expr.mul(g.x, x), Expr.add(Expr.dot(g.v, v), Expr.sum(Expr.mul(g.m, m))))
  })
const jvp = (f: Fn.Any, p: Point, d: Point): unknown =>
  (
    Fn.runSync(Forward.jvp(f as Program) as never, { primals: at(p), tangents: at(d) } as never) as {
      tangents: unknown
    }
  ).tangents

const names = Object.keys(programs)
const runs = { numRuns: 15 }

describe("first derivatives", () => {
  it.each(names)("%s", (name) => {
    const f = programs[name]!
    const g = Reverse.grad(f)
    fc.assert(
      fc.property(point, point, (p, d) => {
        const reverse = flat(run(g, p))
        const forward = p.map(
          (_, i) =>
            jvp(
              f,
              p,
              p.map((_, j) => (i === j ? 1 : 0))
            ) as number
        )
        close(forward, reverse, 1e-12)
        expect(Math.abs((jvp(f, p, d) as number) - dot(reverse, d))).toBeLessThan(
          1e-11 * (1 + dot(reverse.map(Math.abs), d.map(Math.abs)))
        )
        const evaluated = Reverse.evaluate(f, { primals: at(p), cotangents: 1 })
        expect(evaluated.primals).toBe(value(f, p))
        close(flat(evaluated.cotangents), reverse, 1e-12)
        const pushed = Forward.evaluate(f, { primals: at(p), tangents: at(d) })
        expect(pushed.primals).toBe(value(f, p))
        close([pushed.tangents], [jvp(f, p, d) as number], 1e-12)
        fc.pre(isSmooth(f, p))
        close(
          reverse,
          p.map((_, i) => difference((q) => value(f, q), p, i)),
          1e-5
        )
      }),
      runs
    )
  })

  it.each(names)("%s: all columns of the Jacobian at once", (name) => {
    const f = programs[name]!
    const p = [0.7, 0.3, -0.4, 0.9, 0.2, 0.5, -0.6, 0.8, -0.1, 0.4]
    close(flat(run(Forward.jacobian(f), p)), gradient(f, p), 1e-12)
    close(flat(run(Reverse.jacobian(f), p)), gradient(f, p), 1e-12)
  })
})

describe("second derivatives", () => {
  it.each(names)("%s", (name) => {
    const f = programs[name]!
    fc.assert(
      fc.property(point, point, (p, d) => {
        const forwardOverReverse = flat(jvp(Reverse.grad(f), p, d))
        const reverseOverForward = flat(run(Reverse.grad(along(f, d)), p))
        const reverseOverReverse = flat(run(Reverse.grad(alongReverse(f, d)), p))
        const forwardOverForward = p.map(
          (_, i) =>
            jvp(
              along(f, d),
              p,
              p.map((_, j) => (i === j ? 1 : 0))
            ) as number
        )
        close(reverseOverForward, forwardOverReverse, 1e-11)
        close(reverseOverReverse, forwardOverReverse, 1e-11)
        close(forwardOverForward, forwardOverReverse, 1e-11)
        fc.pre(isSmooth(f, p))
        close(
          forwardOverReverse,
          p.map((_, i) => difference((q) => dot(gradient(f, q), d), p, i)),
          1e-4
        )
      }),
      { numRuns: 5 }
    )
  })

  it.each(names)("%s: over the tensor algebra, by nested transformers", (name) => {
    const f = programs[name]!
    const p = [0.7, 0.3, -0.4, 0.9, 0.2, 0.5, -0.6, 0.8, -0.1, 0.4]
    const d = [0.1, -0.5, 0.4, 0.6, -0.3, 0.2, 0.9, -0.7, 0.5, 0.3]
    const leaves = (q: Point): Array<Tensor.Any> => {
      const { m, v, x } = at(q)
      return [Tensor.make(x), v, m]
    }
    const tape = Reverse.traced(Forward.dual(Interpreter.algebra))
    const inputs = leaves(p).map((primal, i) => tape.input({ primal, tangent: leaves(d)[i]! }))
    const outputs = Fn.interpret(f, tape.algebra, inputs)
    const pulled = tape.pullback(outputs, [{ primal: Tensor.make(1), tangent: Forward.Zero }], inputs)
    const part = (kind: "primal" | "tangent"): Array<number> =>
      pulled.flatMap((x, i) => {
        const carrier = x === Reverse.Zero ? Forward.Zero : x[kind]
        return Array.from(carrier === Forward.Zero ? leaves(p)[i]!.data.map(() => 0) : carrier.data)
      })
    close(part("primal"), gradient(f, p), 1e-12)
    close(part("tangent"), flat(jvp(Reverse.grad(f), p, d)), 1e-11)
  })
})

describe("third derivatives", () => {
  const p = [0.7, 0.3, -0.4, 0.9, 0.2, 0.5, -0.6, 0.8, -0.1, 0.4]
  const d = [0.1, -0.5, 0.4, 0.6, -0.3, 0.2, 0.9, -0.7, 0.5, 0.3]
  it.each(["scan with outputs", "while that captures", "while in scan", "cond in map", "map in map", "call in scan"])(
    "%s, by reverse mode thrice and by forward mode thrice",
    (name) => {
      const f = programs[name]!
      const thrice = flat(run(Reverse.grad(alongReverse(alongReverse(f, d), d)), p))
      const mixed = flat(run(Reverse.grad(along(along(f, d), d)), p))
      const forward = value(along(along(along(f, d), d), d), p)
      close(thrice, mixed, 1e-10)
      close([dot(thrice, d)], [forward], 1e-10)
    }
  )
})

describe("hypergradients", () => {
  // Gradient descent on an inner objective, as a loop; its result enters an outer objective, which is differentiated
  // with respect to the step size and the data.
  const objective = Fn.make({ w: [3], v: [3] }, ({ v, w }) => {
    const residual = Expr.sub(Expr.sin(w), v)
    return Expr.sum(Expr.mul(residual, Expr.add(residual, Expr.square(w))))
  })
  const basis = [Expr.constant([1, 0, 0]), Expr.constant([0, 1, 0]), Expr.constant([0, 0, 1])] as const
  const innerGradients = {
    reverse: (w: Expr.Expr<readonly [3]>, v: Expr.Expr<readonly [3]>) => Fn.apply(Reverse.grad(objective), { w, v }).w,
    forward: (w: Expr.Expr<readonly [3]>, v: Expr.Expr<readonly [3]>) => {
      const along = (k: Expr.Expr<readonly [3]>) =>
        Fn.apply(Forward.directional(objective), { at: { w, v }, direction: { w: k, v: Expr.zeros([3]) } })
      return Expr.stack([along(basis[0]), along(basis[1]), along(basis[2])])
    }
  }
  const loops = {
    scan: (step: (w: Expr.Expr<readonly [3]>) => Expr.Expr<readonly [3]>, init: Expr.Expr<readonly [3]>) =>
      Expr.iterate(6, step, init),
    while: (step: (w: Expr.Expr<readonly [3]>) => Expr.Expr<readonly [3]>, init: Expr.Expr<readonly [3]>) =>
      Expr.whileLoop(
        ({ n }) => Expr.lt(n, 6),
        ({ n, w }) => ({ n: Expr.add(n, 1), w: step(w) }),
        { n: 0, w: init }
      ).w
  }
  const p = [0.05, 0.3, -0.4, 0.9, 0.2, 0.5, -0.6, 0.8, -0.1, 0.4]
  const fs = Object.entries(loops).flatMap(([loop, run]) =>
    Object.entries(innerGradients).map(([mode, grad]): readonly [string, string, Program] => [
      loop,
      mode,
      make(({ m, v, x }) => {
        const trained = run((w) => Expr.sub(w, Expr.mul(x, grad(w, v))), Expr.sum(m, { axis: 0 }))
        return Expr.sum(Expr.square(Expr.sub(trained, 0.3)))
      })
    ])
  )
  const reference = gradient(fs[0]![2], p)
  it.each(fs)("%s with inner gradients by %s mode, outer gradients by both", (_, __, f) => {
    close(gradient(f, p), reference, 1e-12)
    close(
      p.map(
        (_, i) =>
          jvp(
            f,
            p,
            p.map((_, j) => (i === j ? 1 : 0))
          ) as number
      ),
      reference,
      1e-12
    )
    close(
      reference,
      p.map((_, i) => difference((q) => value(f, q), p, i, 1e-4)),
      1e-9
    )
  })
})

describe("branches that are not taken", () => {
  it("are not evaluated, nor do they poison derivatives", () => {
    const forever = (x: Scalar): Scalar =>
      Expr.whileLoop(
        () => true,
        (y) => Expr.mul(y, 2),
        x
      )
    const f = Fn.make([], (x) =>
      Expr.cond(
        Expr.gt(x, 0),
        () => Expr.log(x),
        () =>
          Expr.cond(
            Expr.gt(x, -1),
            () => Expr.mul(x, x),
            () => forever(x)
          )
      )
    )
    const programs: Array<Fn.Fn<readonly [], readonly []>> = [
      Forward.derivative(f),
      Reverse.grad(f),
      Reverse.grad(Reverse.grad(f)),
      Forward.derivative(Reverse.grad(f)),
      Reverse.grad(Forward.derivative(f))
    ]
    expect(programs.map((g) => Fn.runSync(g, 2))).toEqual([0.5, 0.5, -0.25, -0.25, -0.25])
    expect(programs.map((g) => Fn.runSync(g, -0.5))).toEqual([-1, -1, 2, 2, 2])
    expect(programs.map((g) => Fn.runSync(g, 0))).toEqual([0, 0, 2, 2, 2])
  })

  it("cost nothing in map: the derivative at each element is that of its own branch", () => {
    const f = Fn.make([4], (xs) =>
      Expr.sum(
        Expr.map(
          (x) =>
            Expr.cond(
              Expr.gt(x, 0),
              () => Expr.sqrt(x),
              () => Expr.constant(0)
            ),
          xs
        )
      )
    )
    const x = Tensor.make([4, 0, -1, 1])
    expect(`${Fn.runSync(Reverse.grad(f), x)}`).toBe("[0.25, 0, 0, 0.5]")
    expect(`${Fn.runSync(Forward.jacobian(f), x)}`).toBe("[0.25, 0, 0, 0.5]")
  })
})

describe("what is not differentiated", () => {
  const f = Fn.make({ x: [], n: Type.index([]) }, ({ n, x }) =>
    Expr.whileLoop(
      ({ i }) => Expr.lt(i, n),
      ({ i, y }) => ({ i: Expr.add(i, 1), y: Expr.mul(y, x) }),
      { i: Expr.constant(Tensor.index(0)), y: 1 }
    )
  )
  const powers = Fn.make({ x: [], n: Type.index([]) }, (inputs) => Fn.apply(f, inputs).y)

  it("indices carry no derivatives, whatever the number of iterations, and none", () => {
    for (const n of [0, 1, 2, 5, 20]) {
      expect(Fn.runSync(Reverse.grad(powers), { x: 1.5, n })).toEqual({ x: n === 0 ? 0 : n * 1.5 ** (n - 1) })
      const { tangents } = Fn.runSync(Forward.jvp(powers), { primals: { x: 1.5, n }, tangents: { x: 1 } })
      expect(tangents).toBe(n === 0 ? 0 : n * 1.5 ** (n - 1))
    }
  })

  it("no operation is added for carries, constants and results that do not vary", () => {
    const bodies = (g: Fn.Any): ReadonlyArray<number> => {
      const seen = new Set<number>()
      return Fn.nodes(g).flatMap((node) => {
        const view = Expr.view(node)
        if (view._tag !== "Project" || view.primitive !== "scan" || seen.has(view.of)) return []
        seen.add(view.of)
        const { body } = view.attributes as { readonly body: { readonly outputNodes: ReadonlyArray<unknown> } }
        return [body.outputNodes.length]
      })
    }
    // The second carry varies with x, the first does not.
    const g = Fn.make({ x: [], v: [4] }, ({ v, x }) => {
      const [[a, b]] = Expr.scan(([a, b], vi) => [[Expr.mul(a, vi), Expr.add(b, Expr.mul(a, x))], {}], [1, 0], v)
      return Expr.add(a, b)
    })
    expect(bodies(g)).toEqual([2])
    // Forward: one tangent for one carry. Reverse: the first carry saved; one cotangent of a carry, one of a constant.
    expect(
      bodies(
        Fn.make({ x: [], v: [4] }, (at) =>
          Fn.apply(Forward.directional(g), { at, direction: { x: 1, v: Expr.zeros([4]) } })
        )
      )
    ).toEqual([4])
    const reverse = bodies(Reverse.grad(g, { wrt: ["x"] }))
    expect(reverse).toEqual([3, 2])
  })

  it("a linear loop saves no carries", () => {
    const linear = Fn.make([], (x) => Expr.iterate(1000, (y) => Expr.mul(y, 0.5), x))
    const outputs = Fn.nodes(Reverse.grad(linear)).filter((node) => node.shape.length > 0)
    expect(outputs).toEqual([])
  })
})

describe("long loops", () => {
  const n = 1_000_000
  it("of a million steps are differentiated in both modes", { timeout: 120_000 }, () => {
    const f = Fn.make([], (x) => Expr.iterate(n, (y) => Expr.sin(Expr.add(y, x)), x))
    const g = Fn.make([], (x) => countedLoop(n, (y) => Expr.sin(Expr.add(y, x)), x))
    let y = 1
    let dy = 1
    for (let i = 0; i < n; i++) {
      dy = Math.cos(y + 1) * (dy + 1)
      y = Math.sin(y + 1)
    }
    for (const h of [Forward.derivative(f), Reverse.grad(f), Forward.derivative(g), Reverse.grad(g)]) {
      expect(Fn.runSync(h, 1)).toBeCloseTo(dy, 12)
    }
  })
})
