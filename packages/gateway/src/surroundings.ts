import type { BlockList } from 'node:net'
import type { AccessLog, Clock } from '@headgate/core'
import type { GatewayMetrics } from './metrics.ts'

/** What a snapshot is compiled into: things that outlive it. */
export interface Surroundings {
  readonly clock: Clock
  readonly metrics: GatewayMetrics
  readonly accessLog: AccessLog | undefined
  readonly trustedProxies: BlockList
}
