// A program as a list of its operations, for people to read.

import * as Type from "../Type.ts"
import { bodiesWithin, isBody, replaceIn } from "./bodies.ts"
import { type Body, schedule } from "./schedule.ts"

/** What attributes say, but for what is not data. */
const attributesOf = (attributes: object, names: ReadonlyMap<Body, string>): string => {
  const parts = Object.entries(attributes).flatMap(([key, value]): ReadonlyArray<string> => {
    if (value === undefined || typeof value === "function") return []
    const named = replaceIn(value, isBody, (body) => names.get(body))
    return [`${key}: ${typeof named === "string" ? named : render(named)}`]
  })
  return parts.length === 0 ? "" : ` { ${parts.join(", ")} }`
}

const render = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(render).join(", ")}]`
  if (typeof value !== "object" || value === null) return String(value)
  const parts = Object.entries(value).flatMap(([key, child]) =>
    typeof child === "function" || child === undefined ? [] : [`${key}: ${render(child)}`]
  )
  return `{ ${parts.join(", ")} }`
}

const listBody = (title: string, body: Body, names: ReadonlyMap<Body, string>): ReadonlyArray<string> => {
  const { first, inputIndex, nodes, operands, outputs } = schedule(body, false)
  const labels = new Array<string>(nodes.length)
  const lines: Array<string> = []
  nodes.forEach((node, i) => {
    const of = Array.from(operands.subarray(first[i]!, first[i + 1]!), (p) => labels[p]!)
    if (inputIndex[i]! >= 0) labels[i] = `in${inputIndex[i]!}`
    else if (node._tag === "Constant") {
      const { data } = node.value!
      if (data.length === 1) labels[i] = Object.is(data[0], -0) ? "-0" : String(data[0])
      else {
        labels[i] = `c${i}`
        lines.push(`  c${i} = constant: ${Type.render(node)}`)
      }
    } else if (node._tag === "Input") labels[i] = node.label ?? `free${i}`
    else if (node._tag === "Project") labels[i] = `${of[0]}.${node.index}`
    else {
      labels[i] = `v${i}`
      const types = node.control === undefined ? Type.render(node) : node.control.types.map(Type.render).join(", ")
      const name = node.primitive ?? node.control!.primitive
      lines.push(`  v${i} = ${name}(${of.join(", ")})${attributesOf(node.attributes!, names)}: ${types}`)
    }
  })
  const inputs = body.inputNodes.map((node, i) => `in${i}: ${Type.render(node)}`).join(", ")
  return [`${title}(${inputs})`, ...lines, `  return ${outputs.map((p) => labels[p]!).join(", ")}`]
}

export const listing = (program: Body): string => {
  const bodies = bodiesWithin(program)
  const names = new Map(bodies.map((body, i) => [body, `body${i}`]))
  return [
    ...listBody("program", program, names),
    ...bodies.flatMap((body) => ["", ...listBody(names.get(body)!, body, names)])
  ].join("\n")
}
