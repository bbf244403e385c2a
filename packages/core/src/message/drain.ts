import type { Clock } from '../time/clock.ts'
import type { Body } from './body.ts'
import { TrafficError } from './errors.ts'

/** What reading a body that nobody wants may cost at most. */
export interface DrainLimits {
  /** Bytes. */
  readonly size: number
  /** Milliseconds. */
  readonly time: number
}

/** A new connection costs about as much as reading this much, or waiting this long. */
const DRAIN_LIMITS: DrainLimits = { size: 64 * 1024, time: 1_000 }

/**
 * Reads the rest of a body that nobody wants, so that its connection can be used again; beyond the limits it is cancelled, and
 * the connection goes. Returns at once.
 */
export function drain(body: Body, clock: Clock, limits: DrainLimits = DRAIN_LIMITS): void {
  if (body.whole !== undefined) return
  const unwanted = new TrafficError('cancelled', 'nobody wants the rest of this response')
  if (body.length !== undefined && body.length > limits.size) return body.cancel(unwanted)
  const timer = clock.timer(() => body.cancel(unwanted))
  let size = 0
  const settle = (): void => timer.disarm()
  timer.arm(limits.time)
  body.flowTo({
    holdsNothing: true,
    write(chunk) {
      size += chunk.byteLength
      if (size <= limits.size) return true
      timer.disarm()
      body.cancel(unwanted)
      return false
    },
    end: settle,
    fail: settle,
  })
}
