import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { backOff, renewalTime, windowOf, windowPause } from '../../src/acme/renewal-time.ts'
import { FolderStore, LOCK_LIFE } from '../../src/acme/store.ts'
import { folder } from '../headgate-process.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

describe('when a certificate is renewed', () => {
  const ninety = { notBefore: 0, notAfter: 90 * DAY }
  const window = { start: 20 * DAY, end: 22 * DAY }
  const TABLE: readonly [name: string, days: number, ...given: Parameters<typeof renewalTime>][] = [
    ['two thirds of its life', 60, ninety, undefined, 0.5],
    ['the earliest of those who come together', 58.2, ninety, undefined, 0],
    ['a week has two thirds, too', 4.667, { notBefore: 0, notAfter: 7 * DAY }, undefined, 0.5],
    ['the window of the authority', 21, ninety, window, 0.5],
    ['its start', 20, ninety, window, 0],
    ['a window behind its end is none', 88.2, ninety, { start: 100 * DAY, end: 101 * DAY }, 0.5],
  ]
  for (const [name, days, ...given] of TABLE)
    it(`is decided: ${name}`, () => assert.ok(Math.abs(renewalTime(...given) / DAY - days) < 0.01))

  it('a window is two times, the first before the second', () => {
    assert.deepEqual(windowOf('1970-01-01T00:00:01Z', '1970-01-01T00:00:02Z'), { start: 1000, end: 2000 })
    for (const [start, end] of [
      ['1970-01-02T00:00:00Z', '1970-01-01T00:00:00Z'],
      ['soon', 'later'],
      [1, 2],
      [undefined, undefined],
    ])
      assert.equal(windowOf(start, end), undefined)
    assert.equal(windowPause(undefined), 6 * HOUR)
    assert.equal(windowPause(1), MINUTE)
    assert.equal(windowPause(30 * DAY), DAY)
  })
})

describe('after a failure', () => {
  const TABLE: readonly [failures: number, retryAfter: number | undefined, pause: number][] = [
    [1, undefined, MINUTE],
    [2, undefined, 4 * MINUTE],
    [4, undefined, 64 * MINUTE],
    [7, undefined, DAY],
    [1_000, undefined, DAY],
    [1, 2 * HOUR, 2 * HOUR],
    [7, 2 * HOUR, DAY],
    [1, 2 * DAY, 2 * DAY],
    [1, 365 * DAY, 3 * DAY],
  ]
  for (const [failures, retryAfter, pause] of TABLE)
    it(`number ${failures}, asked to wait ${retryAfter ?? 'nothing'}, the next try is in ${pause} ms`, () => {
      assert.equal(backOff(failures, retryAfter, 0), pause)
      assert.ok(backOff(failures, retryAfter, 0.999) < pause * 1.1001)
    })
})

describe('a lock of the storage', () => {
  it('is that of one, until it is given back or nobody keeps it', async () => {
    const clock = new VirtualClock()
    const path = folder()
    const [one, other] = [new FolderStore(path, clock), new FolderStore(path, clock)]
    const lock = await one.lock('name')
    assert.ok(lock)
    assert.equal(await other.lock('name'), undefined)
    await clock.advance(LOCK_LIFE - 1)
    assert.equal(await lock.keep(), true)
    await clock.advance(LOCK_LIFE - 1)
    assert.equal(await other.lock('name'), undefined)
    await clock.advance(1)
    const taken = await other.lock('name')
    assert.ok(taken, 'the time of the first is over')
    assert.equal(await lock.keep(), false)
    await lock.release()
    assert.equal(await one.lock('name'), undefined, 'who lost it does not take it from the other')
    await taken.release()
    assert.ok(await one.lock('name'))
  })

  it('that was made by a clock far ahead, or is no lock at all, holds nobody up', async () => {
    const clock = new VirtualClock()
    const path = folder()
    const store = new FolderStore(path, clock)
    for (const content of [JSON.stringify({ owner: 'x', until: clock.wallTime() + DAY }), '{', '']) {
      writeFileSync(join(path, 'name.lock'), content)
      const lock = await store.lock('name')
      assert.ok(lock, content)
      await lock.release()
    }
  })
})

it('what a process stores that is killed is whole, or what was there before', async () => {
  const path = folder()
  const module = new URL('../../src/authority/private-folder.ts', import.meta.url).href
  const program = `
    const { PrivateFolder } = await import(${JSON.stringify(module)})
    const folder = new PrivateFolder(${JSON.stringify(path)})
    for (let turn = 0; ; turn = (turn + 1) % 10) folder.write('file', String(turn).repeat(300_000))
  `
  for (let tries = 0; tries < 3; tries++) {
    const before = new Set(readdirSync(path))
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'ignore' })
    await eventually(
      () => readdirSync(path).some((name) => name.endsWith('.new') && !before.has(name)),
      'it writes',
    )
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    const found = readdirSync(path).includes('file') ? readFileSync(join(path, 'file'), 'utf8') : ''
    assert.ok(found === '' || (found.length === 300_000 && found === found.charAt(0).repeat(300_000)))
  }
})
