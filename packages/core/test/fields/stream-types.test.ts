import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isStream } from '../../src/fields/stream-types.ts'

for (const type of [
  'text/event-stream',
  'Text/Event-Stream',
  'text/event-stream;charset=utf-8',
  ' text/event-stream ; charset="utf-8"',
  'application/x-ndjson',
  'application/json-seq',
  'multipart/x-mixed-replace; boundary=frame',
  'application/grpc',
  'application/grpc+proto',
  'application/grpc-web+proto',
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf; charset=utf-8; Stream="watch"',
])
  test(`a response of type ${type} is a stream`, () => assert.ok(isStream(type)))

for (const type of [
  undefined,
  '',
  ';',
  'text/event-streams',
  'text/event-stream2; a=b',
  'text/event',
  'text/html; a=text/event-stream',
  'application/json',
  'application/grpcx',
  'application/grpc2+proto',
  'application/json;xstream=watch',
  'application/json;stream=watched',
])
  test(`a response of type ${String(type)} is none`, () => assert.ok(!isStream(type)))
