import { dual } from "effect/Function"
import { apply } from "../internal/apply.ts"
import type { Node } from "../internal/node.ts"
import * as Shape from "../Shape.ts"
import { fromNode, liftNode } from "../internal/lift.ts"
import type { Expr, Operand, Proto, Real, ShapeOf, DataLast } from "./model.ts"

type Labels = ReadonlyArray<number>

// Repeated labels become a diagonal: flatten the two axes and take every (n + 1)-th element.
const takeDiagonals = (node: Node, labels: Labels): readonly [Node, Labels] => {
  const repeated = labels.findIndex((label, i) => labels.indexOf(label) !== i)
  if (repeated === -1) return [node, labels]
  const first = labels.indexOf(labels[repeated]!)
  const rest = labels.flatMap((_, i) => (i === first || i === repeated ? [] : [i]))
  const n = node.shape[first]!
  const outer = rest.map((i) => node.shape[i]!)
  const front = apply("transpose", { permutation: [...rest, first, repeated] }, [node])
  const flat = apply("reshape", { shape: [...outer, n * n] }, [front])
  const diagonal =
    n === 0
      ? apply("reshape", { shape: [...outer, 0] }, [flat])
      : apply(
          "slice",
          {
            starts: [...outer.map(() => 0), 0],
            limits: [...outer, n * n],
            strides: [...outer.map(() => 1), n + 1]
          },
          [flat]
        )
  return takeDiagonals(diagonal, [...rest.map((i) => labels[i]!), labels[first]!])
}

// Labels that occur nowhere else are summed before the contraction.
const sumAlone = (node: Node, labels: Labels, elsewhere: Labels): readonly [Node, Labels] => {
  const axes = labels.flatMap((label, i) => (elsewhere.includes(label) ? [] : [i]))
  if (axes.length === 0) return [node, labels]
  return [apply("sum", { axes }, [node]), labels.filter((_, i) => !axes.includes(i))]
}

/** The contraction of two nodes over labels, brought into the form the primitive demands. */
const contract = (left: Node, leftLabels: Labels, right: Node, rightLabels: Labels, output: Labels): Node => {
  const [leftDiagonal, leftDistinct] = takeDiagonals(left, leftLabels)
  const [rightDiagonal, rightDistinct] = takeDiagonals(right, rightLabels)
  const [a, aLabels] = sumAlone(leftDiagonal, leftDistinct, [...rightDistinct, ...output])
  const [b, bLabels] = sumAlone(rightDiagonal, rightDistinct, [...leftDistinct, ...output])
  return apply("dot", { left: aLabels, right: bLabels, output, strongZero: false }, [a, b])
}

const parse = (subscripts: string, a: Shape.Shape, b: Shape.Shape) => {
  const match = /^([A-Za-z]*),([A-Za-z]*)->([A-Za-z]*)$/.exec(subscripts)
  const fail = (problem: string) => Shape.error("einsum", [a, b], problem)
  if (match === null) {
    throw fail(`expected subscripts like "ij,jk->ik", got ${JSON.stringify(subscripts)}`)
  }
  const [left, right, output] = match.slice(1).map((part) => Array.from(part)) as [
    Array<string>,
    Array<string>,
    Array<string>
  ]
  if (left.length !== a.length || right.length !== b.length) {
    throw fail(`einsum ${subscripts} does not fit ${Shape.render(a)} and ${Shape.render(b)}`)
  }
  const sizes = new Map<string, number>()
  const letters = [...left, ...right]
  letters.forEach((letter, i) => {
    const n = i < left.length ? a[i]! : b[i - left.length]!
    const known = sizes.get(letter)
    if (known !== undefined && known !== n) {
      throw fail(`einsum ${subscripts}: ${letter} is ${known} and ${n} in ${Shape.render(a)} and ${Shape.render(b)}`)
    }
    sizes.set(letter, n)
  })
  if (new Set(output).size !== output.length) throw fail(`einsum ${subscripts}: a label is repeated in the output`)
  const unknown = output.find((letter) => !sizes.has(letter))
  if (unknown !== undefined) throw fail(`einsum ${subscripts}: output label ${unknown} occurs in no operand`)
  const names = Array.from(sizes.keys())
  const number = (letter: string) => names.indexOf(letter)
  return { left: left.map(number), right: right.map(number), output: output.map(number) }
}

/**
 * Any einsum of two operands, such as `"ij,jk->ik"`.
 *
 * **Details**
 *
 * Each letter names an axis; letters missing from the output are summed, a letter repeated within one operand takes the diagonal.
 * Malformed subscripts or shapes that do not fit are type errors where literal, otherwise a `ShapeError` is thrown.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.einsum("ij,jk->ik", Expr.constant([[1, 2], [3, 4]]), Expr.constant([[1, 0], [0, 2]])))}`) // [[1, 4], [3, 8]]
 * ```
 *
 * @category contraction
 * @since 0.1.0
 */
export const einsum: {
  <const Subscripts extends string, Y extends Operand>(
    subscripts: Subscripts,
    that: Y
  ): DataLast<
    Subscripts,
    <X extends Operand>(
      self: X & Shape.CheckEinsum<Subscripts, ShapeOf<X>, ShapeOf<Y>>
    ) => Real<Shape.Einsum<Subscripts, ShapeOf<X>, ShapeOf<Y>>, X | Y>
  >
  <const Subscripts extends string, X extends Operand, Y extends Operand>(
    subscripts: Subscripts,
    self: X,
    that: Y & Shape.CheckEinsum<Subscripts, ShapeOf<X>, ShapeOf<Y>>
  ): Real<Shape.Einsum<Subscripts, ShapeOf<X>, ShapeOf<Y>>, X | Y>
} = (subscripts: string, ...operands: ReadonlyArray<Operand>): never => {
  const build = (self: Operand, that: Operand) => {
    const [a, b] = [liftNode(self), liftNode(that)]
    const labels = parse(subscripts, a.shape, b.shape)
    return fromNode(contract(a, labels.left, b, labels.right, labels.output))
  }
  const [first, second] = operands as [Operand, Operand]
  return (operands.length === 1 ? (self: Operand) => build(self, first) : build(first, second)) as never
}

/**
 * The matrix product: matrices (rank 2 and up, leading axes broadcast) and vectors (rank 1), as NumPy's `@`.
 *
 * **Details**
 *
 * A vector on the left is a row, on the right a column; its axis is dropped from the result.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.matmul(Expr.constant([[1, 2], [3, 4]]), Expr.constant([1, 1])))}`) // [3, 7]
 * ```
 *
 * @category contraction
 * @since 0.1.0
 */
export const matmul: {
  <Y extends Operand>(
    that: Y
  ): DataLast<
    Y,
    <X extends Operand>(
      self: X & Shape.CheckMatmul<ShapeOf<X>, ShapeOf<Y>>
    ) => Real<Shape.Matmul<ShapeOf<X>, ShapeOf<Y>>, X | Y>
  >
  // For functions that are generic in dimensions.
  <
    M extends number,
    K extends number,
    N extends number,
    X extends Proto<"real", readonly [M, K], unknown, unknown>,
    Y extends Expr<readonly [K, N], unknown, unknown>
  >(
    self: X & Expr<readonly [M, K], unknown, unknown>,
    that: Y & Expr<readonly [NoInfer<K>, N], unknown, unknown>
  ): Real<readonly [M, N], X | Y>
  <
    M extends number,
    K extends number,
    X extends Proto<"real", readonly [M, K], unknown, unknown>,
    Y extends Expr<readonly [K], unknown, unknown>
  >(
    self: X & Expr<readonly [M, K], unknown, unknown>,
    that: Y & Expr<readonly [NoInfer<K>], unknown, unknown>
  ): Real<readonly [M], X | Y>
  <X extends Operand, Y extends Operand>(
    self: X,
    that: Y & Shape.CheckMatmul<ShapeOf<X>, ShapeOf<Y>>
  ): Real<Shape.Matmul<ShapeOf<X>, ShapeOf<Y>>, X | Y>
} = dual(2, (self: Operand, that: Operand) => {
  const [a, b] = [liftNode(self), liftNode(that)]
  const fail = () =>
    Shape.error(
      "matmul",
      [a.shape, b.shape],
      `cannot multiply ${Shape.render(a.shape)} by ${Shape.render(b.shape)} as matrices`
    )
  if (a.shape.length === 0 || b.shape.length === 0) throw fail()
  const inner = a.shape.at(-1)
  if (inner !== (b.shape.length === 1 ? b.shape[0] : b.shape.at(-2))) throw fail()
  const batchA = a.shape.slice(0, -2)
  const batchB = b.shape.slice(0, -2)
  const batch = Shape.broadcast("matmul", batchA, batchB)
  // Labels: 0 rows, 1 inner, 2 columns, 3 and up the batch axes counted from the end; an axis of 1 that is
  // broadcast is dropped, so that it is never repeated in memory.
  const stretched = (own: Shape.Shape) =>
    own.flatMap((n, i) => (n === 1 && batch[batch.length - own.length + i] !== 1 ? [i] : []))
  const dropA = stretched(batchA)
  const dropB = stretched(batchB)
  const squeeze = (node: Node, axes: ReadonlyArray<number>) =>
    axes.length === 0 ? node : apply("reshape", { shape: node.shape.filter((_, i) => !axes.includes(i)) }, [node])
  const label = (own: Shape.Shape, drop: ReadonlyArray<number>) =>
    own.flatMap((_, i) => (drop.includes(i) ? [] : [3 + own.length - 1 - i]))
  const matrixA = a.shape.length === 1 ? [1] : [0, 1]
  const matrixB = b.shape.length === 1 ? [1] : [1, 2]
  return fromNode(
    contract(
      squeeze(a, dropA),
      [...label(batchA, dropA), ...matrixA],
      squeeze(b, dropB),
      [...label(batchB, dropB), ...matrixB],
      [
        ...batch.map((_, i) => 3 + batch.length - 1 - i),
        ...(a.shape.length === 1 ? [] : [0]),
        ...(b.shape.length === 1 ? [] : [2])
      ]
    )
  )
})

/**
 * The inner product of two arrays of one shape: the sum of the products of their elements.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.dot(Expr.constant([1, 2, 3]), Expr.constant([4, 5, 6])))}`) // 32
 * ```
 *
 * @category contraction
 * @since 0.1.0
 */
export const dot: {
  <Y extends Operand>(
    that: Y
  ): DataLast<
    Y,
    <X extends Operand>(self: X & Shape.CheckSame<ShapeOf<X>, ShapeOf<Y>, "dot">) => Real<readonly [], X | Y>
  >
  <X extends Operand, Y extends Operand>(
    self: X,
    that: Y & Shape.CheckSame<ShapeOf<X>, ShapeOf<Y>, "dot">
  ): Real<readonly [], X | Y>
} = dual(2, (self: Operand, that: Operand) => {
  const [a, b] = [liftNode(self), liftNode(that)]
  if (!Shape.equals(a.shape, b.shape)) {
    throw Shape.error("dot", [a.shape, b.shape], `${Shape.render(a.shape)} and ${Shape.render(b.shape)} differ`)
  }
  const labels = a.shape.map((_, i) => i)
  return fromNode(contract(a, labels, b, labels, []))
})

/**
 * The outer product: every element of the first times every element of the second.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.outer(Expr.constant([1, 2]), Expr.constant([3, 4, 5])))}`) // [[3, 4, 5], [6, 8, 10]]
 * ```
 *
 * @category contraction
 * @since 0.1.0
 */
export const outer: {
  <Y extends Operand>(
    that: Y
  ): DataLast<Y, <X extends Operand>(self: X) => Real<readonly [...ShapeOf<X>, ...ShapeOf<Y>], X | Y>>
  <X extends Operand, Y extends Operand>(self: X, that: Y): Real<readonly [...ShapeOf<X>, ...ShapeOf<Y>], X | Y>
} = dual(2, (self: Operand, that: Operand) => {
  const [a, b] = [liftNode(self), liftNode(that)]
  const left = a.shape.map((_, i) => i)
  const right = b.shape.map((_, i) => a.shape.length + i)
  return fromNode(contract(a, left, b, right, [...left, ...right]))
})
