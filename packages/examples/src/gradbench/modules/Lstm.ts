/**
 * `lstm`: a recurrent network of long short-term memory that predicts the next character of a text.
 *
 * @since 0.1.0
 */
import { Expr, Fn } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Schema } from "effect"
import * as Evaluation from "../Evaluation.ts"
import * as Numbers from "../Numbers.ts"

/**
 * `layers` layers over `length` characters of `bits` bits each.
 *
 * @category models
 * @since 0.1.0
 */
export interface Network {
  readonly layers: number
  readonly bits: number
  readonly length: number
}

type Vector = Expr.Expr<readonly [number]>

interface Layer {
  readonly weights: Expr.Expr<readonly [number, number]>
  readonly biases: Expr.Expr<readonly [number, number]>
  readonly hidden: Vector
  readonly cell: Vector
}

/** One layer at one character: its output, which is its hidden state, and its new state. All weight matrices are diagonal. */
const advance = (input: Vector, { biases, cell, hidden, weights }: Layer) => {
  const affine = (x: Vector, gate: number) => Expr.add(Expr.mul(x, Expr.at(weights, gate)), Expr.at(biases, gate))
  const forget = Expr.sigmoid(affine(input, 0))
  const ingate = Expr.sigmoid(affine(hidden, 1))
  const outgate = Expr.sigmoid(affine(input, 2))
  const change = Expr.tanh(affine(hidden, 3))
  const nextCell = Expr.add(Expr.mul(cell, forget), Expr.mul(ingate, change))
  const nextHidden = Expr.mul(outgate, Expr.tanh(nextCell))
  return [nextHidden, { hidden: nextHidden, cell: nextCell }] as const
}

/**
 * The mean loss of the predictions along a text, of the parameters of the layers (`main`), those around them (`extra`) and the state at the start.
 *
 * **Details**
 *
 * Rows of `main` come in pairs, weights and biases of a layer, each the four gates after one another; rows of `state` too, hidden state and cell.
 *
 * @category programs
 * @since 0.1.0
 */
export const loss = ({ bits, layers, length }: Network) =>
  Fn.make(
    { main: [2 * layers, 4 * bits], extra: [3, bits], state: [2 * layers, bits], sequence: [length, bits] },
    ({ extra, main, sequence, state }) => {
      const parameters = Expr.reshape(main, [layers, 2, 4, bits])
      const [weights, biases] = [Expr.at(parameters, 0, 1), Expr.at(parameters, 1, 1)]
      const pairs = Expr.reshape(state, [layers, 2, bits])
      const [inputWeight, outputWeight, outputBias] = [Expr.at(extra, 0), Expr.at(extra, 1), Expr.at(extra, 2)]
      const { total } = Expr.fold(
        ({ memory, total }, { character, next }) => {
          const [output, remembered] = Expr.scan(advance, Expr.mul(character, inputWeight), {
            weights,
            biases,
            ...memory
          })
          const prediction = Expr.add(Expr.mul(output, outputWeight), outputBias)
          const normaliser = Expr.log(Expr.add(Expr.sum(Expr.exp(prediction)), 2))
          return {
            memory: remembered,
            total: Expr.add(total, Expr.dot(next, Expr.sub(prediction, normaliser)))
          }
        },
        { memory: { hidden: Expr.at(pairs, 0, 1), cell: Expr.at(pairs, 1, 1) }, total: 0 },
        {
          character: Expr.slice(sequence, { starts: [0, 0], limits: [length - 1, bits] }),
          next: Expr.slice(sequence, { starts: [1, 0], limits: [length, bits] })
        }
      )
      return Expr.div(Expr.neg(total), (length - 1) * bits)
    }
  )

/**
 * The gradient of the loss with respect to the parameters.
 *
 * @category programs
 * @since 0.1.0
 */
export const gradient = (network: Network) => Reverse.grad(loss(network), { wrt: ["main", "extra"] })

const Input = Schema.Struct({
  main_params: Numbers.Matrix,
  extra_params: Numbers.array([3, "any"]),
  state: Numbers.Matrix,
  sequence: Numbers.Matrix
})

const network = ({ main_params, sequence }: typeof Input.Type): Network => ({
  layers: main_params.shape[0] / 2,
  bits: sequence.shape[1],
  length: sequence.shape[0]
})

const at = ({ extra_params, main_params, sequence, state }: typeof Input.Type) => ({
  main: main_params,
  extra: extra_params,
  state,
  sequence
})

/**
 * The module.
 *
 * @category modules
 * @since 0.1.0
 */
export const lstm: Evaluation.Module = {
  name: "lstm",
  functions: {
    objective: Evaluation.taking(Input, (input) => Evaluation.make(loss(network(input)), at(input), (value) => value)),
    jacobian: Evaluation.taking(Input, (input) =>
      Evaluation.make(gradient(network(input)), at(input), ({ extra, main }) => [...main.data, ...extra.data])
    )
  }
}
