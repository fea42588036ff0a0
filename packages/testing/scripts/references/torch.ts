// Programs over arrays against PyTorch: outputs, gradients, and Hessian-vector products.

import { readFileSync } from "node:fs"
import { Expr, Fn, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { type Comparison, shown, table, type Worst, worst } from "./worst.ts"

/** An array of the data. */
export interface Data {
  readonly shape: ReadonlyArray<number>
  readonly data: ReadonlyArray<number | boolean>
}

/** Arrays by their names. */
export type Record64 = Readonly<Record<string, Data>>

/** One case of the data. */
export interface Case {
  readonly name: string
  readonly formula: string
  readonly inputs: Record64
  readonly constants?: Record64
  readonly outputs: Record64
  readonly cotangents: Record64
  readonly grads: Record64
  readonly hvp: { readonly direction: Record64; readonly value: Record64 } | null
  readonly kink: boolean
}

export const { cases }: { readonly cases: ReadonlyArray<Case> } = JSON.parse(
  readFileSync(new URL("../../data/torch-reference.json", import.meta.url), "utf8")
)

type E = Expr.Expr
type Inputs = Readonly<Record<string, E>>
type Constants = Readonly<Record<string, Data>>

const real = ({ data, shape }: Data): Tensor.Tensor => Tensor.fromArray(data.map(Number), shape)
const index = ({ data, shape }: Data): Expr.IndexExpr =>
  Expr.reshape(Expr.constant(Tensor.index(data.map(Number))), shape) as never
const bool = ({ data, shape }: Data): Expr.BoolExpr =>
  Expr.reshape(Expr.constant(Tensor.bool(data.map(Boolean))), shape) as never

const rows = { axis: -1 } as const
const meanSquare = (x: E): E => Expr.mean(Expr.square(x))
/** Gathers windows: `x[..., start + step · t + dilation · k]` with `t` before `k`. */
const windows = (x: E, count: number, stride: number, width: number, dilation = 1): E => {
  const places = Array.from({ length: count }, (_, t) =>
    Array.from({ length: width }, (_, k) => t * stride + k * dilation)
  )
  return Expr.gather(x, Expr.constant(Tensor.index(places)) as Expr.IndexExpr, -1)
}
const conv1d = (x: E, w: E, stride: number, padding: number, dilation: number): E => {
  const padded: E = Expr.pad(x, { low: [0, 0, padding], high: [0, 0, padding] })
  const width = w.shape[2]
  const count = Math.floor((padded.shape[2] - dilation * (width - 1) - 1) / stride) + 1
  return Expr.einsum("nctk,ock->not", windows(padded, count, stride, width, dilation), w) as E
}
const attention = (q: E, k: E, v: E): E =>
  Expr.matmul(
    Expr.softmax(
      Expr.div(
        Expr.matmul(
          q,
          Expr.transpose(k, [...k.shape.slice(0, -2).map((_: number, i: number) => i), -1, -2] as never) as never
        ) as E,
        Math.sqrt(q.shape.at(-1)!)
      )
    ),
    v as never
  ) as E
const normalised = (x: E, axis: number): E => {
  const centred: E = Expr.sub(x, Expr.mean(x, { axis, keepDims: true }))
  return Expr.div(centred, Expr.sqrt(Expr.add(Expr.mean(Expr.square(centred), { axis, keepDims: true }), 1e-5)))
}

/** The cases as programs. */
export const programs: Readonly<Record<string, (inputs: Inputs, constants: Constants) => E | Record<string, E>>> = {
  softmax_rows: ({ x }) => Expr.softmax(x!),
  softmax_columns: ({ x }) => Expr.softmax(x!, { axis: 0 }),
  softmax_large_logits: ({ x }) => Expr.softmax(x!),
  log_softmax_rows: ({ x }) => Expr.logSoftmax(x!),
  logsumexp_rows: ({ x }) => Expr.logSumExp(x!, rows),
  logsumexp_large: ({ x }) => Expr.logSumExp(x!, rows),
  logcumsumexp_last_axis: ({ x }) => Expr.log(Expr.cumsum(Expr.exp(x!))),
  cross_entropy_mean: ({ z }, { label }) => Expr.mean(Expr.crossEntropy(z!, index(label!))),
  cross_entropy_mean_large_logits: ({ z }, { label }) => Expr.mean(Expr.crossEntropy(z!, index(label!))),
  bce_with_logits_mean: ({ t, z }) => Expr.mean(Expr.sub(Expr.softplus(z!), Expr.mul(z!, t!))),
  mse_mean: ({ a, b }) => meanSquare(Expr.sub(a!, b!)),
  mae_mean: ({ a, b }) => Expr.mean(Expr.abs(Expr.sub(a!, b!))),
  "smooth_l1_mean_beta_0.5": ({ a, b }) => Expr.mean(Expr.div(Expr.huber(Expr.sub(a!, b!) as E, 0.5), 0.5)),
  kl_divergence_from_logits: ({ a, b }) =>
    Expr.sum(Expr.mul(Expr.softmax(a!), Expr.sub(Expr.logSoftmax(a!), Expr.logSoftmax(b!)))),
  hinge_mean: ({ s }, { t }) => Expr.mean(Expr.relu(Expr.sub(1, Expr.mul(real(t!), s!)))),
  layer_norm: ({ b, g, x }) => Expr.add(Expr.mul(Expr.layerNorm(x!), g!), b!),
  batch_norm_training: ({ b, g, x }) => Expr.add(Expr.mul(normalised(x!, 0), g!), b!),
  norm2_vector: ({ x }) => Expr.norm(x!),
  norm2_small_entries: ({ x }) => Expr.norm(x!),
  norm_frobenius: ({ x }) => Expr.norm(x!),
  norm_p3: ({ x }) => Expr.cbrt(Expr.sum(Expr.pow(Expr.abs(x!), 3))),
  norm_1: ({ x }) => Expr.sum(Expr.abs(x!)),
  normalize_rows: ({ x }) => Expr.div(x!, Expr.norm(x!, { axis: -1, keepDims: true })),
  variance_unbiased_axis0: ({ x }) => Expr.variance(x!, { axis: 0, correction: 1 }),
  std_population: ({ x }) => Expr.standardDeviation(x!),
  matmul: ({ a, b }) => Expr.matmul(a!, b!) as E,
  batch_matmul: ({ a, b }) => Expr.matmul(a!, b!) as E,
  matvec: ({ a, x }) => Expr.matmul(a!, x!) as E,
  outer: ({ a, b }) => Expr.outer(a!, b!),
  einsum_bij_bjk_k_to_bi: ({ p, q, s }) => Expr.einsum("bij,bj->bi", p!, Expr.einsum("bjk,k->bj", q!, s!) as E) as E,
  einsum_ii_to_i: ({ a }) => Expr.diagonal(a!),
  einsum_ii_trace: ({ a }) => Expr.trace(a!),
  einsum_i_j_k_outer_sum_j: ({ a, b, c }) => Expr.einsum("ij,k->ik", Expr.outer(a!, b!) as E, c!) as E,
  kronecker: ({ a, b }) => Expr.reshape(Expr.einsum("ij,kl->ikjl", a!, b!) as E, [4, 6]),
  broadcast_sum_product: ({ a, b, c }) => Expr.sum(Expr.mul(Expr.add(a!, b!), Expr.mul(c!, b!))),
  cumsum_axis1: ({ x }) => Expr.cumsum(x!, { axis: 1 }),
  cumprod_axis1: ({ x }) => Expr.cumprod(x!, { axis: 1 }),
  prod_no_zeros: ({ x }) => Expr.prod(x!),
  prod_one_zero: ({ x }) => Expr.prod(x!),
  prod_axis0_with_zeros: ({ x }) => Expr.prod(x!, { axis: 0 }),
  amax_no_ties: ({ x }) => Expr.reduceMax(x!, rows),
  amin_ties_even_split: ({ x }) => Expr.reduceMin(x!),
  maximum_ties_half_split: ({ a, b }) => Expr.max(a!, b!),
  relu_abs_clamp_at_kinks: ({ x }) => Expr.concat([Expr.relu(x!), Expr.abs(x!), Expr.clamp(x!, -1, 1)] as never),
  median_odd: ({ x }) => Expr.sum(Expr.select(thirdSmallest(x!), x!, 0)),
  sort_descending: ({ x }) => Expr.matmul(sorting(x!) as never, x! as never) as E,
  topk_weighted_sum: ({ x }) => Expr.sum(Expr.select(Expr.lt(rank(x!), 3), Expr.square(x!), 0)),
  where_select: ({ x, z }, { mask }) => Expr.select(bool(mask!), Expr.square(x!), Expr.sin(z!)),
  gather_axis1: ({ x }, { index: places }) =>
    Expr.stack([0, 1].map((i) => Expr.gather(Expr.at(x!, i), Expr.at(index(places!), i))) as never),
  scatter_add: ({ base, src }, { index: places }) => Expr.scatterAdd(base!, index(places!), src as never),
  slice_flip_roll_pad_concat: ({ x }) => {
    const part = (from: number, to: number): E => Expr.slice(x!, { starts: [from], limits: [to] })
    const reversed: E = Expr.reverse(x!)
    const rolled: E = Expr.concat([part(4, 6), part(0, 4)] as never)
    const padded: E = Expr.pad(part(0, 2), { low: [1], high: [2] })
    return Expr.concat([part(1, 4), Expr.mul(reversed, reversed), Expr.mul(rolled, x!), padded] as never)
  },
  transpose_reshape_stack: ({ x }) => {
    const r: E = Expr.reshape(Expr.transpose(x!) as E, [4, 3])
    return Expr.stack([r, Expr.square(r)] as never, 2)
  },
  matrix_exponential: ({ A }) => {
    // Scaling by 1/16, Taylor's series to order 18, four squarings.
    let term: E = Expr.constant(Tensor.identity(3)) as E
    let sum: E = term
    for (let k = 1; k <= 18; k++) {
      term = Expr.div(Expr.matmul(term, A! as never) as E, 16 * k)
      sum = Expr.add(sum, term)
    }
    for (let k = 0; k < 4; k++) sum = Expr.matmul(sum, sum as never) as E
    return sum
  },
  determinant: ({ A }) => Expr.det(A! as never) as E,
  logabsdet: ({ A }) => Expr.slogdet(A! as never).logdet as E,
  inverse: ({ A }) => Expr.inverse(A! as never) as E,
  triangular_solve_lower: ({ L, b }) => Expr.triangularSolve(L! as never, b! as never) as unknown as E,
  solve: ({ A, b }) => Expr.solve(A! as never, b! as never) as E,
  singular_values: ({ A }) => {
    const { values } = Expr.eigh(Expr.matmul(Expr.transpose(A!) as E, A! as never) as never)
    return Expr.reverse(Expr.sqrt(values as E)) as E
  },
  cholesky_of_BBt_plus_2I: ({ B }) =>
    Expr.cholesky(
      Expr.add(Expr.matmul(B!, Expr.transpose(B!) as never) as E, Expr.mul(2, Tensor.identity(3)) as E) as never
    ) as E,
  cholesky_symmetric_input: ({ M }) => Expr.cholesky(M! as never) as E,
  pairwise_squared_distances: ({ a, b }) =>
    Expr.sum(Expr.square(Expr.sub(Expr.expandDims(a!, 1), Expr.expandDims(b!, 0))), { axis: 2 }),
  conv1d: ({ w, x }) => conv1d(x!, w!, 1, 0, 1),
  conv1d_stride2_pad1_bias: ({ b, w, x }) => Expr.add(conv1d(x!, w!, 2, 1, 1), Expr.reshape(b!, [2, 1])),
  conv1d_dilation2: ({ w, x }) => conv1d(x!, w!, 1, 0, 2),
  conv2d_pad1: ({ b, w, x }) => {
    const padded: E = Expr.pad(x!, { low: [0, 0, 1, 1], high: [0, 0, 1, 1] })
    const [height, width] = [x!.shape[2], x!.shape[3]]
    const parts = [0, 1, 2].flatMap((p) =>
      [0, 1, 2].map((q): E => {
        const shifted: E = Expr.slice(padded, { starts: [0, 0, p, q], limits: [1, 2, p + height, q + width] })
        return Expr.einsum("ncij,oc->noij", shifted, Expr.at(Expr.at(w!, p, 2), q, 2)) as E
      })
    )
    return Expr.add(
      parts.reduce((sum, part) => Expr.add(sum, part)),
      Expr.reshape(b!, [2, 1, 1])
    )
  },
  avg_pool1d: ({ x }) => Expr.mean(windows(x!, 3, 2, 3), rows),
  max_pool1d: ({ x }) => Expr.reduceMax(windows(x!, 3, 2, 2), rows),
  power_spectrum: ({ x }) => {
    const wave = (f: (angle: number) => number) =>
      Tensor.make(
        Array.from({ length: 5 }, (_, k) => Array.from({ length: 8 }, (_, t) => f((-2 * Math.PI * k * t) / 8)))
      )
    const part = (f: (angle: number) => number): E => Expr.square(Expr.matmul(wave(f) as never, x! as never) as E)
    return Expr.add(part(Math.cos), part(Math.sin))
  },
  lstm_cell: ({ Wh, Wi, bh, bi, c, h, x }) => {
    const linear = (input: E, weight: E, bias: E): E =>
      Expr.add(Expr.matmul(input, Expr.transpose(weight) as never) as E, bias)
    const gates: E = Expr.add(linear(x!, Wi!, bi!), linear(h!, Wh!, bh!))
    const gate = (k: number): E => Expr.slice(gates, { starts: [0, 2 * k], limits: [2, 2 * k + 2] })
    const next: E = Expr.add(Expr.mul(Expr.sigmoid(gate(1)), c!), Expr.mul(Expr.sigmoid(gate(0)), Expr.tanh(gate(2))))
    return { h: Expr.mul(Expr.sigmoid(gate(3)), Expr.tanh(next)), c: next }
  },
  rnn_unrolled_4_steps: ({ U, W, b, h, x }) =>
    [0, 1, 2, 3].reduce<E>(
      (state, t) =>
        Expr.tanh(
          Expr.add(Expr.add(Expr.matmul(W!, Expr.at(x!, t) as never) as E, Expr.matmul(U!, state as never) as E), b!)
        ),
      h!
    ),
  attention: ({ k, q, v }) => attention(q!, k!, v!),
  multi_head_self_attention: ({ Wk, Wo, Wq, Wv, x }) => {
    const head = (w: E, i: number): E =>
      Expr.slice(Expr.matmul(x!, w as never) as E, { starts: [0, 2 * i], limits: [3, 2 * i + 2] })
    const heads = [0, 1].map((i) => attention(head(Wq!, i), head(Wk!, i), head(Wv!, i)))
    return Expr.matmul(Expr.concat(heads as never, 1) as E, Wo! as never) as E
  },
  mlp_tanh_cross_entropy: ({ W1, W2, W3, b1, b2, b3 }, { X, label }) => {
    const layer = (input: E, w: E, b: E): E => Expr.add(Expr.matmul(input, w as never) as E, b)
    const hidden = Expr.tanh(layer(Expr.tanh(layer(Expr.constant(real(X!)) as E, W1!, b1!)), W2!, b2!))
    return Expr.mean(Expr.crossEntropy(layer(hidden, W3!, b3!), index(label!)))
  },
  logistic_regression_l2: ({ b, w }, { X, t }) => {
    const z: E = Expr.add(Expr.matmul(real(X!), w! as never) as E, b!)
    return Expr.add(
      Expr.mean(Expr.sub(Expr.softplus(z), Expr.mul(real(t!), z))),
      Expr.mul(0.05, Expr.sum(Expr.square(w!)))
    )
  },
  gelu_erf: ({ x }) => Expr.gelu(x!),
  gelu_tanh: ({ x }) => Expr.geluTanh(x!),
  logsigmoid_extreme: ({ x }) => Expr.logSigmoid(x!),
  rosenbrock_5: ({ x }) => {
    const [head, tail] = [
      Expr.slice(x!, { starts: [0], limits: [4] }) as E,
      Expr.slice(x!, { starts: [1], limits: [5] }) as E
    ]
    return Expr.sum(
      Expr.add(Expr.mul(100, Expr.square(Expr.sub(tail, Expr.square(head)))), Expr.square(Expr.sub(1, head)))
    )
  }
}

/** How many elements of `x` are greater: 0 for the largest. */
function rank(x: E): E {
  return Expr.sum(Expr.toReal(Expr.gt(Expr.expandDims(x, 0), Expr.expandDims(x, 1))), { axis: 1 })
}

function thirdSmallest(x: E): Expr.BoolExpr {
  return Expr.eq(rank(x), (x.shape[0] - 1) / 2)
}

/** The permutation matrix that sorts in decreasing order. */
function sorting(x: E): E {
  return Expr.transpose(Expr.oneHot(Expr.toIndex(rank(x)) as Expr.IndexExpr, x.shape[0]) as E)
}

/** What is measured of one case, by the ways to compute it. */
export interface Measurement {
  readonly name: string
  readonly outputs: Worst
  /** `tape`: `Reverse.evaluate`; `F`, `R`: the gradient as a program, by each mode. */
  readonly gradients: Readonly<Record<string, Worst>>
  /** By every nesting of the modes, `FR` is forward mode over reverse mode. Empty where there is nothing to compare with. */
  readonly products: Readonly<Record<string, Worst>>
}

/** Relative to the element, or to a thousandth of the largest: PyTorch's own accuracy is no better for the small ones. */
const compare = (what: string, actual: Tensor.Any, expected: Data): ReadonlyArray<Comparison> => {
  if (String(actual.shape) !== String(expected.shape)) {
    throw new Error(`${what}: expected shape [${expected.shape}], got [${actual.shape}]`)
  }
  const scale = Math.max(...expected.data.map((x) => Math.abs(Number(x))))
  return expected.data.map((e, i) => ({
    place: `${what}[${i}]`,
    expected: Number(e),
    actual: actual.data[i]!,
    error: Math.abs(actual.data[i]! - Number(e)) / Math.max(Math.abs(Number(e)), 1e-3 * scale, 1e-12)
  }))
}

const values = (data: Record64) =>
  Object.fromEntries(Object.entries(data).map(([key, d]) => [key, d.shape.length === 0 ? Number(d.data[0]) : real(d)]))

/** Compares a tree of arrays with the arrays of the same names. */
const compareAll = (what: string, spec: Tree.Spec, actual: unknown, expected: Record64): Worst => {
  const tensors = Tree.toTensors("torch", spec, actual)
  return worst(Object.keys(spec).flatMap((key, i) => compare(`${what} ${key}`, tensors[i]!, expected[key]!)))
}

type Program = Fn.Fn<Tree.SpecRecord, Tree.SpecRecord>
type Scalar = Fn.Fn<Tree.SpecRecord, readonly []>

const weighted = (program: Program, weights: Record64): Scalar =>
  Fn.make(program.inputs, (exprs) => {
    const outs = Fn.apply(program, exprs as never) as unknown as Record<string, E>
    return Object.entries(outs)
      .map(([key, out]): E => Expr.sum(Expr.mul(out, real(weights[key]!) as never) as E))
      .reduce((sum, term) => Expr.add(sum, term))
  }) as unknown as Scalar

/** Gradients as programs, by each mode. */
export const gradients: Readonly<Record<string, (f: Scalar) => Program>> = {
  F: (f) => Forward.jacobian(f) as unknown as Program,
  R: (f) => Reverse.grad(f) as unknown as Program
}

/** The product of the Jacobian of a gradient, which is symmetric, with a direction: by each mode. */
const products: Readonly<Record<string, (gradient: Program, direction: Record64, at: never) => unknown>> = {
  F: (gradient, direction, at) =>
    Fn.runSync(Forward.directional(gradient), { at, direction: values(direction) } as never),
  R: (gradient, direction, at) => Fn.runSync(Reverse.grad(weighted(gradient, direction)) as unknown as Program, at)
}

/** torch gives all of the derivative to x where x equals a bound of clamp; here both share it. */
const expectedGradients = ({ cotangents, grads, inputs, name }: Case): Record64 =>
  name === "relu_abs_clamp_at_kinks"
    ? {
        x: {
          shape: [7],
          data: grads["x"]!.data.map((g, i) => {
            const [x, cotangent] = [Number(inputs["x"]!.data[i]), Number(cotangents["y"]!.data[14 + i])]
            return Math.abs(x) === 1 ? Number(g) - cotangent / 2 : g
          })
        }
      }
    : grads

/** Measures one case. */
export const measure = (reference: Case, given = gradients): Measurement => {
  const { constants = {}, cotangents, hvp, inputs, name, outputs } = reference
  const body = programs[name]!
  const spec: Tree.SpecRecord = Object.fromEntries(Object.entries(inputs).map(([key, { shape }]) => [key, shape]))
  const program = Fn.make(spec, (exprs) => {
    const result = body(exprs as Inputs, constants)
    return Expr.isExpr(result) ? { [Object.keys(outputs)[0]!]: result as E } : result
  }) as unknown as Program
  const at = values(inputs) as never
  const expected = expectedGradients(reference)
  const scalar = weighted(program, cotangents)
  const tape = Reverse.evaluate(program, { primals: at, cotangents: values(cotangents) as never }).cotangents
  const asPrograms = Object.entries(given).map(([mode, gradient]) => [mode, gradient(scalar)] as const)
  return {
    name,
    outputs: compareAll("output", program.outputs, Fn.runSync(program, at), outputs),
    gradients: Object.fromEntries([
      ["tape", compareAll("gradient", spec, tape, expected)],
      ...asPrograms.map(([mode, gradient]) => [
        mode,
        compareAll(`gradient by ${mode}`, spec, Fn.runSync(gradient, at), expected)
      ])
    ]),
    products:
      hvp === null
        ? {}
        : Object.fromEntries(
            asPrograms.flatMap(([inner, gradient]) =>
              Object.entries(products).map(([outer, product]) => [
                `${outer}${inner}`,
                compareAll(`product by ${outer}${inner}`, spec, product(gradient, hvp.direction, at), hvp.value)
              ])
            )
          )
  }
}

/** The section of the documentation. */
export const render = (measurements: ReadonlyArray<Measurement>): string =>
  [
    "## PyTorch",
    "",
    "Programs over arrays, with outputs, gradients (of `Σ cotangent · output`) and Hessian-vector products that PyTorch computed in float64. Errors are relative to the",
    "element, or to a thousandth of the largest one where it is smaller than that: PyTorch's own accuracy is no better. It rounds as well, so that a part of each error is",
    "its own.",
    "",
    "- `∇`, tape: by `Reverse.evaluate`; `F`, `R`: the gradient as a program, by each mode.",
    "- `FF` … `RR`: the Hessian-vector product by every nesting, `FR` is forward mode over reverse mode. There is none to compare with for one case.",
    "",
    "Conventions differ in one place: where `x` equals a bound of `clamp`, PyTorch gives all of the derivative to `x`, and here both share it.",
    "",
    ...table(
      ["case", "output", "∇, tape", "∇, F", "∇, R", "FF", "FR", "RF", "RR"],
      measurements.map(({ gradients: first, name, outputs, products: second }) => [
        name,
        ...[outputs, first["tape"], first["F"], first["R"], second["FF"], second["FR"], second["RF"], second["RR"]].map(
          (found) => (found === undefined ? "" : shown(found.error))
        )
      ])
    ),
    ""
  ].join("\n")
