// Programs as text, and how many operations they have.

import { Backend, type Body } from "@fluxion/core"
import { Effect } from "effect"

/** A program as core lists it. */
export const listing = (body: Body.Body): string =>
  Effect.runSync(Backend.interpreter.explain(body)).split("\n").slice(2).join("\n")

/** Operations that compute: neither what only says how an array is read, nor what keeps an order. */
export const operations = (body: Body.Body): number =>
  listing(body)
    .split("\n")
    .filter((line) => / = \w+\(/.test(line) && !/ = (broadcastTo|reshape|after)\(/.test(line)).length
