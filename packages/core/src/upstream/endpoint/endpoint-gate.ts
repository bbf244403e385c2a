import type { Exchange } from '../../message/exchange.ts'
import type { HttpResponse } from '../../message/response.ts'

/** Lets exchanges through to one endpoint, or not, as a circuit breaker does. The face that has one puts it in. */
export interface EndpointGate {
  /** Nothing can be let through now. While it is false, `enter` returns a permit. */
  readonly shut: boolean
  /** To be called when `shut` has changed: set by the upstream. */
  changed: () => void
  /** An exchange is sent to the endpoint: answers its permit, or a negative number if it must not be. */
  enter(now: number): number
  /** Sees how what was let in ends. */
  watch(sent: Promise<HttpResponse>, permit: number, exchange: Exchange): Promise<HttpResponse>
  /** Milliseconds until something may be let through again; undefined if nobody knows. */
  retryAfter(now: number): number | undefined
  /** It is not needed any more. */
  stop(): void
}
