// FLUXION_RUNS=100000 decodes as many inputs in each of the fuzzing tests, and as many random programs; by default 100,000 inputs
// in all.

import { Result, Schema } from "effect"
import * as fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import {
  Body,
  Expr,
  Failure,
  Fn,
  Formula,
  Interpreter,
  Operations,
  Primitive,
  Serialization,
  Shape,
  Tensor,
  Type
} from "../src/index.ts"
import { applyTyped, control, input, type Node } from "../src/internal/node.ts"
import { rows } from "../src/internal/serialization/attributes.ts"
import { controlRows } from "../src/internal/serialization/controlAttributes.ts"
import { difference, program, spec, work } from "./arbitraries.ts"

const given = process.env["FLUXION_RUNS"]
const runs = (count: number): { readonly numRuns: number } => ({ numRuns: given === undefined ? count : Number(given) })

const startsOf = (node: unknown): unknown =>
  (node as { readonly attributes: { readonly starts: ReadonlyArray<number> } }).attributes.starts[0]
const encode = (f: Fn.Any): Serialization.ProgramEncoded => Result.getOrThrow(Serialization.encode(f))
const text = (f: Fn.Any): string => JSON.stringify(encode(f))
const decode = (data: unknown): Fn.Any => Result.getOrThrow(Serialization.decode(data))
const refusal = (data: unknown): string => {
  const result = Serialization.decode(data)
  return Result.isFailure(result) ? result.failure.message : "decoded"
}

/** A program of scalars in JSON with these nodes after the input, whose result is the last one. */
const scalarProgram = (...nodes: ReadonlyArray<unknown>) => ({
  fluxion: 1,
  inputs: [],
  outputs: [],
  nodes: [{ input: 0 }, ...nodes],
  results: [nodes.length]
})

/** The sine, as a body in JSON. */
const sine = {
  inputs: [{ label: "x", elementType: "real", shape: [] }],
  nodes: [{ input: 0 }, { primitive: "sin", operands: [0] }],
  results: [1]
}

/** The same with the body `sine`. */
const withBody = (...nodes: ReadonlyArray<unknown>) => ({ ...scalarProgram(...nodes), bodies: [sine] })

const frozenPrototype = JSON.stringify(Object.getOwnPropertyNames(Object.prototype).sort())

afterAll(() => {
  expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype).sort())).toBe(frozenPrototype)
  expect(Object.getOwnPropertySymbols(Object.prototype)).toEqual([])
})

describe("round trip", () => {
  it("of a random program is the same program and the same text", () => {
    fc.assert(
      fc.property(program, (f) => {
        const encoded = text(f)
        const again = decode(JSON.parse(encoded))
        expect(difference(f, again)).toBe(undefined)
        expect(text(again)).toBe(encoded)
      }),
      runs(2000)
    )
  })

  it("reaches every primitive", () => {
    const reached = new Set<string>()
    const inside = new Set<string>()
    for (const f of fc.sample(program, { numRuns: 1000, seed: 7 })) {
      const { bodies = [], nodes } = encode(f)
      for (const node of nodes) if ("primitive" in node) reached.add(node.primitive)
      for (const body of bodies) for (const node of body.nodes) if ("primitive" in node) inside.add(node.primitive)
    }
    const names = [...Primitive.names, ...Primitive.controlNames]
    expect(names.filter((name) => !reached.has(name))).toEqual([])
    expect(Primitive.controlNames.filter((name) => !inside.has(name))).toEqual([])
    expect(Object.keys(rows).sort()).toEqual([...Primitive.names].sort())
    expect(Object.keys(controlRows)).toEqual(Primitive.controlNames)
    expect(new Set(names).size).toBe(names.length)
  })

  it("of a random program computes the same, to the bit", () => {
    // The bits of a NaN are the engine's own.
    const bytes = ({ data, shape }: Tensor.Any): string => {
      const plain = data.map((x) => (Number.isNaN(x) ? Number.NaN : x))
      return `${shape.join()} ${Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength).toString("latin1")}`
    }
    let ran = 0
    fc.assert(
      fc.property(program, fc.nat(), (f, seed) => {
        fc.pre(work(f) < 1e5)
        const inputs = Fn.specs(f).inputLeaves.map(({ type: { elementType, shape } }, i) =>
          elementType === "real"
            ? Tensor.fromArray(
                Float64Array.from({ length: Shape.size(shape) }, (_, j) => Math.tan(seed + i + j)),
                shape
              )
            : Tensor.unsafeMake(
                elementType,
                shape,
                elementType === "index" ? new Int32Array(Shape.size(shape)) : new Uint8Array(Shape.size(shape))
              )
        )
        const evaluate = (g: Fn.Any) => Fn.interpret(g, Interpreter.algebra, inputs as Array<Tensor.Any>).map(bytes)
        // Call sites are not written.
        const compute = (g: Fn.Any) =>
          Result.mapError(
            Failure.attempt(() => evaluate(g)),
            ({ guard, index, path, value }) => ({ guard, index, path, value })
          )
        expect(compute(decode(JSON.parse(text(f))))).toEqual(compute(f))
        ran++
      }),
      runs(300)
    )
    expect(ran).toBeGreaterThan(0)
  })

  it("gives the same numbers", () => {
    const f = Fn.make({ w: [3, 2], x: [2], k: Type.index([2]) }, ({ k, w, x }) => {
      const h = Expr.tanh(Expr.matmul(w, x))
      return { value: Expr.sum(Expr.square(h)), picked: Expr.gather(h, k), flags: Expr.gt(h, 0) }
    })
    const value = {
      w: Tensor.make([
        [1, -2],
        [3, 4],
        [0.5, 0]
      ]),
      x: Tensor.make([0.1, 0.7]),
      k: Tensor.index([2, 0])
    }
    const g = decode(encode(f)) as unknown as typeof f
    expect(Fn.runSync(g, value)).toEqual(Fn.runSync(f, value))
  })

  it("keeps what is shared, and only that", () => {
    const f = Fn.make([], (x) => {
      let y = Expr.add(x, 1)
      for (let i = 0; i < 200; i++) y = Expr.mul(y, y)
      return [y, y, Expr.exp(x), Expr.exp(x)]
    })
    const encoded = encode(f)
    expect(encoded.nodes.length).toBe(205)
    expect(encoded.results).toEqual([202, 202, 203, 204])
    expect(difference(f, decode(encoded))).toBe(undefined)
  })

  it("of specifications of any structure", () => {
    fc.assert(
      fc.property(spec, (inputs) => {
        const f = Fn.make(inputs, () => Expr.constant(0)) as unknown as Fn.Any
        const g = decode(JSON.parse(text(f)))
        expect(JSON.stringify(g.inputs)).toBe(JSON.stringify(f.inputs))
        expect(Fn.specs(g).inputLeaves).toEqual(Fn.specs(f).inputLeaves)
      }),
      runs(500)
    )
  })

  it("with inputs of the same path", () => {
    const f = Fn.make({ "a.b": [], a: { b: [] } }, (x) => Expr.sub(x["a.b"], x.a.b))
    const g = decode(JSON.parse(text(f as unknown as Fn.Any))) as unknown as typeof f
    expect(Fn.runSync(g, { "a.b": 5, a: { b: 3 } })).toBe(2)
  })

  it("with names that mean something to JavaScript", () => {
    const inputs = JSON.parse(`{"__proto__": [], "constructor": [], "hasOwnProperty": []}`) as {
      readonly [key: string]: []
    }
    const f = Fn.make(inputs, (x) => Expr.sub(Expr.mul(x["__proto__"]!, x["constructor"]!), x["hasOwnProperty"]!))
    const g = decode(JSON.parse(text(f as unknown as Fn.Any))) as unknown as typeof f
    expect(Object.keys(g.inputs)).toEqual(["__proto__", "constructor", "hasOwnProperty"])
    const value = JSON.parse(`{"__proto__": 2, "constructor": 3, "hasOwnProperty": 1}`)
    expect(Fn.runSync(g, value)).toBe(5)
  })

  it("keeps the bits of constants", () => {
    const bits = new BigUint64Array([0x7ff8000000000000n, 0xfff8000000000000n, 0x7ff8000000000abcn, 1n, 1n << 63n])
    const values = [
      Tensor.fromArray(new Float64Array(bits.buffer), [5]),
      Tensor.fromArray(new Float64Array(bits.buffer).slice(2, 3), []),
      Tensor.make([-0, NaN, Infinity, -Infinity, 5e-324, 0.1, Number.MAX_VALUE]),
      Tensor.full([100], -0),
      Tensor.index([[-2147483648, 2147483647]]),
      Tensor.iota(100),
      Tensor.bool([true, false]),
      Tensor.unsafeMake("bool", [70], new Uint8Array(70).fill(1)),
      Tensor.zeros([0, 3]),
      // A window of a longer buffer.
      Tensor.fromArray(new Float64Array(200).map((_, i) => i).subarray(3, 103), [100])
    ]
    for (const value of values) {
      const f = Fn.make({}, () => Expr.constant(value as Tensor.Tensor)) as unknown as Fn.Any
      expect(difference(f, decode(JSON.parse(text(f))))).toBe(undefined)
    }
  })

  it("takes time linear in the program, and no stack: a million operations", () => {
    const f = Fn.make([2], (x) => {
      let y: Expr.Expr<readonly [2]> = x
      for (let i = 0; i < 500_000; i++) y = Expr.add(Expr.sin(y), x)
      return y
    })
    const started = performance.now()
    const encoded = text(f)
    const g = decode(JSON.parse(encoded))
    expect(performance.now() - started).toBeLessThan(20_000)
    expect(Fn.operationCount(g)).toBe(1_000_000)
    expect(text(g)).toBe(encoded)
  }, 60_000)

  it("writes -0 among integers as 0", () => {
    const f = Fn.make([3], (x) => {
      const sliced = Fn.expressions.apply("slice", { starts: [-0], limits: [2], strides: [1] }, [x])
      return Fn.expressions.apply("broadcastTo", { shape: [-0 + 2] }, [sliced]) as Expr.Expr
    }) as unknown as Fn.Any
    const encoded = encode(f)
    expect(Object.is(startsOf(encoded.nodes[1]), 0)).toBe(true)
    expect(text(decode(encoded))).toBe(text(f))
  })
})

describe("the encoded form", () => {
  it("is this", () => {
    const f = Fn.make({ x: [2], n: Type.index([]) }, ({ n, x }) => {
      const y = Expr.cumsum(x)
      return { y: Expr.add(y, Expr.constant([-0, 0.5])), positive: Expr.gt(n, 0) }
    })
    expect(encode(f)).toEqual({
      fluxion: 1,
      inputs: { x: [2], n: { elementType: "index", shape: [] } },
      outputs: { y: [2], positive: { elementType: "bool", shape: [] } },
      nodes: [
        { input: 0 },
        { input: 1 },
        { primitive: "cumsum", attributes: { axis: 0, reverse: false }, operands: [0] },
        { constant: { elementType: "real", shape: [2], data: ["-0", 0.5] } },
        { primitive: "add", operands: [2, 3] },
        { constant: { elementType: "index", shape: [], data: [0] } },
        { primitive: "gt", operands: [1, 5] }
      ],
      results: [4, 6]
    })
  })

  it("has base64 that other programs read", () => {
    // python3: base64.b64encode(struct.pack("<65d", *[i / 8 - 1 for i in range(65)]))
    const f = Fn.make({}, () => Expr.constant(Tensor.linspace(-1, 7, 65)))
    const { constant } = encode(f).nodes[0] as { readonly constant: { readonly base64: string } }
    expect(constant.base64.slice(0, 43)).toBe("AAAAAAAA8L8AAAAAAADsvwAAAAAAAOi/AAAAAAAA5L8")
    const bytes = Buffer.from(constant.base64, "base64")
    expect(bytes.length).toBe(65 * 8)
    expect(bytes.readDoubleLE(64 * 8)).toBe(7)
  })

  it("accepts either form of a constant of any size", () => {
    const constant = (value: unknown) =>
      decode({ fluxion: 1, inputs: {}, outputs: [1], nodes: [{ constant: value }], results: [0] })
    const long = { elementType: "real", shape: [1], data: [2] }
    const packed = { elementType: "real", shape: [1], base64: "AAAAAAAAAEA=" }
    expect(text(constant(long))).toBe(text(constant(packed)))
    const scalar = (value: unknown, elementType: string) =>
      decode({
        fluxion: 1,
        inputs: {},
        outputs: { elementType, shape: [] },
        nodes: [{ constant: value }],
        results: [0]
      })
    expect(text(scalar(true, "bool"))).toBe(text(scalar({ elementType: "bool", shape: [], data: [true] }, "bool")))
    expect(text(scalar(-0, "real"))).toBe(text(scalar("-0", "real")))
  })
})

describe("schemas", () => {
  const f = Fn.make({ x: [], y: [2] }, ({ x, y }) => Expr.mul(x, y))

  it("go by way of text", () => {
    const codec = Schema.fromJsonString(Fn.schema)
    expect(difference(f, Schema.decodeSync(codec)(Schema.encodeSync(codec)(f)))).toBe(undefined)
    for (const wrong of ["", "{", "null", "[1]", '"x"', "{}"]) {
      expect(Result.isFailure(Schema.decodeUnknownResult(codec)(wrong))).toBe(true)
    }
  })

  it("are canonical JSON codecs", () => {
    const codec = Schema.toCodecJson(Schema.Struct({ program: Fn.schema }))
    const { program } = Schema.decodeUnknownSync(codec)(Schema.encodeSync(codec)({ program: f }))
    expect(difference(f, program)).toBe(undefined)
  })

  it("report the path of an issue", () => {
    const result = Schema.decodeUnknownResult(Schema.Struct({ program: Fn.schema }))({
      program: scalarProgram({ primitive: "add", operands: [0, 1] })
    })
    expect(Result.isFailure(result) ? result.failure.message : "").toBe(
      'Expected the index of one of 1 earlier nodes, got 1\n  at ["program"]["nodes"][1]["operands"][1]'
    )
  })

  it("of given inputs and outputs refuse other programs", () => {
    const guarded = Fn.make([], (x) => Expr.checked.log(x))
    const data = encode(guarded as unknown as Fn.Any)
    expect(() => Schema.decodeUnknownSync(Serialization.schema([], []))(data)).toThrow(/real\[\] that cannot fail/)
    expect(Fn.isFn(Schema.decodeUnknownSync(Serialization.schema([], [], { mayFail: true }))(data))).toBe(true)
    const codec = Serialization.schema({ y: [2], x: Type.real([]) }, [2])
    const g = Schema.decodeUnknownSync(codec)(encode(f))
    expect(Fn.runSync(g, { x: 3, y: Tensor.make([1, 2]) }).data).toEqual(Float64Array.of(3, 6))
    const others = [
      Serialization.schema({ x: [], y: [3] }, [2]),
      Serialization.schema({ x: [] }, [2]),
      Serialization.schema({ x: [], y: [2], z: [] }, [2]),
      Serialization.schema({ x: [], y: [2] }, []),
      Serialization.schema({ x: [], y: Type.index([2]) }, [2]),
      Serialization.schema([[], [2]], [2]),
      Serialization.schema({ x: [], y: { z: [2] } }, [2])
    ]
    for (const other of others) {
      const result = Schema.decodeUnknownResult(other as unknown as typeof Fn.schema)(encode(f))
      expect(Result.isFailure(result) && result.failure.message).toMatch(/^Expected a program .* -> /)
      expect(Result.isFailure(Schema.encodeUnknownResult(other as unknown as typeof Fn.schema)(f))).toBe(true)
    }
  })

  it("encode programs only", () => {
    for (const wrong of [null, undefined, 1, {}, { "~@fluxion/core/Fn": 1 }, Expr.constant(1)]) {
      expect(Result.isFailure(Schema.encodeUnknownResult(Fn.schema)(wrong))).toBe(true)
    }
  })
})

describe("what cannot be encoded is an error", () => {
  const failure = (f: Fn.Any): string => {
    const result = Serialization.encode(f)
    if (Result.isSuccess(result)) return "encoded"
    expect(result.failure).toBeInstanceOf(Serialization.ProgramEncodeError)
    expect(Result.isFailure(Schema.encodeResult(Fn.schema)(f))).toBe(true)
    return result.failure.message
  }

  it("an input of another program", () => {
    let inner: Fn.Any | undefined
    Fn.make({ a: [] }, ({ a }) => {
      inner = Fn.make({ x: [] }, ({ x }) => Expr.mul(Expr.exp(a), x))
      return a
    })
    expect(failure(inner!)).toBe(
      'nodes[1]: expected an input of the program itself, got the input "a" of another program'
    )
  })

  it("more axes, deeper specifications and larger constants than the limits", () => {
    const rank = Fn.make([], (x) => Expr.reshape(x, new Array<number>(65).fill(1))) as unknown as Fn.Any
    expect(failure(rank)).toMatch("expected a shape of at most 64 axes, got 65 axes")
    let deep: { readonly [key: string]: unknown } = { x: [] }
    for (let i = 0; i < 200; i++) deep = { x: deep }
    expect(failure(Fn.make(deep as {}, () => Expr.constant(1)) as unknown as Fn.Any)).toMatch("nested at most 128 deep")
    const large = Tensor.unsafeMake("bool", [2 ** 28 + 1], new Uint8Array(2 ** 28 + 1))
    expect(failure(Fn.make({}, () => Expr.constant(large)) as unknown as Fn.Any)).toMatch(
      "268435456 bytes of constants in all"
    )
  })
})

// -----------------------------------------------------------------------------
// Decoding
// -----------------------------------------------------------------------------

describe("decoding says what is wrong and where", () => {
  const constantIn = (constant: unknown) => scalarProgram({ constant })

  it.each<readonly [string, unknown, string]>([
    [
      "no object",
      3,
      "the program: expected an object with fluxion (the version), inputs, outputs, nodes and results, got 3"
    ],
    [
      "an array",
      [],
      "the program: expected an object with fluxion (the version), inputs, outputs, nodes and results, got an array of 0"
    ],
    ["no version", {}, "fluxion: expected the version 1 of the encoding, got nothing"],
    ["another version", { fluxion: 2, more: 1 }, "fluxion: expected the version 1 of the encoding, got 2"],
    [
      "an unknown field",
      { ...scalarProgram(), extra: 1 },
      'extra: expected no field but fluxion, bodies, inputs, outputs, nodes, results, got the field "extra"'
    ],
    [
      "no inputs",
      { fluxion: 1 },
      "inputs: expected a specification (a shape, a type, a record or a tuple), got nothing"
    ],
    [
      "an unknown primitive",
      scalarProgram({ primitive: "launch", operands: [0] }),
      'nodes[1].primitive: expected the name of a primitive, got "launch"'
    ],
    [
      "__proto__ as a primitive",
      scalarProgram({ primitive: "__proto__", operands: [0] }),
      'nodes[1].primitive: expected the name of a primitive, got "__proto__"'
    ],
    [
      "constructor as a primitive",
      scalarProgram({ primitive: "constructor", operands: [0] }),
      'nodes[1].primitive: expected the name of a primitive, got "constructor"'
    ],
    [
      "itself as an operand",
      scalarProgram({ primitive: "exp", operands: [1] }),
      "nodes[1].operands[0]: expected the index of one of 1 earlier nodes, got 1"
    ],
    [
      "a later node as an operand",
      scalarProgram({ primitive: "exp", operands: [2] }, { constant: 1 }),
      "nodes[1].operands[0]: expected the index of one of 1 earlier nodes, got 2"
    ],
    [
      "a negative operand",
      scalarProgram({ primitive: "exp", operands: [-1] }),
      "nodes[1].operands[0]: expected the index of one of 1 earlier nodes, got -1"
    ],
    [
      "half an operand",
      scalarProgram({ primitive: "exp", operands: [0.5] }),
      "nodes[1].operands[0]: expected the index of one of 1 earlier nodes, got 0.5"
    ],
    [
      "a name as an operand",
      scalarProgram({ primitive: "exp", operands: ["length"] }),
      'nodes[1].operands[0]: expected the index of one of 1 earlier nodes, got "length"'
    ],
    [
      "too many operands",
      scalarProgram({ primitive: "exp", operands: [0, 0] }),
      "nodes[1].operands: expected 1 operand of exp, got 2"
    ],
    [
      "no operands to stack",
      scalarProgram({ primitive: "stack", attributes: { axis: 0 }, operands: [] }),
      "nodes[1]: expected operands and attributes that stack accepts, got no operands: expected at least one operand, got none"
    ],
    [
      "operands of the wrong type",
      scalarProgram({ primitive: "not", operands: [0] }),
      "nodes[1]: expected operands and attributes that not accepts, got real[]: expected bool, got real[]"
    ],
    [
      "no attributes",
      scalarProgram({ primitive: "sum", operands: [0] }),
      "nodes[1].attributes: expected the attributes of sum, got nothing"
    ],
    [
      "a missing attribute",
      scalarProgram({ primitive: "cumsum", attributes: { axis: 0 }, operands: [0] }),
      "nodes[1].attributes.reverse: expected a value (an attribute of cumsum), got nothing"
    ],
    [
      "an unknown attribute",
      scalarProgram({ primitive: "sum", attributes: { axes: [], constructor: 1 }, operands: [0] }),
      "nodes[1].attributes.constructor: expected no excess property (an attribute of sum), got 1"
    ],
    [
      "an attribute where there are none",
      scalarProgram({ primitive: "exp", attributes: { axis: 1 }, operands: [0] }),
      "nodes[1].attributes.axis: expected no such attribute of exp, got 1"
    ],
    [
      "an attribute of the wrong type",
      scalarProgram({ primitive: "sum", attributes: { axes: [0, "1"] }, operands: [0] }),
      'nodes[1].attributes.axes[1]: expected number (an attribute of sum), got "1"'
    ],
    [
      "a negative axis",
      scalarProgram({ primitive: "sum", attributes: { axes: [-1] }, operands: [0] }),
      "nodes[1].attributes.axes[0]: expected a non-negative integer (an attribute of sum), got -1"
    ],
    [
      "an axis out of range",
      scalarProgram({ primitive: "sum", attributes: { axes: [0] }, operands: [0] }),
      "nodes[1]: expected operands and attributes that sum accepts, got real[]: axis 0 is out of range for []"
    ],
    [
      "another input",
      scalarProgram({ input: 0 }),
      "nodes[1].input: expected a constant, a primitive with operands, or a result to project (there are no more inputs), got 0"
    ],
    [
      "inputs out of order",
      { ...scalarProgram(), inputs: { x: [], y: [] }, nodes: [{ input: 1 }, { input: 0 }] },
      "nodes[0].input: expected 0 (inputs come first and in order), got 1"
    ],
    ["a missing input", { ...scalarProgram(), nodes: [] }, "nodes: expected at least the 1 inputs, got 0 nodes"],
    [
      "a missing result",
      { ...scalarProgram(), results: [] },
      "results: expected one result for each of the 1 outputs, got 0"
    ],
    [
      "a result of another type",
      { ...scalarProgram(), outputs: [1] },
      "results[0]: expected a result of type real[1], got real[]"
    ],
    [
      "a type that is not one",
      { ...scalarProgram(), inputs: { elementType: "complex", shape: [] } },
      'inputs.elementType: expected "real", "index" or "bool", got "complex"'
    ],
    [
      "a dimension that is not one",
      { ...scalarProgram(), inputs: { a: [2, -1] } },
      "inputs.a[1]: expected a dimension (a non-negative integer), got -1"
    ],
    [
      "a name that needs quotes",
      { ...scalarProgram(), inputs: { "a b": [0.5] } },
      'inputs["a b"][0]: expected a dimension (a non-negative integer), got 0.5'
    ],
    [
      "a number among specifications",
      { ...scalarProgram(), inputs: [[], 3] },
      "inputs[1]: expected a specification (a shape, a type, a record or a tuple), got 3"
    ],
    [
      "too few elements",
      constantIn({ elementType: "real", shape: [2], data: [1] }),
      "nodes[1].constant.data: expected a list of 2 elements, got 1"
    ],
    [
      "an element of another type",
      constantIn({ elementType: "index", shape: [1], data: [1.5] }),
      "nodes[1].constant.data[0]: expected a 32-bit integer, got 1.5"
    ],
    [
      "an element too large",
      constantIn({ elementType: "index", shape: [1], data: [2147483648] }),
      "nodes[1].constant.data[0]: expected a 32-bit integer, got 2147483648"
    ],
    [
      "a number as a truth value",
      constantIn({ elementType: "bool", shape: [1], data: [1] }),
      "nodes[1].constant.data[0]: expected true or false, got 1"
    ],
    [
      "both data and base64",
      constantIn({ elementType: "real", shape: [0], data: [], base64: "" }),
      "nodes[1].constant: expected either data or base64, got both"
    ],
    [
      "bytes of another length",
      constantIn({ elementType: "real", shape: [1], base64: "AAAA" }),
      "nodes[1].constant.base64: expected 8 bytes in base64 (12 characters), got 4 characters"
    ],
    [
      "bytes that are not base64",
      constantIn({ elementType: "real", shape: [1], base64: "AAAAAAAAAE@=" }),
      "nodes[1].constant.base64: expected 8 bytes in base64 (12 characters), got Invalid character @"
    ],
    [
      "truth values of other bytes",
      constantIn({ elementType: "bool", shape: [3], base64: "AAEC" }),
      "nodes[1].constant.base64: expected bytes 0 and 1, got 2 at 2"
    ],
    [
      "an unknown name of a real",
      constantIn("nan"),
      'nodes[1].constant: expected a number, true, false, or an object with elementType, shape, and data or base64, got "nan"'
    ],
    [
      "a body that is none",
      { ...scalarProgram(), bodies: [1] },
      "bodies[0]: expected a body: an object with inputs, nodes and results, got 1"
    ],
    [
      "a whole program as a body",
      { ...scalarProgram(), bodies: [scalarProgram()] },
      'bodies[0].fluxion: expected no field but inputs, nodes, results, got the field "fluxion"'
    ],
    [
      "an input of a body without a name",
      { ...scalarProgram(), bodies: [{ inputs: [{ elementType: "real", shape: [] }], nodes: [], results: [] }] },
      "bodies[0].inputs[0].label: expected a name, got nothing"
    ],
    [
      "a control primitive as a primitive without attributes",
      scalarProgram({ primitive: "call", operands: [0] }),
      "nodes[1].attributes: expected the attributes of call, got nothing"
    ],
    [
      "a body that is not there",
      scalarProgram({ primitive: "call", attributes: { body: 0 }, operands: [0] }),
      "nodes[1].attributes.body: expected the index of one of the 0 bodies before this one, got 0"
    ],
    [
      "a body as text",
      withBody({ primitive: "call", attributes: { body: "0" }, operands: [0] }),
      'nodes[1].attributes.body: expected number (an attribute of call), got "0"'
    ],
    [
      "a body written in place",
      scalarProgram({ primitive: "call", attributes: { body: sine }, operands: [0] }),
      "nodes[1].attributes.body: expected number (an attribute of call), got an object"
    ],
    [
      "half a body",
      withBody({ primitive: "call", attributes: { body: 0.5 }, operands: [0] }),
      "nodes[1].attributes.body: expected an integer (an attribute of call), got 0.5"
    ],
    [
      "a body deep in attributes that is not there",
      withBody({
        primitive: "whileLoop",
        attributes: { condition: 0, consts: 0, sweeps: [{ body: 7, states: 1, records: 0 }] },
        operands: [0]
      }),
      "nodes[1].attributes.sweeps[0].body: expected the index of one of the 1 bodies before this one, got 7"
    ],
    [
      "a count that is not one",
      withBody({ primitive: "map", attributes: { body: 0, consts: 0, size: "2", summed: 0 }, operands: [0] }),
      'nodes[1].attributes.size: expected number (an attribute of map), got "2"'
    ],
    [
      "a count that is NaN for JSON",
      withBody({ primitive: "map", attributes: { body: 0, consts: null, size: 2, summed: 0 }, operands: [0] }),
      "nodes[1].attributes.consts: expected number (an attribute of map), got null"
    ],
    [
      "a negative length",
      withBody({
        primitive: "scan",
        attributes: { body: 0, consts: 0, carries: 1, length: -1, reverse: false },
        operands: [0]
      }),
      "nodes[1].attributes.length: expected a non-negative integer (an attribute of scan), got -1"
    ],
    [
      "a length that no integer is",
      withBody({
        primitive: "scan",
        attributes: { body: 0, consts: 0, carries: 1, length: 2 ** 60, reverse: false },
        operands: [0]
      }),
      "nodes[1].attributes.length: expected an integer (an attribute of scan), got 1152921504606847000"
    ],
    [
      "operands that a body does not take",
      withBody({ primitive: "call", attributes: { body: 0 }, operands: [0, 0] }),
      "nodes[1]: expected operands and attributes that call accepts, got real[], real[]: operands: expected 1, got 2"
    ],
    [
      "more constants than operands",
      withBody({ primitive: "map", attributes: { body: 0, consts: 2, size: 1, summed: 0 }, operands: [0] }),
      "nodes[1]: expected operands and attributes that map accepts, got real[]: consts is 2, expected an integer from 0 to 1"
    ],
    [
      "a loop of no sweeps",
      withBody({ primitive: "whileLoop", attributes: { condition: 0, consts: 0, sweeps: [] }, operands: [] }),
      "nodes[1]: expected operands and attributes that whileLoop accepts, got no operands: expected at least one sweep"
    ],
    [
      "a control primitive as an operand",
      withBody({ primitive: "call", attributes: { body: 0 }, operands: [0] }, { primitive: "exp", operands: [1] }),
      "nodes[2].operands[0]: expected the index of an array, got the control primitive call (project one of its results)"
    ],
    [
      "a control primitive as a result",
      withBody({ primitive: "call", attributes: { body: 0 }, operands: [0] }),
      "results[0]: expected the index of an array, got the control primitive call (project one of its results)"
    ],
    [
      "a result of an array",
      scalarProgram({ project: 0, index: 0 }),
      "nodes[1].project: expected the index of a control primitive, got an array real[]"
    ],
    [
      "a result that is not there",
      withBody({ primitive: "call", attributes: { body: 0 }, operands: [0] }, { project: 1, index: 1 }),
      "nodes[2].index: expected the index of one of the 1 results of call, got 1"
    ],
    [
      "a projection and a primitive",
      scalarProgram({ project: 0, primitive: "exp", operands: [0] }),
      "nodes[1]: expected a constant, a primitive with operands, or a result to project, got several of them"
    ]
  ])("%s", (_, data, message) => {
    expect(refusal(data)).toBe(message)
    // Text and data are the same.
    expect(refusal(JSON.parse(JSON.stringify(data)))).toBe(message)
  })
})

/** Calls `f`, which must answer soon and without much memory. */
const soon = <A>(f: () => A): A => {
  const started = performance.now()
  const before = process.memoryUsage.rss()
  const result = f()
  expect(performance.now() - started).toBeLessThan(5000)
  expect(process.memoryUsage.rss() - before).toBeLessThan(1e9)
  return result
}

describe("decoding is bounded", () => {
  it("giant shapes allocate nothing", () => {
    const broadcast = (shape: ReadonlyArray<number>) => ({
      ...scalarProgram({ primitive: "broadcastTo", attributes: { shape }, operands: [0] }),
      outputs: shape
    })
    const f = soon(() => decode(broadcast([2 ** 40])))
    expect(Fn.leaves(f).outputs[0]!.shape).toEqual([2 ** 40])
    expect(soon(() => refusal(broadcast([2 ** 53])))).toMatch("outputs[0]: expected a dimension")
    expect(soon(() => refusal(broadcast([2 ** 27, 2 ** 27])))).toMatch(
      "outputs: expected a shape of at most 2^53 elements"
    )
    expect(soon(() => refusal({ ...broadcast([2 ** 27, 2 ** 27]), outputs: [] }))).toMatch("too many elements")
    expect(soon(() => refusal(broadcast(new Array<number>(1e6).fill(1))))).toMatch("at most 64 axes, got 1000000 axes")
    expect(soon(() => refusal({ ...broadcast(new Array<number>(65).fill(1)), outputs: [] }))).toMatch(
      "attributes.shape"
    )
    for (const constant of [
      { elementType: "real", shape: [2 ** 40], data: [] },
      { elementType: "real", shape: [2 ** 40], base64: "" },
      { elementType: "real", shape: [2 ** 24], base64: "" },
      { elementType: "bool", shape: [2 ** 27], data: [true] }
    ]) {
      expect(soon(() => refusal(scalarProgram({ constant })))).toMatch(/^nodes\[1\]\.constant/)
    }
  })

  it("shapes that overflow on the way", () => {
    // The sum over an empty axis would have 2^80 elements.
    const x = { elementType: "real", shape: [2 ** 40, 2 ** 40, 0] }
    const sum = { primitive: "sum", attributes: { axes: [2] }, operands: [0] }
    const data = { fluxion: 1, inputs: x, outputs: [], nodes: [{ input: 0 }, sum], results: [1] }
    expect(refusal(data)).toMatch("nodes[1]: expected a result with a shape of at most 2^53 elements")
    const pad = {
      primitive: "pad",
      attributes: { low: [2 ** 53 - 1], high: [2 ** 53 - 1], interior: [0], value: 0 },
      operands: [0]
    }
    expect(refusal({ ...data, inputs: [1], nodes: [{ input: 0 }, pad] })).toMatch("nodes[1]: expected operands")
    // Ranks double with each gather.
    const gather = (i: number) => ({ primitive: "gather", attributes: { axis: 0 }, operands: [i, i] })
    const gathers = {
      ...data,
      inputs: { elementType: "index", shape: [1, 1, 1] },
      nodes: [{ input: 0 }, gather(0), gather(1), gather(2), gather(3), gather(4), gather(5)]
    }
    expect(refusal(gathers)).toMatch("nodes[5]: expected a result with a shape of at most 64 axes, got 65 axes")
  })

  it("deep nesting", () => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
      ["[[2],", "]"]
    ] as const) {
      const nested = JSON.parse(`${open.repeat(100_000)}[]${close.repeat(100_000)}`) as unknown
      const message = soon(() => refusal({ ...scalarProgram(), inputs: nested }))
      expect(message).toMatch("expected a specification nested at most 128 deep")
      expect(message.length).toBeLessThan(500)
      for (const data of [
        nested,
        { ...scalarProgram(), fluxion: nested },
        { ...scalarProgram(), outputs: nested },
        { ...scalarProgram(), nodes: nested },
        { ...scalarProgram(), results: nested },
        { ...scalarProgram(), bodies: nested },
        scalarProgram(nested),
        scalarProgram({ constant: nested }),
        scalarProgram({ primitive: nested, operands: [0] }),
        scalarProgram({ primitive: "exp", operands: nested }),
        scalarProgram({ primitive: "exp", attributes: nested, operands: [0] }),
        scalarProgram({ primitive: "sum", attributes: { axes: nested }, operands: [0] })
      ]) {
        expect(soon(() => refusal(data))).not.toBe("decoded")
        expect(Result.isFailure(Schema.decodeUnknownResult(Fn.schema)(data))).toBe(true)
      }
      const whole = `{"fluxion":1,"inputs":${open.repeat(100_000)}[]${close.repeat(100_000)}}`
      expect(Result.isFailure(Schema.decodeUnknownResult(Schema.fromJsonString(Fn.schema))(whole))).toBe(true)
    }
  })

  it("references that are cycles, or say much with little", () => {
    const cycle: { [key: string]: unknown } = {}
    cycle["self"] = cycle
    expect(soon(() => refusal({ ...scalarProgram(), inputs: cycle }))).toMatch("nested at most 128 deep")
    const loop: Array<unknown> = []
    loop.push(loop)
    expect(soon(() => refusal({ ...scalarProgram(), inputs: loop }))).toMatch("nested at most 128 deep")
    expect(soon(() => refusal(scalarProgram(loop)))).not.toBe("decoded")
    let wide: unknown = [[1]]
    for (let i = 0; i < 100; i++) wide = [wide, wide]
    expect(soon(() => refusal({ ...scalarProgram(), inputs: wide }))).toMatch(
      "at most 1048576 entries of specifications"
    )
    let attributes: unknown = []
    for (let i = 0; i < 7; i++) attributes = new Array<unknown>(30).fill(attributes)
    expect(refusal(scalarProgram({ primitive: "sum", attributes: { axes: attributes }, operands: [0] }))).toMatch(
      /values of attributes|nested at most/
    )
    const constant = { elementType: "bool", shape: [2 ** 20], base64: "A".repeat(1398100) + "AA==" }
    const node = { constant }
    const many = Array.from({ length: 300 }, () => node)
    expect(refusal({ ...scalarProgram(), nodes: [{ input: 0 }, ...many] })).toMatch(
      "at most 268435456 bytes of constants in all"
    )
  }, 60_000)

  it("arrays that are longer than they look", () => {
    const sparse: Array<unknown> = []
    sparse.length = 2 ** 32 - 1
    const holed: Array<unknown> = [{ input: 0 }]
    holed.length = 1e6
    for (const hole of [sparse, holed]) {
      for (const data of [
        { ...scalarProgram(), inputs: hole },
        { ...scalarProgram(), outputs: hole },
        { ...scalarProgram(), nodes: hole },
        { ...scalarProgram(), results: hole },
        { ...scalarProgram(), bodies: hole },
        scalarProgram({ constant: { elementType: "real", shape: [hole.length], data: hole } }),
        scalarProgram({ constant: { elementType: "real", shape: hole, data: [] } }),
        scalarProgram({ primitive: "exp", operands: hole }),
        scalarProgram({ primitive: "stack", attributes: { axis: 0 }, operands: hole }),
        scalarProgram({ primitive: "sum", attributes: { axes: hole }, operands: [0] })
      ]) {
        expect(soon(() => refusal(data))).not.toBe("decoded")
      }
    }
  })

  it("text with a million nodes that is wrong at the end", () => {
    const nodes = Array.from({ length: 1e6 }, (_, i) => ({ primitive: "sin", operands: [i] }))
    const data = { ...scalarProgram(), nodes: [{ input: 0 }].concat(nodes as never), results: [1_000_001] }
    expect(refusal(data)).toBe("results[0]: expected the index of one of 1000001 nodes, got 1000001")
  }, 30_000)
})

// What `JSON.parse` cannot give.
const foreign = (): ReadonlyArray<unknown> => {
  const fail = () => {
    throw new Error("not to be seen")
  }
  const traps = { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail, getOwnPropertyDescriptor: fail, set: fail }
  const revoked = Proxy.revocable([], {})
  revoked.revoke()
  const sparse: Array<unknown> = []
  sparse.length = 2 ** 32 - 1
  const cycle: { [key: string]: unknown } = { fluxion: 1 }
  cycle["inputs"] = cycle
  return [
    undefined,
    Symbol("s"),
    10n,
    () => 1,
    new Date(0),
    new Map(),
    new (class {
      readonly input = 0
    })(),
    Float64Array.of(1),
    Object.create({ input: 0 }),
    Object.create(null),
    Object.defineProperty({}, "input", { enumerable: true, get: fail }),
    Object.defineProperty([0], 0, { enumerable: true, get: fail }),
    { toJSON: fail, toString: fail, valueOf: fail, [Symbol.toPrimitive]: fail },
    new Proxy({}, traps),
    new Proxy([], traps),
    new Proxy([0], { get: (target, key) => (key === "length" ? 1e9 : Reflect.get(target, key)) }),
    new Proxy([0], { get: (_, key) => (key === "length" ? Infinity : 0) }),
    new Proxy(() => 1, traps),
    revoked.proxy,
    sparse,
    cycle
  ]
}

describe("decoding what is not JSON", () => {
  it("never throws", () => {
    const places: ReadonlyArray<(x: unknown) => unknown> = [
      (x) => x,
      ...["fluxion", "inputs", "outputs", "nodes", "results", "bodies"].map((key) => (x: unknown) => ({
        ...scalarProgram(),
        [key]: x
      })),
      (x) => ({ ...scalarProgram(), inputs: { a: x } }),
      (x) => ({ ...scalarProgram(), inputs: [[], x] }),
      (x) => ({ ...scalarProgram(), inputs: { elementType: x, shape: [] } }),
      (x) => ({ ...scalarProgram(), inputs: { elementType: "real", shape: x } }),
      (x) => ({ ...scalarProgram(), inputs: { elementType: "real", shape: [x] } }),
      (x) => ({ ...scalarProgram(), nodes: [x] }),
      (x) => ({ ...scalarProgram(), nodes: [{ input: x }] }),
      (x) => ({ ...scalarProgram(), results: [x] }),
      (x) => scalarProgram(x),
      (x) => scalarProgram({ constant: x }),
      ...["elementType", "shape", "data", "base64"].map(
        (key) => (x: unknown) => scalarProgram({ constant: { elementType: "real", shape: [1], data: [1], [key]: x } })
      ),
      (x) => scalarProgram({ constant: { elementType: "real", shape: [1], data: [x] } }),
      (x) => scalarProgram({ primitive: x, operands: [0] }),
      (x) => scalarProgram({ primitive: "exp", operands: x }),
      (x) => scalarProgram({ primitive: "exp", operands: [x] }),
      (x) => scalarProgram({ primitive: "exp", attributes: x, operands: [0] }),
      (x) => scalarProgram({ primitive: "sum", attributes: x, operands: [0] }),
      (x) => scalarProgram({ primitive: "sum", attributes: { axes: x }, operands: [0] }),
      (x) => scalarProgram({ primitive: "sum", attributes: { axes: [x] }, operands: [0] }),
      (x) =>
        scalarProgram({ primitive: "pad", attributes: { low: [], high: [], interior: [], value: x }, operands: [0] })
    ]
    let decoded = 0
    for (const place of places) {
      for (const value of foreign()) {
        const data = place(value)
        const result = soon(() => Serialization.decode(data))
        if (Result.isSuccess(result)) decoded++
        else {
          expect(result.failure).toBeInstanceOf(Serialization.ProgramDecodeError)
          expect(result.failure.message).not.toMatch("not to be seen")
        }
        expect(Result.isResult(Schema.decodeUnknownResult(Fn.schema)(data))).toBe(true)
      }
    }
    // A field that is undefined is one left out, and an object without a prototype is a record without fields.
    expect(decoded).toBeGreaterThan(0)
    expect(decoded).toBeLessThan(10)
  }, 60_000)

  it("reads properties of its own only, and leaves prototypes alone", () => {
    const polluted = JSON.parse(
      `{"fluxion":1,"inputs":{"__proto__":{"polluted":[]},"constructor":{"prototype":{"polluted":[]}}},"outputs":{},` +
        `"nodes":[{"input":0},{"input":1},{"primitive":"exp","operands":[0]}],"results":[]}`
    )
    const f = decode(polluted)
    expect(JSON.stringify(f.inputs)).toBe('{"__proto__":{"polluted":[]},"constructor":{"prototype":{"polluted":[]}}}')
    expect(({} as { readonly polluted?: unknown }).polluted).toBe(undefined)
    const attributes = JSON.parse(`{"axes":[],"__proto__":{"polluted":true}}`)
    expect(refusal(scalarProgram({ primitive: "sum", attributes, operands: [0] }))).toMatch("attributes.__proto__")
    const inherited = Object.create(scalarProgram())
    expect(refusal(inherited)).not.toBe("decoded")
    expect(refusal(scalarProgram(JSON.parse(`{"__proto__":{"constant":1}}`)))).toMatch("nodes[1].__proto__")
  })
})

// -----------------------------------------------------------------------------
// Fuzzing
// -----------------------------------------------------------------------------

const samples = (): ReadonlyArray<string> => fc.sample(program, { numRuns: 300, seed: 11 }).map(text)

const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    1,
    2,
    -1,
    3.5,
    -0,
    64,
    65,
    2 ** 31,
    2 ** 32,
    2 ** 40,
    2 ** 53,
    1e308,
    "",
    "NaN",
    "-0",
    "__proto__",
    "constructor",
    "AAAA",
    "real",
    "index",
    "bool",
    [],
    {},
    [[]],
    [0],
    [1],
    [2 ** 40],
    [0, 0],
    { input: 0 },
    { project: 1, index: 0 },
    { constant: 1 },
    { elementType: "real", shape: [2 ** 40] },
    { elementType: "bool", shape: [] }
  ),
  fc.constantFrom(...Primitive.names, ...Primitive.controlNames),
  fc.jsonValue({ maxDepth: 3 }),
  fc.nat(12)
)

type Json = { [key: string | number]: unknown }

/** All containers of a value, with their keys. */
const slots = (root: unknown): Array<readonly [Json, string]> => {
  const found: Array<readonly [Json, string]> = []
  const pending: Array<unknown> = [root]
  while (pending.length > 0) {
    const container = pending.pop()
    if (typeof container !== "object" || container === null) continue
    for (const key of Object.keys(container)) {
      found.push([container as Json, key])
      pending.push((container as Json)[key])
    }
  }
  return found
}

interface Mutation {
  readonly kind: "set" | "copy" | "swap" | "remove" | "rename" | "insert" | "repeat"
  readonly at: number
  readonly from: number
  readonly value: unknown
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom("set", "set", "copy", "swap", "remove", "rename", "insert", "repeat"),
  at: fc.nat(2 ** 20),
  from: fc.nat(2 ** 20),
  value: hostile
})

const define = (container: Json, key: string, value: unknown): void => {
  Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true })
}

const mutate = (root: Json, { at, from, kind, value: shared }: Mutation): void => {
  const value = structuredClone(shared)
  const all = slots(root)
  if (all.length === 0) return
  const [container, key] = all[at % all.length]!
  const [other, otherKey] = all[from % all.length]!
  const here = container[key]
  switch (kind) {
    case "set":
      return define(container, key, value)
    case "copy":
      return define(container, key, structuredClone(other[otherKey]))
    case "swap":
      define(container, key, structuredClone(other[otherKey]))
      return define(other, otherKey, structuredClone(here))
    case "remove":
      if (Array.isArray(container)) container.splice(Number(key), 1)
      else delete container[key]
      return
    case "rename":
      if (Array.isArray(container)) return
      delete container[key]
      return define(container, typeof value === "string" ? value : otherKey, here)
    case "insert":
      if (Array.isArray(container)) container.splice(Number(key), 0, value)
      else define(container, typeof value === "string" ? value : "__proto__", structuredClone(other[otherKey]))
      return
    case "repeat":
      if (Array.isArray(container)) container.push(...structuredClone(container).slice(0, 100))
  }
}

/** Decodes; what is decoded has to encode, and to come back as the same program. */
const isTotal = (data: unknown): boolean => {
  const started = performance.now()
  const result = Serialization.decode(data)
  expect(performance.now() - started).toBeLessThan(2000)
  if (Result.isFailure(result)) {
    const { actual, expected, message } = result.failure
    if (!(result.failure instanceof Serialization.ProgramDecodeError)) throw new Error("another error")
    if (expected === "" || actual === "" || message.length > 4000) throw new Error(`a poor message: ${message}`)
    return false
  }
  const encoded = text(result.success)
  if (text(decode(JSON.parse(encoded))) !== encoded) throw new Error("not stable")
  return true
}

describe("fuzzing", () => {
  it("mutated programs are programs or errors", () => {
    const seeds = samples()
    let decoded = 0
    let total = 0
    fc.assert(
      fc.property(fc.nat(seeds.length - 1), fc.array(mutation, { minLength: 1, maxLength: 3 }), (i, mutations) => {
        const data = JSON.parse(seeds[i]!) as Json
        for (const m of mutations) mutate(data, m)
        total++
        if (isTotal(data)) decoded++
      }),
      runs(60_000)
    )
    // Some mutations give other programs; most give none.
    expect(decoded).toBeGreaterThan(total / 100)
    expect(decoded).toBeLessThan(total / 2)
  }, 600_000)

  it("mutated text is programs or errors", () => {
    const seeds = samples()
    const codec = Schema.fromJsonString(Fn.schema)
    const edit = fc.record({
      at: fc.nat(2 ** 20),
      length: fc.nat(4),
      text: fc.oneof(
        fc.string({ maxLength: 3 }),
        fc.constantFrom("0", "9", "-", "e", ".", "[", "]", "{", "}", ",", '"', "null", "1e999")
      )
    })
    fc.assert(
      fc.property(fc.nat(seeds.length - 1), fc.array(edit, { minLength: 1, maxLength: 2 }), (i, edits) => {
        let mutated = seeds[i]!
        for (const { at, length, text } of edits) {
          const start = at % mutated.length
          mutated = mutated.slice(0, start) + text + mutated.slice(start + length)
        }
        const result = Schema.decodeUnknownResult(codec)(mutated)
        if (Result.isFailure(result)) {
          if (!Schema.isSchemaError(result.failure)) throw new Error("another error")
        } else isTotal(encode(result.success))
      }),
      runs(20_000)
    )
  }, 600_000)

  it("random JSON is a program or an error", () => {
    const part = hostile
    const node = fc.oneof(
      fc.record({ project: fc.oneof(fc.nat(3), part), index: fc.oneof(fc.nat(2), part) }),
      fc.record({
        primitive: fc.constantFrom(...Primitive.controlNames),
        attributes: fc.oneof(
          fc.dictionary(
            fc.constantFrom("body", "consts", "carries", "length", "reverse", "size", "summed", "sweeps", "condition"),
            fc.oneof(fc.nat(1), part)
          ),
          fc.constantFrom<unknown>(
            { body: 0 },
            { body: 0, consts: 0, carries: 1, length: 2 ** 40, reverse: true },
            { body: 0, consts: 0, size: 3, summed: 1 },
            { whenTrue: 0, whenFalse: 1 },
            { condition: 1, consts: 0, sweeps: [{ body: 0, states: 1, records: 0 }] }
          )
        ),
        operands: fc.array(fc.nat(3), { maxLength: 3 })
      }),
      fc.record({ input: part }),
      fc.record({ constant: part }),
      fc.record({
        primitive: fc.oneof(fc.constantFrom(...Primitive.names), part),
        operands: fc.oneof(fc.array(fc.nat(3), { maxLength: 3 }), part)
      }),
      fc.record({
        primitive: fc.constantFrom(...Primitive.names),
        attributes: fc.oneof(
          part,
          fc.dictionary(fc.constantFrom("axes", "axis", "shape", "reverse", "__proto__"), part)
        ),
        operands: fc.array(fc.nat(3), { maxLength: 3 })
      }),
      part
    )
    const body = fc.record({
      inputs: fc.oneof(
        fc.array(fc.constant({ label: "x", elementType: "real", shape: [] }), { maxLength: 2 }),
        fc.array(fc.record({ label: part, elementType: part, shape: part }), { maxLength: 2 }),
        part
      ),
      nodes: fc.array(node, { maxLength: 4 }),
      results: fc.oneof(fc.array(fc.nat(4), { maxLength: 3 }), part)
    })
    const like = fc.record(
      {
        fluxion: fc.oneof({ weight: 9, arbitrary: fc.constant<unknown>(1) }, part),
        inputs: fc.oneof(spec, part),
        outputs: fc.oneof(spec, part),
        nodes: fc.oneof(fc.array(node, { maxLength: 5 }), part),
        results: fc.oneof(fc.array(fc.nat(4), { maxLength: 3 }), part),
        bodies: fc.oneof(fc.array(body, { maxLength: 2 }), part)
      },
      { requiredKeys: ["fluxion"] }
    )
    fc.assert(
      fc.property(
        fc.oneof(
          like,
          fc.jsonValue(),
          fc.anything({
            withDate: true,
            withMap: true,
            withNullPrototype: true,
            withSparseArray: true,
            withTypedArray: true,
            withBigInt: true,
            withObjectString: true,
            withBoxedValues: true
          })
        ),
        (data) => {
          isTotal(data)
        }
      ),
      runs(20_000)
    )
  }, 600_000)
})

// -----------------------------------------------------------------------------
// Control flow
// -----------------------------------------------------------------------------

describe("control flow", () => {
  const running = Fn.make({ xs: [3], rate: [] }, ({ rate, xs }) =>
    Expr.scan((total, x) => [Expr.add(Expr.mul(rate, total), x), total], 0, xs)
  ) as unknown as Fn.Any

  it("is encoded as this", () => {
    expect(encode(running)).toEqual({
      fluxion: 1,
      bodies: [
        {
          inputs: [
            { label: "rate", elementType: "real", shape: [] },
            { label: "carry", elementType: "real", shape: [] },
            { label: "xs", elementType: "real", shape: [] }
          ],
          nodes: [
            { input: 0 },
            { input: 1 },
            { input: 2 },
            { primitive: "mul", operands: [0, 1] },
            { primitive: "add", operands: [3, 2] }
          ],
          results: [4, 1]
        }
      ],
      inputs: { xs: [3], rate: [] },
      outputs: [[], [3]],
      nodes: [
        { input: 0 },
        { input: 1 },
        { constant: 0 },
        {
          primitive: "scan",
          attributes: { body: 0, consts: 1, carries: 1, length: 3, reverse: false },
          operands: [1, 2, 0]
        },
        { project: 3, index: 0 },
        { project: 3, index: 1 }
      ],
      results: [4, 5]
    })
  })

  it("keeps what is shared: bodies that are one stay one", () => {
    const square = Fn.make([], (x) => Expr.mul(x, x))
    const twice = Fn.make([], (x) => Fn.call(square, Fn.call(square, x)))
    const f = Fn.make([], (x) =>
      Expr.cond(
        Expr.gt(x, 0),
        () => Expr.add(Fn.call(twice, x), Fn.call(square, x)),
        () => Fn.call(square, x)
      )
    ) as unknown as Fn.Any
    const { bodies = [] } = encode(f)
    const held = bodies.map(({ nodes }) => nodes.flatMap((node) => ("attributes" in node ? [node.attributes] : [])))
    // The square; the branch when false; twice; the branch when true.
    expect(held).toEqual([[], [{ body: 0 }], [{ body: 0 }, { body: 0 }], [{ body: 2 }, { body: 0 }]])
    expect(difference(f, decode(JSON.parse(text(f))))).toBe(undefined)
  })

  it("leaves out results that nothing uses, and comes back without them", () => {
    const f = Fn.make({ xs: [3] }, ({ xs }) => Expr.scan((c, x) => [Expr.add(c, x), [c, x]], 0, xs)[1][1])
    expect(encode(f as unknown as Fn.Any).nodes.slice(-1)).toEqual([{ project: 2, index: 2 }])
    const g = decode(JSON.parse(text(f as unknown as Fn.Any))) as unknown as typeof f
    expect(`${Fn.runSync(g, { xs: Tensor.make([5, 6, 7]) })}`).toBe("[5, 6, 7]")
  })

  it("prints the same when it was decoded", () => {
    fc.assert(
      fc.property(program, (f) => {
        const g = decode(JSON.parse(text(f)))
        expect(Formula.print(g)).toBe(Formula.print(f))
        expect(String(g)).toBe(String(f))
      }),
      runs(300)
    )
  })

  /** f(x) = g(g(x)) with a call each, `depth` levels deep. */
  const doubling = (depth: number): Fn.Any => {
    let f: Fn.Fn<readonly [], readonly []> = Fn.make([], (x) => Expr.mul(x, 0.5))
    for (let i = 0; i < depth; i++) {
      const g = f
      f = Fn.make([], (x) => Expr.add(Fn.call(g, x), Fn.call(g, x)))
    }
    return f as unknown as Fn.Any
  }

  it("nests deep, and doubles at each level, without growing", () => {
    const f = soon(() => doubling(10_000))
    const encoded = soon(() => text(f))
    expect(encode(f).bodies).toHaveLength(10_000)
    expect(soon(() => text(decode(JSON.parse(encoded))))).toBe(encoded)
  }, 60_000)

  it("refers to earlier bodies only, so that nothing holds itself", () => {
    const body = (reference: unknown) => ({
      inputs: [{ label: "x", elementType: "real", shape: [] }],
      nodes: [
        { input: 0 },
        { primitive: "call", attributes: { body: reference }, operands: [0] },
        { project: 1, index: 0 }
      ],
      results: [2]
    })
    for (const reference of [0, 1, 2 ** 53 - 1]) {
      expect(refusal({ ...scalarProgram(), bodies: [body(reference), body(0)] })).toBe(
        `bodies[0].nodes[1].attributes.body: expected the index of one of the 0 bodies before this one, got ${reference}`
      )
    }
    for (const reference of [-1, 0.5, "0", null, {}, [], "__proto__", true]) {
      expect(refusal({ ...scalarProgram(), bodies: [body(reference)] })).toMatch("bodies[0].nodes[1].attributes.body")
    }
    expect(refusal({ ...scalarProgram(), bodies: [sine, body(0), body(1), body(2)] })).toBe("decoded")
  })

  it("takes the last of several fields of one name, as JSON.parse does", () => {
    const called = text(
      Fn.make([], (x) =>
        Fn.call(
          Fn.make([], (y) => Expr.sin(y)),
          x
        )
      ) as unknown as Fn.Any
    )
    const body = `"attributes":{"body":0}`
    expect(called).toContain(body)
    const twice = called.replace(
      body,
      `"attributes":{"body":7},"attributes":{"body":"0","__proto__":{"body":0},"body":0}`
    )
    expect(refusal(JSON.parse(twice))).toBe(
      "nodes[1].attributes.__proto__: expected no excess property (an attribute of call), got an object"
    )
    const repeated = called.replace(body, `"attributes":{"body":7},"attributes":{"body":"0","body":0}`)
    expect(text(decode(JSON.parse(repeated)))).toBe(called)
  })

  it("has bounds on what a little data may ask for", () => {
    // A body of many inputs or outputs, referred to often.
    const outputs = { inputs: [], nodes: [{ constant: 1 }], results: new Array<number>(2 ** 18).fill(0) }
    const call = { primitive: "call", attributes: { body: 0 }, operands: [] }
    const calls = (count: number) => ({
      ...scalarProgram(...Array.from({ length: count }, () => call)),
      bodies: [outputs]
    })
    expect(soon(() => refusal({ ...calls(15), results: [0] }))).toBe("decoded")
    expect(soon(() => refusal(calls(1000)))).toBe(
      "nodes[17].attributes.body: expected at most 4194304 inputs and outputs of the bodies that control primitives refer to in all, got more"
    )
    const inputs = Array.from({ length: 2 ** 14 }, () => ({ label: "x", elementType: "real", shape: [] }))
    const wide = { inputs, nodes: inputs.map((_, input) => ({ input })), results: [] }
    const sweeps = Array.from({ length: 10_000 }, () => ({ body: 0, states: 0, records: 0 }))
    const loop = {
      primitive: "whileLoop",
      attributes: { condition: 0, consts: inputs.length, sweeps },
      operands: inputs.map(() => 0)
    }
    expect(soon(() => refusal({ ...scalarProgram(loop), bodies: [wide] }))).toMatch(
      "at most 4194304 inputs and outputs"
    )
    expect(soon(() => refusal({ ...scalarProgram(), bodies: Array.from({ length: 100 }, () => wide) }))).toMatch(
      "at most 1048576 entries of specifications"
    )
    // Counts are bounded by the shapes that they make, as those of other primitives are.
    const none = { inputs: [], nodes: [{ constant: 1 }], results: [0] }
    const stacking = (size: number) => ({
      ...scalarProgram(
        { primitive: "map", attributes: { body: 0, consts: 0, size, summed: 0 }, operands: [] },
        { project: 1, index: 0 }
      ),
      bodies: [none],
      outputs: [size]
    })
    expect(soon(() => refusal(stacking(2 ** 40)))).toBe("decoded")
    const table = {
      inputs: [],
      nodes: [{ constant: 1 }, { primitive: "broadcastTo", attributes: { shape: [2 ** 30] }, operands: [0] }],
      results: [1]
    }
    expect(soon(() => refusal({ ...stacking(2 ** 40), bodies: [table] }))).toMatch(/^nodes\[1\]: expected .* elements/)
    const ranks = {
      inputs: [],
      nodes: [
        { constant: 1 },
        { primitive: "broadcastTo", attributes: { shape: new Array<number>(64).fill(1) }, operands: [0] }
      ],
      results: [1]
    }
    expect(refusal({ ...stacking(1), bodies: [ranks] })).toBe(
      "nodes[1]: expected a result with a shape of at most 64 axes, got 65 axes"
    )
  }, 60_000)

  it("must have closed bodies, and attributes that are data", () => {
    const scalar = Type.real([])
    const failure = (build: (x: Node) => Node): string => {
      const f = Fn.unsafeFromLeaves([], [], ([x]) => [build(x as unknown as Node) as unknown as Expr.Any])
      const result = Serialization.encode(f)
      return Result.isFailure(result) ? result.failure.message : "encoded"
    }
    const [x, outer] = [input("x", scalar), input("outer", scalar)]
    const open: Body.Body = { inputNodes: [x], outputNodes: [applyTyped("add", {}, [x, outer], scalar)] }
    expect(failure((y) => control("call", { body: open }, [y], [scalar])[0]!)).toBe(
      'bodies[0].nodes[1]: expected an input of the program itself, got the input "outer" of another program'
    )
    const closed = Body.make([scalar], (inputs) => inputs)
    expect(failure((y) => control("call", { body: () => closed }, [y], [scalar])[0]!)).toBe(
      "nodes[1].attributes.body: expected attributes of call that are data, got Expected a body"
    )
    expect(failure((y) => applyTyped("cumsum", { axis: 0, reverse: () => true }, [y], scalar))).toBe(
      "nodes[1].attributes.reverse: expected attributes of cumsum that are data, got Expected boolean"
    )
    expect(failure((y) => applyTyped("unheard" as Primitive.Name, {}, [y], scalar))).toBe(
      'nodes[1].primitive: expected a known primitive, got "unheard"'
    )
  })

  it("has names of inputs that mean something to JavaScript", () => {
    const f = Fn.make({ n: [] }, ({ n }) => {
      const init = JSON.parse(`{"__proto__":1,"constructor":2}`) as { readonly [key: string]: number }
      const carry = Expr.iterate(2, (c) => JSON.parse("{}", () => c) as typeof c, init as { readonly x: number })
      return Expr.mul(n, (carry as unknown as { readonly [key: string]: Expr.Expr<readonly []> })["constructor"]!)
    }) as unknown as Fn.Any
    const g = decode(JSON.parse(text(f)))
    expect(difference(f, g)).toBe(undefined)
    expect(Fn.runSync(g as unknown as Fn.Fn<{ n: [] }, []>, { n: 3 })).toBe(6)
  })
})

describe("programs from rules", () => {
  it("that Operations write come back", () => {
    const f = Fn.unsafeFromLeaves({ x: [2, 3] }, [], ([x]) => {
      const ops = Operations.make(Fn.expressions)
      const total = ops.sum(ops.mulStrongZero(x!, ops.select(ops.gt(x!, ops.zeros([2, 3])), 1, -Infinity)), [0, 1])
      return [ops.dot(total, total, { left: [], right: [], output: [], strongZero: true })]
    })
    expect(difference(f, decode(JSON.parse(text(f))))).toBe(undefined)
  })
})
