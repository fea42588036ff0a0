/**
 * The modules of the suite.
 *
 * @since 0.1.0
 */
import type { Module } from "../Evaluation.ts"
import { ba } from "./Ba.ts"
import { det } from "./Det.ts"
import { gmm } from "./Gmm.ts"
import { hello } from "./Hello.ts"
import { ht } from "./Ht.ts"
import { kmeans } from "./Kmeans.ts"
import { llsq } from "./Llsq.ts"
import { lse } from "./Lse.ts"
import { lstm } from "./Lstm.ts"
import { ode } from "./Ode.ts"
import { particle } from "./Particle.ts"
import { saddle } from "./Saddle.ts"

/**
 * All modules.
 *
 * @category modules
 * @since 0.1.0
 */
export const modules: ReadonlyArray<Module> = [hello, llsq, lse, gmm, lstm, ode, det, kmeans, ba, ht, particle, saddle]
