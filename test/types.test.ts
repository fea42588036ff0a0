// Programs that must not type-check, and what the compiler says of them: each `// error: text` stands above the line it speaks of.
// Programs that must type-check are ordinary files beside them, compiled by `pnpm check`.

import { spawnSync } from "node:child_process"
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { root } from "../scripts/workspace.ts"

const files = globSync("packages/*/test/types/rejected/*.ts", { cwd: root }).sort()

it("programs with wrong shapes are rejected, with both shapes in the message", { timeout: 120_000 }, () => {
  const config = join(root, "tsconfig.rejected.json")
  writeFileSync(config, JSON.stringify({ extends: "./tsconfig.base.json", include: files }))
  const output = spawnSync(join(root, "node_modules", ".bin", "tsc"), ["-p", config, "--pretty", "false"], {
    cwd: root,
    encoding: "utf8"
  }).stdout
  rmSync(config)
  // A diagnostic is a first line with its place, and indented lines of detail.
  const diagnostics = new Map<string, string>()
  let current = ""
  for (const line of output.split("\n")) {
    const start = /^(\S+)\((\d+),\d+\): error/.exec(line)
    if (start !== null) current = `${start[1]}:${start[2]}`
    if (current !== "") diagnostics.set(current, `${diagnostics.get(current) ?? ""}${line}\n`)
  }
  const expected = files.flatMap((file) =>
    readFileSync(join(root, file), "utf8")
      .split("\n")
      .flatMap((line, i) => {
        const match = /^\s*\/\/ error: (.*)$/.exec(line)
        return match === null ? [] : [{ place: `${file}:${i + 2}`, text: match[1]! }]
      })
  )
  expect(expected.length).toBeGreaterThan(20)
  for (const { place, text } of expected) expect(`${place}: ${diagnostics.get(place) ?? "accepted"}`).toContain(text)
  const places = new Set(expected.map(({ place }) => place))
  const stray = Array.from(diagnostics.keys()).filter((place) => place.includes("/rejected/") && !places.has(place))
  expect(stray).toEqual([])
})
