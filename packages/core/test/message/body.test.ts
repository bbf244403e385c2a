import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type BodySink,
  bodyFrom,
  collect,
  EMPTY_BODY,
  StreamBody,
  WholeBody,
} from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { fc } from '../../../../scripts/testing/property.ts'

/** Writes down what reaches it; `room` is what it answers. */
class Notebook implements BodySink {
  readonly notes: string[] = []
  room = true
  onWrite: () => void = () => {}

  write(chunk: Uint8Array): boolean {
    this.notes.push(Buffer.from(chunk).toString())
    this.onWrite()
    return this.room
  }

  end(trailers?: HeaderList): void {
    this.notes.push(trailers === undefined ? 'END' : `END ${trailers.get('digest')}`)
  }

  fail(error: TrafficError): void {
    this.notes.push(`FAIL ${error.code}`)
  }
}

/** Writes down what it is told. */
class Source {
  readonly told: string[] = []
  resumeBody(): void {
    this.told.push('resume')
  }
  cancelBody(error: TrafficError): void {
    this.told.push(`cancel ${error.code}`)
  }
}

function stream(length?: number): { source: Source; body: StreamBody; sink: Notebook } {
  const source = new Source()
  return { source, body: new StreamBody(length, source), sink: new Notebook() }
}

const broken = new TrafficError('upstream_closed', 'the origin died')

test('a whole body is the same as bytes and as latin1 text, whichever it was made of', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = Buffer.from(bytes).toString('latin1')
      for (const body of [WholeBody.fromBytes(bytes), WholeBody.fromLatin1(text)]) {
        assert.equal(body.length, bytes.length)
        assert.equal(body.latin1, text)
        assert.deepEqual([...body.bytes], [...bytes])
        assert.equal(body.whole, body)
      }
    }),
  )
})

test('a whole body flows any number of times, and an empty one just ends', async () => {
  const body = bodyFrom('caf\u00e9')
  assert.equal((await collect(body)).toString(), 'caf\u00e9')
  assert.equal((await collect(body)).toString(), 'caf\u00e9')
  const sink = new Notebook()
  EMPTY_BODY.flowTo(sink)
  assert.deepEqual(sink.notes, ['END'])
})

test('a stream passes on what arrives, with the answer of its sink, and its trailers', () => {
  const { body, sink } = stream()
  body.flowTo(sink)
  assert.equal(body.push(Buffer.from('a')), true)
  sink.room = false
  assert.equal(body.push(Buffer.from('b')), false)
  body.end(HeaderList.of({ digest: 'x' }))
  assert.deepEqual(sink.notes, ['a', 'b', 'END x'])
  assert.equal(body.received, 2)
})

test('what arrives before there is a sink is held, its source is asked to wait, and then to go on', () => {
  const { source, body, sink } = stream()
  assert.equal(body.push(Buffer.from('a')), false)
  assert.deepEqual(source.told, [])
  body.flowTo(sink)
  assert.deepEqual(sink.notes, ['a'])
  assert.deepEqual(source.told, ['resume'])
})

test('a source is not asked to go on when its sink has no room after what was held', () => {
  const { source, body, sink } = stream()
  body.push(Buffer.from('a'))
  sink.room = false
  body.flowTo(sink)
  assert.deepEqual(source.told, [])
  body.resume()
  assert.deepEqual(source.told, ['resume'])
})

test('an end or a failure that came before the sink is told when it comes', () => {
  const ended = stream()
  ended.body.push(Buffer.from('a'))
  ended.body.end()
  ended.body.flowTo(ended.sink)
  assert.deepEqual(ended.sink.notes, ['a', 'END'])
  assert.deepEqual(ended.source.told, [])

  const failed = stream()
  failed.body.push(Buffer.from('a'))
  failed.body.fail(broken)
  failed.body.flowTo(failed.sink)
  assert.deepEqual(failed.sink.notes, ['a', 'FAIL upstream_closed'])
})

test('a body ends once: nothing that its source says later reaches the sink', () => {
  for (const late of [true, false]) {
    const { body, sink } = stream()
    if (!late) body.flowTo(sink)
    body.push(Buffer.from('a'))
    body.end()
    body.fail(broken)
    body.end()
    if (late) body.flowTo(sink)
    assert.deepEqual(sink.notes, ['a', 'END'], late ? 'sink came late' : 'sink was there')
  }
  for (const late of [true, false]) {
    const { body, sink } = stream()
    if (!late) body.flowTo(sink)
    body.fail(broken)
    body.end()
    if (late) body.flowTo(sink)
    assert.deepEqual(sink.notes, ['FAIL upstream_closed'], 'broken never turns into complete')
  }
})

test('a stream flows once', () => {
  const { body, sink } = stream()
  assert.equal(body.started, false)
  body.flowTo(sink)
  assert.equal(body.started, true)
  assert.throws(() => body.flowTo(new Notebook()), /already been read/)
})

test('a cancelled body tells its source, and nothing more reaches the sink', () => {
  const { source, body, sink } = stream()
  body.flowTo(sink)
  body.cancel(broken)
  body.push(Buffer.from('a'))
  body.end()
  body.fail(broken)
  body.cancel(broken)
  assert.deepEqual(sink.notes, [])
  assert.deepEqual(source.told, ['resume', 'cancel upstream_closed'])
})

test('a sink may cancel from within its own write: nothing more reaches it, not even what was held', () => {
  for (const ending of ['none', 'end', 'fail']) {
    const { source, body, sink } = stream()
    body.push(Buffer.from('a'))
    body.push(Buffer.from('b'))
    if (ending === 'end') body.end()
    if (ending === 'fail') body.fail(broken)
    sink.onWrite = () => body.cancel(broken)
    body.flowTo(sink)
    assert.deepEqual(sink.notes, ['a'], ending)
    assert.deepEqual(source.told, ending === 'none' ? ['cancel upstream_closed'] : [], ending)
  }
})

test('a body that has arrived whole has nothing left to stop when it is cancelled', () => {
  const { source, body } = stream()
  body.push(Buffer.from('a'))
  body.end()
  body.cancel(broken)
  assert.deepEqual(source.told, [])
})

test('collect answers all bytes, or what broke the body', async () => {
  const good = stream()
  const collected = collect(good.body)
  good.body.push(Buffer.from('a'))
  good.body.push(Buffer.from('b'))
  good.body.end()
  assert.equal((await collected).toString(), 'ab')
  const bad = stream()
  const broke = collect(bad.body)
  bad.body.push(Buffer.from('a'))
  bad.body.fail(broken)
  await assert.rejects(broke, broken)
})

test('collect stops a body that is larger than its limit', async () => {
  const { source, body } = stream()
  const collected = collect(body, 2)
  body.push(Buffer.from('abc'))
  await assert.rejects(collected, /larger than the limit of 2 bytes/)
  assert.deepEqual(source.told, ['resume', 'cancel internal'])
  await assert.rejects(collect(bodyFrom('abc'), 2), /larger than the limit/)
})

test('a body that was cancelled before anybody read it fails at once, so that nobody waits for ever', async () => {
  const body = new StreamBody(undefined, { resumeBody() {}, cancelBody() {} })
  body.push(Buffer.from('held'))
  body.cancel(new TrafficError('upstream_closed', 'gone'))
  await assert.rejects(collect(body), { code: 'upstream_closed' })
})
