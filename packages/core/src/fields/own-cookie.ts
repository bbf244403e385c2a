import type { HeaderList } from '../message/headers.ts'

/**
 * Gives a client a cookie of the gateway's own with a response of an origin. Caches, ours among them, may keep the response, and not the
 * cookie: all who are answered from there would be taken for that client. Where the origin sets cookies as well, its word
 * alone says whether they may be kept.
 */
export function addOwnCookie(headers: HeaderList, cookie: string): void {
  if (!headers.has('set-cookie')) headers.add('cache-control', 'no-cache="set-cookie"')
  headers.add('set-cookie', cookie)
}
