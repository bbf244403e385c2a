import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** For how long nothing may come before a wait fails and says what was received instead, in milliseconds. */
const PATIENCE = 20_000
/** The longest text that is waited for in a long stream, in bytes. */
const LONGEST = 1024

/**
 * One end of a raw TCP connection: records each byte that it gets, and does nothing but what it is told. For tests that
 * play a client or an origin byte by byte, also one that breaks the rules.
 */
export class ScriptedConnection {
  readonly socket: Socket
  /** All that was received, one character for each byte. */
  text = ''
  /** Whether the other end has closed its side. */
  ended = false
  /** Whether the connection is gone. */
  closed = false
  /** Whether it went by a reset. */
  wasReset = false
  private readonly watchers = new Set<() => void>()
  /** The end of `text`: whatever it holds by the last chunk, and did not before, is here. */
  private recent = ''

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => this.changed(() => this.received(chunk.toString('latin1'))))
    socket.on('end', () => this.changed(() => (this.ended = true)))
    socket.on('error', (error: NodeJS.ErrnoException) => (this.wasReset ||= error.code === 'ECONNRESET'))
    socket.on('close', () => this.changed(() => (this.closed = true)))
  }

  /** Opens a connection to a server on this machine; each side may be closed on its own. */
  static async to(port: number): Promise<ScriptedConnection> {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true })
    await once(socket, 'connect')
    return new ScriptedConnection(socket)
  }

  /** Bytes, or text of which each character is one byte. False: they wait in memory, since the other end does not read. */
  send(bytes: string | Uint8Array): boolean {
    return typeof bytes === 'string' ? this.socket.write(bytes, 'latin1') : this.socket.write(bytes)
  }

  /** Closes our side; the other may still send. */
  finish(): void {
    this.socket.end()
  }

  /** Ends the connection the hard way. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  /** Reads no more until `resume`: what comes piles up in the kernel, and then at the other end. */
  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  /** Forgets what was received, so that the next wait looks at what comes after. */
  forget(): string {
    const { text } = this
    this.text = ''
    this.recent = ''
    return text
  }

  /**
   * Waits until what was received holds `expected`, or has that many bytes, and resolves with all of it.
   * Rejects if the connection ends before.
   */
  async receives(expected: string | RegExp | number): Promise<string> {
    let isHeld = this.holds(expected)
    const holds = (): boolean => (isHeld ||= this.holds(expected, this.latest()))
    await this.until(() => holds() || this.ended || this.closed, `to receive ${String(expected)}`)
    if (!holds()) throw new Error(`the connection ended before ${String(expected)}: ${this.shown()}`)
    return this.text
  }

  /** Waits until the other end has closed its side, or the connection is gone; resolves with all that was received. */
  async end(): Promise<string> {
    await this.until(() => this.ended || this.closed, 'for the end')
    return this.text
  }

  /** Waits until the connection is gone altogether; resolves with all that was received. */
  async gone(): Promise<string> {
    await this.until(() => this.closed, 'for the connection to go')
    return this.text
  }

  private received(chunk: string): void {
    this.text += chunk
    this.recent = this.recent.slice(-LONGEST) + chunk
  }

  /** A test may have emptied `text`: what it took away is not looked at again. */
  private latest(): string {
    const { text, recent } = this
    return recent.slice(Math.max(0, recent.length - text.length))
  }

  /** @param within where to look for a text: to search all of a long stream at each of its chunks takes minutes */
  private holds(expected: string | RegExp | number, within: string = this.text): boolean {
    if (typeof expected === 'number') return this.text.length >= expected
    if (typeof expected !== 'string') return expected.test(this.text)
    return (expected.length <= LONGEST ? within : this.text).includes(expected)
  }

  private changed(change: () => void): void {
    change()
    for (const watcher of this.watchers) watcher()
  }

  private until(condition: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        // Something has come: as long as it goes on, it may take its time.
        if (!condition()) return void timer.refresh()
        leave()
        resolve()
      }
      const timer = setTimeout(() => {
        leave()
        reject(new Error(`waited ${PATIENCE} ms in vain ${what}: ${this.shown()}`))
      }, PATIENCE)
      const leave = (): void => {
        clearTimeout(timer)
        this.watchers.delete(settle)
      }
      this.watchers.add(settle)
      settle()
    })
  }

  private shown(): string {
    const { text } = this
    return text.length <= 400
      ? JSON.stringify(text)
      : `${text.length} bytes, ending in ${JSON.stringify(text.slice(-200))}`
  }
}

/** What a peer does with a connection; the first that it accepts has index 0. What it throws fails `close`. */
export type Script = (connection: ScriptedConnection, index: number) => void | Promise<void>

/** A raw TCP server on this machine that plays a script on each connection, and keeps them all to be looked at. */
export class ScriptedPeer {
  readonly connections: ScriptedConnection[] = []
  private readonly server: Server
  private readonly script: Script
  private failure: { readonly thrown: unknown } | undefined
  private readonly awaited: ((connection: ScriptedConnection) => void)[] = []
  private taken = 0
  private closing = false

  private constructor(server: Server, script: Script) {
    this.server = server
    this.script = script
    server.on('connection', (socket) => this.accepted(new ScriptedConnection(socket)))
  }

  /** Listens on a free port of 127.0.0.1. Without a script, each connection is left to `accept`. */
  static async listen(script: Script = () => {}): Promise<ScriptedPeer> {
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    const peer = new ScriptedPeer(server, script)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return peer
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port // it listens on TCP
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** The next connection that was not asked for yet, in the order in which they came. */
  accept(): Promise<ScriptedConnection> {
    const connection = this.connections[this.taken]
    this.taken++
    return connection === undefined
      ? new Promise((resolve) => this.awaited.push(resolve))
      : Promise.resolve(connection)
  }

  /** Cuts all connections and stops listening. @throws what a script threw */
  async close(): Promise<void> {
    this.closing = true
    const closed = new Promise((resolve) => this.server.close(resolve))
    for (const { socket } of this.connections) socket.destroy()
    await closed
    if (this.failure !== undefined) throw this.failure.thrown
  }

  private accepted(connection: ScriptedConnection): void {
    const index = this.connections.push(connection) - 1
    this.awaited.shift()?.(connection)
    // Within a promise, so that a script that throws at once is treated like one that throws later.
    void Promise.resolve()
      .then(() => this.script(connection, index))
      .catch((thrown: unknown) => {
        // One that still waited was cut off by `close`.
        if (!this.closing) this.failure ??= { thrown }
      })
  }
}
