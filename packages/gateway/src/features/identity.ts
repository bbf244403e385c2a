import { fact, type Fact } from '@headgate/core'

/** Who asks, as an authenticator has proven it: the same form for all of them. */
export interface Identity {
  /** How it was proven. */
  readonly kind:
    | 'basic'
    | 'api-key'
    | 'jwt'
    | 'introspection'
    | 'oidc'
    | 'client-certificate'
    | 'external'
    | 'signature'
  /** The authenticator that has proven it, by its name in the configuration. */
  readonly authenticator: string
  /** What tells it from all others of that authenticator: the user, the name of the key, the claim `sub`. */
  readonly subject: string
  /** For people; the subject where there is no other. */
  readonly name: string
  /** The consumer whose credentials these are; undefined for nobody's. */
  readonly consumer?: string
  readonly groups: readonly string[]
  /** RFC 6749 3.3. */
  readonly scopes: readonly string[]
  /** What else is known of it: the claims of a token, the metadata of a key. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** Undefined for who has shown nothing, where that is allowed. */
export const identityOf: Fact<Identity> = fact<Identity>('identity')

/** What upstreams may be given in its name: a secret, which is in no log. */
export const accessTokenOf: Fact<string> = fact<string>('access token')

/** One text for each identity, and for no two the same: names of authenticators hold no line break. */
export function identityKey({ authenticator, subject }: Pick<Identity, 'authenticator' | 'subject'>): string {
  return `${authenticator}\n${subject}`
}
