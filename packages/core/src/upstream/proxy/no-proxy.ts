import {
  contains,
  formatAddress,
  parseAddress,
  parseNetwork,
  readHost,
  unmapped,
} from '../guard/addresses.ts'
import type { Network } from '../guard/address-ranges.ts'

/** Decides which hosts are reached directly, although there is a proxy. */
export interface NoProxy {
  /** @param host a name or an address, with or without brackets */
  matches(host: string, port: number): boolean
}

interface Entry {
  readonly port: number | undefined
  readonly network?: Network
  /** What stands around each `*` of a name or address that has some. */
  readonly parts?: readonly string[]
  /** A name that stands for itself and all names below it; empty for all hosts. */
  readonly name?: string
}

/**
 * Reads a list as in NO_PROXY, for which there is no standard: `*`; a name, with or without `.` or `*.` before it, for itself and
 * all below it, as curl reads it; an address; a network as `10.0.0.0/8`; each with a port behind it, if only that is meant.
 * A `*` within a name or address stands for anything, as in `10.*`. A member that is none of those matches nothing: tools differ in what
 * they take, and a program must not fail for what is in the environment of its machine. The process is warned of it, once.
 * @param list separated by commas or blanks, or as a list
 */
export function parseNoProxy(list: string | readonly string[]): NoProxy {
  const members = typeof list === 'string' ? list.split(/[\s,]+/) : list
  const entries = members
    .filter((member) => member !== '')
    .flatMap((member) => parseEntry(member) ?? skipped(member))
  return {
    matches(host, port) {
      if (entries.length === 0) return false
      const form = readHost(host)
      const address = form.kind === 'address' ? unmapped(form.bytes) : undefined
      const name = host.toLowerCase().replace(/\.$/, '')
      return entries.some((entry) => covers(entry, name, address, port))
    },
  }
}

function covers(entry: Entry, name: string, address: Uint8Array | undefined, port: number): boolean {
  if (entry.port !== undefined && entry.port !== port) return false
  if (entry.name === '') return true
  if (entry.parts !== undefined)
    return fits(entry.parts, address === undefined ? name : formatAddress(address))
  if (entry.network !== undefined) return address !== undefined && contains(entry.network, address)
  return address === undefined && (name === entry.name || name.endsWith(`.${entry.name}`))
}

/**
 * An IPv6 address with a port stands in brackets; without one it need not. Its two colons are looked for ahead: a text that is
 * parted at them can be parted in as many ways as the square of its colons.
 */
const MEMBER = /^(?:\[([^\]]+)\]|([^:/]+(?:\/\d+)?|(?=[^:]*:[^:]*:)[^[\]]*))(?::(\d{1,5}))?$/

/** Undefined if it means nothing. */
function parseEntry(member: string): Entry | undefined {
  const [, bracketed, plain, digits] = MEMBER.exec(member) ?? []
  const host = bracketed ?? plain
  const port = digits === undefined ? undefined : Number(digits)
  if (host === undefined || (port !== undefined && (port < 1 || port > 65_535))) return undefined
  if (host === '*') return { port, name: '' }
  const network = host.includes('/') || parseAddress(host) !== undefined ? parseNetwork(host) : undefined
  if (network !== undefined) return { port, network }
  const name = host
    .toLowerCase()
    .replace(/^\*?\./, '')
    .replace(/\.$/, '')
  if (bracketed === undefined && /^[\w.*-]+$/.test(name) && name.includes('*'))
    return { port, parts: name.split(/\*+/) }
  if (bracketed !== undefined || readHost(name).kind !== 'name') return undefined
  return { port, name }
}

/**
 * Whether the parts stand in the text in their order, the first at its beginning and the last at its end. Each where it is found
 * first, which leaves most to the others: a regular expression would try all places of all of them.
 */
function fits(parts: readonly string[], text: string): boolean {
  const [first = '', last = ''] = [parts[0], parts.at(-1)]
  const end = text.length - last.length
  let at = first.length
  if (at > end || !text.startsWith(first) || !text.endsWith(last)) return false
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

const told = new Set<string>()

function skipped(member: string): [] {
  if (!told.has(member) && told.size < 100) {
    told.add(member)
    process.emitWarning(
      `no-proxy list: ${JSON.stringify(member)} means nothing and is passed over; allowed: "*", a host name, an address, a network as "10.0.0.0/8" or a pattern as "10.*", each with or without ":port"`,
      'HeadgateWarning',
    )
  }
  return []
}
