import { createHash } from 'node:crypto'
import type { Challenge } from '../../fields/challenge.ts'

/** A hash function of RFC 7616, by its names there and in node:crypto. */
const HASHES: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-256': 'sha256',
  'SHA-512-256': 'sha512-256',
}

/** A Digest challenge that can be answered (RFC 7616 section 3.3). */
export interface DigestChallenge {
  readonly realm: string
  readonly nonce: string
  readonly opaque: string | undefined
  /** As the origin wrote it; undefined: it did not, which means MD5. */
  readonly algorithm: string | undefined
  /** Of node:crypto. */
  readonly hash: string
  /** The key is made of nonce and cnonce once. */
  readonly session: boolean
  /** What can be asked for; empty where the origin speaks the digest of RFC 2069. */
  readonly qop: readonly ('auth' | 'auth-int')[]
  readonly userhash: boolean
}

/** The first challenge that can be answered: they come in the origin's order of preference (RFC 7616 section 3.7). */
export function digestChallenge(challenges: readonly Challenge[]): DigestChallenge | undefined {
  for (const challenge of challenges) {
    const digest = challenge.scheme === 'digest' ? understood(challenge) : undefined
    if (digest !== undefined) return digest
  }
  return undefined
}

function understood({ parameters }: Challenge): DigestChallenge | undefined {
  const realm = parameters.get('realm')
  const nonce = parameters.get('nonce')
  const algorithm = parameters.get('algorithm')
  const [, name = '', sess] = /^(.*?)(-sess)?$/i.exec(algorithm ?? 'MD5') ?? []
  const hash = HASHES[name.toUpperCase()]
  const options = parameters
    .get('qop')
    ?.toLowerCase()
    .split(',')
    .map((each) => each.trim())
  const qop = (['auth', 'auth-int'] as const).filter((each) => options?.includes(each))
  if (realm === undefined || nonce === undefined || hash === undefined) return undefined
  // Only qualities that nobody knows, or a session key without the cnonce that it is made of.
  if (qop.length === 0 && (options !== undefined || sess !== undefined)) return undefined
  return {
    realm,
    nonce,
    opaque: parameters.get('opaque'),
    algorithm,
    hash,
    session: sess !== undefined,
    qop,
    userhash: parameters.get('userhash')?.toLowerCase() === 'true',
  }
}

/** What a response is made of, beside the challenge. */
export interface DigestInput {
  readonly user: string
  readonly password: string
  readonly method: string
  /** The request target as it is sent. */
  readonly uri: string
  /** Content, if all of it is here: `auth-int` covers it. */
  readonly content: Uint8Array | undefined
  /** The nonce that is used: that of the challenge, or one that came later. */
  readonly nonce: string
  /** How many requests were sent with this nonce, this one included. */
  readonly count: number
  readonly cnonce: string
  /** The nonce and cnonce that a session key was made of; they may be older than those of this request. */
  readonly sessionNonce: string
  readonly sessionCnonce: string
}

/**
 * The value of Authorization (RFC 7616 section 3.4); undefined if the origin insists on covering content that is not here.
 * @throws Error of node:crypto if the hash is not available, as MD5 in FIPS mode
 */
export function digestResponse(challenge: DigestChallenge, input: DigestInput): string | undefined {
  const { hash, realm, qop: offered } = challenge
  const { user, password, nonce, cnonce, uri, content } = input
  const h = (data: string | Uint8Array): string => digestOf(hash, data)
  // What both can do without the content at hand comes first, as with all other clients.
  const qop = offered[0]
  if (qop === 'auth-int' && content === undefined) return undefined
  let secret = h(
    Buffer.concat([Buffer.from(`${user}:`), Buffer.from(realm, 'latin1'), Buffer.from(`:${password}`)]),
  )
  if (challenge.session) secret = h(`${secret}:${input.sessionNonce}:${input.sessionCnonce}`)
  const covered = qop === 'auth-int' ? `:${h(content ?? '')}` : ''
  const request = h(`${input.method}:${uri}${covered}`)
  const count = input.count.toString(16).padStart(8, '0')
  const middle = qop === undefined ? nonce : `${nonce}:${count}:${cnonce}:${qop}`
  const parts = [
    username(challenge, user),
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(uri)}`,
    `response="${h(`${secret}:${middle}:${request}`)}"`,
  ]
  if (challenge.algorithm !== undefined) parts.push(`algorithm=${challenge.algorithm}`)
  if (qop !== undefined) parts.push(`qop=${qop}`, `nc=${count}`, `cnonce=${quoted(cnonce)}`)
  if (challenge.opaque !== undefined) parts.push(`opaque=${quoted(challenge.opaque)}`)
  if (challenge.userhash) parts.push('userhash=true')
  return `Digest ${parts.join(', ')}`
}

/** Fields are read as latin1, one character for each byte: that gives their bytes back. */
function digestOf(hash: string, data: string | Uint8Array): string {
  return createHash(hash)
    .update(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
    .digest('hex')
}

/** A name beyond ASCII has a form of its own (RFC 7616 section 3.4, RFC 5987 3.2). */
function username({ hash, realm, userhash }: DigestChallenge, user: string): string {
  if (userhash) {
    const bytes = Buffer.concat([Buffer.from(`${user}:`), Buffer.from(realm, 'latin1')])
    return `username="${digestOf(hash, bytes)}"`
  }
  if (/^[ -~]*$/.test(user)) return `username=${quoted(user)}`
  const encoded = encodeURIComponent(user).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `username*=UTF-8''${encoded}`
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
