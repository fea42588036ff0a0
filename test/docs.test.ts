// Every example in a doc comment (and in the README) is type-checked and run, and what it logs is compared with the comments beside
// its `console.log`s. One that imports vitest is run as a test: it passes, or fails with the message in the block of text below it. Every export has a doc comment.

import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { packages, root } from "../scripts/workspace.ts"

interface Example {
  readonly source: string
  readonly line: number
  readonly code: string
  /** The block of text below: with what an example that is a test fails. */
  readonly output: string | undefined
}

const fence = /```ts\n([\s\S]*?)```(?:\s*```text\n([\s\S]*?)```)?/g

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split("\n").length

const examplesIn = (source: string, text: string, strip: RegExp): ReadonlyArray<Example> =>
  Array.from(text.matchAll(fence), (match) => ({
    source,
    line: lineAt(text, match.index),
    code: match[1]!.replace(strip, ""),
    output: match[2]?.replace(strip, "").trimEnd()
  }))

const docExamples = packages.flatMap(({ folder, name, sources }) =>
  sources.flatMap((source) => {
    const text = readFileSync(join(folder, source), "utf8")
    return Array.from(text.matchAll(/\/\*\*[\s\S]*?\*\//g)).flatMap((comment) =>
      examplesIn(`packages/${name}/${source}`, comment[0], /^ ?\* ?/gm).map((example) => ({
        ...example,
        line: example.line + lineAt(text, comment.index) - 1
      }))
    )
  })
)

const pages = globSync(["README.md", "packages/*/README.md", "docs/**/*.md"], { cwd: root })
const pageExamples = pages.flatMap((page) => examplesIn(page, readFileSync(join(root, page), "utf8"), /^(?!)/gm))

/** Turns `console.log(value) // expected` into a comparison of what is logged. */
const instrument = (example: Example): string => {
  const expected: Array<string> = []
  const code = example.code
    .split("\n")
    .map((line, i, lines) => {
      const beside = /^(.*console\.log\(.*\))\s*\/\/ (.*)$/.exec(line)
      if (beside !== null) {
        expected.push(beside[2]!.trim())
        return beside[1]!
      }
      // What is too long to stand beside the call stands below it.
      const below = /^\s*console\.log\(.*\)$/.test(line) ? /^\s*\/\/ (.*)$/.exec(lines[i + 1] ?? "") : null
      if (below !== null) expected.push(below[1]!.trim())
      return line
    })
    .join("\n")
  const imports = code.split("\n").filter((line) => /^import .* from /.test(line))
  const multiline = /^import \{[^}]*\n[^}]*\} from .*$/gm
  const long = Array.from(code.matchAll(multiline), (match) => match[0])
  const body = long
    .reduce((text, statement) => text.replace(statement, ""), code)
    .split("\n")
    .filter((line) => !/^import .* from /.test(line))
  return [
    `import { inspect } from "node:util"`,
    ...imports,
    ...long,
    `const logged: Array<string> = []`,
    `{`,
    `  const console = { log: (...values: ReadonlyArray<unknown>) => { logged.push(values.map((v) => typeof v === "string" ? v : inspect(v)).join(" ")) } }`,
    ...body,
    `}`,
    `export const expected: ReadonlyArray<string> = ${JSON.stringify(expected)}`,
    `export const actual: ReadonlyArray<string> = logged`,
    ``
  ].join("\n")
}

const folder = join(root, ".doc-examples")
const examples = [...docExamples, ...pageExamples]
const isTest = ({ code }: Example): boolean => / from "vitest"$/m.test(code)
const tests = examples.filter(isTest)
const all = examples.filter((example) => !isTest(example))
const at = (example: Example): string => `${example.source}:${example.line}`
const bin = (tool: string): string => join(root, "node_modules", ".bin", tool)

interface TestReport {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly message: string
    readonly assertionResults: ReadonlyArray<{
      readonly status: string
      readonly failureMessages: ReadonlyArray<string>
    }>
  }>
}

/** What the tests among the examples do that they should not, when Vitest runs them. */
const failuresOfTests = (name: (i: number) => string): ReadonlyArray<string> => {
  const report = join(folder, "report.json")
  writeFileSync(join(folder, "vitest.config.ts"), `export default { test: { include: ["test*.test.ts"] } }\n`)
  // Their failures are expected: what counts is the report.
  spawnSync(bin("vitest"), ["run", "--root", folder, "--reporter=json", `--outputFile=${report}`], { encoding: "utf8" })
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as TestReport
  return tests.flatMap((example, i) => {
    const own = testResults.find((result) => result.name.endsWith(name(i)))
    if (own === undefined || own.assertionResults.length === 0) return [`${at(example)}: no test ran: ${own?.message}`]
    const failed = own.assertionResults.flatMap(({ failureMessages }) => failureMessages)
    const messages = failed.map((text) =>
      text
        .replace(/\n {4}at [^]*$/, "")
        .replace(/^\w*Error: /, "")
        .replaceAll(join(folder, name(i)), "example.test.ts")
    )
    const expected = example.output === undefined ? [] : [example.output]
    return JSON.stringify(messages) === JSON.stringify(expected)
      ? []
      : [`${at(example)}: expected to fail with ${JSON.stringify(expected)}, failed with ${JSON.stringify(messages)}`]
  })
}

describe("documentation", () => {
  it("has examples", () => {
    expect(all.length).toBeGreaterThan(100)
  })

  it("type-checks and runs every example", { timeout: 240_000 }, () => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: "../tsconfig.base.json",
        compilerOptions: { noUnusedLocals: false },
        include: ["*.ts"]
      })
    )
    const name = (i: number) => `example${String(i).padStart(4, "0")}.ts`
    const testName = (i: number) => `test${String(i).padStart(4, "0")}.test.ts`
    all.forEach((example, i) => writeFileSync(join(folder, name(i)), instrument(example)))
    tests.forEach((example, i) => writeFileSync(join(folder, testName(i)), example.code))
    writeFileSync(
      join(folder, "run.mjs"),
      `const results = []
for (let i = 0; i < ${all.length}; i++) {
  const file = "./example" + String(i).padStart(4, "0") + ".ts"
  try {
    const { actual, expected } = await import(file)
    results.push({ actual, expected })
  } catch (error) {
    results.push({ error: String(error?.stack ?? error) })
  }
}
process.stdout.write(JSON.stringify(results))
`
    )
    const types = spawnSync(bin("tsc"), ["-p", folder, "--pretty", "false"], { encoding: "utf8" })
    // Errors in the sources themselves are `pnpm check`'s business.
    const located = types.stdout
      .split("\n")
      .filter((line) => /(?:example|test)\d{4}\./.test(line))
      .map((line) =>
        line
          .replace(/(?:\.doc-examples\/)?example(\d{4})\.ts/, (_, i: string) => at(all[Number(i)]!))
          .replace(/(?:\.doc-examples\/)?test(\d{4})\.test\.ts/, (_, i: string) => at(tests[Number(i)]!))
      )
      .join("\n")
    expect(located).toBe("")
    const output = execFileSync(bin("node"), [join(folder, "run.mjs")], {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
      env: { ...process.env, NO_COLOR: "1" }
    })
    const results = JSON.parse(output) as ReadonlyArray<{
      readonly actual?: ReadonlyArray<string>
      readonly expected?: ReadonlyArray<string>
      readonly error?: string
    }>
    const failures = results.flatMap(({ actual, error, expected }, i) => {
      if (error !== undefined) return [`${at(all[i]!)}: ${error}`]
      const wrong = (expected ?? []).some((line, k) => line !== actual?.[k])
      return wrong || expected?.length !== actual?.length
        ? [`${at(all[i]!)}: expected ${JSON.stringify(expected)}, logged ${JSON.stringify(actual)}`]
        : []
    })
    expect(failures).toEqual([])
    expect(failuresOfTests(testName)).toEqual([])
    if (existsSync(folder)) rmSync(folder, { recursive: true, force: true })
  })

  it("stands above every export", () => {
    const undocumented = packages
      .filter(({ name }) => name !== "examples")
      .flatMap(({ folder: own, name, sources }) =>
        sources
          .filter((source) => !/src\/(internal|rules|primitives)\//.test(source) && source !== "src/index.ts")
          .flatMap((source) => {
            const lines = readFileSync(join(own, source), "utf8").split("\n")
            return lines.flatMap((line, i) => {
              if (!/^export (?:declare )?(?:abstract )?(?:const|function|class|interface|type|enum) \w/.test(line))
                return []
              return lines[i - 1]?.trim().endsWith("*/") === true
                ? []
                : [`packages/${name}/${source}:${i + 1}: ${line}`]
            })
          })
      )
    expect(undocumented).toEqual([])
  })

  it("shows an example for every function and constant", () => {
    const withoutExample = packages
      .filter(({ name }) => name !== "examples")
      .flatMap(({ folder: own, name, sources }) =>
        sources
          .filter((source) => !/src\/(internal|rules|primitives)\//.test(source) && source !== "src/index.ts")
          .flatMap((source) => {
            const text = readFileSync(join(own, source), "utf8")
            return Array.from(
              text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport (?:const|function|class) (\w+)/g)
            ).flatMap((match) =>
              match[1]!.includes("```ts") || match[1]!.includes("@internal")
                ? []
                : [`packages/${name}/${source}: ${match[2]!}`]
            )
          })
      )
    expect(withoutExample).toEqual([])
  })
})
