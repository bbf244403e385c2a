import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ERROR_FACTS } from '@headgate/core'
import { codes, readPage, ROOT, tableWith } from '../../../../scripts/docs/markdown.ts'
import { bearer, type CallOptions, createClient, type Policy } from '../../src/index.ts'
import { membersOf } from './interfaces.ts'
import { OPTION_TABLES, PAGES, withTables } from './reference.ts'

const REFERENCE = readPage(join(ROOT, 'docs/client.md'))

/** What only a gateway meets, or a policy that nobody has by default. */
const NOT_THE_CLIENTS: readonly string[] = [
  'malformed_request',
  'unsupported_transfer_coding',
  'loop_detected',
  'unsupported_version',
  'unsupported_method',
  'unsupported_expectation',
  'request_head_too_large',
  'request_target_too_long',
  'request_body_too_large',
  'unsupported_media_type',
  'request_timeout',
  'downstream_closed',
  'route_not_found',
  'file_not_found',
  'file_unreadable',
  'handler_failed',
  'unauthorized',
  'login_failed',
  'misdirected',
  'client_certificate_refused',
  'method_not_allowed',
  'too_many_connections',
  'no_healthy_upstream',
  'overloaded',
  'graphql_refused',
  'validation_failed',
  'upgrade_unsupported',
]

describe('the reference of the client', () => {
  for (const path of PAGES) {
    it(`${path.slice(ROOT.length + 1)} says what the code says`, () => {
      const page = readFileSync(path, 'utf8')
      assert.equal(page, withTables(page), 'npx node packages/client/test/docs/reference.ts --write')
    })
  }

  it('has a place for each table', () => {
    const missing = OPTION_TABLES.filter((name) => !REFERENCE.text.includes(`<!-- table ${name} -->`))
    assert.deepEqual(missing, [])
  })

  it('holds every option that createClient knows, and no other', () => {
    const documented = ['ClientOptions', 'PolicyOptions'].flatMap((name) =>
      membersOf('client/src/options.ts', name).map((member) => member.name),
    )
    assert.deepEqual(documented.sort(), knownOptions('zzz').sort())
  })

  it('holds every part of timeout and retry that createClient knows, and no other', () => {
    for (const [option, name] of [
      ['timeout', 'TimeoutSettings'],
      ['retry', 'RetrySettings'],
    ] as const) {
      const documented = membersOf('client/src/options.ts', name).map((member) => member.name)
      assert.deepEqual(documented.sort(), knownOptions('zzz', option).sort())
    }
  })

  it('holds every option that a call knows', () => {
    const refused = /known are (.*)$/.exec(callRefusal())?.[1]?.split(', ') ?? []
    const documented = ['CallOptions', 'CallListeners', 'PolicyOptions']
      .flatMap((name) => membersOf('client/src/options.ts', name))
      .map(({ name }) => name)
    // The table of the client's options has it, and a call can turn it off.
    assert.deepEqual(refused.sort(), [...documented, 'cookies'].sort())
  })

  it('says what each option of the client means', () => {
    const silent = [
      'ClientOptions',
      'PolicyOptions',
      'CallOptions',
      'CallListeners',
      'TimeoutSettings',
      'RetrySettings',
    ]
      .flatMap((name) => membersOf('client/src/options.ts', name))
      .filter(({ meaning }) => meaning === '')
    assert.deepEqual(silent, [])
  })

  it('holds every error code that a client can meet', () => {
    const rows = tableWith(REFERENCE, 'code', 'what happened', 'what to do')
    assert.deepEqual(
      rows.flatMap(([name]) => codes(name)).sort(),
      Object.keys(ERROR_FACTS)
        .filter((code) => !NOT_THE_CLIENTS.includes(code))
        .sort(),
    )
  })
})

/** Each policy by its word in the README's picture, which comes again in its second half for those of an attempt. */
const PICTURED: Readonly<Record<string, string>> = {
  observe: 'events, metrics',
  trace: 'span',
  timeout: 'deadline',
  mine: 'your own policies',
  'size-limit': 'size limit',
  decompress: 'decompress',
  resume: 'resume',
  dedupe: 'dedupe',
  redirect: 'redirects',
  cookies: 'cookies',
  auth: 'auth',
  cache: 'cache',
  retry: 'retry',
  hedge: 'hedge',
  'observe-attempt': 'events',
  'trace-attempt': 'span',
  breaker: 'breaker',
  'rate-limit': 'rate limit',
  pacing: 'pacing',
  concurrency: 'concurrency',
  'attempt-timeout': 'time limit',
}

describe('the picture in the README of the client', () => {
  it('shows every policy, in the order in which a call meets them', async () => {
    const readme = readPage(join(ROOT, 'packages/client/README.md'))
    const picture = readme.blocks.find(({ language }) => language === '')?.text ?? ''
    const mine: Policy = (next) => next
    await using everything = createClient({
      baseUrl: 'https://api.example.com',
      lint: false,
      timeout: { attempt: 1_000 },
      policies: [mine],
      maxBody: 1,
      resume: true,
      dedupe: true,
      cache: true,
      cookies: true,
      auth: bearer('t'),
      hedge: { delay: 1 },
      rateLimit: { rate: 1 },
      pacing: true,
      concurrency: 1,
    })
    const { policies } = everything.explain('/')
    assert.deepEqual(
      policies.map(({ name }) => name),
      Object.keys(PICTURED),
    )
    let place = 0
    for (const [name, word] of Object.entries(PICTURED)) {
      const found = picture.indexOf(word, place)
      assert.ok(found >= 0, `${name} is not where it should be`)
      place = found + word.length
    }
  })
})

/** What createClient says that it knows, when it is given something else. */
function knownOptions(wrong: string, part?: string): string[] {
  const options = part === undefined ? { [wrong]: 1 } : { [part]: { [wrong]: 1 } }
  try {
    createClient(options)
  } catch (error) {
    return /known are (.*)$/.exec((error as Error).message)?.[1]?.split(', ') ?? []
  }
  return []
}

function callRefusal(): string {
  try {
    createClient().explain('http://api.example/', { zzz: 1 } as CallOptions)
    return ''
  } catch (error) {
    return String(error)
  }
}
