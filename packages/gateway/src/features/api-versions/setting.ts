import { keyed } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { boolean, oneOf, value } from '../../settings/schema/setting.ts'
import { anyText, type Kind, upstreamReference, textKind } from '../../settings/values/kinds.ts'
import { parsed, type Parsed, refused } from '../../settings/values/parsed.ts'
import { location } from '../templates/kinds.ts'
import { matchedField } from '../../settings/values/request-field.ts'

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

export const lifecycleSetting = section('LifecycleInput', times)

/** Times in milliseconds since 1970-01-01 UTC; docs and successor are templates. */
export type LifecycleConfig = Read<typeof lifecycleSetting>

const version = section('ApiVersionInput', () => ({
  ...times(),
  upstream: value(
    upstreamReference,
    'Where requests for this version go: the name of an upstream, or the URL of a single endpoint. Left out: where the route leads.',
  ).optional(),
}))

export const apiVersionsSetting = section('ApiVersionsInput', () => ({
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
export type ApiVersionsConfig = Read<typeof apiVersionsSetting>

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$/

export const versionName: Kind<string> = {
  allowed: 'letters, digits, "_", "-" and ".", a letter or digit first, such as 2 or "2026-01-31"',
  json: { type: ['string', 'integer'], pattern: NAME.source, minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  parse(written) {
    // Formats read 2 as a number.
    const text = typeof written === 'number' && Number.isSafeInteger(written) ? String(written) : written
    if (typeof text !== 'string') return refused('is not the name of a version', 'in quotes, it is a text')
    return NAME.test(text) ? parsed(text) : refused('is not the name of a version')
  },
}

/** Without the "v" in front, which makes no difference. */
export function plainVersion(name: string): string {
  return name.replace(/^v(?=\d)/i, '')
}

/** Whether a successor is named as a version, and not as a place. */
export function isVersionName(text: string): boolean {
  return NAME.test(text)
}

export const successor: Kind<string> = {
  allowed: `the name of another version, or ${location.allowed}`,
  json: { type: ['string', 'integer'], minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  parse(written) {
    const name = versionName.parse(written)
    return name.ok ? name : location.parse(written)
  },
}

export const mediaBase: Kind<string> = textKind(
  'a media type',
  'type/subtype without version, suffix and parameters, such as application/vnd.shop',
  (written) => {
    const lower = written.toLowerCase()
    if (!/^[a-z0-9!#$&^_.-]+\/[a-z0-9!#$&^_.-]+$/.test(lower)) return refused('is not such a media type')
    return /\.v\d+$/.test(lower) ? refused('has the version in it already') : parsed(lower)
  },
  { pattern: '^(?!.*\\.[vV][0-9]+$)[A-Za-z0-9!#$&^_.-]+/[A-Za-z0-9!#$&^_.-]+$' },
)

export const pathParameter: Kind<string> = textKind(
  'the name of a parameter',
  'the name of a parameter of match.path, without the colon',
  (written) =>
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(written) ? parsed(written) : refused('is not the name of a parameter'),
  { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
)

const MOMENT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?Z)?$/

/** In milliseconds since 1970-01-01 UTC. */
export const moment: Kind<number> = {
  allowed: 'a day, which begins at midnight UTC, or a time in UTC: 2027-06-30 or 2027-06-30T12:00:00Z',
  json: { type: 'string', pattern: MOMENT.source },
  parse(written) {
    // What TOML writes without quotes.
    if (written instanceof Date) return atTime(written.getTime())
    if (typeof written !== 'string' || !MOMENT.test(written)) return refused('is not a day or time')
    const time = Date.parse(written)
    // 2027-02-30 is read as a day in March.
    const isReal = !Number.isNaN(time) && new Date(time).toISOString().startsWith(written.slice(0, 10))
    return isReal ? atTime(time) : refused('is no day that there is')
  },
  write: (time) =>
    new Date(time)
      .toISOString()
      .replace(/\.\d+Z$/, 'Z')
      .replace('T00:00:00Z', ''),
}

function atTime(time: number): Parsed<number> {
  return Number.isNaN(time) ? refused('is no day that there is') : parsed(time)
}
