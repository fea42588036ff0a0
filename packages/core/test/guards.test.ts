// Guards: what fails, with which error, where; and what does not.

import { Backend, Expr, Failure, Fn, Interpreter, Serialization, type Shape, Tensor, Type } from "@fluxion/core"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Data, Effect, Exit, Result } from "effect"
import * as fc from "fast-check"

class Refused extends Data.TaggedError("Refused")<Failure.Failure> {}

const positive = <X extends Expr.Operand>(x: X) =>
  Expr.ensure(
    x as Expr.Expr,
    (v) => Expr.gt(v, 0),
    (failure) => new Refused(failure)
  ) as unknown as Expr.Expr<Expr.ShapeOf<X>, Refused>

const failureOf = (f: Fn.Any, input: unknown): Record<string, unknown> => {
  const result = Fn.runResult(f as Fn.Fn<[], [], unknown>, input as never)
  if (Result.isSuccess(result)) throw new Error("expected a failure")
  return result.failure as Record<string, unknown>
}

const succeeds = (f: Fn.Any, input: unknown): boolean =>
  Result.isSuccess(Fn.runResult(f as Fn.Fn<[], [], unknown>, input as never))

/** The line of this file that calls it, as call sites are written, without the column. */
const here = (offset = 0): RegExp => {
  const line = /guards\.test\.ts:(\d+):\d+/.exec(new Error("here").stack!.split("\n")[2]!)![1]!
  return new RegExp(`guards\\.test\\.ts:${Number(line) + offset}:\\d+$`)
}

describe("ensure", () => {
  it("fails with the caller's error iff the predicate is false somewhere, at the first such element", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 4 }), { minLength: 6, maxLength: 6 }), (data) => {
        const f = Fn.make([2, 3], (x) => positive(x))
        const x = Tensor.fromArray(data, [2, 3])
        const first = data.findIndex((value) => !(value > 0))
        const result = Fn.runResult(f, x)
        if (first < 0) expect(Result.isSuccess(result) && result.success).toEqual(x)
        else {
          expect(Result.isFailure(result) && result.failure).toMatchObject({
            _tag: "Refused",
            value: data[first],
            index: [Math.floor(first / 3), first % 3],
            path: []
          })
        }
      })
    )
  })

  it("takes predicates that broadcast", () => {
    const columns = Expr.constant(Tensor.bool([true, false, true]))
    const f = Fn.make([2, 3], (x) => Expr.ensure(x, columns, ({ index }) => ({ _tag: "Column", index })))
    expect(failureOf(f, Tensor.ones([2, 3]))).toEqual({ _tag: "Column", index: [0, 1] })
    const rows = Expr.constant(Tensor.bool([[true], [false]]))
    const g = Fn.make([2, 3], (x) => Expr.ensure(x, rows, ({ index }) => ({ _tag: "Row", index })))
    expect(failureOf(g, Tensor.ones([2, 3]))).toEqual({ _tag: "Row", index: [1, 0] })
    expect(() => Expr.ensure(Expr.ones([2]) as Expr.Expr, Expr.gt(Expr.ones([3]) as Expr.Expr, 0), () => 0)).toThrow(
      "ensure: the predicate: cannot broadcast [3] to [2]"
    )
  })

  it("guards indices and truth values", () => {
    const f = Fn.make({ i: Type.index([2]), p: Type.bool([2]) }, ({ i, p }) => ({
      i: Expr.ensure(
        i,
        (v) => Expr.lt(v, Expr.constant(Tensor.index(3))),
        ({ value }) => `index ${value + 0}`
      ),
      p: Expr.ensure(
        p,
        (v) => v,
        ({ value }) => `flag ${value}`
      )
    }))
    const run = (i: ReadonlyArray<number>, p: ReadonlyArray<boolean>) =>
      Fn.runResult(f, { i: Tensor.index(i as [number, number]), p: Tensor.bool(p as [boolean, boolean]) })
    expect(Result.isSuccess(run([1, 2], [true, true]))).toBe(true)
    expect(run([1, 3], [true, true])).toEqual(Result.fail("index 3"))
    expect(run([1, 2], [true, false])).toEqual(Result.fail("flag false"))
  })

  it("is refused by NaN, and never by an array without elements", () => {
    const f = Fn.make([2], (x) => positive(x))
    expect(failureOf(f, Tensor.make([1, NaN]))).toMatchObject({ value: NaN, index: [1] })
    const empty = Fn.make([0, 3], (x) => Expr.ensure(x, false, () => "never"))
    expect(succeeds(empty, Tensor.zeros([0, 3]))).toBe(true)
    const mapped = Fn.make([0], (xs) => Expr.map((x) => Expr.ensure(x, false, () => "never"), xs))
    expect(succeeds(mapped, Tensor.zeros([0]))).toBe(true)
  })

  it("says which line built it, in both call styles", () => {
    const f = Fn.make([], (x) => positive(x))
    const first = Fn.make([], (x) =>
      Expr.ensure(
        x,
        (v) => Expr.gt(v, 0),
        ({ site }) => ({ site })
      )
    )
    expect(failureOf(first, -1)["site"]).toMatch(here(-6))
    const second = Fn.make([], (x) =>
      x.pipe(
        Expr.ensure(
          (v) => Expr.gt(v, 0),
          ({ site }) => ({ site })
        )
      )
    )
    expect(failureOf(second, -1)["site"]).toMatch(/guards\.test\.ts:\d+:\d+$/)
    expect(failureOf(f, -1)["site"]).toMatch(/guards\.test\.ts:11:\d+$/)
  })

  it("calls onFail where a run fails, and not otherwise", () => {
    let calls = 0
    const f = Fn.make([], (x) =>
      Expr.ensure(
        x,
        (v) => Expr.gt(v, 0),
        () => ++calls
      )
    )
    Fn.runResult(f, 1)
    expect(calls).toBe(0)
    Fn.runResult(f, -1)
    expect(calls).toBe(1)
  })

  it("evaluates in the order in which the program was built: the first failure is reported", () => {
    const f = Fn.make({ a: [], b: [] }, ({ a, b }) => {
      const first = Expr.ensure(
        a,
        (v) => Expr.gt(v, 0),
        () => "a"
      )
      const second = Expr.ensure(
        b,
        (v) => Expr.gt(v, 0),
        () => "b"
      )
      return Expr.add(second, first)
    })
    expect(Fn.runResult(f, { a: -1, b: -1 })).toEqual(Result.fail("a"))
    expect(Fn.runResult(f, { a: 1, b: -1 })).toEqual(Result.fail("b"))
  })
})

describe("control flow", () => {
  it("leads to the element, step and iteration", () => {
    // Adds 1 to x until it reaches 3, n times, for each x; fails where it passes 2.5.
    const f = Fn.make([4], (xs) =>
      Expr.map(
        (x) =>
          Expr.scan(
            (c: Expr.Expr<readonly []>) => {
              const next = Expr.whileLoop(
                (v) => Expr.lt(v, 3),
                (v) =>
                  Expr.add(
                    Expr.ensure(
                      v,
                      (u) => Expr.lt(u, 2.5),
                      (failure) => failure
                    ),
                    1
                  ),
                c
              )
              return [Expr.sub(next, 1.25), next]
            },
            x,
            {},
            { length: 5 }
          )[1],
        xs
      )
    )
    // Step 0 goes 0, 1, 2, 3, and passes on 1.75; step 1 goes 1.75, 2.75.
    const result = failureOf(f, Tensor.make([10, 10, 0, 2.6]))
    expect(result).toMatchObject({
      value: 2.75,
      index: [],
      path: [
        { control: "map", index: 2 },
        { control: "scan", index: 1 },
        { control: "whileLoop", index: 1 }
      ]
    })
  })

  it("counts the position in xs where a scan is reversed, and the iteration of a condition", () => {
    const scan = Fn.make([3], (xs) => Expr.scan((c, x) => [c, positive(x)], 0, xs, { reverse: true })[1])
    expect(failureOf(scan, Tensor.make([-1, -2, 3]))).toMatchObject({
      value: -2,
      path: [{ control: "scan", index: 1 }]
    })
    const loop = Fn.make([], (x) =>
      Expr.whileLoop(
        (v) => Expr.gt(positive(v), 0.5),
        (v) => Expr.sub(v, 2),
        x
      )
    )
    expect(failureOf(loop, 5)).toMatchObject({ value: -1, path: [{ control: "whileLoop", index: 3 }] })
  })

  it("fails in the branch taken only", () => {
    const f = Fn.make([], (x) =>
      Expr.cond(
        Expr.gt(x, 0),
        () => positive(x),
        () => x
      )
    )
    expect(succeeds(f, -1)).toBe(true)
    const mapped = Fn.map(f, { size: 3 })
    expect(succeeds(mapped, Tensor.make([-1, 0, 1]))).toBe(true)
  })
})

describe("programs", () => {
  it("are without the guarded expressions that they do not use", () => {
    const f = Fn.make([], (x) => {
      positive(x)
      return x
    })
    expect(succeeds(f, -1)).toBe(true)
  })

  it("fail where a program that they apply fails, whichever of its outputs they use", () => {
    const inner = Fn.make({ a: [], b: [] }, ({ a, b }) => ({ x: positive(a), y: b, z: positive(b) }))
    for (const field of ["x", "y", "z"] as const) {
      for (const apply of [Fn.apply, Fn.call] as const) {
        const f = Fn.make({ a: [], b: [] }, (input) => apply(inner, input)[field])
        expect(failureOf(f, { a: -1, b: 1 })).toMatchObject({ value: -1 })
        expect(failureOf(f, { a: 1, b: -2 })).toMatchObject({ value: -2 })
        expect(succeeds(f, { a: 1, b: 2 })).toBe(true)
      }
    }
    const ignoring = Fn.make({ x: [], y: [], z: [] }, ({ y }) => Expr.mul(y, 2))
    const then = Fn.andThen(inner, ignoring)
    expect(failureOf(then, { a: -1, b: 1 })).toMatchObject({ value: -1 })
    expect(succeeds(then, { a: 1, b: 1 })).toBe(true)
    const batch = Fn.map(inner, { size: 2 })
    expect(failureOf(batch, { a: Tensor.make([1, -1]), b: Tensor.make([1, 1]) })).toMatchObject({
      path: [{ control: "map", index: 1 }]
    })
  })

  it("deep and long ones fail without overflowing the stack", () => {
    const f = Fn.make([], (x) => {
      let y: Expr.Expr<readonly [], unknown> = x
      for (let i = 0; i < 100_000; i++) y = Expr.checked.sqrt(y)
      return Expr.checked.log(Expr.sub(y, 1))
    })
    expect(failureOf(f, 1)).toMatchObject({ _tag: "DomainError", operation: "log", value: 0 })
    expect(failureOf(f, -1)).toMatchObject({ _tag: "DomainError", operation: "sqrt", value: -1 })
  })
})

describe("checked functions", () => {
  type Case = readonly [
    f: (x: Expr.Expr) => Expr.Expr<Shape.Shape, unknown>,
    plain: (x: Expr.Expr) => Expr.Expr,
    inside: (x: number) => boolean
  ]
  const natural = (x: number) => x > 0 || x !== Math.floor(x)
  const cases: Readonly<Record<string, Case>> = {
    log: [Expr.checked.log, Expr.log, (x) => x > 0],
    log2: [Expr.checked.log2, Expr.log2, (x) => x > 0],
    log10: [Expr.checked.log10, Expr.log10, (x) => x > 0],
    log1p: [Expr.checked.log1p, Expr.log1p, (x) => x > -1],
    sqrt: [Expr.checked.sqrt, Expr.sqrt, (x) => x >= 0],
    reciprocal: [Expr.checked.reciprocal, Expr.reciprocal, (x) => x !== 0],
    sin: [Expr.checked.sin, Expr.sin, Number.isFinite],
    cos: [Expr.checked.cos, Expr.cos, Number.isFinite],
    tan: [Expr.checked.tan, Expr.tan, Number.isFinite],
    asin: [Expr.checked.asin, Expr.asin, (x) => Math.abs(x) <= 1],
    acos: [Expr.checked.acos, Expr.acos, (x) => Math.abs(x) <= 1],
    acosh: [Expr.checked.acosh, Expr.acosh, (x) => x >= 1],
    atanh: [Expr.checked.atanh, Expr.atanh, (x) => Math.abs(x) < 1],
    lgamma: [Expr.checked.lgamma, Expr.lgamma, natural],
    digamma: [Expr.checked.digamma, Expr.digamma, natural],
    polygamma: [(x) => Expr.checked.polygamma(x, 2), (x) => Expr.polygamma(x, 2), natural],
    "polygamma in a pipe": [(x) => x.pipe(Expr.checked.polygamma(2)), (x) => Expr.polygamma(x, 2), natural]
  }
  const points = [-Infinity, -3, -2.5, -1, -0.5, -5e-324, -0, 0, 5e-324, 0.5, 1, 1 + 2 ** -52, 2, 3, Infinity, NaN]

  for (const [name, [f, plain, inside]] of Object.entries(cases)) {
    it(`${name} is what it is unchecked in its domain, and fails outside`, () => {
      const checked = Fn.make([], (x) => f(x) as Expr.Expr<readonly [], unknown>)
      const unchecked = Fn.make([], (x) => plain(x) as Expr.Expr<readonly []>)
      for (const x of points) {
        if (inside(x) && !Number.isNaN(x)) {
          expect(Fn.runResult(checked, x)).toEqual(Result.succeed(Fn.runSync(unchecked, x)))
        } else {
          const operation = name.split(" ")[0]
          expect(failureOf(checked, x)).toMatchObject({ _tag: "DomainError", operation, value: x, index: [], path: [] })
        }
      }
    })
  }

  const binary = {
    div: [Expr.checked.div, Expr.div, (x: number, y: number) => y !== 0 && !Number.isNaN(x)],
    rem: [Expr.checked.rem, Expr.rem, (x: number, y: number) => y !== 0 && Number.isFinite(x)],
    pow: [
      Expr.checked.pow,
      Expr.pow,
      (x: number, y: number) => x > 0 || (x === 0 && y >= 0) || (x < 0 && Number.isInteger(y))
    ]
  } as const
  for (const [name, [f, plain, inside]] of Object.entries(binary)) {
    it(`${name} is what it is unchecked in its domain, and fails outside, in both call styles`, () => {
      const checked = Fn.make({ x: [], y: [] }, ({ x, y }) => f(x, y))
      const piped = Fn.make({ x: [], y: [] }, ({ x, y }) => x.pipe(f(y)))
      const unchecked = Fn.make({ x: [], y: [] }, ({ x, y }) => plain(x, y))
      for (const x of points) {
        for (const y of points) {
          for (const g of [checked, piped]) {
            if (inside(x, y) && !Number.isNaN(x + 0) && !Number.isNaN(y)) {
              expect(Fn.runResult(g, { x, y })).toEqual(Result.succeed(Fn.runSync(unchecked, { x, y })))
            } else expect(failureOf(g, { x, y })).toMatchObject({ _tag: "DomainError", operation: name })
          }
        }
      }
    })
  }

  it("broadcast, and name the element of the operand", () => {
    const f = Fn.make({ x: [2, 1], y: [3] }, ({ x, y }) => Expr.checked.div(x, y))
    expect(failureOf(f, { x: Tensor.make([[1], [2]]), y: Tensor.make([1, 0, 2]) })).toMatchObject({
      value: 0,
      index: [1],
      domain: "y != 0"
    })
    const g = Fn.make({ x: [2, 1], y: [3] }, ({ x, y }) => Expr.checked.pow(x, y))
    expect(failureOf(g, { x: Tensor.make([[1], [-2]]), y: Tensor.make([1, 0.5, 2]) })).toMatchObject({
      value: -2,
      index: [1, 1]
    })
  })

  it("have errors that say all", () => {
    const f = Fn.make([2, 3], (rows) => Expr.map((row) => Expr.checked.log(row), rows))
    const error = failureOf(
      f,
      Tensor.make([
        [1, 2, 3],
        [4, 5, -6]
      ])
    ) as never as Failure.DomainError
    expect(error).toBeInstanceOf(Failure.DomainError)
    expect(error.site).toMatch(/guards\.test\.ts:\d+:\d+$/)
    expect(error.message).toBe(`log: expected x > 0, got -6 at [2], in element 1 of map\n  at ${error.site}`)
  })
})

describe("finite", () => {
  const failure = (f: Fn.Any, input: unknown) => failureOf(Fn.finite(f as Fn.Fn<[], []>) as never, input)

  it("changes nothing where everything is finite", () => {
    const f = Fn.make([3], (x) => Expr.sum(Expr.mul(Expr.exp(x), Expr.log(Expr.square(x)))))
    const x = Tensor.make([0.5, -2, 3])
    expect(Fn.runResult(Fn.finite(f), x)).toEqual(Result.succeed(Fn.runSync(f, x)))
  })

  it("names the first operation that produced it, and the line that built it", () => {
    const f = Fn.make({ params: { w: [3] } }, ({ params: { w } }) => {
      const z = Expr.sub(w, 1)
      const y = Expr.log(z)
      return Expr.sum(Expr.exp(y))
    })
    const error = failure(f, { params: { w: Tensor.make([2, 1, 0]) } }) as never as Failure.NonFiniteError
    expect(error).toBeInstanceOf(Failure.NonFiniteError)
    expect(error).toMatchObject({ source: "operation", name: "log", value: -Infinity, index: [1], path: [] })
    expect(error.site).toMatch(here(-6))
    expect(error.message).toBe(`log gave -Infinity at [1]\n  at ${error.site}`)
  })

  it("names inputs by their path, and constants", () => {
    const f = Fn.make({ params: { w: [2] } }, ({ params: { w } }) => Expr.sum(w))
    const error = failure(f, { params: { w: Tensor.make([1, Infinity]) } })
    expect(error).toMatchObject({ source: "input", name: "params.w", value: Infinity, index: [1] })
    expect(String(error["message"])).toMatch("the input params.w is Infinity at [1]")
    const g = Fn.make([2], (x) => Expr.add(x, Expr.constant([0, NaN])))
    expect(failure(g, Tensor.make([1, 1]))).toMatchObject({ source: "constant", value: NaN, index: [1] })
    const scalar = Fn.make([], (x) => Expr.neg(x))
    expect(failure(scalar, NaN)).toMatchObject({ source: "input", name: "x" })
  })

  it("looks into bodies", () => {
    const f = Fn.make([3], (xs) =>
      Expr.map((x) => Expr.scan((c, y) => [Expr.mul(c, y), c], x, Expr.constant([1e200, 1e200, 1e200]))[0], xs)
    )
    expect(failure(f, Tensor.make([0, 1, 2]))).toMatchObject({
      name: "mul",
      value: Infinity,
      path: [
        { control: "map", index: 1 },
        { control: "scan", index: 1 }
      ]
    })
    const branches = Fn.make([], (x) =>
      Expr.cond(
        Expr.gt(x, 0),
        () => Expr.log(x),
        () => Expr.div(1, x)
      )
    )
    expect(succeeds(Fn.finite(branches), -1)).toBe(true)
    expect(failure(branches, 0)).toMatchObject({ name: "div" })
    const loop = Fn.make([], (x) =>
      Expr.whileLoop(
        (v) => Expr.lt(Expr.exp(v), 1e300),
        (v) => Expr.mul(v, 10),
        x
      )
    )
    expect(failure(loop, 100)).toMatchObject({ name: "exp", path: [{ control: "whileLoop", index: 1 }] })
  })

  it("passes over what is masked, and not over what is needed", () => {
    const masked = Fn.make([3], (x) =>
      Expr.sum(Expr.select(Expr.gt(x, 0), Expr.mul(2, Expr.neg(Expr.log(x))), Expr.constant(0)))
    )
    expect(succeeds(Fn.finite(masked), Tensor.make([1, -1, 0]))).toBe(true)
    const wrong = Fn.make([3], (x) => Expr.sum(Expr.select(Expr.ge(x, 0), Expr.mul(2, Expr.log(x)), 0)))
    expect(failure(wrong, Tensor.make([1, -1, 0]))).toMatchObject({ name: "log", value: -Infinity, index: [2] })
    // Needed elsewhere.
    const twice = Fn.make([3], (x) => {
      const y = Expr.log(x)
      return Expr.add(Expr.sum(Expr.select(Expr.gt(x, 0), y, 0)), Expr.sum(y))
    })
    expect(failure(twice, Tensor.make([1, -1, 0]))).toMatchObject({ name: "log", index: [1] })
    // Nested selects, and a mask of another shape than what is masked.
    const nested = Fn.make({ x: [], y: [2] }, ({ x, y }) =>
      Expr.sum(Expr.select(Expr.gt(y, 0), Expr.select(Expr.gt(y, 1), Expr.log(x), 1), 0))
    )
    expect(succeeds(Fn.finite(nested), { x: -1, y: Tensor.make([-1, 0.5]) })).toBe(true)
    expect(failure(nested, { x: -1, y: Tensor.make([-1, 2]) })).toMatchObject({ name: "log", index: [] })
  })

  it("lets a program ask isFinite, and replace", () => {
    const f = Fn.make([2], (x) => {
      const y = Expr.log(x)
      return Expr.sum(Expr.select(Expr.isFinite(y), y, -100))
    })
    expect(Fn.runResult(Fn.finite(f), Tensor.make([1, 0]))).toEqual(Result.succeed(-100))
    const input = Fn.make([2], (x) => Expr.sum(Expr.select(Expr.isFinite(x), x, 0)))
    expect(Fn.runResult(Fn.finite(input), Tensor.make([NaN, 2]))).toEqual(Result.succeed(2))
  })

  it("fails iff something that is needed is not finite: random chains against a table of what each step gives", () => {
    const steps = {
      log: [Expr.log, Math.log],
      exp: [Expr.exp, Math.exp],
      sqrt: [Expr.sqrt, Math.sqrt],
      reciprocal: [Expr.reciprocal, (x: number) => 1 / x],
      square: [Expr.square, (x: number) => x * x],
      neg: [Expr.neg, (x: number) => -x]
    } as const
    const names = Object.keys(steps) as Array<keyof typeof steps>
    const primitives = { log: "log", exp: "exp", sqrt: "sqrt", reciprocal: "div", square: "mul", neg: "neg" }
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(-2, -1, 0, 0.5, 1, 3, 1e200, NaN, Infinity),
        (chain, x) => {
          const f = Fn.finite(
            Fn.make([], (y) => chain.reduce<Expr.Expr<readonly []>>((z, name) => steps[name][0](z), y))
          )
          let value: number = x
          let expected: string | undefined = Number.isFinite(x) ? undefined : "x"
          for (const name of chain) {
            value = steps[name][1](value)
            if (expected === undefined && !Number.isFinite(value)) expected = primitives[name]
          }
          if (expected === undefined) expect(succeeds(f as never, x)).toBe(true)
          else expect(failureOf(f as never, x)["name"]).toBe(expected)
        }
      )
    )
  })

  it("checks sums over a map", () => {
    const f = Fn.make([2], (x) => {
      const body = { body: Fn.toBody(Fn.make([], (y) => Expr.mul(y, 1))), consts: 0, size: 2, summed: 1 }
      return Fn.expressions.applyMany("map", body as never, [x])[0] as Expr.Expr<readonly []>
    })
    expect(failure(f, Tensor.make([1.5e308, 1.5e308]))).toMatchObject({ name: "map", value: Infinity, path: [] })
  })

  it("takes long chains of operations and masks", () => {
    const f = Fn.make([], (x) => {
      let y: Expr.Expr<readonly []> = x
      for (let i = 0; i < 15_000; i++) y = Expr.select(Expr.gt(y, 0), Expr.sqrt(y), Expr.exp(y))
      return y
    })
    expect(Fn.runResult(Fn.finite(f), 2)).toEqual(Result.succeed(1))
  })
})

describe("running", () => {
  const f = Fn.make([], (x) => Expr.checked.log(x))

  it.effect("fails in the error channel", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Fn.run(f, -1))
      expect(error).toBeInstanceOf(Failure.DomainError)
      const compiled = yield* Fn.compile(f)
      expect((yield* Effect.flip(compiled.run(-1))).value).toBe(-1)
      expect(yield* compiled.run(1)).toBe(0)
      expect(Result.isFailure(compiled.runResult(0))).toBe(true)
      expect(
        yield* f.pipe(
          Fn.run(-1),
          Effect.catchTag("DomainError", ({ operation }) => Effect.succeed(operation))
        )
      ).toBe("log")
    })
  )

  it.effect("leaves what is no failure of the program a defect", () =>
    Effect.gen(function* () {
      const broken = Fn.make([], (x) =>
        Expr.ensure(
          x,
          (v) => Expr.gt(v, 0),
          (): string => {
            throw new Error("in onFail")
          }
        )
      )
      for (const program of [
        Fn.run(broken, -1),
        Fn.run(f, Tensor.make([1]) as never),
        Fn.run(f, 1).pipe(
          Effect.provideService(Backend.Backend, {
            ...Backend.interpreter,
            name: "none",
            compile: () => Effect.fail(new Backend.CompileError({ backend: "none", reason: "on purpose" }))
          })
        )
      ]) {
        const exit = yield* Effect.exit(program as Effect.Effect<unknown, unknown>)
        expect(Exit.isFailure(exit) && Cause.hasDies(exit.cause) && !Cause.hasFails(exit.cause)).toBe(true)
      }
    })
  )

  it("throws the error itself where types were evaded", () => {
    expect(() => Fn.runSync(f as never as Fn.Fn<[], []>, -1)).toThrow(Failure.DomainError)
    expect(() => Fn.evaluate(Expr.checked.log(-1) as never)).toThrow("log: expected x > 0, got -1")
  })

  it("by the tensor algebra gives the guard, with its site and path", () => {
    const g = Fn.make([2], (xs) => Expr.map((x) => Expr.checked.sqrt(x), xs))
    const run = (h: Fn.Any, x: Tensor.Any) => Failure.attempt(() => Fn.interpret(h, Interpreter.algebra, [x]))
    const inside = run(g, Tensor.make([1, -1]))
    expect(Result.isFailure(inside) && inside.failure).toMatchObject({
      guard: { _tag: "Domain", operation: "sqrt" },
      value: -1,
      path: [{ control: "map", index: 1 }]
    })
    expect(Result.isFailure(inside) && inside.failure.site).toMatch(/guards\.test\.ts:\d+:\d+$/)
    const top = run(f, Tensor.make(-1))
    expect(Result.isFailure(top) && top.failure.site).toMatch(/guards\.test\.ts:\d+:\d+$/)
  })
})

describe("as data", () => {
  it("guards of the library are kept, without the lines that built them", () => {
    const f = Fn.make([], (x) => Expr.checked.log(x))
    const decoded = Result.getOrThrow(Serialization.decode(Result.getOrThrow(Serialization.encode(f as never))))
    expect(failureOf(decoded, -1)).toMatchObject({ _tag: "DomainError", operation: "log", value: -1 })
    expect("site" in failureOf(decoded, -1)).toBe(false)
    const finite = Fn.finite(Fn.make([], (x) => Expr.exp(x)))
    const other = Result.getOrThrow(Serialization.decode(Result.getOrThrow(Serialization.encode(finite as never))))
    expect(failureOf(other, 1000)).toMatchObject({ _tag: "NonFiniteError", name: "exp" })
  })

  it("a failure of the caller's own is an error that names it", () => {
    const tooLarge = (): string => "too large"
    const f = Fn.make([], (x) => Expr.ensure(x, (v) => Expr.lt(v, 9), tooLarge))
    const result = Serialization.encode(f as never)
    expect(Result.isFailure(result) && result.failure).toMatchObject({
      _tag: "ProgramEncodeError",
      path: ["nodes", 3, "attributes", "guard"],
      actual: expect.stringMatching(/^the caller's own failure tooLarge of Expr.ensure at .*guards\.test\.ts:\d+:\d+$/)
    })
  })
})

describe("call sites", () => {
  it("are those of the user's code, also through combinators, bodies and copies", () => {
    const siteOf = (x: Expr.Any): string | undefined => {
      const view = Expr.view(x)
      return view._tag === "Apply" || view._tag === "Project" ? view.site : undefined
    }
    const x = Expr.ones([2, 2]) as Expr.Expr
    expect(siteOf(Expr.layerNorm(x))).toMatch(here())
    expect(siteOf(x.pipe(Expr.add(1)))).toMatch(here())
    expect(siteOf(Expr.map((row: Expr.Expr) => row, x) as Expr.Any)).toMatch(here())
    const f = Fn.make([], (y) => Expr.sin(y))
    const line = here(-1)
    expect(siteOf(Fn.leaves(f).outputs[0]!)).toMatch(line)
    const g = Fn.make([], (y) => Fn.apply(f, y))
    expect(siteOf(Fn.leaves(g).outputs[0]!)).toMatch(line)
  })

  it("are interned", () => {
    const make = () => Expr.view(Expr.sin(1))
    const [a, b] = [make(), make()] as [Extract<Expr.View, { _tag: "Apply" }>, Extract<Expr.View, { _tag: "Apply" }>]
    expect(a.site).toBe(b.site)
  })
})
