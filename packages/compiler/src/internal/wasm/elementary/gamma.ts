import type { Value, Variable, VectorFunction, Vectors } from "../vector.ts"
import type { DoubleDouble } from "./doubleDouble.ts"
import { logOf } from "./logarithm.ts"
import {
  add,
  assign,
  constant,
  divide,
  fromNumber,
  log,
  multiply,
  type Pair,
  PI,
  polynomial,
  power,
  rational,
  select,
  sinCosPi,
  subtract,
  twoSum
} from "./pairs.ts"

// As the reference, in double-double arithmetic: packages/core/src/internal/functions/gamma.ts and polygamma.ts, which say where
// the series are from, and whose tables these are.

interface Zero {
  readonly zero: DoubleDouble
  readonly radius: number
  readonly slope: DoubleDouble
  readonly higher: ReadonlyArray<number>
}

const HALF_LOG_TWO_PI: DoubleDouble = { hi: 0.9189385332046728, lo: -3.8782941580672414e-17 }

/** B(2k) / (2k (2k - 1)) */
const STIRLING = [
  [1, 12],
  [-1, 360],
  [1, 1260],
  [-1, 1680],
  [1, 1188],
  [-691, 360360],
  [1, 156]
].map(([p, q]) => rational(p!, q!))
const STIRLING_TAIL = [
  -0.029550653594771242, 0.17964437236883057, -1.3924322169059011, 13.402864044168393, -156.84828462600203,
  2193.1033333333335, -36108.77125372499, 691472.268851313, -15238221.539407415, 382900751.39141417, -10882266035.784391
]
/** B(2k) / (2k) */
const DIGAMMA = [
  [1, 12],
  [-1, 120],
  [1, 252],
  [-1, 240],
  [1, 132],
  [-691, 32760],
  [1, 12]
].map(([p, q]) => rational(p!, q!))
const DIGAMMA_TAIL = [
  -0.4432598039215686, 3.0539543302701198, -26.456212121212122, 281.46014492753625, -3607.5105463980462,
  54827.583333333336, -974936.8238505747, 20052695.79668808, -472384867.7216299, 12635724795.916666, -380879311252.4537
]
/** B(2k) / (2k)! */
const EULER_MACLAURIN: ReadonlyArray<DoubleDouble> = [
  { hi: 0.08333333333333333, lo: 4.625929269271485e-18 },
  { hi: -0.001388888888888889, lo: 5.300543954373577e-20 },
  { hi: 3.306878306878307e-5, lo: -2.2300719288557665e-21 },
  { hi: -8.267195767195768e-7, lo: 3.457597454003665e-23 },
  { hi: 2.08767569878681e-8, lo: -1.2073450591132599e-24 },
  { hi: -5.284190138687493e-10, lo: 3.517096671929869e-27 },
  { hi: 1.3382536530684679e-11, lo: -2.828354019907999e-29 },
  { hi: -3.3896802963225827e-13, lo: -1.4986928409964295e-29 },
  { hi: 8.586062056277845e-15, lo: -6.05252374381974e-31 },
  { hi: -2.174868698558062e-16, lo: 4.961617782549996e-33 },
  { hi: 5.5090028283602295e-18, lo: -1.49827152194499e-35 },
  { hi: -1.3954464685812522e-19, lo: -1.0350590497256251e-35 },
  { hi: 3.534707039629467e-21, lo: 1.894231142684204e-37 },
  { hi: -8.953517427037546e-23, lo: -5.728752743153026e-39 },
  { hi: 2.267952452337683e-24, lo: 1.3043458462619563e-40 },
  { hi: -5.744790668872202e-26, lo: 1.663242973708004e-43 },
  { hi: 1.455172475614865e-27, lo: -5.613265715443096e-44 },
  { hi: -3.6859949406653103e-29, lo: 1.0778256413554197e-45 },
  { hi: 9.336734257095045e-31, lo: -3.9347970210731877e-47 },
  { hi: -2.36502241570063e-32, lo: 2.0347170931532494e-49 }
]

const LGAMMA_ZEROS: ReadonlyArray<Zero> = [
  {
    zero: { hi: 1, lo: 0 },
    radius: 2 ** -11,
    slope: { hi: -0.5772156649015329, lo: 4.942915152430645e-18 },
    higher: [0.8224670334241132, -0.40068563438653143, 0.27058080842778454, -0.20738555102867398]
  },
  {
    zero: { hi: 2, lo: 0 },
    radius: 2 ** -11,
    slope: { hi: 0.42278433509846713, lo: 4.942915152430645e-18 },
    higher: [0.3224670334241132, -0.0673523010531981, 0.020580808427784546, -0.007385551028673986]
  },
  {
    zero: { hi: -2.4570247382208006, lo: -3.7075610815513266e-17 },
    radius: 2 ** -13,
    slope: { hi: 1.5156034480216574, lo: -4.0695290379659363e-17 },
    higher: [4.8583209516339965, 1.41129114307798, 8.721782583815346, 5.800414566599873]
  },
  {
    zero: { hi: -2.7476826467274127, lo: 9.055340329338315e-17 },
    radius: 2 ** -13,
    slope: { hi: -1.9143501856115988, lo: -6.288473508186805e-17 },
    higher: [9.575189475709667, -20.095134916842603, 62.627282713513715, -194.76615530344623]
  },
  {
    zero: { hi: -3.14358088834998, lo: -2.1818179852331714e-16 },
    radius: 2 ** -14,
    slope: { hi: 7.781884658131351, lo: -1.2366266971852707e-16 },
    higher: [25.831338372387957, 112.268986297176, 588.8907422380014, 3277.1937854953417]
  },
  {
    zero: { hi: -3.955294284858598, lo: -1.999428391746348e-17 },
    radius: 2 ** -16,
    slope: { hi: -20.725060845803707, lo: 1.4319348367658305e-15 },
    higher: [251.7146825868894, -3730.6047156806126, 62588.08191876606, -1119991.501665522]
  },
  {
    zero: { hi: -4.039361839740537, lo: 2.1143995503980602e-16 },
    radius: 2 ** -16,
    slope: { hi: 26.790480886140593, lo: 7.29303362861673e-16 },
    higher: [324.25532293784715, 5465.691820777134, 104145.55520145541, 2116669.417577535]
  },
  {
    zero: { hi: -4.991544640560048, lo: 1.5174411760571722e-16 },
    radius: 2 ** -18,
    slope: { hi: -116.53578161624363, lo: -5.71604654736871e-15 },
    higher: [6995.235954894064, -551419.9978512884, 48911582.709059045, -4627747171.739249]
  },
  {
    zero: { hi: -5.0082181683225935, lo: -4.3926353491015815e-17 },
    radius: 2 ** -18,
    slope: { hi: 123.3621845633534, lo: -1.7685712092825869e-15 },
    higher: [7404.762432228682, 600556.168452811, 54807486.35665586, 5335250743.384385]
  },
  {
    zero: { hi: -5.998607480080875, lo: -3.311862478893795e-16 },
    radius: 2 ** -21,
    slope: { hi: -716.2454304275473, lo: -2.978324292002825e-14 },
    higher: [257851.58963956262, -123445282.15783688, 66486633581.99334, -38196442388133.234]
  },
  {
    zero: { hi: -6.001385294453155, lo: 6.415847287933042e-17 },
    radius: 2 ** -21,
    slope: { hi: 723.7366299252801, lo: 1.1249184125179834e-14 },
    higher: [260548.41030309396, 125386984.94090366, 67884656938.77096, 39203019565186.83]
  },
  {
    zero: { hi: -6.999801507890638, lo: 1.0550130037400023e-17 },
    radius: 2 ** -24,
    slope: { hi: -5035.967373768125, lo: -3.431412146498085e-13 },
    higher: [12690641.16604718, -42623489764.75812, 161052333144473.78, -6.491032158885829e17]
  },
  {
    zero: { hi: -7.000198333407325, lo: 2.504354173632409e-16 },
    radius: 2 ** -24,
    slope: { hi: 5044.029941110829, lo: 2.1055091809068177e-13 },
    higher: [12710958.833951395, 42725890801.879196, 161568434353282.84, 6.517043660273723e17]
  },
  {
    zero: { hi: -7.999975197095821, lo: -5.261737128572354e-17 },
    radius: 2 ** -27,
    slope: { hi: -40315.71854218779, lo: -1.3528231836249092e-12 },
    higher: [812764889.3354839, -21845960238437.15, 6.605867627581421e17, -2.1306755305163004e22]
  }
]

const DIGAMMA_ZEROS: ReadonlyArray<Zero> = [
  {
    zero: { hi: 1.4616321449683622, lo: 9.549995429965697e-17 },
    radius: 2 ** -11,
    slope: { hi: 0.9676722454476212, lo: -3.387874303038943e-17 },
    higher: [-0.4427631689835921, 0.258499760955651, -0.16394270544240652, 0.10782405069126237]
  },
  {
    zero: { hi: -0.5040830082644554, lo: -8.15428206243813e-18 },
    radius: 2 ** -13,
    slope: { hi: 8.939798558792134, lo: 4.661730805438714e-16 },
    higher: [-0.8093454625306507, 32.258572064915505, -2.761011648790828, 128.27342343090902]
  },
  {
    zero: { hi: -1.5734984731623904, lo: -1.574185691077347e-17 },
    radius: 2 ** -13,
    slope: { hi: 9.941513615924176, lo: -3.5066551522020224e-16 },
    higher: [-7.802593974782628, 39.911910808498966, -54.82093287162743, 194.4376179574295]
  },
  {
    zero: { hi: -2.6107208684441447, lo: 9.881960746978353e-17 },
    radius: 2 ** -13,
    slope: { hi: 10.84832879920919, lo: -8.536942638820942e-16 },
    higher: [-12.770725694247192, 51.217352382808855, -100.2036323192089, 306.843080795829]
  },
  {
    zero: { hi: -3.635293366436901, lo: 5.454396163173039e-17 },
    radius: 2 ** -13,
    slope: { hi: 11.650939359651861, lo: 2.7717347428725115e-16 },
    higher: [-16.938337607821335, 63.16205964241572, -145.45199182008608, 440.37818718162464]
  },
  {
    zero: { hi: -4.653237761743142, lo: -2.5492686201468193e-16 },
    radius: 2 ** -13,
    slope: { hi: 12.369637994669782, lo: 3.8877487536134796e-17 },
    higher: [-20.636997462381604, 75.16701278577447, -191.19880243991764, 588.2838897926692]
  },
  {
    zero: { hi: -5.6671624415568855, lo: -3.2153051074948335e-18 },
    radius: 2 ** -13,
    slope: { hi: 13.021406387509394, lo: -6.965089235370473e-16 },
    higher: [-24.0108335669899, 87.05344839974758, -237.41817939113608, 747.1149127904746]
  },
  {
    zero: { hi: -6.678418213073427, lo: 3.470798723495241e-16 },
    radius: 2 ** -13,
    slope: { hi: 13.61885190419576, lo: -7.135780553752631e-16 },
    higher: [-27.138720475450622, 98.75629029391955, -283.9889360971214, 914.6724839741158]
  },
  {
    zero: { hi: -7.687788325031626, lo: -1.351562494643672e-16 },
    radius: 2 ** -13,
    slope: { hi: 14.17134063324115, lo: -6.249516188433109e-16 },
    higher: [-30.070057845407266, 110.25217734518726, -330.7928072979211, 1089.4014901692478]
  },
  {
    zero: { hi: -8.695764163816401, lo: -3.2859903716289447e-16 },
    radius: 2 ** -13,
    slope: { hi: 14.685967981672645, lo: -5.723133091848305e-16 },
    higher: [-32.83860036635177, 121.5353573419734, -377.731730126488, 1270.1370712167277]
  },
  {
    zero: { hi: -9.702672540001863, lo: -3.2563178405401477e-16 },
    radius: 2 ** -13,
    slope: { hi: 15.168227153977934, lo: 6.378153190846254e-16 },
    higher: [-35.4688400421718, 132.60808169720988, -424.727902889821, 1455.973780241242]
  }
]

/** Close to a zero the Taylor expansion about it, elsewhere `value`. */
const nearZeros = (v: Vectors, zeros: ReadonlyArray<Zero>, x: Variable, value: Variable): void => {
  for (const { higher, radius, slope, zero } of zeros) {
    const rounded = v.let(v.sub(x, zero.hi))
    const near = v.let(v.le(v.abs(rounded), radius))
    v.if(v.any(near), () => {
      const offset = twoSum(v, rounded, v.let(-zero.lo))
      const variation = v.let(v.add(v.mul(offset.hi, v.horner(higher, offset.hi)), slope.lo))
      const hi = v.let(v.add(slope.hi, variation))
      const product = multiply(v, offset, { hi, lo: v.let(v.sub(variation, v.sub(hi, slope.hi))) })
      v.assign(value, v.select(near, product.hi, value))
    })
  }
}

const isPole = (v: Vectors, x: Variable): Value => v.and(v.le(x, 0), v.eq(v.floor(x), x))

const TINY = 2 ** -60
const HUGE = 2 ** 100

/** Where the argument, raised by integers from `start`, is below `limit`: `step` of it, before it is raised again. */
const raise = (v: Vectors, start: Pair, limit: number, step: (argument: Pair, below: Variable) => void): Pair => {
  const argument: Pair = { hi: v.let(start.hi), lo: v.let(start.lo) }
  const shift = v.let(0)
  const below = v.let(v.lt(argument.hi, limit))
  v.while(
    () => v.any(below),
    () => {
      step(argument, below)
      v.assign(shift, v.add(shift, 1))
      const raised = add(v, start, { hi: shift, lo: v.let(0) })
      assign(v, argument, select(v, below, raised, argument))
      v.assign(below, v.lt(argument.hi, limit))
    }
  )
  return argument
}

/** log Gamma(y) for y >= 20. */
const stirling = (v: Vectors, y: Pair): Pair => {
  const inverse = divide(v, fromNumber(v, 1), y)
  const series = multiply(v, inverse, polynomial(v, multiply(v, inverse, inverse), STIRLING, STIRLING_TAIL))
  const main = subtract(v, multiply(v, add(v, y, fromNumber(v, -0.5)), log(v, y)), y)
  return add(v, main, add(v, constant(v, HALF_LOG_TWO_PI), series))
}

/** log |Gamma(x)|. At most 1 ULP from the correctly rounded value, near its zeros too. */
export const lgamma: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const magnitude = v.let(v.abs(x))
    const usual = v.let(v.and(v.ge(magnitude, TINY), v.le(magnitude, HUGE)))
    const pole = v.let(isPole(v, x))
    const y = v.let(v.select(v.without(usual, pole), magnitude, 1.5))
    const product = fromNumber(v, 1)
    const argument = raise(v, fromNumber(v, y), 20, (current, below) => {
      assign(v, product, select(v, below, multiply(v, product, current), product))
    })
    const negative = v.let(v.lt(x, 0))
    v.if(v.any(negative), () => {
      // Gamma(-y) Gamma(y) = -pi / (y sin(pi y))
      const distance = v.let(v.abs(v.sub(y, v.nearest(y))))
      const small = v.let(v.le(distance, 0.25))
      const { cos, sin } = sinCosPi(v, v.select(small, distance, v.sub(0.5, distance)))
      const sine = select(v, small, sin, cos)
      const reflected = divide(v, multiply(v, constant(v, PI), product), multiply(v, fromNumber(v, y), sine))
      assign(v, product, select(v, negative, reflected, product))
    })
    const difference = subtract(v, stirling(v, argument), log(v, product))
    const value = v.let(v.select(negative, v.neg(difference.hi), difference.hi))
    nearZeros(v, LGAMMA_ZEROS, x, value)
    v.unless(v.all(usual), () => {
      const tiny = v.let(v.lt(magnitude, TINY))
      v.assign(value, v.select(tiny, v.neg(logOf(v, magnitude)), value))
      // x (log x - 1), overflow and all.
      const huge = v.let(v.gt(magnitude, HUGE))
      const logarithm = log(v, fromNumber(v, v.pmin(v.pmax(magnitude, HUGE), 2 ** 1022)))
      const far = v.mul(magnitude, v.add(v.sub(logarithm.hi, 1), logarithm.lo))
      v.assign(value, v.select(huge, v.select(v.lt(magnitude, Infinity), far, Infinity), value))
    })
    v.assign(value, v.select(pole, Infinity, value))
    return v.select(v.ne(x, x), x, value)
  }
}

/** The derivative of lgamma. At most 1 ULP from the correctly rounded value, near its zeros too. */
export const digamma: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const magnitude = v.let(v.abs(x))
    const usual = v.let(v.and(v.ge(magnitude, TINY), v.le(magnitude, HUGE)))
    const pole = v.let(isPole(v, x))
    const inside = v.let(v.select(v.without(usual, pole), x, 1.5))
    const negative = v.let(v.lt(inside, 0))
    const mirrored = twoSum(v, v.let(1), v.let(v.neg(inside)))
    const y = select(v, negative, mirrored, fromNumber(v, inside))
    const sum = fromNumber(v, 0)
    const argument = raise(v, y, 20, (current, below) => {
      assign(v, sum, select(v, below, add(v, sum, divide(v, fromNumber(v, 1), current)), sum))
    })
    const inverse = divide(v, fromNumber(v, 1), argument)
    const square = multiply(v, inverse, inverse)
    const series = multiply(v, square, polynomial(v, square, DIGAMMA, DIGAMMA_TAIL))
    const half: Pair = { hi: v.let(v.mul(0.5, inverse.hi)), lo: v.let(v.mul(0.5, inverse.lo)) }
    const result = subtract(v, log(v, argument), add(v, sum, add(v, half, series)))
    v.if(v.any(negative), () => {
      // digamma(x) = digamma(1 - x) - pi cot(pi x)
      const r = v.let(v.sub(inside, v.nearest(inside)))
      const small = v.let(v.le(v.abs(r), 0.25))
      const complement = v.sub(v.select(v.lt(r, 0), -0.5, 0.5), r)
      const { cos, sin } = sinCosPi(v, v.select(small, r, complement))
      const cotangent = divide(v, select(v, small, cos, sin), select(v, small, sin, cos))
      const reflected = subtract(v, result, multiply(v, constant(v, PI), cotangent))
      assign(v, result, select(v, negative, reflected, result))
    })
    const value = v.let(result.hi)
    nearZeros(v, DIGAMMA_ZEROS, x, value)
    v.unless(v.all(usual), () => {
      v.assign(value, v.select(v.lt(magnitude, TINY), v.div(-1, x), value))
      v.assign(value, v.select(v.gt(x, HUGE), logOf(v, x), value))
    })
    v.assign(value, v.select(v.or(pole, v.eq(x, -Infinity)), NaN, value))
    return v.select(v.ne(x, x), x, value)
  }
}

/** `value * 2^exponent`: only the end result can overflow or underflow. */
interface Scaled {
  readonly value: Pair
  readonly exponent: Variable
}

/** 2^exponent for an integer from -1022 to 1023. */
const powerOfTwo = (v: Vectors, exponent: Value): Value => v.shiftLeft(v.add(v.add(exponent, 1023), 2 ** 52), 52)

const scaled = (v: Vectors, x: Value, exponent: Variable): Value => {
  const rest = v.let(exponent)
  const value = v.let(x)
  for (let i = 0; i < 4; i++) {
    const part = v.let(v.pmax(v.pmin(rest, 1000), -1000))
    v.assign(value, v.mul(value, powerOfTwo(v, part)))
    v.assign(rest, v.sub(rest, part))
  }
  return value
}

/** order! as a double-double times a power of two. */
const factorial = (order: number): { readonly value: DoubleDouble; readonly exponent: number } => {
  let exact = 1n
  for (let i = 2; i <= order; i++) exact *= BigInt(i)
  const exponent = Math.max(0, exact.toString(2).length - 120)
  const leading = exact >> BigInt(exponent)
  const hi = Number(leading)
  return { value: { hi, lo: Number(leading - BigInt(hi)) }, exponent }
}

/** factor order! / y^(order + 1) for positive normal y. */
const leadingTerm = (v: Vectors, order: number, y: Pair, factor: Pair): Scaled => {
  const field = v.let(v.shiftRight(y.hi, 52))
  const exponent = v.let(v.sub(v.or(field, 2 ** 52), 2 ** 52 + 1023))
  const down = v.let(powerOfTwo(v, v.pmax(v.neg(exponent), -1022)))
  // 2^-1023 is not a normal number.
  const rest = v.let(v.select(v.gt(exponent, 1022), 0.5, 1))
  const unit: Pair = {
    hi: v.let(v.mul(v.mul(y.hi, down), rest)),
    lo: v.let(v.mul(v.mul(y.lo, down), rest))
  }
  const { exponent: factorialExponent, value } = factorial(order)
  const quotient = divide(v, multiply(v, factor, constant(v, value)), power(v, unit, order + 1))
  return { value: quotient, exponent: v.let(v.sub(factorialExponent, v.mul(order + 1, exponent))) }
}

/** order! zeta(order + 1, y) for 2^-60 < y <= 2^100. */
const hurwitzZeta = (v: Vectors, order: number, y: Pair): Scaled => {
  const s = order + 1
  const sum = fromNumber(v, 0)
  const argument = raise(v, y, 18 + s, (current, below) => {
    assign(v, sum, select(v, below, add(v, sum, power(v, divide(v, y, current), s)), sum))
  })
  const inverse = divide(v, fromNumber(v, 1), argument)
  const square = multiply(v, inverse, inverse)
  let rising = multiply(v, fromNumber(v, s), inverse)
  let rest = add(v, divide(v, argument, fromNumber(v, order)), fromNumber(v, 0.5))
  EULER_MACLAURIN.forEach((coefficient, k) => {
    rest = add(v, rest, multiply(v, constant(v, coefficient), rising))
    const next = fromNumber(v, (s + 2 * k + 1) * (s + 2 * k + 2))
    rising = multiply(v, rising, multiply(v, next, square))
  })
  const zeta = add(v, sum, multiply(v, power(v, divide(v, y, argument), s), rest))
  return leadingTerm(v, order, y, zeta)
}

/** a - b, rounded to 106 bits of the larger. */
const difference = (v: Vectors, a: Scaled, b: Scaled): Scaled => {
  const exponent = v.let(v.pmax(a.exponent, b.exponent))
  const aligned = (x: Scaled): Pair => {
    const factor = v.let(powerOfTwo(v, v.pmax(v.sub(x.exponent, exponent), -1000)))
    return { hi: v.let(v.mul(x.value.hi, factor)), lo: v.let(v.mul(x.value.lo, factor)) }
  }
  return { value: subtract(v, aligned(a), aligned(b)), exponent }
}

/** The derivative of `order` (at least 1) of digamma. At most 1 ULP from the correctly rounded value. */
export const polygamma = (order: number): VectorFunction => ({
  arity: 1,
  build: (v, x) => {
    const odd = order % 2 === 1
    const magnitude = v.let(v.abs(x))
    const usual = v.let(v.and(v.ge(magnitude, TINY), v.le(magnitude, HUGE)))
    const pole = v.let(isPole(v, x))
    const inside = v.let(v.without(usual, pole))
    const y = v.let(v.select(inside, magnitude, 1.5))
    const number = ({ exponent, value }: Scaled): Value => scaled(v, value.hi, exponent)
    const positive = number(hurwitzZeta(v, order, fromNumber(v, y)))
    const value = v.let(odd ? positive : v.neg(positive))
    const negative = v.let(v.and(inside, v.lt(x, 0)))
    v.if(v.any(negative), () => {
      // Two sums over i >= 0 and one over the poles between: see the reference.
      const offset = v.let(v.sub(v.ceil(v.neg(y)), v.neg(y)))
      const above = fromNumber(v, v.select(negative, offset, 0.5))
      const right = hurwitzZeta(v, order, subtract(v, fromNumber(v, 1), above))
      const left = hurwitzZeta(v, order, above)
      const beyond = hurwitzZeta(v, order, twoSum(v, v.let(1), y))
      const sum = odd
        ? difference(v, right, difference(v, beyond, left))
        : difference(v, difference(v, left, right), beyond)
      v.assign(value, v.select(negative, number(sum), value))
    })
    v.unless(v.all(usual), () => {
      const tiny = v.let(v.lt(magnitude, TINY))
      // Below 2^-600 every order is infinite.
      const near = number(
        leadingTerm(v, order, fromNumber(v, v.pmax(v.pmin(magnitude, 1), 2 ** -600)), fromNumber(v, 1))
      )
      v.assign(
        value,
        v.select(tiny, odd ? near : v.without(v.xor(near, v.signBit), v.and(v.lt(x, 0), v.signBit)), value)
      )
      const huge = v.let(v.gt(x, HUGE))
      const finite = v.let(v.pmin(v.pmax(x, 1), Number.MAX_VALUE))
      const far = v.let(number(leadingTerm(v, order - 1, fromNumber(v, finite), fromNumber(v, 1))))
      v.assign(far, v.select(v.eq(x, Infinity), 0, far))
      v.assign(value, v.select(huge, odd ? far : v.neg(far), value))
    })
    v.assign(value, v.select(pole, odd ? Infinity : NaN, value))
    v.assign(value, v.select(v.eq(x, -Infinity), NaN, value))
    return v.select(v.ne(x, x), x, value)
  }
})
