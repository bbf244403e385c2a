import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { DiskCacheError } from '@headgate/core'
import { type ClientDiskStore, diskStore, type DiskStoreOptions } from '../../src/disk.ts'
import type { Client } from '../../src/index.ts'
import { clientOf, originOf } from '../origin.ts'
import { cachedOrigin, FRESH, numbered, wayOf } from './cached-origin.ts'

function folderOf(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'headgate-client-disk-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function opened(options: DiskStoreOptions): Promise<ClientDiskStore> {
  const store = diskStore({ maxBytes: 16 * 1024 * 1024, ...options })
  await store.ready
  return store
}

test('what is stored on disk is found after a restart, by who sends the same credentials and nobody else', async (t) => {
  const path = folderOf(t)
  const { client, seen, url } = await cachedOrigin(t, numbered(FRESH), { cache: false })
  await client.close()
  const asks = async (store: ClientDiskStore, token?: string): Promise<readonly unknown[]> => {
    const asking = clientOf(t, { baseUrl: url, cache: { store } })
    const response = await asking.get('/a', token === undefined ? {} : { headers: { authorization: token } })
    return [await response.text(), wayOf(response), response.cacheStatus?.from]
  }
  const first = await opened({ path })
  assert.deepEqual(await asks(first), ['no. 1', 'uri-miss stored', undefined])
  assert.deepEqual(await asks(first, 'Bearer ada'), ['no. 2', 'uri-miss stored', undefined])
  assert.deepEqual(await asks(first), ['no. 1', 'hit', undefined])
  await first.close()
  await using second = await opened({ path })
  assert.deepEqual(await asks(second, 'Bearer ada'), ['no. 2', 'hit', 'disk'])
  assert.deepEqual(await asks(second), ['no. 1', 'hit', 'disk'])
  assert.deepEqual(await asks(second, 'Bearer grace'), ['no. 3', 'uri-miss stored', undefined])
  assert.deepEqual(await asks(second), ['no. 1', 'hit', undefined])
  assert.equal(seen.length, 3)
})

/** A program with such a client, which says what it has got. */
function program(path: string, url: string, calls: number): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, 'disk-child.ts'), path, url, String(calls)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** Large enough for a file of its own. */
const contentOf = (url: string): string => `${url} `.repeat(20_000)

test('a program that is killed leaves a store that opens, with whole responses alone, and one that ends leaves all', async (t) => {
  const path = folderOf(t)
  let requests = 0
  const url = await originOf(t, (request, response) => {
    requests++
    response.writeHead(200, FRESH).end(contentOf(String(request.url)))
  })
  for (const _ of [1, 2]) {
    const killed = program(path, url, 10_000)
    await once(killed.stdout ?? assert.fail(), 'data')
    killed.kill('SIGKILL')
    await once(killed, 'exit')
  }
  // It closes nothing: the end of the program is no reason to wait for, nor to lose anything that was written.
  const ended = program(path, url, 1)
  const [code] = await once(ended, 'exit')
  assert.equal(code, 0)
  const asked = requests
  const store = await opened({ path })
  const client = clientOf(t, { baseUrl: url, cache: { store } })
  const got = await Promise.all(Array.from({ length: 30 }, (_, index) => answerOf(client, `/${index}`)))
  assert.ok(got.includes('hit'))
  assert.equal(requests - asked, got.filter((way) => way !== 'hit').length)
  await store.close()
})

async function answerOf(client: Client, path: string): Promise<string | undefined> {
  const response = await client.get(path)
  assert.ok((await response.text()) === contentOf(path))
  return wayOf(response)
}

test('a folder that another store uses, or that is something else, is refused', async (t) => {
  const path = folderOf(t)
  const store = await opened({ path })
  assert.throws(() => diskStore({ path }), { name: 'DiskCacheError', message: /is used by process \d+/ })
  await store.close()
  const again = await opened({ path })
  await again.close()
  const other = folderOf(t)
  writeFileSync(join(other, 'notes.txt'), 'mine')
  assert.throws(() => diskStore({ path: other }), DiskCacheError)
  assert.deepEqual(readdirSync(other), ['notes.txt'])
})

test('options of a store on disk that are not valid are named', () => {
  const make = (options: object) => () => diskStore(options as DiskStoreOptions)
  assert.throws(make({}), { name: 'TypeError', message: /path/ })
  assert.throws(make({ path: '/tmp/x', maxBytes: -1 }), { name: 'TypeError', message: /maxBytes/ })
  assert.throws(make({ path: '/tmp/x', folder: 'y' }), { name: 'TypeError', message: /folder/ })
})
