// Contractions: products, summed into an array of zeros.

import { makeLoop } from "../loops/model.ts"
import * as Affine from "../loops/affine.ts"
import { access, assign, forLoop, type Statement } from "../loops/model.ts"
import type { Lowerings } from "./model.ts"
import * as View from "./view.ts"

export const contraction: Lowerings<"dot"> = {
  dot: (builder, { left, output, right, strongZero }, [x, y], type) => {
    const result = builder.temporary(type)
    builder.fill(result, 0)
    const extents = new Map<number, number>()
    left.forEach((label, axis) => extents.set(label, x.shape[axis]!))
    right.forEach((label, axis) => extents.set(label, y.shape[axis]!))
    const labels = [...output, ...[...extents.keys()].filter((label) => !output.includes(label))]
    const loops = new Map(
      labels.filter((label) => extents.get(label) !== 1).map((label) => [label, makeLoop(extents.get(label)!)])
    )
    const at = (of: ReadonlyArray<number>) =>
      of.map((label) => (loops.has(label) ? Affine.ofLoop(loops.get(label)!) : Affine.zero))
    let statement: Statement = assign(
      access(result, at(output)),
      strongZero ? "mulStrongZero" : "mul",
      [View.at(x, at(left)), View.at(y, at(right))],
      { combine: "add" }
    )
    for (const label of labels.toReversed()) {
      const loop = loops.get(label)
      if (loop !== undefined) statement = forLoop(loop, [statement], { isParallel: true })
    }
    builder.emit(statement)
    return View.ofBuffer(result)
  }
}
