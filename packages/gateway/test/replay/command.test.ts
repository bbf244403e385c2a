import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { ReplayReport } from '../../src/replay/replay.ts'
import { headgate } from '../headgate-command.ts'
import { folder } from '../headgate-process.ts'

describe('headgate replay', () => {
  const config =
    'routes:\n  - { name: api, match: { path: /api/** }, upstream: "http://127.0.0.1:1" }\n  - { name: rest, respond: {} }\n'
  const line = (path: string, route: string, more: object = {}): string =>
    `${JSON.stringify({ time: '2026-11-01T12:00:00.000Z', route, method: 'GET', host: 'a', path, status: 200, duration_ms: 1, client: '192.0.2.1', ...more })}\n`
  const same = line('/', 'rest')
  const changed = line('/api/x', 'old', { endpoint: '127.0.0.1:1' })

  it('exits with 2 for a file that is no access log, and says so', async () => {
    const cwd = folder({ 'new.yaml': config, 'notes.txt': 'hello\n{"level":"info"}\n', 'empty.log': '' })
    const none = await headgate(['replay', '--log', 'notes.txt', '--against', 'new.yaml'], { cwd })
    assert.equal(none.code, 2)
    assert.match(none.stderr, /^headgate: notes\.txt is no access log/m)
    assert.equal((await headgate(['replay', '--log', 'empty.log', '--against', 'new.yaml'], { cwd })).code, 0)
  })

  it('exits with 0 if nothing would change, 1 if something would, 2 without a log, 78 for a bad configuration', async () => {
    const cwd = folder({
      'new.yaml': config,
      'bad.yaml': 'routes: []',
      'same.log': same,
      'changed.log': same + changed,
    })
    const replay = (...args: string[]) => headgate(['replay', ...args], { cwd })
    const [none, some, missing, bad, misused] = await Promise.all([
      replay('--log', 'same.log', '--against', 'new.yaml'),
      replay('--log', 'changed.log', '--against', 'new.yaml'),
      replay('--log', 'missing.log', '--against', 'new.yaml'),
      replay('--log', 'same.log', '--against', 'bad.yaml'),
      replay('--log', 'same.log'),
    ])
    assert.deepEqual(
      [none, some, missing, bad, misused].map(({ code }) => code),
      [0, 1, 2, 78, 2],
    )
    assert.equal(none?.stdout, '1  lines\n1  the same\n0  would change\n')
    assert.equal(
      some?.stdout,
      '2  lines\n1  the same\n1  would change\n\n' +
        'What would change:\n  1  route old → api (first: line 2)\n\n' +
        'Line by line:\n  2: GET a/api/x  route old → api\n',
    )
    assert.match(missing?.stderr ?? '', /missing\.log cannot be read: there is no such file/)
    assert.match(bad?.stderr ?? '', /there is no route/)
    assert.match(misused?.stderr ?? '', /--log FILE and --against FILE are needed/)
  })

  it('reads gzip, lists as many as it is asked for, and prints JSON', async () => {
    const cwd = folder({ 'new.yaml': config })
    writeFileSync(join(cwd, 'log.gz'), gzipSync(changed.repeat(30)))
    const { stdout, code } = await headgate(
      ['replay', '--log', 'log.gz', '--against', 'new.yaml', '--limit', '3', '--json'],
      { cwd },
    )
    assert.equal(code, 1)
    const report = JSON.parse(stdout) as ReplayReport
    assert.equal(report.changed, 30)
    assert.equal(report.changes.length, 3)
    assert.deepEqual(report.groups, [{ text: 'route old → api', count: 30, line: 1 }])
    writeFileSync(join(cwd, 'cut.gz'), gzipSync(changed.repeat(3000)).subarray(0, -20))
    const cut = await headgate(['replay', '--log', 'cut.gz', '--against', 'new.yaml'], { cwd })
    assert.equal(cut.code, 2)
    assert.match(cut.stderr, /cut\.gz cannot be read to its end: unexpected end of file/)
  })
})
