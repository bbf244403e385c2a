import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { bodyFrom, Exchange, HttpRequest, systemClock } from '@headgate/core'
import { operationKey } from '../../../src/features/graphql/operation.ts'
import { readRequest } from '../../../src/features/graphql/read-request.ts'

const MIB = 1024 * 1024

function exchangeOf(query: string): Exchange {
  const headers = { 'content-type': 'application/json' }
  const body = bodyFrom(JSON.stringify({ query }))
  const exchange = new Exchange(HttpRequest.to('http://a/', { method: 'POST', headers, body }), systemClock)
  void readRequest(exchange, { maxSize: 2 * MIB, maxTokens: 1000, maxBatch: 0 })
  return exchange
}

it('a key is short, however long the names are, and differs where they do', () => {
  const keyOf = operationKey('graphql-root-fields')
  const names = (last: string): string => `{ ${'a'.repeat(200)} ${last} }`
  const [one, other, again] = [names('b'), names('c'), names('b')].map((query) => keyOf(exchangeOf(query)))
  assert.equal(one, again)
  assert.notEqual(one, other)
  assert.ok((one?.length ?? 0) <= 128)
})

it('a key that a limit keeps does not keep the document that it is of', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const keyOf = operationKey('graphql-operation')
  const filling = ' '.repeat(MIB)
  collect()
  const before = process.memoryUsage().heapUsed
  const keys = Array.from({ length: 60 }, (_, index) =>
    keyOf(exchangeOf(`query LongNameOfAnOperation${index} { a }${filling}`)),
  )
  collect()
  const kept = process.memoryUsage().heapUsed - before
  assert.equal(new Set(keys).size, 60)
  assert.ok(kept < 20 * MIB, `${kept} bytes`)
})
