import { emit, type Value, type VectorFunction, type Vectors } from "../vector.ts"

const upperHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]

/** `compute` of the two halves of four singles as doubles. */
export const throughDoubles = (
  v: Vectors,
  compute: (...operands: ReadonlyArray<Value>) => Value,
  ...operands: ReadonlyArray<Value>
): Value => {
  const promote = (x: Value): Value => v.apply("f64x2.promote_low_f32x4", "v128", x)
  const demote = (x: Value): Value => v.apply("f32x4.demote_f64x2_zero", "v128", x)
  const low = compute(...operands.map(promote))
  const high = compute(...operands.map((x) => promote(v.shuffle(x, x, upperHalf))))
  return v.lows(demote(low), demote(high))
}

/** A function of doubles as one of singles. */
export const promoted = (name: string, definition: VectorFunction): VectorFunction => ({
  arity: definition.arity,
  build: (v, x, y) => {
    const index = emit(v.module, "f64x2", name, definition)
    const compute = (...operands: ReadonlyArray<Value>): Value => v.call(index, ...operands)
    return definition.arity === 1 ? throughDoubles(v, compute, x) : throughDoubles(v, compute, x, y)
  }
})
