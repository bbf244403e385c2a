import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { collect } from '../../../../src/message/body.ts'
import { OwnDiskStore } from '../../../../src/policies/cache/disk/own-disk-store.ts'
import { systemClock } from '../../../../src/time/clock.ts'
import { filesIn } from './files-in.ts'
import { contentOf, KEYS } from './told-content.ts'

const KILLS = Number(process.env['HEADGATE_DISK_KILLS'] ?? 8)
const path = mkdtempSync(join(tmpdir(), 'headgate-kill-'))
after(() => rmSync(path, { recursive: true, force: true }))

test('a process that is killed at any time leaves a cache that opens, and gives out whole responses alone', async () => {
  let found = 0
  for (let round = 0; round < KILLS; round++) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'kill-child.ts'), path, String(round)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    // Not for luck: wherever it is killed, the same must hold.
    await sleep((round * 7) % 60)
    child.kill('SIGKILL')
    await once(child, 'exit')
    found += await check()
  }
  assert.ok(found > KILLS * 10, `only ${found} entries were found again`)
})

/** @returns how many entries there are */
async function check(): Promise<number> {
  const errors: unknown[] = []
  const store = new OwnDiskStore({
    path,
    maxBytes: 4 * 1024 * 1024,
    clock: systemClock,
    onError: (error) => errors.push(error),
  })
  await store.ready
  let found = 0
  for (let index = 0; index < KEYS; index++) {
    const key = `k${index}`
    for (const entry of await store.find({ text: key })) {
      const etag = entry.head.fields[1] ?? ''
      assert.equal(etag.split(' ')[0], key)
      assert.ok(
        (await collect(entry.open())).equals(contentOf(etag, entry.length)),
        `${etag} is torn or mixed`,
      )
      entry.release()
      found++
    }
  }
  const { entries, bytes, capacity } = store.stats()
  assert.equal(found, entries)
  assert.ok(bytes <= capacity)
  await store.close()
  assert.deepEqual(errors, [])
  // Nothing is left behind that no entry is of.
  const files = filesIn(path)
  assert.equal(files.filter((name) => name.endsWith('.e')).length, entries)
  assert.ok(files.filter((name) => name.endsWith('.b')).length <= entries)
  return found
}
