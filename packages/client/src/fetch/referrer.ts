import { type Exchange, fact, type Handler, type HttpResponse, type Policy } from '@headgate/core'
import { targetUrl } from '../request-target.ts'

/** What a call says of where it comes from, as `init.referrer` and `init.referrerPolicy` have it. */
export interface ToldReferrer {
  readonly url: string
  /** Empty: the usual one. */
  readonly policy: string
}

/** Where a request says that it comes from, and how much of that it says to whom; a redirect may change the latter. */
interface Referrer {
  /** Undefined once it is not to be told any more. */
  url: URL | undefined
  policy: string
}

const REFERRER = fact<Referrer>('referrer')

/** Where there is nothing else said (W3C Referrer Policy 3.8). */
const USUAL = 'strict-origin-when-cross-origin'
const POLICIES: ReadonlySet<string> = new Set([
  'no-referrer',
  'no-referrer-when-downgrade',
  'same-origin',
  'origin',
  'strict-origin',
  'origin-when-cross-origin',
  USUAL,
  'unsafe-url',
])

/** Bytes of a URL beyond which only its origin is told (ibid. 8.3, step 6). */
const LONGEST = 4096

/**
 * Has the exchange say where it comes from. What the caller has written into Referer itself stays.
 * What is no URL of the network is told to nobody.
 */
export function stateReferrer(exchange: Exchange, { url, policy }: ToldReferrer): void {
  const parsed = URL.parse(url)
  const isTold = parsed !== null && /^https?:$/.test(parsed.protocol)
  if (!isTold || exchange.request.headers.has('referer')) return
  parsed.username = ''
  parsed.password = ''
  parsed.hash = ''
  const referrer = { url: parsed, policy: policy === '' ? USUAL : policy }
  REFERRER.state(exchange, referrer)
  tell(exchange, referrer)
}

/** The policy `redirect`, each of whose requests tells of the referrer what it may (WHATWG Fetch 4.1, step 8, and 4.4, step 19). */
export function tellingReferrer(redirect: Policy): Policy {
  return (next) =>
    redirect((exchange) => {
      const referrer = exchange.facts === undefined ? undefined : REFERRER.of(exchange)
      return referrer === undefined ? next(exchange) : sendTelling(exchange, referrer, next)
    })
}

async function sendTelling(exchange: Exchange, referrer: Referrer, next: Handler): Promise<HttpResponse> {
  tell(exchange, referrer)
  const response = await next(exchange)
  // Counts for the request that follows, if this is a redirect: the last that is known, so that older programs find one, too.
  const said = response.headers
    .getAll('referrer-policy')
    .join()
    .split(',')
    .map((each) => each.trim())
  referrer.policy = said.findLast((each) => POLICIES.has(each)) ?? referrer.policy
  return response
}

/** What one request has not told, those after it do not know either (WHATWG Fetch 4.1, step 8). */
function tell({ request }: Exchange, referrer: Referrer): void {
  const value = valueFor(referrer, new URL(targetUrl(request)))
  referrer.url = value === undefined ? undefined : new URL(value)
  if (value === undefined) request.headers.delete('referer')
  else request.headers.put('referer', value)
}

/** What a request to `target` tells (W3C Referrer Policy 8.3, "determine request's Referrer"). */
function valueFor({ url, policy }: Referrer, target: URL): string | undefined {
  if (url === undefined) return undefined
  const origin = `${url.origin}/`
  const whole = url.href.length > LONGEST ? origin : url.href
  const same = url.origin === target.origin
  const downgrade = isTrustworthy(url) && !isTrustworthy(target)
  switch (policy) {
    case 'no-referrer':
      return undefined
    case 'unsafe-url':
      return whole
    case 'origin':
      return origin
    case 'strict-origin':
      return downgrade ? undefined : origin
    case 'same-origin':
      return same ? whole : undefined
    case 'origin-when-cross-origin':
      return same ? whole : origin
    case 'no-referrer-when-downgrade':
      return downgrade ? undefined : whole
    default:
      if (same) return whole
      return downgrade ? undefined : origin
  }
}

/** Whether nobody on the way can read along (W3C Secure Contexts 3.1). */
function isTrustworthy({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || /^(?:127(?:\.\d+){3}|\[::1\]|(?:.*\.)?localhost)$/.test(hostname)
}
