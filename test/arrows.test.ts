import { describe, expect, it } from "vitest"
import { importsOf, violation, violations } from "../scripts/arrows.ts"

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

  it("reads every form of import", () => {
    const text = `import a from "a"\nimport { b,\n c } from "b"\nexport * from "c"\nimport "d"\nconst e = import("e")\n// import "f"`
    expect(importsOf(text)).toEqual(["a", "b", "c", "d", "e"])
  })
})
