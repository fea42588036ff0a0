// Distances in units in the last place.
const view = new DataView(new ArrayBuffer(8))

const ordered = (x: number): bigint => {
  view.setFloat64(0, x)
  const bits = view.getBigInt64(0)
  return bits < 0n ? -(bits & 0x7fff_ffff_ffff_ffffn) : bits
}

/** How many doubles apart two numbers are. 0 and -0 are one; NaN is equal to itself and infinitely far from the rest. */
export const ulps = (a: number, b: number): number => {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? 0 : Infinity
  const distance = ordered(a) - ordered(b)
  return Number(distance < 0n ? -distance : distance)
}
