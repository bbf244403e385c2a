import type { HeaderList } from '../message/headers.ts'

/** What is said of bytes that are others now: RFC 9110 8.6 and 14.3, RFC 9530, RFC 3230, RFC 1864. */
const OF_THE_BYTES = [
  'content-length',
  'content-digest',
  'repr-digest',
  'digest',
  'content-md5',
  'accept-ranges',
]

/**
 * Takes out what a message says of the bytes of its content, which somebody has changed. A strong entity tag becomes a weak one: content that
 * is made of the same is the same in meaning (RFC 9110 8.8.1).
 */
export function contentChanged(headers: HeaderList): void {
  for (const name of OF_THE_BYTES) headers.delete(name)
  const tag = headers.get('etag')
  if (tag?.startsWith('"') === true) headers.set('etag', `W/${tag}`)
}
