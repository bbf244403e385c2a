import type { Clock, DownstreamConnection, AcceptOptions } from '@headgate/core'
import type { ListenerConfig } from '../config/schema/gateway-sections.ts'
import { type Address, formatAddress, isEveryAddress } from '../settings/values/address.ts'
import type { Listener, TlsMaterial } from './listen.ts'

/**
 * A URL under which a listener is reached from this machine, or `unix:/path`.
 * @param port as it was bound, where the configuration leaves it to the system
 */
export function listenerUrl({ address, tls }: ListenerConfig, port: number | undefined): string {
  return addressUrl(tls === undefined ? 'http' : 'https', address, port)
}

export function addressUrl(scheme: 'http' | 'https', address: Address, port?: number): string {
  if (address.kind === 'unix') return formatAddress(address)
  // This one is among them.
  const host = isEveryAddress(address.host) ? '127.0.0.1' : address.host
  return `${scheme}://${formatAddress({ kind: 'tcp', host, port: port ?? address.port })}`
}

/** How long an idle connection is kept while draining: a request may be on its way on it. Milliseconds. */
const LAST_REQUEST_GRACE = 1_000
const POLL = 20

/** Listeners for a further configuration, bound and not yet taken over. */
export interface PreparedListeners {
  /** In the order of the configuration. */
  readonly listeners: readonly Listener[]
  /** Takes them over; those that are not among them accept no more and are drained. */
  commit(drainTimeout: number): void
  /** Closes those that were opened for it. */
  abort(): void
}

type OpenListener = (config: ListenerConfig, material: TlsMaterial) => Promise<Listener>

/** The listeners of a gateway, and those that it had before and whose exchanges are not finished. */
export class ListenerSet {
  private readonly clock: Clock
  private readonly open: OpenListener
  private listeners: readonly Listener[] = []
  private readonly leaving = new Set<Listener>()

  constructor(clock: Clock, open: OpenListener) {
    this.clock = clock
    this.open = open
  }

  /**
   * Opens what is not there yet. One on the same address is kept, with its connections, whatever else is changed about it.
   * Rejects, with nothing opened, if one cannot be bound.
   */
  async prepare(
    configs: readonly ListenerConfig[],
    connection: AcceptOptions,
    material: TlsMaterial,
  ): Promise<PreparedListeners> {
    const free = [...this.listeners]
    const opened: Listener[] = []
    const updates: (() => void)[] = []
    const listeners: Listener[] = []
    const abort = (): void => {
      for (const listener of opened) listener.stop()
    }
    try {
      for (const config of configs) {
        const at = free.findIndex((listener) => isSamePlace(listener, config))
        const [kept] = at < 0 ? [] : free.splice(at, 1)
        const listener = kept ?? (await this.open(config, material))
        if (kept === undefined) opened.push(listener)
        listeners.push(listener)
        updates.push(listener.update(config, connection, material))
      }
    } catch (error) {
      abort()
      throw error
    }
    const commit = (drainTimeout: number): void => {
      for (const update of updates) update()
      this.listeners = listeners
      void this.leave(free, drainTimeout)
    }
    return { listeners, commit, abort }
  }

  /** Serves other certificates, and asks by other authorities, from the next connections on. */
  useMaterial(material: TlsMaterial): void {
    for (const listener of this.listeners) listener.useMaterial(material)
  }

  /** Accepts no more, lets exchanges in flight finish, and returns how many connections had to be cut off. */
  async close(timeout: number): Promise<number> {
    const listeners = this.listeners
    this.listeners = []
    const earlier = [...this.leaving]
    return this.leave([...listeners, ...earlier], timeout)
  }

  private async leave(listeners: readonly Listener[], timeout: number): Promise<number> {
    if (listeners.length === 0) return 0
    for (const listener of listeners) this.leaving.add(listener)
    // What the kernel has accepted already is taken first: closing the listener would reset it.
    await new Promise(setImmediate)
    for (const listener of listeners) listener.stop()
    const grace = Math.min(LAST_REQUEST_GRACE, timeout)
    for (const connection of connectionsOf(listeners)) connection.drain(grace)
    await this.emptied(listeners, timeout)
    let cut = 0
    for (const connection of connectionsOf(listeners)) {
      connection.destroy()
      cut++
    }
    for (const listener of listeners) this.leaving.delete(listener)
    return cut
  }

  /** Resolves when no connection is left, or after `timeout`. */
  private emptied(listeners: readonly Listener[], timeout: number): Promise<void> {
    return new Promise((resolve) => {
      const deadline = this.clock.now() + timeout
      // Timers of the clock let the process end, and with it whoever awaits this.
      const alive = setInterval(() => {}, 2 ** 30)
      const timer = this.clock.timer(() => {
        const left = listeners.some(({ connections }) => connections.size > 0)
        if (left && this.clock.now() < deadline) return timer.arm(POLL)
        clearInterval(alive)
        resolve()
      })
      timer.arm(0)
    })
  }
}

function* connectionsOf(listeners: readonly Listener[]): Iterable<DownstreamConnection> {
  for (const listener of listeners) yield* listener.connections
}

/** The place as bound, with TLS or without: a socket cannot turn from one to the other. */
function isSamePlace({ config, port }: Listener, { address, tls }: ListenerConfig): boolean {
  if ((config.tls === undefined) !== (tls === undefined)) return false
  const bound = config.address
  if (bound.kind === 'tcp' && address.kind === 'tcp') {
    return bound.host === address.host && (address.port === bound.port || address.port === port)
  }
  return formatAddress(bound) === formatAddress(address)
}
