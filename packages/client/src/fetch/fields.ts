import { ENGINES_OWN } from '../request-headers.ts'

/** Those that the engine makes itself, and what it has to agree on with its peer (RFC 9110 6.5, 7.6.1, 10.1.1). */
const LEFT_OUT: ReadonlySet<string> = new Set([...ENGINES_OWN, 'expect', 'te', 'trailer'])

/** The fields to send: those that no program may set are left out in silence, as the standard has it (WHATWG Fetch 2.2.2). */
export function sentFields(headers: Headers | undefined): [string, string][] {
  if (headers === undefined) return []
  // Of what is encoded, a part could not be decoded (ibid. 4.5, "HTTP-network-or-cache fetch", step 8.19).
  if (headers.has('range') && headers.has('accept-encoding')) headers.append('accept-encoding', 'identity')
  return [...headers].filter(([name]) => !LEFT_OUT.has(name))
}

/** How long a stream is that is sent with a Content-Length, as S3 wants it; undefined if that is no length. */
export function contentLength(headers: Headers | undefined): number | undefined {
  const value = headers?.get('content-length') ?? ''
  return /^\d{1,15}$/.test(value) ? Number(value) : undefined
}
