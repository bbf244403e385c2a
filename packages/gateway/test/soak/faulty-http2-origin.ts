import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Arrivals } from './arrivals.ts'

const LARGE = Buffer.alloc(1024 * 1024, 'x')
/** A message of gRPC of five bytes. */
const MESSAGE = Buffer.from('\0\0\0\0\x05hello', 'latin1')
const GRPC = { ':status': 200, 'content-type': 'application/grpc' }

type Behaviour = (stream: ServerHttp2Stream, session: ServerHttp2Session) => unknown

/** What the origin does, by the second segment of the path, or by what a call of gRPC asks for in `x-kind`. */
const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  ok: (stream) => answer(stream, 'ok'),
  chunked: async (stream) => {
    stream.respond({ ':status': 200 })
    stream.write('one')
    await sleep(5)
    stream.end('two')
  },
  echo: (stream) => stream.resume().on('end', () => answer(stream, 'taken')),
  large: (stream) => {
    stream.respond({ ':status': 200, 'content-length': LARGE.length })
    stream.end(LARGE)
  },
  events: async (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'text/event-stream' })
    for (let count = 0; count < 5 && !stream.destroyed; count++) {
      stream.write(`data: ${count}\n\n`)
      await sleep(20)
    }
    stream.end()
  },
  early: (stream) => {
    answer(stream, 'no need for the rest')
    stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR))
  },
  hang: () => {},
  refuse: (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM),
  reset: (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  cut: async (stream) => {
    stream.respond({ ':status': 200 })
    stream.write('half')
    await sleep(10)
    stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  },
  short: (stream) => {
    stream.respond({ ':status': 200, 'content-length': 1000 })
    stream.end('too short')
  },
  die: (_, session) => session.destroy(),
  leave: (stream, session) => {
    answer(stream, 'the last one')
    session.close()
  },
  unary: (stream) => stream.resume().on('end', () => void finish(stream, [MESSAGE], '0')),
  stream: (stream) => finish(stream, [MESSAGE, MESSAGE, MESSAGE, MESSAGE, MESSAGE], '0'),
  talk: (stream) => {
    respondWithTrailers(stream, '0')
    stream.pipe(stream)
  },
  missing: (stream) => stream.respond({ ...GRPC, 'grpc-status': '5' }, { endStream: true }),
}

/** Unless the client has left meanwhile. */
function answer(stream: ServerHttp2Stream, content: string): void {
  if (stream.destroyed) return
  stream.respond({ ':status': 200 })
  stream.end(content)
}

function respondWithTrailers(stream: ServerHttp2Stream, status: string): void {
  stream.respond(GRPC, { waitForTrailers: true })
  stream.once('wantTrailers', () => {
    if (!stream.destroyed) stream.sendTrailers({ 'grpc-status': status })
  })
}

async function finish(stream: ServerHttp2Stream, messages: readonly Buffer[], status: string): Promise<void> {
  if (stream.destroyed) return
  respondWithTrailers(stream, status)
  for (const message of messages) {
    if (stream.destroyed) return
    stream.write(message)
    await sleep(2)
  }
  stream.end()
}

/** A service over HTTP/2 with prior knowledge, with the faults that one may have. */
export class FaultyHttp2Origin {
  private readonly server: Http2Server
  private readonly sessions = new Set<ServerHttp2Session>()

  private constructor(server: Http2Server, arrivals: Arrivals) {
    this.server = server
    server.on('session', (session) => {
      this.sessions.add(session)
      session.on('error', () => {})
      session.on('close', () => this.sessions.delete(session))
    })
    server.on('stream', (stream: ServerHttp2Stream, fields: IncomingHttpHeaders) => {
      stream.on('error', () => {})
      arrivals.came(fields[':path'])
      const { session } = stream
      if (session !== undefined) void behaviourFor(fields)(stream, session as ServerHttp2Session)
    })
  }

  static async listen(arrivals: Arrivals): Promise<FaultyHttp2Origin> {
    const server = createServer({
      // Megabytes: with less it refuses streams under ordinary load.
      maxSessionMemory: 1000,
      settings: { enableConnectProtocol: true, maxConcurrentStreams: 1000 },
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new FaultyHttp2Origin(server, arrivals)
  }

  get url(): string {
    return `h2c://127.0.0.1:${(this.server.address() as AddressInfo).port}` // it listens on TCP
  }

  close(): void {
    this.server.close()
    for (const session of this.sessions) session.destroy()
  }
}

function behaviourFor(fields: IncomingHttpHeaders): Behaviour {
  // A WebSocket: what comes is sent back.
  if (fields[':method'] === 'CONNECT') {
    return (stream) => {
      stream.respond({ ':status': 200 })
      stream.pipe(stream)
    }
  }
  const kind = fields['x-kind'] ?? (fields[':path'] ?? '').split('/')[2]
  return BEHAVIOURS[String(kind)] ?? ((stream) => answer(stream, 'ok'))
}
