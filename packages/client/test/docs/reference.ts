// The tables of docs/client.md and of the client's README that say what the code says. After a change:
//   npx node packages/client/test/docs/reference.ts --write
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { code, table } from '../../../../scripts/docs/markdown-table.ts'
import { ROOT } from '../../../../scripts/docs/markdown.ts'
import { PRESETS, type PresetName } from '../../src/index.ts'
import { settingsOf } from '../../src/settings.ts'
import { STACK } from '../../src/stack.ts'
import { type Member, membersOf } from './interfaces.ts'

export const PAGES: readonly string[] = ['docs/client.md', 'packages/client/README.md'].map((path) =>
  join(ROOT, path),
)

/** Where each table of options comes from: the file, and its interfaces. Its name is what stands before each option. */
const OPTIONS: Readonly<Record<string, readonly (readonly [file: string, ...interfaces: string[]])[]>> = {
  client: [['client/src/options.ts', 'ClientOptions']],
  both: [['client/src/options.ts', 'PolicyOptions']],
  call: [['client/src/options.ts', 'CallOptions', 'CallListeners']],
  timeout: [['client/src/options.ts', 'TimeoutSettings']],
  retry: [['client/src/options.ts', 'RetrySettings']],
  'retry.backoff': [['core/src/policies/retry/backoff.ts', 'BackoffOptions']],
  hedge: [['client/src/options.ts', 'HedgeSettings']],
  'hedge.delay': [['core/src/policies/hedge/hedge-delay.ts', 'HedgeDelayOptions']],
  breaker: [['core/src/policies/breaker/breaker-state.ts', 'CircuitOptions']],
  rateLimit: [
    ['core/src/policies/rate-limit/gcra.ts', 'RateLimit'],
    ['client/src/options.ts', 'RateLimitSettings'],
  ],
  concurrency: [['client/src/options.ts', 'ConcurrencySettings']],
  'concurrency.limit': [['core/src/policies/concurrency/adaptive.ts', 'AdaptiveOptions']],
  pacing: [['core/src/policies/pacing/pacing.ts', 'PacingOptions']],
  dedupe: [['core/src/policies/dedupe/dedupe.ts', 'DedupeOptions']],
  cache: [['client/src/options.ts', 'CacheSettings']],
  decompress: [['core/src/policies/decompress/decompress.ts', 'DecompressOptions']],
  guard: [['core/src/upstream/guard/guard.ts', 'AddressGuardOptions']],
  tls: [['core/src/upstream/connect/tls.ts', 'TlsOptions']],
  socketPath: [['client/src/options.ts', 'SocketPathOptions']],
  dns: [['core/src/upstream/connect/dns.ts', 'DnsOptions']],
  pool: [['core/src/upstream/pool/pool-options.ts', 'PoolOptions']],
  proxy: [['core/src/upstream/proxy/proxy.ts', 'ProxyOptions']],
  CookieJar: [['core/src/policies/cookies/cookie-jar.ts', 'CookieJarOptions']],
  credentials: [['core/src/policies/auth/bearer.ts', 'CredentialOptions']],
  apiKey: [['core/src/policies/auth/basic.ts', 'ApiKeyOptions']],
  oauth2: [['core/src/policies/auth/oauth2-grant.ts', 'OAuth2Options']],
  sse: [['client/src/sse.ts', 'SseOptions']],
  'sse.reconnect': [['client/src/reconnect.ts', 'ReconnectSettings']],
  paginate: [['client/src/paginate.ts', 'PaginateOptions', 'PaginateItemsOptions']],
  'paginate.by': [
    ['client/src/next-page.ts', 'NextUrlPaging', 'CursorPaging', 'NumberPaging', 'OffsetPaging'],
  ],
}

/** A page with its tables as they should be. @throws if it asks for a table that there is not */
export function withTables(page: string): string {
  return page.replaceAll(
    /(<!-- table ([\w.-]+) -->\n)[^]*?(<!-- end of table -->)/g,
    (_, start: string, name: string, end: string) => `${start}\n${tableOf(name)}\n${end}`,
  )
}

/** The names of all tables of options, each of which must have its place. */
export const OPTION_TABLES: readonly string[] = Object.keys(OPTIONS)

function tableOf(name: string): string {
  if (name === 'presets') return presetTable()
  if (name === 'standard') return standardTable()
  if (name === 'events') return eventTable()
  if (name === 'order') return orderTable()
  const sources = OPTIONS[name]
  if (sources === undefined) throw new Error(`there is no table ${name}`)
  const members = sources.flatMap(([file, ...interfaces]) =>
    interfaces.flatMap((each) => membersOf(file, each)),
  )
  return table(
    ['option', 'type', 'default', 'meaning'],
    members.map(({ name: option, type, fallback = '', meaning }) => [
      code(option),
      code(type),
      fallback,
      meaning,
    ]),
  )
}

function orderTable(): string {
  const rows = STACK.map((row) => {
    const once = row.once === 'exchange' ? 'a call' : 'an attempt'
    return 'place' in row ? ['', once, row.about] : [code(row.name), once, row.about]
  })
  return table(['policy', 'once', 'what it does'], rows)
}

function eventTable(): string {
  const factsOf = (type: string): string[] =>
    [...type.matchAll(/\b(CallEvent|AttemptEvent|AttemptFailure)\b|\b(\w+): /g)].flatMap(
      ([, base, fact = '']) => {
        if (base === undefined) return [fact]
        const own = membersOf('client/src/events.ts', base).map((member) => member.name)
        return base === 'AttemptEvent' ? [...factsOf('CallEvent'), ...own] : own
      },
    )
  const row = ({ name, meaning, type }: Member): string[] => [
    code(name),
    meaning,
    factsOf(type).map(code).join(' '),
  ]
  return table(['event', 'when', 'facts'], membersOf('client/src/events.ts', 'ClientEvents').map(row))
}

/** What stands where a preset says nothing, and the engine has no default of its own for. */
const NOTHING: Readonly<Record<string, string>> = {
  maxBody: 'no limit',
  'pool.maxConnections': '1,024',
  'pool.pendingTimeout': '5,000',
}

function presetTable(): string {
  const names = Object.keys(PRESETS) as PresetName[]
  const values = names.map((preset) => {
    const { pool = {}, guard = false } = PRESETS[preset]
    return flattened({ ...settingsOf({ preset }), pool, guard })
  })
  const options = new Set(Object.values(PRESETS).flatMap((preset) => Object.keys(flattened(preset))))
  const rows = [...options]
    // Where they are turned off, their parts are.
    .filter((option) => option !== 'retry' && option !== 'breaker')
    .map((option) => [code(option), ...values.map((each) => each[option] ?? NOTHING[option] ?? 'off')])
  return table(['option', ...names.map(code)], rows)
}

/** What each of these does; a test fails where one is missing. */
const ADDED: Readonly<Record<string, string>> = {
  'timeout.connect': 'the longest that a connection may take',
  'timeout.head': 'the longest to wait for a head',
  'timeout.idle': 'the longest silence in a body',
  'timeout.deadline': 'the longest that a call may take, to the end of its body',
  'retry.attempts':
    'tries of what is safe to try again, within a budget; a connection that was stale is replaced in any case',
  'breaker.window':
    'a circuit breaker: an origin that keeps failing is left alone, and calls fail at once with `circuit_open`',
  maxBufferedBody:
    'the most bytes that `json()`, `text()` and their like hold; a stream may bring any number',
}

function standardTable(): string {
  const compared: readonly PresetName[] = ['fetch', 'minimal', 'standard']
  const values = compared.map((preset) => flattened(settingsOf({ preset })))
  const shownOf = (option: string): string[] => values.map((each) => each[option] ?? 'off')
  const rows = Object.keys(Object.assign({}, ...values) as object)
    .filter((option) => option !== 'breaker' && option !== 'retry.statuses')
    .filter((option) => !option.startsWith('retry.statuses.') && new Set(shownOf(option)).size > 1)
  return table(
    ['option', ...compared.map(code), 'what it is'],
    rows.map((option) => {
      const meaning = ADDED[option]
      if (meaning === undefined)
        throw new Error(`${option} differs between presets, and nothing says what it is`)
      return [code(option), ...shownOf(option), meaning]
    }),
  )
}

function flattened(value: object, prefix = ''): Record<string, string> {
  const given = Object.entries(value).filter(([, each]) => each !== undefined)
  const entries = given.map(([name, each]: [string, unknown]) => {
    const option = prefix + name
    return typeof each === 'object' && each !== null && Object.keys(each).length > 0
      ? flattened(each, `${option}.`)
      : { [option]: shown(each) }
  })
  return Object.assign({}, ...entries) as Record<string, string>
}

/** Numbers as people read them; an option without any is turned on. */
function shown(value: unknown): string {
  if (value === Infinity) return 'no limit'
  if (typeof value === 'number') return value.toLocaleString('en-US')
  return value === false ? 'off' : 'on'
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const path of PAGES) {
    const page = readFileSync(path, 'utf8')
    if (process.argv.includes('--write')) writeFileSync(path, withTables(page))
    else if (withTables(page) !== page) process.exitCode = 1
  }
}
