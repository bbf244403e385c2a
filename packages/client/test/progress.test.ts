import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { VirtualClock } from '@headgate/core/testing'
import type { BodyInput, TransferProgress } from '../src/index.ts'
import { Progress } from '../src/progress.ts'
import { clientOf, contentOf, originOf } from './origin.ts'

const MIB = 1024 * 1024

function recorder(): { told: TransferProgress[]; listener: (progress: TransferProgress) => void } {
  const told: TransferProgress[] = []
  return { told, listener: (progress) => void told.push(progress) }
}

test('progress is told ten times a second at most, and its end always', async () => {
  const clock = new VirtualClock()
  const { told, listener } = recorder()
  const progress = new Progress(listener, clock, 1_000)
  for (let count = 0; count < 200; count++) {
    progress.moved(5)
    await clock.advance(5)
  }
  progress.ended()
  progress.ended()
  assert.equal(told.length, 11)
  assert.deepEqual(told[0], { bytes: 5, total: 1_000 })
  assert.deepEqual(told.at(-1), { bytes: 1_000, total: 1_000 })
})

const UPLOADS: readonly [what: string, body: () => BodyInput, total: number | undefined][] = [
  ['bytes', () => new Uint8Array(3 * MIB), 3 * MIB],
  ['a short text', () => 'hello', 5],
  ['a Blob', () => new Blob([new Uint8Array(MIB)]), MIB],
  ['a stream', () => ReadableStream.from([new Uint8Array(10), new Uint8Array(20)]), undefined],
]
for (const [what, body, total] of UPLOADS) {
  test(`onUploadProgress tells how much of ${what} was sent`, async (t) => {
    const origin = await originOf(t, (request, response) => {
      void contentOf(request).then((content) => response.end(String(content.length)))
    })
    const { told, listener } = recorder()
    const got = await clientOf(t).post(origin, { body: body(), onUploadProgress: listener }).text()
    assert.equal(told.at(-1)?.bytes, Number(got))
    assert.ok(told.every((each) => each.total === total))
    assert.ok(told.every(({ bytes }, index) => index === 0 || bytes >= (told[index - 1]?.bytes ?? 0)))
    assert.equal(Number(got), total ?? 30)
  })
}

test('content that is here is sent in pieces when its progress is asked for, and again by a retry', async (t) => {
  let calls = 0
  const origin = await originOf(t, (request, response) => {
    void contentOf(request).then((content) => {
      response.statusCode = ++calls === 1 ? 503 : 200
      response.end(String(content.length))
    })
  })
  const { told, listener } = recorder()
  const body = new Uint8Array(MIB)
  assert.equal(await clientOf(t).put(origin, { body, onUploadProgress: listener }).text(), String(MIB))
  assert.equal(calls, 2)
  assert.equal(told.filter(({ bytes }) => bytes === MIB).length, 2)
  assert.equal(told.filter(({ bytes }) => bytes === 64 * 1024).length, 2)
})

test('onDownloadProgress tells how much of the content came, with the total where its length is known', async (t) => {
  const origin = await originOf(t, (request, response) => {
    if (request.url === '/coded') response.setHeader('content-encoding', 'gzip')
    else if (request.url === '/long') response.setHeader('content-length', MIB)
    response.end(request.url === '/coded' ? gzipSync(Buffer.alloc(MIB)) : Buffer.alloc(MIB))
  })
  const client = clientOf(t)
  for (const [path, total] of [
    ['/long', MIB],
    ['/coded', undefined],
  ] as const) {
    const { told, listener } = recorder()
    const bytes = await client.get(origin + path, { onDownloadProgress: listener }).bytes()
    assert.equal(bytes.length, MIB)
    assert.deepEqual(told.at(-1), { bytes: MIB, total })
  }
})

test('onDownloadProgress of content that came with the head is told once, and of no content never', async (t) => {
  const origin = await originOf(t, (request, response) =>
    response.end(request.url === '/none' ? '' : 'hello'),
  )
  const client = clientOf(t)
  const { told, listener } = recorder()
  const response = await client.fetch(`${origin}/some`, { headgate: { onDownloadProgress: listener } })
  assert.equal(await response.text(), 'hello')
  await client.get(`${origin}/none`, { onDownloadProgress: listener })
  assert.deepEqual(told, [{ bytes: 5, total: 5 }])
})

test('what a listener of progress throws does not disturb the call', async (t) => {
  const origin = await originOf(t, (_request, response) => response.end('hello'))
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  t.after(() => {
    for (const listener of listeners) process.on('uncaughtException', listener)
  })
  const thrown = once(process, 'uncaughtException')
  const onDownloadProgress = (): never => {
    throw new RangeError('a defect of the caller')
  }
  assert.equal(await clientOf(t).get(origin, { onDownloadProgress }).text(), 'hello')
  assert.match(String(await thrown), /a defect of the caller/)
})
