import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type DocumentNode, getIntrospectionQuery, Kind, parse, print, TokenKind } from 'graphql'
import { readDocument } from '../../../src/features/graphql/document.ts'
import { type GraphqlOperation, readOperation } from '../../../src/features/graphql/operation.ts'
import { GraphqlRefusal } from '../../../src/features/graphql/error-response.ts'
import { damaged, grammatical } from './documents.ts'
import { referenceNumbers } from './reference-numbers.ts'
import { fc } from '../../../../../scripts/testing/property.ts'

const MOST = 100_000

describe('a GraphQL document', () => {
  for (const [what, document, expected] of [
    ['of one field', '{ a }', { type: 'query', depth: 1, fields: 1, tokens: 3, rootFieldCount: 1 }],
    ['with a name', 'mutation Buy { buy }', { type: 'mutation', name: 'Buy', tokens: 5 }],
    ['with an alias', '{ x: a }', { aliases: 1, fields: 1 }],
    ['with fields in fields', '{ a { b { c } } d }', { depth: 3, fields: 4, rootFieldCount: 2 }],
    [
      'with an inline fragment',
      '{ ... on Q { a } ... @x { b } }',
      { depth: 1, rootFieldCount: 2, directives: 1 },
    ],
    [
      'with a fragment twice',
      '{ ...F ...F } fragment F on Q { x: a { b } }',
      { aliases: 2, rootFieldCount: 2, depth: 2 },
    ],
    [
      'with words as names',
      'query query { on fragment: query true null }',
      { name: 'query', fields: 4, aliases: 1 },
    ],
    [
      'with a spread deep inside',
      '{ a { ...F } } fragment F on T { b { c } }',
      { depth: 3, rootFieldCount: 1 },
    ],
    ['with braces in texts', '{ a(x: "}", y: """ } "" \\""" """) b }', { fields: 2 }],
    ['with comments', '{ a # b }\n c, }', { fields: 2, tokens: 4 }],
    ['that asks for the schema', '{ a: __schema { b } }', { introspects: true }],
    ['that asks for a type name', '{ __typename }', { introspects: false }],
  ] as [string, string, Partial<GraphqlOperation>][]) {
    it(`${what} is measured`, () =>
      assert.partialDeepStrictEqual(readOperation(document, undefined, MOST), expected))
  }

  for (const [what, document, said] of [
    ['nothing', '', /no operation/],
    ['a fragment only', 'fragment F on T { a }', /no operation/],
    ['a type', 'type A { b: C }', /syntax error at character 1/],
    ['an empty selection', '{ a { } }', /character 7/],
    ['empty arguments', '{ a() }', /character 5/],
    ['two operations without a name', '{ a } { b }', /without one/],
    ['two operations of the same name', 'query A { a } query A { b }', /the same name/],
    ['an operation without a name beside another', '{ a } query A { b }', /beside another/],
    [
      'two fragments of the same name',
      '{ ...F } fragment F on T { a } fragment F on T { b }',
      /two fragments/,
    ],
    ['a fragment that is not there', '{ ...F }', /does not define/],
    [
      'a fragment that spreads itself',
      '{ ...F } fragment F on T { ...G } fragment G on T { ...F }',
      /spreads itself/,
    ],
    ['a number with a zero in front', '{ a(x: 01) }', /syntax error/],
    ['a number with a name behind', '{ a(x: 1a) }', /syntax error/],
    ['a text over two lines', '{ a(x: "\n") }', /syntax error/],
    ['a text without an end', '{ a(x: "', /syntax error/],
    ['an unknown escape', '{ a(x: "\\q") }', /syntax error/],
    ['a control character in a text', '{ a(x: "\u0000") }', /syntax error/],
    ['half a character', '{ a(x: "\ud800") }', /half a character/],
    ['a byte order mark inside', '{ a \ufeff b }', /syntax error/],
    ['a line separator in a comment', '{ a # \u2028 b\n }', /syntax error/],
    ['a variable in a default', 'query ($a: Int = $b) { c }', /syntax error/],
    ['more behind its end', '{ a } }', /syntax error at character 7/],
  ] as [string, string, RegExp][]) {
    it(`with ${what} is refused`, () =>
      assert.throws(
        () => readOperation(document, undefined, MOST),
        (error) =>
          error instanceof GraphqlRefusal && error.reason === 'malformed' && said.test(error.message),
      ))
  }

  it('with several operations tells the one that is named', () => {
    const both = 'query A { a } mutation B { b { c } }'
    assert.partialDeepStrictEqual(readOperation(both, 'B', MOST), { type: 'mutation', name: 'B', depth: 2 })
    assert.throws(() => readOperation(both, undefined, MOST), /operationName is missing/)
    assert.throws(() => readOperation(both, 'C', MOST), /no operation of the name/)
  })

  it('is read up to the limit of tokens, and no further', () => {
    assert.equal(readDocument('{ a b c }', 5).tokens, 5)
    assert.throws(() => readDocument(`{ a b c } ${'"'.repeat(1000)}`, 4), {
      reason: 'tokens',
      excess: { value: 5, limit: 4 },
    })
  })

  it('counts fragments that double each other without writing them out', () => {
    const fragments = Array.from(
      { length: 60 },
      (_, index) => `fragment F${index} on T { x: a { ...F${index + 1} } y: a { ...F${index + 1} } }`,
    )
    const document = `{ ...F0 } ${fragments.join(' ')} fragment F60 on T { a }`
    const { depth, fields, aliases } = readOperation(document, undefined, MOST)
    assert.deepEqual({ depth, fields, aliases }, { depth: 61, fields: 1_000_000_000, aliases: 1_000_000_000 })
  })

  it('that asks for the whole schema is read', () => {
    const { introspects, depth } = readOperation(getIntrospectionQuery(), undefined, MOST)
    assert.ok(introspects && depth > 10)
  })
})

describe('beside graphql-js', () => {
  it('the numbers of a document are the same, as it is written and as it is printed', () => {
    fc.assert(
      fc.property(grammatical, fc.constantFrom(undefined, 'A', 'B', 'query'), (document, name) => {
        const parsed = parse(document)
        const expected = referenceNumbers(parsed, name)
        assert.deepEqual(numbersOf(document, name), expected)
        assert.deepEqual(numbersOf(print(parsed), name), expected)
      }),
      { numRuns: 300 },
    )
  })

  it('what is read here is read there, and counts as many tokens', () => {
    fc.assert(
      fc.property(damaged, (document) => {
        const tokens = tokensOf(document)
        if (tokens === undefined) return
        assert.equal(tokens, tokenCount(parse(document)))
      }),
      { numRuns: 1000 },
    )
  })

  it('what is read there and not here is stricter for a reason', () => {
    fc.assert(
      fc.property(damaged, (document) => {
        if (tokensOf(document) !== undefined) return
        let parsed: DocumentNode
        try {
          parsed = parse(document)
        } catch {
          return
        }
        assert.ok(isKnownStrictness(document, parsed), document)
      }),
      { numRuns: 1000 },
    )
  })
})

function numbersOf(document: string, name: string | undefined): unknown {
  try {
    const { tokens: _tokens, rootFields, ...numbers } = readOperation(document, name, MOST)
    return { ...numbers, rootFields: [...rootFields].sort() }
  } catch (error) {
    assert.ok(error instanceof GraphqlRefusal, String(error))
    return undefined
  }
}

function tokensOf(document: string): number | undefined {
  try {
    return readDocument(document, MOST).tokens
  } catch (error) {
    assert.ok(error instanceof GraphqlRefusal, String(error))
    return undefined
  }
}

function tokenCount({ loc }: DocumentNode): number {
  let count = 0
  for (let token = loc?.startToken.next; token?.kind !== TokenKind.EOF && token; token = token.next)
    if (token.kind !== TokenKind.COMMENT) count++
  return count
}

function isKnownStrictness(document: string, { definitions }: DocumentNode): boolean {
  const names = definitions.map((each) => `${each.kind} ${'name' in each ? each.name?.value : ''}`)
  const operations = definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  return (
    document.includes('\u2028') ||
    operations.length === 0 ||
    new Set(names).size < names.length ||
    (operations.length > 1 && names.includes(`${Kind.OPERATION_DEFINITION} undefined`)) ||
    definitions.some(({ kind }) => kind !== Kind.OPERATION_DEFINITION && kind !== Kind.FRAGMENT_DEFINITION)
  )
}
