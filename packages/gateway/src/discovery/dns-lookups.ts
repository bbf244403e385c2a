import { type Clock, MAX_PRIORITY, MAX_WEIGHT } from '@headgate/core'
import type { EndpointSource, FoundEndpoint, SourceWatcher } from './listed-endpoint.ts'
import { AddressLookup, LookupError, reachableOnly } from './address-lookup.ts'
import type { DnsClient } from './dns-client.ts'
import type { ServiceRecord } from './dns-message.ts'

/** When DNS is asked again; milliseconds. */
export interface DnsSchedule {
  readonly clock: Clock
  readonly minInterval: number
  readonly maxInterval: number
}

/** A wait is up to this much longer, so that many gateways do not ask at the same time. */
const JITTER = 0.1
/** The longest wait after failures. */
const LONGEST_RETRY = 30_000

/** Asks DNS when what it said last has expired. After a failure sooner, and with each further one later. */
export class DnsSource implements EndpointSource {
  private readonly lookUp: LookUp
  private readonly schedule: DnsSchedule

  constructor(lookUp: LookUp, schedule: DnsSchedule) {
    this.lookUp = lookUp
    this.schedule = schedule
  }

  watch(watcher: SourceWatcher): () => void {
    const { clock, minInterval, maxInterval } = this.schedule
    let isWatching = true
    let failures = 0
    const wait = (time: number): void => {
      const within = Math.min(Math.max(time, minInterval), maxInterval)
      timer.arm(within * (1 + JITTER * clock.random()))
    }
    const look = async (): Promise<void> => {
      try {
        const { endpoints, ttl } = await this.lookUp()
        if (!isWatching) return
        failures = 0
        wait(ttl * 1_000)
        watcher.found(endpoints)
      } catch (error) {
        if (!isWatching) return
        failures++
        wait(Math.min(minInterval * 2 ** (failures - 1), LONGEST_RETRY))
        watcher.failed(error instanceof Error ? error.message : String(error))
      }
    }
    const timer = clock.timer(() => void look())
    void look()
    return () => {
      isWatching = false
      timer.disarm()
    }
  }
}

/** What one look at DNS gave. */
export interface Lookup {
  readonly endpoints: readonly FoundEndpoint[]
  /** Seconds for which that holds. */
  readonly ttl: number
}

/** Rejects with an Error that says why there is none. */
export type LookUp = () => Promise<Lookup>

export type Scheme = 'http' | 'https' | 'h2c'

/** What an upstream can use; a name with more is a mistake. */
const MOST_ENDPOINTS = 1_000

/** Each address of a name is an endpoint. */
export function addressLookup(client: DnsClient, host: string, port: number, scheme: Scheme): LookUp {
  const lookup = new AddressLookup(client, host)
  const url = `${scheme}://${host}:${port}`
  return async () => {
    const { addresses, ttl } = await lookup.lookUp()
    return { endpoints: bounded(addresses.map((address) => ({ url, address }))), ttl }
  }
}

/** Each address of each target of a service is an endpoint (RFC 2782). Host and TLS go by the name of the service's domain. */
export function serviceLookup(client: DnsClient, service: string, scheme: Scheme): LookUp {
  const domain = service.split('.').slice(2).join('.')
  const targets = new Map<string, { readonly lookup: AddressLookup; addresses: readonly string[] }>()
  return async () => {
    const { code, services, additional } = await client.ask(service, 'SRV')
    const records = services.filter(({ target, port }) => target !== '.' && port > 0)
    if (code === 'NXDOMAIN') throw new LookupError('there is no such name (NXDOMAIN)')
    if (records.length === 0) throw new LookupError('the service has no target')
    const names = [...new Set(records.map(({ target }) => target))].slice(0, MOST_ENDPOINTS)
    for (const known of targets.keys()) if (!names.includes(known)) targets.delete(known)
    const resolved = await Promise.all(
      names.map(async (target) => {
        const told = additional.filter(({ name }) => name === target)
        if (told.length === 0) return resolve(target)
        return { addresses: reachableOnly(told.map(({ address }) => address)), ttl: leastTtl(told) }
      }),
    )
    const byTarget = new Map(names.map((name, index) => [name, resolved[index]]))
    const endpoints = standings(records).flatMap(({ record: { target, port }, weight, priority }) =>
      (byTarget.get(target)?.addresses ?? []).map((address) => ({
        url: `${scheme}://${domain}:${port}`,
        address,
        weight,
        priority,
      })),
    )
    if (endpoints.length === 0) throw new LookupError('none of its targets has an address')
    return {
      endpoints: bounded(endpoints),
      ttl: Math.min(leastTtl(records), ...resolved.map((each) => each.ttl)),
    }
  }

  /** One that fails stands as it was. */
  async function resolve(name: string): Promise<{ addresses: readonly string[]; ttl: number }> {
    const target = targets.get(name) ?? { lookup: new AddressLookup(client, name), addresses: [] }
    targets.set(name, target)
    try {
      const found = await target.lookup.lookUp()
      target.addresses = found.addresses
      return found
    } catch {
      return { addresses: target.addresses, ttl: 0 }
    }
  }
}

function leastTtl(records: readonly { readonly ttl: number }[]): number {
  return Math.min(...records.map(({ ttl }) => ttl))
}

function bounded(endpoints: readonly FoundEndpoint[]): readonly FoundEndpoint[] {
  return endpoints.slice(0, MOST_ENDPOINTS)
}

interface Standing {
  readonly record: ServiceRecord
  readonly weight: number
  readonly priority: number
}

/**
 * Weights and priorities in the measure of endpoints: the same order, and the same proportions as far as whole numbers allow.
 * A weight of 0 beside others is "a very small chance"; among its like it is an equal one.
 */
export function standings(records: readonly ServiceRecord[]): Standing[] {
  const ranks = [...new Set(records.map(({ priority }) => priority))].sort((one, other) => one - other)
  return records.map((record) => {
    const beside = records.filter(({ priority }) => priority === record.priority).map(({ weight }) => weight)
    const most = Math.max(...beside)
    const factor = most > MAX_WEIGHT || beside.includes(0) ? MAX_WEIGHT / Math.max(most, 1) : 1
    return {
      record,
      weight: most === 0 ? 1 : Math.max(1, Math.round(record.weight * factor)),
      priority: Math.min(ranks.indexOf(record.priority), MAX_PRIORITY),
    }
  })
}
