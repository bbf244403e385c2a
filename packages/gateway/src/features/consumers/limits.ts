import type { LimitedGateway, RateLimitConfig } from '../rate-limit/setting.ts'

/** The limits of these names, each counted by consumer. */
export function consumerLimits(config: LimitedGateway, names: readonly string[]): LimitedGateway {
  const limits = names.flatMap((name): [string, RateLimitConfig][] => {
    const limit = config.rateLimits[name]
    return limit === undefined ? [] : [[name, { ...limit, key: [{ kind: 'consumer' }] }]]
  })
  return { ...config, rateLimits: Object.fromEntries(limits) }
}
