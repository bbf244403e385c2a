import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MetricRegistry } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { makeCertificate } from '../../../core/test/certificates.ts'
import { loadCertificate } from '../../src/features/tls/certificate.ts'
import { DAY } from '../../src/features/tls/concerns.ts'
import { ExpiryAlarm } from '../../src/features/tls/expiry-alarm.ts'
import { expiryReadings } from '../../src/features/tls/figures.ts'

test('a certificate is told of when it has 30, 14, 7 and 1 days left, and when it has expired, once each', () => {
  const loaded = loadCertificate(makeCertificate({ names: ['shop.example'], days: 40 }))
  const clock = new VirtualClock()
  let now = loaded.facts.notAfter - 39.5 * DAY
  const told: string[] = []
  const alarm = new ExpiryAlarm(
    { now: () => clock.now(), random: () => 0, timer: (fire) => clock.timer(fire), wallTime: () => now },
    { certificates: new Map([['', loaded]]), authorities: new Map() },
    (message) => told.push(message),
  )
  const counts: [daysLeft: number, told: number][] = []
  for (let half = 79; half >= -4; half--) {
    now = loaded.facts.notAfter - (half / 2) * DAY
    const before = told.length
    alarm.start()
    if (told.length > before) counts.push([half / 2, told.length - before])
  }
  alarm.stop()
  assert.deepEqual(counts, [
    [29.5, 1],
    [13.5, 1],
    [6.5, 1],
    [0.5, 1],
    [0, 1],
  ])
  assert.match(told[0] ?? '', /^tls: the certificate for shop\.example expires in 29 days, on 20\d\d-/)
  assert.match(told[4] ?? '', /has expired on 20\d\d-\d\d-\d\d \(inline\); have it renewed/)
})

test('a list of revoked certificates that has expired is told of once, with what to do', async () => {
  const clock = new VirtualClock()
  const told: string[] = []
  const list = { digest: 'a', from: '/etc/ca.pem', nextUpdate: clock.wallTime() + 90 * 60_000 }
  const inForce = { certificates: new Map(), authorities: new Map([['', list]]) }
  const alarm = new ExpiryAlarm(clock, inForce, (message) => told.push(message))
  alarm.start()
  assert.deepEqual(told, [])
  await clock.advance(5 * 3_600_000)
  assert.equal(told.length, 1)
  assert.match(
    told[0] ?? '',
    /^tls: a list of revoked certificates has expired on \S+: nobody is let in by it \(beside \/etc\/ca\.pem\); put the next/,
  )
  alarm.stop()
})

test('the metric of expiry has the first name, and of two for the same the earlier one', () => {
  const [late, early] = [90, 60].map((days) =>
    loadCertificate(makeCertificate({ names: ['a.example'], days })),
  )
  assert.ok(late && early)
  const readings = expiryReadings(new MetricRegistry(), [late, early])
  assert.deepEqual(
    readings.map(([, value]) => value),
    [early.facts.notAfter / 1000],
  )
})
