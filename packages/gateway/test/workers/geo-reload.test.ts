import assert from 'node:assert/strict'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Exchange, HttpRequest, systemClock } from '@headgate/core'
import { parseConfig } from '../../src/config/parse.ts'
import { StartError } from '../../src/workers/start-failure.ts'
import { Supervisor, type SupervisorEvent } from '../../src/workers/supervisor.ts'
import { becomes } from '../becomes.ts'
import { folder } from '../headgate-process.ts'
import { writeMmdb } from '../features/mmdb-writer.ts'
import { createGateway } from '../../src/embedding/create-gateway.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

const city = (country: string, builtAt: number): Buffer =>
  writeMmdb({ '127.0.0.0/8': { country: { iso_code: country } } }, { builtAt })

const routes = [{ name: 'told', responseHeaders: { set: { 'x-country': '${geo.country}' } }, respond: {} }]

/** In place of the file, at once. */
function replace(path: string, bytes: Buffer): void {
  writeFileSync(`${path}.new`, bytes)
  renameSync(`${path}.new`, path)
}

describe('databases of addresses', () => {
  it('are put in force in all workers when the file changes, and one cut short leaves the one before', {
    timeout: 60_000,
  }, async () => {
    const path = join(folder(), 'geo.mmdb')
    writeFileSync(path, city('DE', 1_700_000_000))
    const config = (extra: object = {}) => {
      const result = parseConfig({
        workers: 2,
        listeners: [{ address: '127.0.0.1:0' }],
        accessLog: false,
        geo: { database: path },
        routes,
        ...extra,
      })
      assert.ok(result.ok, JSON.stringify(result))
      return result.config
    }
    const events: SupervisorEvent[] = []
    const supervisor = new Supervisor(config(), { onEvent: (event) => events.push(event) })
    after(() => supervisor.stop())
    const [listener] = await supervisor.start()
    /** What several new connections are told: they are spread over both workers. */
    const told = async (): Promise<string> => {
      const answers = await Promise.all(
        Array.from({ length: 12 }, async () => {
          const response = await fetch(`http://127.0.0.1:${listener?.port}/`, {
            headers: { connection: 'close' },
          })
          return response.headers.get('x-country')
        }),
      )
      return [...new Set(answers)].join()
    }
    const metric = (series: string): number =>
      Number(
        supervisor
          .renderMetrics()
          .split('\n')
          .find((each) => each.startsWith(`${series} `))
          ?.split(' ')
          .at(-1),
      )
    const last = (): string => {
      const event = events.at(-1)
      return event?.type === 'geo' ? `${event.applied}: ${event.message}` : ''
    }
    assert.equal(await told(), 'DE')
    assert.equal(metric(`headgate_geo_database_build_time_seconds{database="${path}"}`), 1_700_000_000)

    replace(path, city('FR', 1_700_086_400))
    await becomes(() => events.length, 1)
    assert.equal(await told(), 'FR')
    assert.equal(last(), 'true: geo: geo.mmdb (Test-City of 2023-11-15) is in force')
    assert.equal(metric(`headgate_geo_database_build_time_seconds{database="${path}"}`), 1_700_086_400)

    // Written in place, and not to its end yet.
    const next = city('IT', 1_700_172_800)
    writeFileSync(path, next.subarray(0, -40))
    await becomes(() => events.length, 2)
    assert.equal(await told(), 'FR')
    assert.match(
      last(),
      /^false: geo: geo\.mmdb cannot be used, geo\.mmdb \(Test-City of 2023-11-15\) stays in force: /,
    )
    await supervisor.refreshFiles()
    assert.equal(events.length, 2, 'the same file is refused once')
    // A configuration that comes meanwhile is not kept from being applied, and keeps it as well.
    await supervisor.apply(config({ limits: { body: '1KiB' } }))
    assert.equal(await told(), 'FR')

    // A worker that comes up anew has the one in force.
    supervisor.slots[0]?.terminate()
    await becomes(() => events.some(({ type }) => type === 'replaced'), true)
    assert.equal(await told(), 'FR')

    writeFileSync(path, next)
    await becomes(() => last(), 'true: geo: geo.mmdb (Test-City of 2023-11-16) is in force')
    assert.equal(await told(), 'IT')
    rmSync(path)
    await supervisor.refreshFiles()
    assert.match(last(), /stays in force: there is no such file/)
    assert.equal(await told(), 'IT')
    assert.equal(metric('headgate_geo_reloads_total{result="applied"}'), 2)
    assert.equal(metric('headgate_geo_reloads_total{result="refused"}'), 2)
    assert.ok(metric('headgate_geo_lookups_total{result="found"}') >= 72)

    // One that names another file which is not there is not applied.
    await assert.rejects(supervisor.apply(config({ geo: { database: `${path}.none` } })), StartError)
    assert.equal(await told(), 'IT')
    await supervisor.apply(config({ geo: undefined, routes: [{ name: 'told', respond: {} }] }))
    assert.equal(await told(), '')
  })

  it('are put in force in an embedded gateway, too', async () => {
    const path = join(folder(), 'geo.mmdb')
    writeFileSync(path, city('DE', 1))
    const gateway = await createGateway({ geo: { database: path }, routes })
    after(() => gateway.close())
    const told = async (): Promise<string | undefined> => {
      const peer = { address: '127.0.0.1', port: 1, encrypted: false }
      const response = await gateway.handler(new Exchange(HttpRequest.to('http://a/'), systemClock, peer))
      return response.headers.get('x-country')
    }
    assert.equal(await told(), 'DE')
    replace(path, city('FR', 2))
    await eventually(async () => (await told()) === 'FR', 'the other database is in force')
  })
})
