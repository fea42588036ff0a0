// Functions that the library defines from primitives, as a user would.

import { Expr, Shape } from "@fluxion/core"
import { einsums } from "./contraction.ts"
import { regular, singular, squares } from "./matrices.ts"
import {
  type Array64,
  alongAxes,
  binary,
  each,
  indices,
  moderate,
  named,
  ofArrays,
  reduction,
  type Ranges,
  unary
} from "./rows.ts"

const everywhere: Ranges = [[-2.5, 3]]
const positive: Ranges = [
  [0.1, 1],
  [1, 25]
]
const away: Ranges = [
  [-3, -0.4],
  [0.4, 3]
]

export const derivedElementwise = named({
  square: unary(Expr.square, everywhere, { value: (x) => x! ** 2 }),
  reciprocal: unary(Expr.reciprocal, away, { value: (x) => 1 / x! }),
  log2: unary(Expr.log2, positive, { value: Math.log2 }),
  log10: unary(Expr.log10, positive, { value: Math.log10 }),
  logSigmoid: unary(Expr.logSigmoid, everywhere, {
    conventions: [
      [[-800], [1]],
      [[800], [0]]
    ]
  }),
  silu: unary(Expr.silu, everywhere, { value: (x) => x! / (1 + Math.exp(-x!)) }),
  gelu: unary(Expr.gelu, everywhere),
  geluTanh: unary(Expr.geluTanh, everywhere),
  sinc: unary(Expr.sinc, everywhere, { conventions: [[[0], [0]]] }),
  logAddExp: binary(Expr.logAddExp, [[...everywhere, [700, 701]], everywhere], {
    conventions: [
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
  }),
  xlogy: binary(Expr.xlogy, [everywhere, positive], {
    value: (x, y) => x! * Math.log(y!),
    conventions: [
      [
        [0, 0],
        [-Infinity, 0]
      ],
      [
        [0, 2],
        [Math.log(2), 0]
      ]
    ]
  }),
  leakyRelu: unary((x) => Expr.leakyRelu(x, 0.2), everywhere, { kinks: [0], conventions: [[[0], [0.2]]] }),
  elu: unary((x) => Expr.elu(x), everywhere, {
    kinks: [0],
    conventions: [
      [[0], [1]],
      [[Infinity], [1]]
    ]
  }),
  huber: unary((x) => Expr.huber(x, 1), everywhere, {
    kinks: [-1, 1],
    conventions: [
      [[1], [1]],
      [[-1], [-1]],
      [[0], [0]],
      [[1e300], [1]]
    ]
  })
})

export const derivedOfArrays = named({
  mean: ofArrays(reduction(Expr.mean), { special: { values: moderate, tolerance: 1e-12 } }),
  variance: ofArrays([...reduction(Expr.variance), [[[4]], (x) => Expr.variance(x, { correction: 1 })]], {
    special: { values: moderate, tolerance: 1e-12 }
  }),
  standardDeviation: ofArrays(
    reduction(Expr.standardDeviation).filter(([[shape]]) => Shape.size(shape!) > 1),
    {
      kinks: [[(x) => Expr.standardDeviation(x), [2, 2], [0, 0]]],
      special: { values: moderate, tolerance: 1e-12 },
      exempt: { "central differences": "of one element along an axis it is 0, where the derivative is a convention" }
    }
  ),
  norm: ofArrays(reduction(Expr.norm, false), {
    kinks: [
      [(x) => Expr.norm(x), [0, 0], [0, 0]],
      [(x) => Expr.norm(x), [3e200, 4e200], [0.6, 0.8]],
      [(x) => Expr.norm(x), [0, 5], [0, 1]]
    ],
    special: { values: moderate, tolerance: 1e-12 }
  }),
  logSumExp: ofArrays(reduction(Expr.logSumExp), {
    kinks: [[(x) => Expr.logSumExp(x), [1000, 1000], [0.5, 0.5]]],
    special: { values: moderate, tolerance: 1e-12 }
  }),
  softmax: ofArrays(alongAxes(Expr.softmax), {
    kinks: [[(x) => Expr.at(Expr.softmax(x), 0), [1000, 1000], [0.25, -0.25]]],
    special: { values: moderate, tolerance: 1e-12 }
  }),
  logSoftmax: ofArrays(alongAxes(Expr.logSoftmax), {
    kinks: [[(x) => Expr.at(Expr.logSoftmax(x), 0), [1000, 1000], [0.5, -0.5]]],
    special: { values: moderate, tolerance: 1e-12 }
  }),
  layerNorm: ofArrays(alongAxes(Expr.layerNorm, [[4], [2, 3], [3, 2, 2]]), {
    special: { values: moderate, tolerance: 1e-12 }
  }),
  oneHot: ofArrays([[[[3]], (x) => Expr.oneHot(Expr.toIndex(x) as Expr.IndexExpr, 3)]], {
    special: { values: moderate, tolerance: 1e-12 }
  }),
  crossEntropy: ofArrays(
    [
      [[[2, 3]], (x) => Expr.crossEntropy(x, indices([2, 0]))],
      [
        [
          [2, 3],
          [2, 3]
        ],
        (x, y) => Expr.crossEntropy(x, Expr.softmax(y))
      ],
      [[[3]], (x) => Expr.crossEntropy(x, indices(1))]
    ],
    { special: { values: moderate, tolerance: 1e-12 } }
  ),
  diagonal: ofArrays(
    each(
      [
        [3, 3],
        [1, 1],
        [0, 0]
      ],
      (x) => Expr.diagonal(x)
    ),
    { special: { values: moderate, tolerance: 1e-12 } }
  ),
  trace: ofArrays(
    each(
      [
        [3, 3],
        [1, 1],
        [0, 0]
      ],
      (x) => Expr.trace(x)
    ),
    { special: { values: moderate, tolerance: 1e-12 } }
  ),
  einsum: ofArrays(einsums, { special: { values: moderate, tolerance: 1e-12 } }),
  matmul: ofArrays(
    (
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
    ).map((shapes) => [shapes, (x: Array64, y: Array64) => Expr.matmul(x, y) as Expr.Any] as const),
    { special: { values: moderate, tolerance: 1e-12 } }
  ),
  outer: ofArrays(
    [
      [[[2], [3]], (x, y) => Expr.outer(x, y)],
      [[[], [2, 2]], (x, y) => Expr.outer(x, y)]
    ],
    { special: { values: moderate, tolerance: 1e-12 } }
  ),
  at: ofArrays(
    [
      [[[3]], (x) => Expr.at(x, -1)],
      [[[2, 3, 2]], (x) => Expr.at(x, 1, 1)]
    ],
    { special: { values: moderate, tolerance: 1e-12 } }
  ),
  expandDims: ofArrays(
    [
      [[[2]], (x) => Expr.expandDims(x, 0)],
      [[[2, 3]], (x) => Expr.expandDims(x, -1)]
    ],
    { special: { values: moderate, tolerance: 1e-12 } }
  ),
  squeeze: ofArrays(
    [
      [[[2, 1]], (x) => Expr.squeeze(x, 1)],
      [[[1]], (x) => Expr.squeeze(x, 0)]
    ],
    { special: { values: moderate, tolerance: 1e-12 } }
  ),
  slogdet: ofArrays(
    each(squares, (m) => {
      const x = regular(m)
      const { logdet, sign } = Expr.slogdet(x as never)
      return Expr.mul(sign as Array64, Expr.exp(logdet as Array64))
    }),
    { exempt: singular }
  ),
  tril: ofArrays(
    each([[3, 3]], (x) => Expr.tril(x)),
    { special: { values: moderate, tolerance: 1e-12 } }
  ),
  triu: ofArrays(
    each([[3, 3]], (x) => Expr.triu(x)),
    { special: { values: moderate, tolerance: 1e-12 } }
  )
})
