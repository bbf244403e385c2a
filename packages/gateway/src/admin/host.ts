import { isIP } from 'node:net'
import type { Address } from '../settings/values/address.ts'

/**
 * Whether a Host field may be trusted to come from somebody who means this server. A web page can have its own name
 * resolve to 127.0.0.1 after it was loaded, and the browser then lets it read what this server answers (DNS
 * rebinding): but it cannot make the browser send another Host than that name.
 * @param host as it was sent; undefined in HTTP/1.0, which no browser speaks
 * @param hosts that are allowed, too: `headgate.internal`, or `*.internal` for all below it
 */
export function isHostAllowed(
  host: string | undefined,
  address: Address,
  hosts: readonly string[] = [],
): boolean {
  // No browser reaches a unix socket.
  if (host === undefined || address.kind === 'unix') return true
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::\d*)?$/.exec(host)
  const name = (match?.[1] ?? match?.[2] ?? '').toLowerCase()
  if (isIP(name) !== 0 || name === 'localhost' || name === address.host.toLowerCase()) return true
  return hosts.some((each) => (each.startsWith('*.') ? name.endsWith(each.slice(1)) : name === each))
}
