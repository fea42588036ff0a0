/**
 * Processes that exchange lines: evals and tools of the suite.
 *
 * @since 0.1.0
 */
import { type Cause, Effect, Queue, Schema, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"

/**
 * A process could not be started, or ended where a line was awaited.
 *
 * @category errors
 * @since 0.1.0
 */
export class PeerEnded extends Schema.TaggedError<PeerEnded>()("PeerEnded", {
  name: Schema.String,
  command: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.name} (${this.command}) ${this.reason}`
  }
}

/**
 * A process that lines are sent to and received from.
 *
 * @category models
 * @since 0.1.0
 */
export interface Peer {
  readonly name: string
  readonly send: (line: string) => Effect.Effect<void>
  /** The next line, or nothing when the process ended without an error. */
  readonly receive: Effect.Effect<string | undefined, PeerEnded>
  /** The next line; that there is none is a failure. */
  readonly expect: Effect.Effect<string, PeerEnded>
}

/**
 * How a process is started: a command line for the shell, a folder, and variables beside those of this process.
 *
 * @category models
 * @since 0.1.0
 */
export interface Start {
  readonly name: string
  readonly command: string
  readonly folder: string
  readonly environment?: Readonly<Record<string, string>>
}

/**
 * Starts a process. It ends with the scope; what it writes to standard error goes to that of this process.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = Effect.fn("Peer.start")(function* ({ command, environment, folder, name }: Start) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const ended = (reason: string) => new PeerEnded({ name, command, reason })
  const handle = yield* Effect.mapError(
    spawner.spawn(
      ChildProcess.make(command, [], {
        shell: true,
        cwd: folder,
        env: environment ?? {},
        extendEnv: true,
        stderr: "inherit"
      })
    ),
    ({ message }) => ended(`cannot be started: ${message}`)
  )
  const outgoing = yield* Queue.unbounded<string, Cause.Done>()
  const incoming = yield* Queue.unbounded<string, Cause.Done>()
  // A process that ends does not read on: that shows where its next line is awaited.
  yield* Stream.fromQueue(outgoing).pipe(Stream.encodeText, Stream.run(handle.stdin), Effect.ignore, Effect.forkScoped)
  yield* handle.stdout.pipe(
    Stream.decodeText,
    Stream.splitLines,
    Stream.runForEach((line) => Queue.offer(incoming, line)),
    Effect.ignore,
    Effect.ensuring(Queue.end(incoming)),
    Effect.forkScoped
  )
  const receive = Effect.catch(Queue.take(incoming), () =>
    Effect.matchEffect(handle.exitCode, {
      onSuccess: (code) =>
        code === 0 ? Effect.succeed(undefined) : Effect.fail(ended(`ended with exit code ${code}`)),
      onFailure: ({ message }) => Effect.fail(ended(`ended: ${message}`))
    })
  )
  const peer: Peer = {
    name,
    send: (line) => Effect.asVoid(Queue.offer(outgoing, `${line}\n`)),
    receive,
    expect: Effect.flatMap(receive, (line) =>
      line === undefined ? Effect.fail(ended("ended where an answer was expected")) : Effect.succeed(line)
    )
  }
  return peer
})
