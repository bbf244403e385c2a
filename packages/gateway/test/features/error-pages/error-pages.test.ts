import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GatewayConfigInput } from '../../../src/config/input/input.ts'
import { createGateway } from '../../../src/embedding/create-gateway.ts'
import { ask } from '../../survival/http-client.ts'
import { startService } from '../../survival/origins.ts'
import { startGateway } from '../../survival/start-gateway.ts'

type ErrorPages = NonNullable<NonNullable<GatewayConfigInput['defaults']>['errorPages']>

const PAGES: ErrorPages = {
  pages: [
    { statuses: ['404'], text: '<h1>Nothing at ${request.path}</h1><p>${request.headers.x-said}</p>' },
    {
      statuses: ['4xx', '5xx'],
      type: 'application/json',
      text: '{"id":"${request.id}","said":"${request.headers.x-said}"}',
    },
    { statuses: ['5xx'], text: '<h1>Soon back</h1>' },
  ],
}

test('errors of the gateway are shown as pages, of the type that the client prefers, where no route is taken, too', async (t) => {
  const { url } = await startGateway(t, {
    defaults: { errorPages: PAGES },
    routes: [{ match: { path: '/down' }, upstream: 'http://127.0.0.1:1', retry: false }],
  })
  const get = (path: string, accept: string, said = '') =>
    ask(url + path, { headers: { accept, 'x-said': said } })
  const gone = await get('/gone', 'text/html,application/json;q=0.9')
  assert.deepEqual([gone.status, gone.content], [404, '<h1>Nothing at /gone</h1><p></p>'])
  assert.deepEqual(
    [gone.headers['content-type'], gone.headers['cache-control'], gone.headers['content-length']],
    ['text/html; charset=utf-8', 'no-store', String(gone.content.length)],
  )
  const down = await get('/down', 'application/json')
  assert.deepEqual([down.status, down.headers['content-type']], [502, 'application/json'])
  assert.equal((JSON.parse(down.content) as { id: string }).id, down.headers['x-request-id'])
  assert.equal((await get('/down', 'text/*, */*;q=0.1')).content, '<h1>Soon back</h1>')
  // Who takes none of them gets what there was before.
  assert.match((await get('/gone', 'text/plain')).content, /^404 No route/)
  const head = await ask(`${url}/gone`, { method: 'HEAD', headers: { accept: 'text/html' } })
  assert.deepEqual([head.status, head.content], [404, ''])
})

test('what a request says becomes neither markup nor JSON of its own', async (t) => {
  const { url } = await startGateway(t, {
    defaults: { errorPages: PAGES },
    routes: [{ match: { path: '/a' }, respond: {} }],
  })
  const said = '<script>"&'
  const page = await ask(`${url}/gone`, { headers: { accept: 'text/html', 'x-said': said } })
  assert.match(page.content, /<p>&#60;script&#62;&#34;&#38;<\/p>/)
  const json = await ask(`${url}/gone`, { headers: { accept: 'application/json', 'x-said': said } })
  assert.equal((JSON.parse(json.content) as { said: string }).said, said)
})

test('errors that a service answers itself stay as they are, unless the route says otherwise', async (t) => {
  const { url: upstream } = await startService(t, (_request, response) => {
    response.writeHead(503, {
      'content-type': 'text/plain',
      etag: '"1"',
      'retry-after': '7',
      'content-language': 'de',
    })
    response.end('its own words')
  })
  const { url } = await startGateway(t, {
    routes: [
      { match: { path: '/kept' }, upstream, retry: false, errorPages: PAGES },
      { match: { path: '/shown' }, upstream, retry: false, errorPages: { ...PAGES, upstream: true } },
    ],
  })
  const kept = await ask(`${url}/kept`, { headers: { accept: 'text/html' } })
  assert.deepEqual([kept.status, kept.content], [503, 'its own words'])
  const shown = await ask(`${url}/shown`, { headers: { accept: 'text/html' } })
  assert.deepEqual(
    [shown.status, shown.content, shown.headers['retry-after']],
    [503, '<h1>Soon back</h1>', '7'],
  )
  assert.deepEqual([shown.headers['etag'], shown.headers['content-language']], [undefined, undefined])
})

test('a page for no error, and one with a variable that nobody knows, are refused', async () => {
  const refused = (page: unknown) =>
    createGateway({ routes: [{ respond: {}, errorPages: { pages: [page] } }] } as never)
  await assert.rejects(refused({ statuses: ['200'], text: '' }), /"200" is not a status of an error/)
  await assert.rejects(refused({ statuses: ['4xx'], text: '${request.gone}' }), /unknown variable/)
  await assert.rejects(refused({ statuses: ['4xx'], type: 'html', text: '' }), /"html" is not a media type/)
})
