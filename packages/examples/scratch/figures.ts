import { Body, Fn, Expr, Tensor, Type } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { optimise } from "../../compiler/src/internal/optimise/index.ts"
import { listing, operations } from "../../compiler/test/internal/optimise/listing.ts"
import * as Lse from "../../examples/src/gradbench/modules/Lse.ts"
import * as Gmm from "../../examples/src/gradbench/modules/Gmm.ts"
import * as Lstm from "../../examples/src/gradbench/modules/Lstm.ts"
import * as Ht from "../../examples/src/gradbench/modules/Ht.ts"
import * as Llsq from "../../examples/src/gradbench/modules/Llsq.ts"
import * as Kmeans from "../../examples/src/gradbench/modules/Kmeans.ts"
import * as Ba from "../../examples/src/gradbench/modules/Ba.ts"
import * as Ode from "../../examples/src/gradbench/modules/Ode.ts"
import * as Det from "../../examples/src/gradbench/modules/Det.ts"
import * as Particle from "../../examples/src/gradbench/modules/Particle.ts"
import * as Saddle from "../../examples/src/gradbench/modules/Saddle.ts"
const hand = { parents: [-1, ...Array.from({ length: 21 }, (_, i) => (i % 4 === 0 ? 0 : i))], vertices: 544, influences: 4, mirrored: false }
const programs: Record<string, () => Fn.Any> = {
  lse: () => Lse.gradient(1000), llsq: () => Llsq.gradient({ n: 100, m: 8 }),
  gmm: () => Gmm.gradient({ n: 100, k: 5, d: 8, m: 0, gamma: 1 }),
  lstm: () => Lstm.gradient({ bits: 14, layers: 2, length: 64 }),
  kmeans: () => Kmeans.newtonDirection({ n: 100, k: 5, d: 3 } as never),
  ba: () => Ba.sparseJacobian({ n: 10, m: 20, p: 40 } as never),
  ode: () => Ode.gradient({ n: 10, steps: 5 } as never), det: () => Det.gradient(5),
  particle: () => Particle.control("reverse", "forward"), saddle: () => Saddle.saddlePoint("reverse", "reverse"),
  htSimple: () => Ht.vertexJacobian(hand, 200),
  htComplicated: () => Ht.surfaceJacobian(hand, 200)
}
const only = process.argv[2]
for (const [name, make] of Object.entries(programs)) {
  if (only !== undefined && only !== name) continue
  try {
  const body = make() as unknown as Body.Body
  const times = Array.from({ length: 5 }, () => { const t = performance.now(); optimise(body); return performance.now() - t })
  const made = optimise(body)
  const stable = Body.print(optimise(made)) === Body.print(made)
  console.log(name.padEnd(15), operations(body), "->", operations(made), `${Math.min(...times).toFixed(1)} ms`, stable ? "" : "NOT IDEMPOTENT")
  if (only !== undefined) { console.log(Body.print(body)); console.log("=========="); console.log(Body.print(made)) }
  } catch (e) { console.log(name, (e as Error).stack?.slice(0, 600)) }
}
