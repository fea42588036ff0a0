// Programs with rules of their own, as programs: what they compute, what they refuse. What modes make of the rules is tested in @fluxion/testing.

import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Body, Expr, Fn, Formula, Interpreter, type Primitive, Tensor, Type } from "../../src/index.ts"

const f = Fn.make({ labels: Type.index([2]), w: [3] }, ({ labels, w }) => ({
  best: Expr.argmax(w, 0),
  picked: Expr.sin(Expr.gather(w, labels))
}))
const withJvp = Expr.customJvp(f, ({ primals, tangents }) => ({ picked: Expr.gather(tangents.w, primals.labels) }))
const withVjp = f.pipe(
  Expr.customVjp(({ cotangents, primals }) => ({
    w: Expr.scatterAdd(Expr.zeros([3]), primals.labels, cotangents.picked)
  }))
)

describe("a program with rules of its own", () => {
  it("computes what the program computes", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 3, maxLength: 3 }), (xs) => {
        const at = { labels: Tensor.index([2, 0]), w: Tensor.fromArray(Float64Array.from(xs), [3]) }
        const expected = Fn.runSync(f, at)
        expect(Fn.runSync(withJvp, at)).toEqual(expected)
        expect(Fn.runSync(withVjp, at)).toEqual(expected)
      })
    )
  })

  it("is one node where it is applied, called or mapped", () => {
    const deep = Expr.customJvp(
      Fn.make([], (x) => Expr.iterate(5, (y) => Expr.sin(y), Expr.exp(x))),
      ({ tangents }) => tangents
    )
    expect(Fn.operationCount(deep)).toBe(1)
    const twice = Fn.make([], (x) => Fn.apply(deep, Fn.apply(deep, x)))
    expect(Fn.operationCount(twice)).toBe(2)
    const mapped = Fn.make([4], (xs) => Expr.map((x: Expr.Expr<readonly []>) => Fn.call(deep, x), xs))
    const value = Fn.runSync(deep, 0.5)
    expect(Array.from(Fn.runSync(mapped, Tensor.full([4], 0.5)).data)).toEqual([value, value, value, value])
  })

  it("may use constants and what is computed from them", () => {
    const outside = Expr.exp(Expr.constant(2))
    const g = Expr.customJvp(
      Fn.make([], (x) => Expr.mul(x, outside)),
      ({ tangents }) => Expr.mul(tangents, outside)
    )
    expect(Fn.runSync(g, 3)).toBe(3 * Math.exp(2))
  })

  it("has arrays without elements, and no leaves at all", () => {
    const empty = Expr.customJvp(
      Fn.make({ x: [0, 3] }, ({ x }) => ({ y: Expr.exp(x) })),
      ({ outputs, tangents }) => ({ y: Expr.mul(tangents.x, outputs.y) })
    )
    expect(Fn.runSync(empty, { x: Tensor.zeros([0, 3]) }).y.shape).toEqual([0, 3])
    const index = Expr.customVjp(
      Fn.make(Type.index([2]), (i) => Expr.add(i, 1)),
      () => ({})
    )
    expect(`${Fn.runSync(index, Tensor.index([1, 2]))}`).toBe("[2, 3]")
  })

  it("is printed with its rules", () => {
    const g = Expr.customVjp(
      Fn.make([], (x) => Expr.exp(x)),
      ({ cotangents, outputs }) => Expr.mul(cotangents, outputs)
    )
    expect(Formula.print(g)).toBe(
      "custom((x) => exp(x), vjp: (primals, outputs, cotangents) => cotangents * outputs, x)"
    )
  })
})

describe("what is captured is refused: its derivative would be lost", () => {
  const identity = Fn.make([], (x) => x)
  const lost =
    (what: string) =>
    (build: (y: Expr.Expr<readonly []>) => unknown): void => {
      expect(() =>
        Fn.make({ y: [] }, ({ y }) => {
          build(y)
          return y
        })
      ).toThrow(
        `the input "y" belongs to another program; ${what} uses it, and the derivative with respect to it would be lost: make it an input of the program`
      )
    }

  it("in the rules, in the program, and through what is computed from it", () => {
    lost("customJvp: the jvp rule")((y) => Expr.customJvp(identity, ({ tangents }) => Expr.mul(tangents, y)))
    lost("customVjp: the vjp rule")((y) =>
      identity.pipe(Expr.customVjp(({ cotangents }) => Expr.mul(cotangents, Expr.exp(y))))
    )
    lost("customVjp: the jvp rule")((y) =>
      Expr.customVjp(identity, { vjp: ({ cotangents }) => cotangents, jvp: () => Expr.sin(y) })
    )
    lost("customJvp: the program")((y) =>
      Expr.customJvp(
        Fn.make([], (x) => Expr.mul(x, y)),
        ({ tangents }) => tangents
      )
    )
  })

  it("in a loop, where it belongs to the body", () => {
    expect(() =>
      Fn.make([3], (xs) =>
        Expr.fold(
          (c: Expr.Expr<readonly []>, x: Expr.Expr<readonly []>) =>
            Fn.apply(
              Expr.customJvp(identity, ({ tangents }) => Expr.mul(tangents, x)),
              c
            ),
          0,
          xs
        )
      )
    ).toThrow("the derivative with respect to it would be lost")
  })
})

describe("trees that do not fit are refused with their path", () => {
  const loose = f as unknown as Fn.Fn<{ readonly [key: string]: readonly [number] }, readonly [number]>
  const cases: ReadonlyArray<readonly [string, () => unknown, string]> = [
    [
      "a JVP",
      () => Expr.customJvp(loose, () => 0 as never),
      "tangents: expected { picked: real[2] } as in the tree of the outputs"
    ],
    [
      "a shape",
      () => Expr.customJvp(loose, ({ tangents }) => ({ picked: tangents["w"]! }) as never),
      "tangents.picked: expected real[2] as in the tree of the outputs, got real[3]"
    ],
    [
      "a VJP",
      () => Expr.customVjp(loose, ({ primals }) => primals as never),
      "cotangents.labels: nothing expected there; the tree of the inputs is { w: real[3] }"
    ]
  ]
  it.each(cases)("%s", (_, build, message) => {
    expect(build).toThrow(message)
  })

  it("also where the primitive is applied by hand", () => {
    const real = Type.real([])
    const body = Body.make([real], ([x]) => [x!])
    const rule = Body.make([real, real], ([x]) => [x!])
    const apply = (attributes: Primitive.CustomAttributes) => () =>
      Interpreter.types.applyMany("custom", attributes, [real])
    expect(apply({ body })).toThrow("expected a JVP, a VJP or both")
    expect(apply({ body, jvp: rule })).toThrow("custom: operands of the JVP: expected 3, got 2")
    expect(apply({ body, vjp: Body.make([real, real, real], () => []) })).toThrow(
      "custom: results of the VJP: expected 1, got 0"
    )
  })
})

describe("supportsForward", () => {
  const identity = Fn.make([], (x) => x)
  const reverseOnly = Expr.customVjp(identity, ({ cotangents }) => cotangents)

  it("looks into bodies and rules, but not past a JVP", () => {
    const inLoop = Fn.make([3], (xs) => Expr.map((x: Expr.Expr<readonly []>) => Fn.apply(reverseOnly, x), xs))
    const inWhile = Fn.make([], (x) =>
      Expr.whileLoop(
        (y) => Expr.lt(y, 3),
        (y) => Fn.call(reverseOnly, y) as Expr.Expr<readonly []>,
        x
      )
    )
    const inRule = Expr.customJvp(identity, ({ tangents }) => Fn.apply(reverseOnly, tangents))
    const replaced = Expr.customJvp(reverseOnly, ({ tangents }) => tangents)
    expect([reverseOnly, inLoop, inWhile, inRule].map(Fn.supportsForward)).toEqual([false, false, false, false])
    expect([identity, replaced].map(Fn.supportsForward)).toEqual([true, true])
  })
})
