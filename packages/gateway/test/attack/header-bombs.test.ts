import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextResponse } from '../survival/http-client.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { AttackedGateway } from './attacked-gateway.ts'
import { startRecordingOrigin } from './recording-origin.ts'

const END = '\r\n\r\n'
const LINE = 'GET / HTTP/1.1\r\nhost: a\r\n'

test('a head that is too large is refused', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, bytes, status] of [
    ['101 fields', `${LINE}${'x: y\r\n'.repeat(100)}\r\n`, 431],
    ['2000 fields', `${LINE}${'x: y\r\n'.repeat(2000)}\r\n`, 431],
    [
      '101 fields of different names',
      `${LINE}${Array.from({ length: 100 }, (_, at) => `x${at}: y\r\n`).join('')}\r\n`,
      431,
    ],
    ['100 000 fields without an end', `${LINE}${'x: y\r\n'.repeat(100_000)}`, 431],
    ['fields without names or values', `${LINE}${'x:\r\n'.repeat(5000)}`, 431],
    ['a value of 16 KiB', `${LINE}x: ${'y'.repeat(16 * 1024)}${END}`, 431],
    ['a value of 1 MiB without an end', `${LINE}x: ${'y'.repeat(1024 * 1024)}`, 431],
    ['a name of 16 KiB', `${LINE}${'x'.repeat(16 * 1024)}: y${END}`, 431],
    ['a name of 1 MiB without an end', `${LINE}${'x'.repeat(1024 * 1024)}`, 431],
    ['a value of 16 KiB of blanks', `${LINE}x:${' '.repeat(16 * 1024)}y${END}`, 431],
    ['cookies of 16 KiB in all', `${LINE}${`cookie: ${'y'.repeat(990)}\r\n`.repeat(17)}\r\n`, 431],
    ['a target of more than 8 KiB', `GET /${'x'.repeat(8 * 1024)} HTTP/1.1\r\nhost: a${END}`, 414],
    ['a query of more than 8 KiB', `GET /?${'x'.repeat(8 * 1024)} HTTP/1.1\r\nhost: a${END}`, 414],
    ['a whole URL of more than 8 KiB', `GET http://a/${'x'.repeat(8 * 1024)} HTTP/1.1\r\nhost: a${END}`, 414],
    ['a target of 8 KiB of escapes', `GET /${'%41'.repeat(2731)} HTTP/1.1\r\nhost: a${END}`, 414],
    ['a target of 1 MiB without an end', `GET /${'x'.repeat(1024 * 1024)}`, 414],
    ['a method of 16 KiB', `${'X'.repeat(16 * 1024)} / HTTP/1.1\r\nhost: a${END}`, 414],
    ['a method of 1 MiB without an end', 'X'.repeat(1024 * 1024), 414],
    ['a version of 16 KiB', `GET / HTTP/1.${'1'.repeat(16 * 1024)}\r\nhost: a${END}`, 414],
  ] as const) {
    await t.test(name, () => site.refuses(bytes, status))
  }
})

test('a head of just the size that is allowed passes', async (t) => {
  const site = await AttackedGateway.start(t)
  const room = 16 * 1024 - `${LINE}x: ${END}`.length
  await t.test('100 fields', () =>
    site.passesAs(`${LINE}${'x: y\r\n'.repeat(99)}\r\n`, { fields: { x: Array<string>(99).fill('y') } }),
  )
  await t.test('16 KiB', () =>
    site.passesAs(`${LINE}x: ${'y'.repeat(room)}${END}`, { fields: { x: ['y'.repeat(room)] } }),
  )
  const target = `/${'x'.repeat(8 * 1024 - 1)}`
  await t.test('a target of 8 KiB', () =>
    site.passesAs(`GET ${target} HTTP/1.1\r\nhost: a${END}`, { target }),
  )
  const dots = '/x/..'.repeat(1600)
  await t.test('a target of 8000 bytes that comes to nothing', () =>
    site.passesAs(`GET ${dots} HTTP/1.1\r\nhost: a${END}`),
  )
  await t.test('a Connection of 2500 names', () =>
    site.passesAs(
      `${LINE}connection: ${Array.from({ length: 2500 }, (_, at) => `x${at}`).join()}\r\nx7: y${END}`,
      {
        fields: { x7: [], connection: [] },
      },
    ),
  )
})

test('a head as large as the limit allows is passed on, in both directions', async (t) => {
  const origin = await startRecordingOrigin(t)
  const large = 'x'.repeat(700 * 1024)
  origin.answer = () => `HTTP/1.1 200 OK\r\nx-large: ${large}\r\ncontent-length: 0\r\n\r\n`
  const gateway = await startGateway(t, { limits: { head: '1MiB' }, routes: [{ upstream: origin.url }] })
  const client = await gateway.connect()
  client.send(`GET / HTTP/1.1\r\nhost: a\r\nx-large: ${large}\r\n\r\n`)
  const { status, headers } = await nextResponse(client)
  assert.equal(status, 200)
  assert.equal(headers['x-large'], large)
  assert.ok(origin.bytes.includes(`x-large: ${large}\r\n`))
})
