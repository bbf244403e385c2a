import assert from 'node:assert/strict'
import { it } from 'node:test'
import { comparePrecedence, type RoutePlace } from '../../src/routing/router/method-choice.ts'
import { slowFind } from './oracle.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const segment = fc.constantFrom('a', ':x')
const path = fc
  .tuple(fc.array(segment, { maxLength: 2 }), fc.boolean())
  .map(
    ([parts, open]) =>
      `/${[...parts.map((part, index) => (part === ':x' ? `:x${index}` : part)), ...(open ? ['**'] : [])].join('/')}`,
  )
const place: fc.Arbitrary<RoutePlace> = fc.record({
  host: fc.constantFrom(undefined, 'b.c', '*.b.c', '*.c'),
  path,
  methods: fc.constantFrom([], ['GET'], ['POST']),
})

/** Whether the router takes it at all, when it is the only one. */
function matches({ host, path, methods }: RoutePlace, request: readonly [string, string, string]): boolean {
  const entry = { name: 'it', hosts: host === undefined ? [] : [host], paths: [path], methods, value: 'it' }
  return slowFind([entry], ...request).kind === 'found'
}

it('of the places that match a request, the router takes the first in order', () => {
  const request = fc.tuple(
    fc.constantFrom('b.c', 'x.b.c', 'x.c'),
    fc.array(fc.constantFrom('a', 'b'), { maxLength: 3 }).map((parts) => `/${parts.join('/')}`),
    fc.constantFrom('GET', 'PUT'),
  )
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 12 }), request, (places, wanted) => {
      const entries = places.map(({ host, path, methods }, index) => {
        return {
          name: '',
          hosts: host === undefined ? [] : [host],
          paths: [path],
          methods,
          value: String(index),
        }
      })
      const found = slowFind(entries, ...wanted)
      const first = [...places].sort(comparePrecedence).find((each) => matches(each, wanted))
      const expected = first === undefined ? undefined : String(places.indexOf(first))
      assert.equal(found.kind === 'found' ? found.route : undefined, expected)
    }),
    { numRuns: 2000 },
  )
})
