import { fact, type Fact } from '@headgate/core'

/** What one authenticator has said of a caller. */
type Proof = Pick<Identity, 'authenticator' | 'subject'>

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
  /** Who the others say that it is, where several authenticators must know the caller: two callers may differ in nothing else. */
  readonly also?: readonly Proof[] | undefined
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
export function identityKey({ authenticator, subject, also = [] }: Proof & Pick<Identity, 'also'>): string {
  if (also.length === 0) return `${authenticator}\n${subject}`
  // Subjects may hold line breaks: as JSON, none runs into the next one. No authenticator's name begins with a line break.
  const proofs = [{ authenticator, subject }, ...also]
  return `\n${JSON.stringify(proofs.map((each) => [each.authenticator, each.subject]))}`
}
