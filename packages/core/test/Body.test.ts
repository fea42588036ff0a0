// A body in parts computes what the whole body computes, whichever inputs are known and whichever outputs are asked for.

import { Basis, Body, Expr, Fn, Interpreter, Rule, Tensor, Type } from "@fluxion/core"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

type Scalar = Expr.Expr<readonly []>
type Vector = Expr.Expr<readonly [3]>

const types = [Type.real([]), Type.real([]), Type.real([3]), Type.real([3]), Type.bool([]), Type.index([])]

interface Inputs {
  readonly a: Scalar
  readonly b: Scalar
  readonly u: Vector
  readonly v: Vector
  readonly p: Expr.BoolExpr<readonly []>
  readonly i: Expr.IndexExpr<readonly []>
}

type Build = (inputs: Inputs) => ReadonlyArray<Expr.Any>

const bodyOf = (build: Build): Body.Body =>
  Body.make(types, (inputs) => {
    const [a, b, u, v, p, i] = inputs as ReadonlyArray<unknown> as [
      Inputs["a"],
      Inputs["b"],
      Inputs["u"],
      Inputs["v"],
      Inputs["p"],
      Inputs["i"]
    ]
    return build({ a, b, u, v, p, i })
  })

const step = Fn.make({ x: [], y: [] }, ({ x, y }) => ({
  first: Expr.sin(Expr.mul(x, 2)),
  both: Expr.mul(Expr.cos(x), y),
  second: Expr.exp(y)
}))

const bodies: Record<string, Build> = {
  "operations on all inputs": ({ a, b, i, p, u, v }) => [
    Expr.add(Expr.mul(Expr.exp(a), b), Expr.toReal(i)),
    Expr.select(p, Expr.mul(u, a), Expr.sub(v, b)),
    Expr.sin(a),
    Expr.broadcastTo(Expr.cos(a), [2, 3]),
    Expr.mul(Expr.broadcastTo(Expr.cos(a), [3]), v),
    u,
    Expr.constant(2)
  ],
  call: ({ a, b }) => {
    const once = Fn.call(step, { x: a, y: b })
    const again = Fn.call(step, { x: once.first, y: once.both })
    return [once.first, once.both, once.second, again.first, again.both, again.second]
  },
  cond: ({ a, b, p, u }) => {
    const { both, mine, yours } = Expr.cond(
      p,
      () => ({ mine: Expr.mul(Expr.sin(a), 2), yours: Expr.mul(Expr.exp(Expr.mul(a, a)), b), both: Expr.mul(u, a) }),
      () => ({ mine: Expr.cos(a), yours: Expr.mul(Expr.sum(Expr.tanh(u)), b), both: Expr.mul(u, b) })
    )
    return [mine, yours, both]
  },
  map: ({ a, b, u, v }) => {
    const { mixed, other, own } = Expr.map(
      ({ x, y }) => ({
        own: Expr.sin(Expr.add(x, Expr.exp(a))),
        mixed: Expr.mul(Expr.mul(Expr.cos(x), y), Expr.exp(a)),
        other: Expr.mul(y, b)
      }),
      { x: u, y: v }
    )
    return [own, mixed, other]
  },
  scan: ({ a, b, u, v }) => {
    const [{ first, second }, { mixed, own }] = Expr.scan(
      ({ first, second }, { x, y }) => {
        const next = Expr.sin(Expr.add(Expr.mul(first, Expr.exp(a)), x))
        return [
          { first: next, second: Expr.add(Expr.mul(second, Expr.cos(first)), Expr.mul(y, Expr.exp(a))) },
          { own: Expr.mul(next, x), mixed: Expr.mul(second, first) }
        ]
      },
      { first: a, second: b },
      { x: u, y: v },
      { reverse: true }
    )
    return [first, second, own, mixed]
  },
  "a scan whose first carry becomes unknown": ({ a, b, u }) => {
    const { x, y, z } = Expr.fold(
      ({ x, y, z }, item) => ({ x: Expr.sin(Expr.add(x, y)), y: Expr.mul(y, z), z: Expr.add(Expr.mul(z, b), item) }),
      { x: a, y: Expr.cos(a), z: Expr.exp(a) },
      u
    )
    return [x, y, z]
  },
  whileLoop: ({ a, b, i }) => {
    const { n, x, y } = Expr.whileLoop(
      ({ n }) => Expr.lt(n, i),
      ({ n, x, y }) => {
        const { both, first } = Fn.call(step, { x, y })
        return { n: Expr.add(n, 1), x: Expr.mul(first, Expr.cos(a)), y: Expr.mul(both, b) }
      },
      { n: Expr.constant(Tensor.index(0)), x: a, y: b }
    )
    return [n, x, y]
  },
  "one in the other": ({ a, b, p, u, v }) => {
    const [carry, ys] = Expr.scan(
      (carry, { x, y }) => {
        const { mine, yours } = Expr.cond(
          p,
          () => ({ mine: Expr.sin(Expr.mul(carry, x)), yours: Expr.mul(Expr.exp(x), y) }),
          () => ({ mine: Expr.cos(carry), yours: Expr.mul(y, Expr.tanh(Expr.mul(a, a))) })
        )
        const rows = Expr.map((z) => Expr.mul(Expr.mul(Expr.sin(z), carry), b), u)
        return [mine, { yours, rows }]
      },
      a,
      { x: u, y: v }
    )
    return [carry, ys.yours, ys.rows]
  }
}

const inputs = fc
  .record({
    a: fc.double({ min: -1, max: 1, noNaN: true }),
    b: fc.double({ min: -1, max: 1, noNaN: true }),
    u: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
    v: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
    p: fc.boolean(),
    i: fc.integer({ min: 0, max: 3 })
  })
  .map(({ a, b, i, p, u, v }): ReadonlyArray<Tensor.Any> => [
    Tensor.make(a),
    Tensor.make(b),
    Tensor.make(u),
    Tensor.make(v),
    Tensor.bool(p),
    Tensor.index(i)
  ])

const evaluate = (body: Body.Body, values: ReadonlyArray<Tensor.Any>) =>
  Body.interpret(body, Interpreter.algebra, values)

const flags = (length: number) => fc.array(fc.boolean(), { minLength: length, maxLength: length })

const same = (actual: ReadonlyArray<Tensor.Any>, expected: ReadonlyArray<Tensor.Any>): void => {
  expect(actual.map(Tensor.toNested)).toEqual(expected.map(Tensor.toNested))
}

describe.each(Object.entries(bodies))("%s", (_, build) => {
  const body = bodyOf(build)

  it("split: the two parts compute what the whole computes", () => {
    fc.assert(
      fc.property(inputs, flags(types.length), (values, known) => {
        const parts = Body.split(body, known)
        const expected = evaluate(body, values)
        const first = evaluate(
          parts.known,
          values.filter((_, i) => known[i])
        )
        const count = parts.knownOutputs.filter(Boolean).length
        const second = evaluate(parts.unknown, [...first.slice(count), ...values.filter((_, i) => !known[i])])
        let [k, u] = [0, 0]
        same(
          parts.knownOutputs.map((flag) => (flag ? first[k++]! : second[u++]!)),
          expected
        )
      })
    )
  })

  it("keepOutputs: the outputs asked for stay what they are", () => {
    fc.assert(
      fc.property(inputs, flags(Body.outputTypes(body).length), (values, keep) => {
        same(
          evaluate(Body.keepOutputs(body, keep), values),
          evaluate(body, values).filter((_, i) => keep[i])
        )
      })
    )
  })
})

/** The operations of a body, those in the bodies of its control primitives included. */
const operations = (body: Body.Body): ReadonlyArray<string> =>
  Fn.nodes(body as never).flatMap((node): ReadonlyArray<string> => {
    const view = Expr.view(node)
    if (view._tag === "Apply") return [view.primitive]
    if (view._tag !== "Project") return []
    return Object.values(view.attributes).flatMap((value: unknown) =>
      typeof value === "object" && value !== null && "inputNodes" in value ? operations(value as Body.Body) : []
    )
  })

describe("split", () => {
  it("evaluates what is known in the known part only", () => {
    const body = bodyOf(({ a, b, u }) => {
      const last = Expr.fold((carry, x) => Expr.mul(carry, Expr.exp(Expr.mul(x, Expr.sin(a)))), b, u)
      return [last]
    })
    const parts = Body.split(body, [true, false, true, true, true, true])
    expect(new Set(operations(parts.known))).toEqual(new Set(["sin", "mul", "exp"]))
    expect(new Set(operations(parts.unknown))).toEqual(new Set(["mul"]))
  })

  it("computes before a loop what does not change from step to step, and keeps one value of it", () => {
    const body = bodyOf(({ a, b, u }) => {
      const last = Expr.fold((carry, x) => Expr.mul(carry, Expr.mul(x, Expr.exp(a))), b, u)
      return [last]
    })
    const parts = Body.split(body, [true, false, false, true, true, true])
    expect(Body.outputTypes(parts.known).map(Type.render)).toEqual(["real[]"])
    expect(new Set(operations(parts.unknown))).toEqual(new Set(["mul"]))
  })

  it("makes a broadcast again rather than keeping it", () => {
    const body = bodyOf(({ a, v }) => [Expr.mul(Expr.broadcastTo(Expr.exp(a), [1000, 3]), v)])
    const { known } = Body.split(body, [true, false, false, false, false, false])
    expect(Body.outputTypes(known).map(Type.render)).toEqual(["real[]"])
  })
})

describe("call sites", () => {
  it("are those of the user again after a split of bodies nested so deep that it begins again", () => {
    let f: Fn.Fn<readonly [], readonly []> = Fn.make([], (x) => Expr.sin(x))
    for (let depth = 0; depth < 100; depth++) {
      const g = f
      f = Fn.make([], (x) => Fn.call(g, x))
    }
    const body = Body.make([Type.real([]), Type.real([])], ([x, t]) => [
      Expr.mul(Fn.call(f, Expr.add(x as Scalar, t as Scalar)), x as Scalar)
    ])
    const siteOfNew = (): string | undefined => {
      const view = Expr.view(Expr.exp(1))
      return view._tag === "Apply" ? view.site : undefined
    }
    const before = siteOfNew()
    Body.split(body, [true, false])
    Body.keepOutputs(body, [false])
    expect(before).toMatch(/Body\.test\.ts:\d+:\d+$/)
    expect(siteOfNew()).toBe(before)
  })
})

describe("keepOutputs", () => {
  it("leaves out carries and constants that only other outputs need", () => {
    const body = bodyOf(({ a, b, u, v }) => {
      const { first, second } = Expr.fold(
        ({ first, second }, { x, y }) => ({
          first: Expr.sin(Expr.mul(first, x)),
          second: Expr.mul(Expr.exp(second), y)
        }),
        { first: a, second: b },
        { x: u, y: v }
      )
      return [first, second]
    })
    const kept = Body.keepOutputs(body, [true, false])
    expect(Body.usedInputs(kept)).toEqual([true, false, true, false, false, false])
    expect(operations(kept)).toEqual(["mul", "sin"])
  })
})

describe("Basis.map", () => {
  it("has one column a basis vector, and Zero where nothing varies", () => {
    const f = Fn.make({ x: [2] }, ({ x }) => {
      const rows = Basis.map({
        at: [x],
        directions: [Type.real([2]), Type.real([])],
        build: ([at], [u, s]) => [
          [Expr.mul(Expr.exp(at as Expr.Expr<[2]>), u as Expr.Expr<[2]>), Rule.Zero],
          [Expr.mul(at as Expr.Expr<[2]>, s as Scalar), Expr.neg(s as Scalar)]
        ]
      })
      expect(rows[0]![1]).toBe(Rule.Zero)
      return { vectors: rows[0]![0] as Expr.Expr<[2, 2]>, scalars: rows[1] as [Expr.Expr<[1, 2]>, Expr.Expr<[1]>] }
    })
    const { scalars, vectors } = Fn.runSync(f, { x: Tensor.make([0, 3]) })
    expect(Tensor.toNested(vectors)).toEqual([
      [1, 0],
      [0, Math.exp(3)]
    ])
    expect([Tensor.toNested(scalars[0]), Tensor.toNested(scalars[1])]).toEqual([[[0, 3]], [-1]])
  })
})

describe("Basis.along", () => {
  it("goes along the given vectors, and repeats what does not vary with them", () => {
    const f = Fn.make({ x: [2] }, ({ x }) => {
      const [products, constant, zero] = Basis.along(
        {
          at: [x],
          directions: [Type.real([2]), Type.real([])],
          build: ([at], [u, s]) => [
            [Expr.mul(Expr.mul(at as Expr.Expr<[2]>, u as Expr.Expr<[2]>), s as Scalar)],
            [Expr.sum(Expr.exp(at as Expr.Expr<[2]>)), Rule.Zero]
          ]
        },
        [
          Expr.constant([
            [1, 0],
            [0, 1],
            [1, 1]
          ]),
          Expr.constant([1, 10, 100])
        ]
      )
      expect(zero).toBe(Rule.Zero)
      return { products: products as Expr.Expr<[3, 2]>, constant: constant as Expr.Expr<[3]> }
    })
    const { constant, products } = Fn.runSync(f, { x: Tensor.make([0, 2]) })
    expect(Tensor.toNested(products)).toEqual([
      [0, 0],
      [0, 20],
      [0, 200]
    ])
    expect(Tensor.toNested(constant)).toEqual([1 + Math.exp(2), 1 + Math.exp(2), 1 + Math.exp(2)])
  })
})
