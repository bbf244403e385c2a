import assert from 'node:assert/strict'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { loadConfig } from '../../../../src/config/load.ts'
import { shownConfig } from '../../../../src/config/shown.ts'
import { parseConfig } from '../../../../src/config/parse.ts'
import { headgate } from '../../../headgate-command.ts'
import { ORDER_FILE, SHOP, writeDocuments } from './shop.ts'

async function load(
  t: TestContext,
  api: unknown,
  further: object = {},
  files: object = {},
): Promise<string[]> {
  const folder = writeDocuments(t, {
    'api.json': api,
    ...files,
    'headgate.json': {
      routes: [{ respond: {}, validate: { openapi: { document: './api.json', ...further } } }],
    },
  })
  const result = await loadConfig(join(folder, 'headgate.json'))
  return result.ok
    ? result.warnings().map(({ message }) => `warning: ${message.replaceAll(folder, '')}`)
    : result.problems.map(
        ({ message, allowed }) =>
          `${message.replaceAll(folder, '')}${allowed === undefined ? '' : ` (${allowed})`}`,
      )
}

const api = (paths: object, further: object = {}): object => ({ openapi: '3.1.0', paths, ...further })
const get = (operation: object): object => api({ '/a': { get: operation } })

describe('what is wrong with a document is told where the configuration is read', () => {
  for (const [what, document, said] of [
    [
      'that is none',
      { swagger: '2.0' },
      /api.json is no document of OpenAPI 3.0 or 3.1|is no document of OpenAPI/,
    ],
    ['of another version', { openapi: '4.0.0', paths: {} }, /is no document of OpenAPI 3.0 or 3.1/],
    ['without paths', { openapi: '3.1.0' }, /\/api.json# has no "paths"/],
    ['without operations', api({}), /\/api.json has no operations/],
    [
      'with a part of a segment for a parameter',
      api({ '/a/{b}.pdf': { get: {} } }),
      /#\/paths\/~1a~1{b}.pdf has a parameter that is not a whole segment/,
    ],
    ['with a path that is none', api({ a: { get: {} } }), /#\/paths\/a is no path that can be served/],
    [
      'with two paths that are one',
      api({ '/{a}': { get: {} }, '/{b}': { get: {} } }),
      /#\/paths\/~1{b}\/get is the same method and path/,
    ],
    [
      'with a name twice',
      api({ '/a': { get: { operationId: 'x' } }, '/b': { get: { operationId: 'x' } } }),
      /#\/paths\/~1b\/get has the operationId of another: x/,
    ],
    [
      'with a parameter without a place',
      get({ parameters: [{ name: 'a' }] }),
      /#\/paths\/~1a\/get\/parameters\/0 is no parameter: it needs a "name", and "in" is one of query, header, cookie, path/,
    ],
    [
      'with a style of another place',
      get({ parameters: [{ name: 'a', in: 'query', style: 'matrix' }] }),
      /has a "style" that is none of "in: query": form, spaceDelimited/,
    ],
    [
      'with a parameter that is XML',
      get({ parameters: [{ name: 'a', in: 'query', content: { 'text/xml': {} } }] }),
      /has a "content" that cannot be read here/,
    ],
    [
      'with a lost reference',
      get({ parameters: [{ $ref: '#/components/none' }] }),
      /refers to "#\/components\/none", which leads nowhere/,
    ],
    [
      'with a circle of references',
      api({ '/a': { $ref: '#/x' } }, { x: { $ref: '#/x' } }),
      /leads from one reference to the next without end/,
    ],
    [
      'that is remote',
      get({ requestBody: { $ref: 'https://shop.example/a.json' } }),
      /is remote, and nothing is fetched/,
    ],
    [
      'that leads out of its folder',
      get({ requestBody: { $ref: '../a.json#/b' } }),
      /leads out of the folder of the document/,
    ],
    [
      'with a schema that is none',
      get({ requestBody: { content: { 'application/json': { schema: { type: 'strng' } } } } }),
      /#\/paths\/~1a\/get\/requestBody\/content\/application~1json\/schema\/type must be equal/,
    ],
    [
      'with a schema of a response that is none',
      get({ responses: { 200: { content: { 'application/json': { schema: { minimum: 'a' } } } } } }),
      /schema\/minimum must be number/,
    ],
    [
      'with a pattern that looks ahead',
      get({ parameters: [{ name: 'a', in: 'query', schema: { pattern: '(?=a)' } }] }),
      /schema\/pattern cannot be matched in linear time/,
    ],
  ] as [string, unknown, RegExp][])
    it(what, async (t) => assert.match((await load(t, document, { responses: 'report' })).join('\n'), said))

  it('through a link out of its folder', async (t) => {
    const outside = writeDocuments(t, { 'a.json': {} })
    const folder = writeDocuments(t, {
      'api.json': get({ requestBody: { $ref: 'link.json#/b' } }),
      'headgate.json': { routes: [{ respond: {}, validate: { openapi: './api.json' } }] },
    })
    symlinkSync(join(outside, 'a.json'), join(folder, 'link.json'))
    const result = await loadConfig(join(folder, 'headgate.json'))
    assert.match(JSON.stringify(result), /leads out of the folder of the document/)
  })

  it('with an operation that is not there, and settings beside it', async (t) => {
    assert.deepEqual(await load(t, get({ operationId: 'a' }), { operation: 'b' }), [
      '"b" is no operation of the document (an operation of the document: a)',
    ])
    const folder = writeDocuments(t, {
      'api.json': get({}),
      'headgate.json': {
        routes: [
          {
            match: { path: '/x' },
            respond: {},
            validate: { openapi: { document: './api.json', routes: true }, query: {} },
          },
        ],
      },
    })
    const result = await loadConfig(join(folder, 'headgate.json'))
    assert.match(JSON.stringify(result), /stands beside .*openapi/)
    assert.match(JSON.stringify(result), /of which the document makes routes/)
  })

  it('with warnings where something is passed over', async (t) => {
    assert.deepEqual(
      await load(t, get({ parameters: [{ name: 'a', in: 'query', schema: { format: 'own' } }] })),
      [
        'warning: /api.json#/paths/~1a/get/parameters/0/schema/format is the format "own", which is not known here, and anything is taken',
      ],
    )
  })

  it('and is bounded where it was made to take long', async (t) => {
    const paths = Object.fromEntries(Array.from({ length: 5001 }, (_, index) => [`/a${index}`, { get: {} }]))
    assert.match((await load(t, api(paths))).join('\n'), /is one of more than 5000 operations/)
    const schema = { allOf: Array.from({ length: 10_001 }, () => ({ minimum: 1 })) }
    const body = { requestBody: { content: { 'application/json': { schema } } } }
    assert.match(
      (await load(t, get(body))).join('\n'),
      /is one of more than 10000 schemas that belong together/,
    )
    const deep = JSON.parse(`${'{"items":'.repeat(200)}{}${'}'.repeat(200)}`) as unknown
    const deepBody = { requestBody: { content: { 'application/json': { schema: deep } } } }
    assert.match((await load(t, get(deepBody))).join('\n'), /is nested deeper than 100 levels/)
  })
})

describe('operations become routes', () => {
  const files = { 'shop.json': SHOP, 'order.yaml': ORDER_FILE }
  const openapi = { document: './shop.json', routes: true }

  it('with names, paths and methods of their own, and all else of the route', async (t) => {
    const folder = writeDocuments(t, {
      ...files,
      'headgate.json': {
        defaults: { timeout: '3s' },
        routes: [
          { match: { host: 'shop.example' }, upstream: 'http://127.0.0.1:9', validate: { openapi } },
          { name: 'rest', match: { host: 'shop.example' }, respond: { status: 404 } },
          { name: 'last', respond: { status: 404 } },
        ],
      },
    })
    const result = await loadConfig(join(folder, 'headgate.json'))
    assert.ok(result.ok, JSON.stringify(result))
    assert.deepEqual(result.warnings(), [])
    const { routes, shared } = result.config
    assert.deepEqual(
      routes.map(({ name, match, timeout }) => [name, match.host?.[0], match.path, match.methods, timeout]),
      [
        ['listOrders', 'shop.example', ['/v1/orders'], ['GET'], 3000],
        ['createOrder', 'shop.example', ['/v1/orders'], ['POST'], 3000],
        ['get-orders-order-id', 'shop.example', ['/v1/orders/:order_id'], ['GET'], 3000],
        ['putFile', 'shop.example', ['/v1/orders/:order_id'], ['PUT'], 3000],
        ['latest', 'shop.example', ['/v1/orders/latest'], ['GET'], 3000],
        ['rest', 'shop.example', ['/**'], undefined, 3000],
        ['last', undefined, ['/**'], undefined, 3000],
      ],
    )
    assert.equal(shared?.routes.length, routes.length)
    // What is shown is a configuration with the same routes.
    const again = parseConfig(shownConfig(result.config))
    assert.ok(again.ok, JSON.stringify(again))
    assert.deepEqual(again.config.routes, routes)
  })

  it('which the command line knows as any others, and all files are watched', async (t) => {
    const folder = writeDocuments(t, {
      ...files,
      'headgate.json': { routes: [{ upstream: 'http://127.0.0.1:9', validate: { openapi } }] },
    })
    const result = await loadConfig(join(folder, 'headgate.json'))
    assert.deepEqual(result.furtherFiles?.toSorted(), [join(folder, 'order.yaml'), join(folder, 'shop.json')])
    const { stdout } = await headgate(
      ['explain', 'PUT', 'http://shop.example/v1/orders/7', '-c', 'headgate.json'],
      {
        cwd: folder,
      },
    )
    assert.match(stdout, /putFile/)
    assert.match(stdout, /validate/)
  })

  it('under names that begin with that of the route, of which each is there once', async (t) => {
    const folder = writeDocuments(t, files)
    const routes = [
      { name: 'one', match: { host: 'a.example' }, respond: {}, validate: { openapi } },
      { match: { host: 'b.example' }, respond: {}, validate: { openapi } },
    ]
    const loaded = async (list: object[]): Promise<string> => {
      writeFileSync(join(folder, 'headgate.json'), JSON.stringify({ routes: list }))
      const result = await loadConfig(join(folder, 'headgate.json'))
      return result.ok
        ? result.config.routes.map(({ name }) => name).join()
        : result.problems.map(({ line, message }) => `${line} ${message}`).join()
    }
    assert.match(await loaded(routes), /^one.listOrders,one.createOrder,.*,listOrders,/)
    assert.match(
      await loaded([...routes, { name: 'latest', respond: {} }]),
      /makes a route that is called as another is: latest/,
    )
  })
})
