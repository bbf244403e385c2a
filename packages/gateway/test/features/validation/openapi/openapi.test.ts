import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, test, type TestContext } from 'node:test'
import type { Validate } from '../validating-gateway.ts'
import { startValidating } from '../validating-gateway.ts'
import { ORDER_FILE, SHOP, writeDocuments } from './shop.ts'

type Sending = Awaited<ReturnType<typeof startValidating>>

async function startShop(t: TestContext, further: Partial<Validate> = {}): Promise<Sending> {
  const folder = writeDocuments(t, { 'shop.json': SHOP, 'order.yaml': ORDER_FILE })
  return startValidating(t, { openapi: join(folder, 'shop.json'), ...further })
}

test('requests must be operations of the document, as it says they are', async (t) => {
  const { send, received } = await startShop(t)
  const tenant = { 'x-tenant': '7' }

  for (const [path, ...expected] of [
    [
      '/v1/orders?page=1&tag=1&tag=2&ids=abc,d%2Ce&filter[open]=true&filter%5Bsize%5D=3&where=%7B%22a%22:1%7D',
    ],
    ['/v1/orders?other=1'],
    ['/v1/orders?page=0&tag=a', 'query /page must be >= 1', 'query /tag/0 must be integer'],
    ['/v1/orders?page=1&page=2', 'query /page comes several times'],
    ['/v1/orders?tag=1&tag=2&tag=3', 'query /tag must NOT have more than 2 items'],
    ['/v1/orders?ids=abc,long', 'query /ids/1 must NOT have more than 3 characters'],
    ['/v1/orders?filter[open]=1', 'query /filter/open must be boolean'],
    ['/v1/orders?filter[shut]=1', 'query /filter/shut is not known here'],
    ['/v1/orders?filter[open][deep]=1', 'query /filter is written as filter[member], with one member'],
    ['/v1/orders?where=a', 'query /where is not JSON'],
    ['/v1/orders?where={}', 'query /where/a is missing'],
    ['/v1/orders?page=%ff', 'query /page is not UTF-8 in percent-encoding'],
    ['/v1/orders/7'],
    ['/v1/orders/0', 'path /order-id must be >= 1'],
    ['/v1/orders/latest'],
  ] as [string, ...string[]][]) {
    const answer = await send(undefined, { path, headers: tenant })
    assert.deepEqual(answer.errors, expected, path)
    assert.equal(answer.status, expected.length === 0 ? 200 : 400, path)
  }
  assert.deepEqual((await send(undefined, { path: '/v1/orders' })).errors, ['header /X-Tenant is missing'])
  const themed = await send(undefined, { path: '/v1/orders', headers: { ...tenant, cookie: 'theme=blue' } })
  assert.deepEqual(themed.errors, ['cookie /theme must be equal to one of the allowed values'])

  for (const [method, path, status] of [
    ['GET', '/v1/others', 404],
    ['GET', '/orders', 404],
    ['DELETE', '/v1/orders', 405],
    ['HEAD', '/v1/orders/7', 200],
  ] as const)
    assert.equal((await send(undefined, { method, path })).status, status, `${method} ${path}`)
  assert.equal(
    (await send(undefined, { method: 'DELETE', path: '/v1/orders' })).headers['allow'],
    'GET, HEAD, POST',
  )

  const body = '{"item":"a","parent":{"item":"b"}}'
  assert.deepEqual((await send(body, { path: '/v1/orders' })).errors, [])
  assert.equal(received.at(-1), body)
  assert.deepEqual((await send('{"item":1,"parent":{}}', { path: '/v1/orders' })).errors.toSorted(), [
    'body /item must be string',
    'body /parent/item is missing',
  ])
  assert.deepEqual((await send('', { path: '/v1/orders' })).errors, ['body is missing'])
  const typed = async (type: string, content: string | undefined): Promise<number> =>
    (await send(content, { path: '/v1/orders/7', method: 'PUT', headers: { 'content-type': type } })).status
  assert.equal(await typed('image/png', '\x89PNG'), 200)
  assert.equal(await typed('text/plain', 'a'), 415)
  assert.equal(await typed('application/x-www-form-urlencoded', 'item=a'), 200)
  assert.equal(await typed('application/x-www-form-urlencoded', 'item=a&item=b'), 400)
  // Nothing says that there must be one.
  assert.equal(await typed('image/png', undefined), 200)
})

test('in the mode "report", what is no operation goes on as well', async (t) => {
  const { send, gateway } = await startShop(t, { mode: 'report' })
  assert.equal((await send(undefined, { path: '/none' })).status, 200)
  assert.equal((await send('{}', { path: '/v1/orders' })).status, 200)
  await gateway.logged(2)
  assert.match(JSON.stringify(gateway.log), /the document of the API has no such path.*item is missing/)
})

test('a route may be for one operation, and another base stand before its paths', async (t) => {
  const folder = writeDocuments(t, { 'shop.json': SHOP, 'order.yaml': ORDER_FILE })
  const { send } = await startValidating(t, {
    openapi: { document: join(folder, 'shop.json'), base: '/', operation: 'GET /orders/{order-id}' },
  })
  assert.equal((await send(undefined, { path: '/orders/7' })).status, 200)
  assert.equal((await send(undefined, { path: '/orders/x' })).status, 400)
  assert.equal((await send(undefined, { path: '/orders' })).status, 404)
})

describe('parameters are taken apart by their style', () => {
  const list = { type: 'array', items: { type: 'integer' } }
  const object = { type: 'object', properties: { r: { type: 'integer' }, g: { type: 'integer' } } }
  const parameters = (part: string, forms: readonly [string, boolean, object][]): object[] =>
    forms.map(([style, explode, schema], index) => ({
      name: `${part[0]}${index}`,
      in: part,
      style,
      explode,
      schema,
    }))
  const query = parameters('query', [
    ['form', true, list],
    ['form', false, list],
    ['spaceDelimited', false, list],
    ['pipeDelimited', false, list],
    ['form', false, object],
    ['form', true, object],
    ['pipeDelimited', false, object],
  ])
  const header = parameters('header', [
    ['simple', false, list],
    ['simple', true, object],
    ['simple', false, object],
  ])
  const cookie = parameters('cookie', [
    ['form', false, list],
    ['form', true, { type: 'boolean' }],
  ])
  const paths: Record<string, unknown> = { '/all': { get: { parameters: [...query, ...header, ...cookie] } } }
  const inPath: [string, boolean, object][] = [
    ['simple', false, list],
    ['simple', true, object],
    ['label', true, list],
    ['label', false, list],
    ['label', false, { type: 'integer' }],
    ['matrix', true, list],
    ['matrix', false, list],
    ['matrix', true, object],
    ['matrix', false, object],
    ['matrix', false, { type: 'integer' }],
  ]
  for (const [index, [style, explode, schema]] of inPath.entries())
    paths[`/${index}/{p}`] = { get: { parameters: [{ name: 'p', in: 'path', style, explode, schema }] } }

  it('and read as their schemas say', async (t) => {
    const folder = writeDocuments(t, { 'api.json': { openapi: '3.0.3', paths } })
    const { send } = await startValidating(t, { openapi: join(folder, 'api.json') })
    for (const [path, headers, ...expected] of [
      ['/all?q0=1&q0=2&q1=1,2&q2=1%202+3&q3=1|2%7C3&q4=r,1,g,2&r=1&q6=r|1', {}],
      ['/all?q0=1,2', {}, 'query /q0/0 must be integer'],
      ['/all?q1=1%2C2', {}, 'query /q1/0 must be integer'],
      ['/all?q1=1&q1=2', {}, 'query /q1 comes several times'],
      ['/all?q2=1%20b', {}, 'query /q2/1 must be integer'],
      ['/all?q3=1|b', {}, 'query /q3/1 must be integer'],
      ['/all?q4=r,a', {}, 'query /q4/r must be integer'],
      ['/all?q4=r', {}, 'query /q4 is not made of names with values'],
      ['/all?q4=r,1,r,2', {}, 'query /q4 has a member twice'],
      ['/all?g=a', {}, 'query /q5/g must be integer'],
      ['/all?q6=r|b', {}, 'query /q6/r must be integer'],
      ['/all', { h0: '1, 2', h1: 'r=1,g=2', h2: 'r,1', cookie: 'c0=1,2; c1=true' }],
      ['/all', { h0: '1, b' }, 'header /h0/1 must be integer'],
      ['/all', { h1: 'r' }, 'header /h1 is not made of names with values'],
      ['/all', { h2: 'r,b' }, 'header /h2/r must be integer'],
      ['/all', { cookie: 'c0=1,b; c1=1' }, 'cookie /c0/1 must be integer', 'cookie /c1 must be boolean'],
      ['/0/1,2', {}],
      ['/0/1,b', {}, 'path /p/1 must be integer'],
      ['/1/r=1,g=b', {}, 'path /p/g must be integer'],
      ['/2/.1.b', {}, 'path /p/1 must be integer'],
      ['/2/1.2', {}, 'path /p is not written in the style label of the document'],
      ['/3/.1,2', {}],
      ['/4/.7', {}],
      ['/4/.b', {}, 'path /p must be integer'],
      ['/5/;p=1;p=2', {}],
      ['/5/;p=1;p=b', {}, 'path /p/1 must be integer'],
      ['/6/;p=1,b', {}, 'path /p/1 must be integer'],
      ['/7/;r=1;g=b', {}, 'path /p/g must be integer'],
      ['/8/;p=r,1,g,b', {}, 'path /p/g must be integer'],
      ['/9/;p=7', {}],
      ['/9/7', {}, 'path /p is not written in the style matrix of the document'],
    ] as [string, Record<string, string>, ...string[]][])
      assert.deepEqual(
        (await send(undefined, { path, headers })).errors,
        expected,
        `${path} ${JSON.stringify(headers)}`,
      )
  })
})
