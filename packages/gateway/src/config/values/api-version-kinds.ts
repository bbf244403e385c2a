import { type Kind, textKind } from '../../settings/values/kinds.ts'
import { type Parsed, parsed, refused } from '../../settings/values/parsed.ts'
import { location } from './route-kinds.ts'

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
