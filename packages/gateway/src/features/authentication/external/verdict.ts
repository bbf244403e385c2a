import { EMPTY_BODY, type Exchange, HeaderList, HttpResponse, WholeBody } from '@headgate/core'
import type { Identity } from '../../identity.ts'
import type { Answered, Known } from '../authenticator.ts'
import type { Answer } from './service.ts'
import type { ExternalConfig } from './setting.ts'

/** What the answer of a service comes to. */
export type Outcome =
  | { readonly kind: 'passed'; readonly verdict: Known; readonly mayBeKept: boolean }
  | { readonly kind: 'refused'; readonly verdict: Answered }
  /** It is away: what it said before may hold. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** It is there, and lets nobody in: a client may have brought that about, so that nothing from before holds. */
  | { readonly kind: 'unclear'; readonly reason: string }

export function outcomeOf(authenticator: string, config: ExternalConfig, answer: Answer): Outcome {
  const { status } = answer
  if (status === 401 || status === 403 || (status >= 300 && status < 400 && status !== 304))
    return { kind: 'refused', verdict: refusalOf(config, answer) }
  if (status < 200 || status > 299)
    return { kind: status >= 500 ? 'failed' : 'unclear', reason: `the service answered with ${status}` }
  const identity = identityOf(authenticator, config, answer)
  if (identity === undefined)
    return { kind: 'unclear', reason: `the service did not say in ${config.subject} who it is` }
  const copied = config.upstreamHeaders.flatMap((name) => {
    const value = answer.field(name)
    return value === undefined ? [] : [{ name, value }]
  })
  const verdict: Known = {
    kind: 'known',
    identity,
    apply({ request }) {
      for (const { name, value } of copied) request.headers.set(name, value)
    },
  }
  return { kind: 'passed', verdict, mayBeKept: !/\bno-store\b/i.test(answer.field('cache-control') ?? '') }
}

function identityOf(authenticator: string, config: ExternalConfig, { field }: Answer): Identity | undefined {
  const told = (name: string | undefined): string => (name === undefined ? '' : (field(name) ?? '').trim())
  const subject = told(config.subject)
  if (subject === '') return undefined
  const claims = config.upstreamHeaders.flatMap((name) => {
    const value = field(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    kind: 'external',
    authenticator,
    subject,
    name: told(config.name) || subject,
    groups: words(told(config.groups), ','),
    scopes: words(told(config.scopes), /[ ,]/),
    claims: Object.fromEntries(claims),
  }
}

function words(text: string, separator: string | RegExp): string[] {
  return text
    .split(separator)
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

/** The client gets it as the service has set it; it is for nobody else (RFC 9111 5.2.2.5). */
function refusalOf(config: ExternalConfig, answer: Answer): Answered {
  const { status, content, cookies } = answer
  const fields = config.refusalHeaders.flatMap((name): [string, string][] => {
    if (name === 'set-cookie') return cookies.map((each) => [name, each])
    const value = answer.field(name)
    return value === undefined ? [] : [[name, value]]
  })
  return {
    kind: 'answered',
    reason: `the service answered with ${status}`,
    isLogin: status !== 401 && status !== 403,
    respond({ request }: Exchange) {
      const body = request.method === 'HEAD' ? EMPTY_BODY : WholeBody.fromBytes(content)
      const headers = HeaderList.of({ 'cache-control': 'no-store' })
      for (const [name, value] of fields) headers.append(name, value)
      return new HttpResponse(status, headers, body)
    },
  }
}
