import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TestContext } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { makeCertificate } from '../../../core/test/certificates.ts'
import { startService } from '../survival/origins.ts'

export type Version = 'h1' | 'h2'

export interface Accepted {
  readonly socket: WebSocket
  readonly path: string
  readonly fields: IncomingHttpHeaders
}

export interface Origin {
  readonly url: string
  /** The next WebSocket that comes. */
  accept(): Promise<Accepted>
}

/** An origin of WebSockets of either version, which sends each message back. */
export async function startOrigin(t: TestContext, version: Version): Promise<Origin> {
  const { take, accept } = acceptor(t)
  const url = version === 'h1' ? await listenHttp1(t, take) : await listenHttp2(t, take)
  return { url, accept }
}

interface Acceptor {
  readonly take: (one: Accepted) => void
  readonly accept: () => Promise<Accepted>
}

function acceptor(t: TestContext): Acceptor {
  const accepted: Accepted[] = []
  const waiting: ((one: Accepted) => void)[] = []
  return {
    take(one) {
      one.socket.on('message', (bytes, isBinary) => one.socket.send(bytes, { binary: isBinary }))
      t.after(() => one.socket.terminate())
      const first = waiting.shift()
      if (first === undefined) accepted.push(one)
      else first(one)
    },
    async accept() {
      return accepted.shift() ?? new Promise((resolve) => waiting.push(resolve))
    },
  }
}

async function listenHttp1(t: TestContext, take: (one: Accepted) => void): Promise<string> {
  const service = await startService(t)
  const server = new WebSocketServer({ server: service, handleProtocols: () => 'chat' })
  server.on('connection', (socket, { url = '', headers }) => take({ socket, path: url, fields: headers }))
  return service.url
}

async function listenHttp2(t: TestContext, take: (one: Accepted) => void): Promise<string> {
  const server = createServer({ settings: { enableConnectProtocol: true } })
  const sessions: { destroy(): void }[] = []
  server.on('session', (session) => sessions.push(session))
  server.on('stream', (stream: ServerHttp2Stream, fields) => {
    stream.on('error', () => {})
    if (fields[':method'] !== 'CONNECT' || fields[':protocol'] !== 'websocket')
      return stream.respond({ ':status': 400 }, { endStream: true })
    stream.respond({ ':status': 200, 'sec-websocket-protocol': 'chat' })
    return take({ socket: over(stream, true), path: fields[':path'] ?? '', fields })
  })
  const port = await listening(server)
  t.after(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  return `h2c://127.0.0.1:${port}`
}

/** An origin of TLS that speaks both versions, and takes WebSockets over HTTP/1.1 alone. */
export async function startTlsOrigin(t: TestContext): Promise<Origin & { readonly versions: string[] }> {
  const { key, cert } = makeCertificate({ names: ['127.0.0.1'] })
  const versions: string[] = []
  const server = createSecureServer({ key, cert, allowHTTP1: true })
  const sessions: { destroy(): void }[] = []
  server.on('session', (session) => {
    versions.push('2.0')
    sessions.push(session)
  })
  const { take, accept } = acceptor(t)
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'chat' })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    versions.push(request.httpVersion)
    sockets.handleUpgrade(request, socket, head, (one) =>
      take({ socket: one, path: request.url ?? '', fields: request.headers }),
    )
  })
  const port = await listening(server)
  t.after(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  return { url: `https://127.0.0.1:${port}`, accept, versions }
}

async function listening(server: Http2Server | Http2SecureServer): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** `autoPong` answers pings, and after `closeTimeout` milliseconds a peer is not waited for any more: both have no default there. */
const OPTIONS = { autoPong: true, closeTimeout: 30_000 }

/** What `ws` builds on for those of its own. */
interface StreamWebSocket extends WebSocket {
  _isServer: boolean
  setSocket(stream: Duplex, head: Buffer, options: object): void
}

const StreamWebSocket = WebSocket as unknown as new (
  address: null,
  protocols: undefined,
  options: object,
) => StreamWebSocket

/** A WebSocket of `ws` on a stream of HTTP/2, which knows nothing of it (RFC 8441 5). */
function over(stream: Duplex, isServer: boolean): WebSocket {
  const socket = new StreamWebSocket(null, undefined, OPTIONS)
  socket._isServer = isServer
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 0, allowSynchronousEvents: true })
  return socket
}

/** How a WebSocket was asked for. */
export interface Asked {
  readonly status: number
  readonly fields: IncomingHttpHeaders
  /** There where it was granted. */
  readonly socket: WebSocket | undefined
}

export interface AskOptions {
  readonly path?: string
  readonly fields?: Readonly<Record<string, string>>
}

/** Asks the gateway for a WebSocket over either version, by `ws` and by `node:http2`. */
export function ask(
  t: TestContext,
  version: Version,
  port: number,
  options: AskOptions = {},
): Promise<Asked> {
  return version === 'h1' ? askHttp1(t, port, options) : askHttp2(t, port, options)
}

function askHttp1(t: TestContext, port: number, { path = '/', fields = {} }: AskOptions): Promise<Asked> {
  const { host = `127.0.0.1:${port}`, ...others } = fields
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, ['chat'], { headers: { host, ...others } })
  t.after(() => socket.terminate())
  socket.on('error', () => {}) // that it was never open
  return new Promise((resolve) => {
    let got: IncomingHttpHeaders = {}
    socket.on('upgrade', ({ headers }) => (got = headers))
    socket.on('open', () => resolve({ status: 101, fields: got, socket }))
    socket.on('unexpected-response', (_, { statusCode = 0, headers }) =>
      resolve({ status: statusCode, fields: headers, socket: undefined }),
    )
  })
}

async function askHttp2(t: TestContext, port: number, options: AskOptions): Promise<Asked> {
  const session = connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  t.after(() => session.destroy())
  await once(session, 'remoteSettings')
  return askOn(session, options)
}

/** Another one on the same connection. */
async function askOn(
  session: ClientHttp2Session,
  { path = '/', fields = {} }: AskOptions = {},
): Promise<Asked> {
  const { host, ...others } = fields
  const stream: ClientHttp2Stream = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':path': path,
    ...(host !== undefined && { ':authority': host }),
    'sec-websocket-version': '13',
    'sec-websocket-protocol': 'chat',
    ...others,
  })
  stream.on('error', () => {})
  const [got] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }]
  const status = got[':status']
  return { status, fields: got, socket: status === 200 ? over(stream, false) : undefined }
}

/** The WebSocket that was granted. */
export async function opened(
  t: TestContext,
  version: Version,
  port: number,
  options?: AskOptions,
): Promise<WebSocket> {
  const { socket, status } = await ask(t, version, port, options)
  if (socket === undefined) throw new Error(`refused with ${status}`)
  return socket
}

/** The next message that comes, as bytes. */
export async function message(socket: WebSocket): Promise<Buffer> {
  const [bytes] = (await once(socket, 'message')) as [Buffer]
  return bytes
}
