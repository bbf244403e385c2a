import { suggest } from '../../settings/problems/suggest.ts'
import type { OperationKey } from '../../routing/graphql/operation-key.ts'
import type { Kind } from '../../settings/values/kinds.ts'
import { didYouMean, parsed, type Parsed, refused } from '../../settings/values/parsed.ts'
import { TOKEN } from '../../settings/values/host.ts'
import { requestField } from '../../settings/values/request-field.ts'

/** What requests are told apart by, where they are limited. */
export type RateLimitKey =
  | { readonly kind: 'client-ip' | 'country' | 'route' | 'global' | OperationKey }
  /** The name in lower case. */
  | { readonly kind: 'header'; readonly name: string }

/** The words, and what they stand for. */
const WORDS: ReadonlyMap<string, RateLimitKey> = new Map<string, RateLimitKey>([
  ['client-ip', { kind: 'client-ip' }],
  ['country', { kind: 'country' }],
  ['route', { kind: 'route' }],
  ['global', { kind: 'global' }],
  ['graphql-type', { kind: 'graphql-type' }],
  ['graphql-operation', { kind: 'graphql-operation' }],
  ['graphql-root-fields', { kind: 'graphql-root-fields' }],
  ['api-key', { kind: 'header', name: 'x-api-key' }],
  ['credential', { kind: 'header', name: 'authorization' }],
])

const HEADER = 'header:'

function parseRateLimitKey(text: string): Parsed<RateLimitKey> {
  const word = WORDS.get(text)
  if (word !== undefined) return parsed(word)
  if (text.startsWith(HEADER)) {
    const name = requestField.parse(text.slice(HEADER.length))
    return name.ok ? parsed({ kind: 'header', name: name.value }) : name
  }
  const meant = suggest(text, [...WORDS.keys()])
  return refused('is not a key', meant === undefined ? undefined : didYouMean(meant))
}

export const rateLimitKey: Kind<RateLimitKey> = {
  allowed: `${[...WORDS.keys()].join(', ')} or header:NAME`,
  json: { type: 'string', anyOf: [{ enum: [...WORDS.keys()] }, { pattern: `^${HEADER}${TOKEN}$` }] },
  parse: (written) => (typeof written === 'string' ? parseRateLimitKey(written) : refused('is not a key')),
  write: (key) => (key.kind === 'header' ? `${HEADER}${key.name}` : key.kind),
}
