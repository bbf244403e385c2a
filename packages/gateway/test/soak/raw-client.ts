import { connect, type Socket } from 'node:net'
import { LATE } from './soaked-gateway.ts'

/** A response as its bytes tell. */
export interface Reply {
  /** 0: the connection ended before a head. */
  readonly status: number
  /** Whether its body came to the end that its framing announced. */
  readonly whole: boolean
  readonly close: boolean
}

const NOTHING: Reply = { status: 0, whole: false, close: true }
/** A peer that says nothing for so long is taken for hung. Milliseconds. */
const PATIENCE = 20_000

export function head(method: string, path: string, fields = ''): string {
  return `${method} ${path} HTTP/1.1\r\nhost: soak.test\r\n${fields}\r\n`
}

/** A connection of a client that writes what it is told and reads responses by their framing. */
export class RawClient {
  readonly socket: Socket
  /** Whether the gateway was silent for too long. */
  hung = false
  /** Milliseconds to wait after each piece that is read: a slow reader. */
  pause = 0
  /** Told the bytes of contents that are passed over. */
  onContent: ((bytes: Buffer) => void) | undefined
  /** Whether the request was sent so late that the gateway need not have waited for it. */
  isLate = false
  /** Since when the gateway may have waited for the next request. */
  private quietSince = performance.now()
  private isBetween = true
  private received: Buffer = Buffer.alloc(0)
  private ended = false
  private wake: (() => void) | undefined

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.socket.setTimeout(PATIENCE, () => {
      this.hung = true
      this.socket.destroy()
    })
    this.socket.on('data', (chunk) => {
      this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk])
      if (this.pause > 0) this.socket.pause()
      this.wake?.()
    })
    this.socket.on('error', () => {})
    for (const event of ['end', 'close']) {
      this.socket.on(event, () => {
        this.ended = true
        this.wake?.()
      })
    }
  }

  get usable(): boolean {
    return !this.ended && this.socket.writable
  }

  send(bytes: string | Uint8Array): void {
    const { quietSince } = this
    this.quietSince = performance.now()
    if (this.isBetween) this.isLate = true // until the kernel has taken it
    const taken = this.isBetween
      ? (): void => void (this.isLate = performance.now() - quietSince > LATE)
      : undefined
    this.isBetween = false
    if (typeof bytes === 'string') this.socket.write(bytes, 'latin1', taken)
    else this.socket.write(bytes, taken)
  }

  /**
   * Reads the head of one final response, and its body.
   * @param first a head that was read already
   */
  async reply(method = 'GET', first?: string): Promise<Reply> {
    for (let head = first; ; head = undefined) {
      head ??= await this.head()
      if (head === undefined) return NOTHING
      const status = Number(head.slice(9, 12))
      if (status < 200 && status !== 101) continue
      this.isBetween = true
      const close = /\r\nconnection: close\r\n/.test(head)
      const empty = method === 'HEAD' || status === 101 || status === 204 || status === 304
      return { status, close, whole: empty || (await this.body(head)) }
    }
  }

  /** The next head; undefined if the connection ends before it is whole. */
  async head(): Promise<string | undefined> {
    return this.upTo('\r\n\r\n')
  }

  /** Waits for `text`, and takes all up to its end. */
  async upTo(text: string): Promise<string | undefined> {
    for (;;) {
      const at = this.received.indexOf(text, 0, 'latin1')
      if (at >= 0) return this.take(at + text.length).toString('latin1')
      if (!(await this.more())) return undefined
    }
  }

  /** Waits until the gateway has closed its side. */
  async end(): Promise<void> {
    while (await this.more()) this.received = Buffer.alloc(0)
  }

  private async body(head: string): Promise<boolean> {
    const length = /\r\ncontent-length: (\d+)\r\n/.exec(head)?.[1]
    if (length !== undefined) return this.skip(Number(length))
    for (;;) {
      const line = await this.upTo('\r\n')
      if (line === undefined) return false
      const size = Number.parseInt(line, 16)
      if (size === 0) return (await this.upTo('\r\n')) !== undefined
      if (!(await this.skip(size + 2))) return false
    }
  }

  /** False if the connection ends before so many bytes. */
  async skip(bytes: number): Promise<boolean> {
    let left = bytes
    for (;;) {
      const taken = this.take(Math.min(left, this.received.length))
      this.onContent?.(taken)
      left -= taken.length
      if (left === 0) return true
      if (!(await this.more())) return false
    }
  }

  private take(bytes: number): Buffer {
    const taken = this.received.subarray(0, bytes)
    this.received = this.received.subarray(bytes)
    return taken
  }

  /** Resolves when something came; false at the end. */
  private async more(): Promise<boolean> {
    if (this.ended) return false
    if (this.pause > 0) {
      await new Promise((resolve) => setTimeout(resolve, this.pause))
      this.socket.resume()
    }
    const before = this.received.length
    while (!this.ended && this.received.length === before) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
      this.wake = undefined
    }
    return this.received.length > before
  }
}
