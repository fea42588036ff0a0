// The codec between programs and JSON, for whichever class programs are of: `Fn` passes its own, so that nothing here depends on it.

import { Effect, Result, Schema, SchemaIssue, SchemaTransformation } from "effect"
import * as Tree from "../../Tree.ts"
import { decode, type MakeProgram } from "./decode.ts"
import { encode, type Program } from "./encode.ts"
import type { ProgramDecodeError, ProgramEncoded, ProgramEncodeError } from "./model.ts"
import { sameSpec } from "./specification.ts"

export interface Codec<A> {
  readonly encode: (self: A) => Result.Result<ProgramEncoded, ProgramEncodeError>
  readonly decode: (data: unknown) => Result.Result<A, ProgramDecodeError>
  /** The schema of all programs, or of those with these inputs and outputs, that cannot fail unless they may. */
  readonly schema: (like?: {
    readonly inputs: Tree.Spec
    readonly outputs: Tree.Spec
    readonly mayFail: boolean
  }) => Schema.Codec<A, ProgramEncoded>
}

const fail = ({ actual, expected, path }: ProgramDecodeError | ProgramEncodeError) => {
  const issue = new SchemaIssue.InvalidValue({ message: `Expected ${expected}, got ${actual}` })
  return Effect.fail(path.length === 0 ? issue : new SchemaIssue.Pointer(path, issue))
}

/** Programs are of type `A` for users, and `is` tells them; `make` makes one. */
export const makeCodec = <A>(is: (u: unknown) => u is A, make: MakeProgram<Program>): Codec<A> => {
  const programOf = (self: A): Program => self as unknown as Program
  const encodeProgram = (self: A) => encode(programOf(self))
  const decodeProgram = (data: unknown) => decode(data, make) as unknown as Result.Result<A, ProgramDecodeError>
  const schema: Codec<A>["schema"] = (like) => {
    const fits = (self: A): boolean =>
      like === undefined ||
      (sameSpec(programOf(self).inputs, like.inputs) &&
        sameSpec(programOf(self).outputs, like.outputs) &&
        (like.mayFail || !programOf(self).outputNodes.some(({ guarded }) => guarded)))
    const expected =
      like === undefined
        ? "a program"
        : `a program ${Tree.render(like.inputs)} -> ${Tree.render(like.outputs)}${like.mayFail ? "" : " that cannot fail"}`
    const declared = Schema.declare((u): u is A => is(u) && fits(u), { title: "Program", expected })
    // What is data and what is not, decoding tells, with the place.
    const data = Schema.declare((u): u is ProgramEncoded => u !== undefined, {
      title: "ProgramEncoded",
      expected: "a program as JSON",
      toCodecJson: () => undefined
    })
    return data.pipe(
      Schema.decodeTo(
        declared,
        SchemaTransformation.transformEffect<A, ProgramEncoded>({
          decode: (encoded) =>
            Result.match(decodeProgram(encoded), { onSuccess: (self) => Effect.succeed(self), onFailure: fail }),
          encode: (self) =>
            Result.match(encodeProgram(self), { onSuccess: (encoded) => Effect.succeed(encoded), onFailure: fail })
        })
      )
    )
  }
  return { encode: encodeProgram, decode: decodeProgram, schema }
}
