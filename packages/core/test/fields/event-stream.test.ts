import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventStreamParser, type ServerSentEvent } from '../../src/fields/event-stream.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { fc } from '../../../../scripts/testing/property.ts'

function parsed(stream: string, limit = 1000): ServerSentEvent[] {
  return [...new EventStreamParser(limit).push(Buffer.from(stream))]
}

/** `type|data|id` for each event. */
function shown(stream: string): string[] {
  return parsed(stream).map(({ type, data, lastEventId }) => [type, data, lastEventId].join('|'))
}

for (const [name, stream, expected] of [
  ['a line of data', 'data: a\n\n', ['message|a|']],
  ['several lines of data', 'data: a\ndata:b\ndata\n\n', ['message|a\nb\n|']],
  [
    'lines that end with CR, LF or both',
    'data: a\r\ndata: b\rdata: c\n\r\ndata: d\r\rdata: e\n\n',
    ['message|a\nb\nc|', 'message|d|', 'message|e|'],
  ],
  ['one space after the colon is none of the value', 'data:  a\n\n', ['message| a|']],
  ['a byte order mark at the start', '\ufeffdata: a\n\n', ['message|a|']],
  ['a byte order mark elsewhere is text', 'data: \ufeff\n\n\ufeffdata: b\n\n', ['message|\ufeff|']],
  ['comments and fields that nobody knows', ': hi\nfoo: bar\ndata: a\n:\n\n', ['message|a|']],
  ['a type', 'event: add\ndata: a\n\ndata: b\n\n', ['add|a|', 'message|b|']],
  [
    'an id, which holds until the next',
    'id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n',
    ['message|a|1', 'message|b|1', 'message|c|'],
  ],
  ['an id with NUL is none', 'id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n', ['message|a|1', 'message|b|1']],
  ['no event without data', 'event: x\nid: 7\n\ndata: a\n\n', ['message|a|7']],
  ['empty data is data', 'data\n\ndata:\n\n', ['message||', 'message||']],
  ['an event without its end is none', 'data: a\n\ndata: b\n', ['message|a|']],
  ['field names are matched exactly', 'Data: a\n data: b\ndata: c\n\n', ['message|c|']],
] as const) {
  test(`event stream: ${name}`, () => assert.deepEqual(shown(stream), expected))
}

test('the time to wait is digits only', () => {
  const parser = new EventStreamParser(1000)
  for (const [line, expected] of [
    ['retry: x', undefined],
    ['retry: 250', 250],
    ['retry: 1.5', 250],
    ['retry: -1', 250],
    ['retry', 250],
    ['retry: ٣', 250],
    [`retry: ${'9'.repeat(400)}`, 2 ** 31],
    ['retry:0', 0],
  ] as const) {
    parser.push(Buffer.from(`${line}\n`))
    assert.equal(parser.retry, expected, line)
  }
})

test('the place is that of the last event, also of one without data, and is kept from the stream before', () => {
  const parser = new EventStreamParser(1000, 'before')
  assert.deepEqual(parser.push(Buffer.from('data: a\n\n')), [
    { type: 'message', data: 'a', lastEventId: 'before' },
  ])
  parser.push(Buffer.from('id: 5\n'))
  assert.equal(parser.lastEventId, 'before')
  parser.push(Buffer.from('\n'))
  assert.equal(parser.lastEventId, '5')
})

test('an event that is too large is refused, as one line, as several, and before its end has come', () => {
  for (const stream of [
    `data: ${'x'.repeat(100)}`,
    `data: ${'x'.repeat(100)}\n\n`,
    'data: xxxxxx\n'.repeat(9),
  ]) {
    assert.throws(
      () => parsed(stream, 50),
      (error) => error instanceof TrafficError && error.code === 'response_body_too_large',
      stream,
    )
  }
  assert.equal(parsed('data: xxxxxx\n\n'.repeat(9), 50).length, 9)
})

/** The standard's words, over the whole text at once. */
function reference(text: string): ServerSentEvent[] {
  const events: ServerSentEvent[] = []
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)
  lines.pop()
  let [data, type, id] = ['', '', '']
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]*):? ?([^]*)$/.exec(line) ?? []
    if (line === '') {
      if (data !== '') events.push({ type: type || 'message', data: data.slice(0, -1), lastEventId: id })
      data = ''
      type = ''
    } else if (name === 'data') data += `${value}\n`
    else if (name === 'event') type = value
    else if (name === 'id' && !value.includes('\0')) id = value
  }
  return events
}

test('however a stream is cut, its events are those of the standard', () => {
  const part = fc.constantFrom(
    'data',
    'data: ',
    'event:',
    'id: ',
    ':',
    ' ',
    '\n',
    '\r',
    '\r\n',
    '\n\n',
    'a',
    'é',
    '💡',
    '\ufeff',
    '\0',
    '\ufffd',
  )
  const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 })
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), cuts, (parts, sizes) => {
      const bytes = Buffer.from(parts.join(''))
      const parser = new EventStreamParser(10_000)
      const events: ServerSentEvent[] = []
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1
        // Memory that is used again for the next chunk.
        const chunk = Buffer.from(bytes.subarray(at, at + size))
        events.push(...parser.push(chunk))
        chunk.fill(0x58)
        at += size
      }
      assert.deepEqual(events, reference(parts.join('')))
    }),
    { numRuns: 2000 },
  )
})

test('bytes that are no UTF-8 become U+FFFD, wherever they are cut', () => {
  const bytes = Buffer.from('data: a\u00ff\u00c3\n\n', 'latin1')
  for (let cut = 0; cut <= bytes.length; cut++) {
    const parser = new EventStreamParser(1000)
    const events = [...parser.push(bytes.subarray(0, cut)), ...parser.push(bytes.subarray(cut))]
    assert.equal(events[0]?.data, 'a\ufffd\ufffd')
  }
})

test('a line that comes byte by byte takes memory for its bytes, not for its reads', () => {
  const size = 256 * 1024
  const parser = new EventStreamParser(size)
  const memory = (): number => {
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  parser.push(Buffer.from('data:'))
  const byte = Buffer.from('x')
  const before = memory()
  for (let count = 0; count < size - 5; count++) parser.push(byte)
  const perByte = (memory() - before) / size
  assert.equal(parser.push(Buffer.from('\n\n'))[0]?.data.length, size - 5)
  // Twice the line while it grows, and what the collector of garbage has not taken yet. An array for each read took some 200.
  assert.ok(perByte < 40, `${perByte.toFixed(0)} bytes for each byte`)
})
