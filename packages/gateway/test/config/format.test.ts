import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { formatProblems } from '../../src/settings/problems/format.ts'
import { type ConfigProblem, formatPath } from '../../src/settings/problems/problem.ts'

const problems: ConfigProblem[] = [
  {
    file: 'headgate.yaml',
    line: 12,
    column: 14,
    path: 'routes[1].match.path',
    value: 'orders/**',
    message: '"orders/**" is not a path pattern',
    allowed: 'an exact path (/a/b), a prefix (/a/**) or parameters (/users/:id); it starts with "/"',
    hint: 'did you mean "/orders/**"?',
  },
  { file: 'headgate.yaml', line: 2, column: 3, path: 'workers', message: 'is missing' },
]

test('problems are lines in the order of the file: place, path, message, hint, what is allowed', () => {
  assert.equal(
    formatProblems(problems, { color: false }),
    `headgate.yaml:2:3  workers: is missing
headgate.yaml:12:14  routes[1].match.path: "orders/**" is not a path pattern
    did you mean "/orders/**"?
    allowed: an exact path (/a/b), a prefix (/a/**) or parameters (/users/:id); it starts with "/"`,
  )
})

test('long lists of what is allowed are wrapped, and what is left out comes last', () => {
  const allowed = Array.from({ length: 30 }, (_, index) => `setting${index}`).join(', ')
  const text = formatProblems(
    [
      { path: '', message: 'and 7 mistakes more', further: 7 },
      { path: 'a', line: 1, message: 'is not a known setting', allowed },
    ],
    { color: false },
  )
  const lines = text.split('\n')
  assert.ok(lines.length > 3)
  for (const line of lines) assert.ok(line.length <= 115, line)
  assert.equal(lines.at(-1), 'and 7 mistakes more')
  assert.equal(
    lines
      .slice(1, -1)
      .map((line) => line.trim())
      .join(' '),
    `allowed: ${allowed}`,
  )
})

test('colour changes nothing but colour', () => {
  const colored = formatProblems(problems, { color: true })
  assert.notEqual(colored, formatProblems(problems, { color: false }))
  assert.equal(stripVTControlCharacters(colored), formatProblems(problems, { color: false }))
})

test('a problem without place or path is its message', () => {
  assert.equal(formatProblems([{ path: '', message: 'is empty' }], { color: false }), 'is empty')
  assert.equal(
    formatProblems([{ file: 'a.ts', path: '', message: 'is empty' }], { color: false }),
    'a.ts  is empty',
  )
})

test('control characters of a file do not reach the terminal', () => {
  const message = 'a\u001b[31m\u009b31m\r\u0007\u202eb\nc'
  const text = formatProblems([{ path: 'x\u001b', message }], { color: false })
  assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Bidi_Control}]/u)
  assert.match(text, /b\n    c$/)
})

test('paths are written as in JavaScript', () => {
  assert.equal(formatPath(['routes', 1, 'match', 'path']), 'routes[1].match.path')
  assert.equal(formatPath(['upstreams', 'a b', 'tls']), 'upstreams["a b"].tls')
  assert.equal(formatPath([]), '')
})
