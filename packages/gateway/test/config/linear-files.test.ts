import { describe, it } from 'node:test'
import { readJson } from '../../src/settings/read/json.ts'
import { readToml } from '../../src/settings/read/toml.ts'
import { readYaml } from '../../src/settings/read/yaml.ts'
import { assertGrowsLinearly } from '../../../../scripts/testing/growth.ts'

/** Characters of the smaller file; the larger one has eight times as many. */
const SIZE = 3_000

interface Repeats {
  readonly before?: string
  /** What is repeated, by its number where each is to be another. */
  readonly each: readonly ((index: number) => string)[]
  readonly behind?: string
}

const same = (...parts: readonly string[]): ((index: number) => string)[] => parts.map((part) => () => part)

/** Mistakes of which one file holds thousands, or one line; and what a file may hold much of. */
const YAML: Readonly<Record<string, Repeats>> = {
  'lines with a mistake each': {
    each: [
      ...same('a: "b\n', "a: 'b\n", 'a: "\\q"\n', '\ta: 1\n', 'a: b: c\n', 'a: |zz\n', 'a: @\n', 'a: !b c\n'),
      ...same('a: "b"#c\n', '%FOO x\n', 'a: 1\n', ': 1\n', '- a\nb: 1\n', '---\n', '[a]: b\n', '? a\n'),
    ],
  },
  'one line with many mistakes': {
    before: 'a: ',
    each: same('"b" ', '}', ']', '!a ', '&a ', '*a ', '- ', 'b: ', '}]', '#x ', '{b: ${X '),
  },
  'a text with many mistakes': { before: 'a: "', each: same('\\q', '\\'), behind: '"' },
  'brackets with many mistakes': {
    before: 'a: {',
    each: same('b: ${X}, ', 'p: /a/{id}, ', 'p: a/{', ': /', ': 1,', 'a b: ', '"a" ', 'a: 1, '),
  },
  'a quote that is never closed': { before: 'a: "', each: same('x', '\n', ' \n', 'x\n') },
  'what opens and never closes': { each: same('[', '{a: ', '[{', '- ', '? ') },
  'many anchors': { each: [(index) => `k${index}: &a${index} x\n`, () => 'k: &a x\n'] },
  'many references': { before: 'a: &a x\nb: [', each: same('*a,', '*z,', '<<: *a,'), behind: ']' },
  'many keys': { each: [(index) => `k${index}: 1\n`, () => 'k: 1\n'] },
  'long comments, empty lines, texts of many lines': {
    before: 'a: |\n',
    each: same('#', '# x\n', '\n', ' \n', '  x\n', '\r\n'),
  },
}

const TOML: Readonly<Record<string, Repeats>> = {
  lines: {
    each: [
      ...same('a = 1\n', 'a = "b\n', '# x\n', '\n', '[[t]]\n', '[[t]]\n[[t.u]]\n', 'a.b.c = 1\n', 'a\n', '='),
      (index) => `k${index} = 1\n`,
      (index) => `[t${index}]\n`,
      (index) => `a.k${index} = 1\n`,
      (index) => `[a.b${index}.c]\n`,
    ],
  },
  'a list': {
    before: 'a = [',
    each: same('1,', '[1],', '{b=1},', '"x",', '\n', '#x\n', ' ', '[', 'x,'),
    behind: ']',
  },
  'a table in a line': { before: 'a = {', each: [(index) => `k${index}=1,`, () => '{a = '], behind: 'z=1}' },
  'a long text': { before: 'a = """', each: same('x', '""  ', '\\\n ', '\\\\', '\n', '\\q'), behind: '"""' },
  'a text': { before: 'a = "', each: same('x', '\\\\', '\\u0041', "'"), behind: '"' },
  'a key': { each: same('a', 'a.', '"', "'", '"a".') },
  'a number': { before: 'a = ', each: same('1', '1_', '1e', '0', ' ', '2020-01-01') },
}

const JSON_TEXTS: Readonly<Record<string, Repeats>> = {
  'an object': {
    before: '{',
    each: [(index) => `"k${index}":1,`, () => '"a":1,', () => ' '],
    behind: '"z":1}',
  },
  'a list': { before: '[', each: same('1,', '[],', '[', '\n', '//x\n'), behind: '1]' },
  'a text': { before: '{"a":"', each: same('x', '\\\\', '\\u0041', '\\q'), behind: '"}' },
}

for (const [format, read, files] of [
  ['YAML', readYaml, YAML],
  ['TOML', readToml, TOML],
  ['JSON', readJson, JSON_TEXTS],
] as const) {
  describe(`the work for a file of ${format} grows with its length, not with its square:`, () => {
    for (const [what, { before = '', each, behind = '' }] of Object.entries(files)) {
      it(what, () => {
        for (const part of each)
          assertGrowsLinearly((size) => before + repeated(part, size) + behind, read, {
            size: SIZE,
            least: 5,
          })
      })
    }
  })
}

function repeated(part: (index: number) => string, size: number): string {
  const parts: string[] = []
  for (let [index, length] = [0, 0]; length < size; index++) {
    const next = part(index)
    parts.push(next)
    length += next.length
  }
  return parts.join('')
}
