import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readYaml } from '../../src/settings/read/yaml.ts'

function told(text: string): string[] {
  return readYaml(text).problems.map(
    ({ line, column, message, hint }) => `${line}:${column} ${message}; ${hint}`,
  )
}

test('where a quote is missing, that is all that is told, at the place where the text opens', () => {
  const one = `routes:
  - name: "orders
    match: { path: "/a" }
    upstream: "http://127.0.0.1:9000"
  - name: "b"
    timeout: "1s"
`
  const place = 'opens here with ", and is not closed on its line; write " at the end of the text, in line 2'
  assert.deepEqual(told(one), [`2:11 a text ${place}`])
  assert.deepEqual(told(`a:\n  b: "x\n  c: "y"\n  d: "z"\n`), [`2:6 a text ${place}`])
})

test('mistakes of syntax are few, one for each line, and none speaks of the parser', () => {
  const broken = ['a: [1,,2]', 'b: "x"#c', 'c: {d: 1', 'e: ]', 'f: @g', 'h: 1: 2', '\ti: 1'].join('\n')
  const list = told(broken)
  assert.ok(list.length > 0 && list.length <= 3, list.join('\n'))
  for (const line of list) assert.doesNotMatch(line, /implicit|mapping|sequence|scalar|flow|token|parse/i)
})

test('a text that starts with "*" and is no name of an anchor is taken as that text, and its quotes are asked for', () => {
  const { value, problems } = readYaml('match: { host: *.shop.example }')
  assert.deepEqual(value?.input, { match: { host: '*.shop.example' } })
  assert.deepEqual(
    problems.map(({ message, hint }) => `${message}; ${hint}`),
    ['a text that starts with "*" stands without quotes; write "*.shop.example", with the quotes'],
  )
  assert.match(told('a: *slow').join(), /"\*slow" names no anchor that is there by then/)
})

test('a path with braces in { } is told as that, and not every line behind it', () => {
  const [first, ...others] = told(`routes:
  - match: { host: a.example, path: /users/{id} }
    upstream: http://127.0.0.1:9000
  - upstream: http://127.0.0.1:9001
`)
  assert.match(first ?? '', /^2:\d+ a path with "{ }" stands within .*a parameter of a path is written ":id"/)
  assert.doesNotMatch(others.join('\n'), /cannot be read as YAML/)
})

test('a key that is there twice names the line of the other', () => {
  assert.deepEqual(told('a: 1\nb: 2\na: 3'), [
    '3:1 the key "a" is there twice; keep one of them; the other is in line 1',
  ])
})

test('an anchor that holds itself is a mistake at its place', () => {
  assert.deepEqual(told('a: &a\n  b: *a'), [
    '2:6 the anchor "&a" holds itself: it has no end; take "*a" out of it',
  ])
  assert.match(told('a: &a\n  <<: *a').join(), /holds itself/)
})

test('keys of YAML are taken as they are written', () => {
  const keys = ['1.10', '007', '0x1F', '1e3', 'yes', 'null', '~', 'true', '2024-01-01', '.5', '__proto__']
  const { value, problems } = readYaml(keys.map((key) => `${key}: x`).join('\n'))
  assert.deepEqual(problems, [])
  assert.deepEqual(Object.keys(value?.input as object).sort(), [...keys].sort())
  for (const key of keys) {
    assert.deepEqual(value?.locate?.([key], 'key'), { line: keys.indexOf(key) + 1, column: 1 })
  }
})

test('merge keys take over what is not there, the first source before the second', () => {
  const { value, problems } = readYaml(
    'x-a: &a { b: 1, c: 1 }\nx-b: &b { c: 2, d: 2 }\ne: { <<: [*a, *b], b: 3 }\n"<<": 4',
  )
  assert.deepEqual(problems, [])
  const input = value?.input as Record<string, unknown>
  assert.deepEqual(input['e'], { b: 3, c: 1, d: 2 })
  assert.equal(input['<<'], 4)
})

test('a file of many keys is read in a time that grows with its length', () => {
  const timeOf = (count: number): number => {
    const text = Array.from({ length: count }, (_, index) => `k${index}: 1`).join('\n')
    const start = process.threadCpuUsage()
    assert.deepEqual(readYaml(text).problems, [])
    return process.threadCpuUsage(start).user
  }
  timeOf(2000)
  // Compared with each other, eight times as many keys would take 64 times as long.
  assert.ok(timeOf(40_000) < 32 * Math.max(timeOf(5000), 10_000))
})
