import { isIP } from 'node:net'
import { type Address, isEveryAddress } from '../../settings/values/address.ts'
import type { ListenerTlsConfig } from './setting.ts'

/** What of a configuration says which certificates the gateway makes or gets by itself, and for which names. */
export interface ManagedConfig {
  readonly listeners: readonly { readonly address: Address; readonly tls?: ListenerTlsConfig | undefined }[]
  readonly routes: readonly {
    readonly match?: { readonly host?: readonly string[] | undefined } | undefined
  }[]
}

/** By which the certificate of the local authority is known: one for all listeners. */
export const INTERNAL = 'internal'

/** The identities of a listener's certificates that are in no file of the configuration. */
export function managedIdentities({ internal }: Pick<ListenerTlsConfig, 'internal'>): string[] {
  return internal === true ? [INTERNAL] : []
}

/** The names that such certificates of a listener are for. */
export function managedNames(config: ManagedConfig, { internal }: ListenerTlsConfig): string[] {
  return internal === true ? internalNames(config) : []
}

/** Whether a certificate of the local authority is served. */
export function hasInternal({ listeners }: Pick<ManagedConfig, 'listeners'>): boolean {
  return listeners.some(({ tls }) => tls?.internal === true)
}

/** By which the machine calls itself. */
const LOCAL = ['localhost', '127.0.0.1', '::1']

/** Names of this machine, of the listeners, and the hosts of routes. */
export function internalNames({ listeners, routes }: ManagedConfig): string[] {
  const ofListeners = listeners.flatMap(({ address, tls }) =>
    tls?.internal === true && address.kind === 'tcp' && !isEveryAddress(address.host) ? [address.host] : [],
  )
  return [...new Set([...LOCAL, ...ofListeners.filter(isNamed), ...routeHosts(routes)])]
}

/** The hosts that routes are for, wildcards among them. */
function routeHosts(routes: ManagedConfig['routes']): string[] {
  return [...new Set(routes.flatMap(({ match }) => match?.host ?? []))]
}

/** A zone (`fe80::1%eth0`) is of this machine alone, and in no certificate. */
function isNamed(host: string): boolean {
  return isIP(host) === 0 || !host.includes('%')
}
