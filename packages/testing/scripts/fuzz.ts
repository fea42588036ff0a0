// Fuzzing: random programs and random bytes against the laws, for as long as asked.
//
//   pnpm fuzz --seconds 60               a minute, with a seed by chance, which is printed first
//   pnpm fuzz --seconds 600 --seed 42    the same batches again
//   pnpm fuzz --law "forward = reverse" --batch 1234567   one batch of one law, as a failure names it
//
// What breaks a law is shrunk, printed as the code that builds it, and added to packages/testing/seeds.json, which a test tries for ever. Control-C ends the run
// with a summary.

import { readFileSync, writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { Primitive } from "@fluxion/core"
import { Console, Effect, Exit, Fiber } from "effect"
import { type Finding, fuzz, type Summary, tryLaw } from "./fuzz/Fuzz.ts"
import { laws } from "./fuzz/Laws.ts"

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string" },
    law: { type: "string" },
    batch: { type: "string" }
  }
})

const file = new URL("../seeds.json", import.meta.url)

const keep = (finding: Finding): void => {
  const kept = JSON.parse(readFileSync(file, "utf8")) as ReadonlyArray<{ readonly law: string; readonly text: string }>
  if (kept.some(({ law, text }) => law === finding.law && text === finding.text)) return
  const { law, seed, text } = finding
  writeFileSync(file, `${JSON.stringify([...kept, { law, seed, text }], undefined, 2)}\n`)
}

const told = ({ law, message, seed, text }: Finding): string =>
  [
    "",
    `This breaks "${law}":`,
    "",
    text,
    "",
    message,
    "",
    `Again: pnpm fuzz --law ${JSON.stringify(law)} --batch ${seed}`,
    ""
  ].join("\n")

const found = (finding: Finding): Effect.Effect<void> =>
  Effect.andThen(
    Console.log(told(finding)),
    Effect.sync(() => keep(finding))
  )

const all = [...Primitive.names, ...Primitive.controlNames] as ReadonlyArray<string>

const lines = ({ families, findings, seconds, seed, tried }: Summary): string => {
  const count = Object.values(tried).reduce((sum, n) => sum + n, 0)
  const reached = all.filter((name) => families[name] !== undefined)
  return [
    ...Object.entries(tried).map(([law, n]) => `  ${String(n).padStart(7)}  ${law}`),
    `seed ${seed}: ${count} in ${seconds.toFixed(0)} s (${(count / seconds).toFixed(0)} a second), ${reached.length} of ${all.length} primitives, ${findings} found`,
    `not drawn: ${all.filter((name) => families[name] === undefined).join(", ")}`
  ].join("\n")
}

const brief = ({ findings, seconds, tried }: Summary): string =>
  `${seconds.toFixed(0)} s: ${Object.values(tried).reduce((sum, n) => sum + n, 0)} tried, ${findings} found`

if (values.batch !== undefined) {
  const law = laws.find(({ name }) => name === values.law)
  if (law === undefined) throw new Error(`--law has to be one of\n${laws.map(({ name }) => `  ${name}`).join("\n")}`)
  const finding = tryLaw(law, Number(values.batch), () => {})
  console.log(finding === undefined ? `"${law.name}" holds for this batch` : told(finding))
  process.exitCode = finding === undefined ? 0 : 1
} else {
  const seed = values.seed === undefined ? Math.trunc(Math.random() * 2 ** 31) : Number(values.seed)
  console.log(`seed ${seed}`)
  const chosen = laws.filter(({ name }) => values.law === undefined || name === values.law)
  const fiber = Effect.runFork(
    fuzz({
      laws: chosen,
      seed,
      seconds: Number(values.seconds),
      found,
      progress: (summary) => Console.log(brief(summary))
    })
  )
  const stop = (): void => {
    Effect.runFork(Fiber.interrupt(fiber))
  }
  process.once("SIGINT", stop)
  fiber.addObserver((exit) => {
    process.off("SIGINT", stop)
    if (Exit.isSuccess(exit)) {
      console.log(lines(exit.value))
      process.exitCode = exit.value.findings === 0 ? 0 : 1
    } else process.exitCode = 130
  })
}
