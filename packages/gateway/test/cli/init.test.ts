import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { headgate } from '../headgate-command.ts'
import { folder, HEADGATE, TestProcess } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'

const FILES = {
  yaml: 'headgate.yaml',
  toml: 'headgate.toml',
  json: 'headgate.json',
  ts: 'headgate.config.ts',
}

describe('headgate init', () => {
  for (const [format, file] of Object.entries(FILES)) {
    it(`writes ${file}, which passes "check" and runs`, async () => {
      const origin = await startOrigin()
      const cwd = folder()
      const { code, stdout } = await headgate(['init', '--format', format], { cwd })
      assert.equal(code, 0)
      assert.ok(stdout.startsWith(`wrote ${file}.`), stdout)
      assert.equal(
        (await headgate(['check'], { cwd })).stdout,
        `${file}: ok (1 listener, 1 route, 1 upstream)\n`,
      )

      const written = readFileSync(join(cwd, file), 'utf8')
      const pointed = written
        .replaceAll(/127\.0\.0\.1:(8080|9901)/g, '127.0.0.1:0')
        .replace('http://127.0.0.1:3000', origin.url)
      writeFileSync(join(cwd, file), pointed)
      const gateway = new TestProcess(process.execPath, [HEADGATE, 'run'], { cwd })
      await gateway.print(/ready: version/)
      const [, url = ''] = await gateway.print(/"url":"(http[^"]+)"/)
      assert.equal(await (await fetch(url, { headers: { connection: 'close' } })).text(), 'ok\n')
      gateway.child.kill('SIGTERM')
      assert.equal((await gateway.finished).code, 0)
    })
  }

  it('writes the same configuration in all formats', async () => {
    const cwd = folder()
    const tables = new Set<string>()
    for (const [format, file] of Object.entries(FILES)) {
      await headgate(['init', '--format', format], { cwd })
      tables.add((await headgate(['routes', '-c', file], { cwd })).stdout)
    }
    assert.equal(tables.size, 1)
  })

  it('never overwrites', async () => {
    const cwd = folder({ 'headgate.yaml': 'mine' })
    const { code, stderr } = await headgate(['init'], { cwd })
    assert.equal(code, 1)
    assert.match(stderr, /headgate\.yaml was not written: there is one already/)
    assert.equal(readFileSync(join(cwd, 'headgate.yaml'), 'utf8'), 'mine')
  })

  it('says which file is taken where there are several', async () => {
    const cwd = folder({ 'headgate.config.ts': '' })
    const { stdout } = await headgate(['init'], { cwd })
    assert.match(stdout, /headgate run -c headgate\.yaml/)
    assert.match(stdout, /Without -c, headgate\.config\.ts is taken/)
  })
})
