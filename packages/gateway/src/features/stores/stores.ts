import type { Clock, MetricRegistry } from '@headgate/core'
import type { Kept } from '../../kept.ts'
import { type Fields, fieldsOf, isFields } from '../../settings/problems/fields.ts'
import { findEach, type Finding } from '../../settings/problems/problem.ts'
import { type JsonSchema, never } from '../../settings/schema/schema-tree.ts'
import { storeFigures } from './figures.ts'
import { connectRedis, hasRedisClient, INSTALL_CLIENT, MISSING_CLIENT } from './redis-client.ts'
import { RedisLink } from './redis-link.ts'
import type { StoreConfig, StoredGateway } from './setting.ts'
import { redisTarget } from './target.ts'

/** What links are made of, besides their settings. */
export interface StoreSurroundings {
  readonly clock: Clock
  readonly metrics: MetricRegistry
  /** From the configuration before: a store whose settings are the same keeps its connections. */
  readonly kept: Kept
  /** What is in files: a renewed certificate is a change. */
  readonly files: ReadonlyMap<string, string>
}

/** The stores of a configuration, as one thread uses them. */
export class Stores {
  private readonly configs: Readonly<Record<string, StoreConfig>>
  private readonly surroundings: StoreSurroundings
  private readonly links = new Set<RedisLink>()

  constructor({ stores }: StoredGateway, surroundings: StoreSurroundings) {
    this.configs = stores
    this.surroundings = surroundings
  }

  /** The settings of a store. @throws TypeError if there is none of that name */
  config(name: string): StoreConfig {
    const config = Object.hasOwn(this.configs, name) ? this.configs[name] : undefined
    if (config === undefined) throw new TypeError(`there is no store ${JSON.stringify(name)}`)
    return config
  }

  /** All that its connections are made from. Throws as `config` does. */
  identity(name: string): unknown {
    const config = this.config(name)
    return [name, config, config.ca === undefined ? null : (this.surroundings.files.get(config.ca) ?? null)]
  }

  /**
   * A connection to a store, for all that has the same use for it in this thread. Throws as `config` does.
   * @param use a word: calls that wait hold up all behind them, and so have a connection of their own
   * @throws Error if it cannot be used: its client is not installed, or a file cannot be read
   */
  link(name: string, use: string = 'calls'): RedisLink {
    const config = this.config(name)
    const { clock, metrics, kept } = this.surroundings
    if (!hasRedisClient()) throw new Error(`the store ${name} ${MISSING_CLIENT}: ${INSTALL_CLIENT}`)
    const make = (): RedisLink => {
      const target = redisTarget(config)
      return new RedisLink({
        name,
        timeout: config.timeout,
        clock,
        open: (timeout, lost) => connectRedis(target, timeout, lost),
        figures: storeFigures(metrics, name),
      })
    }
    const link = kept.keep('store', [use, this.identity(name)], make, (made) => made.close())
    this.links.add(link)
    return link
  }

  /** For who ends: nothing is sent any more. */
  close(): void {
    for (const link of this.links) link.close()
  }
}

/** Certificates are for TLS. */
export const storeRules: readonly JsonSchema[] = [
  never({ required: ['ca'], properties: { redis: { pattern: '^redis:' } } }),
]

/** What no value of a store shows alone. */
export function storeChecks(input: Fields): Finding[] {
  const stores = Object.entries(fieldsOf(input['stores'])).filter(([, store]) => isFields(store))
  const missing = stores.length > 0 && !hasRedisClient()
  return findEach(stores, ([name, store]): Finding[] => {
    const { redis, ca } = fieldsOf(store)
    const path = ['stores', name]
    return [
      ...(missing ? [{ path: [...path, 'redis'], problem: MISSING_CLIENT, hint: INSTALL_CLIENT }] : []),
      ...(ca !== undefined && typeof redis === 'string' && redis.startsWith('redis:')
        ? [
            {
              path: [...path, 'ca'],
              problem: 'is without effect, as there is no TLS',
              hint: 'rediss:// in its URL is with TLS',
            },
          ]
        : []),
    ]
  })
}
