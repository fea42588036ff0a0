// The first element of a tree of values that is not finite.

import { Tree } from "@fluxion/core"

export interface NotFinite {
  readonly path: string
  readonly value: number
}

/** The path (`parameters.w[1,3]` where the root is `parameters`) and value of the first element that is NaN or infinite. */
export const firstNotFinite = (root: string, spec: Tree.Spec, value: unknown): NotFinite | undefined => {
  const leaves = Tree.leaves(spec)
  const tensors = Tree.toTensors("firstNotFinite", spec, value)
  for (let leaf = 0; leaf < tensors.length; leaf++) {
    const { data, shape } = tensors[leaf]!
    for (let i = 0; i < data.length; i++) {
      if (!Number.isFinite(data[i])) {
        const { path } = leaves[leaf]!
        const separator = path === "" || path.startsWith("[") ? "" : "."
        const element = shape.length === 0 ? "" : `[${position(i, shape)}]`
        return { path: root + separator + path + element, value: data[i]! }
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
