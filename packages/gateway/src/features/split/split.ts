import { addOwnCookie, type Exchange, type Handler } from '@headgate/core'
import { someCookie } from '../../routing/conditions.ts'
import { type SplitStickyConfig } from './setting.ts'
import type { SplitWeights } from './split-weights.ts'

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
      addOwnCookie(response.headers, `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}`)
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

/** Chooses one of the upstreams of a split, by weights that may change at any time. */
export class SplitChoice {
  private readonly source: SplitWeights
  /** Of each upstream: what sets its draw apart from that of the others. By name, so that their order does not matter. */
  private readonly salts: readonly number[]
  private weights: readonly number[] = []
  private total = 0
  private version = -1
  private memory: SharedArrayBuffer | undefined

  constructor(source: SplitWeights) {
    this.source = source
    this.salts = source.names.map(hashOf)
  }

  /** The position of an upstream. @param point from 0 to below 1, drawn at random */
  byChance(point: number): number {
    this.refresh()
    const { weights } = this
    let rest = point * this.total
    let last = 0
    for (let index = 0; index < weights.length; index++) {
      const weight = weights[index] as number // within the array
      if (weight === 0) continue
      last = index
      rest -= weight
      if (rest < 0) break
    }
    return last
  }

  /**
   * The position of the upstream for somebody: the same each time. Weighted rendezvous hashing, as the draws of the upstreams
   * do not depend on weights: when these move, only those change their group who must. Whoever is in a group that
   * grows at least as much as each other one stays in it.
   */
  byKey(key: string): number {
    this.refresh()
    const { weights, salts } = this
    const hash = hashOf(key)
    let best = 0
    let least = Infinity
    for (let index = 0; index < weights.length; index++) {
      const weight = weights[index] as number // within the array
      if (weight === 0) continue
      // Between 0 and 1, without both.
      const draw = ((mixed(hash ^ (salts[index] as number)) >>> 0) + 0.5) / 2 ** 32 // one for each weight
      const time = -Math.log(draw) / weight
      if (time >= least) continue
      least = time
      best = index
    }
    return best
  }

  private refresh(): void {
    const { source } = this
    const { version, memory } = source
    if (version === this.version && memory === this.memory) return
    this.weights = source.present
    this.total = this.weights.reduce((sum, weight) => sum + weight, 0)
    // That of before: a change meanwhile is seen the next time.
    this.version = version
    this.memory = memory
  }
}

/** FNV-1a, and then mixed: alone, it puts texts that differ in their last character side by side. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return mixed(hash)
}

/** MurmurHash3's finaliser. */
function mixed(number: number): number {
  let hash = number
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
