import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Code, Label } from "../../../src/internal/wasm/Code.ts"
import {
  lane,
  type LaneAccess,
  memory,
  type MemoryAccess,
  memoryLane,
  type MemoryLaneAccess,
  type Plain,
  plain
} from "../../../src/internal/wasm/instructions.ts"
import type { Memory } from "./engine.ts"
import { Module } from "../../../src/internal/wasm/Module.ts"
import { print } from "../../../src/internal/wasm/text.ts"
import { engine, instantiate, readByWabt } from "./support.ts"

const keys = <K extends string>(table: Readonly<Record<K, unknown>>): ReadonlyArray<K> => Object.keys(table) as Array<K>

/** The instructions of the first function, as WABT writes them, one a line. */
const instructionsByWabt = (module: Module): ReadonlyArray<string> => {
  const lines = readByWabt(module)
    .split("\n")
    .map((line) =>
      line
        .replace(/\(;.*?;\)/g, "")
        .replace(/;;.*$/, "")
        .trim()
    )
  const start = lines.findIndex((line) => line.startsWith("(func"))
  const end = lines.findIndex((line, i) => i > start && /^\((?:memory|export|global|data|func)/.test(line))
  return lines
    .slice(start + 1, end < 0 ? undefined : end)
    .map((line) => line.replace(/\)+$/, "").trim())
    .filter((line) => line !== "" && !line.startsWith("(local"))
}

interface Instruction {
  readonly text: string
  readonly write: (code: Code) => void
}

const alignments = (width: number): ReadonlyArray<number> => [1, 2, 4, 8, 16].filter((a) => a <= width)
const address = (name: string, width: number, offset: number, alignment: number): string =>
  name + (offset === 0 ? "" : ` offset=${offset}`) + (alignment === width ? "" : ` align=${alignment}`)

const plainInstruction = fc
  .constantFrom(...keys(plain))
  .map((name): Instruction => ({ text: name, write: (code) => code.op(name) }))

const memoryInstruction = fc.constantFrom(...keys(memory)).chain((name: MemoryAccess) => {
  const width: number = memory[name].width
  return fc
    .tuple(fc.nat({ max: 1 << 30 }), fc.constantFrom(...alignments(width)))
    .map(([offset, alignment]): Instruction => ({
      text: address(name, width, offset, alignment),
      write: (code) => code.memory(name, offset, alignment)
    }))
})

const memoryLaneInstruction = fc.constantFrom(...keys(memoryLane)).chain((name: MemoryLaneAccess) => {
  const width: number = memoryLane[name].width
  return fc
    .tuple(fc.nat({ max: 1000 }), fc.constantFrom(...alignments(width)), fc.nat({ max: 16 / width - 1 }))
    .map(([offset, alignment, place]): Instruction => ({
      text: `${address(name, width, offset, alignment)} ${place}`,
      write: (code) => code.memoryLane(name, place, offset, alignment)
    }))
})

const laneInstruction = fc
  .constantFrom(...keys(lane))
  .chain((name: LaneAccess) =>
    fc
      .nat({ max: Number(/x(\d+)/.exec(name)![1]) - 1 })
      .map((place): Instruction => ({ text: `${name} ${place}`, write: (code) => code.lane(name, place) }))
  )

const constant = fc.oneof(
  fc.integer().map((x): Instruction => ({ text: `i32.const ${x}`, write: (code) => code.i32Const(x) })),
  fc
    .bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })
    .map((x): Instruction => ({ text: `i64.const ${x}`, write: (code) => code.i64Const(x) })),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes): Instruction => {
    const words = [...new Uint32Array(bytes.slice().buffer)].map((word) => `0x${word.toString(16).padStart(8, "0")}`)
    return { text: `v128.const i32x4 ${words.join(" ")}`, write: (code) => code.v128Const(bytes) }
  }),
  fc
    .array(fc.nat({ max: 31 }), { minLength: 16, maxLength: 16 })
    .map((lanes): Instruction => ({ text: `i8x16.shuffle ${lanes.join(" ")}`, write: (code) => code.shuffle(lanes) })),
  fc.constantFrom<Instruction>(
    { text: "memory.size", write: (code) => code.memorySize() },
    { text: "memory.grow", write: (code) => code.memoryGrow() },
    { text: "memory.copy", write: (code) => code.memoryCopy() },
    { text: "memory.fill", write: (code) => code.memoryFill() }
  )
)

const anyInstruction = fc.oneof(plainInstruction, memoryInstruction, memoryLaneInstruction, laneInstruction, constant)

/** A function in which every instruction comes after `unreachable`, where any operands may be assumed. */
const detached = (instructions: ReadonlyArray<Instruction>): Module => {
  const module = new Module()
  module.memory({ initial: 1 })
  module.function("f", { parameters: [], results: [] }, (code) => {
    for (const { write } of instructions) {
      code.op("unreachable")
      write(code)
    }
    code.op("unreachable")
  })
  return module
}

describe("instructions, as WABT reads them", () => {
  it("every plain instruction", () => {
    const all = keys(plain).map((name: Plain): Instruction => ({ text: name, write: (code) => code.op(name) }))
    const module = detached(all)
    const read = instructionsByWabt(module).filter((line) => line !== "unreachable")
    expect(read).toEqual(all.map(({ text }) => text).filter((text) => text !== "unreachable"))
    expect(engine.validate(module.toBytes())).toBe(true)
  })

  it("random sequences of all instructions, with random immediates", () => {
    fc.assert(
      fc.property(fc.array(anyInstruction, { maxLength: 60 }), (instructions) => {
        const module = detached(instructions)
        const expected = instructions.map(({ text }) => text).filter((text) => text !== "unreachable")
        expect(instructionsByWabt(module).filter((line) => line !== "unreachable")).toEqual(expected)
        // Our own reader of the same bytes, but for constants that it writes as doubles.
        const own = print(module, 0)
          .split("\n")
          .slice(1, -1)
          .map((line) => line.trim())
          .filter((line) => line !== "unreachable")
        const comparable = (line: string) => (line.startsWith("v128.const") ? "v128.const" : line)
        expect(own.map(comparable)).toEqual(expected.map(comparable))
        expect(engine.validate(module.toBytes())).toBe(true)
      }),
      { numRuns: 200 }
    )
  })
})

/** Structured control as a tree. A branch counts labels from the innermost one. */
type Statement =
  | { readonly _tag: "block" | "loop"; readonly body: ReadonlyArray<Statement> }
  | { readonly _tag: "if"; readonly whenTrue: ReadonlyArray<Statement>; readonly whenFalse: ReadonlyArray<Statement> }
  | { readonly _tag: "branch"; readonly depth: number; readonly conditional: boolean }

const { statements } = fc.letrec<{ statements: ReadonlyArray<Statement>; statement: Statement }>((tie) => ({
  statements: fc.array(tie("statement"), { maxLength: 4, depthIdentifier: "control" }),
  statement: fc.oneof(
    { depthIdentifier: "control", maxDepth: 4 },
    fc.record({ _tag: fc.constant("branch" as const), depth: fc.nat({ max: 10 }), conditional: fc.boolean() }),
    fc.record({ _tag: fc.constantFrom("block" as const, "loop" as const), body: tie("statements") }),
    fc.record({ _tag: fc.constant("if" as const), whenTrue: tie("statements"), whenFalse: tie("statements") })
  )
}))

const writeStatements = (code: Code, body: ReadonlyArray<Statement>, labels: ReadonlyArray<Label>): void => {
  for (const statement of body) {
    if (statement._tag === "branch") {
      if (labels.length === 0) continue
      const label = labels.at(-1 - (statement.depth % labels.length))!
      if (statement.conditional) {
        code.get(0)
        code.brIf(label)
      } else code.br(label)
    } else if (statement._tag === "if") {
      code.get(0)
      code.if(
        (label) => writeStatements(code, statement.whenTrue, [...labels, label]),
        (label) => writeStatements(code, statement.whenFalse, [...labels, label])
      )
    } else code[statement._tag]((label) => writeStatements(code, statement.body, [...labels, label]))
  }
}

const expectedLines = (body: ReadonlyArray<Statement>, depth: number): ReadonlyArray<string> =>
  body.flatMap((statement) => {
    if (statement._tag === "branch") {
      if (depth === 0) return []
      const target = statement.depth % depth
      return statement.conditional ? ["local.get 0", `br_if ${target}`] : [`br ${target}`]
    }
    if (statement._tag === "if") {
      const { whenFalse, whenTrue } = statement
      return [
        "local.get 0",
        "if",
        ...expectedLines(whenTrue, depth + 1),
        "else",
        ...expectedLines(whenFalse, depth + 1),
        "end"
      ]
    }
    return [statement._tag, ...expectedLines(statement.body, depth + 1), "end"]
  })

describe("structured control", () => {
  it("branches lead where their labels say, at any depth", () => {
    fc.assert(
      fc.property(statements, (body) => {
        const module = new Module()
        module.function("f", { parameters: ["i32"], results: [] }, (code) => writeStatements(code, body, []))
        // WABT leaves out an empty `else`; labels are printed as comments only.
        const withoutEmptyElse = (lines: ReadonlyArray<string>) =>
          lines.filter((line, i) => !(line === "else" && lines[i + 1] === "end"))
        const read = instructionsByWabt(module).map((line) => line.replace(/ \$\S+/, "").trim())
        expect(withoutEmptyElse(read)).toEqual(withoutEmptyElse(expectedLines(body, 0)))
        expect(engine.validate(module.toBytes())).toBe(true)
      })
    )
  })

  it("a loop that sums, left through a block", () => {
    const module = new Module()
    const sum = module.function("sum", { parameters: ["i32"], results: ["i32"] }, (code) => {
      const total = code.local("i32", "total")
      code.block((done) =>
        code.loop((again) => {
          code.get(0)
          code.op("i32.eqz")
          code.brIf(done)
          code.get(total)
          code.get(0)
          code.op("i32.add")
          code.set(total)
          code.get(0)
          code.i32Const(1)
          code.op("i32.sub")
          code.set(0)
          code.br(again)
        })
      )
      code.get(total)
    })
    module.export("sum", "function", sum)
    expect((instantiate(module)["sum"] as (n: number) => number)(100)).toBe(5050)
    expect(print(module, sum).split("\n").slice(0, 6)).toEqual([
      "(func $sum (param i32) (result i32)",
      "  (local i32)",
      "  block",
      "    loop",
      "      local.get 0",
      "      i32.eqz"
    ])
  })

  it("br_table, results of blocks and of if", () => {
    const module = new Module()
    const choose = module.function("choose", { parameters: ["i32"], results: ["f64"] }, (code) => {
      code.block((outer) => {
        code.block((inner) => {
          code.block((innermost) => {
            code.get(0)
            code.brTable([innermost, inner], outer)
          })
          code.f64Const(10)
          code.op("return")
        })
        code.f64Const(20)
        code.op("return")
      })
      code.get(0)
      code.i32Const(5)
      code.op("i32.gt_s")
      code.if(
        () => code.f64Const(Infinity),
        () => code.f64Const(-0.5),
        "f64"
      )
    })
    module.export("choose", "function", choose)
    readByWabt(module)
    const run = instantiate(module)["choose"] as (i: number) => number
    expect([0, 1, 2, 9].map(run)).toEqual([10, 20, -0.5, Infinity])
  })
})

describe("modules", () => {
  it("imports, exports, globals, own memory with data, and growth", () => {
    const module = new Module()
    const log = module.importFunction({ module: "env", name: "log" }, { parameters: ["f64"], results: [] })
    module.memory({ initial: 1, maximum: 3 })
    const counter = module.global("i32", { mutable: true, initial: 7 })
    const long = module.global("i64", { mutable: false, initial: -1n })
    const data = module.data(new Uint8Array(new Float64Array([Math.PI]).buffer), 8)
    const f = module.function("f", { parameters: [], results: ["i64"] }, (code) => {
      code.i32Const(0)
      code.memory("f64.load", data)
      code.call(log)
      code.globalGet(counter)
      code.i32Const(1)
      code.op("i32.add")
      code.globalSet(counter)
      code.i32Const(1)
      code.memoryGrow()
      code.op("drop")
      code.globalGet(long)
    })
    module.export("f", "function", f)
    module.export("counter", "global", counter)
    module.export("memory", "memory", 0)
    readByWabt(module)
    const seen: Array<number> = []
    const exports = instantiate(module, { env: { log: (x: number) => seen.push(x) } })
    expect((exports["f"] as () => bigint)()).toBe(-1n)
    expect(seen).toEqual([Math.PI])
    expect((exports["counter"] as { readonly value: number }).value).toBe(8)
    expect((exports["memory"] as Memory).buffer.byteLength).toBe(2 * 65536)
  })

  it("constant data come before what is reserved, in an imported memory too, which must be large enough", () => {
    const module = new Module()
    module.memory({ initial: 1 }, { module: "env", name: "memory" })
    module.data(new Uint8Array([1, 2, 3]))
    const second = module.data(new Uint8Array([4]))
    expect(second).toBe(16)
    expect(module.internedData("a", () => new Uint8Array([5]))).toBe(32)
    expect(module.internedData("a", () => new Uint8Array([6]))).toBe(32)
    expect(module.reserve(200_000, 64)).toBe(64)
    expect(() => instantiate(module, { env: { memory: new engine.Memory({ initial: 1 }) } })).toThrow(/memory/)
    const shared = new engine.Memory({ initial: 4 })
    instantiate(module, { env: { memory: shared } })
    expect([...new Uint8Array(shared.buffer, 0, 17)]).toEqual([1, 2, 3, ...Array<number>(13).fill(0), 4])
  })

  it("functions may be declared first and written while another one is", () => {
    const module = new Module()
    const even = module.declare("even", { parameters: ["i32"], results: ["i32"] })
    let odd = -1
    const step = (code: Code, other: number, end: number): void => {
      code.get(0)
      code.op("i32.eqz")
      code.if(
        () => code.i32Const(end),
        () => {
          code.get(0)
          code.i32Const(1)
          code.op("i32.sub")
          code.call(other)
        },
        "i32"
      )
    }
    module.define(even, (code) => {
      odd = module.once("odd", (m) =>
        m.function("odd", { parameters: ["i32"], results: ["i32"] }, (inner) => step(inner, even, 0))
      )
      step(code, odd, 1)
    })
    module.export("even", "function", even)
    expect(module.once("odd", () => -1)).toBe(odd)
    readByWabt(module)
    expect((instantiate(module)["even"] as (n: number) => number)(10)).toBe(1)
    const declared = new Module()
    declared.declare("missing", { parameters: [], results: [] })
    expect(() => declared.toBytes()).toThrow("the function missing is declared but not defined")
  })

  it("names appear in stack traces", () => {
    const module = new Module()
    module.export(
      "f",
      "function",
      module.function("fluxion.loop", { parameters: [], results: [] }, (code) => code.op("unreachable"))
    )
    const run = instantiate(module)["f"] as () => void
    expect(() => run()).toThrow(expect.objectContaining({ stack: expect.stringContaining("fluxion.loop") }))
  })

  it("bodies of megabytes and thousands of variables, which are handed out again when released", () => {
    const module = new Module()
    const f = module.function("big", { parameters: ["f64"], results: ["f64"] }, (code) => {
      const locals = Array.from({ length: 20_000 }, () => code.local("f64"))
      for (const local of locals) {
        code.get(0)
        code.f64Const(0.5)
        code.op("f64.add")
        code.set(local)
      }
      code.f64Const(0)
      for (const local of locals) {
        code.get(local)
        code.op("f64.add")
      }
      code.release(locals[7]!)
      expect(code.local("f64")).toBe(locals[7])
      expect(code.local("i32")).toBe(20_001)
    })
    module.export("f", "function", f)
    expect(module.toBytes().length).toBeGreaterThan(300_000)
    expect((instantiate(module)["f"] as (x: number) => number)(0)).toBe(10_000)
  })

  it("writes hundreds of thousands of instructions in milliseconds", () => {
    const write = (): number => {
      const start = performance.now()
      const module = new Module()
      module.function("f", { parameters: ["f64"], results: ["f64"] }, (code) => {
        code.get(0)
        for (let i = 0; i < 100_000; i++) {
          code.get(0)
          code.op("f64.add")
        }
      })
      module.toBytes()
      return performance.now() - start
    }
    // About 5 ms; the best of ten, and generous, because machines are shared.
    expect(Math.min(...Array.from({ length: 10 }, write))).toBeLessThan(50)
  })
})
