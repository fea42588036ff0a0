// The tool as the suite runs it: a process that is fed line by line.

import { spawn } from "node:child_process"
import { resolve } from "node:path"
import { describe, expect, it } from "vitest"

const main = resolve(import.meta.dirname, "../../src/gradbench.ts")

const run = (input: string, ...args: ReadonlyArray<string>) =>
  new Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>((done) => {
    const child = spawn(process.execPath, [main, ...args])
    let [stdout, stderr] = ["", ""]
    child.stdout.on("data", (chunk) => (stdout += chunk))
    child.stderr.on("data", (chunk) => (stderr += chunk))
    child.on("close", (code) => done({ code, stdout, stderr }))
    child.stdin.end(input)
  })

describe("gradbench-tool", () => {
  it("answers before the next message comes, and ends with its input", async () => {
    const child = spawn(process.execPath, [main])
    const lines: Array<string> = []
    let arrived = () => {}
    child.stdout.on("data", (chunk) => {
      lines.push(String(chunk))
      arrived()
    })
    const ask = (message: object) =>
      new Promise<void>((done) => {
        arrived = done
        child.stdin.write(`${JSON.stringify(message)}\n`)
      })
    await ask({ id: 0, kind: "start" })
    // Longer than what a pipe hands over at once.
    const x = Array.from({ length: 100_000 }, (_, i) => i / 100_000)
    await ask({ id: 1, kind: "evaluate", module: "lse", function: "primal", input: { x } })
    const code = await new Promise((done) => {
      child.on("close", done)
      child.stdin.end()
    })
    expect(code).toBe(0)
    const [start, value] = lines.map((line) => JSON.parse(line))
    expect(start).toEqual({ id: 0, tool: "fluxion", config: { backend: "interpreter" } })
    const sum = x.reduce((total, xi) => total + Math.exp(xi), 0)
    expect(value.output).toBeCloseTo(Math.log(sum), 12)
  })

  it("exits with a message at what is no message", async () => {
    const { code, stderr, stdout } = await run('{"id":0,"kind":"start"}\nwhat?\n')
    expect(code).toBe(1)
    expect(stdout).toBe('{"id":0,"tool":"fluxion","config":{"backend":"interpreter"}}\n')
    expect(stderr).toContain('expected a message, one JSON object with "id" and "kind", got "what?"')
  })

  it("knows its backends", async () => {
    const { code, stderr, stdout } = await run("", "--backend", "abacus")
    expect(code).toBe(1)
    expect(stdout + stderr).toContain("interpreter")
  })
})
