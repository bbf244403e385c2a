import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { WholeBody } from '@headgate/core'
import { linearPattern } from '../../../src/features/validation/pattern.ts'
import { readJson } from '../../../src/features/validation/read-json.ts'
import { scanJson } from '../../../src/features/validation/scan-json.ts'
import { fc } from '../../../../../scripts/testing/property.ts'

const NO_LIMITS = { depth: Infinity, values: Infinity }

const RULES = { depth: 100, values: 100_000, duplicateKeys: 'refuse', prototypeKeys: 'refuse' } as const

/** What is counted, by walking through what was parsed. */
function counted(value: unknown): { depth: number; values: number; members: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, values: 0, members: 0 }
  const inner = Object.values(value).map(counted)
  const sum = (key: 'values' | 'members'): number => inner.reduce((total, each) => total + each[key], 0)
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    values: inner.length + sum('values'),
    members: (Array.isArray(value) ? 0 : inner.length) + sum('members'),
  }
}

/** JSON as others write it: with blanks, and with escapes where none is needed. */
const text = fc
  .tuple(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom('', ' ', '\n\t'), fc.boolean())
  .map(([value, blank, escapes]) => {
    const written = JSON.stringify(value, undefined, blank)
    return escapes ? written.replaceAll(/[b-dg-kq]/g, escaped) : written
  })

/** Within names and texts alone: the words of JSON have none of those letters but in them. */
function escaped(letter: string, at: number, whole: string): string {
  const quotes = whole.slice(0, at).match(/(?<!\\)(?:\\\\)*"/g)?.length ?? 0
  const isFree = whole[at - 1] !== '\\' && !/\\u[0-9a-f]{0,3}$/.test(whole.slice(0, at))
  return quotes % 2 === 1 && isFree ? `\\u00${letter.charCodeAt(0).toString(16)}` : letter
}

describe('the look at the bytes of a JSON text', () => {
  it('counts what parsing finds', () => {
    fc.assert(
      fc.property(text, (written) => {
        const { depth, values, members } = counted(JSON.parse(written))
        const bytes = Buffer.from(written)
        const scan = scanJson(bytes, NO_LIMITS)
        assert.equal(scan.members, members)
        // An empty list counts as one more than it holds.
        assert.ok(scan.values >= values && scan.values <= values * 2 + 1, `${scan.values} for ${values}`)
        assert.equal(scanJson(bytes, { ...NO_LIMITS, depth }).exceeds, undefined)
        if (depth > 0) assert.equal(scanJson(bytes, { ...NO_LIMITS, depth: depth - 1 }).exceeds, 'depth')
      }),
    )
  })

  it('lets through what JSON.parse reads, as it reads it, and nothing that it does not', () => {
    const bytes = fc.oneof(
      text.map((written) => Buffer.from(written)),
      fc.tuple(text, fc.nat(), fc.nat({ max: 255 })).map(([written, at, byte]) => {
        const changed = Buffer.from(written)
        changed[at % Math.max(changed.length, 1)] = byte
        return changed
      }),
      fc
        .array(fc.constantFrom(...'{ } [ ] : , " \\ 0 e - u'.split(' '), ' '), { maxLength: 12 })
        .map((parts) => Buffer.from(parts.join(''))),
    )
    fc.assert(
      fc.property(bytes, (body) => {
        const read = readJson(WholeBody.fromBytes(body), RULES)
        const parsed = parsedBy(body)
        if (read.ok) assert.deepEqual(read.value, parsed?.value)
        else if (parsed !== undefined)
          assert.match(read.violation.detail, /same name|prototypes|byte order mark/)
      }),
      { numRuns: 2000 },
    )
  })

  it('takes no recursion and no time for a hundred thousand brackets', () => {
    assert.equal(scanJson(Buffer.from('[{"a":'.repeat(100_000)), RULES).exceeds, 'depth')
    const { values } = scanJson(Buffer.from('['.repeat(100_000)), NO_LIMITS)
    assert.equal(values, 100_000)
  })
})

function parsedBy(body: Buffer): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)) }
  } catch {
    return undefined
  }
}

describe('a pattern of a schema', () => {
  const texts = [
    '',
    'a',
    'ABC-12345',
    'ABC-1\n',
    'aaa!',
    'x@y.z',
    'ä€😀',
    ' \u00a0',
    '12',
    '2024-01-01',
    '-',
    '(a)',
  ]
  for (const pattern of [
    '^[A-Z]{3}-\\d{4,8}$',
    '^\\d{4}-\\d{2}-\\d{2}$',
    '[a-z]',
    'a*',
    '^.$',
    '^[^@]+@[^@]+\\.[a-z]+$',
    '^(?:a|b)*$',
    '^(a+)+$',
    '^\\p{L}+$',
    '\\u00e4',
    '^\\(a\\)$',
    '^a?a?a?!$',
    '^[\\]\\-]$',
    'x|1',
    '^a\\$?$',
    '\\$',
    '(?:\\u00e4|\\/|[\\-])',
    '[a-z]{3}[0-9\\-]{0,40}!',
    '^[A-Z]*[A-Z-]{0,40}[0-9]{5}$',
  ])
    it(`${pattern} holds for what ECMA-262 says`, () => {
      const own = linearPattern(pattern)
      const native = new RegExp(pattern, 'u')
      for (const each of texts) assert.equal(own.test(each), native.test(each), JSON.stringify(each))
    })

  for (const pattern of [
    '^(a+)+$',
    '^(a|a)*$',
    '^(.*,)*x$',
    '(x+x+)+y',
    'a*a*a*a*b',
    '^[a-z]*[a-z0-9]*[a-z]*$',
    '\\s+$',
  ])
    it(`${pattern} takes time linear in the text`, () => {
      const own = linearPattern(pattern)
      const began = process.cpuUsage()
      own.test(`${'a'.repeat(50_000)}!`)
      own.test(`${' '.repeat(50_000)}!`)
      own.test(`${','.repeat(50_000)}!`)
      const { user } = process.cpuUsage(began)
      assert.ok(user < 5_000_000, `${user} µs`)
    })

  for (const pattern of [
    '[a-z]{1000}!',
    '[a-z]{1000}[0-9]',
    '^[a-z]*[a-z]{1000}[0-9]',
    '[a-z]{1,9}[a-z]{9}!',
  ])
    it(`${pattern} does not look at each character again and again`, () => {
      // In JavaScript's own way, each of a thousand repeats costs a million looks here.
      assert.ok(!(linearPattern(pattern) instanceof RegExp))
      const began = process.cpuUsage()
      linearPattern(pattern).test(`${'a'.repeat(1_000_000)}?!0`)
      const { user } = process.cpuUsage(began)
      assert.ok(user < 5_000_000, `${user} µs`)
    })

  it('is matched in the quick way where few characters are asked for', () => {
    for (const pattern of ['[a-z]{3}-[0-9]', '^[a-z]{1000}!', '^[A-Z]{3}-[0-9]+$'])
      assert.ok(linearPattern(pattern) instanceof RegExp, pattern)
  })
})
