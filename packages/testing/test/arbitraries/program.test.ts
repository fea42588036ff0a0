import { Fn, Primitive, Serialization, Tree, Type } from "@fluxion/core"
import { Arbitraries } from "@fluxion/testing"
import { Equal, Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { rebuild } from "../rebuild.ts"

const data = (f: Fn.Any): Serialization.ProgramEncoded => Result.getOrThrow(Serialization.encode(f))

type Graph = { readonly nodes: ReadonlyArray<Serialization.NodeEncoded> }

/** The program and all bodies in it. */
const graphs = (f: Fn.Any): ReadonlyArray<Graph> => {
  const encoded = data(f)
  return [encoded, ...(encoded.bodies ?? [])]
}

const primitiveOf = (node: Serialization.NodeEncoded | undefined): string | undefined =>
  node !== undefined && "primitive" in node ? node.primitive : undefined

/** Whether a primitive is applied to the result of another one, anywhere. */
const composes =
  (outer: string, inner: string) =>
  (f: Fn.Any): boolean =>
    graphs(f).some(({ nodes }) =>
      nodes.some(
        (node) =>
          primitiveOf(node) === outer &&
          "operands" in node &&
          node.operands.some((i) => primitiveOf(nodes[i]) === inner)
      )
    )

/** The smallest program in which there is a fault, as fast-check prints it. */
const minimal = <P extends { readonly fn: Fn.Any }>(
  programs: fc.Arbitrary<P>,
  fault: (f: Fn.Any) => boolean,
  seed = 42
): string => {
  const found = fc.check(
    fc.property(programs, ({ fn }) => !fault(fn)),
    { seed, numRuns: 5000 }
  )
  return fc.stringify(found.counterexample![0]).trim()
}

/** Small specifications of inputs and outputs, of all element types and structures. */
const specs: fc.Arbitrary<Tree.Spec> = fc.letrec<{ tree: Tree.Spec; leaf: Tree.Leaf }>((tie) => {
  const shape = Arbitraries.shape({ maxRank: 2, maxDimension: 3, minDimension: 0 })
  const keys = fc.constantFrom("w", "b", "x y", "0", "t1", "class", "Expr")
  return {
    leaf: fc.oneof({ weight: 3, arbitrary: shape }, shape.map(Type.index), shape.map(Type.bool)),
    tree: fc.oneof(
      { maxDepth: 2 },
      tie("leaf"),
      fc.dictionary(keys, tie("tree"), { maxKeys: 3 }),
      fc.array(tie("tree"), { minLength: 1, maxLength: 3 })
    )
  }
}).tree

describe("a printed program", () => {
  it("builds the same program again, control flow and inner derivatives included", () => {
    fc.assert(
      fc.property(Arbitraries.program({ kinks: "allow" }), (program) => {
        const again = rebuild(fc.stringify(program))
        expect(data(again.program)).toEqual(data(program.fn))
        expect(again.inputs).toEqual(program.inputs)
      }),
      { numRuns: 100 }
    )
  })

  it("builds the same program again for trees of inputs and outputs of any kind", () => {
    const programs = fc
      .tuple(specs, specs)
      .chain(([inputs, outputs]) => Arbitraries.program({ inputs, outputs, maxOperations: 10 }))
    fc.assert(
      fc.property(programs, (program) => {
        const { fn, inputs } = program
        const again = rebuild(fc.stringify(program))
        expect(data(again.program)).toEqual(data(fn))
        const spec = Fn.specs(fn).inputs
        const [left, right] = [inputs, again.inputs].map((at) => Tree.toTensors("test", spec, at))
        expect(left!.every((tensor, i) => Equal.equals(tensor, right![i]))).toBe(true)
      }),
      { numRuns: 100 }
    )
  })
})

describe("a program of given inputs and outputs", () => {
  it("takes and computes what was asked for", () => {
    const programs = fc
      .tuple(specs, specs)
      .chain(([inputs, outputs]) =>
        fc.tuple(
          fc.constant(inputs),
          fc.constant(outputs),
          Arbitraries.program({ inputs, outputs, maxOperations: 10, kinks: "allow", domains: "any" })
        )
      )
    fc.assert(
      fc.property(programs, ([inputs, outputs, program]) => {
        const { fn, inputs: at } = program
        expect(fn.inputs).toEqual(inputs)
        expect(fn.outputs).toEqual(outputs)
        Tree.toTensors("test", outputs, Fn.runSync(fn, at))
      }),
      { numRuns: 100 }
    )
  })

  it("has a shape where a type of reals is asked for", () => {
    const { fn } = fc.sample(Arbitraries.program({ inputs: Type.real([2]), outputs: Type.real([3]) }), 1)[0]!
    expect([fn.inputs, fn.outputs]).toEqual([Type.real([2]), [3]])
  })

  it("is finite in safe domains, and varies with its inputs", () => {
    const programs = Arbitraries.program({
      inputs: { w: [2, 3], x: [3] },
      outputs: [{ y: [2] }, [3, 3]],
      maxOperations: 12
    })
    let constant = 0
    fc.assert(
      fc.property(programs, ({ fn, inputs }) => {
        const [{ y }, z] = Fn.runSync(fn, inputs)
        if (![...graphs(fn)[0]!.nodes].some((node) => "primitive" in node)) constant++
        return [...y.data, ...z.data].every(Number.isFinite)
      }),
      { numRuns: 100 }
    )
    expect(constant).toBe(0)
  })

  it("uses indices and truth values that it is given", () => {
    const inputs = { rows: Type.index([2]), on: Type.bool([3]), x: [2, 3] } as const
    const points = Arbitraries.point(inputs, { indices: { max: 1 } })
    const programs = Arbitraries.program({ inputs, points, derivatives: false, controlFlow: false })
    const codes = fc.sample(programs, 300).map(({ code }) => code)
    const patterns = [
      /gather\([^()]*, rows/,
      /crossEntropy\([^()]*, rows/,
      /select\([^()]*\bon\b/,
      /toReal\((rows|on)\)/
    ]
    expect(patterns.filter((pattern) => !codes.some((code) => pattern.test(code)))).toEqual([])
  })

  it("is run at the points that were asked for", () => {
    const programs = Arbitraries.program({
      inputs: { a: [3, 3], k: Type.index([]) },
      points: Arbitraries.point(
        { a: [3, 3], k: Type.index([]) },
        { leaves: { a: Arbitraries.positiveDefinite(3), k: { min: 7, max: 7 } } }
      )
    })
    fc.assert(
      fc.property(programs, ({ inputs }) => inputs.k === 7 && inputs.a.data[1] === inputs.a.data[3]),
      { numRuns: 50 }
    )
  })

  it("brings results to the shapes of outputs in every way", () => {
    const programs = Arbitraries.program({
      inputs: { m: [2, 3], x: [3], y: [2] },
      outputs: { a: [2], b: [3, 2], c: [4], d: [1, 3], e: [2, 3] },
      maxOperations: 3,
      controlFlow: false,
      derivatives: false
    })
    const endings = fc.sample(programs, 300).map(({ code }) => code.slice(code.lastIndexOf("{ a: ")))
    const ways = ["sum", "mean", "broadcastTo", "reshape", "slice", "pad", "matmul", "outer"]
    expect(ways.filter((way) => !endings.some((ending) => ending.includes(`Expr.${way}(`)))).toEqual([])
  })
})

describe("every part of the language", () => {
  it("is reached: each family of primitives, and each primitive that carries derivatives", () => {
    const seen = new Set(
      fc
        .sample(Arbitraries.program({ kinks: "allow" }), 300)
        .flatMap(({ fn }) => graphs(fn).flatMap(({ nodes }) => nodes.map(primitiveOf)))
    )
    const families = (names: Iterable<string | undefined>) =>
      new Set(
        Array.from(names).flatMap((name) =>
          name !== undefined && name in Primitive.definitions
            ? [Primitive.definitions[name as Primitive.Name].family]
            : []
        )
      )
    const others = new Set(["random", "guard"])
    expect(
      [...families(Primitive.names)].filter((family) => !others.has(family) && !families(seen).has(family))
    ).toEqual([])
    const missing = [...Primitive.names, ...Primitive.controlNames].filter((name) => !seen.has(name))
    const random = ["foldIn", "randomUniform", "randomPermutation"]
    const failing = ["ensure", "after"]
    // With rules of their own, and tests of their own.
    expect(missing).toEqual([...random, ...failing, "custom", "qr", "eigh", "root"])
  })
})

describe("shrinking", () => {
  const plain = { controlFlow: false, derivatives: false, maxOperations: 12 } as const

  it("finds the smallest program with a fault", () => {
    expect(minimal(Arbitraries.program(plain), composes("sin", "mul"))).toBe(
      "const program = Fn.make({ x: [] }, ({ x }) => Expr.sin(Expr.mul(x, x)))\nconst inputs = { x: 0 }"
    )
  })

  it("finds it for given inputs and outputs", () => {
    const inputs = { w: [2, 3], i: Type.index([]) } as const
    const programs = Arbitraries.program({ ...plain, inputs, outputs: { y: [3] } })
    expect(minimal(programs, composes("tanh", "cos"))).toBe(
      "const program = Fn.make({ w: [2, 3], i: Type.index([]) }, ({ w, i }) => " +
        "({ y: Expr.sum(Expr.tanh(Expr.cos(w)), { axis: 0 }) }))\n" +
        "const inputs = { w: Tensor.make([[0, 0, 0], [0, 0, 0]]), i: 0 }"
    )
    const one = Arbitraries.program({ ...plain, inputs: [3], outputs: [2] })
    const hasErfc = (f: Fn.Any): boolean => graphs(f)[0]!.nodes.some((node) => primitiveOf(node) === "erfc")
    expect(minimal(one, hasErfc)).toBe(
      "const program = Fn.make([3], (x) => Expr.slice(Expr.erfc(x), { starts: [0], limits: [2] }))\n" +
        "const inputs = Tensor.make([0, 0, 0])"
    )
  })

  it("finds it in the bodies of loops", () => {
    const inLoop = (f: Fn.Any): boolean => {
      const { bodies = [] } = data(f)
      return graphs(f).some(({ nodes }) =>
        nodes.some(
          (node) =>
            "primitive" in node &&
            node.primitive === "scan" &&
            bodies[(node.attributes as { readonly body: number }).body]!.nodes.some(
              (own) => primitiveOf(own) === "atan"
            )
        )
      )
    }
    expect(minimal(Arbitraries.program({ derivatives: false, maxOperations: 12 }), inLoop)).toBe(
      "const program = Fn.make({ x: [] }, ({ x }) => Expr.iterate(1, (t1) => Expr.atan(t1), x))\nconst inputs = { x: 0 }"
    )
  })
})
