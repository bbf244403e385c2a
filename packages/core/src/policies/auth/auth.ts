import { own } from '../../message/own-options.ts'
import { drain } from '../../message/drain.ts'
import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { Handler, Policy } from '../../message/handler.ts'
import { canReplay, replayed } from '../../message/replay.ts'
import type { HttpRequest } from '../../message/request.ts'
import type { HttpResponse } from '../../message/response.ts'
import { isFieldValue } from '../../message/tokens.ts'
import { originSet } from './auth-origins.ts'
import { originKey } from '../origin-key.ts'

/** What a request is sent with to prove who asks. */
export interface Proof {
  /** A query parameter shows up in the logs of everyone on the way: a field is better where the origin takes one. */
  readonly in: 'header' | 'query'
  /** Of a header field in lower case. */
  readonly name: string
  readonly value: string
}

/** Proof now, or once it has been fetched; undefined if there is none. */
export type MaybeProof = Proof | undefined | Promise<Proof | undefined>

/**
 * Who asks, and how that is proven. Secrets are kept where neither `inspect` nor JSON shows them. One object may serve many
 * exchanges at once.
 */
export interface Credentials {
  /** As `bearer`, for explanations. */
  readonly scheme: string
  /** The header field that they go into, in lower case; undefined: none. */
  readonly field: string | undefined
  /** Where they may be sent; undefined: the origin of the client's baseUrl, or what the policy's options say. */
  readonly origins: readonly string[] | undefined
  /** Rejects with TrafficError `auth_failed`. @param fetchToken sends requests for tokens, without any policy `auth` on the way */
  proof(exchange: Exchange, fetchToken: Handler): MaybeProof
  /** The origin has answered 401 to `refused`: another proof, if there is hope. */
  readonly renewed?:
    | ((
        exchange: Exchange,
        response: HttpResponse,
        refused: Proof | undefined,
        fetchToken: Handler,
      ) => MaybeProof)
    | undefined
  /** The origin has answered with another status than 401. */
  readonly accepted?:
    | ((exchange: Exchange, response: HttpResponse, proof: Proof | undefined) => void)
    | undefined
}

/** Credentials whose proof never changes. They inherit nothing, so that nobody can give them a second proof from outside. */
export function fixedProof(
  { scheme, origins }: Pick<Credentials, 'scheme' | 'origins'>,
  proof: Proof,
): Credentials {
  const field = proof.in === 'header' ? proof.name : undefined
  return own({ scheme, field, origins, proof: () => proof })
}

/** Options of `auth`. */
export interface AuthOptions {
  readonly credentials: Credentials
  /** Where credentials that name no origins may be sent, each as `https://api.example.com`. */
  readonly origins?: readonly string[] | undefined
  /** Sends requests for tokens, which OAuth 2 makes. */
  readonly fetchToken?: Handler | undefined
}

/**
 * Adds credentials to the requests for the origins that these are bound to, and for no other: so it stands inside of `redirect`,
 * where each hop is looked at. A 401 is answered once with renewed credentials, if there are any and the body can be sent
 * again. What the caller wrote into the same field itself is left alone. Outside of this policy, the credentials are not in the
 * request any more. Rejects with TrafficError `auth_failed`.
 * @throws TypeError if it is not known which origins the credentials are for
 */
export function auth(given: AuthOptions): Policy {
  const options = own(given)
  const { credentials, fetchToken = noTokens } = options
  const { field } = credentials
  const origins = originSet(credentials.scheme, credentials.origins ?? options.origins)
  return (next) =>
    async function auth(exchange) {
      if (!origins.has(originKey(exchange))) return next(exchange)
      const { request } = exchange
      if (field !== undefined && request.headers.has(field)) return next(exchange)
      const { body } = request
      // Most proofs are here already: no turn of the event loop for them.
      const first = credentials.proof(exchange, fetchToken)
      const proof = first instanceof Promise ? await first : first
      const response = await sendWith(proof, exchange, next)
      if (response.status !== 401) {
        credentials.accepted?.(exchange, response, proof)
        return response
      }
      // Not `request.body`: policies within may have put a spool there, which is spent.
      if (credentials.renewed === undefined || !canReplay(body)) return response
      let renewed: Proof | undefined
      try {
        renewed = await credentials.renewed(exchange, response, proof, fetchToken)
      } catch (thrown) {
        drain(response.body, exchange.clock)
        throw thrown
      }
      if (renewed === undefined || renewed.value === proof?.value) return response
      drain(response.body, exchange.clock)
      request.body = replayed(body)
      const second = await sendWith(renewed, exchange, next)
      if (second.status !== 401) credentials.accepted?.(exchange, second, renewed)
      return second
    }
}

/** When the response is here, nobody needs the credentials any more: logs and events outside must not see them. */
async function sendWith(proof: Proof | undefined, exchange: Exchange, next: Handler): Promise<HttpResponse> {
  if (proof === undefined) return next(exchange)
  const { request } = exchange
  const { query } = request
  add(proof, request)
  try {
    return await next(exchange)
  } finally {
    if (proof.in === 'query') request.query = query
    else request.headers.delete(proof.name)
  }
}

function add({ in: place, name, value }: Proof, request: HttpRequest): void {
  if (place === 'query') {
    const parameter = `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
    request.query = request.query === '' ? `?${parameter}` : `${request.query}&${parameter}`
    return
  }
  if (!isFieldValue(value))
    throw authFailed(`the credentials for ${name} hold a character that no field may hold`)
  request.headers.put(name, value)
}

/** @param cause for the log; must hold no secret of ours */
export function authFailed(message: string, cause?: unknown): TrafficError {
  return new TrafficError('auth_failed', message, { replaySafe: 'unsent', cause })
}

const noTokens: Handler = () =>
  Promise.reject(authFailed('tokens cannot be fetched here: the policy auth needs the option fetchToken'))
