import { networkInterfaces } from 'node:os'
import type { DnsClient } from './dns-client.ts'
import type { DnsAnswer } from './dns-message.ts'

/** What a name stands for. */
export interface Addresses {
  readonly addresses: readonly string[]
  /** Seconds for which that holds. */
  readonly ttl: number
}

/** What a look-up found wrong, in words for operators. */
export class LookupError extends Error {}

const TYPES = ['A', 'AAAA'] as const

/** All addresses of a name. Where one kind cannot be had, those of before are taken. */
export class AddressLookup {
  private readonly client: DnsClient
  private readonly name: string
  private readonly last = new Map<string, readonly string[]>()

  constructor(client: DnsClient, name: string) {
    this.client = client
    this.name = name
  }

  /** Rejects with a LookupError if there is no new answer with an address. */
  async lookUp(): Promise<Addresses> {
    const asked = await Promise.allSettled(TYPES.map((type) => this.client.ask(this.name, type)))
    const fresh = asked.map((each) => (each.status === 'fulfilled' ? usable(each.value) : undefined))
    if (fresh.every((each) => each === undefined || each.addresses.length === 0)) throw failure(asked)
    const addresses = TYPES.flatMap((type, index) => {
      const known = fresh[index]?.addresses ?? this.last.get(type) ?? []
      this.last.set(type, known)
      return known
    })
    return { addresses, ttl: Math.min(...fresh.map((each) => each?.ttl ?? Infinity)) }
  }
}

/** The addresses of an answer that can be reached from here; those of one answer are a set. */
function usable({ addresses }: DnsAnswer): Addresses {
  const reachable = reachableOnly(addresses.map(({ address }) => address))
  return { addresses: reachable, ttl: Math.min(...addresses.map(({ ttl }) => ttl)) }
}

/** In an order of their own: servers turn theirs around with each answer. */
export function reachableOnly(addresses: readonly string[]): string[] {
  const hasIPv6 = addresses.some((address) => address.includes(':')) && canReachIPv6()
  return [...new Set(addresses)]
    .filter((address) => !address.includes(':') || hasIPv6 || address === '::1')
    .sort()
}

/** As getaddrinfo with AI_ADDRCONFIG: where this machine has no IPv6 address, each try would fail. */
function canReachIPv6(): boolean {
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .some(({ family, internal, address }) => family === 'IPv6' && !internal && !address.startsWith('fe80'))
}

function failure(asked: readonly PromiseSettledResult<DnsAnswer>[]): LookupError {
  const answers = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  if (answers.some(({ code }) => code === 'NXDOMAIN'))
    return new LookupError('there is no such name (NXDOMAIN)')
  const refused = asked.find((each) => each.status === 'rejected')
  if (refused !== undefined) return new LookupError((refused.reason as Error).message)
  const none = answers.every(({ addresses }) => addresses.length === 0)
  return new LookupError(
    none ? 'the name has no address' : 'none of its addresses can be reached: this machine has no IPv6',
  )
}
