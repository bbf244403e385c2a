import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import * as grpc from '@grpc/grpc-js'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { forkGateway } from '../survival/gateway-process.ts'
import { ended, ShopClient, startShop } from './shop.ts'

/** How many streams are open at the same time. A run with 10,000 takes a minute on a quiet machine: `HEADGATE_STREAMS=10000`. */
const STREAMS = Number(process.env['HEADGATE_STREAMS'] ?? 400)
/** What a client may have open on one connection, by the gateway's default. */
const PER_CONNECTION = 100
/** What the second round may leave behind, in bytes, beyond what the first did: tables that have grown. An open stream needs some 15 KiB. */
const LEFT = Math.max(1024 * 1024, 512 * STREAMS)

type Chat = grpc.ClientDuplexStream<Buffer, Buffer>

/**
 * Opens all streams, has each answered twice, the second time while all others are open, and ends them. One connection follows the other: a
 * client that is at work for ten seconds without a look at its sockets is one that does not answer SETTINGS.
 */
async function round(port: number): Promise<void> {
  const shops: ShopClient[] = []
  const calls: Chat[] = []
  while (calls.length < STREAMS) {
    const shop = new ShopClient(`127.0.0.1:${port}`)
    shops.push(shop)
    const opened = Array.from({ length: Math.min(PER_CONNECTION, STREAMS - calls.length) }, () => shop.chat())
    await Promise.all(opened.map((call, index) => asked(call, `stream ${calls.length + index}`)))
    calls.push(...opened)
  }
  const statuses = calls.map(ended)
  await Promise.all(calls.map((call, index) => asked(call, `stream ${index} once more`)))
  for (const call of calls) call.end()
  for (const status of await Promise.all(statuses)) assert.equal(status.code, grpc.status.OK)
  for (const { client } of shops) client.close()
}

async function asked(call: Chat, message: string): Promise<void> {
  call.write(Buffer.from(message))
  const [answer] = (await once(call, 'data')) as [Buffer]
  assert.equal(answer.toString(), message)
}

const CALLS = 'headgate_grpc_calls_total{route="shop",status="OK"}'
const CONNECTIONS = 'headgate_downstream_connections_active'

function valueOf(metrics: string, series: string): number | undefined {
  const line = metrics.split('\n').find((each) => each.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length))
}

test(`${STREAMS} streams are open at once, each has its own answers, and nothing of them stays behind`, async (t) => {
  const url = await startShop(t, {
    chat: (call) => {
      call.on('data', (message: Buffer) => call.write(message))
      call.on('end', () => call.end())
    },
  })
  const routes = [{ name: 'shop', match: { grpc: {} }, upstream: url }]
  const gateway = await forkGateway(t, { routes }, ['--expose-gc'])
  const kept: number[] = []
  for (const rounds of [1, 2]) {
    await round(gateway.port)
    await eventually(async () => {
      const metrics = await gateway.metrics()
      return valueOf(metrics, CALLS) === rounds * STREAMS && valueOf(metrics, CONNECTIONS) === 0
    }, 'all calls are counted, and all connections gone')
    kept.push((await gateway.usage()).kept ?? assert.fail('there is no garbage collection'))
  }
  const { cpu, memory } = await gateway.usage()
  const [first = 0, second = 0] = kept
  t.diagnostic(
    `${Math.round(cpu)} ms of CPU, ${memory >> 20} MiB at most, ${first >> 10} and ${second >> 10} KiB kept`,
  )
  assert.ok(second < first + LEFT, `${second - first} bytes more are kept after the second round`)
})
