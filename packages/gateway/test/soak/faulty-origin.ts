import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Arrivals } from './arrivals.ts'
import { answerStored } from './stored-origin.ts'

const PIECE = Buffer.alloc(64 * 1024, 'x')
const LARGE = 1024 * 1024
/** Shorter than the gateway's: it finds connections closed that it thought idle. Milliseconds. */
const KEEP_ALIVE = 500

type Behaviour = (request: IncomingMessage, response: ServerResponse, socket: Socket) => unknown

/** What the origin does, by the first segment of the path. */
const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  ok: (_, response) => response.end('ok'),
  chunked: (_, response) => {
    response.write('one')
    response.end('two')
  },
  echo: (request, response) => {
    request.on('error', () => {})
    request.resume().on('end', () => response.end('taken'))
  },
  limited: (request, response) => {
    request.on('error', () => {})
    request.resume().on('end', () => response.end('taken'))
  },
  large: (_, response) => {
    response.setHeader('content-length', LARGE)
    pour(response, LARGE)
  },
  events: async (_, response) => {
    response.setHeader('content-type', 'text/event-stream')
    for (let count = 0; count < 5 && !response.destroyed; count++) {
      response.write(`data: ${count}\n\n`)
      await sleep(20)
    }
    response.end()
  },
  stored: answerStored,
  early: (_, response) => response.end('no need for the rest'),
  hang: () => {},
  die: (_, __, socket) => socket.destroy(),
  reset: (_, __, socket) => socket.resetAndDestroy(),
  garbage: (_, __, socket) => socket.end('HTTP/1.1 2OO fine\r\n\x00\r\n\r\n'),
  split: (_, __, socket) => socket.end('HTTP/1.1 200 OK\r\nx: a\rb\r\ncontent-length: 0\r\n\r\n'),
  two: (_, __, socket) => socket.end(`${WHOLE}${WHOLE}`),
  short: (_, __, socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\ntoo short'),
  cut: (_, __, socket) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n')
    setTimeout(() => socket.resetAndDestroy(), 20)
  },
}
const WHOLE = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

/** A service with every fault that an origin may have, chosen by the path of the request. */
export class FaultyOrigin {
  private readonly server: Server
  private readonly sockets = new Set<Socket>()

  private constructor(server: Server, arrivals: Arrivals) {
    this.server = server
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket)
      socket.on('close', () => this.sockets.delete(socket))
    })
    server.on('request', (request, response: ServerResponse) => {
      arrivals.came(request.url)
      const [, kind = ''] = (request.url ?? '').split('/')
      const behave = BEHAVIOURS[kind] ?? BEHAVIOURS['ok']
      void behave?.(request, response, request.socket)
    })
    server.on('upgrade', (request, socket: Socket) => {
      arrivals.came(request.url)
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
      socket.on('error', () => {})
      socket.pipe(socket)
    })
  }

  static async listen(arrivals: Arrivals): Promise<FaultyOrigin> {
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new FaultyOrigin(server, arrivals)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}` // it listens on TCP
  }

  close(): void {
    this.server.close()
    for (const socket of this.sockets) socket.destroy()
  }
}

function pour(response: ServerResponse, bytes: number): void {
  let left = bytes
  const more = (): void => {
    while (left > 0) {
      const piece = PIECE.subarray(0, Math.min(left, PIECE.length))
      left -= piece.length
      if (!response.write(piece) && left > 0) return void response.once('drain', more)
    }
    response.end()
  }
  more()
}
