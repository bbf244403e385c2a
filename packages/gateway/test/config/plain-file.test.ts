import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { readToken } from '../../src/admin/access.ts'
import { checkFiles } from '../../src/config/files.ts'
import { variablesOf } from '../../src/settings/prepare/variables.ts'
import { readText } from '../../src/settings/read/read-text.ts'
import { fileDigests } from '../../src/identity.ts'
import { readGeoFile } from '../../src/features/geo/geo-files.ts'
import { LARGEST_PEM, readPlainFile } from '../../src/plain-file.ts'
import { folder } from '../headgate-process.ts'

/** What may stand in the place of a file that a configuration names, and what is said of it. */
async function places(): Promise<Readonly<Record<string, [file: string, said: RegExp]>>> {
  const directory = folder()
  const at = (name: string): string => join(directory, name)
  mkdirSync(at('folder'))
  execFileSync('mkfifo', [at('pipe')])
  symlinkSync(at('loop'), at('loop'))
  symlinkSync('/dev/zero', at('device'))
  const server = createServer().listen(at('socket')).unref()
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    folder: [at('folder'), /it is a folder/],
    pipe: [at('pipe'), /it is no file, but a pipe/],
    loop: [at('loop'), /it is a link that leads to itself/],
    device: [at('device'), /it is no file, but a pipe/],
    socket: [at('socket'), /it is no file, but a pipe/],
    'file without end': ['/proc/self/pagemap', /at most \d+ are read/],
    'missing file': [at('missing'), /there is no such file/],
  }
}

test('whatever stands in the place of a file that a configuration names is refused at once, and named', async () => {
  for (const [name, [file, said]] of Object.entries(await places())) {
    const text = readText(file)
    assert.ok(!text.ok)
    assert.match(text.problem.message, said, name)
    const secret = variablesOf('/', {}).file(file)
    assert.ok(!secret.ok)
    assert.match(secret.problem, said, name)
    assert.throws(() => readToken({ file }, {}), said, name)
    const listener = { address: '127.0.0.1:0', tls: { cert: file, key: file } }
    const found = checkFiles({ listeners: [listener], upstreams: { a: { tls: { ca: file } } } }, '/')
    assert.equal(found.length, 3, name)
    for (const { problem } of found) assert.match(problem, said, name)
    const tls = { cert: file, key: file, minVersion: 'TLSv1.2' } as const
    assert.equal(fileDigests({ listeners: [{ tls }], upstreams: {} } as never).size, 0, name) // all that it looks at
    await assert.rejects(readGeoFile(file), name)
  }
})

test('a file is read whole, up to the bound', () => {
  const directory = folder({ one: 'x'.repeat(200_000), empty: '' })
  assert.equal(readPlainFile(join(directory, 'one'), LARGEST_PEM).length, 200_000)
  assert.equal(readPlainFile(join(directory, 'empty'), 1).length, 0)
  assert.throws(
    () => readPlainFile(join(directory, 'one'), 199_999),
    /it has 200000 bytes, and at most 199999 are read/,
  )
  // Which says that it is empty.
  assert.match(readPlainFile('/proc/self/status', LARGEST_PEM).toString(), /^Name:/)
})
