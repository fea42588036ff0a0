// Lists that shrink by leaving out any of their elements, wherever they stand, and then element by element, as long as any one gets simpler.

import * as fc from "fast-check"

type Items<T> = ReadonlyArray<fc.Value<T>>

class List<T> extends fc.Arbitrary<ReadonlyArray<T>> {
  readonly item: fc.Arbitrary<T>
  readonly min: number
  readonly max: number

  constructor(item: fc.Arbitrary<T>, min: number, max: number) {
    super()
    this.item = item
    this.min = min
    this.max = max
  }

  override generate(random: fc.Random, bias: number | undefined): fc.Value<ReadonlyArray<T>> {
    // As in the lists of fast-check: biased ones are now and then, and short ones among those.
    const own = bias !== undefined && random.nextInt(1, bias) === 1 ? bias : undefined
    const short = own !== undefined && random.nextInt(1, 2) === 1
    const most = short ? this.min + Math.floor(Math.log2(1 + this.max - this.min)) : this.max
    const length = random.nextInt(this.min, most)
    return this.of(Array.from({ length }, () => this.item.generate(random, own)))
  }

  override canShrinkWithoutContext(_value: unknown): _value is ReadonlyArray<T> {
    return false
  }

  override shrink(_value: ReadonlyArray<T>, context: unknown): fc.Stream<fc.Value<ReadonlyArray<T>>> {
    return context === undefined ? fc.Stream.nil() : fc.stream(this.smaller(context as Items<T>))
  }

  private of(items: Items<T>): fc.Value<ReadonlyArray<T>> {
    return new fc.Value(
      items.map(({ value }) => value),
      items
    )
  }

  /** Without half of the elements, a quarter of them, and so on to single ones; then with one element that is simpler. */
  private *smaller(items: Items<T>): IterableIterator<fc.Value<ReadonlyArray<T>>> {
    const count = items.length
    for (let size = count; size > 0; size >>= 1) {
      if (count - size < this.min) continue
      for (let start = 0; start + size <= count; start += size) yield this.of(items.toSpliced(start, size))
    }
    for (const [i, { context, value }] of items.entries()) {
      for (const simpler of this.item.shrink(value, context)) yield this.of(items.with(i, simpler))
    }
  }
}

/** A list of at least `min` and at most `max` elements. */
export const listOf = <T>(item: fc.Arbitrary<T>, min: number, max: number): fc.Arbitrary<ReadonlyArray<T>> =>
  new List(item, min, max)
