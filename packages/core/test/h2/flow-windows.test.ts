import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LARGEST_WINDOW, ReceiveWindow, SendWindow } from '../../src/h2/flow-windows.ts'
import { fc } from '../../../../scripts/testing/property.ts'

test('a window of sending takes what is sent and grows by what the peer gives', () => {
  const window = new SendWindow(3, 10)
  window.take(10)
  assert.equal(window.available, 0)
  assert.equal(window.grow(4), undefined)
  assert.equal(window.available, 4)
})

test('a window may be 2^31-1 and no larger: a fault of its stream, of the connection for its own', () => {
  for (const [streamId, scope] of [
    [3, 'stream'],
    [0, 'connection'],
  ] as const) {
    const window = new SendWindow(streamId, 1)
    assert.equal(window.grow(LARGEST_WINDOW - 1), undefined)
    const fault = window.grow(1)
    assert.equal(fault?.code, 'FLOW_CONTROL_ERROR')
    assert.equal(fault.scope, scope)
    assert.equal(window.available, LARGEST_WINDOW)
  }
})

test('a smaller initial window may leave one below 0, which has to be filled first (RFC 9113 6.9.2)', () => {
  const window = new SendWindow(1, 65_535)
  window.take(60_000)
  assert.equal(window.shift(16_384 - 65_535), undefined)
  assert.equal(window.available, 0)
  assert.equal(window.grow(43_616), undefined)
  assert.equal(window.available, 0)
  assert.equal(window.grow(1), undefined)
  assert.equal(window.available, 1)
})

test('an initial window that makes a stream’s too large is a fault of the connection', () => {
  const window = new SendWindow(1, 65_535)
  assert.equal(window.grow(100), undefined)
  const fault = window.shift(LARGEST_WINDOW - 65_535)
  assert.equal(fault?.code, 'FLOW_CONTROL_ERROR')
  assert.equal(fault.scope, 'connection')
  assert.equal(window.shift(LARGEST_WINDOW - 65_635), undefined)
})

test('more DATA than the window of receiving lets in is a fault, and counts for nothing', () => {
  const window = new ReceiveWindow(5, 100)
  assert.equal(window.take(100), undefined)
  assert.equal(window.take(0), undefined)
  const fault = window.take(1)
  assert.equal(fault?.code, 'FLOW_CONTROL_ERROR')
  assert.equal(fault.streamId, 5)
  assert.equal(window.available, 0)
})

test('a window is opened again when half of it has gone on, and not for each frame', () => {
  const window = new ReceiveWindow(5, 100)
  window.take(80)
  assert.equal(window.give(30), 0)
  assert.equal(window.give(19), 0)
  assert.equal(window.available, 20)
  assert.equal(window.give(1), 50)
  assert.equal(window.available, 70)
  assert.equal(window.give(30), 0)
})

test('the window of a connection is widened once, and never narrowed', () => {
  const window = new ReceiveWindow(0, 1_000_000, 65_535)
  assert.equal(window.widen(), 934_465)
  assert.equal(window.available, 1_000_000)
  assert.equal(window.widen(), 0)
  assert.equal(new ReceiveWindow(0, 1000, 65_535).widen(), 0)
})

test('both sides of a window agree, whatever is sent and given back, and it never starves', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 60 }),
      (full, steps) => {
        const [sender, receiver] = [new SendWindow(1, full), new ReceiveWindow(1, full)]
        let kept = 0
        for (const step of steps) {
          const length = Math.min(step, sender.available)
          sender.take(length)
          assert.equal(receiver.take(length), undefined)
          kept += length
          const gone = Math.min(kept, step)
          kept -= gone
          const increment = receiver.give(gone)
          if (increment > 0) assert.equal(sender.grow(increment), undefined)
          assert.equal(sender.available, receiver.available)
          assert.ok(receiver.available <= full)
          if (kept === 0) assert.ok(sender.available > 0)
        }
      },
    ),
  )
})
