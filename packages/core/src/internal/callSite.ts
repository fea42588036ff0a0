// The line of user code that called into the library: the first stack frame that is
// not in one of Fluxion's own packages (sources in the workspace, `dist` when published).

const ownFrame =
  /[/\\](?:packages|@fluxion)[/\\](?:core|forward-mode|reverse-mode|calculus|compiler|optim|testing)[/\\](?:src|dist)[/\\]/

const engineFrame = /\(?(?:node:|native|<anonymous>)/

/** `file:line:column` of the caller, or `undefined` when the stack holds no user frame. */
export const callSite = (): string | undefined => {
  const holder: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 64
  Error.captureStackTrace(holder, callSite)
  Error.stackTraceLimit = limit
  for (const line of (holder.stack ?? "").split("\n").slice(1)) {
    if (ownFrame.test(line) || engineFrame.test(line) || line.includes("node_modules")) continue
    const location = /\(([^()]+:\d+:\d+)\)$/.exec(line)?.[1] ?? /at (?:async )?(\S+:\d+:\d+)$/.exec(line)?.[1]
    if (location !== undefined) return location.replace(/^file:\/\//, "")
  }
  return undefined
}
