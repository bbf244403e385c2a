import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { promisify } from 'node:util'

test('a program that embeds a gateway does not end while an exchange waits for an upstream of HTTP/2, and ends after it', async (t) => {
  const origin = createServer((_, response) => response.end('hello'))
  t.after(() => origin.close())
  origin.listen(0, '127.0.0.1')
  await once(origin, 'listening')
  const { port } = origin.address() as AddressInfo
  const program = `
    import { createGateway } from '${new URL('../../dist/index.js', import.meta.url).href}'
    import { collect, Exchange, HttpRequest, systemClock } from '@headgate/core'
    const gateway = await createGateway({ routes: [{ upstream: 'h2c://127.0.0.1:${port}' }] })
    const response = await gateway.handler(new Exchange(HttpRequest.to('http://shop.test/'), systemClock))
    console.log(response.status, String(await collect(response.body)))
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    timeout: 200_000,
  })
  assert.equal(stdout, '200 hello\n')
})
