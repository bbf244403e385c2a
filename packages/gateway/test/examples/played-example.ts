import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder, HEADGATE, TestProcess } from '../headgate-process.ts'
import { shellLine } from '../shell-line.ts'
import { freePorts } from '../../../../scripts/testing/free-port.ts'

const root = join(import.meta.dirname, '../../../..')

/** An example, and what is known of it. */
export interface Example {
  /** Of its folder. */
  readonly name: string
  /** The program with its services. */
  readonly service: string
  /** What that prints when all of them listen. */
  readonly ready: RegExp
  /** Those that the configuration names: the gateway, its admin endpoints, and the services. */
  readonly ports: readonly string[]
  /** There are more lines to play than this. */
  readonly lines: number
  /** Its lines are for a folder with a copy of the configuration, which they change. */
  readonly isCopied?: boolean
  /** Puts what the configuration names beside it. */
  readonly prepare?: (folder: string) => void
}

/**
 * Starts an example on free ports, plays the lines of its configuration that begin with "#   ", and checks that what follows
 * "# →", a regular expression, is a line of what comes back.
 */
export async function play({
  name,
  service,
  ready,
  ports,
  lines: fewest,
  isCopied,
  prepare,
}: Example): Promise<void> {
  const example = join(root, 'examples', name)
  const free = await freePorts(ports.length)
  const yaml = readFileSync(join(example, 'headgate.yaml'), 'utf8').replaceAll(
    /127\.0\.0\.1:(\d+)/g,
    (whole, port: string) => (ports.includes(port) ? `127.0.0.1:${free[ports.indexOf(port)]}` : whole),
  )
  const services = new TestProcess(process.execPath, [join(example, service), ...free.slice(2).map(String)])
  await services.print(ready)
  const cwd = folder({ 'headgate.yaml': yaml })
  prepare?.(cwd)
  const gateway = new TestProcess(process.execPath, [HEADGATE, 'run', '-c', 'headgate.yaml'], { cwd })
  await gateway.print(/ready: version/)
  const lines = [...yaml.matchAll(/^# {3}(.*) # → (.*)$/gm)]
  assert.ok(lines.length > fewest)
  for (const [, line = '', answer = ''] of lines) {
    const { code, stdout, stderr } = await shellLine(line, { cwd: isCopied ? cwd : root })
    assert.equal(code, 0, `${line}\n${stderr}`)
    assert.match(stdout, new RegExp(`^(?:${answer.trim()})\\s*$`, 'm'), `${line}\n${stdout}${stderr}`)
  }
  gateway.signalGroup('SIGINT')
  services.signalGroup('SIGINT')
  assert.equal((await gateway.finished).code, 0)
  assert.equal((await services.finished).code, 0)
}
