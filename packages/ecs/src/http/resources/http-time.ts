import type { Clock } from '@headgate/client'
import { resource, type Resource } from '../../port/resource.ts'

/** The time of the world: it moves with the ticks, and stands still while the world is paused. */
export class WorldTime {
  /** Milliseconds since the plugin was installed. */
  now = 0
  readonly clock: Clock
  private last: number
  private pauses = 0

  constructor(clock: Clock) {
    this.clock = clock
    this.last = clock.now()
  }

  /** A tick begins. @param pauses those that the world has had: one of them since the last tick, and no time has passed */
  advance(pauses: number): void {
    const now = this.clock.now()
    // Backwards it does not go, whatever the clock does.
    if (pauses === this.pauses) this.now += Math.max(0, now - this.last)
    this.last = now
    this.pauses = pauses
  }

  /** Milliseconds since the tick began. */
  get spent(): number {
    return this.clock.now() - this.last
  }
}

/** What the resource `HttpTime` is. */
export type HttpTime = WorldTime

export const HttpTime: Resource<HttpTime> = resource<HttpTime>('HttpTime')
