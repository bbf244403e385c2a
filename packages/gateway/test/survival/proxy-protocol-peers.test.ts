import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { freePort } from '../../../../scripts/testing/free-port.ts'
import { makeCertificate } from '../../../core/test/certificates.ts'
import { folderWith } from '../tls/peers.ts'
import { startGateway } from './start-gateway.ts'

const HAPROXY = spawnSync('haproxy', ['-v']).status === 0
const skip = HAPROXY || process.env['CI'] ? false : 'haproxy is not on this machine: apt install haproxy'

/** HAProxy with these sections, until the test is over. */
async function haproxy(t: TestContext, port: number, folder: string, config: string): Promise<void> {
  const file = join(folder, 'haproxy.cfg')
  const defaults = 'defaults\n  timeout connect 60s\n  timeout client 60s\n  timeout server 60s\n'
  writeFileSync(file, `global\n  nbthread 1\n${defaults}${config}`)
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' })
  t.after(() => child.kill('SIGKILL'))
  await eventually(() => isListenedOn(port), 'HAProxy listens')
}

/** Found without a connection, which HAProxy would pass on, and without an attempt to listen there, which would take the port from it. */
function isListenedOn(port: number): boolean {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return readFileSync('/proc/net/tcp', 'utf8').includes(` ${local} 00000000:0000 0A `)
}

const ROUTES = [{ respond: {}, responseHeaders: { set: { 'x-who': '${client.address} ${request.scheme}' } } }]

function answered(
  send: (receive: (response: IncomingMessage) => void) => NodeJS.EventEmitter,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    send((response) => {
      response.resume()
      resolve(response)
    }).on('error', reject)
  })
}

for (const sends of [
  'send-proxy',
  'send-proxy-v2',
  'send-proxy-v2 proxy-v2-options crc32c,unique-id,authority',
]) {
  test(`HAProxy tells who the client is, with ${sends}, and that it is there itself`, { skip }, async (t) => {
    const proxyProtocol = { from: ['127.0.0.1'] }
    const gateway = await startGateway(t, {
      listeners: [{ address: '127.0.0.1:0', proxyProtocol }],
      routes: ROUTES,
    })
    const port = await freePort()
    const server = `  server one 127.0.0.1:${gateway.port} ${sends} check inter 100ms`
    const config = `listen front\n  mode tcp\n  unique-id-format %[uuid()]\n  bind 127.0.0.1:${port}\n${server}\n`
    await haproxy(t, port, folderWith(t, {}), config)
    const from = { host: '127.0.0.1', port, localAddress: '127.0.0.9' }
    const { headers } = await answered((receive) => get(from, receive))
    assert.equal(headers['x-who'], '127.0.0.9 http')
    const [line] = gateway.log as unknown as { client: string; proxy: string }[]
    assert.deepEqual([line?.client, line?.proxy], ['127.0.0.9', '127.0.0.1'])
    // Its checks are connections of its own.
    assert.ok(
      gateway.log.every(({ error }) => error === undefined),
      JSON.stringify(gateway.log),
    )
  })
}

test('where TLS ends at HAProxy, the scheme is that of the client, with send-proxy-v2-ssl-cn', {
  skip,
}, async (t) => {
  const { cert, key } = makeCertificate({ names: ['127.0.0.1'] })
  const folder = folderWith(t, { 'both.pem': cert + key })
  const proxyProtocol = { from: ['127.0.0.1'] }
  const gateway = await startGateway(t, {
    listeners: [{ address: '127.0.0.1:0', proxyProtocol }],
    routes: ROUTES,
  })
  const port = await freePort()
  const bind = `bind 127.0.0.1:${port} ssl crt ${folder}/both.pem ca-file ${folder}/both.pem verify optional`
  const server = `server one 127.0.0.1:${gateway.port} send-proxy-v2-ssl-cn`
  await haproxy(t, port, folder, `listen front\n  mode tcp\n  ${bind}\n  ${server}\n`)
  const shown = { ca: cert, cert, key }
  const { headers } = await answered((receive) =>
    request({ host: '127.0.0.1', port, ...shown }, receive).end(),
  )
  assert.equal(headers['x-who'], '127.0.0.1 https')
})

for (const version of ['v1', 'v2'] as const) {
  for (const scheme of ['http', 'https'] as const) {
    test(`HAProxy with accept-proxy knows the client from ${version} over ${scheme}`, { skip }, async (t) => {
      const { cert, key } = makeCertificate({ names: ['127.0.0.1'] })
      const folder = folderWith(t, { 'both.pem': cert + key, 'ca.pem': cert })
      const port = await freePort()
      const secure = scheme === 'https' ? ` ssl crt ${folder}/both.pem` : ''
      const seen = '%[src] %[src_port] %[dst] %[dst_port] %[fc_rcvd_proxy]'
      const answer = `http-request return status 200 hdr x-seen "${seen}"`
      const bind = `bind 127.0.0.1:${port} accept-proxy${secure}`
      await haproxy(t, port, folder, `frontend app\n  mode http\n  ${bind}\n  ${answer}\n`)
      const gateway = await startGateway(t, {
        listeners: [{ address: '127.0.0.1:0', tls: { cert, key } }],
        upstreams: {
          app: {
            endpoints: [{ url: `${scheme}://127.0.0.1:${port}` }],
            proxyProtocol: version,
            ...(scheme === 'https' && { tls: { ca: join(folder, 'ca.pem') } }),
          },
        },
        routes: [{ upstream: 'app' }],
      })
      const from = { host: '127.0.0.1', port: gateway.port, localAddress: '127.0.0.9', ca: cert }
      const response = await answered((receive) => request(from, receive).end())
      const [address, source, ...rest] = String(response.headers['x-seen']).split(' ')
      assert.equal(address, '127.0.0.9')
      assert.match(source ?? '', /^[1-9]\d+$/)
      assert.deepEqual(rest, ['127.0.0.1', String(gateway.port), '1'])
    })
  }
}
