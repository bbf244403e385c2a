import { withMain } from '../prepare/admits.ts'
import type { MatchConfig, ValueMatchConfig } from '../types/match-config.ts'
import type { MatchInput, ValueMatchInput } from '../input/match-input.ts'
import { geoMatch } from './geo-schema.ts'
import { graphqlMatch } from './graphql-schema.ts'
import { keyed } from './keyed.ts'
import { list, oneOrMore } from './list.ts'
import { oneOf, text, value } from './setting.ts'
import * as z from './zod.ts'
import { anyText, flag, hostPattern, ipRange, type Kind, method, pathPattern } from '../values/kinds.ts'
import { matchedField, mediaRange, regex, token } from '../values/route-kinds.ts'

const settings = z.strictObject({
  exists: value<boolean, boolean>(
    flag,
    'Whether it must be there or must not, whatever its value.',
  ).optional(),
  regex: text(regex, 'A regular expression that the whole value must match.').optional(),
})

const single = text(anyText, '')

/** Described once, as `$defs/value`: it stands in three places, and in each match. */
const valueMatch: z.ZodType<ValueMatchConfig, ValueMatchInput> = z
  .union([single, list(single).min(1), settings])
  .transform((written, context): ValueMatchConfig => {
    if (typeof written === 'string') return { equals: [written] }
    if (Array.isArray(written)) return { equals: written }
    const { exists, regex: source } = written
    if (exists !== undefined && source === undefined) return { exists }
    if (source !== undefined && exists === undefined) return { regex: source }
    // What is wrong inside has been said.
    if (context.issues.length > 0) return z.NEVER
    const params = { allowed: 'a text, a list of texts, { exists: true } or { regex: ... }' }
    context.issues.push({ code: 'custom', message: 'needs one of exists and regex', input: written, params })
    return z.NEVER
  })
  .meta({ id: 'value' })

function values(names: Kind<string>, about: string) {
  return keyed(names, valueMatch).optional().describe(about)
}

/** A match inside a match, as `$defs/match`. */
const inner: z.ZodType<MatchConfig, MatchInput> = z.lazy(() => z.strictObject(fields())).meta({ id: 'match' })

function fields() {
  return {
    host: oneOrMore(
      hostPattern,
      'Hosts: exact, or *.suffix for every name below it. Left out: every host.',
    ).optional(),
    path: oneOrMore(
      pathPattern,
      'Paths: exact (/a/b), a prefix (/a/**) or with parameters (/users/:id).',
    ).prefault('/**'),
    methods: oneOrMore(method, 'Methods, in upper case. Left out: every method.').optional(),
    pathRegex: text(
      regex,
      'A regular expression that the whole path must match, beside a pattern of path.',
    ).optional(),
    headers: values(matchedField, 'Header fields by name.'),
    query: values(anyText, 'Parameters of the query by name; of several with the same name, one must match.'),
    cookies: values(token, 'Cookies by name.'),
    scheme: oneOf(
      ['http', 'https'],
      'How the client connected, to the gateway or to a trusted proxy. Left out: either.',
    ).optional(),
    client: oneOrMore(
      ipRange,
      'IP addresses and CIDR ranges that the client is in, seen through trusted proxies.',
    ).optional(),
    geo: geoMatch.optional().describe('Where the client is, by the databases of geo.'),
    contentType: oneOrMore(
      mediaRange,
      "Media types of the request's content: type/subtype, or type/* for all of a kind.",
    ).optional(),
    accept: oneOrMore(
      mediaRange,
      'Media types of which Accept names one; its wildcards name none.',
    ).optional(),
    graphql: graphqlMatch.optional().describe('The operation of a GraphQL request.'),
    all: list(inner).min(1).optional().describe('Further matches that must all match.'),
    any: list(inner).min(1).optional().describe('Further matches of which one must match.'),
    not: inner.optional().describe('A match that must not match.'),
  }
}

export const match: z.ZodType<MatchConfig, MatchInput> = z.strictObject(fields()).meta(withMain('path'))
