// What mutants of the rules got wrong before any test noticed (docs/mutation.md): zeros beside NaN and infinity, indices one out of range, batches as large
// as their matrices, tangents of one result of several, derivatives of derivatives of loops.

import { Expr, Fn, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { describe, expect, it } from "vitest"

type Scalar = Expr.Expr<readonly []>
type Inputs = Record<string, ReadonlyArray<number>>

const numbers = (spec: Tree.Spec, value: unknown): ReadonlyArray<number> =>
  Tree.toTensors("test", spec, value).flatMap(({ data }) => Array.from(data as Float64Array))

const zeros = (spec: Tree.Spec): never =>
  Tree.fromTensors(
    spec,
    Tree.leaves(spec).map(({ type }) => Tensor.zeros(type.shape))
  ) as never

/** A sum of all elements with weights that tell them apart. */
const weighed = (x: Expr.Any): Scalar => {
  const y = x as Expr.Expr
  const weights = Tensor.fromArray(
    Float64Array.from({ length: y.shape.reduce((size, n) => size * n, 1) }, (_, i) => Math.sin(3 * i + 1)),
    y.shape
  )
  return Expr.sum(Expr.mul(y, weights)) as Scalar
}

type Program = Fn.Fn<Inputs, ReadonlyArray<number>>

const program = (inputs: Inputs, f: (inputs: Record<string, Expr.Expr>) => Expr.Any) =>
  (Fn.make as unknown as (inputs: Inputs, f: unknown) => Program)(inputs, f)

const spread = (shape: ReadonlyArray<number>, f: (i: number) => number): Tensor.Tensor =>
  Tensor.fromArray(
    Float64Array.from({ length: shape.reduce((size, n) => size * n, 1) }, (_, i) => f(i)),
    shape
  )

const { NaN: nan, POSITIVE_INFINITY: inf } = Number

describe("a zero tangent, and a zero cotangent, stay zero", () => {
  const matrix = (...rows: ReadonlyArray<ReadonlyArray<number>>): Tensor.Tensor =>
    Tensor.make(rows as never) as Tensor.Tensor
  const cases: ReadonlyArray<
    readonly [
      name: string,
      f: (inputs: Record<string, Expr.Expr>) => Expr.Any,
      at: Readonly<Record<string, Tensor.Tensor | number>>
    ]
  > = [
    ["clamp, a bound NaN", ({ h, l, x }) => Expr.clamp(x!, l!, h!), { x: 1, l: nan, h: 2 }],
    ["clamp, the other bound NaN", ({ h, l, x }) => Expr.clamp(x!, l!, h!), { x: 1, l: 0, h: nan }],
    ["polygamma at a pole", ({ x }) => Expr.polygamma(x!, 1), { x: 0 }],
    ["reduceMin beside NaN", ({ x }) => Expr.reduceMin(x!), { x: Tensor.make([nan, 1]) as Tensor.Tensor }],
    ["reduceMax beside NaN", ({ x }) => Expr.reduceMax(x!), { x: Tensor.make([nan, 1]) as Tensor.Tensor }],
    ["values of eigh", ({ x }) => Expr.eigh(x as never).values, { x: matrix([nan, 1], [1, 2]) }],
    ["vectors of eigh", ({ x }) => Expr.eigh(x as never).vectors, { x: matrix([nan, 1], [1, 2]) }],
    ["q of a singular matrix", ({ x }) => Expr.qr(x as never).q, { x: matrix([1, 0], [1, 0], [2, 0]) }],
    ["r of a singular matrix", ({ x }) => Expr.qr(x as never).r, { x: matrix([1, 0], [1, 0], [2, 0]) }],
    ["q beside NaN", ({ x }) => Expr.qr(x as never).q, { x: matrix([1, nan], [1, 0]) }],
    ["r beside NaN", ({ x }) => Expr.qr(x as never).r, { x: matrix([1, nan], [1, 0]) }],
    [
      "lstsq, more rows",
      ({ b, x }) => Expr.lstsq(x as never, b as never),
      { x: matrix([1, 0], [0, 1], [1, 1]), b: matrix([inf], [1], [2]) }
    ],
    [
      "lstsq, more rows, infinite ones",
      ({ b, x }) => Expr.lstsq(x as never, b as never),
      { x: matrix([inf, 0], [0, 1], [1, 1]), b: matrix([1], [1], [2]) }
    ],
    [
      "lstsq, more columns, infinite ones",
      ({ b, x }) => Expr.lstsq(x as never, b as never),
      { x: matrix([inf, 0, 1], [0, 1, 1]), b: matrix([1], [1]) }
    ],
    [
      "lstsq, more columns",
      ({ b, x }) => Expr.lstsq(x as never, b as never),
      { x: matrix([1, 0, 1], [0, 1, 1]), b: matrix([inf], [1]) }
    ],
    [
      "lstsq, as many",
      ({ b, x }) => Expr.lstsq(x as never, b as never),
      { x: matrix([1, 0], [0, 1]), b: matrix([inf], [1]) }
    ]
  ]
  it.each(cases)("%s", (_, f, at) => {
    const shapes = Object.fromEntries(Object.entries(at).map(([key, x]) => [key, typeof x === "number" ? [] : x.shape]))
    const g = program(shapes, f)
    const primals = at as never
    const { tangents } = Forward.evaluate(g, { primals, tangents: zeros(g.inputs) })
    expect(numbers(g.outputs as Tree.Spec, tangents).map(Math.abs)).toEqual(
      numbers(g.outputs as Tree.Spec, tangents).map(() => 0)
    )
    const { cotangents } = Reverse.evaluate(g, { primals, cotangents: zeros(g.outputs as Tree.Spec) })
    expect(numbers(g.inputs, cotangents).map(Math.abs)).toEqual(numbers(g.inputs, cotangents).map(() => 0))
  })
})

describe("both modes agree, with differences too", () => {
  const agree = (inputs: Inputs, f: (inputs: Record<string, Expr.Expr>) => Expr.Any, at: Tree.Value<Inputs>): void => {
    const g = program(inputs, (given) => weighed(f(given))) as unknown as Fn.Fn<Inputs, readonly []>
    const forward = numbers(g.inputs, Fn.runSync(Forward.jacobian(g), at))
    const reverse = numbers(g.inputs, Fn.runSync(Reverse.grad(g), at))
    const point = numbers(g.inputs, at)
    const value = (x: ReadonlyArray<number>): number => {
      let start = 0
      const leaves = Tree.leaves(g.inputs).map(({ type: { shape } }) => {
        const size = shape.reduce((total, n) => total * n, 1)
        start += size
        return Tensor.fromArray(Float64Array.from(x.slice(start - size, start)), shape)
      })
      return Fn.runSync(g, Tree.fromTensors(g.inputs, leaves) as Tree.Value<Inputs>)
    }
    const scale = Math.max(1, ...forward.map(Math.abs))
    const h = 1e-5
    forward.forEach((x, i) => {
      expect(Math.abs(x - reverse[i]!)).toBeLessThan(1e-11 * scale)
      const moved = (by: number): number => value(point.map((y, j) => (i === j ? y + by : y)))
      expect(Math.abs((moved(h) - moved(-h)) / (2 * h) - x)).toBeLessThan(1e-6 * scale)
    })
  }
  const distinct = (shape: ReadonlyArray<number>): Tensor.Tensor =>
    spread(shape, (i) => Math.cos(5 * i * i + i) + 2 * (i % 3))

  it("batches as large as their matrices", () => {
    agree({ x: [3, 3, 2] }, ({ x }) => Expr.qr(x as never).q, { x: distinct([3, 3, 2]) })
    agree({ x: [3, 3, 2] }, ({ x }) => Expr.qr(x as never).r, { x: distinct([3, 3, 2]) })
  })

  it("batches of batches", () => {
    const x = distinct([2, 3, 2, 2])
    for (const part of ["q", "r"] as const) agree({ x: [2, 3, 2, 2] }, ({ x }) => Expr.qr(x as never)[part], { x })
    for (const part of ["values", "vectors"] as const)
      agree({ x: [2, 3, 2, 2] }, ({ x }) => Expr.eigh(x as never)[part], { x })
    agree({ x: [2, 3, 2, 2] }, ({ x }) => Expr.adjugate(x as never), { x })
    agree({ x: [2, 3, 2, 2] }, ({ x }) => Expr.det(x as never), { x })
  })

  it("several results, of which one moves", () => {
    const f = ({ a, b }: Record<string, Expr.Expr>): Expr.Any => {
      const roots = Expr.root(
        ({ x, y }: { readonly x: Scalar; readonly y: Scalar }) => ({
          x: Expr.sub(Expr.mul(x, x), a as Scalar),
          y: Expr.sub(Expr.mul(y, Expr.mul(y, y)), Expr.sub(b as Scalar, Expr.mul(2, x)))
        }),
        { x: 1, y: 1 }
      )
      return Expr.stack([roots.x, roots.y])
    }
    agree({ a: [], b: [] }, f, { a: 2, b: 9 })
    const alone = program({ b: [] }, ({ b }) => f({ a: Expr.constant(2), b: b! }))
    const y = Math.cbrt(9 - 2 * Math.SQRT2)
    const moved = Forward.evaluate(alone, { primals: { b: 9 } as never, tangents: { b: 1 } as never }).tangents
    const [dx, dy] = numbers([2], moved)
    expect(Math.abs(dx!)).toBe(0)
    expect(dy).toBeCloseTo(1 / (3 * y * y), 12)
    // As it is for each column of a Jacobian.
    const { data } = Fn.runSync(Forward.jacobian(alone), { b: 9 } as never)["b"] as unknown as Tensor.Tensor
    expect(data[0]! + 0).toBe(0)
    expect(data[1]).toBe(dy)
  })

  it("several inputs, of which one is decomposed", () => {
    const x = Tensor.make([
      [2, 1],
      [1, 3]
    ]) as Tensor.Tensor
    for (const decompose of [
      (a: Expr.Expr) => Expr.qr(a as never).q,
      (a: Expr.Expr) => Expr.qr(a as never).r,
      (a: Expr.Expr) => Expr.eigh(a as never).vectors,
      (a: Expr.Expr) => Expr.eigh(a as never).values
    ] as ReadonlyArray<(a: Expr.Expr) => Expr.Expr>) {
      agree({ x: [2, 2], y: [2] }, ({ x, y }) => Expr.mul(decompose(x!), y!), { x, y: Tensor.make([0.5, -2]) })
    }
  })
})

describe("indices one out of range", () => {
  it("read and write nothing that varies", () => {
    const at = Expr.constant(Tensor.index([3, 1, -1]))
    const read = program({ x: [3] }, ({ x }) => Expr.gather(x!, at))
    const primals = { x: Tensor.make([1, 2, 3]) } as never
    const ones = { x: Tensor.make([1, 1, 1]) } as never
    expect(numbers([3], Forward.evaluate(read, { primals, tangents: ones }).tangents)).toEqual([0, 1, 0])
    const cotangents = Tensor.make([10, 20, 30]) as never
    expect(numbers(read.inputs, Reverse.evaluate(read, { primals, cotangents }).cotangents)).toEqual([0, 20, 0])
  })
})

describe("derivatives of derivatives", () => {
  it("hypot on an axis: its second derivative is not zero where its first is", () => {
    const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.hypot(x, y))
    const hessians = [
      Forward.jacobian(Reverse.grad(f)),
      Reverse.jacobian(Reverse.grad(f)),
      Forward.jacobian(Forward.jacobian(f)),
      Reverse.jacobian(Forward.jacobian(f))
    ]
    for (const hessian of hessians) {
      const at = (x: number, y: number): ReadonlyArray<number> =>
        numbers(hessian.outputs as Tree.Spec, Fn.runSync(hessian, { x, y })).map((n) => n + 0)
      expect(at(0, 2)).toEqual([0.5, 0, 0, 0])
      expect(at(2, 0)).toEqual([0, 0, 0, 0.5])
    }
  })

  // The number of steps depends on the input, and every state on the ones before.
  const loop = (x: Scalar, s: Scalar): Scalar =>
    Expr.whileLoop(
      ({ y }: { readonly y: Scalar; readonly z: Scalar; readonly c: Scalar }) => Expr.lt(y, 4),
      ({ c, y, z }) => ({
        y: Expr.add(y, Expr.mul(x, c)),
        z: Expr.mul(Expr.sin(z), Expr.add(y, s)),
        c: Expr.sqrt(Expr.add(c, z))
      }),
      { y: x, z: Expr.mul(x, x), c: Expr.constant(1) }
    ).z as Scalar
  const derivative = (f: Fn.Any, mode: string): Fn.Any => {
    const scalar = f as unknown as Fn.Fn<{ readonly x: readonly []; readonly s: readonly [] }, readonly []>
    const gradient = mode === "F" ? Forward.jacobian(scalar) : Reverse.grad(scalar)
    return Fn.make(scalar.inputs, (inputs) => {
      const { s, x } = Fn.apply(gradient as never, inputs as never) as unknown as typeof inputs
      return Expr.add(x, Expr.mul(0.75, s))
    })
  }
  it.each(["F", "R"].flatMap((a) => ["F", "R"].flatMap((b) => ["", "F", "R"].map((c) => a + b + c))))(
    "of a loop, %s: those of forward mode alone, and central differences of the order below",
    (modes) => {
      const f = Fn.make({ x: [], s: [] }, ({ s, x }) => loop(x, s)) as Fn.Any
      const at = { x: 0.8, s: 0.3 }
      const value = (g: Fn.Any, point = at): number =>
        Fn.runSync(g as unknown as Fn.Fn<readonly [], readonly []>, point as never)
      const g = [...modes].reduce(derivative, f)
      const expected = value([...modes].reduce((h) => derivative(h, "F"), f))
      expect(Math.abs(value(g) - expected)).toBeLessThan(1e-11 * Math.abs(expected))
      const below = [...modes].slice(1).reduce((h) => derivative(h, "F"), f)
      const h = 1e-5
      const difference =
        (value(below, { x: 0.8 + h, s: 0.3 + 0.75 * h }) - value(below, { x: 0.8 - h, s: 0.3 - 0.75 * h })) / (2 * h)
      expect(Math.abs(difference - expected)).toBeLessThan(1e-6 * Math.max(1, Math.abs(expected)))
    }
  )

  it("of a loop, where a state is read by the pullback alone", () => {
    // x p^6: the gradient in x reads the powers of p, whose own cotangents come from there and from nowhere else.
    const f = Fn.make(
      { x: [], p: [] },
      ({ p, x }) =>
        Expr.whileLoop(
          ({ i }) => Expr.lt(i, 3),
          ({ i, s, y }) => ({ i: Expr.add(i, 1), y: Expr.mul(y, s), s: Expr.mul(s, p) }),
          { i: Expr.constant(Tensor.index(0)), y: x, s: p }
        ).y
    )
    const gradient = Reverse.grad(f, { wrt: ["x"] })
    const second = Fn.make({ x: [], p: [] }, (at) => Fn.apply(gradient, at).x)
    expect(Fn.runSync(second, { x: 2, p: 1.5 })).toBeCloseTo(1.5 ** 6, 12)
    expect(Fn.runSync(Reverse.grad(second), { x: 2, p: 1.5 }).p).toBeCloseTo(6 * 1.5 ** 5, 12)
  })

  it("of a scan, where a carry is replaced by each step", () => {
    const f = Fn.make([], (x) => {
      const { b } = Expr.iterate(3, ({ a }) => ({ a: Expr.sin(a), b: Expr.stack([a, Expr.cos(a)]) }), {
        a: x,
        b: Expr.zeros([2])
      })
      return Expr.sum(b)
    })
    const inner = Math.sin(Math.sin(0.7))
    const slope = Math.cos(0.7) * Math.cos(Math.sin(0.7)) * (1 - Math.sin(inner))
    expect(Fn.runSync(Reverse.grad(f), 0.7)).toBeCloseTo(slope, 12)
    expect(Fn.runSync(Forward.derivative(f), 0.7)).toBeCloseTo(slope, 12)
  })

  it("of a loop in its cotangent alone", () => {
    const f = Fn.make({ x: [], s: [] }, ({ s, x }) => loop(x, s))
    const gradient = Reverse.vjp(f)
    const h = Fn.make([], (c) => {
      const { cotangents } = Fn.apply(gradient, {
        primals: { x: Expr.constant(0.8), s: Expr.constant(0.3) },
        cotangents: c
      } as never) as unknown as {
        readonly cotangents: { readonly x: Scalar; readonly s: Scalar }
      }
      return Expr.add(cotangents.x, Expr.mul(2, cotangents.s))
    })
    const { s, x } = Fn.runSync(Reverse.grad(f), { x: 0.8, s: 0.3 })
    expect(Fn.runSync(Reverse.grad(h), 3)).toBeCloseTo(x + 2 * s, 12)
    expect(Fn.runSync(Forward.derivative(h), 3)).toBeCloseTo(x + 2 * s, 12)
  })
})

describe("a zero by structure is never computed", () => {
  /** The control primitives of a program: how many operands and results each has. */
  const controls = (f: Fn.Any): ReadonlyArray<string> => {
    const found = new Map<number, string>()
    for (const node of Fn.nodes(f)) {
      const view = Expr.view(node)
      if (view._tag !== "Project") continue
      const attributes = view.attributes as { readonly body?: { readonly outputNodes: ReadonlyArray<unknown> } }
      found.set(view.of, `${view.primitive}: ${view.operands.length} to ${attributes.body?.outputNodes.length}`)
    }
    return [...found].sort(([a], [b]) => a - b).map(([, text]) => text)
  }
  const shapes = { x: [], y: [], v: [3], w: [3] } as const

  it("tangents of several directions in a scan: each carry has those that reach it", () => {
    const f = Fn.make({ x: [], y: [] }, ({ x, y }) => {
      const { a, b } = Expr.iterate(3, ({ a, b }) => ({ a: Expr.sin(a), b: Expr.cos(b) }), { a: x, b: y })
      return Expr.add(a, b)
    })
    // The scan, which keeps what the tangents are multiplied by, and one scan for each direction, of one tangent.
    expect(controls(Forward.jacobian(f))).toEqual(["scan: 2 to 4", "scan: 2 to 1", "scan: 2 to 1"])
  })

  it("cotangents of one of two results", () => {
    const mapped = Fn.make(shapes, ({ v, w }) =>
      Expr.sum(Expr.map(({ v, w }) => ({ p: Expr.sin(v), q: Expr.cos(w) }), { v, w }).p)
    )
    const called = Fn.make(shapes, ({ x, y }) => {
      const inner = Fn.make({ x: [], y: [] }, ({ x, y }) => ({ p: Expr.sin(x), q: Expr.cos(y) }))
      return Fn.call(inner, { x, y }).p
    })
    const scanned = Fn.make(shapes, ({ v, w, x }) =>
      Expr.sum(Expr.scan((a, { v, w }) => [Expr.mul(a, v), { p: Expr.sin(v), q: Expr.cos(w) }], x, { v, w })[1].p)
    )
    // A cotangent and what the sine is of; a call keeps its operands.
    expect(controls(Reverse.grad(mapped))).toEqual(["map: 2 to 1"])
    expect(controls(Reverse.grad(called))).toEqual(["call: 3 to 1"])
    expect(controls(Reverse.grad(scanned))).toEqual(["scan: 2 to 1"])
  })

  it("values that a pullback does not read", () => {
    const mapped = Fn.make(shapes, ({ v, x, y }) => Expr.sum(Expr.map((v) => Expr.add(Expr.mul(v, y), x), v)))
    const scanned = Fn.make(
      shapes,
      ({ v, w, x, y }) =>
        Expr.scan((a, { v, w }) => [Expr.add(Expr.mul(a, y), Expr.add(v, Expr.sin(w))), a], x, { v, w })[0]
    )
    // y, v and a cotangent, to those of v, x and y.
    expect(controls(Reverse.grad(mapped))).toEqual(["map: 3 to 3"])
    // The scan, which keeps its carries; then back: y, w, the carries, the cotangents of carry and y, to these two and those of v and w.
    expect(controls(Reverse.grad(scanned))).toEqual(["scan: 4 to 3", "scan: 5 to 4"])
  })
})
