// Peak memory of long programs, each in a process of its own; `scripts/memory.ts` measures them all.

import { describe, expect, it } from "vitest"
import { measure, names } from "../scripts/memory.ts"

describe("long programs", () => {
  it("chains of a million operations are differentiated in both modes within 2 GiB", { timeout: 300_000 }, () => {
    for (const name of ["chain, Forward.derivative", "chain, Reverse.grad"]) {
      expect([name, measure(name).peakMiB < 2048]).toEqual([name, true])
    }
  })

  it("scans of a million steps are, with all carries and with few", { timeout: 300_000 }, () => {
    for (const name of [
      "scan of vectors, Forward.derivative",
      "scan of vectors, Reverse.grad, all",
      "scan of vectors, Reverse.grad, every 1000",
      "scan of scalars, Reverse.grad, revolve"
    ]) {
      expect([name, measure(name).peakMiB < 512]).toEqual([name, true])
    }
  })

  it("carries that are not kept take no memory", { timeout: 300_000 }, () => {
    const peak = (label: string) => measure(`scan of 20000 wide vectors, Reverse.grad, ${label}`).peakMiB
    const all = peak("all")
    // 20000 carries of 8 kB are 153 MiB.
    for (const label of ["every 1000", "revolve"]) expect([label, all - peak(label) > 90]).toEqual([label, true])
  })

  it("that do not exist are not measured", () => {
    expect(names).toContain("chain, Reverse.evaluate")
    expect(() => measure("nothing")).toThrow("no measurement")
  })
})
