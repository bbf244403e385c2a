import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { collect, Exchange, HttpRequest, systemClock } from '@headgate/core'
import { folder, TestProcess } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'
import { ConfigError, createGateway } from '../../src/embedding/create-gateway.ts'

const listeners = [{ address: '127.0.0.1:0' }]

describe('createGateway', () => {
  it('answers an exchange without a socket', async () => {
    const origin = await startOrigin((request, response) => response.end(`${request.method} ${request.url}`))
    const gateway = await createGateway({ routes: [{ match: { path: '/api/**' }, upstream: origin.url }] })
    after(() => gateway.close())
    const exchange = new Exchange(HttpRequest.to('http://shop.test/api/things?a=1'), systemClock)
    const response = await gateway.handler(exchange)
    assert.equal(response.status, 200)
    assert.equal(String(await collect(response.body)), 'GET /api/things?a=1')
    const elsewhere = await gateway.handler(
      new Exchange(HttpRequest.to('http://shop.test/else'), systemClock),
    )
    assert.equal(elsewhere.status, 404)
  })

  it('listens, tells where, writes access-log lines where it is told, and closes', async () => {
    const origin = await startOrigin()
    const lines: string[] = []
    const gateway = await createGateway(
      { listeners, routes: [{ name: 'all', upstream: origin.url }] },
      { accessLog: (line) => lines.push(line) },
    )
    const [listening] = await gateway.listen()
    assert.ok(listening)
    assert.equal(listening.url, `http://127.0.0.1:${listening.port}`)
    const response = await fetch(`${listening.url}/x`, { headers: { connection: 'close' } })
    assert.equal(await response.text(), 'ok\n')
    assert.deepEqual(await gateway.close(), { cut: 0 })
    assert.equal(lines.length, 1)
    assert.equal(JSON.parse(lines[0] ?? '').route, 'all')
    await assert.rejects(fetch(listening.url))
  })

  it('refuses a configuration with mistakes, and names them all', async () => {
    await assert.rejects(
      () => createGateway({ listeners: [{ address: 'nowhere' }], routes: [{ upstream: 'nothing' }] }),
      (error) => {
        assert.ok(error instanceof ConfigError)
        assert.deepEqual(error.problems.map(({ path }) => path).sort(), [
          'listeners[0].address',
          'routes[0].upstream',
        ])
        assert.match(error.message, /listeners\[0\]\.address: "nowhere" is not an address/)
        assert.match(error.message, /routes\[0\]\.upstream: /)
        return true
      },
    )
  })

  it('replaces variables, and is closed at the end of a block', async () => {
    process.env['CREATE_GATEWAY_TEXT'] = 'from the environment'
    let url = ''
    {
      const routes = [{ respond: { body: '${CREATE_GATEWAY_TEXT}' } }]
      await using gateway = await createGateway({ listeners, routes })
      const [listening] = await gateway.listen()
      url = String(listening?.url)
      assert.equal(await (await fetch(url)).text(), 'from the environment')
    }
    await assert.rejects(fetch(url))
  })

  it('rejects when an address is in use, with nothing bound', async () => {
    const routes = [{ upstream: 'http://127.0.0.1:1' }]
    const first = await createGateway({ listeners, routes })
    after(() => first.close())
    const [taken] = await first.listen()
    const address = `127.0.0.1:${taken?.port}`
    const second = await createGateway({ listeners: [...listeners, { address }], routes })
    await assert.rejects(second.listen(), { code: 'EADDRINUSE' })
    await second.close()
  })

  it('holds a program until it is closed, and no longer', async () => {
    const index = new URL('../../src/index.ts', import.meta.url).href
    const program = `
      import { createGateway } from ${JSON.stringify(index)}
      const gateway = await createGateway({ listeners: [{ address: '127.0.0.1:0' }], routes: [{ upstream: 'http://127.0.0.1:1' }] })
      const [{ url }] = await gateway.listen()
      console.log((await fetch(url)).status)
      await gateway.close()
      console.log('closed')
    `
    const cwd = folder({ 'program.mjs': program })
    const { code, stdout, stderr } = await new TestProcess(process.execPath, ['program.mjs'], { cwd })
      .finished
    assert.equal(stdout, '502\nclosed\n', stderr)
    assert.equal(code, 0)
  })

  it('refuses the name of a file, and says what it takes and what runs files', async () => {
    await assert.rejects(() => createGateway('headgate.yaml' as never), {
      name: 'TypeError',
      message:
        /^createGateway takes a configuration, such as \{ routes: .* run by "headgate run --config FILE"$/,
    })
  })

  it('refuses an option that it does not know, and takes none from Object.prototype', async () => {
    const config = { routes: [{ upstream: 'http://127.0.0.1:1' }] }
    await assert.rejects(() => createGateway(config, { acceslog: () => {} } as never), {
      name: 'TypeError',
      message: /^option createGateway\.acceslog is not known: did you mean accessLog\?/,
    })
    Reflect.defineProperty(Object.prototype, 'accessLog', { value: 'polluted', configurable: true })
    Reflect.defineProperty(Object.prototype, 'retry', { value: 'polluted', configurable: true })
    try {
      await assert.doesNotReject(() => createGateway(config))
    } finally {
      Reflect.deleteProperty(Object.prototype, 'accessLog')
      Reflect.deleteProperty(Object.prototype, 'retry')
    }
  })

  it('serves the routes it is told to, where it is told to, whatever Object.prototype says', async () => {
    const polluted = {
      fd: 0,
      signal: AbortSignal.abort(),
      path: '/nowhere',
      host: 'nowhere.example',
      query: { no: '1' },
      headers: { no: '1' },
      cookies: { no: '1' },
      timeout: 1,
      keepAlive: 1,
      accessLog: 'no',
      body: 1,
      exclusive: true,
      port: 1,
      ipv6Only: true,
    }
    for (const [name, value] of Object.entries(polluted))
      Reflect.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
    const gateway = await createGateway({
      listeners: [{ address: '127.0.0.1:0' }],
      routes: [{ respond: { body: 'here' } }],
    })
    let url = ''
    try {
      const [at] = await gateway.listen()
      url = at?.url ?? ''
    } finally {
      for (const name of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, name)
    }
    try {
      assert.equal(await (await fetch(url)).text(), 'here')
    } finally {
      await gateway.close(0)
    }
  })
})
