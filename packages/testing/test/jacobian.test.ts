// Jacobians as programs against their columns and rows one by one, as numbers: the same bits. Their size, and what they compute once.

import { type Algebra, Body, Expr, Fn, Primitive, Shape, Tensor, Tree, Type } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Arbitraries } from "../src/index.ts"

const basis = (spec: Tree.Spec, leaf: number, element: number): unknown =>
  Tree.fromTensors(
    spec,
    Tree.leaves(spec).map(({ type }, i) => {
      const data = new Float64Array(Shape.size(type.shape))
      if (i === leaf) data[element] = 1
      return Tensor.fromArray(data, type.shape)
    })
  )

/** The blocks of a Jacobian, output by output and input by input, from one evaluation for each column (row). */
const columns = (f: Fn.Any, at: unknown): ReadonlyArray<Float64Array> => {
  const [from, to] = [Tree.tangentSpec(f.inputs), Tree.tangentSpec(f.outputs as Tree.Spec)]
  const [inputs, outputs] = [Tree.leaves(from), Tree.leaves(to)]
  const blocks = outputs.map((o) =>
    inputs.map((i) => new Float64Array(Shape.size(o.type.shape) * Shape.size(i.type.shape)))
  )
  inputs.forEach(({ type }, i) => {
    const size = Shape.size(type.shape)
    for (let k = 0; k < size; k++) {
      const { tangents } = Forward.evaluate(f as Fn.Fn<Tree.Spec, Tree.Spec>, {
        primals: at as never,
        tangents: basis(from, i, k) as never
      })
      Tree.toTensors("test", to, tangents).forEach(({ data }, o) =>
        data.forEach((x, j) => (blocks[o]![i]![j * size + k] = x))
      )
    }
  })
  return blocks.flat()
}

const rows = (f: Fn.Any, at: unknown): ReadonlyArray<Float64Array> => {
  const [from, to] = [Tree.tangentSpec(f.inputs), Tree.tangentSpec(f.outputs as Tree.Spec)]
  return Tree.leaves(to).flatMap(({ type }, o) => {
    const pulled = Array.from({ length: Shape.size(type.shape) }, (_, k) =>
      Tree.toTensors(
        "test",
        from,
        Reverse.evaluate(f as Fn.Fn<Tree.Spec, Tree.Spec>, {
          primals: at as never,
          cotangents: basis(to, o, k) as never
        }).cotangents
      )
    )
    return Tree.leaves(from).map((leaf, i) =>
      Float64Array.from(pulled.flatMap((row) => Array.from(row[i]!.data))).slice(
        0,
        pulled.length * Shape.size(leaf.type.shape)
      )
    )
  })
}

const blocksOf = (jacobian: Fn.Any, at: unknown): ReadonlyArray<Float64Array> =>
  Tree.toTensors(
    "test",
    jacobian.outputs as Tree.Spec,
    Fn.runSync(jacobian as Fn.Fn<Tree.Spec, Tree.Spec>, at as never)
  ).map(({ data }) => data as Float64Array)

/** Bit for bit, but for the sign of zeros: what is zero by structure is positive. */
const expectSame = (actual: ReadonlyArray<Float64Array>, expected: ReadonlyArray<Float64Array>): void => {
  const unsigned = (blocks: ReadonlyArray<Float64Array>) => blocks.map((block) => Array.from(block, (x) => x + 0))
  expect(unsigned(actual)).toEqual(unsigned(expected))
}

const forward = (f: Fn.Any): Fn.Any => Forward.jacobian(f as Fn.Fn<Tree.Spec, Tree.Spec>)
const reverse = (f: Fn.Any): Fn.Any => Reverse.jacobian(f as Fn.Fn<Tree.Spec, Tree.Spec>)

describe("a Jacobian is its columns, and its rows", () => {
  it("of random programs and their gradients", () => {
    fc.assert(
      fc.property(Arbitraries.program({ maxOperations: 10, maxSize: 20, kinks: "allow" }), ({ fn, inputs }) => {
        for (const f of [fn, Reverse.grad(fn)] as ReadonlyArray<Fn.Any>) {
          expectSame(blocksOf(forward(f), inputs), columns(f, inputs))
          expectSame(blocksOf(reverse(f), inputs), rows(f, inputs))
        }
      }),
      { numRuns: 60 }
    )
  })

  type Vector = Expr.Expr<readonly [3]>
  type Scalar = Expr.Expr<readonly []>
  const called = Fn.make({ v: [3], x: [] }, ({ v, x }) => Expr.mul(Expr.sin(v), x))
  const custom = Expr.customJvp(called, ({ primals: { v, x }, tangents }) =>
    Expr.add(Expr.mul(Expr.mul(Expr.cos(v), x), tangents.v), Expr.mul(Expr.sin(v), tangents.x))
  )
  const loops: Readonly<Record<string, (x: Scalar, v: Vector) => Vector>> = {
    map: (x, v) => Expr.map((vi: Scalar) => Expr.mul(Expr.sin(vi), x), v),
    scan: (x, v) => Expr.scan((c: Scalar, vi: Scalar) => [Expr.sin(Expr.add(Expr.mul(c, vi), x)), c], x, v)[1],
    cond: (x, v) =>
      Expr.cond(
        Expr.gt(x, 0),
        () => Expr.mul(v, x),
        () => Expr.exp(v)
      ),
    whileLoop: (x, v) =>
      Expr.whileLoop(
        (w: Vector) => Expr.lt(Expr.sum(w), 20),
        (w: Vector) => Expr.add(Expr.mul(w, Expr.add(2, Expr.sin(x))), 1),
        v
      ),
    "Fn.call": (x, v) => Fn.call(called, { v: Fn.call(called, { v, x }), x }),
    "a custom rule": (x, v) => Fn.apply(custom, { v: Fn.apply(custom, { v, x }), x })
  }
  it.each(Object.entries(loops))("through %s, and what follows it", (_, body) => {
    const f = Fn.make({ x: [], v: [3] }, ({ v, x }) => {
      const y = body(x, Expr.exp(v))
      return { last: Expr.sum(Expr.sin(y)), all: Expr.mul(y, v) }
    })
    for (const x of [-0.5, 0.75]) {
      const at = { x, v: Tensor.make([0.3, -0.2, 0.9]) }
      expectSame(blocksOf(forward(f), at), columns(f, at))
      expectSame(blocksOf(reverse(f), at), rows(f, at))
      // Of the derivative again: Jacobians are programs like any other.
      const gradient = Reverse.grad(Fn.make({ x: [], v: [3] }, (at) => Fn.apply(f, at).last))
      expectSame(blocksOf(forward(gradient), at), columns(gradient, at))
      expectSame(blocksOf(reverse(gradient), at), rows(gradient, at))
    }
  })

  it("where inputs and outputs have no elements, or one, or are not real", () => {
    const f = Fn.make({ a: [0, 2], b: [1, 1], c: [2], i: Type.index([2]) }, ({ a, b, c, i }) => ({
      a: Expr.exp(a),
      b: Expr.mul(b, Expr.sum(a)),
      c: Expr.gather(Expr.mul(c, Expr.reshape(b, [1])), i),
      i
    }))
    const at = { a: Tensor.zeros([0, 2]), b: Tensor.make([[3]]), c: Tensor.make([5, 7]), i: Tensor.index([1, 1]) }
    expectSame(blocksOf(forward(f), at), columns(f, at))
    expectSame(blocksOf(reverse(f), at), rows(f, at))
    const { c } = Fn.runSync(Forward.jacobian(f), at)
    expect([`${c.c}`, `${c.b}`, c.a.shape]).toEqual(["[[0, 3], [0, 3]]", "[[[7]], [[7]]]", [2, 0, 2]])
  })

  it("of a program that captures what the Jacobian is differentiated with respect to", () => {
    // J = diag(y cos x): the derivative of its sum by y is the sum of cos x.
    for (const jacobian of [Forward.jacobian, Reverse.jacobian]) {
      const f = Fn.make({ x: [2], y: [] }, ({ x, y }) =>
        Expr.sum(Fn.apply(jacobian(Fn.make([2], (z) => Expr.mul(Expr.sin(z), y))), x))
      )
      const expected = Math.cos(1) + Math.cos(2)
      for (const mode of [forward, reverse]) {
        const [, byY] = blocksOf(mode(f), { x: Tensor.make([1, 2]), y: 3 })
        expect(byY![0]).toBeCloseTo(expected, 14)
      }
    }
  })

  it("inside of a map", () => {
    const jacobian = Forward.jacobian(Fn.make([2], (x) => Expr.mul(x, x)))
    const f = Fn.make([3, 2], (xs) => Expr.map((x) => Fn.apply(jacobian, x), xs))
    const at = Tensor.make([
      [1, 2],
      [3, 4],
      [5, 6]
    ])
    expect(`${Fn.runSync(f, at)}`).toBe("[[[2, 0], [0, 4]], [[6, 0], [0, 8]], [[10, 0], [0, 12]]]")
  })
})

// -----------------------------------------------------------------------------
// What is computed, and how often
// -----------------------------------------------------------------------------

/** Which primitives a program applies outside of bodies, and which anywhere inside of them. */
const applied = (f: Fn.Any): { readonly outside: ReadonlyArray<string>; readonly inside: ReadonlyArray<string> } => {
  const bodies: Array<Primitive.Body> = []
  const visit = (u: unknown): void => {
    if (typeof u !== "object" || u === null) return
    if ("outputNodes" in u) bodies.push(u as Primitive.Body)
    else Object.values(u).forEach(visit)
  }
  const names = (run: (algebra: Algebra<Type.Type>) => unknown): ReadonlyArray<string> => {
    const found: Array<string> = []
    run({
      apply: (primitive, attributes, operands, type) => {
        found.push(primitive)
        return type ?? Primitive.definitions[primitive].type(attributes as never, operands as never)
      },
      applyMany: (primitive, attributes, operands, types) => {
        found.push(primitive)
        visit(attributes)
        return types ?? Primitive.controlDefinitions[primitive].types(attributes as never, operands as never)
      },
      constant: (value) => value,
      typeOf: (type) => type
    })
    return found
  }
  const outside = names((algebra) =>
    Fn.interpret(
      f,
      algebra,
      Fn.specs(f).inputLeaves.map(({ type }) => type)
    )
  )
  const inside: Array<string> = []
  while (bodies.length > 0) {
    const body = bodies.pop()!
    inside.push(...names((algebra) => Body.interpret(body, algebra, Body.inputTypes(body))))
  }
  return { outside, inside }
}

describe("the size of a Jacobian", () => {
  const of = (n: number) => Fn.make({ w: [n, n], x: [n] }, ({ w, x }) => Expr.tanh(Expr.matmul(w, Expr.sin(x))))

  it("does not depend on the sizes of inputs and outputs", () => {
    for (const mode of [forward, reverse]) {
      const sizes = [2, 40].map((n) => {
        const { inside, outside } = applied(mode(of(n)))
        return [outside, inside]
      })
      expect(sizes[0]).toEqual(sizes[1])
    }
  })

  it("the primal and its partial derivatives are outside, once", () => {
    for (const mode of [forward, reverse]) {
      const { inside, outside } = applied(mode(of(3)))
      const count = (names: ReadonlyArray<string>, name: string) => names.filter((other) => other === name).length
      expect(["sin", "cos"].map((name) => count(inside, name))).toEqual([0, 0])
      expect(["sin", "cos"].map((name) => count(outside, name))).toEqual([1, 1])
      expect(count(outside, "map")).toBe(mode === forward ? 2 : 1)
    }
  })

  it("the results of a loop are computed outside, so what follows it is too", () => {
    const f = Fn.make([4], (x) => Expr.exp(Expr.fold((c, xi) => Expr.sin(Expr.add(c, xi)), 0, x)))
    const { outside } = applied(Forward.jacobian(f))
    expect(outside.filter((name) => name === "exp" || name === "scan")).toEqual(["scan", "exp"])
  })

  it("blocks that are zero by structure are not computed", () => {
    const f = Fn.make({ x: [3], y: [3] }, ({ x, y }) => ({ a: Expr.sin(x), b: Expr.exp(y) }))
    const at = { x: Tensor.make([1, 2, 3]), y: Tensor.make([4, 5, 6]) }
    for (const mode of [forward, reverse]) {
      const { inside, outside } = applied(mode(f))
      expect(outside.filter((name) => name === "map").length).toBe(2)
      expect(inside.filter((name) => name.startsWith("mul")).length).toBe(2)
    }
    expectSame(blocksOf(forward(f), at), columns(f, at))
  })

  it("an input of one element needs no map", () => {
    const f = Fn.make({ x: [], y: [1] }, ({ x, y }) => Expr.mul(x, Expr.sin(y)))
    expect(applied(Forward.jacobian(f)).outside).not.toContain("map")
    expect(applied(Reverse.jacobian(f)).outside).not.toContain("map")
  })
})
