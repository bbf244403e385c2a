import assert from 'node:assert/strict'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:http2'
import { type TestContext, test } from 'node:test'
import { createGunzip } from 'node:zlib'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { startService } from '../survival/origins.ts'
import { startMetered } from './metered-gateway.ts'

interface Stream {
  text: string
  hasEnded: boolean
}

function collected(source: NodeJS.ReadableStream): Stream {
  const stream = { text: '', hasEnded: false }
  source.on('data', (chunk: Buffer) => (stream.text += String(chunk)))
  source.on('end', () => (stream.hasEnded = true))
  return stream
}

async function overHttp1(url: string, coding: string): Promise<Stream> {
  const response = await new Promise<IncomingMessage>((resolve) =>
    get(url, { headers: { 'accept-encoding': coding } }, resolve),
  )
  assert.equal(response.headers['content-encoding'] ?? 'identity', coding)
  return collected(coding === 'gzip' ? response.pipe(createGunzip()) : response)
}

function overHttp2(t: TestContext, url: string): Stream {
  const session = connect(url)
  session.on('error', () => {})
  t.after(() => session.destroy())
  return collected(session.request({ ':path': '/' }))
}

test('a silent event stream is kept alive and ends with the time to wait, over both versions and compressed', async (t) => {
  const service = await startService(t, (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: a\n\n')
  })
  const { gateway, url } = await startMetered(t, {
    routes: [{ upstream: service.url, compress: true, events: { heartbeat: '20ms', retry: '3s' } }],
  })
  const streams = [await overHttp1(url, 'identity'), await overHttp1(url, 'gzip'), overHttp2(t, url)]
  await eventually(
    () => streams.every(({ text }) => text.startsWith('data: a\n\n:\n\n')),
    'all are kept alive',
  )
  await gateway.close(2_000)
  await eventually(() => streams.every(({ hasEnded }) => hasEnded), 'all have ended')
  for (const { text } of streams) assert.match(text, /^data: a\n\n(?::\n\n)+retry: 3000\n\n$/)
})
