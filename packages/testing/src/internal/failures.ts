// Failures of programs, compared.

import { Result } from "effect"

type Outcome = Result.Result<unknown, unknown>

const renderError = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error)

/** Without the line of code, which a decoded program does not know. */
const withoutSite = (text: string): string => text.replace(/\n\s+at .*/g, "")

/** Whether both failed, and with the same error. */
export const sameFailure = (a: Outcome, b: Outcome): boolean =>
  Result.isFailure(a) &&
  Result.isFailure(b) &&
  withoutSite(renderError(a.failure)) === withoutSite(renderError(b.failure))

export const renderFailure = (outcome: Outcome): string =>
  Result.isFailure(outcome) ? `fails with ${withoutSite(renderError(outcome.failure))}` : "does not fail"
