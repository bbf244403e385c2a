import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GRPC_STATUSES, type GrpcStatus } from '../../src/fields/grpc.ts'
import { bodyFrom, EMPTY_BODY } from '../../src/message/body.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { RetryBudget } from '../../src/policies/retry/retry-budget.ts'
import { GRPC_RETRY_STATUSES } from '../../src/policies/retry/retry-decision.ts'
import { retry } from '../../src/policies/retry/retry.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

interface Answer {
  readonly status: GrpcStatus
  readonly fields?: Readonly<Record<string, string>>
  readonly content?: string
}

/** How many tries a call took, and how long, where the server answers like this until the last answer, which it repeats. */
async function tries(
  answers: readonly Answer[],
  given: { statuses?: readonly GrpcStatus[]; endpoints?: number } = {},
): Promise<{ readonly attempts: number; readonly time: number; readonly status: string | undefined }> {
  const { statuses = GRPC_RETRY_STATUSES, endpoints = 1 } = given
  const clock = new VirtualClock()
  const budget = new RetryBudget(clock, { floor: 10 })
  const policy = retry({ attempts: 3, backoff: { base: 0, max: 0 }, budget, grpcStatuses: statuses })
  const handler = policy((exchange) => {
    exchange.choices = endpoints
    exchange.endpoint = `e${exchange.attempts % endpoints}`
    const {
      status,
      fields = {},
      content = '',
    } = answers[exchange.attempts - 1] ?? answers.at(-1) ?? assert.fail()
    const headers = HeaderList.of({
      'content-type': 'application/grpc',
      'grpc-status': String(GRPC_STATUSES.indexOf(status)),
      ...fields,
    })
    return Promise.resolve(new HttpResponse(200, headers, content === '' ? EMPTY_BODY : bodyFrom(content)))
  })
  const request = HttpRequest.to('http://a.example/shop.Orders/Get', { method: 'POST', body: bodyFrom('x') })
  const exchange = new Exchange(request, clock)
  const started = clock.now()
  const answered = handler(exchange)
  await clock.advance(20_000)
  const { headers } = await answered
  return {
    attempts: exchange.attempts,
    time: clock.now() - started,
    status: GRPC_STATUSES[Number(headers.get('grpc-status'))],
  }
}

test('a call whose response is a listed status and nothing else is tried again', async () => {
  const { attempts, status } = await tries([{ status: 'UNAVAILABLE' }, { status: 'OK' }])
  assert.deepEqual([attempts, status], [2, 'OK'])
})

for (const [why, answer, given] of [
  ['is OK', { status: 'OK' }, {}],
  ['is a status that is not listed', { status: 'UNAVAILABLE' }, { statuses: ['INTERNAL'] }],
  ['has content', { status: 'UNAVAILABLE', content: 'x' }, {}],
  ['is not of gRPC', { status: 'UNAVAILABLE', fields: { 'content-type': 'text/html' } }, {}],
  ['forbids it by pushback', { status: 'UNAVAILABLE', fields: { 'grpc-retry-pushback-ms': '-1' } }, {}],
  ['says that the only endpoint is exhausted', { status: 'RESOURCE_EXHAUSTED' }, {}],
  [
    'asks for more time than there is patience',
    { status: 'UNAVAILABLE', fields: { 'grpc-retry-pushback-ms': '60001' } },
    {},
  ],
] as const) {
  test(`a call whose response ${why} is not tried again`, async () => {
    assert.equal((await tries([answer], given)).attempts, 1)
  })
}

test('what is exhausted is tried elsewhere, and at the same place when it has said when', async () => {
  assert.equal((await tries([{ status: 'RESOURCE_EXHAUSTED' }], { endpoints: 2 })).attempts, 2)
  const fields = { 'grpc-retry-pushback-ms': '5000' }
  const answers: Answer[] = [{ status: 'RESOURCE_EXHAUSTED', fields }, { status: 'OK' }]
  assert.deepEqual((await tries(answers)).attempts, 2)
})
