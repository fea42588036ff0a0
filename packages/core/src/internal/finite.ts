// Programs that fail where a NaN or an infinity is produced: each array of reals gets a guard, also in the bodies of control primitives.
//
// A masked element does not count: an arm of `select` that is not taken, a factor beside a strong zero. Which elements are needed is worked out from the
// results backwards, through elementwise operations. The guard of a masked array comes where its mask is known, which is before
// the `select` that masks it: so of what is needed, the first operation in the order of evaluation is still reported first.

import type { Guard } from "../Failure.ts"
import type * as Primitive from "../Primitive.ts"
import * as Shape from "../Shape.ts"
import { apply } from "./apply.ts"
import { isBody, replaceIn } from "./bodies.ts"
import { inherit } from "./callSite.ts"
import { ensured, tie } from "./guards.ts"
import { applyTyped, constant, controlNode, input, type Node, project } from "./node.ts"
import { type Body, schedule } from "./schedule.ts"
import { definitions } from "../Primitive.ts"
import * as Tensor from "../Tensor.ts"

/** What gives finite results for finite operands: a guard there would never be the first to fail. */
const finiteForFinite: ReadonlySet<Primitive.Name> = new Set<Primitive.Name>([
  "neg",
  "abs",
  "sign",
  "sin",
  "cos",
  "atan",
  "tanh",
  "asinh",
  "erf",
  "erfc",
  "sigmoid",
  "softplus",
  "relu",
  "floor",
  "ceil",
  "round",
  "cbrt",
  "toReal",
  "atan2",
  "max",
  "min",
  "select",
  "clamp",
  "broadcastTo",
  "reshape",
  "transpose",
  "slice",
  "dynamicSlice",
  "dynamicUpdateSlice",
  "concat",
  "stack",
  "reverse",
  "triangle",
  "stopGradient",
  "ensure",
  "after"
])

/** Where the mask of an array is read off: an operand of the operation that masks it. */
interface Factor {
  readonly position: number
  readonly when: "true" | "false" | "nonzero"
}

/** An element is needed where one of its uses needs it: where the result of the use is needed (`true`: everywhere) and the factor says so. */
interface Use {
  readonly result: Mask | true
  readonly factor: Factor | undefined
}

/** Which elements of an array are needed. */
interface Mask {
  readonly shape: Shape.Shape
  readonly uses: ReadonlyArray<Use>
  /** The position after which it can be computed. */
  readonly release: number
  node: Node | undefined
}

/** `undefined`: nothing needs it. */
type Need = Mask | true | undefined

const reducedTo = (mask: Node, shape: Shape.Shape): Node => {
  const rank = mask.shape.length
  const axes = mask.shape.flatMap((n, axis) => (n !== 1 && (shape.at(axis - rank) ?? 1) === 1 ? [axis] : []))
  const reduced = axes.length === 0 ? mask : apply("any", { axes }, [mask])
  // What is left of it broadcasts to `shape`.
  const kept = mask.shape.map((n, axis) => (axes.includes(axis) ? 1 : n)).slice(-shape.length || rank)
  return Shape.equals(reduced.shape, kept) ? reduced : apply("reshape", { shape: kept }, [reduced])
}

class Rewriter {
  private readonly body: Body
  private readonly isProgram: boolean
  private readonly plan: ReturnType<typeof schedule>
  private readonly needs: Array<Need>
  private readonly values: Array<Node | undefined>
  /** The earliest user of each node. */
  private readonly firstUse: Int32Array
  /** Guards that wait for their masks: positions by the position of release. */
  private readonly waiting = new Map<number, Array<number>>()
  private readonly zero = constant(Tensor.full([], 0))

  constructor(body: Body, isProgram: boolean) {
    this.body = body
    this.isProgram = isProgram
    this.plan = schedule(body, false)
    this.needs = new Array<Need>(this.plan.nodes.length)
    this.values = new Array<Node | undefined>(this.plan.nodes.length)
    this.firstUse = new Int32Array(this.plan.nodes.length).fill(-1)
  }

  run(): Body {
    this.findNeeds()
    const { nodes, inputIndex, outputs } = this.plan
    const inputNodes = this.body.inputNodes.map((node) => input(node.label ?? "x", node))
    const late: Array<Node> = []
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!
      inherit(node._tag === "Constant" && this.firstUse[i]! >= 0 ? nodes[this.firstUse[i]!]!.site : node.site)
      this.values[i] = inputIndex[i]! >= 0 ? inputNodes[inputIndex[i]!]! : this.rebuild(i)
      const guard = this.guardFor(i)
      const need = this.needs[i]
      if (guard !== undefined && need === true) {
        const value = this.values[i]!
        this.values[i] = ensured(value, apply("isFinite", {}, [value]), guard)
      } else if (guard !== undefined && need !== undefined) {
        const release = Math.max(i, (need as Mask).release)
        this.waiting.set(release, [...(this.waiting.get(release) ?? []), i])
      }
      for (const j of this.waiting.get(i) ?? []) {
        inherit(nodes[j]!.site)
        const value = this.values[j]!
        const masked = apply("not", {}, [this.maskNode(this.needs[j] as Mask)])
        const ok = apply("or", {}, [apply("isFinite", {}, [value]), masked])
        late.push(ensured(value, ok, this.guardFor(j)!))
      }
      this.waiting.delete(i)
    }
    const outputNodes = tie(
      inputNodes,
      outputs.map((p) => this.values[p]!),
      late
    )
    return { inputNodes, outputNodes }
  }

  /** The operands of the node at a position, as positions. */
  private operandsOf(i: number): Int32Array {
    return this.plan.operands.subarray(this.plan.first[i]!, this.plan.first[i + 1]!)
  }

  private findNeeds(): void {
    const { nodes, outputs } = this.plan
    const uses = new Array<Array<Use> | true | undefined>(nodes.length)
    for (const p of outputs) uses[p] = true
    const use = (p: number, result: Mask | true, factor?: Factor): void => {
      if (uses[p] === true) return
      if (result === true && factor === undefined) uses[p] = true
      else if (uses[p] === undefined) uses[p] = [{ result, factor }]
      else (uses[p] as Array<Use>).push({ result, factor })
    }
    for (let i = nodes.length - 1; i >= 0; i--) {
      const node = nodes[i]!
      const need = this.needOf(node, uses[i])
      this.needs[i] = need
      const operands = this.operandsOf(i)
      for (const p of operands) this.firstUse[p] = i
      // A control node is needed through its projections.
      if (node._tag === "Control") for (const p of operands) use(p, true)
      if (node._tag === "Project") uses[operands[0]!] = true
      if (node._tag !== "Apply" || need === undefined) continue
      const primitive = node.primitive!
      const [a, b, c] = operands as unknown as [number, number, number]
      if (primitive === "isFinite") continue
      if (primitive === "select") {
        use(a, true)
        use(b, need, { position: a, when: "true" })
        use(c, need, { position: a, when: "false" })
      } else if (primitive === "mulStrongZero") {
        use(a, need, { position: b, when: "nonzero" })
        use(b, need, { position: a, when: "nonzero" })
      } else if (primitive === "ensure" || primitive === "after") {
        use(a, need)
        use(b, true)
      } else {
        const passesOn = definitions[primitive].family === "elementwise" && node.elementType === "real"
        for (const p of operands) use(p, passesOn ? need : true)
      }
    }
  }

  private needOf({ shape }: Node, uses: ReadonlyArray<Use> | true | undefined): Need {
    if (uses === undefined || uses === true) return uses
    const [first] = uses as [Use]
    // A chain of operations on one array has one mask.
    if (uses.length === 1 && first.factor === undefined && Shape.equals((first.result as Mask).shape, shape)) {
      return first.result
    }
    const release = uses.reduce(
      (latest, { factor, result }) => Math.max(latest, factor?.position ?? -1, result === true ? -1 : result.release),
      -1
    )
    return { shape, uses, release, node: undefined }
  }

  /** The truth values of a mask. Iterative, because masks can depend on each other along a whole program. */
  private maskNode(mask: Mask): Node {
    const pending = [mask]
    while (pending.length > 0) {
      const top = pending.at(-1)!
      if (top.node !== undefined) {
        pending.pop()
        continue
      }
      const before = top.uses.flatMap(({ result }) => (result === true || result.node !== undefined ? [] : [result]))
      if (before.length > 0) {
        pending.push(...before)
        continue
      }
      const parts = top.uses.map(({ factor, result }) => {
        const own = factor === undefined ? [] : [this.factorNode(factor)]
        const all = [...own, ...(result === true ? [] : [result.node!])]
        return reducedTo(
          all.reduce((x, y) => apply("and", {}, [x, y])),
          top.shape
        )
      })
      top.node = parts.reduce((x, y) => apply("or", {}, [x, y]))
    }
    return mask.node!
  }

  private factorNode({ position, when }: Factor): Node {
    const value = this.values[position]!
    return when === "true" ? value : when === "false" ? apply("not", {}, [value]) : apply("ne", {}, [value, this.zero])
  }

  private rebuild(i: number): Node {
    const node = this.plan.nodes[i]!
    if (node._tag === "Input" || node._tag === "Constant") return node
    const operands = Array.from(this.operandsOf(i), (p) => this.values[p]!)
    if (node._tag === "Apply") return applyTyped(node.primitive!, node.attributes!, operands, node)
    if (node._tag === "Project") return this.results.get(operands[0]!)![node.index]!
    const { primitive, types } = node.control!
    // Rules of differentiation are no part of what the program computes.
    const attributes = replaceIn(node.attributes!, isBody, (body, [name]) =>
      primitive === "custom" && name !== "body" ? body : finiteInside(body)
    ) as object
    const of = controlNode(primitive, attributes, operands, types)
    this.results.set(
      of,
      types.map((_, index) => project(of, index))
    )
    return of
  }

  /** The projections of the control nodes made so far. */
  private readonly results = new Map<Node, ReadonlyArray<Node>>()

  /** The guard of the node at a position, if it needs one. */
  private guardFor(i: number): Guard | undefined {
    const node = this.plan.nodes[i]!
    if (node.elementType !== "real") return undefined
    switch (node._tag) {
      case "Input":
        // The inputs of a body are checked where they come from.
        return this.isProgram ? { _tag: "NonFinite", source: "input", name: node.label! } : undefined
      case "Constant":
        return (node.value!.data as Float64Array).every(Number.isFinite)
          ? undefined
          : { _tag: "NonFinite", source: "constant", name: "constant" }
      case "Apply":
        return finiteForFinite.has(node.primitive!)
          ? undefined
          : { _tag: "NonFinite", source: "operation", name: node.primitive! }
      case "Project": {
        // Results of bodies are checked inside, but not their sums.
        const { attributes, control } = node.operands[0]!
        if (control!.primitive !== "map") return undefined
        const { summed } = attributes as Primitive.MapAttributes
        return node.index < control!.types.length - summed
          ? undefined
          : { _tag: "NonFinite", source: "operation", name: "map" }
      }
      case "Control":
        return undefined
    }
  }
}

const known = new WeakMap<Body, Body>()

const finiteInside = (body: Body): Body => {
  const before = known.get(body)
  if (before !== undefined) return before
  const made = finiteBody(body, false)
  known.set(body, made)
  return made
}

/** The body with guards on what is not finite; those of a program guard its inputs, too. */
export const finiteBody = (body: Body, isProgram: boolean): Body => {
  const before = inherit(null)
  try {
    return new Rewriter(body, isProgram).run()
  } finally {
    inherit(before)
  }
}
