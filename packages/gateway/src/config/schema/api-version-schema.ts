import { keyed } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { boolean, oneOf, value } from '../../settings/schema/setting.ts'
import { mediaBase, moment, pathParameter, successor, versionName } from '../values/api-version-kinds.ts'
import { anyText, upstreamReference } from '../../settings/values/kinds.ts'
import { location, matchedField } from '../values/route-kinds.ts'

const times = () => ({
  deprecated: value(
    moment,
    'The day or time from which on it should not be used any more: tells clients in Deprecation (RFC 9745).',
  ).optional(),
  sunset: value(moment, 'The day or time at which it ends: tells clients in Sunset (RFC 8594).').optional(),
  afterSunset: oneOf(
    ['serve', 'gone'],
    'What happens from then on: serve goes on as before, gone answers 410.',
  ).prefault('serve'),
  docs: value(
    location,
    'A page on that, as a URL: tells clients in Link, with rel deprecation and sunset.',
  ).optional(),
  successor: value(
    successor,
    'What to use instead, as a URL or path, or of a version as the name of another: tells clients in Link.',
  ).optional(),
})

export const lifecycle = section('LifecycleInput', times)

/** Times in milliseconds since 1970-01-01 UTC; docs and successor are templates. */
export type LifecycleConfig = Read<typeof lifecycle>

const version = section('ApiVersionInput', () => ({
  ...times(),
  upstream: value(
    upstreamReference,
    'Where requests for this version go: the name of an upstream, or the URL of a single endpoint. Left out: where the route leads.',
  ).optional(),
}))

export const apiVersions = section('ApiVersionsInput', () => ({
  path: value(
    pathParameter,
    'The parameter of match.path that holds the version: with /:version/items, it is version.',
  ).optional(),
  query: value(anyText, 'The parameter of the query that holds the version.').optional(),
  header: value(matchedField, 'The header field that holds the version.').optional(),
  mediaType: value(
    mediaBase,
    'The media type whose variants are the versions: application/vnd.shop, asked for in Accept as application/vnd.shop.v2+json or application/vnd.shop+json;version=2.',
  ).optional(),
  default: value(
    versionName,
    'The version of a request that names none. Left out: such a request is refused.',
  ).optional(),
  stripPath: boolean('Take the version out of the path that the upstream sees.', false),
  versions: keyed(versionName, version()).describe(
    'The versions that there are, by their names: 2, or "2.1" and "2026-01-31" in quotes. A "v" in front makes no difference.',
  ),
}))

/** At least one of path, query, header and mediaType is there; these two are in lower case. */
export type ApiVersionsConfig = Read<typeof apiVersions>
