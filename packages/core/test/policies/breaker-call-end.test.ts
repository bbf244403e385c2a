import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BodySink, StreamBody } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { breaker } from '../../src/policies/breaker/breaker.ts'
import type { CircuitOptions } from '../../src/policies/breaker/breaker-state.ts'
import { Circuits } from '../../src/policies/breaker/circuits.ts'
import { sleep } from '../../src/policies/retry/backoff.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { EndpointWatch } from '../../src/upstream/endpoint/endpoint-watch.ts'
import { OutlierDetector } from '../../src/upstream/health/outlier.ts'
import type { OutlierRecord } from '../../src/upstream/health/outlier-record.ts'

const nobody: BodySink = { write: () => true, end: () => {}, fail: () => {} }

/** A call that has answered, with messages to come. */
class OpenCall {
  readonly response: HttpResponse
  private readonly content = new StreamBody(undefined, { resumeBody: () => {}, cancelBody: () => {} })

  constructor(contentType = 'application/grpc+proto') {
    this.response = new HttpResponse(200, HeaderList.of({ 'content-type': contentType }), this.content)
  }

  /** It is over, with these trailers, or without its end. */
  end(how: string | undefined | TrafficError): void {
    const { body } = this.response
    body.flowTo(nobody)
    if (how instanceof TrafficError) this.content.fail(how)
    else this.content.end(how === undefined ? undefined : HeaderList.of({ 'grpc-status': how }))
  }
}

class Trial {
  readonly clock: VirtualClock = new VirtualClock()
  readonly circuit
  private readonly handle
  private readonly takes: number

  constructor(options: CircuitOptions, takes = 0) {
    this.takes = takes
    const circuits = new Circuits(options)
    this.circuit = circuits.for('http://a.example')
    this.handle = (call: OpenCall) =>
      breaker({ circuits })(async (exchange) => {
        if (this.takes > 0) await sleep(this.takes, exchange)
        return call.response
      })(new Exchange(HttpRequest.to('http://a.example/'), this.clock))
  }

  async opened(contentType?: string): Promise<OpenCall> {
    const call = new OpenCall(contentType)
    const answered = this.handle(call)
    await this.clock.advance(this.takes)
    await answered
    return call
  }
}

const lost = new TrafficError('upstream_closed', 'the stream was reset')

for (const [what, end, state, contentType] of [
  ['UNAVAILABLE', '14', 'open'],
  ['INTERNAL', '13', 'open'],
  ['a status that is no number', 'fine', 'open'],
  ['OK', '0', 'closed'],
  ['NOT_FOUND', '5', 'closed'],
  ['no status', undefined, 'closed'],
  ['a stream that breaks', lost, 'closed'],
  ['UNAVAILABLE in trailers that are not of gRPC', '14', 'closed', 'text/plain'],
  ['UNAVAILABLE in trailers of gRPC-Web', '14', 'closed', 'application/grpc-web+proto'],
] as const) {
  test(`calls that end with ${what} behind their messages leave the circuit ${state}`, async () => {
    const trial = new Trial({ consecutiveFailures: 2 })
    for (let count = 0; count < 2; count++) (await trial.opened(contentType)).end(end)
    assert.equal(trial.circuit.state, state)
  })
}

test('a call counts when it ends, and one that is given up has answered', async () => {
  const trial = new Trial({ consecutiveFailures: 2 })
  const [first, second, third, given] = [
    await trial.opened(),
    await trial.opened(),
    await trial.opened(),
    await trial.opened(),
  ]
  first.end('14')
  given.response.body.cancel(new TrafficError('downstream_closed', 'gone'))
  second.end('14')
  assert.equal(trial.circuit.state, 'closed')
  third.end('14')
  assert.equal(trial.circuit.state, 'open')
})

test('a probe counts when it answers, so that a stream does not hold its place, and again where it fails', async () => {
  const options = { consecutiveFailures: 1, probes: 2, openFor: 1_000 }
  const trial = new Trial(options)
  ;(await trial.opened()).end('14')
  await trial.clock.advance(1_200)
  const stream = await trial.opened()
  const second = await trial.opened()
  assert.equal(trial.circuit.state, 'closed')
  second.end('0')
  stream.end('0')
  assert.equal(trial.circuit.state, 'closed')

  ;(await trial.opened()).end('14')
  await trial.clock.advance(1_200)
  ;(await trial.opened()).end('14')
  assert.equal(trial.circuit.state, 'open', 'it fails while others still probe')
  await trial.clock.advance(2_400)
  await trial.opened()
  const last = await trial.opened()
  assert.equal(trial.circuit.state, 'closed')
  last.end('14')
  assert.equal(trial.circuit.state, 'open', 'it fails where its answer has closed the circuit')
})

test('a call that ends after its circuit has moved on says nothing about it', async () => {
  const trial = new Trial({ consecutiveFailures: 1, probes: 1, openFor: 1_000 })
  const old = await trial.opened()
  ;(await trial.opened()).end('14')
  await trial.clock.advance(1_200)
  ;(await trial.opened()).end('0')
  old.end('14')
  assert.equal(trial.circuit.state, 'closed')
})

test('a call is slow by when it answers, however long its messages take', async () => {
  const quick = new Trial({ slowAfter: 500, minimumRequests: 1 })
  const call = await quick.opened()
  await quick.clock.advance(10_000)
  call.end('0')
  assert.equal(quick.circuit.state, 'closed')
  const slow = new Trial({ slowAfter: 500, minimumRequests: 1 }, 501)
  await slow.opened()
  assert.equal(slow.circuit.state, 'open')
})

test('an outlier is found by the statuses behind messages', async () => {
  const clock = new VirtualClock()
  const endpoints = [{}, {}] as { record: OutlierRecord | undefined }[]
  const detector = new OutlierDetector(endpoints, { consecutiveFailures: 2 }, clock, () => {})
  const record = endpoints[0]?.record ?? assert.fail()
  const watch = new EndpointWatch({ record, latency: undefined as never }, detector, false, clock)
  const exchange = new Exchange(HttpRequest.to('http://a.example/'), clock)
  const call = async (end: string | undefined): Promise<void> => {
    const open = new OpenCall()
    await watch.watch(Promise.resolve(open.response), exchange)
    open.end(end)
  }
  for (const end of ['14', '0', '14', undefined, '14', '13', '14']) await call(end)
  assert.equal(record.ejected, false)
  await call('14')
  await call('14')
  assert.equal(record.ejected, true)
  detector.stop()
})
