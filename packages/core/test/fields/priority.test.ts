import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Priority, requestPriority, responsePriority } from '../../src/fields/priority.ts'

function written(priority: Priority | undefined): string | undefined {
  return priority && `${priority.urgency}${priority.incremental ? ' in parts' : ''}`
}

/** Of a request: what the value asks for. */
const REQUESTS: readonly (readonly [value: string, priority: string | undefined])[] = [
  ['', '3'],
  ['u=0', '0'],
  ['u=7, i', '7 in parts'],
  ['i', '3 in parts'],
  ['u=5,i=?1', '5 in parts'],
  ['i=?0, u=2;x=1', '2'],
  ['u=1, u=6', '6'],
  // Unknown, out of range or of another type: as good as not there (RFC 9218 4).
  ['u=1, visible, weight=7', '1'],
  ['u=8, i', '3 in parts'],
  ['u=-1', '3'],
  ['u=1.0', '3'],
  ['u="1"', '3'],
  ['u=(1)', '3'],
  ['i=1, u=0', '0'],
  ['i="?1"', '3'],
  // No dictionary.
  ['u=', undefined],
  ['u=1,', undefined],
  ['U=1', undefined],
  ['u=1;;', undefined],
  ['\x00', undefined],
  [`u=1, x="${'x'.repeat(250)}"`, undefined],
]

for (const [value, priority] of REQUESTS) {
  test(`a request with Priority: ${value.slice(0, 40)} is ${priority ?? 'as one without'}`, () => {
    assert.equal(written(requestPriority(value)), priority)
  })
}

test('a response overrides what it names, and leaves the rest to the client (RFC 9218 8)', () => {
  const asked = requestPriority('u=5, i') as Priority
  for (const [value, priority] of [
    ['u=1', '1 in parts'],
    ['i=?0', '5'],
    ['u=0, i=?0', '0'],
    ['u=9', '5 in parts'],
    ['u=', '5 in parts'],
    ['', '5 in parts'],
  ] as const)
    assert.equal(written(responsePriority(value, asked)), priority, value)
})
