import type { MmdbValue } from './mmdb-data.ts'

/** What is not known of where somebody is. */
export const UNKNOWN = 'unknown'

/** Where an address is: codes, or `unknown`. They come from a file, and so hold nothing but letters, digits and "-". */
export interface GeoPlace {
  /** ISO 3166-1 alpha-2, as `DE`. */
  readonly country: string
  /** AF, AN, AS, EU, NA, OC or SA. */
  readonly continent: string
  /** ISO 3166-2, as `US-CA`. */
  readonly subdivision: string
  /** The number of the autonomous system, as `15169`. */
  readonly asn: string
}

export type GeoFact = keyof GeoPlace

/** Finds out where an address is. */
export type GeoLookup = (address: string) => GeoPlace

export const NOWHERE: GeoPlace = Object.freeze({
  country: UNKNOWN,
  continent: UNKNOWN,
  subdivision: UNKNOWN,
  asn: UNKNOWN,
})

/** Where nothing is known of any address. */
export const knowNothing: GeoLookup = () => NOWHERE

/** What a record says, in the forms that MaxMind, DB-IP and IPinfo give it. */
export function placeOf(record: MmdbValue): GeoPlace {
  const country = code(
    /^[A-Z]{2}$/,
    at(record, 'country', 'iso_code'),
    at(record, 'country'),
    at(record, 'country_code'),
  )
  const [first] = list(at(record, 'subdivisions'))
  const part = code(/^[A-Z0-9]{1,3}$/, at(first, 'iso_code'))
  return {
    country,
    continent: code(
      /^[A-Z]{2}$/,
      at(record, 'continent', 'code'),
      at(record, 'continent'),
      at(record, 'continent_code'),
    ),
    subdivision: country === UNKNOWN || part === UNKNOWN ? UNKNOWN : `${country}-${part}`,
    asn: code(/^\d{1,10}$/, asText(at(record, 'autonomous_system_number')), asText(at(record, 'asn'))),
  }
}

/** What one does not know, the other may: country and autonomous system mostly come in files of their own. */
export function together(one: GeoPlace, other: GeoPlace): GeoPlace {
  const known = (fact: GeoFact): string => (one[fact] === UNKNOWN ? other[fact] : one[fact])
  return {
    country: known('country'),
    continent: known('continent'),
    subdivision: known('subdivision'),
    asn: known('asn'),
  }
}

type Found = MmdbValue | undefined

function at(value: Found, ...keys: readonly string[]): Found {
  let found = value
  for (const key of keys)
    found = found instanceof Map ? (found as ReadonlyMap<string, MmdbValue>).get(key) : undefined
  return found
}

function list(value: Found): readonly Found[] {
  return Array.isArray(value) ? (value as readonly MmdbValue[]) : []
}

/** A number, or `AS15169`. */
function asText(value: Found): Found {
  return typeof value === 'number'
    ? String(value)
    : typeof value === 'string'
      ? value.replace(/^AS/, '')
      : undefined
}

/** The first that is one. */
function code(form: RegExp, ...candidates: readonly Found[]): string {
  return candidates.find((each): each is string => typeof each === 'string' && form.test(each)) ?? UNKNOWN
}
