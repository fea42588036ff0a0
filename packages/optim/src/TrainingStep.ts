import { Fn, type Tree } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { applyUpdates } from "./ApplyUpdates.ts"
import * as Optimizer from "./Optimizer.ts"
import * as Parameters from "./Parameters.ts"

/**
 * What a loss is computed from.
 *
 * @category models
 * @since 0.1.0
 */
export interface LossInputs<P extends Parameters.Spec, B extends Tree.Spec> extends Tree.SpecRecord {
  readonly parameters: P
  readonly batch: B
}
