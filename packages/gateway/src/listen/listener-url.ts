import type { ListenerConfig } from '../config/schema/listener-schema.ts'
import { type Address, formatAddress } from '../settings/values/address.ts'

/**
 * A URL under which a listener is reached from this machine, or `unix:/path`.
 * @param port as it was bound, where the configuration leaves it to the system
 */
export function listenerUrl({ address, tls }: ListenerConfig, port: number | undefined): string {
  return addressUrl(tls === undefined ? 'http' : 'https', address, port)
}

export function addressUrl(scheme: 'http' | 'https', address: Address, port?: number): string {
  if (address.kind === 'unix') return formatAddress(address)
  // Every address of the machine: this one is among them.
  const host = address.host === '::' || address.host === '0.0.0.0' ? '127.0.0.1' : address.host
  return `${scheme}://${formatAddress({ kind: 'tcp', host, port: port ?? address.port })}`
}
