import { isIPv4, isIPv6 } from 'node:net'
import { MmdbData, MmdbError, type MmdbValue } from './mmdb-data.ts'

/** The bytes of an IP address, and how many of them count: a place that is used again and again. */
export interface AddressBytes {
  readonly bytes: Uint8Array
  length: 4 | 16
}

/**
 * Writes the bytes of an address as a socket or a proxy tells it; false if it is none. An IPv4 address in IPv6 notation
 * (`::ffff:192.0.2.7`) is the IPv4 address. A zone (`%eth0`) is left out.
 */
export function writeBytes(text: string, into: AddressBytes): boolean {
  const zone = text.indexOf('%')
  const address = zone < 0 ? text : text.slice(0, zone)
  if (isIPv4(address)) {
    into.length = 4
    writeIPv4(address, into.bytes, 0)
    return true
  }
  if (!isIPv6(address)) return false
  into.length = 16
  writeIPv6(address, into.bytes)
  if (isMapped(into.bytes)) {
    into.bytes.copyWithin(0, 12, 16)
    into.length = 4
  }
  return true
}

function writeIPv4(text: string, bytes: Uint8Array, at: number): void {
  let place = at
  let value = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 0x2e) {
      bytes[place++] = value
      value = 0
    } else value = value * 10 + code - 0x30
  }
  bytes[place] = value
}

function writeIPv6(text: string, bytes: Uint8Array): void {
  const [head = '', tail] = text.split('::')
  bytes.fill(0)
  writeGroups(head, bytes, 0)
  if (tail === undefined) return
  const length = groups(tail).reduce((sum, group) => sum + (group.includes('.') ? 4 : 2), 0)
  writeGroups(tail, bytes, 16 - length)
}

function writeGroups(text: string, bytes: Uint8Array, from: number): void {
  let at = from
  for (const group of groups(text)) {
    if (group.includes('.')) writeIPv4(group, bytes, at)
    else {
      const value = Number.parseInt(group, 16)
      bytes[at] = value >> 8
      bytes[at + 1] = value & 0xff
    }
    at += 2
  }
}

function groups(text: string): string[] {
  return text === '' ? [] : text.split(':')
}

/** ::ffff:0:0/96 (RFC 4291 2.5.5.2). */
function isMapped(bytes: Uint8Array): boolean {
  for (let index = 0; index < 10; index++) if (bytes[index] !== 0) return false
  return bytes[10] === 0xff && bytes[11] === 0xff
}

const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
/** The metadata is within this many bytes of the end. */
const METADATA_ROOM = 128 * 1024
/** Zeros between tree and data. */
const SEPARATOR = 16

/** What a file says of itself, as far as it is used. */
export interface MmdbMetadata {
  /** As `GeoLite2-City`. */
  readonly type: string
  /** Seconds since 1970-01-01 UTC. */
  readonly builtAt: number
  readonly ipVersion: 4 | 6
  readonly nodeCount: number
  /** Bits. */
  readonly recordSize: 24 | 28 | 32
}

/**
 * A MaxMind DB file in memory, which may be shared: a binary tree over the bits of addresses, whose leaves lead to records.
 * mmdb-lib was measured first: broken files of 300 bytes hold it for seconds a look-up or have it take 1.6 GB, and an IPv6
 * address is found in a file for IPv4 by its first bits. Here, no file can make a look-up long.
 */
export class Mmdb {
  readonly metadata: MmdbMetadata
  private readonly bytes: Buffer
  private readonly data: MmdbData
  private readonly treeSize: number
  private readonly nodeBytes: number
  /** Where the IPv4 addresses of a tree for IPv6 begin: behind 96 zeros. */
  private readonly ipv4Node: number

  /** @throws MmdbError if it is no such file, or not all of one */
  constructor(bytes: Buffer) {
    const marker = bytes.lastIndexOf(MARKER)
    if (marker < 0 || marker < bytes.length - METADATA_ROOM - MARKER.length)
      throw new MmdbError('it has no metadata at its end: it is cut short, or no MaxMind DB file')
    this.bytes = bytes
    this.metadata = metadataOf(new MmdbData(bytes, marker + MARKER.length, bytes.length), marker)
    const { nodeCount, recordSize, ipVersion } = this.metadata
    this.nodeBytes = recordSize / 4
    this.treeSize = nodeCount * this.nodeBytes
    const dataStart = this.treeSize + SEPARATOR
    if (dataStart > marker)
      throw new MmdbError(`it is too short for its ${nodeCount} nodes: a part is missing`)
    if (bytes.subarray(this.treeSize, dataStart).some((byte) => byte !== 0))
      throw new MmdbError('its tree does not end where it should: a part is missing, or too much')
    this.data = new MmdbData(bytes, dataStart, marker)
    this.ipv4Node = ipVersion === 4 ? 0 : this.walk(new Uint8Array(12), 0, 96)
  }

  /**
   * Looks at nodes of the tree, and at some of the records that they lead to. Where all nodes are right, no address leads astray.
   * @param from the first node to look at
   * @param count how many
   * @throws MmdbError at the first mistake
   */
  check(from: number = 0, count: number = Infinity): void {
    const { nodeCount } = this.metadata
    const most = nodeCount + this.bytes.length - this.treeSize
    const step = Math.max(1, Math.floor(nodeCount / 256))
    const end = Math.min(nodeCount, from + count)
    for (let node = from; node < end; node++) {
      for (let bit = 0; bit < 2; bit++) {
        const child = this.child(node, bit)
        if (child > nodeCount && (child < nodeCount + SEPARATOR || child >= most))
          throw new MmdbError(`node ${node} of its tree leads nowhere`)
        if (child > nodeCount && node % step === 0) this.record(child)
      }
    }
  }

  /**
   * Where the record of an address is, for `record`; 0 if there is none.
   * @param bytes 4 or 16 of them, in the first places
   */
  find(bytes: Uint8Array, length: 4 | 16): number {
    const { ipVersion, nodeCount } = this.metadata
    if (length === 16 && ipVersion === 4) return 0
    const found = this.walk(bytes, length === 4 ? this.ipv4Node : 0, length * 8)
    return found <= nodeCount ? 0 : found
  }

  /** @throws MmdbError if the file is broken there */
  record(found: number): MmdbValue {
    return this.data.read(found - this.metadata.nodeCount + this.treeSize)
  }

  private walk(bytes: Uint8Array, from: number, bits: number): number {
    const { nodeCount } = this.metadata
    let node = from
    for (let index = 0; index < bits && node < nodeCount; index++) {
      const byte = bytes[index >> 3] as number // as many as there are bits
      node = this.child(node, (byte >> (7 - (index & 7))) & 1)
    }
    return node
  }

  private child(node: number, bit: number): number {
    const { bytes, nodeBytes } = this
    const at = node * nodeBytes
    if (nodeBytes === 6) return bytes.readUIntBE(at + bit * 3, 3)
    if (nodeBytes === 8) return bytes.readUInt32BE(at + bit * 4)
    // 28 bits: the middle byte holds the highest four of both.
    const middle = bytes[at + 3] as number // within the tree
    const high = bit === 0 ? middle >> 4 : middle & 0x0f
    return high * 0x1000000 + bytes.readUIntBE(at + bit * 4, 3)
  }
}

function fieldsOf(data: MmdbData, marker: number): ReadonlyMap<string, MmdbValue> {
  try {
    const map = data.read(marker + MARKER.length)
    if (map instanceof Map) return map as ReadonlyMap<string, MmdbValue>
  } catch (error) {
    if (!(error instanceof MmdbError)) throw error
  }
  throw new MmdbError('its metadata is broken: it may be cut short')
}

function metadataOf(data: MmdbData, marker: number): MmdbMetadata {
  const fields = fieldsOf(data, marker)
  const number = (name: string, allowed?: readonly number[]): number => {
    const value = fields.get(name)
    if (
      typeof value !== 'number' ||
      !Number.isInteger(value) ||
      (allowed !== undefined && !allowed.includes(value))
    )
      throw new MmdbError(`its metadata is broken: ${name} is ${JSON.stringify(value)}`)
    return value
  }
  const type = fields.get('database_type')
  number('binary_format_major_version', [2])
  return {
    type: typeof type === 'string' ? type : '',
    builtAt: number('build_epoch'),
    ipVersion: number('ip_version', [4, 6]) as 4 | 6,
    nodeCount: number('node_count'),
    recordSize: number('record_size', [24, 28, 32]) as 24 | 28 | 32,
  }
}
