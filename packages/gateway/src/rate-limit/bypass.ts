import { timingSafeEqual } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { Exchange } from '@headgate/core'
import type { RateLimitConfig } from '../config/schema/rate-limit-schema.ts'
import { ipRanges } from '../settings/values/address.ts'

/** Whether a limit does not concern an exchange; undefined if it concerns all. */
export function rateLimitBypass(
  bypass: RateLimitConfig['bypass'],
): ((exchange: Exchange) => boolean) | undefined {
  const ranges = ipRanges(bypass.addresses)
  const headers = Object.entries(bypass.headers).map(([name, value]) => ({
    name,
    value: Buffer.from(value, 'utf8'),
  }))
  if (headers.length === 0 && bypass.addresses.length === 0) return undefined
  const byAddress = bypass.addresses.length > 0
  return ({ request, clientAddress }) => {
    if (byAddress && ranges.check(clientAddress, isIPv6(clientAddress) ? 'ipv6' : 'ipv4')) return true
    for (const { name, value } of headers) {
      const sent = request.headers.get(name)
      if (sent !== undefined && isSame(Buffer.from(sent, 'latin1'), value)) return true
    }
    return false
  }
}

/** In a time that tells nothing of a secret but its length. */
function isSame(sent: Buffer, secret: Buffer): boolean {
  return sent.length === secret.length && timingSafeEqual(sent, secret)
}
