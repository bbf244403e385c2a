import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import type { Handler } from '../../src/message/handler.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { data } from './raw-client.ts'
import { serve } from './server-rig.ts'

/** A route whose streams may be silent for ever, as those of gRPC are. */
const SILENT = { idle: Infinity, minimumRate: 0, grace: 0 }

test('who has its answer and does not end its request is waited for as the listener says, whatever the route’s times', async (t) => {
  const handler: Handler = async (exchange) => {
    exchange.times = { responseHead: Infinity, streamIdle: Infinity, downstream: SILENT, upstream: SILENT }
    const { body } = exchange.request
    body.flowTo({ write: () => true, end: () => {}, fail: () => {} })
    body.cancel(new TrafficError('upstream_closed', 'the origin is gone'))
    return new HttpResponse(503, new HeaderList(), bodyFrom('sorry'))
  }
  const server = await serve(t, handler, { options: { pace: { idle: 30_000, minimumRate: 0, grace: 0 } } })
  const client = await server.client()
  client.send(client.head(1, [[':method', 'POST']], 4), data(1, 'x'))
  await client.until('DATA+END 1 sorry')
  await server.clock.advance(29_000)
  assert.deepEqual(
    client.frames().filter((line) => line.startsWith('RST_STREAM')),
    [],
  )
  await server.clock.advance(2_000)
  await client.until('RST_STREAM 1 NO_ERROR')
})
