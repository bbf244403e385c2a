import { own, TrafficError } from '@headgate/core'
import { withCallOptions } from './check-call.ts'
import { callback, type Check, checkedValue, listOf, schema, text } from './option-check.ts'
import { checkedPaging, firstPage, invalid, type NextPage, nextPage, type Paging } from './next-page.ts'
import type { CallOptions } from './options.ts'
import { mergedQuery, type Query } from './query.ts'
import { isCredential } from './default-headers.ts'
import { fieldsOf } from './request-headers.ts'
import type { ClientResponse } from './response/response.ts'
import type { StandardSchema } from './standard-schema.ts'
import { nextTurn, VALUES_PER_TURN } from './turns.ts'

/** Options of `paginate`. */
export interface PaginateOptions<Page = unknown> extends Omit<CallOptions, 'throwOnStatus' | 'redirectMode'> {
  /** How the next page is found. Default `link`. */
  readonly by?: Paging<Page> | undefined
  /** Checks and types each page. */
  readonly schema?: StandardSchema<unknown, Page> | undefined
  /** More pages than this are an error: a server that never ends should be noticed. Default 10,000. To stop early, `break`. */
  readonly maxPages?: number | undefined
  /** Origins beside the first page's own that the next pages may be at, each as `https://api.example.com`. Default: none. */
  readonly origins?: readonly string[] | undefined
}

/** The same, with what each page's items are: these are what comes, one by one. */
export interface PaginateItemsOptions<Item, Page = unknown> extends PaginateOptions<Page> {
  readonly items: (page: Page) => Iterable<Item>
}

/** What pages are got with. */
export interface PaginateContext {
  readonly url: string
  /** Where the first page is. */
  readonly origin: string
  /** Rejects where the status is an error. */
  readonly send: (url: string, call: CallOptions) => Promise<ClientResponse>
}

type Options<Page> = PaginateOptions<Page> & {
  readonly items?: ((page: Page) => Iterable<unknown>) | undefined
}

const PAGINATE_OPTIONS: readonly (keyof Options<unknown>)[] = ['by', 'schema', 'items', 'maxPages', 'origins']

const CHECKS = {
  schema,
  items: callback,
  origins: listOf(text),
} satisfies Record<string, Check>

/** The pages, each parsed and checked, or their items. A page is asked for when the one before it was taken. Throws TrafficError. */
export async function* pages<Page>(
  given: Options<Page>,
  context: PaginateContext,
): AsyncGenerator<unknown, void, undefined> {
  const options = withCallOptions(given, PAGINATE_OPTIONS)
  const { by: said = 'link', schema: pageSchema, items, maxPages = 10_000, origins = [], ...rest } = options
  const call = own(rest)
  const by = checkedPaging(said)
  for (const [name, check] of Object.entries(CHECKS))
    if (options[name as keyof typeof CHECKS] !== undefined)
      checkedValue(name, options[name as keyof typeof CHECKS], check)
  if (!Number.isSafeInteger(maxPages) || maxPages < 1)
    throw new TypeError(`option maxPages is ${maxPages}; allowed: a whole number above 0`)
  const allowed = new Set([context.origin, ...origins.map(originOf)])
  const seen = new Set<string>()
  let { url } = context
  let query: Query | undefined = mergedQuery(call.query, firstPage(by))
  let before = 0
  for (let index = 0; ; index++) {
    const response = await context.send(url, {
      ...call,
      query,
      headers: headersFor(url, context.origin, call),
    })
    const page = (pageSchema === undefined ? await response.json() : await response.json(pageSchema)) as Page
    const content = items === undefined ? undefined : [...items(page)]
    if (content === undefined) yield page
    else yield* inTurns(content)
    const count = (): number => itemsOf(page, content, response)
    const next = nextPage(by, { page, response, index, count, before })
    if (next === undefined) return
    if (typeof by === 'object' && 'offset' in by) before += count()
    seen.add(response.url)
    const following = follow(next, response, context, call.query, allowed)
    const { key } = following
    if (seen.has(key)) throw invalid(response, 'it leads to a page that was there before')
    seen.add(key)
    if (index + 1 >= maxPages)
      throw invalid(response, `there are more than the ${maxPages} pages that maxPages allows`)
    ;({ url, query } = following)
  }
}

async function* inTurns(items: readonly unknown[]): AsyncGenerator<unknown, void, undefined> {
  let given = 0
  for (const item of items) {
    yield item
    if (++given % VALUES_PER_TURN === 0) await nextTurn()
  }
}

/** What the caller shows to the first page's origin is for that one: a page elsewhere gets no credentials. */
function headersFor(url: string, origin: string, { headers }: CallOptions): CallOptions['headers'] {
  const target = URL.parse(url)
  if (headers === undefined || target === null || target.origin === origin) return headers
  return fieldsOf(headers).filter(([name]) => name !== 'authorization' && !isCredential(name))
}

interface Following {
  readonly url: string
  readonly query: Query | undefined
  /** The same for what was asked for before. */
  readonly key: string
}

function follow(
  next: NextPage,
  response: ClientResponse,
  context: PaginateContext,
  query: Query | undefined,
  allowed: ReadonlySet<string>,
): Following {
  const { reference, query: more } = own<{ reference?: string; query?: Query }>(next)
  if (reference === undefined)
    return { url: context.url, query: mergedQuery(query, more), key: JSON.stringify(more) }
  const url = URL.parse(reference, response.url)
  if (url === null) throw invalid(response, 'the URL of the next page is not valid')
  if (!allowed.has(url.origin)) {
    const message = `the next page after ${response.url.split('?', 1)[0]} is at another origin (${url.origin}): if that is to be trusted, name it in the option origins`
    throw new TrafficError('redirect_refused', message, { phase: 'response-body' })
  }
  // The query of the first page is in it already, as far as the server wants it to be.
  url.hash = ''
  return { url: url.href, query: undefined, key: url.href }
}

function itemsOf(page: unknown, items: readonly unknown[] | undefined, response: ClientResponse): number {
  if (items !== undefined) return items.length
  if (Array.isArray(page)) return page.length
  throw invalid(
    response,
    'its page is no array, so that nobody knows its items: give the option items, or by.last',
  )
}

function originOf(origin: string): string {
  const url = URL.parse(origin)
  if (url === null || url.origin === 'null' || url.href !== `${url.origin}/`)
    throw new TypeError(
      `option origins: ${JSON.stringify(origin)} is not valid; allowed: "https://api.example.com"`,
    )
  return url.origin
}
