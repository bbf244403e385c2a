import { MAX_PRIORITY, type UpstreamOptions } from '@headgate/core'
import type { EndpointConfig } from '../config/schema/upstream-schema.ts'
import { endpointName } from '../settings/values/upstream-url.ts'

/** An endpoint that was found while the gateway runs. */
export interface FoundEndpoint {
  /** `http://host:port` or `https://host:port`: Host and TLS go by it. */
  readonly url: string
  /** Where it is connected to, in place of the host. */
  readonly address?: string | undefined
  /** Undefined where the source does not tell: as configured. */
  readonly weight?: number | undefined
  /** How many come before it, as a number from 0 on: added to what is configured. */
  readonly priority?: number | undefined
}

/** What a source tells. */
export interface SourceWatcher {
  /** All that there are, whether or not that is news. Never none: a source that has lost all says that it failed. */
  found(endpoints: readonly FoundEndpoint[]): void
  /** It could not be asked, or has no answer: what it found last stays. */
  failed(reason: string): void
}

/** Where endpoints are found while the gateway runs. */
export interface EndpointSource {
  /**
   * Looks from now on, again and again, and tells each time.
   * @returns ends it; nothing is told after that
   */
  watch(watcher: SourceWatcher): () => void
}

/** Where an endpoint comes from: the configuration, a source, or a call of the admin API. */
export type EndpointOrigin = 'configured' | 'dns' | 'srv' | 'admin'

/** An endpoint as an upstream has it. */
export interface ListedEndpoint {
  readonly url: string
  readonly address?: string | undefined
  readonly weight: number
  readonly priority: number
  readonly zone?: string | undefined
  readonly source: EndpointOrigin
}

// What is listed is what the engine takes.
true satisfies ListedEndpoint extends UpstreamOptions['endpoints'][number] ? true : false

/**
 * All endpoints that a list of settings leads to, in its order. One that several lead to is there once, as the first says.
 * @param found what the source of a setting has found
 */
export function listEndpoints(
  settings: readonly EndpointConfig[],
  found: (setting: EndpointConfig) => readonly FoundEndpoint[],
  configured: 'configured' | 'admin' = 'configured',
): ListedEndpoint[] {
  const listed = new Map<string, ListedEndpoint>()
  for (const [index, setting] of settings.entries()) {
    const { url, weight, priority, zone, srv } = setting
    if (url !== undefined) {
      // Written twice, it is meant twice.
      listed.set(`${url} ${index}`, { url, weight, priority, ...(zone && { zone }), source: configured })
      continue
    }
    const places = new Set(Array.from(listed.values(), placeOf))
    for (const each of found(setting)) {
      const one: ListedEndpoint = {
        url: each.url,
        ...(each.address !== undefined && { address: each.address }),
        weight: each.weight ?? weight,
        priority: Math.min(priority + (each.priority ?? 0), MAX_PRIORITY),
        ...(zone && { zone }),
        source: srv === undefined ? 'dns' : 'srv',
      }
      if (!places.has(placeOf(one))) listed.set(placeOf(one), one)
    }
  }
  return [...listed.values()]
}

/** `host:port`, or `unix:/path`: what the endpoint is called everywhere. */
export function listedName({ url, address }: Pick<ListedEndpoint, 'url' | 'address'>): string {
  if (address === undefined) return endpointName(url)
  const port = /:(\d+)$/.exec(endpointName(url))?.[1] ?? ''
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** Where it is connected to, and how. */
function placeOf(endpoint: ListedEndpoint): string {
  return `${/^[^:]*/.exec(endpoint.url)?.[0]} ${listedName(endpoint)}`
}
