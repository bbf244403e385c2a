import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { readPage, ROOT } from '../../../../scripts/docs/markdown.ts'
import { folder } from '../headgate-process.ts'
import { shellLine, withBuilt } from '../shell-line.ts'
import { freePorts } from '../../../../scripts/testing/free-port.ts'

/** Those that the page names. */
const PORTS = ['8080', '9901', '9101', '9102', '9103', '9104']
/** How far counts of requests that are spread at random may be off. */
const LEEWAY = 40

const cwd = folder()
const background: ChildProcess[] = []
after(() => {
  for (const { pid } of background) {
    try {
      process.kill(-(pid ?? Number.NaN), 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
})

const environment = { ...process.env, FORCE_COLOR: undefined, XDG_STATE_HOME: join(cwd, 'state') }

it('the walkthrough does what it says, command by command', { timeout: 150_000 }, async () => {
  const free = (await freePorts(PORTS.length)).map(String)
  const onOurs = (text: string): string =>
    text.replaceAll(/\b\d{4}\b/g, (port) => free[PORTS.indexOf(port)] ?? port)
  const page = readPage(join(ROOT, 'docs/walkthrough.md'))
  let played = 0
  for (const { language, info, text } of page.blocks) {
    if (info !== '') writeFileSync(join(cwd, info), onOurs(text))
    if (language !== 'console') continue
    for (const step of text.split(/^\$ /m).slice(1)) {
      const [command = '', ...expected] = step.trimEnd().split('\n')
      const printed = await run(onOurs(command))
      compare(printed, expected.map(onOurs), command)
      played++
    }
  }
  assert.ok(played > 15)
})

/** In the background, if it says so. */
async function run(command: string): Promise<string> {
  if (command.endsWith('&')) {
    const started = withBuilt(command.slice(0, -1))
    background.push(spawn('sh', ['-c', started], { cwd, env: environment, stdio: 'ignore', detached: true }))
    return ''
  }
  const { code, stdout, stderr } = await shellLine(command, { cwd, env: environment, limit: 60_000 })
  assert.equal(code, 0, `${command}\n${stderr}`)
  return stdout
}

/** Each line that is expected begins a line of what was printed, in this order, whatever its numbers. */
function compare(printed: string, expected: readonly string[], command: string): void {
  const lines = printed.split('\n')
  for (const line of expected) {
    const counted = /^ +(\d+) (\w+)$/.exec(line)
    const at = lines.findIndex((each) => (counted ? isNear(each, counted) : pattern(line).test(each)))
    assert.ok(at >= 0, `${command}\nprints no ${JSON.stringify(line)}, but\n${printed}`)
    lines.splice(0, at + 1)
  }
}

/** Of `uniq -c`. */
function isNear(line: string, [, count, what]: RegExpExecArray): boolean {
  const [, actual, other] = /^ *(\d+) (\w+)$/.exec(line) ?? []
  return other === what && Math.abs(Number(actual) - Number(count)) <= LEEWAY
}

/** What is measured, or told by a clock, is not as it is said. */
function pattern(line: string): RegExp {
  if (/^\d+$/.test(line)) return new RegExp(`^${line}$`)
  const parts = line.split(/ +/).map((part) =>
    part
      .replaceAll(/[.*+?^${}()|[\]\\~]/g, '\\$&')
      .replace(/^\d{4}-\d\d-\d\dT[\d:]+Z$/, '\\S+')
      .replace(/^[\da-f]{8}$/, '[\\da-f]{8}')
      .replace(/^\d+(?:\\\.\d+)?$/, '\\S+'),
  )
  return new RegExp(`^${parts.join(' +').replace(/< \+\\S\+ \+ms/g, '(?:-|[<>] \\S+ (?:m?s))')}`)
}
