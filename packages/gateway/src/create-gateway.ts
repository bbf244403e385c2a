import { type Clock, type Handler, systemClock } from '@headgate/core'
import { JsonAccessLog } from './access-log.ts'
import type { GatewayConfigInput } from './config/input.ts'
import { parseConfig } from './config/parse.ts'
import { formatProblems } from './config/problems/format.ts'
import type { ConfigProblem } from './config/problems/problem.ts'
import { type CloseReport, Gateway } from './gateway.ts'
import { listenerUrl } from './listener-url.ts'

export interface CreateGatewayOptions {
  /** Takes each line of the access log, a JSON object with a line break. Default: there is none. */
  readonly accessLog?: (line: string) => void
  /** Default: the clock of the machine. */
  readonly clock?: Clock
}

/** A gateway inside a program of your own. */
export interface EmbeddedGateway {
  /** Answers an exchange as the gateway would, without a socket. */
  readonly handler: Handler
  /** Binds all listeners and serves. Rejects, with nothing bound, with Node's error of the one that cannot be bound. */
  listen(): Promise<readonly ListeningOn[]>
  /**
   * Stops accepting, lets exchanges in flight finish, and closes everything.
   * @param timeout in milliseconds, for the exchanges; `drain.timeout` of the configuration by default
   */
  close(timeout?: number): Promise<CloseReport>
}

export interface ListeningOn {
  /** As `http://127.0.0.1:8080`, or `unix:/path`. */
  readonly url: string
  /** Undefined for a unix socket. */
  readonly port: number | undefined
}

/** A configuration that `createGateway` refused. The message names every mistake. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super(`the configuration is not valid:\n${formatProblems(problems, { color: false })}`)
    this.problems = problems
  }
}

/**
 * Makes a gateway that runs in this thread. `workers`, `admin` and `accessLog` of the configuration are for
 * `headgate run`: here, they are without effect.
 * @param config as in a configuration file
 * @throws ConfigError if it is not valid
 */
export function createGateway(
  config: GatewayConfigInput,
  options: CreateGatewayOptions = {},
): EmbeddedGateway {
  const { clock = systemClock, accessLog } = options
  const result = parseConfig(config)
  if (!result.ok) throw new ConfigError(result.problems)
  const log = accessLog && { accessLog: new JsonAccessLog({ write: guarded(accessLog) }, clock) }
  const gateway = new Gateway(result.config, { clock, ...log })
  return {
    handler: gateway.handler,
    async listen() {
      const listeners = await gateway.listen()
      return listeners.map(({ config, port }) => ({ url: listenerUrl(config, port), port }))
    },
    close: (timeout) => gateway.close(timeout),
  }
}

/** A log that throws costs its line, and is reported once: the exchange was answered. */
function guarded(write: (line: string) => void): (line: string) => void {
  let reported = false
  return (line) => {
    try {
      write(line)
    } catch (thrown) {
      if (reported) return
      reported = true
      const reason = thrown instanceof Error ? thrown.message : `a ${typeof thrown} was thrown`
      process.emitWarning(
        `accessLog of createGateway fails, and lines are lost: ${reason}`,
        'HeadgateWarning',
      )
    }
  }
}
