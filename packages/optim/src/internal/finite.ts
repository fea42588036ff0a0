// The first element of a tree of values that is not finite.

import { Tree } from "@fluxion/core"

export interface NotFinite {
  readonly path: string
  readonly value: number
}

/** The path (`w[3]`, row-major) and value of the first element that is NaN or infinite. */
export const firstNotFinite = (spec: Tree.Spec, value: unknown): NotFinite | undefined => {
  const leaves = Tree.leaves(spec)
  const tensors = Tree.toTensors("firstNotFinite", spec, value)
  for (let leaf = 0; leaf < tensors.length; leaf++) {
    const { data, shape } = tensors[leaf]!
    for (let i = 0; i < data.length; i++) {
      if (!Number.isFinite(data[i])) {
        const { path } = leaves[leaf]!
        return { path: shape.length === 0 ? path : `${path}[${position(i, shape)}]`, value: data[i]! }
      }
    }
  }
  return undefined
}

const position = (offset: number, shape: ReadonlyArray<number>): string => {
  const indices = new Array<number>(shape.length)
  for (let axis = shape.length - 1, rest = offset; axis >= 0; axis--) {
    indices[axis] = rest % shape[axis]!
    rest = Math.floor(rest / shape[axis]!)
  }
  return indices.join(",")
}
