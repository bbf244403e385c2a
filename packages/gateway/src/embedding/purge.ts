import { isOfKnownRoute, purgeStore, readPurge } from '../explain/purge.ts'
import type { Gateway } from '../gateway.ts'

/** Which stored responses of an embedded gateway are meant, and what becomes of them. */
export type EmbeddedPurge = (
  | { readonly url: string }
  | { readonly prefix: string }
  | { readonly tag: string }
  | { readonly route: string }
  | { readonly all: true }
) & {
  /** Marks as stale what is else removed: the upstream is asked about it, and where that fails, it may stand in. */
  readonly soft?: boolean | undefined
}

/** @param now wall time @returns how many there were */
export async function embeddedPurge(
  { cache, snapshot: { config } }: Gateway,
  { soft, ...meant }: EmbeddedPurge,
  now: number,
): Promise<number> {
  const wanted = readPurge({ ...meant, ...(soft !== undefined && { soft }) })
  if (typeof wanted === 'string')
    throw new TypeError(`purge: ${wanted.replace('the body', 'what is asked for')}`)
  if (cache === undefined) throw new TypeError('purge: no route has a cache: see "cache" of routes')
  if (!isOfKnownRoute(wanted.selection, config)) throw new TypeError('purge: there is no such route')
  return purgeStore(cache.store, wanted, config, now)
}
