import type { Client } from '@headgate/client'

/** Calls to one server at the same time, by one thread. */
const MOST_CONNECTIONS = 32

export interface ProviderClientOptions {
  /** For events and metrics. */
  readonly name: string
  /** Certificates in PEM. */
  readonly ca?: string | undefined
  /** Milliseconds for a call. */
  readonly timeout: number
  /** Bytes of an answer, at most. */
  readonly largest: number
  /** False where nothing may be sent: each call then fails. */
  readonly sends: boolean
}

/**
 * Calls to a server that tells who somebody is, by the project's own client: with an end, and of an answer so much and no more. It
 * is loaded when the first one is made, and keeps its connections for the next.
 */
export class ProviderClient {
  private readonly options: ProviderClientOptions
  private opened: Promise<Client> | undefined

  constructor(options: ProviderClientOptions) {
    this.options = options
  }

  /** Rejects where nothing may be sent. */
  async get(): Promise<Client> {
    if (!this.options.sends) throw new Error('nothing is sent here')
    return (this.opened ??= this.open())
  }

  /** Calls under way end. */
  close(): void {
    const { opened } = this
    this.opened = undefined
    void opened?.then((client) => client.close({ grace: 0 }))
  }

  private async open(): Promise<Client> {
    const { createClient } = await import('@headgate/client')
    const { name, ca, timeout, largest } = this.options
    return createClient({
      name,
      ...(ca !== undefined && { tls: { ca } }),
      timeout: { deadline: timeout },
      // Whoever asks knows better than to wait twice as long.
      retry: false,
      // A token that a server stumbles over must not be what keeps it from being asked for all others.
      breaker: false,
      redirect: false,
      maxBody: largest,
      maxBufferedBody: largest,
      pool: { maxConnections: MOST_CONNECTIONS },
      throwOnStatus: false,
      tracing: false,
      lint: false,
    })
  }
}
