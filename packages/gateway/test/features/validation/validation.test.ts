import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, it, test } from 'node:test'
import { loadConfig } from '../../../src/config/load.ts'
import { startMetered } from '../metered-gateway.ts'
import { ask } from '../../survival/http-client.ts'
import { startValidating } from './validating-gateway.ts'

const FORM = 'application/x-www-form-urlencoded'

const ORDER = {
  type: 'object',
  required: ['id', 'items'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', pattern: '^[A-Z]{3}-[0-9]+$' },
    items: { type: 'array', minItems: 1, items: { $ref: '#/$defs/item' } },
    password: { type: 'string', minLength: 12 },
  },
  $defs: {
    item: {
      type: 'object',
      required: ['quantity'],
      properties: { quantity: { type: 'integer', minimum: 1 } },
    },
  },
}

const GOOD = '{"id":"ABC-1","items":[{"quantity":2}]}'

test('a body that is as the schema says reaches the upstream byte for byte', async (t) => {
  const { send, received } = await startValidating(t, { body: { schema: ORDER } })
  const written = ` ${GOOD.replace(':', ' : ')}\n`
  assert.equal((await send(written)).status, 200)
  assert.deepEqual(received, [written])
})

test('all that is wrong with a request is told at once, with its places, and no value that was sent', async (t) => {
  const { send, received, gateway } = await startValidating(t, {
    body: { schema: ORDER },
    query: { properties: { page: { type: 'integer', minimum: 1 } }, required: ['page', 'sort'] },
  })
  const { status, content, errors } = await send(
    '{"id":"abc","items":[{"quantity":"2"},{}],"password":"hunter2","more":1}',
    { path: '/?page=0' },
  )
  assert.equal(status, 400)
  assert.deepEqual(errors.toSorted(), [
    'body /id must match pattern "^[A-Z]{3}-[0-9]+$"',
    'body /items/0/quantity must be integer',
    'body /items/1/quantity is missing',
    'body /more is not known here',
    'body /password must NOT have fewer than 12 characters',
    'query /page must be >= 1',
    'query /sort is missing',
  ])
  assert.doesNotMatch(content, /hunter2/)
  assert.equal(received.length, 0)
  const line = await gateway.logged(1)
  assert.equal(line.error, 'validation_failed')
  assert.match(JSON.stringify(line), /query \/sort is missing \(and 6 more\)/)
})

test('what is told of a request with very many mistakes is bounded in number and in length', async (t) => {
  const { send } = await startValidating(t, {
    body: { schema: { additionalProperties: { type: 'integer' } } },
  })
  const long = 'a'.repeat(100_000)
  const few = Object.fromEntries(
    Array.from({ length: 500 }, (_, index) => [`${long.slice(0, 999)}${index}`, '']),
  )
  const { content, errors } = await send(JSON.stringify(few))
  assert.equal(errors.length, 20)
  assert.equal((JSON.parse(content) as { further: number }).further, 480)
  assert.ok(content.length < 8000, `${content.length} bytes`)
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`a${index}`, '']))
  assert.equal((await send(JSON.stringify(many))).errors.length, 1)
})

describe('a body is refused before anything is made of it', () => {
  const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
  for (const [what, body, headers, status, said] of [
    ['of another type', '<a/>', { 'content-type': 'text/xml' }, 415, /must be application\/json/],
    ['without a type', '{}', { 'content-type': '' }, 415, /must be application\/json/],
    ['in another charset', '{}', { 'content-type': 'application/json; charset=utf-16' }, 415, /in UTF-8/],
    ['with a content coding', gzipSync('{}'), { 'content-encoding': 'gzip' }, 415, /no content coding/],
    [
      'of several parts',
      '--a\r\n\r\n{}\r\n--a--',
      { 'content-type': 'multipart/form-data; boundary=a' },
      415,
      /json/,
    ],
    ['beyond the size', JSON.stringify('a'.repeat(2000)), {}, 413, /limit of 1024 bytes/],
    ['nested deeper than allowed', deep(33), {}, 400, /more than 32 levels/],
    ['nested a hundred thousand levels deep', deep(500), {}, 400, /more than 32 levels/],
    ['with more values than allowed', `[${'1,'.repeat(100)}1]`, {}, 400, /more than 100 values/],
    ['with a name twice', '{"a":1,"\\u0061":2}', {}, 400, /two members of the same name/],
    ['with __proto__', '{"a":{"__proto__":{"x":1}}}', {}, 400, /changes prototypes/],
    ['with constructor.prototype', '{"constructor":{"prototype":{}}}', {}, 400, /changes prototypes/],
    ['that begins with a byte order mark', '\ufeff{}', {}, 400, /byte order mark/],
    ['that is not UTF-8', Buffer.from('{"a":"\xe4"}', 'latin1'), {}, 400, /is not UTF-8/],
    ['that is no JSON', '{"secret":hunter2}', {}, 400, /the body is not JSON/],
    ['with nothing in it', '', {}, 400, /is missing/],
    [
      'with a lone number of many digits that is infinite',
      `1e${'9'.repeat(900)}`,
      {},
      400,
      /must be integer/,
    ],
  ] as [string, string | Buffer, Record<string, string>, number, RegExp][]) {
    it(what, async (t) => {
      const { send, received } = await startValidating(t, {
        body: { schema: what.includes('number') ? { type: 'integer' } : {} },
        limits: { size: '1KiB', values: 100 },
      })
      const answer = await send(body, { headers })
      assert.equal(answer.status, status, answer.content)
      assert.match(answer.content, said)
      assert.doesNotMatch(answer.content, /hunter2/)
      assert.equal(received.length, 0)
    })
  }

  it('and taken where that is allowed', async (t) => {
    const { send } = await startValidating(t, {
      body: { types: ['application/json', 'application/*+json'] },
      duplicateKeys: 'allow',
      prototypeKeys: 'allow',
    })
    const headers = { 'content-type': 'Application/Problem+JSON; charset="UTF-8"' }
    assert.equal((await send('{"a":1,"a":2,"__proto__":{}}', { headers })).status, 200)
    // Names that prototypes have, and which are no more than that.
    assert.equal((await send('{"constructor":"Ferrari","toString":1}')).status, 200)
  })
})

test('a body of a hundred thousand brackets in pieces, and of a megabyte of digits, is answered', async (t) => {
  const { send } = await startValidating(t, { body: { schema: { type: 'integer' } } })
  const chunked = { headers: { 'transfer-encoding': 'chunked' } }
  assert.match((await send('['.repeat(100_000), chunked)).content, /more than 32 levels/)
  assert.match((await send('1'.repeat(1024 * 1024), chunked)).content, /must be integer/)
  assert.equal((await send('1'.repeat(1024 * 1024 + 1), chunked)).status, 413)
  assert.equal((await send(' 17 ', chunked)).status, 200)
})

test('names that every object inherits are no members that were sent', async (t) => {
  const { send } = await startValidating(t, { body: { schema: { required: ['constructor', 'a'] } } })
  assert.deepEqual((await send('{"a":1}')).errors, ['body /constructor is missing'])
})

test('a body whose members are called as methods are is compared with listed objects without calling them', async (t) => {
  const { send } = await startValidating(t, { body: { schema: { enum: [{}, { a: 1 }] } } })
  assert.equal((await send('{"a":1}')).status, 200)
  assert.deepEqual((await send('{"toString":{}}')).errors, [
    'body must be equal to one of the allowed values',
  ])
})

test('a request without a body is one only where none is needed', async (t) => {
  const { send } = await startValidating(t, { body: { schema: ORDER } })
  assert.equal((await send(undefined)).status, 200)
  assert.equal((await send(undefined, { method: 'DELETE' })).status, 200)
  assert.deepEqual((await send(undefined, { method: 'PUT' })).errors, ['body is missing'])
  // By whatever method it comes.
  const headers = { 'content-length': '2' }
  assert.equal((await send('{}', { method: 'DELETE', headers })).status, 400)
  assert.equal((await send('{}', { method: 'GET', headers })).status, 400)
})

test('parameters are read as their types say, and go on as they came', async (t) => {
  const { send } = await startValidating(
    t,
    {
      query: {
        additionalProperties: false,
        properties: {
          page: { type: 'integer' },
          ratio: { type: 'number' },
          all: { type: 'boolean' },
          tag: { type: 'array', items: { type: 'integer' }, maxItems: 2 },
          code: { type: 'string' },
          either: { anyOf: [{ const: 3 }, { const: 'x' }] },
        },
      },
      headers: { required: ['X-Tenant'], properties: { 'X-Tenant': { type: 'integer' } } },
      cookies: { properties: { theme: { enum: ['dark', 'light'] } } },
      params: { properties: { id: { type: 'integer', maximum: 100 } } },
    },
    '/orders/:id',
  )
  const errorsOf = async (path: string, headers: Record<string, string> = {}): Promise<readonly string[]> =>
    (await send(undefined, { path, headers: { 'x-tenant': '7', ...headers } })).errors
  assert.deepEqual(await errorsOf('/orders/7?page=1&ratio=1e3&all=true&tag=1&tag=2&code=12&either=3'), [])
  assert.deepEqual(await errorsOf('/orders/7?tag=1&either=x&code=%E2%82%AC'), [])
  for (const [path, ...expected] of [
    ['/orders/7?page=1.5', 'query /page must be integer'],
    ['/orders/7?page=0x10', 'query /page must be integer'],
    ['/orders/7?page=', 'query /page must be integer'],
    ['/orders/7?page=1&page=2', 'query /page comes several times'],
    ['/orders/7?all=1', 'query /all must be boolean'],
    ['/orders/7?tag=1&tag=b', 'query /tag/1 must be integer'],
    ['/orders/7?__proto__=1', 'query /__proto__ is not known here'],
    ['/orders/7?a=%ff', 'query is not UTF-8 in percent-encoding'],
    ['/orders/x', 'path /id must be integer'],
    ['/orders/101', 'path /id must be <= 100'],
  ] as [string, ...string[]][])
    assert.deepEqual(await errorsOf(path), expected, path)
  assert.deepEqual(await errorsOf('/orders/7', { 'x-tenant': 'a' }), ['header /X-Tenant must be integer'])
  assert.deepEqual(await errorsOf('/orders/7', { cookie: 'a=b; theme="blue"' }), [
    'cookie /theme must be equal to one of the allowed values',
  ])
})

test('a form is read as its schema says', async (t) => {
  const { send, received } = await startValidating(t, {
    body: {
      types: ['application/x-www-form-urlencoded'],
      schema: { properties: { age: { type: 'integer' }, name: { minLength: 2 } } },
    },
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  assert.equal((await send('age=7&name=%C3%A4b', { headers })).status, 200)
  assert.deepEqual((await send('age=x&name=%C3%A4', { headers })).errors, [
    'body /age must be integer',
    'body /name must NOT have fewer than 2 characters',
  ])
  assert.deepEqual(received, ['age=7&name=%C3%A4b'])
})

test('a name that comes several times is refused where its schema takes no list', async (t) => {
  const name = { minLength: 2 }
  const { send } = await startValidating(t, {
    query: { properties: { name, tag: { items: { minLength: 2 } }, all: { anyOf: [{ type: 'array' }] } } },
    cookies: { properties: { name } },
    body: { types: [FORM], schema: { properties: { name } } },
  })
  const headers = { 'content-type': FORM }
  for (const [path, ...expected] of [
    ['/?name=', 'query /name must NOT have fewer than 2 characters'],
    ['/?name=ab&name=', 'query /name comes several times'],
    ['/?name=ab&tag=ab&tag=cd&all=1&all=2&other=&other='],
    ['/?tag=a', 'query /tag/0 must NOT have fewer than 2 characters'],
  ] as [string, ...string[]][])
    assert.deepEqual((await send(undefined, { path })).errors, expected, path)
  const twice = await send(undefined, { headers: { cookie: 'name=ab; name=' } })
  assert.deepEqual(twice.errors, ['cookie /name comes several times'])
  const body = await send('name=&name=', { headers })
  assert.deepEqual(body.errors.toSorted(), [
    'body /name comes several times',
    'body /name must NOT have fewer than 2 characters',
  ])
})

test('names are read as their types say wherever the schema has them', async (t) => {
  const { send } = await startValidating(t, {
    query: {
      properties: { text: { type: 'string', not: { type: 'integer' } } },
      patternProperties: { '^n_': { type: 'integer' } },
      additionalProperties: { type: 'boolean' },
      not: { properties: { forbidden: { const: 3 } }, required: ['forbidden'] },
      if: { properties: { n_mode: { const: 1 } }, required: ['n_mode'] },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema, awaited by nobody
      then: { required: ['n_size'] },
    },
  })
  for (const [path, ...expected] of [
    ['/?text=7&n_a=1&other=true'],
    ['/?n_a=b', 'query /n_a must be integer'],
    ['/?n_a=1&n_a=2', 'query /n_a comes several times'],
    ['/?other=1', 'query /other must be boolean'],
    ['/?forbidden=3', 'query /forbidden must be boolean', 'query must NOT be valid'],
    ['/?n_mode=1', 'query /n_size is missing', 'query must match "then" schema'],
    ['/?n_mode=2'],
  ] as [string, ...string[]][])
    assert.deepEqual((await send(undefined, { path })).errors.toSorted(), expected.toSorted(), path)
})

test('fields are found by names in any case, wherever the schema has them', async (t) => {
  const { send } = await startValidating(t, {
    headers: {
      required: ['X-Tenant'],
      not: { required: ['X-Debug'] },
      if: { properties: { 'X-Mode': { const: 'a' } }, required: ['X-Mode'] },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema, awaited by nobody
      then: { required: ['X-Then'] },
      dependentRequired: { 'X-From': ['X-To'] },
      dependentSchemas: { 'X-Size': { $ref: '#/$defs/sized' } },
      properties: { 'X-Twice': { minLength: 2 }, 'x-twice': { maxLength: 3 } },
      $defs: { sized: { properties: { 'X-Size': { type: 'integer' } }, required: ['X-Unit'] } },
    },
  })
  const errorsOf = async (headers: Record<string, string>): Promise<readonly string[]> =>
    (await send(undefined, { headers: { 'x-tenant': '7', ...headers } })).errors
  assert.deepEqual(await errorsOf({ 'x-mode': 'b', 'X-Twice': 'abc' }), [])
  assert.deepEqual((await send(undefined)).errors, ['header /X-Tenant is missing'])
  assert.deepEqual(await errorsOf({ 'x-debug': '1' }), ['header must NOT be valid'])
  assert.match((await errorsOf({ 'X-MODE': 'a' })).join(), /header \/X-Then is missing/)
  assert.match((await errorsOf({ 'x-from': 'a' })).join(), /must have property/)
  assert.match((await errorsOf({ 'x-size': '1' })).join(), /header \/X-Unit is missing/)
  assert.deepEqual(await errorsOf({ 'x-twice': 'a' }), [
    'header /X-Twice must NOT have fewer than 2 characters',
  ])
  assert.deepEqual(await errorsOf({ 'x-twice': 'abcd' }), [
    'header /X-Twice must NOT have more than 3 characters',
  ])
})

test('values of a form are counted whatever their names', async (t) => {
  const schema = { properties: { a: { items: { type: 'integer' } } } }
  const { send } = await startValidating(t, { body: { types: [FORM], schema }, limits: { values: 2000 } })
  const headers = { 'content-type': FORM }
  assert.equal((await send('a=1&'.repeat(2000), { headers })).status, 200)
  assert.deepEqual((await send('a=x&'.repeat(2000), { headers })).errors, ['body /a/0 must be integer'])
  // What comes after the limit is not even read.
  assert.deepEqual((await send(`${'a=x&'.repeat(200_000)}%ff`, { headers })).errors, [
    'body holds more than 2000 values',
  ])
})

test('a form that is not UTF-8 is refused as JSON is', async (t) => {
  const { send } = await startValidating(t, { body: { types: [FORM], schema: {} } })
  const headers = { 'content-type': FORM }
  assert.equal((await send('a=ä', { headers })).status, 200)
  assert.deepEqual((await send(Buffer.from('a=\xe4', 'latin1'), { headers })).errors, ['body is not UTF-8'])
  assert.deepEqual((await send('a=%e4', { headers })).errors, ['body is not UTF-8 in percent-encoding'])
})

test('in the mode report, what is not valid goes on, and is counted and logged', async (t) => {
  const { send, received, gateway } = await startValidating(t, { body: { schema: ORDER }, mode: 'report' })
  assert.equal((await send('{"id":"a"')).status, 200)
  assert.equal((await send('<a/>', { headers: { 'content-type': 'text/xml' } })).status, 200)
  assert.deepEqual(received, ['{"id":"a"', '<a/>'])
  assert.match(JSON.stringify(await gateway.logged(1)), /"invalid":"the body is not JSON/)
})

test('requests are counted by what the schemas said', async (t) => {
  const { url, shown } = await startMetered(t, {
    routes: [{ name: 'it', respond: {}, validate: { query: { required: ['a'] } } }],
  })
  await ask(`${url}/?a=1`)
  await ask(`${url}/`)
  await ask(`${url}/`)
  const lines = shown()
    .split('\n')
    .filter((line) => line.startsWith('headgate_validations_total{'))
  assert.deepEqual(lines, [
    'headgate_validations_total{route="it",decision="valid"} 1',
    'headgate_validations_total{route="it",decision="invalid"} 2',
  ])
})

describe('a schema that was made to be slow', () => {
  it('cannot have a body followed in exponentially many ways', async (t) => {
    // Each level is looked at twice by each look at the level above.
    const next = { properties: { next: { $ref: '#' } } }
    const { send } = await startValidating(t, {
      body: {
        schema: {
          anyOf: [
            { ...next, required: ['a'] },
            { ...next, required: ['b'] },
          ],
        },
      },
      limits: { depth: 100 },
    })
    const body = '{"next":'.repeat(60) + '{}' + '}'.repeat(60)
    assert.deepEqual((await send(body)).errors, ['body takes too many steps to be checked'])
  })

  it('cannot compare all items with all others', async (t) => {
    const { send } = await startValidating(t, {
      body: { schema: { uniqueItems: true } },
      limits: { values: 1_000_000 },
    })
    const items = Array.from({ length: 40_000 }, (_, index) => ({ a: index, b: [1] }))
    assert.equal((await send(JSON.stringify(items))).status, 200)
    assert.deepEqual((await send('[{"a":1,"b":2},{"b":2,"a":1}]')).errors, [
      'body must not have two equal items',
    ])
    assert.equal((await send('[1,"1",true,null,"true",[1],[[1]],{}]')).status, 200)
  })

  it('can be recursive', async (t) => {
    const { send } = await startValidating(t, {
      body: {
        schema: {
          $dynamicAnchor: 'node',
          properties: {
            name: { type: 'string' },
            children: { type: 'array', items: { $dynamicRef: '#node' } },
          },
        },
      },
    })
    assert.equal((await send('{"name":"a","children":[{"name":"b","children":[]}]}')).status, 200)
    assert.deepEqual((await send('{"children":[{"children":[{"name":1}]}]}')).errors, [
      'body /children/0/children/0/name must be string',
    ])
  })

  it('can have lists in lists without end', async (t) => {
    const schema = {
      properties: { lists: { $ref: '#/$defs/lists' } },
      $defs: { lists: { type: ['array', 'integer'], items: { $ref: '#/$defs/lists' } } },
    }
    const { send } = await startValidating(t, { body: { schema }, query: schema })
    assert.equal((await send('{"lists":[[[1]]]}', { path: '/?lists=1' })).status, 200)
    assert.deepEqual((await send('{"lists":[["a"]]}', { path: '/?lists=a' })).errors.length, 2)
  })
})

describe('what is wrong with a schema is told where the configuration is read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-schemas-'))
  const write = (name: string, content: unknown): string => {
    const file = join(folder, name)
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
    return file
  }
  const load = async (schema: unknown): Promise<string[]> => {
    const file = write('headgate.json', { routes: [{ respond: {}, validate: { body: { schema } } }] })
    const result = await loadConfig(file)
    return result.ok
      ? []
      : result.problems.map(({ path, message }) => `${path}: ${message.replaceAll(folder, '')}`)
  }
  const at = 'routes[0].validate.body.schema'

  it('with the place in the file', async (t) => {
    t.after(() => rmSync(folder, { recursive: true }))
    write('order.json', { properties: { item: { $ref: './items.yaml#/$defs/one' } } })
    write('items.yaml', '$defs:\n  one:\n    properties:\n      a: { type: strng }\n')
    assert.deepEqual(await load('./order.json'), [
      `${at}: /items.yaml#/$defs/one/properties/a/type must be equal to one of the allowed values`,
    ])
    write('items.yaml', '$defs:\n  one: { properties: { a: { type: string, maxLenght: 1 } } }\n')
    assert.deepEqual(await load('./order.json'), [
      `${at}: /items.yaml#/$defs/one/properties/a/maxLenght is no keyword of JSON Schema 2020-12, nor does it begin with "x-"`,
    ])
    write('items.yaml', '$defs: { two: {} }\n')
    assert.match(
      (await load('./order.json')).join(),
      /order.json#\/properties\/item\/\$ref ".*" leads nowhere/,
    )
    write('items.yaml', '$defs: [\n')
    assert.match(
      (await load('./order.json')).join(),
      /items.yaml#one" cannot be read: line \d|cannot be read: line \d/,
    )
    assert.match((await load('./none.json')).join(), /cannot be read: there is no such file/)
    for (const [schema, said] of [
      [{ $ref: 'https://schemas.example/a.json' }, /is remote, and nothing is fetched/],
      [{ pattern: '^(?=.*[A-Z]).*$' }, /cannot be matched in linear time/],
      [{ patternProperties: { '(a)\\1': true } }, /cannot be matched in linear time/],
      [{ pattern: '(' }, /is not a regular expression/],
      [{ format: 'dat' }, /is the format "dat", which is not known here/],
      [{ $schema: 'http://json-schema.org/draft-07/schema#' }, /is another draft/],
      [{ minimum: 'a' }, /minimum must be number/],
      [{ $ref: '#/$defs/a', $defs: { a: { items: [{}] } } }, /the schema#\/\$defs\/a\/items is no schema/],
    ] as [unknown, RegExp][])
      assert.match((await load(schema)).join(), said)
    write('items.yaml', '$defs: { one: { type: integer } }\n')
    assert.deepEqual(await load('./order.json'), [])
    assert.deepEqual(await load('./order.json#/properties/item'), [])
  })
})
