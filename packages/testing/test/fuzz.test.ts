// The fuzzer, and what it found: every finding is tried for ever.

import { readFileSync } from "node:fs"
import { Expr, Fn } from "@fluxion/core"
import { Arbitraries } from "@fluxion/testing"
import { Effect, Fiber } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Finding, fuzz, seedOf, type Summary, tryLaw } from "../scripts/fuzz/Fuzz.ts"
import { type Law, laws } from "../scripts/fuzz/Laws.ts"
import { rebuild } from "./rebuild.ts"

interface Kept {
  readonly law: string
  readonly text: string
}

const kept = JSON.parse(readFileSync(new URL("../seeds.json", import.meta.url), "utf8")) as ReadonlyArray<Kept>

describe("what fuzzing found", () => {
  it("belongs to laws that there are", () => {
    for (const { law } of kept) expect(laws.map(({ name }) => name)).toContain(law)
  })

  it.each(kept.map(({ law, text }) => [law, text] as const))("%s: %s", (name, text) => {
    const law = laws.find((other) => other.name === name)!
    law.check(law.read(text))
  })
})

describe("fuzzing", () => {
  const none = (): Effect.Effect<void> => Effect.void

  it("finds nothing in a few batches of every law", async () => {
    const findings: Array<Finding> = []
    const { tried } = await Effect.runPromise(
      fuzz({
        laws,
        seed: 7,
        seconds: 600,
        batches: laws.length,
        found: (finding) => Effect.sync(() => findings.push(finding)),
        progress: none
      })
    )
    expect(findings).toEqual([])
    expect(tried).toEqual(Object.fromEntries(laws.map(({ batch, name }) => [name, batch])))
  })

  // No program may hold a sine.
  const programs = laws.find(({ name }) => name === "forward = reverse")!
  const broken: Law = {
    ...programs,
    name: "no sines",
    arbitrary: Arbitraries.program({ maxOperations: 8, controlFlow: false }),
    check: (thing) => {
      if (programs.families(thing).includes("sin")) throw new Error("there is a sine")
    }
  }

  it("shrinks what breaks a law to code that breaks it, and the batch can be repeated", async () => {
    const findings: Array<Finding> = []
    const { findings: count } = await Effect.runPromise(
      fuzz({
        laws: [broken],
        seed: 1,
        seconds: 60,
        batches: 2,
        found: (finding) => Effect.sync(() => findings.push(finding)),
        progress: none
      })
    )
    expect(count).toBeGreaterThan(0)
    expect(findings.length).toBe(count)
    const { message, seed, text } = findings[0]!
    expect(message).toContain("there is a sine")
    expect(text).toContain("Expr.sin(")
    expect(Fn.operationCount(rebuild(text).program)).toBeLessThanOrEqual(3)
    expect(() => broken.check(broken.read(text))).toThrow("there is a sine")
    expect(tryLaw(broken, seed, () => {})).toEqual(findings[0])
  })

  it("finds a wrong rule", () => {
    const fn = Fn.make({ x: [] }, ({ x }) => {
      const wrong = Expr.customJvp(
        Fn.make([], (y) => Expr.sin(y)),
        ({ tangents }) => tangents
      )
      return Fn.apply(wrong, x)
    })
    const differences = laws.find(({ name }) => name === "modes = differences")!
    const law = { ...differences, arbitrary: fc.constant({ fn, inputs: { x: 1 }, code: "the sine of x" }) }
    expect(tryLaw(law, 1, () => {})).toMatchObject({ law: "modes = differences", text: "the sine of x", seed: 1 })
  })

  it("ends with a summary when it is interrupted", async () => {
    const summaries: Array<Summary> = []
    const fiber = Effect.runFork(
      fuzz({
        laws: [{ ...broken, check: () => {} }],
        seed: 1,
        seconds: 600,
        found: none,
        progress: (summary) => Effect.sync(() => summaries.push(summary))
      })
    )
    await new Promise((resolve) => setTimeout(resolve, 300))
    await Effect.runPromise(Fiber.interrupt(fiber))
    expect(summaries.length).toBe(1)
    expect(summaries[0]!.tried["no sines"]).toBeGreaterThan(0)
  })

  it("gives each batch a seed of its own", () => {
    const seeds = new Set(Array.from({ length: 10_000 }, (_, batch) => seedOf(5, batch)))
    expect(seeds.size).toBe(10_000)
  })
})
