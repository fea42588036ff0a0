import { Fn, Tensor } from "@fluxion/core"
import { Fixtures } from "@fluxion/testing"

// error: Argument of type '"Misra2a"' is not assignable to parameter of type
export const a = Fixtures.nist("Misra2a")
// error: is not assignable to parameter of type
export const b = Fn.runSync(Fixtures.mgh.beale.objective, Tensor.make([1, 2, 3]))
// error: Property 'rosenbrok' does not exist on type
export const c = Fixtures.mgh.rosenbrok
