/** Why something could not be started, as facts that can be sent between threads. */
export interface StartFailure {
  readonly message: string
  /** The system's name of the error, as `EADDRINUSE`, or Node's. */
  readonly code?: string | undefined
  /** What the system was asked to do, as `listen` or `open`. */
  readonly syscall?: string | undefined
  /** The IP address, host name or path of a unix socket that could not be bound. */
  readonly address?: string | undefined
  readonly port?: number | undefined
  /** The file that could not be read. */
  readonly path?: string | undefined
}

/** Takes what was thrown as facts: the properties of an Error do not survive `postMessage`. */
export function startFailure(thrown: unknown): StartFailure {
  if (thrown instanceof StartError) return thrown.failure
  if (!(thrown instanceof Error)) return { message: String(thrown) }
  const { message, code, syscall, address, port, path } = thrown as Error & Partial<StartFailure>
  return { message, code, syscall, address, port, path }
}

/** The gateway could not be started. Nothing of it runs any more. */
export class StartError extends Error {
  override readonly name = 'StartError'
  readonly failure: StartFailure

  constructor(failure: StartFailure) {
    super(failure.message)
    this.failure = failure
  }
}
