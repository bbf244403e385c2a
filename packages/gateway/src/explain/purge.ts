import {
  type Authority,
  type CacheStore,
  canonicalAuthority,
  fieldValue,
  formatUrl,
  HttpRequest,
  InvalidTarget,
  resolveReference,
  type Selection,
} from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { widestForm } from '../routing/router/path-readings.ts'
import { isFields } from '../settings/problems/fields.ts'
import { explain } from './explain.ts'

/** What is to be removed from a cache, or marked as stale. */
export interface WantedPurge {
  readonly selection: Selection
  readonly how: 'hard' | 'soft'
}

/** What purges go by. */
const PURGED_BY = ['url', 'prefix', 'tag', 'route', 'all'] as const

/** What is to be purged, or what is wrong with it. */
export function readPurge(body: unknown): WantedPurge | string {
  const wanted = `the body must be an object with one of ${PURGED_BY.join(', ')}, and "soft" if it is to mark them stale`
  if (!isFields(body)) return wanted
  const { soft = false, ...others } = body
  const [entry, ...more] = Object.entries(others)
  if (entry === undefined || more.length > 0 || typeof soft !== 'boolean') return wanted
  const how = soft ? 'soft' : 'hard'
  const [by, value] = entry
  if (by === 'all') return value === true ? { selection: { by }, how } : wanted
  if (typeof value !== 'string' || value === '') return wanted
  if (by === 'tag' || by === 'route') return { selection: { by, value: fieldValue(value) }, how }
  if (by !== 'url' && by !== 'prefix') return wanted
  const url = canonicalUrl(value)
  return url === undefined
    ? `${by} must be a URL such as http://shop.example/items, as clients ask for it`
    : { selection: { by, value: url }, how }
}

/** In the form in which it is stored. */
function canonicalUrl(text: string): string | undefined {
  const authority = canonicalAuthority('localhost', 80) as Authority // it is one
  const base = { scheme: 'http', authority, path: '/', query: '' } as const
  const url = /^https?:\/\//i.test(text) ? resolveReference(base, fieldValue(text)) : undefined
  return url === undefined || url instanceof InvalidTarget ? undefined : formatUrl(url)
}

/** Not where it is for a route that there is not. */
export function isOfKnownRoute(selection: Selection, { routes }: GatewayConfig): boolean {
  return selection.by !== 'route' || routes.some(({ name }) => fieldValue(name) === selection.value)
}

/** @param now wall time @returns how many there were */
export async function purgeStore(
  store: CacheStore,
  { selection, how }: WantedPurge,
  config: GatewayConfig,
  now: number,
): Promise<number> {
  let count = 0
  for (const each of await allMeant(selection, config)) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other: where one fails, that is told
    count += await store.purge(each, how, now)
  }
  return count
}

/**
 * With a URL, that which responses to it are stored by, too: a route may make the path anew, or leave parameters of the query out. It
 * is found as a request without fields of its own would be, by what the routes do.
 */
async function allMeant(selection: Selection, config: GatewayConfig): Promise<readonly Selection[]> {
  if (selection.by !== 'url' && selection.by !== 'prefix') return [selection]
  const paths = widestForm(config.routes.map((route) => route.paths))
  let request: HttpRequest
  try {
    request = HttpRequest.to(selection.value, { paths })
  } catch {
    // No client could ask for it.
    return [selection]
  }
  const peer = { address: '127.0.0.1', port: 0, encrypted: request.scheme === 'https' }
  const { taken } = await explain(config, request, peer)
  const url = taken?.cache?.lookup?.url
  return url === undefined || url === selection.value
    ? [selection]
    : [selection, { by: selection.by, value: url }]
}
