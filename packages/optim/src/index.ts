export * as Optimizer from "./Optimizer.ts"
