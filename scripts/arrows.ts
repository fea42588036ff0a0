// The only imports allowed between packages: those that the design draws as arrows. `pnpm check` runs this.

import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { packages } from "./workspace.ts"

const allowed: Readonly<Record<string, ReadonlyArray<string>>> = {
  core: [],
  "forward-mode": ["core"],
  "reverse-mode": ["core"],
  calculus: ["core", "forward-mode", "reverse-mode"],
  compiler: ["core"],
  optim: ["core", "reverse-mode", "calculus"],
  testing: ["core", "forward-mode", "reverse-mode", "calculus"],
  examples: ["core", "forward-mode", "reverse-mode", "calculus", "compiler", "optim", "testing"]
}

// What each package may import from outside at run time, beside `effect`.
const outside: Readonly<Record<string, ReadonlyArray<string>>> = {
  testing: ["fast-check", "vitest"],
  examples: ["*"]
}

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s[^"']*?from\s+["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)|(?:^|\n)\s*import\s+["']([^"']+)["']/g

export const importsOf = (text: string): ReadonlyArray<string> => {
  const withoutComments = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "")
  return Array.from(withoutComments.matchAll(importPattern), (match) => (match[1] ?? match[2] ?? match[3])!)
}

/** What is wrong with an import, or `undefined`. */
export const violation = (from: string, specifier: string): string | undefined => {
  if (specifier.startsWith(".")) {
    return specifier.includes("/packages/") ||
      /^(?:\.\.\/)+(?:core|forward-mode|reverse-mode|calculus|compiler|optim|testing|examples)\//.test(specifier)
      ? `${specifier} reaches into another package by path`
      : undefined
  }
  const own = /^@fluxion\/([^/]+)(?:\/(.*))?$/.exec(specifier)
  if (own !== null) {
    if (!(allowed[from] ?? []).includes(own[1]!)) return `${from} must not import ${specifier}`
    return own[2]?.startsWith("internal/") === true ? `${specifier} is closed` : undefined
  }
  if (specifier === "effect" || specifier.startsWith("effect/")) return undefined
  const list = outside[from] ?? []
  return list.includes("*") || list.some((name) => specifier === name || specifier.startsWith(`${name}/`))
    ? undefined
    : `${from} must not import ${specifier}: its run-time dependency is effect alone`
}

/** The sources that a source imports within its package, itself included: what a program loads that imports it. */
export const reach = (folder: string, source: string): ReadonlyArray<string> => {
  const reached = new Set([source])
  for (const own of reached) {
    for (const specifier of importsOf(readFileSync(join(folder, own), "utf8"))) {
      if (specifier.startsWith(".")) reached.add(join(dirname(own), specifier))
    }
  }
  return Array.from(reached)
}

export const violations = (): ReadonlyArray<string> =>
  packages.flatMap(({ folder, manifest, name, sources }) => {
    const imports = sources.flatMap((source) =>
      importsOf(readFileSync(join(folder, source), "utf8")).flatMap((specifier) => {
        const problem = violation(name, specifier)
        return problem === undefined ? [] : [`packages/${name}/${source}: ${problem}`]
      })
    )
    const { dependencies, optionalDependencies, peerDependencies } = manifest
    const declared = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }).flatMap(
      (dependency) => {
        const problem = violation(name, dependency)
        return problem === undefined ? [] : [`packages/${name}/package.json: ${problem}`]
      }
    )
    return [...imports, ...declared]
  })

if (import.meta.main) {
  const found = violations()
  for (const line of found) console.error(line)
  console.log(found.length === 0 ? "The package arrows hold." : `${found.length} imports against the arrows.`)
  process.exitCode = found.length === 0 ? 0 : 1
}
