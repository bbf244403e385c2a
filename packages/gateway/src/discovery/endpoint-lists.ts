import type { Upstream } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { EndpointConfig, UpstreamConfig } from '../config/schema/upstream-schema.ts'
import { resolveUpstreams } from '../config/upstreams.ts'
import { endpointsIdentity } from '../identity.ts'
import { Discovery, type DiscoveryOptions } from './discovery.ts'
import { type ListedEndpoint, listedName, listEndpoints } from './listed-endpoint.ts'
import { changeMetrics } from './metrics.ts'

/** What was set by hand for the endpoints of an upstream, as long as those that are configured stay the same. */
interface ByHand {
  readonly basis: string
  /** By their names. */
  readonly added: Map<string, EndpointConfig>
  readonly removed: Set<string>
}

/** Which endpoints each upstream has: those that are configured, those that are found, and what was changed by hand. */
export class EndpointLists {
  readonly discovery: Discovery
  private readonly options: DiscoveryOptions
  private readonly byHand = new Map<string, ByHand>()
  /** What upstreams have, in the order in which they have it. */
  private readonly inForce = new WeakMap<Upstream, readonly ListedEndpoint[]>()

  constructor(options: DiscoveryOptions) {
    this.options = options
    this.discovery = new Discovery(options)
  }

  /** What an upstream is to have. */
  of(name: string, upstream: UpstreamConfig, { discovery }: GatewayConfig): readonly ListedEndpoint[] {
    const listed = listEndpoints(upstream.endpoints, (endpoint) => this.discovery.found(endpoint, discovery))
    const hand = this.byHand.get(name)
    if (hand === undefined || hand.basis !== endpointsIdentity(upstream)) return listed
    const added = listEndpoints([...hand.added.values()], () => [], 'admin')
    const names = new Set(added.map(listedName))
    return [
      ...listed.filter((each) => !hand.removed.has(listedName(each)) && !names.has(listedName(each))),
      ...added,
    ]
  }

  /** Remembers what an upstream was made with. */
  made(upstream: Upstream, endpoints: readonly ListedEndpoint[]): void {
    this.inForce.set(upstream, endpoints)
  }

  /** Has an upstream have these from now on. */
  put(upstream: Upstream, endpoints: readonly ListedEndpoint[]): void {
    const { added, removed } = upstream.setEndpoints(endpoints)
    this.inForce.set(upstream, endpoints)
    const counted = changeMetrics(this.options.metrics, upstream.name)
    counted.added.add(added.length)
    counted.removed.add(removed.length)
  }

  /** Has all upstreams have what was found and set for them by now; those that have changed, by their names. */
  refresh(
    config: GatewayConfig,
    upstreams: ReadonlyMap<string, { readonly upstream: Upstream }>,
  ): Map<string, Upstream> {
    const changed = new Map<string, Upstream>()
    for (const [name, settings] of resolveUpstreams(config)) {
      const isFound = settings.endpoints.some(({ url }) => url === undefined)
      const upstream = upstreams.get(name)?.upstream
      if (upstream === undefined || (!isFound && !this.byHand.has(name))) continue
      const endpoints = this.of(name, settings, config)
      if (JSON.stringify(endpoints) === JSON.stringify(this.inForce.get(upstream))) continue
      const before = new Set(upstream.endpoints.map((each) => each.name))
      this.put(upstream, endpoints)
      changed.set(name, upstream)
      this.tell(name, before, upstream)
    }
    return changed
  }

  /** Follows a configuration that is in force now: what was set by hand for other endpoints than it has is forgotten. */
  settle(config: GatewayConfig): void {
    this.discovery.follow(config)
    const upstreams = resolveUpstreams(config)
    for (const [name, { basis }] of this.byHand) {
      const upstream = upstreams.get(name)
      if (upstream === undefined || endpointsIdentity(upstream) !== basis) this.byHand.delete(name)
    }
  }

  /** Where the endpoints of an upstream come from, in their order. */
  sources(upstream: Upstream): readonly ListedEndpoint[] {
    return this.inForce.get(upstream) ?? []
  }

  /** Adds an endpoint by hand, or changes one. To be followed by a refresh. */
  set(name: string, upstream: UpstreamConfig, endpoint: EndpointConfig & { readonly url: string }): void {
    const hand = this.handOf(name, upstream)
    const added = listedName(endpoint)
    hand.removed.delete(added)
    hand.added.set(added, endpoint)
  }

  /** Takes one out by hand, wherever it comes from. To be followed by a refresh. */
  remove(name: string, upstream: UpstreamConfig, endpoint: string): void {
    const hand = this.handOf(name, upstream)
    hand.added.delete(endpoint)
    hand.removed.add(endpoint)
  }

  stop(): void {
    this.discovery.stop()
  }

  private handOf(name: string, upstream: UpstreamConfig): ByHand {
    const basis = endpointsIdentity(upstream)
    const known = this.byHand.get(name)
    if (known?.basis === basis) return known
    const hand: ByHand = { basis, added: new Map(), removed: new Set() }
    this.byHand.set(name, hand)
    return hand
  }

  private tell(name: string, before: ReadonlySet<string>, { endpoints }: Upstream): void {
    const now = new Set(endpoints.map((each) => each.name))
    const parts = [
      named(
        'added',
        [...now].filter((each) => !before.has(each)),
      ),
      named(
        'removed',
        [...before].filter((each) => !now.has(each)),
      ),
    ].filter((part) => part !== '')
    if (parts.length > 0) this.options.report(`upstream ${name}: ${parts.join('; ')}`)
  }
}

/** How many names a message lists before it counts the rest. */
const NAMED = 5

function named(what: string, names: readonly string[]): string {
  if (names.length === 0) return ''
  const rest = names.length > NAMED ? ` and ${names.length - NAMED} more` : ''
  return `${what} ${names.slice(0, NAMED).join(', ')}${rest}`
}
