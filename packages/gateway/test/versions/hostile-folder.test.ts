import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { VersionHistory } from '../../src/versions/history.ts'
import { removeOldState } from '../../src/versions/old-state.ts'
import { stateDirectory } from '../../src/versions/state-directory.ts'
import type { Version } from '../../src/versions/version.ts'
import { folder } from '../headgate-process.ts'

const fact: Omit<Version, 'id'> = {
  hash: 'h',
  time: '2026-01-01T00:00:00.000Z',
  origin: 'admin',
  summary: 's',
  input: { routes: [] },
  folder: '/',
}

/** A history of a folder, and what was said of it. */
function opened(directory: string, keep = 3): { history: VersionHistory; told: string } {
  const told: string[] = []
  const history = new VersionHistory(directory, keep, (message) => told.push(message))
  return { history, told: told.join('\n') }
}

describe('a folder of versions in which somebody else has been', () => {
  it('a link where the unfinished file is written is removed, and what it leads to is left alone', () => {
    const directory = folder()
    const { history } = opened(directory)
    const victim = join(folder({ victim: 'precious' }), 'victim')
    symlinkSync(victim, join(directory, '000001.json.new'))
    assert.equal(history.add(fact).id, 1)
    assert.equal(readFileSync(victim, 'utf8'), 'precious')
    assert.ok(lstatSync(join(directory, '000001.json')).isFile())
    assert.deepEqual(readdirSync(directory), ['000001.json'])
  })

  it('a link in place of a version is passed over, and neither followed nor written through', () => {
    const directory = folder()
    const victim = join(folder({ victim: JSON.stringify({ id: 1, ...fact }) }), 'victim')
    symlinkSync(victim, join(directory, '000001.json'))
    const { history, told } = opened(directory)
    assert.match(told, /000001\.json cannot be read, and is passed over: it is a link/)
    assert.equal(history.add(fact).id, 2)
    assert.equal(JSON.parse(readFileSync(victim, 'utf8')).id, 1)
  })

  it('a pipe in place of a version is passed over, and not waited for', (t) => {
    const directory = folder()
    const pipe = join(directory, '000001.json')
    if (spawnSync('/usr/bin/env', ['mkfifo', pipe]).status !== 0)
      return t.skip('there are no named pipes here')
    const { history, told } = opened(directory)
    assert.match(told, /000001\.json .*passed over: it is no plain file/)
    assert.equal(history.add(fact).id, 2)
    return undefined
  })

  it('folders in place of unfinished files are named and left alone, and cost no version and no number', () => {
    const directory = folder({ '000001.json': JSON.stringify({ id: 1, ...fact }) })
    for (const name of ['000002.json.new', '000003.json', '000005.json.new']) mkdirSync(join(directory, name))
    writeFileSync(join(directory, '000002.json.new', 'precious'), '')
    const { history, told } = opened(directory, 9)
    assert.match(told, /000002\.json\.new is a folder, and no file of a version: it is left as it is/)
    assert.doesNotMatch(told, /memory/)
    assert.deepEqual([history.add(fact).id, history.add(fact).id], [4, 6])
    assert.deepEqual(
      opened(directory).history.all.map(({ id }) => id),
      [1, 4, 6],
    )
    assert.ok(existsSync(join(directory, '000002.json.new', 'precious')))
  })

  it('a file in place of the folder itself is named; once the folder is there again, all versions that are kept are', () => {
    const directory = join(folder(), 'versions')
    const told: string[] = []
    const history = new VersionHistory(directory, 3, (message) => told.push(message))
    history.add(fact)
    renameSync(directory, `${directory}.away`)
    writeFileSync(directory, '')
    for (let count = 0; count < 5; count++) history.add(fact)
    assert.equal(told.length, 1)
    assert.ok(told[0]?.includes(`${directory} cannot be used: EEXIST`), told[0])
    rmSync(directory)
    history.add(fact)
    assert.deepEqual(readdirSync(directory), ['000005.json', '000006.json', '000007.json'])
    assert.equal(told[1], `versions of the configuration are kept in ${directory} again`)
  })

  for (const [member, value] of [
    ['id', '1'],
    ['id', 0],
    ['hash', 7],
    ['hash', ''],
    ['time', undefined],
    ['time', 'tomorrow'],
    ['origin', 'elsewhere'],
    ['author', {}],
    ['summary', null],
    ['summary', 'x'.repeat(20_000)],
    ['folder', []],
    ['input', null],
    ['input', []],
  ] as const) {
    it(`a version whose ${member} is ${JSON.stringify(value)?.slice(0, 20)} is named and left aside`, () => {
      const wrong = JSON.stringify({ id: 1, ...fact, [member]: value })
      const directory = folder({ '000001.json': wrong })
      const { history, told } = opened(directory)
      assert.deepEqual(history.all, [])
      assert.match(told, new RegExp(`000001\\.json cannot be read, and is passed over: .*${member}$`))
      history.add(fact)
      assert.equal(readFileSync(join(directory, '000001.json'), 'utf8'), wrong, 'it is left as it is')
    })
  }

  it('a huge number in a name, or in a version, does not spoil those that come after', () => {
    const named = '9'.repeat(20)
    const directory = folder({
      '000001.json': JSON.stringify({ id: 1, ...fact }),
      [`${named}.json`]: JSON.stringify({ id: Number(named), ...fact }),
      '1000000000.json': JSON.stringify({ id: 1_000_000_000, ...fact }),
      '0000002.json': JSON.stringify({ id: 2, ...fact }),
    })
    const { history } = opened(directory)
    assert.deepEqual(
      history.all.map(({ id }) => id),
      [1],
    )
    assert.deepEqual([history.add(fact).id, history.add(fact).id], [2, 3])
    assert.deepEqual(
      opened(directory).history.all.map(({ id }) => id),
      [1, 2, 3],
    )
  })

  it('after the highest number there is, versions go on in memory, and that is said', () => {
    const directory = folder({ '999999999.json': JSON.stringify({ id: 999_999_999, ...fact }) })
    const told: string[] = []
    const history = new VersionHistory(directory, 3, (message) => told.push(message))
    assert.ok(history.add(fact).id < history.add(fact).id)
    assert.match(told.join('\n'), /in memory only.*the numbers are used up/)
  })

  it('a file that is too large is not read', () => {
    const directory = folder({ '000001.json': '{}' })
    truncateSync(join(directory, '000001.json'), 100 * 1024 * 1024)
    assert.match(opened(directory).told, /it is larger than 67108864 bytes/)
  })

  it('a version that others may write to is not trusted; one that others may read is taken from their sight', () => {
    const text = (id: number): string => JSON.stringify({ id, ...fact })
    const directory = folder({ '000001.json': text(1), '000002.json': text(2) })
    chmodSync(join(directory, '000001.json'), 0o666)
    chmodSync(join(directory, '000002.json'), 0o644)
    const { history, told } = opened(directory)
    assert.match(told, /000001\.json .*others may write to it/)
    assert.deepEqual(
      history.all.map(({ id }) => id),
      [2],
    )
    assert.equal(statSync(join(directory, '000002.json')).mode & 0o777, 0o600)
  })

  it('a file that is no version, or has another name, keeps its mode: it may have been planted by a link to one of ours', () => {
    const text = JSON.stringify({ id: 1, ...fact })
    const directory = folder({ '000001.json': text, '000002.json': 'for others to read' })
    const elsewhere = join(folder(), 'published.json')
    linkSync(join(directory, '000001.json'), elsewhere)
    chmodSync(elsewhere, 0o644)
    chmodSync(join(directory, '000002.json'), 0o644)
    const { history } = opened(directory)
    assert.equal(history.all.length, 1)
    assert.equal(statSync(elsewhere).mode & 0o777, 0o644)
    assert.equal(statSync(join(directory, '000002.json')).mode & 0o777, 0o644)
  })

  it('a folder that others may write to is told of; one that is made is closed to them', () => {
    const open = folder()
    chmodSync(open, 0o777)
    assert.match(opened(open).told, /is not safe: others may write to it \(chmod 700\)/)
    const made = join(open, 'made')
    opened(made)
    assert.equal(statSync(made).mode & 0o777, 0o700)
  })

  it('thousands of files are neither all read nor all named', () => {
    const directory = folder()
    for (let id = 1; id <= 3_000; id++)
      writeFileSync(join(directory, `${String(id).padStart(6, '0')}.json`), '{}')
    const { history, told } = opened(directory)
    assert.equal(told.split('\n').length, 21)
    assert.match(told, /980 more files in .* are passed over/)
    assert.equal(history.add(fact).id, 3_001)
  })
})

describe('folders of files that nobody uses any more', () => {
  const DAY = 24 * 3_600_000
  const now = Date.UTC(2026, 5, 1)

  function used(base: string, file: string, daysAgo: number): string {
    const path = stateDirectory(file, { XDG_STATE_HOME: base })
    new VersionHistory(path, 3, assert.fail).add(fact)
    utimesSync(path, (now - daysAgo * DAY) / 1000, (now - daysAgo * DAY) / 1000)
    return path
  }

  it('go, once there are many and they are old; the ones in use, the younger ones and what is no gateway’s stay', () => {
    const base = folder()
    const own = used(base, '/etc/headgate.yaml', 400)
    const old = Array.from({ length: 60 }, (_, index) => used(base, `/old/${index}.yaml`, 100 + index))
    const other = used(base, '/other.yaml', 300)
    writeFileSync(join(other, 'notes.txt'), 'mine')
    utimesSync(other, 0, 0)
    mkdirSync(join(base, 'headgate', 'something'))
    const gone = removeOldState(own, now)
    assert.deepEqual(gone.toSorted(), old.slice(49).toSorted())
    assert.ok(gone.every((path) => !existsSync(path)))
    assert.ok([own, other, ...old.slice(0, 49)].every((path) => existsSync(path)))
    assert.ok(existsSync(join(base, 'headgate', 'something')))
    assert.deepEqual(removeOldState(own, now), [])
  })

  it('stay as long as they are young, however many there are', () => {
    const base = folder()
    const own = used(base, '/etc/headgate.yaml', 0)
    for (let index = 0; index < 60; index++) used(base, `/new/${index}.yaml`, 10)
    assert.deepEqual(removeOldState(own, now), [])
  })
})
