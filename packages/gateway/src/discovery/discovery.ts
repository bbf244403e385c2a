import type { Clock, MetricRegistry } from '@headgate/core'
import type { EndpointConfig } from '../config/schema/upstream-schema.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { DiscoveryConfig } from '../features/discovery.ts'
import { resolveUpstreams } from '../config/upstreams.ts'
import type { FoundEndpoint } from './listed-endpoint.ts'
import { makeSource, sourceIdentity, sourceName } from './source-setting.ts'
import { sourceMetrics } from './metrics.ts'

export interface DiscoveryOptions {
  readonly clock: Clock
  readonly metrics: MetricRegistry
  /** Told, once, that a source fails, and that it is well again. */
  readonly report: (message: string) => void
  /** A source has found others than before. */
  readonly changed: () => void
}

/** How long a start, or a reload, waits for the first answers of sources that are new. Milliseconds. */
const FIRST_WAIT = 5_000

interface Watched {
  readonly name: string
  /** Without the settings that it is asked with. */
  readonly place: string
  found: readonly FoundEndpoint[]
  failing: boolean
  /** Of the first answer, good or not. */
  readonly answered: Promise<void>
  stop: () => void
}

/** All sources of a gateway: in one thread for all workers. What a source found last stays while it fails. */
export class Discovery {
  private readonly options: DiscoveryOptions
  private readonly watched = new Map<string, Watched>()
  private isStopped = false

  constructor(options: DiscoveryOptions) {
    this.options = options
  }

  /**
   * Watches what a configuration names, beside what is watched already. Resolves when all have answered, or failed, or have
   * had the time to.
   */
  async ready(config: GatewayConfig): Promise<void> {
    if (this.isStopped) return
    const answers: Promise<void>[] = []
    for (const [identity, endpoint] of sourcesOf(config)) {
      const watched = this.watched.get(identity) ?? this.watch(identity, endpoint, config.discovery)
      answers.push(watched.answered)
    }
    if (answers.length > 0) await this.within(FIRST_WAIT, Promise.all(answers))
  }

  /** Watches what a configuration names, and nothing else. */
  follow(config: GatewayConfig): void {
    if (this.isStopped) return
    const sources = sourcesOf(config)
    for (const [identity, endpoint] of sources) {
      if (!this.watched.has(identity)) this.watch(identity, endpoint, config.discovery)
    }
    for (const [identity, { name, stop }] of this.watched) {
      if (sources.has(identity)) continue
      stop()
      this.watched.delete(identity)
      if (![...this.watched.values()].some((other) => other.name === name))
        sourceMetrics(this.options.metrics, name).endpoints.set(0)
    }
  }

  /** What the source of an endpoint found last. */
  found(endpoint: EndpointConfig, settings: DiscoveryConfig): readonly FoundEndpoint[] {
    const identity = sourceIdentity(endpoint, settings)
    return (identity === undefined ? undefined : this.watched.get(identity)?.found) ?? []
  }

  /** For good. */
  stop(): void {
    this.isStopped = true
    for (const { stop } of this.watched.values()) stop()
    this.watched.clear()
  }

  private watch(identity: string, endpoint: EndpointConfig, settings: DiscoveryConfig): Watched {
    const { metrics, changed, clock } = this.options
    const first = Promise.withResolvers<void>()
    const name = sourceName(endpoint) ?? ''
    const counted = sourceMetrics(metrics, name)
    const place = JSON.stringify([name, endpoint.scheme])
    // Of one that is asked otherwise from now on.
    const before = [...this.watched.values()].find((other) => other.place === place)
    const watched: Watched = {
      name,
      place,
      found: before?.found ?? [],
      failing: false,
      answered: first.promise,
      stop: () => {},
    }
    this.watched.set(identity, watched)
    watched.stop = makeSource(endpoint, settings, clock).watch({
      found: (endpoints) => {
        counted.endpoints.set(endpoints.length)
        counted.lastSuccess.set(Math.round(clock.wallTime() / 1_000))
        this.recovered(watched)
        const isNews = JSON.stringify(endpoints) !== JSON.stringify(watched.found)
        watched.found = endpoints
        first.resolve()
        if (isNews) changed()
      },
      failed: (reason) => {
        counted.failures.add(1)
        this.failed(watched, reason)
        first.resolve()
      },
    })
    return watched
  }

  private failed(watched: Watched, reason: string): void {
    if (watched.failing) return
    watched.failing = true
    const { length } = watched.found
    const kept = length === 0 ? 'it has found no endpoint yet' : `the ${length} found last are kept`
    this.options.report(`discovery by ${watched.name} fails, and ${kept}: ${reason}`)
  }

  private recovered(watched: Watched): void {
    if (!watched.failing) return
    watched.failing = false
    this.options.report(`discovery by ${watched.name} works again`)
  }

  private within(time: number, done: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.options.clock.timer(resolve)
      timer.arm(time)
      void done.then(() => {
        timer.disarm()
        resolve()
      })
    })
  }
}

/** One endpoint for each source that a configuration names, by the identity of the source. */
function sourcesOf(config: GatewayConfig): Map<string, EndpointConfig> {
  const sources = new Map<string, EndpointConfig>()
  for (const { endpoints } of resolveUpstreams(config).values()) {
    for (const endpoint of endpoints) {
      const identity = sourceIdentity(endpoint, config.discovery)
      if (identity !== undefined) sources.set(identity, endpoint)
    }
  }
  return sources
}
