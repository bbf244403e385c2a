import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-kinds-'))
})
after(() => rm(folder, { recursive: true, force: true }))

const ROUTES = 'routes:\n  - upstream: http://127.0.0.1:1\n'

test('what is no file of text in UTF-8 is refused, and says what it is', async () => {
  await mkdir(join(folder, 'folder.yaml'))
  execFileSync('mkfifo', [join(folder, 'pipe.yaml')], { timeout: 20_000 })
  await symlink('/dev/zero', join(folder, 'device.yaml'))
  const texts: Record<string, Buffer> = {
    'mark.yaml': Buffer.from(`\u{feff}${ROUTES}`, 'utf16le'),
    'utf16.yaml': Buffer.from(ROUTES, 'utf16le'),
    'latin1.yaml': Buffer.from('# \u00e9\n', 'latin1'),
    'empty.yaml': Buffer.alloc(0),
    'blank.json': Buffer.from('\n \n'),
  }
  for (const [name, bytes] of Object.entries(texts)) await writeFile(join(folder, name), bytes)
  const cases: [string, RegExp][] = [
    ['folder.yaml', /it is a folder; .*name the file in it/],
    ['pipe.yaml', /it is no file, but a pipe/],
    ['device.yaml', /it is no file, but .*a device/],
    ['none.yaml', /there is no such file/],
    ['mark.yaml', /it is in UTF-16; save it as UTF-8/],
    ['utf16.yaml', /it is in UTF-16 or no text at all; save it as UTF-8/],
    ['latin1.yaml', /it is not in UTF-8; save it as UTF-8/],
    ['empty.yaml', /the file is empty; the shortest/],
    ['blank.json', /the file is empty; the shortest/],
  ]
  for (const [name, expected] of cases) {
    const result = await loadConfig(join(folder, name))
    assert.ok(!result.ok)
    assert.equal(result.problems.length, 1)
    assert.match(`${result.problems[0]?.message}; ${result.problems[0]?.hint}`, expected)
  }
})

test('a mark of UTF-8 at the start of a file is passed over', async () => {
  await writeFile(join(folder, 'marked.yaml'), `\u{feff}${ROUTES}`)
  assert.ok((await loadConfig(join(folder, 'marked.yaml'))).ok)
})
