import type { HttpRequest } from '../../message/request.ts'
import { part } from './length-prefixed.ts'

/**
 * Fields in which proxies tell what was asked for. Applications make links and redirects of them, and take some for the path itself:
 * an answer that was made for one of these is no answer for another ("Practical Web Cache Poisoning", Kettle 2018). They come from
 * trusted proxies, which may pass on what their clients say, and from a gateway that changes host or path.
 */
const TOLD: ReadonlySet<string> = new Set(
  [
    'forwarded x-forwarded x-forwarded-host x-forwarded-port x-forwarded-prefix x-forwarded-proto x-forwarded-protocol',
    'x-forwarded-path x-forwarded-scheme x-forwarded-server x-forwarded-ssl x-forwarded-uri x-forwarded-url',
    'front-end-https x-host x-original-host x-original-uri x-original-url x-rewrite-url x-url-scheme',
  ].flatMap((names) => names.split(' ')),
)

/** What these fields say and scheme and authority of the request do not; empty where that is nothing, as is usual. */
export function toldTarget(request: HttpRequest): string {
  const { headers } = request
  let text = ''
  for (let index = 0; index < headers.size; index++) {
    const name = headers.nameAt(index)
    if (!TOLD.has(name)) continue
    const value = name === 'forwarded' ? withoutNodes(headers.valueAt(index)) : headers.valueAt(index)
    if (value !== asTheRequest(name, request)) text += part(name) + part(value)
  }
  return text
}

function asTheRequest(name: string, { scheme, authority }: HttpRequest): string | undefined {
  if (name === 'x-forwarded-proto') return scheme
  if (name === 'x-forwarded-host') return authority.text
  if (name === 'x-forwarded-port') return String(authority.port ?? (scheme === 'https' ? 443 : 80))
  return name === 'forwarded' ? '' : undefined
}

const NODE = /(?:^|(?<=[;,\s]))(?:for|by)[ \t]*=[ \t]*(?:"[^"]*"|[^;,]*)/gi

/** Who asks is no target. One element alone is the gateway's own, which says what the request says. */
function withoutNodes(forwarded: string): string {
  return forwarded.includes(',') ? forwarded.replace(NODE, '') : ''
}

/** Fields by which frameworks take one method for another: what is done is then not what the key has ("HMO", Nguyen 2019). */
const METHODS: readonly string[] = ['x-http-method-override', 'x-http-method', 'x-method-override']

export function overridesMethod({ headers }: HttpRequest): boolean {
  return METHODS.some((name) => headers.has(name))
}
