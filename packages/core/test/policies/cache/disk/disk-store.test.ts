import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { eventually } from '../../../../../../scripts/testing/eventually.ts'
import { collect } from '../../../../src/message/body.ts'
import type { TrafficError } from '../../../../src/message/errors.ts'
import { codeOf } from '../../../../src/policies/cache/disk/disk-error.ts'
import type { DiskCacheOptions } from '../../../../src/policies/cache/disk/disk-owner.ts'
import { OwnDiskStore } from '../../../../src/policies/cache/disk/own-disk-store.ts'
import { ProcessStore } from '../../../../src/policies/cache/process-store.ts'
import type { CacheStore, StoredHead } from '../../../../src/policies/cache/store.ts'
import { TieredStore } from '../../../../src/policies/cache/tiered-store.ts'
import { CACHE_STORE_CASES } from '../../../../src/testing/cache-store-cases.ts'
import { type Clock, systemClock } from '../../../../src/time/clock.ts'
import { storedHead } from '../stored-head.ts'
import { folders } from '../../../../src/policies/cache/disk/disk-files.ts'
import { filesIn } from './files-in.ts'

const TOP = mkdtempSync(join(tmpdir(), 'headgate-disk-'))
after(() => rmSync(TOP, { recursive: true, force: true }))
let paths = 0

function newPath(): string {
  return join(TOP, String(paths++))
}

function open(options: Partial<DiskCacheOptions> = {}): OwnDiskStore {
  return new OwnDiskStore({ path: newPath(), maxBytes: 8 * 1024 * 1024, clock: systemClock, ...options })
}

for (const { name, run } of CACHE_STORE_CASES) {
  test(`on disk, ${name}`, () => run((limits) => open(limits)))
  test(`in memory before a disk, ${name}`, () =>
    run((limits) => new TieredStore(new ProcessStore(limits), open(limits))))
}

async function keep(
  store: CacheStore,
  text: string,
  content: string | Buffer,
  head: Partial<StoredHead> = {},
): Promise<boolean> {
  const writer = store.begin({ text }, storedHead(head), content.length, store.moment())
  writer?.write(Buffer.from(content))
  return (await writer?.commit()) === true
}

async function contentsAt(store: CacheStore, text: string): Promise<string[]> {
  const contents: string[] = []
  for (const entry of await store.find({ text })) {
    contents.push((await collect(entry.open())).toString('latin1'))
    entry.release()
  }
  return contents
}

const LARGE = Buffer.alloc(300_000, 'abcdefg')

test('what was stored is there after a restart, content small and large, and its changed head', async () => {
  const path = newPath()
  const before = open({ path })
  await keep(before, 'small', 'content', { receivedAt: 1 })
  await keep(before, 'large', LARGE, { url: 'http://a.example/large' })
  const [entry] = await before.find({ text: 'large' })
  const newer = storedHead({ receivedAt: 7, url: 'http://a.example/large', fields: ['etag', '"7"'] })
  assert.equal(await before.update({ text: 'large' }, entry ?? assert.fail(), newer), true)
  entry?.release()
  const { entries, bytes } = before.stats()
  await before.close()
  const store = open({ path })
  await store.ready
  assert.deepEqual(await contentsAt(store, 'small'), ['content'])
  assert.deepEqual(await contentsAt(store, 'large'), [LARGE.toString()])
  const [large] = await store.find({ text: 'large' })
  assert.deepEqual(large?.head.fields, ['etag', '"7"'])
  large?.release()
  assert.deepEqual([store.stats().entries, store.stats().bytes], [entries, bytes])
  await store.close()
})

test('a part of a large content begins and ends anywhere', async () => {
  const store = open()
  await keep(store, 'a', LARGE)
  const [entry] = await store.find({ text: 'a' })
  for (const [first, last] of [
    [0, 0],
    [65_535, 65_536],
    [65_536, 131_071],
    [70_000, 299_999],
    [1, 299_998],
  ] as const) {
    const part = await collect(entry?.open(first, last) ?? assert.fail())
    assert.ok(part.equals(LARGE.subarray(first, last + 1)), `${first} to ${last}`)
  }
  entry?.release()
  await store.close()
})

for (const how of ['hard', 'soft'] as const) {
  test(`a ${how} purge holds after a restart, although files are still there`, async () => {
    const path = newPath()
    const before = open({ path })
    await keep(before, 'a', 'content', { tags: ['t'] })
    await keep(before, 'b', 'content', { tags: ['u'] })
    const kept = filesIn(path).map((name) => [join(path, name), readFileSync(join(path, name))] as const)
    assert.equal(await before.purge({ by: 'tag', value: 't' }, how, 5), 1)
    await before.close()
    // As if the process had been killed before the files were removed.
    for (const [file, bytes] of kept) writeFileSync(file, bytes)
    const store = open({ path })
    await store.ready
    const left = await store.find({ text: 'a' })
    if (how === 'hard') assert.equal(left.length, 0)
    else assert.equal(left[0]?.head.staleSince, 5)
    assert.equal((await store.find({ text: 'b' }))[0]?.head.staleSince, undefined)
    // What comes after it is not concerned.
    await keep(store, 'a', 'new', { tags: ['t'] })
    await store.close()
    const last = open({ path })
    await last.ready
    assert.deepEqual(await contentsAt(last, 'a'), ['new'])
    assert.equal((await last.find({ text: 'a' }))[0]?.head.staleSince, undefined)
    await last.close()
  })
}

test('many purges that mark as stale are remembered as one for all that was there before', async () => {
  const path = newPath()
  const before = open({ path })
  await keep(before, 'a', 'content', { tags: ['t0'] })
  await keep(before, 'b', 'content')
  for (let index = 0; index < 800; index++) {
    // Each is for something.
    if (index > 0 && index < 3) await keep(before, 'c', 'content', { tags: [`t${index}`] })
    await before.purge({ by: index % 2 === 0 ? 'all' : 'tag', value: 't0' }, 'soft', 5 + index)
  }
  await keep(before, 'd', 'content')
  await before.close()
  const store = open({ path })
  await store.ready
  assert.notEqual((await store.find({ text: 'a' }))[0]?.head.staleSince, undefined)
  assert.notEqual((await store.find({ text: 'b' }))[0]?.head.staleSince, undefined)
  assert.equal((await store.find({ text: 'd' }))[0]?.head.staleSince, undefined)
  assert.ok(statSync(join(path, 'v1', 'purges')).size < 100_000)
  await store.close()
})

test('a file that was changed or cut is not given out, and is removed', async () => {
  const changes: readonly ((file: string) => void)[] = [
    (file) => truncateSync(file, 20),
    (file) => truncateSync(file, statSync(file).size - 1),
    (file) => flip(file, 30),
    (file) => flip(file, statSync(file).size - 2),
    (file) => rmSync(file),
  ]
  for (const [size, kind] of [
    [100, 'e'],
    [300_000, 'e'],
  ] as const) {
    for (const [index, change] of changes.entries()) {
      const path = newPath()
      const store = open({ path })
      await keep(store, 'a', LARGE.subarray(0, size))
      for (const name of filesIn(path)) if (name.endsWith(kind)) change(join(path, name))
      assert.deepEqual(await contentsAt(store, 'a'), [], `change ${index} of ${size} bytes`)
      if (index < 4) {
        assert.equal(store.stats().entries, 0)
        assert.equal(store.stats().errors, 1)
      }
      await keep(store, 'a', 'again')
      assert.deepEqual(await contentsAt(store, 'a'), ['again'])
      await store.close()
    }
  }
})

/** The clock of the machine, at another time. */
function clockAt(now: number): Clock {
  return {
    now: () => systemClock.now(),
    wallTime: () => now,
    random: () => 0.5,
    timer: (fire) => systemClock.timer(fire),
  }
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(file, bytes)
}

test('large content that was changed ends where the change is, before a byte of it, and is removed', async () => {
  const path = newPath()
  const errors: unknown[] = []
  const store = open({ path, onError: (error) => errors.push(error) })
  const content = Buffer.alloc(1_000_000, 'x')
  await keep(store, 'a', content)
  const body = filesIn(path).find((name) => name.endsWith('.b')) ?? assert.fail()
  flip(join(path, body), 700_000)
  const [entry] = await store.find({ text: 'a' })
  let received = 0
  const error = await new Promise<TrafficError>((resolve, reject) =>
    entry?.open().flowTo({
      write(chunk) {
        assert.ok(chunk.every((byte) => byte === 120))
        received += chunk.length
        return true
      },
      end: () => reject(new Error('it came to an end')),
      fail: resolve,
    }),
  )
  entry?.release()
  assert.match(error.message, /not what was written/)
  assert.ok(received < 700_000)
  await eventually(() => store.stats().entries === 0, 'it is removed')
  assert.equal(errors.length, 1)
  await store.close()
})

test('content that is cut or missing at the start of a process is no entry', async () => {
  const path = newPath()
  const before = open({ path })
  for (const key of ['cut', 'gone', 'whole']) await keep(before, key, LARGE)
  await before.close()
  const [cut = '', gone = ''] = filesIn(path).filter((name) => name.endsWith('.b'))
  truncateSync(join(path, cut), 100)
  rmSync(join(path, gone))
  const store = open({ path })
  await store.ready
  assert.equal(store.stats().entries, 1)
  await store.close()
  assert.equal(filesIn(path).length, 2)
})

test('a folder is used by one at a time, and who comes second is told by whom', async () => {
  const path = newPath()
  const store = open({ path })
  assert.throws(
    () => open({ path }),
    new RegExp(`${path} is used by process ${process.pid} on .*folder of its own`),
  )
  await store.close()
  await open({ path }).close()
})

test('a lock of a process that is gone, or of a machine that does not renew it, is nobody’s', async () => {
  const path = newPath()
  await open({ path }).close()
  const lock = join(path, 'lock')
  const locks = [
    JSON.stringify({ pid: 2 ** 22 + 1, host: '', started: '1' }),
    JSON.stringify({ pid: process.pid, host: hostname(), started: '1' }),
    '{"pid":',
  ]
  for (const text of locks) {
    writeFileSync(lock, text)
    const now = systemClock.wallTime() + 60_000
    await open({ path, clock: clockAt(now) }).close()
  }
  writeFileSync(lock, JSON.stringify({ pid: 1, host: 'elsewhere', started: '1' }))
  assert.throws(() => open({ path }), /used by process 1 on elsewhere/)
})

test('a folder that is not a cache is left alone, and what is of another form is removed', async () => {
  const path = newPath()
  mkdirSync(path)
  writeFileSync(join(path, 'letter.txt'), 'dear')
  assert.throws(
    () => open({ path }),
    /is no cache of Headgate, and not empty: it has letter.txt; choose an empty folder/,
  )
  assert.equal(readFileSync(join(path, 'letter.txt'), 'utf8'), 'dear')
  rmSync(join(path, 'letter.txt'))
  await open({ path }).close()
  mkdirSync(join(path, 'v0'))
  writeFileSync(join(path, 'v0', 'old'), '')
  writeFileSync(join(path, 'mine.txt'), '')
  await open({ path }).close()
  assert.throws(() => statSync(join(path, 'v0')), /ENOENT/)
  assert.ok(statSync(join(path, 'mine.txt')).isFile())
})

test('a path that cannot be used is told with what is wrong', () => {
  const file = newPath()
  writeFileSync(file, '')
  assert.throws(() => open({ path: join(file, 'cache') }), /cannot be kept in .*cache: EEXIST.*may write to/)
})

test('what cannot be written is not stored, and is told', async () => {
  const path = newPath()
  const errors: unknown[] = []
  const store = open({ path, onError: (error) => errors.push(error) })
  await store.ready
  await keep(store, 'before', 'content')
  for (const folder of folders()) {
    rmSync(join(path, 'v1', folder), { recursive: true })
    writeFileSync(join(path, 'v1', folder), '')
  }
  assert.equal(await keep(store, 'small', 'content'), false)
  assert.equal(await keep(store, 'large', LARGE), false)
  assert.ok(errors.length >= 2)
  assert.equal(store.stats().errors, errors.length)
  await store.close()
})

test('a disk that is full stores no more, gives out what it has, and goes on when there is room', async (t) => {
  const path = newPath()
  mkdirSync(path)
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path])
  if (mount.status !== 0) return t.skip('no small file system can be made here')
  t.after(() => spawnSync('umount', [path]))
  const errors: unknown[] = []
  const store = open({ path, maxBytes: 64 * 1024 * 1024, onError: (error) => errors.push(error) })
  await store.ready
  const kept: string[] = []
  for (let index = 0; index < 20; index++)
    if (await keep(store, `k${index}`, LARGE.subarray(0, index % 2 === 0 ? 30_000 : 300_000)))
      kept.push(`k${index}`)
  assert.ok(kept.length > 3 && kept.length < 20)
  assert.equal(codeOf(errors[0]), 'ENOSPC')
  for (const key of kept) assert.equal((await contentsAt(store, key)).length, 1)
  await store.purge({ by: 'all' }, 'hard', 0)
  await eventually(() => filesIn(path).length === 0, 'the files are gone')
  assert.ok(await keep(store, 'again', LARGE))
  await store.close()
})

test('a cache whose files somebody removes while it is used goes on with none, and stores again', async () => {
  const path = newPath()
  const store = open({ path })
  await store.ready
  await keep(store, 'a', 'content')
  for (const folder of folders()) rmSync(join(path, 'v1', folder), { recursive: true })
  assert.deepEqual(await contentsAt(store, 'a'), [])
  assert.equal(store.stats().entries, 0)
  assert.equal(await keep(store, 'a', 'lost'), false)
  assert.equal(await keep(store, 'a', 'content'), true)
  assert.deepEqual(await contentsAt(store, 'a'), ['content'])
  await store.close()
})

/** 10,000 take 3 s of CPU; `HEADGATE_DISK_KEYS` says how many. */
const KEYS = Number(process.env['HEADGATE_DISK_KEYS'] ?? 1_000)

test('many keys through a cache of 1 MiB leave it within its bounds, and it goes on', async () => {
  const path = newPath()
  const store = open({ path, maxBytes: 1024 * 1024 })
  for (let index = 0; index < KEYS; index += 50) {
    await Promise.all(
      Array.from({ length: 50 }, (_, offset) =>
        keep(store, `k${index + offset}`, `content ${index + offset}`),
      ),
    )
    assert.ok(store.stats().bytes <= 1024 * 1024)
  }
  assert.deepEqual(await contentsAt(store, `k${KEYS - 1}`), [`content ${KEYS - 1}`])
  await store.close()
  let bytes = 0
  for (const name of filesIn(path)) bytes += statSync(join(path, name)).blocks * 512
  assert.ok(bytes <= 1024 * 1024, `${bytes} bytes in files`)
})

test('what is asked for again and again stays while others pass', async () => {
  const store = open({ maxBytes: 1024 * 1024, maxEntries: 100 })
  await keep(store, 'wanted', 'content')
  for (let index = 0; index < 300; index++) {
    await keep(store, `k${index}`, 'once')
    if (index % 5 === 0) for (const entry of await store.find({ text: 'wanted' })) entry.release()
  }
  assert.deepEqual(await contentsAt(store, 'wanted'), ['content'])
  assert.ok(store.stats().entries <= 100)
  await store.close()
})

test('a storm of purges and writes leaves nothing that was purged, and no file without an entry', async () => {
  const path = newPath()
  const store = open({ path })
  const storm = new AbortController()
  const write = async (lane: number): Promise<void> => {
    for (let index = lane; !storm.signal.aborted; index += 4)
      await keep(store, `k${index % 50}`, index % 3 === 0 ? LARGE.subarray(0, 70_000) : 'x', {
        tags: [`t${index % 5}`],
      })
  }
  const writing = Promise.all([0, 1, 2, 3].map(write))
  for (let index = 0; index < 200; index++) {
    const value = `t${index % 5}`
    await (index % 7 === 0
      ? store.purge({ by: 'all' }, 'hard', index)
      : store.purge({ by: 'tag', value }, 'hard', index))
  }
  storm.abort()
  await writing
  await store.purge({ by: 'all' }, 'hard', 0)
  assert.equal(store.stats().entries, 0)
  await store.close()
  assert.deepEqual(filesIn(path), [])
})
