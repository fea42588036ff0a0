// Linear algebra. Matrices that are singular, or hold NaN, have tests of their own: linalg.test.ts.

import { Expr } from "@fluxion/core"
import { ofMatrices, ofSystems, singular, squares, squareSystems } from "./matrices.ts"
import { each, named, ofArrays } from "./rows.ts"

export const linalg = named({
  cholesky: ofMatrices((x) => Expr.cholesky(x as never)),
  triangularSolve: ofSystems(
    (a, b) => Expr.triangularSolve(a, b as never, { upper: true, transposed: true }) as Expr.Any,
    squareSystems
  ),
  solve: ofSystems((a, b) => Expr.solve(a, b as never) as Expr.Any, squareSystems),
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
  inverse: ofMatrices((x) => Expr.inverse(x as never)),
  adjugate: ofArrays(
    each(squares, (x) => Expr.adjugate(x as never)),
    { exempt: singular }
  ),
  det: ofArrays(
    each(squares, (x) => Expr.det(x as never)),
    {
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
      ],
      exempt: singular
    }
  ),
  detSign: ofMatrices((x) => Expr.detSign(x as never)),
  logdet: ofMatrices((x) => Expr.logdet(x as never))
})
