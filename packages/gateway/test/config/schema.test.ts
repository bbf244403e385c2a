import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { configJsonSchema } from '../../src/config/json-schema/json-schema.ts'
import { makeInputSchema } from '../../src/config/schema/schema.ts'
import type { JsonSchema } from '../../src/settings/schema/schema-tree.ts'
import { INPUT_TYPES, inputTypes } from '../docs/input-types.ts'

interface Setting {
  readonly path: string
  readonly schema: JsonSchema
}

/** Every setting of the schema, sections included. */
function settingsOf(schema: JsonSchema, path = ''): Setting[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const place = path === '' ? name : `${path}.${name}`
    return [{ path: place, schema: child }, ...settingsOf(child, place)]
  })
  const inner = [
    schema.items,
    schema.additionalProperties,
    ...(schema.anyOf ?? []),
    ...Object.values(schema.$defs ?? {}),
  ]
  return [...own, ...inner.flatMap((part) => (part ? settingsOf(part, `${path}[]`) : []))]
}

const settings = settingsOf(configJsonSchema())

test('every setting has a description', () => {
  assert.ok(settings.length > 60)
  for (const { path, schema } of settings) assert.match(schema.description ?? '', /^\S.*\.$/, path)
})

test('what the build wrote, for editors and for the gateway, is what the sources make', async () => {
  const built = async (file: string): Promise<unknown> =>
    JSON.parse(await readFile(new URL(`../../dist/${file}`, import.meta.url), 'utf8'))
  assert.deepEqual(await built('schema.json'), configJsonSchema())
  assert.deepEqual(await built('input-schema.json'), makeInputSchema())
})

test('the types for TypeScript are what is made of the schema', async () => {
  const advice = 'npm run build && npx node packages/gateway/test/docs/reference.ts --write'
  assert.equal(await readFile(INPUT_TYPES, 'utf8'), inputTypes(), advice)
})

test('the JSON Schema accepts what the gateway accepts and names what it refuses', () => {
  const schema = configJsonSchema()
  assert.ok(schema['title'] && schema.description)
  const validate = new Ajv2020({ strict: false }).compile(schema)
  const example = {
    $schema: './schema.json',
    workers: 2,
    admin: false,
    drain: { timeout: 0 },
    upstreams: { orders: { endpoints: [{ url: 'http://127.0.0.1:9001', weight: 3 }] } },
    routes: [
      { match: { host: ['a', '*.b'], path: '/a/**' }, upstream: 'orders', timeout: '10s', retry: false },
    ],
  }
  assert.ok(validate(example), JSON.stringify(validate.errors))
  const wrong: object[] = [
    { workers: 0 },
    { workers: '2' },
    { workerz: 2 },
    { admin: true },
    { drain: { timeout: '30' } },
    { timeouts: { connect: 0 } },
    { limits: { head: '1 KiB' } },
    { routes: [] },
    { routes: [{ upstream: 1 }] },
    { routes: [{ upstream: 'a', match: { path: 'a' } }] },
    { routes: [{ upstream: 'a', match: { methods: ['get'] } }] },
  ]
  for (const part of wrong) assert.equal(validate({ ...example, ...part }), false, JSON.stringify(part))
})

test('the JSON Schema is the same on every machine', () => {
  assert.equal(settings.find(({ path }) => path === 'workers')?.schema['default'], undefined)
})
