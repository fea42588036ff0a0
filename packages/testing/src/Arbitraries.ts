/**
 * fast-check arbitraries: shapes, tensors and matrices, points and directions of trees of inputs, formulas and whole programs.
 *
 * **Details**
 *
 * They shrink to something a person can read, and print as the code that builds it.
 *
 * @since 0.1.0
 */
export { direction, type DirectionConstraints } from "./arbitraries/direction.ts"
export { type Formula, formula, type FormulaConstraints } from "./arbitraries/formula.ts"
export { orthogonal } from "./arbitraries/orthogonal.ts"
export { type IndexConstraints, type LeafConstraints, point, type PointConstraints } from "./arbitraries/point.ts"
export { positiveDefinite } from "./arbitraries/positiveDefinite.ts"
export {
  type Inputs,
  type Outputs,
  type Program,
  program,
  type ProgramConstraints,
  type TypedProgramConstraints
} from "./arbitraries/program.ts"
export { schema, type SchemaConstraints } from "./arbitraries/schema.ts"
export { shape, type ShapeConstraints } from "./arbitraries/shape.ts"
export { symmetric } from "./arbitraries/symmetric.ts"
export { element, specialValues, tensor, type TensorConstraints } from "./arbitraries/tensor.ts"
export { triangular, type TriangularConstraints } from "./arbitraries/triangular.ts"
export { type ConditionConstraints, wellConditioned } from "./arbitraries/wellConditioned.ts"
