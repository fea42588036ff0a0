/**
 * Laws that differentiable programs keep, as checks with typed reports.
 *
 * **Details**
 *
 * A law is a function of programs. `Laws.modesAgree(f)` is what it says of one program, to be used under any runner: `check` is an `Effect` that succeeds with a
 * `Report` and fails with a `LawViolation`, `assert` throws that, and `property` draws points for fast-check. `Laws.modesAgree(f, at)` is the check at
 * a point. A violation is a tagged error with a schema; its message shows the law, the program, the point, and the worst entry with both values, their difference
 * and what was allowed.
 *
 * @since 0.1.0
 */
export * from "./laws/agreesWithNumeric.ts"
export * from "./laws/backendAgrees.ts"
export * from "./laws/chainRule.ts"
export * from "./laws/hessianSymmetric.ts"
export * from "./laws/linearity.ts"
export * from "./laws/model.ts"
export * from "./laws/modesAgree.ts"
export * from "./laws/roundTrip.ts"
export * from "./laws/transpose.ts"
