import type { Identity } from '../identity.ts'
import type { ClaimNames } from './claims-setting.ts'

/** The identity that the claims of a token stand for, or what a server says of one. */
export function identityOfClaims(
  { kind, authenticator }: Pick<Identity, 'kind' | 'authenticator'>,
  payload: Readonly<Record<string, unknown>>,
  { name, groups, scopes }: ClaimNames,
  subject: string,
): Identity {
  const called = claimOf(payload, name)
  return {
    kind,
    authenticator,
    subject,
    name: typeof called === 'string' && called !== '' ? called : subject,
    groups: words(claimOf(payload, groups)),
    // Some write scp where RFC 9068 2.2.3 has scope.
    scopes: words(claimOf(payload, scopes) ?? (scopes === 'scope' ? claimOf(payload, 'scp') : undefined)),
    claims: payload,
  }
}

export function claimOf(payload: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(payload, name) ? payload[name] : undefined
}

/** A list of texts, or a text with spaces (RFC 6749 3.3). */
export function words(value: unknown): string[] {
  if (typeof value === 'string') return value.split(' ').filter((each) => each !== '')
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []
}
