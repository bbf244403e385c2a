import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { connect } from 'node:tls'
import { type Clock, systemClock } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { type Certificate, makeCertificate } from '../../../core/test/certificates.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import type { GatewayTlsInput, ListenerTlsInput } from '../../src/config/input/input.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { Supervisor } from '../../src/workers/supervisor.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { folderWith, resume } from './peers.ts'

const HOUR = 3_600_000
const VERSIONS = ['-tls1_2', '-tls1_3'] as const
const SECRET = 'a secret that nobody else has, of 32 characters and more'

let shop: Certificate
let pay: Certificate
let authority: Certificate

before(() => {
  shop = makeCertificate({ names: ['shop.example'] })
  pay = makeCertificate({ names: ['pay.example'] })
  authority = makeCertificate({ names: ['x'] })
})

async function serve(
  t: TestContext,
  sessionTickets: GatewayTlsInput['sessionTickets'],
  clock: VirtualClock,
  tls: Partial<ListenerTlsInput> = {},
): Promise<number> {
  const { port } = await startGateway(
    t,
    {
      ...(sessionTickets !== undefined && { tls: { sessionTickets } }),
      listeners: [{ address: '127.0.0.1:0', tls: { certificates: [shop, pay], ...tls } }],
      routes: [{ respond: { body: 'hello' } }],
    },
    { clock },
  )
  return port
}

/** What of `New` and `Reused` openssl says of a connection, whose ticket it keeps in a file, or takes from there. */
async function shake(port: number, servername: string, ...words: readonly string[]): Promise<string> {
  const said = await resume('/', port, servername, words)
  assert.match(said, /hello/)
  return /^(New|Reused), /m.exec(said)?.[1] ?? said
}

test('a session goes on over one replacement of the keys, and ends with the second', async (t) => {
  const clock = new VirtualClock()
  const port = await serve(t, undefined, clock)
  const cwd = folderWith(t, {})
  for (const version of VERSIONS) await shake(port, 'shop.example', version, '-sess_out', join(cwd, version))
  const again = (name: string): Promise<string[]> =>
    Promise.all(VERSIONS.map((version) => shake(port, name, version, '-sess_in', join(cwd, version))))
  assert.deepEqual(await again('shop.example'), ['Reused', 'Reused'])
  await clock.advance(12 * HOUR)
  // Neither with the new key nor with the old one is it good for another name (CVE-2025-23419).
  assert.deepEqual(await again('pay.example'), ['New', 'New'])
  assert.deepEqual(await again('shop.example'), ['Reused', 'Reused'])
  await clock.advance(12 * HOUR)
  assert.deepEqual(await again('shop.example'), ['New', 'New'])
})

test('tickets that were made before clients were asked for certificates are worth nothing with either key', async (t) => {
  const clock = new VirtualClock()
  const asked = {
    clientCertificates: { ca: authority.cert, names: { 'shop.example': { mode: 'none' } } },
  } as const
  const open = await serve(t, { secret: SECRET }, clock)
  const closed = await serve(t, { secret: SECRET }, clock, asked)
  const cwd = folderWith(t, {})
  for (const version of VERSIONS) {
    const ticket = join(cwd, version)
    await shake(open, 'pay.example', version, '-sess_out', ticket)
    assert.equal(await shake(open, 'pay.example', version, '-sess_in', ticket), 'Reused')
    for (const hours of [0, 12]) {
      await clock.advance(hours * HOUR)
      const said = await resume('/', closed, 'pay.example', [version, '-sess_in', ticket])
      assert.doesNotMatch(said, /^Reused, |hello/m, version)
      // Where nothing is asked, a ticket of another name is none.
      assert.equal(await shake(closed, 'shop.example', version, '-sess_in', ticket), 'New')
    }
  }
})

test('gateways with the same secret resume the sessions of each other, though their clocks differ', async (t) => {
  const period = 12 * HOUR
  // The one is in the last minute of a period, the other one in the first minute of the next.
  const border = Math.ceil(Date.UTC(2026, 0, 1) / period) * period
  const clocks = [-60_000, 60_000].map((offset) => new VirtualClock({ wallTime: border + offset }))
  const [late, early] = await Promise.all(clocks.map((clock) => serve(t, { secret: SECRET }, clock)))
  const other = await serve(t, { secret: SECRET.toUpperCase() }, new VirtualClock({ wallTime: border }))
  assert.ok(late && early)
  const cwd = folderWith(t, {})
  for (const version of VERSIONS) {
    const ticket = join(cwd, version)
    await shake(early, 'shop.example', version, '-sess_out', ticket)
    assert.equal(await shake(late, 'shop.example', version, '-sess_in', ticket), 'Reused')
    await shake(late, 'shop.example', version, '-sess_out', ticket)
    assert.equal(await shake(early, 'shop.example', version, '-sess_in', ticket), 'Reused')
    assert.equal(await shake(other, 'shop.example', version, '-sess_in', ticket), 'New')
  }
  for (const clock of clocks) await clock.advance(2 * period)
  for (const port of [late, early])
    assert.equal(await shake(port, 'shop.example', '-tls1_2', '-sess_in', join(cwd, '-tls1_2')), 'New')
})

test('with sessionTickets: off, no session is resumed', async (t) => {
  const port = await serve(t, 'off', new VirtualClock())
  const ticket = join(folderWith(t, {}), 'ticket')
  for (const version of VERSIONS) {
    await shake(port, 'shop.example', version, '-sess_out', ticket)
    assert.equal(await shake(port, 'shop.example', version, '-sess_in', ticket), 'New')
  }
})

/** A handshake over TLS 1.2: whether it resumed the session, and that session, or a new one. */
function shake12(port: number, ticket?: Buffer): Promise<{ isResumed: boolean; ticket: Buffer | undefined }> {
  const options = { port, host: '127.0.0.1', servername: 'shop.example', rejectUnauthorized: false }
  return new Promise((resolve, reject) => {
    const socket = connect({ ...options, maxVersion: 'TLSv1.2', ...(ticket && { session: ticket }) }, () => {
      resolve({ isResumed: socket.isSessionReused(), ticket: socket.getSession() })
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

/** The clock of the machine, but for the timer that replaces keys: a test says when that is over. */
class ClockWithTurn {
  /** What replaces the keys; undefined where nothing is armed for that long. */
  turn: (() => void) | undefined
  readonly clock: Clock

  constructor(rotate: number) {
    this.clock = {
      now: () => systemClock.now(),
      wallTime: () => systemClock.wallTime(),
      random: () => systemClock.random(),
      timer: (fire) => {
        const timer = systemClock.timer(fire)
        const arm = (delay: number): void => {
          if (delay === rotate) this.turn = fire
          else timer.arm(delay)
        }
        return { arm, disarm: () => timer.disarm(), hold: () => timer.hold() }
      },
    }
  }
}

test('all workers replace the keys together, a worker that takes the place of a crashed one has them, and a reload changes none', async () => {
  const time = new ClockWithTurn(11 * HOUR)
  const config = (extra: object = {}) => {
    const result = parseConfig({
      workers: 2,
      listeners: [{ address: '127.0.0.1:0', tls: shop }],
      tls: { sessionTickets: { rotate: '11h' } },
      admin: false,
      accessLog: false,
      routes: [{ respond: { body: 'hello' } }],
      ...extra,
    })
    assert.ok(result.ok, JSON.stringify(result))
    return result.config
  }
  const events: string[] = []
  const supervisor = new Supervisor(config(), { clock: time.clock, onEvent: ({ type }) => events.push(type) })
  after(() => supervisor.stop())
  const [listener] = await supervisor.start()
  const port = listener?.port ?? 0
  let { ticket } = await shake12(port)
  /** By all of several: they are spread over both workers. */
  const isResumed = async (): Promise<boolean> => {
    const all = await Promise.all(Array.from({ length: 8 }, () => shake12(port, ticket)))
    return all.every((each) => each.isResumed)
  }
  assert.equal(await isResumed(), true)
  await supervisor.apply(config({ routes: [{ name: 'other', respond: { body: 'hello, again' } }] }))
  assert.equal(await isResumed(), true)
  time.turn?.()
  await eventually(isResumed, 'both workers have the old key beside the new one')
  ;({ ticket } = await shake12(port))
  supervisor.slots[0]?.terminate()
  await eventually(() => events.includes('replaced'), 'a worker has taken its place')
  await eventually(isResumed, 'it has the keys')
  time.turn?.()
  time.turn?.()
  await eventually(async () => !(await isResumed()), 'the key is gone')
})
