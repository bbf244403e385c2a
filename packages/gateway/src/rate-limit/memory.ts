import { randomBytes } from 'node:crypto'
import { allocateSharedTable } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { resolveRateLimits } from '../config/resolve/rate-limits.ts'

/** What the threads of one gateway share of its rate limits. */
export interface RateLimitMemory {
  /** When it was made, in milliseconds by the clock that all threads have in common: that of `monotonic`. */
  readonly origin: number
  /** One for each limit that is shared, by its id. */
  readonly tables: ReadonlyMap<string, SharedArrayBuffer>
  /** What each table was made for, by the id of its limit. */
  readonly identities: ReadonlyMap<string, string>
}

/**
 * Makes the memory of all limits that are to be shared.
 * @param previous of the configuration before: what a limit has counted goes on where its own part is the same
 */
export function allocateRateLimits(config: GatewayConfig, previous?: RateLimitMemory): RateLimitMemory {
  const tables = new Map<string, SharedArrayBuffer>()
  const identities = new Map<string, string>()
  for (const [id, limit] of resolveRateLimits(config)) {
    const { store, maxKeys, key } = limit
    if ((store ?? (config.workers > 1 ? 'shared' : 'local')) === 'local') continue
    identities.set(id, JSON.stringify(limit))
    const kept = previous?.identities.get(id) === identities.get(id) ? previous?.tables.get(id) : undefined
    if (kept !== undefined) {
      tables.set(id, kept)
      continue
    }
    const hasOneKey = key.every(({ kind }) => kind === 'global')
    tables.set(id, allocateSharedTable(hasOneKey ? 1 : maxKeys, randomBytes(8)))
  }
  // The times in tables that are kept count from there.
  return { origin: previous?.origin ?? monotonic(), tables, identities }
}

/** Milliseconds of the clock that all threads of a machine have in common, while `performance.now` starts with its thread. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
