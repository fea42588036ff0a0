// Lowering: a program, interpreted in the algebra of views, writes the statements of a loop program.

import { type Algebra, Body, type Primitive, type Tensor, type Type } from "@fluxion/core"
import { type Buffer, literal, type LoopProgram, makeBuffer } from "../loops/model.ts"
import { Refused } from "../refusal.ts"
import { Builder } from "./builder.ts"
import { contraction } from "./contraction.ts"
import { controlFlow } from "./controlFlow.ts"
import { elementwise } from "./elementwise.ts"
import { guard } from "./guard.ts"
import { decompositions, kernels } from "./kernel.ts"
import type { ControlLowerings, Lowerings } from "./model.ts"
import { reduction } from "./reduction.ts"
import { structural } from "./structural.ts"
import * as View from "./view.ts"

const lowerings: Lowerings<Primitive.Name> = {
  ...elementwise,
  ...reduction,
  ...contraction,
  ...structural,
  ...kernels,
  ...guard
}

const controlLowerings: ControlLowerings<Primitive.ControlName> = { ...controlFlow, ...decompositions }

type AnyLowering = (
  builder: Builder,
  attributes: object,
  operands: ReadonlyArray<View.View>,
  type: Type.Type
) => View.View

type AnyControlLowering = (
  builder: Builder,
  attributes: object,
  operands: ReadonlyArray<View.View>,
  types: ReadonlyArray<Type.Type>,
  enter: (body: Primitive.Body, inputs: ReadonlyArray<View.View>) => ReadonlyArray<View.View>
) => ReadonlyArray<View.View>

/** The number that all elements are, if there is one. */
const repeated = ({ data }: Tensor.Any): number | undefined => {
  const first = data[0]
  if (first === undefined) return undefined
  for (let i = 1; i < data.length; i++) if (!Object.is(data[i], first)) return undefined
  return first
}

const typeOf = ({ elementType, shape }: Type.Type): Type.Type => ({ elementType, shape })

/** Control primitives whose bodies are written where they are called. */
const inlined: ReadonlySet<Primitive.ControlName> = new Set(["call", "custom", "root"])

/** How many operations calls may come to: a program that calls one twice which calls another twice, and so on, grows exponentially. */
const MOST_INLINED = 200_000

/** Lowers a closed program. */
export const lower = (body: Body.Body): LoopProgram => {
  const builder = new Builder()
  const constants = new Map<Tensor.Any, View.View>()
  // The calls around what is lowered, and the operations in calls so far.
  let calls = 0
  let operations = 0
  const count = (): void => {
    if (calls > 0 && ++operations > MOST_INLINED) {
      throw new Refused(`its calls come to more than ${MOST_INLINED} operations, and calls are inlined`, "call")
    }
  }
  const algebra: Algebra<View.View> = {
    apply: (primitive, attributes, operands, type) => {
      count()
      return (lowerings[primitive] as unknown as AnyLowering)(
        builder,
        attributes,
        operands as ReadonlyArray<View.View>,
        typeOf(type!)
      )
    },
    applyMany: (primitive, attributes, operands, types) => {
      count()
      const isInlined = inlined.has(primitive)
      if (isInlined) calls++
      const results = (controlLowerings[primitive] as unknown as AnyControlLowering)(
        builder,
        attributes,
        operands,
        types!.map(typeOf),
        enter
      )
      if (isInlined) calls--
      return results
    },
    constant: (value) => {
      let view = constants.get(value)
      if (view === undefined) {
        const number = repeated(value)
        view =
          number === undefined
            ? View.ofBuffer(makeBuffer("constant", typeOf(value), { data: value.data }))
            : View.ofLiteral(typeOf(value), literal(value.elementType, number))
        constants.set(value, view)
      }
      return view
    },
    typeOf: (view) => view
  }
  const enter = (inner: Body.Body, inputs: ReadonlyArray<View.View>) => Body.interpret(inner, algebra, inputs)
  const inputs: Array<Buffer> = []
  const outputs: Array<Buffer> = []
  const statements = builder.collect(() => {
    for (const type of Body.inputTypes(body)) inputs.push(makeBuffer("input", typeOf(type)))
    const results = enter(body, inputs.map(View.ofBuffer))
    for (const view of results) {
      const output = makeBuffer("output", typeOf(view))
      outputs.push(output)
      builder.copy(output, view)
    }
  })
  return { inputs, outputs, statements }
}
