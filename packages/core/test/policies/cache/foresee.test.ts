import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../../../scripts/testing/property.ts'
import { EMPTY_BODY } from '../../../src/message/body.ts'
import type { HttpResponse } from '../../../src/message/response.ts'
import type { CacheOptions } from '../../../src/policies/cache/cache-options.ts'
import type { CacheOutcome } from '../../../src/policies/cache/cache-status.ts'
import { foreseeCache, type Foresight } from '../../../src/policies/cache/foresee.ts'
import { ProcessStore } from '../../../src/policies/cache/process-store.ts'
import { TieredStore } from '../../../src/policies/cache/tiered-store.ts'
import type { CacheKey, StoredEntry } from '../../../src/policies/cache/store.ts'
import { answer, type Ask, type Fields, type Origin, rig, type Rig, type Seen } from './rig.ts'

interface Foreseeing extends Rig {
  readonly foresee: (path: string, ask: Ask) => Promise<{ foresight: Foresight; sent: Seen }>
}

/** A cache, and what stands in its place to tell what it would do. */
function foreseeing(origin: Origin, options: Partial<CacheOptions> = {}): Foreseeing {
  const made = rig(origin, options)
  return {
    ...made,
    async foresee(path, ask) {
      let foresight: Foresight | undefined
      let sent: Seen | undefined
      const policy = foreseeCache({ store: made.store, ...options }, (_exchange, told) => (foresight = told))
      await policy((exchange) => {
        const { method, headers, path: asked, query } = exchange.request
        sent = { method, url: `${asked}${query}`, headers }
        return Promise.resolve(answer(200))
      })(made.exchange(path, ask))
      return { foresight: foresight ?? assert.fail(), sent: sent ?? assert.fail() }
    },
  }
}

/** What Cache-Status would say by what was foreseen. */
function foreseen({ way, lookup }: Foresight): Partial<CacheOutcome> {
  if (way === 'write') return { hit: false, forwarded: 'method' }
  if (lookup === undefined) return { hit: false, forwarded: 'bypass' }
  const { choice, meant } = lookup
  if (choice.by === 'store') {
    const { age, freshFor } = meant ?? assert.fail()
    return { hit: true, age, freshFor, ...(choice.right !== 'fresh' && { detail: choice.right }) }
  }
  return choice.by === 'nobody'
    ? { hit: false, detail: 'only-if-cached' }
    : { hit: false, forwarded: choice.why }
}

const CONTROL = ['', 'no-cache', 'max-age=5', 'min-fresh=50', 'max-stale', 'only-if-cached', 'no-store']
const STATED = [
  'max-age=30',
  'max-age=10, stale-while-revalidate=20',
  'no-cache',
  'no-store',
  'max-age=9, must-revalidate',
  'max-age=0, stale-if-error=60',
  'private, max-age=60',
]

const asks = fc.record({
  path: fc.constantFrom('/x', '/x?a=1', '/y'),
  method: fc.constantFrom('GET', 'GET', 'GET', 'GET', 'HEAD', 'POST', 'OPTIONS', 'QUERY'),
  control: fc.constantFrom(...CONTROL),
  language: fc.constantFrom('', 'de', 'en'),
  condition: fc.constantFrom('', 'if-match', 'if-none-match', 'range', 'next range', 'if-range'),
  wait: fc.constantFrom(0, 0, 4_000, 11_000, 60_000),
  forgets: fc.constantFrom('', '', 'first', 'last'),
  answers: fc.record({
    status: fc.constantFrom(200, 200, 200, 404, 503),
    control: fc.constantFrom(...STATED),
    tagged: fc.boolean(),
    parts: fc.boolean(),
    vary: fc.constantFrom('', 'accept-language'),
  }),
})

/** What turned out not to be for all is not remembered: a worker that does sends the next request as it is, conditions included. */
const ALONE = { hitForMiss: 0 }

/** What is in front of another store, and has lost some of what that has. */
class ForgetfulStore extends ProcessStore {
  private readonly seen = new Map<string, CacheKey>()

  override find(key: CacheKey): readonly StoredEntry[] {
    this.seen.set(key.text, key)
    return super.find(key)
  }

  forget(which: string): void {
    for (const key of this.seen.values()) {
      const entries = super.find(key)
      const entry = which === 'first' ? entries[0] : which === 'last' ? entries.at(-1) : undefined
      if (entry !== undefined) this.remove(key, entry)
    }
  }
}

const CONDITION: Readonly<Record<string, Fields>> = {
  '': {},
  'if-match': { 'if-match': '"1"' },
  'if-none-match': { 'if-none-match': '"1"' },
  range: { range: 'bytes=1-2' },
  'next range': { range: 'bytes=2-5' },
  'if-range': { range: 'bytes=1-2', 'if-range': '"1"' },
}

test('what is foreseen is what then happens, whatever is stored and asked', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(asks, { minLength: 2, maxLength: 12 }),
      fc.boolean(),
      async (steps, isTiered) => {
        const near = new ForgetfulStore()
        const tiers = isTiered ? { store: new TieredStore(near, new ProcessStore()) } : {}
        let next = steps[0]?.answers ?? assert.fail()
        const { foresee, ask, outcomes, seen, clock } = foreseeing(
          ({ headers }): HttpResponse => {
            const { status, control, tagged, vary, parts } = next
            const fields = { 'cache-control': control, ...(tagged && { etag: '"1"' }), ...(vary && { vary }) }
            const holds = tagged && headers.get('if-none-match') === '"1"'
            if (holds) return answer(304, fields)
            const [, first, last] = /^bytes=(\d)-(\d)$/.exec(headers.get('range') ?? '') ?? []
            if (first === undefined || last === undefined || status !== 200 || !parts)
              return answer(status, fields, 'content')
            const part = { ...fields, 'content-type': 'a/b', 'content-range': `bytes ${first}-${last}/7` }
            return answer(206, part, 'content'.slice(Number(first), Number(last) + 1))
          },
          { ...ALONE, ...tiers },
        )
        for (const { path, method, control, language, condition, wait, forgets, answers } of steps) {
          near.forget(forgets)
          await clock.advance(wait)
          next = answers
          const headers = {
            ...(control && { 'cache-control': control }),
            ...(language && { 'accept-language': language }),
            ...CONDITION[condition],
          }
          const asked: Ask = { method, headers, ...(method === 'QUERY' && { body: EMPTY_BODY }) }
          const { foresight, sent } = await foresee(path, asked)
          const [told, requests] = [outcomes.length, seen.length]
          await ask(path, asked)
          const outcome: Partial<CacheOutcome> = outcomes[told] ?? assert.fail()
          const expected = foreseen(foresight)
          const standsIn = outcome.detail === 'stale-if-error'
          for (const [name, value] of Object.entries(expected))
            assert.deepEqual(outcome[name as keyof CacheOutcome], value, `${name}: ${JSON.stringify(steps)}`)
          if (standsIn) assert.ok(foresight.lookup?.stored.some((each) => each.standsIn))
          if (expected.hit !== true && expected.forwarded !== undefined)
            assert.deepEqual([...(seen[requests]?.headers ?? [])], [...sent.headers])
          // What goes on in the background has come to rest before the next one.
          await clock.advance(0)
        }
      },
    ),
    { numRuns: 100 },
  )
})

test('what is stored is told with its variant, its ages and where it is, and nothing of it is held', async () => {
  const { foresee, get, clock } = foreseeing(
    () =>
      answer(
        200,
        { 'cache-control': 'max-age=60', vary: 'accept-language, x-none', 'cache-tag': 'a, b' },
        'content',
      ),
    { key: { query: { without: ['utm'] }, headers: ['x-tenant'], cookies: ['theme'] }, route: 'shop' },
  )
  await get('/x?a=1', { 'accept-language': 'DE, en;q=1.0' })
  await clock.advance(10_000)
  const headers = { 'x-tenant': 't1', cookie: 'theme=dark', 'accept-language': 'fr' }
  const other = await foresee('/x?a=1&utm=7', { headers })
  assert.deepEqual(other.foresight, {
    way: 'lookup',
    lookup: {
      key: {
        scheme: 'http',
        host: 'a.example',
        path: '/x',
        query: '?a=1',
        headers: [['x-tenant', 't1']],
        cookies: [['theme', true]],
      },
      url: 'http://a.example/x?a=1',
      stored: [],
      chosen: [],
      meant: undefined,
      choice: { by: 'origin', why: 'uri-miss' },
    },
  })
  const { lookup } = (await foresee('/x?a=1&utm=7', { headers: { 'accept-language': 'fr' } })).foresight
  const [{ head, ...facts } = assert.fail()] = lookup?.stored ?? []
  assert.deepEqual(facts, {
    length: 7,
    from: undefined,
    age: 10_000,
    freshFor: 50_000,
    standsIn: true,
    variant: [
      ['accept-language', 'de,en'],
      ['x-none', undefined],
    ],
  })
  assert.deepEqual([head.tags, head.route], [['a', 'b'], 'shop'])
  assert.deepEqual(lookup?.choice, { by: 'origin', why: 'vary-miss' })
})
