import { crc32c } from './crc32c.ts'
import { addressText } from './packed-address.ts'
import {
  malformed,
  type ProxiedConnection,
  type ProxiedTls,
  type ProxyHeader,
  UNFINISHED,
} from './proxied.ts'

/** How every header begins (PROXY protocol, section 2.2). */
export const SIGNATURE: Buffer = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')

/** Signature, version and command, family and transport, length. */
const FIXED = 16
/** More than addresses and a client's certificate, which is the largest that is sent behind them. Bytes behind the fixed ones. */
const LARGEST = 8 * 1024

const LOCAL = 0x20
const PROXY = 0x21

/** Bytes of both addresses, and of both ports behind them, by family and transport: those of streams. */
const FAMILIES: Readonly<Record<number, { readonly address: number; readonly port: number }>> = {
  0x11: { address: 4, port: 2 },
  0x21: { address: 16, port: 2 },
  /** Unix sockets: paths, which tell nothing of a client on the network. */
  0x31: { address: 108, port: 0 },
}
const UNSPECIFIED = 0x00

export const TYPES = {
  crc32c: 0x03,
  ssl: 0x20,
  sslVersion: 0x21,
  sslCommonName: 0x22,
  sslCipher: 0x23,
} as const
/** Bits of the first byte of PP2_TYPE_SSL. */
export const CLIENT_SSL = 0x01
const CLIENT_CERTIFICATE = 0x02 | 0x04

/** Reads a header in binary form. The caller has seen that it begins as one. */
export function readBinary(bytes: Buffer): ProxyHeader {
  if (bytes.length < FIXED) return UNFINISHED
  const command = bytes[12]
  const family = bytes[13] ?? 0
  const length = bytes.readUInt16BE(14)
  if (command !== LOCAL && command !== PROXY)
    return malformed('it is of another version, or has another command')
  if (length > LARGEST) return malformed(`it is larger than ${LARGEST} bytes`)
  const size = FIXED + length
  if (bytes.length < size) return UNFINISHED
  // Whatever stands behind it is to be passed over.
  if (command === LOCAL) return { kind: 'header', size, connection: undefined }
  const layout = FAMILIES[family]
  if (layout === undefined && family !== UNSPECIFIED) return malformed('it is of no stream between addresses')
  const { address, port } = layout ?? { address: 0, port: 0 }
  const ends = FIXED + 2 * (address + port)
  if (ends > size) return malformed('its addresses are cut short')
  const extensions = readExtensions(bytes, ends, size)
  if (typeof extensions === 'string') return malformed(extensions)
  if (port === 0) return { kind: 'header', size, connection: undefined }
  const at = FIXED + 2 * address
  const connection: ProxiedConnection = {
    source: {
      address: addressText(bytes.subarray(FIXED, FIXED + address)),
      port: bytes.readUInt16BE(at),
    },
    destination: {
      address: addressText(bytes.subarray(FIXED + address, at)),
      port: bytes.readUInt16BE(at + port),
    },
    ...(extensions.tls && { tls: extensions.tls }),
  }
  return { kind: 'header', size, connection }
}

/** What follows the addresses, or what is wrong with it: types that we do not know are passed over (section 2.2.7). */
function readExtensions(bytes: Buffer, from: number, to: number): { readonly tls?: ProxiedTls } | string {
  let tls: ProxiedTls | undefined
  const seen = new Set<number>()
  for (const each of valuesIn(bytes, from, to)) {
    if (each === undefined) return 'a value (TLV) in it is cut short'
    const { type, start, value } = each
    if (type !== TYPES.crc32c && type !== TYPES.ssl) continue
    // Of two, somebody else may believe the other.
    if (seen.has(type)) return 'a value (TLV) stands in it twice'
    seen.add(type)
    if (type === TYPES.ssl) {
      const found = readTls(value)
      if (found === undefined) return 'what it tells of TLS is malformed'
      tls = found === 'none' ? undefined : found
    } else if (!isIntact(bytes.subarray(0, to), start, value)) return 'its checksum is not that of its bytes'
  }
  return tls === undefined ? {} : { tls }
}

interface TypedValue {
  readonly type: number
  /** Where its value begins. */
  readonly start: number
  readonly value: Buffer
}

/** One after the other; undefined for one that does not fit in, which is the last. */
function* valuesIn(bytes: Buffer, from: number, to: number): Generator<TypedValue | undefined> {
  for (let at = from; at < to; ) {
    const start = at + 3
    const end = start > to ? start : start + bytes.readUInt16BE(at + 1)
    if (end > to) return yield undefined
    yield { type: bytes[at] ?? 0, start, value: bytes.subarray(start, end) }
    at = end
  }
}

/** `none`: the client has come without TLS. Undefined where it is malformed. */
function readTls(value: Buffer): ProxiedTls | 'none' | undefined {
  if (value.length < 5) return undefined
  const client = value[0] ?? 0
  const texts = new Map<number, string>()
  for (const each of valuesIn(value, 5, value.length)) {
    if (each === undefined) return undefined
    if (!texts.has(each.type)) texts.set(each.type, each.value.toString('utf8'))
  }
  if ((client & CLIENT_SSL) === 0) return 'none'
  return {
    version: texts.get(TYPES.sslVersion),
    cipher: texts.get(TYPES.sslCipher),
    commonName: texts.get(TYPES.sslCommonName),
    verified: (client & CLIENT_CERTIFICATE) !== 0 && value.readUInt32BE(1) === 0,
  }
}

/** The checksum is over the whole header, with zeros in its own place (section 2.2.3). */
function isIntact(header: Buffer, start: number, value: Buffer): boolean {
  if (value.length !== 4) return false
  const whole = Buffer.from(header)
  whole.fill(0, start, start + 4)
  return crc32c(whole) === value.readUInt32BE(0)
}
