import type { Exchange, Handler } from '@headgate/core'
import { someCookie } from '../../routing/conditions/request-values.ts'
import { SplitChoice } from './split-choice.ts'
import type { SplitWeights } from './split-weights.ts'
import type { SplitStickyConfig } from './setting.ts'

/**
 * Spreads requests by weight.
 * @param targets one for each weight, in the same order
 */
export function split(
  targets: readonly Handler[],
  weights: SplitWeights,
  sticky: SplitStickyConfig | undefined,
): Handler {
  const choice = new SplitChoice(weights)
  // There are as many targets as weights.
  const byChance = ({ clock }: Exchange): Handler => targets[choice.byChance(clock.random())] as Handler
  const byKey = (key: string): Handler => targets[choice.byKey(key)] as Handler
  if (sticky === undefined) return (exchange) => byChance(exchange)(exchange)
  const keyOf = stickyKey(sticky)
  if (sticky !== 'client' && 'cookie' in sticky) return byCookie(sticky.cookie, keyOf, byKey)
  return (exchange) => {
    const key = keyOf(exchange)
    // Of whom nothing is known, each request is spread for itself.
    return (key === undefined ? byChance(exchange) : byKey(key))(exchange)
  }
}

/** Who is kept with one upstream; undefined where it cannot be told. */
export function stickyKey(sticky: SplitStickyConfig): (exchange: Exchange) => string | undefined {
  if (sticky === 'client') return ({ clientAddress }) => clientAddress || undefined
  if ('cookie' in sticky) return (exchange) => cookieOf(exchange, sticky.cookie)
  const { header } = sticky
  return ({ request }) => request.headers.get(header) || undefined
}

/** Who has no cookie is given one with the answer, and goes where it will lead from then on. */
function byCookie(
  name: string,
  keyOf: (exchange: Exchange) => string | undefined,
  byKey: (key: string) => Handler,
): Handler {
  return (exchange) => {
    const known = keyOf(exchange)
    if (known !== undefined) return byKey(known)(exchange)
    const value = Math.floor(exchange.clock.random() * 2 ** 48).toString(36)
    const secure = exchange.clientScheme === 'https' ? '; Secure' : ''
    return byKey(value)(exchange).then((response) => {
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
