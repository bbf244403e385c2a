import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { becomes } from '../becomes.ts'
import { folder } from '../headgate-process.ts'
import { type ChangingGateway, configWith, startChanging } from '../versions/running-gateway.ts'

function config(
  answer: string,
  directory?: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return configWith({
    workers: 1,
    reload: { watch: false },
    versions: { keep: 3, ...(directory !== undefined && { directory }) },
    routes: [{ name: 'all', respond: { body: answer }, ...more }],
  })
}

async function answer(gateway: ChangingGateway): Promise<string> {
  return (await fetch(gateway.url)).text()
}

async function reload(gateway: ChangingGateway, next: unknown): Promise<number> {
  gateway.write(next)
  return (await gateway.call('POST', '/reload')).status
}

test('a regular expression that is none, in a file or in a call, is refused with its place; what is in force goes on', async () => {
  const gateway = await startChanging(config('one'))
  for (const [pattern, reason] of [
    ['/a(', /"\(" is not closed/],
    ['(a)\\1', /is not known here/],
    ['(?=a)', /there are no such groups/],
    ['((a{30}){30}){30}', /too large/],
  ] as const) {
    const wrong = config('two', undefined, { match: { pathRegex: pattern } })
    gateway.write(wrong)
    for (const { status, body } of [
      await gateway.call('POST', '/reload'),
      await gateway.call('PUT', '/config', { body: wrong, headers: { 'if-match': '*' } }),
    ]) {
      assert.equal(status, 422)
      const mistakes = JSON.stringify(body['mistakes'])
      assert.match(mistakes, /routes\[0\]\.match\.pathRegex/)
      assert.match(mistakes.replaceAll('\\"', '"'), reason)
    }
    assert.equal(await answer(gateway), 'one')
  }
  assert.match(gateway.process.stderr, /the one before stays in force/)
  assert.equal(await reload(gateway, config('three')), 200)
  assert.equal(await answer(gateway), 'three')
})

test('a folder of versions with rubbish in it: what can be read is used, the rest is named, and the gateway goes on', async () => {
  const directory = folder()
  const fact = { hash: 'h', time: '2026-01-01T00:00:00.000Z', origin: 'file', summary: 's', folder: '/' }
  writeFileSync(
    join(directory, '000001.json'),
    JSON.stringify({ id: 1, ...fact, input: config('one', directory) }),
  )
  // Of another release, or of another program.
  writeFileSync(join(directory, '000002.json'), JSON.stringify({ id: 2, ...fact, input: { rooutes: [] } }))
  writeFileSync(join(directory, '000003.json'), '{"id":3,"hash":"')
  writeFileSync(join(directory, '000004.json'), Buffer.alloc(5_000))
  mkdirSync(join(directory, '000005.json'))
  const gateway = await startChanging(config('now', directory))
  for (const name of ['000003', '000004', '000005'])
    assert.match(gateway.process.stderr, new RegExp(`${name}\\.json.*passed over`))
  const { versions } = (await gateway.call('GET', '/versions')).body as { versions: { id: number }[] }
  assert.deepEqual(
    versions.map(({ id }) => id),
    [6, 2, 1],
    'no number is given twice',
  )
  const wrong = await gateway.call('POST', '/versions/2/rollback')
  assert.equal(wrong.status, 422)
  assert.match(JSON.stringify(wrong.body), /rooutes/)
  assert.equal(await answer(gateway), 'now')
  assert.equal((await gateway.call('POST', '/versions/1/rollback')).status, 200)
  assert.equal(await answer(gateway), 'one')
  assert.ok(readdirSync(directory).includes('000007.json'))
})

/** A folder on a disk of 64 KiB; undefined where none may be mounted. */
function smallDisk(t: TestContext): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'headgate-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory]).status === 0
  t.after(() => {
    if (mounted) spawnSync('umount', ['-l', directory])
    rmdirSync(directory)
  })
  return mounted ? directory : undefined
}

test('a disk that is full: changes are put in force all the same, which is said once; with room, they are kept again', async (t) => {
  const directory = smallDisk(t)
  if (directory === undefined) return t.skip('no tmpfs can be mounted here: needs root on Linux')
  const gateway = await startChanging(config('one', directory))
  const rubbish = join(directory, 'rubbish')
  assert.throws(() => writeFileSync(rubbish, Buffer.alloc(1_000_000)), { code: 'ENOSPC' })
  assert.equal(await reload(gateway, config('two', directory)), 200)
  assert.equal(await reload(gateway, config('three', directory)), 200)
  assert.equal(await answer(gateway), 'three')
  const told = (): number => gateway.process.stderr.split('kept in memory only').length - 1
  assert.equal(await becomes(told, 1), 1)
  assert.ok(gateway.process.stderr.includes(`${directory} cannot be used: ENOSPC`), 'which folder')
  assert.deepEqual(readdirSync(directory).sort(), ['000001.json', 'rubbish'], 'nothing half-written is left')
  assert.equal((await gateway.call('POST', '/versions/2/rollback')).status, 200, 'from memory')
  assert.equal(await answer(gateway), 'two')
  rmSync(rubbish)
  assert.equal(await reload(gateway, config('five', directory)), 200)
  assert.match(readFileSync(join(directory, '000005.json'), 'utf8'), /"five"/)
  const kept = ['000003.json', '000004.json', '000005.json']
  assert.deepEqual(readdirSync(directory).sort(), kept, 'those of the time without room, too')
  await gateway.process.print(/are kept in [^"]+ again/)
  assert.equal(told(), 1)
  return undefined
})
