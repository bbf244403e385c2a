import assert from 'node:assert/strict'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { becomes } from '../becomes.ts'
import { folder } from '../headgate-process.ts'
import { KeepAliveClient } from '../keep-alive-client.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'
import { startLastingOrigin, talkingSocket } from './long-lived.ts'

const DAY = 24 * 3_600_000
const TIMEOUT = 300

test('a wall clock that is set a day forwards, and two back, shows in what is written and in nothing that is done', async (t) => {
  const well = await startLastingOrigin(t)
  let checks = 0
  const moody = createServer((request, response) => {
    if (request.url === '/healthz') {
      checks++
      response.end()
    } else if (request.url === '/broken') response.writeHead(500).end()
  })
  await new Promise<void>((resolve) => moody.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    moody.closeAllConnections()
    moody.close()
  })
  const moodyUrl = `http://127.0.0.1:${(moody.address() as AddressInfo).port}`
  const cwd = folder({ offset: '0' })
  const log = join(cwd, 'access.log')
  const config = (name: string): Record<string, unknown> =>
    configWith({
      accessLog: { path: log },
      reload: { watch: false },
      upstreams: {
        moody: {
          endpoints: [{ url: moodyUrl }],
          health: { path: '/healthz', interval: '100ms' },
          breaker: { consecutiveFailures: 2, openFor: '1h', maxOpenFor: '1h' },
        },
      },
      routes: [
        { name: 'limited', match: { path: '/limited' }, upstream: well.url, rateLimit: { rate: '3/h' } },
        {
          name: 'window',
          match: { path: '/window' },
          upstream: well.url,
          rateLimit: { rate: '3/h', algorithm: 'sliding-window' },
        },
        { name: 'broken', match: { path: '/broken' }, upstream: 'moody', retry: false },
        { name: 'slow', match: { path: '/slow' }, upstream: moodyUrl, timeout: `${TIMEOUT}ms` },
        // An answer of the gateway's own, whose Date is, too.
        { name: 'made', match: { path: '/made' }, respond: { body: 'made' } },
        { name, upstream: well.url },
      ],
    })
  const preload = new URL('jumping-clock.ts', import.meta.url).href
  const env = { CLOCK_OFF_BY: join(cwd, 'offset'), NODE_OPTIONS: `--import ${preload}` }
  const gateway = await startChanging(config('before'), env, cwd)
  const port = Number(new URL(gateway.url).port)
  const ask = (path: string): Promise<Response> =>
    fetch(new URL(path, gateway.url), { headers: { connection: 'close' } })
  const statuses = async (path: string, count: number): Promise<string> => {
    const all: number[] = []
    for (let index = 0; index < count; index++) all.push((await ask(path)).status)
    return all.join(' ')
  }
  const startTime = async (): Promise<string | undefined> => {
    const page = await (await fetch(`${gateway.admin}/metrics`)).text()
    return /^process_start_time_seconds (\S+)$/m.exec(page)?.[1]
  }
  for (const path of ['/limited', '/window']) assert.equal(await statuses(path, 4), '200 200 200 429')
  // In each of the two workers, whose breakers are their own.
  const isOpen = async (): Promise<boolean> => /^503( 503)*$/.test(await statuses('/broken', 16))
  assert.equal(await becomes(isOpen, true), true)
  const born = await startTime()
  const clients = Array.from({ length: 4 }, () => new KeepAliveClient(port))
  const socket = talkingSocket(t, port)

  for (const [round, offset] of [DAY, -DAY].entries()) {
    writeFileSync(join(cwd, 'offset.new'), String(offset))
    renameSync(join(cwd, 'offset.new'), join(cwd, 'offset'))
    const day = new Date(Date.now() + offset).toISOString().slice(0, 10)
    const dated = async (): Promise<string> =>
      new Date((await ask('/made')).headers.get('date') ?? 0).toISOString().slice(0, 10)
    for (let count = 0; count < 8; count++)
      assert.equal(await becomes(dated, day), day, 'Date follows the clock')
    const [seen, answered] = [checks, socket.count]

    for (const path of ['/limited', '/window']) {
      const refused = await ask(path)
      assert.equal(refused.status, 429, `${path}: no share has come back`)
      const wait = Number(refused.headers.get('retry-after'))
      // Of a bucket, one comes back after 20 minutes; of a window, up to two are to be waited for.
      assert.ok(wait > 1_100 && wait <= 7_200, `${path}: it comes when it would have: ${wait} s`)
    }
    const refused = await ask('/broken')
    assert.equal(refused.status, 503)
    assert.match(await refused.text(), /circuit_open/, 'it is as long open as it would have been')
    const wait = Number(refused.headers.get('retry-after'))
    assert.ok(wait > 2_700 && wait <= 4_500, `${wait} s`)
    const started = performance.now()
    assert.equal((await ask('/slow')).status, 504)
    const took = performance.now() - started
    assert.ok(took > TIMEOUT - 5 && took < TIMEOUT + 60_000, `a timeout took ${took} ms`)

    gateway.write(config(`after-${round}`))
    assert.equal((await gateway.call('POST', '/reload')).status, 200)
    const { versions, current } = (await gateway.call('GET', '/versions')).body as {
      versions: { id: number; time: string }[]
      current: number
    }
    assert.equal(current, round + 2, 'versions count on, whatever the time')
    assert.equal(versions[0]?.id, current)
    assert.equal(versions[0]?.time.slice(0, 10), day)
    const lines = async (): Promise<boolean> => {
      await sleep(20)
      return readFileSync(log, 'utf8').includes(`{"time":"${day}T`)
    }
    assert.equal(await becomes(lines, true), true)
    assert.equal(await becomes(() => checks > seen + 3, true), true, 'checks go on')
    assert.equal(await becomes(() => socket.count > answered + 3, true), true)
    assert.equal(await startTime(), born, 'it has not started anew')
  }
  const back = await gateway.call('POST', '/versions/1/rollback')
  assert.equal(back.body['outcome'], 'applied')
  assert.equal(socket.failure, undefined)
  for (const client of clients) client.stop()
  assert.ok((await Promise.all(clients.map(({ ended }) => ended))).every(({ lost }) => !lost))
})
