// What moves elements.

import { Expr, Tensor } from "@fluxion/core"
import { type Array64, each, empties, indices, named, ofArrays, ranks } from "./rows.ts"

export const structural = named({
  broadcastTo: ofArrays([
    [[[]], (x) => Expr.broadcastTo(x, [2, 3])],
    [[[3]], (x) => Expr.broadcastTo(x, [2, 3])],
    [[[2, 1]], (x) => Expr.broadcastTo(x, [2, 3])],
    [[[1, 2, 1]], (x) => Expr.broadcastTo(x, [2, 3, 2, 2])],
    [[[1]], (x) => Expr.broadcastTo(x, [0])],
    [[[1, 0]], (x) => Expr.broadcastTo(x, [3, 0])]
  ]),
  reshape: ofArrays([
    ...each(ranks, (x) => Expr.reshape(x, [-1])),
    [[[2, 3]], (x) => Expr.reshape(x, [3, 1, 2])],
    [[[1]], (x) => Expr.reshape(x, [])],
    [[[0, 3]], (x) => Expr.reshape(x, [2, 0])]
  ]),
  transpose: ofArrays([
    ...each([...ranks, ...empties], (x) => Expr.transpose(x)),
    [[[2, 3, 4]], (x) => Expr.transpose(x, [1, 2, 0])]
  ]),
  slice: ofArrays([
    [[[5]], (x) => Expr.slice(x, { starts: [1], limits: [5], strides: [2] })],
    [[[2, 4]], (x) => Expr.slice(x, { starts: [0, 1], limits: [2, 3] })],
    [[[2, 1, 5, 2]], (x) => Expr.slice(x, { starts: [1, 0, 0, 0], limits: [2, 1, 5, 2], strides: [1, 1, 3, 1] })],
    [[[4]], (x) => Expr.slice(x, { starts: [2], limits: [2] })],
    [[[]], (x) => Expr.slice(x, { starts: [], limits: [] })],
    [[[0]], (x) => Expr.slice(x, { starts: [0], limits: [0] })]
  ]),
  dynamicSlice: ofArrays([
    [[[5]], (x) => Expr.dynamicSlice(x, indices([1]), [3])],
    [[[5]], (x) => Expr.dynamicSlice(x, indices([9]), [2])],
    [[[3, 4]], (x) => Expr.dynamicSlice(x, indices([-3, 2]), [2, 2])],
    [[[3]], (x) => Expr.dynamicSlice(x, indices([0]), [0])]
  ]),
  dynamicUpdateSlice: ofArrays([
    [[[5], [2]], (x, u) => Expr.dynamicUpdateSlice(x, u, indices([1]))],
    [
      [
        [3, 4],
        [2, 2]
      ],
      (x, u) => Expr.dynamicUpdateSlice(x, u, indices([7, -7]))
    ],
    [[[3], [3]], (x, u) => Expr.dynamicUpdateSlice(x, u, indices([0]))],
    [[[3], [0]], (x, u) => Expr.dynamicUpdateSlice(x, u, indices([1]))]
  ]),
  pad: ofArrays([
    [[[3]], (x) => Expr.pad(x, { low: [1], high: [2], interior: [1], value: 7 })],
    [[[2, 2]], (x) => Expr.pad(x, { low: [0, 1], high: [2, 0] })],
    [[[2, 1, 2, 1]], (x) => Expr.pad(x, { interior: [1, 2, 0, 0] })],
    [[[]], (x) => Expr.pad(x, {})],
    [[[0]], (x) => Expr.pad(x, { low: [2], value: 1 })]
  ]),
  concat: ofArrays([
    [[[2], [3], [1]], (x, y, z) => Expr.concat([x, y, z] as never)],
    [
      [
        [2, 1],
        [2, 3]
      ],
      (x, y) => Expr.concat([x, y] as never, 1)
    ],
    [
      [
        [1, 2, 1, 2],
        [1, 2, 3, 2]
      ],
      (x, y) => Expr.concat([x, y] as never, -2)
    ],
    [[[2]], (x) => Expr.concat([x, x] as never)],
    [[[0], [2]], (x, y) => Expr.concat([x, y] as never)],
    [[[2]], (x) => Expr.concat([x, Tensor.make([5])] as never)]
  ]),
  stack: ofArrays([
    [[[], [], []], (x, y, z) => Expr.stack([x, y, z] as never)],
    [
      [
        [2, 3],
        [2, 3]
      ],
      (x, y) => Expr.stack([x, y] as never, 1)
    ],
    [[[2]], (x) => Expr.stack([x, Tensor.make([5, 6]), x] as never, -1)],
    [[[0], [0]], (x, y) => Expr.stack([x, y] as never)]
  ]),
  reverse: ofArrays([...each([...ranks, ...empties], (x) => Expr.reverse(x)), [[[2, 3]], (x) => Expr.reverse(x, 1)]]),
  gather: ofArrays([
    [[[4]], (x) => Expr.gather(x, indices([2, 0, 2]))],
    [
      [[3, 2]],
      (x) =>
        Expr.gather(
          x,
          indices([
            [1, 1],
            [0, 2]
          ]),
          0
        )
    ],
    [[[2, 3, 2]], (x) => Expr.gather(x, indices(1), 1)],
    [[[2, 1, 2, 3]], (x) => Expr.gather(x, indices([2, 2]), -1)],
    [[[3]], (x) => Expr.gather(x, Expr.reshape(indices([0]), [1]) as Expr.IndexExpr)],
    [[[2, 0]], (x) => Expr.gather(x, indices([1, 0]))]
  ]),
  scatterAdd: ofArrays([
    [[[4], [3]], (x, u) => Expr.scatterAdd(x, indices([2, 0, 2]), u)],
    [
      [
        [3, 2],
        [2, 2, 2]
      ],
      (x, u) =>
        Expr.scatterAdd(
          x,
          indices([
            [1, 1],
            [0, 2]
          ]),
          u,
          0
        )
    ],
    [[[2, 3], [2]], (x, u) => Expr.scatterAdd(x, indices(1), u, 1)],
    [[[3], [4]], (x, u) => Expr.scatterAdd(x, indices([5, -1, 1, 0]), u)],
    [[[0], [0]], (x, u) => Expr.scatterAdd(x, Expr.reshape(indices([]), [0]) as Expr.IndexExpr, u)]
  ]),
  triangle: ofArrays([
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
  ])
})
