import type { GatewayConfig } from '../config/schema/schema.ts'
import type { Ports } from './protocol.ts'
import type { WorkerSlot } from './slot.ts'
import type { ListenerConfig } from '../config/schema/gateway-sections.ts'

/**
 * Starts the first thread of each slot, all at the same time where that can be. Rejects with the StartError of one that
 * cannot listen.
 * @param found is told the ports of the listeners before any thread is started that is to share them
 */
export async function startSlots(
  slots: readonly WorkerSlot[],
  { listeners }: GatewayConfig,
  found: (ports: Ports) => void,
): Promise<void> {
  const [first, ...others] = slots
  if (first === undefined) return
  const startOthers = (): Promise<Ports[]> => Promise.all(others.map((slot) => slot.start()))
  if (listeners.some(({ address }) => address.kind === 'tcp' && address.port === 0)) {
    // The first one alone: it finds the port that the others join it on.
    found(await first.start())
    await startOthers()
    return
  }
  const [ports] = await Promise.all([first.start(), startOthers()])
  found(ports)
}

/** Where the kernel spreads connections over all sockets that listen on a port: Node's `reusePort` works there. */
const SPREADING: readonly NodeJS.Platform[] = ['linux', 'freebsd', 'sunos', 'aix']

/** How many workers can serve, and why that is not what is configured. */
export function workerCount(
  config: GatewayConfig,
  platform: NodeJS.Platform,
): { count: number; notice?: string } {
  const { workers, listeners } = config
  if (workers === 1) return { count: 1 }
  if (!SPREADING.includes(platform)) {
    return { count: 1, notice: `1 worker instead of ${workers}: on ${platform}, several cannot share a port` }
  }
  if (listeners.every(({ address }) => address.kind === 'unix')) {
    return { count: 1, notice: `1 worker instead of ${workers}: several cannot share a unix socket` }
  }
  return { count: workers }
}

/** A listener as it is bound. */
export interface BoundListener {
  readonly config: ListenerConfig
  /** Undefined for a unix socket. */
  readonly port: number | undefined
}

/**
 * The listeners of one worker, with real ports where they are known, and their positions in the configuration.
 * @param most connections of each
 */
export function listenersOf(
  { index }: WorkerSlot,
  config: GatewayConfig,
  ports: Ports,
  most: number,
): { listener: ListenerConfig; position: number }[] {
  return (
    config.listeners
      .map((listener, position) => ({
        listener: {
          ...withPort(listener, ports[position]),
          ...within(listener, most),
        },
        position,
      }))
      // A path can be bound once.
      .filter(({ listener }) => index === 0 || listener.address.kind === 'tcp')
  )
}

/** So many connections as there are descriptors for; of those, handshakes get a fifth at most. */
function within({ maxConnections, tls }: ListenerConfig, most: number): Partial<ListenerConfig> {
  if (tls === undefined) return { maxConnections: Math.min(maxConnections, most) }
  const maxHandshakes = Math.max(1, Math.min(tls.maxHandshakes, Math.floor(most / 5)))
  return {
    maxConnections: Math.max(1, Math.min(maxConnections, most - maxHandshakes)),
    tls: { ...tls, maxHandshakes },
  }
}

function withPort(listener: ListenerConfig, port: number | undefined): ListenerConfig {
  const { address } = listener
  return address.kind === 'unix' || port === undefined
    ? listener
    : { ...listener, address: { ...address, port } }
}
