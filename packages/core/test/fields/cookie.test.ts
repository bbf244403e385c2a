import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cookieValue } from '../../src/fields/cookie.ts'

const CASES: readonly (readonly [field: string | undefined, value: string | undefined])[] = [
  [undefined, undefined],
  ['', undefined],
  ['id=1', '1'],
  ['a=0; id=1; b=2', '1'],
  ['a=0;id=1', '1'],
  ['id=1; id=2', '1'],
  ['id="a b"', 'a b'],
  ['id="', '"'],
  ['id=', ''],
  ['id= 1 ', '1'],
  ['id=a=b', 'a=b'],
  ['xid=1', undefined],
  ['ID=1', undefined],
  ['a=id=1', undefined],
  ['a=0, id=1', '1'],
  ['xid=0; id=1', '1'],
  ['idx=1', undefined],
]

for (const [field, value] of CASES) {
  test(`the cookie id of ${JSON.stringify(field)} is ${JSON.stringify(value)}`, () => {
    assert.equal(cookieValue(field, 'id'), value)
  })
}
