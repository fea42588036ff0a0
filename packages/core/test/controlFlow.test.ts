// Control flow against plain JavaScript loops.

import { Body, Expr, Fn, Formula, Interpreter, Primitive, Shape, Tensor, Type } from "@fluxion/core"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const thrown = (f: () => unknown): Shape.ShapeError => {
  try {
    f()
  } catch (error) {
    expect(error).toBeInstanceOf(Shape.ShapeError)
    return error as Shape.ShapeError
  }
  throw new Error("expected a ShapeError")
}

const numbers = (tensor: Tensor.Any): Array<number> => Array.from(tensor.data)
const element = fc.integer({ min: -64, max: 64 }).map((n) => n / 32)
const list = (maxLength = 8) => fc.array(element, { maxLength })
const unknown = (n: number): number => n
const program = Fn.make

describe("bodies", () => {
  it("keep what does not depend on their inputs from one run to the next", () => {
    // `constant` is used last by something that does not depend on the input either.
    const f = program([2], (x) =>
      Expr.map((xi) => {
        const constant = Expr.exp(Expr.constant(0))
        const product = Expr.mul(xi, constant)
        return Expr.add(product, Expr.neg(constant))
      }, x)
    )
    expect(numbers(Fn.runSync(f, Tensor.make([3, 5])))).toEqual([2, 4])
  })
})

describe("scan", () => {
  it("is a loop, in both directions, of any length", () => {
    fc.assert(
      fc.property(list(), element, fc.boolean(), (data, start, reverse) => {
        const n = unknown(data.length)
        const f = program({ xs: [n], start: [] }, ({ start, xs }) =>
          Expr.scan(
            (carry, x) => {
              const next = Expr.sub(Expr.mul(carry, 0.5), x)
              return [next, { next, both: Expr.stack([carry, x]) }]
            },
            start,
            xs,
            { reverse }
          )
        )
        const [final, ys] = Fn.runSync(f, { xs: Tensor.fromArray(data, [n]), start })
        let carry = start
        const nexts = new Array<number>(n)
        const boths = new Array<readonly [number, number]>(n)
        for (let k = 0; k < n; k++) {
          const i = reverse ? n - 1 - k : k
          boths[i] = [carry, data[i]!]
          carry = carry * 0.5 - data[i]!
          nexts[i] = carry
        }
        expect(final).toBe(carry)
        expect(numbers(ys.next)).toEqual(nexts)
        expect(ys.both.shape).toEqual([n, 2])
        expect(numbers(ys.both)).toEqual(boths.flat())
      })
    )
  })

  it("carries trees of all element types and reads several arrays", () => {
    const f = program({ table: [3, 2], labels: Type.index([3]), flags: Type.bool([3]) }, (xs) =>
      Expr.scan(
        ({ best, count }, { flags, labels, table }) => [
          {
            best: Expr.select(flags, Expr.add(best, table), best),
            count: Expr.add(count, labels)
          },
          [labels, flags]
        ],
        { best: Expr.zeros([2]), count: Expr.constant(Tensor.index(0)) },
        xs
      )
    )
    const [{ best, count }, [labels, flags]] = Fn.runSync(f, {
      table: Tensor.make([
        [1, 2],
        [10, 20],
        [100, 200]
      ]),
      labels: Tensor.index([5, 6, 7]),
      flags: Tensor.bool([true, false, true])
    })
    expect([numbers(best), count, numbers(labels), numbers(flags)]).toEqual([[101, 202], 18, [5, 6, 7], [1, 0, 1]])
    expect([labels.elementType, flags.elementType]).toEqual(["index", "bool"])
  })

  it("runs a million steps", () => {
    const f = program([], (x) => Expr.iterate(1_000_000, (y) => Expr.add(Expr.mul(y, 0.5), x), 0))
    expect(Fn.runSync(f, 3)).toBe(6)
  })

  it("gives the initial carry and empty outputs after no steps", () => {
    const [carry, ys] = Fn.runSync(
      program([0, 2], (xs) => Expr.scan((c, x) => [Expr.add(c, Expr.sum(x)), x], 7, xs)),
      Tensor.zeros([0, 2])
    )
    expect([carry, ys.shape]).toEqual([7, [0, 2]])
  })

  it("may return the carry, a slice, a captured expression or a constant as it is", () => {
    const f = program({ xs: [2], outer: [] }, ({ outer, xs }) =>
      Expr.scan((c, x) => [x, { c, x, outer, one: 1, table: Tensor.make([1, 2]) }], outer, xs)
    )
    const [carry, ys] = Fn.runSync(f, { xs: Tensor.make([3, 4]), outer: 5 })
    expect([carry, numbers(ys.c), numbers(ys.x), numbers(ys.outer), numbers(ys.one), numbers(ys.table)]).toEqual([
      4,
      [5, 3],
      [3, 4],
      [5, 5],
      [1, 1],
      [1, 2, 1, 2]
    ])
  })

  it("is a fold without outputs", () => {
    fc.assert(
      fc.property(list(), (data) => {
        const n = unknown(data.length)
        const f = program([n], (xs) => Expr.fold((c, x) => Expr.add(Expr.mul(c, 2), x), 1, xs, { reverse: true }))
        expect(Fn.runSync(f, Tensor.fromArray(data, [n]))).toBe(data.reduceRight((c, x) => c * 2 + x, 1))
      })
    )
  })
})

describe("whileLoop", () => {
  it("is a loop", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), element, (limit, x) => {
        const f = program({ limit: Type.index([]), x: [] }, ({ limit, x }) =>
          Expr.whileLoop(
            ({ i }) => Expr.lt(i, limit),
            ({ i, y }) => ({ i: Expr.add(i, 1), y: Expr.add(Expr.mul(y, 0.5), x) }),
            { i: Expr.constant(Tensor.index(0)), y: x }
          )
        )
        let y = x
        for (let i = 0; i < limit; i++) y = y * 0.5 + x
        expect(Fn.runSync(f, { limit, x })).toEqual({ i: limit, y })
      })
    )
  })

  it("traverses its iterations alternately in further sweeps, with what the earlier ones recorded", () => {
    const real = Type.real([])
    const apply = (name: "add" | "mul", x: Expr.Any, y: Expr.Any) => Fn.expressions.apply(name, {}, [x, y])
    const one = Expr.constant(1)
    const ten = Expr.constant(10)
    const attributes: Primitive.WhileLoopAttributes = {
      condition: Body.make([real], ([i]) => [Fn.expressions.apply("lt", {}, [i!, Expr.constant(4)])]),
      consts: 0,
      sweeps: [
        // Counts, and records ten times the count.
        { body: Body.make([real], ([i]) => [apply("add", i!, one), apply("mul", i!, ten)]), states: 1, records: 1 },
        // Backwards: reads both, makes digits of the counts.
        {
          body: Body.make([real, real, real], ([i, record, s]) => [
            apply("add", apply("mul", s!, ten), i!),
            apply("add", record!, i!)
          ]),
          states: 1,
          records: 1
        },
        // Forwards: reads what the second recorded.
        {
          body: Body.make([real, real, real, real, real], ([, , , record, s]) => [
            apply("add", apply("mul", s!, Expr.constant(100)), record!)
          ]),
          states: 1,
          records: 0
        }
      ]
    }
    const zero = Tensor.make(0)
    const results = Interpreter.algebra.applyMany("whileLoop", attributes, [zero, zero, zero])
    expect(results.map(String)).toEqual(["4", "3210", "112233"])
  })
})

describe("cond", () => {
  it("evaluates the branch taken only", () => {
    // Whichever branch is not taken would loop for ever.
    const forever = (x: Expr.Expr<readonly []>) =>
      Expr.whileLoop(
        () => true,
        (y) => Expr.add(y, 1),
        x
      )
    const f = program({ p: Type.bool([]), x: [] }, ({ p, x }) => [
      Expr.cond(
        p,
        () => Expr.mul(x, 2),
        () => forever(x)
      ),
      Expr.cond(
        Expr.not(p),
        () => forever(x),
        () => Expr.mul(x, 3)
      )
    ])
    expect(Fn.runSync(f, { p: true, x: 2 })).toEqual([4, 6])
  })

  it("chooses for each element inside of map", () => {
    fc.assert(
      fc.property(list(), (data) => {
        const n = unknown(data.length)
        const f = program([n], (xs) =>
          Expr.map(
            (x) =>
              Expr.cond(
                Expr.gt(x, 0),
                () => ({ y: Expr.sqrt(x), taken: Expr.constant(Tensor.index(1)) }),
                () => ({ y: Expr.neg(x), taken: Expr.constant(Tensor.index(0)) })
              ),
            xs
          )
        )
        const { taken, y } = Fn.runSync(f, Tensor.fromArray(data, [n]))
        expect(numbers(y)).toEqual(data.map((x) => (x > 0 ? Math.sqrt(x) : -x)))
        expect(numbers(taken)).toEqual(data.map((x) => (x > 0 ? 1 : 0)))
      })
    )
  })
})

describe("map", () => {
  it("applies a function to every slice, with captured and given constants", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(element, element, element), { maxLength: 5 }), element, (rows, shift) => {
        const n = unknown(rows.length)
        const f = program({ xs: [n, 3], shift: [] }, ({ shift, xs }) => {
          const doubled = Expr.mul(shift, 2)
          return [
            Expr.map((x) => [Expr.add(Expr.sum(x), doubled), Expr.mul(x, shift)], xs),
            Expr.map((x, { by }) => Expr.add(x, by), xs, { consts: { by: shift } })
          ] as const
        })
        const [[sums, products], sum] = Fn.runSync(f, { xs: Tensor.fromArray(rows.flat(), [n, 3]), shift })
        expect(numbers(sums as Tensor.Any)).toEqual(rows.map(([a, b, c]) => 0 + a + b + c + shift * 2))
        expect(numbers(products as Tensor.Any)).toEqual(rows.flat().map((x) => x * shift))
        expect(numbers(sum)).toEqual(rows.flat().map((x) => x + shift))
      })
    )
  })

  it("evaluates what does not depend on the element once", () => {
    // A body of a thousand steps that do not depend on the element, over a hundred thousand elements.
    const f = program([100_000], (xs) =>
      Expr.map(
        (x) =>
          Expr.add(
            x,
            Expr.iterate(1000, (y) => Expr.add(y, 1), 0)
          ),
        xs
      )
    )
    expect(numbers(Fn.runSync(f, Tensor.zeros([100_000]))).every((y) => y === 1000)).toBe(true)
  })
})

describe("nesting", () => {
  it("captures through several levels", () => {
    const f = program({ a: [], xs: [3, 2] }, ({ a, xs }) => {
      const b = Expr.add(a, 1)
      return Expr.map((row) => {
        const c = Expr.sum(row)
        return Expr.fold(
          (total, x) =>
            Expr.cond(
              Expr.gt(x, c),
              () =>
                Expr.whileLoop(
                  (t) => Expr.lt(t, b),
                  (t) => Expr.add(t, a),
                  total
                ),
              () => Expr.add(total, Expr.mul(b, x))
            ),
          c,
          row
        )
      }, xs)
    })
    const rows = [
      [1, -2],
      [3, 4],
      [-1, -1]
    ]
    const a = 2
    const expected = rows.map((row) => {
      const c = row[0]! + row[1]!
      let total = c
      for (const x of row) {
        if (x > c) while (total < a + 1) total += a
        else total += (a + 1) * x
      }
      return total
    })
    expect(
      numbers(Fn.runSync(f, { a, xs: Tensor.make(rows as [[number, number], [number, number], [number, number]]) }))
    ).toEqual(expected)
  })

  it("keeps bodies apart: the same expression captured by two loops is evaluated outside, once", () => {
    const f = program([], (x) => {
      const shared = Expr.exp(x)
      const loop = () => Expr.iterate(3, (y) => Expr.mul(y, shared), 1)
      return Expr.add(loop(), loop())
    })
    expect(Fn.operationCount(f)).toBe(4)
    expect(Fn.runSync(f, 0)).toBe(2)
  })

  it("says so when a variable of a body leaks out of it", () => {
    let leaked: Expr.Expr<readonly []> | undefined
    const f = program([], (x) => {
      const y = Expr.iterate(2, (z) => (leaked = Expr.mul(z, 2)), x)
      return Expr.add(y, leaked!)
    })
    expect(() => Fn.runSync(f, 1)).toThrow("belongs to another program")
  })
})

describe("shapes", () => {
  const xs = Expr.ones([unknown(3), 2])
  it("of a carry are kept; the path is named", () => {
    const wide = Expr.ones([unknown(4)])
    expect(thrown(() => Expr.fold((c) => ({ ...c, w: wide }), { b: 0, w: Expr.ones([unknown(3)]) }, xs)).problem).toBe(
      "carry.w: expected real[3] as in init, got real[4]"
    )
    expect(thrown(() => Expr.iterate(2, ([a]) => [a, wide], [0, Expr.ones([unknown(3)])])).problem).toBe(
      "carry[1]: expected real[3] as in init, got real[4]"
    )
    expect(
      thrown(() =>
        Expr.whileLoop(
          () => true,
          () => ({}) as never,
          { a: 0 }
        )
      ).problem
    ).toBe("carry.a: expected real[] as in init, got nothing")
    expect(thrown(() => Expr.iterate(2, (c) => ({ ...c, more: 1 }) as never, { a: 0 })).problem).toBe(
      "carry.more: nothing expected there; init is { a: real[] }"
    )
    expect(thrown(() => Expr.iterate(2, () => [1] as never, { a: 0 })).problem).toBe(
      "carry: expected { a: real[] } as in init, got a tuple"
    )
    expect(thrown(() => Expr.iterate(2, () => undefined as never, { a: 0 })).problem).toBe(
      "carry: expected { a: real[] } as in init, got undefined"
    )
    expect(thrown(() => Expr.scan((c) => c as unknown as readonly [typeof c, typeof c], 0, xs)).problem).toBe(
      "the body returns the next carry and the output of the step: [carry, y]"
    )
  })
  it("of xs share the leading axis; the paths are named", () => {
    const other = Expr.ones([unknown(4)])
    const f = ({ a }: { readonly a: Expr.Expr }) => a
    expect(thrown(() => Expr.map(f, { a: xs, b: other })).problem).toBe("xs.b: the leading axis is 4, xs.a has 3")
    expect(thrown(() => Expr.fold((c) => c, 0, xs, { length: 4 })).problem).toBe(
      "xs: the leading axis is 3, length is 4"
    )
    expect(thrown(() => Expr.fold((c) => c, 0, {})).problem).toBe("xs has no leaves: give a length")
    expect(thrown(() => Expr.iterate(-1, (c) => c, 0)).problem).toBe("length is -1, expected a non-negative integer")
    expect(thrown(() => Expr.map((x) => x, Expr.ones([] as ReadonlyArray<number>))).problem).toBe(
      "xs: a scalar has no leading axis"
    )
  })
  it("of branches and predicates are checked", () => {
    expect(
      thrown(() =>
        Expr.cond(
          true,
          () => ({ a: Expr.ones([unknown(3)]) }),
          () => ({ a: Expr.ones([unknown(4)]) })
        )
      ).problem
    ).toBe("whenFalse.a: expected real[3] as in whenTrue, got real[4]")
    expect(
      thrown(() =>
        Expr.cond(
          Expr.gt(Expr.ones([unknown(3)]), 0) as never,
          () => 1,
          () => 2
        )
      ).problem
    ).toBe("predicate: expected bool[], got bool[3]")
    expect(
      thrown(() =>
        Expr.whileLoop(
          (x) => x as never,
          (x) => x,
          1
        )
      ).problem
    ).toBe("condition: expected bool[], got real[]")
  })
  it("are checked by the typing rules, whatever the attributes", () => {
    const body = Body.make([Type.real([]), Type.real([2])], ([x]) => [x!])
    const types = (attributes: Partial<Primitive.ScanAttributes>, operands: ReadonlyArray<Type.Type>) =>
      thrown(() =>
        Primitive.controlDefinitions.scan.types(
          { body, consts: 0, carries: 1, length: 3, reverse: false, checkpoint: "all", ...attributes },
          operands
        )
      ).problem
    expect(types({}, [Type.real([])])).toBe("operands: expected 2, got 1")
    expect(types({}, [Type.real([]), Type.real([3, 4])])).toBe("operands, 1: expected real[2], got real[4]")
    expect(types({}, [Type.real([]), Type.real([4, 2])])).toBe("xs, 0: expected a leading axis of 3, got real[4,2]")
    expect(types({ length: 0.5 }, [])).toBe("length is 0.5, expected a non-negative integer")
    expect(types({ carries: 3 }, [Type.real([])])).toBe("carries is 3, expected an integer from 0 to 1")
    const expected = `expected "all", "none", "revolve", { every: n } or { snapshots: n }`
    for (const [checkpoint, problem] of [
      [{ every: 0 }, "checkpoint.every is 0, expected a positive integer"],
      [{ every: 1.5 }, "checkpoint.every is 1.5, expected a positive integer"],
      [{ snapshots: -1 }, "checkpoint.snapshots is -1, expected a positive integer"],
      [{ snapshots: "2" }, "checkpoint.snapshots is 2, expected a positive integer"],
      [{ every: 1, snapshots: 1 }, `checkpoint is {"every":1,"snapshots":1}, ${expected}`],
      [{}, `checkpoint is {}, ${expected}`],
      [null, `checkpoint is null, ${expected}`],
      ["some", `checkpoint is some, ${expected}`],
      [undefined, `checkpoint is undefined, ${expected}`]
    ] as const) {
      expect(types({ checkpoint: checkpoint as never }, [])).toBe(problem)
    }
  })
})

describe("as data", () => {
  it("shows its results as projections", () => {
    const [total] = Expr.scan((c, x) => [Expr.add(c, x), c], 0, Expr.ones([3]))
    const view = Expr.view(total)
    if (view._tag !== "Project") throw new Error(view._tag)
    expect([view.primitive, view.index, view.operands.length, Type.render(view.type)]).toEqual(["scan", 0, 2, "real[]"])
    expect(`${total}`).toBe("Expr(scan#0: real[])")
  })

  it("is printed", () => {
    const f = program({ a: [], xs: [3] }, ({ a, xs }) => {
      const [total, ys] = Expr.scan((c, x) => [Expr.add(Expr.mul(c, a), x), c], 0, xs)
      return Expr.add(total, Expr.sum(ys))
    })
    const text =
      "t1 = scan((a, carry, xs) => [carry * a + xs, carry], consts: [a], init: [0], xs: [xs]); t1[0] + sum(t1[1], axes: [0])"
    expect(Formula.print(f)).toBe(text)
    expect(`${f}`).toBe(`Fn({ a: real[], xs: real[3] } -> real[]: ${text})`)
  })
})
