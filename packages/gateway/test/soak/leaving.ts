import { setTimeout as sleep } from 'node:timers/promises'
import { begin, type Lane, pick, type WeightedAct } from './lane.ts'
import { head, RawClient } from './raw-client.ts'
import { LATE } from './soaked-gateway.ts'

const PIECE = Buffer.alloc(16 * 1024, 'u')

/** How clients of HTTP/1.1 leave, with its weight. */
export const LEAVING_ACTS: readonly WeightedAct[] = [
  [3, leaveWithinHead],
  [3, leaveAtOnce],
  [3, leaveWhileWaiting],
  [3, leaveWithinUpload],
  [3, leaveWithinDownload],
  [2, leaveEvents],
]

/** No exchange, and no refusal: nobody is there to be refused. */
async function leaveWithinHead(lane: Lane): Promise<void> {
  const begun = performance.now()
  const client = new RawClient(lane.port)
  client.send('GET / HTTP/1.1\r\nho')
  await sleep(5)
  leave(lane, client)
  if (performance.now() - begun > LATE) lane.ledger.maybeRefused++
}

/** Whether the gateway has read the request by then is its luck. */
async function leaveAtOnce(lane: Lane): Promise<void> {
  const client = new RawClient(lane.port)
  const { number, path } = begin(lane, pick(lane, ['ok', 'hang', 'large']))
  client.send(head('GET', path))
  await sleep(lane.random() * 3)
  leave(lane, client)
  lane.ledger.end(number, { kind: 'cancelled', seen: false })
}

async function leaveWhileWaiting(lane: Lane): Promise<void> {
  await leaveAfter(lane, 'hang', '', async () => {})
}

async function leaveWithinUpload(lane: Lane): Promise<void> {
  await leaveAfter(lane, 'echo', 'content-length: 100000\r\n', async (client) => client.send(PIECE))
}

async function leaveWithinDownload(lane: Lane): Promise<void> {
  await leaveAfter(lane, 'large', '', async (client) => void (await client.skip(50_000)))
}

async function leaveEvents(lane: Lane): Promise<void> {
  await leaveAfter(lane, 'events', '', async (client) => void (await client.upTo('data: 1')))
}

async function leaveAfter(
  lane: Lane,
  kind: string,
  fields: string,
  work: (client: RawClient) => Promise<void>,
): Promise<void> {
  const client = new RawClient(lane.port)
  const { number, path } = begin(lane, kind)
  const reached = lane.arrivals.reached(path)
  client.send(head(fields === '' ? 'GET' : 'POST', path, fields))
  const seen = await reached
  if (seen) await work(client)
  leave(lane, client)
  lane.ledger.end(number, { kind: 'cancelled', seen })
}

function leave(lane: Lane, { socket }: RawClient): void {
  if (lane.random() < 0.5) socket.destroy()
  else socket.resetAndDestroy()
}
