// Moves out of loops what is the same in each step: computed once before the loop, it comes in as one more operand. Nothing that can fail is moved, so a loop
// without steps, which computes more than before then, means what it meant.

import { type Algebra, Body, type Expr, type Primitive, Shape, type Type } from "@fluxion/core"
import { copying } from "./control.ts"
import { type Graph, isCheckpoint, type Run } from "./graph.ts"
import type { Term } from "./term.ts"

/** Moving them alone gains nothing: they are read where their operand is. */
const views = new Set<Primitive.Name>(["broadcastTo", "reshape", "transpose", "slice", "reverse", "stopGradient"])

/** To do them again costs no more than to read their results. */
const cheap = new Set<Primitive.Name>([
  "neg",
  "abs",
  "toReal",
  "add",
  "sub",
  "mul",
  "max",
  "min",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "and",
  "or",
  "not",
  "select"
])

/** A value of a body: whether it is the same in each step, and where it comes from. */
interface Value extends Type.Type {
  readonly isInvariant: boolean
  readonly canFail: boolean
  /** The number of the operation that made it, and which of its results it is; -1 for inputs and constants. */
  readonly operation: number
  readonly index: number
  /** Of what is done again inside: what it is made of. */
  readonly again: ReadonlyArray<Value> | undefined
}

interface Parts {
  /** From the invariant inputs to what is moved. */
  readonly outside: Body.Body
  /** Takes what is moved, then all inputs. */
  readonly inside: Body.Body
}

const typeOf = ({ elementType, shape }: Type.Type): Type.Type => ({ elementType, shape })

const expands = (operands: ReadonlyArray<Type.Type>, type: Type.Type): boolean =>
  operands.reduce((sum, { shape }) => sum + Shape.size(shape), 0) < Shape.size(type.shape)

/** Which values are moved, as `operation.index`. */
const find = (run: Run, body: Body.Body, invariant: ReadonlyArray<boolean>): ReadonlyMap<string, Value> => {
  let next = 0
  const moved = new Map<string, Value>()
  const need = (values: ReadonlyArray<Value>): void => {
    const pending = [...values]
    while (pending.length > 0) {
      const value = pending.pop()!
      if (!value.isInvariant || value.operation < 0) continue
      if (value.again === undefined) moved.set(`${value.operation}.${value.index}`, value)
      else pending.push(...value.again)
    }
  }
  const leaf = (type: Type.Type, isInvariant: boolean): Value => ({
    ...typeOf(type),
    isInvariant,
    canFail: false,
    operation: -1,
    index: 0,
    again: undefined
  })
  const algebra: Algebra<Value> = {
    apply: (primitive, _, given, type) => {
      const operands = given as ReadonlyArray<Value>
      const canFail = primitive === "ensure" || operands.some((operand) => operand.canFail)
      const isInvariant = !canFail && operands.every((operand) => operand.isInvariant)
      const isAgain = views.has(primitive) || (cheap.has(primitive) && expands(operands, type!))
      if (!isInvariant) need(operands)
      return {
        ...typeOf(type!),
        isInvariant,
        canFail,
        operation: next++,
        index: 0,
        again: isAgain ? operands : undefined
      }
    },
    applyMany: (primitive, attributes, operands, types) => {
      const canFail = operands.some((operand) => operand.canFail) || isGuarded(run, attributes)
      const isInvariant =
        !canFail && !isCheckpoint(primitive, attributes) && operands.every((operand) => operand.isInvariant)
      if (!isInvariant) need(operands)
      const operation = next++
      return types!.map((type, index) => ({
        ...typeOf(type),
        isInvariant,
        canFail,
        operation,
        index,
        again: undefined
      }))
    },
    constant: (value) => leaf(value, true),
    typeOf: (value) => value
  }
  need(
    Body.interpret(
      body,
      algebra,
      Body.inputTypes(body).map((type, i) => leaf(type, invariant[i]!))
    )
  )
  return moved
}

const isGuarded = (run: Run, attributes: object): boolean => {
  let found = false
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || found) return
    if ("inputNodes" in value) found = run.isGuarded(value as Body.Body)
    else Object.values(value).forEach(visit)
  }
  visit(attributes)
  return found
}

const split = (run: Run, body: Body.Body, invariant: ReadonlyArray<boolean>): Parts | undefined => {
  const moved = find(run, body, invariant)
  if (moved.size === 0) return undefined
  const types = Body.inputTypes(body).map(typeOf)
  const places = new Map(Array.from(moved.keys(), (key, i) => [key, i]))
  const outside = Body.make(
    types.filter((_, i) => invariant[i]),
    (inputs) => {
      const found = new Array<Expr.Any>(moved.size)
      let next = 0
      let given = 0
      const note = (operation: number, results: ReadonlyArray<Expr.Any>): void =>
        results.forEach((result, index) => {
          const place = places.get(`${operation}.${index}`)
          if (place !== undefined) found[place] = result
        })
      // What is not the same in each step has no value here.
      const algebra: Algebra<Expr.Any | undefined> = {
        apply: (primitive, attributes, operands, type) => {
          const operation = next++
          if ((operands as ReadonlyArray<unknown>).includes(undefined) || primitive === "ensure") return undefined
          const made = copying.apply(primitive, attributes, operands as never, type)
          note(operation, [made])
          return made
        },
        applyMany: (primitive, attributes, operands, resultTypes) => {
          const operation = next++
          if (operands.includes(undefined) || isGuarded(run, attributes) || isCheckpoint(primitive, attributes)) {
            return resultTypes!.map(() => undefined)
          }
          const made = copying.applyMany(primitive, attributes, operands as ReadonlyArray<Expr.Any>, resultTypes)
          note(operation, made)
          return made
        },
        constant: copying.constant,
        typeOf: (expr) => copying.typeOf(expr!)
      }
      Body.interpret(
        body,
        algebra,
        types.map((_, i) => (invariant[i] === true ? inputs[given++] : undefined))
      )
      return found
    }
  )
  const inside = Body.make([...Array.from(moved.values(), typeOf), ...types], (inputs) => {
    let next = 0
    const algebra: Algebra<Expr.Any> = {
      ...copying,
      apply: (primitive, attributes, operands, type) => {
        const place = places.get(`${next++}.0`)
        return place === undefined ? copying.apply(primitive, attributes, operands, type) : inputs[place]!
      },
      applyMany: (primitive, attributes, operands, resultTypes) => {
        const operation = next++
        const own = resultTypes!.map((_, index) => places.get(`${operation}.${index}`))
        if (!own.some((place) => place !== undefined)) {
          return copying.applyMany(primitive, attributes, operands, resultTypes)
        }
        // Results that are not moved are those that nothing uses.
        return own.map((place) => inputs[place ?? own.find((other) => other !== undefined)!]!)
      }
    }
    return Body.interpret(body, algebra, inputs.slice(moved.size))
  })
  return { outside, inside }
}

const parts = (run: Run, body: Body.Body, invariant: ReadonlyArray<boolean>): Parts | undefined =>
  run.remember(body, `hoist ${invariant.map(Number).join("")}`, () => split(run, body, invariant))

/** A loop without what is the same in each of its steps, and its operands with that. */
export type Hoist = (
  graph: Graph,
  primitive: "map" | "scan" | "whileLoop",
  attributes: object,
  operands: ReadonlyArray<Term>
) => { readonly attributes: object; readonly operands: ReadonlyArray<Term> } | undefined

export const hoist: Hoist = (graph, primitive, attributes, operands) => {
  const { consts } = attributes as { readonly consts: number }
  const given = operands.slice(0, consts)
  const before: Array<Term> = []
  const move = (body: Body.Body): Parts | undefined => {
    const own = parts(
      graph.run,
      body,
      Body.inputTypes(body).map((_, i) => i < consts)
    )
    if (own === undefined) return undefined
    before.push(...Body.interpret(own.outside, graph.algebra, given))
    return own
  }
  const like = (body: Body.Body, made: Body.Body): Body.Body =>
    graph.run.restricted({ body, isGuarded: graph.run.isGuarded(body) }, made)
  if (primitive !== "whileLoop") {
    const { body } = attributes as Primitive.MapAttributes
    const own = move(body)
    if (own === undefined) return undefined
    graph.run.changes++
    return {
      attributes: { ...attributes, body: like(body, own.inside), consts: consts + before.length },
      operands: [...before, ...operands]
    }
  }
  const { condition, sweeps } = attributes as Primitive.WhileLoopAttributes
  const bodies = [condition, ...sweeps.map(({ body }) => body)]
  const moved = bodies.map((body) => {
    const first = before.length
    return { body, first, own: move(body) }
  })
  if (before.length === 0) return undefined
  graph.run.changes++
  // Every body takes what was moved out of any.
  const [test, ...rest] = moved.map(({ body, first, own }) => {
    const types = Body.inputTypes(body).map(typeOf)
    const size = own === undefined ? 0 : Body.inputTypes(own.inside).length - types.length
    return like(
      body,
      Body.make([...before.map(typeOf), ...types], (inputs) => {
        const rest = inputs.slice(before.length)
        return Body.interpret(
          own?.inside ?? body,
          copying,
          own === undefined ? rest : [...inputs.slice(first, first + size), ...rest]
        )
      })
    )
  }) as [Body.Body, ...Array<Body.Body>]
  return {
    attributes: {
      condition: test,
      consts: consts + before.length,
      sweeps: sweeps.map((sweep, k) => ({ ...sweep, body: rest[k]! }))
    },
    operands: [...before, ...operands]
  }
}
