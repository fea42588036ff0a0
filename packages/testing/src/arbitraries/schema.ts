import { Arbitrary as Native, Effect, type Schema } from "effect"
import * as fc from "fast-check"
import { printed } from "../internal/code.ts"

/** Where a value stands among those that its seed grows: the root, or a simpler value of a simpler value, by position. */
interface Place {
  readonly seed: number
  readonly path: ReadonlyArray<number>
}

/** The arbitrary of `effect`, which grows and shrinks values by itself, as one of fast-check. */
class SchemaArbitrary<A> extends fc.Arbitrary<A> {
  readonly native: Native.Arbitrary<A>
  readonly size: number

  constructor(native: Native.Arbitrary<A>, size: number) {
    super()
    this.native = native
    this.size = size
  }

  override generate(random: fc.Random): fc.Value<A> {
    const seed = random.nextInt(-(2 ** 31), 2 ** 31 - 1)
    const [value] = this.walk({ seed, path: [] })
    return new fc.Value(printed(value as A), { seed, path: [] } satisfies Place)
  }

  override canShrinkWithoutContext(_value: unknown): _value is A {
    return false
  }

  override shrink(_value: A, context: unknown): fc.Stream<fc.Value<A>> {
    if (context === undefined) return fc.Stream.nil()
    const { path, seed } = context as Place
    const simpler = this.walk({ seed, path }).slice(1)
    return fc.stream(
      simpler.map((value, i) => new fc.Value(printed(value), { seed, path: [...path, i] } satisfies Place)).values()
    )
  }

  /**
   * The value at a place, and all that is one step simpler. A check visits them in this order, if its property fails along the path and holds for whatever
   * else it is asked about.
   */
  private walk({ path, seed }: Place): ReadonlyArray<A> {
    const values: Array<A> = []
    let depth = -1
    let position = 0
    const property = (value: A): boolean => {
      const onPath = depth < path.length && (depth < 0 || position++ === path[depth])
      if (onPath) {
        depth++
        position = 0
      }
      if (depth === path.length) values.push(value)
      return !onPath
    }
    const options = { seed, size: this.size, runs: 1, concurrency: 1, maxShrinks: Number.MAX_SAFE_INTEGER }
    const result = Effect.runSync(Native.checkEffect(this.native, property, options))
    if (result._tag === "Exhausted") throw new Error(`Arbitraries.schema: no value in ${result.discards} attempts`)
    return values
  }
}

/**
 * Constraints of `schema`: the scale of strings, collections and records, 10 by default.
 *
 * @category options
 * @since 0.1.0
 */
export interface SchemaConstraints {
  readonly size?: number
}

/**
 * An arbitrary value of the decoded side of a `Schema`, generated and shrunk as `Arbitrary.schema` of `effect` does it.
 *
 * **Details**
 *
 * So checks and annotations of the schema are kept; the schemas of this library have such annotations, `Tensor.schema` among them. A schema of which `effect` cannot derive
 * values throws its error here. Values must be made synchronously.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 * import { Arbitraries } from "@fluxion/testing"
 * import { Equal, Schema } from "effect"
 * import * as fc from "fast-check"
 *
 * const codec = Schema.Struct({ w: Tensor.schema([2, 2]), rate: Schema.Finite })
 * const roundTrip = fc.property(Arbitraries.schema(codec), (value) => {
 *   const { w } = Schema.decodeUnknownSync(codec)(JSON.parse(JSON.stringify(Schema.encodeSync(codec)(value))))
 *   return Equal.equals(w, value.w)
 * })
 * console.log(fc.check(roundTrip).failed) // false
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const schema = <S extends Schema.Constraint>(
  self: S,
  { size = 10 }: SchemaConstraints = {}
): fc.Arbitrary<S["Type"]> => new SchemaArbitrary(Native.schema(self), size)
