const view = new DataView(new ArrayBuffer(8))

// The doubles in increasing order are numbered by consecutive integers, ±0 both by 0.
const ordinal = (x: number): bigint => {
  view.setFloat64(0, x)
  const bits = view.getBigInt64(0)
  return bits < 0n ? -(bits & 0x7fff_ffff_ffff_ffffn) : bits
}

/**
 * How many doubles `actual` is away from `expected`: 0 for the same value (`-0` and `0`
 * count as the same, two NaN too), `Infinity` if only one of them is NaN. An infinity counts
 * as the double after the largest finite one.
 */
export const ulpDistance = (actual: number, expected: number): number => {
  if (Number.isNaN(actual) || Number.isNaN(expected)) {
    return Number.isNaN(actual) && Number.isNaN(expected) ? 0 : Infinity
  }
  const distance = ordinal(actual) - ordinal(expected)
  return Number(distance < 0n ? -distance : distance)
}
