import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Clock, systemClock } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { FileWatch } from '../../src/file-watch.ts'
import { becomes } from '../becomes.ts'
import { folder } from '../headgate-process.ts'

/** How often the file was found changed. */
function watched(t: TestContext, file: string, clock: Clock = systemClock): { count: number } {
  const seen = { count: 0 }
  const watch = new FileWatch(file, clock, () => seen.count++)
  watch.start()
  t.after(() => watch.stop())
  return seen
}

test('a file that changes is noticed, beside a log that is written to without end', async (t) => {
  const directory = folder({ 'headgate.yaml': 'one' })
  const seen = watched(t, join(directory, 'headgate.yaml'))
  const writing = setInterval(() => appendFileSync(join(directory, 'access.log'), 'x\n'), 20)
  t.after(() => clearInterval(writing))
  writeFileSync(join(directory, 'headgate.yaml'), 'two')
  assert.equal(await becomes(() => seen.count, 1), 1)
})

test('a file that is written in steps is taken when it is whole, and once', async (t) => {
  const directory = folder({ 'headgate.yaml': 'one' })
  const file = join(directory, 'headgate.yaml')
  const clock = new VirtualClock()
  const seen = watched(t, file, clock)
  writeFileSync(file, 'two')
  // It has noticed that when it looks again and again.
  assert.equal(await becomes(() => clock.pending > 0, true), true)
  for (let step = 0; step < 5; step++) {
    await clock.advance(200)
    appendFileSync(file, 'x')
  }
  assert.equal(seen.count, 0, 'it never stood still for long enough')
  await clock.advance(1_000)
  assert.equal(seen.count, 1)
})

for (const [name, replace] of [
  ['is removed', () => {}],
  ['becomes a folder', (file: string) => mkdirSync(file)],
  ['becomes a pipe', (file: string) => execFileSync('mkfifo', [file])],
  ['becomes a link to itself', (file: string) => symlinkSync(file, file)],
  ['becomes a link to a device', (file: string) => symlinkSync('/dev/zero', file)],
] as const) {
  test(`a file that ${name} for longer than a moment is told once, and again when it is there as before`, async (t) => {
    const file = join(folder({ 'headgate.yaml': 'one' }), 'headgate.yaml')
    const clock = new VirtualClock()
    const seen = watched(t, file, clock)
    rmSync(file)
    replace(file)
    assert.equal(await becomes(() => clock.pending > 0, true), true)
    await clock.advance(1_000)
    assert.equal(seen.count, 0, 'it may be on its way')
    await clock.advance(2_000)
    assert.equal(seen.count, 1)
    await clock.advance(60_000)
    assert.equal(seen.count, 1)
    rmSync(file, { recursive: true, force: true })
    writeFileSync(file, 'one')
    assert.equal(await becomes(() => clock.pending > 0, true), true)
    await clock.advance(1_000)
    assert.equal(seen.count, 2)
  })
}

test('a file that is gone for a moment, and back as it was, is not told', async (t) => {
  const file = join(folder({ 'headgate.yaml': 'one' }), 'headgate.yaml')
  const clock = new VirtualClock()
  const seen = watched(t, file, clock)
  rmSync(file)
  assert.equal(await becomes(() => clock.pending > 0, true), true)
  await clock.advance(500)
  writeFileSync(file, 'one')
  await clock.advance(10_000)
  assert.equal(seen.count, 0)
})

test('a link that is put in the place of another is noticed, as Kubernetes does it', async (t) => {
  const directory = folder({ one: 'one', two: 'two' })
  const file = join(directory, 'headgate.yaml')
  symlinkSync('one', file)
  const seen = watched(t, file)
  symlinkSync('two', `${file}.new`)
  renameSync(`${file}.new`, file)
  assert.equal(await becomes(() => seen.count, 1), 1)
  rmSync(file)
})
