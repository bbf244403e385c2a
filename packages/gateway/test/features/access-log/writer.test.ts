import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { VirtualClock } from '@headgate/core/testing'
import { LogWriter, openLogDestination } from '../../../src/features/access-log/log-writer.ts'
import { eventually } from '../../../../../scripts/testing/eventually.ts'

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-log-'))
})
after(() => rmSync(folder, { recursive: true }))

/** A writer, and what it says. */
function writerTo(fd: number, bufferLimit?: number) {
  const clock = new VirtualClock()
  const reports: string[] = []
  let dropped = 0
  const writer = new LogWriter(fd, {
    clock,
    report: (message) => reports.push(message),
    dropped: { add: (lines) => (dropped += lines) },
    ...(bufferLimit !== undefined && { bufferLimit }),
  })
  return { clock, reports, writer, dropped: () => dropped }
}

/** Writes happen in another thread. */
async function until(condition: () => boolean): Promise<void> {
  await eventually(condition, `it is written: ${condition.toString()}`)
}

describe('to a file', () => {
  const at = (name: string): string => join(folder, name)
  const textOf = (name: string): string => readFileSync(at(name), 'utf8')

  it('a line waits a tenth of a second for others', async () => {
    const { clock, writer } = writerTo(openLogDestination(at('waits')))
    writer.write('1\n')
    await clock.advance(50)
    writer.write('2\n')
    await clock.advance(40)
    assert.equal(textOf('waits'), '')
    await clock.advance(10)
    await until(() => textOf('waits') === '1\n2\n')
    await writer.close()
  })

  it('64 KiB do not wait', async () => {
    const { writer } = writerTo(openLogDestination(at('batch')))
    const line = `${'x'.repeat(1023)}\n`
    for (let count = 0; count < 64; count++) writer.write(line)
    await until(() => textOf('batch').length === 65536)
    await writer.close()
  })

  it('what is there is kept, and closing writes what waits', async () => {
    for (const line of ['1\n', '2\n']) {
      const { writer } = writerTo(openLogDestination(at('kept')))
      writer.write(line)
      await writer.close()
    }
    assert.equal(textOf('kept'), '1\n2\n')
  })

  it('a line after the end is counted as dropped', async () => {
    const { writer, dropped } = writerTo(openLogDestination(at('late')))
    await writer.close()
    writer.write('1\n')
    assert.equal(dropped(), 1)
  })
})

describe('to a device without space', () => {
  it('lines are kept up to the limit, then dropped and counted, with one report; closing does not wait', async () => {
    const { clock, writer, reports, dropped } = writerTo(openLogDestination('/dev/full'), 10)
    for (let count = 0; count < 7; count++) writer.write(`${count}\n`)
    assert.equal(dropped(), 2)
    await clock.advance(100)
    await until(() => reports.length > 0)
    assert.match(reports[0] ?? '', /^the access log cannot be written: ENOSPC/)
    await clock.advance(5_000)
    assert.equal(reports.length, 1)
    writer.write('7\n')
    assert.equal(dropped(), 3)
    await writer.close()
    assert.equal(dropped(), 8)
  })
})

describe('to a pipe', () => {
  const { O_NONBLOCK, O_RDONLY } = constants

  /** A pipe with a name, open for reading without waiting. */
  function pipe(name: string): { path: string; openReader: () => number } {
    const path = join(folder, name)
    execFileSync('/usr/bin/env', ['mkfifo', path])
    return { path, openReader: () => openSync(path, O_RDONLY | O_NONBLOCK) }
  }

  function readAll(fd: number): string {
    const chunk = Buffer.alloc(65536)
    let text = ''
    for (;;) {
      try {
        const size = readSync(fd, chunk)
        if (size === 0) return text
        text += chunk.toString('latin1', 0, size)
      } catch {
        // EAGAIN: empty.
        return text
      }
    }
  }

  it('a reader that is slow gets everything, in whole lines and in order', async () => {
    const { path, openReader } = pipe('slow')
    const reader = openReader()
    const { clock, writer, reports, dropped } = writerTo(openLogDestination(path))
    let expected = ''
    // More than the 64 KiB that a pipe holds.
    for (let count = 0; count < 5_000; count++) {
      const line = `${count}${'x'.repeat(count % 100)}\n`
      expected += line
      writer.write(line)
    }
    await clock.advance(1_000)
    let text = ''
    await until(() => {
      const more = readAll(reader)
      assert.ok(more === '' || more.endsWith('\n'), 'whole lines')
      text += more
      void clock.advance(20)
      return text.length === expected.length
    })
    assert.equal(text, expected)
    assert.deepEqual([reports, dropped()], [[], 0])
    await writer.close()
    closeSync(reader)
  })

  it('a reader that left and comes back finds what was kept', async () => {
    const { path, openReader } = pipe('back')
    const first = openReader()
    const { clock, writer, reports, dropped } = writerTo(openLogDestination(path), 20)
    closeSync(first)
    writer.write('1\n')
    await clock.advance(100)
    await until(() => reports.length === 1)
    assert.match(reports[0] ?? '', /EPIPE/)
    for (let count = 2; count < 13; count++) writer.write(`${count % 10}\n`)
    const second = openReader()
    await clock.advance(1_000)
    await until(() => reports.length === 2)
    assert.match(reports[1] ?? '', /written again; 2 lines were dropped/)
    assert.equal(dropped(), 2)
    await writer.close()
    assert.equal(readAll(second), '1\n2\n3\n4\n5\n6\n7\n8\n9\n0\n')
    closeSync(second)
  })

  it('closing gives a reader that has stopped two seconds, and counts what is lost', async () => {
    const { path, openReader } = pipe('stopped')
    const reader = openReader()
    const { clock, writer, dropped } = writerTo(openLogDestination(path))
    for (let count = 0; count < 100; count++) writer.write(`${'x'.repeat(1023)}\n`)
    let closed = false
    const closing = writer.close().then(() => {
      closed = true
    })
    await clock.advance(1_900)
    assert.equal(closed, false)
    await clock.advance(200)
    await closing
    let read = 0
    await until(() => {
      read += readAll(reader).length / 1024
      return dropped() + read === 100
    })
    closeSync(reader)
  })
})

it('threads that write to the same pipe do not mix their lines', async () => {
  const program = fileURLToPath(new URL('write-from-threads.ts', import.meta.url))
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  await new Promise((resolve) => child.on('close', resolve))
  const lines = text.split('\n')
  assert.equal(lines.pop(), '')
  assert.equal(lines.length, 9_000)
  for (const line of lines) assert.match(line, /^(?:a+|b+|c+)$/)
})
