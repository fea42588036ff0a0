/**
 * `ba`: bundle adjustment, which fits cameras and points in space to where the cameras saw the points.
 *
 * @since 0.1.0
 */
import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, Tensor, Tree, Type } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Schema } from "effect"
import * as Evaluation from "../Evaluation.ts"
import * as Numbers from "../Numbers.ts"

/**
 * `n` cameras, `m` points, `p` observations.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sizes {
  readonly n: number
  readonly m: number
  readonly p: number
}

type Scalar = Expr.Expr<readonly []>
type Vector3 = readonly [Scalar, Scalar, Scalar]

const dot = (a: Vector3, b: Vector3): Scalar =>
  Expr.add(Expr.add(Expr.mul(a[0], b[0]), Expr.mul(a[1], b[1])), Expr.mul(a[2], b[2]))

const cross = (a: Vector3, b: Vector3): Vector3 => [
  Expr.sub(Expr.mul(a[1], b[2]), Expr.mul(a[2], b[1])),
  Expr.sub(Expr.mul(a[2], b[0]), Expr.mul(a[0], b[2])),
  Expr.sub(Expr.mul(a[0], b[1]), Expr.mul(a[1], b[0]))
]

/** Rodrigues' formula: a point turned about an axis by an angle that is the axis' length; for no angle its first-order part. */
const rotate = (rotation: Vector3, point: Vector3): Vector3 => {
  const squared = dot(rotation, rotation)
  const still = Expr.eq(squared, 0)
  const angle = Expr.sqrt(squared)
  const [cosine, sine] = [Expr.cos(angle), Expr.sin(angle)]
  const inverse = Expr.div(1, angle)
  const axis: Vector3 = [Expr.mul(rotation[0], inverse), Expr.mul(rotation[1], inverse), Expr.mul(rotation[2], inverse)]
  const along = Expr.mul(dot(axis, point), Expr.sub(1, cosine))
  const [sideways, slightly] = [cross(axis, point), cross(rotation, point)]
  const component = (i: 0 | 1 | 2): Scalar => {
    const turned = Expr.mul(point[i], cosine).pipe(
      Expr.add(Expr.mul(sideways[i], sine)),
      Expr.add(Expr.mul(axis[i], along))
    )
    return Expr.select(still, Expr.add(point[i], slightly[i]), turned)
  }
  return [component(0), component(1), component(2)]
}

/** What one observation depends on, in the order of the columns of its Jacobian: a camera, a point and a weight. */
const view = {
  camera: {
    rotation: [[], [], []],
    centre: [[], [], []],
    focal: [],
    principal: [[], []],
    distortion: [[], []]
  },
  point: [[], [], []],
  weight: []
} as const

/** Where a camera sees a point, less where it was observed, times a weight. */
const reprojection = (feature: readonly [Scalar, Scalar]) =>
  Fn.make(view, ({ camera: { centre, distortion, focal, principal, rotation }, point, weight }) => {
    const [x, y, z] = rotate(rotation, [
      Expr.sub(point[0], centre[0]),
      Expr.sub(point[1], centre[1]),
      Expr.sub(point[2], centre[2])
    ])
    const inverse = Expr.div(1, z)
    const [u, v] = [Expr.mul(x, inverse), Expr.mul(y, inverse)]
    const squared = Expr.add(Expr.square(u), Expr.square(v))
    const stretched = Expr.add(1, Expr.mul(squared, Expr.add(distortion[0], Expr.mul(distortion[1], squared))))
    const scale = Expr.mul(stretched, focal)
    const residual = (projected: Scalar, i: 0 | 1) =>
      Expr.mul(weight, Expr.sub(Expr.add(Expr.mul(projected, scale), principal[i]), feature[i]))
    return [residual(u, 0), residual(v, 1)]
  })

/** Weights are held near 1. */
const weightError = Fn.make([], (weight) => Expr.sub(1, Expr.square(weight)))

const cameraSize = 11

/** Columns of the Jacobian of one observation: those of a camera, a point and a weight. */
const width = cameraSize + 3 + 1

const adjustment = ({ m, n, p }: Sizes) => ({
  cameras: [n, cameraSize] as const,
  points: [m, 3] as const,
  observations: {
    camera: Type.index([p]),
    point: Type.index([p]),
    weight: [p] as const,
    feature: [p, 2] as const
  }
})

/** The operands of `reprojection` for one observation. */
const seen = (
  cameras: Expr.Expr<readonly [number, number]>,
  points: Expr.Expr<readonly [number, number]>,
  observation: {
    readonly camera: Expr.IndexExpr<readonly []>
    readonly point: Expr.IndexExpr<readonly []>
    readonly weight: Scalar
  }
) => {
  const camera = Expr.gather(cameras, observation.camera)
  const point = Expr.gather(points, observation.point)
  const c = (i: number) => Expr.at(camera, i)
  return {
    camera: {
      rotation: [c(0), c(1), c(2)],
      centre: [c(3), c(4), c(5)],
      focal: c(6),
      principal: [c(7), c(8)],
      distortion: [c(9), c(10)]
    },
    point: [Expr.at(point, 0), Expr.at(point, 1), Expr.at(point, 2)],
    weight: observation.weight
  } as const
}

const featureOf = (feature: Expr.Expr<readonly [number]>) => [Expr.at(feature, 0), Expr.at(feature, 1)] as const

/**
 * The reprojection errors and the errors of the weights of all observations.
 *
 * @category programs
 * @since 0.1.0
 */
export const errors = (sizes: Sizes) =>
  Fn.make(adjustment(sizes), ({ cameras, observations, points }) =>
    Expr.map((observation) => {
      const residuals = Fn.apply(reprojection(featureOf(observation.feature)), seen(cameras, points, observation))
      return { reprojection: Expr.stack(residuals, 0), weight: Fn.apply(weightError, observation.weight) }
    }, observations)
  )

/**
 * The Jacobian of all errors as a sparse matrix in compressed rows: pointers to the rows, then columns and values.
 *
 * **Details**
 *
 * The columns are the cameras, the points and the weights, in this order. Each observation has two rows of 15 entries, its small Jacobian, and then each weight a row of one.
 * The Jacobian is a map of small ones, so that its pattern need not be searched for (compare `Calculus.sparseJacobian`).
 *
 * @category programs
 * @since 0.1.0
 */
export const sparseJacobian = (sizes: Sizes) =>
  Fn.make(adjustment(sizes), ({ cameras, observations, points }) => {
    const { m, n, p } = sizes
    const numbers = Expr.constant(Tensor.iota(p))
    const blocks = Expr.map(
      ({ number, observation }) => {
        const jacobian = Calculus.jacobian(reprojection(featureOf(observation.feature)))
        const rows = Fn.apply(jacobian, seen(cameras, points, observation))
        const values = rows.map((row) => Expr.stack(Tree.flatten(view, row) as ReadonlyArray<Scalar>, 0))
        const columns = Expr.concat(
          [
            Expr.add(Expr.mul(cameraSize, observation.camera), Tensor.iota(cameraSize)),
            Expr.add(Expr.add(Expr.mul(3, observation.point), cameraSize * n), Tensor.iota(3)),
            Expr.reshape(Expr.add(number, cameraSize * n + 3 * m), [1])
          ],
          0
        )
        return {
          values: Expr.stack(values, 0),
          columns: Expr.stack([columns, columns], 0),
          weight: Fn.apply(Reverse.grad(weightError), observation.weight)
        }
      },
      { number: numbers, observation: observations }
    )
    const entries = 2 * width * p
    return {
      rows: Expr.concat([Expr.mul(width, Tensor.iota(2 * p)), Expr.add(entries, Tensor.iota(p + 1))], 0),
      columns: Expr.concat([Expr.reshape(blocks.columns, [entries]), Expr.add(numbers, cameraSize * n + 3 * m)], 0),
      values: Expr.concat([Expr.reshape(blocks.values, [entries]), blocks.weight], 0)
    }
  })

const Input = Schema.Struct({
  n: Numbers.Size,
  m: Numbers.Size,
  p: Numbers.Size,
  cam: Numbers.array([cameraSize]),
  x: Numbers.array([3]),
  w: Schema.Finite,
  feat: Numbers.array([2])
})

/** The suite repeats one camera, one point, one weight and one feature. */
const repeat = <N extends number>(
  { data, shape: [length] }: Tensor.Tensor<readonly [N]>,
  count: number
): Tensor.Tensor<readonly [number, N]> => {
  const rows = new Float64Array(count * length)
  for (let i = 0; i < count; i++) rows.set(data, i * length)
  return Tensor.fromArray(rows, [count, length])
}

const cycle = (length: number, period: number) => Tensor.index(Array.from({ length }, (_, i) => i % period))

const at = ({ cam, feat, m, n, p, w, x }: typeof Input.Type) => ({
  cameras: repeat(cam, n),
  points: repeat(x, m),
  observations: {
    camera: cycle(p, n),
    point: cycle(p, m),
    weight: Tensor.full([p], w),
    feature: repeat(feat, p)
  }
})

/** The suite wants the entries of the first observation, and the last entry. */
const ends = ({ data }: { readonly data: ArrayLike<number> }): ReadonlyArray<number> => [
  ...Array.prototype.slice.call(data, 0, 2 * width),
  data[data.length - 1]!
]

/**
 * The module.
 *
 * @category modules
 * @since 0.1.0
 */
export const ba: Evaluation.Module = {
  name: "ba",
  functions: {
    objective: Evaluation.taking(Input, (input) =>
      Evaluation.make(errors(input), at(input), ({ reprojection, weight }) => ({
        reproj_error: { elements: Array.from(reprojection.data.subarray(0, 2)), repeated: input.p },
        w_err: { element: weight.data[0]!, repeated: input.p }
      }))
    ),
    jacobian: Evaluation.taking(Input, (input) =>
      Evaluation.make(sparseJacobian(input), at(input), ({ columns, rows, values }) => ({
        rows: ends(rows),
        cols: ends(columns),
        vals: ends(values)
      }))
    )
  }
}
