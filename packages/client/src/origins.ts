import {
  type ConnectionOptions,
  type Exchange,
  type Handler,
  type HttpResponse,
  originKey,
  SingleEndpoint,
  TrafficError,
} from '@headgate/core'

/** What all connections of a client have in common. */
export interface ConnectionSettings extends ConnectionOptions {
  /** Where they lead in place of the host of the URL. */
  readonly socketPath?: string | undefined
}

/** More origins than this are kept only while they are in use. */
const KEPT_ORIGINS = 256

/** The network end of clients: one endpoint, with its pool of connections, for each origin. */
export class Origins {
  /** How many clients use it and have not been closed. */
  users = 0
  private readonly settings: ConnectionSettings
  private readonly endpoints = new Map<string, SingleEndpoint>()
  /** Calls come in runs to one origin. */
  private lastKey = ''
  private last: SingleEndpoint | undefined
  private isClosed = false

  constructor(settings: ConnectionSettings) {
    this.settings = settings
  }

  /** Sends an exchange to the origin that its request names. */
  readonly handler = (exchange: Exchange): Promise<HttpResponse> => {
    if (this.isClosed) return Promise.reject(closedError())
    const key = originKey(exchange)
    if (key !== this.lastKey || this.last === undefined) {
      this.last = this.endpoints.get(key) ?? this.add(key, key, this.settings.socketPath)
      this.lastKey = key
    }
    return this.last.handler(exchange)
  }

  /** Sends exchanges to a unix socket, whatever origin their requests name. */
  at(socketPath: string): Handler {
    return (exchange) => {
      if (this.isClosed) return Promise.reject(closedError())
      const origin = originKey(exchange)
      // No origin has a space in it.
      const key = `${origin} ${socketPath}`
      const endpoint = this.endpoints.get(key) ?? this.add(key, origin, socketPath)
      return endpoint.handler(exchange)
    }
  }

  /** Whether it takes no more exchanges. */
  get closed(): boolean {
    return this.isClosed
  }

  /** Each origin with what its pool holds. */
  *[Symbol.iterator](): IterableIterator<readonly [origin: string, endpoint: SingleEndpoint]> {
    yield* this.endpoints
  }

  /** Takes no more exchanges, and resolves when those under way are finished. */
  async drain(): Promise<void> {
    this.isClosed = true
    await Promise.all([...this.endpoints.values()].map((endpoint) => endpoint.drain()))
  }

  /** Ends everything now. */
  destroy(): void {
    this.isClosed = true
    for (const endpoint of this.endpoints.values()) endpoint.destroy()
  }

  private add(key: string, url: string, socketPath: string | undefined): SingleEndpoint {
    if (this.endpoints.size >= KEPT_ORIGINS) this.forgetUnused()
    const endpoint = new SingleEndpoint({ url, socketPath }, this.settings)
    this.endpoints.set(key, endpoint)
    return endpoint
  }

  /** A crawler meets more origins than it comes back to. */
  private forgetUnused(): void {
    this.lastKey = ''
    this.last = undefined
    for (const [key, endpoint] of this.endpoints) {
      const { active, connecting, pending } = endpoint.stats()
      if (active + connecting + pending > 0) continue
      this.endpoints.delete(key)
      endpoint.destroy()
      if (this.endpoints.size < KEPT_ORIGINS) return
    }
  }
}

/** What a client that was closed says. */
export function closedError(): TrafficError {
  return new TrafficError('shutting_down', 'the client was closed: make another with createClient', {
    replaySafe: 'unsent',
  })
}
