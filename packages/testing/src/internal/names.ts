// Names for the inputs of a program in its code.

import { Tree } from "@fluxion/core"

/** Words that are no names of variables, and what the code refers to. */
const taken = new Set(
  (
    "abstract arguments async await boolean break case catch class const continue debugger default delete do else enum eval export extends false " +
    "finally for function if implements import in inputs instanceof interface let new null package private program protected public return static " +
    "super switch this throw true try typeof undefined var void while with yield Calculus Expr Fn Forward Infinity NaN Reverse Tensor Type"
  ).split(" ")
)

/** The names that printed values and programs may get: `t1`, `f1`. */
const reserved = /^[tf]\d+$/

const fits = /^[A-Za-z_$][\w$]*$/

/** A name for each leaf: its last key where that is one, or else a letter, all different. */
export const leafNames = (spec: Tree.Spec): ReadonlyArray<string> => {
  const used = new Set<string>()
  const free = (name: string): boolean => fits.test(name) && !taken.has(name) && !reserved.test(name) && !used.has(name)
  return Tree.leaves(spec).map(({ keys }) => {
    const last = keys.at(-1)
    const own = typeof last === "string" && fits.test(last) ? [last] : ["x", "y", "z", "u", "v", "w"]
    let name = own.find(free)
    for (let n = 2; name === undefined; n++) name = [`${own[0]}${n}`, `x${n}`].find(free)
    used.add(name)
    return name
  })
}
