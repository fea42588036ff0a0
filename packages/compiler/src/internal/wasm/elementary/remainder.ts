import type { Module } from "../Module.ts"
import { type Value, type VectorFunction, Vectors } from "../vector.ts"
import { twoProductError } from "./exact.ts"

/** The remainder of two doubles, for all arguments: mantissas as integers, eleven bits of the quotient at a time. */
const scalar = (module: Module): number =>
  module.once("rem", () =>
    module.function("rem", { parameters: ["f64", "f64"], results: ["f64"] }, (code) => {
      const v = new Vectors(module, code, "f64x2")
      const long = (
        name: "add" | "sub" | "and" | "or" | "shl" | "shr_u" | "rem_u",
        x: Value,
        y: Value | bigint
      ): Value => v.apply(`i64.${name}`, "i64", x, typeof y === "bigint" ? v.i64(y) : y)
      const bitsOf = (x: Value): Value => v.apply("i64.reinterpret_f64", "i64", x)
      const x = v.variable(0)
      const y = v.variable(1)
      const a = v.let(v.apply("f64.abs", "f64", x))
      const b = v.let(v.apply("f64.abs", "f64", y))
      const answer = (value: Value): void => {
        value.emit()
        code.op("return")
      }
      // Infinite x, zero y and NaN: the quotient of two zeros. (Its NaN is not one of the arguments'.)
      const zero = v.apply("f64.sub", "f64", a, a)
      v.if(
        v.apply(
          "i32.or",
          "i32",
          v.apply("f64.ne", "i32", zero, zero),
          v.apply("i32.eqz", "i32", v.apply("f64.gt", "i32", b, v.apply("f64.convert_i32_s", "f64", v.i32(0))))
        ),
        () => answer({ type: "f64", emit: () => code.f64Const(NaN) })
      )
      v.if(v.apply("f64.lt", "i32", a, b), () => answer(x))

      // Both as mantissa 2^exponent, subnormal numbers with the exponent of the smallest normal ones.
      const split = (value: Value) => {
        const bits = v.let(bitsOf(value))
        const exponent = v.let(long("shr_u", bits, 52n))
        const mantissa = v.let(long("and", bits, (1n << 52n) - 1n))
        v.if(
          v.apply("i64.eqz", "i32", exponent),
          () => v.assign(exponent, v.i64(1n)),
          () => v.assign(mantissa, long("or", mantissa, 1n << 52n))
        )
        return { exponent, mantissa }
      }
      const p = split(a)
      const q = split(b)
      v.assign(p.mantissa, long("rem_u", p.mantissa, q.mantissa))
      const distance = v.let(long("sub", p.exponent, q.exponent))
      v.while(
        () => v.apply("i64.gt_s", "i32", distance, v.i64(0n)),
        () => {
          const step = v.let(v.i64(11n))
          v.if(v.apply("i64.lt_s", "i32", distance, step), () => v.assign(step, distance))
          v.assign(p.mantissa, long("rem_u", long("shl", p.mantissa, step), q.mantissa))
          v.assign(distance, long("sub", distance, step))
        }
      )
      // mantissa 2^exponent, which is exact: through a normal number, whose hidden bit is subtracted.
      const result = v.let(p.mantissa)
      v.if(v.apply("i64.ne", "i32", result, v.i64(0n)), () => {
        const shift = v.let(long("sub", v.apply("i64.clz", "i64", result), 11n))
        v.if(v.apply("i64.ge_s", "i32", shift, q.exponent), () => v.assign(shift, long("sub", q.exponent, 1n)))
        v.assign(result, long("shl", result, shift))
        // The leading bit, where there is one, adds 1 to the exponent field.
        v.assign(result, long("add", result, long("shl", long("sub", long("sub", q.exponent, shift), 1n), 52n)))
      })
      v.apply("f64.copysign", "f64", v.apply("f64.reinterpret_i64", "f64", result), x).emit()
    })
  )

/** The remainder of x / y with the sign of x (C's fmod). Exact. */
export const rem: VectorFunction = {
  arity: 2,
  build: (v, x, y) => {
    const a = v.let(v.abs(x))
    const b = v.let(v.abs(y))
    const quotient = v.let(v.trunc(v.div(a, b)))
    const product = v.let(v.mul(quotient, b))
    const difference = v.let(v.sub(v.sub(a, product), twoProductError(v, quotient, b, product)))
    // The quotient may have been rounded up to the next integer.
    const value = v.let(v.add(difference, v.and(v.lt(difference, 0), b)))
    v.assign(value, v.or(value, v.and(x, v.signBit)))
    const usual = v.and(v.and(v.lt(a, 2 ** 900), v.lt(b, 2 ** 900)), v.and(v.gt(b, 2 ** -900), v.lt(quotient, 2 ** 52)))
    const ordinary = v.let(usual)
    v.unless(v.all(ordinary), () => {
      const index = scalar(v.module)
      const lanes = [0, 1].map((lane) => {
        const local = v.code.local("f64")
        v.extract(x, lane).emit()
        v.extract(y, lane).emit()
        v.code.call(index)
        v.code.set(local)
        return v.variable(local)
      })
      const both: Value = {
        type: "v128",
        emit: () => {
          lanes[0]!.emit()
          v.code.op("f64x2.splat")
          lanes[1]!.emit()
          v.code.lane("f64x2.replace_lane", 1)
        }
      }
      v.assign(value, v.select(ordinary, value, both))
    })
    return value
  }
}
