import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls, TLSSocket } from 'node:tls'
import { readInto } from '../origin/reused-buffer.ts'
import type { Handshakes } from './handshakes.ts'
import type { Target } from './job.ts'
import type { Requests } from './requests.ts'
import { ResponseReader } from './response-reader.ts'

/** What a user of a connection hears. After `lost` the connection is gone. */
export interface ConnectionEvents {
  ready: () => void
  /** A response has come, whole and as expected. */
  response: () => void
  /** The connection failed, or was closed. */
  lost: (why: string) => void
}

/** One connection to the target, for one request at a time. */
export class Connection {
  readonly #requests: Requests
  readonly #events: ConnectionEvents
  readonly #socket: Socket
  #next: number

  /**
   * Connects at once. `first` is the route of the first request; the following take the routes in turn. With `handshakes` as they say, else
   * with a whole handshake for which the target's certificate is verified.
   */
  constructor(
    target: Target,
    requests: Requests,
    first: number,
    events: ConnectionEvents,
    handshakes?: Handshakes,
  ) {
    this.#requests = requests
    this.#events = events
    this.#next = first % requests.routes
    const reader = new ResponseReader(requests.responseBody, (failure) => {
      if (failure === undefined) events.response()
      else this.#lose(failure)
    })
    this.#socket = openSocket(
      target,
      () => {
        const objection = this.#socket instanceof TLSSocket ? handshakes?.objection(this.#socket) : undefined
        if (objection === undefined) events.ready()
        else this.#lose(objection)
      },
      (chunk, length) => reader.read(chunk, length),
      handshakes,
    )
    this.#socket.on('error', (error) => this.#lose('code' in error ? String(error.code) : error.message))
    this.#socket.on('end', () => this.#lose('closed by the proxy'))
  }

  /** Sends the next request. */
  send(): void {
    const { routes, next } = this.#requests
    const request = next(this.#next)
    this.#next = this.#next + 1 < routes ? this.#next + 1 : 0
    this.#socket.write(request)
  }

  /** Closes the connection, with a reset, so that none lingers in TIME_WAIT; nothing is heard of it any more. */
  close(): void {
    if (this.#socket instanceof TLSSocket) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  #lose(why: string): void {
    if (this.#socket.destroyed) return
    this.#socket.destroy()
    this.#events.lost(why)
  }
}

function openSocket(
  target: Target,
  ready: () => void,
  read: (chunk: Buffer, length: number) => void,
  handshakes: Handshakes | undefined,
): Socket {
  // Half-open, since a connection that the proxy has closed is destroyed here at once: one system call less.
  const options = { port: target.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true }
  if (target.ca === undefined) return connectPlain({ ...options, onread: readInto(read) }, ready)
  if (handshakes !== undefined) {
    const socket = connectTls({ ...options, ...handshakes.next() }, ready)
    handshakes.watch(socket)
    return socket.on('data', (chunk: Buffer) => read(chunk, chunk.length))
  }
  // One version and one cipher for all proxies: otherwise it would be their choice that is compared.
  const socket = connectTls(
    {
      ...options,
      ca: target.ca,
      servername: 'localhost',
      minVersion: 'TLSv1.3',
      ciphers: 'TLS_AES_128_GCM_SHA256',
    },
    ready,
  )
  return socket.on('data', (chunk: Buffer) => read(chunk, chunk.length))
}
