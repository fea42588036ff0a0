// What the matchers accept and refuse, and every word of what they say.

import { Expr, Fn, Initializer, Serialization, Tensor, Type } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Arbitraries, Matchers } from "@fluxion/testing"
import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import "../src/Vitest.ts"
import { rebuild } from "./rebuild.ts"

/** What `expect` throws. */
const messageOf = (check: () => void): string => {
  try {
    check()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error("expected the matcher to refuse")
}

const text = (...lines: ReadonlyArray<string>): string => lines.join("\n")

const after = (x: number, steps = 1): number => {
  const bits = new BigInt64Array(Float64Array.of(x).buffer)
  bits[0]! += BigInt(steps)
  return new Float64Array(bits.buffer)[0]!
}

describe("toBeCloseTensor", () => {
  it("takes numbers, tensors, and trees of them", () => {
    expect(after(1)).toBeCloseTensor(1)
    expect(Tensor.make([1, 2])).toBeCloseTensor(Tensor.make([1, after(2, 4)]))
    expect({ a: [1, Tensor.make([[2]])], b: true }).toBeCloseTensor({ b: true, a: [1, Tensor.make([[2]])] })
    expect(Float64Array.of(1, 2)).toBeCloseTensor([1, 2])
    expect(1).toBeCloseTensor(Tensor.full([], 1))
    expect({}).toBeCloseTensor({})
    expect(Tensor.zeros([0])).toBeCloseTensor(Tensor.zeros([0]))
  })

  it("shows the worst element, its place and both values, and how many differ", () => {
    const received = {
      w: Tensor.make([
        [1, 2.5],
        [3, 4]
      ]),
      b: [0.5, 7]
    }
    const expected = {
      w: Tensor.make([
        [1, 2],
        [3, 4]
      ]),
      b: [0.5, 6.875]
    }
    expect(messageOf(() => expect(received).toBeCloseTensor(expected))).toBe(
      text(
        "expected close values within 4 ULPs, but 2 of 6 elements differ",
        "  worst at w[0,1]: received 2.5, expected 2 (1125899906842624 ULPs, 0.5 absolute, 0.25 relative)"
      )
    )
    expect(messageOf(() => expect(received).toBeCloseTensor(expected, { absolute: 0.25 }))).toBe(
      text(
        "expected close values within 0.25 absolute, but 1 of 6 elements differs",
        "  worst at w[0,1]: received 2.5, expected 2 (1125899906842624 ULPs, 0.5 absolute, 0.25 relative)"
      )
    )
    expect(messageOf(() => expect([7]).toBeCloseTensor([8], { ulps: 3, absolute: 0.5, relative: 1e-3 }))).toBe(
      text(
        "expected close values within 3 ULPs or 0.5 absolute or 0.001 relative, but 1 of 1 elements differs",
        "  worst at [0]: received 7, expected 8 (1125899906842624 ULPs, 1 absolute, 0.125 relative)"
      )
    )
  })

  it("measures the worst in the tolerance that is asked for", () => {
    const [received, expected] = [
      [1000.5, 1e-9],
      [1000, 1e-10]
    ]
    const worst = (closeness: Matchers.Closeness) =>
      messageOf(() => expect(received).toBeCloseTensor(expected, closeness)).split("\n")[1]
    expect(worst({ absolute: 0 })).toMatch(/at \[0\]/)
    expect(worst({ absolute: 1e-12 })).toMatch(/at \[0\]/)
    expect(worst({ relative: 1e-6 })).toMatch(/at \[1\]/)
  })

  it("is enough where one of several tolerances is", () => {
    expect(1e-20).toBeCloseTensor(0, { relative: 1e-9, absolute: 1e-15 })
    expect(1000.1).toBeCloseTensor(1000, { relative: 1e-3, absolute: 1e-15 })
    expect(() => expect(1e-20).toBeCloseTensor(0, { relative: 1e-9 })).toThrow("within 1e-9 relative")
  })

  it("knows NaN, infinities and the sign of zero", () => {
    expect([Number.NaN, Infinity, -0]).toBeCloseTensor([Number.NaN, Infinity, 0])
    const refused: ReadonlyArray<readonly [number, number]> = [
      [Number.NaN, 1],
      [1, Number.NaN],
      [Infinity, -Infinity],
      [Infinity, Number.MAX_VALUE],
      [0, Infinity]
    ]
    for (const [received, wanted] of refused) {
      const all = { absolute: Infinity, relative: Infinity, ulps: Infinity }
      expect(messageOf(() => expect(received).toBeCloseTensor(wanted, all))).toBe(
        text(
          "expected close values within Infinity ULPs or Infinity absolute or Infinity relative, but 1 of 1 elements differs",
          `  worst at the value: received ${received}, expected ${wanted}`
        )
      )
    }
    expect(messageOf(() => expect([1, -0]).toBeCloseTensor([1, 0], { signedZero: true }))).toBe(
      text(
        "expected close values within 4 ULPs, with the sign of zero, but 1 of 2 elements differs",
        "  worst at [1]: received -0, expected 0 (0 ULPs, 0 absolute, 0 relative)"
      )
    )
  })

  it("wants indices and truth values to be the same", () => {
    expect(Tensor.index([1, 2])).toBeCloseTensor(Tensor.index([1, 2]))
    expect(messageOf(() => expect(Tensor.index([1, 2])).toBeCloseTensor(Tensor.index([1, 3]), { absolute: 9 }))).toBe(
      text(
        "expected close values within 9 absolute, but 1 of 2 elements differs",
        "  worst at [1]: received 2, expected 3 (4503599627370496 ULPs, 1 absolute, 0.3333333333333333 relative)"
      )
        .replace("at [1]", "at the value[1]")
        .replace("4503599627370496", "2251799813685248")
    )
    expect(() => expect({ p: true }).toBeCloseTensor({ p: false })).toThrow("worst at p: received 1, expected 0")
  })

  it("says where values are not alike", () => {
    const unlike: ReadonlyArray<readonly [Matchers.Comparable, Matchers.Comparable, string]> = [
      [
        Tensor.zeros([2, 3]),
        Tensor.zeros([3, 2]),
        "the value: received a tensor real[2,3], expected a tensor real[3,2]"
      ],
      [Tensor.zeros([2]), Tensor.index([0, 0]), "the value: received a tensor real[2], expected a tensor index[2]"],
      [{ p: { w: 1 } }, { p: { v: 1 } }, "p: received a record with the fields w, expected a record with the fields v"],
      [{ p: {} }, { p: 1 }, "p: received a record with the fields (none), expected 1"],
      [[1, [2, 3]], [1, [2]], "[1]: received an array of length 2, expected an array of length 1"],
      [[1, 2], Tensor.make([1, 2]), "the value: received an array of length 2, expected a tensor real[2]"],
      [true, 1, "the value: received true, expected 1"]
    ]
    for (const [received, expected, said] of unlike) {
      expect(messageOf(() => expect(received).toBeCloseTensor(expected))).toBe(
        text("expected close values, but they are not alike", `  at ${said}`)
      )
    }
    expect(() => expect(undefined).toBeCloseTensor(1)).toThrow("at the value: received undefined, expected 1")
  })

  it("negated, shows the furthest", () => {
    expect(1).not.toBeCloseTensor(2)
    expect(messageOf(() => expect([1, after(2, 3)]).not.toBeCloseTensor([1, 2]))).toBe(
      text(
        "expected values that are not close within 4 ULPs, but all 2 elements are",
        "  the furthest at [1]: received 2.0000000000000013, expected 2 (3 ULPs, 1.3322676295501878e-15 absolute, 6.661338147750939e-16 relative)"
      )
    )
    expect(messageOf(() => expect([]).not.toBeCloseTensor([]))).toBe(
      "expected values that are not close within 4 ULPs, but all 0 elements are"
    )
  })

  it("accepts what is within ULPs, and nothing further, of any number", () => {
    const numbers = fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-300, max: 1e300 })
    fc.assert(
      fc.property(numbers, fc.nat({ max: 50 }), fc.nat({ max: 50 }), (x, steps, ulps) => {
        expect(Matchers.toBeCloseTensor(after(x, steps), x, { ulps }).pass).toBe(steps <= ulps)
      })
    )
  })
})

describe("toEqualProgram", () => {
  it("looks through the names of variables and the order of building", () => {
    const f = Fn.make({ x: [3], y: [] }, ({ x, y }) => {
      const s = Expr.sin(x)
      return { a: Expr.sum(Expr.map((row) => Expr.mul(row, y), s)), b: Expr.exp(y) }
    })
    const g = Fn.make({ y: [], x: [3] }, ({ y, x }) => {
      const b = Expr.exp(y)
      return { b, a: Expr.sum(Expr.map((element) => Expr.mul(element, y), Expr.sin(x))) }
    })
    expect(f).toEqualProgram(g)
    expect(messageOf(() => expect(f).not.toEqualProgram(g))).toMatch(/^expected another program than\n {2}/)
  })

  const scalar = (body: (x: Expr.Expr<readonly []>) => Expr.Expr<readonly []>) => Fn.make({ x: [] }, ({ x }) => body(x))

  it("shows the first difference and both programs", () => {
    const received = scalar((x) => Expr.mul(2, Expr.sin(Expr.add(x, 1))))
    const expected = scalar((x) => Expr.mul(2, Expr.sin(Expr.add(x, 3))))
    expect(messageOf(() => expect(received).toEqualProgram(expected))).toBe(
      text(
        "expected the same program",
        "  first difference at operand 2 of add: received 1, expected 3",
        "  received: 2 * sin(x + 1)",
        "  expected: 2 * sin(x + 3)"
      )
    )
  })

  const first = (received: Fn.Any, expected: Fn.Any): string =>
    messageOf(() => expect(received).toEqualProgram(expected))
      .split("\n")[1]!
      .trim()

  it("finds other operations, operands, attributes, types and constants", () => {
    expect(
      first(
        scalar((x) => Expr.neg(Expr.sin(x))),
        scalar((x) => Expr.neg(Expr.cos(x)))
      )
    ).toBe("first difference at the operand of neg: received sin(x), expected cos(x)")
    expect(
      first(
        Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.sub(x, y)),
        Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.sub(y, x))
      )
    ).toBe("first difference at operand 1 of sub: received x, expected y")
    expect(
      first(
        Fn.make({ w: [2, 2] }, ({ w }) => Expr.sum(w, { axis: 0 })),
        Fn.make({ w: [2, 2] }, ({ w }) => Expr.sum(w, { axis: 1 }))
      )
    ).toBe("first difference at the output: the axes of sum: received 0, expected 1")
    expect(
      first(
        scalar((x) => Expr.mul(0, x)),
        scalar((x) => Expr.mul(-0, x))
      )
    ).toBe("first difference at operand 1 of mul: received 0, expected -0")
    expect(
      first(
        Fn.make({ x: [2] }, ({ x }) => Expr.mul(x, Expr.constant([1, 2]))),
        Fn.make({ x: [2] }, ({ x }) => Expr.mul(x, Expr.constant([[1, 2]])))
      )
    ).toBe("first difference at the outputs: received real[2], expected real[1,2]")
    expect(
      first(
        scalar((x) => x),
        Fn.make([], (x) => x)
      )
    ).toBe("first difference at the inputs: received { x: real[] }, expected real[]")
    expect(
      first(
        Fn.make({ x: [] }, ({ x }) => ({ a: x, b: Expr.exp(x) })),
        Fn.make({ x: [] }, ({ x }) => ({ a: x, b: Expr.log(x) }))
      )
    ).toBe("first difference at the output b: received exp(x), expected log(x)")
  })

  it("finds what is computed twice in one of them", () => {
    const shared = scalar((x) => {
      const t = Expr.exp(x)
      return Expr.mul(t, t)
    })
    const twice = scalar((x) => Expr.mul(Expr.exp(x), Expr.exp(x)))
    expect(first(twice, shared)).toBe(
      "first difference at operand 2 of mul: received exp(x), not shared with the same uses, expected exp(x)"
    )
    expect(twice).toEqualProgram(scalar((x) => Expr.mul(Expr.exp(x), Expr.exp(x))))
  })

  it("looks into the bodies of loops", () => {
    const loop = (step: number) =>
      scalar((x) => Expr.iterate(3, (y) => Expr.iterate(2, (z) => Expr.add(z, step), y), x))
    expect(loop(1)).toEqualProgram(loop(1))
    expect(first(loop(1), loop(2))).toBe("first difference at operand 2 of add: received 1, expected 2")
    const counted = (n: number) => scalar((x) => Expr.iterate(n, (y) => Expr.sin(y), x))
    expect(first(counted(3), counted(4))).toBe(
      "first difference at the output: the length of scan: received 3, expected 4"
    )
  })

  it("tells parameters apart by their names, and variables of an enclosing program by their identity", () => {
    const model = (name: string) => Fn.make({ x: [] }, ({ x }) => Expr.mul(x, Expr.param(name, [], Initializer.zeros)))
    expect(model("w")).toEqualProgram(model("w"))
    expect(first(model("w"), model("v"))).toBe("first difference at operand 2 of mul: received w, expected v")
    Fn.make({ a: [], b: [] }, ({ a, b }) => {
      const inner = (own: Expr.Expr<readonly []>) => Fn.make([], (x) => Expr.mul(x, own))
      expect(inner(a)).toEqualProgram(inner(a))
      expect(inner(a)).not.toEqualProgram(inner(b))
      return a
    })
  })

  it("takes results of one computation of several apart", () => {
    const decomposed = (which: "q" | "r") => Fn.make({ a: [2, 2] }, ({ a }) => Expr.qr(a)[which])
    expect(decomposed("q")).toEqualProgram(decomposed("q"))
    expect(first(decomposed("q"), decomposed("r"))).toBe(
      "first difference at the output: received result 0 of qr, expected result 1 of qr"
    )
  })

  it("refuses what is no program", () => {
    expect(
      Matchers.toEqualProgram(
        { x: 1 },
        scalar((x) => x)
      ).message()
    ).toBe("expected a program, received { x: 1 }")
  })

  it("holds of programs that are built again from their code, and of their gradients", () => {
    fc.assert(
      fc.property(Arbitraries.program({ maxOperations: 15 }), ({ code, fn }) => {
        const again = rebuild(code).program
        expect(again).toEqualProgram(fn)
        expect(Reverse.grad(again)).toEqualProgram(Reverse.grad(fn))
      }),
      { numRuns: 60 }
    )
  })

  it("finds any operation that is replaced by another", () => {
    let replaced = 0
    fc.assert(
      fc.property(Arbitraries.program({ maxOperations: 15 }), ({ code, fn }) => {
        // In a program whose gradient is taken, it may have no part in the result.
        const encoded = JSON.stringify(Result.getOrThrow(Serialization.encode(fn)))
        if (!code.includes("Expr.sin(") || !encoded.includes('"sin"')) return
        const other = rebuild(code, { Expr: { sin: Expr.cos } }).program
        expect(other).not.toEqualProgram(fn)
        replaced++
      }),
      { numRuns: 100 }
    )
    expect(replaced).toBeGreaterThan(0)
  })
})

describe("toHaveCorrectGradient", () => {
  const product = Fn.make({ x: [2], y: [] }, ({ x, y }) => Expr.mul(Expr.prod(x), y))
  const wrong = Expr.customVjp(product, ({ cotangents, outputs, primals: { x, y } }) => ({
    x: Expr.mul(Expr.mul(cotangents, y), Expr.reverse(x)),
    y: Expr.neg(Expr.mul(cotangents, Expr.div(outputs, y)))
  }))
  const at = { x: Tensor.make([2, 3]), y: 0.5 }

  it("takes programs with and without rules of their own", () => {
    expect(product).toHaveCorrectGradient(at)
    expect(Fn.make([], (x) => Expr.relu(x))).toHaveCorrectGradient(0)
  })

  it("points at the input whose derivative is wrong", () => {
    const message = messageOf(() => expect(wrong).toHaveCorrectGradient(at))
    // The last digits of numerical derivatives are noise.
    expect(message.replaceAll(/± \S+,/g, "± _,").replace(/ +\S+ {2}(?=correct|wrong)/g, "  _  ")).toBe(
      text(
        "expected the gradient to be correct at { x: [2, 3], y: 0.5 }, but 1 of 3 entries is wrong",
        "  worst at y: reverse -6, numerical 6 ± _, relative error 2.0",
        `  the rule built at ${import.meta.filename}:339:22 is wrong at y: reverse -6, numerical 6 ± _, relative error 2.0`,
        `  program: ${wrong}`,
        "  entry  forward     reverse    numeric  relative  verdict",
        "  x[0]      none   1.5000000  1.5000000  _  correct",
        "  x[1]      none   1.0000000  1.0000000  _  correct",
        "  y         none  -6.0000000  6.0000000  _  wrong"
      )
    )
    expect(wrong).not.toHaveCorrectGradient(at)
  })

  it("names the rule that is wrong, and the input, inside of a larger program", () => {
    const pair = Fn.make({ p: [2], n: Type.index([]) }, ({ n, p }) => ({ a: Expr.gather(p, n), b: Expr.exp(p) }))
    const rule = (sign: number) =>
      Expr.customVjp(pair, ({ cotangents: { a, b }, outputs, primals: { n } }) => ({
        p: Expr.add(Expr.scatterAdd(Expr.zeros([2]), n, Expr.mul(sign, a)), Expr.mul(b, outputs.b))
      }))
    const using = (first: number, second: number) =>
      Fn.make({ q: [2] }, ({ q }) => {
        const one = Fn.apply(rule(first), { p: q, n: Expr.constant(Tensor.index(1)) })
        return Expr.add(Fn.apply(rule(second), { p: one.b, n: Expr.constant(Tensor.index(0)) }).a, Expr.sum(one.b))
      })
    const point = { q: Tensor.make([0.1, 0.2]) }
    expect(using(1, 1)).toHaveCorrectGradient(point)
    const message = messageOf(() => expect(using(1, -1)).toHaveCorrectGradient(point))
    // One line of code built both rules; the second is the wrong one, in the element that it gathers.
    expect(message.match(/the rule built at .*: /g)).toHaveLength(1)
    expect(message).toMatch(/the rule built at .*Matchers\.test\.ts:\d+:\d+ is wrong at p\[0\]: reverse /)
  })

  it("shows what forward mode says where there is a rule for it, and both slopes at a kink", () => {
    const both = Expr.customJvp(
      Fn.make({ x: [] }, ({ x }) => Expr.abs(x)),
      ({ tangents }) => Expr.mul(5, tangents.x)
    )
    const message = messageOf(() => expect(both).toHaveCorrectGradient({ x: 0 }))
    expect(message).toMatch(
      /worst at x: forward 5, reverse 5, numerical .*; a kink: -1 from the left, 1 from the right\n/
    )
  })

  it("says where there is no witness, or no gradient", () => {
    const root = Fn.make([], (x) => Expr.sqrt(x))
    expect(messageOf(() => expect(root).toHaveCorrectGradient(0))).toMatch(
      /^expected the gradient to be correct at 0, but 1 of 1 entries cannot be told to be correct\n {2}worst at the input: /
    )
    const checked = Fn.make([], (x) => Expr.checked.log(x))
    expect(messageOf(() => expect(checked).toHaveCorrectGradient(-1))).toMatch(
      /^expected the gradient to be correct at -1, but the program fails there: log: [^]*\n {2}program: Fn\(/
    )
    const vector: Fn.Any = Fn.make([2], (x) => x)
    expect(Matchers.toHaveCorrectGradient(vector, 1).message()).toBe(
      "expected a program of one scalar output, received one that computes real[2]"
    )
    const truth: Fn.Any = Fn.make({ p: Type.bool([]) }, ({ p }) => p)
    expect(Matchers.toHaveCorrectGradient(truth, { p: true }).pass).toBe(false)
    expect(Matchers.toHaveCorrectGradient(1, 1).message()).toBe("expected a program, received 1")
  })

  it("shows no more than the entries that are not correct where there are many", () => {
    const many = Fn.make({ x: [30] }, ({ x }) => Expr.sum(x))
    const off = Expr.customVjp(many, ({ cotangents }) => ({
      x: Expr.mul(
        cotangents,
        Tensor.fromArray(
          Float64Array.from({ length: 30 }, (_, i) => (i === 17 ? 2 : 1)),
          [30]
        )
      )
    }))
    const lines = messageOf(() => expect(off).toHaveCorrectGradient({ x: Tensor.zeros([30]) })).split("\n")
    expect(lines[1]).toMatch(/worst at x\[17\]/)
    expect(lines.slice(5).map((line) => line.trim().split(" ")[0])).toEqual(["x[17]"])
  })

  it("negated, says so", () => {
    expect(messageOf(() => expect(product).not.toHaveCorrectGradient(at))).toBe(
      text(
        "expected the gradient not to be correct at { x: [2, 3], y: 0.5 }",
        "  program: Fn({ x: real[2], y: real[] } -> real[]: prod(x, axes: [0]) * y)"
      )
    )
  })
})
