import { Effect } from "effect"
import { answer } from "../../src/gradbench/Tool.ts"

/** The output of a function of a module for one input, as the tool answers. */
export const output = (module: string, name: string, input: unknown): unknown => {
  const response = Effect.runSync(answer({ id: 1, kind: "evaluate", module, function: name, input }))
  if ("error" in response) throw new Error(response.error)
  return "output" in response ? response.output : undefined
}

export const error = (module: string, name: string, input: unknown): string => {
  const response = Effect.runSync(answer({ id: 1, kind: "evaluate", module, function: name, input }))
  if (!("error" in response)) throw new Error("expected a refusal")
  return response.error
}

/** Numbers of a formula that the programs behind precomputed values use too: sin(0.7 i + k), in rows. */
export const wave = (k: number, size: number, map: (x: number) => number = (x) => x): ReadonlyArray<number> =>
  Array.from({ length: size }, (_, i) => map(Math.sin(0.7 * i + k)))

export const rows = <A>(list: ReadonlyArray<A>, width: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: width === 0 ? 0 : list.length / width }, (_, i) => list.slice(i * width, (i + 1) * width))

/** The largest difference of two lists, relative to 1 or to the values where they are greater. */
export const difference = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>): number =>
  actual.length === expected.length
    ? Math.max(
        0,
        ...actual.map((x, i) => Math.abs(x - expected[i]!) / Math.max(1, Math.abs(x), Math.abs(expected[i]!)))
      )
    : Number.POSITIVE_INFINITY

type Path = ReadonlyArray<string | number>

const child = (nested: unknown, key: string | number): unknown => (nested as Record<string | number, unknown>)[key]

const replaced = (input: unknown, path: Path, value: number): unknown => {
  const copy: unknown = structuredClone(input)
  const inner = path.slice(0, -1).reduce(child, copy)
  ;(inner as Record<string | number, unknown>)[path.at(-1)!] = value
  return copy
}

const asList = (value: unknown): ReadonlyArray<number> =>
  typeof value === "number" ? [value] : (value as Array<number>)

/** The derivatives of all numbers in the output of a function with respect to one in its input, by differences of fourth order. */
export const slopes = (
  module: string,
  name: string,
  input: unknown,
  path: Path,
  read: (output: unknown) => unknown = (value) => value
): ReadonlyArray<number> => {
  const h = 1e-3
  const at = path.reduce(child, input) as number
  const f = (x: number) => asList(read(output(module, name, replaced(input, path, x))))
  const [farBelow, below, above, farAbove] = [f(at - 2 * h), f(at - h), f(at + h), f(at + 2 * h)]
  return above.map((_, i) => (8 * (above[i]! - below[i]!) - (farAbove[i]! - farBelow[i]!)) / (12 * h))
}

/** The derivative of the one number in the output. */
export const slope = (...args: Parameters<typeof slopes>): number => slopes(...args)[0]!

/** The paths of all numbers in lists. */
export const paths = (nested: unknown, ...before: Path): ReadonlyArray<Path> =>
  Array.isArray(nested) ? nested.flatMap((element, i) => paths(element, ...before, i)) : [before]
