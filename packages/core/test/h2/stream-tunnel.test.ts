import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../scripts/testing/property.ts'
import { joinTunnel } from '../../src/message/join-tunnel.ts'
import { ReadMemory } from '../../src/h2/read-memory.ts'
import type { Http2Stream } from '../../src/h2/stream.ts'
import { StreamTunnel } from '../../src/h2/stream-tunnel.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { TunnelEnd } from './tunnel-end.ts'

/** What a tunnel asks of its stream, counted. */
class CountedStream {
  held = 0
  outgoing = undefined
  receiver: unknown
  isTunnel = false
  consumed(bytes: number): void {
    assert.ok(bytes <= this.held, `${bytes} of ${this.held} bytes are given back`)
    this.held -= bytes
  }
  widen(): void {}
  sendData(): boolean {
    return true
  }
  sendEnd(): void {}
  reset(): void {}
}

const actions = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.nat({ max: 5 }).map((size) => ({ do: 'data' as const, size: size + 1 })) },
    { weight: 2, arbitrary: fc.constant({ do: 'full' as const }) },
    { weight: 3, arbitrary: fc.constant({ do: 'drain' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'open' as const }) },
  ),
  { maxLength: 40 },
)

test('whenever it is opened and however the far end stops and goes on, all bytes come in their order, and all credit goes back', () => {
  const property = fc.property(actions, fc.constantFrom('ended', 'aborted'), (steps, ending) => {
    const stream = new CountedStream()
    const clock = new VirtualClock()
    const tunnel = new StreamTunnel(stream as unknown as Http2Stream, new ReadMemory(), clock)
    const end = new TunnelEnd()
    let isOpen = false
    let sent = ''
    const open = (): void => {
      if (isOpen) return
      isOpen = true
      tunnel.open(1_000, { tunnelOver() {} })
      joinTunnel(tunnel, end)
    }
    for (const step of steps) {
      if (step.do === 'full') end.hasRoom = false
      else if (step.do === 'drain') end.drain()
      else if (step.do === 'open') open()
      else {
        const text = String.fromCharCode(97 + (sent.length % 26)).repeat(step.size)
        sent += text
        stream.held += step.size
        tunnel.data(Buffer.from(text), 0, step.size)
      }
      assert.ok(sent.startsWith(end.text), 'nothing is lost, and nothing comes twice')
      if (isOpen && end.hasRoom && end.over === undefined) assert.equal(stream.held, 0)
    }
    open()
    if (ending === 'ended') tunnel.ended()
    else tunnel.aborted()
    end.drain()
    assert.deepEqual([end.text, end.over], [sent, ending === 'ended' ? 'end' : 'fail'])
    if (ending === 'ended') assert.equal(stream.held, 0)
  })
  fc.assert(property, { numRuns: 500 })
})
