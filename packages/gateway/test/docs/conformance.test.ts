import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { codes, type Page, readPage, ROOT, tableWith } from '../../../../scripts/docs/markdown.ts'

const HEAD = ['section', 'requirement', 'binds', 'proof, or why there is none'] as const
const BOUND = ['server', 'intermediary', 'client', 'sender', 'recipient', 'origin', 'cache']
/** With the least number of rows. */
const LEAST: Readonly<Record<string, number>> = {
  'RFC 9110: HTTP semantics': 50,
  'RFC 9112: HTTP/1.1': 50,
  'RFC 9113: HTTP/2, towards clients': 75,
  'RFC 8441: WebSockets over HTTP/2': 10,
  'RFC 7541: HPACK, towards clients': 12,
  'RFC 9218: priorities, towards clients': 10,
  'RFC 9113: HTTP/2, towards origins': 25,
  'RFC 7541: HPACK, towards origins': 1,
  'RFC 9111: caching': 72,
  'RFC 5861: stale answers': 2,
  'RFC 8246: immutable': 2,
  'RFC 9211: Cache-Status': 3,
  'RFC 9213: targeted fields': 2,
  'RFC 9875: cache groups': 3,
}
const PARTS = Object.keys(LEAST)

interface Row {
  readonly section: string
  readonly requirement: string
  readonly binds: string
  readonly proof: string
}

describe('docs/conformance.md', () => {
  const page = readPage(join(ROOT, 'docs/conformance.md'))

  for (const part of PARTS) {
    const rows = rowsOf(page, part)

    it(`${part}: each row is a requirement that binds somebody, with a proof or a reason`, () => {
      assert.ok(rows.length > (LEAST[part] ?? 0), 'rows are missing')
      for (const { section, requirement, binds, proof } of rows) {
        assert.match(section, /^\d+(?:\.\d+)*$/)
        assert.match(requirement, /MUST|SHOULD|^…/)
        for (const who of binds.split(', ')) assert.ok(BOUND.includes(who), `${section}: ${who}`)
        assert.notEqual(proof, '', `${section}: ${requirement}`)
      }
    })

    it(`${part}: sections are in order`, () => {
      const numbers = rows.map(({ section }) => section.split('.').map(Number))
      for (const [index, number] of numbers.entries()) {
        const before = numbers[index - 1] ?? []
        assert.ok(inOrder(before, number), `${number.join('.')} stands behind ${before.join('.')}`)
      }
    })

    it(`${part}: the tests that it names are there`, () => {
      const missing = rows.flatMap(({ section, proof }) =>
        namedTests(proof)
          .filter(({ file, name }) => !hasTest(file, name))
          .map(({ file, name }) => `${section}: ${file}: ${name}`),
      )
      assert.deepEqual(missing, [])
    })
  }

  it('most requirements are proven by a test', () => {
    const proofs = PARTS.flatMap((part) => rowsOf(page, part)).map(({ proof }) => namedTests(proof).length)
    assert.ok(proofs.filter((count) => count > 0).length > proofs.length / 2)
  })
})

describe('the threat model in SECURITY.md', () => {
  const page = readPage(join(ROOT, 'SECURITY.md'))

  it('each row says who could try what, what is done against it, and names files that prove it and are there', () => {
    const rows = tableWith(page, 'who', 'could try', 'what Headgate does', 'proven by')
    assert.ok(rows.length > 20, 'rows are missing')
    for (const [who = '', attempt = '', defence = '', proof] of rows) {
      assert.ok(who !== '' && attempt !== '' && defence !== '', `an empty cell beside ${attempt}`)
      const files = codes(proof)
      assert.notEqual(files.length, 0, `no test for: ${attempt}`)
      for (const file of files) assert.ok(existsSync(join(ROOT, 'packages', file)), file)
    }
  })
})

function rowsOf({ path, text, blocks }: Page, part: string): Row[] {
  const [, under = ''] = text.split(`## ${part}\n`)
  const table = tableWith({ path, text: under, blocks }, ...HEAD)
  return table.map(([section = '', requirement = '', binds = '', proof = '']) => {
    return { section, requirement, binds, proof }
  })
}

function inOrder(before: readonly number[], after: readonly number[]): boolean {
  for (const [index, number] of before.entries()) {
    const next = after[index] ?? -1
    if (next !== number) return next > number
  }
  return true
}

/** The tests of a cell: each a file in code, and the test's name behind it. A cell without any is a reason. */
function namedTests(proof: string): { file: string; name: string }[] {
  return proof.split('<br>').flatMap((part) => {
    const [, file, name] = /^`([^`]+\.test\.ts)` (.+)$/.exec(part) ?? []
    return file === undefined || name === undefined
      ? []
      : [{ file, name: name.replaceAll(/\\([*|])/g, '$1') }]
  })
}

const LITERAL = /\b(?:test|it)\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g

/** Whether the file has a test of that name, or one whose name is a template that can become it. */
function hasTest(file: string, name: string): boolean {
  const path = join(ROOT, 'packages', file)
  if (!existsSync(path)) return false
  const source = sourceOf(path)
  return [...source.matchAll(LITERAL)].some(([, single, double, template]) => {
    if (template === undefined) return (single ?? double) === name
    const values = matchTemplate(template, name)
    return values !== undefined && values.every((value) => standsIn(source, value))
  })
}

/** A test file, and what it keeps in a folder of its name. */
function sourceOf(path: string): string {
  const folder = path.replace(/\.test\.ts$/, '')
  const others = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
  return [path, ...others].map((each) => readFileSync(each, 'utf8')).join('\n')
}

/** What must stand in the gaps of a template for it to become `name`. */
function matchTemplate(template: string, name: string): string[] | undefined {
  const parts = template
    .split(/\$\{[^}]*(?:\}|$)/)
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('(.*?)')}$`).exec(name)?.slice(1)
}

/** Whether a value stands in the file: as a literal, a number or a key, or put together by a template of such. */
function standsIn(source: string, value: string, depth = 0): boolean {
  const plain = /^"(.*)"$/.exec(value)?.[1] ?? value
  const literals = [`'${plain}'`, `"${plain}"`, ` ${plain}: `]
  if (literals.some((literal) => source.includes(literal))) return true
  if (/^\d+$/.test(plain)) return new RegExp(`\\b${plain}\\b`).test(source)
  if (depth === 2) return false
  return [...source.matchAll(/`([^`\n]*\$\{[^`\n]*)`/g)].some(([, template = '']) => {
    const values = matchTemplate(template, plain)
    return values?.every((each) => each !== plain && standsIn(source, each, depth + 1)) ?? false
  })
}
