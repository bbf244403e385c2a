import { fc } from '../../../../../scripts/testing/property.ts'

// Random documents, as texts: what stands in them is chosen so that the rules of GraphQL hold, the way they are written is not.

const name = fc.constantFrom(
  'a',
  'b',
  'id',
  'on',
  'query',
  'fragment',
  'type',
  '_x',
  'viewer',
  'orders9',
  'true',
)
const FRAGMENTS = ['F0', 'F1', 'query', 'fragment']
const gap = fc.constantFrom(' ', '\n', '\t', ', ', ' ,,\r\n', ' # }{"\n', '\r')

const text = fc.oneof(
  fc.constantFrom(
    '""',
    '"}"',
    '"\\""',
    '"\\u0041{"',
    '"\\u{1F600}"',
    '"\\uD83D\\uDE00"',
    '"# no comment"',
    '"äöü€"',
  ),
  fc.constantFrom('""""""', '"""\n } """', '"""a "" b"""', '"""\\""" { """', '"""x\\"""'.concat('"""')),
)

const value: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('1', '-0', '0.5', '-12.25e+3', '1E9', 'true', 'null', 'SOME', '$v'),
    text,
    fc.array(tie('value'), { maxLength: 2 }).map((all) => `[${all.join(' ')}]`),
    fc
      .array(fc.tuple(name, tie('value')), { maxLength: 2 })
      .map((all) => `{${all.map((one) => one.join(':')).join(',')}}`),
  ),
})).value

const args = fc.option(
  fc
    .array(fc.tuple(name, value), { minLength: 1, maxLength: 2 })
    .map((all) => `(${all.map((one) => one.join(': ')).join(' ')})`),
  { nil: '', freq: 1 },
)
const directives = fc
  .array(fc.tuple(fc.constantFrom('skip', 'include', 'x'), args), { maxLength: 2 })
  .map((all) => all.map(([directive, values]) => ` @${directive}${values}`).join(''))

/** @param spread names of the fragments that it may spread */
function selectionSetOf(spread: readonly string[]): fc.Arbitrary<string> {
  return fc.letrec<{ set: string; selection: string }>((tie) => ({
    set: fc
      .tuple(gap, fc.array(fc.tuple(tie('selection'), gap), { minLength: 1, maxLength: 3 }))
      .map(([first, all]) => `{${first}${all.flat().join('')}}`),
    selection: fc.oneof(
      { depthSize: 'small' },
      fc.tuple(fc.option(name, { nil: undefined }), name, args, directives).map(fieldText),
      ...(spread.length === 0
        ? []
        : [
            fc
              .tuple(fc.constantFrom(...spread), directives)
              .map(([fragment, marks]) => `...${fragment}${marks}`),
          ]),
      fc.tuple(name, args, directives, tie('set')).map((parts) => parts.join('')),
      fc
        .tuple(fc.constantFrom('', ' on T', ' on query'), directives, tie('set'))
        .map(([type, marks, set]) => `...${type}${marks}${set}`),
    ),
  })).set
}

const selectionSet = selectionSetOf(FRAGMENTS)

/** All of them, each spreading those behind it; but now and then something is missing, or goes in a circle. */
const fragments = fc
  .tuple(
    fc.tuple(
      ...FRAGMENTS.map((own, index) =>
        fc.tuple(fc.constant(own), directives, selectionSetOf(FRAGMENTS.slice(index + 1))),
      ),
    ),
    fc.option(fc.tuple(fc.constantFrom(...FRAGMENTS), selectionSet), { freq: 2, nil: undefined }),
  )
  .map(([all, odd]) =>
    all.map(([own, marks, set]) => `fragment ${own} on T${marks} ${own === odd?.[0] ? odd[1] : set}`),
  )

function fieldText([alias, field, values, marks]: [string | undefined, string, string, string]): string {
  return `${alias === undefined ? '' : `${alias}: `}${field}${values}${marks}`
}

const variables = fc.constantFrom('', '($v: Int)', '($v: [Int!]! = [1] @x, $on: on = {a: "b"})')
const operation = fc.tuple(
  fc.constantFrom('query', 'mutation', 'subscription'),
  fc.constantFrom('A', 'B', 'query', 'on', 'fragment'),
  variables,
  directives,
  selectionSet,
)

/** Documents that hold to the grammar; fragments may be missing, or spread themselves. */
export const grammatical: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(
      selectionSet.map((set) => [set]),
      fc
        .uniqueArray(operation, { minLength: 1, maxLength: 3, selector: ([, own]) => own })
        .map((all) => all.map(([type, own, list, marks, set]) => `${type} ${own}${list}${marks}${set}`)),
    ),
    fragments,
    gap,
  )
  .map(([operations, all, between]) => [...operations, ...all].join(between))

/** Documents that something was done to: most are wrong somewhere. */
export const damaged: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(selectionSetOf([]), grammatical),
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.nat(6),
        fc.constantFrom(
          '',
          '{',
          '}',
          '"',
          '"""',
          '\\',
          '...',
          '$',
          '@',
          ':',
          '#',
          '\n',
          '0',
          '.',
          'on',
          '!',
          '(',
          ')',
          '&',
          '|',
          '\u2028',
        ),
      ),
      { minLength: 1, maxLength: 2 },
    ),
  )
  .map(([whole, changes]) =>
    changes.reduce((document, [at, length, inserted]) => {
      const start = at % (document.length + 1)
      return document.slice(0, start) + inserted + document.slice(start + length)
    }, whole),
  )
