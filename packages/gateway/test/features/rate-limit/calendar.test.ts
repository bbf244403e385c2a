import assert from 'node:assert/strict'
import { it } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import { calendarWindow } from '../../../src/features/rate-limit/calendar.ts'

const HOUR = 3_600_000

it('days and months end at midnight of their zone, also where its clocks are put on or back', () => {
  for (const [unit, zone, now, ends] of [
    ['day', 'UTC', '2026-03-29T12:00:00Z', '2026-03-30T00:00:00Z'],
    ['day', 'Europe/Berlin', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
    ['day', 'Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
    ['day', 'Pacific/Kiritimati', '2026-01-01T09:59:59.999Z', '2026-01-01T10:00:00Z'],
    ['day', 'Asia/Kathmandu', '2026-01-01T00:00:00Z', '2026-01-01T18:15:00Z'],
    ['month', 'UTC', '2028-02-01T00:00:00Z', '2028-03-01T00:00:00Z'],
    ['month', 'America/New_York', '2026-12-31T23:00:00Z', '2027-01-01T05:00:00Z'],
    ['month', 'Europe/Berlin', '2026-09-30T22:00:00Z', '2026-10-31T23:00:00Z'],
  ] as const) {
    const clock = new VirtualClock({ wallTime: Date.parse(now) })
    const { remaining } = calendarWindow(unit, zone, clock)()
    assert.equal(
      new Date(Date.parse(now) + remaining).toISOString(),
      new Date(ends).toISOString(),
      `${unit} ${zone}`,
    )
  }
})

it('windows that follow each other have numbers that do', async () => {
  for (const unit of ['day', 'month'] as const) {
    const clock = new VirtualClock({ wallTime: Date.UTC(2026, 11, 30) })
    const window = calendarWindow(unit, 'Europe/Berlin', clock)
    let { index, remaining } = window()
    for (let count = 0; count < 15; count++) {
      await clock.advance(remaining - 1)
      assert.equal(window().index, index)
      await clock.advance(1)
      assert.equal(window().index, ++index)
      ;({ remaining } = window())
      assert.ok(remaining >= 23 * HOUR)
    }
  }
})
