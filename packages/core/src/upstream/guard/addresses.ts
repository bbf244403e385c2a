import { isIPv4, isIPv6 } from 'node:net'
import { type AddressRange, IPV4_RANGES, IPV6_RANGES, type Network, type RangeRow } from './address-ranges.ts'

/**
 * The bytes of an IP address as a resolver or a socket writes it: 4 or 16 of them. A zone (`%eth0`) is left out.
 * @returns undefined for anything else
 */
export function parseAddress(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number)
  return isIPv6(text) ? parseIPv6(text) : undefined
}

/** Of what `isIPv6` accepts. */
function parseIPv6(text: string): Uint8Array {
  const zone = text.indexOf('%')
  const address = zone < 0 ? text : text.slice(0, zone)
  const [head = '', tail] = address.split('::')
  const before = groups(head)
  const after = tail === undefined ? [] : groups(tail)
  const bytes = new Uint8Array(16)
  bytes.set(before)
  bytes.set(after, 16 - after.length)
  return bytes
}

/** The bytes of `a:b:c`, the last of which may be a dotted IPv4 address. */
function groups(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

/** What the host of a URL is. */
export type HostForm =
  | { readonly kind: 'address'; readonly bytes: Uint8Array }
  | { readonly kind: 'name' }
  | { readonly kind: 'invalid'; readonly reason: string }

const NAME: HostForm = { kind: 'name' }
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/i

/**
 * What a host means to those who will take it: `inet_aton`, and hence getaddrinfo and every browser, read `0x7f.1`,
 * `017700000001` and `2130706433` as 127.0.0.1. A host that ends in a number is an address or nothing (WHATWG URL
 * 3.5, "ends in a number"), so that no resolver has the last word on it.
 * @param host with or without brackets and trailing dot
 */
export function readHost(host: string): HostForm {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  const bytes = parseAddress(bare)
  if (bytes !== undefined) return { kind: 'address', bytes }
  const name = host.endsWith('.') ? host.slice(0, -1) : host
  if (name.length > 253 || !HOST_NAME.test(name))
    return invalid('it is neither a host name in ASCII nor an address')
  const labels = name.split('.')
  if (!isNumber(labels.at(-1) ?? '')) return NAME
  const loose = parseLoose(labels)
  return loose === undefined
    ? invalid('it ends in a number and is no IPv4 address')
    : { kind: 'address', bytes: loose }
}

function invalid(reason: string): HostForm {
  return { kind: 'invalid', reason }
}

function isNumber(label: string): boolean {
  return /^(?:\d+|0x[0-9a-f]*)$/i.test(label)
}

/** `a`, `a.b`, `a.b.c` or `a.b.c.d`, each decimal, octal (0…) or hexadecimal (0x…); the last fills what is left. */
function parseLoose(labels: readonly string[]): Uint8Array | undefined {
  if (labels.length > 4) return undefined
  const bytes = new Uint8Array(4)
  for (const [index, label] of labels.entries()) {
    const value = parseNumber(label)
    const width = index === labels.length - 1 ? 4 - index : 1
    if (value === undefined || value >= 256 ** width) return undefined
    for (let byte = 0; byte < width; byte++) {
      bytes[index + byte] = Math.floor(value / 256 ** (width - 1 - byte)) % 256
    }
  }
  return bytes
}

function parseNumber(label: string): number | undefined {
  if (/^0x[0-9a-f]+$/i.test(label)) return Number.parseInt(label.slice(2), 16)
  if (/^0[0-7]*$/.test(label)) return Number.parseInt(label, 8)
  return /^[1-9]\d*$/.test(label) ? Number(label) : undefined
}

/** `10.0.0.0/8`, `fd00::/8` or a single address; undefined if it is none, or has bits behind the prefix. */
export function parseNetwork(text: string): Network | undefined {
  const match = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text)
  const bytes = parseAddress(match?.[1] ?? '')
  if (match === null || bytes === undefined) return undefined
  const bits = match[2] === undefined ? bytes.length * 8 : Number(match[2])
  if (bits > bytes.length * 8) return undefined
  for (let bit = bits; bit < bytes.length * 8; bit++) {
    if (((bytes[bit >> 3] as number) >> (7 - (bit & 7))) & 1) return undefined // within the address
  }
  return isMapped(bytes) && bits >= 96 ? { bytes: bytes.subarray(12), bits: bits - 96 } : { bytes, bits }
}

/** Whether the network holds the address; those of the other family it never does. */
export function contains({ bytes, bits }: Network, address: Uint8Array): boolean {
  if (bytes.length !== address.length) return false
  const whole = bits >> 3
  for (let index = 0; index < whole; index++) if (bytes[index] !== address[index]) return false
  const rest = bits & 7
  if (rest === 0) return true
  return ((bytes[whole] as number) ^ (address[whole] as number)) >> (8 - rest) === 0 // less than all bits are whole
}

interface Range {
  readonly range: AddressRange
  readonly network: Network
}

/** Made when the first address is judged: reading them takes longer than the rest of an import. */
let ipv4: readonly Range[] | undefined
let ipv6: readonly Range[] | undefined

function compile(rows: readonly RangeRow[]): Range[] {
  return rows.flatMap(([range, ...networks]) =>
    networks.map((text) => ({ range, network: parseNetwork6(text) })),
  )
}

/** As `parseNetwork`, but a network of mapped addresses stays IPv6. */
function parseNetwork6(text: string): Network {
  const [address = '', bits] = text.split('/')
  const bytes = parseAddress(address) ?? new Uint8Array(0)
  return { bytes, bits: bits === undefined ? bytes.length * 8 : Number(bits) }
}

/** The range of the address itself, whatever IPv4 address is within. */
export function rangeOf(address: Uint8Array): AddressRange {
  ipv4 ??= compile(IPV4_RANGES)
  ipv6 ??= compile(IPV6_RANGES)
  const table = address.length === 4 ? ipv4 : ipv6
  return table.find(({ network }) => contains(network, address))?.range ?? 'public'
}

/** An IPv4 address within an IPv6 address, to which a router, a tunnel or the kernel will send. */
export interface EmbeddedAddress {
  readonly form: 'mapped' | 'translated' | 'compatible' | 'NAT64' | '6to4' | 'Teredo' | 'ISATAP'
  readonly bytes: Uint8Array
}

/** All IPv4 addresses within an IPv6 address: Teredo has two, and an ISATAP host may live in a 6to4 site. */
export function embedded(address: Uint8Array): EmbeddedAddress[] {
  if (address.length !== 16) return []
  const last = address.subarray(12)
  const found: EmbeddedAddress[] = []
  for (const [form, network] of FORMS) {
    // "::" and "::1" are no IPv4 addresses.
    if (form === 'compatible' && last[0] === 0) continue
    if (contains(network, address)) found.push({ form, bytes: last })
  }
  if (starts(address, 0, [0x20, 0x02])) found.push({ form: '6to4', bytes: address.subarray(2, 6) })
  if (starts(address, 0, [0x20, 0x01, 0, 0])) {
    // The server as it is, the client with all bits turned over (RFC 4380 section 4).
    found.push({ form: 'Teredo', bytes: address.subarray(4, 8) })
    found.push({ form: 'Teredo', bytes: last.map((byte) => byte ^ 0xff) })
  }
  // In any prefix; the second byte's "u" bit tells whether the IPv4 address is globally unique (RFC 5214 6.1).
  if (starts(address, 8, [0, 0, 0x5e, 0xfe]) || starts(address, 8, [2, 0, 0x5e, 0xfe])) {
    found.push({ form: 'ISATAP', bytes: last })
  }
  return found
}

const FORMS: readonly (readonly [EmbeddedAddress['form'], Network])[] = [
  ['mapped', parseNetwork6('::ffff:0:0/96')],
  ['translated', parseNetwork6('::ffff:0:0:0/96')],
  ['compatible', parseNetwork6('::/96')],
  ['NAT64', parseNetwork6('64:ff9b::/96')],
  ['NAT64', parseNetwork6('64:ff9b:1::/48')],
]

function starts(address: Uint8Array, at: number, bytes: readonly number[]): boolean {
  return bytes.every((byte, index) => address[at + index] === byte)
}

function isMapped(address: Uint8Array): boolean {
  return address.length === 16 && contains(MAPPED, address)
}

const MAPPED = parseNetwork6('::ffff:0:0/96')

/** Whether both are one address: `::ffff:1.2.3.4` is how a socket of both families writes 1.2.3.4. */
export function isSameAddress(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(unmapped(one), unmapped(other)) === 0
}

/** An IPv4 address in IPv6 form as IPv4, any other as it is. */
export function unmapped(address: Uint8Array): Uint8Array {
  return isMapped(address) ? address.subarray(12) : address
}

/** As sockets and resolvers write it; IPv6 in full, which is one of its forms. */
export function formatAddress(address: Uint8Array): string {
  if (address.length === 4) return address.join('.')
  const text: string[] = []
  for (let index = 0; index < 16; index += 2) {
    text.push((((address[index] as number) << 8) | (address[index + 1] as number)).toString(16)) // 16 bytes
  }
  return text.join(':')
}
