import { bodyFrom, type Exchange, HeaderList, HttpResponse } from '@headgate/core'
import type { ApiVersionsConfig } from './setting.ts'
import type { AskedVersion, VersionSource } from './asked-version.ts'

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
