import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ScriptedConnection } from '@headgate/core/testing'
import { nextResponse } from '../survival/http-client.ts'
import { nobody, startScripted } from '../survival/origins.ts'
import { type StartedGateway, startGateway } from '../survival/start-gateway.ts'
import { readRequests } from './recorded-request.ts'
import { startRecordingOrigin } from './recording-origin.ts'

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n'
const BEHIND = 'GET /behind HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'

interface Attack {
  readonly name: string
  readonly head: string
  /** What the client sends when it has its answer already. */
  readonly late: string
}

/** A request to be answered before its body comes, in which others hide. */
function attacks(method: string, target: string): readonly Attack[] {
  const start = `${method} ${target} HTTP/1.1\r\nhost: a\r\n`
  const chunk = (content: string): string => `${content.length.toString(16)}\r\n${content}\r\n`
  const large = SMUGGLED.repeat(5_000)
  return [
    ['with a length', `content-length: ${SMUGGLED.length}`, SMUGGLED],
    ['in chunks', 'transfer-encoding: chunked', `${chunk(SMUGGLED)}0\r\n\r\n`],
    ['with a large length', `content-length: ${large.length}`, large],
    ['in many chunks', 'transfer-encoding: chunked', `${chunk(SMUGGLED).repeat(5_000)}0\r\n\r\n`],
    ['in broken chunks', 'transfer-encoding: chunked', `5\r\n${SMUGGLED}`],
  ].map(([name = '', field = '', late = '']) => ({ name, head: `${start}${field}\r\n\r\n`, late }))
}

/** Sends the body when the answer is there, and a request behind it; answers the statuses that came in all. */
async function attack(gateway: StartedGateway, { head, late }: Attack): Promise<number[]> {
  const client = await gateway.connect()
  client.send(head)
  const first = await nextResponse(client)
  client.send(late + BEHIND)
  const text = await client.end()
  client.socket.destroy()
  const statuses = Array.from(text.matchAll(/HTTP\/1\.1 (\d+) /g), ([, status]) => Number(status))
  if (first.headers['connection'] === 'close') assert.deepEqual(statuses, [])
  return [first.status, ...statuses]
}

for (const [name, status, method, target] of [
  ['by a route that is not there', 404, 'POST', '/nowhere'],
  ['by a method that is not allowed', 405, 'DELETE', '/behind'],
  ['by a limit', 413, 'POST', '/limited'],
] as const) {
  for (const each of attacks(method, target)) {
    if (status === 413 && !each.head.includes('content-length')) continue // nothing is too large yet
    test(`a body that comes after a refusal ${name} is no request: ${each.name}`, async (t) => {
      const origin = await startRecordingOrigin(t)
      const gateway = await startGateway(t, {
        routes: [
          { match: { path: '/limited' }, upstream: origin.url, limits: { body: '10B' } },
          { match: { path: ['/behind', '/smuggled'], methods: ['GET'] }, upstream: origin.url },
        ],
      })
      const statuses = await attack(gateway, each)
      assert.equal(statuses[0], status)
      const behind = origin.requests.map(({ target: asked }) => asked)
      if (each.name === 'with a length') assert.deepEqual([statuses, behind], [[status, 200], ['/behind']])
      else assert.deepEqual([statuses, behind], [[status], []])
    })
  }
}

for (const each of attacks('POST', '/')) {
  test(`a body that comes after 502 for an origin that is not there is no request: ${each.name}`, async (t) => {
    const gateway = await startGateway(t, { routes: [{ upstream: await nobody() }] })
    const statuses = await attack(gateway, each)
    // Each exchange of the connection is in the log: there is none of the smuggled ones.
    assert.deepEqual(statuses, each.name === 'with a length' ? [502, 502] : [502])
    assert.equal(gateway.log.length, statuses.length)
  })

  for (const [name, field, closes] of [
    ['and takes the rest', '', false],
    ['and closes', 'connection: close\r\n', true],
  ] as const) {
    test(`a body that comes after an origin has answered early ${name} is no request: ${each.name}`, async (t) => {
      const origin = await startScripted(t, async (connection, index) => {
        await connection.receives('\r\n\r\n')
        connection.send(`HTTP/1.1 403 Forbidden\r\n${field}content-length: 4\r\n\r\nno ${index}`)
        if (closes) return connection.finish()
        // It is used for nothing else: what comes behind is asked for on another one.
        await connection.end()
      })
      const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
      const statuses = await attack(gateway, each)
      assert.equal(statuses[0], 403)
      assert.ok(statuses.length <= 2, String(statuses))
      assert.deepEqual(
        origin.connections.flatMap(targets).filter((target) => target !== '/' && target !== '/behind'),
        [],
      )
    })
  }
}

/** What an origin would take for requests, whole ones or the beginning of one. */
function targets({ text }: ScriptedConnection): string[] {
  const { requests, rest } = readRequests(text)
  const [, unfinished] = /^\S+ (\S+) HTTP/.exec(rest) ?? []
  return [...requests.map(({ target }) => target), ...(unfinished === undefined ? [] : [unfinished])]
}
