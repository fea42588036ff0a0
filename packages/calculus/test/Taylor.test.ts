// Taylor mode against closed forms, against mpmath, and against nested derivatives, which it replaces.

import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, Interpreter, type Shape, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

type Scalar = Expr.Expr<readonly []>
type Unary = (x: Scalar) => Scalar

const coefficients = (f: Unary, at: number, order: number): ReadonlyArray<number> =>
  Array.from(Fn.runSync(Calculus.taylor(Fn.make([], f), order), { at, direction: 1 }).data)

const ulps = (actual: number, expected: number): number =>
  actual === expected ? 0 : Math.abs(actual - expected) / (Math.abs(expected) * Number.EPSILON)

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
const binomial = (a: number, k: number): number => (k === 0 ? 1 : (binomial(a, k - 1) * (a - k + 1)) / k)

describe("closed forms to order 20", () => {
  const within = (f: Unary, at: number, closed: (k: number) => number, bound: number) => {
    coefficients(f, at, 20).forEach((value, k) => expect(ulps(value, closed(k))).toBeLessThanOrEqual(bound))
  }

  it("exp within 2 ULP", () => {
    within(Expr.exp, 0, (k) => 1 / factorial(k), 2)
    within(Expr.exp, 1, (k) => Math.E / factorial(k), 2)
  })

  it("sin and cos within 2 ULP, with exact zeros", () => {
    within(Expr.sin, 0, (k) => (k % 2 === 0 ? 0 : (k % 4 === 1 ? 1 : -1) / factorial(k)), 2)
    within(Expr.cos, 0, (k) => (k % 2 === 1 ? 0 : (k % 4 === 0 ? 1 : -1) / factorial(k)), 2)
  })

  it("1/(1 - x), log and powers exactly", () => {
    within(
      (x) => Expr.div(1, Expr.sub(1, x)),
      0,
      () => 1,
      0
    )
    within(
      (x) => Expr.div(1, Expr.sub(1, x)),
      0.5,
      (k) => 2 ** (k + 1),
      0
    )
    within(Expr.log, 1, (k) => (k === 0 ? 0 : (k % 2 === 1 ? 1 : -1) / k), 0)
    within(Expr.sqrt, 1, (k) => binomial(0.5, k), 0)
    within(
      (x) => Expr.pow(x, 5),
      0,
      (k) => (k === 5 ? 1 : 0),
      0
    )
    within(
      (x) => Expr.pow(x, 0),
      0,
      (k) => (k === 0 ? 1 : 0),
      0
    )
  })
})

// mpmath 1.3.0: mp.taylor(f, at, 20) with 60 digits.
const compositions: Record<string, Unary> = {
  "exp(sin(x))": (x) => Expr.exp(Expr.sin(x)),
  "log(1+x^2)": (x) => Expr.log1p(Expr.mul(x, x)),
  "tanh(exp(x)/2)": (x) => Expr.tanh(Expr.div(Expr.exp(x), 2)),
  "sqrt(1+sin(x)^2)": (x) => Expr.sqrt(Expr.add(1, Expr.square(Expr.sin(x)))),
  "erf(x)*lgamma(x+2)": (x) => Expr.mul(Expr.erf(x), Expr.lgamma(Expr.add(x, 2))),
  "atan(x)/(1+cosh(x))": (x) => Expr.div(Expr.atan(x), Expr.add(1, Expr.cosh(x))),
  "x^x": (x) => Expr.pow(x, x),
  "sigmoid(3x)": (x) => Expr.sigmoid(Expr.mul(3, x))
}

const reference: Record<string, { readonly at: number; readonly coefficients: ReadonlyArray<number> }> = {
  "exp(sin(x))": {
    at: 0.5,
    coefficients: [
      1.6151462964420837, 1.4174242246593913, 0.23478219963286703, -0.3940735734758669, -0.23782225150738892,
      0.009903492751612446, 0.05996032246866122, 0.01738454231647639, -0.006720049953405824, -0.005220966248051075,
      -0.0002353512158047346, 0.0008220450729325447, 0.00024503526269154056, -6.80763004046666e-5,
      -5.254624291924395e-5, -2.1245311745140435e-6, 6.862181735457776e-6, 1.7611665973749862e-6, -5.339762136245848e-7,
      -3.347343403770794e-7, -2.1388208297500085e-10
    ]
  },
  "log(1+x^2)": {
    at: 0.75,
    coefficients: [
      0.44628710262841953, 0.96, 0.1792, -0.319488, 0.17268736, -0.00994050048, -0.06572753988266666,
      0.058628604465737144, -0.0176988086075392, -0.014081033100066816, 0.0212278026055178, -0.011152741305144183,
      -0.0015070823744159452, 0.007375145210883595, -0.005747672828308058, 0.0010591676438605857, 0.0022654459043779853,
      -0.002645015204253381, 0.0011093601151435893, 0.0005056854017155559, -0.0011001765126872943
    ]
  },
  "tanh(exp(x)/2)": {
    at: -0.25,
    coefficients: [
      0.37084319540141075, 0.335848229020771, 0.11942545210024111, -0.0024956235097884304, -0.025363408726805602,
      -0.01389423142380581, -0.002711094004120081, 0.001452820849936999, 0.0015195937091722048, 0.0006239109803466732,
      4.725485160594611e-5, -0.00011228959709879338, -8.181446616864249e-5, -2.6253253858413715e-5,
      1.9685014714209904e-6, 7.204910764015555e-6, 4.111978765038324e-6, 9.673413574911237e-7, -3.2033194556551374e-7,
      -4.2178739989560606e-7, -1.9408134823539627e-7
    ]
  },
  "sqrt(1+sin(x)^2)": {
    at: 1.0,
    coefficients: [
      1.306932828523934, 0.3478745835211184, -0.2055054210451707, -0.1772157102973597, 0.08408267515088644,
      -0.0038633862389019433, -0.004841099626936117, 0.007664971364274983, -0.005524668990755513, 0.002513327230192208,
      -0.0002150736522206438, -0.0008130446262476506, 0.0008932004802554473, -0.0005441645484022409,
      0.00015335698564753202, 8.81081630746031e-5, -0.0001602068785419354, 0.00012381611926464358,
      -5.2924893892041906e-5, -3.6596550017659495e-6, 2.908971744133497e-5
    ]
  },
  "erf(x)*lgamma(x+2)": {
    at: 0.5,
    coefficients: [
      0.14817739929662177, 0.6161672926322185, 0.620450208582768, -0.15568839746275798, -0.18833615272912488,
      0.1190439488086931, 0.03557777595986015, -0.038707840515865406, -0.004342288916379533, 0.009391822637353801,
      -8.09406667066483e-5, -0.0017416182867677594, 0.00015681709041692868, 0.0002645962824079995,
      -4.239801534364103e-5, -3.326875256835937e-5, 7.4854060615020316e-6, 3.5869197094124086e-6,
      -1.0592672375139673e-6, -3.278629995352731e-7, 1.2401102903717094e-7
    ]
  },
  "atan(x)/(1+cosh(x))": {
    at: 0.25,
    coefficients: [
      0.12059519707802763, 0.44831483980900105, -0.19537870981968833, -0.20316726552389902, 0.15355264697176177,
      0.05560844064391446, -0.10615553513434163, 0.008248031469305389, 0.06653364092537539, -0.03402553434701069,
      -0.033934755337053576, 0.040288797392262446, 0.008681952943212078, -0.03546764567205118, 0.008614648343344636,
      0.024895727811816693, -0.018045414656878134, -0.01254800403900843, 0.02060027162311581, 0.0013278337637125288,
      -0.01797364464906042
    ]
  },
  "x^x": {
    at: 2.0,
    coefficients: [
      4.0, 6.772588722239782, 6.733494750076184, 4.7623640041755255, 2.687555909473687, 1.2619228131621647,
      0.5141406816454791, 0.18438082204582684, 0.059749386867659474, 0.017501065342231774, 0.004763537797885622,
      0.0011809918231261071, 0.0002817518732851908, 5.9422601332209776e-5, 1.3331269231881335e-5, 2.154772678805077e-6,
      6.007890944205196e-7, 1.790970549040006e-8, 4.2407219678727366e-8, -1.0725832630537233e-8, 6.235309611571504e-9
    ]
  },
  "sigmoid(3x)": {
    at: 0.125,
    coefficients: [
      0.5926665999540698, 0.7242387037588572, -0.20133821469742819, -0.4872070444286433, 0.2864471218656925,
      0.36724989494458554, -0.3395812878467422, -0.25330400954250265, 0.36218342015637095, 0.14628022016850098,
      -0.35850383366698396, -0.05093168751985744, 0.3337707634635072, -0.029230487767475603, -0.29351647553761695,
      0.09225432181992456, 0.24315885713363508, -0.13759888148647742, -0.18769122492988258, 0.1658998137870931,
      0.13146016831658527
    ]
  }
}

describe("compositions against mpmath, to order 20", () => {
  // A coefficient may cancel: its error is counted in ULPs of the largest of its neighbours.
  // The terms of x log(x) alternate, and those of its exponential cancel.
  const bound = (name: string): number => (name === "x^x" ? 512 : 64)

  it.each(Object.entries(reference))("%s within 64 ULP (x^x: 512)", (name, { at, coefficients: expected }) => {
    coefficients(compositions[name]!, at, 20).forEach((value, k) => {
      const scale = Math.max(...expected.slice(Math.max(k - 2, 0), k + 3).map(Math.abs))
      expect(Math.abs(value - expected[k]!)).toBeLessThanOrEqual(bound(name) * Number.EPSILON * scale)
    })
  })
})

/** The k-th derivative over k!, by nesting forward mode k times. */
const nested = (f: Unary, at: number, order: number): ReadonlyArray<number> => {
  let derivative: Fn.Fn<readonly [], readonly []> = Fn.make([], f)
  return Array.from({ length: order + 1 }, (_, k) => {
    if (k > 0) derivative = Forward.derivative(derivative) as typeof derivative
    return Fn.runSync(derivative, at) / factorial(k)
  })
}

const inside: Record<string, readonly [Unary, number, number]> = {
  neg: [Expr.neg, -2, 2],
  abs: [Expr.abs, -2, 2],
  sign: [Expr.sign, -2, 2],
  exp: [Expr.exp, -2, 2],
  expm1: [Expr.expm1, -2, 2],
  log: [Expr.log, 0.5, 4],
  log1p: [Expr.log1p, -0.5, 4],
  sqrt: [Expr.sqrt, 0.5, 4],
  cbrt: [Expr.cbrt, 0.5, 4],
  sin: [Expr.sin, -2, 2],
  cos: [Expr.cos, -2, 2],
  tan: [Expr.tan, -1, 1],
  asin: [Expr.asin, -0.75, 0.75],
  acos: [Expr.acos, -0.75, 0.75],
  atan: [Expr.atan, -2, 2],
  sinh: [Expr.sinh, -2, 2],
  cosh: [Expr.cosh, -2, 2],
  tanh: [Expr.tanh, -2, 2],
  asinh: [Expr.asinh, -2, 2],
  acosh: [Expr.acosh, 1.5, 4],
  atanh: [Expr.atanh, -0.75, 0.75],
  erf: [Expr.erf, -2, 2],
  erfc: [Expr.erfc, -2, 2],
  lgamma: [Expr.lgamma, 0.5, 4],
  digamma: [Expr.digamma, 0.5, 4],
  "polygamma of order 2": [(x) => Expr.polygamma(x, 2), 0.5, 4],
  sigmoid: [Expr.sigmoid, -2, 2],
  softplus: [Expr.softplus, -2, 2],
  relu: [Expr.relu, -2, 2],
  floor: [Expr.floor, -2, 2],
  "a product": [(x) => Expr.mul(Expr.sin(x), Expr.exp(x)), -2, 2],
  "a quotient": [(x) => Expr.div(Expr.sin(x), Expr.add(2, Expr.cos(x))), -2, 2],
  "a power with a varying exponent": [(x) => Expr.pow(x, Expr.sin(x)), 0.5, 4],
  "a power of a constant": [(x) => Expr.pow(2.5, x), -2, 2],
  "a power with an exponent that is not whole": [(x) => Expr.pow(x, -1.5), 0.5, 4],
  atan2: [(x) => Expr.atan2(Expr.sin(x), Expr.add(2, x)), -1.5, 2],
  hypot: [(x) => Expr.hypot(Expr.sin(x), Expr.exp(x)), -1.5, 2],
  max: [(x) => Expr.max(Expr.sin(x), Expr.cos(x)), -2, 0.5],
  min: [(x) => Expr.min(Expr.sin(x), Expr.mul(x, x)), 1, 2],
  rem: [(x) => Expr.rem(Expr.exp(x), 0.75), 0.5, 0.75],
  clamp: [(x) => Expr.clamp(Expr.mul(x, x), 0.5, 2), 0.75, 1.25],
  select: [(x) => Expr.select(Expr.gt(x, 0), Expr.sin(x), Expr.exp(x)), -2, 2],
  stopGradient: [(x) => Expr.mul(x, Expr.stopGradient(Expr.sin(x))), -2, 2],
  prod: [(x) => Expr.prod(Expr.stack([Expr.sin(x), Expr.exp(x), Expr.mul(x, x), Expr.cos(x), x])), -2, 2],
  cumprod: [(x) => Expr.sum(Expr.cumprod(Expr.stack([Expr.sin(x), Expr.exp(x), x]))), -2, 2],
  "sum and gather": [
    (x) => Expr.sum(Expr.gather(Expr.stack([Expr.sin(x), Expr.exp(x), x]), Tensor.index([2, 0, 0]))),
    -2,
    2
  ],
  reduceMax: [(x) => Expr.reduceMax(Expr.stack([Expr.sin(x), Expr.add(3, Expr.exp(x))])), -2, 2],
  cumsum: [(x) => Expr.sum(Expr.cumsum(Expr.stack([Expr.sin(x), x]))), -2, 2],
  dot: [(x) => Expr.dot(Expr.stack([Expr.sin(x), x]), Expr.stack([Expr.exp(x), Expr.cos(x)])), -2, 2],
  scan: [
    (x) => Expr.fold((carry, item) => Expr.sin(Expr.add(Expr.mul(carry, x), item)), x, Expr.constant([0.5, -1, 2])),
    -2,
    2
  ],
  map: [(x) => Expr.sum(Expr.map((item) => Expr.exp(Expr.mul(x, item)), Expr.constant([0.5, -1, 1]))), -2, 2],
  cond: [
    (x) =>
      Expr.cond(
        Expr.gt(x, 0),
        () => Expr.sin(x),
        () => Expr.mul(x, Expr.exp(x))
      ),
    -2,
    2
  ],
  whileLoop: [
    (x) =>
      Expr.whileLoop(
        ({ n }) => Expr.lt(n, 4),
        ({ n, y }) => ({ n: Expr.add(n, 1), y: Expr.sin(Expr.add(y, x)) }),
        { n: Expr.constant(0), y: x }
      ).y,
    -2,
    2
  ]
}

describe("against nested forward mode, to order 4", () => {
  it.each(Object.entries(inside))("%s", (_, [f, min, max]) => {
    fc.assert(
      fc.property(fc.double({ min, max, noNaN: true }), (at) => {
        const expected = nested(f, at, 4)
        const scale = Math.max(1, ...expected.map(Math.abs))
        coefficients(f, at, 4).forEach((value, k) =>
          expect(Math.abs(value - expected[k]!)).toBeLessThanOrEqual(2e-12 * scale)
        )
      }),
      { numRuns: 25 }
    )
  })

  const matrix = (x: Scalar): Expr.Expr<readonly [2, 2]> =>
    Expr.stack([Expr.stack([Expr.add(3, Expr.sin(x)), x]), Expr.stack([x, Expr.add(2, Expr.exp(x))])]) as never
  const vector = (x: Scalar): Expr.Expr<readonly [2]> => Expr.stack([Expr.cos(x), Expr.mul(x, x)]) as never
  const total = (x: Expr.Expr<Shape.Shape>): Scalar => Expr.sum(Expr.mul(x, x)) as never
  const algebra: Record<string, Unary> = {
    solve: (x) => total(Expr.solve(matrix(x), vector(x))),
    inverse: (x) => total(Expr.inverse(matrix(x))),
    cholesky: (x) => total(Expr.cholesky(matrix(x))),
    triangularSolve: (x) => total(Expr.triangularSolve(matrix(x), vector(x))),
    lstsq: (x) => total(Expr.lstsq(matrix(x), vector(x))),
    det: (x) => Expr.det(matrix(x)) as never,
    logdet: (x) => Expr.logdet(matrix(x)) as never
  }
  it.each(Object.entries(algebra))("%s", (_, f) => {
    fc.assert(
      fc.property(fc.double({ min: -0.5, max: 0.5, noNaN: true }), (at) => {
        const expected = nested(f, at, 3)
        const scale = Math.max(1, ...expected.map(Math.abs))
        coefficients(f, at, 3).forEach((value, k) =>
          expect(Math.abs(value - expected[k]!)).toBeLessThanOrEqual(1e-11 * scale)
        )
      }),
      { numRuns: 10 }
    )
  })
})

describe("taylor", () => {
  const f = Fn.make({ x: [2], y: [] }, ({ x, y }) => ({ a: Expr.mul(Expr.sin(x), y), b: Expr.exp(y) }))

  it("works on trees, along a direction", () => {
    const result = Fn.runSync(Calculus.taylor(f, 2), {
      at: { x: Tensor.make([0, 0]), y: 1 },
      direction: { x: Tensor.make([1, 2]), y: 1 }
    })
    expect(Tensor.toNested(result.a)).toEqual([
      [0, 0],
      [1, 2],
      [1, 2]
    ])
    const e = Math.E
    result.b.data.forEach((value, k) => expect(ulps(value, e / factorial(k))).toBeLessThanOrEqual(1))
  })

  it("order 0 is the value; both call styles", () => {
    const at = { at: { x: Tensor.make([1, 2]), y: 3 }, direction: { x: Tensor.make([1, 1]), y: 1 } }
    expect(Tensor.toNested(Fn.runSync(f.pipe(Calculus.taylor(0)), at).b)).toEqual([Math.exp(3)])
  })

  it("an order that is not a whole number is refused", () => {
    for (const order of [-1, 1.5, Number.NaN]) {
      expect(() => Calculus.taylor(f, order)).toThrow(/expected an order that is a whole number/)
    }
  })

  it("coefficients can be differentiated again, and mapped", () => {
    const third = Fn.make([], (x) => {
      const series = Fn.apply(Calculus.taylor(Fn.make([], Expr.sin), 3), { at: x, direction: 1 })
      return Expr.at(series as Expr.Expr<readonly [number]>, 3)
    })
    // The third coefficient of sin is -cos/6, its derivative sin/6.
    expect(Math.abs(Fn.runSync(Reverse.grad(third), 1) - Math.sin(1) / 6)).toBeLessThan(1e-16)
    expect(Math.abs(Fn.runSync(Forward.derivative(third), 1) - Math.sin(1) / 6)).toBeLessThan(1e-16)
    const mapped = Fn.runSync(Fn.map(third, { size: 2 }), Tensor.make([0, 1]))
    expect(Tensor.toNested(mapped)).toEqual([-1 / 6, Fn.runSync(third, 1)])
  })

  it("costs O(order²) operations where nesting costs 2^order", () => {
    const program = Fn.make([], (x) => Expr.exp(Expr.sin(Expr.mul(x, x))))
    const count = (order: number): number => Fn.operationCount(Calculus.taylor(program, order))
    const growth = [count(20) / count(10), count(40) / count(20), count(80) / count(40)]
    for (const factor of growth) expect(factor).toBeLessThanOrEqual(4)
    let derivative: Fn.Fn<readonly [], readonly []> = program
    for (let k = 0; k < 8; k++) derivative = Forward.derivative(derivative)
    expect(Fn.operationCount(derivative)).toBeGreaterThan(10 * count(8))
  })

  it("at kinks the conventions of the first derivative hold to all orders", () => {
    expect(coefficients(Expr.relu, 0, 2)).toEqual([0, 0, 0])
    expect(coefficients(Expr.abs, 0, 2)).toEqual([0, 0, 0])
    expect(coefficients((x) => Expr.hypot(x, x), 0, 2)).toEqual([0, 0, 0])
    expect(coefficients((x) => Expr.max(x, Expr.mul(3, x)), 0, 2)).toEqual([0, 2, 0])
  })

  it("a branch not taken poisons no coefficient", () => {
    const guarded: Unary = (x) => Expr.select(Expr.gt(x, 0), Expr.log(x), Expr.mul(x, x))
    expect(coefficients(guarded, -1, 3)).toEqual([1, -2, 1, 0])
    expect(coefficients(guarded, 0, 3)).toEqual([0, 0, 1, 0])
  })
})

describe("decompositions and values defined by equations: as nested derivatives", () => {
  const numbers = (x: unknown): ReadonlyArray<number> =>
    typeof x === "number" ? [x] : Array.from((x as Tensor.Tensor).data)
  const matrix = (x: Scalar): Expr.Expr<readonly [2, 2]> =>
    Expr.reshape(Expr.stack([Expr.add(x, 2), Expr.sin(x), x, Expr.exp(x)]), [2, 2]) as Expr.Expr<readonly [2, 2]>
  const programs: Record<string, Unary> = {
    qr: (x) => {
      const { q, r } = Expr.qr(matrix(x))
      return Expr.sum(
        Expr.mul(
          Expr.add(q, r),
          Tensor.make([
            [1, 2],
            [3, 4]
          ])
        )
      ) as Scalar
    },
    eigh: (x) => {
      const { values, vectors } = Expr.eigh(matrix(x))
      return Expr.sum(
        Expr.mul(
          Expr.mul(vectors, values),
          Tensor.make([
            [1, 2],
            [3, 4]
          ])
        )
      ) as Scalar
    },
    root: (x) => Expr.root((y) => Expr.sub(Expr.add(y, Expr.mul(x, Expr.sin(y))), 1), 1),
    fixedPoint: (x) => {
      const y = Expr.fixedPoint((y) => Expr.mul(x, Expr.cos(Expr.matmul(matrix(x), y))), Expr.zeros([2]))
      return Expr.sum(y) as Scalar
    }
  }
  it.each(Object.entries(programs))("%s", (_, f) => {
    const actual = coefficients(f, 0.3, 4)
    let nested: Fn.Fn<readonly [], readonly []> = Fn.make([], f) as never
    for (let k = 0; k <= 4; k++) {
      const exact = numbers(Fn.runSync(nested, 0.3))[0]! / factorial(k)
      expect(Math.abs(actual[k]! - exact)).toBeLessThanOrEqual(1e-11 * Math.max(1, Math.abs(exact)))
      nested = Forward.derivative(nested) as never
    }
  })

  it("the square root as a root, to order 12", () => {
    coefficients((x) => Expr.root((y) => Expr.sub(Expr.mul(y, y), x), 1), 1, 12).forEach((value, k) =>
      expect(ulps(value, binomial(0.5, k))).toBeLessThanOrEqual(64)
    )
  })
})

it("series and tangents through the body of one loop are not taken for each other", () => {
  const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.iterate(2, (c) => Expr.mul(Expr.sin(c), x), y))
  const one = Tensor.make(1)
  const inputs = [
    { primal: Tensor.make(0.5), tangents: [one, Forward.Zero] },
    { primal: Tensor.make(0.25), tangents: [Forward.Zero, one] }
  ] as const
  const along = (algebra: typeof series): ReadonlyArray<number> =>
    Fn.interpret(f, algebra, inputs).flatMap(({ tangents }) => tangents!.map((x) => (x as Tensor.Tensor).data[0]!))
  const series = Calculus.jet(Interpreter.algebra, 2) as ReturnType<typeof Forward.vectorDual<Tensor.Any>>
  const [first, second] = along(series)
  const tangents = along(Forward.vectorDual(Interpreter.algebra, 2))
  // f = x sin(x sin y)
  const [s, c] = [Math.sin(0.25), Math.cos(0.25)]
  const [S, C] = [Math.sin(0.5 * s), Math.cos(0.5 * s)]
  const [fx, fy] = [S + 0.5 * s * C, 0.25 * C * c]
  expect(tangents[0]).toBeCloseTo(fx, 14)
  expect(tangents[1]).toBeCloseTo(fy, 14)
  // x moves by t, y by t²: the second coefficient has half of f_xx besides f_y.
  expect(first).toBeCloseTo(fx, 14)
  expect(second).toBeCloseTo(fy + (2 * s * C - 0.5 * s * s * S) / 2, 14)
})
