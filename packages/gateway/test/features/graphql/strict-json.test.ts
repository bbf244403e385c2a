import assert from 'node:assert/strict'
import { it } from 'node:test'
import { GraphqlRefusal } from '../../../src/features/graphql/error-response.ts'
import { readJson } from '../../../src/features/graphql/strict-json.ts'
import { fc } from '../../../../../scripts/testing/property.ts'

interface Written {
  readonly text: string
  readonly isTwofold: boolean
}

const gap = fc.constantFrom('', ' ', '\n', '\t ')
/** One text may be written in several ways. */
const name = fc.oneof(
  fc.constantFrom('"a"', '"\\u0061"', '"b"', '""', '"a\\""', '"\\\\"', '"{"', '":"', '"ä"', '"\\u00e4"'),
  fc.string({ unit: 'binary', maxLength: 3 }).map((text) => JSON.stringify(text)),
)

const written: fc.Arbitrary<Written> = fc.letrec<{ tree: Written }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('1', '-0.5e3', 'true', 'null').map((text) => ({ text, isTwofold: false })),
    name.map((text) => ({ text, isTwofold: false })),
    fc.array(fc.tuple(tie('tree'), gap), { maxLength: 4 }).map((all) => ({
      text: `[${all.map(([{ text }, space]) => space + text).join()}]`,
      isTwofold: all.some(([{ isTwofold }]) => isTwofold),
    })),
    fc.array(fc.tuple(name, gap, tie('tree')), { maxLength: 4 }).map((all) => ({
      text: `{${all.map(([own, space, { text }]) => `${space}${own}${space}:${text}`).join()}}`,
      isTwofold:
        new Set(all.map(([own]) => JSON.parse(own) as string)).size < all.length ||
        all.some(([, , { isTwofold }]) => isTwofold),
    })),
  ),
})).tree

it('JSON is read as by any reader, unless two members of an object have one name', () => {
  fc.assert(
    fc.property(written, ({ text, isTwofold }) => {
      if (isTwofold) assert.throws(() => readJson(text, 'it'), /two members of the same name/)
      else assert.deepEqual(readJson(text, 'it'), JSON.parse(text))
    }),
    { numRuns: 2000 },
  )
})

it('what is no JSON is refused, whatever it looks like', () => {
  const pieces = fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a', '1', '"a"', '"a":', '\\u', ' ')
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (all) => {
      const text = all.join('')
      try {
        readJson(text, 'it')
      } catch (error) {
        assert.ok(error instanceof GraphqlRefusal, String(error))
        return
      }
      JSON.parse(text)
    }),
    { numRuns: 5000 },
  )
})
