// What each pass does, on programs small enough to read.

import { type Body, Expr, Fn, Tensor } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { print as printJavaScript } from "../../../src/internal/javascript/print.ts"
import { executable } from "../../../src/internal/javascript/run.ts"
import type { LoopProgram } from "../../../src/internal/loops/model.ts"
import { print } from "../../../src/internal/loops/print.ts"
import { lower } from "../../../src/internal/lower/index.ts"
import { contract } from "../../../src/internal/passes/contract.ts"
import { dropDeadCode } from "../../../src/internal/passes/deadCode.ts"
import { distributeFills } from "../../../src/internal/passes/distributeFills.ts"
import { forwardCopies } from "../../../src/internal/passes/forwardCopies.ts"
import { forwardStores } from "../../../src/internal/passes/forwardStores.ts"
import { fuse } from "../../../src/internal/passes/fuse.ts"
import { hoist } from "../../../src/internal/passes/hoist.ts"
import { joinSteps } from "../../../src/internal/passes/joinSteps.ts"
import { partialSums } from "../../../src/internal/passes/partialSums.ts"
import { unroll } from "../../../src/internal/passes/unroll.ts"
import { promote } from "../../../src/internal/passes/promote.ts"
import { speculate } from "../../../src/internal/passes/speculate.ts"
import { simplifyValues } from "../../../src/internal/passes/values.ts"
import { vectorise } from "../../../src/internal/passes/vectorise.ts"

const lowered = (f: Fn.Any) => lower(f as unknown as Body.Body)

/** Lines without the indent of this file. */
const lines = (text: string): string => {
  const own = text.split("\n").slice(1, -1)
  const indent = Math.min(...own.map((line) => line.search(/\S/)))
  return own.map((line) => line.slice(indent)).join("\n")
}

const chain = lowered(Fn.make({ x: [5], y: [5] }, ({ x, y }) => Expr.exp(Expr.mul(Expr.add(x, y), 2))))

it("lowering writes one loop nest for each operation", () => {
  expect(print(chain)).toBe(
    lines(`
      for l0 < 5, in any order {
        t0[l0] = in0[l0] + in1[l0]
      }
      for l1 < 5, in any order {
        t1[l1] = t0[l1] * 2
      }
      for l2 < 5, in any order {
        t2[l2] = exp(t1[l2])
      }
      for l3 < 5, in any order {
        out0[l3] = t2[l3]
      }
    `)
  )
})

describe("fuse", () => {
  it("joins loops over the same range", () => {
    expect(print(fuse(chain))).toBe(
      lines(`
        for l0 < 5, in any order {
          t0[l0] = in0[l0] + in1[l0]
          t1[l0] = t0[l0] * 2
          t2[l0] = exp(t1[l0])
          out0[l0] = t2[l0]
        }
      `)
    )
  })

  it("keeps a loop apart that reads what other iterations write", () => {
    const reversed = lowered(Fn.make([5], (x) => Expr.reverse(Expr.exp(x))))
    expect(print(fuse(reversed))).toBe(
      lines(`
        for l0 < 5, in any order {
          t0[l0] = exp(in0[l0])
        }
        for l1 < 5, in any order {
          out0[l1] = t0[-l1 + 4]
        }
      `)
    )
  })

  it("turns a loop over steps inside out where its body is elementwise", () => {
    const steps = lowered(
      Fn.make([10, 4], (x) => Expr.scan((c, y) => [Expr.add(Expr.sin(c), y), c], Expr.zeros([4]), x)[0])
    )
    expect(print(contract(fuse(dropDeadCode(steps))))).toBe(
      lines(`
        for l0 < 4, in any order {
          v0 = 0
          for l1 < 10 {
            v1 = sin(v0)
            v2 = v1 + in0[l1, l0]
            v0 = v2
          }
          out0[l0] = v0
        }
      `)
    )
  })
})

it("contract keeps of a temporary array what one iteration uses", () => {
  expect(print(contract(fuse(chain)))).toBe(
    lines(`
      for l0 < 5, in any order {
        v0 = in0[l0] + in1[l0]
        v1 = v0 * 2
        v2 = exp(v1)
        out0[l0] = v2
      }
    `)
  )
})

const total = lowered(Fn.make([5], (x) => Expr.sum(Expr.exp(x))))

it("forwardCopies computes a sum where it is wanted", () => {
  expect(print(forwardCopies(total))).toBe(
    lines(`
      for l0 < 5, in any order {
        t0[l0] = exp(in0[l0])
      }
      out0 = 0
      for l1 < 5, in any order {
        out0 += t0[l1]
      }
    `)
  )
})

it("promote keeps what a loop adds up in a local variable", () => {
  expect(print(promote(contract(fuse(forwardCopies(total)))))).toBe(
    lines(`
      out0 = 0
      v0 = out0
      for l0 < 5, in any order {
        v1 = exp(in0[l0])
        v0 += v1
      }
      out0 = v0
    `)
  )
})

it("forwardStores reads an element once, and not after it was written", () => {
  const square = lowered(Fn.make([5], (x) => Expr.mul(Expr.add(x, 1), x)))
  expect(print(forwardStores(fuse(square)))).toBe(
    lines(`
      for l0 < 5, in any order {
        v0 = in0[l0]
        v1 = v0 + 1
        t0[l0] = v1
        v2 = v1 * v0
        t1[l0] = v2
        out0[l0] = v2
      }
    `)
  )
})

it("simplifyValues computes nothing twice, and no operation with a known result", () => {
  const f = lowered(
    Fn.make([], (x) => Expr.sub(Expr.mul(Expr.exp(Expr.mul(x, 1)), Expr.exp(Expr.add(x, -0))), Expr.mul(2, 3)))
  )
  expect(print(simplifyValues(forwardStores(f)))).toBe(
    lines(`
      v0 = in0
      v1 = exp(v0)
      v2 = v1 * v1
      v3 = v2 - 6
      out0 = v3
    `)
  )
})

it("simplifyValues keeps what IEEE arithmetic does not allow to leave out", () => {
  const f = lowered(Fn.make([], (x) => Expr.add(Expr.mul(x, 0), Expr.sub(Expr.add(x, 0), x))))
  expect(print(simplifyValues(forwardStores(f)))).toBe(
    lines(`
      v0 = in0
      v1 = v0 * 0
      v2 = v0 + 0
      v3 = v2 - v0
      v4 = v1 + v3
      out0 = v4
    `)
  )
})

describe("differences of a value with itself", () => {
  const slope = (f: (x: Expr.Expr<readonly []>) => Expr.Expr<readonly []>) =>
    print(dropDeadCode(simplifyValues(forwardStores(contract(fuse(lowered(Reverse.grad(Fn.make([], f)))))))))

  it("are zero where the value is bounded and a NaN shows elsewhere", () => {
    expect(slope((x) => Expr.sigmoid(x))).toBe(
      lines(`
        v0 = in0
        v1 = abs(v0)
        v2 = neg(v1)
        v3 = exp(v2)
        v4 = 1 + v3
        v5 = v4 * v4
        v6 = v3 / v5
        v7 = v6 + 0
        out0 = v7
      `)
    )
    expect(slope((x) => Expr.tanh(x))).not.toContain("tanh")
  })

  it("stay where the value may be infinite, or NaN alone", () => {
    const difference = (f: (x: Expr.Expr<readonly []>) => Expr.Expr<readonly []>) =>
      print(
        dropDeadCode(
          simplifyValues(
            forwardStores(lowered(Fn.make([], (x) => Expr.add(Expr.exp(x), Expr.sub(f(x), Expr.stopGradient(f(x)))))))
          )
        )
      )
    expect(difference((x) => Expr.mul(x, x))).toContain(" - ")
    expect(difference((x) => Expr.sin(x))).toContain(" - ")
    expect(difference((x) => Expr.tanh(Expr.log(x)))).toContain(" - ")
    expect(difference((x) => Expr.tanh(Expr.neg(x)))).not.toContain(" - ")
  })
})

it("dropDeadCode drops what nothing reads, and keeps checks", () => {
  const f = lowered(
    Fn.make(
      [3],
      (x) => Expr.scan((c, y) => [Expr.add(c, Expr.stopGradient(Expr.checked.sqrt(y))), Expr.exp(y)], 0, x)[0]
    )
  )
  const after = print(dropDeadCode(f))
  expect(print(f)).toContain("exp")
  expect(after).not.toContain("exp")
  expect(after).toContain("check ")
})

it("distributeFills takes initial values out of sequential loops", () => {
  const f = lowered(Fn.make([3, 4], (x) => Expr.scan((c, y) => [Expr.add(c, 1), Expr.sum(y)], 0, x)[1]))
  const moved = distributeFills(forwardCopies(forwardCopies(f)))
  expect(print(moved)).toBe(
    lines(`
      v0 = 0
      for l0 < 3, in any order {
        out0[l0] = 0
      }
      for l1 < 3 {
        v1 = v0 + 1
        for l2 < 4, in any order {
          out0[l1] += in0[l1, l2]
        }
        v0 = v1
      }
    `)
  )
})

describe("vectorise", () => {
  it("chooses loops in which elements lie side by side, and none of few iterations", () => {
    const inner = fuse(lowered(Fn.make([3, 64], (x) => Expr.exp(x))))
    expect(Array.from(vectorise(inner, 2).keys(), ({ extent }) => extent)).toEqual([64])
    const short = fuse(lowered(Fn.make([3], (x) => Expr.exp(x))))
    expect(vectorise(short, 2).size).toBe(0)
  })

  it("leaves loops whose iterations depend on each other as they are", () => {
    expect(vectorise(lowered(Fn.make([64], (x) => Expr.cumsum(x))), 2).size).toBeLessThanOrEqual(1)
    const guarded = lowered(Fn.make([64], (x) => Expr.checked.sqrt(x)))
    const checking = guarded.statements.filter(
      (statement) => statement._tag === "For" && statement.body.some(({ _tag }) => _tag === "Check")
    )
    expect(checking.length).toBe(1)
    expect(checking.some((statement) => statement._tag === "For" && vectorise(guarded, 2).has(statement.loop))).toBe(
      false
    )
  })
})

describe("hoist", () => {
  it("computes before a loop what does not depend on it, with the elements that it needs", () => {
    const f = lowered(Fn.make({ x: [3], y: [4] }, ({ x, y }) => Expr.outer(Expr.exp(x), y)))
    expect(print(hoist(forwardStores(contract(fuse(forwardCopies(f))))))).toBe(
      lines(`
        for l0 < 3, in any order {
          v0 = in0[l0]
          v1 = exp(v0)
          for l1 < 4, in any order {
            out0[l0, l1] = 0
            v2 = in1[l1]
            out0[l0, l1] += v1 * v2
          }
        }
      `)
    )
  })

  it("leaves what the loop changes, and what a branch computes", () => {
    const f = lowered(
      Fn.make({ x: [], y: [5] }, ({ x, y }) =>
        Expr.scan(
          (c, own) => [
            Expr.cond(
              Expr.gt(own, 0),
              () => Expr.exp(x),
              () => Expr.sin(c)
            ),
            c
          ],
          x,
          y
        )
      )
    )
    const before = forwardStores(contract(fuse(forwardCopies(dropDeadCode(f)))))
    const inside = print(hoist(before)).split("for l")[1]!
    expect(inside).toContain("sin(")
    expect(inside).toContain("exp(")
  })
})

describe("speculate", () => {
  const strong = (x: Expr.Expr<readonly [5]>, y: Expr.Expr<readonly [5]>) => Expr.sum(Expr.mulStrongZero(x, y))
  const both = { x: [5], y: [5] } as const
  const prepared = (f: Fn.Any) => forwardStores(promote(contract(fuse(forwardCopies(lowered(f))))))

  it("multiplies plainly, and again strongly where the sum is not finite", () => {
    expect(print(speculate(prepared(Fn.make(both, ({ x, y }) => strong(x, y)))))).toBe(
      lines(`
        out0 = 0
        v0 = 0
        v1 = 0
        for l0 < 5, in any order {
          v2 = in0[l0]
          v3 = in1[l0]
          v4 = v2 * v3
          v0 += v4
        }
        v1 += v0
        v5 = v1 != v1
        if v5 {
          v0 = 0
          for l1 < 5, in any order {
            v6 = in0[l1]
            v7 = in1[l1]
            v8 = mulStrongZero(v6, v7)
            v0 += v8
          }
        }
        out0 = v0
      `)
    )
  })

  it("looks at each sum where it is done, and starts sums again", () => {
    const rows = { x: [3, 5], y: [5] } as const
    const f = Fn.make(rows, ({ x, y }) => Expr.map(({ own }) => strong(own, y), { own: x }))
    expect(print(speculate(prepared(f)))).toBe(
      lines(`
        v0 = 0
        for l0 < 3, in any order {
          v1 = 0
          for l1 < 5, in any order {
            v2 = in0[l0, l1]
            v3 = in1[l1]
            v4 = v2 * v3
            v1 += v4
          }
          v0 += v1
          out0[l0] = v1
        }
        v5 = v0 != v0
        if v5 {
          for l2 < 3, in any order {
            v6 = 0
            for l3 < 5, in any order {
              v7 = in0[l2, l3]
              v8 = in1[l3]
              v9 = mulStrongZero(v7, v8)
              v6 += v9
            }
            out0[l2] = v6
          }
        }
      `)
    )
  })

  const special = fc.constantFrom(0, -0, 1, -2, 0.5, Infinity, -Infinity, NaN, 5e-324, 1e308)
  const values = fc.array(special, { minLength: 15, maxLength: 15 })
  const programs: Readonly<Record<string, Fn.Any>> = {
    "a sum of products": Fn.make({ x: [15], y: [15] }, ({ x, y }) => Expr.sum(Expr.mulStrongZero(x, y))),
    "elementwise products": Fn.make({ x: [15], y: [15] }, ({ x, y }) => Expr.exp(Expr.mulStrongZero(x, Expr.neg(y)))),
    "a product of products": Fn.make({ x: [15], y: [15] }, ({ x, y }) =>
      Expr.mulStrongZero(Expr.mulStrongZero(x, y), Expr.sin(x))
    ),
    "a choice between products": Fn.make({ x: [15], y: [15] }, ({ x, y }) =>
      Expr.select(Expr.gt(x, 0), Expr.mulStrongZero(x, y), y)
    ),
    "the gradient of a product of matrices": Reverse.grad(
      Fn.make({ x: [3, 5], y: [5, 3] }, ({ x, y }) => Expr.sum(Expr.square(Expr.matmul(x, y))))
    ),
    "the derivatives of a loop": Reverse.grad(
      Fn.make({ x: [5, 3], y: [15] }, ({ x, y }) => {
        const weights = Expr.reshape(Expr.slice(y, { starts: [0], limits: [9] }), [3, 3])
        return Expr.sum(
          Expr.scan((c, row) => [Expr.tanh(Expr.matmul(weights, Expr.mul(row, c))), c], Expr.ones([3]), x)[0]
        )
      })
    )
  }

  it.each(Object.entries(programs))("has the results of strong products at any numbers: %s", (_, f) => {
    fc.assert(
      fc.property(values, values, (x, y) => {
        const inputs = Fn.specs(f).inputLeaves.map(({ type }, i) => Tensor.fromArray(i === 0 ? x : y, type.shape))
        const before = prepared(f)
        const run = (program: LoopProgram) => executable(program, printJavaScript(program)).execute(inputs)
        expect(run(speculate(before))).toEqual(run(before))
      })
    )
  })
})

describe("joinSteps", () => {
  const nearest = Fn.make({ points: [40, 3], centres: [5, 3] }, ({ centres, points }) =>
    Expr.map((point) => Expr.argmin(Expr.sum(Expr.square(Expr.sub(centres, point)), { axis: 1 }), 0), points)
  )

  it("gives a loop in order what the loop before it computes, element by element", () => {
    const before = fuse(distributeFills(forwardCopies(lowered(nearest))))
    const steps = (program: typeof before) => print(program).split("for ").length - 1
    expect(steps(before)).toBe(4)
    const after = contract(joinSteps(before))
    expect(steps(after)).toBe(3)
    // The distances to all centres were an array.
    expect(print(before)).toContain("t2[")
    expect(print(after)).not.toContain("t2[")
  })

  it("leaves loops apart that take up what other iterations computed", () => {
    const shifted = lowered(
      Fn.make([40, 5, 3], (x) =>
        Expr.map((rows) => Expr.cumsum(Expr.reverse(Expr.sum(Expr.square(rows), { axis: 1 }))), x)
      )
    )
    const before = fuse(distributeFills(forwardCopies(shifted)))
    expect(print(joinSteps(before))).toBe(print(before))
  })
})

describe("unroll", () => {
  it("writes short loops out where those around them then run faster", () => {
    const lengths = lowered(
      Fn.make([1000, 3], (x) => Expr.map((row) => Expr.sqrt(Expr.sum(Expr.square(Expr.mul(row, Expr.sum(row))))), x))
    )
    const before = promote(contract(fuse(forwardCopies(lengths))))
    const after = print(unroll(before))
    expect(after.split("for ").length - 1).toBe(1)
    expect(after).toContain("in0[l0, 2]")
  })

  it("leaves rows that are read and written once as they are", () => {
    const rows = promote(contract(fuse(lowered(Fn.make([1000, 8], (x) => Expr.mul(x, 2))))))
    expect(unroll(rows).statements).toEqual(rows.statements)
  })
})

describe("partialSums", () => {
  const dot = (n: number) =>
    promote(contract(fuse(forwardCopies(lowered(Fn.make([n], (x) => Expr.sum(Expr.square(x))))))))

  it("adds up parts of a range side by side", () => {
    expect(print(partialSums(dot(101)))).toBe(
      lines(`
        out0 = 0
        v0 = out0
        v1 = -0
        v2 = -0
        v3 = -0
        for l0 < 24, in any order {
          v4 = in0[l0] * in0[l0]
          v0 += v4
          v5 = in0[l0 + 24] * in0[l0 + 24]
          v1 += v5
          v6 = in0[l0 + 48] * in0[l0 + 48]
          v2 += v6
          v7 = in0[l0 + 72] * in0[l0 + 72]
          v3 += v7
        }
        for l1 < 5, in any order {
          v8 = in0[l1 + 96] * in0[l1 + 96]
          v0 += v8
        }
        v0 += v1
        v0 += v2
        v0 += v3
        out0 = v0
      `)
    )
  })

  it("leaves short sums, and those of much work, as they are", () => {
    expect(print(partialSums(dot(20)))).toBe(print(dot(20)))
    const waves = promote(contract(fuse(forwardCopies(lowered(Fn.make([101], (x) => Expr.sum(Expr.exp(x))))))))
    expect(print(partialSums(waves))).toBe(print(waves))
  })
})
