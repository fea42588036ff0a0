import { Result, Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Expr from "../src/Expr.ts"
import * as Fn from "../src/Fn.ts"
import * as Formula from "../src/Formula.ts"
import { apply } from "../src/internal/apply.ts"
import { notations } from "../src/internal/formula/notation.ts"
import * as Internal from "../src/internal/node.ts"
import * as Primitive from "../src/Primitive.ts"
import * as Shape from "../src/Shape.ts"
import * as Tensor from "../src/Tensor.ts"
import * as Type from "../src/Type.ts"
import { fromNode, toNode } from "../src/internal/lift.ts"

type Node = Internal.Node

const elementTypes: ReadonlyArray<Type.ElementType> = ["real", "index", "bool"]

type Untyped = (primitive: Primitive.Name, attributes: object, operands: ReadonlyArray<Node>) => Node

const applyAny = apply as unknown as Untyped

/** Every elementwise primitive with every combination of element types that it accepts, found by trying. */
const signatures = Primitive.names.flatMap((name) => {
  const { arity, family, type } = Primitive.definitions[name]
  if (family !== "elementwise" || arity === "variadic") return []
  const attributes = name === "polygamma" ? { order: 2 } : {}
  const combinations = Array.from({ length: arity }).reduce<ReadonlyArray<ReadonlyArray<Type.ElementType>>>(
    (all) => all.flatMap((from) => elementTypes.map((d) => [...from, d])),
    [[]]
  )
  return combinations.flatMap((from) => {
    try {
      const scalars = from.map((d) => Type.make(d, []))
      ;(type as (attributes: object, operands: ReadonlyArray<Type.Type>) => Type.Type)(attributes, scalars)
      return [{ name, from }]
    } catch (error) {
      if (error instanceof Shape.ShapeError) return []
      throw error
    }
  })
})

const interestingNumbers = [
  Math.PI,
  -Math.PI,
  2 * Math.PI,
  Math.E,
  -Math.E,
  0,
  -0,
  1,
  -1,
  2,
  NaN,
  Infinity,
  -Infinity,
  5e-324,
  1e21
]

const numbers = fc.oneof(fc.constantFrom(...interestingNumbers), fc.double())

// Among the names: those of functions, constants and temporaries, paths, and what is no name at all.
const labels = fc.constantFrom(
  "x",
  "y",
  "e",
  "pi",
  "sin",
  "max",
  "t1",
  "t2",
  "params.w[0]",
  "α_1",
  "my var",
  "NaN",
  "and",
  "2x",
  "",
  "[0]"
)

interface Step {
  readonly signature: number
  readonly operands: ReadonlyArray<number>
  readonly order: number
  readonly value: number
}

const steps = fc.array(
  fc.record<Step>({
    signature: fc.nat(),
    operands: fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 9 }), fc.nat({ max: 9 })),
    order: fc.nat({ max: 3 }),
    value: numbers
  }),
  { minLength: 1, maxLength: 30 }
)

/** Programs of scalars over all elementwise primitives, with sharing. */
const programs: fc.Arbitrary<Fn.Any> = fc.tuple(fc.uniqueArray(labels, { maxLength: 4 }), steps).map(([names, steps]) =>
  Fn.unsafeFromLeaves(Object.fromEntries(names.map((name) => [name, []])), [], (leaves) => {
    const pools: Record<Type.ElementType, Array<Node>> = {
      real: leaves.map(toNode),
      index: [Internal.constant(Tensor.index(-3))],
      bool: [Internal.constant(Tensor.bool(true))]
    }
    for (const { operands, order, signature, value } of steps) {
      pools.real.push(Internal.constant(Tensor.full([], value)))
      const { from, name } = signatures[signature % signatures.length]!
      const nodes = from.map((d, i) => pools[d].at(-1 - (operands[i]! % pools[d].length))!)
      const node = applyAny(name, name === "polygamma" ? { order } : {}, nodes)
      pools[node.elementType].push(node)
    }
    return [fromNode<Expr.Expr>(pools.real.at(-1)!)]
  })
)

/**
 * Whether two programs are the same: the same primitives, attributes and inputs, constants bit for bit, and the same
 * applications shared. (Constants are written wherever they occur, so theirs is not compared.)
 */
const same = (f: Fn.Any, g: Fn.Any): boolean => {
  const [a, b] = [Fn.toBody(f), Fn.toBody(g)]
  const partner = new Map<Node, Node>()
  const taken = new Set<Node>()
  const pair = (m: Node, n: Node): boolean => {
    partner.set(m, n)
    const isNew = !taken.has(n)
    taken.add(n)
    return isNew
  }
  const matches = (m: Node, n: Node): boolean =>
    m._tag === "Constant"
      ? n._tag === "Constant" && m.elementType === n.elementType && Object.is(m.value!.data[0], n.value!.data[0])
      : partner.get(m) === n
  if (a.inputNodes.length !== b.inputNodes.length) return false
  a.inputNodes.forEach((node, i) => pair(node, b.inputNodes[i]!))
  const pending: Array<readonly [Node, Node]> = a.outputNodes.map((node, i) => [node, b.outputNodes[i]!])
  while (pending.length > 0) {
    const [m, n] = pending.pop()!
    if (m._tag !== "Apply" || partner.has(m)) {
      if (!matches(m, n)) return false
      continue
    }
    if (m.primitive !== n.primitive || JSON.stringify(m.attributes) !== JSON.stringify(n.attributes)) return false
    if (m.operands.length !== n.operands.length || !pair(m, n)) return false
    m.operands.forEach((operand, i) => pending.push([operand, n.operands[i]!]))
  }
  return true
}

const parsed = (text: string): Formula.FormulaFn => Result.getOrThrow(Formula.parse(text))

const reparsed = (f: Fn.Any, separator: "; " | "\n" = "; "): Fn.Any =>
  Result.getOrThrow(Formula.parse(Formula.print(f, { separator }), { variables: Formula.variables(f) }))

const failure = (text: string, variables?: ReadonlyArray<string>): Formula.FormulaSyntaxError => {
  const result = variables === undefined ? Formula.parse(text) : Formula.parse(text, { variables })
  if (Result.isSuccess(result)) throw new Error(`${text} was read as ${Formula.print(result.success)}`)
  return result.failure
}

/** The value of a formula, its variables given by name. */
const value = (text: string, inputs: Record<string, number> = {}): number => {
  const f = parsed(text)
  return Fn.runSync(f, Object.fromEntries(Object.keys(f.inputs).map((name) => [name, inputs[name]!])))
}

describe("what is printed is read back", () => {
  it("the random programs use every elementwise primitive and the expected element types", () => {
    const elementwise = Primitive.names.filter((name) => Primitive.definitions[name].family === "elementwise")
    expect(new Set(signatures.map(({ name }) => name))).toEqual(new Set(elementwise))
    expect(signatures.filter(({ name }) => name === "add").map(({ from }) => from)).toEqual([
      ["real", "real"],
      ["index", "index"]
    ])
  })

  it("as the same program, of every elementwise primitive, with any sharing, constants and names", () => {
    fc.assert(
      fc.property(programs, fc.constantFrom("; " as const, "\n" as const), (f, separator) => {
        expect(same(reparsed(f, separator), f)).toBe(true)
      }),
      { numRuns: 2000 }
    )
  })

  it("and printed again as the same text", () => {
    fc.assert(
      fc.property(programs, (f) => {
        const g = reparsed(f)
        const text = Formula.print(g)
        const names = Formula.variables(f)
        expect(Formula.variables(g)).toEqual(names)
        expect(text).toBe(Formula.print(f))
      }),
      { numRuns: 1000 }
    )
  })

  it("and computes the same value, bit for bit", () => {
    fc.assert(
      fc.property(programs, fc.array(numbers, { minLength: 4, maxLength: 4 }), (f, values) => {
        const run = (g: Fn.Any) =>
          Fn.runSync(
            g as Formula.FormulaFn,
            Object.fromEntries(Object.keys(g.inputs).map((name, i) => [name, values[i]!]))
          )
        expect(run(reparsed(f))).toBe(run(f))
      })
    )
  })

  it("has no parentheses that could be left out", () => {
    // Grouping parentheses: those not after a name. `-(-x)` has them for the reader.
    const grouping = (text: string): ReadonlyArray<readonly [number, number]> => {
      const open: Array<number> = []
      const pairs: Array<readonly [number, number]> = []
      for (let i = 0; i < text.length; i++) {
        if (text[i] === "(") open.push(i)
        if (text[i] !== ")") continue
        const start = open.pop()!
        const before = text.slice(0, start)
        if (!/[\p{L}\p{Nd}_\]]$/u.test(before) && !(before.endsWith("-") && text[start + 1] === "-"))
          pairs.push([start, i])
      }
      return pairs
    }
    fc.assert(
      fc.property(programs, (f) => {
        const text = Formula.print(f)
        for (const [start, end] of grouping(text)) {
          const without = `${text.slice(0, start)} ${text.slice(start + 1, end)} ${text.slice(end + 1)}`
          const g = Formula.parse(without, { variables: Formula.variables(f) })
          expect(Result.isSuccess(g) && same(g.success, f)).toBe(false)
        }
      }),
      { numRuns: 500 }
    )
  })

  it("the comparison of programs tells sharing, constants and primitives apart", () => {
    const [a, b] = [parsed("t = sin(x); t * t"), parsed("sin(x) * sin(x)")]
    expect([same(a, b), same(b, a), same(a, parsed("t = sin(x); t * t"))]).toEqual([false, false, true])
    expect(same(parsed("x + 0"), parsed("x + -0"))).toBe(false)
    expect(same(parsed("x + y"), parsed("x - y"))).toBe(false)
    expect(same(parsed("x + NaN"), parsed("x + NaN"))).toBe(true)
    expect(same(parsed("polygamma(x, 1)"), parsed("polygamma(x, 2)"))).toBe(false)
  })
})

describe("parse", () => {
  // Evaluated by Python 3, whose precedences are the same.
  it.each<readonly [string, number]>([
    [".5 * ----(-+-+-3**x) **cos(2.5E+0+-+2.5E+0) +-+-+-+y*3", -0.348076211353316],
    ["y- - cos(y/--.5** (y *2.5E+0))", 0.22916869701586073],
    ["x* 1.* x** 3 + (y *cos(1e-1))", 4.316246876041481],
    ["cos(y)-1e-1 - -x", 2.131688868873821],
    ["(3 ** cos(.5- 2*x * x)** abs(-+x + - ++-+x)**0* y) -cos((y * y)**y)", -0.39694868833484653],
    ["0 **(abs(---+---0 * +--+y - ---3 +-----x) **- x) - 1.", -1.0],
    ["abs(0* 0)-1.", -1.0],
    ["x**1e-1 -x *+y", 2.166379743992411],
    ["3 *1.* x", 4.5],
    ["cos(y - 2.5E+0 *(x **----x)) + -1. *.5 * (y* 2.5E+0) **3", 3.88536982257298],
    ["1. **0- x", -0.5],
    ["2.5E+0 / 1e-1", 25.0],
    ["cos(--3**x*3)+2* 2.5E+0", 4.007132347438281],
    ["abs(1e-1 * 3) **2.5E+0", 0.049295030175464966],
    ["-x**2.5E+0** ----+x", -4.966630124064131],
    ["x/ --x*(0**-y-(x +-+0- --1e-1) * -0)--1.", 1.0],
    ["2+(x) ** 2", 4.25],
    ["+y -cos(y/ 2**.5)", -1.6126401540906774],
    ["- x-abs(abs(1e-1**x+ +1. - x)* 2.5E+0)", -2.6709430584957903],
    ["y - x +(1. /x** (2**-+x)) / 1e-1 + x", 7.91447670255091],
    ["-+x** 0", -1.0],
    ["x* y *- y *1e-1", -0.084375],
    ["x** 1e-1*abs(abs(-+y- x) + x) - x/2.5E+0", 1.7431044239829236],
    ["-+x*x - ((x) *cos(x* x* -+.5) **3-y)", -3.120242101656207],
    ["-+-+x * 3", 4.5],
    ["2+(1.** --(-+y + ----y * -2.5E+0) **x)", 3.0],
    ["y / +-+-+3 /cos(-+---x**3 * abs(3*--y**-+-2 ** +1.))", -0.3004366117654707],
    [".5/ (abs(.5**-+---+-- - -- -+- -x - -++---+0) + (- ----1. **+1e-1))", -0.7734590803390136],
    ["- abs(2+(x** .5)++y)", -2.474744871391589],
    ["2 * 1.-x- x ** y", -0.23778794646688106],
    ["cos((+-y) * 0 -1e-1+ x) -cos(.5-y +1e-1 *(y - 2 * +y) ** .5)*-+-2", -0.2941505684067569],
    ["1./ abs((+y * y) * (+-+- 0- -y) *2.5E+0**3) -abs(y - - (-1.))", -1.5982962962962963],
    ["1. *-+abs(1. -cos(- - 2.5E+0)**3 * abs(.5- x *-+1e-1-- +2))", -2.362627037833826],
    ["y +cos(-y -0) *.5", -0.38415556556308955],
    [".5 / x - .5", -0.16666666666666669],
    ["((x) * --(y - 1e-1** 3**x+2))", 1.8749904514190041],
    ["- .5 * y -.5", -0.125],
    ["x ** 2.5E+0", 2.7556759606310752],
    ["1./abs(y-3 ** y)** x / x*abs(x - +1. /.5 * 1. *0)", 0.771607345167379],
    ["y- (-+(2 +--+-y) **1e-1) **1.", 0.35645376106020565],
    ["y/ 1e-1 - 0", -7.5],
    ["abs(x ** x)", 1.8371173070873836],
    ["cos(-+3 -1. - x* - (-+-y- 2 - -+x/ +-+-+- -x **-+x) -x) -1.-x-x", -3.2973627663907603],
    ["x * 2* -y", 2.25],
    ["x**+.5 *3/ x ** y", 4.9800686386514466]
  ])("%s has the value that Python gives it", (formula, expected) => {
    expect(Math.abs(value(formula, { x: 1.5, y: -0.75 }) - expected)).toBeLessThanOrEqual(
      4e-15 * Math.max(1, Math.abs(expected))
    )
  })

  it.each<readonly [string, boolean]>([
    ["(not -1<2 and not not -1<=x or not not 1<=y) and x-1>=x**2", false],
    ["not not x-1>y or not x-1==0 and y<=x", true],
    ["(x-1!=-y or not not x==2 and -1<=-y) or not not x>-y or not 1>-y", true],
    ["x*y>x and not not (not not y==2 and 1>=x**2) and not x*y<=2 or not not 1==-y", false],
    ["y<-y or y>=y", true],
    ["not (x*y!=2 or not not y<=x) and x*y>=x and not not 1!=-y or y>=x", false],
    ["-1!=y and x*y>=x**2", false],
    ["(not x*y>x or x*y>-y and -1==-y or not not x>x**2)", true],
    ["x*y!=x and not x-1<=0 and x>=2 and 1>x", false],
    ["not -1<=-y or x-1>=0", true],
    ["x<y or not not x>=0 or not (1!=y and 1<y) or not (not -1==2 and not -1<y)", true],
    ["x>=0 or not x-1!=y", true],
    ["-1!=-y and not not (-1>x**2 and not not x*y!=0) or not x<=y", true],
    ["-1!=y and x-1>=x and not not -1>=x**2 and not x-1!=0", false],
    ["not not (not not 1>=y and x!=0 or x<=0)", true],
    ["-1<y", true],
    ["x*y>=2 and not x*y!=-y and x-1==x**2 or not -1!=0", false],
    ["(not not x*y>=-y) or not not x*y==x**2", false],
    ["not not x*y!=2 and not not x!=2", true],
    ["-1==2 and not not x-1>x", false],
    ["x-1>=0 or not (not not x-1>x and y<0 or y>=x**2)", true],
    ["not x*y>0", true],
    ["-1==x or not x-1>x", true],
    ["not not 1<=x or x-1<x and x*y>=2", true]
  ])("%s is as true as Python says", (formula, expected) => {
    expect(value(`toReal(${formula})`, { x: 1.5, y: -0.75 })).toBe(expected ? 1 : 0)
  })

  it.each([
    ["-x^2", "-(x^2)"],
    ["2^-x^2", "2^(-(x^2))"],
    ["a^b^c", "a^(b^c)"],
    ["2x", "2 * x"],
    ["-2x", "(-2) * x"],
    ["2 sin(x)", "2 * sin(x)"],
    ["(x+1)(x-1)", "(x + 1) * (x - 1)"],
    ["2x(x+1)", "2 * x * (x + 1)"],
    ["x y z", "x * y * z"],
    ["1/2x", "(1 / 2) * x"],
    ["2x^2y", "2 * (x^2) * y"],
    ["x**2", "x^2"],
    ["2e", "2 * 2.718281828459045"],
    ["2e3x", "2000 * x"],
    ["1 − 2·x × y ÷ z", "1 - 2 * x * y / z"],
    ["2π r + ∞ τ", "2pi * r + Infinity * tau"],
    ["ln(x) arctan(y)", "log(x) * atan(y)"],
    ["pow(x, y) + add(x, y) + neg(x)", "x^y + (x + y) + -x"],
    ["max(a, b, c)", "max(max(a, b), c)"],
    ["select(a < b && !(b >= 2) || a ≠ b, a, b)", "select(a < b and (not (b >= 2)) or a != b, a, b)"],
    ["select(and(a < b, or(not(a<b), true)), a, b)", "select(a < b and (not a < b or true), a, b)"],
    ["x % y * z", "(x % y) * z"],
    ["rem(x, y)", "x % y"],
    ["  1\t+\r\n  x\u00a0", "1+x"]
  ])("%s is %s", (text, expanded) => {
    expect(same(parsed(text), parsed(expanded))).toBe(true)
  })

  it("makes a negative number of a minus sign before a number, and a negation of others", () => {
    const constantOf = (text: string) => Fn.leaves(parsed(text)).outputs.map((node) => Expr.view(node)._tag)
    expect(["-2", "- 2", "-pi", "-Infinity", "-0"].map((text) => constantOf(text)[0])).toEqual(
      Array(5).fill("Constant")
    )
    expect(["-(2)", "-2^2", "--2", "-x"].map((text) => constantOf(text)[0])).toEqual(Array(4).fill("Apply"))
    expect(value("-0")).toBe(-0)
    expect(value("-2^2")).toBe(-4)
    expect(value("2^-1")).toBe(0.5)
  })

  it("reads every number as JavaScript does", () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.integer()), (x) => {
        expect(value(String(x))).toBe(x === 0 && !Object.is(x, -0) ? 0 : Number(String(x)))
      })
    )
    for (const text of ["1.", ".5", "1.e3", "1E-3", "007", "1e400", "1e-400", "0.1e+1"])
      expect(value(text)).toBe(Number(text))
  })

  it("takes declared variables in their order, used or not", () => {
    const f = Result.getOrThrow(Formula.parse("y - x", { variables: ["x", "unused", "y"] }))
    expect(Object.keys(f.inputs)).toEqual(["x", "unused", "y"])
    expect(Fn.runSync(f, { x: 1, unused: 0, y: 3 })).toBe(2)
  })

  it("lets variables hide constants and have the names of functions", () => {
    const f = Result.getOrThrow(Formula.parse("e * sin(sin) - pi", { variables: ["e", "sin", "pi"] }))
    expect(Fn.runSync(f, { e: 2, sin: Math.PI / 2, pi: 1 })).toBe(1)
    const g = Result.getOrThrow(Formula.parse("__proto__ + constructor", { variables: ["__proto__", "constructor"] }))
    expect(Fn.nodes(g)).toHaveLength(3)
  })

  it("infers variables in order of first appearance, without constants, functions and definitions", () => {
    const f = parsed("t = b^2; t * sin(a) + e * b(b + c)")
    expect(Object.keys(f.inputs)).toEqual(["b", "a", "c"])
    expect(Object.keys(parsed("1 + pi").inputs)).toEqual([])
  })

  it("shares definitions, and nothing else", () => {
    expect(Fn.operationCount(parsed("t = sin(x); t * t + t"))).toBe(3)
    expect(Fn.operationCount(parsed("sin(x) * sin(x) + sin(x)"))).toBe(5)
  })

  it("goes on in the next line after an operator, inside parentheses and before an operator that begins no statement", () => {
    const f = parsed("\n t = x +\n y ;; \n\n u = max(t,\n 2\n )\n * 3\n\n u\n ^ 2 \n\n")
    expect(same(f, parsed("t = x + y; u = max(t, 2) * 3; u^2"))).toBe(true)
    expect(same(parsed("t = x\n-t"), parsed("t = x; -t"))).toBe(true)
  })

  it("knows the derived functions of scalars", () => {
    const arguments_ = [0.7, 1.3] as const
    const unary = {
      square: Expr.square,
      reciprocal: Expr.reciprocal,
      log2: Expr.log2,
      log10: Expr.log10,
      sinc: Expr.sinc,
      logSigmoid: Expr.logSigmoid,
      silu: Expr.silu,
      gelu: Expr.gelu,
      geluTanh: Expr.geluTanh,
      leakyRelu: Expr.leakyRelu(),
      elu: Expr.elu(),
      huber: Expr.huber()
    }
    for (const [name, f] of Object.entries(unary)) {
      expect(
        same(
          parsed(`${name}(x)`),
          Fn.make({ x: [] }, ({ x }) => (f as Expr.Unary)(x))
        )
      ).toBe(true)
    }
    for (const [name, f] of Object.entries({ logAddExp: Expr.logAddExp, xlogy: Expr.xlogy })) {
      expect(value(`${name}(x, y)`, { x: arguments_[0], y: arguments_[1] })).toBe(Fn.evaluate(f(...arguments_)))
    }
    expect(value("leakyRelu(x, 0.1) + elu(x, 2) + huber(5, 1.5)", { x: -1 })).toBe(
      -0.1 + 2 * Math.expm1(-1) + 1.5 * (5 - 0.75)
    )
    expect(value("toReal(index(3) + toIndex(x)) + toReal(x > 1)", { x: 2.9 })).toBe(6)
  })

  it("answers any text with a program or an error with a place in it, and reads back what it prints", () => {
    const words = fc.constantFrom(
      "x",
      "y",
      "t",
      "e",
      "sin",
      "max",
      "select",
      "polygamma",
      "index",
      "not",
      "and",
      "true",
      "NaN",
      "1",
      ".5",
      "2e3",
      "0x1",
      "1_0",
      "+",
      "-",
      "*",
      "/",
      "^",
      "**",
      "%",
      "<",
      "==",
      "=",
      "!",
      "(",
      "(",
      ")",
      ")",
      ",",
      ";",
      "\n",
      " ",
      "f",
      "²",
      "\u0000",
      "😀",
      "x[0]",
      "."
    )
    const text = fc.oneof(
      fc.array(words, { maxLength: 25 }).map((list) => list.join("")),
      fc.array(words, { maxLength: 25 }).map((list) => list.join(" ")),
      fc.string({ unit: "binary" })
    )
    let read = 0
    fc.assert(
      fc.property(text, fc.option(fc.subarray(["x", "y", "e", "sin", "t"]), { nil: undefined }), (text, variables) => {
        const result = variables === undefined ? Formula.parse(text) : Formula.parse(text, { variables })
        if (Result.isSuccess(result)) {
          read++
          expect(same(reparsed(result.success), result.success)).toBe(true)
          return
        }
        const { column, excerpt, line, message, offset } = result.failure
        expect(result.failure).toBeInstanceOf(Formula.FormulaSyntaxError)
        expect(offset).toBeGreaterThanOrEqual(0)
        expect(offset).toBeLessThanOrEqual(text.length)
        const before = text.slice(0, offset).split(/\r\n|\n|\r(?!\n)/)
        expect([line, column]).toEqual([before.length, before.at(-1)!.length + 1])
        expect(excerpt).toMatch(/^ {2}[^\n]*\n {2} *\^$/)
        expect(message.endsWith(excerpt)).toBe(true)
      }),
      { numRuns: 20_000 }
    )
    expect(read).toBeGreaterThan(200)
  })

  const failures: ReadonlyArray<readonly [string, string, ReadonlyArray<string>?]> = [
    ["", "line 1, column 1: expected a formula, got the end of the formula"],
    ["x +", "line 1, column 4: expected a number, a name, a function or (, got the end of the formula"],
    ["2 * (x + )", 'line 1, column 10: expected a number, a name, a function or (, got ")"'],
    [
      "x +\n(y * (z\n+ 1)",
      "line 3, column 5: expected an operator or ), got the end of the formula (the ( in line 2, column 1 is not closed)"
    ],
    [
      "max(1, (2 +",
      "line 1, column 12: expected a number, a name, a function or (, got the end of the formula (the ( in line 1, column 8 is not closed)"
    ],
    ["x)", 'line 1, column 2: expected an operator or the end of the formula, got ")"'],
    ["(a, b)", 'line 1, column 3: expected an operator or ), got ","'],
    ["a, b", 'line 1, column 2: expected an operator or the end of the formula, got ","'],
    [
      "x 2",
      'line 1, column 3: expected an operator or the end of the formula, got "2" (a product with a number on the right is written x * 2)'
    ],
    [
      "x = y = z",
      'line 1, column 7: expected an operator or the end of the formula, got "=" (write == to compare; a definition t = ... is a statement of its own)'
    ],
    ["x + z", 'line 1, column 5: expected one of the names x, y, got the unknown name "z"', ["x", "y"]],
    [
      "alhpa + 1",
      'line 1, column 1: expected one of the names alpha, beta, got the unknown name "alhpa" (did you mean alpha?)',
      ["alpha", "beta"]
    ],
    ["x", 'line 1, column 1: expected a formula without variables, got the unknown name "x"', []],
    ["sine(x)", 'line 1, column 1: expected the name of a function, got "sine" (did you mean sin?)'],
    ["f(x)", 'line 1, column 1: expected the name of a function, got "f" (the product is written f * (...))'],
    ["sin x", 'line 1, column 1: expected ( after the function sin, got "x"'],
    ["sin^2(x)", 'line 1, column 1: expected ( after the function sin, got "^"'],
    ["sin()", "line 1, column 1: expected 1 argument for sin, got none"],
    ["2 + atan2(1)", "line 1, column 5: expected 2 arguments for atan2, got 1"],
    ["huber(1, 2, 3)", "line 1, column 1: expected 1 or 2 arguments for huber, got 3"],
    ["max(1)", "line 1, column 1: expected 2 or more arguments for max, got 1"],
    ["huber(x, y)", "line 1, column 1: expected a plain number as argument 2 of huber, got an expression"],
    ["polygamma(x, 1.5)", "line 1, column 1: expected order to be an integer not below 0 for polygamma, got 1.5"],
    ["index(1e10)", "line 1, column 1: expected a 32-bit integer for index, got 10000000000"],
    ["1 + (x < y)", "line 1, column 3: expected two numbers or two indices for +, got a number and a truth value"],
    [
      "select(x, 1, 2)",
      "line 1, column 1: expected a truth value and two operands of one element type for select, got a number, a number and a number"
    ],
    ["not x", "line 1, column 1: expected a truth value for not, got a number"],
    ["sin(true)", "line 1, column 1: expected a number for sin, got a truth value"],
    [
      "x < y",
      "line 1, column 1: expected a formula that computes a number, got one that computes a truth value (toReal(p) is 0 or 1, select(p, a, b) chooses)"
    ],
    ["a < b < c", 'line 1, column 7: expected one comparison, got "<" (write a < b and b < c)'],
    ["t = x; u = t", "line 1, column 13: expected an expression after the definition of u, got the end of the formula"],
    ["t = 1; t = 2; t", "line 1, column 8: expected a new name to define, got t, which is a definition already"],
    ["x = 1; x", "line 1, column 1: expected a new name to define, got x, which is a variable already", ["x"]],
    ["sin = 1; 2", "line 1, column 1: expected a new name to define, got sin, which is a function already"],
    ["NaN = 1; 2", "line 1, column 1: expected a new name to define, got NaN, which is a constant already"],
    ["u = t + 1; t = 2; u", "line 1, column 5: expected a name that is defined before, got t, which is defined later"],
    [
      "x\ny",
      'line 2, column 1: expected the end of the formula, because only its last statement may be without a name, got "y" (an expression that goes on in the next line needs parentheses, or the operator at the end of the line)'
    ],
    ["1_000", 'line 1, column 1: expected a decimal number such as 1500 or 1.5e3, got "1_"'],
    ["0x1f", 'line 1, column 1: expected a decimal number such as 1500 or 1.5e3, got "0x1"'],
    [
      "x²",
      'line 1, column 2: expected a number, a name or an operator, got the character "²" (powers are written x^2)'
    ],
    [
      "|x|",
      'line 1, column 1: expected a number, a name or an operator, got the character "|" (write abs(x), or p or q)'
    ],
    [
      "x",
      'line 1, column 1: expected names as variables (letters, digits and _, beginning with a letter), got "a b"',
      ["a b"]
    ],
    [
      "x",
      'line 1, column 1: expected names as variables (letters, digits and _, beginning with a letter), got "NaN"',
      ["NaN"]
    ],
    ["x", 'line 1, column 1: expected variables that are declared once, got "x" twice', ["x", "x"]]
  ]

  it.each(failures.map(([text, message, variables]) => ({ text, message, variables })))(
    "$text fails: $message",
    ({ message, text, variables }) => {
      expect(failure(text, variables).message.replace(/\n.*\n.*$/, "")).toBe(message)
    }
  )

  it("shows the place with a caret, in a part of the line if it is long, without control characters", () => {
    expect(failure("a = 1\nb = 😀x\n").message).toBe(
      'line 2, column 5: expected a number, a name or an operator, got the character "😀"\n  b = 😀x\n      ^'
    )
    const long = failure(`${"x + ".repeat(1e5)}) ${"+ x".repeat(1e5)}`).excerpt.split("\n")
    expect(long[0]!.length).toBeLessThan(130)
    expect(long[0]![long[1]!.indexOf("^")]).toBe(")")
    expect(failure("x \u001b[31m").message).not.toContain("\u001b")
    expect(failure("x".repeat(1e5), ["y"]).message.length).toBeLessThan(300)
    expect(
      failure(
        "x",
        Array.from({ length: 1e4 }, (_, i) => `v${i}`)
      ).message.length
    ).toBeLessThan(300)
  })
})

describe("print", () => {
  it.each([
    ["a + (b + c) - (a - b)", "a + (b + c) - (a - b)"],
    ["(a + b) + c", "a + b + c"],
    ["2 * (c * d)", "2 * (c * d)"],
    ["(2 * c) * d", "2 * c * d"],
    ["a / (b / c) / (a * b)", "a / (b / c) / (a * b)"],
    ["(a^b)^c ^ (a^b)", "(a^b)^c^a^b"],
    ["(-a)^2 - -a^-2", "(-a)^2 - -a^-2"],
    ["(-2)^a", "(-2)^a"],
    ["-(a * b) + -a * b", "-(a * b) + -a * b"],
    ["a - (-3) * b", "a - -3 * b"],
    ["--a", "-(-a)"],
    ["-(2)", "-(2)"],
    ["3.141592653589793 + 0.1 + 1e300 + 1e-7", "pi + 0.1 + 1e+300 + 1e-7"],
    ["square(a + 1)", "square(a + 1)"],
    ["square(a)", "a * a"],
    ["t = a + 1; t * t + t", "t1 = a + 1; t1 * t1 + t1"],
    ["select(not (a < b or b < c) and a == c, a, b)", "select(not (a < b or b < c) and a == c, a, b)"],
    ["mulStrongZero(stopGradient(a), polygamma(b, 1))", "mulStrongZero(stopGradient(a), polygamma(b, 1))"],
    ["clamp(a, -1, 1) % 2", "clamp(a, -1, 1) % 2"]
  ])("%s as %s", (text, printed) => {
    expect(Formula.print(parsed(text))).toBe(printed)
  })

  it("never writes a shared expression twice", () => {
    let f = Fn.make({ x: [] }, ({ x }) => Expr.add(x, 1))
    for (let i = 0; i < 100; i++)
      f = Fn.make({ x: [] }, ({ x }) => ((y) => Expr.add(y, Expr.sin(y)))(Fn.apply(f, { x })))
    expect(Formula.print(f).length).toBeLessThan(100 * 30)
    expect(same(reparsed(f), f)).toBe(true)
    expect(Formula.latex(f).length).toBeLessThan(100 * 80)
  })

  it("writes operations on arrays as functions with their attributes", () => {
    const f = Fn.make({ x: [2, 3], w: [3, 4], i: Type.index([5]) }, ({ x, w, i }) => {
      const y = Expr.add(Expr.matmul(x, w), Tensor.zeros([4]))
      return Expr.gather(Expr.mul(Expr.reduceMax(y, { axis: 0 }), Expr.sum(Expr.cumsum(x, { axis: 1 }))), i, 0)
    })
    expect(Formula.print(f)).toBe(
      'gather(reduceMax(dot(x, w, "ij,jk->ik") + tensor[4], axes: [0]) * sum(cumsum(x, axis: 1, reverse: false), axes: [0, 1]), i, axis: 0)'
    )
    expect(Formula.latex(f)).toBe(
      '\\operatorname{gather}\\left(\\operatorname{reduceMax}\\left(\\operatorname{dot}\\left(x, w, \\text{"ij,jk->ik"}\\right) + \\mathrm{tensor}_{4}, \\text{axes: [0]}\\right) \\cdot \\operatorname{sum}\\left(\\operatorname{cumsum}\\left(x, \\text{axis: 1, reverse: false}\\right), \\text{axes: [0, 1]}\\right), i, \\text{axis: 0}\\right)'
    )
  })

  it("writes one definition for each output", () => {
    const f = Fn.make({ x: [], y: [] }, ({ x, y }) => {
      const t = Expr.exp(x)
      return { value: Expr.mul(t, y), grad: [Expr.neg(t), t] }
    })
    expect(Formula.print(f)).toBe("t1 = exp(x); value = t1 * y; grad[0] = -t1; grad[1] = t1")
    const g = Fn.make({ x: [], y: [] }, ({ x, y }) => ({ x: Expr.sin(y), y: x }))
    expect(Formula.print(g, { separator: "\n" })).toBe("output.x = sin(y)\noutput.y = x")
    expect(Formula.print(Fn.make({ x: [] }, ({ x }) => ({ x: [Expr.sin(x)] })))).toBe("sin(x)")
    const h = Fn.make({ "output[0]": [] }, (inputs) => [Expr.sin(inputs["output[0]"]), 2])
    expect(Formula.print(h)).toBe("output_[0] = sin(output[0]); output_[1] = 2")
  })

  it("writes expressions with the names of their inputs", () => {
    Fn.make({ x: [] }, ({ x }) => {
      const outer = Expr.sin(x)
      Fn.make({ x: [], z: [] }, (inner) => {
        const e = Expr.mul(outer, Expr.sub(inner.z, inner.x))
        expect(Formula.print(e)).toBe("sin(x) * (z - x_2)")
        expect(Formula.variables(e)).toEqual(["x", "x_2", "z"])
        return e
      })
      return outer
    })
    expect(Formula.print(Expr.add(1, 2))).toBe("1 + 2")
  })

  it("names inputs so that the text can be read", () => {
    const f = Fn.make({ "my var": [], "my.var": [], "2": [], NaN: [], t1: [] }, (x) => {
      const t = Expr.mul(x["my var"], x["my.var"])
      return Expr.add(Expr.mul(t, x["2"]), Expr.mul(t, Expr.mul(x.NaN, x.t1)))
    })
    // Integer keys come first in JavaScript.
    expect(Formula.variables(f)).toEqual(["x2", "my_var", "my.var", "NaN_", "t1"])
    expect(Formula.print(f)).toBe("t2 = my_var * my.var; t2 * x2 + t2 * (NaN_ * t1)")
    expect(same(reparsed(f), f)).toBe(true)
    expect(Formula.print(Fn.make([[], []], ([a, b]) => Expr.sub(a, b)))).toBe("x0 - x1")
    expect(
      Formula.print(Fn.make({ e: [], pi: [] }, ({ e, pi }) => Expr.add(Expr.add(e, Math.E), Expr.mul(pi, Math.PI))))
    ).toBe("e + 2.718281828459045 + pi * 3.141592653589793")
  })
})

describe("latex", () => {
  it.each([
    ["alpha * x_1^2 / sqrt(beta)", "\\frac{\\alpha \\cdot x_{1}^{2}}{\\sqrt{\\beta}}"],
    ["2 * (c * d) + (c + d)", "2 \\cdot c \\cdot d + c + d"],
    ["a - (b - c)", "a - \\left(b - c\\right)"],
    ["a + -b - (-2) * c", "a + \\left(-b\\right) - \\left(-2 \\cdot c\\right)"],
    [
      "(a / b)^2 + sin(x)^2 + exp(x)^2",
      "\\left(\\frac{a}{b}\\right)^{2} + \\left(\\sin\\left(x\\right)\\right)^{2} + \\left(e^{x}\\right)^{2}"
    ],
    ["square(a) + square(a + b)", "a^{2} + \\left(a + b\\right)^{2}"],
    ["a^b^-c", "a^{b^{-c}}"],
    ["(-2)^a + abs(-a)", "\\left(-2\\right)^{a} + \\left|-a\\right|"],
    ["-(a * b) - -(a + b)", "-a \\cdot b - \\left(-\\left(a + b\\right)\\right)"],
    [
      "1.5e-20 * x + 1e30 + Infinity + NaN + pi",
      "1.5 \\times 10^{-20} \\cdot x + 10^{30} + \\infty + \\mathrm{NaN} + \\pi"
    ],
    [
      "select(a < b and not a == 0, a, 1)",
      "\\begin{cases} a & \\text{if } a < b \\land \\lnot \\left(a = 0\\right) \\\\ 1 & \\text{otherwise} \\end{cases}"
    ],
    [
      "erf(learning_rate) + floor(x12) + log(params.w[0][1])",
      "\\operatorname{erf}\\left(\\mathrm{learning}_{\\mathrm{rate}}\\right) + \\left\\lfloor x_{12}\\right\\rfloor + \\ln\\left(\\mathrm{params}.w_{0,1}\\right)"
    ],
    [
      "polygamma(x, 2) + lgamma(x) + digamma(x)",
      "\\psi^{\\left(2\\right)}\\left(x\\right) + \\ln\\left|\\Gamma\\left(x\\right)\\right| + \\psi\\left(x\\right)"
    ]
  ])("%s as %s", (text, latex) => {
    expect(Formula.latex(parsed(text))).toBe(latex)
  })

  it("defines what is shared below the formula", () => {
    expect(Formula.latex(parsed("t = x^2; t * sin(t)"))).toBe(
      "\\begin{aligned}\n& t_{1} \\cdot \\sin\\left(t_{1}\\right) \\\\\n& \\text{where} \\\\\n& t_{1} = x^{2}\n\\end{aligned}"
    )
    const f = Fn.make({ x: [] }, ({ x }) => ({ y: Expr.sin(x), z: 2 }))
    expect(Formula.latex(f)).toBe("\\begin{aligned}\ny &= \\sin\\left(x\\right) \\\\\nz &= 2\n\\end{aligned}")
  })

  it("closes whatever it opens, and leaves no bare underscore", () => {
    fc.assert(
      fc.property(programs, (f) => {
        const latex = Formula.latex(f)
        let depth = 0
        const environments: Array<string> = []
        for (const [token, name] of latex.matchAll(
          /\\left(?:[(|]|\\[a-z]+)|\\right(?:[)|]|\\[a-z]+)|\\(?:begin|end)\{([a-z]+)\}|\\.|[{}]/g
        )) {
          if (token === "{" || token.startsWith("\\left")) depth++
          if (token === "}" || token.startsWith("\\right")) depth--
          if (token.startsWith("\\begin")) environments.push(name!)
          if (token.startsWith("\\end")) expect(environments.pop()).toBe(name)
          expect(depth).toBeGreaterThanOrEqual(0)
        }
        expect([depth, environments]).toEqual([0, []])
        expect(latex).not.toMatch(/(?<!\\)_(?!\{)|\^(?!\{)|[+-] -/)
      }),
      { numRuns: 1000 }
    )
  })
})

describe("depth", () => {
  const chain = (n: number, text: string): string => Array.from({ length: n }, () => text).join("")

  it("reads and prints a million terms", () => {
    const text = `x${chain(1e6, " + x")}`
    const f = parsed(text)
    expect(Fn.operationCount(f)).toBe(1e6)
    expect(Formula.print(f) === text).toBe(true)
    expect(Formula.latex(f) === text).toBe(true)
  })

  it("reads any nesting, on the left and on the right", () => {
    expect(Formula.print(parsed(`${"(".repeat(1e5)}x${")".repeat(1e5)}`))).toBe("x")
    for (const text of [
      `${chain(1e5, "sin(")}x${")".repeat(1e5)}`,
      `x${chain(1e5, "^x")}`,
      `${chain(1e5, "x - (")}x - y${")".repeat(1e5)}`
    ]) {
      const f = parsed(text)
      expect(Formula.print(f) === text).toBe(true)
      expect(Formula.latex(f).length).toBeLessThan(30 * text.length)
    }
    expect(Fn.operationCount(parsed(`${"-".repeat(1e5)}x`))).toBe(1e5)
    expect(failure("(".repeat(1e6)).offset).toBe(1e6)
    expect(failure(`${"(".repeat(1e6)}x`).hint).toBe("the ( in line 1, column 1000000 is not closed")
  })

  it("reads and prints many definitions", () => {
    const lines = ["t1 = sin(x)"]
    for (let i = 2; i <= 1e5; i++) lines.push(`t${i} = t${i - 1} * cos(t${i - 1})`)
    const text = [...lines, "t100000 + t100000"].join("\n")
    expect(Formula.print(parsed(text), { separator: "\n" }) === text).toBe(true)
  })

  it("takes time linear in the text, whatever it is", () => {
    const texts = ["@", "a.", "a[1", "x ", "x\n", "\n", "(x", "x)", "1", "1 ", "-", "-2\n*", "x=1;", "max(x,", "²"]
    for (const word of texts) {
      const start = performance.now()
      Formula.parse(word.repeat(3e5))
      expect(performance.now() - start).toBeLessThan(5000)
    }
  })
})

describe("schema", () => {
  const codec = Formula.schema({ variables: ["x", "y"] })

  it("decodes formulas and encodes programs", () => {
    const f = Schema.decodeUnknownSync(codec)("x^2 + 2x y")
    expect(Fn.runSync(f, { x: 2, y: 3 })).toBe(16)
    expect(Schema.encodeSync(codec)(f)).toBe("x^2 + 2 * x * y")
    expect(Schema.encodeSync(Formula.schema())(parsed("b - a"))).toBe("b - a")
  })

  it("says where a text is no formula", () => {
    expect(() => Schema.decodeUnknownSync(codec)("x +")).toThrow("line 1, column 4: expected a number")
    expect(() => Schema.decodeUnknownSync(codec)(3)).toThrow("string")
  })

  it("does not encode what a formula does not say", () => {
    const encode = (f: unknown) => () => Schema.encodeUnknownSync(codec as Schema.Codec<unknown, string>)(f)
    expect(encode(Fn.make({ x: [3], y: [] }, ({ x, y }) => Expr.sum(Expr.mul(x, y))))).toThrow("program of scalars")
    expect(encode(Fn.make({ y: [], x: [] }, ({ x, y }) => Expr.mul(x, y)))).toThrow("inputs x, y")
    expect(encode(Fn.make({ x: [], y: [] }, ({ x, y }) => ({ x, y })))).toThrow("one output")
    expect(encode(Fn.make({ x: [], z: [] }, ({ x, z }) => Expr.mul(x, z)))).toThrow("inputs x, y")
    expect(encode(3)).toThrow("Expected a program of a formula")
  })
})

describe("notation", () => {
  it("has operators with symbols of their own, infix and prefix apart", () => {
    const operators = Object.values(notations).flatMap(({ operator }) => (operator === undefined ? [] : [operator]))
    const keys = operators.map(({ associativity, symbol }) => `${associativity === "prefix"} ${symbol}`)
    expect(new Set(keys).size).toBe(keys.length)
  })
})

describe("control flow", () => {
  const lines = (f: Formula.Printable): Array<string> => Formula.print(f, { separator: "\n" }).split("\n")
  const square = Fn.make([], (x) => Expr.mul(x, x))

  it("is written with its bodies in place, and operands by what they are", () => {
    const f = Fn.make({ p: [], xs: [3] }, ({ p, xs }) => {
      const [last, all] = Expr.scan((c, x) => [Expr.add(Expr.mul(p, c), x), c], 1, xs, { reverse: true })
      return [last, Expr.map((x) => Expr.add(x, p), all), Expr.iterate(3, (y) => Expr.sin(y), p)]
    })
    expect(lines(f)).toEqual([
      "t1 = scan((p, carry, xs) => [p * carry + xs, carry], consts: [p], init: [1], xs: [xs], reverse: true)",
      "output[0] = t1[0]",
      "output[1] = map((p, xs) => xs + p, consts: [p], xs: [t1[1]])",
      "output[2] = scan((carry) => sin(carry), init: [p], length: 3)"
    ])
    const g = Fn.make([], (x) =>
      Expr.whileLoop(
        (y) => Expr.lt(y, x),
        (y) => Expr.add(Expr.square(y), y),
        1
      )
    )
    expect(lines(g)).toEqual([
      "whileLoop((x, carry) => carry < x, (x, carry) => carry * carry + carry, init: [1], consts: [x])"
    ])
  })

  it("names bodies that are used more than once, or deep in others", () => {
    const twice = Fn.make([], (x) => Fn.call(square, Fn.call(square, x)))
    const f = Fn.make({ f2: [] }, ({ f2: x }) => Expr.sub(Fn.call(twice, x), Fn.call(square, x)))
    expect(lines(f)).toEqual(["f1(x) = x * x", "f3(x) = f1(f1(x))", "f3(f2) - f1(f2)"])
    const nested = Fn.make({ x: [2, 2, 2, 2, 2] }, ({ x }) =>
      Expr.map((a) => Expr.map((b) => Expr.map((c) => Expr.map((d) => Expr.map((e) => Expr.exp(e), d), c), b), a), x)
    )
    expect(lines(nested)).toEqual([
      "f1(xs) = map((xs) => map((xs) => map((xs) => exp(xs), xs: [xs]), xs: [xs]), xs: [xs])",
      "map((xs) => map(f1, xs: [xs]), xs: [x])"
    ])
  })

  it("puts what a body shares before its result", () => {
    const f = Fn.make({ xs: [3] }, ({ xs }) =>
      Expr.map((x) => {
        const t = Expr.exp(x)
        return [t, Expr.add(t, 1)]
      }, xs)
    )
    expect(lines(f)).toEqual([
      "t1 = map((xs) => { t1 = exp(xs); [t1, t1 + 1] }, xs: [xs])",
      "output[0] = t1[0]",
      "output[1] = t1[1]"
    ])
  })

  it("is written in LaTeX with its bodies as functions", () => {
    const f = Fn.make({ x: [] }, ({ x }) =>
      Expr.add(
        1,
        Expr.cond(
          Expr.gt(x, 0),
          () => Expr.log(x),
          () => Fn.call(square, Expr.neg(x))
        )
      )
    )
    expect(Formula.latex(f)).toBe(
      [
        "\\begin{aligned}",
        "& 1 + \\left(\\begin{cases} f_{3}\\left(x\\right) & \\text{if } x > 0 \\\\ f_{2}\\left(x\\right) & \\text{otherwise} \\end{cases}\\right) \\\\",
        "& \\text{where} \\\\",
        "& f_{3}\\left(x\\right) = \\ln\\left(x\\right) \\\\",
        "& f_{2}\\left(x\\right) = f_{1}\\left(-x\\right) \\\\",
        "& f_{1}\\left(x\\right) = x^{2}",
        "\\end{aligned}"
      ].join("\n")
    )
    const g = Fn.make({ xs: [2] }, ({ xs }) => Expr.map((x) => Expr.exp(x), xs))
    expect(Formula.latex(g)).toBe(
      [
        "\\begin{aligned}",
        "& \\operatorname{map}\\left(f_{1}, \\text{xs: }\\left[\\mathrm{xs}\\right]\\right) \\\\",
        "& \\text{where} \\\\",
        "& f_{1}\\left(\\mathrm{xs}\\right) = e^{\\mathrm{xs}}",
        "\\end{aligned}"
      ].join("\n")
    )
  })

  it("is as long as the program is large, however deep and shared", () => {
    let f: Fn.Fn<readonly [], readonly []> = square
    for (let i = 0; i < 10_000; i++) {
      const g = f
      f = Fn.make([], (x) => Expr.add(Fn.call(g, x), Fn.call(g, x)))
    }
    expect(Formula.print(f).length).toBeLessThan(500_000)
    expect(Formula.latex(f).length).toBeLessThan(1_000_000)
    expect(String(f)).toBe("Fn(real[] -> real[]: 30001 operations)")
  })

  it("is no formula that can be read back", () => {
    const f = Fn.make({ x: [] }, ({ x }) => Fn.call(square, x))
    const result = Schema.encodeUnknownResult(Formula.schema({ variables: ["x"] }))(f)
    expect(Result.isFailure(result) && result.failure.message).toMatch(
      "expected a program of scalars without control flow, with one output, got Fn({ x: real[] } -> real[]: f1(x) = x * x; f1(x))"
    )
  })
})
