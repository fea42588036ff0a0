// Checkpoints: the schedule against an exhaustive search and against the numbers of its authors, derivatives against those of scans that keep every carry.

import { Expr, Fn, Interpreter, Primitive, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Reverse from "../src/index.ts"
import { parts, reach, repetitions, snapshotsFor, split } from "../src/rules/controlFlow/revolve.ts"

// -----------------------------------------------------------------------------
// The schedule
// -----------------------------------------------------------------------------

/** Griewank and Walther's count of advances: r n - C(s + r, s + 1), with r the least number for which C(s + r, s) >= n. */
const advances = (length: number, snapshots: number): number => {
  const binomial = (n: number, k: number): number => (k === 0 ? 1 : (binomial(n - 1, k - 1) * n) / k)
  let r = 0
  while (binomial(snapshots + r, snapshots) < length) r++
  return r * length - (r === 0 ? 0 : binomial(snapshots + r, r - 1))
}

describe("the binomial schedule", () => {
  // Where to place the next snapshot, by trying every place.
  const known = new Map<string, number>()
  const fewest = (length: number, snapshots: number): number => {
    if (length === 1) return 0
    if (snapshots === 0) return Infinity
    const key = `${length},${snapshots}`
    let best = known.get(key) ?? Infinity
    if (best < Infinity) return best
    for (let m = 1; m < length; m++) {
      best = Math.min(best, m + fewest(length - m, snapshots - 1) + fewest(m, snapshots))
    }
    known.set(key, best)
    return best
  }
  const taken = (length: number, snapshots: number, seen: Map<string, number>): number => {
    if (length === 1) return 0
    const key = `${length},${snapshots}`
    const before = seen.get(key)
    if (before !== undefined) return before
    const m = split(length, snapshots)
    expect(m).toBeGreaterThan(0)
    expect(m).toBeLessThan(length)
    const count = m + taken(length - m, snapshots - 1, seen) + taken(m, snapshots, seen)
    seen.set(key, count)
    return count
  }

  it("takes no step more often than the best of all schedules, and as often as its authors say", () => {
    for (let length = 1; length <= 120; length++) {
      for (let snapshots = 1; snapshots <= 9; snapshots++) {
        const count = taken(length, snapshots, new Map())
        expect([length, snapshots, count]).toEqual([length, snapshots, fewest(length, snapshots)])
        expect(count).toBe(advances(length, snapshots))
      }
    }
  })

  it("has few different parts", () => {
    for (const length of [1000, 10_000, 999_999, 1_000_000, 50_000_000]) {
      const snapshots = snapshotsFor(length)
      const seen = new Map<string, number>()
      expect(taken(length, snapshots, seen)).toBe(advances(length, snapshots))
      const r = repetitions(length, snapshots)
      expect(r).toBeLessThanOrEqual(snapshots)
      expect(seen.size).toBeLessThanOrEqual(snapshots * r + snapshots + r)
    }
    expect([1, 2, 3, 6, 7, 20, 21, 70, 71, 1000, 1_000_000].map(snapshotsFor)).toEqual([
      1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 12
    ])
  })

  it("places its first snapshots one after the other", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 40 }), (length, snapshots) => {
        const found = [...parts(length, snapshots)]
        expect(found.length).toBeLessThanOrEqual(snapshots)
        expect(found.reduce((from, part) => (expect(part.from).toBe(from), from + part.length), 0)).toBe(length)
        expect(found.map((part) => part.snapshots)).toEqual(found.map((_, i) => snapshots - i))
        // Before the last part there are more steps than places for their carries, in it no place is left or one for each.
        const last = found.pop()!
        for (const { from, snapshots } of found) expect(length - from).toBeGreaterThan(snapshots + 1)
        expect(last.snapshots === 1 || last.length <= last.snapshots + 1).toBe(true)
      })
    )
  })

  it("reaches C(s + r, s) steps, without overflow", () => {
    expect([reach(3, 2), reach(2, 3), reach(0, 5), reach(5, 0), reach(4, -1), reach(12, 12)]).toEqual([
      10, 10, 1, 1, 0, 2704156
    ])
    expect(reach(1000, 1000)).toBeGreaterThan(Number.MAX_SAFE_INTEGER)
  })
})

// -----------------------------------------------------------------------------
// Counting what a program does
// -----------------------------------------------------------------------------

/** A loop whose step has one cube root, and carries that the pullback reads: a real and an index. */
const loop = (length: number, checkpoint: Primitive.Checkpoint) =>
  Fn.make([], (x) => {
    const init = { y: Expr.add(x, 0), i: Expr.add(Expr.constant(Tensor.index([1, 2])), 0) }
    return Expr.iterate(
      length,
      ({ i, y }) => ({ y: Expr.mul(Expr.cbrt(y), Expr.sum(Expr.toReal(i))), i: Expr.add(i, 1) }),
      init,
      { checkpoint }
    ).y
  })

interface Counts {
  /** How many carries exist at once at most, when a step begins. */
  live: number
}

/**
 * Evaluates a program, and counts the carries that exist at once: the indices. A value exists until nothing is left that uses it. A second interpreter,
 * written for this test.
 */
const count = (
  f: Fn.Any,
  inputs: ReadonlyArray<Tensor.Any>
): { readonly outputs: ReadonlyArray<Tensor.Any> } & Counts => {
  const counts: Counts = { live: 0 }
  const frames: Array<Iterable<Tensor.Any>> = []
  const measure = (): void => {
    const arrays = new Set<ArrayBufferLike>()
    for (const frame of frames) {
      for (const { data, elementType, shape } of frame)
        if (elementType === "index" && shape.length > 0) arrays.add(data.buffer)
    }
    let bytes = 0
    for (const { byteLength } of arrays) bytes += byteLength
    counts.live = Math.max(counts.live, bytes / 8)
  }
  const evaluate = (
    inputNodes: ReadonlyArray<Expr.Any>,
    outputNodes: ReadonlyArray<Expr.Any>,
    given: ReadonlyArray<Tensor.Any>
  ): ReadonlyArray<Tensor.Any> => {
    // The operations in topological order, by the id of what they make; a control primitive makes several results.
    const operations = new Map<number, { readonly view: Expr.View; readonly operands: ReadonlyArray<Expr.Any> }>()
    const at = new Map<Expr.Any, { readonly id: number; readonly index: number }>()
    const inputIds = new Set(inputNodes.map((node) => Expr.view(node).id))
    const pending = [...outputNodes]
    while (pending.length > 0) {
      const node = pending.pop()!
      if (at.has(node)) continue
      const view = Expr.view(node)
      const [id, index] = view._tag === "Project" ? [view.of, view.index] : [view.id, 0]
      at.set(node, { id, index })
      if (inputIds.has(view.id) || operations.has(id)) continue
      const operands = view._tag === "Apply" || view._tag === "Project" ? view.operands : []
      operations.set(id, { view, operands })
      pending.push(...operands)
    }
    const uses = new Map<Expr.Any, number>()
    const use = (node: Expr.Any, change: number): number => {
      const left = (uses.get(node) ?? 0) + change
      uses.set(node, left)
      return left
    }
    for (const node of outputNodes) use(node, 1)
    for (const { operands } of operations.values()) for (const operand of operands) use(operand, 1)
    const values = new Map<Expr.Any, Tensor.Any>()
    const byId = new Map<number, Array<Expr.Any>>()
    for (const [node, { id }] of at) byId.set(id, [...(byId.get(id) ?? []), node])
    const store = (id: number, results: ReadonlyArray<Tensor.Any>): void => {
      for (const node of byId.get(id) ?? [])
        if ((uses.get(node) ?? 0) > 0) values.set(node, results[at.get(node)!.index]!)
    }
    const constants = new Set<Tensor.Any>()
    frames.push({
      *[Symbol.iterator]() {
        for (const value of values.values()) if (!constants.has(value)) yield value
      }
    })
    inputNodes.forEach((node, i) => store(Expr.view(node).id, [given[i]!]))
    for (const id of Array.from(operations.keys()).sort((a, b) => a - b)) {
      const { operands, view } = operations.get(id)!
      const tensors = operands.map((operand) => values.get(operand)!)
      if (view._tag === "Constant") {
        constants.add(view.value)
        store(id, [view.value])
      } else if (view._tag === "Apply") {
        if (view.primitive === "cbrt") measure()
        store(id, [Interpreter.algebra.apply(view.primitive, view.attributes, tensors as never)])
      } else if (view._tag === "Project") {
        const { evaluate: run } = Primitive.controlDefinitions[view.primitive] as Primitive.ControlDefinition<"call">
        const prepare = (body: Primitive.Body): Primitive.Evaluator => {
          const { inputNodes, outputNodes } = body as unknown as Record<string, ReadonlyArray<Expr.Any>>
          return (inputs) => evaluate(inputNodes!, outputNodes!, inputs)
        }
        const evaluated = run(view.attributes as Primitive.CallAttributes, tensors, prepare)
        store(id, "body" in evaluated ? prepare(evaluated.body)(evaluated.inputs) : evaluated)
      }
      for (const operand of operands) if (use(operand, -1) === 0) values.delete(operand)
    }
    frames.pop()
    return outputNodes.map((node) => values.get(node)!)
  }
  const { inputs: inputNodes, outputs: outputNodes } = Fn.leaves(f)
  return { outputs: evaluate(inputNodes, outputNodes, inputs), ...counts }
}

/** How often the reference interpreter evaluates the cube root while `run` runs. */
const steps = (run: () => unknown): number => {
  const row = Primitive.definitions.cbrt as { evaluate: Primitive.Definition<"cbrt">["evaluate"] }
  const { evaluate } = row
  let calls = 0
  row.evaluate = (...args) => {
    calls++
    return evaluate(...args)
  }
  try {
    run()
    return calls
  } finally {
    row.evaluate = evaluate
  }
}

describe("what a gradient with checkpoints does", () => {
  const lengths = [2, 3, 4, 5, 6, 7, 8, 13, 20, 21, 40, 69, 70, 71]
  const budgets = [1, 2, 3, 4, 5, 6, 10, 30]

  it.each([...lengths, 251])(
    "body evaluations are those of the schedule, and one for the derivative of each of %i steps",
    (length) => {
      const gradient = (checkpoint: Primitive.Checkpoint): number => {
        const program = Reverse.grad(loop(length, checkpoint))
        return steps(() => Fn.runSync(program, 2)) - length
      }
      const withValue = (checkpoint: Primitive.Checkpoint): number => {
        const program = Reverse.valueAndGrad(loop(length, checkpoint))
        return steps(() => Fn.runSync(program, 2)) - length
      }
      for (const snapshots of budgets) {
        const expected = advances(length, snapshots)
        expect([length, snapshots, gradient({ snapshots })]).toEqual([length, snapshots, expected])
        // What comes after the start of the last part the schedule alone would not take.
        const rest = length - parts(length, snapshots).at(-1)!.from
        expect([length, snapshots, withValue({ snapshots })]).toEqual([length, snapshots, expected + rest])
      }
      expect(gradient("all")).toBe(length)
      expect(gradient("none")).toBe((length * (length - 1)) / 2)
      expect(gradient("revolve")).toBe(advances(length, snapshotsFor(length)))
      for (const every of [2, 3, 7, 1000]) expect(withValue({ every })).toBe(2 * length - Math.ceil(length / every))
    }
  )

  it.each(lengths)(
    "carries that exist at once are those of the schedule, and the one at work, of %i steps",
    (length) => {
      const live = (checkpoint: Primitive.Checkpoint): number => {
        const { live, outputs } = count(Reverse.grad(loop(length, checkpoint)), [Tensor.make(2)])
        expect(outputs[0]!.data[0]).toBe(Fn.runSync(Reverse.grad(loop(length, "all")), 2))
        return live
      }
      for (const snapshots of budgets) {
        expect([length, snapshots, live({ snapshots })]).toEqual([length, snapshots, 1 + Math.min(snapshots, length)])
      }
      expect(live("all")).toBe(length)
      expect(live("none")).toBe(2)
      expect(live("revolve")).toBe(1 + snapshotsFor(length))
      for (const every of [3, 7]) {
        expect(live({ every })).toBeLessThanOrEqual(Math.ceil(length / every) + every + 1)
      }
    }
  )
})

// -----------------------------------------------------------------------------
// The same numbers
// -----------------------------------------------------------------------------

const strategies: ReadonlyArray<Primitive.Checkpoint> = [
  "none",
  "revolve",
  { every: 1 },
  { every: 3 },
  { every: 10 },
  { every: 5000 },
  { snapshots: 1 },
  { snapshots: 2 },
  { snapshots: 3 },
  { snapshots: 20 },
  { snapshots: 5000 }
]

type Scalar = Expr.Expr<readonly []>

interface Shape {
  readonly length: number
  readonly reverse: boolean
  /** Numbers that decide what the body computes. */
  readonly choices: ReadonlyArray<number>
}

/** A scan over trees of carries, xs and ys that uses two constants, with a body that the choices make. */
const random = ({ choices, length, reverse }: Shape, checkpoint: Primitive.Checkpoint) =>
  Fn.make({ x: [], z: [2], u: [length], w: [length, 2] }, ({ u, w, x, z }) => {
    const init = { a: x, b: z, i: Expr.constant(Tensor.index(0)) }
    const [last, ys] = Expr.scan(
      ({ a, b, i }, { u, w }) => {
        const pool: Array<Scalar> = [a, Expr.sum(b), x, Expr.dot(z, w), u, Expr.toReal(i)]
        const pick = (n: number): Scalar => pool[n % pool.length]!
        const make = [
          (p: Scalar, q: Scalar) => Expr.mul(Expr.tanh(p), q),
          (p: Scalar, q: Scalar) => Expr.add(Expr.sin(p), q),
          (p: Scalar, q: Scalar) => Expr.sub(p, Expr.cos(q)),
          (p: Scalar, q: Scalar) => Expr.div(p, Expr.add(1, Expr.square(q)))
        ]
        for (const n of choices) pool.push(make[n % 4]!(pick(n >> 2), pick(n >> 5)))
        const [first, second] = [pool.at(-1)!, pool.at(-2)!]
        // Some carries are linear in themselves, some do not change, some do not depend on others.
        const kind = choices[0]! % 5
        const next = {
          a: kind === 0 ? Expr.add(a, u) : kind === 1 ? a : Expr.tanh(first),
          b: kind === 2 ? b : Expr.mul(b, Expr.sigmoid(kind === 3 ? u : second)),
          i: Expr.add(i, 1)
        }
        return [next, { p: second, q: Expr.mul(w, Expr.sin(first)) }]
      },
      init,
      { u, w },
      { checkpoint, reverse }
    )
    const ofYs = Expr.add(Expr.sum(Expr.square(ys.p)), Expr.sum(ys.q))
    return choices[1]! % 3 === 0
      ? ofYs
      : choices[1]! % 3 === 1
        ? Expr.add(Expr.sin(last.a), Expr.sum(last.b))
        : Expr.add(Expr.mul(last.a, Expr.sum(last.b)), ofYs)
  })

type Random = ReturnType<typeof random>

const at = (length: number) => ({
  x: 0.7,
  z: Tensor.make([0.9, -0.4]),
  u: Tensor.fromArray(
    Float64Array.from({ length }, (_, i) => Math.sin(i + 1)),
    [length]
  ),
  w: Tensor.fromArray(
    Float64Array.from({ length: 2 * length }, (_, i) => Math.cos(3 * i)),
    [length, 2]
  )
})

const direction = (length: number) => ({
  x: 1,
  z: Tensor.make([-0.5, 2]),
  u: Tensor.full([length], 0.25),
  w: Tensor.full([length, 2], -0.125)
})

const numbers = (spec: unknown, value: unknown): ReadonlyArray<number> =>
  Tree.toTensors("test", spec as Tree.Spec, value).flatMap(({ data }) => Array.from(data))

const run = (f: Fn.Any, input: unknown): ReadonlyArray<number> =>
  numbers(f.outputs, Fn.runSync(f as unknown as Fn.Fn<readonly [], readonly []>, input as number))

const values = (f: Random, length: number): Readonly<Record<string, () => ReadonlyArray<number>>> => {
  const along = (g: Fn.Any) => Forward.jvp(g as Random) as Fn.Any
  const tangent = Fn.make(f.inputs, (inputs) => {
    const { tangents } = Fn.apply(Forward.jvp(f), { primals: inputs, tangents: direction(length) } as never)
    return tangents as Scalar
  })
  return {
    "the gradient": () => run(Reverse.valueAndGrad(f), at(length)),
    "the gradient as numbers": () => {
      const { cotangents, primals } = Reverse.evaluate(f, { primals: at(length), cotangents: 1 })
      return [primals, ...numbers(f.inputs, cotangents)]
    },
    "forward over reverse": () => run(along(Reverse.grad(f)), { primals: at(length), tangents: direction(length) }),
    "reverse over forward": () => run(Reverse.grad(tangent), at(length)),
    "reverse over reverse": () => {
      const gradient = Reverse.grad(f)
      const sum = Fn.make(f.inputs, (inputs) => {
        const { u, w, x, z } = Fn.apply(gradient, inputs as never) as unknown as typeof inputs
        return Expr.add(Expr.add(x, Expr.sum(z)), Expr.add(Expr.sum(Expr.sin(u)), Expr.sum(w)))
      })
      return run(Reverse.grad(sum), at(length))
    }
  }
}

const compare = (shape: Shape, checkpoint: Primitive.Checkpoint, skip: ReadonlyArray<string> = []): void => {
  const expected = values(random(shape, "all"), shape.length)
  const actual = values(random(shape, checkpoint), shape.length)
  for (const name of Object.keys(expected)) {
    if (skip.includes(name)) continue
    const wanted = expected[name]!()
    const got = actual[name]!()
    expect(got.length).toBe(wanted.length)
    const scale = Math.max(...wanted.map(Math.abs))
    got.forEach((x, i) => {
      // A cotangent of a carry that was computed more than once comes in as many parts, and their sum is rounded elsewhere.
      const same =
        name === "reverse over reverse" ? Math.abs(x - wanted[i]!) <= 1e-11 * scale : Object.is(x, wanted[i]!)
      if (!same) throw new Error(`${name}, ${JSON.stringify(checkpoint)}, ${i}: ${x} is not ${wanted[i]}`)
    })
  }
}

describe("derivatives with and without checkpoints", () => {
  const shapes = fc.record({
    length: fc.constantFrom(0, 1, 2, 3, 7, 8, 17, 30),
    reverse: fc.boolean(),
    choices: fc.array(fc.nat(1023), { minLength: 2, maxLength: 8 })
  })

  it("are the same to the last bit, whatever is scanned; those of derivatives by reverse mode twice but for rounding", () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom(...strategies), (shape, checkpoint) => compare(shape, checkpoint)),
      { numRuns: 150 }
    )
  })

  it.each(strategies)("are the same for short scans: %j", (checkpoint) => {
    for (const length of [1, 2, 7, 18]) {
      for (const reverse of [false, true]) {
        for (const choices of [
          [114, 5, 77, 230, 401, 19],
          [12, 32, 601, 250]
        ])
          compare({ choices, length, reverse }, checkpoint)
      }
    }
  })

  it.each(strategies)("are the same where a step of the pullback reads less than the step itself: %j", (checkpoint) => {
    // The pullback reads `a`, which comes from `c`, which it does not read.
    const carried = (checkpoint: Primitive.Checkpoint) =>
      Fn.make(
        { x: [], y: [] },
        ({ x, y }) =>
          Expr.iterate(
            9,
            ({ a, c }) => ({ a: Expr.add(Expr.sin(a), c), c: Expr.add(c, 0.125) }),
            { a: x, c: y },
            { checkpoint }
          ).a
      )
    // The constants `x` and `y` are used by what is emitted alone.
    const emitted = (checkpoint: Primitive.Checkpoint) =>
      Fn.make({ x: [], y: [] }, ({ x, y }) =>
        Expr.sum(
          Expr.scan(
            (a, w) => [Expr.mul(Expr.sin(a), w), Expr.mul(Expr.mul(a, x), Expr.exp(y))],
            Expr.mul(x, y),
            Tensor.make([1, 0.5, 2, -1, 0.25, 3, 0.75, 1.5, 1]),
            { checkpoint }
          )[1]
        )
      )
    // A constant before and after those that advance.
    const both = (checkpoint: Primitive.Checkpoint) =>
      Fn.make({ x: [], y: [] }, ({ x, y }) => {
        const [x2, y2] = [Expr.sin(x), Expr.exp(y)]
        const [last, ys] = Expr.scan(
          (a, w) => [Expr.mul(Expr.sin(Expr.mul(a, y)), w), Expr.add(Expr.mul(x2, a), Expr.mul(Expr.cos(a), y2))],
          x,
          Tensor.make([1, 0.5, 2, -1, 0.25, 3, 0.75, 1.5, 1]),
          { checkpoint }
        )
        return Expr.add(last, Expr.sum(ys))
      })
    for (const f of [carried, emitted, both]) {
      const at = { x: 0.7, y: -0.3 }
      expect(Fn.runSync(Reverse.grad(f(checkpoint)), at)).toEqual(Fn.runSync(Reverse.grad(f("all")), at))
      expect(Reverse.evaluate(f(checkpoint), { primals: at, cotangents: 1 })).toEqual(
        Reverse.evaluate(f("all"), { primals: at, cotangents: 1 })
      )
    }
  })

  it("are the same for long scans", () => {
    const shape = { reverse: false, choices: [114, 5, 77, 230, 401, 19] }
    for (const checkpoint of strategies) {
      const many = checkpoint === "none" || (typeof checkpoint === "object" && "snapshots" in checkpoint)
      compare({ ...shape, length: 100 }, checkpoint, many ? ["reverse over reverse"] : [])
      compare({ ...shape, length: 100, reverse: true }, checkpoint, many ? ["reverse over reverse"] : [])
    }
    for (const checkpoint of ["revolve", { every: 32 }, { snapshots: 20 }] as const) {
      compare({ ...shape, length: 1000 }, checkpoint)
    }
    compare({ ...shape, length: 1000 }, "none", [
      "forward over reverse",
      "reverse over forward",
      "reverse over reverse"
    ])
  })
})

describe("scans with checkpoints", () => {
  const nested = (outer: Primitive.Checkpoint, inner: Primitive.Checkpoint) =>
    Fn.make({ x: [], m: [5, 4] }, ({ m, x }) =>
      Expr.fold(
        (c, row) => Expr.fold((d, e) => Expr.sin(Expr.add(Expr.mul(d, x), e)), c, row, { checkpoint: inner }),
        x,
        m,
        { checkpoint: outer }
      )
    )
  const input = {
    x: 0.7,
    m: Tensor.fromArray(
      Float64Array.from({ length: 20 }, (_, i) => Math.sin(i)),
      [5, 4]
    )
  }

  it("nest", () => {
    const expected = nested("all", "all")
    const some = ["all", "none", "revolve", { every: 2 }, { snapshots: 2 }] as const
    for (const outer of some) {
      for (const inner of some) {
        const f = nested(outer, inner)
        expect(Fn.runSync(Reverse.grad(f), input)).toEqual(Fn.runSync(Reverse.grad(expected), input))
        const hessian = Fn.runSync(Forward.jacobian(Reverse.grad(f)), input)
        expect(hessian).toEqual(Fn.runSync(Forward.jacobian(Reverse.grad(expected)), input))
        const twice = Fn.runSync(Reverse.jacobian(Reverse.grad(f)), input).x
        expect(twice.x).toBeCloseTo(hessian.x.x, 12)
        twice.m.data.forEach((entry, i) => expect(entry).toBeCloseTo(hessian.x.m.data[i]!, 12))
      }
    }
  })

  const scans = (f: Fn.Any): ReadonlyArray<Primitive.ScanAttributes> =>
    Fn.nodes(f).flatMap((node) => {
      const view = Expr.view(node)
      return view._tag === "Project" && view.primitive === "scan" ? [view.attributes as Primitive.ScanAttributes] : []
    })

  it("are chosen by an option of scan, fold and iterate, which forward mode keeps", () => {
    const xs = Tensor.make([1, 2, 3])
    for (const f of [
      Fn.make([], (x) => Expr.scan((c, v) => [Expr.mul(c, v), c], x, xs, { checkpoint: { every: 2 } })[0]),
      Fn.make([], (x) => Expr.fold((c, v) => Expr.mul(c, v), x, xs, { checkpoint: { every: 2 } })),
      Fn.make([], (x) => Expr.iterate(3, (c) => Expr.mul(c, x), x, { checkpoint: { every: 2 } }))
    ]) {
      expect(scans(f).map(({ checkpoint }) => checkpoint)).toContainEqual({ every: 2 })
      expect(scans(Forward.derivative(f)).map(({ checkpoint }) => checkpoint)).toContainEqual({ every: 2 })
    }
    expect(scans(Fn.make([], (x) => Expr.iterate(3, Expr.sin, x)))[0]!.checkpoint).toBe("all")
  })

  it("keep and take nothing again where the pullback reads no carry", () => {
    for (const checkpoint of strategies) {
      const linear = Fn.make([], (x) => Expr.iterate(1000, (y) => Expr.mul(y, 0.5), x, { checkpoint }))
      expect(scans(Reverse.grad(linear))).toHaveLength(1)
    }
  })

  it("make programs whose size does not grow with the number of steps", () => {
    // All bodies, each once.
    const size = (f: Fn.Any): number => {
      const seen = new Set<unknown>()
      const visit = (nodes: ReadonlyArray<Expr.Any>): void => {
        const pending = [...nodes]
        while (pending.length > 0) {
          const node = pending.pop()!
          if (seen.has(node)) continue
          seen.add(node)
          const view = Expr.view(node)
          if (view._tag !== "Apply" && view._tag !== "Project") continue
          pending.push(...view.operands)
          for (const value of Object.values(view.attributes) as ReadonlyArray<unknown>) {
            if (typeof value === "object" && value !== null && "outputNodes" in value) {
              pending.push(...(value.outputNodes as ReadonlyArray<Expr.Any>))
            }
          }
        }
      }
      visit(Fn.leaves(f).outputs)
      return seen.size
    }
    for (const length of [1000, 1_000_000, 1_000_000_000]) {
      for (const checkpoint of ["none", { every: 1000 }] as const) {
        expect(size(Reverse.grad(loop(length, checkpoint)))).toBeLessThan(150)
      }
      expect(size(Reverse.grad(loop(length, "revolve")))).toBeLessThan(30 * Math.log2(length) ** 2)
    }
    // One mode within another multiplies it by a constant.
    const once = size(Reverse.grad(loop(1_000_000, "revolve")))
    expect(size(Forward.derivative(Reverse.grad(loop(1_000_000, "revolve"))))).toBeLessThan(5 * once)
  })
})

describe("Fn.checkpoint", () => {
  const step = Fn.make({ x: [], v: [3] }, ({ v, x }) => {
    const y = Expr.tanh(Expr.mul(Expr.sin(x), v))
    return { y, z: Expr.sum(Expr.mul(y, Expr.exp(y))), odd: Expr.gt(x, 0) }
  })
  const objective = (f: typeof step) =>
    Fn.make({ x: [], v: [3] }, (inputs) => {
      const { y, z } = Fn.apply(f, inputs)
      return Expr.add(z, Expr.dot(y, y))
    })
  const input = { x: 0.7, v: Tensor.make([0.3, -1, 2]) }

  it("changes neither type nor values nor derivatives", () => {
    const g: typeof step = Fn.checkpoint(step)
    expect(Fn.runSync(g, input)).toEqual(Fn.runSync(step, input))
    const [plain, checkpointed] = [objective(step), objective(g)]
    for (const make of [
      (f: typeof plain) => Reverse.grad(f) as Fn.Any,
      (f: typeof plain) => Forward.jacobian(f) as Fn.Any,
      (f: typeof plain) => Forward.jacobian(Reverse.grad(f)) as Fn.Any,
      (f: typeof plain) => Reverse.grad(Fn.checkpoint(f)) as Fn.Any,
      (f: typeof plain) => Reverse.grad(Fn.checkpoint(Fn.checkpoint(f))) as Fn.Any
    ]) {
      expect(run(make(checkpointed), input)).toEqual(run(make(plain), input))
    }
    const twice = run(Reverse.jacobian(Reverse.grad(checkpointed)), input)
    run(Reverse.jacobian(Reverse.grad(plain)), input).forEach((x, i) => expect(twice[i]).toBeCloseTo(x, 12))
  })

  it("keeps its inputs, and evaluates its body again", () => {
    const deep = Fn.make([], (x) => {
      let y: Scalar = x
      for (let i = 0; i < 10; i++) y = Expr.cbrt(y)
      return y
    })
    const gradient = Reverse.valueAndGrad(deep)
    const checkpointed = Reverse.valueAndGrad(Fn.checkpoint(deep))
    expect(Fn.runSync(checkpointed, 2)).toEqual(Fn.runSync(gradient, 2))
    expect(steps(() => Fn.runSync(gradient, 2))).toBe(10)
    expect(steps(() => Fn.runSync(checkpointed, 2))).toBe(20)
    // As programs: a call for the value, and one for the pullback of the input and a cotangent.
    const [value, grad] = Fn.leaves(checkpointed).outputs.map(Expr.view)
    expect(value).toMatchObject({ primitive: "call", attributes: { checkpoint: true } })
    expect(grad).toMatchObject({ primitive: "call", attributes: { checkpoint: true } })
    const operands = grad!._tag === "Project" ? grad!.operands.map((operand) => Expr.view(operand)._tag) : []
    expect(operands).toEqual(["Input", "Constant"])
    // As numbers: the tape holds one step, with nothing saved.
    const tape = Reverse.traced(Interpreter.algebra)
    const [output] = Fn.interpret(Fn.checkpoint(deep), tape.algebra, [tape.input(Tensor.make(2))])
    expect(output!.entry).toMatchObject({ index: 2, step: { _tag: "Project", of: 1 } })
  })

  it("of a part that captures is differentiated with respect to what it captures", () => {
    const f = (checkpoint: <F>(f: F) => F) =>
      Fn.make([], (x) => {
        const inner = checkpoint(Fn.make([], (y) => Expr.mul(Expr.sin(y), Expr.exp(x))))
        return Expr.mul(Fn.apply(inner, x), x)
      })
    const keep = f((g) => g)
    const again = f((g) => Fn.checkpoint(g as unknown as Fn.Fn<readonly [], readonly []>) as never)
    expect(Fn.runSync(Reverse.grad(again), 0.7)).toBe(Fn.runSync(Reverse.grad(keep), 0.7))
    expect(Fn.runSync(Forward.derivative(again), 0.7)).toBe(Fn.runSync(Forward.derivative(keep), 0.7))
  })
})

describe("gradients of programs of which parts are checkpointed or called", () => {
  // Each part uses its inputs several times, and each value is used by several parts.
  const part = (choices: ReadonlyArray<number>) =>
    Fn.make({ p: [], q: [] }, ({ p, q }) => {
      const pool: Array<Scalar> = [p, q]
      for (const n of choices) {
        const [a, b] = [pool[n % pool.length]!, pool[(n >> 3) % pool.length]!]
        pool.push(n % 2 === 0 ? Expr.mul(Expr.sin(a), b) : Expr.add(Expr.tanh(a), Expr.mul(a, b)))
      }
      return pool.at(-1)!
    })
  const whole = (
    parts: ReadonlyArray<ReadonlyArray<number>>,
    apply: (f: ReturnType<typeof part>, inputs: { readonly p: Scalar; readonly q: Scalar }) => Scalar
  ) =>
    Fn.make({ x: [], y: [] }, ({ x, y }) => {
      const pool: Array<Scalar> = [x, y]
      for (const choices of parts) {
        const n = choices[0]!
        const p = pool[n % pool.length]!
        const others = pool.filter((other) => other !== p)
        pool.push(Expr.add(apply(part(choices), { p, q: others[(n >> 4) % others.length]! }), Expr.cos(p)))
      }
      return Expr.mul(pool.at(-1)!, Expr.sin(x))
    })

  it("are the same to the last bit, in every order of the modes but reverse over reverse", () => {
    const parts = fc.array(fc.array(fc.nat(255), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(parts, (choices) => {
        const plain = whole(choices, (f, inputs) => Fn.apply(f, inputs))
        const derivatives = (f: typeof plain) =>
          [Reverse.grad(f), Forward.jacobian(f), Forward.jacobian(Reverse.grad(f))].map((g: Fn.Any) =>
            run(g, { x: 0.7, y: -1.3 })
          )
        const expected = derivatives(plain)
        const checkpointed = whole(choices, (f, inputs) => Fn.apply(Fn.checkpoint(f), inputs))
        expect(derivatives(checkpointed)).toEqual(expected)
        expect(derivatives(whole(choices, (f, inputs) => Fn.call(f, inputs)))).toEqual(expected)
        const { cotangents } = Reverse.evaluate(checkpointed, { primals: { x: 0.7, y: -1.3 }, cotangents: 1 })
        expect(numbers(checkpointed.inputs, cotangents)).toEqual(expected[0])
      })
    )
  })
})
