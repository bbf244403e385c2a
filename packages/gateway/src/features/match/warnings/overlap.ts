import type { GeoMatchConfig } from '../../geo/setting.ts'
import { isIPv6 } from 'node:net'
import type { MatchConfig, ValueMatchConfig } from '../setting.ts'
import { ipRanges } from '../../../settings/values/address.ts'
import { operationsExclude } from '../../graphql/conditions.ts'

/**
 * Whether no request fits both: they want different values of the same thing. Only what can be seen is judged; where it answers
 * false, there may still be no such request.
 */
export function excludeEachOther(one: MatchConfig, other: MatchConfig): boolean {
  return (
    valuesExclude(one.headers, other.headers) ||
    schemesExclude(one.scheme, other.scheme) ||
    // A request may hold several values of one name: different ones do not exclude each other there.
    presenceExcludes(one.query, other.query) ||
    presenceExcludes(one.cookies, other.cookies) ||
    listsExclude(one.contentType, other.contentType) ||
    placesExclude(one.geo, other.geo) ||
    operationsExclude(one.graphql, other.graphql) ||
    rangesExclude(one.client, other.client)
  )
}

function schemesExclude(one: MatchConfig['scheme'], other: MatchConfig['scheme']): boolean {
  return one !== undefined && other !== undefined && one !== other
}

type Values = Readonly<Record<string, ValueMatchConfig>> | undefined

function valuesExclude(one: Values, other: Values): boolean {
  return (
    presenceExcludes(one, other) ||
    pairs(one, other).some(
      ([left, right]) =>
        'equals' in left && 'equals' in right && !left.equals.some((value) => right.equals.includes(value)),
    )
  )
}

/** One wants that it is not there, the other that it is. */
function presenceExcludes(one: Values, other: Values): boolean {
  return pairs(one, other).some(([left, right]) => isAbsent(left) !== isAbsent(right))
}

function pairs(one: Values, other: Values): [ValueMatchConfig, ValueMatchConfig][] {
  return Object.entries(one ?? {}).flatMap(([name, left]): [ValueMatchConfig, ValueMatchConfig][] => {
    const right = other?.[name]
    return right === undefined ? [] : [[left, right]]
  })
}

function isAbsent(match: ValueMatchConfig): boolean {
  return 'exists' in match && !match.exists
}

/** An address is in one country, or in none that is known. */
function placesExclude(one: GeoMatchConfig = {}, other: GeoMatchConfig = {}): boolean {
  const { country, continent, subdivision, asn } = one
  return (
    listsExclude(country, other.country) ||
    listsExclude(continent, other.continent) ||
    listsExclude(subdivision, other.subdivision) ||
    listsExclude(asn, other.asn)
  )
}

/** A message has one content type. */
function listsExclude(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  if (one === undefined || other === undefined) return false
  if ([...one, ...other].some((range) => range.endsWith('/*'))) return false
  return !one.some((type) => other.includes(type))
}

/** A client has one address. Of two ranges, one holds the other, or they have nothing in common. */
function rangesExclude(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  if (one === undefined || other === undefined) return false
  return !holdsStart(one, other) && !holdsStart(other, one)
}

function holdsStart(ranges: readonly string[], others: readonly string[]): boolean {
  const list = ipRanges(ranges)
  return others.some((other) => {
    const [address = ''] = other.split('/')
    return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  })
}
