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

// -----------------------------------------------------------------------------
// The sites of nodes. Every operation records its own, so it has to be cheap: frames are taken as objects, few of them at first, and a line is
// formatted (source maps included) when it is met for the first time. The figures are in docs/decisions/failures.md.
// -----------------------------------------------------------------------------

interface Frame {
  readonly getFileName: () => string | null | undefined
  readonly getLineNumber: () => number | null
  readonly getColumnNumber: () => number | null
}

/** How many frames to take: most calls have user code among the first few. */
const depths = [8, 16, 64]

const foreign = new Map<string, boolean>()

const isUserFile = (file: string): boolean => {
  let known = foreign.get(file)
  if (known === undefined) {
    known = !(ownFrame.test(file) || file.startsWith("node:") || file.includes("node_modules"))
    foreign.set(file, known)
  }
  return known
}

/** The sites met so far, by file, then by line and column as the engine counts them. */
const sites = new Map<string, Map<number, string | null>>()

const framesOf = (_: unknown, frames: unknown): unknown => frames

const siteOf = (file: string, frame: Frame): string | null => {
  let known = sites.get(file)
  if (known === undefined) sites.set(file, (known = new Map()))
  const place = (frame.getLineNumber() ?? 0) * 2 ** 20 + (frame.getColumnNumber() ?? 0)
  let site = known.get(place)
  if (site === undefined) known.set(place, (site = callSite() ?? null))
  return site
}

/** The interned `file:line:column` of the caller; `null` when it is not known. */
const capture = (): string | null => {
  const ErrorClass = Error as unknown as { stackTraceLimit: number; prepareStackTrace: unknown }
  const { prepareStackTrace, stackTraceLimit } = ErrorClass
  const holder: { stack?: unknown } = {}
  for (const depth of depths) {
    ErrorClass.stackTraceLimit = depth
    ErrorClass.prepareStackTrace = framesOf
    Error.captureStackTrace(holder, siteOfNode)
    const frames = holder.stack
    ErrorClass.prepareStackTrace = prepareStackTrace
    ErrorClass.stackTraceLimit = stackTraceLimit
    // Engines without structured frames give a string: there nodes have no site.
    if (!Array.isArray(frames)) return null
    for (let i = 0; i < frames.length; i++) {
      const frame = frames[i] as Frame
      const file = frame.getFileName()
      if (typeof file === "string" && isUserFile(file)) return siteOf(file, frame)
    }
    if (frames.length < depth) return null
  }
  return null
}

/** What nodes made now inherit: a site, `null` where it is not known; `undefined` where each takes its own. */
let inherited: string | null | undefined

/** The site of a node that is made now. */
export const siteOfNode = (): string | null => (inherited === undefined ? capture() : inherited)

/** The site that nodes made now inherit. */
export const inheritedSite = (): string | null | undefined => inherited

/** Calls a function that makes nodes in the place of others; what nodes inherit afterwards is what they did before, however it ends. */
export const keepingSites = <A>(f: () => A): A => {
  const before = inherited
  inherited = null
  try {
    return f()
  } finally {
    inherited = before
  }
}

/** Lets nodes made from now on inherit a site, and gives what they inherited before. */
export const inherit = (site: string | null | undefined): string | null | undefined => {
  const before = inherited
  inherited = site
  return before
}
