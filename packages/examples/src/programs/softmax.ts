// Softmax and cross-entropy: the loss of a classifier, and why its gradient is so simple.
//
// Softmax turns scores (logits) into probabilities, and cross-entropy is minus the logarithm of the probability of the right class. The
// exponentials and the logarithm cancel, and what is left of the gradient is softmax minus one-hot: the probabilities, less 1 at the right class.

import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Console, Effect } from "effect"
import { table } from "../internal/text.ts"
import * as Example from "../Example.ts"

const label = Tensor.index(0)

/** The cross-entropy of three logits when class 0 is the right one. */
export const loss = Fn.make({ logits: [3] }, ({ logits }) => Expr.crossEntropy(logits, label))

/** What its gradient should be. */
export const softmaxMinusOneHot = Fn.make({ logits: [3] }, ({ logits }) =>
  Expr.sub(Expr.softmax(logits), Expr.oneHot(label, 3))
)

export const example = Example.make({
  name: "softmax",
  summary: "Softmax cross-entropy, whose gradient is softmax minus one-hot, also where exp overflows.",
  main: Effect.gen(function* () {
    const figures = yield* Effect.forEach(
      // The second logits would overflow in exp, if the library computed softmax as the textbook writes it.
      [Tensor.make([2, 1, 0.1]), Tensor.make([1000, 1001, 999])],
      Effect.fnUntraced(function* (logits) {
        const { grad, value } = yield* Fn.run(Reverse.valueAndGrad(loss), { logits })
        const expected = yield* Fn.run(softmaxMinusOneHot, { logits })
        return { logits, loss: value, gradient: grad.logits, expected }
      })
    )

    for (const { expected, gradient, logits, loss } of figures) {
      yield* Console.log(`logits ${logits}, right class 0: loss ${loss.toFixed(6)}
${table(
  ["class", "gradient", "softmax - one-hot"],
  Array.from(gradient.data, (slope, k) => [String(k), slope.toFixed(12), expected.data[k]!.toFixed(12)])
)}`)
    }
    return figures
  })
})

if (import.meta.main) Effect.runFork(example.main)
