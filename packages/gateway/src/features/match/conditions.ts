import { isIP } from 'node:net'
import { isSecretField, type Scheme } from '@headgate/core'
import type { MatchConfig, MatchedRoute, ValueMatchConfig } from './setting.ts'
import { HIDDEN, redactText } from '../../settings/redact-text.ts'
import { ipRanges } from '../../settings/values/address.ts'
import {
  allHold,
  asksFor,
  type Condition,
  mediaType,
  someCookie,
  someHeader,
  someQueryValue,
  type Subject,
  takesType,
  type ValueTest,
  weightOf,
} from '../../routing/conditions.ts'
import { type GeoLookup, knowNothing } from '../geo/geo-place.ts'
import { graphqlConditions } from '../graphql/conditions.ts'
import { clientCertificateConditions } from '../client-certificates/match.ts'
import { grpcConditions } from '../grpc/conditions.ts'
import { Regex } from '../../routing/regex/regex.ts'
import { type RouteEntry, Router } from '../../routing/router/router.ts'
import { geoConditions } from '../geo/setting.ts'

/**
 * What a match asks beyond what the router finds by itself: everything but its host, path and methods.
 * @param geo tells where clients are; nowhere by default, as for who wants the words only
 */
export function conditionsOf(
  match: Omit<MatchConfig, 'path'>,
  geo: GeoLookup = knowNothing,
): readonly Condition[] {
  const nested = (config: MatchConfig): readonly Condition[] => nestedConditions(config, geo)
  const { pathRegex, scheme, client, contentType, accept, all = [], any, not } = match
  return [
    ...(pathRegex === undefined ? [] : [pathMatches(pathRegex)]),
    ...ofValues('header', match.headers, ({ request }, name, test) =>
      someHeader(request.headers, name, test),
    ),
    ...ofValues('query', match.query, ({ request }, name, test) => someQueryValue(request.query, name, test)),
    ...ofValues('cookie', match.cookies, ({ request }, name, test) =>
      someCookie(request.headers, name, test),
    ),
    ...(scheme === undefined ? [] : [comesBy(scheme)]),
    ...(client === undefined ? [] : [comesFrom(client)]),
    ...(match.clientCertificate === undefined ? [] : clientCertificateConditions(match.clientCertificate)),
    ...geoConditions(match.geo, geo),
    ...(contentType === undefined ? [] : [sends(contentType)]),
    ...(accept === undefined ? [] : [accepts(accept)]),
    ...(match.grpc === undefined ? [] : grpcConditions(match.grpc)),
    ...all.flatMap(nested),
    ...(any === undefined ? [] : [anyOf(any.map(nested))]),
    ...(not === undefined ? [] : [noneOf(nested(not))]),
    // Last: what fails before saves reading the request.
    ...(match.graphql === undefined ? [] : graphqlConditions(match.graphql)),
  ]
}

/** Inside `all`, `any` and `not` there is no table of routes: host, path and method are looked at as all else. */
function nestedConditions(config: MatchConfig, geo: GeoLookup): readonly Condition[] {
  const { host = [], methods = [] } = config
  const path = config.path.includes('/**') ? [] : config.path
  const further = conditionsOf(config, geo)
  if (host.length + path.length + methods.length === 0) return further
  const router = new Router([{ name: '', hosts: host, paths: path, methods, value: true }])
  const place = [host.join(' or '), path.join(' or '), methods.join(' or ')].filter((part) => part !== '')
  const condition: Condition = {
    text: `the request is for ${place.join(', ')}`,
    weight: place.length,
    holds: ({ request }) =>
      router.find(request.authority.host, request.path, request.method).kind === 'found',
  }
  return [condition, ...further]
}

function pathMatches(source: string): Condition {
  const regex = new Regex(source)
  return {
    text: `path matches ${JSON.stringify(source)}`,
    weight: 1,
    holds: ({ request }) => regex.matches(request.path),
  }
}

type SomeValue = (subject: Subject, name: string, test: ValueTest) => boolean

function ofValues(
  noun: string,
  matches: Readonly<Record<string, ValueMatchConfig>> | undefined,
  some: SomeValue,
): Condition[] {
  return Object.entries(matches ?? {}).map(([name, match]) => ofValue(`${noun} ${name}`, name, match, some))
}

function ofValue(what: string, name: string, match: ValueMatchConfig, some: SomeValue): Condition {
  if ('exists' in match) {
    const { exists } = match
    const text = `${what} ${exists ? 'exists' : 'does not exist'}`
    return { text, weight: 1, holds: (subject) => some(subject, name, present) === exists }
  }
  if ('regex' in match) {
    const regex = new Regex(match.regex)
    const test: ValueTest = (value) => regex.matches(value)
    const text = `${what} matches ${quoted(name, [match.regex])}`
    return { text, weight: 1, holds: (subject) => some(subject, name, test) }
  }
  const values = new Set(match.equals)
  const test: ValueTest = (value) => values.has(value)
  return {
    text: `${what} is ${quoted(name, match.equals)}`,
    weight: 1,
    holds: (subject) => some(subject, name, test),
  }
}

/** Whether one of several values, or none, is as a match asks. */
export function valueTest(match: ValueMatchConfig): (values: readonly string[]) => boolean {
  if ('exists' in match) return (values) => values.length > 0 === match.exists
  if ('regex' in match) {
    const regex = new Regex(match.regex)
    return (values) => values.some((value) => regex.matches(value))
  }
  const accepted = new Set(match.equals)
  return (values) => values.some((value) => accepted.has(value))
}

function present(): boolean {
  return true
}

/** For people: what has the name of a secret is hidden. */
function quoted(name: string, values: readonly string[]): string {
  if (isSecretField(name)) return JSON.stringify(HIDDEN)
  return values.map((value) => JSON.stringify(redactText(value))).join(' or ')
}

function comesBy(scheme: Scheme): Condition {
  return { text: `scheme is ${scheme}`, weight: 1, holds: ({ clientScheme }) => clientScheme === scheme }
}

function comesFrom(ranges: readonly string[]): Condition {
  const list = ipRanges(ranges)
  return {
    text: `client is in ${ranges.join(' or ')}`,
    weight: 1,
    holds({ clientAddress }) {
      const [address = ''] = clientAddress.split('%')
      const version = isIP(address)
      return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4')
    },
  }
}

function sends(ranges: readonly string[]): Condition {
  return {
    text: `content type is ${ranges.join(' or ')}`,
    weight: 1,
    holds({ request }) {
      const value = request.headers.get('content-type')
      if (value === undefined) return false
      const type = mediaType(value)
      return ranges.some((range) => takesType(range, type))
    },
  }
}

function accepts(ranges: readonly string[]): Condition {
  return {
    text: `Accept names ${ranges.join(' or ')}`,
    weight: 1,
    holds({ request }) {
      const value = request.headers.get('accept')
      return value !== undefined && asksFor(value, ranges)
    },
  }
}

function anyOf(options: readonly (readonly Condition[])[]): Condition {
  return {
    text: `any of (${options.map(textOf).join('; ')})`,
    // What it asks at the least.
    weight: Math.min(...options.map(weightOf)),
    holds: (subject) => options.some((conditions) => allHold(conditions, subject)),
  }
}

function noneOf(conditions: readonly Condition[]): Condition {
  return { text: `not (${textOf(conditions)})`, weight: 1, holds: (subject) => !allHold(conditions, subject) }
}

function textOf(conditions: readonly Condition[]): string {
  return conditions.map(({ text }) => text).join(' and ')
}

/** A route of the configuration as the router takes it. */
export function routeEntry<Value>(
  { name, match, priority }: MatchedRoute,
  value: Value,
  geo: GeoLookup = knowNothing,
): RouteEntry<Value> {
  const { host = [], path, methods = [] } = match
  return { name, hosts: host, paths: path, methods, priority, conditions: conditionsOf(match, geo), value }
}
