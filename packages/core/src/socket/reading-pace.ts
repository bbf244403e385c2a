import { isStream } from '../fields/stream-types.ts'
import { TrafficError } from '../message/errors.ts'
import type { PaceLimits } from '../message/exchange-times.ts'
import type { HeaderList } from '../message/headers.ts'
import type { ClientConnectionOptions } from './connection-options.ts'
import { Pace } from './pace.ts'

/** Bytes of a response's content that are read before anybody asks for them, so that a small body ends, and frees its connection, though nobody reads it. */
export const READ_AHEAD: number = 64 * 1024

/** Whose content comes too slowly, or is not read. */
export interface ReadingPaceOwner {
  /** It comes too slowly. */
  tooSlow(reason: string): void
  /** Nobody has begun to read it: its connection, or stream, is not held for ever. */
  unread(error: TrafficError): void
}

/** How soon somebody must begin to read the content of a response, and how fast it must come from then on. */
export class ReadingPace {
  begun = false
  private readonly pace: Pace
  /** Those that count once somebody reads. */
  private readonly limits: PaceLimits

  constructor(headers: HeaderList, options: ClientConnectionOptions, owner: ReadingPaceOwner) {
    const { clock, pace, tunnelIdleTimeout, unreadTimeout } = options
    // A stream of events is silent for as long as nothing happens.
    this.limits = isStream(headers.get('content-type')) ? onlyIdle(tunnelIdleTimeout) : pace
    this.pace = new Pace(clock, onlyIdle(unreadTimeout), () => {
      if (this.begun) return owner.tooSlow('the response body comes too slowly')
      const reason = `nobody began to read the response body within ${unreadTimeout} ms; read it, or give it up`
      owner.unread(new TrafficError('cancelled', reason, { phase: 'response-body' }))
    })
    this.pace.start()
  }

  /** So many bytes came. */
  progress(length: number): void {
    this.pace.progress(length)
  }

  /** What came waits for whoever reads it. */
  waits(): void {
    if (this.begun) this.pace.pause()
  }

  /** It is read on. @returns whether that is the beginning of it */
  reads(): boolean {
    if (this.begun) {
      this.pace.resume()
      return false
    }
    this.begun = true
    this.pace.restart(this.limits)
    return true
  }

  stop(): void {
    this.pace.stop()
  }
}

function onlyIdle(idle: number): PaceLimits {
  return { idle, minimumRate: 0, grace: 0 }
}
