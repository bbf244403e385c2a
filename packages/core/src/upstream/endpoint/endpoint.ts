import type { Authority } from '../../message/target.ts'
import type { Candidate } from '../balance/balancer.ts'
import type { EndpointFlags, EndpointMark } from './endpoint-flags.ts'
import type { EndpointGate } from './endpoint-gate.ts'
import type { EndpointWatch } from './endpoint-watch.ts'
import type { OutlierRecord } from '../health/outlier-record.ts'
import { checkedWeight } from './weight.ts'
import { PeakEwma } from '../balance/peak-ewma.ts'
import type { Open } from '../pool/openings.ts'
import type { EndpointPool } from '../pool/endpoint-pool.ts'

/**
 * - `up`: it takes exchanges
 * - `draining`, `down`: marked so by hand; those that it is at finish, new ones go elsewhere
 * - `unhealthy`: active checks fail
 * - `ejected`: it failed too often, and is left alone for a while
 * - `circuit-open`: its circuit breaker lets nothing through
 */
export type EndpointStatus = EndpointMark | 'unhealthy' | 'ejected' | 'circuit-open'

/** What an endpoint is made of. */
export interface EndpointParts {
  readonly name: string
  readonly weight: number
  readonly priority: number
  readonly zone: string | undefined
  readonly authority: Authority
  readonly pool: EndpointPool
  readonly open: Open
}

/** One address of an upstream, the connections to it, and whether exchanges should be sent there. */
export class Endpoint implements Candidate {
  /** `host:port` or `unix:/path`. */
  readonly name: string
  /** Its own name, for Host where the client's is not preserved. */
  readonly authority: Authority
  readonly pool: EndpointPool
  /** 0 comes first. */
  priority: number
  zone: string | undefined
  /** Opens a connection outside of the pool, for checks. */
  readonly open: Open
  readonly latency: PeakEwma = new PeakEwma()
  /** Its failures; undefined where nobody looks at them. */
  record: OutlierRecord | undefined
  /** Sees how attempts end; undefined where nobody wants to know. */
  watch: EndpointWatch | undefined
  /** Lets exchanges through, or not; undefined where nothing does. */
  gate: EndpointGate | undefined
  /** For its set: exchanges that it got because too few endpoints were usable. */
  panics = 0
  /** For its set: exchanges that it got because those that come before it were short of usable endpoints. */
  spills = 0
  /** For its set: what it gets at this moment. */
  share: number
  /** For its set: `clock.now()` when it came back, from which on it starts slowly; undefined if it need not. */
  joinedAt: number | undefined
  /** Among all that its upstream ever had. */
  readonly id: number
  /** Where its flags lie. */
  readonly slot: number
  private readonly flags: EndpointFlags
  private configuredWeight: number

  constructor(parts: EndpointParts, slot: number, flags: EndpointFlags, id: number = slot) {
    this.id = id
    this.name = parts.name
    this.authority = parts.authority
    this.pool = parts.pool
    this.open = parts.open
    this.priority = parts.priority
    this.zone = parts.zone
    this.configuredWeight = parts.weight
    this.share = parts.weight
    this.slot = slot
    this.flags = flags
  }

  get load(): number {
    return this.pool.load
  }

  get weight(): number {
    return this.flags.weight(this.slot) ?? this.configuredWeight
  }

  /**
   * Takes over what may change of an endpoint that stays. The last word on its weight counts, so that one which was set by
   * hand is forgotten when another is configured.
   * @param isOwner whether this thread is the one that says so to all
   */
  configure(
    { weight, priority, zone }: Pick<EndpointParts, 'weight' | 'priority' | 'zone'>,
    isOwner: boolean,
  ): void {
    this.priority = priority
    this.zone = zone
    if (weight === this.configuredWeight) return
    this.configuredWeight = weight
    if (isOwner) this.flags.setWeight(this.slot, undefined)
  }

  /**
   * Changes its share of the exchanges, in all threads that share the state.
   * @throws TypeError if the weight is not a whole number from 0 to 1000
   */
  setWeight(weight: number): void {
    this.flags.setWeight(this.slot, checkedWeight(weight))
  }

  get marked(): EndpointMark {
    return this.flags.mark(this.slot)
  }

  /** Takes it out of service or puts it back, in all threads that share the state; exchanges under way finish. */
  mark(mark: EndpointMark): void {
    this.flags.setMark(this.slot, mark)
  }

  /** What active checks say; true where there are none. */
  get healthy(): boolean {
    return this.flags.healthy(this.slot)
  }

  /** For whoever checks it. */
  setHealthy(healthy: boolean): void {
    this.flags.setHealthy(this.slot, healthy)
  }

  get ejected(): boolean {
    return this.record?.ejected === true
  }

  /** Whether its gate is shut. */
  get barred(): boolean {
    return this.gate?.shut === true
  }

  get status(): EndpointStatus {
    if (this.marked !== 'up') return this.marked
    if (!this.healthy) return 'unhealthy'
    if (this.barred) return 'circuit-open'
    return this.ejected ? 'ejected' : 'up'
  }
}
