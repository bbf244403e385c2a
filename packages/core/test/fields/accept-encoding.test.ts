import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptedCoding } from '../../src/fields/accept-encoding.ts'

test('the coding is the one that the client likes best, and of those alike the first that is offered', () => {
  for (const [accept, coding] of [
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip, br', 'br'],
    ['gzip, br;q=0.9', 'gzip'],
    ['gzip;q=0.5, br;q=0.5', 'br'],
    ['deflate', 'identity'],
    ['*', 'br'],
    ['*;q=0.1, gzip;q=0.2', 'gzip'],
    ['br;q=0, *', 'gzip'],
    ['br;q=0, gzip;q=0', 'identity'],
    ['identity;q=0, gzip;q=0.001', 'gzip'],
    ['identity;q=0', undefined],
    ['*;q=0', undefined],
    ['*;q=0, identity;q=0.1', 'identity'],
    ['*;q=0, gzip', 'gzip'],
    ['identity;q=1, gzip;q=0.5', 'identity'],
    ['identity, gzip', 'gzip'],
    ['gzip ; q=0.5, br;q=2', 'gzip'],
    ['gzip;q=', 'identity'],
    [';q=1, , gzip', 'gzip'],
    [`${'a,'.repeat(40)}gzip`, 'identity'],
  ] as const)
    assert.equal(acceptedCoding(accept, ['br', 'gzip']), coding, accept)
})
