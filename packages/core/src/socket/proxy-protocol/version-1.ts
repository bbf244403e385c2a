import { isIP } from 'node:net'
import { malformed, type ProxiedConnection, type ProxyHeader, UNFINISHED } from './proxied.ts'

/** How every header begins (PROXY protocol, section 2.1). */
export const LINE_START: Buffer = Buffer.from('PROXY ')

/** With its line end: "A receiver must not accept more". Bytes. */
const LONGEST = 107

const FAMILIES: Readonly<Record<string, number>> = { TCP4: 4, TCP6: 6 }

/** Reads a header in text. The caller has seen that it begins as one. */
export function readLine(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, LONGEST).indexOf('\r\n')
  if (end < 0)
    return bytes.length < LONGEST ? UNFINISHED : malformed(`the line is longer than ${LONGEST} bytes`)
  const line = bytes.toString('latin1', 0, end)
  if (!/^[ -~]*$/.test(line)) return malformed('the line has bytes that are no text')
  const [, name = '', ...words] = line.split(' ')
  const size = end + 2
  // Whatever else stands on it is to be passed over.
  if (name === 'UNKNOWN') return { kind: 'header', size, connection: undefined }
  const family = Object.hasOwn(FAMILIES, name) ? FAMILIES[name] : undefined
  if (family === undefined) return malformed('it names no protocol that there is (TCP4, TCP6, UNKNOWN)')
  const [from = '', to = '', ...ports] = words
  if (words.length !== 4) return malformed('it does not have two addresses and two ports')
  // An address with a zone (fe80::1%eth0) is one of another machine's interfaces.
  if ([from, to].some((address) => isIP(address) !== family || address.includes('%')))
    return malformed(`an address is not one of ${name}`)
  const [fromPort, toPort] = ports.map(readPort)
  if (fromPort === undefined || toPort === undefined) return malformed('a port is not a number up to 65535')
  const connection: ProxiedConnection = {
    source: { address: from, port: fromPort },
    destination: { address: to, port: toPort },
  }
  return { kind: 'header', size, connection }
}

function readPort(text: string): number | undefined {
  const port = /^(?:0|[1-9]\d{0,4})$/.test(text) ? Number(text) : Infinity
  return port <= 65_535 ? port : undefined
}

/** The header in text; `UNKNOWN` where there is no connection to tell of, or its two ends are of two families. */
export function writeLine(connection: ProxiedConnection | undefined): Buffer {
  const { source, destination } = connection ?? {}
  const family = isIP(source?.address ?? '')
  if (
    source === undefined ||
    destination === undefined ||
    family === 0 ||
    isIP(destination.address) !== family
  )
    return Buffer.from('PROXY UNKNOWN\r\n')
  const words = [source.address, destination.address, source.port, destination.port]
  return Buffer.from(`PROXY TCP${family} ${words.join(' ')}\r\n`, 'latin1')
}
