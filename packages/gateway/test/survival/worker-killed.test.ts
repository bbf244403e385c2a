import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { becomes } from '../becomes.ts'
import { folder } from '../headgate-process.ts'
import { KeepAliveClient } from '../keep-alive-client.ts'
import { type ChangingGateway, configWith, startChanging } from '../versions/running-gateway.ts'
import { startLastingOrigin } from './long-lived.ts'

const KILLS = 8
/** Of the shared limit: more than are asked for before the first worker dies. */
const SHARE = 20

/** One request on a connection of its own, so that any worker may get it. */
async function ask(gateway: ChangingGateway, path: string): Promise<string> {
  const response = await fetch(new URL(path, gateway.url), { headers: { connection: 'close' } })
  const content = await response.text()
  return response.ok ? content.trim() : String(response.status)
}

/** What many such requests are answered with. */
async function answers(gateway: ChangingGateway, path: string): Promise<string> {
  const all = await Promise.all(Array.from({ length: 24 }, () => ask(gateway, path)))
  return [...new Set(all)].sort().join()
}

test('workers killed while configurations change, endpoints are marked and requests come: all of it ends as it was wanted', async (t) => {
  const [one, two, three] = [
    await startLastingOrigin(t, 'one\n'),
    await startLastingOrigin(t, 'two\n'),
    await startLastingOrigin(t, 'three\n'),
  ]
  const limit = { name: 'few', rate: `${SHARE}/h`, key: 'global' }
  const config = (round: number): Record<string, unknown> =>
    configWith({
      reload: { watch: false },
      upstreams: { pair: { endpoints: [{ url: two.url }, { url: three.url }] } },
      routes: [
        { name: 'limited', match: { path: '/limited' }, upstream: one.url, rateLimit: limit },
        { name: 'pair', match: { path: '/pair' }, upstream: 'pair' },
        { name: `all-${round}`, upstream: one.url },
        { name: 'round', match: { path: '/round' }, respond: { body: `round ${round}` } },
      ],
    })
  const cwd = folder()
  const die = join(cwd, 'die')
  const preload = new URL('dying-thread.ts', import.meta.url).href
  const env = { DIE_ON: die, NODE_OPTIONS: `--import ${preload}` }
  const gateway = await startChanging(config(0), env, cwd)
  const port = Number(new URL(gateway.url).port)
  for (let count = 0; count < SHARE; count++) assert.equal(await ask(gateway, '/limited'), 'one')
  assert.equal(await answers(gateway, '/limited'), '429')

  let clients: KeepAliveClient[] = []
  const ended: KeepAliveClient[] = []
  const marks = [two, three].map(
    ({ url }) => `/upstreams/pair/endpoints/${encodeURIComponent(new URL(url).host)}`,
  )
  const mark = (endpoint: number, value: string): Promise<number> =>
    gateway.call('PATCH', marks[endpoint] ?? '', { body: { mark: value } }).then(({ status }) => status)
  const statuses: number[] = []
  for (let round = 1; round <= KILLS; round++) {
    clients = Array.from({ length: 8 }, () => new KeepAliveClient(port))
    ended.push(...clients)
    gateway.write(config(round))
    const calls = [
      gateway.call('POST', '/reload').then(({ status }) => status),
      mark(0, 'down'),
      mark(1, round % 2 === 0 ? 'up' : 'draining'),
    ]
    // Now before the change, now in the midst of it.
    await sleep((round % 4) * 8)
    writeFileSync(die, '')
    statuses.push(...(await Promise.all(calls)))
    assert.equal(await becomes(() => existsSync(die), false), false, 'one has died')
    for (const client of clients) client.stop()
  }
  assert.deepEqual([...new Set(statuses)], [200], 'each call is answered, and done')
  const reports = await Promise.all(ended.map((client) => client.ended))
  assert.ok(reports.filter(({ lost }) => lost).length < reports.length, 'the other worker served on')

  const states = async (): Promise<string> => {
    const { workers } = (await gateway.call('GET', '/status')).body as { workers: string[] }
    return workers.join()
  }
  assert.equal(await becomes(states, 'listening,listening'), 'listening,listening')
  assert.equal(await becomes(() => answers(gateway, '/round'), `round ${KILLS}`), `round ${KILLS}`)
  assert.equal(await answers(gateway, '/pair'), 'three', 'marks hold in threads that came later, too')
  assert.equal(await answers(gateway, '/limited'), '429', 'a dead worker gives nobody a new share')
  const { body } = await gateway.call('GET', '/versions')
  assert.equal((body['versions'] as unknown[]).length, KILLS + 1)
  const crashes = /^headgate_worker_crashes_total (\d+)$/m
  const page = await (await fetch(`${gateway.admin}/metrics`)).text()
  assert.equal(crashes.exec(page)?.[1], String(KILLS))
  gateway.process.child.kill('SIGTERM')
  assert.equal((await gateway.process.finished).code, 0)
})
