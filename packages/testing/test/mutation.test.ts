// The mutator: what it changes, that the changes can be switched on one at a time, and what is said of survivors.

import { stripTypeScriptTypes } from "node:module"
import { describe, expect, it } from "vitest"
import { type Mutant, mutate, switchName } from "../scripts/mutation/Mutator.ts"
import { type Explanation, judge, changeOf } from "../scripts/mutation/Survivors.ts"
import { table } from "../scripts/mutation/Report.ts"

const replacements = (source: string): ReadonlyArray<string> =>
  mutate("a.ts", source, 0).mutants.map(({ original, replacement }) => `${original} → ${replacement}`)

/** What the exports of a module are, with one mutant on. */
const evaluate = (source: string, active: number): Record<string, never> => {
  const { code } = mutate("a.ts", source, 0)
  const scale = (id: number, factor: number, rule: (...args: ReadonlyArray<unknown>) => unknown) => {
    return (...args: ReadonlyArray<unknown>): unknown => {
      const context = args[1] as { readonly ops: { readonly mul: (x: unknown, y: number) => unknown } }
      return id === active ? context.ops.mul(rule(...args), factor) : rule(...args)
    }
  }
  const names = Array.from(code.matchAll(/export const (\w+)/g), ([, name]) => name!)
  const script = stripTypeScriptTypes(code).replaceAll("export const", "const").replaceAll("globalThis.", "global.")
  return new Function("global", `${script}\nreturn { ${names.join(", ")} }`)({
    [switchName]: { is: (id: number) => id === active, WeakMap, scale }
  }) as Record<string, never>
}

const ops = {
  mul: (x: number, y: number) => x * y,
  add: (x: number, y: number) => x + y,
  sub: (x: number, y: number) => x - y,
  sin: Math.sin,
  cos: Math.cos,
  neg: (x: number) => -x
}

describe("mutants", () => {
  it("are other functions, operands, numbers, signs, conditions and branches", () => {
    expect(replacements("const f = (ops, x, y) => ops.sub(ops.sin(x), y)")).toEqual([
      "x → y",
      "ops.sin(x) → ops.cos(x)",
      "ops.sin(x) → x",
      "y → x",
      "ops.sub(ops.sin(x), y) → ops.add(ops.sin(x), y)",
      "ops.sub(ops.sin(x), y) → ops.sub(y, ops.sin(x))",
      "ops.sub(ops.sin(x), y) → ops.sin(x)"
    ])
    expect(replacements("const n = 0 + 1")).toEqual(["0 → 1", "1 → 0", "1 → 2", "0 + 1 → 0 - 1"])
    expect(replacements("const n = !a < -b")).toEqual(["!a → a", "-b → b", "!a < -b → !a <= -b", "!a < -b → !a >= -b"])
    expect(replacements("const n = c ? a : b")).toEqual(["c ? a : b → a", "c ? a : b → b"])
    expect(replacements("const f = () => { if (c) g() }")).toEqual(["c → true", "c → false", "g() → "])
    expect(replacements("const f = () => ({ strongZero: true })")).toEqual(["true → false"])
    expect(replacements("const f = [left, right]")).toEqual(["[left, right] → [right, left]"])
  })

  it("leave types, imports, names and keys as they are", () => {
    expect(
      replacements('import { x } from "a"\ntype T = readonly [0, 1]\nconst f: T = g as 0\ninterface A { x: 1 }')
    ).toEqual([])
    expect(replacements("const { a: b } = c\nconst f = { a: d, e }\nconst g = f.a")).toEqual([])
  })

  it("of a table of rules lose results, or turn their signs", () => {
    const source =
      "const Zero = Symbol()\nexport const rules = { sin: [(t, { ops, operands: [x] }) => ops.mul(t, ops.cos(x))], add: [(t) => t, Zero] }"
    expect(
      replacements(source)
        .filter((text) => text.endsWith("the result"))
        .map((text) => text.split("→")[1])
    ).toEqual([" 0 times the result", " -1 times the result", " 0 times the result", " -1 times the result"])
    const { mutants } = mutate("a.ts", source, 0)
    const turned = mutants.find(({ replacement }) => replacement === "-1 times the result")!
    const rules = evaluate(source, turned.id)["rules"] as Record<
      string,
      ReadonlyArray<(t: number, context: object) => number>
    >
    expect(rules["sin"]![0]!(1, { ops, operands: [2] })).toBe(-Math.cos(2))
  })

  it("are the module itself when none is on, and one change each when one is", () => {
    const source = `
      export const f = (ops, x: number, y: number): number => {
        let total = 0
        for (let i = 0; i < 3; i++) total += ops.mul(x, y)
        if (x > y) return -total
        return ops.sub(total, ops.sin(x))
      }`
    const value = (active: number): unknown => {
      const f = evaluate(source, active)["f"] as unknown as (o: typeof ops, x: number, y: number) => number
      let steps = 0
      const counted = {
        ...ops,
        mul: (x: number, y: number) => {
          if (++steps > 100) throw new Error("on and on")
          return x * y
        },
        div: (x: number, y: number) => x / y
      }
      try {
        return [f(counted, 1.25, 2.5), f(counted, 2.5, 1.25), f(counted, 2, 2)].join()
      } catch (error) {
        return String(error)
      }
    }
    const whole = value(-1)
    expect(whole).toBe([3 * 1.25 * 2.5 - Math.sin(1.25), -3 * 1.25 * 2.5, 12 - Math.sin(2)].join())
    const { mutants } = mutate("a.ts", source, 0)
    expect(mutants.length).toBeGreaterThan(15)
    for (const { id, original, replacement } of mutants)
      expect([original, replacement, value(id)]).not.toEqual([original, replacement, whole])
  })

  it("know their place", () => {
    const { mutants } = mutate("a.ts", "\n\n  const n = a + b\n", 7)
    expect(mutants).toEqual([
      { id: 7, file: "a.ts", line: 3, column: 13, operator: "operator", original: "a + b", replacement: "a - b" }
    ])
  })

  it("of what does not parse are refused", () => {
    expect(() => mutate("a.ts", "const = 1", 0)).toThrow("a.ts does not parse")
  })
})

describe("survivors", () => {
  const lines = ["const a = b + c", "const d = e * f"]
  const mutant = (id: number, line: number, original: string, replacement: string): Mutant => ({
    id,
    file: "a.ts",
    line,
    column: 11,
    operator: "operator",
    original,
    replacement
  })
  const mutants = [mutant(0, 1, "b + c", "b - c"), mutant(1, 2, "e * f", "e / f")]
  const change = (m: Mutant) => changeOf(m, lines)
  const explanation = (m: Mutant): Explanation => ({ file: m.file, because: "f is 1", mutants: [change(m)] })
  const run = (explanations: ReadonlyArray<Explanation>, fates: ReadonlyArray<"survived" | "killed" | "untried">) =>
    judge(explanations, mutants, ({ id }) => fates[id]!, change)

  it("without explanation are told", () => {
    const { explained, stale, unexplained } = run([explanation(mutants[1]!)], ["survived", "survived"])
    expect(unexplained).toEqual([mutants[0]])
    expect([...explained]).toEqual([[mutants[1], "f is 1"]])
    expect(stale).toEqual([])
  })

  it("that are killed after all, or no longer there, make their explanations stale", () => {
    expect(run([explanation(mutants[1]!)], ["killed", "killed"]).stale.length).toBe(1)
    expect(run([explanation(mutants[1]!)], ["killed", "untried"]).stale.length).toBe(0)
    expect(run([explanation(mutant(2, 1, "b + c", "b * c"))], ["killed", "killed"]).stale.length).toBe(1)
  })

  it("are counted by file, and leave the score where they are explained", () => {
    const judgement = run([explanation(mutants[1]!)], ["killed", "survived"])
    const fates = new Map([
      [mutants[0]!, { _tag: "Killed", test: "t", message: "" } as const],
      [mutants[1]!, { _tag: "Survived", tests: 3 } as const]
    ])
    expect(table({ fates, tests: 1, failing: [] }, judgement).split("\n").at(-1)).toBe(
      "| all | 2 | 1 | 0 | 1 | 0 | 100.0% |"
    )
  })
})
