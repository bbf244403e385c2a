import type { Authority } from '../../message/target.ts'
import type { Candidate } from '../balance/balancer.ts'
import type { EndpointFlags, EndpointMark } from './endpoint-flags.ts'
import type { EndpointWatch } from './endpoint-watch.ts'
import type { OutlierRecord } from '../health/outlier-record.ts'
import { PeakEwma } from '../balance/peak-ewma.ts'
import type { Open, Pool } from '../pool/pool.ts'

/**
 * - `up`: it takes exchanges
 * - `draining`, `down`: marked so by hand; those that it is at finish, new ones go elsewhere
 * - `unhealthy`: active checks fail
 * - `ejected`: it failed too often, and is left alone for a while
 */
export type EndpointStatus = EndpointMark | 'unhealthy' | 'ejected'

/** What an endpoint is made of. */
export interface EndpointParts {
  readonly name: string
  readonly weight: number
  readonly authority: Authority
  readonly pool: Pool
  readonly open: Open
}

/** One address of an upstream, the connections to it, and whether exchanges should be sent there. */
export class Endpoint implements Candidate {
  /** `host:port` or `unix:/path`. */
  readonly name: string
  /** Its own name, for Host where the client's is not preserved. */
  readonly authority: Authority
  readonly pool: Pool
  /** Opens a connection outside of the pool, for checks. */
  readonly open: Open
  readonly latency: PeakEwma = new PeakEwma()
  /** Its failures; undefined where nobody looks at them. */
  record: OutlierRecord | undefined
  /** Sees how attempts end; undefined where nobody wants to know. */
  watch: EndpointWatch | undefined
  /** For its set: exchanges that it got because too few endpoints were usable. */
  panics = 0
  /** For its set: what it gets at this moment. */
  share: number
  /** For its set: `clock.now()` when it came back, from which on it starts slowly; undefined if it need not. */
  joinedAt: number | undefined
  private readonly index: number
  private readonly flags: EndpointFlags
  private readonly configuredWeight: number

  constructor(parts: EndpointParts, index: number, flags: EndpointFlags) {
    this.name = parts.name
    this.authority = parts.authority
    this.pool = parts.pool
    this.open = parts.open
    this.configuredWeight = parts.weight
    this.share = parts.weight
    this.index = index
    this.flags = flags
  }

  get load(): number {
    return this.pool.load
  }

  get weight(): number {
    return this.flags.weight(this.index) ?? this.configuredWeight
  }

  /**
   * Changes its share of the exchanges, in all threads that share the state.
   * @throws TypeError if the weight is not a whole number from 0 to 1000
   */
  setWeight(weight: number): void {
    this.flags.setWeight(this.index, checkedWeight(weight))
  }

  get marked(): EndpointMark {
    return this.flags.mark(this.index)
  }

  /** Takes it out of service or puts it back, in all threads that share the state; exchanges under way finish. */
  mark(mark: EndpointMark): void {
    this.flags.setMark(this.index, mark)
  }

  /** What active checks say; true where there are none. */
  get healthy(): boolean {
    return this.flags.healthy(this.index)
  }

  /** For whoever checks it. */
  setHealthy(healthy: boolean): void {
    this.flags.setHealthy(this.index, healthy)
  }

  get ejected(): boolean {
    return this.record?.ejected === true
  }

  get status(): EndpointStatus {
    if (this.marked !== 'up') return this.marked
    if (!this.healthy) return 'unhealthy'
    return this.ejected ? 'ejected' : 'up'
  }
}

/** So that shares stay exact, and fit into the state that threads share. */
const MAX_WEIGHT = 1000

/** @throws TypeError if it is not a whole number from 0 to 1000 */
export function checkedWeight(weight: number): number {
  if (Number.isInteger(weight) && weight >= 0 && weight <= MAX_WEIGHT) return weight
  throw new TypeError(`${weight} is not a weight: it must be a whole number from 0 to ${MAX_WEIGHT}`)
}
