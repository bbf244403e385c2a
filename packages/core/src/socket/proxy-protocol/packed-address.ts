import { isIPv4, isIPv6 } from 'node:net'

/** An IP address of 4 or 16 bytes as text; one of IPv4 that is mapped into IPv6 as that of IPv4. */
export function addressText(packed: Buffer): string {
  if (packed.length === 4) return packed.join('.')
  const groups = Array.from({ length: 8 }, (_, index) => packed.readUInt16BE(2 * index).toString(16))
  // As the platform writes it (RFC 5952).
  const text = new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
  return isMapped(packed) ? packed.subarray(12).join('.') : text
}

function isMapped(packed: Buffer): boolean {
  return packed.readUInt16BE(10) === 0xff_ff && packed.subarray(0, 10).every((byte) => byte === 0)
}

/** The bytes of an IP address; undefined where it is none. */
export function packedAddress(text: string): Buffer | undefined {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number))
  if (!isIPv6(text) || text.includes('%')) return undefined
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::')
  const [first, last] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')))
  const groups = [
    ...(first ?? []),
    ...Array<string>(8 - (first ?? []).length - (last ?? []).length).fill('0'),
    ...(last ?? []),
  ]
  const packed = Buffer.alloc(16)
  for (const [index, group] of groups.entries()) packed.writeUInt16BE(Number.parseInt(group, 16), 2 * index)
  return packed
}
