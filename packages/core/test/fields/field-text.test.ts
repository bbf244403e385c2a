import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comparedText, fieldText, fieldValue } from '../../src/fields/field-text.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const VALUES: readonly (readonly [value: string, text: string])[] = [
  ['', ''],
  ['plain \t"text" \\', 'plain \t"text" \\'],
  ['M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x98\x80', 'Müller € 😀'],
  ['M\xfcller', 'M\\xfcller'],
  ['\xc3', '\\xc3'],
  ['\xc3\xbc\xc3', 'ü\\xc3'],
  ['\xc0\xaf \xe0\x80\xaf \xf0\x80\x80\xaf', '\\xc0\\xaf \\xe0\\x80\\xaf \\xf0\\x80\\x80\\xaf'], // over-long
  ['\xed\xa0\x80', '\\xed\\xa0\\x80'], // half a surrogate pair
  ['\xf4\x90\x80\x80 \xff', '\\xf4\\x90\\x80\\x80 \\xff'],
]

for (const [value, text] of VALUES) {
  test(`the field value ${JSON.stringify(value)} is shown as ${JSON.stringify(text)}`, () => {
    assert.equal(fieldText(value), text)
  })
}

test('text is written as UTF-8, and read as it was written', () => {
  assert.equal(fieldValue('ü'), '\xc3\xbc')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const value = fieldValue(text)
      assert.equal(Buffer.from(value, 'latin1').toString('utf8'), text)
      assert.equal(fieldText(value), text)
      assert.equal(comparedText(value), text)
    }),
  )
})

test('bytes that are no UTF-8 equal no text that one writes', () => {
  for (const value of ['\xfc', '\xc3', '\xc0\xaf', '\xed\xa0\x80'])
    assert.match(comparedText(value), /^\ufffd+$/)
})
