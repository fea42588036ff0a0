/**
 * fast-check arbitraries: shapes, tensors and whole programs.
 *
 * @since 0.1.0
 */
export { type Inputs, type Program, program, type ProgramConstraints } from "./arbitraries/program.ts"
export { shape, type ShapeConstraints } from "./arbitraries/shape.ts"
export { element, specialValues, tensor, type TensorConstraints } from "./arbitraries/tensor.ts"
