import { bodyFrom, type Exchange, fieldValue, HeaderList, HttpResponse, type Policy } from '@headgate/core'
import { type ApiVersionsConfig, isVersionName, type LifecycleConfig } from './setting.ts'
import { queryChanges } from '../rewrite/rewrite.ts'
import { enclosed } from '../templates/field-template.ts'
import { UrlTemplate } from '../templates/url-template.ts'
import { versionSegment } from './version-path.ts'
import type { AskedVersion, VersionSource } from './asked-version.ts'

/** A field that an answer gets: what it says may depend on the request. */
export interface LifecycleField {
  readonly name: 'deprecation' | 'sunset' | 'link'
  readonly value: (exchange: Exchange) => string | undefined
}

/**
 * What answers tell of the end of a version or route: Deprecation (RFC 9745), Sunset (RFC 8594), and Link, with the relations
 * of these two and successor-version (RFC 5829).
 * @param successor where it is; undefined for one without a place of its own
 */
export function lifecycleFields(
  { deprecated, sunset, docs }: LifecycleConfig,
  successor: ((exchange: Exchange) => string | undefined) | undefined,
): readonly LifecycleField[] {
  const page = docs === undefined ? undefined : new UrlTemplate(docs)
  const about = (relation: string): LifecycleField[] =>
    page === undefined ? [] : [{ name: 'link', value: (exchange) => link(page.expand(exchange), relation) }]
  return [
    ...(deprecated === undefined
      ? []
      : [always('deprecation', `@${Math.floor(deprecated / 1000)}`), ...about('deprecation')]),
    ...(sunset === undefined ? [] : [always('sunset', new Date(sunset).toUTCString()), ...about('sunset')]),
    ...(successor === undefined
      ? []
      : [
          {
            name: 'link' as const,
            value: (exchange: Exchange) => {
              const place = successor(exchange)
              return place === undefined ? undefined : link(place, 'successor-version')
            },
          },
        ]),
  ]
}

function always(name: LifecycleField['name'], value: string): LifecycleField {
  return { name, value: () => value }
}

function link(target: string, relation: string): string {
  return `<${enclosed(target)}>; rel="${relation}"`
}

/** What they say of an exchange. To be asked while the request is as it came: further in, it is rewritten. */
export function valuesOf(
  fields: readonly LifecycleField[],
  exchange: Exchange,
): (readonly [string, string])[] {
  return fields.flatMap(({ name, value }) => {
    const said = value(exchange)
    return said === undefined ? [] : [[name, said] as const]
  })
}

export function append(response: HttpResponse, values: readonly (readonly [string, string])[]): HttpResponse {
  for (const [name, value] of values) response.headers.append(name, fieldValue(value))
  return response
}

/** Of a route without versions. */
export function lifecycle(config: LifecycleConfig): Policy {
  const fields = lifecycleFields(config, placeOf(config.successor))
  const { sunset, afterSunset } = config
  const end = afterSunset === 'gone' ? (sunset ?? Infinity) : Infinity
  return (next) =>
    function lifecycle(exchange) {
      const values = valuesOf(fields, exchange)
      if (end !== Infinity && exchange.clock.wallTime() >= end)
        return Promise.resolve(append(gone('this', end, [], exchange), values))
      return next(exchange).then((response) => append(response, values))
    }
}

function placeOf(successor: string | undefined): ((exchange: Exchange) => string) | undefined {
  if (successor === undefined) return undefined
  const template = new UrlTemplate(successor)
  return (exchange) => template.expand(exchange)
}

/**
 * Where the successor of a version is: as configured, or the request's own target with the other version in it. A version that
 * is told in a header field alone has no place of its own.
 */
export function successorOf(
  successor: string | undefined,
  { path, query }: ApiVersionsConfig,
  patterns: readonly string[],
): ((exchange: Exchange) => string | undefined) | undefined {
  if (successor === undefined || !isVersionName(successor)) return placeOf(successor)
  const segment = path === undefined ? undefined : versionSegment(path, patterns)
  const changed =
    query === undefined ? undefined : queryChanges({ set: { [query]: successor }, add: {}, remove: [] })
  return (exchange) => {
    const { request } = exchange
    const inPath = segment?.replace(exchange, successor)
    if (inPath !== undefined) return inPath + request.query
    return changed === undefined ? undefined : request.path + changed(exchange)
  }
}

/** The most of what a client asked for that it is told again. */
const SHOWN = 50

/**
 * What fits where the version stands: in the path it names a resource that is not there, in Accept a form that is not
 * (RFC 9110 15.5.7), anywhere else the request is wrong.
 */
const STATUSES: Readonly<Record<VersionSource, number>> = {
  path: 404,
  query: 400,
  header: 400,
  mediaType: 406,
}

/** Why no version answers, with those that there are. */
export function refusal(
  asked: Exclude<AskedVersion, { kind: 'known' }>,
  config: ApiVersionsConfig,
  exchange: Exchange,
): HttpResponse {
  const supported = Object.keys(config.versions)
  const there = `there are ${supported.join(', ')}`
  switch (asked.kind) {
    case 'unsupported': {
      const name = JSON.stringify(asked.asked.slice(0, SHOWN))
      const detail = `${place(asked.by, config)} asks for version ${name}; ${there}`
      const title = 'Unsupported API version'
      return answer(STATUSES[asked.by], 'unsupported_api_version', title, detail, supported, exchange)
    }
    case 'contradiction': {
      const detail = `the request asks for version ${asked.versions.join(' and for version ')}; ${there}`
      return answer(
        400,
        'contradictory_api_version',
        'Contradictory API version',
        detail,
        supported,
        exchange,
      )
    }
    case 'missing': {
      const places = (['path', 'query', 'header', 'mediaType'] as const).filter(
        (each) => config[each] !== undefined,
      )
      const detail = `the request must name a version, in ${places.map((each) => place(each, config)).join(' or ')}; ${there}`
      return answer(400, 'missing_api_version', 'Missing API version', detail, supported, exchange)
    }
  }
}

/** What ended at a time that has passed. */
export function gone(
  what: string,
  sunset: number,
  supported: readonly string[],
  exchange: Exchange,
): HttpResponse {
  const others = supported.length === 0 ? '' : `; there are ${supported.join(', ')}`
  const detail = `${what} ended on ${new Date(sunset).toISOString().slice(0, 10)}${others}`
  return answer(410, 'gone', 'Gone', detail, supported, exchange)
}

function place(by: VersionSource, { query, header, mediaType }: ApiVersionsConfig): string {
  switch (by) {
    case 'path':
      return 'the path'
    case 'query':
      return `the parameter ${query} of the query`
    case 'header':
      return `the field ${header}`
    case 'mediaType':
      return `Accept (${mediaType})`
  }
}

function answer(
  status: number,
  code: string,
  title: string,
  detail: string,
  supported: readonly string[],
  { id }: Exchange,
): HttpResponse {
  const headers = new HeaderList()
  headers.append('content-type', 'application/problem+json')
  headers.append('cache-control', 'no-store')
  const instance = id === '' ? undefined : `urn:request:${id}`
  const listed = supported.length === 0 ? undefined : supported
  const content = { type: `urn:headgate:${code}`, title, status, detail, instance, supported: listed }
  return new HttpResponse(status, headers, bodyFrom(JSON.stringify(content)))
}
