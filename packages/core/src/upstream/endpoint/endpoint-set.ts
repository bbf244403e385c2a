import type { Exchange } from '../../message/exchange.ts'
import type { Clock } from '../../time/clock.ts'
import type { Timer } from '../../time/timer.ts'
import type { Balancer } from '../balance/balancer.ts'
import type { EndpointFlags } from './endpoint-flags.ts'
import type { Endpoint } from './endpoint-state.ts'

/** Options of `EndpointSet`. */
export interface EndpointSetOptions {
  /** Milliseconds in which an endpoint that comes back gets its full share; 0, the default, for at once. */
  readonly slowStart?: number | undefined
  /**
   * Percentage of endpoints that must be usable; with fewer, all are used (those that are marked down apart), since
   * the few would be overrun by the exchanges of all. Default 30; 0 for never.
   */
  readonly panicThreshold?: number | undefined
}

/** What one that starts slowly gets at first, and in how many steps it gets the rest. */
const FIRST_SHARE = 0.1
const STEPS = 20

/** Which of an upstream's endpoints may be chosen. It looks at their state when that has changed, not for each exchange. */
export class EndpointSet {
  readonly endpoints: readonly Endpoint[]
  private readonly flags: EndpointFlags
  private readonly balancer: Balancer<Endpoint>
  private readonly clock: Clock
  private readonly slowStart: number
  private readonly panicThreshold: number
  private readonly steps: Timer
  private seen: number
  private panicking = false
  private usable: ReadonlySet<Endpoint>
  /** As `usable`, but for when too few are. */
  private used: ReadonlySet<Endpoint> = new Set()

  constructor(
    endpoints: readonly Endpoint[],
    flags: EndpointFlags,
    balancer: Balancer<Endpoint>,
    clock: Clock,
    options: EndpointSetOptions = {},
  ) {
    this.endpoints = endpoints
    this.flags = flags
    this.balancer = balancer
    this.clock = clock
    this.slowStart = options.slowStart ?? 0
    this.panicThreshold = (options.panicThreshold ?? 30) / 100
    this.steps = clock.timer(() => this.update())
    this.seen = flags.version
    // They all start together: none is to be spared.
    this.usable = new Set(endpoints.filter(isUsable))
    this.update()
  }

  /**
   * Undefined if none may be used.
   * @param held this one, if it is usable
   */
  pick(exchange: Exchange, avoid: Endpoint | undefined, held?: Endpoint): Endpoint | undefined {
    if (this.flags.version !== this.seen) this.update()
    if (held !== undefined && held !== avoid && this.usable.has(held)) return held
    const endpoint = this.balancer.pick(exchange, avoid)
    if (this.panicking && endpoint !== undefined) endpoint.panics++
    return endpoint
  }

  /** To be called when an endpoint was ejected or is back; changes of the flags are noticed. */
  update(): void {
    this.seen = this.flags.version
    const now = this.clock.now()
    const usable = new Set<Endpoint>()
    for (const endpoint of this.endpoints) {
      if (!isUsable(endpoint)) continue
      usable.add(endpoint)
      if (!this.usable.has(endpoint) && this.slowStart > 0) endpoint.joinedAt = now
    }
    this.usable = usable
    const chosen = choose(this.endpoints, usable, this.panicThreshold)
    this.panicking = chosen.panic
    let starting = false
    for (const endpoint of chosen.endpoints) {
      endpoint.share = endpoint.weight * this.startedShare(endpoint, now)
      starting ||= endpoint.joinedAt !== undefined
    }
    this.used = new Set(chosen.endpoints)
    this.balancer.update(chosen.endpoints)
    if (starting) this.steps.arm(this.slowStart / STEPS)
    else this.steps.disarm()
  }

  /** Whether exchanges are sent to it. */
  uses(endpoint: Endpoint): boolean {
    if (this.flags.version !== this.seen) this.update()
    return this.used.has(endpoint)
  }

  stop(): void {
    this.steps.disarm()
  }

  private startedShare(endpoint: Endpoint, now: number): number {
    const { joinedAt } = endpoint
    if (joinedAt === undefined) return 1
    const started = (now - joinedAt) / this.slowStart
    if (started < 1) return Math.max(started, FIRST_SHARE)
    endpoint.joinedAt = undefined
    return 1
  }
}

function isUsable(endpoint: Endpoint): boolean {
  return endpoint.status === 'up' && endpoint.weight > 0
}

/** What `choose` looks at. */
type Judged = Pick<Endpoint, 'marked' | 'weight' | 'healthy'>

/**
 * Which endpoints are used. All are down: none, for what checks say is down would only cost the client its time. Too few are
 * usable: all, but for those that were taken out by hand.
 */
export function choose<T extends Judged>(
  endpoints: readonly T[],
  usable: ReadonlySet<T>,
  panicThreshold: number,
): { readonly endpoints: readonly T[]; readonly panic: boolean } {
  const wanted = endpoints.filter(({ marked, weight }) => marked === 'up' && weight > 0)
  const healthy = wanted.filter((endpoint) => endpoint.healthy)
  if (healthy.length === 0) return { endpoints: [], panic: false }
  if (usable.size < wanted.length * panicThreshold) return { endpoints: wanted, panic: true }
  // All that are healthy were ejected: better those than none.
  if (usable.size === 0) return { endpoints: healthy, panic: true }
  return { endpoints: usable.size === endpoints.length ? endpoints : [...usable], panic: false }
}
