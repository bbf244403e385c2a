import { parseContentRange } from '../../fields/content-range.ts'
import type { HttpResponse } from '../../message/response.ts'

/** The strong ETag (RFC 9110 8.8.3) of a response that still streams, whose rest may be asked for; undefined for any other. */
export function resumableTag({ status, headers, body }: HttpResponse): string | undefined {
  if (status !== 200 || body.whole !== undefined) return undefined
  if (headers.get('accept-ranges')?.trim().toLowerCase() === 'none') return undefined
  const etag = headers.get('etag')
  return etag !== undefined && /^"[^"]*"$/.test(etag) ? etag : undefined
}

/** Whether a response brings what is missing, all of it, and of the same representation. */
export function isContinuation(
  response: HttpResponse,
  etag: string,
  received: number,
  total: number | undefined,
): boolean {
  if (response.status !== 206) return false
  const range = parseContentRange(response.headers.get('content-range'))
  if (range === undefined || range.first !== received) return false
  // A 206 must carry the ETag that the 200 had (RFC 9110 15.3.7); without it nothing proves that they belong together.
  if (response.headers.get('etag') !== etag) return false
  const size = total ?? range.total
  return size === undefined || ((range.total ?? size) === size && range.last === size - 1)
}
