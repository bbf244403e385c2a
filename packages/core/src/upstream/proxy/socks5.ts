import { parseAddress } from '../guard/addresses.ts'
import type { ProxyCredentials } from './proxy.ts'
import {
  failed,
  type HandshakeStep,
  MORE,
  type ProxyHandshake,
  type TunnelTarget,
} from './proxy-handshake.ts'

const VERSION = 5
const NO_AUTHENTICATION = 0
const USER_AND_PASSWORD = 2
const CONNECT = 1
const IPV4 = 1
const NAME = 3
const IPV6 = 4

/** RFC 1928 section 6. */
const REPLIES: Readonly<Record<number, string>> = {
  1: 'it failed',
  2: 'it does not allow that target',
  3: 'it cannot reach that network',
  4: 'it cannot reach that host',
  5: 'the target refused the connection',
  6: 'the way to the target is too long',
  7: 'it does not know CONNECT',
  8: 'it does not know that kind of address',
}

/** SOCKS version 5 (RFC 1928), without authentication or with user and password (RFC 1929). */
export class Socks5 implements ProxyHandshake {
  private readonly target: TunnelTarget
  private readonly credentials: ProxyCredentials | undefined
  private state: 'method' | 'authentication' | 'reply' = 'method'
  private received: Buffer = Buffer.alloc(0)

  constructor(target: TunnelTarget, credentials: ProxyCredentials | undefined) {
    this.target = target
    this.credentials = credentials
  }

  begin(): Buffer {
    return this.credentials === undefined
      ? Buffer.from([VERSION, 1, NO_AUTHENTICATION])
      : Buffer.from([VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD])
  }

  take(bytes: Buffer): HandshakeStep {
    this.received = Buffer.concat([this.received, bytes])
    if (this.received.length < 2) return MORE
    const [version, second] = this.received as unknown as [number, number] // at least two bytes
    if (this.state === 'reply') return this.reply()
    this.received = this.received.subarray(2)
    if (this.state === 'authentication') {
      if (version !== 1 || second !== 0) return failed('it does not take user and password; check proxy.url')
    } else {
      if (version !== VERSION) return failed('it does not speak SOCKS5')
      if (second === USER_AND_PASSWORD && this.credentials !== undefined) {
        return this.next('authentication', authentication(this.credentials))
      }
      if (second === 0xff)
        return failed('it takes no authentication that we offer; check user and password in proxy.url')
      if (second !== NO_AUTHENTICATION) return failed('it chose an authentication that was not offered')
    }
    return this.next('reply', request(this.target))
  }

  private next(state: 'authentication' | 'reply', bytes: Buffer): HandshakeStep {
    // The proxy has nothing to say before it heard this.
    if (this.received.length > 0) return failed('it said more than SOCKS5 lets it')
    this.state = state
    return { kind: 'send', bytes }
  }

  /** Version, reply, zero, then an address of no interest, whose length must be known to find the end. */
  private reply(): HandshakeStep {
    const [version, code = 1, zero, type, size] = this.received
    if (version !== VERSION) return failed('it does not speak SOCKS5')
    if (code !== 0) return failed(REPLIES[code] ?? `it answered ${code}`)
    if (this.received.length < 5) return MORE
    const length = type === IPV4 ? 10 : type === IPV6 ? 22 : 7 + (size ?? 0)
    if (zero !== 0 || (type !== IPV4 && type !== IPV6 && type !== NAME))
      return failed('its reply is no SOCKS5')
    if (this.received.length < length) return MORE
    return { kind: 'done', rest: Buffer.from(this.received.subarray(length)) }
  }
}

function authentication({ user, password }: ProxyCredentials): Buffer {
  const [name, secret] = [Buffer.from(user), Buffer.from(password)]
  return Buffer.concat([Buffer.from([1, name.length]), name, Buffer.from([secret.length]), secret])
}

function request({ host, port }: TunnelTarget): Buffer {
  const address = parseAddress(host)
  const name = Buffer.from(host, 'latin1')
  const destination =
    address === undefined
      ? [Buffer.from([NAME, name.length]), name]
      : [Buffer.from([address.length === 4 ? IPV4 : IPV6]), address]
  return Buffer.concat([
    Buffer.from([VERSION, CONNECT, 0]),
    ...destination,
    Buffer.from([port >> 8, port & 0xff]),
  ])
}
