/**
 * `ht`: hand tracking, which fits the pose of a model of a hand to points measured on one.
 *
 * @since 0.1.0
 */
import { Expr, Fn, Tensor, Type } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import { Schema } from "effect"
import * as Evaluation from "../Evaluation.ts"
import * as Numbers from "../Numbers.ts"

/**
 * A hand: the parent of each bone (-1 for the root), how many vertices there are, and how many bones move one at most.
 *
 * @category models
 * @since 0.1.0
 */
export interface Hand {
  readonly parents: ReadonlyArray<number>
  readonly vertices: number
  readonly influences: number
  readonly mirrored: boolean
}

const fingers = 5

/**
 * The parameters: turn and shift of the whole hand, and four angles for each finger.
 *
 * @category models
 * @since 0.1.0
 */
export const pose = { rotation: [3], translation: [3], fingers: [fingers, 4] } as const

const model = ({ influences, parents, vertices }: Hand) => ({
  relatives: [parents.length, 4, 4] as const,
  inverses: [parents.length, 4, 4] as const,
  skin: {
    position: [vertices, 4] as const,
    bones: Type.index([vertices, influences]),
    weights: [vertices, influences] as const
  }
})

type Matrix = Expr.Expr<readonly [number, number]>
type Matrices = Expr.Expr<readonly [number, number, number]>

interface Pose {
  readonly rotation: Expr.Expr<readonly [3]>
  readonly translation: Expr.Expr<readonly [3]>
  readonly fingers: Expr.Expr<readonly [5, 4]>
}

/** The rotation about an axis by an angle that is the axis' length; the identity for angles below 10⁻⁴, as the suite has it. */
const rotationMatrix = (rotation: Expr.Expr<readonly [3]>) => {
  const angle = Expr.sqrt(Expr.sum(Expr.square(rotation)))
  return Expr.cond(
    Expr.lt(angle, 1e-4),
    () => Expr.constant(Tensor.identity(3)),
    () => {
      const axis = Expr.div(rotation, angle)
      const [x, y, z] = [Expr.at(axis, 0), Expr.at(axis, 1), Expr.at(axis, 2)]
      const none = Expr.constant(0)
      const sideways = Expr.reshape(
        Expr.stack([none, Expr.neg(z), y, z, none, Expr.neg(x), Expr.neg(y), x, none], 0),
        [3, 3]
      )
      const along = Expr.outer(axis, axis)
      const across = Expr.sub(Tensor.identity(3), along)
      return along.pipe(Expr.add(Expr.mul(across, Expr.cos(angle))), Expr.add(Expr.mul(sideways, Expr.sin(angle))))
    }
  )
}

/** How the joints of all bones turn: the wrist does not, nor does what follows the fingers; a finger bends in three joints and spreads in one. */
const jointRotations = (angles: Expr.Expr<readonly [5, 4]>, bones: number): Matrices => {
  const column = (i: number) => Expr.slice(angles, { starts: [0, i], limits: [fingers, i + 1] })
  const still = Expr.zeros([fingers, 1])
  const ofBones = (ofFingers: Expr.Expr<readonly [number, number]>) =>
    Expr.pad(Expr.reshape(ofFingers, [4 * fingers]), { low: [1], high: [bones - 4 * fingers - 1] })
  const bend = ofBones(Expr.concat([still, column(0), column(2), column(3)], 1))
  const spread = ofBones(Expr.concat([still, column(1), still, still], 1))
  const [cosBend, sinBend, cosSpread, sinSpread] = [Expr.cos(bend), Expr.sin(bend), Expr.cos(spread), Expr.sin(spread)]
  const [zero, one] = [Expr.zeros([bones]), Expr.ones([bones])]
  const entries = [
    [cosSpread, Expr.neg(Expr.mul(sinSpread, cosBend)), Expr.mul(sinSpread, sinBend), zero],
    [sinSpread, Expr.mul(cosSpread, cosBend), Expr.neg(Expr.mul(cosSpread, sinBend)), zero],
    [zero, sinBend, cosBend, zero],
    [zero, zero, zero, one]
  ]
  return Expr.reshape(Expr.stack(entries.flat(), 1), [bones, 4, 4])
}

/** How each bone moves what is attached to it: [bones, 3, 4]. */
const boneTransforms = (
  parents: ReadonlyArray<number>,
  angles: Expr.Expr<readonly [5, 4]>,
  { inverses, relatives }: { readonly relatives: Matrices; readonly inverses: Matrices }
): Matrices => {
  const posed = Expr.einsum("bij,bjk->bik", relatives, jointRotations(angles, parents.length))
  const absolutes: Array<Matrix> = []
  parents.forEach((parent, bone) => {
    const own = Expr.at(posed, bone)
    absolutes.push(parent === -1 ? own : Expr.matmul(absolutes[parent]!, own))
  })
  const transforms = Expr.einsum("bij,bjk->bik", Expr.stack(absolutes, 0), inverses)
  return Expr.slice(transforms, { starts: [0, 0, 0], limits: [parents.length, 3, 4] })
}

/** The vertices of the posed hand: each moves with the weighted mean of its bones' motions, then with the hand. */
const vertexPositions = (
  hand: Hand,
  { fingers: angles, rotation, translation }: Pose,
  {
    inverses,
    relatives,
    skin
  }: {
    readonly relatives: Matrices
    readonly inverses: Matrices
    readonly skin: {
      readonly position: Matrix
      readonly bones: Expr.IndexExpr<readonly [number, number]>
      readonly weights: Matrix
    }
  }
): Matrix => {
  const transforms = boneTransforms(hand.parents, angles, { relatives, inverses })
  const posed = Expr.map(({ bones, position, weights }) => {
    const blended = Expr.einsum("b,bij->ij", weights, Expr.gather(transforms, bones))
    return Expr.matmul(blended, position)
  }, skin)
  const sided = hand.mirrored ? Expr.mul(posed, Tensor.make([-1, 1, 1])) : posed
  return Expr.add(Expr.einsum("vj,ij->vi", sided, rotationMatrix(rotation)), translation)
}

/** The point of a triangle with given corners that has barycentric coordinates `u₀`, `u₁` and `1 - u₀ - u₁`. */
const onTriangle = (u: Expr.Expr<readonly [number]>, corners: Matrix) => {
  const [first, second] = [Expr.at(u, 0), Expr.at(u, 1)]
  const third = Expr.sub(Expr.sub(1, first), second)
  return Expr.mul(first, Expr.at(corners, 0)).pipe(
    Expr.add(Expr.mul(second, Expr.at(corners, 1))),
    Expr.add(Expr.mul(third, Expr.at(corners, 2)))
  )
}

/**
 * The measured points less the vertices that correspond to them: the simple objective.
 *
 * @category programs
 * @since 0.1.0
 */
export const vertexErrors = (hand: Hand, count: number) =>
  Fn.make({ pose, model: model(hand), vertices: Type.index([count]), points: [count, 3] }, (at) =>
    Expr.sub(at.points, Expr.gather(vertexPositions(hand, at.pose, at.model), at.vertices))
  )

/**
 * The Jacobian of the simple objective with respect to the pose.
 *
 * @category programs
 * @since 0.1.0
 */
export const vertexJacobian = (hand: Hand, count: number) =>
  Fn.make({ pose, model: model(hand), vertices: Type.index([count]), points: [count, 3] }, (at) =>
    Fn.apply(
      Forward.jacobian(Fn.make(pose, (own) => Fn.apply(vertexErrors(hand, count), { ...at, pose: own }))),
      at.pose
    )
  )

const onSurface = (hand: Hand, count: number) => ({
  pose,
  us: [count, 2] as const,
  model: model(hand),
  corners: Type.index([count, 3] as const),
  points: [count, 3] as const
})

/**
 * The measured points less the points of the surface that correspond to them: the complicated objective.
 *
 * **Details**
 *
 * A point of the surface is in a triangle, given by its corners, at coordinates `us` that are parameters too.
 *
 * @category programs
 * @since 0.1.0
 */
export const surfaceErrors = (hand: Hand, count: number) =>
  Fn.make(onSurface(hand, count), (at) => {
    const vertices = vertexPositions(hand, at.pose, at.model)
    return Expr.map(({ corners, point, u }) => Expr.sub(point, onTriangle(u, Expr.gather(vertices, corners))), {
      u: at.us,
      corners: at.corners,
      point: at.points
    })
  })

/**
 * The Jacobian of the complicated objective: with respect to the pose, and of each point with respect to its own coordinates.
 *
 * **Details**
 *
 * The pose has few parameters, which is for forward mode. A point depends on no coordinates but its own: that part is a map of small Jacobians.
 *
 * @category programs
 * @since 0.1.0
 */
export const surfaceJacobian = (hand: Hand, count: number) =>
  Fn.make(onSurface(hand, count), (at) => {
    const ofPose = Fn.make(pose, (own) => Fn.apply(surfaceErrors(hand, count), { ...at, pose: own }))
    const vertices = vertexPositions(hand, at.pose, at.model)
    const ofCoordinates = Expr.map(
      ({ corners, point, u }) => {
        const around = Expr.gather(vertices, corners)
        return Fn.apply(Forward.jacobian(Fn.make([2], (own) => Expr.sub(point, onTriangle(own, around)))), u)
      },
      { u: at.us, corners: at.corners, point: at.points }
    )
    return { us: ofCoordinates, ...Fn.apply(Forward.jacobian(ofPose), at.pose) }
  })

const Index = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

const Input = Schema.Struct({
  theta: Numbers.array([6 + 4 * fingers]),
  data: Schema.Struct({
    model: Schema.Struct({
      parents: Schema.NonEmptyArray(Schema.Int),
      base_relatives: Numbers.array(["any", 4, 4]),
      inverse_base_absolutes: Numbers.array(["any", 4, 4]),
      base_positions: Numbers.array(["any", 4]),
      weights: Numbers.Matrix,
      triangles: Schema.Array(Schema.Tuple([Index, Index, Index])),
      is_mirrored: Schema.Boolean
    }),
    correspondences: Schema.NonEmptyArray(Index),
    points: Numbers.array(["any", 3])
  }),
  us: Numbers.array(["any", 2])
})

/** The bones that move each vertex, with their weights: few of a row of weights are not zero. Shorter rows are filled with weights of 0. */
const influencesOf = ({ data, shape: [vertices, bones] }: Tensor.Tensor<readonly [number, number]>) => {
  const rows = Array.from({ length: vertices }, (_, v) =>
    Array.from({ length: bones }, (_, bone) => ({ bone, weight: data[v * bones + bone]! })).filter(
      ({ weight }) => weight !== 0
    )
  )
  const influences = Math.max(1, ...rows.map(({ length }) => length))
  const filled = rows.map((row) => Array.from({ length: influences }, (_, i) => row[i] ?? { bone: 0, weight: 0 }))
  return {
    influences,
    bones: Tensor.index(filled.map((row) => row.map(({ bone }) => bone))),
    weights: Tensor.make(filled.map((row) => row.map(({ weight }) => weight)))
  }
}

const read = ({ data, theta }: typeof Input.Type) => {
  const { bones, influences, weights } = influencesOf(data.model.weights)
  const hand: Hand = {
    parents: data.model.parents,
    vertices: data.model.base_positions.shape[0],
    influences,
    mirrored: data.model.is_mirrored
  }
  return {
    hand,
    count: data.correspondences.length,
    at: {
      pose: {
        rotation: Tensor.fromArray(theta.data.subarray(0, 3), [3] as const),
        translation: Tensor.fromArray(theta.data.subarray(3, 6), [3] as const),
        fingers: Tensor.fromArray(theta.data.subarray(6), [fingers, 4] as const)
      },
      model: {
        relatives: data.model.base_relatives,
        inverses: data.model.inverse_base_absolutes,
        skin: { position: data.model.base_positions, bones, weights }
      },
      points: data.points
    }
  }
}

type At = ReturnType<typeof read>

/** The corners of the triangles that points correspond to; -1, which reads NaN, where there is no such triangle. */
const cornersOf = ({ data }: typeof Input.Type) =>
  Tensor.index(
    data.correspondences.map((triangle) => {
      const [a = -1, b = -1, c = -1] = data.model.triangles[triangle] ?? []
      return [a, b, c] as const
    })
  )

const rowsOf = (
  blocks: ReadonlyArray<Tensor.Tensor<ReadonlyArray<number>>>,
  count: number
): ReadonlyArray<ReadonlyArray<number>> => {
  const widths = blocks.map(({ data }) => data.length / (3 * count))
  return Array.from({ length: 3 * count }, (_, row) =>
    blocks.flatMap(({ data }, i) => Array.from(data.subarray(row * widths[i]!, (row + 1) * widths[i]!)))
  )
}

const objective = (input: typeof Input.Type, { at, count, hand }: At): Evaluation.Evaluation =>
  input.us.shape[0] === 0
    ? Evaluation.make(
        vertexErrors(hand, count),
        { ...at, vertices: Tensor.index([...input.data.correspondences]) },
        Numbers.toList
      )
    : Evaluation.make(surfaceErrors(hand, count), { ...at, us: input.us, corners: cornersOf(input) }, Numbers.toList)

const jacobian = (input: typeof Input.Type, { at, count, hand }: At): Evaluation.Evaluation =>
  input.us.shape[0] === 0
    ? Evaluation.make(
        vertexJacobian(hand, count),
        { ...at, vertices: Tensor.index([...input.data.correspondences]) },
        ({ fingers, rotation, translation }) => rowsOf([rotation, translation, fingers], count)
      )
    : Evaluation.make(
        surfaceJacobian(hand, count),
        { ...at, us: input.us, corners: cornersOf(input) },
        ({ fingers, rotation, translation, us }) => rowsOf([us, rotation, translation, fingers], count)
      )

/**
 * The module.
 *
 * @category modules
 * @since 0.1.0
 */
export const ht: Evaluation.Module = {
  name: "ht",
  functions: {
    objective: Evaluation.taking(Input, (input) => objective(input, read(input))),
    jacobian: Evaluation.taking(Input, (input) => jacobian(input, read(input)))
  }
}
