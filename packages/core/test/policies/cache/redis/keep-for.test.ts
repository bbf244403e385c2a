import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepFor } from '../../../../src/policies/cache/redis/keep-for.ts'
import type { StoredHead } from '../../../../src/policies/cache/store.ts'
import { storedHead } from '../stored-head.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const TAGGED = ['content-type', 'etag', 'etag', '"1"']

const CASES: readonly (readonly [string, Partial<StoredHead>, number])[] = [
  ['while it is fresh', { lifetime: MINUTE }, MINUTE],
  ['less by what it was old when it came', { lifetime: MINUTE, initialAge: 20_000 }, 40_000],
  [
    'and stale, the longer of both times',
    { lifetime: MINUTE, staleIfError: HOUR, staleWhileRevalidate: 5 },
    HOUR + MINUTE,
  ],
  ['an hour more if it can be confirmed', { lifetime: MINUTE, fields: TAGGED }, HOUR + MINUTE],
  ['as long again if that is more', { lifetime: DAY, fields: ['last-modified', 'x'] }, 2 * DAY],
  ['an hour if nothing else', { fields: TAGGED }, HOUR],
  [
    'no hour for a value that reads like the name of one',
    { lifetime: MINUTE, fields: ['x', 'etag'] },
    MINUTE,
  ],
  ['thirty days at most', { lifetime: 365 * DAY }, 30 * DAY],
  ['a second at least', { lifetime: 5, initialAge: MINUTE }, 1_000],
]

for (const [what, head, expected] of CASES) {
  test(`a response is kept ${what}`, () => assert.equal(keepFor(storedHead(head)), expected))
}
