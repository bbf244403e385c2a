import type { GatewayConfig } from '../config/schema/schema.ts'
import type { ListenerConfig } from '../config/schema/listener-schema.ts'
import type { Ports } from './protocol.ts'
import type { WorkerSlot } from './slot.ts'

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
          maxConnections: Math.min(listener.maxConnections, most),
        },
        position,
      }))
      // A path can be bound once.
      .filter(({ listener }) => index === 0 || listener.address.kind === 'tcp')
  )
}

function withPort(listener: ListenerConfig, port: number | undefined): ListenerConfig {
  const { address } = listener
  return address.kind === 'unix' || port === undefined
    ? listener
    : { ...listener, address: { ...address, port } }
}
