import { describe, expect, it } from "vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { importsOf, reach, violation, violations } from "../scripts/arrows.ts"
import { packages } from "../scripts/workspace.ts"

describe("the package arrows", () => {
  it("hold in the sources and manifests", () => {
    expect(violations()).toEqual([])
  })

  it("are seen when broken", () => {
    expect(violation("core", "@fluxion/forward-mode")).toMatch("core must not import")
    expect(violation("forward-mode", "@fluxion/reverse-mode")).toMatch("forward-mode must not import")
    expect(violation("reverse-mode", "@fluxion/core/internal/node")).toMatch("closed")
    expect(violation("reverse-mode", "../../core/src/Fn.ts")).toMatch("by path")
    expect(violation("core", "lodash")).toMatch("effect alone")
    expect(violation("calculus", "@fluxion/core")).toBeUndefined()
  })

  it("keep testing, and what it brings, out of the packages that run in production", () => {
    const published = packages.filter(({ manifest, name }) => manifest.private !== true && name !== "testing")
    expect(published.map(({ name }) => name)).toEqual(expect.arrayContaining(["core", "forward-mode", "optim"]))
    for (const { name } of published) {
      for (const specifier of ["@fluxion/testing", "@fluxion/testing/Laws", "fast-check", "vitest"]) {
        expect(violation(name, specifier)).toMatch(`${name} must not import ${specifier}`)
      }
    }
  })

  it("keep vitest, an optional peer, out of what @fluxion/testing itself loads", () => {
    const { folder, sources } = packages.find(({ name }) => name === "testing")!
    const importers = sources.filter((source) =>
      importsOf(readFileSync(join(folder, source), "utf8")).includes("vitest")
    )
    expect(importers).toEqual(["src/Vitest.ts"])
    const loaded = reach(folder, "src/index.ts")
    expect(loaded.length).toBeGreaterThan(20)
    expect(loaded).not.toContain("src/Vitest.ts")
    expect(reach(folder, "src/Vitest.ts")).toContain("src/Matchers.ts")
  })

  it("reads every form of import", () => {
    const text = `import a from "a"\nimport { b,\n c } from "b"\nexport * from "c"\nimport "d"\nconst e = import("e")\n// import "f"`
    expect(importsOf(text)).toEqual(["a", "b", "c", "d", "e"])
  })
})
