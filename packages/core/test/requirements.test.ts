import { Expr, Fn, Initializer, Interpreter, Random, Serialization, Shape, Tensor } from "@fluxion/core"
import { Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const key = Random.key(7)
const w = () => Expr.param("w", [2], Initializer.ones)
const at = (values: ReadonlyArray<number>) => Tensor.fromArray(values, [values.length]) as never

describe("parameters", () => {
  it("of one name are one, in the order in which they were made", () => {
    const f = Fn.make([2], (x) => {
      const b = Expr.param("b", [], Initializer.zeros)
      return Expr.add(Expr.add(Expr.dot(w(), x), b), Expr.dot(w(), w()))
    })
    const g = Fn.withParams(f)
    expect(g.inputs).toEqual({ params: { b: [], w: [2] }, inputs: [2] })
    expect(Object.keys(g.inputs.params)).toEqual(["b", "w"])
    expect(Fn.runSync(g, { params: { b: 100, w: Tensor.make([1, 10]) }, inputs: Tensor.make([2, 3]) })).toBe(233)
  })

  it("are found wherever they are used: made inside of bodies, captured from outside, in programs that are applied and called", () => {
    const p = (name: string) => Expr.param(name, [], Initializer.ones) as Expr.Expr<readonly []>
    const inner = Fn.make([], (x) => Expr.mul(x, p("inner")))
    const outside = p("outside")
    const f = Fn.make({ x: [3], flag: [] }, ({ flag, x }) => {
      const mapped = Expr.map((xi) => Expr.add(Expr.mul(xi, p("map")), outside), x)
      const [total, ys] = Expr.scan(
        (c, xi) => [Expr.add(c, Expr.mul(xi, p("scan"))), Expr.mul(p("shared"), xi)],
        0,
        mapped
      )
      const chosen = Expr.cond(
        Expr.gt(flag, 0),
        () => Expr.mul(p("true"), total),
        () => Expr.iterate(2, (y) => Expr.mul(y, p("false")), total)
      )
      const looped = Expr.whileLoop(
        (y) => Expr.lt(y, p("limit")),
        (y) =>
          Expr.add(Expr.add(y, 1), Expr.mul(p("loop"), Expr.map((z) => Expr.mul(z, p("shared")), x).pipe(Expr.sum()))),
        chosen
      )
      const called = Fn.call(inner, Fn.apply(inner, looped))
      return Expr.add(Expr.sum(ys), Expr.add(called, Expr.sum(Fn.apply(Fn.map(inner, { size: 3 }), x))))
    }) as unknown as Fn.Fn<{ x: readonly [3]; flag: readonly [] }, readonly []>
    const g = Fn.withParams(f) as unknown as Fn.Fn<
      { params: Record<string, readonly []>; inputs: typeof f.inputs },
      readonly []
    >
    const names = ["outside", "map", "scan", "shared", "true", "false", "limit", "loop", "inner"]
    expect(Object.keys(g.inputs.params).sort()).toEqual(names.toSorted())
    const params: Record<string, number> = Object.fromEntries(names.map((name, i) => [name, 1 + i / 8]))
    const value = (name: string): number => params[name]!
    for (const flag of [1, -1]) {
      const x = [1, 2, 3]
      const mapped = x.map((xi) => xi * value("map") + value("outside"))
      const total = mapped.reduce((c, xi) => c + xi * value("scan"), 0)
      let y = flag > 0 ? value("true") * total : total * value("false") ** 2
      while (y < value("limit")) y = y + 1 + value("loop") * 6 * value("shared")
      const expected =
        mapped.reduce((c, xi) => c + value("shared") * xi, 0) + y * value("inner") ** 2 + 6 * value("inner")
      expect(Fn.runSync(g as never, { params, inputs: { x: at(x), flag } } as never)).toBeCloseTo(expected, 12)
    }
  })

  it("have any names", () => {
    const names = ["__proto__", "constructor", "toString", "2", "1", "a.b", "", "hasOwnProperty"]
    const f = Fn.make({}, () =>
      names
        .map((name, i) => Expr.mul(i + 1, Expr.param(name, [], Initializer.constant(i)) as Expr.Expr<readonly []>))
        .reduce((a, b) => Expr.add(a, b))
    ) as unknown as Fn.Fn<{}, readonly []>
    const g = Fn.withParams(f)
    const params = Fn.initParams(f, key) as Record<string, number>
    expect(Object.keys(params).sort()).toEqual(names.toSorted())
    expect(Object.keys(g.inputs.params)).toEqual(Object.keys(params))
    expect(Object.getPrototypeOf(params)).toBe(Object.prototype)
    names.forEach((name, i) => expect(Object.getOwnPropertyDescriptor(params, name)?.value).toBe(i))
    expect(Fn.runSync(g as never, { params, inputs: {} } as never)).toBe(
      names.reduce((sum, _, i) => sum + i * (i + 1), 0)
    )
  })

  it("of two shapes, or with two initialisers, are refused", () => {
    const shapes = Fn.make({}, () =>
      Expr.add(
        Expr.sum(Expr.param("w", [2] as ReadonlyArray<number>, Initializer.ones)),
        Expr.sum(Expr.param("w", [3] as ReadonlyArray<number>, Initializer.ones))
      )
    )
    for (const use of [() => Fn.withParams(shapes), () => Fn.initParams(shapes, key)]) {
      expect(use).toThrow(Shape.ShapeError)
      expect(use).toThrow('the parameter "w" has shape [2] in one place and [3] in another')
    }
    const initializers = Fn.make({}, () => Expr.add(w(), Expr.param("w", [2], Initializer.uniform({ min: 0, max: 1 }))))
    expect(() => Fn.withParams(initializers)).toThrow(
      'the parameter "w" has the initializer Constant(value: 1) in one place and Uniform(min: 0, max: 1) in another'
    )
    expect(() => Expr.param("w", [-1], Initializer.ones)).toThrow(Shape.ShapeError)
  })

  it("without a value are named by what runs or encodes the program all the same", () => {
    const f = Fn.make([2], (x) => Expr.dot(w(), x))
    expect(() => Fn.runSync(f as never, at([1, 2]))).toThrow('the parameter "w" has no value here: use Fn.withParams')
    expect(() => Fn.evaluate(Expr.random.uniform([]) as never)).toThrow("use Fn.withKey")
    const encoded = Serialization.encode(f)
    expect(encoded._tag === "Failure" ? encoded.failure.actual : "").toBe(
      'the parameter "w" (make it an input: Fn.withParams)'
    )
    expect(Serialization.encode(Fn.withParams(f))._tag).toBe("Success")
    const random = Serialization.encode(Fn.make([], () => Expr.random.normal([])))
    expect(random._tag === "Failure" ? random.failure.actual : "").toBe("a key (make it an input: Fn.withKey)")
  })

  it("are seen in views", () => {
    const view = Expr.view(w())
    expect(view).toMatchObject({
      _tag: "Input",
      label: "w",
      requirement: { _tag: "Param", name: "w", shape: [2], initializer: Initializer.ones }
    })
  })
})

describe("initParams", () => {
  it("is a function of key, name and shape alone", () => {
    const p = (name: string) => Expr.sum(Expr.param(name, [5], Initializer.heNormal)) as Expr.Expr<readonly []>
    const init = (...names: ReadonlyArray<string>): Record<string, Tensor.Tensor> =>
      Fn.initParams(
        Fn.make({}, () => names.map(p).reduce((a, b) => Expr.add(a, b))),
        key
      ) as never
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 6 }), (names) => {
        const all = init(...names)
        for (const name of names) expect(init(name)[name]).toEqual(all[name])
        expect(new Set(Object.values(all).map(String)).size).toBe(names.length)
      })
    )
    expect(`${init("a")["a"]}`).not.toBe(`${init("b")["b"]}`)
    const f = Fn.make({}, () => p("a"))
    expect(Fn.initParams(f, key)).toEqual(f.pipe(Fn.initParams(key)))
    expect(Fn.initParams(f, Random.key(8))).not.toEqual(Fn.initParams(f, key))
    expect(() => Fn.initParams(f, Tensor.index([1]) as never)).toThrow(Shape.ShapeError)
  })
})

// -----------------------------------------------------------------------------

const initial = (initializer: Initializer.Initializer, shape: Shape.Shape): Float64Array => {
  const f = Fn.make({}, () => Expr.sum(Expr.param("w", shape, initializer)))
  const { w: value } = Fn.initParams(f, key) as { readonly w: Tensor.Tensor | number }
  return typeof value === "number" ? Float64Array.of(value) : value.data
}
const moment = (data: Float64Array, k: number): number => data.reduce((sum, x) => sum + x ** k, 0) / data.length

describe("initialisers", () => {
  it("give constants", () => {
    expect(initial(Initializer.zeros, [3])).toEqual(Float64Array.of(0, 0, 0))
    expect(initial(Initializer.ones, [])).toEqual(Float64Array.of(1))
    expect(initial(Initializer.constant(-2.5), [1, 2])).toEqual(Float64Array.of(-2.5, -2.5))
  })

  // For n = 20000 draws of variance v, the mean has standard deviation sqrt(v / n), the mean square about v sqrt(2 / n) (normal) or less. Bounds
  // are 4 of these.
  const n = 20000
  const [fanIn, fanOut] = [100, 200]
  it.each([
    ["glorotUniform", Initializer.glorotUniform, 2 / (fanIn + fanOut), Math.sqrt(6 / (fanIn + fanOut))],
    ["glorotNormal", Initializer.glorotNormal, 2 / (fanIn + fanOut), Infinity],
    ["heUniform", Initializer.heUniform, 2 / fanIn, Math.sqrt(6 / fanIn)],
    ["heNormal", Initializer.heNormal, 2 / fanIn, Infinity],
    ["uniform", Initializer.uniform({ min: -2, max: 2 }), 4 / 3, 2],
    ["normal", Initializer.normal({ mean: 0, standardDeviation: 0.02 }), 0.0004, Infinity]
  ] as const)("%s has the variance of its rule", (_, initializer, variance, limit) => {
    const data = initial(initializer, [fanIn, fanOut])
    expect(data.length).toBe(n)
    expect(Math.abs(moment(data, 1))).toBeLessThan(4 * Math.sqrt(variance / n))
    expect(Math.abs(moment(data, 2) / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / n))
    const largest = data.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
    if (limit < Infinity) {
      expect(largest).toBeLessThanOrEqual(limit)
      expect(largest).toBeGreaterThan(0.999 * limit)
    } else expect(moment(data, 4) / variance ** 2).toBeCloseTo(3, 0)
  })

  it("of fans: inputs before outputs, windows before both", () => {
    expect(Initializer.fans([])).toEqual({ fanIn: 1, fanOut: 1 })
    expect(Initializer.fans([7])).toEqual({ fanIn: 7, fanOut: 7 })
    expect(Initializer.fans([5, 3, 4, 2])).toEqual({ fanIn: 60, fanOut: 30 })
    expect(moment(initial(Initializer.heNormal, [5, 5, 8, 100]), 2) * 100).toBeCloseTo(1, 1)
  })

  it.each([
    [[4, 4], 4],
    [[6, 3], 3],
    [[3, 6], 3],
    [[2, 3, 5], 5],
    [[5], 1],
    [[], 1],
    [[1, 1], 1]
  ] as const)("orthogonal gives orthonormal columns or rows: %j", (shape, rank) => {
    const gain = 3
    const columns: number = shape.at(-1) ?? 1
    const q = initial(Initializer.orthogonal({ gain }), shape)
    const rows = q.length / columns
    const product = (i: number, j: number): number => {
      let sum = 0
      if (rows >= columns) for (let k = 0; k < rows; k++) sum += q[k * columns + i]! * q[k * columns + j]!
      else for (let k = 0; k < columns; k++) sum += q[i * columns + k]! * q[j * columns + k]!
      return sum
    }
    expect(Math.min(rows, columns)).toBe(rank)
    for (let i = 0; i < rank; i++) {
      for (let j = 0; j < rank; j++) expect(product(i, j)).toBeCloseTo(i === j ? gain ** 2 : 0, 12)
    }
  })

  it("orthogonal prefers no direction", () => {
    // Entries of a uniformly distributed orthogonal matrix of order 3 are uniform on [-1, 1] (Archimedes): each entry has mean 0 and mean square 1/3,
    // with standard deviations sqrt(1/3 / n) and sqrt(4/45 / n).
    const draws = Array.from({ length: 2000 }, (_, i) => {
      const f = Fn.make({}, () => Expr.sum(Expr.param(`w${i}`, [3, 3], Initializer.orthogonal())))
      return (Object.values(Fn.initParams(f, key)) as ReadonlyArray<Tensor.Tensor>)[0]!.data
    })
    for (let e = 0; e < 9; e++) {
      const entry = Float64Array.from(draws, (q) => q[e]!)
      expect(Math.abs(moment(entry, 1))).toBeLessThan(4 * Math.sqrt(1 / 3 / entry.length))
      expect(Math.abs(moment(entry, 2) - 1 / 3)).toBeLessThan(4 * Math.sqrt(4 / 45 / entry.length))
    }
  })

  it("of nothing give nothing", () => {
    for (const initializer of [
      Initializer.heNormal,
      Initializer.glorotUniform,
      Initializer.orthogonal(),
      Initializer.ones
    ]) {
      expect(initial(initializer, [0]).length).toBe(0)
      expect(initial(initializer, [3, 0]).length).toBe(0)
      expect(initial(initializer, [0, 3]).length).toBe(0)
    }
    for (const initializer of [Initializer.heNormal, Initializer.glorotUniform, Initializer.orthogonal()]) {
      expect(Number.isFinite(initial(initializer, [])[0])).toBe(true)
    }
  })

  it("are data", () => {
    const all = [
      Initializer.zeros,
      Initializer.uniform({ min: 0, max: 1 }),
      Initializer.orthogonal(),
      Initializer.heNormal
    ]
    for (const initializer of all) {
      const text = JSON.stringify(Schema.encodeSync(Initializer.schema)(initializer))
      expect(Schema.decodeUnknownSync(Initializer.schema)(JSON.parse(text))).toEqual(initializer)
    }
  })
})

// -----------------------------------------------------------------------------

const run = (f: Fn.Any, inputs: unknown, seed = 1): unknown =>
  Fn.runSync(Fn.withKey(f as never) as never, { key: Random.key(seed), inputs } as never)
const u = () => Expr.random.uniform([])
const drawn = (k: Random.Key): number => Interpreter.algebra.apply("randomUniform", { shape: [] }, [k]).data[0]!

describe("keys", () => {
  const root = Random.key(1)

  it("are derived as documented: sites in the order in which they are built", () => {
    const f = Fn.make({}, () => [u(), u(), Expr.add(u(), 0)])
    expect(run(f, {})).toEqual([0, 1, 2].map((site) => drawn(Random.foldIn(root, site))))
  })

  it("do not depend on what else is built", () => {
    const make = () => Fn.make({}, () => [u(), u()])
    const before = run(make(), {})
    Fn.make({}, () => [u(), u(), u()])
    Expr.random.normal([3])
    expect(run(make(), {})).toEqual(before)
    expect(
      run(
        Fn.make({}, () => {
          make()
          Fn.withKey(make())
          return [u(), u()]
        }),
        {}
      )
    ).toEqual(before)
  })

  it("survive a body that throws", () => {
    expect(() =>
      Fn.make({}, () => {
        u()
        throw new Error("no")
      })
    ).toThrow("no")
    expect(() =>
      Fn.make([2], (x) =>
        Expr.map(() => {
          u()
          throw new Error("no")
        }, x)
      )
    ).toThrow("no")
    expect(
      run(
        Fn.make({}, () => u()),
        {}
      )
    ).toBe(drawn(Random.foldIn(root, 0)))
    // Outside of any program: a key of its own.
    const [a, b] = [u(), u()]
    expect(
      run(
        Fn.make({}, () => a),
        {}
      )
    ).toBe(drawn(Random.foldIn(root, 0)))
    const keys = [0, 1].map((i) => Random.foldIn(Random.foldIn(root, i), 0))
    expect(
      run(
        Fn.make({}, () => [a, b]),
        {}
      )
    ).toEqual(keys.map(drawn))
    expect(
      run(
        Fn.make({}, () => [b, a]),
        {}
      )
    ).toEqual(keys.map(drawn).toReversed())
    const mapped = Expr.map((x) => Expr.add(x, u()), Expr.zeros([2]))
    const looped = Expr.iterate(2, (x) => Expr.add(x, u()), Expr.constant(0))
    const all = Fn.make({}, () => Expr.concat([mapped, Expr.reshape(looped, [1])], 0))
    const { data } = run(all, {}) as Tensor.Tensor
    expect(new Set(data).size).toBe(3)
  })

  it("of elements: a program under map draws for each", () => {
    const f = Fn.make([3], (x) => Expr.map((xi) => Expr.add(Expr.mul(0, xi), u()), x))
    const elements = [0, 1, 2].map((i) => drawn(Random.foldIn(Random.foldIn(Random.foldIn(root, 0), i), 0)))
    expect(run(f, at([1, 2, 3]))).toEqual(Tensor.make(elements))
    const g = Fn.map(
      Fn.make([], (x) => Expr.add(Expr.mul(0, x), u())),
      { size: 3 }
    )
    expect(run(g, at([1, 2, 3]))).toEqual(Tensor.make(elements))
    const h = Fn.make([3], (x) => Expr.scan((c, xi) => [c, Expr.add(Expr.mul(0, xi), u())], 0, x, { reverse: true })[1])
    expect(run(h, at([1, 2, 3]))).toEqual(Tensor.make(elements))
    const loop = Fn.make(
      {},
      () =>
        Expr.whileLoop(
          ({ i }) => Expr.lt(i, 3),
          ({ i, ys }) => ({
            i: Expr.add(i, 1),
            ys: Expr.dynamicUpdateSlice(ys, Expr.reshape(u(), [1]), Expr.reshape(Expr.toIndex(i), [1]))
          }),
          { i: 0, ys: Expr.zeros([3]) }
        ).ys
    )
    expect(run(loop, {})).toEqual(Tensor.make(elements))
  })

  it("of what is drawn outside of a body: one draw for all", () => {
    const f = Fn.make([3], (x) => {
      const noise = u()
      return { noise, mapped: Expr.map((xi) => Expr.add(Expr.mul(0, xi), noise), x) }
    })
    const { mapped, noise } = run(f, at([1, 2, 3])) as { noise: number; mapped: Tensor.Tensor }
    expect(Array.from(mapped.data)).toEqual([noise, noise, noise])
    const captured = Fn.make({}, () => {
      const noise = u()
      const inner = Fn.make([], (x) => Expr.add(Expr.mul(0, x), noise))
      return [
        noise,
        Fn.apply(inner, 1),
        Fn.call(inner, 1),
        Expr.at(Fn.apply(Fn.map(inner, { size: 2 }), Expr.ones([2])), 0)
      ]
    })
    const all = run(captured, {}) as ReadonlyArray<number>
    expect(new Set(all).size).toBe(1)
    // A program that outlives the one it captured from.
    let kept: Fn.Any | undefined
    Fn.make({}, () => {
      const noise = u()
      kept = Fn.make([], (x) => Expr.add(x, noise))
      return noise
    })
    const twice = Fn.make({}, () => [Fn.call(kept as never, 0 as never), Fn.call(kept as never, 0 as never)] as never)
    const [a, b] = run(twice, {}) as ReadonlyArray<number>
    expect(a).not.toBe(b)
  })

  it("of programs that are applied, called, or composed twice: other draws", () => {
    const f = Fn.make([], (x) => Expr.add(Expr.mul(0, x), u()))
    const g = Fn.make({}, () => [Fn.apply(f, 0), Fn.apply(f, 0), Fn.call(f, 0), Fn.call(f, 0), u()])
    expect(new Set(run(g, {}) as ReadonlyArray<number>).size).toBe(5)
    expect(run(g, {})).toEqual([
      ...[0, 1, 2, 3].map((site) => drawn(Random.foldIn(Random.foldIn(root, site), 0))),
      drawn(Random.foldIn(root, 4))
    ])
    const sum = Fn.make([], (x) => Expr.add(x, u()))
    expect(run(Fn.andThen(sum, sum), 0)).toBe(
      drawn(Random.foldIn(Random.foldIn(root, 0), 0)) + drawn(Random.foldIn(Random.foldIn(root, 1), 0))
    )
    const plain = Fn.make([], (x) => Expr.mul(2, x))
    expect(run(Fn.andThen(sum, plain), 0)).toBe(2 * drawn(Random.foldIn(root, 0)))
    expect(run(Fn.andThen(plain, sum), 0)).toBe(drawn(Random.foldIn(root, 0)))
  })

  it("are not asked for by what is drawn and not used", () => {
    const f = Fn.make([3], (x) => {
      u()
      const [total] = Expr.scan(
        (c, xi) => {
          u()
          return [Expr.add(c, xi), c]
        },
        0,
        x
      )
      const y = Expr.whileLoop(
        (c) => {
          u()
          return Expr.lt(c, 10)
        },
        (c) => {
          u()
          return Expr.add(c, 5)
        },
        total
      )
      return Expr.map((xi) => {
        u()
        return Expr.add(xi, y)
      }, x)
    })
    expect(Fn.runSync(f, at([1, 2, 3]))).toEqual(Tensor.make([12, 13, 14]))
  })

  it("and parameters are bound in either order", () => {
    const f = Fn.make([2], (x) => Expr.add(Expr.mul(w(), x), Expr.random.normal([2])))
    const params = { w: Tensor.make([2, 3]) }
    const inputs = Tensor.make([1, 1])
    const a = Fn.runSync(Fn.withKey(Fn.withParams(f)), { key, inputs: { params, inputs } })
    const b = Fn.runSync(Fn.withParams(Fn.withKey(f)), { params, inputs: { key, inputs } })
    expect(a).toEqual(b)
    const mapped = Fn.withKey(Fn.map(Fn.withParams(f), { size: 3, axes: { params: null, inputs: 0 } }))
    expect(mapped.inputs).toEqual({
      key: { elementType: "index", shape: [2] },
      inputs: { params: { w: [2] }, inputs: [3, 2] }
    })
  })
})

describe("draws with parameters that do not fit", () => {
  it("are refused", () => {
    const three = Expr.ones([3] as ReadonlyArray<number>)
    expect(() => Expr.random.uniform([2], { min: three })).toThrow("random.uniform: min: cannot broadcast [3] to [2]")
    expect(() => Expr.random.normal([], { mean: three as never })).toThrow("mean: cannot broadcast [3] to []")
    expect(() => Expr.random.normal([2], { standardDeviation: three })).toThrow("standardDeviation: cannot broadcast")
    expect(() => Expr.random.bernoulli(three, [2, 4])).toThrow("random.bernoulli: p: cannot broadcast [3] to [2,4]")
    expect(() => Expr.random.categorical(three, { axis: 1 })).toThrow(Shape.ShapeError)
    expect(() => Expr.random.categorical(Expr.ones([3, 0]))).toThrow(Shape.ShapeError)
    expect(() => Expr.random.permutation(-1)).toThrow(Shape.ShapeError)
  })
})
