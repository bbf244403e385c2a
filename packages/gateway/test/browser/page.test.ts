import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { WebSocketServer } from 'ws'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { freePort } from '../../../../scripts/testing/free-port.ts'
import { makeCertificate } from '../../../core/test/certificates.ts'
import { type CallLine, startShop } from '../grpc/shop.ts'
import { startService } from '../survival/origins.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { chromiumPath, openPage } from './chromium.ts'

const ASSETS = 100

/** What the page tells of itself when all is done. */
interface Told {
  /** How many assets came, and how many did not. */
  readonly loaded: number
  readonly failed: number
  /** The protocol of each asset, and of the page. */
  readonly protocols: readonly string[]
  /** What the WebSocket got back. */
  readonly echo: string
  /** What a call of gRPC-Web from another origin got: its bytes, as text; and the status of one that the gateway refused. */
  readonly call: string
  readonly refused: string
}

/** A page with scripts, styles and images, which tells by a request what has become of them. */
function page(gateway: string, calls: string): string {
  const assets = Array.from({ length: ASSETS }, (_, index) => {
    const hooks = 'onload="loaded++" onerror="failed++"'
    if (index % 3 === 0) return `<script src="/asset/${index}.js" ${hooks}></script>`
    if (index % 3 === 1) return `<link rel="stylesheet" href="/asset/${index}.css" ${hooks}>`
    return `<img src="/asset/${index}.svg" ${hooks}>`
  })
  return `<!doctype html><title>page</title><script>
    let loaded = 0, failed = 0
    const echoed = new Promise((resolve) => {
      const socket = new WebSocket('${gateway.replace(/^http/, 'ws')}/socket')
      socket.onopen = () => socket.send('from the page')
      socket.onmessage = ({ data }) => {
        socket.close()
        resolve(data)
      }
      socket.onerror = () => resolve('failed')
    })
    async function call(method) {
      const headers = { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' }
      const body = new Uint8Array([0, 0, 0, 0, 2, 104, 105])
      const response = await fetch('${calls}/shop.Orders/' + method, { method: 'POST', headers, body })
      return [response.headers.get('grpc-status'), await response.text()]
    }
    addEventListener('load', async () => {
      const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
      const protocols = entries.filter(({ name }) => !name.includes('shop.Orders')).map(({ nextHopProtocol }) => nextHopProtocol)
      const result = { loaded, failed, protocols, echo: await echoed }
      try {
        result.call = (await call('Get'))[1]
        result.refused = (await call('Delete'))[0]
      } catch (error) { result.call = String(error) }
      await fetch('/told', { method: 'POST', body: JSON.stringify(result) })
    })
  </script>${assets.join('\n')}`
}

/** Serves the page and its assets, a WebSocket that echoes, and hears what the page tells. */
async function startOrigin(
  t: TestContext,
  html: () => string,
): Promise<{ url: string; told: Promise<Told> }> {
  const told = Promise.withResolvers<Told>()
  const types = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { url = '', method } = request
    const kind = /^\/asset\/\d+\.(js|css|svg)$/.exec(url)?.[1] as keyof typeof types | undefined
    if (kind !== undefined) {
      const content =
        kind === 'svg' ? '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>' : '/* */'
      response.writeHead(200, { 'content-type': types[kind] }).end(content)
    } else if (method === 'POST') {
      told.resolve(JSON.parse((await request.setEncoding('utf8').toArray()).join('')) as Told)
      response.writeHead(204).end()
    } else if (url === '/') response.writeHead(200, { 'content-type': 'text/html' }).end(html())
    else response.writeHead(404).end()
  }
  const service = await startService(t, (request, response) => void answer(request, response))
  const sockets = new WebSocketServer({ server: service })
  sockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  t.after(() => {
    for (const each of sockets.clients) each.terminate()
  })
  return { url: service.url, told: told.promise }
}

function certificateFor(t: TestContext): { cert: string; files: { cert: string; key: string } } {
  const { cert, key } = makeCertificate({ names: ['127.0.0.1', 'localhost'] })
  const folder = mkdtempSync(join(tmpdir(), 'headgate-page-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key)
  return { cert, files }
}

const program = chromiumPath()
const skip =
  program === undefined &&
  process.env['CI'] === undefined &&
  'there is no chromium (on Debian: apt-get install chromium)'

test('a page with a hundred assets comes by HTTP/2, with its WebSocket and its calls of gRPC-Web', {
  skip,
}, async (t) => {
  assert.ok(program, 'there is no chromium')
  const { cert, files } = certificateFor(t)
  let html = ''
  const origin = await startOrigin(t, () => html)
  const shop = await startShop(t, { get: (call, reply) => reply(null, call.request) })
  const port = await freePort()
  const here = `https://127.0.0.1:${port}`
  const web = { origins: [here] }
  const gateway = await startGateway(t, {
    listeners: [{ address: `127.0.0.1:${port}`, tls: files }],
    routes: [
      { match: { grpc: { service: 'shop.Orders', method: 'Get' } }, grpc: { web }, upstream: shop },
      { match: { grpc: {} }, grpc: { web }, respond: { status: 403 } },
      { upstream: origin.url },
    ],
  })
  html = page(here, `https://localhost:${port}`)
  const left = openPage(t, program, `${here}/`, cert)
  const { protocols, call, ...rest } = await Promise.race([origin.told, left])
  assert.deepEqual(rest, { loaded: ASSETS, failed: 0, echo: 'from the page', refused: '7' })
  assert.deepEqual(new Set(protocols), new Set(['h2']))
  assert.ok(protocols.length > ASSETS, `${protocols.length} entries`)
  assert.ok(call.startsWith('\0\0\0\0\u0002hi') && call.includes('grpc-status: 0\r\n'), call)
  const log = gateway.log as readonly CallLine[]
  await eventually(() => log.some(({ path }) => path === '/socket'), 'the WebSocket is over')
  assert.deepEqual(new Set(log.map(({ version }) => version)), new Set(['2']))
})
