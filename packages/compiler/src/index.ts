/**
 * From program to fused loops in JavaScript and WebAssembly SIMD.
 *
 * @since 0.1.0
 */
export * as JavaScript from "./JavaScript.ts"
export * as Wasm from "./Wasm.ts"
