// A program as a list of steps: what is applied to what, in order.

import { type Algebra, type Expr, Fn, Interpreter, type Primitive, type Type } from "@fluxion/core"

/** One primitive applied to values, which are known by their numbers. */
export interface Step {
  readonly primitive: Primitive.Name | Primitive.ControlName
  readonly control: boolean
  readonly attributes: object
  readonly operands: ReadonlyArray<number>
  readonly results: ReadonlyArray<number>
}

/** Values `0 … inputs - 1` are the inputs. */
export interface Steps {
  readonly inputs: number
  readonly steps: ReadonlyArray<Step>
  readonly outputs: ReadonlyArray<number>
  readonly types: ReadonlyArray<Type.Type>
  /** The values that depend on no input. */
  readonly constants: ReadonlyMap<number, Expr.Any>
}

export const stepsOf = (f: Fn.Any): Steps => {
  const types: Array<Type.Type> = []
  const steps: Array<Step> = []
  const constants = new Map<number, Expr.Any>()
  const numbers = new Map<Expr.Any, number>()
  const make = (type: Type.Type): number => types.push({ elementType: type.elementType, shape: type.shape }) - 1
  const typeOf = (value: number): Type.Type => types[value]!
  const free = (expr: Expr.Any): number => {
    const before = numbers.get(expr)
    if (before !== undefined) return before
    const value = make(expr)
    numbers.set(expr, value)
    constants.set(value, expr)
    return value
  }
  const algebra: Algebra<number> = {
    typeOf,
    free,
    constant: (value) => free(Fn.expressions.constant(value)),
    apply: (primitive, attributes, operands, type) => {
      const given = operands as ReadonlyArray<number>
      const result = make(type ?? Interpreter.types.apply(primitive, attributes, given.map(typeOf) as never))
      steps.push({ primitive, control: false, attributes, operands: given, results: [result] })
      return result
    },
    applyMany: (primitive, attributes, operands, known) => {
      const results = Interpreter.types.applyMany(primitive, attributes, operands.map(typeOf), known).map(make)
      steps.push({ primitive, control: true, attributes, operands, results })
      return results
    }
  }
  const inputs = Fn.specs(f).inputLeaves.map(({ type }) => make(type))
  const outputs = Fn.interpret(f, algebra, inputs)
  return { inputs: inputs.length, steps, outputs, types, constants }
}

export const applyStep = <A>(algebra: Algebra<A>, step: Step, operands: ReadonlyArray<A>): ReadonlyArray<A> =>
  step.control
    ? algebra.applyMany(step.primitive as Primitive.ControlName, step.attributes as never, operands)
    : [algebra.apply(step.primitive as Primitive.Name, step.attributes as never, operands as never)]
