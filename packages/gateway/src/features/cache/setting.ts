import { once, zod } from '../../settings/schema/library.ts'
import { keyed, list, noneOrMore } from '../../settings/schema/list.ts'
import { withMain } from '../../settings/schema/schema-tree.ts'
import { nothing, type Read, section } from '../../settings/schema/section.ts'
import { boolean, bytes, offOrOn, oneOf, timeOr0, value } from '../../settings/schema/setting.ts'
import { choice } from '../../settings/values/choice.ts'
import { duration, filePath, type Kind, name, textKind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'
import { requestField, token } from '../../settings/values/request-field.ts'
import { warmSetting } from './warming/setting.ts'

const disk = section('CacheDiskInput', () => ({
  path: value(
    filePath,
    'A folder for it alone. It is made where it is not there, and used by one gateway at a time. Relative paths start at the folder of the configuration.',
  ),
  size: bytes('What the files may take. The largest response that is stored takes an eighth of it.', {
    min: '1MiB',
    max: '1TiB',
  }).prefault('1GiB'),
}))

export type CacheDiskConfig = Read<typeof disk>

const tier = section('CacheTierInput', () => ({
  store: value(name, 'The name of one of stores.'),
  size: bytes(
    'How much it may keep there, of all gateways that share it; what was asked for longest ago gives way.',
    { min: '1MiB' },
  ).prefault('1GiB'),
  largest: bytes('The largest response that is kept there.', { min: '1KiB', max: '32MiB' }).prefault('8MiB'),
  onStoreError: oneOf(
    ['open', 'closed'],
    'What holds while the store is away: open, answers from the memory, although others may have purged them; closed, from the upstream alone, once nothing was heard of purges for 3 seconds.',
  ).prefault('open'),
}))

export type CacheTierConfig = Read<typeof tier>

/** Of the whole gateway. */
export const cacheMemorySetting = section('CacheMemoryInput', () => ({
  memory: bytes(
    'Memory for what is stored: one for all workers, made when a route has a cache. The largest response that is stored takes an eighth of it.',
    { min: '1MiB', max: '8GiB' },
  ).prefault('64MiB'),
  disk: disk()
    .optional()
    .describe(
      'Behind the memory, files that outlive the gateway: what the memory has no room for, and all that was stored before a restart.',
    ),
  tier: zod()
    .union([value(name).transform((store): CacheTierConfig => tier().parse({ store })), tier()])
    .optional()
    .describe(
      'Behind the memory, a store that several gateways share: what one has fetched, the others find, and a purge of one holds in all. The name of one of stores, or more about it.',
    ),
  warm: warmSetting(),
}))

export type CacheMemoryConfig = Read<typeof cacheMemorySetting>

/** Parts and confirmations; and what is about one request, which is stored for nobody. */
const UNSTORED = '206 304 408 412 413 416 417 421 425 426 428 429 431 511'.split(' ')

const STATUS: Kind<string> = {
  ...textKind('a status', `a status from 200 to 599, but for ${UNSTORED.join(', ')}`, (written) =>
    /^[2-5]\d\d$/.test(written) && !UNSTORED.includes(written)
      ? parsed(written)
      : refused('is no status of a response that is stored by it'),
  ),
  json: { type: 'string', pattern: `^(?!${UNSTORED.join('|')})[2-5][0-9][0-9]$` },
}

const IGNORED = ['request-directives', 'response-directives', 'set-cookie'] as const

const tag: Kind<string> = textKind(
  'a tag',
  'a text without commas and white space',
  (written) => (/^[^\s,]{1,256}$/.test(written) ? parsed(written) : refused('is not a tag')),
  { pattern: '^[^\\s,]{1,256}$' },
)

const someParameters = once(() =>
  zod().union([
    section('CacheKeyQueryOnlyInput', () => ({
      only: list(value(token)).describe('The parameters with these names, and no others.'),
    }))(),
    section('CacheKeyQueryWithoutInput', () => ({
      without: list(value(token)).describe('All parameters but those with these names.'),
    }))(),
  ]),
)

const key = section('CacheKeyInput', () => ({
  query: zod()
    .union([oneOf(['all', 'none']), ...someParameters().options])
    .prefault('all')
    .describe(
      'Parameters of the query that tell requests apart: all, none, or some by name. What the key leaves out the upstream does not get.',
    ),
  sortQuery: boolean('Whether the order of parameters with different names means nothing.', false),
  headers: list(value(requestField))
    .prefault([])
    .describe(
      'Fields of the request that tell requests apart, besides those that the response names in Vary.',
    ),
  cookies: list(value(token)).prefault([]).describe('Cookies that tell requests apart.'),
  callers: oneOf(
    ['each', 'all'],
    'On a route with authentication: each, every caller has responses of its own; all, they share them, since they do not depend on who asks. Elsewhere it means nothing.',
  ).prefault('each'),
}))

const moments = duration({ min: '1ms' })
const ttl: Kind<number> = {
  ...moments,
  parse(written) {
    const read = moments.parse(written)
    if (read.ok || read.problem !== 'is too small') return read
    const hint =
      'what has no ttl is stored as long as the upstream says; 0 stores nothing of a status, as in statuses: { 200: 0 }, and cache: false nothing at all'
    return refused(read.problem, hint)
  },
}

const cache = section('CacheInput', () => ({
  ttl: value(
    ttl,
    'How long a response is fresh where the upstream does not say, for statuses that may be stored without its word. Left out: a tenth of the time since Last-Modified, a day at most, or not at all.',
  ).optional(),
  statuses: keyed(STATUS, timeOr0('How long it is fresh; 0: it is not stored.'))
    .prefault(nothing)
    .describe(
      'How long responses of a status are fresh, whatever the upstream says of their freshness: 404: 10s. That of 200 holds for parts (206), too. What it forbids to store is not stored.',
    ),
  staleWhileRevalidate: timeOr0(
    'How long a stale response is used while the upstream is asked in the background, where the upstream does not say.',
  ).prefault('0'),
  staleIfError: timeOr0(
    'How long a stale response stands in for an upstream that fails, where the upstream does not say.',
  ).prefault('0'),
  key: key()
    .prefault(nothing)
    .describe('What tells requests apart, besides route, scheme, host, path and method.'),
  tags: noneOrMore(
    tag,
    'Tags of all that is stored, for purges, besides those of Cache-Tag and Surrogate-Key.',
  ),
  bypass: section('CacheBypassInput', () => ({
    headers: list(value(requestField)).prefault([]).describe('Requests with one of these fields.'),
    cookies: list(value(token)).prefault([]).describe('Requests with one of these cookies.'),
  }))()
    .prefault(nothing)
    .describe('Requests that go past the cache: they are neither answered from it nor stored.'),
  ignore: noneOrMore<(typeof IGNORED)[number]>(
    choice(IGNORED),
    'What has no say: request-directives (a client can neither demand a fresh response nor keep one from being stored), response-directives (no-store, private and no-cache of the upstream), set-cookie (a response that sets cookies is stored, cookies included). The last two give to everybody what was meant for one, unless the key tells them apart.',
  ),
  fields: boolean('Tell clients what the cache has done, in Cache-Status.', true),
}))

export type CacheConfig = Read<typeof cache>

/** Of a route: with all defaults, with some of its own, or none. */
export const routeCacheSetting = once(() => offOrOn(cache().meta(withMain('ttl'))))

/** A route, as far as its responses are stored. */
export interface CachedRoute {
  readonly name: string
  readonly cache?: CacheConfig | false | undefined
}

export function hasCache({ cache: config }: CachedRoute): boolean {
  return config !== undefined && config !== false
}
