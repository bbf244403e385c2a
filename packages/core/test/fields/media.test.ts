import assert from 'node:assert/strict'
import { it } from 'node:test'
import { prefersJson } from '../../src/fields/media.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const cases: [accept: string | undefined, json: boolean, why: string][] = [
  [undefined, true, 'no preference'],
  ['', true, 'no preference'],
  ['*/*', true, 'no preference (curl)'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', false, 'a browser'],
  ['application/json', true, 'an API client'],
  ['application/json, text/plain, */*', true, 'axios'],
  ['application/problem+json', true, 'by name'],
  ['text/plain', false, 'by name'],
  ['text/*', false, 'by half a name'],
  ['TEXT/PLAIN', false, 'types have no case'],
  ['text/plain;charset=utf-8', false, 'parameters do not matter'],
  ['text/plain, application/problem+json', false, 'order, where all else is equal'],
  ['text/plain;q=0.5, application/json;q=0.6', true, 'quality before order'],
  ['application/json;q=0.5,text/*;q=0.6', false, 'quality before exactness'],
  ['*/*, text/plain', false, 'exactness before order'],
  ['text/plain;q=0, */*', true, 'what is refused by name is not taken by "*/*"'],
  ['application/*;q=0, */*;q=0.1', false, 'what is refused by half a name is not taken by "*/*"'],
  [
    'text/*, text/plain;q=0.1, text/html;q=0.1, application/json;q=0.2',
    true,
    'the most specific range decides',
  ],
  ['image/png', true, 'neither is asked for'],
  ['text/plain;q=2, application/json;q=0.1', true, 'a malformed weight is passed over'],
  ['text/plain ; Q=0.1 , application/json', true, 'white space and case of the weight'],
]

for (const [accept, json, why] of cases) {
  it(`${accept ?? 'no Accept'} prefers ${json ? 'problem details' : 'plain text'}: ${why}`, () => {
    assert.equal(prefersJson(accept), json)
  })
}

it('answers whatever Accept holds', () => {
  fc.assert(fc.property(fc.string(), (accept) => typeof prefersJson(accept) === 'boolean'))
})
