import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { becomes } from '../becomes.ts'
import { KeepAliveClient } from '../keep-alive-client.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'
import {
  endlessStream,
  slowUpload,
  startLastingOrigin,
  talkingHttp2Socket,
  talkingSocket,
} from './long-lived.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

const RELOADS = 100
/** From one change to the next: all of them take 7 seconds. Milliseconds. */
const PAUSE = 70

test('a hundred reloads in ten seconds, by file, signal and call: requests, WebSockets, streams and uploads go on', async (t) => {
  const [one, two] = [await startLastingOrigin(t), await startLastingOrigin(t)]
  // With each, the route is compiled anew, and every second time it leads elsewhere.
  const config = (round: number): Record<string, unknown> =>
    configWith({
      routes: [
        { name: `all-${round}`, upstream: round % 2 === 0 ? one.url : two.url, timeout: `${20 + round}s` },
      ],
      versions: { keep: 5 },
    })
  const gateway = await startChanging(config(0))
  const port = Number(new URL(gateway.url).port)
  const clients = Array.from({ length: 8 }, () => new KeepAliveClient(port))
  const http2 = await talkingHttp2Socket(t, port)
  const lasting = [http2, ...[1, 2, 3].flatMap(() => [talkingSocket(t, port), endlessStream(t, port)])]
  const upload = slowUpload(t, port)
  await eventually(
    () => lasting.every(({ count, failure }) => count > 0 || failure !== undefined),
    'all lasting connections have got something',
  )

  const started = performance.now()
  const calls: Promise<number>[] = []
  for (let round = 1; round <= RELOADS; round++) {
    gateway.write(config(round))
    if (round % 3 === 0) gateway.process.child.kill('SIGHUP')
    else if (round % 3 === 1) calls.push(gateway.call('POST', '/reload').then(({ status }) => status))
    await sleep(Math.max(0, started + round * PAUSE - performance.now()))
  }
  const last = (await gateway.call('POST', '/reload')).status
  const took = performance.now() - started
  const before = lasting.map(({ count }) => count)
  for (const [index, each] of lasting.entries())
    await becomes(() => each.count > (before[index] ?? 0) || each.failure !== undefined, true)

  assert.deepEqual([...new Set([last, ...(await Promise.all(calls))])], [200])
  for (const client of clients) client.stop()
  const reports = await Promise.all(clients.map(({ ended }) => ended))
  assert.ok(
    reports.every(({ lost }) => !lost),
    'no request is lost',
  )
  assert.ok(reports.every(({ responses }) => responses > 0))
  for (const [index, { count, failure }] of lasting.entries()) {
    assert.equal(failure, undefined)
    assert.ok(count > (before[index] ?? 0), `it goes on: ${count}`)
  }
  const { sent } = upload
  assert.equal(await upload.end(), String(sent))
  const { body } = await gateway.call('GET', '/routes')
  assert.equal((body['routes'] as { name: string }[])[0]?.name, `all-${RELOADS}`)
  const status = (await gateway.call('GET', '/status')).body
  assert.deepEqual(status['workers'], ['listening', 'listening'], 'none has crashed')
  const { versions } = (await gateway.call('GET', '/versions')).body as { versions: unknown[] }
  assert.equal(versions.length, 5)
  t.diagnostic(`${RELOADS} changes in ${(took / 1000).toFixed(1)} s`)
})
