// Fixtures keep what is known of their shapes.

import type { Fn, Tensor } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Fixtures } from "@fluxion/testing"

export const residuals: Fn.Fn<readonly [2], readonly [3]> = Fixtures.mgh.beale.residuals
export const objective: Fn.Fn<readonly [11], readonly []> = Fixtures.mgh.osborne2.objective
export const start: Tensor.Tensor<readonly [2]> | undefined = Fixtures.mgh.beale.starts[0]
export const gradient: Fn.Fn<readonly [12], readonly [12]> = Reverse.grad(Fixtures.mgh.watson12.objective)
export const jacobian: Fn.Fn<readonly [2], readonly [3, 2]> = Reverse.jacobian(Fixtures.mgh.beale.residuals)
export const names: ReadonlyArray<Fixtures.NistName> = Fixtures.nistNames
export const regression: Fixtures.LeastSquares = Fixtures.nist("Thurber")
