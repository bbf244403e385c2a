import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom, type BodySink, StreamBody } from '../../../src/message/body.ts'
import { TrafficError } from '../../../src/message/errors.ts'
import { JoinedBody } from '../../../src/policies/cache/joined-body.ts'

const BROKEN = new TrafficError('cancelled', 'broken')

/** Takes chunks, and asks to wait after each of those that `full` names. */
class Taker implements BodySink {
  readonly got: string[] = []
  full: ReadonlySet<string> = new Set()

  write(chunk: Uint8Array): boolean {
    const text = Buffer.from(chunk).toString()
    this.got.push(text)
    return !this.full.has(text)
  }

  end(): void {
    this.got.push('end')
  }

  fail(error: TrafficError): void {
    this.got.push(error.message)
  }
}

/** A stream that tells what it is told. */
function streamed(told: string[], name: string): StreamBody {
  return new StreamBody(2, {
    resumeBody: () => void told.push(`${name} goes on`),
    cancelBody: (error) => void told.push(`${name}: ${error.message}`),
  })
}

test('bodies flow one behind the other, each when the one before has ended and the sink has room', () => {
  const told: string[] = []
  const second = streamed(told, 'second')
  const joined = new JoinedBody([bodyFrom('a'), bodyFrom('b'), second, bodyFrom('d')], 5)
  const sink = new Taker()
  sink.full = new Set(['a', 'c'])
  joined.flowTo(sink)
  assert.deepEqual(sink.got, ['a'])
  joined.resume()
  assert.deepEqual([sink.got, told], [['a', 'b'], ['second goes on']])
  assert.equal(second.push(Buffer.from('c')), false)
  joined.resume()
  assert.equal(told.length, 2)
  second.push(Buffer.from('C'))
  second.end()
  assert.deepEqual(sink.got, ['a', 'b', 'c', 'C', 'd', 'end'])
})

test('what breaks in the middle fails as a whole, and the rest is given up', () => {
  const told: string[] = []
  const [second, third] = [streamed(told, 'second'), streamed(told, 'third')]
  const sink = new Taker()
  new JoinedBody([bodyFrom('a'), second, third], 5).flowTo(sink)
  second.fail(BROKEN)
  assert.deepEqual(
    [sink.got, told],
    [
      ['a', 'broken'],
      ['second goes on', 'third: broken'],
    ],
  )
})

test('nothing reaches a sink after it has given up, not even of what is here', () => {
  const told: string[] = []
  const last = streamed(told, 'last')
  const joined = new JoinedBody([bodyFrom('a'), bodyFrom('b'), last], 4)
  const sink = new Taker()
  const take = sink.write.bind(sink)
  sink.write = (chunk) => {
    joined.cancel(BROKEN)
    return take(chunk)
  }
  joined.flowTo(sink)
  joined.resume()
  assert.deepEqual([sink.got, told], [['a'], ['last: broken']])
})
