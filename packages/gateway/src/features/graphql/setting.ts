import { once } from '../../settings/schema/library.ts'
import { OPERATION_TYPES } from './document.ts'
import { list, oneOrMore } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { bytes, integer, oneOf, value } from '../../settings/schema/setting.ts'
import { choice } from '../../settings/values/choice.ts'
import type { Kind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'

const graphqlName: Kind<string> = {
  allowed: 'a name of GraphQL: letters, digits and "_", no digit in front, 255 characters at most',
  json: { type: 'string', pattern: '^[_A-Za-z][_0-9A-Za-z]{0,254}$' },
  parse(written) {
    if (typeof written === 'string' && /^[_A-Za-z][_0-9A-Za-z]{0,254}$/.test(written)) return parsed(written)
    return refused('is not a name of GraphQL')
  },
}

const names = () => list(value(graphqlName)).min(1)

/** Described once, as `$defs/graphqlMatch`: it stands in each match. */
export const graphqlMatch = once(() =>
  section('GraphqlMatchInput', () => ({
    operation: oneOrMore(
      choice(OPERATION_TYPES),
      'Its type: query, mutation or subscription, or some of them.',
    ).optional(),
    name: oneOrMore(graphqlName, 'Its name, or some.').optional(),
    rootFields: section('GraphqlRootFieldsInput', () => ({
      any: names().optional().describe('One of these must be there.'),
      all: names().optional().describe('All that are there must be among these.'),
    }))()
      .optional()
      .describe('The fields at its top, those of fragments included.'),
  }))().meta({ id: 'graphqlMatch' }),
)

export type GraphqlMatchConfig = Read<typeof graphqlMatch>

/** Far more than anybody asks for by hand, and yet read in a few milliseconds. */
const MOST = 100_000

function most(about: string, fallback: number) {
  return integer(about, fallback, 0, MOST)
}

function allowance(about: string) {
  return oneOf(['refuse', 'allow'], about).prefault('refuse')
}

export const graphqlSetting = section('GraphqlInput', () => ({
  maxDepth: integer(
    'How deep fields may stand in fields; those at the top are at 1.',
    GRAPHQL_DEFAULTS.maxDepth,
    1,
    200,
  ),
  maxAliases: most('Aliases, those of a fragment each time that it is spread.', GRAPHQL_DEFAULTS.maxAliases),
  maxRootFields: integer('Fields at the top.', GRAPHQL_DEFAULTS.maxRootFields, 1, MOST),
  maxFields: integer(
    'Fields, those of a fragment each time that it is spread.',
    GRAPHQL_DEFAULTS.maxFields,
    1,
    MOST,
  ),
  maxDirectives: most(
    'Directives, those of a fragment each time that it is spread.',
    GRAPHQL_DEFAULTS.maxDirectives,
  ),
  maxTokens: integer('Tokens of the document.', GRAPHQL_DEFAULTS.maxTokens, 3, MOST),
  maxSize: bytes(
    'Size of the body, or of the query of the URL; it is read into memory before it is sent on.',
    { min: '64B', max: '16MiB' },
  ).prefault('128KiB'),
  maxBatch: integer(
    'Operations in a batch (a list of requests in one body); 0: no batches.',
    GRAPHQL_DEFAULTS.maxBatch,
    0,
    1000,
  ),
  introspection: allowance('Whether __schema and __type may be asked for.'),
  persisted: allowance(
    'What only names a document that the origin knows: there is nothing to judge, so no limit but maxSize holds.',
  ),
  websocket: allowance('WebSockets of this route: what they carry is not judged.'),
}))

export type GraphqlConfig = Read<typeof graphqlSetting>

/** What a route takes of GraphQL that has conditions on operations only; a route that says more begins with the same. */
export const GRAPHQL_DEFAULTS = {
  maxDepth: 15,
  maxAliases: 30,
  maxRootFields: 20,
  maxFields: 1000,
  maxDirectives: 50,
  maxTokens: 2000,
  maxSize: 128 * 1024,
  maxBatch: 0,
  introspection: 'refuse',
  persisted: 'refuse',
  websocket: 'refuse',
} as const
