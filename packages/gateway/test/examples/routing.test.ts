import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { promisify } from 'node:util'
import { freePorts } from '../docs/project.ts'
import { folder, HEADGATE, TestProcess } from '../headgate-process.ts'

const root = join(import.meta.dirname, '../../../..')
const example = join(root, 'examples/routing')
const PORTS = ['8080', '9901', '9021', '9022', '9023']

it('the routing example does what its lines say, in order', { timeout: 60_000 }, async () => {
  const free = await freePorts(PORTS.length)
  const yaml = readFileSync(join(example, 'headgate.yaml'), 'utf8').replaceAll(
    /127\.0\.0\.1:(\d+)/g,
    (whole, port: string) => (PORTS.includes(port) ? `127.0.0.1:${free[PORTS.indexOf(port)]}` : whole),
  )
  const cwd = folder({ 'headgate.yaml': yaml })
  const services = new TestProcess(process.execPath, [join(example, 'services.ts'), ...free.slice(2)])
  await services.print(/shadow listens/)
  const gateway = new TestProcess(process.execPath, [HEADGATE, 'run', '-c', 'headgate.yaml'], { cwd })
  await gateway.print(/ready: version/)
  const lines = [...yaml.matchAll(/^# {3}(.*) # → (.*)$/gm)]
  assert.ok(lines.length > 11)
  for (const [, line = '', answer = ''] of lines) {
    const { stdout } = await promisify(execFile)(
      'sh',
      ['-c', line.replace('npx headgate', `${process.execPath} ${HEADGATE}`)],
      {
        cwd: root,
        timeout: 20_000,
      },
    )
    assert.match(stdout, new RegExp(`^${answer}\\s*$`, 'm'), line)
  }
  gateway.signalGroup('SIGINT')
  services.signalGroup('SIGINT')
  assert.equal((await gateway.finished).code, 0)
  assert.equal((await services.finished).code, 0)
})
