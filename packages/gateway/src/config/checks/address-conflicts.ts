import { findEach } from '../../settings/problems/find-each.ts'
import type { Finding } from '../../settings/problems/problem.ts'
import { type Address, isEveryAddress, parseAddress } from '../../settings/values/address.ts'

interface Taken {
  readonly by: string
  /** Earlier ones are named before later ones. */
  readonly order: number
}

/** The addresses that are taken so far, each found without looking at the others. */
class TakenAddresses {
  readonly #paths = new Map<string, Taken>()
  readonly #ports = new Map<
    number,
    { first: Taken; everywhere?: Taken; readonly hosts: Map<string, Taken> }
  >()
  #count = 0

  /** Takes it, and returns who had it before: both cannot be bound at the same time, or would share connections. */
  take(address: Address, by: string): string | undefined {
    const taken = { by, order: this.#count++ }
    if (address.kind === 'unix') {
      const other = this.#paths.get(address.path)
      if (other === undefined) this.#paths.set(address.path, taken)
      return other?.by
    }
    const { host, port } = address
    // The system chooses one that is free.
    if (port === 0) return undefined
    const isEverywhere = isEveryAddress(host)
    const known = this.#ports.get(port)
    if (known === undefined) {
      const hosts = new Map([[host, taken]])
      this.#ports.set(port, { first: taken, hosts, ...(isEverywhere && { everywhere: taken }) })
      return undefined
    }
    const same = known.hosts.get(host)
    const other = isEverywhere ? known.first : earlier(same, known.everywhere)
    if (same === undefined) known.hosts.set(host, taken)
    if (isEverywhere) known.everywhere ??= taken
    return other?.by
  }
}

function earlier(one: Taken | undefined, other: Taken | undefined): Taken | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return one.order < other.order ? one : other
}

/** Listeners that want an address of another one, or that of the admin endpoints. */
export function addressConflicts(written: unknown, admin: unknown): Finding[] {
  const listeners = written === undefined ? [{ address: '127.0.0.1:8080' }] : written
  if (!Array.isArray(listeners)) return []
  const taken = new TakenAddresses()
  const adminAddress = admin === false ? undefined : toAddress(addressOf(admin) ?? '127.0.0.1:9901')
  if (adminAddress !== undefined) taken.take(adminAddress, 'the admin endpoints')
  return findEach(listeners, (listener: unknown, index): Finding[] => {
    const address = toAddress(addressOf(listener))
    if (address === undefined) return []
    const other = taken.take(address, `listeners[${index}]`)
    if (other === undefined) return []
    if (written === undefined) {
      return [
        {
          path: ['admin', 'address'],
          problem: 'is the address of the default listener too',
          hint: 'write "listeners" to move that',
        },
      ]
    }
    return [{ path: ['listeners', index, 'address'], problem: `is taken by ${other} already` }]
  })
}

function addressOf(section: unknown): unknown {
  return typeof section === 'object' && section !== null && Object.hasOwn(section, 'address')
    ? (section as { address: unknown }).address
    : undefined
}

function toAddress(written: unknown): Address | undefined {
  const address = typeof written === 'string' ? parseAddress(written) : undefined
  return address?.ok === true ? address.value : undefined
}
