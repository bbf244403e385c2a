import {
  type Exchange,
  type HttpResponse,
  originKey,
  TrafficError,
  Upstream,
  type UpstreamOptions,
} from '@headgate/core'

/** What all connections of a client have in common. */
export type ConnectionSettings = Omit<UpstreamOptions, 'name' | 'endpoints'>

/** More origins than this are kept only while they are in use. */
const KEPT_ORIGINS = 256

/** The network end of a client: one upstream, with its pool of connections, for each origin. */
export class Origins {
  private readonly settings: ConnectionSettings
  private readonly upstreams = new Map<string, Upstream>()
  /** Calls come in runs to one origin. */
  private lastKey = ''
  private last: Upstream | undefined
  private closed = false

  constructor(settings: ConnectionSettings) {
    this.settings = settings
  }

  /** Sends an exchange to the origin that its request names. */
  readonly handler = (exchange: Exchange): Promise<HttpResponse> => {
    if (this.closed) return Promise.reject(closedError())
    const key = originKey(exchange)
    if (key !== this.lastKey || this.last === undefined) {
      this.last = this.upstreams.get(key) ?? this.add(key)
      this.lastKey = key
    }
    return this.last.handler(exchange)
  };

  /** Each origin with what its pool holds. */
  *[Symbol.iterator](): IterableIterator<readonly [origin: string, upstream: Upstream]> {
    yield* this.upstreams
  }

  /** Takes no more exchanges, and resolves when those under way are finished. */
  async drain(): Promise<void> {
    this.closed = true
    await Promise.all([...this.upstreams.values()].map((upstream) => upstream.drain()))
  }

  /** Ends everything now. */
  destroy(): void {
    this.closed = true
    for (const upstream of this.upstreams.values()) upstream.destroy()
  }

  private add(key: string): Upstream {
    if (this.upstreams.size >= KEPT_ORIGINS) this.forgetUnused()
    const upstream = new Upstream({ ...this.settings, name: key, endpoints: [{ url: key }] })
    this.upstreams.set(key, upstream)
    return upstream
  }

  /** A crawler meets more origins than it comes back to. */
  private forgetUnused(): void {
    for (const [key, upstream] of this.upstreams) {
      const inUse = upstream
        .stats()
        .some(({ active, connecting, pending }) => active + connecting + pending > 0)
      if (inUse) continue
      this.upstreams.delete(key)
      upstream.destroy()
      if (this.upstreams.size < KEPT_ORIGINS) return
    }
  }
}

/** What a client that was closed says. */
export function closedError(): TrafficError {
  return new TrafficError('shutting_down', 'the client was closed: make another with createClient', {
    replaySafe: 'unsent',
  })
}
