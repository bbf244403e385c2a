import { WireFault } from '../../h1/fault.ts'
import { parseResponseHead } from '../../h1/head.ts'
import { DEFAULT_HEAD_LIMITS } from '../../message/head-limits.ts'
import { HeadBuffer } from '../../h1/head-buffer.ts'
import type { ProxyCredentials } from './proxy.ts'
import {
  failed,
  type HandshakeStep,
  MORE,
  type ProxyHandshake,
  type TunnelTarget,
} from './proxy-handshake.ts'

const ADVICE: Readonly<Record<number, string>> = {
  403: 'it does not allow that target; many take CONNECT only to port 443: for http, try proxy.http: "absolute-form"',
  407: 'it wants credentials, or other ones; check user and password in proxy.url',
  502: 'it could not reach the target',
  503: 'it could not reach the target',
  504: 'it could not reach the target in time',
}

/** 1xx responses that a proxy may send before its answer. */
const MAX_INTERIM = 10

/** HTTP CONNECT (RFC 9110 9.3.6). */
export class HttpConnect implements ProxyHandshake {
  private readonly target: TunnelTarget
  private readonly credentials: ProxyCredentials | undefined
  private readonly head = new HeadBuffer(DEFAULT_HEAD_LIMITS.head, 'malformed_response')
  private interim = 0

  constructor(target: TunnelTarget, credentials: ProxyCredentials | undefined) {
    this.target = target
    this.credentials = credentials
  }

  begin(): Buffer {
    const { host, port } = this.target
    const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
    const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`]
    if (this.credentials !== undefined)
      lines.push(`Proxy-Authorization: ${basicCredentials(this.credentials)}`)
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  }

  take(bytes: Buffer): HandshakeStep {
    const found = this.head.take(bytes)
    if (found === undefined) return MORE
    if (found instanceof WireFault) return failed(`its answer is no HTTP: ${found.message}`)
    const head = parseResponseHead(found, DEFAULT_HEAD_LIMITS)
    if (head instanceof WireFault) return failed(`its answer is no HTTP: ${head.message}`)
    const { status } = head
    const rest = Buffer.from(found.buffer.subarray(found.next))
    // Content-Length and Transfer-Encoding mean nothing here (RFC 9110 9.3.6): what follows is the tunnel's.
    if (status >= 200 && status < 300) return { kind: 'done', rest }
    if (status >= 100 && status < 200 && status !== 101 && this.interim++ < MAX_INTERIM) {
      return rest.length === 0 ? MORE : this.take(rest)
    }
    const advice = ADVICE[status]
    return failed(`it answered ${status}${advice === undefined ? '' : `: ${advice}`}`)
  }
}

/** RFC 7617. */
export function basicCredentials({ user, password }: ProxyCredentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
