import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalPath, InvalidTarget, type PathForm } from '../../src/message/target.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const form = fc.record<PathForm>({
  encodedSlash: fc.constantFrom('refuse', 'pass'),
  slashes: fc.constantFrom('merge', 'keep'),
})
const path = fc
  .array(
    fc.constantFrom('/', '/', '//', '.', '..', '%2e', '%2F', '%2f', '%252f', 'a', ';', '%3B', '%5C', 'admin'),
    {
      maxLength: 10,
    },
  )
  .map((parts) => `/${parts.join('')}`)

test('whatever form paths have, what was made canonical is canonical', () => {
  fc.assert(
    fc.property(path, form, (raw, allowed) => {
      const once = canonicalPath(raw, allowed)
      if (once instanceof InvalidTarget) return
      assert.equal(canonicalPath(once, allowed), once)
      if (allowed.encodedSlash === 'refuse') assert.doesNotMatch(once, /%2f/i)
      if (allowed.slashes === 'merge') assert.doesNotMatch(once, /\/\//)
      assert.doesNotMatch(once, /%2f(?<!%2F)|%5c/)
    }),
    { numRuns: 20_000 },
  )
})

test('who decodes the slashes of a canonical path finds no segment in it that leads elsewhere', () => {
  fc.assert(
    fc.property(path, form, (raw, allowed) => {
      const once = canonicalPath(raw, allowed)
      if (once instanceof InvalidTarget) return
      assert.doesNotMatch(once.replaceAll('%2F', '/'), /\/\.\.?(?:[/;]|%3B|$)/)
    }),
    { numRuns: 20_000 },
  )
})
