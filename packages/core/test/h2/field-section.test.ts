import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldName, fieldOf } from '../../src/h2/field.ts'
import { FieldSection, type SectionLimits } from '../../src/h2/field-section.ts'

const WIDE: SectionLimits = { maxSize: 65_536, maxFields: 100, maxCrumbs: 100 }
const NARROW: SectionLimits = { maxSize: 100, maxFields: 1, maxCrumbs: 1 }

/** Every kind of field that a section notes apart, twice, and what is malformed. */
const EVERYTHING = [
  ...[':method', ':scheme', ':authority', ':path', ':status', ':protocol'].map(
    (name) => [name, 'x'] as const,
  ),
  ...(['content-length', 'priority', 'cookie', 'x-a', 'X-B'] as const).map((name) => [name, '1'] as const),
]

function fill(section: FieldSection): void {
  for (const _ of [1, 2]) {
    for (const [name, value] of EVERYTHING) section.add(fieldOf(fieldName(name), value))
  }
}

test('a section that was given back knows nothing of the message before', () => {
  const used = FieldSection.of(WIDE)
  fill(used)
  assert.notEqual(used.malformed, undefined)
  used.giveBack()
  const next = FieldSection.of(NARROW)
  assert.equal(next, used)
  assert.deepEqual(stateOf(next), stateOf(new FieldSection(NARROW)))
  assert.deepEqual(next.fields, [])
})

test('a section that was too large is none when it is used again', () => {
  const used = FieldSection.of(NARROW)
  fill(used)
  assert.equal(used.tooLarge, true)
  used.giveBack()
  const next = FieldSection.of(WIDE)
  fill(next)
  assert.equal(next, used)
  assert.equal(next.tooLarge, false)
})

test('a section whose receiver keeps it is not used again', () => {
  const kept = FieldSection.of(WIDE)
  kept.add(fieldOf(fieldName('x-a'), 'kept'))
  const other = FieldSection.of(WIDE)
  other.giveBack()
  assert.notEqual(FieldSection.of(WIDE), kept)
  assert.deepEqual(
    kept.fields.map(({ value }) => value),
    ['kept'],
  )
})

test('a section that is given back twice is a defect, and no two messages share it', () => {
  const section = FieldSection.of(WIDE)
  section.giveBack()
  assert.throws(() => section.giveBack(), /twice/)
  assert.notEqual(FieldSection.of(WIDE), FieldSection.of(WIDE))
})

/** All members but the list, whose places keep what stood there. */
function stateOf(section: FieldSection): object {
  return { ...Object.fromEntries(Object.entries(section)), list: section.list.length }
}
