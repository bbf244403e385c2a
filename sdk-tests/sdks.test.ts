import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { createClient } from '../packages/client/src/index.ts'
import { type Fetch, type Sdk, SDKS } from './sdks.ts'
import { type Seen, StandIn } from './stand-in.ts'

const platform = globalThis.fetch
const client = createClient({ preset: 'fetch' })
after(() => client.close({ grace: 0 }))

/** What the service does; `abort` ends the call after the stand-in has begun, or before it is sent. */
const MODES = [
  'ok',
  'status 404',
  'status 500',
  'flaky',
  'redirect',
  'reset',
  'stall',
  'half',
  'before',
] as const

interface Outcome {
  readonly seen: readonly Seen[]
  readonly got: unknown
}

async function run(sdk: Sdk, mode: string, fetch: Fetch, standIn: StandIn, url: string): Promise<Outcome> {
  standIn.reset(mode)
  standIn.content = sdk.content ?? '{"ok":true}'
  standIn.type = sdk.type ?? 'application/json'
  const control = new AbortController()
  if (mode === 'before') control.abort()
  if (mode === 'stall' || mode === 'half') setTimeout(() => control.abort(), 300)
  const got = await sdk.call(fetch, url, control.signal).then(
    (value) => ({ value }),
    (thrown: Error & { code?: unknown; status?: unknown }) => ({
      name: thrown.name,
      class: thrown.constructor.name,
      message: thrown.message,
      code: thrown.code,
      status: thrown.status,
    }),
  )
  const outcome = JSON.parse(JSON.stringify({ seen: standIn.seen, got }, hidden)) as Outcome
  return mode === 'reset' ? told(outcome) : outcome
}

/**
 * Of a connection that is lost: an idempotent request on one that was used before is sent again (RFC 9112 9.3.1), and what the cause
 * beneath says is the client's own.
 */
function told({ seen, got }: Outcome): Outcome {
  const { message: _message, code: _code, ...rest } = got as Record<string, unknown>
  return { seen: seen.slice(0, 1), got: rest }
}

/** What is different with every call. */
function hidden(name: string, value: unknown): unknown {
  if (['x-amz-date', 'authorization', 'amz-sdk-invocation-id', 'x-amz-checksum-crc32'].includes(name))
    return typeof value
  if (typeof value !== 'string') return value
  if (name === 'content-length' && Number(value) > 250) return 'that of a form'
  return value.replace(/(boundary=|--)-*[\w-]{16,}/g, '$1BOUNDARY').replace(/ttl=\w+/, 'ttl')
}

async function sideBySide(t: TestContext, sdk: Sdk): Promise<void> {
  const standIn = new StandIn()
  const url = await standIn.listen()
  t.after(() => standIn.close())
  for (const mode of MODES) {
    await t.test(mode, async () => {
      const expected = await run(sdk, mode, platform, standIn, url)
      assert.deepEqual(await run(sdk, mode, client.fetch, standIn, url), expected)
    })
  }
}

const takesGlobal = (sdk: Sdk): boolean => sdk.name.startsWith('@aws-sdk')

test('what SDKs do on the client’s fetch is what they do on the platform’s', {
  concurrency: true,
}, async (t) => {
  const sdks = SDKS.filter((sdk) => !takesGlobal(sdk))
  await Promise.all(sdks.map((sdk) => t.test(sdk.name, (inner) => sideBySide(inner, sdk))))
})

// One after the other: they take the fetch that is global.
for (const sdk of SDKS.filter(takesGlobal)) test(sdk.name, (t) => sideBySide(t, sdk))
