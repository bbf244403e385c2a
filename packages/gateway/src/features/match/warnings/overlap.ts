import { isIPv6 } from 'node:net'
import { parsePathPattern, type PathPattern, type PatternSegment } from '../../../settings/values/pattern.ts'
import type { MatchConfig, ValueMatchConfig } from '../setting.ts'
import { ipRanges } from '../../../settings/values/address.ts'
import { conditionsOf } from '../conditions.ts'
import { takesType } from '../../../routing/conditions.ts'
import { Regex } from '../../../routing/regex/regex.ts'
import type { GeoMatchConfig } from '../../geo/setting.ts'
import { callsExclude } from '../../grpc/conditions.ts'
import { operationsExclude } from '../../graphql/conditions.ts'

/** Whether every path that `other` matches is matched by `one`. */
export function coversPath(one: PathPattern, other: PathPattern): boolean {
  const { segments, open } = one
  if (other.open && !open) return false
  if (open ? other.segments.length < segments.length : other.segments.length !== segments.length) return false
  return segments.every((segment, index) => coversSegment(segment, other.segments[index]))
}

function coversSegment(one: PatternSegment, other: PatternSegment | undefined): boolean {
  if (other === undefined) return false
  if (one.kind === 'static') return other.kind === 'static' && one.text === other.text
  // A parameter takes no empty segment, as there is after a final slash.
  return other.kind === 'parameter' || other.text !== ''
}

export function coversHost(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || one === other) return true
  return (
    one.startsWith('*.') &&
    other !== undefined &&
    other.length > one.length - 1 &&
    other.endsWith(one.slice(1))
  )
}

/** Whether a route for these methods takes the method, which may be any (undefined). */
export function coversMethod(methods: readonly string[], method: string | undefined): boolean {
  if (methods.length === 0) return true
  return method !== undefined && methods.includes(method)
}

/** Patterns, each parsed once. */
export function patternParser(): (path: string) => PathPattern {
  const known = new Map<string, PathPattern>()
  return (path) => {
    const pattern = known.get(path) ?? parsePathPattern(path)
    known.set(path, pattern)
    return pattern
  }
}

/** A condition of a match, and what makes it true of itself. */
export interface Claim {
  /** In words: two with the same words are the same. */
  readonly text: string
  /** Whether it holds for all that another match takes, since that asks for as much or more of the same. */
  readonly impliedBy: (other: MatchConfig) => boolean
}

type ImpliedBy = Claim['impliedBy']

const VALUES = ['headers', 'query', 'cookies'] as const

/** What a match asks beyond host, path and methods. */
export function claimsOf(match: MatchConfig): readonly Claim[] {
  const { client, contentType, accept } = match
  const known = new Map<string, ImpliedBy>()
  const add = (part: Omit<MatchConfig, 'path'>, impliedBy: ImpliedBy): void => {
    for (const { text } of conditionsOf(part)) known.set(text, impliedBy)
  }
  for (const kind of VALUES) {
    for (const [name, value] of Object.entries(match[kind] ?? {})) {
      const isImplied = valueImplied(value)
      add({ [kind]: { [name]: value } }, (other) => {
        const asked = other[kind]?.[name]
        return asked !== undefined && isImplied(asked)
      })
    }
  }
  if (client !== undefined) add({ client }, rangesImplied(client))
  if (contentType !== undefined) add({ contentType }, (other) => impliesTypes(other.contentType, contentType))
  if (accept !== undefined) add({ accept }, (other) => impliesTypes(other.accept, accept))
  return conditionsOf(match).map(({ text }) => ({ text, impliedBy: known.get(text) ?? never }))
}

function never(): boolean {
  return false
}

/** Whether a value that is as asked is as `match` says, too. */
function valueImplied(match: ValueMatchConfig): (asked: ValueMatchConfig) => boolean {
  if ('exists' in match) return (asked) => match.exists === !('exists' in asked && !asked.exists)
  const regex = 'regex' in match ? new Regex(match.regex) : undefined
  const values = new Set('equals' in match ? match.equals : [])
  const takes = (value: string): boolean => regex?.matches(value) ?? values.has(value)
  return (asked) => 'equals' in asked && asked.equals.every(takes)
}

/** A range lies in another one that holds its start and is not the smaller of the two. */
function rangesImplied(ranges: readonly string[]): ImpliedBy {
  const known = ranges.map((range) => ({ ...partsOf(range), list: ipRanges([range]) }))
  return ({ client }) =>
    client?.every((range) => {
      const { start, family, length } = partsOf(range)
      return known.some(
        (each) => each.family === family && each.length <= length && each.list.check(start, family),
      )
    }) === true
}

function partsOf(range: string): { start: string; family: 'ipv4' | 'ipv6'; length: number } {
  const [start = '', length] = range.split('/')
  const family = isIPv6(start) ? 'ipv6' : 'ipv4'
  return { start, family, length: Number(length ?? (family === 'ipv6' ? 128 : 32)) }
}

function impliesTypes(asked: readonly string[] | undefined, ranges: readonly string[]): boolean {
  return asked?.every((type) => ranges.some((range) => takesType(range, type))) === true
}

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
    callsExclude(one.grpc, other.grpc) ||
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
