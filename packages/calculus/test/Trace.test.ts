import { Trace } from "@fluxion/calculus"
import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { describe, expect, it } from "vitest"

// In the order of the paper.
const f = Fn.make({ x1: [], x2: [] }, ({ x1, x2 }) => {
  const v1 = Expr.log(x1)
  const v2 = Expr.mul(x1, x2)
  const v3 = Expr.sin(x2)
  const v4 = Expr.add(v1, v2)
  return Expr.sub(v4, v3)
})

const { rows } = Trace.make(f, { x1: 2, x2: 5 })

const written = ({ expression, label, substituted, text }: Trace.Line) => [label, expression, substituted, text]

describe("Baydin, Pearlmutter, Radul and Siskind (2018)", () => {
  // The left columns of Tables 2 and 3.
  it("the forward primal trace", () => {
    expect(rows.map(({ primal }) => written(primal))).toEqual([
      ["v-1", "x1", "2", "2"],
      ["v0", "x2", "5", "5"],
      ["v1", "ln v-1", "ln 2", "0.693"],
      ["v2", "v-1 × v0", "2 × 5", "10"],
      ["v3", "sin v0", "sin 5", "-0.959"],
      ["v4", "v1 + v2", "0.693 + 10", "10.693"],
      ["v5", "v4 - v3", "10.693 + 0.959", "11.652"],
      ["y", "v5", "11.652", "11.652"]
    ])
  })

  // The right column of Table 2.
  it("the forward tangent trace", () => {
    expect(rows.map(({ tangent }) => written(tangent!))).toEqual([
      ["v̇-1", "ẋ1", "1", "1"],
      ["v̇0", "ẋ2", "0", "0"],
      ["v̇1", "v̇-1 / v-1", "1 / 2", "0.5"],
      ["v̇2", "v̇-1 × v0 + v̇0 × v-1", "1 × 5 + 0 × 2", "5"],
      ["v̇3", "v̇0 × cos v0", "0 × cos 5", "0"],
      ["v̇4", "v̇1 + v̇2", "0.5 + 5", "5.5"],
      ["v̇5", "v̇4 - v̇3", "5.5 - 0", "5.5"],
      ["ẏ", "v̇5", "5.5", "5.5"]
    ])
  })

  // The right column of Table 3, from the bottom up.
  it("the reverse adjoint trace", () => {
    const lines = rows.toReversed().flatMap(({ adjoints }) => adjoints)
    // The adjoints of inputs stand at the top of the table, the last input first from below.
    expect(lines.map(({ derivative, expression, label, text }) => [label, derivative, expression, text])).toEqual([
      ["v̄5", "ȳ", "ȳ", "1"],
      ["v̄4", "v̄5 ∂v5/∂v4", "v̄5 × 1", "1"],
      ["v̄3", "v̄5 ∂v5/∂v3", "v̄5 × (-1)", "-1"],
      ["v̄1", "v̄4 ∂v4/∂v1", "v̄4 × 1", "1"],
      ["v̄2", "v̄4 ∂v4/∂v2", "v̄4 × 1", "1"],
      ["v̄0", "v̄3 ∂v3/∂v0", "v̄3 × cos v0", "-0.284"],
      ["v̄-1", "v̄2 ∂v2/∂v-1", "v̄2 × v0", "5"],
      ["v̄0", "v̄0 + v̄2 ∂v2/∂v0", "v̄0 + v̄2 × v-1", "1.716"],
      ["v̄-1", "v̄-1 + v̄1 ∂v1/∂v-1", "v̄-1 + v̄1 / v-1", "5.5"],
      ["x̄2", "v̄0", "v̄0", "1.716"],
      ["x̄1", "v̄-1", "v̄-1", "5.5"]
    ])
  })

  it("in print, as in the paper", () => {
    expect(Trace.toText({ rows }, { mode: "forward" })).toBe(
      `Forward primal trace                     Forward tangent trace
---------------------------------------  ---------------------------------------------
v-1 = x1 = 2                             v̇-1 = ẋ1 = 1
v0  = x2 = 5                             v̇0  = ẋ2 = 0
v1  = ln v-1 = ln 2 = 0.693              v̇1  = v̇-1 / v-1 = 1 / 2 = 0.5
v2  = v-1 × v0 = 2 × 5 = 10              v̇2  = v̇-1 × v0 + v̇0 × v-1 = 1 × 5 + 0 × 2 = 5
v3  = sin v0 = sin 5 = -0.959            v̇3  = v̇0 × cos v0 = 0 × cos 5 = 0
v4  = v1 + v2 = 0.693 + 10 = 10.693      v̇4  = v̇1 + v̇2 = 0.5 + 5 = 5.5
v5  = v4 - v3 = 10.693 + 0.959 = 11.652  v̇5  = v̇4 - v̇3 = 5.5 - 0 = 5.5
y   = v5 = 11.652                        ẏ   = v̇5 = 5.5`
    )
    expect(Trace.toText({ rows }, { mode: "reverse" })).toBe(
      `Forward primal trace                     Reverse adjoint trace (read upwards)
---------------------------------------  ----------------------------------------------
v-1 = x1 = 2                             x̄1  = v̄-1 = 5.5
v0  = x2 = 5                             x̄2  = v̄0 = 1.716
v1  = ln v-1 = ln 2 = 0.693              v̄-1 = v̄-1 + v̄1 ∂v1/∂v-1 = v̄-1 + v̄1 / v-1 = 5.5
v2  = v-1 × v0 = 2 × 5 = 10              v̄0  = v̄0 + v̄2 ∂v2/∂v0 = v̄0 + v̄2 × v-1 = 1.716
                                         v̄-1 = v̄2 ∂v2/∂v-1 = v̄2 × v0 = 5
v3  = sin v0 = sin 5 = -0.959            v̄0  = v̄3 ∂v3/∂v0 = v̄3 × cos v0 = -0.284
v4  = v1 + v2 = 0.693 + 10 = 10.693      v̄2  = v̄4 ∂v4/∂v2 = v̄4 × 1 = 1
                                         v̄1  = v̄4 ∂v4/∂v1 = v̄4 × 1 = 1
v5  = v4 - v3 = 10.693 + 0.959 = 11.652  v̄3  = v̄5 ∂v5/∂v3 = v̄5 × (-1) = -1
                                         v̄4  = v̄5 ∂v5/∂v4 = v̄5 × 1 = 1
y   = v5 = 11.652                        v̄5  = ȳ = 1`
    )
  })
})

describe("arrays and seeds", () => {
  const g = Fn.make({ w: [2, 6], x: [6] }, ({ w, x }) => {
    const u = Expr.tanh(Expr.matmul(w, x))
    return { norm: Expr.sum(Expr.square(u)), u }
  })
  const at = { w: Tensor.full([2, 6], 0.25), x: Tensor.make([1, -2, 3, -4, 5, -6]) }
  const tangents = { w: Tensor.ones([2, 6]), x: Tensor.zeros([6]) }
  const cotangents = { norm: 2, u: Tensor.make([1, -1]) }

  it("end where both modes end", () => {
    const { rows } = Trace.make(g, at, { tangents, cotangents })
    const forward = Forward.evaluate(g, { primals: at, tangents })
    const reverse = Reverse.evaluate(g, { primals: at, cotangents })
    const output = (name: string) => rows.find(({ primal }) => primal.label === name)!
    expect(output("norm").primal.values[0]!.data[0]).toBe(forward.primals.norm)
    expect(output("norm").tangent!.values[0]!.data[0]).toBe(forward.tangents.norm)
    expect(output("u").tangent!.values[0]).toEqual(forward.tangents.u)
    expect(rows[0]!.adjoints[0]!.values[0]).toEqual(reverse.cotangents.w)
    expect(rows[1]!.adjoints[0]!.values[0]).toEqual(reverse.cotangents.x)
  })

  it("are written in short", () => {
    const { rows } = Trace.make(g, at, { elements: 2, digits: 1 })
    expect(rows[0]!.primal.text).toBe("[0.3, 0.3, …]:2×6")
    expect(rows[0]!.tangent!.text).toBe("[1, 0, …]:2×6")
    expect(rows[1]!.tangent!.text).toBe("[0, 0, …]:6")
  })

  it("bound what they print of long programs", () => {
    const long = Fn.make([], (x) => {
      let y = x
      for (let i = 0; i < 1000; i++) y = Expr.sin(y)
      return y
    })
    const lines = Trace.toText(Trace.make(long, 1), { mode: "forward", maxRows: 10 }).split("\n")
    expect(lines.length).toBe(2 + 10 + 1)
    expect(lines[7]).toBe("… 992 lines left out …")
  })
})

describe("control flow", () => {
  it("is one line, which says what is computed how often", () => {
    const loop = Fn.make([], (x) => Expr.iterate(5, (y) => Expr.mul(Expr.sin(y), x), x))
    const { rows } = Trace.make(loop, 2)
    expect(rows.length).toBe(3)
    expect(rows[1]!.primal.expression).toBe("scan(v0, v0; 5 × (a, b) ↦ sin b × a)")
    expect(rows[1]!.tangent!.expression).toBe("v̇0 ∂v1/∂v0")
    expect(rows[1]!.tangent!.values[0]!.data[0]).toBe(Fn.runSync(Forward.derivative(loop), 2))
    expect(rows[0]!.adjoints[0]!.values[0]!.data[0]).toBeCloseTo(Fn.runSync(Reverse.grad(loop), 2), 14)
  })

  it("shows the branch that is taken", () => {
    const branch = Fn.make([], (x) =>
      Expr.cond(
        Expr.gt(x, 0),
        () => Expr.exp(x),
        () => Expr.neg(x)
      )
    )
    expect(Trace.make(branch, 1).rows[2]!.primal.expression).toBe("cond(v1, v0; 1 × (a) ↦ exp a)")
    expect(Trace.make(branch, -1).rows[2]!.primal.expression).toBe("cond(v1, v0; 1 × (a) ↦ -a)")
    expect(Trace.make(branch, -1).rows[0]!.adjoints[0]!.text).toBe("-1")
    // Truth values have no tangents.
    expect(Trace.make(branch, -1).rows[1]!.tangent).toBeUndefined()
  })

  it("with several results has a value for each", () => {
    const f = Fn.make([], (x) => {
      const [a, b] = Expr.whileLoop(
        ([a]) => Expr.lt(a, 50),
        ([a, b]) => [Expr.mul(a, x), Expr.add(a, b)] as const,
        [x, Expr.constant(1)] as const
      )
      return Expr.div(b, a)
    })
    const { rows } = Trace.make(f, 2)
    expect(rows[1]!.primal.label).toBe("v1, v2")
    expect(rows[1]!.primal.text).toBe("64, 63")
    expect(rows[0]!.adjoints[0]!.values[0]!.data[0]).toBeCloseTo(Fn.runSync(Forward.derivative(f), 2), 12)
  })
})

describe("notation", () => {
  const expressionOf = (f: Fn.Fn<{ readonly x: readonly []; readonly y: readonly [] }, readonly []>) =>
    Trace.make(f, { x: -2, y: -0.5 })
      .rows.filter(({ kind }) => kind === "step")
      .map(({ primal }) => primal.substituted)

  it("puts parentheses around negative numbers where they are needed", () => {
    expect(expressionOf(Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(x, y)))).toEqual(["-2 × (-0.5)"])
    expect(expressionOf(Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.add(x, y)))).toEqual(["-2 - 0.5"])
    expect(expressionOf(Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.sub(x, y)))).toEqual(["-2 + 0.5"])
    expect(expressionOf(Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.pow(x, y)))).toEqual(["(-2)^(-0.5)"])
    expect(expressionOf(Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.add(Expr.sin(x), Expr.neg(y))))).toEqual([
      "sin(-2)",
      "-(-0.5)",
      "-0.909 + 0.5"
    ])
  })

  it("writes very small and very large numbers with powers of ten", () => {
    const { rows } = Trace.make(
      Fn.make({ a: [], b: [], c: [] }, ({ a, b, c }) => Expr.add(a, Expr.add(b, c))),
      { a: 1.5e-9, b: 123456789, c: -0 }
    )
    expect(rows.slice(0, 3).map(({ primal }) => primal.text)).toEqual(["1.5e-9", "1.235e+8", "0"])
  })
})
