// Values of a program brought to the shape of an output, by the operations that a person would take.

import { Shape } from "@fluxion/core"
import type { Draw, Operand } from "./operations.ts"
import { type Term, call, literal } from "./term.ts"

/** A term of the wanted shape made of the values in scope, or nothing where this way does not lead there. */
type Way = (draw: Draw, target: Shape.Shape) => Term | undefined

const from = (
  draw: Draw,
  fits: (shape: Shape.Shape) => boolean,
  make: (operand: Operand) => Term
): Term | undefined => {
  const x = draw.pick(fits)
  return x === undefined ? undefined : make(x)
}

/** The axes whose removal leaves the target, where there are such. */
const removed = (shape: Shape.Shape, target: Shape.Shape): ReadonlyArray<number> | undefined => {
  const axes: Array<number> = []
  let next = target.length - 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (next >= 0 && shape[axis] === target[next]) next--
    else axes.unshift(axis)
  }
  return next >= 0 || axes.length === 0 ? undefined : axes
}

const reduced: Way = (draw, target) =>
  from(
    draw,
    (shape) => Shape.size(shape) > 0 && removed(shape, target) !== undefined,
    (x) => {
      const axes = removed(x.shape, target)!
      const axis = axes.length === 1 ? axes[0]! : axes
      const options = axes.length === x.shape.length ? [] : [literal({ axis })]
      return call(draw.choose(2) === 0 ? "sum" : "mean", x.term, ...options)
    }
  )

const broadcast: Way = (draw, target) =>
  from(
    draw,
    (shape) => Shape.broadcastsTo(shape, target) && !Shape.equals(shape, target),
    (x) => call("broadcastTo", x.term, literal(target))
  )

const reshaped: Way = (draw, target) =>
  from(
    draw,
    (shape) => Shape.size(shape) === Shape.size(target) && !Shape.equals(shape, target),
    (x) => call("reshape", x.term, literal(target))
  )

const sliced: Way = (draw, target) =>
  from(
    draw,
    (shape) => shape.length === target.length && shape.every((n, i) => n >= target[i]!) && !Shape.equals(shape, target),
    (x) => {
      const starts = x.shape.map((n, i) => draw.choose(n - target[i]! + 1))
      const limits = starts.map((start, i) => start + target[i]!)
      return call("slice", x.term, literal({ starts, limits }))
    }
  )

const padded: Way = (draw, target) =>
  from(
    draw,
    (shape) => shape.length === target.length && shape.every((n, i) => n <= target[i]!) && !Shape.equals(shape, target),
    (x) => {
      const low = x.shape.map((n, i) => draw.choose(target[i]! - n + 1))
      const high = x.shape.map((n, i) => target[i]! - n - low[i]!)
      return call("pad", x.term, literal({ low, high }))
    }
  )

/** A matrix of small numbers, on the last axis. */
const contracted: Way = (draw, target) =>
  target.length === 0
    ? undefined
    : from(
        draw,
        (shape) =>
          shape.length === target.length && shape.at(-1)! > 0 && Shape.equals(shape.slice(0, -1), target.slice(0, -1)),
        (x) => {
          const weights = Array.from({ length: x.shape.at(-1)! }, () =>
            Array.from({ length: target.at(-1)! }, () => [0, 1, -1, 0.5][draw.choose(4)]!)
          )
          return call("matmul", x.term, call("constant", literal(weights)))
        }
      )

const matmul: Way = (draw, target) => {
  const x = draw.pick((shape) => shape.length === 2 && shape[0] === target[0])
  if (target.length !== 2 || x === undefined) return undefined
  return from(
    draw,
    (shape) => shape.length === 2 && shape[0] === x.shape[1] && shape[1] === target[1],
    (y) => call("matmul", x.term, y.term)
  )
}

const outer: Way = (draw, target) => {
  const x = draw.pick(
    (shape) => shape.length > 0 && shape.length < target.length && shape.every((n, i) => n === target[i])
  )
  if (x === undefined) return undefined
  return from(
    draw,
    (shape) => Shape.equals(shape, target.slice(x.shape.length)),
    (y) => call("outer", x.term, y.term)
  )
}

/** Earlier ways are simpler, and what an output shrinks to. */
const ways: ReadonlyArray<Way> = [
  (draw, target) =>
    from(
      draw,
      (shape) => Shape.equals(shape, target),
      ({ term }) => term
    ),
  reduced,
  broadcast,
  reshaped,
  sliced,
  padded,
  contracted,
  matmul,
  outer,
  // Whatever there is.
  (draw, target) =>
    from(
      draw,
      (shape) => Shape.size(shape) > 0,
      (x) => {
        const total = x.shape.length === 0 ? x.term : call("sum", x.term)
        return target.length === 0 ? total : call("broadcastTo", total, literal(target))
      }
    )
]

/** A term of a shape made of the values in scope; zeros where there are none. */
export const fit = (draw: Draw, target: Shape.Shape): Term => {
  const first = ways[draw.choose(ways.length)]!
  for (const way of [first, ...ways]) {
    const term = way(draw, target)
    if (term !== undefined) return term
  }
  return target.length === 0 ? literal(0) : call("zeros", literal(target))
}
