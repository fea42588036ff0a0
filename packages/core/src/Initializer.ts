/**
 * How the first values of parameters are made: data, which `Expr.param` keeps and `Fn.initParams` reads.
 *
 * **Details**
 *
 * Glorot's and He's rules scale with the numbers of inputs and outputs of a layer (its fans). They are read off the shape by the convention that goes with `x w`,
 * inputs before outputs: of shape `[...window, in, out]`, `fanIn = window in` and `fanOut = window out` elements; of one axis `[n]`, both are `n`; of a scalar, both are 1.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import * as Shape from "./Shape.ts"

/**
 * The schema of initialisers.
 *
 * @example
 * ```ts
 * import { Initializer } from "@fluxion/core"
 * import { Schema } from "effect"
 *
 * console.log(Schema.encodeSync(Initializer.schema)(Initializer.zeros)) // { _tag: 'Constant', value: 0 }
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema = Schema.Union([
  Schema.TaggedStruct("Constant", { value: Schema.Number }),
  Schema.TaggedStruct("Uniform", { min: Schema.Number, max: Schema.Number }),
  Schema.TaggedStruct("Normal", { mean: Schema.Number, standardDeviation: Schema.Number }),
  Schema.TaggedStruct("GlorotUniform", {}),
  Schema.TaggedStruct("GlorotNormal", {}),
  Schema.TaggedStruct("HeUniform", {}),
  Schema.TaggedStruct("HeNormal", {}),
  Schema.TaggedStruct("Orthogonal", { gain: Schema.Number })
])

/**
 * How the first value of a parameter is made.
 *
 * @category models
 * @since 0.1.0
 */
export type Initializer = typeof schema.Type

/**
 * Every element has the same value.
 *
 * @example
 * ```ts
 * import { Initializer } from "@fluxion/core"
 *
 * console.log(Initializer.constant(0.1)) // { _tag: 'Constant', value: 0.1 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const constant = (value: number): Initializer => ({ _tag: "Constant", value })

/**
 * Every element is 0.
 *
 * @example
 * ```ts
 * import { Initializer } from "@fluxion/core"
 *
 * console.log(Initializer.zeros) // { _tag: 'Constant', value: 0 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const zeros: Initializer = constant(0)

/**
 * Every element is 1.
 *
 * @example
 * ```ts
 * import { Initializer } from "@fluxion/core"
 *
 * console.log(Initializer.ones) // { _tag: 'Constant', value: 1 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const ones: Initializer = constant(1)

/**
 * Independent draws from the uniform distribution on `[min, max)`, from 0 to 1 unless given.
 *
 * @example
 * ```ts
 * import { Initializer } from "@fluxion/core"
 *
 * console.log(Initializer.uniform({ min: -1, max: 1 })) // { _tag: 'Uniform', min: -1, max: 1 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const uniform = (options?: { readonly min?: number; readonly max?: number }): Initializer => ({
  _tag: "Uniform",
  min: options?.min ?? 0,
  max: options?.max ?? 1
})

/**
 * Independent draws from a normal distribution, of mean 0 and standard deviation 1 unless given.
 *
 * @example
 * ```ts
 * import { Initializer } from "@fluxion/core"
 *
 * const initializer = Initializer.normal({ standardDeviation: 0.02 })
 * console.log(initializer) // { _tag: 'Normal', mean: 0, standardDeviation: 0.02 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const normal = (options?: { readonly mean?: number; readonly standardDeviation?: number }): Initializer => ({
  _tag: "Normal",
  mean: options?.mean ?? 0,
  standardDeviation: options?.standardDeviation ?? 1
})

/**
 * Glorot's uniform rule: variance `2 / (fanIn + fanOut)`, on the interval of `sqrt(6 / (fanIn + fanOut))` around 0. For layers with `tanh` or the like.
 *
 * **Details**
 *
 * Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010, eq. 16.
 *
 * @example
 * ```ts
 * import { Initializer } from "@fluxion/core"
 *
 * console.log(Initializer.glorotUniform) // { _tag: 'GlorotUniform' }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const glorotUniform: Initializer = { _tag: "GlorotUniform" }

/**
 * Glorot's rule with a normal distribution: variance `2 / (fanIn + fanOut)`.
 *
 * **Details**
 *
 * Glorot and Bengio 2010, eq. 12.
 *
 * @example
 * ```ts
 * import { Initializer } from "@fluxion/core"
 *
 * console.log(Initializer.glorotNormal) // { _tag: 'GlorotNormal' }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const glorotNormal: Initializer = { _tag: "GlorotNormal" }

/**
 * He's rule with a uniform distribution: variance `2 / fanIn`, on the interval of `sqrt(6 / fanIn)` around 0. For layers with `relu`.
 *
 * **Details**
 *
 * He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, eq. 10.
 *
 * @example
 * ```ts
 * import { Initializer } from "@fluxion/core"
 *
 * console.log(Initializer.heUniform) // { _tag: 'HeUniform' }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const heUniform: Initializer = { _tag: "HeUniform" }

/**
 * He's rule: a normal distribution of variance `2 / fanIn`. For layers with `relu`.
 *
 * **Details**
 *
 * He, Zhang, Ren and Sun 2015, eq. 10.
 *
 * @example
 * ```ts
 * import { Initializer } from "@fluxion/core"
 *
 * console.log(Initializer.heNormal) // { _tag: 'HeNormal' }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const heNormal: Initializer = { _tag: "HeNormal" }

/**
 * A random matrix with orthonormal columns (rows, where there are more columns than rows), times `gain` (1 unless given).
 *
 * **Details**
 *
 * All axes but the last together are the rows; a vector is one row. Uniformly distributed among such matrices (Haar's measure): `Q` of the QR decomposition of
 * normal draws, with signs that make the diagonal of `R` positive (Mezzadri, "How to generate random matrices from the classical compact
 * groups", Notices of the AMS 54, 2007). Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
 * networks", ICLR 2014.
 *
 * @example
 * ```ts
 * import { Initializer } from "@fluxion/core"
 *
 * console.log(Initializer.orthogonal({ gain: Math.SQRT2 })) // { _tag: 'Orthogonal', gain: 1.4142135623730951 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const orthogonal = (options: { readonly gain?: number } = {}): Initializer => ({
  _tag: "Orthogonal",
  gain: options.gain ?? 1
})

/**
 * How many elements of the input an element of the output is made of, and the other way round.
 *
 * @example
 * ```ts
 * import { Initializer } from "@fluxion/core"
 *
 * console.log(Initializer.fans([64, 10])) // { fanIn: 64, fanOut: 10 }
 * console.log(Initializer.fans([3, 3, 16, 32])) // { fanIn: 144, fanOut: 288 }
 * ```
 *
 * @category queries
 * @since 0.1.0
 */
export const fans = (shape: Shape.Shape): { readonly fanIn: number; readonly fanOut: number } => {
  const [fanOut = 1, fanIn = fanOut, ...window] = shape.toReversed()
  const size = Shape.size(window)
  return { fanIn: fanIn * size, fanOut: fanOut * size }
}
