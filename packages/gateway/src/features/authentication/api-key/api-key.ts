import { hash } from 'node:crypto'
import type { Exchange } from '@headgate/core'
import { ABSENT, type Authenticator, type Verdict } from '../authenticator.ts'
import { concealIn, credentialIn, type CredentialPlace, credentialPlaces } from '../credential-place.ts'
import type { Identity } from '../../identity.ts'
import type { ApiKeyAuthenticatorConfig, ApiKeyConfig } from './setting.ts'

/** Longer than any key that somebody makes. */
const LONGEST = 1024

interface KnownKey {
  readonly identity: Identity
  /** Milliseconds since 1970; Infinity for never. */
  readonly expiresAt: number
}

/**
 * Keys that programs send. They are found by their SHA-256, which is all that is known of them: how long that takes depends on
 * the hash, and so tells nothing about a key.
 */
export class ApiKeyAuthenticator implements Authenticator {
  readonly name: string
  /** No scheme is registered for it; a 401 has to name one all the same (RFC 9110 15.5.2). */
  readonly challenge = 'ApiKey realm="headgate"'
  readonly conceal: ((exchange: Exchange) => void) | undefined
  private readonly keys: ReadonlyMap<string, KnownKey>
  private readonly places: readonly CredentialPlace[]

  constructor(name: string, config: ApiKeyAuthenticatorConfig) {
    this.name = name
    this.keys = new Map(config.keys.map((key) => [key.hash, knownKey(name, key)]))
    this.places = credentialPlaces(config, 'x-api-key')
    this.conceal = concealIn(this.places, config.forward)
  }

  verify(exchange: Exchange): Verdict {
    const key = credentialIn(this.places, exchange)
    return key === undefined ? ABSENT : this.judge(key, exchange)
  }

  /** Of the key of that name: for explanations. */
  identity(name: string): Identity | undefined {
    for (const { identity } of this.keys.values()) if (identity.subject === name) return identity
    return undefined
  }

  private judge(key: string, { clock }: Exchange): Verdict {
    const found = key.length > LONGEST ? undefined : this.keys.get(hashOfKey(key))
    if (found === undefined) return { kind: 'rejected', reason: 'the API key is not known' }
    if (clock.wallTime() >= found.expiresAt) return { kind: 'rejected', reason: 'the API key has expired' }
    return { kind: 'known', identity: found.identity }
  }
}

/** As it is written in configurations. Header values are bytes as latin1 text. */
export function hashOfKey(key: string): string {
  return `sha256:${hash('sha256', Buffer.from(key, 'latin1'), 'hex')}`
}

function knownKey(
  authenticator: string,
  { name, groups, scopes, expires, metadata }: ApiKeyConfig,
): KnownKey {
  return {
    identity: { kind: 'api-key', authenticator, subject: name, name, groups, scopes, claims: metadata },
    expiresAt: expires === undefined ? Infinity : Date.parse(expires),
  }
}
