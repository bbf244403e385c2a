import type { Exchange } from '../message/exchange.ts'
import type { Clock } from '../time/clock.ts'
import { systemClock } from '../time/clock.ts'
import type { PathForm } from '../message/target.ts'
import { DEFAULT_HEAD_LIMITS, type HeadLimits } from '../message/head-limits.ts'
import type { PaceLimits } from '../message/exchange-times.ts'

/** Options of a connection on which requests arrive. All times in milliseconds. */
export interface ServerConnectionOptions {
  readonly clock: Clock
  readonly limits: HeadLimits
  /** What paths may hold, at the most: whoever serves them looks closer. Default: nothing that has two readings. */
  readonly paths?: PathForm
  /** From the first byte of a head, or from the connection's start, to the head's end. Default 30 s. */
  readonly requestHeadTimeout: number
  /** Between exchanges. Default 75 s. */
  readonly keepAliveTimeout: number
  /** How fast a peer must send a request's body and take a response. Default: 30 s idle, 240 bytes a second. */
  readonly pace: PaceLimits
  /**
   * How long a peer that has closed its side, and takes nothing, is still answered: it may have left altogether. 0: not at all;
   * Infinity: as long as the exchange takes. Default 500 ms.
   */
  readonly halfClosedTimeout: number
  /** How long, after our side is closed, we wait for the peer to close its own. Default 2 s. */
  readonly lingerTimeout: number
  /** Bytes of a request's body that are read and thrown away to keep the connection after an early answer. Default 64 KiB. */
  readonly discardLimit: number
  /** Without a single byte either way, after a protocol switch. Default 1 h. */
  readonly tunnelIdleTimeout: number
}

export const DEFAULT_SERVER_OPTIONS: ServerConnectionOptions = {
  clock: systemClock,
  limits: DEFAULT_HEAD_LIMITS,
  requestHeadTimeout: 30_000,
  keepAliveTimeout: 75_000,
  pace: { idle: 30_000, minimumRate: 240, grace: 30_000 },
  halfClosedTimeout: 500,
  lingerTimeout: 2_000,
  discardLimit: 64 * 1024,
  tunnelIdleTimeout: 3_600_000,
}

/** Options of a connection on which requests are sent. All times in milliseconds. */
export interface ClientConnectionOptions {
  readonly clock: Clock
  readonly limits: HeadLimits
  /** From the request's end to the response head's. Default 30 s. */
  readonly responseHeadTimeout: number
  /** How fast a peer must take a request's body and send a response's. Default: 30 s idle, no rate. */
  readonly pace: PaceLimits
  /** How long a response whose body has not ended, and of which nothing more comes, may wait for somebody to read it. Default 120 s. */
  readonly unreadTimeout: number
  /** How long a body that expects 100 is held back before it is sent all the same (RFC 9110 10.1.1). Default 1 s. */
  readonly continueTimeout: number
  /** Without a single byte, after a protocol switch or within an event stream. Default 1 h. */
  readonly tunnelIdleTimeout: number
}

export const DEFAULT_CLIENT_OPTIONS: ClientConnectionOptions = {
  clock: systemClock,
  limits: DEFAULT_HEAD_LIMITS,
  responseHeadTimeout: 30_000,
  pace: { idle: 30_000, minimumRate: 0, grace: 30_000 },
  unreadTimeout: 120_000,
  continueTimeout: 1_000,
  tunnelIdleTimeout: 3_600_000,
}

/** What holds for an exchange on the connection: its route's times, where it has its own. */
export function optionsFor({ times }: Exchange, options: ClientConnectionOptions): ClientConnectionOptions {
  if (times === undefined) return options
  const { responseHead: responseHeadTimeout, upstream: pace, streamIdle: tunnelIdleTimeout } = times
  return { ...options, responseHeadTimeout, pace, tunnelIdleTimeout }
}
