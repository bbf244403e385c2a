import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { createClient, StatusError } from '../src/index.ts'
import { respond, VirtualClock } from '../src/testing/index.ts'
import { VERSION } from '../src/version.ts'
import { clientOf, endInPieces, originOf } from './origin.ts'

test('a StatusError tells the Retry-After of its response, in seconds or as a date', async () => {
  const clock = new VirtualClock({ wallTime: Date.UTC(2026, 0, 1) })
  for (const [field, wait] of [
    ['7', 7_000],
    ['Thu, 01 Jan 2026 00:00:09 GMT', 9_000],
    ['soon', undefined],
  ] as const) {
    const transport = respond(() => new Response(null, { status: 429, headers: { 'retry-after': field } }))
    const { error } = await createClient({ clock, transport, retry: false }).attempt('http://api.example/')
    assert.ok(error instanceof StatusError)
    assert.equal(error.retryAfter, wait)
  }
})

test('maxResponseHead lets a head through that is larger than usual, and more fields', async (t) => {
  const url = await originOf(t, (_request, response) => {
    for (let index = 0; index < 150; index++) response.setHeader(`x-${index}`, 'v'.repeat(150))
    response.end()
  })
  const { error } = await clientOf(t).attempt(url)
  assert.match(error?.code ?? '', /^(?:response_head_too_large|malformed_response)$/)
  const response = await clientOf(t, { maxResponseHead: 64 * 1024 }).get(url)
  assert.equal(response.header('x-149')?.length, 150)
  assert.throws(() => createClient({ maxResponseHead: -1 }), /^TypeError: option maxResponseHead is -1/)
})

const PADDED: readonly [what: string, tail: Buffer, good: boolean][] = [
  ['nothing', Buffer.alloc(0), true],
  ['zeros', Buffer.alloc(512), true],
  ['many zeros', Buffer.alloc(200_000), true],
  ['zeros without measure', Buffer.alloc(1_100_000), false],
  ['garbage', Buffer.from('garbage'), false],
  ['zeros and garbage', Buffer.concat([Buffer.alloc(512), Buffer.from('x')]), false],
  ['garbage and zeros', Buffer.concat([Buffer.from('x'), Buffer.alloc(512)]), false],
]
for (const [what, tail, good] of PADDED)
  for (const size of [10, 100_000])
    test(`${what} behind ${size} bytes in two members of gzip ${good ? 'counts for nothing' : 'is an error'}, in one piece or in many`, async (t) => {
      const content = Buffer.from('x'.repeat(size / 2))
      const encoded = Buffer.concat([gzipSync(content), gzipSync(content), tail])
      const url = await originOf(t, (request, response) => {
        response.setHeader('content-encoding', 'gzip')
        if (request.url === '/whole') return void response.end(encoded)
        endInPieces(response, encoded, Math.max(7, Math.ceil(encoded.length / 50)))
      })
      const client = clientOf(t, { retry: false })
      for (const way of ['/whole', '/pieces']) {
        const { value, error } = await client.attempt(client.get(url + way).text())
        if (good) assert.equal(value?.length, size, error?.message)
        else assert.equal(error?.code, 'decompression_failed', way)
      }
    })

test('the version that User-Agent tells is the package’s', () => {
  const text = readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')
  assert.equal(VERSION, (JSON.parse(text) as { version: string }).version)
})

const OLD_NODE = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => existsSync(path))

test('importing the client on a Node that is too old says so in a sentence', async (t) => {
  const version = OLD_NODE === undefined ? '' : (await promisify(execFile)(OLD_NODE, ['--version'])).stdout
  if (OLD_NODE === undefined || Number(/^v(\d+)/.exec(version)?.[1]) >= 22)
    return t.diagnostic('there is no old Node on this machine')
  for (const entry of ['index.js', 'testing/index.js']) {
    const url = new URL(`../dist/${entry}`, import.meta.url).href
    const failed: unknown = await promisify(execFile)(OLD_NODE, [
      '--input-type=module',
      '-e',
      `await import('${url}')`,
    ]).catch((error: unknown) => error)
    assert.match(
      String((failed as { stderr?: string }).stderr),
      /Error: @headgate\/client needs Node 22\.18 or newer, and this is 20\./,
    )
  }
})
