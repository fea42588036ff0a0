// The programs inside of control primitives, wherever their attributes hold them: one row a control primitive.

import type * as Primitive from "../Primitive.ts"
import type { Body } from "./schedule.ts"

type Rows = {
  readonly [K in Primitive.ControlName]: (
    attributes: Primitive.ControlAttributes<K>,
    f: (body: Body) => Body
  ) => Primitive.ControlAttributes<K>
}

const rows: Rows = {
  cond: ({ whenFalse, whenTrue }, f) => ({ whenTrue: f(whenTrue), whenFalse: f(whenFalse) }),
  scan: (attributes, f) => ({ ...attributes, body: f(attributes.body) }),
  map: (attributes, f) => ({ ...attributes, body: f(attributes.body) }),
  call: (attributes, f) => ({ ...attributes, body: f(attributes.body) }),
  whileLoop: ({ condition, consts, sweeps }, f) => ({
    condition: f(condition),
    consts,
    sweeps: sweeps.map((sweep) => ({ ...sweep, body: f(sweep.body) }))
  })
}

/** The attributes with each body replaced. */
export const mapBodies = <K extends Primitive.ControlName>(
  primitive: K,
  attributes: Primitive.ControlAttributes<K>,
  f: (body: Body) => Body
): Primitive.ControlAttributes<K> => rows[primitive](attributes as never, f) as Primitive.ControlAttributes<K>

/** The bodies in the attributes of a control primitive. */
export const bodiesOf = (primitive: Primitive.ControlName, attributes: object): ReadonlyArray<Body> => {
  const bodies: Array<Body> = []
  mapBodies(primitive, attributes as never, (body) => {
    bodies.push(body)
    return body
  })
  return bodies
}
