import type { Exchange, Policy } from '@headgate/core'
import { identityKey, identityOf } from '../identity.ts'
import { type ShareConfig, SharedStream } from './shared-stream.ts'

/** Fields that say who asks: clients that differ in them share no stream. */
const OF_THE_CALLER = ['authorization', 'cookie', 'origin', 'accept-language']

/** Larger events than this are none, where the route has no limit of its own. */
const LARGEST = 64 * 1024 * 1024

/** Has clients that ask for the same stream share one of the upstream. Loaded with the first request that needs it. @param maxEvent bytes */
export function sharedStreams(config: ShareConfig, maxEvent: number): Policy {
  const largest = Math.min(maxEvent, LARGEST)
  const fields = [...OF_THE_CALLER, ...config.headers.filter((name) => !OF_THE_CALLER.includes(name))]
  const streams = new Map<string, SharedStream>()
  return (next) =>
    async function sharedStreams(exchange) {
      if (exchange.request.method !== 'GET') return next(exchange)
      const key = keyOf(exchange, fields)
      let stream = streams.get(key)
      if (stream === undefined) {
        const made: SharedStream = new SharedStream(exchange, next, config, largest, () => {
          if (streams.get(key) === made) streams.delete(key)
        })
        stream = made
        streams.set(key, made)
      }
      return (await stream.join(exchange)) ?? next(exchange)
    }
}

/** As JSON, no two different requests have the same one. */
function keyOf(exchange: Exchange, fields: readonly string[]): string {
  const { authority, path, query, headers } = exchange.request
  const identity = identityOf.of(exchange)
  return JSON.stringify([
    authority.text,
    path,
    query,
    identity === undefined ? null : identityKey(identity),
    ...fields.map((name) => headers.get(name) ?? null),
  ])
}
