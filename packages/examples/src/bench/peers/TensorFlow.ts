/**
 * TensorFlow.js: operations on arrays in single precision, one after the other, in JavaScript or in WebAssembly.
 *
 * @since 0.1.0
 */
import type { Scalar, Tensor as TfTensor } from "@tensorflow/tfjs-core"
import { registerHooks } from "node:module"
import { constantOf } from "../problems/Gmm.ts"
import { type Shaped, compress, expand, points, scalar } from "./arrays.ts"
import type { Inputs, Peer } from "./Peer.ts"

type Tensors = Readonly<Record<string, TfTensor>>

interface Formulation {
  readonly name: string
  readonly parameters: ReadonlyArray<string>
  readonly data?: ReadonlyArray<string>
  /** Arrays it takes beside or instead of the inputs. */
  readonly given?: (inputs: Inputs) => Readonly<Record<string, Shaped>>
  /** What is computed first, outside of what is differentiated. */
  readonly before?: (parameters: Tensors) => Tensors
  readonly loss: (parameters: Tensors, data: Tensors) => TfTensor
  /** The gradient in the order and layout of the problem's own. */
  readonly layout?: (gradient: ReadonlyArray<ArrayLike<number>>, inputs: Inputs) => ReadonlyArray<ArrayLike<number>>
}

/** The library; its gradients come as modules whose imports have no extensions, which Node does not resolve by itself. */
const importAll = async () => {
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      if (!specifier.startsWith(".") || context.parentURL?.includes("/@tensorflow/") !== true) {
        return next(specifier, context)
      }
      try {
        return next(specifier, context)
      } catch {
        return next(`${specifier}.js`, context)
      }
    }
  })
  try {
    const tf = await import("@tensorflow/tfjs-core")
    const gradients: string = "@tensorflow/tfjs-core/dist/register_all_gradients.js"
    await import(gradients)
    await import("@tensorflow/tfjs-backend-cpu")
    await import("@tensorflow/tfjs-backend-wasm")
    return tf
  } finally {
    hooks.deregister()
  }
}

/**
 * Loads the library.
 *
 * @category peers
 * @since 0.1.0
 */
export const load = async (): Promise<Peer> => {
  const tf = await importAll()
  // Without the checks and the hints that it has for development.
  tf.enableProdMode()

  const formulations: Readonly<Record<string, ReadonlyArray<Formulation>>> = {
    rosenbrock: [
      {
        name: "",
        parameters: ["x", "y"],
        loss: ({ x, y }) => {
          const a = tf.sub(1, x!)
          const b = tf.sub(y!, tf.square(x!))
          return tf.add(tf.square(a), tf.mul(100, tf.square(b)))
        }
      }
    ],
    lse: [
      { name: "logSumExp", parameters: ["x"], loss: ({ x }) => tf.logSumExp(x!) },
      {
        name: "from parts",
        parameters: ["x"],
        before: ({ x }) => ({ largest: tf.max(x!) }),
        loss: ({ x }, { largest }) => tf.add(largest!, tf.log(tf.sum(tf.exp(tf.sub(x!, largest!)))))
      }
    ],
    logistic: [
      {
        name: "softplus",
        parameters: ["w", "b"],
        data: ["x", "y"],
        loss: ({ b, w }, { x, y }) => {
          const d = w!.size
          const z = tf.add(tf.reshape(tf.matMul(x!, tf.reshape(w!, [d, 1])), [-1]), b!)
          return tf.mean(tf.sub(tf.softplus(z), tf.mul(y!, z)))
        }
      },
      {
        name: "losses.sigmoidCrossEntropy",
        parameters: ["w", "b"],
        data: ["x", "y"],
        loss: ({ b, w }, { x, y }) => {
          const d = w!.size
          const z = tf.add(tf.reshape(tf.matMul(x!, tf.reshape(w!, [d, 1])), [-1]), b!)
          return tf.losses.sigmoidCrossEntropy(y!, z)
        }
      }
    ],
    perceptron: [
      {
        name: "losses.softmaxCrossEntropy",
        parameters: ["w1", "b1", "w2", "b2"],
        data: ["x", "targets"],
        loss: ({ b1, b2, w1, w2 }, { targets, x }) => {
          const hidden = tf.tanh(tf.add(tf.matMul(x!, w1!), b1!))
          return tf.losses.softmaxCrossEntropy(targets!, tf.add(tf.matMul(hidden, w2!), b2!))
        }
      },
      {
        name: "logSoftmax",
        parameters: ["w1", "b1", "w2", "b2"],
        data: ["x", "targets"],
        loss: ({ b1, b2, w1, w2 }, { targets, x }) => {
          const hidden = tf.tanh(tf.add(tf.matMul(x!, w1!), b1!))
          const logits = tf.add(tf.matMul(hidden, w2!), b2!)
          return tf.neg(tf.mean(tf.sum(tf.mul(targets!, tf.logSoftmax(logits)), 1)))
        }
      }
    ],
    llsq: [
      {
        name: "cumprod",
        parameters: ["x"],
        data: ["t"],
        given: ({ n }) => points(n!.data[0]!),
        loss: ({ x }, { t }) => {
          const [n, m] = [t!.size, x!.size]
          const column = tf.reshape(t!, [n, 1])
          const repeated = tf.tile(column, [1, m - 1])
          const powers = tf.concat([tf.ones([n, 1]), tf.cumprod(repeated, 1)], 1)
          const values = tf.reshape(tf.matMul(powers as never, tf.reshape(x!, [m, 1])), [n])
          return tf.mul(0.5, tf.sum(tf.square(tf.sub(tf.sign(t!), values))))
        }
      },
      {
        name: "Horner's scheme",
        parameters: ["x"],
        data: ["t"],
        given: ({ n }) => points(n!.data[0]!),
        loss: ({ x }, { t }) => {
          let value: TfTensor = tf.zerosLike(t!)
          for (const coefficient of tf.split(x!, x!.size).toReversed()) {
            value = tf.add(tf.mul(value, t!), coefficient)
          }
          return tf.mul(0.5, tf.sum(tf.square(tf.sub(tf.sign(t!), value))))
        }
      }
    ],
    kmeans: [
      {
        name: "differences",
        parameters: ["centroids"],
        data: ["points"],
        loss: ({ centroids }, { points }) => {
          const differences = tf.sub(tf.expandDims(points!, 1), tf.expandDims(centroids!, 0))
          return tf.sum(tf.min(tf.sum(tf.square(differences), 2), 1))
        }
      },
      {
        name: "product of matrices",
        parameters: ["centroids"],
        data: ["points"],
        loss: ({ centroids }, { points }) => {
          const products = tf.matMul(points!, centroids!, false, true)
          const distances = tf.sub(tf.sum(tf.square(centroids!), 1), tf.mul(2, products))
          return tf.add(tf.sum(tf.min(distances, 1)), tf.sum(tf.square(points!)))
        }
      }
    ],
    gmm: [
      {
        name: "product of matrices",
        parameters: ["alpha", "mu", "q", "below"],
        data: ["x", "constant", "unit", "strict"],
        given: ({ l, mu, x }) => {
          const [[k, d], [n]] = [mu!.shape as [number, number], x!.shape as [number, number]]
          const mask = (at: (i: number, j: number) => boolean): Shaped => ({
            data: Float64Array.from({ length: d * d }, (_, i) => (at(Math.floor(i / d), i % d) ? 1 : 0)),
            shape: [d, d]
          })
          return {
            below: expand(l!.data, k, d),
            constant: scalar(constantOf({ k, d, n })),
            unit: mask((i, j) => i === j),
            strict: mask((i, j) => i > j)
          }
        },
        loss: ({ alpha, below, mu, q }, { constant, strict, unit, x }) => {
          const [[k, d], [n]] = [mu!.shape as [number, number], x!.shape as [number, number]]
          const diagonals = tf.mul(unit!, tf.reshape(tf.exp(q!), [k, 1, d]))
          const factors = tf.add(tf.mul(below!, strict!), diagonals)
          const products = tf.reshape(tf.matMul(x!, tf.reshape(factors, [k * d, d]), false, true), [n, k, d])
          const centres = tf.reshape(tf.matMul(factors, tf.reshape(mu!, [k, d, 1])), [k, d])
          const weights = tf.add(alpha!, tf.sum(q!, 1))
          const exponents = tf.sub(weights, tf.mul(0.5, tf.sum(tf.square(tf.sub(products, centres)), 2)))
          const likelihood = tf.sub(tf.sum(tf.logSumExp(exponents, 1)), tf.mul(n, tf.logSumExp(alpha!)))
          return tf.sub(tf.add(likelihood, constant!), tf.mul(0.5, tf.sum(tf.square(factors))))
        },
        layout: ([alpha, mu, q, below], { mu: { shape } }) => {
          const [k, d] = shape as [number, number]
          return [alpha!, mu!, q!, compress(below!, k, d)]
        }
      }
    ]
  }

  const contestant = (backend: "cpu" | "wasm", formulation: Formulation, inputs: Inputs) => async () => {
    await tf.setBackend(backend)
    await tf.ready()
    const tensor = ({ data, shape }: Shaped): TfTensor => tf.tensor(Float32Array.from(data), [...shape])
    const all: Readonly<Record<string, Shaped>> = { ...inputs, ...formulation.given?.(inputs) }
    const parameters = formulation.parameters.map((name) => tensor(all[name]!))
    const named = (tensors: ReadonlyArray<TfTensor>): Tensors =>
      Object.fromEntries(formulation.parameters.map((name, i) => [name, tensors[i]!]))
    const data: Tensors = Object.fromEntries((formulation.data ?? []).map((name) => [name, tensor(all[name]!)]))
    const evaluate = (): { readonly value: Scalar; readonly grads: ReadonlyArray<TfTensor> } => {
      // It has one backend at a time, and changes it at once where that was started before.
      if (tf.getBackend() !== backend) void tf.setBackend(backend)
      const before = formulation.before?.(named(parameters)) ?? {}
      const loss = (...own: ReadonlyArray<TfTensor>): Scalar =>
        formulation.loss(named(own), { ...data, ...before }) as Scalar
      const { grads, value } = tf.valueAndGrads(loss as never)(parameters)
      tf.dispose(before as never)
      return { grads, value: value as Scalar }
    }
    return {
      name: `TensorFlow.js ${backend}${formulation.name === "" ? "" : ` (${formulation.name})`}`,
      precision: "float32" as const,
      subject: {
        run: () => {
          const { grads, value } = evaluate()
          value.dispose()
          for (const gradient of grads) gradient.dispose()
        },
        answer: () => {
          const { grads, value } = evaluate()
          const lists = grads.map((gradient) => gradient.dataSync())
          return { value: value.dataSync()[0]!, derivative: formulation.layout?.(lists, inputs) ?? lists }
        }
      },
      end: () => tf.dispose([...parameters, ...Object.values(data)])
    }
  }

  return {
    name: "TensorFlow.js",
    contestants: (problem, inputs) =>
      (["cpu", "wasm"] as const).flatMap((backend) =>
        (formulations[problem] ?? []).map((formulation) => contestant(backend, formulation, inputs))
      )
  }
}
