import assert from 'node:assert/strict'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { after, describe, it } from 'node:test'
import { configuration } from '../../src/admin/config.ts'
import type { AdminAnswer, AdminOperation, AdminRequest } from '../../src/admin-api/operation.ts'
import { liveness, readiness } from '../../src/admin/status.ts'
import { listenAdmin } from '../../src/admin/server.ts'
import type { Version } from '../../src/versions/version.ts'
import type { SupervisorStatus } from '../../src/workers/supervisor.ts'
import { becomes } from '../becomes.ts'
import { runGateway } from '../headgate-process.ts'
import { KeepAliveClient } from '../keep-alive-client.ts'
import { startOrigin } from '../origin.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

async function admin(operations: readonly AdminOperation[], hosts: readonly string[] = []): Promise<number> {
  const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const
  const server = await listenAdmin({ address, hosts }, operations)
  after(() => server.close())
  return server.address.kind === 'tcp' ? server.address.port : 0
}

function ask(port: number, path: string, { method = 'GET', host = '127.0.0.1' } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers: { host } }, (response) => {
      const { statusCode: status = 0, headers } = response
      text(response).then((body) => resolve({ status, headers, body }), reject)
    })
    outgoing.on('error', reject).end()
  })
}

describe('the admin listener', () => {
  it('lists its endpoints, and answers HEAD without a body', async () => {
    const port = await admin([liveness])
    const list = await ask(port, '/')
    assert.equal(list.status, 200)
    assert.match(list.body, /^\/healthz +liveness/m)
    const head = await ask(port, '/healthz?x=1', { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers['content-length'], head.body], [200, '3', ''])
  })

  it('answers what it does not have, or not with that method, with problem details', async () => {
    const port = await admin([liveness])
    const missing = await ask(port, '/health')
    assert.equal(missing.status, 404)
    assert.equal(missing.headers['content-type'], 'application/problem+json')
    assert.deepEqual(JSON.parse(missing.body), {
      title: 'Not found',
      status: 404,
      detail: 'there are /, /healthz, /openapi.json',
    })
    const post = await ask(port, '/healthz', { method: 'POST' })
    assert.deepEqual([post.status, post.headers['allow']], [405, 'GET, HEAD'])
  })

  it('refuses names that may be made to point here, and no others', async () => {
    const port = await admin([liveness])
    for (const host of ['attacker.example', 'localhost.attacker.example', '127.0.0.1.nip.io', '0x7f000001']) {
      assert.equal((await ask(port, '/healthz', { host })).status, 421, host)
    }
    // Not a Host at all (RFC 9112 3.2).
    assert.equal((await ask(port, '/healthz', { host: 'a@b' })).status, 400)
    for (const host of [
      '127.0.0.1',
      `127.0.0.1:${port}`,
      'localhost',
      'LOCALHOST:1',
      '[::1]:9901',
      '10.0.0.7:80',
    ]) {
      assert.equal((await ask(port, '/healthz', { host })).status, 200, host)
    }
  })

  it('answers to the names in admin.hosts, and to no others', async () => {
    const port = await admin([liveness], ['headgate.internal', '*.ops.example'])
    for (const host of ['headgate.internal', 'Headgate.Internal:9901', 'a.ops.example', 'localhost']) {
      assert.equal((await ask(port, '/healthz', { host })).status, 200, host)
    }
    for (const host of [
      'internal',
      'x.headgate.internal',
      'ops.example',
      'aops.example',
      'ops.example.evil.test',
    ]) {
      const refused = await ask(port, '/healthz', { host })
      assert.equal(refused.status, 421, host)
      assert.match(refused.body, /admin\.hosts/)
    }
  })
})

describe('readiness', () => {
  const cases: [status: SupervisorStatus, expected: number, reason?: RegExp][] = [
    [{ phase: 'starting', workers: ['listening', 'starting'] }, 503, /1 of 2 workers listen/],
    [{ phase: 'running', workers: ['listening', 'listening'] }, 200],
    [{ phase: 'running', workers: ['waiting', 'listening'] }, 200],
    [{ phase: 'running', workers: ['waiting', 'starting'] }, 503, /none of 2 workers listens/],
    [{ phase: 'draining', workers: ['draining', 'ended'] }, 503, /draining/],
    [{ phase: 'stopped', workers: ['ended', 'ended'] }, 503, /stopped/],
  ]
  for (const [status, expected, reason] of cases) {
    it(`is ${expected} when ${status.phase} with workers ${status.workers.join(' and ')}`, () => {
      const answer = atOnce(readiness(() => status))
      assert.equal(answer.status, expected)
      if (reason !== undefined) assert.match(answer.body, reason)
    })
  }
})

/** The answer of an operation that does not look at its request, and waits for nothing. */
function atOnce(operation: AdminOperation): AdminAnswer {
  const answer = operation.handle({} as AdminRequest)
  assert.ok(!(answer instanceof Promise))
  return answer
}

function shownConfiguration(input: unknown): string {
  const version = { hash: 'abc', input, folder: '/' } as Version
  const answer = atOnce(configuration({ version }))
  assert.equal(answer.headers?.['etag'], '"abc"')
  return answer.body
}

it('/config shows what is in force', () => {
  const shown = JSON.parse(shownConfiguration({ workers: 3, routes: [{ upstream: 'http://127.0.0.1:1' }] }))
  assert.equal(shown.workers, 3)
  assert.equal(shown.routes[0].name, 'route-1')
  assert.equal(shown.timeouts.connect, '5s', 'as one would write it')
})

it('/config hides credentials, wherever they stand', () => {
  // The schema refuses credentials in URLs: this is the second lock.
  const body = shownConfiguration({ routes: [{ upstream: 'http://user:s3cret@127.0.0.1:1' }] })
  assert.ok(!body.includes('s3cret'), body)
  assert.match(body, /\[redacted\]/)
})

it('metrics answer quickly while all workers are at full load', async () => {
  const origin = await startOrigin()
  const gateway = await runGateway({
    workers: 2,
    listeners: [{ address: '127.0.0.1:0' }],
    admin: { address: '127.0.0.1:0' },
    routes: [{ name: 'all', upstream: origin.url }],
  })
  const clients = Array.from({ length: 64 }, () => new KeepAliveClient(Number(new URL(gateway.url).port)))
  await eventually(() => origin.requests >= 200, 'there is load')
  let slowest = 0
  for (let count = 0; count < 20; count++) {
    const start = performance.now()
    const page = await (await fetch(`${gateway.admin}/metrics`)).text()
    slowest = Math.max(slowest, performance.now() - start)
    assert.match(page, /^headgate_requests_total\{route="all",status_class="2xx"\} [1-9]/m)
  }
  for (const client of clients) client.stop()
  const reports = await Promise.all(clients.map(({ ended }) => ended))
  // A worker that is asked is waited for 30 s; whoever shares the machine is not to count.
  assert.ok(slowest < 20_000, `${slowest} ms`)
  const responses = reports.reduce((sum, report) => sum + report.responses, 0)
  const counted = async (): Promise<number> => {
    const page = await (await fetch(`${gateway.admin}/metrics`)).text()
    return Number(/^headgate_requests_total\{route="all",status_class="2xx"\} (\d+)$/m.exec(page)?.[1])
  }
  assert.equal(await becomes(counted, responses), responses)
  gateway.process.child.kill('SIGTERM')
  assert.equal((await gateway.process.finished).code, 0)
})
