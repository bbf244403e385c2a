import { once } from 'node:events'
import { createServer } from 'node:net'
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  openWindows,
  PREFACE,
  type ReadFrame,
} from '../http2/frames.ts'
import { FrameSocket } from '../http2/frame-socket.ts'
import { fieldBlock, okBlock } from '../http2/header-block.ts'
import { reuseBuffer } from './reused-buffer.ts'

const head = okBlock([['content-type', 'application/grpc']])
const trailers = fieldBlock([['grpc-status', '0']])

/** The service, running. */
export interface EchoOrigin {
  port: number
  close: () => void
}

/**
 * The service behind proxies whose clients exchange messages: HTTP/2 without TLS, where each DATA goes back as it came, all of a read in one
 * write. What is asked for is not looked at. It minds no windows: a client that waits for each message to come back, and a proxy that
 * opens windows in time, cannot exhaust one, and a proxy that does not resets the stream, which the load generator counts.
 */
export async function startEchoOrigin(): Promise<EchoOrigin> {
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (accepted) => {
    const connection = new FrameSocket((read) => answer(connection, read))
    let preface = PREFACE.length
    const socket = reuseBuffer(accepted, (chunk, length) => {
      if (preface === 0) return connection.read(chunk, length)
      const skipped = Math.min(preface, length)
      preface -= skipped
      connection.read(chunk.subarray(skipped, length), length - skipped)
    })
    // A proxy that is stopped resets its connections.
    socket.on('error', () => socket.destroy())
    connection.socket = socket
    connection.write(openWindows())
  })
  server.listen({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the origin listens on no port')
  return { port: address.port, close: () => void server.close() }
}

function answer(
  connection: FrameSocket,
  { type, flags, stream, bytes, start, payload, end }: ReadFrame,
): void {
  const last = (flags & END_STREAM) !== 0
  if (type === FRAME.headers) {
    connection.put(frame(FRAME.headers, END_HEADERS, stream, head))
  } else if (type === FRAME.data) {
    if (!last) connection.put(bytes, start, end)
    else if (end > payload) connection.put(frame(FRAME.data, 0, stream, bytes.subarray(payload, end)))
  } else return
  if (last) connection.put(frame(FRAME.headers, END_HEADERS | END_STREAM, stream, trailers))
}
