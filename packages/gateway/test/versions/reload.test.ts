import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { becomes } from '../becomes.ts'
import { KeepAliveClient } from '../keep-alive-client.ts'
import { folder } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'
import { configWith, startChanging } from './running-gateway.ts'

function routes(upstream: string, name: string = 'all'): Record<string, unknown> {
  return configWith({ routes: [{ name, upstream }] })
}

describe('a running gateway', () => {
  it('follows its file, and says what was kept, changed, added and removed', async () => {
    const [one, two] = [await startOrigin((_, r) => r.end('one')), await startOrigin((_, r) => r.end('two'))]
    const gateway = await startChanging(routes(one.url))
    gateway.write(routes(two.url))
    const [line] = await gateway.process.print(/configuration: version 2 is in force \(file\): [^"]*/)
    assert.match(line, /routes: 0 kept, 1 changed \(all\)/)
    assert.match(line, /upstreams: 0 kept, 1 added \(.*\), 1 removed/)
    assert.match(line, /listeners: 1 kept/)
    assert.equal(await (await fetch(gateway.url)).text(), 'two')
  })

  it('reads its file again on SIGHUP; a bad one changes nothing and is explained', async () => {
    const origin = await startOrigin()
    const gateway = await startChanging({ ...routes(origin.url), reload: { watch: false } })
    gateway.write('{ "routes": [{ "upstraem": "http://127.0.0.1:1" }] }')
    gateway.process.child.kill('SIGHUP')
    await gateway.process.print(/refused, the one before stays in force \(signal\).*upstraem/)
    assert.equal(await (await fetch(gateway.url)).text(), 'ok\n')
    const refused = await gateway.call('POST', '/reload')
    assert.equal(refused.status, 422)
    assert.match(JSON.stringify(refused.body['mistakes']), /upstraem/)
    gateway.write({ ...routes(origin.url, 'renamed'), reload: { watch: false }, workers: 3 })
    gateway.process.child.kill('SIGHUP')
    const [line] = await gateway.process.print(/configuration: version 2 is in force \(signal\): [^"]*/)
    assert.match(line, /needs a restart: workers/)
    const { body } = await gateway.call('GET', '/config')
    assert.equal(body['workers'], 3, 'the version in force as it was written, so that it can be sent back')
  })

  it('takes what a program prints by the clock, and keeps what was in force where that fails', async () => {
    const cwd = folder()
    const prints = (text: string): void => {
      writeFileSync(join(cwd, 'new-secret'), `#!/bin/sh\n${text}\n`, { mode: 0o700 })
      renameSync(join(cwd, 'new-secret'), join(cwd, 'secret'))
    }
    prints('echo one')
    const reload = { interval: '100ms', watch: false }
    const route = { name: 'it', respond: { body: '${exec:./secret}' } }
    const gateway = await startChanging({ ...configWith({ routes: [route] }), reload }, {}, cwd)
    const body = async (): Promise<string> => (await fetch(gateway.url)).text()
    assert.equal(await body(), 'one')
    prints('echo two')
    await becomes(body, 'two')
    prints('exit 3')
    await gateway.process.print(/refused, the one before stays in force \(file\).*it ended with 3/)
    assert.equal(await body(), 'two')
  })

  it('survives a storm of reloads under load, and loses nothing', async () => {
    const origin = await startOrigin()
    const gateway = await startChanging(routes(origin.url))
    const clients = Array.from({ length: 8 }, () => new KeepAliveClient(Number(new URL(gateway.url).port)))
    let calls = 0
    let applied = 0
    while (calls < 100) {
      gateway.write(routes(origin.url, `r${calls}`))
      if (calls % 3 === 0) gateway.process.child.kill('SIGHUP')
      const { status, body } = await gateway.call('POST', '/reload')
      assert.equal(status, 200, JSON.stringify(body))
      if (body['outcome'] === 'applied') applied++
      calls++
    }
    for (const client of clients) client.stop()
    const reports = await Promise.all(clients.map(({ ended }) => ended))
    assert.ok(reports.every(({ lost }) => !lost))
    assert.ok(applied > 50, 'signals take some of them first')
    const { body } = await gateway.call('GET', '/routes')
    assert.equal((body['routes'] as { name: string }[])[0]?.name, 'r99')
    const status = (await gateway.call('GET', '/status')).body
    assert.deepEqual(status['workers'], ['listening', 'listening'], 'none has crashed')
  })

  it('lets admin calls and its file race: each change is whole, and the last one counts', async () => {
    const origin = await startOrigin()
    const gateway = await startChanging(routes(origin.url))
    const etag = (await gateway.call('GET', '/config')).headers.get('etag') ?? ''
    const puts = ['a', 'b', 'c', 'd'].map((name) =>
      gateway.call('PUT', '/config', { body: routes(origin.url, name), headers: { 'if-match': etag } }),
    )
    gateway.write(routes(origin.url, 'file'))
    const statuses = (await Promise.all(puts)).map(({ status }) => status).sort((one, other) => one - other)
    assert.deepEqual(statuses.slice(1), [412, 412, 412], 'of those who saw the same, one may change it')
    await gateway.process.print(/version \d is in force \(file\)/)
    const name = async (): Promise<string | undefined> =>
      ((await gateway.call('GET', '/routes')).body['routes'] as { name: string }[])[0]?.name
    assert.equal(await becomes(name, 'file'), 'file')
  })
})
