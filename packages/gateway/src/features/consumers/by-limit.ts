import type { ConsumedGateway } from './setting.ts'

/** How many consumers take from each limit: none of them is to be forgotten for want of room, and start anew. */
export function consumersByLimit({ consumers = {} }: ConsumedGateway): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { rateLimit = [] } of Object.values(consumers))
    for (const name of rateLimit) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
