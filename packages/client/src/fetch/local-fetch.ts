/** Node's own, before anybody puts another in its place: `data:` and `blob:` URLs lead nowhere, and it knows how to read them. */
const platformFetch = globalThis.fetch

/** Whether a URL is the content itself (RFC 2397), or names a Blob of this process. */
export function isLocal(url: string): boolean {
  return /^(?:data|blob):/i.test(url)
}

/** Reads a local URL, without the network. Rejects as `fetch` does. */
export function localFetch(
  url: string,
  method: string,
  headers: Headers | undefined,
  signal: AbortSignal | undefined,
): Promise<Response> {
  return platformFetch(url, { method, headers: headers ?? [], signal: signal ?? null })
}
