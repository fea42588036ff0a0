// Products whose factors may over- or underflow before the product does.

const BIG = 2 ** 256
const STEP = 2 ** 512

/** The number `mantissa * 2^(512 exponent)`; a finite mantissa other than zero is between 2^-256 and 2^256 in magnitude. */
export interface Scaled {
  readonly mantissa: number
  readonly exponent: number
}

export const one: Scaled = { mantissa: 1, exponent: 0 }

const scaled = (x: number, exponent: number): Scaled => {
  let mantissa = x
  let steps = exponent
  // Multiplication by these powers of two is exact. Zeros, infinities and NaN stay what they are.
  while (Math.abs(mantissa) < 1 / BIG && mantissa !== 0) {
    mantissa *= STEP
    steps -= 1
  }
  while (Math.abs(mantissa) > BIG && mantissa - mantissa === 0) {
    mantissa /= STEP
    steps += 1
  }
  return { mantissa, exponent: steps }
}

export const times = (product: Scaled, factor: number): Scaled => {
  const { exponent, mantissa } = scaled(factor, product.exponent)
  return scaled(product.mantissa * mantissa, exponent)
}

export const toNumber = ({ exponent, mantissa }: Scaled): number => {
  let result = mantissa
  // Three steps leave the range of doubles from anywhere in it; the last step alone can round.
  for (let i = 0; i < Math.min(exponent, 3); i++) result *= STEP
  for (let i = 0; i < Math.min(-exponent, 3); i++) result /= STEP
  return result
}
