import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import * as grpc from '@grpc/grpc-js'
import { bodyFrom, StreamBody } from '../../src/message/body.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { systemClock } from '../../src/time/clock.ts'
import { endpointParts } from '../../src/upstream/endpoint/endpoint-open.ts'
import { HEALTH_CHECK, healthRequest, whyNotServing } from '../../src/upstream/health/grpc-probe.ts'
import { probe } from '../../src/upstream/health/health-probe.ts'

test('the request names the service in protobuf, and nothing where it is the server as a whole', () => {
  assert.deepEqual([...healthRequest()], [0, 0, 0, 0, 0])
  assert.deepEqual([...healthRequest('a.B')], [0, 0, 0, 0, 5, 0x0a, 3, 0x61, 0x2e, 0x42])
  const long = healthRequest('s'.repeat(300))
  assert.deepEqual([...long.subarray(0, 8)], [0, 0, 0, 1, 47, 0x0a, 0xac, 0x02])
})

function answered(content: readonly number[], trailers: Readonly<Record<string, string>>): HttpResponse {
  const body = new StreamBody(undefined, { resumeBody: () => {}, cancelBody: () => {} })
  if (content.length > 0) body.push(Uint8Array.from(content))
  body.end(HeaderList.of(trailers))
  return new HttpResponse(200, HeaderList.of({ 'content-type': 'application/grpc' }), body)
}

const OK = { 'grpc-status': '0' }

for (const [what, response, why] of [
  ['serves', answered([0, 0, 0, 0, 2, 8, 1], OK), undefined],
  ['does not serve', answered([0, 0, 0, 0, 2, 8, 2], OK), 'it is NOT_SERVING'],
  ['says nothing', answered([0, 0, 0, 0, 0], OK), 'it is UNKNOWN'],
  ['says what there is not', answered([0, 0, 0, 0, 2, 8, 9], OK), 'it is UNKNOWN'],
  ['sends half a message', answered([0, 0, 0, 0, 2, 8], OK), 'it is UNKNOWN'],
  ['sends no message', answered([], OK), 'it is UNKNOWN'],
  ['compresses', answered([1, 0, 0, 0, 2, 8, 1], OK), 'it is UNKNOWN'],
  [
    'serves by a message that a status takes back',
    answered([0, 0, 0, 0, 2, 8, 1], { 'grpc-status': '14' }),
    `it answered UNAVAILABLE to ${HEALTH_CHECK}`,
  ],
  [
    'knows no such service',
    new HttpResponse(200, HeaderList.of({ 'content-type': 'application/grpc', 'grpc-status': '5' })),
    `it answered NOT_FOUND to ${HEALTH_CHECK}: it knows no service a.B`,
  ],
  ['is no server of gRPC', new HttpResponse(404), `it answered 404 to ${HEALTH_CHECK}`],
  [
    'answers anything with a page',
    new HttpResponse(200, new HeaderList(), bodyFrom('<h1>Hello</h1>')),
    `it answered ${HEALTH_CHECK} without a status of gRPC: does it speak gRPC?`,
  ],
] as const) {
  test(`a server that ${what} ${why === undefined ? 'is well' : 'is not'}`, async () => {
    assert.equal(await whyNotServing(response, 'a.B'), why)
  })
}

test('a server that does not tell of itself as a whole is told of with what to ask after', async () => {
  const response = new HttpResponse(
    200,
    HeaderList.of({ 'content-type': 'application/grpc', 'grpc-status': '5' }),
  )
  assert.match(String(await whyNotServing(response)), /NOT_FOUND .*: .* as a whole; ask after a service/)
})

test('a response without an end is not read for ever', async () => {
  const body = new StreamBody(undefined, { resumeBody: () => {}, cancelBody: () => {} })
  const response = new HttpResponse(200, HeaderList.of({ 'content-type': 'application/grpc' }), body)
  const why = assert.rejects(whyNotServing(response), /limit of 4096 bytes/)
  body.push(Buffer.alloc(4_000))
  body.push(Buffer.alloc(4_000))
  await why
})

async function startServer(t: TestContext, answers: () => number | undefined): Promise<string> {
  const server = new grpc.Server()
  const asIs = (message: Buffer): Buffer => message
  const check: grpc.MethodDefinition<Buffer, Buffer> = {
    path: HEALTH_CHECK,
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  }
  const handle: grpc.handleUnaryCall<Buffer, Buffer> = (call, answer) => {
    const status = answers()
    // Without one, it does not answer at all.
    if (status !== undefined)
      answer(null, call.request.length === 5 ? Buffer.from([8, status]) : Buffer.from([8, 3]))
  }
  server.addService({ check }, { check: handle })
  const bound = Promise.withResolvers<number>()
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
    error === null ? bound.resolve(port) : bound.reject(error),
  )
  t.after(() => server.forceShutdown())
  return `h2c://127.0.0.1:${await bound.promise}`
}

test('a server of grpc-js is asked over HTTP/2, after a service', async (t) => {
  let status: number | undefined = 1
  const url = await startServer(t, () => status)
  const ask = (service?: string): Promise<string | undefined> =>
    probe(endpointParts({ url }, {}), { kind: 'grpc', service }, 2_000, systemClock)
  assert.equal(await ask('a.B'), undefined)
  assert.equal(await ask(), 'it is SERVICE_UNKNOWN')
  status = 2
  assert.equal(await ask('a.B'), 'it is NOT_SERVING')
})

test('one that does not answer is given up', async (t) => {
  const url = await startServer(t, () => undefined)
  const failure = await probe(endpointParts({ url }, {}), { kind: 'grpc' }, 200, systemClock)
  assert.equal(failure, 'it did not answer within 200 ms')
})
