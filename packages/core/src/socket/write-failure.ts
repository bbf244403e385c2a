import type { Socket } from 'node:net'

/** Milliseconds in which what a peer sent before it was gone must be read: the kernel holds it already. */
export const LAST_READ_TIMEOUT = 1_000

/** The peer has closed or reset the connection. */
const PEER_GONE = new Set(['EPIPE', 'ECONNRESET', 'ECONNABORTED'])

/**
 * Tells of a write that failed because the peer is gone, before the socket destroys itself for it: node:net does that at once,
 * and what the peer had sent before, and the kernel holds, would be lost. That counts more than what could not be written
 * (RFC 9112 9.5).
 * @param keep returns whether the socket is to be kept, to be read to its end; it takes nothing to write any more, and whoever
 * keeps it destroys it
 */
export function onWriteFailure(socket: Socket, keep: (error: Error) => boolean): void {
  const write = socket._write.bind(socket)
  const writev = socket._writev?.bind(socket)
  let callback: WriteCallback | undefined
  // One for the connection, not one for each write: node:stream has a single write under way.
  const written = (error?: NodeJS.ErrnoException | null): void => {
    // Never called back: the stream then waits, and has no error to destroy itself for.
    if (error && PEER_GONE.has(error.code ?? '') && keep(error)) return
    callback?.(error)
  }
  socket._write = (chunk, encoding, done) => {
    callback = done
    write(chunk, encoding, written)
  }
  if (writev === undefined) return
  socket._writev = (chunks, done) => {
    callback = done
    writev(chunks, written)
  }
}

type WriteCallback = (error?: Error | null) => void

/** Whether the peer had ended its side properly before it took no more: what it sent is complete. */
export function isBrokenPipe(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE'
}
