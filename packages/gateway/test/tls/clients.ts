import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { Certificate } from '../../../core/test/certificates.ts'

/** How a client of a test connects, and what it asks for. */
export interface Asking {
  /** The name in its ClientHello. */
  readonly servername?: string
  /** The host that it asks for. Default: `servername`. */
  readonly host?: string
  readonly path?: string
  /** What it shows; `cert` may hold others behind its own. */
  readonly shows?: Certificate | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3'
  readonly ciphers?: string
}

const NAME = 'shop.example'

function options(port: number, { servername = NAME, shows, maxVersion, ciphers }: Asking): ConnectionOptions {
  return {
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    servername,
    ...shows,
    ...(maxVersion && { maxVersion }),
    ...(ciphers && { ciphers }),
  }
}

/** The whole response to a request over HTTP/1.1, or the alert that ended the connection, as `alert unknown ca`, or `closed`. */
export function ask(port: number, asking: Asking = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(options(port, asking), () => socket.write(requestOf(asking)))
    let said = ''
    socket.on('data', (piece: Buffer) => (said += piece.toString('latin1')))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(alertIn(error.code ?? error.message)))
    socket.on('close', () => resolve(said === '' ? 'closed' : said))
  })
}

/** Versions of OpenSSL name them after other protocols. */
function alertIn(code: string): string {
  return code.replace(/^.*_(ALERT_[A-Z_]+)$/, (_, alert: string) => alert.toLowerCase().replaceAll('_', ' '))
}

export function requestOf({
  servername = NAME,
  host = servername,
  path = '/',
  headers = {},
}: Asking): string {
  const lines = Object.entries({ host, connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** A connection on which a test speaks for itself. */
export function connected(port: number, asking: Asking): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(options(port, asking), () => resolve(socket))
    socket.on('error', reject)
  })
}

/** The statuses of requests for these hosts, one after the other on one connection of HTTP/2. */
export async function statusesOverHttp2(
  port: number,
  hosts: readonly string[],
  asking: Asking,
): Promise<number[]> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, options(port, asking))
  try {
    const statuses: number[] = []
    for (const host of hosts) {
      const stream = session.request({ ':authority': host, ':path': asking.path ?? '/' })
      const [head] = await once(stream, 'response')
      stream.resume()
      await once(stream, 'close')
      statuses.push((head as { ':status': number })[':status'])
    }
    return statuses
  } finally {
    session.destroy()
  }
}
