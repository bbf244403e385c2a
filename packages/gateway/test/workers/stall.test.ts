import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import { beat, HeartbeatWatch, heartbeatMemory } from '../../src/workers/heartbeat.ts'
import { becomes } from '../becomes.ts'
import { folder, HEADGATE, TestProcess } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'

const LIMIT = 1_000

function watched(limit: number): { clock: VirtualClock; memory: SharedArrayBuffer; stalls: () => number } {
  const clock = new VirtualClock()
  const memory = heartbeatMemory()
  let stalls = 0
  new HeartbeatWatch(memory, clock, limit, () => stalls++)
  return { clock, memory, stalls: () => stalls }
}

describe('a heartbeat', () => {
  it('that goes on is no stall', async () => {
    const { clock, memory, stalls } = watched(LIMIT)
    beat(memory, clock)
    await clock.advance(60_000)
    assert.equal(stalls(), 0)
  })

  it('that is missed for the limit is a stall, told once', async () => {
    const { clock, stalls } = watched(LIMIT)
    await clock.advance(LIMIT - 100)
    assert.equal(stalls(), 0)
    await clock.advance(500)
    assert.equal(stalls(), 1)
    await clock.advance(60_000)
    assert.equal(stalls(), 1)
  })

  it('is not watched with a limit of 0', async () => {
    const { clock, stalls } = watched(0)
    await clock.advance(60_000)
    assert.equal(stalls(), 0)
  })
})

it('a worker whose event loop hangs is replaced, logged and counted, while the other serves', async () => {
  const origin = await startOrigin()
  const config = {
    workers: 2,
    listeners: [{ address: '127.0.0.1:0' }],
    admin: { address: '127.0.0.1:0' },
    accessLog: false,
    timeouts: { workerStall: '2s' },
    routes: [{ upstream: origin.url }],
  }
  const cwd = folder({ 'headgate.json': JSON.stringify(config) })
  const hang = join(cwd, 'hang')
  const preload = new URL('./hang.ts', import.meta.url).href
  const args = ['--import', preload, HEADGATE, 'run']
  const gateway = new TestProcess(process.execPath, args, { cwd, env: { HANG_ON: hang } })
  await gateway.print(/ready: version/)
  const [, url = ''] = await gateway.print(/"url":"(http[^"]+)"/)
  const [, admin = ''] = await gateway.print(/"admin":"(http[^"]+)"/)
  writeFileSync(hang, '')
  await gateway.print(/worker \d crashed and is replaced at once: its event loop was held up for 2 s/)
  await gateway.print(/worker \d is replaced and listens/)
  assert.equal(existsSync(hang), false)
  for (let count = 0; count < 20; count++) {
    const response = await fetch(url, { headers: { connection: 'close' } })
    assert.equal(await response.text(), 'ok\n')
  }
  const counted = async (name: string): Promise<string | undefined> => {
    const page = await (await fetch(`${admin}/metrics`)).text()
    return new RegExp(`^${name} (\\d+)$`, 'm').exec(page)?.[1]
  }
  // On a machine that has too much to do, it may not be the only one.
  const crashes = gateway.stderr.match(/worker \d crashed/g)?.length
  assert.equal(await counted('headgate_worker_crashes_total'), String(crashes))
  assert.equal(await becomes(() => counted('headgate_workers'), '2'), '2')
  gateway.child.kill('SIGTERM')
  assert.equal((await gateway.finished).code, 0)
})
