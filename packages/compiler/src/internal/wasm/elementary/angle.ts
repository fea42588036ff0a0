import type { Module } from "../Module.ts"
import { type Value, type Variable, Vectors } from "../vector.ts"
import { fastTwoSumError, twoProductError } from "./exact.ts"

// An angle as y + q pi / 2 with |y| <= pi / 4. Up to 8192 by a pi / 2 of three parts (W. J. Cody and W. Waite, Software Manual
// for the Elementary Functions, 1980), beyond by the digits of 2 / pi that matter (M. H. Payne and R. N. Hanek, "Radian
// reduction for trigonometric functions", ACM SIGNUM Newsletter 18 (1983)).

const LIMIT = 8192
const ROUND = 6755399441055744
const TWO_OVER_PI = 0.6366197723675814
/** pi / 2 as 40 bits, 40 bits and the rest: products of the first two with q < 2^13 are exact. */
const HALF_PI = [1.5707963267941523, 7.443547480480255e-13, 6.36831716351095e-25] as const
const HALF_PI_HI = 1.5707963267948966
const HALF_PI_LO = 6.123233995736766e-17

/** The first 1280 bits of 2 / pi. */
const DIGITS =
  "a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1cb129a73e" +
  "e88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b7" +
  "4f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babf0cfbc209af4361d"
const PADDING = 8
const LENGTH = DIGITS.length / 2 + PADDING

/** The digits from the last byte to the first, and zeros in place of digits before the point. */
const digits = (): Uint8Array =>
  Uint8Array.from({ length: LENGTH }, (_, i) => {
    const place = 2 * (LENGTH - PADDING - 1 - i)
    return place < 0 ? 0 : Number.parseInt(DIGITS.slice(place, place + 2), 16)
  })

/**
 * A function of a double and an address, at which it leaves, 16 bytes apart, two words of the fraction of |x| 2 / pi about its
 * nearest integer, that integer modulo 4, and the sign bit of the fraction.
 */
const reduceLarge = (module: Module): number =>
  module.once("reduceLarge", () =>
    module.function("reduceLarge", { parameters: ["f64", "i32"], results: [] }, (code) => {
      const v = new Vectors(module, code, "f64x2")
      const long = (name: "add" | "sub" | "mul" | "and" | "or" | "shl" | "shr_u", x: Value, y: Value | bigint): Value =>
        v.apply(`i64.${name}`, "i64", x, typeof y === "bigint" ? v.i64(y) : y)
      const wide = (x: Value): Value => v.apply("i64.extend_i32_u", "i64", x)

      const bits = v.let(v.apply("i64.reinterpret_f64", "i64", v.variable(0)), "bits")
      const mantissa = v.let(long("or", long("and", bits, (1n << 52n) - 1n), 1n << 52n), "mantissa")
      // x = mantissa 2^exponent. Digits of weight 4 and more do not count: so many bytes are left out.
      const exponent = v.let(
        v.apply(
          "i32.sub",
          "i32",
          v.apply("i32.wrap_i64", "i32", long("and", long("shr_u", bits, 52n), 2047n)),
          v.i32(1077)
        ),
        "exponent"
      )
      const skipped = v.let(v.apply("i32.shr_s", "i32", exponent, v.i32(3)), "skipped")
      const base = module.internedData("digits of 2/pi", digits)
      const word = (index: number): Variable => {
        const local = code.local("i64", "word")
        code.i32Const(LENGTH - PADDING - 8 * (index + 1))
        skipped.emit()
        code.op("i32.sub")
        code.memory("i64.load", base, 1)
        code.set(local)
        return v.variable(local)
      }
      const a = word(0)
      const b = word(1)
      const c = word(2)
      const low = v.let(long("and", mantissa, 0xffffffffn))
      const high = v.let(long("shr_u", mantissa, 32n))
      /** The upper word of the mantissa times `w`. */
      const upper = (w: Value): Variable => {
        const wLow = v.let(long("and", w, 0xffffffffn))
        const wHigh = v.let(long("shr_u", w, 32n))
        const middle = v.let(long("add", long("mul", low, wHigh), long("shr_u", long("mul", low, wLow), 32n)))
        const second = v.let(long("add", long("mul", high, wLow), long("and", middle, 0xffffffffn)))
        return v.let(
          long("add", long("add", long("mul", high, wHigh), long("shr_u", middle, 32n)), long("shr_u", second, 32n))
        )
      }
      const product = v.let(long("mul", mantissa, b))
      const lower = v.let(long("add", product, upper(c)), "lower")
      const carry = wide(v.apply("i64.lt_u", "i32", lower, product))
      const top = v.let(long("add", long("add", long("mul", mantissa, a), upper(b)), carry), "top")
      // Two bits before the point.
      const shift = v.let(wide(v.apply("i32.and", "i32", exponent, v.i32(7))), "shift")
      v.assign(
        top,
        long("or", long("shl", top, shift), long("shr_u", long("shr_u", lower, 1n), long("sub", v.i64(63n), shift)))
      )
      v.assign(lower, long("shl", lower, shift))
      const quadrant = v.let(long("shr_u", long("add", top, 1n << 61n), 62n), "quadrant")
      v.assign(top, long("sub", top, long("shl", quadrant, 62n)))
      const sign = v.let(long("and", top, -(1n << 63n)), "sign")
      v.if(v.apply("i64.ne", "i32", sign, v.i64(0n)), () => {
        // The complement without the one to be added: that is 2^-126.
        v.assign(top, v.apply("i64.xor", "i64", top, v.i64(-1n)))
        v.assign(lower, v.apply("i64.xor", "i64", lower, v.i64(-1n)))
      })
      ;[top, lower, quadrant, sign].forEach((value, i) => {
        code.get(1)
        value.emit()
        code.memory("i64.store", 16 * i)
      })
    })
  )

export interface Angle {
  /** `high + low`, in [-pi / 4, pi / 4] */
  readonly high: Variable
  readonly low: Variable
  /** In the two lowest bits; the others mean nothing. */
  readonly quadrant: Variable
}

/** The exponent bits of 2^52: with 52 bits below them they are the double 2^52 plus these. */
const MAGIC = 2 ** 52

/** The parts of `x` that is not ordinary are replaced. */
const large = (v: Vectors, x: Variable, isLarge: Variable, { high, low, quadrant }: Angle): void => {
  const scratch = v.module.internedData("reduceLarge", () => new Uint8Array(64))
  for (const lane of [0, 1]) {
    v.extract(x, lane).emit()
    v.code.i32Const(scratch + 8 * lane)
    v.code.call(reduceLarge(v.module))
  }
  const top = v.let(v.load(scratch))
  const lower = v.let(v.load(scratch + 16))
  const piece = (word: Value, weight: number): Value => v.mul(v.sub(v.or(word, MAGIC), MAGIC), weight)
  const mask = v.bits(0xffffffffn)
  const first = v.let(piece(v.shiftRight(top, 32), 2 ** -30))
  const second = v.let(piece(v.and(top, mask), 2 ** -62))
  const third = v.add(piece(v.shiftRight(lower, 32), 2 ** -94), piece(v.and(lower, mask), 2 ** -126))
  const sum = v.let(v.add(first, second))
  const sumLow = v.let(v.add(fastTwoSumError(v, first, second, sum), third))
  const fraction = v.let(v.add(sum, sumLow))
  const fractionLow = fastTwoSumError(v, sum, sumLow, fraction)
  const halfPi = v.let(HALF_PI_HI)
  const product = v.let(v.mul(fraction, halfPi))
  const rest = v.let(
    v.add(
      twoProductError(v, fraction, halfPi, product),
      v.add(v.mul(fraction, HALF_PI_LO), v.mul(fractionLow, HALF_PI_HI))
    )
  )
  const angle = v.let(v.add(product, rest))
  const angleLow = v.let(fastTwoSumError(v, product, rest, angle))
  const sign = v.let(v.xor(v.load(scratch + 48), v.and(x, v.signBit)))
  const finite = v.let(v.lt(v.abs(x), Infinity))
  const whole = v.let(v.load(scratch + 32))
  const negated = v.select(v.lt(x, 0), v.integerSub(v.bits(0n), whole), whole)
  v.assign(quadrant, v.select(isLarge, negated, quadrant))
  v.assign(high, v.select(isLarge, v.select(finite, v.xor(angle, sign), NaN), high))
  v.assign(low, v.select(isLarge, v.xor(angleLow, sign), low))
}

export const reduceAngle = (v: Vectors, x: Variable): Angle => {
  const quadrant = v.let(v.add(v.mul(x, TWO_OVER_PI), ROUND), "quadrant")
  const q = v.let(v.sub(quadrant, ROUND), "q")
  const first = v.let(v.sub(x, v.mul(q, HALF_PI[0])))
  const firstLow = v.let(v.mul(q, HALF_PI[1]))
  const second = v.let(v.sub(first, firstLow))
  const lost = v.sub(v.sub(first, second), firstLow)
  const secondLow = v.let(v.mul(q, HALF_PI[2]))
  const high = v.let(v.sub(second, secondLow), "high")
  const low = v.let(v.add(v.sub(v.sub(second, high), secondLow), lost), "low")
  const angle = { high, low, quadrant }
  const isLarge = v.let(v.beyond(v.abs(x), LIMIT), "isLarge")
  v.if(v.any(isLarge), () => large(v, x, isLarge, angle))
  return angle
}
