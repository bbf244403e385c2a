import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { headValue } from '../load/head-value.ts'
import {
  hugeResponse,
  largeResponse,
  refusedResponse,
  smallResponse,
  storedLargeResponse,
  storedResponse,
} from './documents.ts'
import { reuseBuffer } from './reused-buffer.ts'

const letterG = 0x47
const letterW = 0x77
const space = 0x20
/** What a GET brings, by the last letter of its path: `/r7/large`, `/r7/10m`, `/r7/stored`, `/r7/mib`; anything else is small. */
const documents = new Map([
  [0x65, largeResponse],
  [0x6d, hugeResponse],
  [0x64, storedResponse],
  [0x62, storedLargeResponse],
])
/** Milliseconds that the service takes for `/r7/slow`: long enough for all who ask at once to have asked. */
const slowness = 500

/** The service behind the proxies. */
export interface Origin {
  port: number
  /** Connections accepted since the start: tells whether a proxy keeps its connections. */
  accepted: number
  /** Requests for documents that caches keep. */
  asked: number
}

/**
 * Starts the origin on a free port of 127.0.0.1. It answers `GET …/small` with 89 bytes of JSON, `GET …/large`
 * with 1 MiB, `GET …/10m` with 10 MiB, and a POST with the small document once its body has come; `…/stored` (1 KiB), `…/slow` (the
 * same, half a second later) and `…/mib` (1 MiB) may be kept for an hour. It trusts the proxies to frame requests
 * correctly and knows Content-Length only: what it does not know, it refuses, and the load generator counts that.
 */
export async function startOrigin(): Promise<Origin> {
  const origin: Origin = { port: 0, accepted: 0, asked: 0 }
  const server: Server = createServer({ pauseOnConnect: true, noDelay: true }, (accepted) => {
    origin.accepted++
    serve(accepted, () => origin.asked++)
  })
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the origin listens on no port')
  origin.port = address.port
  return origin
}

function serve(accepted: Socket, asked: () => void): void {
  let bodyLeft = 0
  let unfinishedHead: Buffer | undefined

  const socket = reuseBuffer(accepted, (chunk, length) => {
    let data = chunk
    let end = length
    if (unfinishedHead !== undefined) {
      data = Buffer.concat([unfinishedHead, chunk.subarray(0, length)])
      end = data.length
      unfinishedHead = undefined
    }
    let at = 0
    while (at < end) {
      if (bodyLeft > 0) {
        const taken = Math.min(bodyLeft, end - at)
        bodyLeft -= taken
        at += taken
        if (bodyLeft === 0) socket.write(smallResponse)
        continue
      }
      const headEnd = data.indexOf('\r\n\r\n', at, 'latin1') + 4
      // Below `at + 4` the end was not found; above `end` it is left from an earlier read of the same buffer.
      if (headEnd < at + 4 || headEnd > end) {
        unfinishedHead = Buffer.from(data.subarray(at, end))
        return
      }
      if (data[at] === letterG) {
        const last = data[data.indexOf(space, at + 4) - 1] ?? 0
        const document = documents.get(last) ?? smallResponse
        if (last === letterW || document === storedResponse) asked()
        if (last === letterW) setTimeout(() => socket.write(storedResponse), slowness)
        else socket.write(document)
      } else {
        const size = Number(headValue(data.toString('latin1', at, headEnd), 'content-length') ?? 0)
        if (!(size > 0)) socket.end(refusedResponse)
        bodyLeft = size
      }
      at = headEnd
    }
  })
  // A proxy that is stopped resets its connections.
  socket.on('error', () => socket.destroy())
}
