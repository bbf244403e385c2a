import type * as z from '../../settings/schema/zod.ts'
import { oneOf, value } from '../../settings/schema/setting.ts'
import {
  anyText,
  flag,
  hostPattern,
  ipRange,
  type Kind,
  method,
  pathPattern,
  textKind,
} from '../../settings/values/kinds.ts'
import { matchedField, token } from '../../settings/values/request-field.ts'
import { geoMatch } from '../geo/setting.ts'
import { clientCertificateMatch } from '../client-certificates/match.ts'
import { grpcMatch } from '../grpc/setting.ts'
import { graphqlMatch } from '../graphql/setting.ts'
import { Regex } from '../../routing/regex/regex.ts'
import { once, zod } from '../../settings/schema/library.ts'
import { keyed, list, oneOrMore } from '../../settings/schema/list.ts'
import { withMain } from '../../settings/schema/schema-tree.ts'
import { named, type Read, section, writtenAs } from '../../settings/schema/section.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'
import { tried } from '../templates/kinds.ts'

export const regex: Kind<string> = textKind(
  'a regular expression',
  'text, ".", classes, \\d \\w \\s, groups, "|" and repeats; it is compared with the whole value',
  (written) => tried(written, () => new Regex(written)),
)

export const mediaRange: Kind<string> = textKind(
  'a media type',
  'type/subtype or type/*, such as application/json',
  (written) => {
    const lower = written.toLowerCase()
    if (/^[a-z0-9!#$&^_.+-]+\/(?:[a-z0-9!#$&^_.+-]+|\*)$/.test(lower)) return parsed(lower)
    return refused('is not a media type without parameters')
  },
  { pattern: '^[A-Za-z0-9!#$&^_.+-]+/(?:[A-Za-z0-9!#$&^_.+-]+|\\*)$' },
)

const settings = section('ValueMatchSettingsInput', () => ({
  exists: value(flag, 'Whether it must be there or must not, whatever its value.').optional(),
  regex: value(regex, 'A regular expression that the whole value must match.').optional(),
}))

/** What a value must be like; the name alone, a few texts, or a regular expression for the whole value. */
export type ValueMatchConfig =
  | { readonly exists: boolean }
  | { readonly equals: readonly string[] }
  | { readonly regex: string }

/** Described once, as `$defs/value`: it stands in three places, and in each match. */
export const valueMatch = once(() =>
  writtenAs(
    named(
      'ValueMatchInput',
      zod()
        .union([value(anyText), list(value(anyText)).min(1), settings()])
        .transform((written, context): ValueMatchConfig => {
          if (typeof written === 'string') return { equals: [written] }
          if (Array.isArray(written)) return { equals: written }
          const { exists, regex: source } = written
          if (exists !== undefined && source === undefined) return { exists }
          if (source !== undefined && exists === undefined) return { regex: source }
          // What is wrong inside has been said.
          if (context.issues.length > 0) return zod().NEVER
          const params = { allowed: 'a text, a list of texts, { exists: true } or { regex: ... }' }
          context.issues.push({
            code: 'custom',
            message: 'needs one of exists and regex',
            input: written,
            params,
          })
          return zod().NEVER
        })
        .meta({ id: 'value' }),
    ),
    (match) => ('equals' in match ? match.equals : match),
  ),
)

function values(names: Kind<string>, about: string) {
  return keyed(names, valueMatch()).optional().describe(about)
}

const conditions = () => ({
  host: oneOrMore(
    hostPattern,
    'Hosts: exact, or *.suffix for every name below it. Left out: every host.',
  ).optional(),
  path: oneOrMore(
    pathPattern,
    'Paths: exact (/a/b), a prefix (/a/**) or with parameters (/users/:id).',
  ).prefault('/**'),
  methods: oneOrMore(method, 'Methods, in upper case. Left out: every method.').optional(),
  pathRegex: value(
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
  clientCertificate: clientCertificateMatch()
    .optional()
    .describe(
      'The certificate that the client has shown, and that was verified; an empty one takes them all. See clientCertificates of a listener.',
    ),
  geo: geoMatch().optional().describe('Where the client is, by the databases of geo.'),
  contentType: oneOrMore(
    mediaRange,
    "Media types of the request's content: type/subtype, or type/* for all of a kind.",
  ).optional(),
  accept: oneOrMore(mediaRange, 'Media types of which Accept names one; its wildcards name none.').optional(),
  grpc: grpcMatch()
    .optional()
    .describe(
      'The call of a gRPC or gRPC-Web request; an empty one takes them all. Its CORS preflights match, too.',
    ),
  graphql: graphqlMatch().optional().describe('The operation of a GraphQL request.'),
})

/** Those that another feature may ask of a request, whichever route takes it. */
export function requestConditions() {
  const { client, clientCertificate, headers, query, cookies, geo, scheme, contentType } = conditions()
  return { client, clientCertificate, headers, query, cookies, geo, scheme, contentType }
}

/** A match inside a match, as `$defs/match`. */
const inner = once(
  (): z.ZodType<MatchConfig> =>
    zod()
      .lazy(() => section('MatchInput', settingsOf)())
      .meta({ id: 'match' }),
)

function settingsOf() {
  return {
    ...conditions(),
    all: list(inner()).min(1).optional().describe('Further matches that must all match.'),
    any: list(inner()).min(1).optional().describe('Further matches of which one must match.'),
    not: inner().optional().describe('A match that must not match.'),
  }
}

export const matchSetting = once(() => section('MatchInput', settingsOf)().meta(withMain('path')))

/** Names of fields and media types are in lower case. Its type names itself, which no type that is inferred can. */
export interface MatchConfig extends Read<z.ZodObject<ReturnType<typeof conditions>>> {
  readonly all?: readonly MatchConfig[] | undefined
  readonly any?: readonly MatchConfig[] | undefined
  readonly not?: MatchConfig | undefined
}

/** A route, as far as it says which requests take it. */
export interface MatchedRoute {
  readonly name: string
  readonly match: MatchConfig
  readonly priority: number
}
