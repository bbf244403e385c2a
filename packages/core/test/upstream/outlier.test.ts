import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ErrorCode, TrafficError } from '../../src/message/errors.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { OutlierDetector, type OutlierOptions } from '../../src/upstream/health/outlier.ts'
import { isOutlier, successRateLimit, type Tally } from '../../src/upstream/health/outlier-rate.ts'
import type { OutlierRecord } from '../../src/upstream/health/outlier-record.ts'
import { fc } from '../../../../scripts/testing/property.ts'

class Watched {
  record: OutlierRecord | undefined
}

class Trial {
  readonly clock: VirtualClock = new VirtualClock()
  readonly detector: OutlierDetector
  readonly records: readonly OutlierRecord[]
  changes = 0

  constructor(endpoints: number, options: OutlierOptions = {}) {
    const watched = Array.from({ length: endpoints }, () => new Watched())
    this.detector = new OutlierDetector(watched, options, this.clock, () => this.changes++)
    this.records = watched.map(({ record }) => record ?? assert.fail())
  }

  /** `5x503 200 connect_failed`: what the endpoint answers, one after the other. */
  answers(index: number, script: string): void {
    const record = this.records[index] ?? assert.fail()
    for (const word of script.split(' ')) {
      const [, times = '1', what = ''] = /^(?:(\d+)x)?(.*)$/.exec(word) ?? []
      for (let count = 0; count < Number(times); count++) {
        if (/^\d/.test(what)) this.detector.responded(record, Number(what))
        else this.detector.rejected(record, new TrafficError(what as ErrorCode, 'scripted'))
      }
    }
  }

  get ejected(): string {
    return this.records.map(({ ejected }) => (ejected ? 'x' : '.')).join('')
  }
}

const CASES: readonly (readonly [
  name: string,
  script: string,
  ejected: boolean,
  options?: OutlierOptions,
])[] = [
  ['five failures in a row', '5x503', true],
  ['four', '4x503', false],
  ['five with a success between them', '4x503 200 4x503', false],
  ['refused connections', '5xconnect_failed', true],
  ['broken connections and timeouts', '2xupstream_closed upstream_timeout tls_failed connect_timeout', true],
  ['500, which may be what was asked for', '9x500', false],
  ['500 where it counts', '5x500', true, { statuses: [500] }],
  ['503 where it does not', '9x503', false, { statuses: [500] }],
  ['errors of clients', '9x404 9xdownstream_closed', false],
  ['what is the doing of the gateway', '9xpool_queue_full 9xdeadline_exceeded 9xcancelled', false],
  ['a lower number', '2x502', true, { consecutiveFailures: 2 }],
  ['none, where failures in a row do not matter', '99x502', false, { consecutiveFailures: 0 }],
]

for (const [name, script, ejected, options] of CASES) {
  test(`${ejected ? 'ejects' : 'does not eject'}: ${name}`, () => {
    const trial = new Trial(3, options)
    trial.answers(0, script)
    assert.equal(trial.ejected, ejected ? 'x..' : '...')
    assert.equal(trial.changes, ejected ? 1 : 0)
  })
}

test('connections found closed where they lay idle tell nothing', () => {
  const trial = new Trial(3)
  const error = new TrafficError('upstream_closed', 'scripted')
  error.staleConnection = true
  for (let count = 0; count < 9; count++) trial.detector.rejected(trial.records[0] ?? assert.fail(), error)
  assert.equal(trial.ejected, '...')
})

test('an endpoint is back by itself, and each further ejection is longer, up to a limit', async () => {
  const trial = new Trial(2, { ejectionTime: 1_000, maxEjectionTime: 2_500 })
  const times: number[] = []
  for (let round = 0; round < 4; round++) {
    trial.answers(0, '5x503')
    const since = trial.clock.now()
    while (trial.ejected === 'x.') await trial.clock.advance(10)
    times.push(trial.clock.now() - since)
  }
  for (const [index, least] of [1_000, 2_000, 2_500, 2_500].entries()) {
    const time = times[index] ?? 0
    assert.ok(time >= least && time <= least * 1.1 + 10, times.join(' '))
  }
  assert.notEqual(times[2], times[3], 'spread at random')
  assert.equal(trial.records[0]?.ejections, 4)
})

test('who did well for long enough is forgiven', async () => {
  const trial = new Trial(2, { ejectionTime: 1_000 })
  trial.answers(0, '5x503')
  await trial.clock.advance(1_200)
  trial.answers(0, '5x503')
  await trial.clock.advance(1_200)
  assert.equal(trial.ejected, 'x.')
  await trial.clock.advance(1_200)
  assert.equal(trial.ejected, '..')
  await trial.clock.advance(3_000)
  trial.answers(0, '200 5x503')
  await trial.clock.advance(1_200)
  assert.equal(trial.ejected, '..')
})

test('who failed for a day is forgiven as fast as who failed until the longest ejection', async () => {
  const trial = new Trial(2, { ejectionTime: 1_000, maxEjectionTime: 3_000 })
  for (let round = 0; round < 50; round++) {
    trial.answers(0, '5x503')
    await trial.clock.advance(3_400)
  }
  await trial.clock.advance(4_000)
  trial.answers(0, '5x503')
  await trial.clock.advance(1_200)
  assert.equal(trial.ejected, '..')
})

test('never more than half of the endpoints are ejected, however they fail; nor is the only one', () => {
  const answers = fc.array(fc.tuple(fc.nat({ max: 9 }), fc.constantFrom('5x503', '200', '7xconnect_failed')))
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 }), answers, (count, script) => {
      const trial = new Trial(count)
      for (const [index, words] of script) trial.answers(index % count, words)
      assert.ok(trial.records.filter(({ ejected }) => ejected).length <= count / 2)
    }),
  )
})

test('an endpoint that still fails when another is back is ejected then', async () => {
  const trial = new Trial(2, { ejectionTime: 1_000 })
  trial.answers(0, '5x503')
  trial.answers(1, '5x503')
  assert.equal(trial.ejected, 'x.')
  await trial.clock.advance(1_200)
  trial.answers(1, '503')
  assert.equal(trial.ejected, '.x')
})

test('an endpoint that succeeds far less often than the others is ejected when rates are compared', async () => {
  const trial = new Trial(6, { consecutiveFailures: 0, successRate: {}, interval: 10_000 })
  for (let round = 0; round < 100; round++) {
    for (let index = 0; index < 6; index++)
      trial.answers(index, index === 4 && round % 2 === 0 ? '503' : '200')
  }
  await trial.clock.advance(9_000)
  assert.equal(trial.ejected, '......')
  await trial.clock.advance(1_000)
  assert.equal(trial.ejected, '....x.')
  // Without traffic there is nothing to compare: no timer is left but the one that ends the ejection.
  assert.equal(trial.clock.pending, 1)
  trial.detector.stop()
  assert.equal(trial.clock.pending, 0)
})

describe('the limit of success rates', () => {
  const good: Tally = { successes: 100, failures: 0 }
  const bad: Tally = { successes: 60, failures: 40 }
  const cases: readonly (readonly [string, readonly Tally[], number])[] = [
    ['one of five', [good, good, good, good, bad], 1],
    ['one of four, which is too few to tell', [good, good, good, bad], 0],
    ['one of five that is hardly worse', [good, good, good, good, { successes: 99, failures: 1 }], 0],
    ['all alike', [bad, bad, bad, bad, bad], 0],
    ['half of them', [bad, bad, bad, good, good, good], 0],
    ['one with too few exchanges', [good, good, good, good, good, { successes: 1, failures: 50 }], 0],
  ]
  for (const [name, tallies, outliers] of cases) {
    test(`${name}: ${outliers} outliers`, () => {
      const limit = successRateLimit(tallies, {})
      const found = limit === undefined ? [] : tallies.filter((tally) => isOutlier(tally, limit, {}))
      assert.equal(found.length, outliers)
    })
  }
})
