import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ScriptedPeer } from '../src/testing/index.ts'
import { createClient } from '../src/index.ts'
import { clientOf } from './origin.ts'

/** A proxy that answers each request with what it was asked for, or with a refusal of tunnels. */
async function proxyPeer(t: { after(work: () => unknown): void }): Promise<{ url: string; heads: string[] }> {
  const heads: string[] = []
  const peer = await ScriptedPeer.listen(async (connection) => {
    for (;;) {
      const asked = await connection.receives('\r\n\r\n').then(
        () => true,
        () => false,
      )
      if (!asked) return
      const head = connection.forget()
      heads.push(head)
      const status = head.startsWith('CONNECT') ? '403 Forbidden' : '200 OK'
      connection.send(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nok`)
    }
  })
  t.after(() => peer.close())
  return { url: peer.url.replace('http://', 'http://u:p@'), heads }
}

test('proxy.http absolute-form asks a proxy for whole URLs of http, on kept connections, with its own credentials', async (t) => {
  const { url, heads } = await proxyPeer(t)
  const client = clientOf(t, { proxy: { url, http: 'absolute-form' }, retry: false })
  const response = await client.get('http://origin.invalid:8080/a?b=1')
  assert.equal(await response.text(), 'ok')
  assert.equal(response.url, 'http://origin.invalid:8080/a?b=1')
  await client.get('http://origin.invalid:8080/c').text()
  assert.match(
    heads[0] ?? '',
    /^GET http:\/\/origin\.invalid:8080\/a\?b=1 HTTP\/1\.1\r\nhost: origin\.invalid:8080\r\n/i,
  )
  assert.match(heads[0] ?? '', /proxy-authorization: Basic dTpw\r\n/i)
  assert.match(heads[1] ?? '', /^GET http:\/\/origin\.invalid:8080\/c HTTP/)
})

test('https, a guard and the default ask for a tunnel', async (t) => {
  const { url, heads } = await proxyPeer(t)
  const absolute = { url, http: 'absolute-form' } as const
  const { error } = await clientOf(t, { proxy: absolute, retry: false }).attempt('https://origin.invalid/')
  assert.equal(error?.code, 'proxy_failed')
  await clientOf(t, { proxy: url, retry: false }).attempt('http://origin.invalid/')
  await clientOf(t, { proxy: absolute, guard: true, retry: false }).attempt('http://93.184.216.34/')
  assert.deepEqual(
    heads.map((head) => head.split(' HTTP')[0]),
    ['CONNECT origin.invalid:443', 'CONNECT origin.invalid:80', 'CONNECT 93.184.216.34:80'],
  )
})

test('a proxy that is not there, and a form that it does not know, are told', async (t) => {
  const proxy = { url: 'http://127.0.0.1:1', http: 'absolute-form' } as const
  const { error } = await clientOf(t, { proxy, retry: false }).attempt('http://origin.invalid/')
  assert.equal(error?.code, 'proxy_failed')
  assert.throws(
    () => createClient({ proxy: { url: 'http://p', http: 'absolute' as never } }),
    /option proxy\.http is "absolute"/,
  )
  assert.throws(
    () => createClient({ proxy: { url: 'socks5://p', http: 'absolute-form' } }),
    /SOCKS proxies open tunnels only/,
  )
})
