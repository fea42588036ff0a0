// Rules with planted faults: each law finds the fault that is its own, and says where. Each fault is one that other laws do not see, where there is such a one.

import { Backend, Expr, Fn, Serialization, Tensor } from "@fluxion/core"
import { Laws } from "@fluxion/testing"
import { Effect, Result, Schema, SchemaTransformation } from "effect"
import { describe, expect, it } from "vitest"

type Checked = Effect.Effect<Laws.Report, unknown>

const holds = (check: Checked): void => expect(Effect.runSync(check).verdict).toBe("holds")

const broken = (check: Checked): Laws.LawViolation => {
  const error = Effect.runSync(Effect.flip(check))
  expect(error).toBeInstanceOf(Laws.LawViolation)
  return error as Laws.LawViolation
}

const at = { x: Tensor.make([0.5, -1, 2]), y: 0.25 }

/** x exp(y), elementwise. */
const plain = Fn.make({ x: [3], y: [] }, ({ x, y }) => Expr.mul(x, Expr.exp(y)))
const sumOf = <E, R>(f: Fn.Fn<typeof plain.inputs, readonly [3], E, R>) =>
  Fn.make({ x: [3], y: [] }, (inputs) => Expr.sum(Expr.square(Fn.apply(f, inputs))))

/** Rules of both modes, with a factor each that should be 1. */
const withFactors = (forwardOfX: number, forwardOfY: number, reverseOfX: number, reverseOfY: number) =>
  Expr.customVjp(plain, {
    jvp: ({ outputs, primals: { y }, tangents }) =>
      Expr.add(
        Expr.mul(forwardOfX, Expr.mul(tangents.x, Expr.exp(y))),
        Expr.mul(forwardOfY, Expr.mul(outputs, tangents.y))
      ),
    vjp: ({ cotangents, outputs, primals: { y } }) => ({
      x: Expr.mul(reverseOfX, Expr.mul(cotangents, Expr.exp(y))),
      y: Expr.mul(reverseOfY, Expr.sum(Expr.mul(cotangents, outputs)))
    })
  })

describe("rules without a fault keep every law", () => {
  it("as does the program they are of", () => {
    for (const f of [plain, withFactors(1, 1, 1, 1)]) {
      holds(Laws.modesAgree(f, at))
      holds(Laws.transpose(f, at))
      holds(Laws.linearity(f, at))
      holds(Laws.chainRule(f, at))
      holds(Laws.agreesWithNumeric(sumOf(f), at))
      holds(Laws.hessianSymmetric(sumOf(f), at))
      holds(Laws.roundTrip(f, at))
      holds(Laws.backendAgrees(Backend.interpreter)(f, at))
    }
  })
})

describe("modesAgree", () => {
  it("names the input whose rule has a wrong factor in one mode", () => {
    const error = broken(Laws.modesAgree(withFactors(1, 1, 1, -1), at))
    expect([error.worst?.place, error.violations, error.of]).toEqual(["y", 1, 4])
    expect(error.worst!.left).toBeCloseTo(-error.worst!.right)
  })

  it("finds a fault of one part in 10^9, also where it has to look at the scale of the paths", () => {
    const error = broken(Laws.modesAgree(withFactors(1, 1 + 1e-9, 1, 1), at))
    expect(error.worst?.place).toBe("y")
    expect(error.worst!.difference / error.worst!.tolerance).toBeGreaterThan(100)
  })
})

describe("agreesWithNumeric", () => {
  it("finds what both modes have wrong, and names both", () => {
    const wrong = sumOf(withFactors(1, 2, 1, 2))
    holds(Laws.modesAgree(wrong, at))
    const error = broken(Laws.agreesWithNumeric(wrong, at))
    expect([error.violations, error.of]).toEqual([2, 8])
    expect(error.worst?.place).toMatch(/^(forward|reverse): y$/)
    expect(error.worst!.left / error.worst!.right).toBeCloseTo(2)
  })

  it("is asked of programs that support reverse mode only", () => {
    const wrong = Expr.customVjp(
      Fn.make({ a: [], b: [] }, ({ a, b }) => Expr.div(a, b)),
      ({ cotangents, outputs, primals: { b } }) => ({
        a: Expr.div(cotangents, b),
        b: Expr.div(Expr.mul(cotangents, outputs), b)
      })
    )
    const error = broken(Laws.agreesWithNumeric(wrong, { a: 3, b: 2 }))
    expect([error.worst?.place, error.violations, error.of]).toEqual(["reverse: b", 1, 2])
    expect(error.worst).toMatchObject({ left: 0.75, path: "b", index: [] })
    expect(error.worst!.right).toBeCloseTo(-0.75)
  })
})

describe("transpose", () => {
  it("finds rules that are not each other's transpose", () => {
    const error = broken(Laws.transpose(withFactors(1, 1, 1.5, 1), at))
    expect(error.message).toMatch(/^<v, J u> = <J' v, u>: 1 of 1 entry differs; at the inner products: <v, J u> /)
  })

  it("in the directions that are asked for", () => {
    const directions = { tangents: { x: Tensor.zeros([3]), y: 1 }, cotangents: Tensor.make([1, 0, 0]) }
    holds(Laws.transpose(withFactors(1, 1, 1.5, 1), at, directions))
    expect(broken(Laws.transpose(withFactors(1, 1, 1, 1.5), at, directions)).worst!.left).toBeCloseTo(
      0.5 * Math.exp(0.25)
    )
  })
})

describe("linearity", () => {
  const identity = Fn.make([3], (x) => x)
  const point = Tensor.make([1, 2, 3])

  it("finds a rule that adds a constant, by both modes", () => {
    const shifted = Expr.customVjp(identity, {
      jvp: ({ tangents }) => Expr.add(tangents, 1),
      vjp: ({ cotangents }) => Expr.add(cotangents, Expr.constant([0, 0, 1]))
    })
    const error = broken(Laws.linearity(shifted, point))
    // For either mode the combination and the zero direction, in 3 and in 1 elements.
    expect([error.violations, error.of]).toEqual([8, 12])
    expect(error.worst?.place).toMatch(/along zero/)
  })

  it("finds a rule that clips, in the direction that it clips", () => {
    const clipped = (most: number) =>
      Expr.customVjp(identity, {
        jvp: ({ tangents }) => tangents,
        vjp: ({ cotangents }) => Expr.clamp(cotangents, -most, most)
      })
    expect(broken(Laws.linearity(clipped(1.25), point)).worst?.place).toMatch(/^cotangent of the input\[/)
    holds(Laws.linearity(clipped(100), point))
    expect(broken(Laws.linearity(clipped(100), point, { cotangents: Tensor.make([0, 99, 0]) })).worst?.index).toEqual([
      1
    ])
  })

  it("finds a square, which is zero at zero", () => {
    const squared = Expr.customVjp(identity, {
      jvp: ({ tangents }) => Expr.square(tangents),
      vjp: ({ cotangents }) => cotangents
    })
    const error = broken(Laws.linearity(squared, point))
    expect([error.worst?.place.startsWith("tangent of "), error.violations]).toEqual([true, 3])
  })

  it("does not compare what is not finite", () => {
    holds(
      Laws.linearity(
        Fn.make([2], (x) => Expr.sqrt(x)),
        Tensor.make([0, 1])
      )
    )
  })
})

describe("chainRule", () => {
  it("finds a rule that differs from the other mode's inside of a composition", () => {
    const error = broken(Laws.chainRule(withFactors(1, 1, 1, 2), at))
    expect([error.worst?.place, error.violations, error.of]).toEqual(["both modes", 1, 8])
  })

  it("finds a rule that answers a cotangent that is zero by something else: composed, it is not asked", () => {
    const shifted = Expr.customVjp(
      Fn.make({ x: [] }, ({ x }) => ({ a: Expr.sin(x), b: Expr.cos(x) })),
      {
        jvp: ({ outputs: { a, b }, tangents: { x } }) => ({ a: Expr.mul(b, x), b: Expr.neg(Expr.mul(a, x)) }),
        vjp: ({ cotangents, outputs: { a, b } }) => ({
          x: Expr.add(Expr.sub(Expr.mul(b, cotangents.a), Expr.mul(a, cotangents.b)), 1)
        })
      }
    )
    const constant = Fn.make({ a: [], b: [] }, () => ({ z: Expr.constant(2) }))
    const error = broken(Laws.chainRule(shifted, { x: 0.5 }, { outer: constant }))
    expect([error.worst?.place, error.worst?.left, error.worst?.right]).toEqual(["cotangent of x", 0, 1])
  })

  it("finds it in the program that follows", () => {
    const follows = Fn.make([3], (y) => ({ s: Expr.sum(y), y: Expr.sin(y) }))
    holds(Laws.chainRule(plain, at, { outer: follows }))
    const wrong = Expr.customVjp(follows, {
      jvp: ({ primals, tangents }) => ({ s: Expr.sum(tangents), y: Expr.mul(Expr.cos(primals), tangents) }),
      vjp: ({ cotangents: { s, y }, primals }) => Expr.sub(Expr.mul(Expr.cos(primals), y), s)
    })
    expect(broken(Laws.chainRule(plain, at, { outer: wrong })).violations).toBe(1)
  })
})

describe("hessianSymmetric", () => {
  it("finds a linear rule, the same in both modes, that is the gradient of nothing", () => {
    // The field (-y, x) turns.
    const turning = Expr.customJvp(
      Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(x, y)),
      ({ primals: { x, y }, tangents }) => Expr.sub(Expr.mul(x, tangents.y), Expr.mul(y, tangents.x))
    )
    holds(Laws.modesAgree(turning, { x: 1, y: 2 }))
    holds(Laws.linearity(turning, { x: 1, y: 2 }))
    const error = broken(Laws.hessianSymmetric(turning, { x: 1, y: 2 }))
    expect(error.worst).toMatchObject({ place: "H[x, y]", left: 1, right: -1, difference: 2 })
  })

  it("of programs that support reverse mode only", () => {
    const product = Fn.make({ x: [2] }, ({ x }) => Expr.prod(x))
    const right = Expr.customVjp(product, ({ cotangents, primals: { x } }) => ({
      x: Expr.mul(cotangents, Expr.reverse(x))
    }))
    holds(Laws.hessianSymmetric(right, { x: Tensor.make([2, 3]) }))
    const wrong = Expr.customVjp(product, ({ cotangents, primals: { x } }) => ({
      x: Expr.mul(cotangents, Expr.cumsum(x))
    }))
    expect(broken(Laws.hessianSymmetric(wrong, { x: Tensor.make([2, 3]) })).worst?.place).toBe("H[x[0], x[1]]")
  })
})

describe("roundTrip", () => {
  const own = Fn.make([], (x) => Expr.ensure(x, Expr.gt(x, 0), ({ value }) => ({ _tag: "Negative" as const, value })))

  it("says why a program cannot be written", () => {
    const error = broken(Laws.roundTrip(own, 1))
    expect(error.worst).toBe(undefined)
    expect(error.message).toMatch(/^decode \. encode = identity: [^]*guard of the library[^]*\n {2}program: Fn\(/)
  })

  const changing = (change: (f: Fn.Any) => Fn.Any): Schema.Codec<Fn.Any, unknown> =>
    Fn.schema.pipe(
      Schema.decodeTo(
        Schema.declare(Fn.isFn),
        SchemaTransformation.transform({ decode: change, encode: (f: Fn.Any) => f })
      )
    )
  const third = Fn.make({ x: [] }, ({ x }) => Expr.mul(Expr.add(x, 1 / 3), 2))

  it("finds a codec that rounds constants, and shows the first", () => {
    const rounding = changing((f) => {
      const { ...data } = Result.getOrThrow(Serialization.encode(f))
      const nodes = data.nodes.map((node) =>
        "constant" in node && typeof node.constant === "number" ? { constant: Math.fround(node.constant) } : node
      )
      return Result.getOrThrow(Serialization.decode({ ...data, nodes }))
    })
    holds(Laws.roundTrip(third, { x: 1 }))
    const error = broken(Laws.roundTrip(third, { x: 1 }, { codec: rounding }))
    expect(error.reason).toBe(
      "another program was read; first at operand 2 of add: written 0.3333333333333333, read 0.3333333432674408"
    )
  })

  it("finds a codec that writes what it read as another text", () => {
    let written = 0
    const counting = Fn.schema.pipe(
      Schema.encodeTo(
        Schema.Unknown,
        SchemaTransformation.transform({
          decode: (data: unknown) => (data as { readonly program: Serialization.ProgramEncoded }).program,
          encode: (program: Serialization.ProgramEncoded): unknown => ({ program, written: written++ })
        })
      )
    )
    expect(broken(Laws.roundTrip(third, { x: 1 }, { codec: counting })).reason).toMatch(/another text/)
  })

  it("compares failures, but for the line of code", () => {
    const checked = Fn.make({ x: [] }, ({ x }) => Expr.checked.log(x))
    expect(Effect.runSync(Laws.roundTrip(checked, { x: -1 })).comparisons).toEqual([])
  })
})
