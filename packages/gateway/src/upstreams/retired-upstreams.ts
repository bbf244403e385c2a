import type { Clock, Timer, Upstream } from '@headgate/core'

/** How often they are looked at, and for how long they must be found with nothing to do. Milliseconds. */
const INTERVAL = 1_000
const QUIET = 60_000

/**
 * Upstreams that have left the configuration. Exchanges of before still use them; they are remembered, so that their
 * connections are counted, until they have had nothing to do for longer than a retry waits.
 */
export class RetiredUpstreams {
  private readonly quietSince = new Map<Upstream, number | undefined>()
  private readonly clock: Clock
  private readonly timer: Timer

  constructor(clock: Clock) {
    this.clock = clock
    this.timer = clock.timer(() => this.look())
  }

  get upstreams(): Iterable<Upstream> {
    return this.quietSince.keys()
  }

  retire(upstream: Upstream): void {
    upstream.retire()
    this.quietSince.set(upstream, undefined)
    this.timer.arm(INTERVAL)
  }

  stop(): void {
    this.timer.disarm()
  }

  private look(): void {
    const now = this.clock.now()
    for (const [upstream, since] of this.quietSince) {
      const isBusy = upstream.stats().some(({ active, idle, pending }) => active + idle + pending > 0)
      if (isBusy) this.quietSince.set(upstream, undefined)
      else if (since === undefined) this.quietSince.set(upstream, now)
      else if (now - since >= QUIET) this.quietSince.delete(upstream)
    }
    if (this.quietSince.size > 0) this.timer.arm(INTERVAL)
  }
}
