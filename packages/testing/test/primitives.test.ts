// Every primitive and every derived function, by tables that are total: a new one without a row fails. For each: forward = reverse = numerical
// derivatives at ordinary points, the conventions at kinks, special values, broadcasting, empty arrays, and ranks 0 to 4.

import { Expr, Fn, Operations, Primitive, Shape, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Arbitraries, Laws, Ulp } from "@fluxion/testing"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"

type Array64 = Expr.Expr
type Program = Fn.Fn<Tree.SpecRecord, Shape.Shape>
type Point = ReadonlyArray<number>

/** A function of arrays, elementwise in all operands. */
interface Elementwise {
  readonly f: (...operands: ReadonlyArray<Array64>) => Expr.Any
  /** Points inside the domain and away from kinks: one number for each operand. */
  readonly ordinary: ReadonlyArray<Point>
  /** Points where the derivatives are conventions: the partial derivatives there. */
  readonly kinks?: ReadonlyArray<readonly [at: Point, partials: Point]>
  /** Where numerical derivatives see what the modes are told not to. */
  readonly numeric?: false
  /** Special values left out, because a factor of the derivative overflows there in one mode and not in the other. */
  readonly except?: (point: Point) => boolean
}

/** A function of whole arrays, with the shapes to try it on. */
interface OfArrays {
  readonly cases: ReadonlyArray<
    readonly [shapes: ReadonlyArray<Shape.Shape>, f: (...operands: ReadonlyArray<Array64>) => Expr.Any]
  >
  readonly kinks?: ReadonlyArray<
    readonly [f: (x: Array64) => Expr.Any, at: Tensor.NestedOfUnknownRank, gradient: Tensor.NestedOfUnknownRank]
  >
  /** Left out where the derivative is a convention at the shapes tried. */
  readonly numeric?: false
  /** Leave out the ends of the range, where partial products overflow in one order of multiplication and not in another. */
  readonly moderate?: true
  /** No special values: where a matrix is singular or holds NaN, each mode divides by zero in an order of its own (see linalg.test.ts). */
  readonly special?: false
}

const operations = Operations.make(Fn.expressions)

const one = (...points: Point): ReadonlyArray<Point> => points.map((x) => [x])

const everywhere = one(-2.5, -1.25, -0.3, 0, 0.2, 0.9, 1.75, 3)
const positive = one(0.05, 0.3, 0.9, 1, 1.7, 4, 25)
const unit = one(-0.95, -0.5, -0.1, 0, 0.3, 0.8)
const offZero = one(-3, -1.25, -0.4, 0.3, 1, 2.5)
const offIntegers = one(-2.25, -1.7, -0.3, 0.2, 1.3, 2.7)

const pairs: ReadonlyArray<Point> = [
  [0.3, 1.7],
  [-1.2, 0.4],
  [2.5, -0.7],
  [-0.6, -1.9],
  [1.1, 0.2]
]
const positivePairs: ReadonlyArray<Point> = [
  [0.3, 1.7],
  [1.2, -0.4],
  [2.5, 0.7],
  [0.6, 3],
  [1.1, -2.2]
]
const triples: ReadonlyArray<Point> = [
  [0.3, -1.7, 0.9],
  [-1.2, 0.4, 2.1],
  [2.5, -0.7, 1.1],
  [-0.6, -2.9, -1.4]
]

const unary = (
  f: (x: Array64) => Expr.Any,
  ordinary: ReadonlyArray<Point>,
  kinks: Elementwise["kinks"] = []
): Elementwise => ({
  f: (x) => f(x!),
  ordinary,
  kinks
})
const binary = (
  f: (x: Array64, y: Array64) => Expr.Any,
  ordinary: ReadonlyArray<Point>,
  kinks: Elementwise["kinks"] = []
): Elementwise => ({ f: (x, y) => f(x!, y!), ordinary, kinks })

const truth = (f: (x: Array64, y: Array64) => Expr.Any): Elementwise =>
  binary((x, y) => Expr.toReal(f(x, y) as Expr.BoolExpr), pairs, [
    [
      [1, 1],
      [0, 0]
    ]
  ])

const logic = (f: (x: Expr.BoolExpr, y: Expr.BoolExpr) => Expr.Any): Elementwise =>
  binary(
    (x, y) => Expr.toReal(f(Expr.gt(x, 0) as Expr.BoolExpr, Expr.gt(y, 0) as Expr.BoolExpr) as Expr.BoolExpr),
    pairs
  )

const primitivesElementwise = {
  neg: unary(Expr.neg, everywhere),
  abs: unary(Expr.abs, offZero, [
    [[0], [0]],
    [[-0], [0]],
    [[NaN], [NaN]],
    [[-Infinity], [-1]]
  ]),
  sign: unary(Expr.sign, offZero, [[[0], [0]]]),
  exp: unary(Expr.exp, everywhere, [
    [[-Infinity], [0]],
    [[Infinity], [Infinity]]
  ]),
  expm1: unary(Expr.expm1, everywhere),
  log: unary(Expr.log, positive, [
    [[0], [Infinity]],
    [[Infinity], [0]]
  ]),
  log1p: unary(Expr.log1p, one(-0.9, -0.3, 0, 0.4, 3), [[[-1], [Infinity]]]),
  sqrt: unary(Expr.sqrt, positive, [
    [[0], [Infinity]],
    [[Infinity], [0]]
  ]),
  cbrt: unary(Expr.cbrt, offZero, [[[0], [Infinity]]]),
  sin: unary(Expr.sin, everywhere),
  cos: unary(Expr.cos, everywhere),
  tan: unary(Expr.tan, everywhere),
  asin: unary(Expr.asin, unit, [
    [[1], [Infinity]],
    [[-1], [Infinity]]
  ]),
  acos: unary(Expr.acos, unit, [
    [[1], [-Infinity]],
    [[-1], [-Infinity]]
  ]),
  atan: unary(Expr.atan, everywhere, [[[Infinity], [0]]]),
  sinh: unary(Expr.sinh, everywhere),
  cosh: unary(Expr.cosh, everywhere),
  tanh: unary(Expr.tanh, everywhere, [
    [[Infinity], [0]],
    [[-800], [0]]
  ]),
  asinh: unary(Expr.asinh, everywhere),
  acosh: unary(Expr.acosh, one(1.05, 1.4, 3, 20), [[[1], [Infinity]]]),
  atanh: unary(Expr.atanh, unit, [
    [[1], [Infinity]],
    [[-1], [Infinity]]
  ]),
  erf: unary(Expr.erf, everywhere, [[[Infinity], [0]]]),
  erfc: unary(Expr.erfc, everywhere, [[[-Infinity], [0]]]),
  lgamma: unary(Expr.lgamma, one(-2.5, -0.4, 0.3, 1, 2.2, 10)),
  digamma: unary(Expr.digamma, one(-2.5, -0.4, 0.3, 1, 2.2, 10)),
  polygamma: unary((x) => Expr.polygamma(x, 2), one(-2.5, -0.4, 0.3, 1, 2.2, 10)),
  sigmoid: unary(Expr.sigmoid, everywhere, [
    [[-800], [0]],
    [[800], [0]]
  ]),
  softplus: unary(Expr.softplus, everywhere, [
    [[-800], [0]],
    [[800], [1]]
  ]),
  relu: unary(Expr.relu, offZero, [
    [[0], [0]],
    [[-0], [0]],
    [[NaN], [NaN]],
    [[Infinity], [1]]
  ]),
  floor: unary(Expr.floor, offIntegers, [[[1], [0]]]),
  ceil: unary(Expr.ceil, offIntegers, [[[1], [0]]]),
  round: unary(Expr.round, offIntegers, [[[0.5], [0]]]),
  isFinite: unary((x) => Expr.toReal(Expr.isFinite(x)), everywhere, [[[Infinity], [0]]]),
  toReal: unary((x) => Expr.toReal(Expr.toIndex(x)), offIntegers),
  toIndex: unary((x) => Expr.toReal(Expr.toIndex(x)), offIntegers, [[[2], [0]]]),
  add: binary(Expr.add, pairs),
  sub: binary(Expr.sub, pairs),
  mul: binary(Expr.mul, pairs, [
    [
      [0, 3],
      [3, 0]
    ],
    [
      [0, Infinity],
      [Infinity, 0]
    ]
  ]),
  mulStrongZero: binary(Expr.mulStrongZero, pairs, [
    [
      [0, Infinity],
      [Infinity, 0]
    ]
  ]),
  // 1 / y overflows for subnormal y.
  div: {
    ...binary(Expr.div, pairs, [
      [
        [0, 2],
        [0.5, 0]
      ],
      [
        [1, Infinity],
        [0, 0]
      ]
    ]),
    except: ([, y]) => Math.abs(y!) < 2 ** -1022
  },
  pow: binary(Expr.pow, positivePairs, [
    [
      [0, 0],
      [0, -Infinity]
    ],
    [
      [5, 0],
      [0, Math.log(5)]
    ],
    [
      [-2, 0],
      [0, NaN]
    ],
    [
      [0, 2],
      [0, 0]
    ],
    [
      [0, 1],
      [1, 0]
    ],
    [
      [0, 0.5],
      [Infinity, 0]
    ],
    [
      [-2, 3],
      [12, NaN]
    ]
  ]),
  // 1 / r overflows for subnormal r.
  atan2: {
    ...binary(Expr.atan2, pairs, [
      [
        [0, 0],
        [0, 0]
      ],
      [
        [0, 2],
        [0.5, 0]
      ],
      [
        [2, 0],
        [0, -0.5]
      ],
      [
        [0, Infinity],
        [0, 0]
      ]
    ]),
    except: ([y, x]) => Math.hypot(y!, x!) < 2 ** -1022
  },
  hypot: binary(Expr.hypot, pairs, [
    [
      [0, 0],
      [0, 0]
    ],
    [
      [0, 2],
      [0, 1]
    ],
    [
      [3, 4],
      [0.6, 0.8]
    ]
  ]),
  max: binary(Expr.max, pairs, [
    [
      [1, 1],
      [0.5, 0.5]
    ],
    [
      [0, -0],
      [0.5, 0.5]
    ],
    [
      [Infinity, Infinity],
      [0.5, 0.5]
    ],
    [
      [NaN, 1],
      [NaN, NaN]
    ]
  ]),
  min: binary(Expr.min, pairs, [
    [
      [1, 1],
      [0.5, 0.5]
    ],
    [
      [0, -0],
      [0.5, 0.5]
    ],
    [
      [-Infinity, 1],
      [1, 0]
    ],
    [
      [1, NaN],
      [NaN, NaN]
    ]
  ]),
  rem: binary(
    Expr.rem,
    [
      [5.3, 2],
      [-5.3, 2],
      [1.2, -0.5],
      [0.3, 4]
    ],
    [
      [
        [6, 2],
        [1, -3]
      ],
      [
        [-7, 2],
        [1, 3]
      ]
    ]
  ),
  eq: truth(Expr.eq),
  ne: truth(Expr.ne),
  lt: truth(Expr.lt),
  le: truth(Expr.le),
  gt: truth(Expr.gt),
  ge: truth(Expr.ge),
  and: logic(Expr.and),
  or: logic(Expr.or),
  not: unary((x) => Expr.toReal(Expr.not(Expr.gt(x, 0.1))), offZero),
  select: {
    f: (p, x, y) => Expr.select(Expr.gt(p!, 0), x!, y!),
    ordinary: triples,
    kinks: [
      [
        [0, 5, 7],
        [0, 0, 1]
      ],
      [
        [1, 5, 7],
        [0, 1, 0]
      ],
      [
        [1, 5, Infinity],
        [0, 1, 0]
      ],
      [
        [1, 5, NaN],
        [0, 1, 0]
      ]
    ]
  },
  clamp: {
    f: (x, low, high) => Expr.clamp(x!, low!, high!),
    ordinary: [
      [0.3, -1.7, 0.9],
      [-1.2, 0.4, 2.1],
      [2.5, -0.7, 1.1],
      [0.1, 2, 1]
    ],
    kinks: [
      [
        [1, 1, 2],
        [0.5, 0.5, 0]
      ],
      [
        [2, 1, 2],
        [0.5, 0, 0.5]
      ],
      [
        [1, 1, 1],
        [0.25, 0.25, 0.5]
      ],
      [
        [5, 1, 2],
        [0, 0, 1]
      ],
      [
        [0, 1, 2],
        [0, 1, 0]
      ],
      [
        [0, 3, 2],
        [0, 0, 1]
      ]
    ]
  },
  stopGradient: { ...unary(Expr.stopGradient, everywhere, [[[3], [0]]]), numeric: false }
} satisfies Partial<Record<Primitive.Name, Elementwise>>

const derivedElementwise = {
  square: unary(Expr.square, everywhere),
  reciprocal: unary(Expr.reciprocal, offZero),
  log2: unary(Expr.log2, positive),
  log10: unary(Expr.log10, positive),
  logSigmoid: unary(Expr.logSigmoid, everywhere, [
    [[-800], [1]],
    [[800], [0]]
  ]),
  silu: unary(Expr.silu, everywhere),
  gelu: unary(Expr.gelu, everywhere),
  geluTanh: unary(Expr.geluTanh, everywhere),
  sinc: unary(Expr.sinc, everywhere, [[[0], [0]]]),
  logAddExp: binary(
    Expr.logAddExp,
    [...pairs, [1, 1], [700, -700]],
    [
      [
        [1000, 1000],
        [0.5, 0.5]
      ],
      [
        [1000, -1000],
        [1, 0]
      ],
      [
        [-Infinity, 3],
        [0, 1]
      ]
    ]
  ),
  xlogy: binary(
    Expr.xlogy,
    [
      [0.3, 1.7],
      [-1.2, 0.4],
      [0, 2.5]
    ],
    [
      [
        [0, 0],
        [-Infinity, 0]
      ],
      [
        [0, 2],
        [Math.log(2), 0]
      ]
    ]
  ),
  leakyRelu: unary((x) => Expr.leakyRelu(x, 0.2), offZero, [[[0], [0.2]]]),
  elu: unary((x) => Expr.elu(x), offZero, [
    [[0], [1]],
    [[Infinity], [1]]
  ]),
  huber: unary((x) => Expr.huber(x, 1), one(-2.5, -0.6, 0.3, 1.7), [
    [[1], [1]],
    [[-1], [-1]],
    [[0], [0]],
    [[1e300], [1]]
  ])
} satisfies Record<string, Elementwise>

/** Shapes of ranks 0 to 4, and empty ones. */
const ranks: ReadonlyArray<Shape.Shape> = [[], [4], [2, 3], [2, 1, 3], [2, 1, 2, 2]]
const empties: ReadonlyArray<Shape.Shape> = [[0], [2, 0], [0, 3, 2]]
const withAxes = ranks.filter((shape) => shape.length > 0)

type Options = { readonly axis?: number | ReadonlyArray<number>; readonly keepDims?: boolean }

const reduction = (reduce: (x: Array64, options?: Options) => Expr.Any, emptyToo = true): OfArrays["cases"] => [
  ...ranks.map((shape) => [[shape], (x: Array64) => reduce(x)] as const),
  ...withAxes.flatMap((shape) =>
    shape.map(
      (_, axis) => [[shape], (x: Array64) => reduce(x, axis % 2 === 0 ? { axis } : { axis, keepDims: true })] as const
    )
  ),
  [[[2, 3, 2]], (x: Array64) => reduce(x, { axis: [0, 2] })],
  ...(emptyToo
    ? empties.map((shape) => [[shape], (x: Array64) => reduce(x)] as const)
    : [[[[2, 0]], (x: Array64) => reduce(x, { axis: 0 })] as const])
]

const alongAxes = (
  f: (x: Array64, options: { readonly axis: number }) => Expr.Any,
  shapes = [...withAxes, [0], [2, 0]]
): OfArrays["cases"] =>
  shapes.flatMap((shape) => shape.map((_, axis) => [[shape], (x: Array64) => f(x, { axis })] as const))

const indices = (values: ReadonlyArray<number> | ReadonlyArray<ReadonlyArray<number>> | number): Expr.IndexExpr =>
  Expr.constant(Tensor.index(values as ReadonlyArray<number>) as Tensor.Tensor<Shape.Shape, "index">)

const key = Expr.constant(Tensor.index([7, -9]))

const each = (shapes: ReadonlyArray<Shape.Shape>, f: (x: Array64) => Expr.Any): OfArrays["cases"] =>
  shapes.map((shape) => [[shape], f] as const)

const einsum = (subscripts: string, a: Shape.Shape, b: Shape.Shape): OfArrays["cases"][number] => [
  [a, b],
  (x, y) => Expr.einsum(subscripts, x!, y!) as Expr.Any
]

/** Well-conditioned matrices from any that are not large. */
const regular = (x: Array64): Array64 => {
  const [m, n] = x.shape.slice(-2) as unknown as [number, number]
  const eye = Array.from({ length: m * n }, (_, i) => (Math.floor(i / n) === i % n ? 8 : 0))
  return Expr.add(x, Tensor.fromArray(eye, [m, n])) as Array64
}

const squares: ReadonlyArray<Shape.Shape> = [
  [0, 0],
  [1, 1],
  [3, 3],
  [2, 2, 2],
  [2, 1, 2, 2],
  [0, 2, 2]
]

const ofMatrices = (f: (x: Array64) => Expr.Any): OfArrays => ({
  cases: each(squares, (x) => f(regular(x))),
  special: false
})

const ofSystems = (
  f: (a: Array64, b: Array64) => Expr.Any,
  systems: ReadonlyArray<readonly [a: Shape.Shape, b: Shape.Shape]>
): OfArrays => ({ cases: systems.map((shapes) => [shapes, (a, b) => f(regular(a!), b!)] as const), special: false })

const squareSystems: ReadonlyArray<readonly [a: Shape.Shape, b: Shape.Shape]> = [
  [[3, 3], [3]],
  [
    [3, 3],
    [3, 2]
  ],
  [
    [2, 1, 2, 2],
    [3, 2, 1]
  ],
  [
    [2, 2],
    [2, 2, 1]
  ],
  [
    [0, 0],
    [0, 2]
  ],
  [
    [2, 2],
    [2, 0]
  ]
]

const primitivesOfArrays = {
  sum: { cases: reduction(Expr.sum) },
  prod: {
    cases: reduction(Expr.prod),
    moderate: true,
    kinks: [
      [(x) => Expr.prod(x), [2, 0, 5], [0, 10, 0]],
      [(x) => Expr.prod(x), [0, 0, 5], [0, 0, 0]],
      [(x) => Expr.prod(x), 7, 1]
    ]
  },
  reduceMax: {
    cases: reduction(Expr.reduceMax, false),
    kinks: [
      [(x) => Expr.reduceMax(x), [1, 3, 3], [0, 0.5, 0.5]],
      [
        (x) => Expr.sum(Expr.reduceMax(x, { axis: 0 })),
        [
          [1, 2],
          [1, 3]
        ],
        [
          [0.5, 0],
          [0.5, 1]
        ]
      ],
      [(x) => Expr.reduceMax(x), [NaN, 1], [NaN, NaN]]
    ]
  },
  reduceMin: {
    cases: reduction(Expr.reduceMin, false),
    kinks: [
      [(x) => Expr.reduceMin(x), [1, 1, 3, 1], [1 / 3, 1 / 3, 0, 1 / 3]],
      [(x) => Expr.reduceMin(x), [0, -0], [0.5, 0.5]]
    ]
  },
  // Functions of a key, which is no real: linear in what they are used with.
  foldIn: {
    cases: each([[2], [0]], (x) => {
      const words = Fn.expressions.apply("foldIn", {}, [key, Expr.toIndex(x)])
      return Expr.mul(Expr.reshape(x, [-1, 1]), Expr.toReal(words as Expr.IndexExpr))
    }),
    numeric: false,
    special: false
  },
  randomUniform: {
    cases: each([[], [3], [0], [2, 1, 3]], (x) =>
      Expr.mul(x, Fn.expressions.apply("randomUniform", { shape: x.shape }, [key]) as Array64)
    )
  },
  randomPermutation: {
    cases: each([[3], [0], [2, 3]], (x) =>
      Expr.gather(x, Fn.expressions.apply("randomPermutation", { size: x.shape[0]! }, [key]) as Expr.IndexExpr)
    )
  },
  argmax: { cases: alongAxes((x, { axis }) => Expr.toReal(Expr.argmax(x, axis)), withAxes) },
  argmin: { cases: alongAxes((x, { axis }) => Expr.toReal(Expr.argmin(x, axis)), withAxes) },
  any: { cases: reduction((x, options) => Expr.toReal(Expr.any(Expr.gt(x, 0.2), options) as Expr.BoolExpr)) },
  all: { cases: reduction((x, options) => Expr.toReal(Expr.all(Expr.gt(x, 0.2), options) as Expr.BoolExpr)) },
  cumsum: { cases: [...alongAxes(Expr.cumsum), ...alongAxes((x, o) => Expr.cumsum(x, { ...o, reverse: true }))] },
  cumprod: {
    cases: [...alongAxes(Expr.cumprod), ...alongAxes((x, o) => Expr.cumprod(x, { ...o, reverse: true }))],
    moderate: true,
    kinks: [
      [(x) => Expr.sum(Expr.cumprod(x)), [2, 0, 3], [1, 2 + 6, 0]],
      [(x) => Expr.sum(Expr.cumprod(x, { reverse: true })), [2, 0, 3], [0, 9, 1]]
    ]
  },
  dot: {
    cases: [
      einsum("ij,jk->ik", [2, 3], [3, 2]),
      einsum("i,i->", [3], [3]),
      einsum(",->", [], []),
      einsum("ij,->ji", [2, 3], []),
      einsum("i,j->ji", [2], [3]),
      einsum("bij,bjk->kbi", [2, 2, 3], [2, 3, 2]),
      einsum("ijkl,lk->ji", [2, 1, 2, 2], [2, 2]),
      einsum("ii,ij->j", [3, 3], [3, 2]),
      einsum("ij,kl->l", [2, 2], [2, 3]),
      einsum("ij,jk->ik", [2, 0], [0, 3]),
      einsum("i,i->i", [0], [0])
    ]
  },
  broadcastTo: {
    cases: [
      [[[]], (x) => Expr.broadcastTo(x!, [2, 3])],
      [[[3]], (x) => Expr.broadcastTo(x!, [2, 3])],
      [[[2, 1]], (x) => Expr.broadcastTo(x!, [2, 3])],
      [[[1, 2, 1]], (x) => Expr.broadcastTo(x!, [2, 3, 2, 2])],
      [[[1]], (x) => Expr.broadcastTo(x!, [0])],
      [[[1, 0]], (x) => Expr.broadcastTo(x!, [3, 0])]
    ]
  },
  reshape: {
    cases: [
      ...each(ranks, (x) => Expr.reshape(x, [-1])),
      [[[2, 3]], (x) => Expr.reshape(x!, [3, 1, 2])],
      [[[1]], (x) => Expr.reshape(x!, [])],
      [[[0, 3]], (x) => Expr.reshape(x!, [2, 0])]
    ]
  },
  transpose: {
    cases: [
      ...each([...ranks, ...empties], (x) => Expr.transpose(x)),
      [[[2, 3, 4]], (x) => Expr.transpose(x!, [1, 2, 0])]
    ]
  },
  slice: {
    cases: [
      [[[5]], (x) => Expr.slice(x!, { starts: [1], limits: [5], strides: [2] })],
      [[[2, 4]], (x) => Expr.slice(x!, { starts: [0, 1], limits: [2, 3] })],
      [[[2, 1, 5, 2]], (x) => Expr.slice(x!, { starts: [1, 0, 0, 0], limits: [2, 1, 5, 2], strides: [1, 1, 3, 1] })],
      [[[4]], (x) => Expr.slice(x!, { starts: [2], limits: [2] })],
      [[[]], (x) => Expr.slice(x!, { starts: [], limits: [] })],
      [[[0]], (x) => Expr.slice(x!, { starts: [0], limits: [0] })]
    ]
  },
  dynamicSlice: {
    cases: [
      [[[5]], (x) => Expr.dynamicSlice(x!, indices([1]), [3])],
      [[[5]], (x) => Expr.dynamicSlice(x!, indices([9]), [2])],
      [[[3, 4]], (x) => Expr.dynamicSlice(x!, indices([-3, 2]), [2, 2])],
      [[[3]], (x) => Expr.dynamicSlice(x!, indices([0]), [0])]
    ]
  },
  dynamicUpdateSlice: {
    cases: [
      [[[5], [2]], (x, u) => Expr.dynamicUpdateSlice(x!, u!, indices([1]))],
      [
        [
          [3, 4],
          [2, 2]
        ],
        (x, u) => Expr.dynamicUpdateSlice(x!, u!, indices([7, -7]))
      ],
      [[[3], [3]], (x, u) => Expr.dynamicUpdateSlice(x!, u!, indices([0]))],
      [[[3], [0]], (x, u) => Expr.dynamicUpdateSlice(x!, u!, indices([1]))]
    ]
  },
  pad: {
    cases: [
      [[[3]], (x) => Expr.pad(x!, { low: [1], high: [2], interior: [1], value: 7 })],
      [[[2, 2]], (x) => Expr.pad(x!, { low: [0, 1], high: [2, 0] })],
      [[[2, 1, 2, 1]], (x) => Expr.pad(x!, { interior: [1, 2, 0, 0] })],
      [[[]], (x) => Expr.pad(x!, {})],
      [[[0]], (x) => Expr.pad(x!, { low: [2], value: 1 })]
    ]
  },
  concat: {
    cases: [
      [[[2], [3], [1]], (x, y, z) => Expr.concat([x!, y!, z!] as never)],
      [
        [
          [2, 1],
          [2, 3]
        ],
        (x, y) => Expr.concat([x!, y!] as never, 1)
      ],
      [
        [
          [1, 2, 1, 2],
          [1, 2, 3, 2]
        ],
        (x, y) => Expr.concat([x!, y!] as never, -2)
      ],
      [[[2]], (x) => Expr.concat([x!, x!] as never)],
      [[[0], [2]], (x, y) => Expr.concat([x!, y!] as never)],
      [[[2]], (x) => Expr.concat([x!, Tensor.make([5])] as never)]
    ]
  },
  stack: {
    cases: [
      [[[], [], []], (x, y, z) => Expr.stack([x!, y!, z!] as never)],
      [
        [
          [2, 3],
          [2, 3]
        ],
        (x, y) => Expr.stack([x!, y!] as never, 1)
      ],
      [[[2]], (x) => Expr.stack([x!, Tensor.make([5, 6]), x!] as never, -1)],
      [[[0], [0]], (x, y) => Expr.stack([x!, y!] as never)]
    ]
  },
  reverse: { cases: [...each([...ranks, ...empties], (x) => Expr.reverse(x)), [[[2, 3]], (x) => Expr.reverse(x!, 1)]] },
  gather: {
    cases: [
      [[[4]], (x) => Expr.gather(x!, indices([2, 0, 2]))],
      [
        [[3, 2]],
        (x) =>
          Expr.gather(
            x!,
            indices([
              [1, 1],
              [0, 2]
            ]),
            0
          )
      ],
      [[[2, 3, 2]], (x) => Expr.gather(x!, indices(1), 1)],
      [[[2, 1, 2, 3]], (x) => Expr.gather(x!, indices([2, 2]), -1)],
      [[[3]], (x) => Expr.gather(x!, Expr.reshape(indices([0]), [1]) as Expr.IndexExpr)],
      [[[2, 0]], (x) => Expr.gather(x!, indices([1, 0]))]
    ]
  },
  scatterAdd: {
    cases: [
      [[[4], [3]], (x, u) => Expr.scatterAdd(x!, indices([2, 0, 2]), u!)],
      [
        [
          [3, 2],
          [2, 2, 2]
        ],
        (x, u) =>
          Expr.scatterAdd(
            x!,
            indices([
              [1, 1],
              [0, 2]
            ]),
            u!,
            0
          )
      ],
      [[[2, 3], [2]], (x, u) => Expr.scatterAdd(x!, indices(1), u!, 1)],
      [[[3], [4]], (x, u) => Expr.scatterAdd(x!, indices([5, -1, 1, 0]), u!)],
      [[[0], [0]], (x, u) => Expr.scatterAdd(x!, Expr.reshape(indices([]), [0]) as Expr.IndexExpr, u!)]
    ]
  },
  cholesky: ofMatrices((x) => Expr.cholesky(x as never)),
  inverse: ofMatrices((x) => Expr.inverse(x as never)),
  logdet: ofMatrices((x) => Expr.logdet(x as never)),
  detSign: ofMatrices((x) => Expr.detSign(x as never)),
  det: {
    cases: each(squares, (x) => Expr.det(x as never)),
    special: false,
    kinks: [
      [(x) => Expr.det(x as never), [[0]], [[1]]],
      [
        (x) => Expr.det(x as never),
        [
          [1, 2],
          [2, 4]
        ],
        [
          [4, -2],
          [-2, 1]
        ]
      ],
      [
        (x) => Expr.det(x as never),
        [
          [0, 0],
          [0, 0]
        ],
        [
          [0, 0],
          [0, 0]
        ]
      ]
    ]
  },
  adjugate: { cases: each(squares, (x) => Expr.adjugate(x as never)), special: false },
  solve: ofSystems((a, b) => Expr.solve(a, b as never) as Expr.Any, squareSystems),
  triangularSolve: ofSystems(
    (a, b) => Expr.triangularSolve(a, b as never, { upper: true, transposed: true }) as Expr.Any,
    squareSystems
  ),
  lstsq: ofSystems(
    (a, b) => Expr.lstsq(a, b as never) as Expr.Any,
    [
      ...squareSystems,
      [
        [4, 2],
        [4, 2]
      ],
      [
        [2, 4],
        [2, 2]
      ],
      [[2, 3, 1], [3]],
      [[0, 3], [0]]
    ]
  ),
  triangle: {
    cases: [
      ...each(
        [
          [3, 3],
          [2, 4],
          [4, 2],
          [2, 1, 3, 3],
          [0, 3]
        ],
        (x) => Expr.tril(x)
      ),
      ...[-1, 1, 5].map((diagonal) => [[[3, 3]], (x: Array64) => Expr.triu(x, diagonal)] as const)
    ]
  },
  // That and where they fail: packages/core/test/guards.test.ts and guards.test.ts.
  ensure: {
    cases: [
      [[[]], (x) => Expr.ensure(x!, true, () => "never")],
      [[[2, 3]], (x) => Expr.ensure(x!, Expr.constant(Tensor.bool([true, true, true])), () => "never")],
      [[[0, 3]], (x) => Expr.ensure(x!, false, () => "never")]
    ]
  },
  after: {
    cases: [
      [[[2, 3], [2]], (x, y) => operations.after(x!, y!)],
      [[[0]], (x) => operations.after(x!, Expr.constant(true))]
    ]
  }
} satisfies Partial<Record<Primitive.Name, OfArrays>>

const derivedOfArrays = {
  mean: { cases: reduction(Expr.mean) },
  variance: { cases: [...reduction(Expr.variance), [[[4]], (x) => Expr.variance(x!, { correction: 1 })]] },
  standardDeviation: {
    cases: reduction(Expr.standardDeviation).filter(([[shape]]) => Shape.size(shape!) > 1),
    kinks: [[(x) => Expr.standardDeviation(x), [2, 2], [0, 0]]],
    // Of one element along an axis it is 0, where the derivative is a convention.
    numeric: false
  },
  norm: {
    cases: reduction(Expr.norm, false),
    kinks: [
      [(x) => Expr.norm(x), [0, 0], [0, 0]],
      [(x) => Expr.norm(x), [3e200, 4e200], [0.6, 0.8]],
      [(x) => Expr.norm(x), [0, 5], [0, 1]]
    ]
  },
  logSumExp: {
    cases: reduction(Expr.logSumExp),
    kinks: [[(x) => Expr.logSumExp(x), [1000, 1000], [0.5, 0.5]]]
  },
  softmax: {
    cases: alongAxes(Expr.softmax),
    kinks: [[(x) => Expr.at(Expr.softmax(x), 0), [1000, 1000], [0.25, -0.25]]]
  },
  logSoftmax: {
    cases: alongAxes(Expr.logSoftmax),
    kinks: [[(x) => Expr.at(Expr.logSoftmax(x), 0), [1000, 1000], [0.5, -0.5]]]
  },
  layerNorm: { cases: alongAxes(Expr.layerNorm, [[4], [2, 3], [3, 2, 2]]) },
  oneHot: { cases: [[[[3]], (x) => Expr.oneHot(Expr.toIndex(x!) as Expr.IndexExpr, 3)]] },
  crossEntropy: {
    cases: [
      [[[2, 3]], (x) => Expr.crossEntropy(x!, indices([2, 0]))],
      [
        [
          [2, 3],
          [2, 3]
        ],
        (x, y) => Expr.crossEntropy(x!, Expr.softmax(y!))
      ],
      [[[3]], (x) => Expr.crossEntropy(x!, indices(1))]
    ]
  },
  diagonal: {
    cases: each(
      [
        [3, 3],
        [1, 1],
        [0, 0]
      ],
      (x) => Expr.diagonal(x)
    )
  },
  trace: {
    cases: each(
      [
        [3, 3],
        [1, 1],
        [0, 0]
      ],
      (x) => Expr.trace(x)
    )
  },
  einsum: { cases: primitivesOfArrays.dot.cases },
  matmul: {
    cases: (
      [
        [[3], [3]],
        [[2, 3], [3]],
        [[3], [3, 2]],
        [
          [2, 3],
          [3, 2]
        ],
        [
          [2, 2, 3],
          [3, 2]
        ],
        [
          [2, 1, 2, 3],
          [3, 3, 1]
        ],
        [
          [2, 0],
          [0, 3]
        ]
      ] as ReadonlyArray<readonly [Shape.Shape, Shape.Shape]>
    ).map((shapes) => [shapes, (x: Array64, y: Array64) => Expr.matmul(x, y) as Expr.Any] as const)
  },
  outer: {
    cases: [
      [[[2], [3]], (x, y) => Expr.outer(x!, y!)],
      [[[], [2, 2]], (x, y) => Expr.outer(x!, y!)]
    ]
  },
  at: {
    cases: [
      [[[3]], (x) => Expr.at(x!, -1)],
      [[[2, 3, 2]], (x) => Expr.at(x!, 1, 1)]
    ]
  },
  expandDims: {
    cases: [
      [[[2]], (x) => Expr.expandDims(x!, 0)],
      [[[2, 3]], (x) => Expr.expandDims(x!, -1)]
    ]
  },
  squeeze: {
    cases: [
      [[[2, 1]], (x) => Expr.squeeze(x!, 1)],
      [[[1]], (x) => Expr.squeeze(x!, 0)]
    ]
  },
  slogdet: ofMatrices((x) => {
    const { logdet, sign } = Expr.slogdet(x as never)
    return Expr.mul(sign as Array64, Expr.exp(logdet as Array64))
  }),
  tril: { cases: each([[3, 3]], (x) => Expr.tril(x)) },
  triu: { cases: each([[3, 3]], (x) => Expr.triu(x)) }
} satisfies Record<string, OfArrays>

/** Exports of Expr that are no functions of arrays of reals. */
const others = [
  // Primitives with several results have tests of their own: packages/reverse-mode/test/controlFlow.test.ts, and here
  // decomposition.test.ts, linalg.test.ts and implicit.test.ts.
  ...Primitive.controlNames,
  "fixedPoint",
  "fold",
  "iterate",
  // Functions with a restricted domain: packages/core/test/guards.test.ts.
  "checked",
  // Custom rules too: customRules.test.ts.
  "customJvp",
  "customVjp",
  "constant",
  "isExpr",
  "ones",
  // Requirements have tests of their own: packages/core/test/requirements.test.ts and packages/testing/test/random.test.ts.
  "param",
  "random",
  "view",
  "zeros"
]

// -----------------------------------------------------------------------------

/** The n-th of numbers spread evenly between -1.7 and 1.7 (by the golden ratio), no two alike. */
const spread = (n: number): number => (((n + 1) * 0.6180339887498949) % 1) * 3.4 - 1.7

const filled = (
  shapes: ReadonlyArray<Shape.Shape>,
  element: (n: number, operand: number) => number
): ReadonlyArray<Tensor.Tensor> => {
  let n = 0
  return shapes.map((shape, operand) =>
    Tensor.fromArray(
      Array.from({ length: Shape.size(shape) }, () => element(n++, operand)),
      shape
    )
  )
}

const names = "abcd"

const program = (shapes: ReadonlyArray<Shape.Shape>, f: (...operands: ReadonlyArray<Array64>) => Expr.Any): Program =>
  Fn.make(
    Object.fromEntries(shapes.map((shape, i) => [names[i]!, shape])),
    (inputs) => f(...shapes.map((_, i) => inputs[names[i]!] as Array64)) as Array64
  ) as unknown as Program

const valuesOf = (tensors: ReadonlyArray<Tensor.Any>) =>
  Object.fromEntries(
    tensors.map((tensor, i) => [names[i]!, tensor.shape.length === 0 ? tensor.data[0]! : tensor])
  ) as never

/** The sum of the outputs with weights that are all different. */
const weighted = (f: Program): Fn.Fn<Tree.SpecRecord, readonly []> => {
  const shape = f.outputs
  const weights = Tensor.fromArray(
    Array.from({ length: Shape.size(shape) }, (_, i) => 1 + spread(i) / 3),
    shape
  )
  return Fn.make(f.inputs, (inputs) => Expr.sum(Expr.mul(Fn.apply(f, inputs as never) as Array64, weights))) as never
}

const checkOrdinary = (f: Program, at: never, numeric: boolean): void => {
  Effect.runSync(Laws.modesAgree(f, at))
  Effect.runSync(Laws.transpose(f, at))
  if (numeric) Effect.runSync(Laws.agreesWithNumeric(weighted(f), at))
}

/**
 * Equal up to the sign of zero, both NaN, or (the rules are written independently) a few units in the last place apart. Where the value
 * itself is NaN, a mode may say so and the other give what its formula gives.
 */
const expectSame = (forward: number, reverse: number, value: number, slack: number, what: () => string): void => {
  if (Ulp.same(forward, reverse)) return
  if (Number.isNaN(value) && (Number.isNaN(forward) || Number.isNaN(reverse))) return
  if (Number.isFinite(forward) && Number.isFinite(reverse)) {
    if (Ulp.distance(forward, reverse) <= 4 || Math.abs(forward - reverse) <= slack) return
  }
  expect.fail(`${what()}: forward ${forward}, reverse ${reverse}, where the value is ${value}`)
}

const expectPartial = (actual: number, expected: number, what: string): void =>
  Number.isNaN(expected) ? expect(actual, what).toBeNaN() : expect(actual + 0, what).toBeCloseTo(expected, 14)

/** The partial derivatives of an elementwise program, at all elements at once, by both modes. */
const partials = (
  f: Program,
  tensors: ReadonlyArray<Tensor.Any>
): { readonly forward: ReadonlyArray<Float64Array>; readonly reverse: ReadonlyArray<Float64Array> } => {
  const constant = (tensor: Tensor.Any, x: number) => Tensor.full(tensor.shape, x)
  const shape = f.outputs
  const cotangents = Tensor.full(shape, 1)
  const pulled = Reverse.evaluate(f, { primals: valuesOf(tensors), cotangents: cotangents as never }).cotangents
  return {
    forward: tensors.map((_, k) => {
      const tangents = valuesOf(tensors.map((tensor, i) => constant(tensor, i === k ? 1 : 0)))
      return Tree.toTensors("test", shape, Forward.evaluate(f, { primals: valuesOf(tensors), tangents }).tangents)[0]!
        .data as Float64Array
    }),
    reverse: Tree.toTensors("test", f.inputs, pulled).map(({ data }) => data as Float64Array)
  }
}

/** All tuples of special values; of three operands, a selection. */
const specialPoints = (arity: number): ReadonlyArray<Point> => {
  const values = Arbitraries.specialValues
  const few = [0, -0, 1, -1, Infinity, -Infinity, NaN, 5e-324]
  if (arity === 1) return values.map((x) => [x])
  if (arity === 2) return values.flatMap((x) => values.map((y) => [x, y]))
  return few.flatMap((x) => few.flatMap((y) => few.map((z) => [x, y, z])))
}

const columns = (points: ReadonlyArray<Point>): ReadonlyArray<Tensor.Any> =>
  points[0]!.map((_, operand) =>
    Tensor.fromArray(
      points.map((point) => point[operand]!),
      [points.length]
    )
  )

const shapesFor = (arity: number): ReadonlyArray<ReadonlyArray<Shape.Shape>> => {
  const same = [...ranks, ...empties].map((shape) => Array.from({ length: arity }, () => shape))
  if (arity === 1) return same
  const broadcast: ReadonlyArray<ReadonlyArray<Shape.Shape>> = [
    [[2, 3], [3]],
    [[3], [2, 3]],
    [
      [2, 1],
      [1, 3]
    ],
    [[], [2]],
    [[2, 2], []],
    [
      [2, 1, 3, 1],
      [2, 1, 2]
    ],
    [[0], [1]],
    [[2, 1], [0]]
  ]
  return [...same, ...broadcast.map((pair) => (arity === 3 ? [...pair, [1]] : pair))]
}

for (const [title, table] of [
  ["elementwise primitives", primitivesElementwise],
  ["derived elementwise functions", derivedElementwise]
] as ReadonlyArray<readonly [string, Readonly<Record<string, Elementwise>>]>) {
  describe(title, () => {
    for (const [name, { except, f, kinks = [], numeric, ordinary }] of Object.entries(table)) {
      const arity = ordinary[0]!.length

      it(`${name}: forward = reverse = numerical derivatives, at ranks 0 to 4, empty, broadcast`, () => {
        for (const shapes of shapesFor(arity)) {
          // Whole points when all shapes agree; elements of points that hold for each operand otherwise.
          const agree = shapes.every((shape) => Shape.equals(shape, shapes[0]!))
          const size = Shape.size(shapes[0]!)
          const tensors = agree
            ? filled(shapes, (n, operand) => ordinary[(n - operand * size) % ordinary.length]![operand]!)
            : filled(shapes, (_, operand) => ordinary[0]![operand]!)
          checkOrdinary(program(shapes, f), valuesOf(tensors), numeric !== false)
        }
        // And every ordinary point by itself.
        const scalars = Array.from({ length: arity }, (): Shape.Shape => [])
        for (const point of ordinary) {
          checkOrdinary(
            program(scalars, f),
            valuesOf(filled(scalars, (_, operand) => point[operand]!)),
            numeric !== false
          )
        }
      })

      it(`${name}: forward = reverse at special values`, () => {
        const points = specialPoints(arity).filter((point) => except === undefined || !except(point))
        const tensors = columns(points)
        const p = program(
          tensors.map(({ shape }) => shape),
          f
        )
        const { forward, reverse } = partials(p, tensors)
        const values = Tree.toTensors("test", p.outputs, Fn.runSync(p, valuesOf(tensors)))[0]!.data
        points.forEach((point, i) => {
          forward.forEach((own, operand) =>
            expectSame(
              own[i]!,
              reverse[operand]![i]!,
              values[i]!,
              0,
              () => `∂${name}/∂${names[operand]} at ${point.map(String).join(", ")}`
            )
          )
        })
      })

      if (kinks.length > 0) {
        it(`${name}: conventions at kinks and at the edges of the domain`, () => {
          for (const [point, expected] of kinks) {
            const scalars = point.map((): Shape.Shape => [])
            const tensors = point.map((x) => Tensor.full([], x))
            const { forward, reverse } = partials(program(scalars, f), tensors)
            expected.forEach((partial, operand) => {
              const what = `∂/∂${names[operand]} at ${point.map(String).join(", ")}`
              expectPartial(forward[operand]![0]!, partial, `forward ${what}`)
              expectPartial(reverse[operand]![0]!, partial, `reverse ${what}`)
            })
          }
        })
      }
    }
  })
}

/** Special values, in orders that bring different ones together. */
const rotations = [0, 5, 11, 17]

/** For functions made of several primitives: not the ends of the range, where their factors overflow and underflow one by one. */
const moderate = [0, -0, 1, -1, 0.5, -0.5, 2, -2, Infinity, -Infinity, NaN, 710, -746]

for (const [title, table] of [
  ["primitives of arrays", primitivesOfArrays],
  ["derived functions of arrays", derivedOfArrays]
] as ReadonlyArray<readonly [string, Readonly<Record<string, OfArrays>>]>) {
  describe(title, () => {
    for (const [name, { cases, kinks = [], moderate: gentle, numeric, special }] of Object.entries(table)) {
      it(`${name}: forward = reverse = numerical derivatives, at ranks 0 to 4 and empty`, () => {
        for (const [shapes, f] of cases) {
          checkOrdinary(program(shapes, f), valuesOf(filled(shapes, spread)), numeric !== false)
        }
      })

      // Linear algebra has its special points in linalg.test.ts.
      if (special !== false)
        it(`${name}: forward = reverse at special values, entry by entry of the Jacobian`, () => {
          for (const [shapes, f] of cases) {
            const p = program(shapes, f)
            const [forward, reverse] = [Forward.jacobian(p), Reverse.jacobian(p)]
            const values = name in primitivesOfArrays && gentle === undefined ? Arbitraries.specialValues : moderate
            for (const rotation of rotations) {
              const at = filled(shapes, (n) => values[(n * 7 + rotation) % values.length]!)
              const [a, b] = [forward, reverse].map((j) =>
                Tree.toTensors("test", j.outputs as Tree.Spec, Fn.runSync(j as never, valuesOf(at)))
              )
              const results = Tree.toTensors("test", p.outputs, Fn.runSync(p, valuesOf(at)))[0]!.data
              a!.forEach((tensor, leaf) => {
                const size = at[leaf]!.data.length
                const entries = Array.from(tensor.data)
                const largest = Math.max(0, ...entries.filter(Number.isFinite).map(Math.abs))
                entries.forEach((d, i) =>
                  expectSame(
                    d,
                    b![leaf]!.data[i]!,
                    results[Math.floor(i / size)]!,
                    name in primitivesOfArrays ? 0 : 1e-12 * Math.max(1, largest),
                    () => `${name} of ${at.join(", ")}, entry ${i} of ${names[leaf]}`
                  )
                )
              })
            }
          }
        })

      if (kinks.length > 0) {
        it(`${name}: conventions`, () => {
          for (const [f, at, expected] of kinks) {
            const x = Tensor.make(at as number)
            const p = program([x.shape], (y) => Expr.sum(f(y!) as Array64))
            const wanted = Tensor.make(expected as number)
            const { reverse } = partials(p, [x])
            const forward = Tree.toTensors(
              "test",
              x.shape,
              (Fn.runSync(Forward.jacobian(p) as never, valuesOf([x])) as { readonly a: unknown }).a
            )[0]!
            wanted.data.forEach((d, i) => {
              expectPartial(forward.data[i]!, d, `forward at ${x}[${i}]`)
              expectPartial(reverse[0]![i]!, d, `reverse at ${x}[${i}]`)
            })
          }
        })
      }
    }
  })
}

describe("the tables", () => {
  it("have a row for every primitive", () => {
    expect([...Object.keys(primitivesElementwise), ...Object.keys(primitivesOfArrays)].sort()).toEqual(
      [...Primitive.names].sort()
    )
  })

  it("have a row for every derived function", () => {
    const known = new Set<string>([...Primitive.names, ...others])
    expect([...Object.keys(derivedElementwise), ...Object.keys(derivedOfArrays)].sort()).toEqual(
      Object.keys(Expr)
        .filter((name) => !known.has(name))
        .sort()
    )
  })
})

describe("a branch not taken never poisons a gradient", () => {
  const outside: Readonly<Record<string, readonly [(x: Array64) => Array64, number]>> = {
    log: [Expr.log, -1],
    "log at 0": [Expr.log, 0],
    sqrt: [Expr.sqrt, -1],
    "sqrt at 0": [Expr.sqrt, 0],
    cbrt: [Expr.cbrt, 0],
    asin: [Expr.asin, 3],
    acosh: [Expr.acosh, 0.5],
    atanh: [Expr.atanh, 1],
    lgamma: [Expr.lgamma, -1],
    "1/x": [(x) => Expr.div(1, x), 0],
    "x^-2": [(x) => Expr.pow(x, -2), 0],
    "exp that overflows": [Expr.exp, 1000],
    "a long chain": [(x) => Expr.exp(Expr.div(1, Expr.sqrt(Expr.log(x)))), -1],
    "a contraction": [
      (x) =>
        Expr.dot(
          Expr.stack([Expr.log(x), x] as never) as never,
          Expr.stack([x, Expr.sqrt(x)] as never) as never
        ) as Array64,
      -1
    ],
    "a product of an array": [
      (x) => Expr.prod(Expr.stack([Expr.log(x), Expr.div(1, x), x] as never) as Array64) as Array64,
      0
    ]
  }
  for (const [name, [f, x]] of Object.entries(outside)) {
    it(`select(false, ${name}, 3 x), to the second order`, () => {
      const guarded: Fn.Fn<readonly [], readonly []> = Fn.make([], (y) =>
        Expr.select(Expr.constant(false), f(y) as Expr.Expr<readonly []>, Expr.mul(3, y))
      )
      expect(Fn.runSync(Forward.derivative(guarded), x)).toBe(3)
      expect(Fn.runSync(Reverse.grad(guarded), x)).toBe(3)
      const modes: ReadonlyArray<(g: typeof guarded) => typeof guarded> = [
        (g) => Forward.derivative(g),
        (g) => Reverse.grad(g)
      ]
      for (const outer of modes) {
        for (const inner of modes) expect(Fn.runSync(outer(inner(guarded)), x) + 0).toBe(0)
      }
    })
  }
})

describe("an index out of range", () => {
  it("reads NaN, which does not vary: its derivative is 0 in both modes", () => {
    const indices = Tensor.index([5, 0, -1])
    const vector = Fn.make([3], (x) => Expr.gather(x, indices))
    const rows = Fn.make([2, 3], (x) => Expr.gather(x, indices, 1))
    const expected = "[[0, 0, 0], [1, 0, 0], [0, 0, 0]]"
    const x = Tensor.make([1, 2, 3])
    expect(`${Fn.runSync(vector, x)}`).toBe("[NaN, 1, NaN]")
    expect(`${Fn.runSync(Forward.jacobian(vector), x)}`).toBe(expected)
    expect(`${Fn.runSync(Reverse.jacobian(vector), x)}`).toBe(expected)
    const at = Tensor.make([
      [1, 2, 3],
      [4, 5, 6]
    ])
    expect(Fn.runSync(Forward.jacobian(rows), at)).toEqual(Fn.runSync(Reverse.jacobian(rows), at))
  })
})
