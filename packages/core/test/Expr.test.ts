import { describe, expect, it } from "vitest"
import { Expr, Fn, Shape, Tensor } from "../src/index.ts"

const thrown = (f: () => unknown): Shape.ShapeError => {
  try {
    f()
  } catch (error) {
    if (error instanceof Shape.ShapeError) return error
    throw error
  }
  throw new Error("expected a ShapeError")
}

/** A dimension the type checker does not know. */
const unknown = (n: number): number => n

const vector = (n: number) => Expr.ones([unknown(n)])

describe("both call styles", () => {
  it("build the same program", () => {
    const x = Expr.constant([1, 2, 3])
    const y = Expr.constant([4, 5, 6])
    for (const f of [Expr.div, Expr.pow, Expr.atan2, Expr.hypot, Expr.rem, Expr.logAddExp, Expr.xlogy]) {
      expect(Fn.evaluate(x.pipe(f(y)))).toEqual(Fn.evaluate(f(x, y)))
    }
    for (const f of [Expr.add, Expr.sub, Expr.mul, Expr.max, Expr.min]) {
      expect(Fn.evaluate(x.pipe(f(y)))).toEqual(Fn.evaluate(f(x, y)))
    }
    expect(`${Fn.evaluate(Expr.sub(x, 1))}`).toBe("[0, 1, 2]")
    expect(`${Fn.evaluate(x.pipe(Expr.sub(1)))}`).toBe("[0, 1, 2]")
    expect(`${Fn.evaluate(Expr.gt(x, 2).pipe(Expr.select(10, 20)))}`).toBe("[20, 20, 10]")
    expect(`${Fn.evaluate(x.pipe(Expr.clamp(1.5, 2.5)))}`).toBe("[1.5, 2, 2.5]")
    expect(Fn.evaluate(x.pipe(Expr.sum()))).toBe(6)
    expect(Fn.evaluate(x.pipe(Expr.einsum("i,i->", y)))).toBe(32)
    expect(Fn.evaluate(x.pipe(Expr.dot(y)))).toBe(32)
    expect(x.pipe(Expr.outer(y)).shape).toEqual([3, 3])
    expect(x.pipe(Expr.reshape([3, 1])).shape).toEqual([3, 1])
    expect(`${Fn.evaluate(x.pipe(Expr.at(-1)))}`).toBe("3")
    expect(`${Fn.evaluate(x.pipe(Expr.leakyRelu(0.5)))}`).toBe("[1, 2, 3]")
  })
})

describe("shape errors", () => {
  it("name the operation, both shapes and the caller's line", () => {
    const error = thrown(() => Expr.add(vector(3), vector(5)))
    expect(error.operation).toBe("add")
    expect(error.shapes).toEqual([[3], [5]])
    expect(error.problem).toBe("cannot broadcast [3] with [5]")
    expect(error.site).toMatch(/Expr\.test\.ts:\d+:\d+$/)
    expect(error.message).toBe(`add: cannot broadcast [3] with [5]\n  at ${error.site}`)
  })

  it("are thrown by every combinator that checks shapes", () => {
    const problems = {
      matmul: thrown(() => Expr.matmul(Expr.ones([unknown(2), 3]), Expr.ones([unknown(4), 2]))).problem,
      einsum: thrown(() => Expr.einsum("ij,jk->ik", Expr.ones([2, unknown(3)]), Expr.ones([unknown(4), 2]))).problem,
      dot: thrown(() => Expr.dot(vector(2), vector(3))).problem,
      reshape: thrown(() => Expr.reshape(vector(6), [4, unknown(2)])).problem,
      concat: thrown(() => Expr.concat([Expr.ones([2, unknown(3)]), Expr.ones([2, unknown(4)])])).problem,
      stack: thrown(() => Expr.stack([vector(3), vector(4)])).problem,
      sum: thrown(() => Expr.sum(vector(3), { axis: unknown(2) })).problem,
      transpose: thrown(() => Expr.transpose(Expr.ones([unknown(2), 3]), [0, unknown(0)])).problem,
      slice: thrown(() => Expr.slice(vector(3), { starts: [1], limits: [unknown(5)] })).problem,
      broadcastTo: thrown(() => Expr.broadcastTo(vector(3), [unknown(4)])).problem,
      squeeze: thrown(() => Expr.squeeze(vector(3), 0)).problem,
      crossEntropy: thrown(() => Expr.crossEntropy(Expr.ones([2, unknown(3)]), Expr.ones([2, unknown(4)]))).problem,
      at: thrown(() => Expr.at(vector(3), 7)).problem
    }
    expect(problems.matmul).toBe("cannot multiply [2,3] by [4,2] as matrices")
    expect(problems.einsum).toBe("einsum ij,jk->ik: j is 3 and 4 in [2,3] and [4,2]")
    expect(problems.dot).toBe("[2] and [3] differ")
    expect(problems.reshape).toBe("cannot reshape [6] (6 elements) to [4,2] (8 elements)")
    expect(problems.concat).toMatch("[2,4]")
    expect(problems.stack).toMatch("[4]")
    expect(problems.sum).toBe("axis 2 is out of range for [3]")
    expect(problems.broadcastTo).toMatch("cannot broadcast [3] to [4]")
    expect(problems.squeeze).toBe("axis 0 of [3] is not 1")
    expect(problems.crossEntropy).toBe("targets [2,4] do not fit logits [2,3]")
    expect(problems.at).toBe("position 7 is out of range for axis 0 of [3]")
    expect(problems.transpose).toBeTypeOf("string")
    expect(problems.slice).toBeTypeOf("string")
  })
})

describe("einsum", () => {
  const a = Expr.constant([
    [1, 2],
    [3, 4]
  ])
  it("takes diagonals, sums alone labels, and permutes", () => {
    expect(Fn.evaluate(Expr.trace(a))).toBe(5)
    expect(`${Fn.evaluate(Expr.einsum("ij,->i", a, 1))}`).toBe("[3, 7]")
    expect(`${Fn.evaluate(Expr.einsum("ij,->ji", a, 2))}`).toBe("[[2, 6], [4, 8]]")
    expect(`${Fn.evaluate(Expr.einsum("ii,j->j", a, Expr.constant([1, 10])))}`).toBe("[5, 50]")
    expect(`${Fn.evaluate(Expr.einsum("ij,ij->ij", a, a))}`).toBe("[[1, 4], [9, 16]]")
  })
  it("multiplies matrices in batches that broadcast", () => {
    const batch = Expr.constant([
      [
        [1, 0],
        [0, 1]
      ],
      [
        [2, 0],
        [0, 2]
      ]
    ])
    expect(`${Fn.evaluate(Expr.matmul(batch, a))}`).toBe("[[[1, 2], [3, 4]], [[2, 4], [6, 8]]]")
    expect(`${Fn.evaluate(Expr.matmul(a, Expr.constant([1, 1])))}`).toBe("[3, 7]")
    expect(`${Fn.evaluate(Expr.matmul(Expr.constant([1, 1]), a))}`).toBe("[4, 6]")
    expect(Expr.matmul(Expr.ones([5, 1, 2, 3]), Expr.ones([4, 3, 6])).shape).toEqual([5, 4, 2, 6])
  })
})

describe("derived functions keep their accuracy", () => {
  it("with large logits", () => {
    expect(`${Fn.evaluate(Expr.softmax(Expr.constant([1e5, 1e5 - 1000])))}`).toBe("[1, 0]")
    expect(Fn.evaluate(Expr.logSumExp(Expr.constant([-1e5, -1e5])))).toBe(-1e5 + Math.LN2)
    expect(Fn.evaluate(Expr.logSumExp(Expr.constant([-Infinity, -Infinity])))).toBe(-Infinity)
    expect(Fn.evaluate(Expr.logSumExp(Expr.constant([Infinity, 0])))).toBe(Infinity)
    expect(`${Fn.evaluate(Expr.logSoftmax(Expr.constant([1e5, 0])))}`).toBe("[0, -100000]")
  })
  it("at the ends of sigmoid and softplus", () => {
    expect(Fn.evaluate(Expr.sigmoid(-740))).toBe(Math.exp(-740))
    expect(Fn.evaluate(Expr.softplus(-740))).toBe(Math.exp(-740))
    expect(Fn.evaluate(Expr.softplus(1e300))).toBe(1e300)
  })
  it("of logAddExp and xlogy at their singular points", () => {
    expect(Fn.evaluate(Expr.logAddExp(-Infinity, -Infinity))).toBe(-Infinity)
    expect(Fn.evaluate(Expr.logAddExp(Infinity, -Infinity))).toBe(Infinity)
    expect(Fn.evaluate(Expr.logAddExp(-Infinity, 3))).toBe(3)
    expect(Fn.evaluate(Expr.xlogy(0, 0))).toBe(0)
    expect(Fn.evaluate(Expr.xlogy(0, NaN))).toBeNaN()
    expect(Fn.evaluate(Expr.xlogy(2, 0))).toBe(-Infinity)
  })
  it("of norms that would overflow or underflow", () => {
    expect(Fn.evaluate(Expr.norm(Expr.constant([1e300, 1e300])))).toBeCloseTo(Math.SQRT2 * 1e300, -290)
    expect(Fn.evaluate(Expr.norm(Expr.constant([3e-310, 4e-310]))) / 5e-310).toBeCloseTo(1, 12)
    expect(Fn.evaluate(Expr.norm(Expr.zeros([3])))).toBe(0)
    expect(Fn.evaluate(Expr.norm(Expr.constant([Infinity, 1])))).toBe(Infinity)
  })
})

describe("activations", () => {
  it("vanish at -Infinity, where a plain product would be NaN", () => {
    for (const f of [Expr.gelu, Expr.silu]) expect(Math.abs(Fn.evaluate(f(-Infinity)))).toBe(0)
  })
})

describe("lists of arrays", () => {
  it("stack and concatenate whatever their length, but not none", () => {
    const list: ReadonlyArray<Expr.Expr<readonly [2]>> = Array.from({ length: 3 }, (_, i) =>
      Expr.add(Expr.ones([2]), i)
    )
    expect(`${Fn.evaluate(Expr.stack(list))}`).toBe("[[1, 1], [2, 2], [3, 3]]")
    expect(`${Fn.evaluate(Expr.concat(list))}`).toBe("[1, 1, 2, 2, 3, 3]")
    expect(thrown(() => Expr.stack(list.slice(3))).problem).toBe("expected at least one array, got none")
    expect(thrown(() => Expr.concat(list.slice(3))).problem).toBe("expected at least one array, got none")
  })
})

describe("programs", () => {
  it("build, run and share in chains of a million operations", () => {
    const chain = Fn.make([], (x) => {
      let y: Expr.Expr<readonly []> = x
      for (let i = 0; i < 500_000; i++) y = Expr.add(Expr.mul(y, 0.5), 1)
      return y
    })
    expect(Fn.operationCount(chain)).toBe(1_000_000)
    expect(Fn.runSync(chain, 3)).toBe(2)
  })

  it("evaluate a shared expression once", () => {
    const doubling = Fn.make([], (x) => {
      let y: Expr.Expr<readonly []> = x
      for (let i = 0; i < 60; i++) y = Expr.add(y, y)
      return y
    })
    expect(Fn.runSync(doubling, 1)).toBe(2 ** 60)
  })

  it("take and return trees", () => {
    const f = Fn.make({ a: [2], b: [[], { c: [] }] }, ({ a, b: [x, { c }] }) => ({
      sum: Expr.sum(a),
      pair: [Expr.add(x, c), 7] as const
    }))
    const result = Fn.runSync(f, { a: Tensor.make([1, 2]), b: [3, { c: 4 }] })
    expect(result).toEqual({ sum: 3, pair: [7, 7] })
    expect(`${f}`).toBe(
      "Fn({ a: real[2], b: [real[], { c: real[] }] } -> { sum: real[], pair: [real[], real[]] }: " +
        "sum = sum(a, axes: [0]); pair[0] = b[0] + b[1].c; pair[1] = 7)"
    )
    expect(`${Fn.make([], (x) => Expr.mul(2, Expr.sin(x)))}`).toBe("Fn(real[] -> real[]: 2 * sin(x))")
  })

  it("name the path of an input of the wrong shape", () => {
    const n = unknown(3)
    const f = Fn.make({ params: { w: [n] } }, ({ params }) => Expr.sum(params.w))
    const wrong: Tensor.Tensor<readonly number[]> = Tensor.fromArray([1, 2], [unknown(2)])
    const error = thrown(() => Fn.runSync(f, { params: { w: wrong as Tensor.Tensor<readonly [number]> } }))
    expect(error.problem).toBe("params.w: expected real[3], got real[2]")
  })

  it("say so when a variable of another program is left free", () => {
    let leaked: Expr.Expr<readonly []> | undefined
    Fn.make([], (x) => {
      leaked = x
      return x
    })
    const f = Fn.make([], (y) => Expr.add(y, leaked!))
    expect(() => Fn.runSync(f, 1)).toThrow("belongs to another program")
  })

  it("compose", () => {
    const f = Fn.make({ x: [] }, ({ x }) => ({ y: Expr.exp(x) }))
    const g = Fn.make({ y: [] }, ({ y }) => Expr.log(y))
    expect(Fn.runSync(Fn.andThen(f, g), { x: 2 })).toBe(2)
  })
})
