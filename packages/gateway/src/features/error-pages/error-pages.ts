import {
  bodyFrom,
  contentChanged,
  type Exchange,
  type HttpResponse,
  isGrpc,
  mediaType,
  type Policy,
  preferredType,
  TrafficError,
} from '@headgate/core'
import type { GeoLookup } from '../geo/geo-place.ts'
import { ALL_WAYS, type ExchangeRow, type Route } from '../layer.ts'
import { Template } from '../templates/template.ts'
import type { ErrorPagesConfig } from './setting.ts'

export const errorPagesLayer: ExchangeRow<
  { readonly route: Route<'errorPages', ErrorPagesConfig> },
  { readonly geo?: GeoLookup | undefined }
> = {
  name: 'errorPages',
  once: 'exchange',
  ways: ALL_WAYS,
  about: 'shows pages of your own in place of errors',
  build: ({ route }, { geo }) => route.errorPages && errorPages(route.errorPages, geo),
  tells: ({ route }) => route['errorPages'],
}

interface Page {
  readonly type: string
  readonly fits: (status: number) => boolean
  readonly content: (exchange: Exchange) => string
}

/** Outside of what turns failures into problem documents: of those, status and fields stay. */
function errorPages({ pages, upstream }: ErrorPagesConfig, geo: GeoLookup | undefined): Policy {
  const known = pages.map((page) => compiled(page, geo))
  const shown = (exchange: Exchange, response: HttpResponse): HttpResponse => {
    const { status, headers } = response
    if (status < 400 || response.tunnel !== undefined) return response
    // An error of the gateway is known to the exchange; what else has such a status, somebody behind it has answered.
    if (exchange.error === undefined && !upstream) return response
    if (isGrpc(exchange.request.headers.get('content-type'))) return response
    const page = chosen(known, status, exchange.request.headers.get('accept'))
    if (page === undefined) return response
    response.body.cancel(REPLACED)
    contentChanged(headers)
    for (const name of OF_THE_OTHER) headers.delete(name)
    headers.set('content-type', page.type)
    headers.set('cache-control', 'no-store')
    response.body = bodyFrom(page.content(exchange))
    return response
  }
  return (next) =>
    function errorPages(exchange) {
      return next(exchange).then((response) => shown(exchange, response))
    }
}

const REPLACED = new TrafficError('cancelled', 'a page of the gateway stands in its place')

/** What a response says of content that nobody is sent. */
const OF_THE_OTHER = [
  'content-encoding',
  'content-language',
  'content-location',
  'etag',
  'last-modified',
  'expires',
  'trailer',
]

function compiled(
  { statuses, type, text }: ErrorPagesConfig['pages'][number],
  geo: GeoLookup | undefined,
): Page {
  const template = new Template(text, geo)
  const escape = escapeFor(mediaType(type))
  const wanted = new Set(statuses)
  return {
    type,
    fits: (status) => wanted.has(String(status)) || wanted.has(`${Math.floor(status / 100)}xx`),
    content: (exchange) =>
      template.expand(exchange, (value, part) => (part.kind === 'text' ? value : escape(value))),
  }
}

/** The first page of the type that the client prefers; undefined if it takes none of them. */
function chosen(pages: readonly Page[], status: number, accept: string | undefined): Page | undefined {
  const fitting = pages.filter(({ fits }) => fits(status))
  if (fitting.length === 0) return undefined
  const type = preferredType(
    accept,
    fitting.map((page) => mediaType(page.type)),
  )
  return fitting.find((page) => mediaType(page.type) === type)
}

/** What requests hold must not become markup, nor end a text of JSON. */
function escapeFor(type: string): (value: string) => string {
  if (type === 'text/html' || type.endsWith('xml'))
    return (value) => value.replaceAll(/[&<>"'`]/g, (sign) => `&#${sign.charCodeAt(0)};`)
  if (type.endsWith('json')) return (value) => JSON.stringify(value).slice(1, -1)
  return (value) => value
}
