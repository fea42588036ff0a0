// Points of the inputs of a program.

import { Interpreter, type Tensor, Tree } from "@fluxion/core"
import * as fc from "fast-check"
import { tensor } from "../arbitraries/tensor.ts"

const { apply } = Interpreter.algebra

const leaf = ({ type: { elementType, shape } }: Tree.PathAndType): fc.Arbitrary<Tensor.Any> => {
  switch (elementType) {
    case "real":
      return tensor(shape, { min: -2, max: 2 })
    case "index":
      return tensor(shape, { min: 0, max: 2 }).map((x) => apply("toIndex", {}, [apply("floor", {}, [x])]))
    case "bool":
      return tensor(shape, { min: -1, max: 1 }).map((x) => apply("gt", {}, [x, apply("neg", {}, [x])]))
  }
}

/** Reals between -2 and 2, indices 0 to 2, truth values. */
export const pointsOf = (inputs: Tree.Spec): fc.Arbitrary<unknown> =>
  fc.tuple(...Tree.leaves(inputs).map(leaf)).map((tensors) => Tree.fromTensors(inputs, tensors))
