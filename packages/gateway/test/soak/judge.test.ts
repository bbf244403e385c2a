import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, type Observed } from './judge.ts'
import { Ledger } from './ledger.ts'
import type { ThreadSample } from './probe.ts'

const MIB = 1024 * 1024
const LINE = { route: 'all', path: '/ok/1', status: 200 }

/** A run of 100 s in which all is well: one thread, one exchange. */
function quiet(): Observed & { readonly samples: ThreadSample[]; readonly metrics: Map<string, number> } {
  const ledger = new Ledger()
  ledger.end(ledger.begin(), { kind: 'answered', status: 200 })
  ledger.logged(JSON.stringify(LINE))
  const times = Array.from({ length: 101 }, (_, second) => second * 1000)
  return {
    base: 30,
    left: 30,
    samples: times.map((time) => ({ time, thread: 1, heap: 10 * MIB, buffers: MIB, active: { Timeout: 1 } })),
    resident: times.map((time) => ({ time, value: 100 * MIB })),
    started: 0,
    ended: 100_000,
    judgedFrom: 50_000,
    metrics: new Map([['headgate_requests_total{route="all",status_class="2xx"}', 1]]),
    ledger,
    exitCode: 0,
  }
}

function failures(observed: Observed): string[] {
  observed.ledger.close()
  return judge(observed)
    .filter(({ ok }) => !ok)
    .map(({ what }) => what)
}

test('a run in which all is well passes', () => {
  assert.deepEqual(failures(quiet()), [])
})

test('memory that grows after the warm-up fails, and only what grows', () => {
  const observed = quiet()
  const samples = observed.samples.map((sample) => ({ ...sample, heap: 10 * MIB + sample.time * 60 }))
  assert.deepEqual(failures({ ...observed, samples }), ['heap of thread 1: growth'])
  const resident = observed.resident.map(({ time, value }) => ({ time, value: value + time * 1000 }))
  assert.deepEqual(failures({ ...observed, resident }), ['resident memory: growth'])
})

test('buffers that come and go do not fail, and those that stay do', () => {
  const observed = quiet()
  const withBuffers = (of: (time: number) => number): Observed => ({
    ...observed,
    samples: observed.samples.map((sample) => ({ ...sample, buffers: of(sample.time) })),
  })
  const passing = (time: number): number => (time > 90_000 && time % 5_000 > 0 ? 60 * MIB : 10 * MIB)
  assert.deepEqual(failures(withBuffers(passing)), [])
  assert.deepEqual(failures(withBuffers((time) => passing(time) + time * 200)), [
    'buffers of thread 1: growth',
  ])
})

test('a thread of which too little is known fails, and says so', () => {
  const observed = quiet()
  const samples = observed.samples.filter(({ time }) => time < 50_000)
  const findings = judge({ ...observed, samples }).filter(({ ok }) => !ok)
  assert.deepEqual(
    findings.map(({ what, found }) => [what, found]),
    ['heap', 'buffers'].map((kind) => [`${kind} of thread 1: growth`, 'not enough samples to judge: 0']),
  )
})

test('what is left open fails', () => {
  const observed = quiet()
  assert.deepEqual(failures({ ...observed, left: 31 }), ['file descriptors left'])
  const last = observed.samples.at(-1)
  assert.ok(last)
  observed.samples.push({ ...last, time: 101_000, active: { Timeout: 2 } })
  assert.deepEqual(failures(observed), ['handles of thread 1 left'])
})

test('books that do not agree fail', () => {
  const miscounted = quiet()
  miscounted.metrics.set('headgate_requests_total{route="all",status_class="2xx"}', 2)
  assert.deepEqual(failures(miscounted), ['requests counted 2xx'])

  const cached = quiet()
  cached.ledger.logged(JSON.stringify({ ...LINE, path: `/ok/${cached.ledger.begin()}`, cache: 'hit' }))
  cached.ledger.end(2, { kind: 'answered', status: 200 })
  cached.metrics.set('headgate_requests_total{route="all",status_class="2xx"}', 2)
  cached.metrics.set('headgate_cache_requests_total{route="all",result="miss"}', 1)
  assert.deepEqual(failures(cached), ['requests at the cache: hit'])
  cached.metrics.set('headgate_cache_requests_total{route="all",result="hit"}', 1)
  assert.deepEqual(failures(cached), ['requests at the cache in all'])

  const forgotten = quiet()
  forgotten.ledger.end(forgotten.ledger.begin(), { kind: 'cancelled', seen: true })
  assert.deepEqual(failures(forgotten), ['exchanges not accounted for'])

  const excused = quiet()
  excused.ledger.end(excused.ledger.begin(), { kind: 'cancelled', seen: false })
  assert.deepEqual(failures(excused), [])

  const late = quiet()
  late.ledger.end(late.ledger.begin(), { kind: 'unheard' })
  assert.deepEqual(failures(late), [])

  const heard = quiet()
  heard.ledger.end(heard.ledger.begin(), { kind: 'unheard' })
  heard.ledger.logged(JSON.stringify({ ...LINE, path: '/ok/2' }))
  heard.metrics.set('headgate_requests_total{route="all",status_class="2xx"}', 2)
  assert.deepEqual(failures(heard), ['exchanges not accounted for'])

  const unfinished = quiet()
  unfinished.ledger.logged(JSON.stringify({ ...LINE, route: '' }))
  assert.deepEqual(failures(unfinished), ['log lines of refused requests'])
  unfinished.ledger.maybeRefused++
  assert.deepEqual(failures(unfinished), [])

  const twice = quiet()
  twice.ledger.logged(JSON.stringify(LINE))
  assert.deepEqual(failures(twice), ['exchanges not accounted for', 'requests counted 2xx'])

  const differing = quiet()
  differing.ledger.logged(JSON.stringify({ ...LINE, path: `/ok/${differing.ledger.begin()}` }))
  differing.ledger.end(2, { kind: 'answered', status: 404 })
  differing.metrics.set('headgate_requests_total{route="all",status_class="2xx"}', 2)
  assert.deepEqual(failures(differing), ['exchanges not accounted for'])
})
