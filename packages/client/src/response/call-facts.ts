import { type Exchange, HeaderList, type TrafficError, type WireFacts } from '@headgate/core'
import { receivedHeaders } from './received-headers.ts'

/**
 * How long a call took, step by step: milliseconds since its start, on a monotonic clock. `dns`, `connect` and `tls` are undefined for
 * a connection that was there before the call; of retries and redirects the last attempt counts.
 */
export interface CallTimings {
  /** When the call began, as `performance.now()` says it. */
  readonly start: number
  /** The name was resolved. Undefined if the URL has an address, too. */
  readonly dns: number | undefined
  /** TCP connected. */
  readonly connect: number | undefined
  /** The TLS handshake was finished. Undefined for http, too. */
  readonly tls: number | undefined
  /** The last byte of the request was handed to the system. */
  readonly requestWritten: number | undefined
  /** The head of the final response was here. */
  readonly firstByte: number | undefined
  /** The content ended, or broke. Undefined until then. */
  readonly end: number | undefined
  /** Whether the connection had served another request before. */
  readonly reusedConnection: boolean
}

/** What a response tells of its call: it goes on until the content has ended. */
export class CallFacts {
  private readonly wire: WireFacts | undefined
  private readonly start: number
  private endedAt: number | undefined
  private last: HeaderList | undefined
  private failure: TrafficError | undefined
  private waiting: PromiseWithResolvers<Headers> | undefined

  constructor({ wire, startedAt }: Exchange) {
    this.wire = wire
    this.start = startedAt
  }

  /** The content has ended, or broken. */
  ended(at: number, trailers: HeaderList | undefined, failure: TrafficError | undefined): void {
    this.endedAt = at
    this.last = trailers
    this.failure = failure
    if (failure === undefined) this.waiting?.resolve(trailersOf(trailers))
    else this.waiting?.reject(failure)
  }

  /** Rejects with what broke the content, which its reader is told of in any case. */
  get trailers(): Promise<Headers> {
    if (this.waiting !== undefined) return this.waiting.promise
    this.waiting = Promise.withResolvers<Headers>()
    this.waiting.promise.catch(() => undefined)
    if (this.endedAt !== undefined) this.ended(this.endedAt, this.last, this.failure)
    return this.waiting.promise
  }

  get remoteAddress(): string | undefined {
    return this.wire?.connection?.remoteAddress
  }

  get timings(): CallTimings {
    const { wire, start } = this
    const opened = wire?.reused === true ? undefined : wire?.connection
    // A connection that was opened for another call may be older than this one.
    const since = (at: number | undefined): number | undefined =>
      at === undefined || at < start ? undefined : at - start
    return {
      start,
      dns: since(opened?.resolvedAt),
      connect: since(opened?.connectedAt),
      tls: since(opened?.securedAt),
      requestWritten: since(wire?.requestWrittenAt),
      firstByte: since(wire?.respondedAt),
      end: since(this.endedAt),
      reusedConnection: wire?.reused ?? false,
    }
  }
}

function trailersOf(list: HeaderList | undefined): Headers {
  return receivedHeaders(list ?? new HeaderList(), undefined)
}
