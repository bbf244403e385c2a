import { BlockList, isIP, isIPv6 } from 'node:net'
import { isHostName } from './host.ts'
import { didYouMean, parsed, type Parsed, refused } from './parsed.ts'

/** Where a listener is bound. */
export type Address =
  | {
      readonly kind: 'tcp'
      /** An IP address without brackets, or a host name; `::` means every address of the machine, IPv4 as well. */
      readonly host: string
      /** 0 lets the system choose. */
      readonly port: number
    }
  | { readonly kind: 'unix'; readonly path: string }

/** All addresses of the machine: what `:8080` stands for. */
const EVERY_ADDRESS = '::'
/** What `sun_path` holds on Linux, less its final NUL. */
const LONGEST_SOCKET_PATH = 107

/** `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `:8080` (every address) or `unix:/run/headgate.sock`. */
export function parseAddress(text: string): Parsed<Address> {
  if (text.startsWith('unix:')) {
    const path = parseSocketPath(text.slice('unix:'.length))
    return path.ok ? parsed({ kind: 'unix', path: path.value }) : path
  }
  if (/^\d+$/.test(text)) return refused('is a port without an address', didYouMean(`127.0.0.1:${text}`))
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null) return refused('is not an address', addressHint(text))
  if (port > 65535) return refused('has a port beyond 65535')
  const [, bracketed, plain = ''] = match
  if (bracketed !== undefined) {
    return isIPv6(bracketed)
      ? parsed({ kind: 'tcp', host: bracketed, port })
      : refused('has brackets around something that is not an IPv6 address')
  }
  if (plain === '') return parsed({ kind: 'tcp', host: EVERY_ADDRESS, port })
  if (isIP(plain) === 0 && !isHostName(plain)) return refused('is not an address')
  return parsed({ kind: 'tcp', host: plain, port })
}

function addressHint(text: string): string | undefined {
  const lastColon = text.lastIndexOf(':')
  const [host, port] = [text.slice(0, lastColon), text.slice(lastColon + 1)]
  if (isIPv6(host) && /^\d+$/.test(port)) return didYouMean(`[${host}]:${port}`)
  if (text.startsWith('/')) return didYouMean(`unix:${text}`)
  if (text.includes('://')) return 'an address has no scheme: for HTTPS, give the listener a "tls" section'
  return isIP(text) === 4 || isHostName(text) ? `it has no port: ${didYouMean(`${text}:8080`)}` : undefined
}

/** The path of a unix socket: absolute, as every process of the machine must find the same one. */
export function parseSocketPath(path: string): Parsed<string> {
  if (!path.startsWith('/'))
    return refused('is not an absolute path of a unix socket', 'such as "unix:/run/headgate.sock"')
  if (path.includes('\0')) return refused('holds a NUL')
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    return refused(`is longer than the ${LONGEST_SOCKET_PATH} bytes that a unix socket's path may have`)
  }
  return parsed(path)
}

/** As it is written in the configuration: `127.0.0.1:8080`, `[::1]:8080`, `:8080`, `unix:/run/headgate.sock`. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  if (address.host === EVERY_ADDRESS) return `:${address.port}`
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

/** Whether it stands for every address of the machine. */
export function isEveryAddress(host: string): boolean {
  return host === EVERY_ADDRESS || host === '0.0.0.0'
}

/** One IP address or a CIDR range, as it is written: `10.0.0.0/8`, `fd00::/8`, `192.0.2.7`. */
export function parseIpRange(text: string): Parsed<string> {
  const [address = '', prefix, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || address.includes('%') || rest.length > 0)
    return refused('is not an IP address or a CIDR range')
  const bits = version === 4 ? 32 : 128
  if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)) {
    return refused(`has a prefix that is not within 0 to ${bits}`)
  }
  return parsed(text)
}

/**
 * The ranges as a list that is asked with `check(address, 'ipv4' | 'ipv6')`; IPv4 ranges hold their addresses in
 * IPv6 notation (`::ffff:10.0.0.1`) as well.
 * @param ranges as `parseIpRange` accepts them
 */
export function ipRanges(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}
