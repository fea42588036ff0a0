/**
 * A mixture of Gaussians: products with triangular matrices, and a logarithm of a sum of exponentials of each row.
 *
 * @since 0.1.0
 */
import { Fn, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { logPosterior, type Mixture } from "../../gradbench/modules/Gmm.ts"
import * as Draws from "../Draws.ts"
import * as Problem from "../Problem.ts"
import * as Program from "../Program.ts"
import type { Subject } from "../Subject.ts"

type Size = Pick<Mixture, "d" | "k" | "n">

/**
 * The prior of all sizes: no additional degrees of freedom, precision 1, as in the suite's own data.
 *
 * @category models
 * @since 0.1.0
 */
export const prior = { m: 0, gamma: 1 } as const

/** `log Γ(x)` where `2 x` is a positive integer, by recurrence from `Γ(1) = 1` or `Γ(1/2) = √π`. */
const logGamma = (x: number): number => {
  let sum = x % 1 === 0 ? 0 : Math.log(Math.PI) / 2
  for (let factor = x - 1; factor > 0; factor--) sum += Math.log(factor)
  return sum
}

/**
 * What no parameter changes in the log posterior: of the likelihood and of the prior.
 *
 * @category models
 * @since 0.1.0
 */
export const constantOf = ({ d, k, n }: Size): number => {
  const freedom = d + prior.m + 1
  let logMultivariateGamma = (d * (d - 1) * Math.log(Math.PI)) / 4
  for (let j = 0; j < d; j++) logMultivariateGamma += logGamma(freedom / 2 - j / 2)
  const ofPrior = k * (freedom * d * Math.log(prior.gamma / Math.SQRT2) - logMultivariateGamma)
  return ofPrior - (n * d * Math.log(2 * Math.PI)) / 2
}

const directional = (size: Size) => {
  const { d, k, n } = size
  const parameters = { alpha: [k], mu: [k, d], q: [k, d], l: [k, (d * (d - 1)) / 2] } as const
  return Fn.make({ x: [n, d], parameters, direction: parameters }, ({ direction, parameters: at, x }) => {
    const ofParameters = Fn.make(parameters, (own) => Fn.apply(logPosterior({ ...size, ...prior }), { x, ...own }))
    return Fn.apply(Forward.jvp(ofParameters), { primals: at, tangents: direction })
  })
}

interface Arrays {
  readonly alpha: Float64Array
  readonly mu: Float64Array
  readonly q: Float64Array
  readonly l: Float64Array
  readonly x: Float64Array
}

const byHand = (size: Size, { alpha, l, mu, q, x }: Arrays): Subject => {
  const { d, k, n } = size
  const { gamma, m } = prior
  const below = (d * (d - 1)) / 2
  const constant = constantOf(size)
  const diagonals = new Float64Array(k * d)
  const weights = new Float64Array(k)
  const deviations = new Float64Array(k * d)
  const products = new Float64Array(k * d)
  const shares = new Float64Array(k)
  const gradient = [alpha, mu, q, l].map(({ length }) => new Float64Array(length))
  const [ofAlpha, ofMu, ofQ, ofL] = gradient as [Float64Array, Float64Array, Float64Array, Float64Array]
  let value = 0
  const run = (): void => {
    for (const array of gradient) array.fill(0)
    let squares = 0
    let sumOfQ = 0
    for (let c = 0; c < k; c++) {
      let sum = alpha[c]!
      for (let j = c * d; j < (c + 1) * d; j++) {
        const e = Math.exp(q[j]!)
        diagonals[j] = e
        squares += e * e
        sum += q[j]!
        sumOfQ += q[j]!
      }
      weights[c] = sum
    }
    for (let j = 0; j < l.length; j++) squares += l[j]! * l[j]!

    let likelihood = 0
    for (let i = 0; i < n; i++) {
      let largest = -Infinity
      for (let c = 0; c < k; c++) {
        const at = c * d
        for (let j = 0; j < d; j++) {
          const deviation = x[i * d + j]! - mu[at + j]!
          deviations[at + j] = deviation
          products[at + j] = diagonals[at + j]! * deviation
        }
        let entry = c * below
        for (let j = 0; j < d; j++) {
          const deviation = deviations[at + j]!
          for (let row = at + j + 1; row < at + d; row++) products[row]! += l[entry++]! * deviation
        }
        let norm = 0
        for (let j = at; j < at + d; j++) norm += products[j]! * products[j]!
        const exponent = weights[c]! - 0.5 * norm
        shares[c] = exponent
        if (exponent > largest) largest = exponent
      }
      let sum = 0
      for (let c = 0; c < k; c++) {
        const e = Math.exp(shares[c]! - largest)
        shares[c] = e
        sum += e
      }
      likelihood += largest + Math.log(sum)
      for (let c = 0; c < k; c++) {
        const share = shares[c]! / sum
        const at = c * d
        ofAlpha[c]! += share
        // What is added to a gradient is 0 in floating point: most observations belong to one component.
        if (share === 0) continue
        let entry = c * below
        for (let j = 0; j < d; j++) {
          const deviation = share * deviations[at + j]!
          const product = products[at + j]!
          let back = diagonals[at + j]! * product
          ofQ[at + j]! += share - deviation * back
          for (let row = at + j + 1; row < at + d; row++) {
            back += l[entry]! * products[row]!
            ofL[entry]! -= deviation * products[row]!
            entry++
          }
          ofMu[at + j]! += share * back
        }
      }
    }

    let heaviest = -Infinity
    for (let c = 0; c < k; c++) if (alpha[c]! > heaviest) heaviest = alpha[c]!
    let total = 0
    for (let c = 0; c < k; c++) total += Math.exp(alpha[c]! - heaviest)
    value = constant + likelihood - n * (heaviest + Math.log(total)) - ((gamma * gamma) / 2) * squares + m * sumOfQ
    for (let c = 0; c < k; c++) ofAlpha[c]! -= (n * Math.exp(alpha[c]! - heaviest)) / total
    for (let j = 0; j < q.length; j++) ofQ[j]! += m - gamma * gamma * diagonals[j]! * diagonals[j]!
    for (let j = 0; j < l.length; j++) ofL[j]! -= gamma * gamma * l[j]!
  }
  return {
    run,
    answer: () => {
      run()
      return { value, derivative: gradient.map((array) => array.slice()) }
    }
  }
}

const instance = (size: Size): Problem.Instance => {
  const { d, k, n } = size
  const draws = Draws.make(6)
  const below = (d * (d - 1)) / 2
  const arrays: Arrays = {
    alpha: draws.normal(k),
    mu: draws.uniform(k * d, 0, 1),
    q: draws.normal(k * d),
    l: draws.normal(k * below),
    x: draws.normal(n * d)
  }
  const x = Tensor.fromArray(arrays.x, [n, d])
  const parametersOf = ({ alpha, l, mu, q }: Omit<Arrays, "x">) => ({
    alpha: Tensor.fromArray(alpha, [k]),
    mu: Tensor.fromArray(mu, [k, d]),
    q: Tensor.fromArray(q, [k, d]),
    l: Tensor.fromArray(l, [k, below])
  })
  const parameters = parametersOf(arrays)
  const direction = parametersOf({
    alpha: draws.normal(k),
    mu: draws.normal(k * d),
    q: draws.normal(k * d),
    l: draws.normal(k * below)
  })
  const f = logPosterior({ ...size, ...prior })
  return {
    size: `d = ${d}, k = ${k}, n = ${n}`,
    n,
    programs: {
      primal: Program.make(f, { x, ...parameters }),
      forward: Program.make(directional(size), { x, parameters, direction }),
      reverse: Program.make(Reverse.valueAndGrad(f, { wrt: ["alpha", "mu", "q", "l"] }), { x, ...parameters })
    },
    byHand: () => byHand(size, arrays),
    inputs: { x, ...parameters }
  }
}

const main = { d: 64, k: 25, n: 1000 }

/**
 * The problem.
 *
 * @category problems
 * @since 0.1.0
 */
export const gmm = Problem.make(
  "gmm",
  { sizes: [{ d: 64, k: 25, n: 100 }, main], main, quick: { d: 3, k: 2, n: 5 } },
  instance
)
