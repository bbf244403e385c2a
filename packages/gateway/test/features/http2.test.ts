import assert from 'node:assert/strict'
import { test } from 'node:test'
import '../../src/settings/schema/use-zod.ts'
import { DEFAULT_HTTP2_CLIENT_LIMITS, DEFAULT_HTTP2_LIMITS } from '../../../core/src/h2/connection-options.ts'
import {
  http2Limits,
  http2Setting,
  upstreamHttp2Limits,
  upstreamHttp2Setting,
} from '../../src/features/http2.ts'

test('what is left out of http2, or all of it, is what the engine has by default', () => {
  assert.deepEqual(http2Limits(http2Setting().parse({})), DEFAULT_HTTP2_LIMITS)
  const upstream = upstreamHttp2Limits(upstreamHttp2Setting().parse({}))
  assert.deepEqual({ ...DEFAULT_HTTP2_CLIENT_LIMITS, ...upstream }, DEFAULT_HTTP2_CLIENT_LIMITS)
})
