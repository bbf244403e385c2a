import { parseLinks, TrafficError } from '@headgate/core'
import { callback, type Check, type Checks, checkedOptions, or, shown, text } from './option-check.ts'
import type { Query } from './query.ts'
import type { ClientResponse } from './response/response.ts'

/** The URL of the next page in the content: where it stands, as `links.next`, or a function; relative ones will do. */
export interface NextUrlPaging<Page = unknown> {
  readonly next: string | ((page: Page, response: ClientResponse) => string | null | undefined)
}

/** What the next page is asked for with: where it stands in the content, as `meta.cursor`, or a function. None: that was the last. */
export interface CursorPaging<Page = unknown> {
  readonly cursor: string | ((page: Page, response: ClientResponse) => string | number | null | undefined)
  /** Name of the query parameter. */
  readonly parameter: string
}

/** Pages by number, up to the first without items. */
export interface NumberPaging<Page = unknown> {
  /** Name of the query parameter. */
  readonly page: string
  /** Default 1. */
  readonly start?: number | undefined
  /** Whether a page is the last. Default: if it has no items. */
  readonly last?: ((page: Page) => boolean) | undefined
}

/** Pages by how many items came before, up to the first without items. */
export interface OffsetPaging<Page = unknown> {
  /** Name of the query parameter. */
  readonly offset: string
  /** Default 0. */
  readonly start?: number | undefined
  /** Whether a page is the last. Default: if it has no items. */
  readonly last?: ((page: Page) => boolean) | undefined
}

/** How the next page is found: by `Link` with `rel="next"` (RFC 8288), or in one of the other ways. */
export type Paging<Page = unknown> =
  | 'link'
  | NextUrlPaging<Page>
  | CursorPaging<Page>
  | NumberPaging<Page>
  | OffsetPaging<Page>

/**
 * How the next page is found, with nothing that `Object.prototype` holds.
 * @throws TypeError if it is none of the kinds, or holds an option that its kind does not know
 */
export function checkedPaging<Page>(paging: Paging<Page>): Paging<Page> {
  if (paging === 'link') return paging
  if (typeof paging === 'object' && paging !== null)
    for (const [kind, names] of Object.entries(KINDS))
      if (Object.hasOwn(paging, kind)) return checkedKind(paging, names) as Paging<Page>
  throw new TypeError(
    `option by is ${shown(paging)}; allowed: "link", or an object with next, cursor, page or offset`,
  )
}

function checkedKind(paging: object, checks: Readonly<Record<string, Check>>): object {
  const checked: Partial<CursorPaging> = checkedOptions('by', paging, checks, 'by.')
  if (checked.cursor !== undefined && checked.parameter === undefined)
    throw new TypeError(
      'option by.parameter is missing: the name of the query parameter that takes the cursor',
    )
  return checked
}

const found = or(text, callback)
const start: Check = { allowed: 'a whole number', valid: Number.isSafeInteger }
const KINDS = {
  next: { next: found } satisfies Checks<NextUrlPaging>,
  cursor: { cursor: found, parameter: text } satisfies Checks<CursorPaging>,
  page: { page: text, start, last: callback } satisfies Checks<NumberPaging>,
  offset: { offset: text, start, last: callback } satisfies Checks<OffsetPaging>,
}

/** What to ask for next: another URL, or the first one with other query parameters. */
export type NextPage = { readonly reference: string } | { readonly query: Query }

/** A page as it came. */
export interface ReceivedPage<Page> {
  readonly page: Page
  readonly response: ClientResponse
  /** From 0. */
  readonly index: number
  /** Counts its items. */
  readonly count: () => number
  /** Items of the pages before it. */
  readonly before: number
}

/** What follows a page; undefined if nothing does. @throws TrafficError `invalid_content` */
export function nextPage<Page>(paging: Paging<Page>, received: ReceivedPage<Page>): NextPage | undefined {
  const { page, response, index, before } = received
  if (paging === 'link') return linkedPage(response)
  if ('next' in paging) {
    const { next } = paging
    const found = typeof next === 'function' ? next(page, response) : valueAt(page, next)
    if (found === undefined || found === null || found === '') return undefined
    if (typeof found !== 'string')
      throw invalid(response, `the URL of the next page is ${typeof found}, not text`)
    return { reference: found }
  }
  if ('cursor' in paging) {
    const { cursor, parameter } = paging
    const found = typeof cursor === 'function' ? cursor(page, response) : valueAt(page, cursor)
    if (found === undefined || found === null || found === '') return undefined
    if (typeof found !== 'string' && typeof found !== 'number')
      throw invalid(response, `the cursor is ${typeof found}, neither text nor a number`)
    return { query: { [parameter]: found } }
  }
  const last = paging.last === undefined ? received.count() === 0 : paging.last(page)
  if (last) return undefined
  if ('page' in paging) return { query: { [paging.page]: (paging.start ?? 1) + index + 1 } }
  return { query: { [paging.offset]: (paging.start ?? 0) + before + received.count() } }
}

/** What the first request says beside what its caller does. */
export function firstPage<Page>(paging: Paging<Page>): Query | undefined {
  if (paging === 'link') return undefined
  if ('page' in paging) return { [paging.page]: paging.start ?? 1 }
  return 'offset' in paging ? { [paging.offset]: paging.start ?? 0 } : undefined
}

function linkedPage(response: ClientResponse): NextPage | undefined {
  const field = response.header('link')
  if (field === undefined) return undefined
  const links = parseLinks(field)
  if (links === undefined) throw invalid(response, 'its Link field is not valid (RFC 8288)')
  // A link from somewhere else, as its anchor says, is none of this page (RFC 8288 3.2).
  const next = links.find(({ relations, anchor }) => anchor === undefined && relations.includes('next'))
  return next && { reference: next.target }
}

/** What stands at `a.b.c`; only what the content itself has. */
function valueAt(page: unknown, path: string): unknown {
  let value = page
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[name]
  }
  return value
}

/** Without the query of the URL: it may hold secrets. */
export function invalid({ url }: ClientResponse, reason: string): TrafficError {
  const place = url.split('?', 1)[0]
  return new TrafficError('invalid_content', `no page can be asked for after ${place}: ${reason}`, {
    phase: 'response-body',
  })
}
