import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyHash } from '../../src/policies/rate-limit/key-hash.ts'
import { fc } from '../../../../scripts/testing/property.ts'

function hashOf(hash: KeyHash, key: string): string {
  hash.hash(key)
  return `${hash.low}:${hash.high}`
}

test('different keys have different hashes, also where one is the beginning of the other', () => {
  const hash = new KeyHash(1, 2)
  const seen = new Map<string, string>()
  for (let index = 0; index < 50_000; index++) {
    for (const key of [`10.0.${index >> 8}.${index & 255}`, 'a'.repeat(index % 300), `${index}`]) {
      const known = seen.get(hashOf(hash, key))
      assert.ok(known === undefined || known === key, `${known} and ${key}`)
      seen.set(hashOf(hash, key), key)
    }
  }
  assert.notEqual(hashOf(hash, ''), hashOf(hash, '\0'))
  assert.notEqual(hashOf(hash, 'a'), hashOf(hash, 'a\0'))
})

test('a hash depends on the seed, on each character, and on nothing else', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer(), fc.integer(), fc.nat(), (key, first, second, place) => {
      const hash = new KeyHash(first, second)
      const expected = hashOf(hash, key)
      assert.equal(hashOf(new KeyHash(first, second), key), expected)
      assert.notEqual(hashOf(new KeyHash(first ^ 1, second), key), expected)
      assert.notEqual(hashOf(new KeyHash(first, second ^ 1), key), expected)
      if (key === '') return
      const at = place % key.length
      const changed = key.slice(0, at) + String.fromCharCode(key.charCodeAt(at) ^ 1) + key.slice(at + 1)
      assert.notEqual(hashOf(hash, changed), expected)
    }),
  )
})

test('the bits that choose the slot are spread evenly', () => {
  const hash = new KeyHash(3, 4)
  const counts = new Array<number>(64).fill(0)
  for (let index = 0; index < 64_000; index++) {
    hash.hash(`10.1.${index >> 8}.${index & 255}`)
    const slot = hash.low & 63
    counts[slot] = (counts[slot] ?? 0) + 1
  }
  for (const count of counts) assert.ok(count > 800 && count < 1_200, String(count))
})
