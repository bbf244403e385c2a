import { own } from '../../message/own-options.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Clock } from '../../time/clock.ts'
import type { Timer } from '../../time/timer.ts'
import type { Balancer } from '../balance/balancer.ts'
import { type ChoiceRules, choose } from './choose.ts'
import type { EndpointFlags } from './endpoint-flags.ts'
import type { Endpoint } from './endpoint.ts'
import { LevelBalancer } from './level-balancer.ts'

/** Options of `EndpointSet`. */
export interface EndpointSetOptions {
  /** Milliseconds in which an endpoint that comes back gets its full share; 0, the default, for at once. */
  readonly slowStart?: number | undefined
  /**
   * Percentage of endpoints that must be usable; with fewer, all are used (those that are marked down apart), since
   * the few would be overrun by the exchanges of all. Default 30; 0 for never.
   */
  readonly panicThreshold?: number | undefined
  /**
   * Where endpoints have priorities or zones: how much more than its share an endpoint can take, as a factor from 1 on. Default
   * 1.4: what comes first gets everything until fewer than 72 % of it are usable, and from then on what it can take.
   */
  readonly overprovisioning?: number | undefined
  /** Where the exchanges come from: endpoints of this zone come before others of the same priority. Default: zones do not matter. */
  readonly zone?: string | undefined
}

/** What one that starts slowly gets at first, and in how many steps it gets the rest. */
const FIRST_SHARE = 0.1
const STEPS = 20

/** Which of an upstream's endpoints may be chosen. It looks at their state when that has changed, not for each exchange. */
export class EndpointSet {
  private endpoints: readonly Endpoint[]
  private readonly flags: EndpointFlags
  private readonly balancer: LevelBalancer<Endpoint>
  private readonly clock: Clock
  private readonly slowStart: number
  private readonly rules: ChoiceRules
  private readonly steps: Timer
  private seen: number
  private usable: ReadonlySet<Endpoint>
  /** As `usable`, but for when too few are. With the part of the exchanges that its level gets. */
  private used: ReadonlyMap<Endpoint, number> = new Map()

  constructor(
    endpoints: readonly Endpoint[],
    flags: EndpointFlags,
    makeBalancer: () => Balancer<Endpoint>,
    clock: Clock,
    given: EndpointSetOptions = {},
  ) {
    const options = own(given)
    this.endpoints = endpoints
    this.flags = flags
    this.balancer = new LevelBalancer(makeBalancer, clock)
    this.clock = clock
    this.slowStart = options.slowStart ?? 0
    this.rules = choiceRules(options)
    this.steps = clock.timer(() => this.update())
    this.seen = flags.version
    // They all start together: none is to be spared.
    this.usable = new Set(endpoints.filter(isUsable))
    this.update()
  }

  /** How many may be used. */
  get size(): number {
    return this.used.size
  }

  /**
   * Undefined if none may be used.
   * @param tried none of these, as long as there is another; of these alone, not the last
   * @param held this one, if it is usable
   */
  pick(exchange: Exchange, tried?: readonly Endpoint[], held?: Endpoint): Endpoint | undefined {
    if (this.flags.version !== this.seen) this.update()
    if (held !== undefined && !tried?.includes(held) && this.usable.has(held)) return held
    const { balancer } = this
    const endpoint = balancer.pick(exchange, tried)
    if (endpoint !== undefined || tried === undefined) return endpoint
    return balancer.pick(exchange, tried.slice(-1)) ?? balancer.pick(exchange)
  }

  /** Those that come start slowly, if they are to. */
  follow(endpoints: readonly Endpoint[]): void {
    this.endpoints = endpoints
    this.update()
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
    const levels = choose(this.endpoints, usable, this.rules)
    let starting = false
    const used = new Map<Endpoint, number>()
    for (const { endpoints, share } of levels) {
      for (const endpoint of endpoints) {
        used.set(endpoint, share)
        endpoint.share = endpoint.weight * this.startedShare(endpoint, now)
        starting ||= endpoint.joinedAt !== undefined
      }
    }
    this.used = used
    this.balancer.update(levels)
    if (starting) this.steps.arm(this.slowStart / STEPS)
    else this.steps.disarm()
  }

  /** Whether exchanges are sent to it, or would be if those that come before it were not there. */
  uses(endpoint: Endpoint): boolean {
    return this.levelShare(endpoint) !== undefined
  }

  /** Part of the exchanges, from 0 to 1, that it and those beside it get by priority and zone; undefined if it is not used. */
  levelShare(endpoint: Endpoint): number | undefined {
    if (this.flags.version !== this.seen) this.update()
    return this.used.get(endpoint)
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

/** @throws TypeError if one is out of range */
function choiceRules({ panicThreshold = 30, overprovisioning = 1.4, zone }: EndpointSetOptions): ChoiceRules {
  if (!(overprovisioning >= 1))
    throw new TypeError(`overprovisioning is ${overprovisioning}: use a number from 1 on`)
  return { panicThreshold: panicThreshold / 100, overprovisioning, zone }
}
