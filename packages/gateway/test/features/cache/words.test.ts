import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  cache,
  Exchange,
  foreseeCache,
  type Foresight,
  HeaderList,
  HttpRequest,
  HttpResponse,
  ProcessStore,
  WholeBody,
} from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { cacheWords } from '../../../src/features/cache/words.ts'

type Fields = Readonly<Record<string, string>>

/** What is told of a request, so many seconds after a response with these fields has been stored. */
async function told(
  stored: Fields | undefined,
  after: number,
  asked: Fields,
  method = 'GET',
): Promise<string> {
  const clock = new VirtualClock()
  const options = {
    store: new ProcessStore(),
    bypass: ({ request }: Exchange) => request.headers.has('x-bypass'),
  }
  const answers = () => Promise.resolve(new HttpResponse(200, HeaderList.of(stored ?? {})))
  const exchange = (fields: Fields, by = 'GET'): Exchange =>
    new Exchange(HttpRequest.to('http://a.example/x', { method: by, headers: fields }), clock)
  if (stored !== undefined) await cache(options)(answers)(exchange({}))
  await clock.advance(after * 1000)
  let foresight: Foresight | undefined
  await foreseeCache(options, (_exchange, each) => (foresight = each))(answers)(exchange(asked, method))
  return cacheWords(foresight ?? assert.fail())
}

const MINUTE = { 'cache-control': 'max-age=60' }
const TAGGED = { ...MINUTE, etag: '"1"' }

for (const [stored, after, asked, expected] of [
  [undefined, 0, {}, 'the upstream is asked: nothing is stored under the key'],
  [MINUTE, 10, {}, 'from the cache: it is fresh for 50 s more'],
  [MINUTE, 61, {}, 'the upstream is asked: what is stored has been stale for 1 s'],
  [
    TAGGED,
    61,
    {},
    'the upstream is asked: what is stored has been stale for 1 s; it is asked whether that still holds',
  ],
  [
    { 'cache-control': 'max-age=60, stale-if-error=9', etag: '"1"' },
    61,
    {},
    'the upstream is asked: what is stored has been stale for 1 s; it is asked whether that still holds; where it fails, that stands in for it',
  ],
  [
    { 'cache-control': 'max-age=60, stale-while-revalidate=9' },
    61,
    {},
    'from the cache: it has been stale for 1 s, and the upstream is asked in the background',
  ],
  [
    MINUTE,
    61,
    { 'cache-control': 'max-stale' },
    'from the cache: it has been stale for 1 s, which the client takes (max-stale)',
  ],
  [
    { 'cache-control': 'no-cache', etag: '"1"' },
    0,
    {},
    'the upstream is asked: no-cache has it asked before each use; it is asked whether that still holds',
  ],
  [
    MINUTE,
    1,
    { 'cache-control': 'no-cache' },
    'the upstream is asked: the client wants it fresher than it is stored (no-cache, max-age, min-fresh)',
  ],
  [
    { ...MINUTE, vary: 'x-a' },
    1,
    { 'x-a': '1' },
    'the upstream is asked: what is stored is for others in x-a',
  ],
  [
    undefined,
    0,
    { 'cache-control': 'only-if-cached' },
    '504, as the client allows nothing but the cache (only-if-cached): nothing is stored under the key',
  ],
  [MINUTE, 1, { 'x-bypass': '' }, 'past the cache: "bypass" of the route says so'],
  [MINUTE, 1, { 'if-match': '"1"' }, 'past the cache: If-Match and If-Unmodified-Since are for the upstream'],
] as const) {
  it(`of ${JSON.stringify(stored)}, after ${after} s and for ${JSON.stringify(asked)}, it is told: ${expected}`, async () => {
    assert.equal(await told(stored, after, asked), expected)
  })
}

it('of parts it is told how many answer together', async () => {
  const clock = new VirtualClock()
  const options = { store: new ProcessStore() }
  const answers = ({ request }: Exchange): Promise<HttpResponse> => {
    const [first = '0'] = /\d+/.exec(request.headers.get('range') ?? '') ?? []
    const fields = { ...TAGGED, 'content-range': `bytes ${first}-${Number(first) + 1}/9` }
    return Promise.resolve(new HttpResponse(206, HeaderList.of(fields), WholeBody.fromLatin1('ab')))
  }
  const exchange = (range: string): Exchange =>
    new Exchange(HttpRequest.to('http://a.example/x', { headers: { range } }), clock)
  for (const range of ['bytes=0-1', 'bytes=2-3']) await cache(options)(answers)(exchange(range))
  let foresight: Foresight | undefined
  await foreseeCache(options, (_exchange, each) => (foresight = each))(answers)(exchange('bytes=1-2'))
  assert.equal(
    cacheWords(foresight ?? assert.fail()),
    'from the cache, 2 parts together: it is fresh for 60 s more',
  )
})

it('of methods that read nothing it is told where they go', async () => {
  assert.match(
    await told(MINUTE, 1, {}, 'DELETE'),
    /^the upstream is asked, as the method may change something; /,
  )
  assert.equal(
    await told(MINUTE, 1, {}, 'OPTIONS'),
    'past the cache: responses to this method are not stored',
  )
})
