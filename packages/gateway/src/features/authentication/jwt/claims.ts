import { readJson } from '../../graphql/strict-json.ts'
import type { Identity } from '../../identity.ts'
import type { JwtConfig } from './setting.ts'

/** The identity that the claims of a token stand for. */
export function identityOfClaims(
  authenticator: string,
  payload: Readonly<Record<string, unknown>>,
  { name, groups, scopes }: JwtConfig['claims'],
  subject: string,
): Identity {
  const called = claimOf(payload, name)
  return {
    kind: 'jwt',
    authenticator,
    subject,
    name: typeof called === 'string' && called !== '' ? called : subject,
    groups: words(claimOf(payload, groups)),
    // Some write scp where RFC 9068 2.2.3 has scope.
    scopes: words(claimOf(payload, scopes) ?? (scopes === 'scope' ? claimOf(payload, 'scp') : undefined)),
    claims: payload,
  }
}

/**
 * Whether a part of a token names one thing twice: of two readers, one may take the first and another the last, and so two
 * identities (RFC 8259 4).
 */
export function hasRepeatedNames(token: string): boolean {
  return token
    .split('.')
    .slice(0, 2)
    .some((part) => {
      try {
        readJson(Buffer.from(part, 'base64url').toString('utf8'), 'the token')
        return false
      } catch {
        return true
      }
    })
}

function claimOf(payload: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(payload, name) ? payload[name] : undefined
}

/** A list of texts, or a text with spaces (RFC 6749 3.3). */
function words(value: unknown): string[] {
  if (typeof value === 'string') return value.split(' ').filter((each) => each !== '')
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []
}
