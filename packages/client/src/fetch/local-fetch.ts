import type { FetchRequest } from './request.ts'

/** Node's own, before anybody puts another in its place: `data:` and `blob:` URLs lead nowhere, and it knows how to read them. */
const platformFetch = globalThis.fetch

/** Whether a URL is the content itself (RFC 2397), or names a Blob of this process. */
export function isLocal(url: string): boolean {
  return MAY_BE_LOCAL.test(url) && /^(?:data|blob):/i.test(url.replace(PASSED_OVER, ''))
}

/** What a URL parser passes over (WHATWG URL 4.4). */
const PASSED_OVER = /^[\0- ]+|[\t\n\r]+/g
const MAY_BE_LOCAL = /^[\0- ]*[bd]/i

/** Reads a local URL, without the network. Rejects as `fetch` does. */
export function localFetch(
  url: string,
  method: string,
  headers: Headers | undefined,
  { signal, integrity }: Pick<FetchRequest, 'signal' | 'integrity'>,
): Promise<Response> {
  return platformFetch(url, { method, headers: headers ?? [], signal: signal ?? null, integrity })
}
