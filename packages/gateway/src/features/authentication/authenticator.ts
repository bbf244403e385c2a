import type { Exchange, HttpResponse } from '@headgate/core'
import type { Identity } from '../identity.ts'

/** What an authenticator makes of a request. */
export type Verdict =
  | Absent
  | Known
  /** It is for the authenticator itself: a step of a login or a logout. */
  | { readonly kind: 'step'; readonly response: HttpResponse }
  /** What it holds proves nothing. */
  | Rejected
  | Answered
  /** It cannot be told now: what would tell it is away, or has too much to do. */
  | { readonly kind: 'unavailable'; readonly reason: string }

/** It holds nothing that is for this authenticator. */
export interface Absent {
  readonly kind: 'absent'
  /** Sends a browser to where somebody can log in, in place of 401. */
  readonly login?: (() => Verdict | Promise<Verdict>) | undefined
  /** Set-Cookie for the answer, where there is a 401. */
  readonly cookies?: readonly string[] | undefined
}

export interface Known {
  readonly kind: 'known'
  readonly identity: Identity
  /** What upstreams may be given in its name. */
  readonly accessToken?: string | undefined
  /** Set-Cookie for the response, whatever it is. */
  readonly cookies?: readonly string[] | undefined
  /** Tells the upstream what was said of the caller, in fields of `ownFields`. */
  readonly apply?: (exchange: Exchange) => void
}

/** Whoever was asked refuses the request, and says what the client is told. */
export interface Answered {
  readonly kind: 'answered'
  /** For the log. */
  readonly reason: string
  /** Whether it leads to where somebody can log in: nobody's credentials were wrong. */
  readonly isLogin: boolean
  readonly respond: (exchange: Exchange) => HttpResponse
}

export interface Rejected {
  readonly kind: 'rejected'
  /** For the log and for the client: nothing of what was sent, and not whether there is such an account. */
  readonly reason: string
  /** Whose credentials somebody tries: what failures are counted by, besides the client. */
  readonly account?: string
  /** In place of that of the authenticator. */
  readonly challenge?: string
  /** Default: `unauthorized`. */
  readonly code?: 'login_failed'
  /** Whether it is counted as a try to guess something; false where a page of anybody may have had the browser send it. Default true. */
  readonly isTry?: boolean
  /** Set-Cookie for the answer. */
  readonly cookies?: readonly string[]
}

export const ABSENT: Verdict = { kind: 'absent' }

/** Whether the client, or an account that can be guessed at, has failed too often. */
export type IsRefused = (account?: string) => boolean

/** One way in which a client proves who it is. */
export interface Authenticator {
  readonly name: string
  /** What WWW-Authenticate asks for (RFC 9110 11.6.1). */
  readonly challenge: string
  /** At once where it can. Where `isRefused`, nothing that takes work is verified. */
  verify(exchange: Exchange, isRefused: IsRefused): Verdict | Promise<Verdict>
  /** Whether it may take what stands in Authorization for a password: one that another authenticator refuses there may be for this one. */
  readonly takesPasswords?: boolean
  /** Fields of the request that it alone may set, in lower case: what clients send there passes in no spelling. */
  readonly ownFields?: readonly string[]
  /** Takes the credentials out of the request: upstreams that do not need a secret do not get it. */
  readonly conceal?: ((exchange: Exchange) => void) | undefined
}
