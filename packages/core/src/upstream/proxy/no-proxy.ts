import { contains, parseAddress, parseNetwork, readHost, unmapped } from '../guard/addresses.ts'
import type { Network } from '../guard/address-ranges.ts'

/** Decides which hosts are reached directly, although there is a proxy. */
export interface NoProxy {
  /** @param host a name or an address, with or without brackets */
  matches(host: string, port: number): boolean
}

interface Entry {
  readonly port: number | undefined
  readonly network?: Network
  /** A name that stands for itself and all names below it; empty for all hosts. */
  readonly name?: string
}

/**
 * Reads a list as in NO_PROXY, for which there is no standard: `*`; a name, with or without `.` or `*.` before it, for itself and
 * all below it, as curl reads it; an address; a network as `10.0.0.0/8`; each with a port behind it, if only that is meant.
 * @param list separated by commas or blanks, or as a list
 * @throws TypeError that names the member that is none of those
 */
export function parseNoProxy(list: string | readonly string[]): NoProxy {
  const members = typeof list === 'string' ? list.split(/[\s,]+/) : list
  const entries = members.filter((member) => member !== '').map(parseEntry)
  return {
    matches(host, port) {
      if (entries.length === 0) return false
      const form = readHost(host)
      const address = form.kind === 'address' ? unmapped(form.octets) : undefined
      const name = host.toLowerCase().replace(/\.$/, '')
      return entries.some((entry) => covers(entry, name, address, port))
    },
  }
}

function covers(entry: Entry, name: string, address: Uint8Array | undefined, port: number): boolean {
  if (entry.port !== undefined && entry.port !== port) return false
  if (entry.name === '') return true
  if (entry.network !== undefined) return address !== undefined && contains(entry.network, address)
  return address === undefined && (name === entry.name || name.endsWith(`.${entry.name}`))
}

/** An IPv6 address with a port stands in brackets; without one it need not. */
const MEMBER = /^(?:\[([^\]]+)\]|([^:/]+(?:\/\d+)?|[^[\]]*:[^[\]]*:[^[\]]*))(?::(\d{1,5}))?$/

function parseEntry(member: string): Entry {
  const [, bracketed, plain, digits] = MEMBER.exec(member) ?? []
  const host = bracketed ?? plain
  const port = digits === undefined ? undefined : Number(digits)
  if (host === undefined || (port !== undefined && (port < 1 || port > 65_535))) throw invalid(member)
  if (host === '*') return { port, name: '' }
  const network = host.includes('/') || parseAddress(host) !== undefined ? parseNetwork(host) : undefined
  if (network !== undefined) return { port, network }
  const name = host
    .toLowerCase()
    .replace(/^\*?\./, '')
    .replace(/\.$/, '')
  if (bracketed !== undefined || readHost(name).kind !== 'name') throw invalid(member)
  return { port, name }
}

function invalid(member: string): TypeError {
  return new TypeError(
    `proxy.noProxy: ${JSON.stringify(member)} is not valid; allowed: "*", a host name, an address or a network as "10.0.0.0/8", each with or without ":port"`,
  )
}
