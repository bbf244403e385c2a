import { crc32c } from './crc32c.ts'
import { packedAddress } from './packed-address.ts'
import type { ProxiedConnection, ProxiedTls } from './proxied.ts'
import { CLIENT_SSL, SIGNATURE, TYPES } from './version-2.ts'

const LOCAL = Buffer.from([0x20, 0x00, 0x00, 0x00])
const PROXY = 0x21
/** Of streams. */
const INET = 0x11
const INET6 = 0x21

/** The header in binary form, with its checksum; `LOCAL` where there is no connection to tell of. */
export function writeBinary(connection: ProxiedConnection | undefined): Buffer {
  const ends = connection && [connection.source, connection.destination]
  const packed = ends?.map(({ address }) => packedAddress(address))
  const [source, destination] = packed ?? []
  if (ends === undefined || source === undefined || destination?.length !== source.length)
    return Buffer.concat([SIGNATURE, LOCAL])
  const ports = ends.map(({ port }) => uint16(port))
  const tls = connection?.tls === undefined ? [] : [value(TYPES.ssl, tlsValue(connection.tls))]
  const rest = Buffer.concat([source, destination, ...ports, ...tls, value(TYPES.crc32c, Buffer.alloc(4))])
  const family = source.length === 4 ? INET : INET6
  const header = Buffer.concat([SIGNATURE, Buffer.from([PROXY, family]), uint16(rest.length), rest])
  header.writeUInt32BE(crc32c(header), header.length - 4)
  return header
}

function tlsValue({ version, cipher, commonName, verified }: ProxiedTls): Buffer {
  const texts = [
    [TYPES.sslVersion, version],
    [TYPES.sslCommonName, commonName],
    [TYPES.sslCipher, cipher],
  ] as const
  // Zero is what says that a certificate was verified.
  const client = Buffer.from([verified ? CLIENT_SSL | 0x02 : CLIENT_SSL, 0, 0, 0, verified ? 0 : 1])
  return Buffer.concat([
    client,
    ...texts.map(([type, text]) => (text === undefined ? Buffer.alloc(0) : value(type, Buffer.from(text)))),
  ])
}

function value(type: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), uint16(bytes.length), bytes])
}

function uint16(number: number): Buffer {
  return Buffer.from([number >> 8, number & 0xff])
}
