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
    () => [loaded],
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
  assert.match(told[4] ?? '', /has expired on 20\d\d-\d\d-\d\d; have it renewed/)
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
