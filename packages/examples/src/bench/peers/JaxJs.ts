/**
 * jax-js: programs on arrays, traced and compiled to WebAssembly by `jit`, in either precision.
 *
 * @since 0.1.0
 */
import type { Array as JaxArray } from "@jax-js/jax"
import { constantOf } from "../problems/Gmm.ts"
import { type Shaped, compress, expand, points, scalar } from "./arrays.ts"
import type { Inputs, Peer, Precision } from "./Peer.ts"

type Arrays = Record<string, JaxArray>

/** A function of parameters and data, and what is differentiated in it. */
interface Formulation {
  readonly name: string
  readonly parameters: ReadonlyArray<string>
  readonly data?: ReadonlyArray<string>
  /** Arrays it takes beside or instead of the inputs. */
  readonly given?: (inputs: Inputs) => Readonly<Record<string, Shaped>>
  readonly loss: (parameters: Arrays, data: Arrays) => JaxArray
  /** The gradient in the order and layout of the problem's own. */
  readonly layout?: (gradient: ReadonlyArray<ArrayLike<number>>, inputs: Inputs) => ReadonlyArray<ArrayLike<number>>
}

/**
 * Loads the library.
 *
 * @category peers
 * @since 0.1.0
 */
export const load = async (): Promise<Peer> => {
  const {
    blockUntilReady,
    defaultDevice,
    init,
    jit,
    lax,
    nn,
    numpy: np,
    tree,
    valueAndGrad
  } = await import("@jax-js/jax")
  await init("wasm")
  defaultDevice("wasm")

  // Under `jit` its literals are rounded to single precision, so constants are given as arrays where that would not be exact.
  const formulations: Readonly<Record<string, ReadonlyArray<Formulation>>> = {
    rosenbrock: [
      {
        name: "",
        parameters: ["x", "y"],
        loss: ({ x, y }) => {
          const a = np.subtract(1, x!.ref)
          const b = y!.sub(np.square(x!))
          return np.square(a).add(np.square(b).mul(100))
        }
      }
    ],
    lse: [
      { name: "nn.logsumexp", parameters: ["x"], loss: ({ x }) => nn.logsumexp(x!) },
      {
        name: "from parts",
        parameters: ["x"],
        loss: ({ x }) => {
          const largest = lax.stopGradient(np.max(x!.ref))
          return np.log(np.sum(np.exp(x!.sub(largest.ref)))).add(largest)
        }
      }
    ],
    logistic: [
      {
        name: "nn.softplus",
        parameters: ["w", "b"],
        data: ["x", "y", "n"],
        given: ({ y }) => ({ n: scalar(y!.shape[0]!) }),
        loss: ({ b, w }, { n, x, y }) => {
          const z = np.matmul(x!, w!).add(b!)
          return np.sum(nn.softplus(z.ref).sub(y!.mul(z))).div(n!)
        }
      },
      {
        name: "from parts",
        parameters: ["w", "b"],
        data: ["x", "y", "n"],
        given: ({ y }) => ({ n: scalar(y!.shape[0]!) }),
        loss: ({ b, w }, { n, x, y }) => {
          const z = np.matmul(x!, w!).add(b!)
          const softplus = np.maximum(z.ref, 0).add(np.log(np.exp(np.negative(np.abs(z.ref))).add(1)))
          return np.sum(softplus.sub(y!.mul(z))).div(n!)
        }
      }
    ],
    perceptron: [
      {
        name: "nn.logSoftmax",
        parameters: ["w1", "b1", "w2", "b2"],
        data: ["x", "targets", "n"],
        given: ({ targets }) => ({ n: scalar(targets!.shape[0]!) }),
        loss: ({ b1, b2, w1, w2 }, { n, targets, x }) => {
          const hidden = np.tanh(np.matmul(x!, w1!).add(b1!))
          const logits = np.matmul(hidden, w2!).add(b2!)
          return np.negative(np.sum(targets!.mul(nn.logSoftmax(logits)))).div(n!)
        }
      },
      {
        name: "nn.logsumexp",
        parameters: ["w1", "b1", "w2", "b2"],
        data: ["x", "targets", "n"],
        given: ({ targets }) => ({ n: scalar(targets!.shape[0]!) }),
        loss: ({ b1, b2, w1, w2 }, { n, targets, x }) => {
          const hidden = np.tanh(np.matmul(x!, w1!).add(b1!))
          const logits = np.matmul(hidden, w2!).add(b2!)
          return np
            .sum(nn.logsumexp(logits.ref, 1))
            .sub(np.sum(targets!.mul(logits)))
            .div(n!)
        }
      }
    ],
    llsq: [
      {
        name: "Horner's scheme, unrolled",
        parameters: ["x"],
        data: ["t"],
        given: ({ n }) => points(n!.data[0]!),
        loss: ({ x }, { t }) => {
          const m = x!.shape[0]!
          const coefficients = np.split(x!, m)
          let value = np.zerosLike(t!.ref)
          for (const coefficient of coefficients.toReversed()) value = value.mul(t!.ref).add(coefficient)
          return np.sum(np.square(np.sign(t!).sub(value))).mul(0.5)
        }
      },
      {
        name: "np.vander",
        parameters: ["x"],
        data: ["t"],
        given: ({ n }) => points(n!.data[0]!),
        loss: ({ x }, { t }) => {
          const powers = np.vander(t!.ref, { n: x!.shape[0]!, increasing: true })
          return np.sum(np.square(np.sign(t!).sub(np.matmul(powers, x!)))).mul(0.5)
        }
      },
      {
        name: "np.cumprod",
        parameters: ["x"],
        data: ["t"],
        given: ({ n }) => points(n!.data[0]!),
        loss: ({ x }, { t }) => {
          const [n, m] = [t!.shape[0]!, x!.shape[0]!]
          const repeated = np.broadcastTo(t!.ref.reshape([n, 1]), [n, m - 1])
          const powers = np.concatenate([np.onesLike(t!.ref).reshape([n, 1]), np.cumprod(repeated, 1)], 1)
          return np.sum(np.square(np.sign(t!).sub(np.matmul(powers, x!)))).mul(0.5)
        }
      }
    ],
    kmeans: [
      {
        name: "differences",
        parameters: ["centroids"],
        data: ["points"],
        loss: ({ centroids }, { points }) => {
          const [[k, d], [n]] = [centroids!.shape, points!.shape]
          const differences = points!.reshape([n!, 1, d!]).sub(centroids!.reshape([1, k!, d!]))
          return np.sum(np.min(np.sum(np.square(differences), 2), 1))
        }
      },
      {
        name: "product of matrices",
        parameters: ["centroids"],
        data: ["points"],
        loss: ({ centroids }, { points }) => {
          const ofPoints = np.sum(np.square(points!.ref))
          const ofCentroids = np.sum(np.square(centroids!.ref), 1)
          const products = np.matmul(points!, np.transpose(centroids!))
          return np.sum(np.min(ofCentroids.sub(products.mul(2)), 1)).add(ofPoints)
        }
      }
    ],
    gmm: (["product of matrices", "einsum"] as const).map((name) => ({
      name,
      parameters: ["alpha", "mu", "q", "below"],
      data: ["x", "n", "constant"],
      given: ({ l, mu, x }) => {
        const [[k, d], [n]] = [mu!.shape as [number, number], x!.shape as [number, number]]
        return { below: expand(l!.data, k, d), n: scalar(n), constant: scalar(constantOf({ k, d, n })) }
      },
      loss: ({ alpha, below, mu, q }, { constant, n, x }) => {
        const [k, d] = mu!.shape as [number, number]
        const diagonals = np.exp(q!.ref)
        const factors = np.tril(below!, -1).add(
          np
            .eye(d)
            .astype(diagonals.dtype)
            .mul(diagonals.reshape([k, 1, d]))
        )
        const squares = np.sum(np.square(factors.ref))
        const products =
          name === "einsum"
            ? np.einsum("kij,nj->nki", factors.ref, x!)
            : np.matmul(x!, np.transpose(factors.ref.reshape([k * d, d]))).reshape([-1, k, d])
        const centres = np.matmul(factors, mu!.reshape([k, d, 1])).reshape([k, d])
        const weights = alpha!.ref.add(np.sum(q!, 1))
        const exponents = weights.sub(np.sum(np.square(products.sub(centres)), 2).mul(0.5))
        const likelihood = np.sum(nn.logsumexp(exponents, 1)).sub(n!.mul(nn.logsumexp(alpha!)))
        return likelihood.add(constant!).sub(squares.mul(0.5))
      },
      layout: ([alpha, mu, q, below], { mu: { shape } }) => {
        const [k, d] = shape as [number, number]
        return [alpha!, mu!, q!, compress(below!, k, d)]
      }
    }))
  }

  const contestant = (formulation: Formulation, inputs: Inputs, precision: Precision) => async () => {
    const array = ({ data, shape }: Shaped): JaxArray =>
      np.array(precision === "float64" ? Float64Array.from(data) : Float32Array.from(data)).reshape([...shape])
    const all: Readonly<Record<string, Shaped>> = { ...inputs, ...formulation.given?.(inputs) }
    const parameters: Arrays = Object.fromEntries(formulation.parameters.map((name) => [name, array(all[name]!)]))
    const data: Arrays = Object.fromEntries((formulation.data ?? []).map((name) => [name, array(all[name]!)]))
    const step = jit(valueAndGrad((parameters: Arrays, data: Arrays) => formulation.loss(parameters, data)))
    const evaluate = () => blockUntilReady(step(tree.ref(parameters), tree.ref(data)))
    return {
      name: `jax-js${formulation.name === "" ? "" : ` (${formulation.name})`}`,
      precision,
      subject: {
        run: async () => tree.dispose(await evaluate()),
        answer: async () => {
          const [value, gradient] = await evaluate()
          const lists: Array<ArrayLike<number>> = []
          for (const name of formulation.parameters) lists.push(await (gradient as Arrays)[name]!.data())
          const [first] = await value.data()
          return { value: first!, derivative: formulation.layout?.(lists, inputs) ?? lists }
        }
      },
      end: () => {
        step.dispose()
        tree.dispose(parameters)
        tree.dispose(data)
      }
    }
  }

  return {
    name: "jax-js",
    contestants: (problem, inputs) =>
      (["float64", "float32"] as const).flatMap((precision) =>
        (formulations[problem] ?? []).map((formulation) => contestant(formulation, inputs, precision))
      )
  }
}
