import { createHash } from 'node:crypto'
import type { Exchange } from '@headgate/core'
import { isCredential } from '../default-headers.ts'

/**
 * Says who asks, and by which way: what was answered to one is not for another. The key holds a digest of the credentials, since a
 * store, its statistics and whoever looks into it should not see them.
 * @param way what tells apart two ways to the same URL
 * @param own names of the client's own fields that may say who asks, in lower case
 */
export function callerIdentity(way: string, own: ReadonlySet<string>): (exchange: Exchange) => string {
  // Calls come in runs with the same credentials.
  let last = ''
  let lastDigest = ''
  return ({ request }) => {
    let text = ''
    for (const { name, value } of request.headers)
      if (own.has(name) || isCredential(name)) text += JSON.stringify([name, value])
    if (text === '') return way
    if (text !== last) {
      lastDigest = createHash('sha256').update(text).digest('base64')
      last = text
    }
    return `${way} ${lastDigest}`
  }
}
