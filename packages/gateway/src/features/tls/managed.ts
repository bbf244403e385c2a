import { isIP } from 'node:net'
import { type Address, isEveryAddress } from '../../settings/values/address.ts'
import type { AcmeConfig } from './acme-setting.ts'
import { sha256 } from './pem.ts'
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
export function managedIdentities({ internal, acme }: ListenerTlsConfig): string[] {
  const ofAcme = acme === undefined ? [] : [acmeIdentity(acme), standInIdentity(acme)]
  return internal === true ? [...ofAcme, INTERNAL] : ofAcme
}

/** By which the certificate is known that an authority is asked for. */
export function acmeIdentity(acme: AcmeConfig): string {
  return `acme ${sha256(JSON.stringify(acme))}`
}

/** What the identity of a stand-in ends with. */
export const STAND_IN = ' stand-in'

/** By which that of the local authority is known that stands in for it until it is here. */
export function standInIdentity(acme: AcmeConfig): string {
  return `${acmeIdentity(acme)}${STAND_IN}`
}

/** The names that such certificates of a listener are for. */
export function managedNames(
  config: ManagedConfig,
  { internal, acme }: ListenerTlsConfig,
): readonly string[] {
  const ofAcme = acme === undefined ? [] : acmeNames(config, acme)
  return internal === true ? [...ofAcme, ...internalNames(config)] : ofAcme
}

/** Those of the setting, else the hosts of routes; wildcards among these are not meant, as they need records. */
export function acmeNames({ routes }: ManagedConfig, { names }: AcmeConfig): readonly string[] {
  return names ?? routeHosts(routes).filter((host) => !host.startsWith('*'))
}

/** What is asked of authorities, by identity: each once, though several listeners may have it. */
export function acmeSettings({
  listeners,
}: Pick<ManagedConfig, 'listeners'>): ReadonlyMap<string, AcmeConfig> {
  const settings = listeners.flatMap(({ tls }) => tls?.acme ?? [])
  return new Map(settings.map((acme) => [acmeIdentity(acme), acme]))
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
