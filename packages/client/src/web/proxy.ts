import { connectionNames, isHopByHop } from '@headgate/core'

/** What asks in place of the platform's `fetch`: a client of Headgate, or the gateway's own (`context.client`). */
export interface Fetching {
  readonly fetch: (
    input: string,
    init: RequestInit & { headgate?: { decompress?: false; retry?: false } },
  ) => Promise<Response>
}

export interface ProxyOptions {
  /** The handler's context has one. Default: the platform's `fetch`, whose connections are its own, and which decodes content. */
  readonly client?: Fetching | undefined
  /** Fields of the request that are set in place of those that came; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined
  /** Default: that of the request. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Sends a request on and gives the response as it comes, content in its coding: what a handler does that changes something on the way.
 * Fields that concern one connection alone are left out in both directions (RFC 9110 7.6.1), and so are Host and the length, which are the
 * new request's own. Redirects are passed on.
 * @param url an origin (`http://orders:3000`), which gets path and query of the request, or a whole URL
 */
export async function proxy(
  request: Request,
  url: string | URL,
  options: ProxyOptions = {},
): Promise<Response> {
  const { client, headers: changed = {}, signal = request.signal } = options
  const headers = passing(request.headers, (name) => !OWN.has(name))
  for (const [name, value] of Object.entries(changed)) {
    if (value === undefined) headers.delete(name)
    else headers.set(name, value)
  }
  const hasContent = request.method !== 'GET' && request.method !== 'HEAD' && request.body !== null
  const response = await (client ?? PLATFORM).fetch(targetOf(request, url), {
    method: request.method,
    headers,
    signal,
    redirect: 'manual',
    ...(hasContent && { body: request.body, duplex: 'half' as const }),
    headgate: { decompress: false },
  })
  const { status } = response
  const told = passing(response.headers, (name) => client !== undefined || !CODED.has(name))
  return new Response(response.body, { status, headers: told })
}

const PLATFORM: Fetching = { fetch: (input, { headgate: _, ...init }) => fetch(input, init) }

/** Of the request that is made anew. */
const OWN: ReadonlySet<string> = new Set(['host', 'content-length', 'expect'])

/** What holds no more of content that was decoded. */
const CODED: ReadonlySet<string> = new Set(['content-encoding', 'content-length'])

const NONE: ReadonlySet<string> = new Set()

function passing(headers: Headers, isWanted: (name: string) => boolean): Headers {
  const named = connectionNames(headers.get('connection') ?? undefined, NONE)
  const kept = new Headers()
  for (const [name, value] of headers)
    if (!isHopByHop(name) && named?.has(name) !== true && isWanted(name)) kept.append(name, value)
  return kept
}

function targetOf(request: Request, url: string | URL): string {
  const target = new URL(url)
  if (target.pathname !== '/' || target.search !== '' || String(url).endsWith('/')) return target.href
  const { pathname, search } = new URL(request.url)
  return `${target.origin}${pathname}${search}`
}
