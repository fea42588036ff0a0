// Reductions, and what accumulates.

import { Expr } from "@fluxion/core"
import { alongAxes, moderate, named, ofArrays, reduction as reducing, withAxes } from "./rows.ts"

export const reduction = named({
  sum: ofArrays(reducing(Expr.sum)),
  prod: ofArrays(reducing(Expr.prod), {
    kinks: [
      [(x) => Expr.prod(x), [2, 0, 5], [0, 10, 0]],
      [(x) => Expr.prod(x), [0, 0, 5], [0, 0, 0]],
      [(x) => Expr.prod(x), 7, 1]
    ],
    special: { values: moderate }
  }),
  reduceMax: ofArrays(reducing(Expr.reduceMax, false), {
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
  }),
  reduceMin: ofArrays(reducing(Expr.reduceMin, false), {
    kinks: [
      [(x) => Expr.reduceMin(x), [1, 1, 3, 1], [1 / 3, 1 / 3, 0, 1 / 3]],
      [(x) => Expr.reduceMin(x), [0, -0], [0.5, 0.5]]
    ]
  }),
  argmax: ofArrays(alongAxes((x, { axis }) => Expr.toReal(Expr.argmax(x, axis)), withAxes)),
  argmin: ofArrays(alongAxes((x, { axis }) => Expr.toReal(Expr.argmin(x, axis)), withAxes)),
  any: ofArrays(reducing((x, options) => Expr.toReal(Expr.any(Expr.gt(x, 0.2), options) as Expr.BoolExpr))),
  all: ofArrays(reducing((x, options) => Expr.toReal(Expr.all(Expr.gt(x, 0.2), options) as Expr.BoolExpr))),
  cumsum: ofArrays([...alongAxes(Expr.cumsum), ...alongAxes((x, o) => Expr.cumsum(x, { ...o, reverse: true }))]),
  cumprod: ofArrays([...alongAxes(Expr.cumprod), ...alongAxes((x, o) => Expr.cumprod(x, { ...o, reverse: true }))], {
    kinks: [
      [(x) => Expr.sum(Expr.cumprod(x)), [2, 0, 3], [1, 2 + 6, 0]],
      [(x) => Expr.sum(Expr.cumprod(x, { reverse: true })), [2, 0, 3], [0, 9, 1]]
    ],
    special: { values: moderate }
  })
})
