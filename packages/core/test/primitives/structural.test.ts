import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Tensor from "../../src/Tensor.ts"
import {
  anyTensor,
  at,
  axesOf,
  axisOf,
  broadcastAt,
  build,
  count,
  elementTypes,
  expectMisuse,
  expectSame,
  fromElements,
  innerProduct,
  perAxis,
  permutationOf,
  run,
  shapes,
  smallIntegers,
  tensors
} from "./oracle.ts"
import type { Index, Misuse } from "./oracle.ts"

/** A tensor of any element type with something drawn for its shape. */
const withShape = <A>(draw: (shape: Index) => fc.Arbitrary<A>, least = 0): fc.Arbitrary<[Tensor.Any, A]> =>
  anyTensor(least).chain((x) => fc.tuple(fc.constant(x), draw(x.shape)))

const indices = fc.integer({ min: -3, max: 6 })

describe("shape", () => {
  it("broadcastTo repeats as NumPy does", () => {
    const targets = shapes().chain((shape) =>
      fc
        .tuple(
          elementTypes,
          fc.nat({ max: shape.length }),
          perAxis(shape, 0, () => 1)
        )
        .chain(([elementType, dropped, ones]) => {
          const own = shape.map((n, axis) => (ones[axis] === 1 ? 1 : n)).slice(dropped)
          return fc.tuple(tensors(elementType, own), fc.constant(shape))
        })
    )
    fc.assert(
      fc.property(targets, ([x, shape]) =>
        expectSame(
          run("broadcastTo", { shape }, x),
          build(x.elementType, shape, (index) => broadcastAt(x, index))
        )
      )
    )
  })

  it("reshape keeps the elements and shares them", () => {
    fc.assert(
      fc.property(
        withShape((shape) => fc.shuffledSubarray([...shape, 1, 1], { minLength: shape.length + 1 })),
        ([x, target]) => {
          fc.pre(count(target) === count(x.shape))
          const result = run("reshape", { shape: target }, x)
          expectSame(result, fromElements(x.elementType, target, [...x.data]))
          expect(result.data).toBe(x.data)
        }
      )
    )
    const x = Tensor.make([
      [1, 2, 3],
      [4, 5, 6]
    ])
    expect(Tensor.toNested(run("reshape", { shape: [3, 2] }, x))).toEqual([
      [1, 2],
      [3, 4],
      [5, 6]
    ])
  })

  it("transpose permutes axes", () => {
    fc.assert(
      fc.property(withShape(permutationOf), ([x, permutation]) => {
        const shape = permutation.map((axis) => x.shape[axis]!)
        expectSame(
          run("transpose", { permutation }, x),
          build(x.elementType, shape, (index) => {
            return at(
              x,
              index.map((_, axis) => index[permutation.indexOf(axis)]!)
            )
          })
        )
      }),
      { numRuns: 200 }
    )
  })

  it("reverse mirrors axes", () => {
    fc.assert(
      fc.property(withShape(axesOf), ([x, axes]) =>
        expectSame(
          run("reverse", { axes }, x),
          build(x.elementType, x.shape, (index) =>
            at(
              x,
              index.map((i, axis) => (axes.includes(axis) ? x.shape[axis]! - 1 - i : i))
            )
          )
        )
      )
    )
  })
})

describe("windows", () => {
  it("slice takes start, start + stride, ... below limit", () => {
    const windows = (shape: Index) =>
      fc.tuple(
        perAxis(shape, 0, (n) => n),
        perAxis(shape, 0, (n) => n),
        perAxis(shape, 1, () => 5)
      )
    fc.assert(
      fc.property(withShape(windows), ([x, [a, b, strides]]) => {
        const starts = a.map((start, axis) => Math.min(start, b[axis]!))
        const limits = a.map((start, axis) => Math.max(start, b[axis]!))
        const taken = x.shape.map((n, axis) =>
          Array.from({ length: n }, (_, i) => i).filter(
            (i) => i >= starts[axis]! && i < limits[axis]! && (i - starts[axis]!) % strides[axis]! === 0
          )
        )
        expectSame(
          run("slice", { starts, limits, strides }, x),
          build(
            x.elementType,
            taken.map((places) => places.length),
            (index) =>
              at(
                x,
                index.map((i, axis) => taken[axis]![i]!)
              )
          )
        )
      }),
      { numRuns: 200 }
    )
  })

  const clamped = (starts: Tensor.Any, shape: Index, sizes: Index): Index =>
    shape.map((n, axis) => {
      const latest = n - sizes[axis]!
      const start = starts.data[axis]!
      return start > latest ? latest : start < 0 ? 0 : start
    })

  const startsOf = (shape: Index) => tensors("index", [shape.length], fc.oneof(indices, fc.integer()))

  it("dynamicSlice moves its window until it fits", () => {
    fc.assert(
      fc.property(
        withShape((shape) =>
          fc.tuple(
            startsOf(shape),
            perAxis(shape, 0, (n) => n)
          )
        ),
        ([x, [starts, sizes]]) => {
          const from = clamped(starts, x.shape, sizes)
          expectSame(
            run("dynamicSlice", { sizes }, x, starts),
            build(x.elementType, sizes, (index) =>
              at(
                x,
                index.map((i, axis) => i + from[axis]!)
              )
            )
          )
        }
      ),
      { numRuns: 200 }
    )
  })

  it("dynamicUpdateSlice writes its window and leaves the rest", () => {
    fc.assert(
      fc.property(
        anyTensor().chain((x) =>
          perAxis(x.shape, 0, (n) => n).chain((sizes) =>
            fc.tuple(fc.constant(x), tensors(x.elementType, sizes), startsOf(x.shape))
          )
        ),
        ([x, update, starts]) => {
          const from = clamped(starts, x.shape, update.shape)
          const result = run("dynamicUpdateSlice", {}, x, update, starts)
          expectSame(
            result,
            build(x.elementType, x.shape, (index) => {
              const inner = index.map((i, axis) => i - from[axis]!)
              return inner.every((i, axis) => i >= 0 && i < update.shape[axis]!) ? at(update, inner) : at(x, index)
            })
          )
          expectSame(run("dynamicSlice", { sizes: update.shape }, result, starts), update)
        }
      ),
      { numRuns: 200 }
    )
  })

  it("pad puts elements apart and fills the rest", () => {
    const amounts = (shape: Index) => perAxis(shape, 0, () => 2)
    fc.assert(
      fc.property(
        withShape((shape) => fc.tuple(amounts(shape), amounts(shape), amounts(shape), fc.constantFrom(0, 1, -0))),
        ([x, [low, high, interior, drawn]]) => {
          const value = x.elementType === "real" ? drawn : drawn + 0
          // The place of every element along an axis, by walking it.
          const places = x.shape.map((n, axis) => {
            const axisPlaces: Array<number> = []
            let place = low[axis]!
            for (let i = 0; i < n; i++, place += interior[axis]! + 1) axisPlaces.push(place)
            return axisPlaces
          })
          const shape = places.map((own, axis) => (own.length === 0 ? low[axis]! : own.at(-1)! + 1) + high[axis]!)
          expectSame(
            run("pad", { low, high, interior, value }, x),
            build(x.elementType, shape, (index) => {
              const source = index.map((i, axis) => places[axis]!.indexOf(i))
              return source.includes(-1) ? value : at(x, source)
            })
          )
        }
      ),
      { numRuns: 200 }
    )
  })
})

describe("joining", () => {
  it("concat lays operands one after the other", () => {
    const operands = fc.tuple(elementTypes, shapes(1)).chain(([elementType, shape]) =>
      axisOf(shape).chain((axis) =>
        fc.tuple(
          fc.array(
            fc.nat({ max: 3 }).chain((n) => tensors(elementType, shape.with(axis, n))),
            { minLength: 1, maxLength: 4 }
          ),
          fc.constant(axis)
        )
      )
    )
    fc.assert(
      fc.property(operands, ([xs, axis]) => {
        const line = xs.flatMap((x) => Array.from({ length: x.shape[axis]! }, (_, i) => ({ x, i })))
        expectSame(
          run("concat", { axis }, ...xs),
          build(xs[0]!.elementType, xs[0]!.shape.with(axis, line.length), (index) => {
            const { i, x } = line[index[axis]!]!
            return at(x, index.with(axis, i))
          })
        )
      })
    )
  })

  it("stack adds an axis", () => {
    const operands = fc
      .tuple(elementTypes, shapes())
      .chain(([elementType, shape]) =>
        fc.tuple(fc.array(tensors(elementType, shape), { minLength: 1, maxLength: 4 }), fc.nat({ max: shape.length }))
      )
    fc.assert(
      fc.property(operands, ([xs, axis]) => {
        const { elementType, shape } = xs[0]!
        expectSame(
          run("stack", { axis }, ...xs),
          build(elementType, [...shape.slice(0, axis), xs.length, ...shape.slice(axis)], (index) =>
            at(xs[index[axis]!]!, [...index.slice(0, axis), ...index.slice(axis + 1)])
          )
        )
      })
    )
  })
})

describe("indices", () => {
  const missing = { real: NaN, index: -1, bool: 0 }

  const smallShapes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 })

  const lookups = (least: number, element?: fc.Arbitrary<number>) =>
    shapes(least).chain((shape) =>
      fc.record({
        x: elementTypes.chain((elementType) => tensors(elementType, shape, element)),
        axis: axisOf(shape),
        at: smallShapes.chain((own) => tensors("index", own, indices))
      })
    )

  const gathered = (x: Index, own: Index, axis: number): Index => [...x.slice(0, axis), ...own, ...x.slice(axis + 1)]

  /** Where an index of the gathered array comes from. */
  const origin = (index: Index, own: Tensor.Any, axis: number): Index => [
    ...index.slice(0, axis),
    at(own, index.slice(axis, axis + own.shape.length)),
    ...index.slice(axis + own.shape.length)
  ]

  it("gather reads at indices, and a missing value out of range", () => {
    fc.assert(
      fc.property(lookups(1), ({ at: own, axis, x }) =>
        expectSame(
          run("gather", { axis }, x, own),
          build(x.elementType, gathered(x.shape, own.shape, axis), (index) => {
            const source = origin(index, own, axis)
            return source[axis]! >= 0 && source[axis]! < x.shape[axis]! ? at(x, source) : missing[x.elementType]
          })
        )
      ),
      { numRuns: 200 }
    )
  })

  const scatters = fc.constantFrom("real" as const, "index" as const).chain((elementType) =>
    shapes(1).chain((shape) =>
      fc.tuple(axisOf(shape), smallShapes).chain(([axis, own]) =>
        fc.record({
          axis: fc.constant(axis),
          x: tensors(elementType, shape, smallIntegers),
          own: tensors("index", own, indices),
          updates: tensors(elementType, gathered(shape, own, axis), smallIntegers)
        })
      )
    )
  )

  it("scatterAdd adds updates at indices and drops those out of range", () => {
    fc.assert(
      fc.property(scatters, ({ axis, own, updates, x }) => {
        const totals = new Map<string, number>()
        build("real", updates.shape, (index) => {
          const target = origin(index, own, axis).join()
          totals.set(target, (totals.get(target) ?? 0) + at(updates, index))
          return 0
        })
        expectSame(
          run("scatterAdd", { axis }, x, own, updates),
          build(x.elementType, x.shape, (index) => at(x, index) + (totals.get(index.join()) ?? 0))
        )
      }),
      { numRuns: 200 }
    )
  })

  it("scatterAdd accumulates repeated indices in order", () => {
    const own = Tensor.index([1, 1, 1])
    const result = run("scatterAdd", { axis: 0 }, Tensor.zeros([3]), own, Tensor.make([1, 1e100, -1e100]))
    expect([...result.data]).toEqual([0, 0, 0])
    const other = run("scatterAdd", { axis: 0 }, Tensor.zeros([3]), own, Tensor.make([1e100, -1e100, 1]))
    expect([...other.data]).toEqual([0, 1, 0])
  })

  it("scatterAdd is the transpose of gather", () => {
    fc.assert(
      fc.property(scatters, ({ axis, own, updates, x }) => {
        fc.pre(own.data.every((i) => i >= 0 && i < x.shape[axis]!))
        const zeros = build(x.elementType, x.shape, () => 0)
        const left = innerProduct(run("gather", { axis }, x, own), updates)
        const right = innerProduct(x, run("scatterAdd", { axis }, zeros, own, updates))
        expect(left + 0).toBe(right + 0)
      })
    )
  })

  it("triangle keeps one side of a diagonal", () => {
    fc.assert(
      fc.property(anyTensor(2), fc.integer({ min: -5, max: 5 }), fc.boolean(), (x, diagonal, upper) =>
        expectSame(
          run("triangle", { diagonal, upper }, x),
          build(x.elementType, x.shape, (index) => {
            const distance = index.at(-1)! - index.at(-2)!
            return (upper ? distance >= diagonal : distance <= diagonal) ? at(x, index) : 0
          })
        )
      ),
      { numRuns: 200 }
    )
  })
})

describe("bounded time", () => {
  it("large empty arrays cost nothing", () => {
    const wide = (shape: Index) => fromElements("real", shape, [])
    const n = 2 ** 40
    const none = Tensor.index([0, 0])
    const zeros = [0, 0]
    run("broadcastTo", { shape: [3, n, 0] }, wide([n, 0]))
    run("reshape", { shape: [0, n] }, wide([n, 0]))
    run("transpose", { permutation: [2, 0, 1] }, wide([n, 5, 0]))
    run("slice", { starts: zeros, limits: [n, 0], strides: [2, 1] }, wide([n, 0]))
    run("dynamicSlice", { sizes: [n, 0] }, wide([n, 0]), none)
    run("dynamicUpdateSlice", {}, wide([n, 0]), wide([5, 0]), none)
    run("pad", { low: [1, 0], high: zeros, interior: zeros, value: 0 }, wide([n, 0]))
    run("concat", { axis: 0 }, wide([n, 0]), wide([n, 0]))
    run("stack", { axis: 1 }, wide([n, 0]), wide([n, 0]))
    run("reverse", { axes: [0] }, wide([n, 0]))
    run("gather", { axis: 1 }, wide([n, 3, 0]), none)
    run("scatterAdd", { axis: 1 }, wide([n, 3, 0]), none, wide([n, 2, 0]))
    run("triangle", { upper: true, diagonal: 0 }, wide([n, 3, 0]))
    run("add", {}, wide([n, 1, 0]), wide([3, 1]))
    run("select", {}, fromElements("bool", [], [1]), wide([n, 1, 0]), wide([n, 1, 0]))
    run("cumsum", { axis: 1, reverse: true }, wide([n, 0]))
    run("argmax", { axis: 1 }, wide([n, 3, 0]))
  })
})

describe("typing", () => {
  const misuses: ReadonlyArray<Misuse> = [
    ["broadcastTo", { shape: [2, 4] }, ["real[3]"], "cannot broadcast [3] to [2,4]"],
    ["broadcastTo", { shape: [2] }, ["real[1,2]"], "cannot broadcast [1,2] to [2]"],
    ["broadcastTo", { shape: [-1] }, ["real[]"], "expected shape to be integers not below 0, got [-1] for []"],
    ["broadcastTo", { shape: ["3"] }, ["real[]"], "expected shape to be integers not below 0, got [3] for []"],
    ["broadcastTo", {}, ["real[]"], "expected shape to be integers not below 0, got undefined for []"],
    [
      "broadcastTo",
      { shape: [1099511627776, 1099511627776] },
      ["real[]"],
      "[1099511627776,1099511627776] has too many elements"
    ],
    ["broadcastTo", { shape: [2] }, [], "expected 1 operand, got 0"],
    ["reshape", { shape: [5] }, ["real[2,3]"], "cannot reshape [2,3] (6 elements) to [5] (5 elements)"],
    ["reshape", { shape: [-1] }, ["real[2,3]"], "expected shape to be integers not below 0, got [-1] for [2,3]"],
    ["reshape", { shape: [1.5, 4] }, ["real[2,3]"], "expected shape to be integers not below 0, got [1.5,4] for [2,3]"],
    [
      "transpose",
      { permutation: [0] },
      ["real[2,3]"],
      "expected permutation to have one entry per axis of [2,3], got [0]"
    ],
    ["transpose", { permutation: [0, 0] }, ["real[2,3]"], "expected a permutation of the axes of [2,3], got [0,0]"],
    ["transpose", { permutation: [0, 2] }, ["real[2,3]"], "axis 2 is out of range for [2,3]"],
    [
      "transpose",
      { permutation: [0, -1] },
      ["real[2,3]"],
      "expected permutation to be integers not below 0, got [0,-1] for [2,3]"
    ],
    [
      "slice",
      { starts: [0], limits: [4], strides: [1] },
      ["real[3]"],
      "expected 0 <= start <= limit <= 3 on axis 0 of [3], got start 0 and limit 4"
    ],
    [
      "slice",
      { starts: [2], limits: [1], strides: [1] },
      ["real[3]"],
      "expected 0 <= start <= limit <= 3 on axis 0 of [3], got start 2 and limit 1"
    ],
    [
      "slice",
      { starts: [0], limits: [1], strides: [0] },
      ["real[3]"],
      "expected strides to be integers not below 1, got [0] for [3]"
    ],
    [
      "slice",
      { starts: [-1], limits: [1], strides: [1] },
      ["real[3]"],
      "expected starts to be integers not below 0, got [-1] for [3]"
    ],
    [
      "slice",
      { starts: [0], limits: [1, 1], strides: [1] },
      ["real[3]"],
      "expected limits to have one entry per axis of [3], got [1,1]"
    ],
    [
      "dynamicSlice",
      { sizes: [1, 1] },
      ["real[3,4]", "index[3]"],
      "expected starts index[2] for real[3,4], got index[3]"
    ],
    ["dynamicSlice", { sizes: [1] }, ["real[3]", "real[1]"], "expected starts index[1] for real[3], got real[1]"],
    ["dynamicSlice", { sizes: [4] }, ["real[3]", "index[1]"], "expected a window no larger than [3], got [4]"],
    [
      "dynamicSlice",
      { sizes: [1, 1] },
      ["real[3]", "index[1]"],
      "expected sizes to have one entry per axis of [3], got [1,1]"
    ],
    ["dynamicSlice", { sizes: [1] }, ["real[3]"], "expected 2 operands, got 1"],
    [
      "dynamicUpdateSlice",
      {},
      ["real[3]", "real[4]", "index[1]"],
      "expected an update of the element type and rank of real[3] and no larger, got real[4]"
    ],
    [
      "dynamicUpdateSlice",
      {},
      ["real[3]", "index[2]", "index[1]"],
      "expected an update of the element type and rank of real[3] and no larger, got index[2]"
    ],
    [
      "dynamicUpdateSlice",
      {},
      ["real[3]", "real[]", "index[1]"],
      "expected an update of the element type and rank of real[3] and no larger, got real[]"
    ],
    ["dynamicUpdateSlice", {}, ["real[3]", "real[2]", "index[]"], "expected starts index[1] for real[3], got index[]"],
    [
      "pad",
      { low: [-1], high: [0], interior: [0], value: 0 },
      ["real[3]"],
      "expected low to be integers not below 0, got [-1] for [3]"
    ],
    [
      "pad",
      { low: [0], high: [0, 0], interior: [0], value: 0 },
      ["real[3]"],
      "expected high to have one entry per axis of [3], got [0,0]"
    ],
    [
      "pad",
      { low: [0], high: [0], interior: [0.5], value: 0 },
      ["real[3]"],
      "expected interior to be integers not below 0, got [0.5] for [3]"
    ],
    ["pad", { low: [0], high: [0], interior: [0] }, ["real[3]"], "expected a value of type real, got undefined"],
    [
      "pad",
      { low: [0], high: [0], interior: [0], value: 0.5 },
      ["index[3]"],
      "expected a value of type index, got 0.5"
    ],
    ["pad", { low: [0], high: [0], interior: [0], value: 2 }, ["bool[3]"], "expected a value of type bool, got 2"],
    [
      "pad",
      { low: [2 ** 40, 0], high: [0, 2 ** 40], interior: [0, 0], value: 0 },
      ["real[0,0]"],
      "[1099511627776,1099511627776] has too many elements"
    ],
    [
      "pad",
      { low: [0], high: [0], interior: [Number.MAX_SAFE_INTEGER], value: 0 },
      ["real[3]"],
      "dimension 18014398509481984 of [18014398509481984] is not a non-negative integer"
    ],
    ["concat", { axis: 0 }, [], "expected at least one operand, got none"],
    ["concat", { axis: 0 }, ["real[]", "real[]"], "axis 0 is out of range for []"],
    [
      "concat",
      { axis: 0 },
      ["real[2,3]", "real[2,4]"],
      "expected shapes that agree except on axis 0, got [2,3] and [2,4]"
    ],
    ["concat", { axis: 0 }, ["real[2,3]", "real[2]"], "expected shapes that agree except on axis 0, got [2,3] and [2]"],
    ["concat", { axis: 0 }, ["real[2]", "index[2]"], "expected operands of one element type, got real[2] and index[2]"],
    ["stack", { axis: 0 }, [], "expected at least one operand, got none"],
    ["stack", { axis: 2 }, ["real[3]", "real[3]"], "axis 2 is out of range for [3]"],
    ["stack", { axis: 0 }, ["real[3]", "real[4]"], "expected operands of one shape, got [3] and [4]"],
    ["stack", { axis: 0 }, ["bool[3]", "real[3]"], "expected operands of one element type, got bool[3] and real[3]"],
    ["reverse", { axes: [1] }, ["real[3]"], "axis 1 is out of range for [3]"],
    ["reverse", { axes: [1, 0] }, ["real[3,3]"], "expected distinct axes in ascending order, got [1,0] for [3,3]"],
    ["gather", { axis: 0 }, ["real[3]", "real[2]"], "expected indices of element type index for real[3], got real[2]"],
    ["gather", { axis: 1 }, ["real[3]", "index[2]"], "axis 1 is out of range for [3]"],
    ["gather", { axis: 0 }, ["real[]", "index[2]"], "axis 0 is out of range for []"],
    ["gather", { axis: 0 }, ["real[3]"], "expected 2 operands, got 1"],
    [
      "gather",
      { axis: 0 },
      ["real[0,1099511627776]", "index[1099511627776]"],
      "[1099511627776,1099511627776] has too many elements"
    ],
    ["scatterAdd", { axis: 0 }, ["bool[3]", "index[2]", "bool[2]"], "expected real or index, got bool[3]"],
    [
      "scatterAdd",
      { axis: 0 },
      ["real[3]", "real[2]", "real[2]"],
      "expected indices of element type index for real[3], got real[2]"
    ],
    [
      "scatterAdd",
      { axis: 1 },
      ["real[3,4]", "index[2]", "real[2]"],
      "expected updates real[3,2] for real[3,4] and index[2] on axis 1, got real[2]"
    ],
    [
      "scatterAdd",
      { axis: 0 },
      ["real[3]", "index[2]", "index[2]"],
      "expected updates real[2] for real[3] and index[2] on axis 0, got index[2]"
    ],
    ["scatterAdd", { axis: 3 }, ["real[3]", "index[2]", "real[2]"], "axis 3 is out of range for [3]"],
    ["triangle", { diagonal: 0, upper: true }, ["real[3]"], "expected a matrix (at least two axes), got real[3]"],
    [
      "triangle",
      { diagonal: 0.5, upper: true },
      ["real[3,3]"],
      "expected diagonal to be an integer, got 0.5 for [3,3]"
    ],
    ["triangle", { diagonal: 0 }, ["real[3,3]"], "expected upper to be true or false, got undefined"]
  ]

  it.each(misuses)("%s %j of %j is refused: %s", (...misuse) => expectMisuse(misuse))
})
