/**
 * The other libraries.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import * as JaxJs from "./JaxJs.ts"
import { type Peer, PeerMissing } from "./Peer.ts"
import * as Rose from "./Rose.ts"
import * as TensorFlow from "./TensorFlow.ts"

const loading = (name: string, load: () => Promise<Peer>): Effect.Effect<Peer, PeerMissing> =>
  Effect.tryPromise({
    try: load,
    catch: (problem) => new PeerMissing({ name, reason: problem instanceof Error ? problem.message : String(problem) })
  })

/**
 * Loads all of them.
 *
 * @category peers
 * @since 0.1.0
 */
export const load: Effect.Effect<ReadonlyArray<Peer>, PeerMissing> = Effect.all([
  loading("rose", Rose.load),
  loading("@jax-js/jax", JaxJs.load),
  loading("@tensorflow/tfjs-core with its cpu and wasm backends", TensorFlow.load)
])
