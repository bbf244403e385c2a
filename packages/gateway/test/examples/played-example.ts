import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from '../docs/project.ts'
import { folder, HEADGATE, TestProcess } from '../headgate-process.ts'

/**
 * Starts an example on free ports, plays the lines of its configuration that begin with "#   ", and checks that what follows
 * "# →", a regular expression, is a line of what comes back.
 * @param ports those that the configuration names: the gateway, its admin endpoints, and the services
 */
export async function play(name: string, service: string, ports: readonly string[]): Promise<void> {
  const example = join(import.meta.dirname, '../../../../examples', name)
  const free = await freePorts(ports.length)
  const yaml = readFileSync(join(example, 'headgate.yaml'), 'utf8').replaceAll(
    /127\.0\.0\.1:(\d+)/g,
    (whole, port: string) => (ports.includes(port) ? `127.0.0.1:${free[ports.indexOf(port)]}` : whole),
  )
  const cwd = folder({ 'headgate.yaml': yaml })
  const services = new TestProcess(process.execPath, [join(example, service), ...free.slice(2)])
  await services.print(/listens/)
  const gateway = new TestProcess(process.execPath, [HEADGATE, 'run', '-c', 'headgate.yaml'], { cwd })
  await gateway.print(/ready: version/)
  const lines = [...yaml.matchAll(/^# {3}(.*) # → (.*)$/gm)]
  assert.ok(lines.length > 5)
  for (const [, line = '', answer = ''] of lines) {
    const { stdout } = await promisify(execFile)('sh', ['-c', line], { cwd, timeout: 20_000 })
    assert.match(stdout, new RegExp(`^(?:${answer.trim()})\\s*$`, 'm'), line)
  }
  gateway.signalGroup('SIGINT')
  services.signalGroup('SIGINT')
  assert.equal((await gateway.finished).code, 0)
  assert.equal((await services.finished).code, 0)
}
