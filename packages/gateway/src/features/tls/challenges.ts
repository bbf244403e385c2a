import { bodyFrom, HeaderList, type HttpRequest, HttpResponse } from '@headgate/core'
import type { SharedKind } from '../../shared.ts'

/** In PEM. */
export interface ChallengeCertificate {
  readonly cert: string
  readonly key: string
}

/** What an authority that looks whether a name is ours is to find, in every worker. */
export interface ChallengeAnswers {
  /** Of http-01 (RFC 8555 8.3): the content by the token in the path. */
  readonly http: ReadonlyMap<string, string>
  /** Of tls-alpn-01 (RFC 8737): the certificate by the name. */
  readonly tls: ReadonlyMap<string, ChallengeCertificate>
}

export const NO_ANSWERS: ChallengeAnswers = { http: new Map(), tls: new Map() }

/** The kind of these among what threads share. */
export const CHALLENGES: SharedKind<ChallengeAnswers> = { name: 'challenges' }

const PREFIX = '/.well-known/acme-challenge/'

/** The response to who looks there; undefined where there is nothing to be found. */
export function httpAnswer(
  { http }: ChallengeAnswers,
  { path }: Pick<HttpRequest, 'path'>,
): HttpResponse | undefined {
  const content = http.size > 0 && path.startsWith(PREFIX) ? http.get(path.slice(PREFIX.length)) : undefined
  if (content === undefined) return undefined
  const headers = new HeaderList()
  headers.append('content-type', 'application/octet-stream')
  return new HttpResponse(200, headers, bodyFrom(content))
}
