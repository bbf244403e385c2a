import type { UpstreamOptions } from '@headgate/core'
import type { HealthConfig } from '../config/schema/balancing-schema.ts'
import type { UpstreamConfig } from '../config/schema/upstream-schema.ts'

type Balancing = Pick<
  UpstreamOptions,
  'balance' | 'sticky' | 'slowStart' | 'panicThreshold' | 'outliers' | 'health' | 'overprovisioning' | 'zone'
>

/**
 * The configured balancing and health, as the engine wants it.
 * @param zone of the whole gateway
 */
export function balancingOptions(config: UpstreamConfig, zone?: string): Balancing {
  const { hash, sticky, outliers, health } = config
  return {
    balance: {
      method: config.balance,
      hash: hash && {
        key: hash.key,
        loadFactor: hash.maxLoad === undefined ? undefined : hash.maxLoad / 100,
      },
    },
    sticky: sticky && {
      cookie: sticky.cookie,
      maxAge: sticky.maxAge === undefined ? undefined : Math.ceil(sticky.maxAge / 1_000),
      secret: sticky.secret,
    },
    slowStart: config.slowStart,
    panicThreshold: config.panicThreshold,
    overprovisioning: config.overprovisioning / 100,
    zone: config.zone ?? zone,
    outliers: outliers || undefined,
    health: health ? healthOptions(health) : undefined,
  }
}

function healthOptions({
  type,
  path,
  method,
  host,
  headers,
  statuses,
  ...rest
}: HealthConfig): Balancing['health'] {
  return {
    ...rest,
    probe: type === 'tcp' ? { kind: 'tcp' } : { kind: 'http', path, method, host, headers, statuses },
  }
}
