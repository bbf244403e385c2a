import type { CheckOutcome } from '../health/health.ts'
import type { PoolStats } from '../pool/pool-options.ts'
import type { EndpointStatus } from './endpoint.ts'

export interface EndpointStats extends PoolStats {
  /** Tells it apart from others that have, or had, the same name: a number that its upstream gives each. */
  readonly id: number
  readonly endpoint: string
  /** `left`: it belongs to the upstream no more, and finishes what it is at. */
  readonly status: EndpointStatus | 'left'
  /** 1 if exchanges are sent to it, 0 if not. */
  readonly available: number
  /** Exchanges that it got because too few endpoints were usable, and so all were used. */
  readonly panics: number
  readonly priority: number
  readonly zone: string | undefined
  /** Part of the exchanges, from 0 to 1, that it and those beside it get by priority and zone. */
  readonly levelShare: number
  /** Exchanges that it got because those that come before it by priority or zone were short of usable endpoints. */
  readonly spills: number
  /** How often it was ejected. */
  readonly ejections: number
  /** Attempts that failed since the last one that did not; 0 where nobody looks at them (`outliers: false`). */
  readonly consecutiveFailures: number
  /** Active checks that this thread made. */
  readonly checksPassed: number
  readonly checksFailed: number
  /** Undefined before the first, and in threads that make none. */
  readonly lastCheck?: CheckOutcome | undefined
}
