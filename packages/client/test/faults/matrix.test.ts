import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createSecureContext } from 'node:tls'
import { ScriptedPeer } from '@headgate/core/testing'
import { type ClientOptions, createClient, type FetchInit, type TrafficError } from '../../src/index.ts'
import { makeCertificate } from '../../../core/test/certificates.ts'
import { CountingClock } from './counting-clock.ts'
import { type Fault, FAULTS } from './faults.ts'
import { type RequestKind, REQUESTS } from './requests.ts'
import { tlsPeer } from './tls-peer.ts'

/** What is left when a client is closed: nothing of it may wait. */
interface Ended {
  readonly error: TrafficError
  readonly timers: number
}

const LONG = { connect: 8_000, head: 8_000, idle: 8_000, deadline: 8_000 }

async function failureOf(url: string, call: FetchInit, options: ClientOptions): Promise<Ended> {
  const clock = new CountingClock()
  const client = createClient({
    clock,
    lint: false,
    retry: { attempts: 3, backoff: { base: 1, max: 1 } },
    ...options,
    timeout: { ...LONG, ...(options.timeout as object) },
  })
  const { error } = await client.attempt(client.fetch(url, call).then((got) => got.text()))
  await client.close({ grace: 1_000 })
  assert.ok(error, 'the call fails')
  assert.equal(client.metrics()[0]?.active, 0)
  return { error, timers: clock.pending }
}

function check({ error, timers }: Ended, expected: Partial<TrafficError>): void {
  const { code, phase, attempts, replaySafe } = error
  assert.deepEqual({ code, phase, attempts, replaySafe }, { phase: undefined, ...expected }, error.message)
  assert.equal(timers, 0, 'no timer is left')
}

function expectedOf(
  { at, code, phase, lasting = false }: Fault,
  { attempts, replaySafe }: RequestKind,
): Partial<TrafficError> {
  // Nothing was sent: anything may be tried again, whatever it is.
  if (at === 'connect') return { code, phase, attempts: 3, replaySafe: 'unsent' }
  // What was delivered, if only in part, is not asked for again.
  return { code, phase, attempts: at === 'body' || lasting ? 1 : attempts, replaySafe }
}

describe('a peer that fails', { concurrency: 8 }, () => {
  // The first handshake of a process reads all certificates that Node trusts, which takes longer than the limits of connecting
  // where other work goes on.
  before(() => void createSecureContext())

  for (const fault of FAULTS) {
    for (const request of REQUESTS) {
      it(`${fault.name} at ${fault.at}: ${request.name}`, async (t) => {
        const peer = await ScriptedPeer.listen(async (connection) => {
          await connection.receives(fault.at === 'connect' ? 1 : request.complete)
          fault.play(connection)
        })
        t.after(() => peer.close())
        const url = fault.at === 'connect' ? peer.url.replace('http', 'https') : peer.url
        const { timeout } = fault
        const ended = await failureOf(url, request.call(), timeout === undefined ? {} : { timeout })
        check(ended, expectedOf(fault, request))
        assert.equal(
          peer.connections.length,
          ended.error.attempts,
          'each attempt has a connection of its own',
        )
        await Promise.all(peer.connections.map((connection) => connection.end()))
      })
    }
  }
})

describe('a peer that refuses connections', { concurrency: 8 }, () => {
  for (const request of REQUESTS) {
    it(`refused at connect: ${request.name}`, async () => {
      const peer = await ScriptedPeer.listen()
      const { url } = peer
      await peer.close()
      const ended = await failureOf(url, request.call(), {})
      check(ended, { code: 'connect_failed', phase: 'connect', attempts: 3, replaySafe: 'unsent' })
    })
  }
})

describe('a peer with a certificate that proves nothing', { concurrency: 8 }, async () => {
  const authority = makeCertificate({ names: ['authority.test'] })
  const expired = makeCertificate({ names: ['expired.test'], days: -1 })
  const wrongName = makeCertificate({ names: ['other.test'], ca: authority })
  const underExpired = makeCertificate({ names: ['127.0.0.1'], ca: expired })
  const unknown = makeCertificate({ names: ['127.0.0.1'] })
  const certificates = [
    { name: 'TLS with wrong name', certificate: wrongName, ca: authority.cert },
    { name: 'expired issuer', certificate: underExpired, ca: expired.cert },
    { name: 'unknown issuer', certificate: unknown, ca: authority.cert },
  ]
  for (const { name, certificate, ca } of certificates) {
    for (const request of REQUESTS) {
      it(`${name}: ${request.name}`, async (t) => {
        const peer = await tlsPeer(certificate)
        t.after(() => peer.close())
        const ended = await failureOf(peer.url, request.call(), { tls: { ca, verify: true } })
        check(ended, { code: 'tls_failed', phase: 'tls', attempts: 1, replaySafe: 'unsent' })
        await peer.emptied()
        assert.equal(peer.received, '', 'not a byte of the request leaves')
      })
    }
  }
})

/** Sockets and timers of this process; the servers are the test's own. */
function left(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /^TCPSocket|^TLS|^Timeout$/.test(name))
}

after(async () => {
  // What was destroyed goes in one of the next turns of the event loop.
  for (let turn = 0; turn < 1_000 && left().length > 0; turn++) await new Promise(setImmediate)
  assert.deepEqual(left(), [])
})
