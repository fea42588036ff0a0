// Mutation testing of the rules of both modes: every small change to a rule has to make a test fail.
//
//   pnpm mutate                          all mutants
//   pnpm mutate --files elementwise      those of files whose path contains a text
//   pnpm mutate --seconds 200 --seed 7   as many as time allows, in an order by chance
//   pnpm mutate --json FILE              also writes what became of each
//   pnpm mutate --again FILE             those that survived when that file was written
//   pnpm mutate --cache                  remembers what each test reaches, in out/, until a source or that test changes
//   pnpm mutate --thorough               what is known to survive is tried as hard as the others
//   pnpm mutate --write                  also writes docs/mutation.md
//
// A survivor fails the run, unless scripts/mutation/survivors.json says why it survives; so does an explanation of what no longer survives.

import { createHash } from "node:crypto"
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { type Mutant, mutate } from "./mutation/Mutator.ts"
import { page, table } from "./mutation/Report.ts"
import { type Fate, type Measured, tryMutants } from "./mutation/Runner.ts"
import { type Change, changeOf, type Explanation, judge, keyOf } from "./mutation/Survivors.ts"

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "" },
    seconds: { type: "string" },
    seed: { type: "string", default: String(1 + Math.trunc(Math.random() * 1e6)) },
    workers: { type: "string", default: String(availableParallelism()) },
    write: { type: "boolean", default: false },
    thorough: { type: "boolean", default: false },
    json: { type: "string" },
    again: { type: "string" },
    cache: { type: "boolean", default: false }
  }
})

const root = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "")
const read = (path: string): string => readFileSync(`${root}/${path}`, "utf8")

const files = globSync("packages/{forward-mode,reverse-mode}/src/rules/**/*.ts", { cwd: root }).sort()
const mutants: Array<Mutant> = []
const sources: Record<string, string> = {}
const lines = new Map<string, ReadonlyArray<string>>()
for (const file of files) {
  const source = read(file)
  const { code, mutants: own } = mutate(file, source, mutants.length)
  mutants.push(...own)
  sources[`${root}/${file}`] = code
  lines.set(file, source.split("\n"))
}

/** Tests of the rules. Not those of the tools, of memory and of depth: they ask other questions, and take long. */
const left = [
  "Arbitraries",
  "memory",
  "depth",
  "comparison",
  "Laws",
  "laws/",
  "arbitraries/",
  "Matchers",
  "PrimitiveSuite",
  "Ulp",
  "serialization",
  "calculus",
  "mutation",
  "fuzz",
  "nist",
  "mgh"
]
const tests = globSync("packages/{forward-mode,reverse-mode,testing}/test/**/*.test.ts", { cwd: root })
  .filter(
    (file) =>
      !left.some((name) => file.startsWith(`packages/testing/test/${name.endsWith("/") ? name : `${name}.test.ts`}`))
  )
  .sort()

/** A generator of numbers for an order by chance (Marsaglia's xorshift). */
const shuffled = <X>(list: ReadonlyArray<X>, seed: number): ReadonlyArray<X> => {
  let state = seed * 2_654_435_761 || 1
  const random = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  return list
    .map((x) => [random(), x] as const)
    .sort(([a], [b]) => a - b)
    .map(([, x]) => x)
}

if (values.seconds !== undefined) console.log(`seed ${values.seed}`)
const started = performance.now()
let interrupted = false
process.once("SIGINT", () => {
  interrupted = true
})
const seconds = values.seconds === undefined ? Number.POSITIVE_INFINITY : Number(values.seconds)
interface Past extends Change {
  readonly file: string
  readonly fate?: Fate
}
const survived = (fate: Fate): boolean => fate._tag === "Survived" || fate._tag === "Unreached"
const again =
  values.again === undefined
    ? undefined
    : new Set(
        (JSON.parse(readFileSync(values.again, "utf8")) as ReadonlyArray<Past>)
          .filter(({ fate }) => fate !== undefined && survived(fate))
          .map((past) => keyOf(past.file, past))
      )
const change = (mutant: Mutant) => changeOf(mutant, lines.get(mutant.file)!)
const chosen = mutants.filter(
  (mutant) =>
    mutant.file.includes(values.files) && (again === undefined || again.has(keyOf(mutant.file, change(mutant))))
)

const explanations = JSON.parse(read("packages/testing/scripts/mutation/survivors.json")) as ReadonlyArray<Explanation>
const reasons = new Map(
  explanations.flatMap(({ because, file, mutants }) => mutants.map((one) => [keyOf(file, one), because] as const))
)
const explanationOf = (mutant: Mutant): string | undefined => reasons.get(keyOf(mutant.file, change(mutant)))

/** What tests reach depends on all sources, on what tests share, and on the test itself. */
const hash = (paths: ReadonlyArray<string>): string => {
  const sum = createHash("sha256")
  for (const path of paths) sum.update(path).update(read(path))
  return sum.digest("hex").slice(0, 16)
}
const shared = globSync(
  ["packages/*/src/**/*.ts", "packages/*/test/**/*.ts", "packages/testing/scripts/mutation/*.ts"],
  { cwd: root }
)
  .filter((path) => !path.endsWith(".test.ts"))
  .sort()
const measuredAt = `${root}/out/mutation.json`
const measured = new Map<string, ReadonlyArray<Measured>>(
  values.cache && existsSync(measuredAt) ? JSON.parse(readFileSync(measuredAt, "utf8")) : []
)
const keys = new Map(values.cache ? tests.map((file) => [file, hash([...shared, file])]) : [])

const result = await tryMutants({
  setup: { root, sources, memories: [`${root}/packages/core/src/internal/memory.ts`], tests },
  mutants: chosen,
  workers: Number(values.workers),
  // What is known to survive is tried less hard.
  budget: (mutant) => (!values.thorough && explanationOf(mutant) !== undefined ? 500 : 3000),
  longest: 1500,
  order: (list) => (values.seconds === undefined ? list : shuffled(list, Number(values.seed))),
  stopped: () => interrupted || performance.now() - started > seconds * 1000,
  progress: (line) => console.log(line),
  recall: (file) => measured.get(keys.get(file) ?? ""),
  learn: (file, list) => {
    if (!values.cache) return
    measured.set(keys.get(file)!, list)
    mkdirSync(`${root}/out`, { recursive: true })
    writeFileSync(measuredAt, JSON.stringify([...measured]))
  }
})

if (result.failing.length > 0) {
  console.log(`${result.failing.length} tests fail without any mutant:\n${result.failing.join("\n")}`)
  process.exit(1)
}

const judgement = judge(
  explanations,
  mutants,
  (mutant) => {
    const fate = result.fates.get(mutant)
    if (fate === undefined) return "untried"
    return survived(fate) ? "survived" : "killed"
  },
  change
)

const report = table(result, judgement)
console.log(`${result.fates.size} of ${chosen.length} mutants tried`)
console.log(`\n${report}\n`)
for (const mutant of judgement.unexplained) {
  const { column, file, line, operator, original, replacement } = mutant
  console.log(
    `survived (${operator}, ${result.fates.get(mutant)!._tag}): ${file}:${line}:${column}\n    ${original}\n  → ${replacement}`
  )
}
for (const { because, change, file } of judgement.stale)
  console.log(
    `explained, but killed or gone: ${file}: ${change.line}\n    ${change.original}\n  → ${change.replacement}\n  (${because})`
  )
console.log(
  `${judgement.unexplained.length} survivors without explanation, ${judgement.stale.length} explanations without survivor; ${((performance.now() - started) / 1000).toFixed(0)} s`
)
if (values.write) writeFileSync(`${root}/docs/mutation.md`, page(report, mutants.length, result.tests, explanations))
if (values.json !== undefined)
  writeFileSync(
    values.json,
    JSON.stringify(
      chosen.map((m) => ({ ...m, ...change(m), lineNumber: m.line, fate: result.fates.get(m) })),
      undefined,
      1
    )
  )
process.exitCode = judgement.unexplained.length + judgement.stale.length === 0 ? 0 : 1
