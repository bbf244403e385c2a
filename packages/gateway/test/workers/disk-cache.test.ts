import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import { diskProblem } from '../../src/features/cache/disk.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { Supervisor } from '../../src/workers/supervisor.ts'
import { becomes } from '../becomes.ts'
import { startOrigin } from '../origin.ts'

const top = mkdtempSync(join(tmpdir(), 'headgate-gateway-disk-'))
after(() => rmSync(top, { recursive: true, force: true }))

function configOf(upstream: string, path: string, size = '64MiB', workers = 2): GatewayConfig {
  const result = parseConfig({
    workers,
    cache: { memory: '1MiB', disk: { path, size } },
    listeners: [{ address: '127.0.0.1:0' }],
    admin: false,
    accessLog: false,
    routes: [{ name: 'shop', match: { path: '/**' }, upstream, cache: { ttl: '1h', tags: ['shop'] } }],
  })
  assert.ok(result.ok, JSON.stringify(result))
  return result.config
}

interface Answer {
  readonly text: string
  readonly status: string | null
}

interface Running {
  readonly supervisor: Supervisor
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Answer>
}

async function start(config: GatewayConfig): Promise<Running> {
  const supervisor = new Supervisor(config)
  after(() => supervisor.stop())
  const [listener] = await supervisor.start()
  return {
    supervisor,
    async get(path, headers = {}) {
      const url = `http://127.0.0.1:${listener?.port}${path}`
      const response = await fetch(url, { headers: { connection: 'close', ...headers } })
      return { text: await response.text(), status: response.headers.get('cache-status') }
    },
  }
}

it('a restarted gateway answers from disk without asking the upstream, in all workers, and parts of what is large', async () => {
  const path = join(top, 'restart')
  const large = 'abcdefghij'.repeat(60_000)
  const origin = await startOrigin(({ url }, response) => response.end(url === '/large' ? large : 'small'))
  const config = configOf(origin.url, path)
  const first = await start(config)
  assert.equal((await first.get('/a')).text, 'small')
  assert.equal((await first.get('/large')).text, large)
  await becomes(() => first.supervisor.cache?.disk?.store.stats().entries, 2)
  const port = first.supervisor.listeners[0]?.port
  await first.supervisor.stop()

  const [listener] = config.listeners
  assert.ok(listener?.address.kind === 'tcp')
  // The host is part of the key.
  const again = { ...config, listeners: [{ ...listener, address: { ...listener.address, port: port ?? 0 } }] }
  const second = await start(again)
  await second.supervisor.cache?.disk?.owner?.ready
  assert.match((await second.get('/a')).status ?? '', /^headgate; hit; ttl=\d+; detail=disk$/)
  assert.match((await second.get('/a')).status ?? '', /^headgate; hit; ttl=\d+$/, 'it is in memory now')
  // Too large for the memory.
  for (let turn = 0; turn < 4; turn++) assert.equal((await second.get('/large')).text, large)
  assert.equal((await second.get('/large', { range: 'bytes=299998-300001' })).text, 'ijab')
  assert.equal(origin.requests, 2)

  assert.equal(await second.supervisor.cache?.store.purge({ by: 'tag', value: 'shop' }, 'hard', 0), 2)
  await second.supervisor.stop()
  const third = await start(again)
  await third.supervisor.cache?.disk?.owner?.ready
  assert.match((await third.get('/a')).status ?? '', /fwd=uri-miss/)
  assert.equal(origin.requests, 3)
  assert.match(third.supervisor.renderMetrics(), /headgate_cache_disk_capacity_bytes 67108864\n/)
  assert.match(third.supervisor.renderMetrics(), /headgate_cache_disk_errors 0\n/)
})

it('a reload with another size keeps what fits, and one with another folder begins with what is there', async () => {
  const origin = await startOrigin((_, response) => response.end('answer'))
  const { supervisor, get } = await start(configOf(origin.url, join(top, 'reload'), '64MiB', 1))
  await get('/a')
  await becomes(() => supervisor.cache?.disk?.store.stats().entries, 1)
  for (const [path, size, entries] of [
    ['reload', '32MiB', 1],
    ['other', '32MiB', 0],
    ['reload', '32MiB', 1],
  ] as const) {
    await supervisor.apply(configOf(origin.url, join(top, path), size, 1))
    await supervisor.cache?.disk?.owner?.ready
    assert.equal(supervisor.cache?.disk?.store.stats().entries, entries)
    assert.equal(supervisor.cache?.disk?.store.stats().capacity, 32 * 1024 * 1024)
  }
  await get('/b')
  await becomes(() => supervisor.cache?.disk?.store.stats().entries, 2)
  await supervisor.stop()
})

it('a folder that cannot be used refuses the start, and is told in the figures after a reload', async () => {
  const path = join(top, 'taken')
  const origin = await startOrigin((_, response) => response.end('answer'))
  const config = configOf(origin.url, path, '1MiB', 1)
  const { supervisor } = await start(config)
  await assert.rejects(
    start(config),
    /the cache in .*taken is used by process \d+ on .*: each needs a folder of its own/,
  )
  const other = await start(configOf(origin.url, join(top, 'free'), '1MiB', 1))
  assert.match(other.supervisor.renderMetrics(), /headgate_cache_disk_available 1\n/)
  await other.supervisor.apply(config)
  assert.match(other.supervisor.renderMetrics(), /headgate_cache_disk_available 0\n/)
  assert.match(diskProblem(other.supervisor.cache?.disk) ?? '', /^the cache in .*taken is used by process/)
  await other.supervisor.stop()
  await supervisor.stop()
  writeFileSync(join(top, 'file'), '')
  await assert.rejects(
    start(configOf(origin.url, join(top, 'file'), '1MiB', 1)),
    /cannot be kept in .*file: .*may write to/,
  )
})
