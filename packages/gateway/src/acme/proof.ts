import { createHash, type KeyObject } from 'node:crypto'
import { AcmeError, isFields } from './acme-error.ts'
import { keyAuthorization } from './jws.ts'

/** How control of a name is proved: RFC 8555 8.3 and 8.4, RFC 8737. */
export type ChallengeType = 'http-01' | 'tls-alpn-01' | 'dns-01'

/** What proves control of one name, to be put where the authority looks. */
export interface Proof {
  readonly type: ChallengeType
  /** Without `*.`. */
  readonly name: string
  /** Where the authority is told that it may look. */
  readonly url: unknown
  readonly token: string
  readonly keyAuthorization: string
  /** Of the key authorization, SHA-256. */
  readonly digest: Buffer
}

/** So is what a token is made of (RFC 8555 8.1), and all that it can be in a path. */
const TOKEN = /^[\w-]{1,256}$/

/**
 * The proof that an authorization asks for, by the first of these ways that it offers.
 * @throws AcmeError where it offers none of them
 */
export function proofOf(
  authorization: Readonly<Record<string, unknown>>,
  key: KeyObject,
  types: readonly ChallengeType[],
): Proof {
  const { identifier, challenges, wildcard } = authorization
  const name = isFields(identifier) ? identifier['value'] : undefined
  if (typeof name !== 'string' || name === '')
    throw new AcmeError('the authority names nothing in an authorization')
  const offered = Array.isArray(challenges) ? challenges.filter(isFields) : []
  const possible = wildcard === true ? types.filter((type) => type === 'dns-01') : types
  for (const type of possible) {
    const { token, url } = offered.find((each) => each['type'] === type) ?? {}
    if (typeof token !== 'string') continue
    if (!TOKEN.test(token)) throw new AcmeError(`the authority sends a malformed token for ${name}`)
    const answer = keyAuthorization(key, token)
    return {
      type,
      name,
      url,
      token,
      keyAuthorization: answer,
      digest: createHash('sha256').update(answer).digest(),
    }
  }
  const ways = offered.map(({ type }) => String(type).slice(0, 20)).join(', ')
  const hint = wildcard === true ? ': a wildcard needs dns-01, which acme.dns is for' : ''
  throw new AcmeError(
    `the authority takes ${ways || 'nothing'} for ${name}, and the gateway has ${types.join(', ')}${hint}`,
  )
}
