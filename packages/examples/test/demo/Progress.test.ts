import { stripVTControlCharacters } from "node:util"
import { Effect, Exit, Layer, Sink, Stdio } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "@effect/vitest"
import { Progress, renderBar, renderLine, type State } from "../../src/demo/Progress.ts"

const state = (done: number, total = 200): State => ({ done, total, unit: "epoch", detail: "loss 0.25" })

/** What is written to standard error while work reports every state from 0 to `total`. */
const written = Effect.fnUntraced(function* (
  terminal: boolean,
  work: Effect.Effect<void, string> = Effect.void,
  total = 200
) {
  let text = ""
  const stdio = Stdio.layerTest({
    stderrIsTerminal: Effect.succeed(terminal),
    stderr: () =>
      Sink.forEach((chunk: string | Uint8Array) =>
        Effect.sync(() => {
          text += String(chunk)
        })
      )
  })
  const program = Effect.gen(function* () {
    const progress = yield* Progress
    yield* progress.during(
      Effect.gen(function* () {
        for (let done = 0; done <= total; done++) yield* progress.report(state(done, total))
        yield* work
      })
    )
  })
  const exit = yield* Effect.exit(program.pipe(Effect.provide(Progress.layer.pipe(Layer.provide(stdio)))))
  return { text, exit }
})

describe("where a pipe or a log reads", () => {
  it.effect("is a plain line at the start and after each quarter", () =>
    Effect.gen(function* () {
      const { text } = yield* written(false)
      expect(text).toBe(
        [
          "epoch   0/200  loss 0.25",
          "epoch  50/200  loss 0.25",
          "epoch 100/200  loss 0.25",
          "epoch 150/200  loss 0.25",
          "epoch 200/200  loss 0.25",
          ""
        ].join("\n")
      )
    })
  )

  it.effect("has at most five lines", () =>
    Effect.gen(function* () {
      expect((yield* written(false, Effect.void, 3)).text.split("\n").length - 1).toBe(4)
      expect((yield* written(false, Effect.void, 1)).text.split("\n").length - 1).toBe(2)
    })
  )
})

describe("where a person watches", () => {
  it.effect("is one line that is redrawn and at the end removed", () =>
    Effect.gen(function* () {
      const { text } = yield* written(true)
      expect(text).not.toContain("\n")
      expect(text.startsWith("\r")).toBe(true)
      expect(text.endsWith("\r\u001b[K")).toBe(true)
      expect(stripVTControlCharacters(text)).toContain("100%  epoch 200/200")
    })
  )

  it.effect("is removed also when the work fails", () =>
    Effect.gen(function* () {
      const { exit, text } = yield* written(true, Effect.fail("no"))
      expect(exit).toEqual(Exit.fail("no"))
      expect(text.endsWith("\r\u001b[K")).toBe(true)
    })
  )

  it("fits in any terminal", () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.integer({ min: 1, max: 200 }), (a, b, columns) => {
        const bar = stripVTControlCharacters(renderBar(state(Math.min(a, b), Math.max(a, b)), columns))
        expect(bar.length).toBeLessThan(columns)
      })
    )
  })
})

describe("renderLine", () => {
  it("aligns the count with the total", () => {
    expect(renderLine(state(7))).toBe("epoch   7/200  loss 0.25")
  })
})
