import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrafficError } from '../../src/message/errors.ts'
import { EMPTY_BODY } from '../../src/message/body.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import type { CircuitGate } from '../../src/policies/breaker/circuit-gate.ts'
import { Circuits } from '../../src/policies/breaker/circuits.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

class Trial {
  readonly clock: VirtualClock = new VirtualClock()
  readonly moves: string[] = []
  /** `shut`, each time that it has changed. */
  readonly changes: boolean[] = []
  readonly circuits: Circuits
  readonly gate: CircuitGate

  constructor() {
    this.circuits = new Circuits({
      consecutiveFailures: 3,
      openFor: 1_000,
      probes: 2,
      onTransition: (key, from, to) => this.moves.push(`${key}: ${from} → ${to}`),
    })
    this.gate = this.circuits.gate('a', this.clock)
    this.gate.changed = () => void this.changes.push(this.gate.shut)
  }

  /** Lets one through that ends so: a status, or an error. */
  call(end: number | TrafficError): Promise<string> {
    const { gate, clock } = this
    const exchange = new Exchange(HttpRequest.to('http://a.example/'), clock)
    const permit = gate.enter(clock.now())
    assert.ok(permit >= 0, 'it is let in')
    const sent =
      typeof end === 'number'
        ? Promise.resolve(new HttpResponse(end, undefined, EMPTY_BODY))
        : Promise.reject(end)
    return gate.watch(sent, permit, exchange).then(
      ({ status }) => String(status),
      (error: TrafficError) => error.code,
    )
  }

  async open(): Promise<void> {
    for (let count = 0; count < 3; count++) await this.call(503)
  }
}

test('failures in a row shut the gate, and time opens it for as many probes as may be, which close the circuit', async () => {
  const trial = new Trial()
  const { gate, clock, changes } = trial
  assert.equal(await trial.call(200), '200')
  assert.equal(await trial.call(new TrafficError('connect_failed', 'refused')), 'connect_failed')
  await trial.call(500)
  assert.deepEqual(changes, [])
  await trial.call(502)
  assert.deepEqual(changes, [true])
  assert.equal(gate.enter(clock.now()), -1)
  const wait = gate.retryAfter(clock.now()) ?? 0
  assert.ok(wait > 0 && wait <= 1_200)
  await clock.advance(1_250)
  assert.deepEqual(changes, [true, false], 'nobody had to ask')
  const [one, two] = [trial.call(200), trial.call(200)]
  assert.equal(gate.shut, true, 'two probes are under way')
  await Promise.all([one, two])
  assert.equal(gate.shut, false)
  assert.deepEqual(trial.moves, ['a: closed → open', 'a: open → half-open', 'a: half-open → closed'])
  assert.equal(clock.pending, 0)
})

test('a probe that fails shuts it again, for longer', async () => {
  const trial = new Trial()
  const { gate, clock } = trial
  await trial.open()
  await clock.advance(1_250)
  await trial.call(500)
  assert.equal(gate.shut, true)
  await clock.advance(1_250)
  assert.equal(gate.shut, true)
  await clock.advance(1_250)
  assert.equal(gate.shut, false)
})

test('a probe that says nothing leaves its place to another', async () => {
  const trial = new Trial()
  await trial.open()
  await trial.clock.advance(1_250)
  for (let count = 0; count < 4; count++) {
    assert.equal(await trial.call(new TrafficError('pool_queue_full', 'full')), 'pool_queue_full')
    assert.equal(trial.gate.shut, false)
  }
})

test('by hand it is closed, or opened for good, through the circuits that it belongs to', async () => {
  const trial = new Trial()
  const { gate, circuits, clock } = trial
  await trial.open()
  assert.deepEqual([...circuits.states()], [['a', 'open']])
  circuits.reset('a')
  assert.deepEqual([gate.shut, gate.circuit.state, clock.pending], [false, 'closed', 0])
  circuits.forceOpen('a')
  await clock.advance(100_000)
  assert.deepEqual([gate.shut, gate.retryAfter(clock.now())], [true, undefined])
  circuits.reset('a')
  assert.equal(gate.shut, false)
})

test('one that is stopped leaves no timer, and its key to a successor', async () => {
  const trial = new Trial()
  await trial.open()
  const next = trial.circuits.gate('a', trial.clock)
  trial.gate.stop()
  assert.equal(trial.clock.pending, 0)
  assert.equal(next.circuit.state, 'closed')
  assert.equal(trial.circuits.for('a'), next.circuit)
  next.stop()
  assert.deepEqual([...trial.circuits.states()], [])
})
