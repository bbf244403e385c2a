import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { AttackedGateway } from './attacked-gateway.ts'
import { valuesOf } from './recorded-request.ts'

const FORGED = 'forged-by-the-client'
const KEY = 'the key of anna'
const hash = (key: string): string => `sha256:${createHash('sha256').update(key).digest('hex')}`

const get = (...fields: string[]): string =>
  `${['GET / HTTP/1.1', 'host: a', ...fields].join('\r\n')}\r\n\r\n`

/** A route that tells its upstream who asks, beside one for whatever follows the attack. */
function start(t: TestContext, anonymous = false): Promise<AttackedGateway> {
  return AttackedGateway.start(t, {
    authenticators: {
      keys: { apiKey: { keys: [{ name: 'anna', hash: hash(KEY), groups: ['staff'] }] } },
    },
    routes: [
      { match: { path: '/probe' } },
      {
        match: { path: '/' },
        authentication: { anyOf: ['keys'], anonymous },
        requestHeaders: {
          set: { 'x-caller': '${identity.subject}', 'x-caller-groups': '${identity.groups}' },
        },
      },
    ],
  })
}

const SPELLINGS = [
  'x-caller',
  'X-Caller',
  'X-CALLER',
  'x_caller',
  'X_Caller',
  'x.caller',
  'X.Caller',
  'x-caller_groups',
  'x_caller_groups',
  'x.caller.groups',
  'X_Caller-Groups',
]

test('who asks is told by the gateway alone, however a client spells the fields and however often', async (t) => {
  const site = await start(t)
  for (const name of SPELLINGS) {
    await t.test(name, async () => {
      const forged = `${name}: ${FORGED}`
      await site.passesAs(get(forged, `x-api-key: ${KEY}`, forged, forged), {
        fields: { 'x-caller': ['anna'], 'x-caller-groups': ['staff'] },
      })
      assert.ok(!site.got.bytes.includes(FORGED), site.got.bytes)
    })
  }
})

test('who shows nothing where nobody must cannot say who it is, either', async (t) => {
  const site = await start(t, true)
  for (const name of SPELLINGS) {
    await t.test(name, async () => {
      await site.passesAs(get(`${name}: ${FORGED}`))
      assert.ok(!site.got.bytes.includes(FORGED), site.got.bytes)
      assert.deepEqual(
        valuesOf(site.got, 'x-caller').filter((value) => value !== ''),
        [],
      )
    })
  }
})

test('a client cannot have what is told of it removed as a field of its connection', async (t) => {
  const site = await start(t)
  await site.passesAs(get('connection: keep-alive, x-caller, x-caller-groups', `x-api-key: ${KEY}`), {
    fields: { 'x-caller': ['anna'], 'x-caller-groups': ['staff'] },
  })
})

test('a right key beside a wrong one is no right key, and reaches no upstream in another spelling', async (t) => {
  const site = await start(t)
  const client = await site.gateway.connect()
  client.send(get(`x-api-key: ${KEY}`, `x-api-key: ${FORGED}`, 'connection: close'))
  assert.match(await client.end(), /^HTTP\/1\.1 401 /)
  const other = await site.gateway.connect()
  other.send(get(`x_api_key: ${KEY}`, 'connection: close'))
  assert.match(await other.end(), /^HTTP\/1\.1 401 /)
})
