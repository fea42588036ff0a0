// One seed for all property tests, so that a run can be repeated anywhere and a red one is not the luck of the draw. Another seed
// explores: `FLUXION_SEED=random` (the seed is printed), or `FLUXION_SEED=42` to repeat one.

import * as fc from "fast-check"

const asked = process.env["FLUXION_SEED"]
const seed = asked === undefined ? 20_261_121 : asked === "random" ? Math.trunc(Math.random() * 2 ** 31) : Number(asked)
if (asked !== undefined) console.log(`fast-check seed ${seed}`)

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed })
