import type { Exchange, Handler } from '@headgate/core'
import type { StickyConfig } from '../config/traffic-config.ts'
import { someCookie } from './request-values.ts'

/** One of those among which requests are spread. */
export interface SplitTarget {
  readonly weight: number
  readonly handler: Handler
}

/**
 * Spreads requests by weight. What is sticky is turned into a point between 0 and 1 and the weights into stretches of that
 * line, one after the other: when the last weight grows, only those whom it takes move.
 * @throws TypeError if no weight is above 0
 */
export function split(targets: readonly SplitTarget[], sticky: StickyConfig | undefined): Handler {
  const total = targets.reduce((sum, { weight }) => sum + weight, 0)
  if (total <= 0) throw new TypeError('split needs at least one upstream with a weight above 0')
  const at = (point: number): Handler => targetAt(targets, point * total)
  if (sticky === undefined) return (exchange) => at(exchange.clock.random())(exchange)
  if (sticky === 'client') return (exchange) => at(pointOf(exchange.clientAddress, exchange))(exchange)
  if ('header' in sticky) {
    const { header } = sticky
    return (exchange) => at(pointOf(exchange.request.headers.get(header), exchange))(exchange)
  }
  return byCookie(sticky.cookie, at)
}

function byCookie(name: string, at: (point: number) => Handler): Handler {
  return (exchange) => {
    const known = cookieOf(exchange, name)
    if (known !== undefined) return at(pointOf(known, exchange))(exchange)
    const value = Math.floor(exchange.clock.random() * 2 ** 48).toString(36)
    const secure = exchange.request.scheme === 'https' ? '; Secure' : ''
    return at(pointOf(value, exchange))(exchange).then((response) => {
      response.headers.append('set-cookie', `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}`)
      return response
    })
  }
}

function cookieOf(exchange: Exchange, name: string): string | undefined {
  let found: string | undefined
  someCookie(exchange.request.headers, name, (value) => {
    found = value
    return true
  })
  return found === '' ? undefined : found
}

function targetAt(targets: readonly SplitTarget[], point: number): Handler {
  let end = 0
  let last: Handler | undefined
  for (const { weight, handler } of targets) {
    if (weight === 0) continue
    end += weight
    last = handler
    if (point < end) break
  }
  return last as Handler // there is a weight above 0
}

/** Where on the line; anywhere, for whom nothing is known. */
function pointOf(text: string | undefined, { clock }: Exchange): number {
  return text === undefined || text === '' ? clock.random() : pointOfText(text)
}

/** FNV-1a, and then mixed (MurmurHash3's finaliser): alone, it puts texts that differ in their last character side by side. */
function pointOfText(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
