import type { PaceLimits } from '../message/exchange-times.ts'
import type { Clock } from '../time/clock.ts'
import type { SectionLimits } from './field-section.ts'

/** What a peer may ask of us over one HTTP/2 connection, whichever side it is. Bytes and milliseconds. */
export interface Http2Limits {
  /** Streams that the peer may have open at a time: SETTINGS_MAX_CONCURRENT_STREAMS. Default 100. */
  readonly streams: number
  /** What may be on its way on one stream that somebody reads. Default 256 KiB. */
  readonly streamWindow: number
  /** The same for all streams of a connection together: what one that is not read may make us hold. Default 1 MiB. */
  readonly connectionWindow: number
  /** CONTINUATION frames of one field block. Default 16. */
  readonly continuations: number
  /** Fields that Cookie may be cut into. Default 200. */
  readonly cookieCrumbs: number
  /** How long the peer may take to acknowledge our SETTINGS. Default 10 s. */
  readonly settingsTimeout: number
  /** How long nothing may come, while streams are open, before the peer is asked by PING whether it is there. Default 60 s. */
  readonly pingInterval: number
  /** How long the peer may take to answer PING. Default 20 s. */
  readonly pingTimeout: number
  /** What frames that bring nothing forward, and resets, may cost before the connection ends: see `WorkMeter`. Default 2000 points. */
  readonly wastedWork: number
}

export const DEFAULT_HTTP2_LIMITS: Http2Limits = {
  streams: 100,
  streamWindow: 256 * 1024,
  connectionWindow: 1024 * 1024,
  continuations: 16,
  cookieCrumbs: 200,
  settingsTimeout: 10_000,
  pingInterval: 60_000,
  pingTimeout: 20_000,
  wastedWork: 2_000,
}

/** On the side that asks. `streams`: as many exchanges are sent at a time at the most, even if the peer takes more. */
export const DEFAULT_HTTP2_CLIENT_LIMITS: Http2Limits = { ...DEFAULT_HTTP2_LIMITS, streams: 1000 }

/** What a connection is made with, whichever side we are. Milliseconds. */
export interface Http2ConnectionOptions {
  readonly clock: Clock
  readonly http2: Http2Limits
  /** What the peer may send on a stream before somebody reads it: SETTINGS_INITIAL_WINDOW_SIZE. Bytes. */
  readonly unreadWindow: number
  /** What a message's head or trailers may be. */
  readonly section: SectionLimits
  /** From the connection's start to the peer's first SETTINGS, and from a frame's first byte to its last, or the last of its block. */
  readonly frameTimeout: number
  /** Without a stream, until the connection is closed. */
  readonly idleTimeout: number
  /** How fast the peer must take what is sent to it. */
  readonly pace: PaceLimits
  /** How long a peer that has closed its side is still sent what is under way. */
  readonly halfClosedTimeout: number
  /** How long, after our side is closed, we wait for the peer to close its own. */
  readonly lingerTimeout: number
}
