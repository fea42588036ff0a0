// Loop programs written by hand, for what programs rarely lower to.

import { describe, expect, it } from "vitest"
import * as Affine from "../../../src/internal/loops/affine.ts"
import {
  access,
  assign,
  type Buffer,
  forLoop,
  literal,
  makeBuffer,
  makeLoop,
  type Operand,
  type Statement
} from "../../../src/internal/loops/model.ts"
import { MOST_MEMORY } from "../../../src/internal/wasm/print/memory.ts"
import { print } from "../../../src/internal/wasm/print.ts"
import { instantiate } from "../../../src/internal/wasm/run.ts"

const real = (shape: ReadonlyArray<number>) => ({ elementType: "real", shape }) as const
const local = (): Buffer => makeBuffer("temporary", real([]))

const run = (
  inputs: ReadonlyArray<Buffer>,
  output: Buffer,
  statements: ReadonlyArray<Statement>,
  options: { readonly precision: "float64" | "float32"; readonly relaxedSimd: boolean },
  element: (i: number, k: number) => number
) => {
  const program = { inputs, outputs: [output], statements }
  const printed = print(program, { memoryLimit: MOST_MEMORY, ...options })
  const instance = instantiate(printed)
  const arrays = inputs.map((input, k) => {
    const view = instance.view(input)
    view.set(Array.from(view, (_, i) => element(i, k)))
    return Array.from(view)
  })
  instance.run()
  const isVector = statements.some((statement) => statement._tag === "For" && printed.isVector(statement.loop))
  return { isVector, arrays, result: Array.from(instance.view(output)), text: printed.text() }
}

describe.each([true, false])("a loop inside of one on vectors, in reverse: %s", (isReverse) => {
  it.each([127, 128, 129, 255, 256, 1000])("adds up %i singles in blocks", (rows) => {
    const columns = 8
    const [x, y] = [makeBuffer("input", real([rows, columns])), makeBuffer("output", real([columns]))]
    const [i, j] = [makeLoop(columns), makeLoop(rows)]
    const sum = local()
    const at = [Affine.ofLoop(j), Affine.ofLoop(i)]
    const statements = [
      forLoop(
        i,
        [
          assign(access(sum), "copy", [literal("real", 0)]),
          forLoop(j, [assign(access(sum), "copy", [access(x, at)], { combine: "add" })], {
            isParallel: true,
            isReverse
          }),
          assign(access(y, [Affine.ofLoop(i)]), "copy", [access(sum)])
        ],
        { isParallel: true }
      )
    ]
    // A large term comes first: what is added to it in its own block is lost, but nothing else.
    const first = isReverse ? rows - 1 : 0
    const { isVector, result } = run([x], y, statements, { precision: "float32", relaxedSimd: false }, (k) =>
      Math.floor(k / columns) === first ? 2 ** 24 : 1
    )
    expect(isVector).toBe(true)
    const kept = 2 ** 24 + Math.max(0, rows - 128)
    expect(result).toEqual(Array.from({ length: columns }, () => Math.fround(kept)))
  })
})

describe("a product that is added later", () => {
  const n = 8
  const i = makeLoop(n)
  const here = [Affine.ofLoop(i)]
  const buffers = () => ({
    x: makeBuffer("input", real([n])),
    y: makeBuffer("input", real([n])),
    z: makeBuffer("output", real([n])),
    m: makeBuffer("temporary", real([n])),
    t: local(),
    v: local(),
    w: local()
  })
  const check = (
    body: (b: ReturnType<typeof buffers>) => ReadonlyArray<Statement>,
    expected: (x: number, y: number) => number,
    fused: number
  ): void => {
    const b = buffers()
    const statements = [forLoop(i, body(b), { isParallel: true })]
    const { arrays, isVector, result, text } = run(
      [b.x, b.y],
      b.z,
      statements,
      { precision: "float64", relaxedSimd: true },
      (i, k) => i + 3 * k + 1
    )
    expect(isVector).toBe(true)
    expect(text.split("relaxed_").length - 1).toBe(fused)
    expect(result).toEqual(arrays[0]!.map((x, k) => expected(x, arrays[1]![k]!)))
  }
  const of = (buffer: Buffer): Operand => access(buffer)

  it("is fused", () =>
    check(
      ({ t, v, x, y, z }) => [
        assign(access(t), "copy", [access(x, here)]),
        assign(access(v), "mul", [of(t), access(y, here)]),
        assign(access(z, here), "sub", [of(t), of(v)])
      ],
      (x, y) => x - x * y,
      1
    ))

  it("is not fused where a variable has changed since", () =>
    check(
      ({ t, v, x, y, z }) => [
        assign(access(t), "copy", [access(x, here)]),
        assign(access(v), "mul", [of(t), of(t)]),
        assign(access(t), "copy", [access(y, here)]),
        assign(access(z, here), "add", [of(v), of(t)])
      ],
      (x, y) => x * x + y,
      0
    ))

  it("is not fused where memory may have changed since", () =>
    check(
      ({ m, v, w, x, y, z }) => [
        assign(access(m, here), "copy", [access(x, here)]),
        assign(access(v), "mul", [access(m, here), access(m, here)]),
        assign(access(m, here), "copy", [access(y, here)]),
        assign(access(w), "copy", [access(m, here)]),
        assign(access(z, here), "add", [of(v), of(w)])
      ],
      (x, y) => x * x + y,
      0
    ))
})
