import { type Exchange, fieldValue, type HttpResponse, type Policy } from '@headgate/core'
import { type ApiVersionsConfig, isVersionName, type LifecycleConfig } from './setting.ts'
import { queryChanges } from '../rewrite/rewrite.ts'
import { enclosed } from '../templates/field-template.ts'
import { UrlTemplate } from '../templates/url-template.ts'
import { gone } from './version-answers.ts'
import { versionSegment } from './version-path.ts'

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
