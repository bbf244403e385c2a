import type { Client } from '@headgate/client'
import type { Exchange } from '@headgate/core'
import { type Identity, identityOf } from '../identity.ts'

/** What a handler is given beside the request. */
export interface HandlerContext {
  /**
   * A client of the gateway, with its connections: each call of it ends with the exchange, has no more time than that has left, and carries its
   * request id and trace.
   */
  readonly client: Client
  /** Who asks, where an authenticator has proven it. */
  readonly identity: Identity | undefined
  /** Parameters of the route's path, as `id` of `/orders/:id`. */
  readonly params: Readonly<Record<string, string>>
  /** The name of the route. */
  readonly route: string
  /** The id of the exchange, which logs show. */
  readonly requestId: string
  /** The client's address, as the first trusted proxy tells it. */
  readonly clientAddress: string
  /** Milliseconds until the exchange must have ended; Infinity where it has no deadline. */
  readonly remaining: number
  /** Fires when the exchange is given up: the client has left, or the time is over. */
  readonly signal: AbortSignal
  /** Writes into the gateway's log, with the route and the request id. */
  readonly log: HandlerLog
  /** The engine's own form of all this. */
  readonly exchange: Exchange
}

export interface HandlerLog {
  info(message: string, facts?: Readonly<Record<string, unknown>>): void
  warn(message: string, facts?: Readonly<Record<string, unknown>>): void
  error(message: string, facts?: Readonly<Record<string, unknown>>): void
}

/** An entry of the gateway's log that a handler has written. */
export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** What all contexts of a gateway share. */
interface SharedContext {
  readonly client: () => Client
  /** Absent: nobody reads it. */
  readonly onLog?: ((entry: LogEntry) => void) | undefined
}

/** The context of one exchange: what costs something is made when it is asked for. */
export class ExchangeContext implements HandlerContext {
  readonly exchange: Exchange
  readonly #request: Request
  readonly #surroundings: SharedContext

  constructor(exchange: Exchange, request: Request, surroundings: SharedContext) {
    this.exchange = exchange
    this.#request = request
    this.#surroundings = surroundings
  }

  get client(): Client {
    return this.#surroundings.client()
  }

  get identity(): Identity | undefined {
    return identityOf.of(this.exchange)
  }

  get params(): Readonly<Record<string, string>> {
    return this.exchange.params
  }

  get route(): string {
    return this.exchange.route
  }

  get requestId(): string {
    return this.exchange.id
  }

  get clientAddress(): string {
    return this.exchange.clientAddress
  }

  get remaining(): number {
    return this.exchange.remaining()
  }

  get signal(): AbortSignal {
    return this.#request.signal
  }

  get log(): HandlerLog {
    const write =
      (level: LogEntry['level']) =>
      (message: string, facts: Readonly<Record<string, unknown>> = {}): void => {
        const { route, id } = this.exchange
        this.#surroundings.onLog?.({
          level,
          message,
          facts: { route, requestId: id, ...facts },
        })
      }
    return { info: write('info'), warn: write('warn'), error: write('error') }
  }
}
