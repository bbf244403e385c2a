import assert from 'node:assert/strict'
import { it } from 'node:test'
import { folder } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'
import { type CallAnswer, type ChangingGateway, configWith, startChanging } from './running-gateway.ts'

type Shown = Record<string, unknown> & { routes: Record<string, unknown>[] }

async function gatewayWithVariables(): Promise<ChangingGateway> {
  const origin = await startOrigin((request, response) => response.end(request.headers.authorization))
  const route = {
    name: 'api',
    match: { path: ['${API_PATH}'] },
    upstream: '${BACKEND}',
    timeout: '${TIMEOUT:-9s}',
    requestHeaders: { set: { authorization: 'Bearer ${file:token}', 'x-user': '${WHO:-nobody}' } },
  }
  const other = { name: 'other', match: { path: '/other' }, respond: { body: 'one' } }
  const config = configWith({ defaults: { importance: '${IMPORTANCE:-low}' }, routes: [route, other] })
  const env = { BACKEND: origin.url, API_PATH: '/api' }
  return startChanging(config, env, folder({ token: 'of-the-file\n' }))
}

async function put(
  gateway: ChangingGateway,
  change: (shown: Shown) => unknown,
  query: string = '',
): Promise<CallAnswer> {
  const { body, headers } = await gateway.call('GET', '/config')
  return gateway.call('PUT', `/config${query}`, {
    body: change(body as Shown),
    headers: { 'if-match': headers.get('etag') ?? '' },
  })
}

it('what GET /config shows of a configuration with variables can be sent back, as it is and changed', async () => {
  const gateway = await gatewayWithVariables()
  const same = await put(gateway, (shown) => shown)
  assert.deepEqual([same.status, same.body['outcome']], [200, 'unchanged'], JSON.stringify(same.body))
  const changed = await put(gateway, ({ routes: [api, other], ...rest }) => ({
    ...rest,
    routes: [
      { ...other, respond: { body: 'two' } },
      { ...api, match: { path: '${API_PATH}' }, priority: 1 },
    ],
  }))
  assert.deepEqual([changed.status, changed.body['outcome']], [200, 'applied'], JSON.stringify(changed.body))
  assert.equal(await (await fetch(`${gateway.url}/other`)).text(), 'two')
  assert.equal(await (await fetch(`${gateway.url}/api`)).text(), 'Bearer of-the-file')
  const { body } = await gateway.call('GET', '/config')
  const text = JSON.stringify(body)
  for (const name of ['${API_PATH}', '${BACKEND}', '${TIMEOUT:-9s}', '${WHO:-nobody}', '${IMPORTANCE:-low}'])
    assert.ok(text.includes(name), `${name} is still known by its name: ${text}`)
})

it('a variable that is sent to another place, or that is new, is refused: nobody reads a file or the environment so', async () => {
  const gateway = await gatewayWithVariables()
  const moved = await put(
    gateway,
    ({ routes: [api, other], ...rest }) => ({
      ...rest,
      routes: [
        { ...api, name: 'stranger' },
        { ...other, respond: { body: 'Bearer ${file:token}', headers: { 'x-a': '${WHO:-nobody}' } } },
      ],
    }),
    '?dryRun',
  )
  assert.equal(moved.status, 422)
  const places = (moved.body['mistakes'] as { path: string }[]).map(({ path }) => path)
  for (const place of [
    'routes[0].upstream',
    'routes[0].requestHeaders.set.authorization',
    'routes[1].respond.body',
    'routes[1].respond.headers.x-a',
  ])
    assert.ok(places.includes(place), `${place} is not among ${places.join(', ')}`)
  for (const timeout of ['${PATH}', '${TIMEOUT:-8s}', '${TIMEOUT:-9s}${file:token}']) {
    const other = await put(gateway, ({ routes: [api, ...more], ...rest }) => ({
      ...rest,
      routes: [{ ...api, timeout }, ...more],
    }))
    assert.equal(other.status, 422)
    assert.match(JSON.stringify(other.body), /new variables are taken from the configuration file only/)
  }
})
