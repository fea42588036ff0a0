import { Result, Schema, SchemaIssue } from "effect"
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const NumberCell = Schema.String.check(Schema.isPattern(decimal, { expected: "a number" })).pipe(Schema.decodeTo(Schema.FiniteFromString))
const Row = Schema.Struct({ a: Schema.NullOr(NumberCell), b: NumberCell, c: Schema.NullOr(Schema.Literals(["x", "y"])), y: Schema.NullOr(NumberCell.check(Schema.isInt(), Schema.isBetween({ minimum: 2007, maximum: 2009 }))) })
const f = SchemaIssue.makeFormatterStandardSchemaV1()
for (const v of [{ a: "1", b: "2", c: "x", y: "2007" }, { a: "abc", b: "1e999", c: "z", y: "2010.5" }, { a: null, b: null, c: null, y: "2011" }]) {
  const r = Schema.decodeUnknownResult(Row, { errors: "all", reportInput: true })(v)
  if (Result.isSuccess(r)) console.log(r.success)
  else console.log(JSON.stringify(f(r.failure.issue).issues))
}
