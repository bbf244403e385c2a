// How exact a rate limit is over several worker threads, through real sockets:
//   npx node packages/gateway/test/features/rate-limit/across-workers.ts
import assert from 'node:assert/strict'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { pathToFileURL } from 'node:url'
import { parseConfig } from '../../../src/config/parse.ts'
import { Supervisor } from '../../../src/workers/supervisor.ts'

export interface Exactness {
  readonly requests: number
  readonly allowed: number
  readonly limited: number
  readonly workers: number
}

const CONNECTIONS = 32
/** Requests that are under way on a connection at the same time. */
const PIPELINED = 16
const REQUEST = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'

/** Sends `requests` as fast as it can to a gateway of several workers that allows `burst`, and next to none more. */
export async function limitAcrossWorkers(
  requests: number,
  burst: number,
  workers: number,
): Promise<Exactness> {
  const origin = createServer((socket) => {
    socket.on('data', (bytes) =>
      socket.write(OK.repeat(bytes.toString('latin1').split('\r\n\r\n').length - 1)),
    )
    socket.on('error', () => {})
  })
  origin.listen(0, '127.0.0.1')
  await once(origin, 'listening')
  const upstream = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
  const result = parseConfig({
    workers,
    listeners: [{ address: '127.0.0.1:0' }],
    admin: false,
    accessLog: false,
    routes: [{ upstream, rateLimit: { rate: '1/24h', burst, fields: false } }],
  })
  assert.ok(result.ok)
  const supervisor = new Supervisor(result.config)
  const [listener] = await supervisor.start()
  const share = Math.floor(requests / CONNECTIONS)
  const counts = await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, index) =>
      sendOn(
        connect(listener?.port ?? 0, '127.0.0.1'),
        index === 0 ? requests - share * (CONNECTIONS - 1) : share,
      ),
    ),
  )
  await supervisor.stop()
  origin.close()
  const sum = (status: string): number => counts.reduce((total, each) => total + (each.get(status) ?? 0), 0)
  return { requests, allowed: sum('200'), limited: sum('429'), workers: supervisor.slots.length }
}

/** How often each status came on one connection. */
async function sendOn(socket: Socket, count: number): Promise<Map<string, number>> {
  const statuses = new Map<string, number>()
  let sent = Math.min(count, PIPELINED)
  let received = 0
  let rest = ''
  socket.setEncoding('latin1').write(REQUEST.repeat(sent))
  for await (const text of socket as AsyncIterable<string>) {
    rest += text
    let answers = 0
    for (let end = endOfResponse(rest); end > 0; end = endOfResponse(rest)) {
      const status = rest.slice(9, 12)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      rest = rest.slice(end)
      answers++
    }
    received += answers
    if (received === count) break
    const more = Math.min(count - sent, answers)
    sent += more
    if (more > 0) socket.write(REQUEST.repeat(more))
  }
  socket.destroy()
  return statuses
}

/** Where the first response ends; 0 if it is not all there. */
function endOfResponse(text: string): number {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return 0
  const end = head + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1])
  return text.length >= end ? end : 0
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [requests, burst] = [100_000, 40_000]
  const { allowed, limited, workers } = await limitAcrossWorkers(requests, burst, 2)
  console.log(
    `${workers} workers, ${requests} requests, limit ${burst}: ${allowed} allowed, ${limited} limited; ` +
      `off by ${(((allowed - burst) / burst) * 100).toFixed(3)} %`,
  )
  process.exitCode = Math.abs(allowed - burst) <= burst / 100 ? 0 : 1
}
