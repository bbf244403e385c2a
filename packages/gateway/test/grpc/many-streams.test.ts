import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as grpc from '@grpc/grpc-js'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { type GatewayProcess, forkGateway } from '../survival/gateway-process.ts'
import { ended, ShopClient, startShop } from './shop.ts'

/** How many streams are open at the same time. A run with 10,000 takes a minute: `HEADGATE_STREAMS=10000`. */
const STREAMS = Number(process.env['HEADGATE_STREAMS'] ?? 400)
/** What a client may have open on one connection, by the gateway's default. */
const PER_CONNECTION = 100
/** What the second round may leave behind, in bytes, beyond what the first did; a stream needs some 10 KiB while it is open. */
const LEFT = 1024 * 1024

/** Opens all streams, has each answered twice while all others are open, and ends them. */
async function round(port: number): Promise<void> {
  const shops = Array.from(
    { length: Math.ceil(STREAMS / PER_CONNECTION) },
    () => new ShopClient(`127.0.0.1:${port}`),
  )
  const calls = Array.from({ length: STREAMS }, (_, index) =>
    (shops[Math.floor(index / PER_CONNECTION)] ?? assert.fail()).chat(),
  )
  const statuses = calls.map(ended)
  const answers = calls.map(() => '')
  for (const [index, call] of calls.entries())
    call.on('data', (message: Buffer) => (answers[index] = message.toString()))
  for (const word of ['first', 'second']) {
    const expected = calls.map((_, index) => `${word} of ${index}`)
    for (const [index, call] of calls.entries()) call.write(Buffer.from(expected[index] ?? ''))
    await eventually(
      () => answers.every((answer, index) => answer === expected[index]),
      'all streams are answered',
    )
  }
  for (const call of calls) call.end()
  for (const status of await Promise.all(statuses)) assert.equal(status.code, grpc.status.OK)
  for (const { client } of shops) client.close()
}

/** What of its calls the gateway has counted. */
async function counted(gateway: GatewayProcess): Promise<number> {
  const all = await gateway.metrics()
  return Number(/^headgate_grpc_calls_total\{route="shop",status="OK"\} (\d+)/m.exec(all)?.[1] ?? 0)
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
    await eventually(async () => (await counted(gateway)) === rounds * STREAMS, 'all calls are counted')
    kept.push((await gateway.usage()).kept ?? assert.fail('there is no garbage collection'))
  }
  const { cpu, memory } = await gateway.usage()
  const [first = 0, second = 0] = kept
  t.diagnostic(
    `${Math.round(cpu)} ms of CPU, ${memory >> 20} MiB at most, ${first >> 10} and ${second >> 10} KiB kept`,
  )
  assert.ok(second < first + LEFT, `${second - first} bytes more are kept after the second round`)
})
