// The elementwise primitives: where they are smooth, their kinks, and their derivatives there.

import { Expr } from "@fluxion/core"
import { type Array64, binary, named, real, row, unary } from "./rows.ts"

const everywhere = [[-2.5, 3]] as const
const positive = [
  [0.1, 1],
  [1, 25]
] as const
const unit = [[-0.9, 0.9]] as const
const offZero = [[-3, 3]] as const
const aroundZero = { kinks: [0] } as const
const offPoles = [
  [-2.7, -2.3],
  [-0.7, -0.3],
  [0.3, 1],
  [1, 10]
] as const
const away = [
  [-3, -0.4],
  [0.4, 3]
] as const
const both = [everywhere, everywhere] as const

const apart = (x: number, y: number): boolean => Math.abs(x - y) > 0.15

const truth = (f: (x: Array64, y: Array64) => Expr.Any, value: (x: number, y: number) => boolean) =>
  binary((x, y) => Expr.toReal(f(x, y) as Expr.BoolExpr), both, {
    smooth: (x, y) => apart(x!, y!),
    value: (x, y) => Number(value(x!, y!)),
    conventions: [
      [
        [1, 1],
        [0, 0]
      ]
    ]
  })

const logic = (f: (x: Expr.BoolExpr, y: Expr.BoolExpr) => Expr.Any, value: (x: boolean, y: boolean) => boolean) =>
  binary(
    (x, y) => Expr.toReal(f(Expr.gt(x, 0) as Expr.BoolExpr, Expr.gt(y, 0) as Expr.BoolExpr) as Expr.BoolExpr),
    both,
    { kinks: [0], value: (x, y) => Number(value(x! > 0, y! > 0)) }
  )

const steps = (...centres: ReadonlyArray<number>) => centres.map((c) => [c - 0.35, c + 0.35] as const)

export const elementwise = named({
  neg: unary(Expr.neg, everywhere, { value: (x) => -x! }),
  abs: unary(Expr.abs, offZero, {
    ...aroundZero,
    value: Math.abs,
    conventions: [
      [[0], [0]],
      [[-0], [0]],
      [[NaN], [NaN]],
      [[-Infinity], [-1]]
    ]
  }),
  sign: unary(Expr.sign, offZero, { ...aroundZero, value: Math.sign, conventions: [[[0], [0]]] }),
  exp: unary(Expr.exp, [...everywhere, [5, 20]], {
    value: Math.exp,
    conventions: [
      [[-Infinity], [0]],
      [[Infinity], [Infinity]]
    ]
  }),
  expm1: unary(Expr.expm1, [...everywhere, [-1e-3, 1e-3]], { value: Math.expm1 }),
  log: unary(Expr.log, positive, {
    value: Math.log,
    conventions: [
      [[0], [Infinity]],
      [[Infinity], [0]]
    ]
  }),
  log1p: unary(Expr.log1p, [[-0.85, 3]], { value: Math.log1p, conventions: [[[-1], [Infinity]]] }),
  sqrt: unary(Expr.sqrt, positive, {
    value: Math.sqrt,
    conventions: [
      [[0], [Infinity]],
      [[Infinity], [0]]
    ]
  }),
  cbrt: unary(Expr.cbrt, away, { value: Math.cbrt, conventions: [[[0], [Infinity]]] }),
  sin: unary(Expr.sin, [...everywhere, [50, 60]], { value: Math.sin }),
  cos: unary(Expr.cos, [...everywhere, [50, 60]], { value: Math.cos }),
  tan: unary(
    Expr.tan,
    [
      [-1.2, 1.2],
      [2, 4]
    ],
    { value: Math.tan }
  ),
  asin: unary(Expr.asin, unit, {
    value: Math.asin,
    conventions: [
      [[1], [Infinity]],
      [[-1], [Infinity]]
    ]
  }),
  acos: unary(Expr.acos, unit, {
    value: Math.acos,
    conventions: [
      [[1], [-Infinity]],
      [[-1], [-Infinity]]
    ]
  }),
  atan: unary(Expr.atan, [...everywhere, [3, 30]], { value: Math.atan, conventions: [[[Infinity], [0]]] }),
  sinh: unary(Expr.sinh, everywhere, { value: Math.sinh }),
  cosh: unary(Expr.cosh, everywhere, { value: Math.cosh }),
  tanh: unary(Expr.tanh, everywhere, {
    value: Math.tanh,
    conventions: [
      [[Infinity], [0]],
      [[-800], [0]]
    ]
  }),
  asinh: unary(Expr.asinh, [...everywhere, [3, 100]], { value: Math.asinh }),
  acosh: unary(
    Expr.acosh,
    [
      [1.15, 3],
      [3, 20]
    ],
    { value: Math.acosh, conventions: [[[1], [Infinity]]] }
  ),
  atanh: unary(Expr.atanh, unit, {
    value: Math.atanh,
    conventions: [
      [[1], [Infinity]],
      [[-1], [Infinity]]
    ]
  }),
  // mpmath, rounded.
  erf: unary(Expr.erf, everywhere, {
    conventions: [[[Infinity], [0]]],
    references: [{ at: [0.5], value: 0.5204998778130465, first: [0.8787825789354448], second: [[-0.8787825789354448]] }]
  }),
  erfc: unary(Expr.erfc, everywhere, {
    conventions: [[[-Infinity], [0]]],
    references: [
      { at: [2], value: 0.004677734981047266, first: [-0.020666985354092053], second: [[0.08266794141636821]] }
    ]
  }),
  lgamma: unary(Expr.lgamma, offPoles),
  digamma: unary(Expr.digamma, offPoles),
  polygamma: unary((x) => Expr.polygamma(x, 2), offPoles),
  sigmoid: unary(Expr.sigmoid, everywhere, {
    value: (x) => 1 / (1 + Math.exp(-x!)),
    conventions: [
      [[-800], [0]],
      [[800], [0]]
    ]
  }),
  softplus: unary(Expr.softplus, everywhere, {
    value: (x) => Math.log1p(Math.exp(x!)),
    conventions: [
      [[-800], [0]],
      [[800], [1]]
    ]
  }),
  relu: unary(Expr.relu, offZero, {
    ...aroundZero,
    value: (x) => Math.max(x!, 0),
    conventions: [
      [[0], [0]],
      [[-0], [0]],
      [[NaN], [NaN]],
      [[Infinity], [1]]
    ]
  }),
  floor: unary(Expr.floor, steps(-1.5, 0.5, 2.5), { value: Math.floor, conventions: [[[1], [0]]] }),
  ceil: unary(Expr.ceil, steps(-1.5, 0.5, 2.5), { value: Math.ceil, conventions: [[[1], [0]]] }),
  round: unary(Expr.round, steps(-1, 0, 3), { value: Math.round, conventions: [[[0.5], [0]]] }),
  isFinite: unary((x) => Expr.toReal(Expr.isFinite(x)), everywhere, {
    value: () => 1,
    conventions: [[[Infinity], [0]]]
  }),
  toReal: unary((x) => Expr.toReal(Expr.toIndex(x)), steps(-1.5, 0.5, 2.5), { value: Math.trunc }),
  toIndex: unary((x) => Expr.toReal(Expr.toIndex(x)), steps(-1.5, 0.5, 2.5), { conventions: [[[2], [0]]] }),
  add: binary(Expr.add, both, { value: (x, y) => x! + y! }),
  sub: binary(Expr.sub, both, { value: (x, y) => x! - y! }),
  mul: binary(Expr.mul, both, {
    value: (x, y) => x! * y!,
    conventions: [
      [
        [0, 3],
        [3, 0]
      ],
      [
        [0, Infinity],
        [Infinity, 0]
      ]
    ]
  }),
  mulStrongZero: binary(Expr.mulStrongZero, both, {
    value: (x, y) => x! * y!,
    conventions: [
      [
        [0, Infinity],
        [Infinity, 0]
      ]
    ]
  }),
  div: binary(Expr.div, [everywhere, away], {
    value: (x, y) => x! / y!,
    conventions: [
      [
        [0, 2],
        [0.5, 0]
      ],
      [
        [1, Infinity],
        [0, 0]
      ]
    ],
    // 1 / y overflows for subnormal y.
    special: { except: (_, y) => Math.abs(y!) < 2 ** -1022 }
  }),
  pow: binary(
    Expr.pow,
    [
      [
        [0.2, 1],
        [1, 3]
      ],
      [[-2.5, 2.5]]
    ],
    {
      value: (x, y) => x! ** y!,
      conventions: [
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
      ]
    }
  ),
  atan2: binary(Expr.atan2, both, {
    value: Math.atan2,
    smooth: (y, x) => Math.hypot(y!, x!) > 0.4 && !(x! < 0.2 && Math.abs(y!) < 0.2),
    conventions: [
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
    ],
    // 1 / r overflows for subnormal r.
    special: { except: (y, x) => Math.hypot(y!, x!) < 2 ** -1022 }
  }),
  hypot: binary(Expr.hypot, both, {
    value: (x, y) => Math.hypot(x!, y!),
    smooth: (x, y) => Math.hypot(x!, y!) > 0.4,
    conventions: [
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
    ]
  }),
  max: binary(Expr.max, both, {
    value: Math.max,
    smooth: (x, y) => apart(x!, y!),
    conventions: [
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
    ]
  }),
  min: binary(Expr.min, both, {
    value: Math.min,
    smooth: (x, y) => apart(x!, y!),
    conventions: [
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
    ]
  }),
  rem: binary(
    Expr.rem,
    [
      [[-6, 6]],
      [
        [-3, -1],
        [1, 3]
      ]
    ],
    {
      value: (x, y) => x! % y!,
      // The quotient is not near an integer, nor becomes one by a small step.
      smooth: (x, y) => Math.abs(x! / y! - Math.round(x! / y!)) > 0.2,
      conventions: [
        [
          [6, 2],
          [1, -3]
        ],
        [
          [-7, 2],
          [1, 3]
        ]
      ]
    }
  ),
  eq: truth(Expr.eq, (x, y) => x === y),
  ne: truth(Expr.ne, (x, y) => x !== y),
  lt: truth(Expr.lt, (x, y) => x < y),
  le: truth(Expr.le, (x, y) => x <= y),
  gt: truth(Expr.gt, (x, y) => x > y),
  ge: truth(Expr.ge, (x, y) => x >= y),
  and: logic(Expr.and, (x, y) => x && y),
  or: logic(Expr.or, (x, y) => x || y),
  not: unary((x) => Expr.toReal(Expr.not(Expr.gt(x, 0.1))), offZero, { kinks: [0.1] }),
  select: row({
    operands: [{ elementType: "bool" }, real([-3, 3]), real([-3, 3])],
    build: (p, x, y) => Expr.select(p, x, y),
    value: (p, x, y) => (p === 1 ? x! : y!),
    conventions: [
      { at: [0, 5, 7], partials: [0, 1] },
      { at: [1, 5, 7], partials: [1, 0] },
      { at: [1, 5, Infinity], partials: [1, 0] },
      { at: [1, 5, NaN], partials: [1, 0] }
    ]
  }),
  clamp: row({
    operands: [real([-3, 3]), real([-3, 3]), real([-3, 3])],
    build: (x, low, high) => Expr.clamp(x, low, high),
    value: (x, low, high) => Math.min(Math.max(x!, low!), high!),
    smooth: (x, low, high) => apart(x!, low!) && apart(x!, high!) && apart(low!, high!),
    conventions: [
      { at: [1, 1, 2], partials: [0.5, 0.5, 0] },
      { at: [2, 1, 2], partials: [0.5, 0, 0.5] },
      { at: [1, 1, 1], partials: [0.25, 0.25, 0.5] },
      { at: [5, 1, 2], partials: [0, 0, 1] },
      { at: [0, 1, 2], partials: [0, 1, 0] },
      { at: [0, 3, 2], partials: [0, 0, 1] }
    ]
  }),
  stopGradient: unary(Expr.stopGradient, everywhere, {
    value: (x) => x!,
    conventions: [[[3], [0]]],
    exempt: { "central differences": "its derivative is 0 by definition, which is not that of its value" }
  })
})
