import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../scripts/testing/property.ts'
import {
  encodeGrpcMessage,
  GRPC_STATUSES,
  isGrpc,
  judgedStatus,
  mayBeGrpc,
  parseGrpcStatus,
  parsePushback,
  statusFromHttp,
  trailersOnlyStatus,
} from '../../src/fields/grpc.ts'
import { bodyFrom, EMPTY_BODY } from '../../src/message/body.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpResponse } from '../../src/message/response.ts'

for (const [contentType, expected] of [
  ['application/grpc', true],
  ['application/grpc+proto', true],
  ['application/grpc+json;charset=utf-8', true],
  ['Application/gRPC ; a=b', true],
  ['application/grpc-web+proto', true],
  ['application/grpc-web-text', true],
  ['application/grpcs', false],
  ['application/grpc-webby', false],
  ['application/json', false],
  ['text/plain; application/grpc', false],
  [undefined, false],
] as const) {
  test(`a request with the content type ${contentType ?? '(none)'} is ${expected ? 'one' : 'none'} of gRPC`, () => {
    assert.equal(isGrpc(contentType), expected)
  })
}

test('what some server may take for gRPC is more than what is well-formed, but not text of gRPC-Web', () => {
  const taken = [
    'application/grpcs',
    'application/grpc+',
    'APPLICATION/GRPC',
    'a/b,application/grpc',
    'application/grpc-web',
  ]
  for (const type of taken) assert.equal(mayBeGrpc(type), true, type)
  const others = [
    'application/grp',
    'text/application/grpc',
    'application/grpc-web-text+proto',
    'a;application/grpc',
  ]
  for (const type of [...others, undefined]) assert.equal(mayBeGrpc(type), false, type)
})

for (const [value, expected] of [
  ['0', 'OK'],
  ['14', 'UNAVAILABLE'],
  ['16', 'UNAUTHENTICATED'],
  ['17', 'UNKNOWN'],
  ['-1', 'UNKNOWN'],
  ['1.0', 'UNKNOWN'],
  ['OK', 'UNKNOWN'],
  ['0, 0', 'UNKNOWN'],
  ['', 'UNKNOWN'],
  [undefined, undefined],
] as const) {
  test(`grpc-status ${value ?? '(none)'} is ${expected ?? 'no status'}`, () => {
    assert.equal(parseGrpcStatus(value), expected)
  })
}

function response(status: number, fields: Record<string, string>, content = ''): HttpResponse {
  return new HttpResponse(status, HeaderList.of(fields), content === '' ? EMPTY_BODY : bodyFrom(content))
}

const GRPC = { 'content-type': 'application/grpc+proto' }

test('a response is a status and nothing else if it is in the head, of gRPC, and no content follows', () => {
  assert.equal(trailersOnlyStatus(response(200, { ...GRPC, 'grpc-status': '14' })), 'UNAVAILABLE')
  assert.equal(trailersOnlyStatus(response(200, GRPC)), undefined)
  assert.equal(trailersOnlyStatus(response(200, { ...GRPC, 'grpc-status': '14' }, 'x')), undefined)
  assert.equal(
    trailersOnlyStatus(response(200, { 'content-type': 'text/html', 'grpc-status': '14' })),
    undefined,
  )
})

for (const [name, expected] of [
  ['OK', 200],
  ['CANCELLED', 499],
  ['UNKNOWN', 500],
  ['INVALID_ARGUMENT', 400],
  ['DEADLINE_EXCEEDED', 408],
  ['NOT_FOUND', 404],
  ['ALREADY_EXISTS', 409],
  ['PERMISSION_DENIED', 403],
  ['RESOURCE_EXHAUSTED', 429],
  ['FAILED_PRECONDITION', 400],
  ['ABORTED', 409],
  ['OUT_OF_RANGE', 400],
  ['UNIMPLEMENTED', 404],
  ['INTERNAL', 500],
  ['UNAVAILABLE', 503],
  ['DATA_LOSS', 500],
  ['UNAUTHENTICATED', 401],
] as const) {
  test(`a response that is ${name} is judged as ${expected}`, () => {
    const number = String(GRPC_STATUSES.indexOf(name))
    assert.equal(judgedStatus(response(200, { ...GRPC, 'grpc-status': number })), expected)
  })
}

test('a response that is no status of gRPC is judged by its own', () => {
  assert.equal(judgedStatus(response(200, { 'content-type': 'text/html', 'grpc-status': '14' })), 200)
  assert.equal(judgedStatus(response(502, { ...GRPC, 'grpc-status': '0' })), 502)
  assert.equal(judgedStatus(response(200, GRPC, 'x')), 200)
})

test('without a status of gRPC, that of HTTP stands for one', () => {
  const statuses = [200, 400, 401, 403, 404, 418, 429, 500, 502, 503, 504].map(statusFromHttp)
  assert.deepEqual(statuses, [
    'UNKNOWN',
    'INTERNAL',
    'UNAUTHENTICATED',
    'PERMISSION_DENIED',
    'UNIMPLEMENTED',
    'UNKNOWN',
    'UNAVAILABLE',
    'UNKNOWN',
    'UNAVAILABLE',
    'UNAVAILABLE',
    'UNAVAILABLE',
  ])
})

test('pushback is a number of milliseconds, and anything else asks for no further try at all', () => {
  assert.deepEqual(['0', '1500', '-1', 'soon', ''].map(parsePushback), [
    0,
    1500,
    Infinity,
    Infinity,
    Infinity,
  ])
  assert.equal(parsePushback(undefined), undefined)
})

test('any message is encoded to printable ASCII, and decodes to itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const encoded = encodeGrpcMessage(text)
      assert.match(encoded, /^[\x20-\x7e]*$/)
      assert.equal(decodeURIComponent(encoded), text)
    }),
  )
})
