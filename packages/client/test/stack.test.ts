import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STACK } from '../src/stack.ts'

// A change of this list is a change of what the client does: think of what stands outside and inside of the place.
test('the policies of a client stand in this order, outermost first', () => {
  const names = STACK.map((row) => `${row.once} ${'place' in row ? `(${row.place})` : row.name}`)
  assert.deepEqual(names, [
    'exchange observe',
    'exchange trace',
    'exchange timeout',
    'exchange (policies)',
    'exchange size-limit',
    'exchange decompress',
    'exchange resume',
    'exchange dedupe',
    'exchange redirect',
    'exchange cookies',
    'exchange auth',
    'exchange cache',
    'exchange retry',
    'attempt hedge',
    'attempt observe-attempt',
    'attempt trace-attempt',
    'attempt breaker',
    'attempt rate-limit',
    'attempt pacing',
    'attempt concurrency',
    'attempt attempt-timeout',
  ])
})
