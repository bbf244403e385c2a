import { isIPv4 } from 'node:net'

/** What a record may hold here; numbers are whole and not negative. */
export type Written = string | number | boolean | readonly Written[] | { readonly [key: string]: Written }

export interface MmdbOptions {
  /** Default: 6, which holds IPv4 networks below ::/96. */
  readonly ipVersion?: 4 | 6
  /** Default: 28. */
  readonly recordSize?: 24 | 28 | 32
  readonly type?: string
  /** Seconds since 1970-01-01 UTC. */
  readonly builtAt?: number
  /** In place of what the metadata would say, to write broken files. */
  readonly metadata?: Readonly<Record<string, Written>>
}

/** A branch of the tree; a number is where a record is in the data. */
type Node = [Child, Child]
type Child = Node | number | undefined

/** Writes a MaxMind DB file, for tests: https://maxmind.github.io/MaxMind-DB/. Of networks within each other, the longer one holds. */
export function writeMmdb(networks: Readonly<Record<string, Written>>, options: MmdbOptions = {}): Buffer {
  const { ipVersion = 6, recordSize = 28, type = 'Test-City', builtAt = 1_700_000_000, metadata } = options
  const data = new DataWriter()
  const root: Node = [undefined, undefined]
  const byLength = Object.entries(networks).map(([network, value]) => ({
    bits: bitsOf(network, ipVersion),
    value,
  }))
  for (const { bits, value } of byLength.sort((one, other) => one.bits.length - other.bits.length))
    insert(root, bits, data.add(value))
  const nodes: Node[] = []
  number(root, nodes)
  const tree = Buffer.concat(nodes.map((node) => record(node, nodes, recordSize)))
  const facts = new DataWriter()
  facts.add({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: builtAt,
    database_type: type,
    description: { en: 'written by a test' },
    ip_version: ipVersion,
    languages: ['en'],
    node_count: nodes.length,
    record_size: recordSize,
    ...metadata,
  })
  const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
  return Buffer.concat([tree, Buffer.alloc(16), data.bytes, marker, facts.bytes])
}

/** The bits of a network's prefix. */
export function bitsOf(network: string, ipVersion: 4 | 6): number[] {
  const [address = '', prefix] = network.split('/')
  const v4 = isIPv4(address)
  const bytes = v4 ? address.split('.').map(Number) : ipv6Bytes(address)
  const all = bytes.flatMap((byte) => Array.from({ length: 8 }, (_, index) => (byte >> (7 - index)) & 1))
  const own = all.slice(0, prefix === undefined ? all.length : Number(prefix))
  return v4 && ipVersion === 6 ? [...new Array<number>(96).fill(0), ...own] : own
}

function ipv6Bytes(address: string): number[] {
  const [head = '', tail] = address.split('::')
  const groups = (text: string): number[] =>
    text === ''
      ? []
      : text
          .split(':')
          .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
  const [before, after] = [groups(head), groups(tail ?? '')]
  return [...before, ...new Array<number>(16 - before.length - after.length).fill(0), ...after]
}

function insert(root: Node, bits: readonly number[], record: number): void {
  let node = root
  for (const bit of bits.slice(0, -1)) {
    const child = node[bit as 0 | 1]
    // A shorter network is divided.
    const next: Node = Array.isArray(child) ? child : [child, child]
    node[bit as 0 | 1] = next
    node = next
  }
  if (bits.length === 0) root.fill(record)
  else node[bits.at(-1) as 0 | 1] = record
}

function number(node: Node, into: Node[]): void {
  into.push(node)
  for (const child of node) if (Array.isArray(child)) number(child, into)
}

function record(node: Node, nodes: Node[], size: number): Buffer {
  const numbers = numbersOf(nodes)
  const [left = 0, right = 0] = node.map((child) => {
    if (child === undefined) return nodes.length
    return Array.isArray(child) ? (numbers.get(child) ?? 0) : nodes.length + 16 + child
  })
  const bytes = Buffer.alloc(size / 4)
  if (size === 32) {
    bytes.writeUInt32BE(left, 0)
    bytes.writeUInt32BE(right, 4)
    return bytes
  }
  bytes.writeUIntBE(left % 2 ** 24, 0, 3)
  bytes.writeUIntBE(right % 2 ** 24, size / 4 - 3, 3)
  if (size === 28) bytes[3] = (Math.floor(left / 2 ** 24) << 4) | Math.floor(right / 2 ** 24)
  return bytes
}

let numbered: { readonly nodes: Node[]; readonly numbers: ReadonlyMap<Node, number> } | undefined

function numbersOf(nodes: Node[]): ReadonlyMap<Node, number> {
  if (numbered?.nodes !== nodes)
    numbered = { nodes, numbers: new Map(nodes.map((node, index) => [node, index])) }
  return numbered.numbers
}

/** The data section: equal values are written once, and pointed to. */
class DataWriter {
  private readonly parts: Buffer[] = []
  private length = 0
  private readonly known = new Map<string, number>()

  get bytes(): Buffer {
    return Buffer.concat(this.parts)
  }

  /** Where it is. */
  add(value: Written): number {
    const text = JSON.stringify(value)
    const before = this.known.get(text)
    if (before !== undefined) return before
    const at = this.length
    this.write(value)
    this.known.set(text, at)
    return at
  }

  private write(value: Written): void {
    const text = JSON.stringify(value)
    const before = this.known.get(text)
    if (before !== undefined && text.length > 4) return this.push(pointer(before))
    if (typeof value === 'string') {
      this.known.set(text, this.length)
      const bytes = Buffer.from(value)
      return this.push(control(2, bytes.length), bytes)
    }
    if (typeof value === 'number') return this.push(...unsigned(value))
    if (typeof value === 'boolean') return this.push(control(14, Number(value)))
    if (Array.isArray(value)) {
      this.push(control(11, value.length))
      for (const each of value as readonly Written[]) this.write(each)
      return undefined
    }
    const entries = Object.entries(value)
    this.push(control(7, entries.length))
    for (const [key, each] of entries) {
      this.write(key)
      this.write(each)
    }
    return undefined
  }

  private push(...parts: readonly Buffer[]): void {
    for (const part of parts) {
      this.parts.push(part)
      this.length += part.length
    }
  }
}

function unsigned(value: number): [Buffer, Buffer] {
  const hex = value === 0 ? '' : value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return [control(bytes.length <= 4 ? 6 : 9, bytes.length), bytes]
}

/** The bytes that say what comes, and how much of it. */
export function control(type: number, size: number): Buffer {
  const [bits, rest] =
    size < 29
      ? [size, []]
      : size < 285
        ? [29, [size - 29]]
        : size < 65_821
          ? [30, [(size - 285) >> 8, (size - 285) & 255]]
          : [31, [(size - 65_821) >> 16, ((size - 65_821) >> 8) & 255, (size - 65_821) & 255]]
  return Buffer.from(type < 8 ? [(type << 5) | bits, ...rest] : [bits, type - 7, ...rest])
}

/** The bytes that lead to another place of the data. */
export function pointer(to: number): Buffer {
  if (to < 2048) return Buffer.from([0x20 | (to >> 8), to & 255])
  if (to < 526_336) {
    const rest = to - 2048
    return Buffer.from([0x28 | (rest >> 16), (rest >> 8) & 255, rest & 255])
  }
  const rest = to - 526_336
  return Buffer.from([0x30 | (rest >> 24), (rest >> 16) & 255, (rest >> 8) & 255, rest & 255])
}
