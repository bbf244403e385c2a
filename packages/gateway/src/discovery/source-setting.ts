import type { Clock } from '@headgate/core'
import type { EndpointConfig } from '../config/schema/upstream-schema.ts'
import type { DiscoveryConfig } from '../features/discovery.ts'
import { DnsClient } from './dns-client.ts'
import { addressLookup, DnsSource, serviceLookup } from './dns-lookups.ts'
import type { EndpointSource } from './listed-endpoint.ts'

// Which setting of an endpoint leads to which source: another kind of source is a line in each of these.

/** What a source is called in metrics, logs and the admin listener; undefined for an endpoint that needs none. */
export function sourceName({ dns, srv }: EndpointConfig): string | undefined {
  if (dns !== undefined) return `dns:${dns}`
  return srv === undefined ? undefined : `srv:${srv}`
}

/** Two endpoints with the same one share a source, also across a reload; undefined for one that needs none. */
export function sourceIdentity(endpoint: EndpointConfig, { dns }: DiscoveryConfig): string | undefined {
  const name = sourceName(endpoint)
  return name === undefined ? undefined : JSON.stringify([name, endpoint.scheme, dns])
}

/** The source of an endpoint that needs one. Nothing is asked yet. */
export function makeSource(
  { dns, srv, scheme = 'http' }: EndpointConfig,
  { dns: settings }: DiscoveryConfig,
  clock: Clock,
): EndpointSource {
  const { resolvers: servers, timeout, minInterval, maxInterval } = settings
  const client = new DnsClient({ clock, servers, timeout })
  if (srv !== undefined) {
    return new DnsSource(serviceLookup(client, srv, scheme), { clock, minInterval, maxInterval })
  }
  const [host = '', port = scheme === 'https' ? 443 : 80] = (dns ?? '').split(':')
  return new DnsSource(addressLookup(client, host, Number(port), scheme), { clock, minInterval, maxInterval })
}
