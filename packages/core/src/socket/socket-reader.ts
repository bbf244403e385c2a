import { type OnReadOpts, Socket } from 'node:net'
import { reportDefect } from '../time/defect.ts'

/** Takes what a socket brings. */
export interface ReadTarget {
  /** Where the bytes come from: reading it is put off for a moment after `SHARE` bytes. */
  readonly socket: Socket
  /**
   * @param owned false: the bytes are gone when the call returns, unless copied
   * @returns true if the bytes are of no more use, even if they were owned: their memory is then read into again
   */
  read(chunk: Buffer, owned: boolean): boolean
  /** Whether bytes are being passed on rather than looked at: reads then go into buffers that can be handed over. */
  readonly streaming: boolean
  /** Called if `read` threw: the connection is in no state to go on. */
  destroy(): void
}

const READ_SIZE = 64 * 1024
/**
 * For a connection that streams. Of 64, 128, 256 and 512 KiB this did best, at 1 MiB bodies beside nginx: uploads 0.55, 0.61,
 * 0.64 and 0.56 of its bytes per CPU-second. Only the pages that reads reach are ever touched.
 */
const STREAM_SIZE = 256 * 1024
/** Handing a buffer over costs a new one; below this size a copy costs less. */
const HAND_OVER = 16 * 1024
/**
 * A connection that has brought this much lets the others have their turn before it is read on. Else a peer that sends as fast as
 * it can is read 32 times in a turn of the event loop, which with the buffers above are 8 MiB.
 */
const SHARE = 512 * 1024

/** What all sockets of a thread are read into: a read is looked at before the next one happens. */
const shared = Buffer.allocUnsafeSlow(READ_SIZE)

/**
 * Reads a socket without an allocation per read. A socket's `data` event brings a fresh buffer of 64 KiB each time, which
 * costs 3 to 5 µs of the 30 that a proxied exchange takes (allocation, page faults, garbage collection); `onread` of
 * node:net reads into a buffer of ours. Idle connections share one, and so do those that stream little at a time, as a small body that
 * comes after its head: of such reads a copy is kept in any case, and a buffer for each would cost three times the rest of the response. A
 * connection that streams much has its own, which is used again if the bytes could be written at once, and else goes along with them.
 */
export class SocketReader {
  /** Set before the first byte arrives. */
  target: ReadTarget | undefined
  private buffer = shared
  /** What came before there was a target. */
  private early: Buffer[] = []
  /** Bytes since the others had their turn. */
  private brought = 0
  /** Bytes of the last read. */
  private last = 0

  /** For `net.connect` and `tls.connect`. */
  get options(): OnReadOpts {
    return { buffer: () => this.next(), callback: this.take }
  }

  /** For a socket that was accepted, and not made by us. */
  attach(socket: Socket): void {
    if (!attachOnRead(socket, this)) socket.on('data', (chunk: Buffer) => this.give(chunk, true))
  }

  /** Bytes that were read before this reader was attached come before all others, once whoever makes the connection is ready. */
  begin(first: Buffer): void {
    if (first.length > 0) queueMicrotask(() => this.give(first, true))
  }

  /** There is a target now, and what came before is for it: a server of HTTP/2 may speak first. */
  release(): void {
    for (const chunk of this.early.splice(0)) this.give(chunk, true)
  }

  readonly next = (): Buffer => {
    if (!this.target?.streaming) this.buffer = shared
    else if (this.buffer === shared && this.last >= HAND_OVER)
      this.buffer = Buffer.allocUnsafeSlow(STREAM_SIZE)
    return this.buffer
  }

  readonly take = (size: number, buffer: Uint8Array): boolean => {
    this.last = size
    const chunk = (buffer as Buffer).subarray(0, size) // ours, hence a Buffer
    const owned = size >= HAND_OVER && buffer !== shared
    const free = this.give(chunk, owned)
    // Someone keeps it, so the next read gets a fresh one.
    if (owned && !free) this.buffer = shared
    this.brought += size
    return this.brought < SHARE || this.putOff()
  }

  /** Reads on in the next turn of the event loop, unless somebody has paused the socket by then. False stops the reading. */
  private putOff(): boolean {
    this.brought = 0
    const socket = this.target?.socket
    if (socket === undefined) return true
    setImmediate(() => {
      if (!socket.destroyed && !socket.isPaused()) socket.resume()
    })
    return false
  }

  /** An error here would end the process, and with it all other connections. */
  private give(chunk: Buffer, owned: boolean): boolean {
    try {
      if (this.target !== undefined) return this.target.read(chunk, owned)
      this.early.push(Buffer.from(chunk))
      return true
    } catch (thrown) {
      reportDefect('reading a connection', thrown)
      this.target?.destroy()
      return false
    }
  }
}

interface ReadSymbols {
  readonly buffer: symbol
  readonly callback: symbol
  readonly generator: symbol
}

/** Where node:net keeps what `onread` was given: read off a socket that is made for the purpose, by the first server. */
let symbols: ReadSymbols | 'nowhere' | undefined

function findSymbols(): ReadSymbols | 'nowhere' {
  const probe = new Socket({ onread: { buffer: shared, callback: () => true } })
  const find = (name: string): symbol | undefined =>
    Object.getOwnPropertySymbols(probe).find((symbol) => symbol.description === name)
  const [buffer, callback, generator] = [find('kBuffer'), find('kBufferCb'), find('kBufferGen')]
  return buffer && callback && generator ? { buffer, callback, generator } : 'nowhere'
}

/**
 * `onread` for a socket from a server: node:net has no public way to it, so what its
 * constructor does is done here afterwards. Where that is not possible the answer is false, and `data` events must do.
 */
function attachOnRead(socket: Socket, reader: SocketReader): boolean {
  const handle = (socket as { readonly _handle?: { useUserBuffer?(buffer: Buffer): void } | null })._handle
  symbols ??= findSymbols()
  if (symbols === 'nowhere' || typeof handle?.useUserBuffer !== 'function') return false
  Object.assign(socket, {
    [symbols.buffer]: shared,
    [symbols.callback]: reader.take,
    [symbols.generator]: reader.next,
  })
  handle.useUserBuffer(shared)
  return true
}
