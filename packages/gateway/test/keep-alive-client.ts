import { connect, type Socket } from 'node:net'

/** How a client's connection ended. */
export interface ClientReport {
  /** Responses that came whole. */
  readonly responses: number
  /** Whether a request was sent that was not answered. */
  readonly lost: boolean
}

const REQUEST = 'GET /work HTTP/1.1\r\nhost: gateway.test\r\n\r\n'

/**
 * Sends one request after the other on one connection, the next as soon as the answer to the last one is there, until
 * the server says `connection: close` or closes. What is lost cannot hide behind a reconnect.
 */
export class KeepAliveClient {
  readonly ended: Promise<ClientReport>
  responses = 0
  private readonly socket: Socket
  private waiting = false
  private received = ''
  private stopped = false

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1', () => this.send())
    this.socket.setEncoding('latin1').on('data', (text: string) => this.read(text))
    this.socket.on('error', () => {})
    this.ended = new Promise((resolve) => {
      this.socket.on('close', () => resolve({ responses: this.responses, lost: this.waiting }))
    })
  }

  /** Ends the connection after the response that is on its way. */
  stop(): void {
    this.stopped = true
  }

  private send(): void {
    this.waiting = true
    this.socket.write(REQUEST)
  }

  private read(text: string): unknown {
    this.received += text
    const end = this.received.indexOf('\r\n\r\n') + 4
    if (end < 4) return undefined
    const head = this.received.slice(0, end)
    const length = /^HTTP\/1\.1 200 [^]*\r\ncontent-length: (\d+)\r\n/.exec(head)?.[1]
    if (length === undefined) return this.socket.destroy()
    if (this.received.length < end + Number(length)) return undefined
    const last = head.includes('\r\nconnection: close\r\n')
    this.received = ''
    this.waiting = false
    this.responses++
    return last || this.stopped ? this.socket.end() : this.send()
  }
}
