import { isIPv4, isIPv6 } from 'node:net'

/** The octets of an IP address, and how many of them count: a place that is used again and again. */
export interface AddressOctets {
  readonly octets: Uint8Array
  length: 4 | 16
}

/**
 * Writes the octets of an address as a socket or a proxy tells it; false if it is none. An IPv4 address in IPv6 notation
 * (`::ffff:192.0.2.7`) is the IPv4 address. A zone (`%eth0`) is left out.
 */
export function writeOctets(text: string, into: AddressOctets): boolean {
  const zone = text.indexOf('%')
  const address = zone < 0 ? text : text.slice(0, zone)
  if (isIPv4(address)) {
    into.length = 4
    writeIPv4(address, into.octets, 0)
    return true
  }
  if (!isIPv6(address)) return false
  into.length = 16
  writeIPv6(address, into.octets)
  if (isMapped(into.octets)) {
    into.octets.copyWithin(0, 12, 16)
    into.length = 4
  }
  return true
}

function writeIPv4(text: string, octets: Uint8Array, at: number): void {
  let place = at
  let value = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 0x2e) {
      octets[place++] = value
      value = 0
    } else value = value * 10 + code - 0x30
  }
  octets[place] = value
}

function writeIPv6(text: string, octets: Uint8Array): void {
  const [head = '', tail] = text.split('::')
  octets.fill(0)
  writeGroups(head, octets, 0)
  if (tail === undefined) return
  const length = groups(tail).reduce((sum, group) => sum + (group.includes('.') ? 4 : 2), 0)
  writeGroups(tail, octets, 16 - length)
}

function writeGroups(text: string, octets: Uint8Array, from: number): void {
  let at = from
  for (const group of groups(text)) {
    if (group.includes('.')) writeIPv4(group, octets, at)
    else {
      const value = Number.parseInt(group, 16)
      octets[at] = value >> 8
      octets[at + 1] = value & 0xff
    }
    at += 2
  }
}

function groups(text: string): string[] {
  return text === '' ? [] : text.split(':')
}

/** ::ffff:0:0/96 (RFC 4291 2.5.5.2). */
function isMapped(octets: Uint8Array): boolean {
  for (let index = 0; index < 10; index++) if (octets[index] !== 0) return false
  return octets[10] === 0xff && octets[11] === 0xff
}
