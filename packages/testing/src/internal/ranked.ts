// Places in a list whose first entries are the simplest.

import * as fc from "fast-check"

/** How many of the first entries are tried one by one, where halving the place would miss most of them. */
const simplest = 12

class Ranked extends fc.Arbitrary<number> {
  readonly max: number

  constructor(max: number) {
    super()
    this.max = max
  }

  override generate(random: fc.Random): fc.Value<number> {
    return new fc.Value(random.nextInt(0, this.max), undefined)
  }

  override canShrinkWithoutContext(value: unknown): value is number {
    return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= this.max
  }

  override shrink(place: number): fc.Stream<fc.Value<number>> {
    const first = Array.from({ length: Math.min(place, simplest) }, (_, i) => i)
    const nearer: Array<number> = []
    for (let gap = place >> 1; gap > 0; gap >>= 1) if (place - gap >= simplest) nearer.push(place - gap)
    return fc.stream([...first, ...nearer].map((x) => new fc.Value(x, undefined)).values())
  }
}

/** A place from 0 to `max`, each as likely as the others. */
export const ranked = (max: number): fc.Arbitrary<number> => new Ranked(max)
