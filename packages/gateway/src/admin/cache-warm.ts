import {
  type AdminAnswer,
  type AdminOperation,
  type AdminRequest,
  json,
  operation,
  problem,
} from '../admin-api/operation.ts'
import { type Described, list, members, oneOf, TEXT, WHOLE } from '../admin-api/schema.ts'
import { requestRate } from '../features/rate-limit/kinds.ts'
import { warmedUrl } from '../features/cache/warming/setting.ts'
import type { WarmTask } from '../features/cache/warming/warm-run.ts'
import type { Warmer } from '../features/cache/warming/warmer.ts'
import { isFields } from '../settings/problems/fields.ts'
import { redactUrls } from '../settings/redact-text.ts'

/** What is asked of the supervisor. */
export interface WarmSource {
  readonly warmer: Warmer
  readonly cache: object | undefined
  readonly config: {
    readonly routes: readonly { readonly name: string }[]
    readonly cache: { readonly warm: readonly object[] }
  }
}

/** For `GET /cache`: the last runs. `total` is 0 until what there is to ask for is known. */
export const WARM_RUN = members({
  id: WHOLE,
  what: TEXT,
  cause: oneOf('start', 'schedule', 'purge', 'asked'),
  state: oneOf('queued', 'running', 'done', 'stopped', 'given-up'),
  total: WHOLE,
  stored: WHOLE,
  fresh: WHOLE,
  refused: WHOLE,
  failed: WHOLE,
  other: WHOLE,
  /** Sitemaps, files and lines of files that could not be read. */
  unread: WHOLE,
  'problem?': TEXT,
})
export type WarmRunAnswer = Described<typeof WARM_RUN>

const STARTED = members({ runs: list(WHOLE) })
export type WarmStartedAnswer = Described<typeof STARTED>

const MOST_URLS = 10_000

export function warmOperation(source: WarmSource): AdminOperation {
  return operation({
    method: 'POST',
    path: '/cache/warm',
    about: 'ask for what is to be stored: URLs, a sitemap, or the lists of the configuration',
    id: 'warmCache',
    result: STARTED,
    body: {
      type: 'object',
      description:
        'urls, a sitemap, or neither: then all lists of the configuration, at their own pace. With route, only what that route takes. GET /cache shows how far it is.',
      properties: {
        urls: { type: 'array', items: { type: 'string' }, maxItems: MOST_URLS },
        sitemap: { type: 'string' },
        route: { type: 'string' },
        headers: { type: 'object', additionalProperties: { type: 'string' } },
        rate: { type: 'string' },
        concurrency: { type: 'integer', minimum: 1, maximum: 64 },
      },
      additionalProperties: false,
    },
    answers: {
      200: 'the numbers of the runs that were begun',
      400: 'the body is not as described',
      404: 'no route has a cache, there is no such route, or the configuration has no lists',
      429: 'too many runs wait',
    },
    handle: (request) => warm(source, request),
  })
}

/** The last runs, the newest last. */
export function warmRuns({ warmer }: WarmSource): WarmRunAnswer[] {
  return warmer.runs.map(({ id, what, cause, run: { state, counts, unread, problem: said } }) => ({
    id,
    what,
    cause,
    state,
    ...counts,
    unread,
    ...(said !== undefined && { problem: redactUrls(said) }),
  }))
}

function warm(source: WarmSource, { body }: AdminRequest): AdminAnswer<WarmStartedAnswer> {
  const { warmer, cache, config } = source
  if (cache === undefined) return problem(404, 'Not found', 'no route has a cache: see "cache" of routes')
  const wanted = readWarm(body)
  if (typeof wanted === 'string') return problem(400, 'Bad request', wanted)
  const { route, urls, sitemap } = wanted
  if (route !== undefined && !config.routes.some(({ name }) => name === route))
    return problem(404, 'Not found', 'there is no such route: GET /routes lists them')
  if (urls.length === 0 && sitemap === undefined) {
    if (config.cache.warm.length === 0)
      return problem(
        404,
        'Not found',
        'the configuration has no lists: see "cache.warm", or name a URL or a sitemap',
      )
    const runs = warmer.all(route)
    return runs.length > 0 ? begun(runs, 'its lists') : tooMany()
  }
  const id = warmer.warm(wanted)
  return id === undefined
    ? tooMany()
    : begun([id], sitemap === undefined ? `${urls.length} URLs` : redactUrls(sitemap))
}

function tooMany(): AdminAnswer<never> {
  return problem(429, 'Too many requests', 'too many runs wait: GET /cache shows them')
}

function begun(runs: number[], what: string): AdminAnswer<WarmStartedAnswer> {
  return json({ runs }, { change: { what: `warming of the cache: ${what}`, after: { runs } } })
}

/** What is to be warmed, or what is wrong with it. */
function readWarm(body: unknown): WarmTask | string {
  if (!isFields(body)) return 'the body must be an object with urls, a sitemap, or neither'
  const { urls = [], sitemap, route, headers = {}, rate = '10/s', concurrency = 2, ...others } = body
  const [unknown] = Object.keys(others)
  if (unknown !== undefined)
    return `there is no "${unknown}": use urls, sitemap, route, headers, rate and concurrency`
  if (!isTexts(urls) || urls.length > MOST_URLS) return `urls must be a list of at most ${MOST_URLS} texts`
  if (route !== undefined && typeof route !== 'string') return 'route must be the name of a route'
  if (sitemap !== undefined && typeof sitemap !== 'string') return 'sitemap must be a URL'
  for (const url of sitemap === undefined ? urls : [...urls, sitemap]) {
    const read = warmedUrl.parse(url)
    if (!read.ok) return `${JSON.stringify(url)} ${read.problem}: use ${warmedUrl.allowed}`
  }
  if (!isFields(headers) || !isTexts(Object.values(headers))) return 'headers must be an object of texts'
  const pace = requestRate.parse(rate)
  if (!pace.ok) return `rate ${pace.problem}: use ${requestRate.allowed}`
  if (
    typeof concurrency !== 'number' ||
    !Number.isInteger(concurrency) ||
    concurrency < 1 ||
    concurrency > 64
  )
    return 'concurrency must be a whole number from 1 to 64'
  const fields = headers as Record<string, string> // looked at above
  return { urls, sitemap, route, headers: fields, rate: pace.value, concurrency, file: undefined }
}

function isTexts(values: unknown): values is string[] {
  return Array.isArray(values) && values.every((each) => typeof each === 'string')
}
