import { JavaScript, Wasm } from "@fluxion/compiler"
import { Expr, Fn, Initializer } from "@fluxion/core"
import { Effect } from "effect"

const f = Fn.make({ x: [3] }, ({ x }) => Expr.sum(Expr.checked.log(x)))
const bound = Effect.runSync(Fn.compile(f)).bind()

// error: Property 'y' does not exist
export const missing = bound.inputs.y

// error: Cannot assign to 'x' because it is a read-only property
bound.inputs.x = new Float64Array(3)

// error: Type 'Result<void, DomainError>' is not assignable to type 'void'
export const ignored: void = bound.run()

// error: Type '"float16"' is not assignable to type
export const half = JavaScript.layerWith({ precision: "float16" })

// error: Type 'Float32Array<ArrayBufferLike>' is not assignable to type 'Float64Array
export const doubles: Float64Array = Effect.runSync(Fn.compile(f)).bind({ precision: "float32" }).inputs.x

// error: 'relaxedSimd' does not exist in type 'Options'
export const relaxed = JavaScript.layerWith({ relaxedSimd: true })

const withParam = Fn.make({ x: [3] }, ({ x }) => Expr.mul(x, Expr.param("w", [3], Initializer.zeros)))

// error: this program still requires
export const unmet = Fn.explain(withParam)

// error: this program still requires
export const unmetPiped = withParam.pipe(Fn.explain)

// error: 'memoryLimits' does not exist in type 'Options'
export const misspelt = Wasm.layerWith({ memoryLimits: 1 })
