import { pow } from "./elementary.ts"

/** The power of IEEE 754 and C: 1 to any power is 1, where `Math.pow` says `NaN` for an infinite or `NaN` exponent. */
export const power = (x: number, y: number): number =>
  x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : pow(x, y)
