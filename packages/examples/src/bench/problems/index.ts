/**
 * All problems.
 *
 * @since 0.1.0
 */
import type { Problem } from "../Problem.ts"
import { gmm } from "./Gmm.ts"
import { kmeans } from "./Kmeans.ts"
import { llsq } from "./Llsq.ts"
import { logisticRegression } from "./LogisticRegression.ts"
import { lse } from "./Lse.ts"
import { perceptron } from "./Perceptron.ts"
import { rosenbrock } from "./Rosenbrock.ts"

/**
 * The problems, in the order in which they are run.
 *
 * @category problems
 * @since 0.1.0
 */
export const problems: ReadonlyArray<Problem> = [rosenbrock, lse, logisticRegression, perceptron, llsq, kmeans, gmm]
