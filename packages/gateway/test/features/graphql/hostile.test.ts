import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LARGEST_COUNT, readOperation } from '../../../src/features/graphql/operation.ts'
import { paramsOfJson } from '../../../src/features/graphql/request-params.ts'
import { GraphqlRefusal } from '../../../src/features/graphql/error-response.ts'

const MIB = 1024 * 1024
/** The most that can be set. */
const MOST_TOKENS = 100_000

function filled(start: string, part: string, end = '', size = MIB): string {
  return start + part.repeat(Math.floor((size - start.length - end.length) / part.length)) + end
}

const chain = (count: number): string =>
  Array.from({ length: count }, (_, index) => `fragment F${index} on T{...F${index + 1}}`).join('')

/** A mebibyte each, or as much as it takes. */
const DOCUMENTS: readonly (readonly [what: string, document: string])[] = [
  ['fields in fields', '{a'.repeat(100_000)],
  ['lists in lists', filled('{a(b:', '[')],
  ['objects in objects', filled('{a(b:', '{c:')],
  ['lists of types', filled('query($a:', '[')],
  ['fields', filled('{', 'a ', '}')],
  ['aliases', filled('{', 'b:a ', '}')],
  ['directives', filled('{a', '@b', '}')],
  ['arguments', filled('{a(', 'b:1 ', ')}')],
  ['spreads of nothing', filled('{', '...F ', '}')],
  ['spreads of one', filled('{', '...F ', '}fragment F on T{a}')],
  ['inline fragments', filled('', '{...')],
  ['fragments', filled('{a}', 'fragment F on T{a}')],
  [
    'fragments of different names',
    `{a}${Array.from({ length: 12_000 }, (_, i) => `fragment F${i} on T{a}`).join('')}`,
  ],
  ['a chain of fragments', `{...F0}${chain(10_000)}`],
  ['a circle of fragments', `{...F0}${chain(150)}fragment F150 on T{...F0}`],
  [
    'fragments that all spread a large one',
    `{${Array.from({ length: 5000 }, (_, i) => `...G${i}`).join(' ')}}fragment F on T{${Array.from({ length: 10_000 }, (_, i) => `a${i}`).join(' ')}}${Array.from({ length: 5000 }, (_, i) => `fragment G${i} on T{...F}`).join('')}`,
  ],
  ['operations', Array.from({ length: 20_000 }, (_, index) => `query A${index}{a}`).join('')],
  ['a long text', filled('{a(b:"', 'x', '")}')],
  ['a text of escapes', filled('{a(b:"', '\\u0041', '")}')],
  ['a text of quotes', filled('{a(b:"', '\\"', '")}')],
  ['a long block', filled('{a(b:"""', '\n x', '""")}')],
  ['a block of quotes', filled('{a(b:"""', '\\"""', '""")}')],
  ['a block of almost ends', filled('{a(b:"""', '"" ', '""")}')],
  ['texts without an end', filled('{a(b:', '"" ')],
  ['comments', filled('', '#\n', '{a}')],
  ['one comment', filled('#', 'x', '\n{a}')],
  ['commas', filled('', ',', '{a}')],
  ['a long name', filled('{', 'a', '}')],
  ['a long number', filled('{a(b:', '1', ')}')],
  ['minus signs', filled('{a(b:', '-', ')}')],
]

describe('a hostile document', () => {
  for (const [what, document] of DOCUMENTS) {
    it(`of ${what} is judged in 50 ms`, () => {
      const { time, memory } = measured(() => judge(document))
      assert.ok(time < 50, `${time} ms`)
      assert.ok(memory < 32 * MIB, `${memory} bytes`)
    })
  }
})

/** Bodies around the document; lists, which are not even looked at unless there may be batches, are smaller. */
const BODIES: readonly (readonly [what: string, body: string])[] = [
  ['brackets', filled('{"query":"{a}","variables":{"a":', '[')],
  ['closed brackets', '['.repeat(MIB / 2) + ']'.repeat(MIB / 2)],
  ['members of different names', `{${Array.from({ length: 80_000 }, (_, index) => `"a${index}":1`).join()}}`],
  ['members of one name', filled('{', '"a":1,', '"a":1}')],
  ['objects', filled('{"query":"{a}","variables":{"a":[', '{"a":1},', '0]}}')],
  ['backslashes', filled('{"query":"', '\\\\', '"}')],
  ['quotes', filled('{"query":"', '\\"', '"}')],
  ['a batch of nothing', filled('[', '{},', '{}]', MIB / 4)],
  ['a batch of small queries', filled('[', '{"query":"{a}"},', '{"query":"{a}"}]', MIB / 4)],
  ['half of a text', filled('{"query":"', 'x')],
]

describe('a hostile body', () => {
  for (const [what, body] of BODIES) {
    it(`of ${what} is judged in 50 ms`, () => {
      const { time } = measured(() => {
        try {
          paramsOfJson(body)
        } catch (error) {
          assert.ok(error instanceof GraphqlRefusal, String(error))
        }
      })
      assert.ok(time < 50, `${time} ms`)
    })
  }
})

/** Refused, or with numbers that any limit can be compared with. */
function judge(document: string): void {
  try {
    const { fields, depth } = readOperation(document, undefined, MOST_TOKENS)
    assert.ok(fields <= LARGEST_COUNT && depth <= LARGEST_COUNT)
  } catch (error) {
    assert.ok(error instanceof GraphqlRefusal, String(error))
  }
}

/** CPU time, the best of some: other programs run on this machine, too, and the first rounds run what is not compiled yet. */
function measured(run: () => void): { time: number; memory: number } {
  let time = Infinity
  let memory = Infinity
  for (let round = 0; round < 30; round++) {
    const { heapUsed, external } = process.memoryUsage()
    const start = process.threadCpuUsage()
    run()
    const { user, system } = process.threadCpuUsage(start)
    time = Math.min(time, (user + system) / 1000)
    const after = process.memoryUsage()
    memory = Math.min(memory, after.heapUsed - heapUsed + after.external - external)
    if (time < 50 && memory < 32 * MIB) break
  }
  return { time, memory }
}
