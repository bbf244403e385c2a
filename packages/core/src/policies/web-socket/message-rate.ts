import type { Clock } from '../../time/clock.ts'
import { gcra, type GcraParameters, gcraParameters } from '../rate-limit/gcra.ts'

/** So many messages in each second, and as many at once: one number for each WebSocket. */
export class MessageRate {
  private readonly parameters: GcraParameters
  private readonly clock: Clock
  /** The theoretical arrival of the next message. */
  private arrival = -Infinity

  constructor(perSecond: number, clock: Clock) {
    this.parameters = gcraParameters({ rate: perSecond })
    this.clock = clock
  }

  /** Whether one more is within it. */
  take(): boolean {
    const { allowed, arrival } = gcra(this.parameters, this.arrival, this.clock.now(), 1, 0)
    this.arrival = arrival
    return allowed
  }
}
