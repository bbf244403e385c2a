import { type Fact, fact, type HeaderList, type RequestCacheMode } from '@headgate/core'

/** How a call wants the cache to be used: as the Fetch standard's `cache`. */
export const CACHE_MODES: readonly RequestCacheMode[] = [
  'default',
  'no-store',
  'reload',
  'no-cache',
  'force-cache',
  'only-if-cached',
]

/** What a call says of the cache of its client. */
export const CACHE_MODE: Fact<RequestCacheMode> = fact<RequestCacheMode>('cache-mode')

/** Fields of a caller that has a cache of its own, with which nobody else's is to interfere (WHATWG Fetch 4.5, step 8.16). */
const CONDITIONS = ['if-modified-since', 'if-none-match', 'if-unmodified-since', 'if-match', 'if-range']

/**
 * The mode of a call of `fetch` (WHATWG Fetch 4.5, "HTTP-network-or-cache fetch", step 8.16).
 * @param given by `init` or a Request
 */
export function modeOfFetch(
  given: string,
  fields: readonly (readonly [name: string, value: string])[],
): RequestCacheMode {
  const mode = CACHE_MODES.find((each) => each === given) ?? 'default'
  if (mode !== 'default') return mode
  return fields.some(([name]) => CONDITIONS.includes(name)) ? 'no-store' : mode
}

/**
 * What a call says, other than the default.
 * @throws TypeError if it may use nothing but a cache that is not there
 */
export function saidMode(
  mode: RequestCacheMode | undefined,
  hasCache: boolean,
): RequestCacheMode | undefined {
  if (mode === 'only-if-cached' && !hasCache)
    throw new TypeError(
      'option cache of a call is "only-if-cached", and its client has no cache: give createClient the option cache',
    )
  return mode === 'default' ? undefined : mode
}

/** What a mode says to caches on the way (ibid., steps 8.17 and 8.18). */
export function tellCaches(mode: RequestCacheMode, headers: HeaderList): void {
  if (mode === 'no-cache') addMissing(headers, 'cache-control', 'max-age=0')
  if (mode !== 'no-store' && mode !== 'reload') return
  addMissing(headers, 'pragma', 'no-cache')
  addMissing(headers, 'cache-control', 'no-cache')
}

function addMissing(headers: HeaderList, name: string, value: string): void {
  if (!headers.has(name)) headers.add(name, value)
}
