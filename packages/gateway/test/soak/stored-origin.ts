import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What a key is like, by its text up to the first "-". */
interface KeyKind {
  /** Of the content, in bytes. */
  readonly length: number
  /** Further fields of the response. */
  readonly fields: Readonly<Record<string, string>>
}

/** Lifetimes are of seconds, so that what is stored is asked about again and again within a run. */
const KINDS: Readonly<Record<string, KeyKind>> = {
  hot: { length: 300, fields: { 'cache-control': 'max-age=1', etag: '"1"' } },
  large: { length: 200_000, fields: { 'cache-control': 'max-age=2', etag: '"1"' } },
  cold: { length: 1_500, fields: { 'cache-control': 'max-age=60' } },
  vary: { length: 300, fields: { 'cache-control': 'max-age=2', vary: 'accept-language' } },
  own: { length: 300, fields: { 'cache-control': 'private' } },
  slow: { length: 300, fields: { 'cache-control': 'max-age=1, stale-while-revalidate=0' } },
  flaky: { length: 300, fields: { 'cache-control': 'max-age=1, stale-while-revalidate=0' } },
  cut: { length: 100_000, fields: { 'cache-control': 'max-age=60' } },
}
/** Milliseconds that `slow` takes, and after which `cut` breaks. */
const SLOW = 100
const CUT_AFTER = 20

/** The content of what is stored under a key: no other key has it. */
export function storedContent(key: string, language: string): Buffer {
  return Buffer.alloc(kindOf(key).length, `${key} ${language} `)
}

function kindOf(key: string): KeyKind {
  return KINDS[key.slice(0, key.indexOf('-'))] ?? KINDS['hot'] ?? { length: 0, fields: {} }
}

let failures = 0

/** Answers for the key in the path, as its kind says. */
export function answerStored(
  { url = '', headers }: IncomingMessage,
  response: ServerResponse,
  socket: Socket,
): void {
  const key = url.slice(url.lastIndexOf('/') + 1)
  const { fields } = kindOf(key)
  const tagged = { ...fields, 'cache-tag': key }
  if (key.startsWith('flaky-') && ++failures % 2 === 0) return void response.writeHead(503).end('not now')
  if (headers['if-none-match'] !== undefined) return void response.writeHead(304, tagged).end()
  const content = storedContent(key, headers['accept-language'] ?? '')
  response.writeHead(200, { ...tagged, 'content-length': content.length })
  if (key.startsWith('slow-')) setTimeout(() => response.end(content), SLOW)
  else if (key.startsWith('cut-')) {
    response.write(content.subarray(0, content.length / 2))
    setTimeout(() => socket.resetAndDestroy(), CUT_AFTER)
  } else response.end(content)
}
