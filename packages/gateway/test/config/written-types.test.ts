import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { compile } from '../../../../scripts/docs/compile.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { project } from '../docs/project.ts'

/** Parts of a configuration, as they are written in TypeScript. */
const ACCEPTED = [
  "timeouts: { connect: '250ms', requestHead: '30s', bodyIdle: '5m', keepAlive: '1h', workerStall: 0 }",
  "timeouts: { streamIdle: 'off', halfClosed: 0 }",
  "drain: { timeout: '0' }",
  "limits: { head: '1024B', target: '8KiB', body: 0 }",
  "limits: { body: '10MB' }, loadShedding: { memory: '1GiB' }",
  "limits: { body: '1KB' }",
  "limits: { body: '1MiB' }",
  "limits: { body: '1GB' }",
  "minimumByteRate: { rate: '240B/s', grace: '1m' }",
  "minimumByteRate: { rate: '1KiB/s' }",
  'minimumByteRate: { rate: 0 }',
  "rateLimits: { a: { rate: '100/s' }, b: { rate: '60/m' }, c: { rate: '5/10s' }, d: { rate: '1/500ms' } }",
  "'x-ours': { anything: [1, 'goes'] }",
]

const REFUSED = [
  "timeouts: { connect: '5 seconds' }",
  "timeouts: { connect: '5' }",
  'timeouts: { connect: 5 }',
  "timeouts: { connect: '5d' }",
  "timeouts: { streamIdle: 'soon' }",
  "timeouts: { halfClosed: '1 s' }",
  "timeouts: { connect: 's' }",
  "timeouts: { connect: '1.5s' }",
  "drain: { timeout: '30 s' }",
  "limits: { head: '1 KiB' }",
  "limits: { head: '16k' }",
  "limits: { body: '1kb' }",
  "minimumByteRate: { rate: '240B' }",
  "minimumByteRate: { rate: '1KiBps' }",
  "rateLimits: { a: { rate: '100' } }",
  "rateLimits: { a: { rate: '100 per second' } }",
  "rateLimits: { a: { rate: '100/week' } }",
  "'y-ours': 1",
  "timeouts: { 'x-ours': 1 }",
]

/** What comes from variables is known when the file is read. */
const WITH_VARIABLES = [
  "timeouts: { connect: '${CONNECT}', requestHead: '${HEAD:-30s}' }",
  "workers: '${WORKERS:-2}', reload: { watch: '${WATCH:-true}' }",
  "limits: { body: '${BODY:-1MiB}' }, rateLimits: { a: { rate: '${RATE:-1/s}' } }",
  "trustedProxies: ['${PROXY}'], limits: { fields: '${FIELDS}' }",
]

const ROUTES = "routes: [{ upstream: 'http://127.0.0.1:1' }]"

test('the types of TypeScript take the quantities that the program takes, and refuse others', async () => {
  const path = project()
  const lines = [
    "import { createGateway, defineConfig } from 'headgate'",
    ...[...ACCEPTED, ...WITH_VARIABLES].map((part) => `defineConfig({ ${ROUTES}, ${part} })`),
    ...ACCEPTED.map((part) => `void (() => createGateway({ ${ROUTES}, ${part} }))`),
    `void (() => createGateway(defineConfig({ ${ROUTES}, ${ACCEPTED[0]} })))`,
    ...REFUSED.flatMap((part) => ['// @ts-expect-error', `defineConfig({ ${ROUTES}, ${part} })`]),
    ...WITH_VARIABLES.flatMap((part) => [
      '// @ts-expect-error: it has no file to read them for',
      `void (() => createGateway({ ${ROUTES}, ${part} }))`,
    ]),
  ]
  writeFileSync(join(path, 'types.mts'), `${lines.join('\n')}\n`)
  await compile(path, ['types.mts'])
})

test('what the types take and refuse, the program takes and refuses', () => {
  // The same text is compiled above, and none of it comes from outside.
  // oxlint-disable-next-line typescript/no-implied-eval
  const parse = (part: string) => parseConfig(new Function(`return { ${ROUTES}, ${part} }`)())
  for (const part of ACCEPTED) assert.ok(parse(part).ok, part)
  for (const part of [...REFUSED, ...WITH_VARIABLES]) assert.ok(!parse(part).ok, part)
})
