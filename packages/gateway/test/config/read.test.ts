import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readJson } from '../../src/settings/read/json.ts'
import type { FileContent } from '../../src/settings/read/positions.ts'
import { readToml } from '../../src/settings/read/toml.ts'
import { readYaml } from '../../src/settings/read/yaml.ts'
import { fc } from '../../../../scripts/testing/property.ts'

/** The rest of the text from where the key or value at the path stands. */
function restAt(
  text: string,
  content: FileContent,
  path: PropertyKey[],
  part: 'key' | 'value' = 'value',
): string {
  assert.ok(content.value?.locate, JSON.stringify(content.problems))
  const { line, column } = content.value.locate(path, part)
  const lines = text.split('\n')
  return [lines[line - 1]?.slice(column - 1), ...lines.slice(line)].join('\n')
}

function pathsOf(value: unknown, path: PropertyKey[] = []): PropertyKey[][] {
  if (typeof value !== 'object' || value === null) return [path]
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value)
  return [
    path,
    ...keys.flatMap((key) => pathsOf((value as Record<PropertyKey, unknown>)[key], [...path, key])),
  ]
}

function valueAt(value: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown>)[key], value)
}

test('JSON is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(0, 2, '\t'), (json, space) => {
      const text = JSON.stringify(JSON.parse(json), undefined, space)
      assert.deepEqual(readJson(text).value?.input, JSON.parse(text))
    }),
  )
})

test('text is JSON for us when it is for JSON.parse, apart from repeated keys and great depth', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '1',
    '-',
    '0',
    '1.5e3',
    'true',
    'nul',
    ' ',
    '\n',
    '\u0000',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
      const text = pieces.join('')
      let expected: unknown
      try {
        expected = JSON.parse(text)
      } catch {
        assert.equal(readJson(text).value, undefined, text)
        return
      }
      assert.deepEqual(readJson(text).value?.input, expected, text)
    }),
    { numRuns: 5000 },
  )
})

test('every value of JSON is found where it stands', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(0, 2), (value, space) => {
      const text = JSON.stringify(value, undefined, space)
      const content = readJson(text)
      for (const path of pathsOf(JSON.parse(text))) {
        const rest = restAt(text, content, path).replaceAll(/\n */g, '\n')
        const expected = JSON.stringify(valueAt(value, path), undefined, space).replaceAll(/\n */g, '\n')
        assert.ok(rest.startsWith(expected), `${text} ${path.join('.')}`)
      }
    }),
  )
})

test('mistakes in JSON are told with their place and a hint', () => {
  const cases: [string, number, number, RegExp][] = [
    ['', 1, 1, /expected a value, found the end of the file/],
    ['{\n  "a": 1,\n}', 2, 9, /comma before "}"; remove it/],
    ['{"a" 1}', 1, 6, /expected ":", found "1"/],
    ["{'a': 1}", 1, 2, /expected a key in double quotes, found "'"; .*double quotes only/],
    ['{\n  // comment\n}', 2, 3, /found "\/"; JSON has no comments/],
    ['[1 2]', 1, 4, /expected "," or "\]", found "2"/],
    ['{"a": yes}', 1, 7, /expected a value, found "yes"/],
    ['{"a": "x', 1, 7, /expected a value, found "\\""/],
    ['{} x', 1, 4, /expected the end of the file, found "x"/],
    ['[01]', 1, 3, /expected "," or "\]"/],
    ['['.repeat(101), 1, 101, /deeper than 100/],
    ['['.repeat(100_000), 1, 101, /deeper than 100/],
    ['{"a": 1,\n "a": 2}', 2, 2, /the key "a" is there twice/],
  ]
  for (const [text, line, column, expected] of cases) {
    const [problem] = readJson(text).problems
    assert.ok(problem, text)
    assert.match([problem.message, problem.hint].join('; '), expected)
    assert.deepEqual([problem.line, problem.column], [line, column], text)
  }
})

test('"__proto__" is a key of JSON like any other', () => {
  const input: unknown = readJson('{"__proto__": {"a": 1}}').value?.input
  assert.deepEqual(Object.keys(input as object), ['__proto__'])
  assert.equal(Object.getPrototypeOf(input), Object.prototype)
})

const yaml = `# comment
a: 1
"b c":
  - x: true
    y: { z: [1, "two"] }
  -
    - deep
empty:
base: &base
  inherited: 1
  both: 1
uses:
  <<: *base
  both: 2
again: *base
`

test('every value of YAML is found where it stands, through anchors and merge keys', () => {
  const content = readYaml(yaml)
  assert.deepEqual(content.problems, [])
  const cases: [PropertyKey[], 'key' | 'value', string][] = [
    [['a'], 'key', 'a: 1'],
    [['a'], 'value', '1\n'],
    [['b c'], 'key', '"b c":'],
    [['b c', 0], 'value', 'x: true'],
    [['b c', 0, 'x'], 'value', 'true'],
    [['b c', 0, 'y', 'z'], 'key', 'z: ['],
    [['b c', 0, 'y', 'z', 1], 'value', '"two"'],
    [['b c', 1, 0], 'value', 'deep'],
    [['empty'], 'value', 'empty:'],
    [['uses', 'inherited'], 'value', '1\n  both: 1'],
    [['uses', 'both'], 'value', '2'],
    [['again', 'both'], 'value', '1\nuses'],
    [['a', 'missing'], 'value', '1\n'],
    [['missing'], 'key', '# comment\na: 1'.slice('# comment\n'.length)],
  ]
  for (const [path, part, start] of cases) {
    assert.ok(restAt(yaml, content, path, part).startsWith(start), `${path.join('.')} ${part}`)
  }
})

test('mistakes in YAML are told with their place', () => {
  const cases: [string, number, number, RegExp][] = [
    ['a: 1\na: 2', 2, 1, /the key "a" is there twice/],
    ['a: [1, 2', 1, 9, /./],
    ['a:\n\t- b', 2, 1, /tab/i],
    ['a: b: c', 1, 4, /value of a key, and holds a key itself/],
    ['a: !unknown 1', 1, 4, /tag/],
    ['a: 1\n---\nb: 2', 2, 1, /second configuration begins here, after "---"/],
    ['a: "unclosed', 1, 4, /opens here with ", and is not closed on its line/],
    ['a: [1 2, 3}', 1, 11, /not closed|closes nothing/],
    ['a: @x', 1, 4, /cannot start with this character/],
    ['a: 1\n  b: 2', 1, 4, /holds a key itself/],
    ['a:\n  - b\n c: 1', 3, 1, /not indented as the lines around/],
    ['a: {b: ${BACKEND}}', 1, 9, /variable stands within/],
    ['? [a]\n: 1', 1, 3, /must be a text/],
    [': 1', 1, 1, /key is missing/],
    ['['.repeat(100_000), 1, 101, /deeper than 100/],
    ['- '.repeat(10_000), 1, 201, /deeper than 100/],
  ]
  for (const [text, line, column, expected] of cases) {
    const [problem] = readYaml(text).problems
    assert.ok(problem, text)
    assert.match(problem.message, expected)
    assert.deepEqual([problem.line, problem.column], [line, column], `${text}: ${problem.message}`)
  }
})

test('an alias without an anchor is a problem', () => {
  assert.match(readYaml('a: *nowhere').problems[0]?.message ?? '', /nowhere/)
})

const toml = `top = 1
"quo.ted" = { inner = "a,b]}", list = [1, 2] }
dotted.key.deep = '''
multi = [line]
'''

[upstreams.orders] # comment
endpoints = [
  { url = "http://127.0.0.1:9001" }, # comment with ] and }
  { url = "http://127.0.0.1:9002", weight = 3 },
]
when = 1979-05-27 07:32:00

[[routes]]
name = "a"
[routes.match]
path = "/a"

[[routes]]
name = "b"
match = { path = ["/b", "/c"] }
[[routes.sub]]
x = 1
[[routes.sub]]
x = 2
`

test('every value of TOML is found where it stands', () => {
  const content = readToml(toml)
  assert.deepEqual(content.problems, [])
  const cases: [PropertyKey[], 'key' | 'value', string][] = [
    [['top'], 'key', 'top = 1'],
    [['top'], 'value', '1\n'],
    [['quo.ted', 'inner'], 'value', '"a,b]}"'],
    [['quo.ted', 'list', 1], 'value', '2]'],
    [['dotted', 'key', 'deep'], 'key', 'deep ='],
    [['dotted', 'key', 'deep'], 'value', "'''"],
    [['upstreams', 'orders'], 'key', 'orders] # comment'],
    [['upstreams', 'orders', 'endpoints', 1, 'weight'], 'key', 'weight = 3'],
    [['upstreams', 'orders', 'endpoints', 1, 'weight'], 'value', '3 }'],
    [['upstreams', 'orders', 'when'], 'value', '1979'],
    [['routes', 0, 'name'], 'value', '"a"'],
    [['routes', 0, 'match', 'path'], 'value', '"/a"'],
    [['routes', 1], 'value', 'routes]]\nname = "b"'],
    [['routes', 1, 'match', 'path', 1], 'value', '"/c"'],
    [['routes', 1, 'sub', 1, 'x'], 'value', '2\n'],
    [['routes', 1, 'upstream'], 'value', 'routes]]\nname = "b"'],
  ]
  for (const [path, part, start] of cases) {
    assert.ok(restAt(toml, content, path, part).startsWith(start), `${path.join('.')} ${part}`)
  }
})

test('every value of inline TOML is found where it stands', () => {
  const key = fc.stringMatching(/^[A-Za-z0-9_-]{1,6}$/).filter((name) => name !== '__proto__')
  const scalar = fc.oneof(fc.integer(), fc.boolean(), fc.stringMatching(/^[ -~]{0,8}$/))
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 3 }),
    ),
  })).value
  fc.assert(
    fc.property(fc.dictionary(key, value, { maxKeys: 4 }), (document) => {
      const text = Object.entries(document)
        .map(([name, item]) => `${JSON.stringify(name)} = ${inline(item)} # end`)
        .join('\n')
      const content = readToml(text)
      for (const path of pathsOf(document).slice(1)) {
        assert.ok(
          restAt(text, content, path).startsWith(inline(valueAt(document, path))),
          `${text} ${path.join('.')}`,
        )
      }
    }),
  )
})

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{ ${Object.entries(value)
    .map(([name, item]) => `${name} = ${inline(item)}`)
    .join(', ')} }`
}

test('mistakes in TOML are told with their place and without the source', () => {
  const [problem] = readToml('a = 1\nb = = "hunter2"').problems
  assert.deepEqual([problem?.line, problem?.column], [2, 5])
  assert.doesNotMatch(problem?.message ?? '', /hunter2|\n/)
  assert.deepEqual(readToml('a = 1\na = 2').problems.length, 1)
})
