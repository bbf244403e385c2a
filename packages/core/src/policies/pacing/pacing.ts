import { own } from '../../message/own-options.ts'
import { parseQuotas, type Quota } from '../../fields/rate-limit.ts'
import { parseRetryAfter } from '../../fields/retry-after.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Handler, Policy } from '../../message/handler.ts'
import type { HttpResponse } from '../../message/response.ts'
import { BoundedMap } from '../bounded-map.ts'
import { originKey } from '../origin-key.ts'
import { Pacer } from './pacer.ts'

/** Options of `pacing`. */
export interface PacingOptions {
  /** Whose quota a request is counted against. Default: the origin. */
  readonly key?: ((exchange: Exchange) => string) | undefined
  /** Milliseconds to wait for a turn at most, within the deadline. Default 30,000. */
  readonly maxWait?: number | undefined
  /** How many may wait for each key. Default 1,000. */
  readonly queue?: number | undefined
  /** Below this part of the limit, requests are spread over the time that is left. Default 0.1; 0 goes on until nothing is left. */
  readonly spread?: number | undefined
  /** How many keys to keep. Default 1,000. */
  readonly maxKeys?: number | undefined
}

const NONE: readonly Quota[] = []

/**
 * Keeps to the quota that a server tells of in its responses (RateLimit, X-RateLimit-*, Retry-After with 429 and 503), before it
 * has to refuse. What would wait for too long is refused here with `rate_limited`, and is not sent. It stands inside of
 * `retry`, so that each attempt waits for its turn.
 * @throws TypeError if an option is out of range
 */
export function pacing(given: PacingOptions = {}): Policy {
  const options = own(given)
  const { key = originKey, maxWait = 30_000, queue = 1_000, spread = 0.1, maxKeys = 1_000 } = options
  for (const [name, value] of Object.entries({ maxWait, queue, spread })) {
    if (!(value >= 0)) throw new TypeError(`${name} of the pacing is ${value}: use a number from 0`)
  }
  const pacers = new BoundedMap<Pacer>(maxKeys)
  return (next) =>
    function pacing(exchange) {
      const name = key(exchange)
      let pacer = pacers.get(name)
      if (pacer === undefined) {
        pacer = new Pacer(exchange.clock, { name, maxWait, queue, spread })
        pacers.set(name, pacer)
      }
      const turn = pacer.enter(exchange)
      return turn === undefined ? send(pacer, exchange, next) : sendLater(turn, pacer, exchange, next)
    }
}

async function sendLater(
  turn: Promise<void>,
  pacer: Pacer,
  exchange: Exchange,
  next: Handler,
): Promise<HttpResponse> {
  await turn
  if (exchange.cancellation === undefined) return send(pacer, exchange, next)
  // Between its turn and now it was given up.
  pacer.withdrawn()
  throw exchange.cancellation
}

async function send(pacer: Pacer, exchange: Exchange, next: Handler): Promise<HttpResponse> {
  let response: HttpResponse
  try {
    response = await next(exchange)
  } catch (thrown) {
    // It may have been counted all the same.
    pacer.answered(NONE, undefined)
    throw thrown
  }
  const { headers, status } = response
  const now = exchange.clock.wallTime()
  const refused = status === 429 || status === 503
  const wait = refused ? parseRetryAfter(headers.get('retry-after'), now) : undefined
  pacer.answered(parseQuotas(headers, now), wait)
  return response
}
