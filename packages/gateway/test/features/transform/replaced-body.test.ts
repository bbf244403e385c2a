import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collect, StreamBody, TrafficError } from '@headgate/core'
import { ReplacedBody, type Replacement } from '../../../src/features/transform/replaced-body.ts'
import { fc } from '../../../../../scripts/testing/property.ts'

async function replaced(chunks: readonly string[], replacements: readonly Replacement[]): Promise<string> {
  const inner = new StreamBody(undefined, { resumeBody: () => {}, cancelBody: () => {} }, Infinity)
  const collected = collect(new ReplacedBody(inner, replacements))
  for (const chunk of chunks) inner.push(Buffer.from(chunk))
  inner.end()
  return (await collected).toString()
}

/** The same on the whole text: the first place counts, and there the first of the list. */
function model(text: string, replacements: readonly Replacement[]): string {
  let made = ''
  for (let at = 0; at < text.length; ) {
    const found = replacements.find(({ find }) => text.startsWith(find, at))
    made += found === undefined ? text[at] : found.replace
    at += found === undefined ? 1 : found.find.length
  }
  return made
}

test('texts are replaced in the same way, however the content is cut into chunks', async () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 })
  const replacements = fc.array(fc.record({ find: word, replace: fc.string({ maxLength: 3 }) }), {
    minLength: 1,
    maxLength: 3,
  })
  const chunks = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 }), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(chunks, replacements, async (parts, wanted) => {
      assert.equal(await replaced(parts, wanted), model(parts.join(''), wanted))
    }),
    { numRuns: 1_000 },
  )
})

test('what was put in is not looked at again, and letters of several bytes are cut anywhere', async () => {
  assert.equal(await replaced(['a'], [{ find: 'a', replace: 'aa' }]), 'aa')
  const bytes = Buffer.from('größe')
  const inner = new StreamBody(undefined, { resumeBody: () => {}, cancelBody: () => {} }, Infinity)
  const collected = collect(new ReplacedBody(inner, [{ find: 'ö', replace: 'oe' }]))
  for (const byte of bytes) inner.push(Buffer.from([byte]))
  inner.end()
  assert.equal((await collected).toString(), 'groeße')
})

test('nothing is held back that cannot be the start of a text that is sought', async () => {
  const inner = new StreamBody(undefined, { resumeBody: () => {}, cancelBody: () => {} }, Infinity)
  const seen: string[] = []
  new ReplacedBody(inner, [{ find: 'secret', replace: '*' }]).flowTo({
    write: (chunk) => seen.push(Buffer.from(chunk).toString()) > 0,
    end: () => {},
    fail: () => {},
  })
  inner.push(Buffer.from('data: sec'))
  inner.push(Buffer.from('ond\n\n'))
  assert.deepEqual(seen, ['data: ', 'second\n\n'])
})

test('a body that breaks breaks, and gives nothing more', async () => {
  const inner = new StreamBody(undefined, { resumeBody: () => {}, cancelBody: () => {} }, Infinity)
  const collected = collect(new ReplacedBody(inner, [{ find: 'ab', replace: '' }]))
  inner.push(Buffer.from('xa'))
  inner.fail(new TrafficError('upstream_closed', 'gone'))
  await assert.rejects(collected, /gone/)
})
