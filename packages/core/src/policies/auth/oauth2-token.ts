import { bodyFrom, collect } from '../../message/body.ts'
import { TrafficError } from '../../message/errors.ts'
import { Exchange } from '../../message/exchange.ts'
import type { Handler } from '../../message/handler.ts'
import { HttpRequest } from '../../message/request.ts'
import type { HttpResponse } from '../../message/response.ts'
import type { Clock } from '../../time/clock.ts'
import { authFailed } from './auth.ts'
import { isBearerToken } from './bearer.ts'

/** What all token requests of one client have in common. Holds its secret. */
export interface Grant {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly form: Readonly<Record<string, string>>
}

/** What a token endpoint answers (RFC 6749 section 5.1). */
export interface TokenResponse {
  readonly accessToken: string
  /** Seconds; Infinity where the server does not say. */
  readonly expiresIn: number
  readonly refreshToken: string | undefined
}

/** Token responses are short; what is longer is something else. */
const LARGEST = 256 * 1024

/**
 * Asks the token endpoint for a token, as an exchange of its own: its deadline is for `fetchToken` to set.
 * @param refreshToken to use; undefined: the client credentials grant
 * Rejects with TrafficError `auth_failed`, which holds nothing of what was sent.
 */
export async function requestToken(
  grant: Grant,
  refreshToken: string | undefined,
  clock: Clock,
  fetchToken: Handler,
): Promise<TokenResponse> {
  const form = new URLSearchParams({
    grant_type: refreshToken === undefined ? 'client_credentials' : 'refresh_token',
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    ...grant.form,
  })
  const request = HttpRequest.to(grant.url, {
    method: 'POST',
    headers: grant.headers,
    body: bodyFrom(form.toString()),
  })
  const place = `${request.scheme}://${request.authority.text}${request.path}`
  const exchange = new Exchange(request, clock)
  try {
    const response = await fetchToken(exchange)
    const content = await contentOf(response, place)
    exchange.finish({
      status: response.status,
      error: undefined,
      bytesSent: 0,
      bytesReceived: content.length,
    })
    return tokenIn(response.status, content, place)
  } catch (thrown) {
    const error = TrafficError.from(thrown)
    exchange.finish({ status: undefined, error, bytesSent: 0, bytesReceived: 0 })
    if (error.code === 'auth_failed') throw error
    throw authFailed(`no token could be fetched from ${place}: ${error.code}: ${error.message}`, error)
  }
}

async function contentOf({ body }: HttpResponse, place: string): Promise<string> {
  if (body.length !== undefined && body.length > LARGEST) {
    body.cancel(new TrafficError('cancelled', 'a token response is not that long'))
    throw authFailed(`the token endpoint ${place} answered with more than ${LARGEST} bytes`)
  }
  return (await collect(body, LARGEST)).toString('utf8')
}

/** Nothing of the content is told but the error code of RFC 6749 5.2: the rest may hold tokens, or echo secrets. */
function tokenIn(status: number, content: string, place: string): TokenResponse {
  const fields = fieldsOf(content)
  if (status !== 200) {
    const { error } = fields ?? {}
    const code = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? ` (${error})` : ''
    throw authFailed(
      `the token endpoint ${place} answered with status ${status}${code}: check the client's credentials`,
    )
  }
  const {
    access_token: accessToken,
    token_type: type,
    expires_in: expiresIn,
    refresh_token: refreshToken,
  } = fields ?? {}
  if (!isBearerToken(accessToken)) {
    throw authFailed(`the token endpoint ${place} answered without a valid access_token`)
  }
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') {
    throw authFailed(
      `the token endpoint ${place} gave a token of another type than bearer, which cannot be used`,
    )
  }
  // Some write the number as text.
  const seconds = expiresIn === undefined || expiresIn === null ? Infinity : Number(expiresIn)
  if (!(seconds >= 0))
    throw authFailed(`the token endpoint ${place} gave an expires_in that is no number of seconds`)
  return {
    accessToken,
    expiresIn: seconds,
    refreshToken: typeof refreshToken === 'string' && refreshToken !== '' ? refreshToken : undefined,
  }
}

function fieldsOf(content: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(content)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
