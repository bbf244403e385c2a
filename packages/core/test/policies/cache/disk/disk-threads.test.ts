import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { MessageChannel, Worker } from 'node:worker_threads'
import { collect } from '../../../../src/message/body.ts'
import { DiskOwner } from '../../../../src/policies/cache/disk/disk-owner.ts'
import { answerDiskPort } from '../../../../src/policies/cache/disk/disk-port.ts'
import { DiskStore } from '../../../../src/policies/cache/disk/disk-store.ts'
import { systemClock } from '../../../../src/time/clock.ts'
import { filesIn } from './files-in.ts'
import { contentOf } from './told-content.ts'

const path = mkdtempSync(join(tmpdir(), 'headgate-threads-'))
after(() => rmSync(path, { recursive: true, force: true }))

function startThread(
  disk: DiskOwner,
  thread: number,
): { ask(what: string): Promise<unknown>; end(): Promise<unknown> } {
  const { port1, port2 } = new MessageChannel()
  answerDiskPort(port1, (session) => (session === disk.shared.session ? disk : undefined))
  const worker = new Worker(join(import.meta.dirname, 'disk-in-thread.ts'), {
    workerData: { port: port2, shared: disk.shared, thread },
    transferList: [port2],
  })
  return {
    async ask(what) {
      worker.postMessage(what)
      const [answer] = (await once(worker, 'message')) as [unknown]
      return answer
    },
    end: () => worker.terminate(),
  }
}

test('threads share one cache: what one stores all find, a purge of one holds for all, and one may end at any time', async () => {
  const disk = new DiskOwner({ path, maxBytes: 64 * 1024 * 1024, clock: systemClock })
  disk.open()
  await disk.ready
  const store = new DiskStore(disk, 0, { clock: systemClock })
  const [one, other] = [startThread(disk, 1), startThread(disk, 2)]
  const stored = await Promise.all([one.ask('store'), other.ask('store')])
  assert.deepEqual(
    stored.flat(),
    Array.from({ length: 40 }, () => true),
  )
  assert.equal(store.stats().entries, 20)
  for (let index = 0; index < 20; index++) {
    const [entry, ...more] = await store.find({ text: `k${index}` })
    assert.ok(entry !== undefined && more.length === 0)
    assert.ok((await collect(entry.open())).equals(contentOf(entry.head.fields[1] ?? '', entry.length)))
    entry.release()
  }
  assert.equal(await other.ask('purge'), 20)
  assert.equal(store.stats().entries, 0)
  assert.deepEqual(await store.find({ text: 'k1' }), [])

  await one.ask('hang')
  assert.ok(store.stats().bytes > 0)
  await one.end()
  await disk.threadEnded(1)
  assert.equal(store.stats().bytes, 0)
  assert.deepEqual(filesIn(path), [])
  await other.end()
  await store.close()
  await disk.close()
})
