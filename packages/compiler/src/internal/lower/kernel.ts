// Primitives whose reference kernels work on whole arrays: linear algebra and random numbers.

import { Interpreter, type Primitive, type Tensor, type Type } from "@fluxion/core"
import type { Builder } from "./builder.ts"
import type { ControlLowerings, Lowerings } from "./model.ts"
import * as View from "./view.ts"

type Name =
  | "cholesky"
  | "triangularSolve"
  | "solve"
  | "lstsq"
  | "inverse"
  | "adjugate"
  | "det"
  | "detSign"
  | "logdet"
  | "foldIn"
  | "randomUniform"
  | "randomPermutation"

const apply = Interpreter.algebra.apply as unknown as (
  primitive: Primitive.Name,
  attributes: object,
  operands: ReadonlyArray<Tensor.Any>,
  type: Type.Type
) => Tensor.Any

const lower =
  (name: Name) =>
  (builder: Builder, attributes: object, operands: ReadonlyArray<View.View>, type: Type.Type): View.View => {
    const result = builder.temporary(type)
    builder.emit({
      _tag: "Kernel",
      name,
      operands: operands.map((operand) => builder.dense(operand)),
      results: [result],
      run: (tensors) => [apply(name, attributes, tensors, type)]
    })
    return View.ofBuffer(result)
  }

export const kernels: Lowerings<Name> = {
  cholesky: lower("cholesky"),
  triangularSolve: lower("triangularSolve"),
  solve: lower("solve"),
  lstsq: lower("lstsq"),
  inverse: lower("inverse"),
  adjugate: lower("adjugate"),
  det: lower("det"),
  detSign: lower("detSign"),
  logdet: lower("logdet"),
  foldIn: lower("foldIn"),
  randomUniform: lower("randomUniform"),
  randomPermutation: lower("randomPermutation")
}

const decompose =
  (name: "qr" | "eigh") =>
  (
    builder: Builder,
    attributes: {},
    operands: ReadonlyArray<View.View>,
    types: ReadonlyArray<Type.Type>
  ): ReadonlyArray<View.View> => {
    const results = types.map((type) => builder.temporary(type))
    builder.emit({
      _tag: "Kernel",
      name,
      operands: operands.map((operand) => builder.dense(operand)),
      results,
      run: (tensors) => Interpreter.algebra.applyMany(name, attributes, tensors, types)
    })
    return results.map(View.ofBuffer)
  }

export const decompositions: ControlLowerings<"qr" | "eigh"> = { qr: decompose("qr"), eigh: decompose("eigh") }
