import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { VersionHistory } from '../../src/versions/history.ts'
import type { Version } from '../../src/versions/version.ts'
import { folder } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'
import { configWith, startChanging } from './running-gateway.ts'

const fact: Omit<Version, 'id'> = {
  hash: 'h',
  time: '2026-01-01T00:00:00.000Z',
  origin: 'admin',
  summary: 's',
  input: { routes: [] },
  folder: '/',
}

it('versions outlive the process, and only the last ones are kept', () => {
  const directory = join(folder(), 'a', 'b')
  const problems: string[] = []
  const history = new VersionHistory(directory, 3, (message) => problems.push(message))
  for (let count = 0; count < 5; count++) history.add({ ...fact, hash: `h${count}` })
  const again = new VersionHistory(directory, 3, (message) => problems.push(message))
  assert.deepEqual(
    again.all.map(({ id, hash }) => [id, hash]),
    [
      [3, 'h2'],
      [4, 'h3'],
      [5, 'h4'],
    ],
  )
  assert.equal(again.add(fact).id, 6)
  assert.equal(readdirSync(directory).length, 3)
  assert.equal(statSync(join(directory, '000006.json')).mode & 0o077, 0, 'nobody else may read secrets in it')
  assert.deepEqual(problems, [])
})

it('where fewer are to be kept than there are, the others go', () => {
  const directory = folder()
  const fill = new VersionHistory(directory, 5, assert.fail)
  for (let count = 0; count < 5; count++) fill.add(fact)
  const history = new VersionHistory(directory, 2, assert.fail)
  assert.equal(history.all.length, 2)
  history.add(fact)
  assert.deepEqual(readdirSync(directory).sort(), ['000005.json', '000006.json'])
})

it('a file that is no version is passed over, with a word', () => {
  const directory = folder({ '000001.json': '{"id":1', '000002.json': '{}', 'notes.txt': 'x' })
  const problems: string[] = []
  const history = new VersionHistory(directory, 3, (message) => problems.push(message))
  assert.deepEqual(history.all, [])
  assert.equal(problems.length, 2)
})

it('where the folder cannot be written, they are kept in memory, and that is said once', () => {
  const parent = folder({ file: '' })
  const problems: string[] = []
  const history = new VersionHistory(join(parent, 'file', 'versions'), 3, (message) => problems.push(message))
  history.add(fact)
  history.add(fact)
  assert.equal(history.last?.id, 2)
  assert.match(problems.join('\n'), /^versions .* in memory only.*versions\.directory[^\n]*$/)
})

it('a gateway goes back to a version of before its restart, and tells two versions apart', async () => {
  const [one, two] = [await startOrigin((_, r) => r.end('one')), await startOrigin((_, r) => r.end('two'))]
  const config = (upstream: string) =>
    configWith({ workers: 1, reload: { watch: false }, routes: [{ name: 'all', upstream }] })
  const first = await startChanging(config(one.url))
  first.write(config(two.url))
  await first.call('POST', '/reload', { headers: { 'headgate-author': 'ada' } })
  first.process.child.kill('SIGTERM')
  assert.equal((await first.process.finished).code, 0)

  const second = await startChanging(config(two.url), {}, first.cwd)
  const { versions, current } = (await second.call('GET', '/versions')).body as {
    versions: Version[]
    current: number
  }
  assert.deepEqual(
    versions.map(({ id, origin, author }) => [id, origin, author]),
    [
      [2, 'admin', 'ada (127.0.0.1)'],
      [1, 'start', undefined],
    ],
    'a start with the same is no change',
  )
  assert.equal(current, 2)
  const { differences } = (await second.call('GET', '/diff?from=1&to=2')).body
  assert.deepEqual(differences, [{ path: 'routes.all.upstream', before: one.url, after: two.url }])
  const dry = await second.call('POST', '/versions/1/rollback?dryRun')
  assert.equal(dry.body['outcome'], 'possible')
  assert.equal(await (await fetch(second.url)).text(), 'two')
  const done = await second.call('POST', '/versions/1/rollback')
  assert.equal(done.body['outcome'], 'applied')
  assert.equal(await (await fetch(second.url)).text(), 'one')
  assert.match(second.process.stderr, /version 3 is in force \(rollback, 127\.0\.0\.1\)/)
  assert.equal((await second.call('POST', '/versions/9/rollback')).status, 404)
})
