import { LONGEST_SESSION } from './browser-cookies.ts'
import type { Tokens } from './provider.ts'
import type { Sealer } from './sealer.ts'
import type { Claims } from './signed-tokens.ts'

/** What a browser keeps of somebody who has logged in. Times are milliseconds since 1970. */
export interface Session {
  /** Random: what tells it from all others. */
  readonly id: string
  readonly beganAt: number
  readonly subject: string
  readonly claims: Claims
  /** Names of those that only userinfo has told: a renewal may bring these anew, and no ID token. */
  readonly userinfoClaims?: readonly string[] | undefined
  /** That of the session at the provider, if that says. */
  readonly providerSession?: string | undefined
  /** For the logout there. */
  readonly idToken?: string | undefined
  readonly refreshToken?: string | undefined
  /** Where upstreams get it. */
  readonly accessToken?: string | undefined
  /** When the tokens came, and when the access token ends, if that is known. */
  readonly tokensAt: number
  readonly tokensEndAt?: number | undefined
}

/** Claims that say something of a token, and nothing of who it is. */
const OF_THE_TOKEN = new Set([
  'iss',
  'aud',
  'azp',
  'exp',
  'iat',
  'nbf',
  'jti',
  'nonce',
  'at_hash',
  'c_hash',
  's_hash',
  'sid',
])

/**
 * A session with what the provider has given: a new one, or the one before, renewed.
 * @returns undefined where the tokens are nobody's, or another one's
 */
export function sessionOf(
  { claims, userinfoClaims, idToken, accessToken, refreshToken, lifetime }: Tokens,
  {
    id,
    now,
    keepsAccessToken,
    before,
  }: {
    readonly id: string
    readonly now: number
    readonly keepsAccessToken: boolean
    readonly before?: Session | undefined
  },
): Session | undefined {
  const subject = claims['sub'] ?? before?.subject
  if (typeof subject !== 'string' || (before !== undefined && before.subject !== subject)) return undefined
  const kept = Object.fromEntries(Object.entries(claims).filter(([name]) => !OF_THE_TOKEN.has(name)))
  const providerSession = typeof claims['sid'] === 'string' ? claims['sid'] : before?.providerSession
  return {
    id,
    beganAt: before?.beganAt ?? now,
    subject,
    claims: { ...stillTrue(before, idToken, userinfoClaims), ...kept },
    userinfoClaims: userinfoClaims ?? (idToken === undefined ? before?.userinfoClaims : undefined),
    providerSession,
    idToken: idToken ?? before?.idToken,
    refreshToken: refreshToken ?? before?.refreshToken,
    accessToken: keepsAccessToken ? accessToken : undefined,
    tokensAt: now,
    tokensEndAt: lifetime === undefined ? undefined : now + lifetime,
  }
}

/**
 * Of the claims before, those that what came now says nothing of. What it could have said and did not is true no more: a group was
 * taken away.
 */
function stillTrue(
  before: Session | undefined,
  idToken: string | undefined,
  userinfoClaims: readonly string[] | undefined,
): Claims {
  if (before === undefined || idToken !== undefined) return {}
  if (userinfoClaims === undefined) return before.claims
  const outdated = new Set(before.userinfoClaims)
  return Object.fromEntries(Object.entries(before.claims).filter(([name]) => !outdated.has(name)))
}

/**
 * For cookies. What is too long for them goes without the ID token, which only makes the logout at the provider shorter.
 * @returns undefined where it is too long all the same
 */
export function sealed(session: Session, sealer: Sealer): string | undefined {
  for (const each of [session, { ...session, idToken: undefined }]) {
    const text = sealer.seal(JSON.stringify(each))
    if (text.length <= LONGEST_SESSION) return text
  }
  return undefined
}

/** Undefined for what was not sealed here. */
export function opened(text: string, sealer: Sealer): Session | undefined {
  if (text.length > LONGEST_SESSION) return undefined
  const json = sealer.open(text)
  return json === undefined ? undefined : (JSON.parse(json) as Session) // nobody else can have sealed it
}

/** Whether its tokens end soon, or have ended, and others can be had. */
export function isToRenew({ refreshToken, tokensAt, tokensEndAt }: Session, now: number): boolean {
  if (refreshToken === undefined || tokensEndAt === undefined) return false
  return now >= tokensEndAt - Math.min(60_000, (tokensEndAt - tokensAt) / 5)
}
