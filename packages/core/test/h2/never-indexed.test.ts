import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FieldSection } from '../../src/h2/field-section.ts'
import { HpackDecoder } from '../../src/h2/hpack-decoder.ts'
import { HpackEncoder, mostBytes } from '../../src/h2/hpack-encoder.ts'
import { trailerFields } from '../../src/h2/message-fields.ts'
import { requestFields } from '../../src/h2/request-fields.ts'
import { takeInRequest } from '../../src/h2/request-intake.ts'
import { takeInTrailers } from '../../src/h2/trailers.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { DEFAULT_HEAD_LIMITS } from '../../src/message/head-limits.ts'
import { HeaderList } from '../../src/message/headers.ts'

/** A literal with a name of its own; `first` says what its table may do with it. */
function literal(first: number, name: string, value: string): Buffer {
  const parts = [name, value].map((text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]))
  return Buffer.concat([Buffer.from([first]), ...parts])
}

/** What a block holds. */
function decoded(block: Buffer): FieldSection {
  const section = new FieldSection({ maxSize: 16_384, maxFields: 100, maxCrumbs: 100 })
  assert.equal(new HpackDecoder().decode(block, 0, block.length, section), undefined)
  return section
}

test('a field that came as never indexed is sent on as never indexed, to whichever origin and however often', () => {
  // GET http / with an authority.
  const head = Buffer.concat([Buffer.from([0x82, 0x86, 0x84, 0x41, 1]), Buffer.from('h')])
  const block = Buffer.concat([head, literal(0x10, 'x-inner', 'hush'), literal(0x00, 'x-outer', 'open')])
  const intake = takeInRequest(decoded(block), true, { limits: DEFAULT_HEAD_LIMITS }, 'http')
  assert.ok(!(intake instanceof TrafficError))
  const encoder = new HpackEncoder()
  for (const turn of [1, 2]) {
    // A policy may have worked on a copy.
    const request = intake.request.clone()
    const fields = requestFields(request, 'http')
    const out = Buffer.alloc(mostBytes(fields))
    const sent = out.subarray(0, encoder.encode(out, 0, fields)).toString('latin1')
    assert.ok(sent.includes(literal(0x10, 'x-inner', 'hush').toString('latin1')), `turn ${turn}`)
    assert.equal(sent.includes('open'), turn === 1, 'the other one is indexed')
  }
})

test('a line that one message marks as never indexed is indexed with another that has the very same line', () => {
  const marked = decoded(Buffer.concat([literal(0x10, 'x-both', 'a'), literal(0x00, 'x-both', 'b')]))
  const unmarked = decoded(literal(0x00, 'x-both', 'b'))
  const both = takeInTrailers(marked, true)
  const alone = takeInTrailers(unmarked, true)
  assert.ok(both instanceof HeaderList && alone instanceof HeaderList)
  assert.equal(both.lineAt(1), alone.lineAt(0))
  assert.deepEqual(
    trailerFields(both)?.map(({ neverIndexed }) => neverIndexed),
    [true, true],
  )
  assert.deepEqual(
    trailerFields(alone)?.map(({ neverIndexed }) => neverIndexed),
    [false],
  )
})

test('a trailer field that came as never indexed is sent on as never indexed', () => {
  const block = literal(0x10, 'x-inner', 'hush')
  const trailers = takeInTrailers(decoded(block), true)
  assert.ok(trailers instanceof HeaderList)
  const fields = trailerFields(trailers) ?? []
  const out = Buffer.alloc(mostBytes(fields))
  assert.deepEqual(out.subarray(0, new HpackEncoder().encode(out, 0, fields)), block)
})
