import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { COMMANDS } from '../../src/cli/catalogue.ts'
import type { CliValues } from '../../src/cli/command.ts'
import { table } from '../../src/cli/table.ts'
import { inLine, printable } from '../../src/printable.ts'
import { fc } from '../../../../scripts/testing/property.ts'

/** Orders to a terminal, a line of its own, and what is not shown. */
const HOSTILE =
  'x\u001b]52;c;AAAA\u0007\rq\nFORGED\u009b31m\u2066\u2028\u200b\u3164\u034f\ufe0f\u{e0101}\ud800y'
const OBEYED = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/u

const endpoint = {
  endpoint: 'e:1',
  source: 's',
  status: 'up',
  zone: 'z',
  weight: 1,
  active: 0,
  idle: 0,
  pending: 0,
  failed: 0,
  lastCheck: { time: 't', took: 1, outcome: 'failed', reason: 'r' },
}
const version = { id: 1, hash: 'abc', time: 't', origin: 'admin', author: 'a', summary: 's' }
const share = { limit: 1, remaining: 1, reset: 1 }
const slots = { limit: 1, active: 1, queued: 0 }

/** What a gateway would answer, by the end of the path. */
const HONEST: readonly (readonly [end: string, answer: unknown])[] = [
  [
    '/status',
    {
      release: '1',
      phase: 'running',
      uptime: 1,
      workers: ['listening'],
      listeners: ['l'],
      routes: 1,
      checksPaused: ['u'],
      openBreakers: [{ upstream: 'u', endpoint: 'e', workers: 1 }],
      configuration: version,
      lastReload: { successful: false, time: 't', reason: 'r' },
    },
  ],
  ['/upstreams', { upstreams: [{ name: 'u', checks: 'paused', endpoints: [endpoint] }] }],
  ['/versions', { current: 1, versions: [version] }],
  ['/diff', { differences: [{ path: 'p', before: 1, after: { a: 1 } }] }],
  ['/reload', { outcome: 'applied', version, summary: 's' }],
  ['/rollback', { outcome: 'possible', version, summary: 's' }],
  ['/breakers', { breakers: [{ upstream: 'u', state: 'open', workers: [{ worker: 1, state: 'open' }] }] }],
  [
    '/certificates',
    {
      certificates: [
        {
          from: 'f',
          listeners: ['l'],
          names: ['n'],
          issuer: 'i',
          key: 'k',
          daysLeft: 1,
          concerns: ['c'],
          refused: 'r',
        },
      ],
    },
  ],
  ['/rate-limits', { rateLimits: [{ id: 'l', allowed: 1, limited: 2, store: 's', keys: 1, capacity: 2 }] }],
  ['/concurrency', { limits: [{ upstream: 'u', limit: 1, workers: [slots] }] }],
  ['/usage', { ...share, workers: [{ worker: 1, ...share }] }],
  ['/split', { route: 'r', weights: { a: 1 }, configured: { a: 1 }, before: { a: 2 } }],
  ['/endpoints', endpoint],
  ['/run', { endpoints: [endpoint] }],
  ['/pause', { checks: 'paused' }],
]

const ASKED: readonly (readonly [command: string, values: CliValues])[] = [
  ['status', {}],
  ['upstreams', {}],
  ['versions', {}],
  ['diff', { from: '1', to: '2' }],
  ['reload', {}],
  ['rollback', { version: '1' }],
  ['breakers', {}],
  ['certs', {}],
  ['limits', {}],
  ['limits', { usage: 'l', key: 'k' }],
  ['limits', { reset: 'l', key: 'k\nFORGED' }],
  ['split', { route: 'r' }],
  ['endpoint', { upstream: 'u', endpoint: 'http://e\nFORGED', add: '' }],
  ['endpoint', { upstream: 'u\nFORGED', endpoint: 'e', remove: '' }],
  ['checks', { action: 'run', upstream: 'u' }],
  ['checks', { action: 'pause', upstream: '' }],
]

/** What stands in an answer in place of a value. */
const LIES: readonly unknown[] = [
  HOSTILE,
  '\nFORGED',
  '',
  '__proto__',
  null,
  -1,
  1e300,
  true,
  [],
  {},
  [null],
  ['x\nFORGED'],
  { toString: 1 },
  { 'a\nFORGED\u001b': 1 },
  { [HOSTILE]: HOSTILE },
]
const lie: fc.Arbitrary<unknown> = fc.constantFrom(...LIES)

/** The same value with lies in it, and members missing. */
function changed(value: unknown, draw: (most: number) => number, made: () => unknown): unknown {
  const roll = draw(9)
  if (roll === 0) return made()
  if (Array.isArray(value)) return value.map((item) => changed(item, draw, made))
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(() => draw(19) !== 0)
  return Object.fromEntries(kept.map(([key, item]) => [key, changed(item, draw, made)]))
}

let body: (path: string) => string = () => ''
const server = createServer(({ url = '' }, response) => response.end(body(url.split('?')[0] ?? '')))
before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
after(() => server.close())

async function said(name: string, values: CliValues): Promise<{ code: number; out: string; all: string }> {
  const [text, found] = [{ out: '', err: '' }, COMMANDS.find((each) => each.name === name)]
  assert.ok(found)
  const err = (more: string): void => void (text.err += printable(more))
  const out = (more: string): void => void (text.out += printable(more))
  const terminal = { out, err, errStyled: err, errIsHuman: false, errHasColor: false }
  const admin = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const command = await found.load()
  const code = await command.run({ ...values, admin, config: '/nowhere/headgate.yaml' }, terminal)
  return { code, out: text.out, all: text.out + text.err }
}

describe('what says that it is a gateway, and answers anything', () => {
  it('is told of in lines that are the command’s own, and ends no command with a stack trace', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.gen(),
        fc.constantFrom(...ASKED),
        fc.boolean(),
        async (gen, [name, values], json) => {
          body = (path) => {
            const honest = HONEST.find(([end]) => path.endsWith(end))?.[1] ?? {}
            return JSON.stringify(
              changed(
                honest,
                (most) => gen(fc.nat, most),
                () => gen(() => lie),
              ),
            )
          }
          const { code, out, all } = await said(name, json ? { ...values, json: '' } : values)
          assert.doesNotMatch(all, OBEYED)
          assert.notEqual(all, '')
          if (!json) assert.doesNotMatch(all, /^\s*FORGED/m)
          if (json && code === 0) JSON.parse(out)
        },
      ),
      { numRuns: 200 },
    )
  })

  for (const text of ['<html>\u001b[2J', '"text"', 'null', '[]', ''])
    it(`is told of where all that comes is ${JSON.stringify(text)}`, async () => {
      body = () => text
      for (const [name, values] of ASKED.filter(([, { reset, remove }]) => (reset ?? remove) === undefined)) {
        const { code, all } = await said(name, values)
        assert.equal(code, 1, name)
        assert.match(all, /^headgate: .*another release/, name)
        const inJson = await said(name, { ...values, json: '' })
        if (inJson.code === 0) JSON.parse(inJson.out)
      }
    })

  it('is told of where a share is counted by workers, and there are none', async () => {
    body = () => JSON.stringify({ workers: [] })
    const { code, out } = await said('limits', { usage: 'l', key: 'k' })
    assert.deepEqual([code, out], [0, 'no worker answers\n'])
  })

  it('cannot make a table that is larger than what it holds', () => {
    const rows = [
      ['NAME', ''],
      ['x'.repeat(1_000_000), 'up'],
      ...Array.from({ length: 150_000 }, () => ['a', 'up']),
    ]
    assert.ok(table(rows).length < 150_000 * 210 + 1_000_100)
  })

  it('cannot hide a text in characters that have no picture', () => {
    for (const hidden of [
      '\u034f',
      '\u115f',
      '\u1160',
      '\u17b4',
      '\u180b',
      '\u3164',
      '\ufe0f',
      '\uffa0',
      '\u{e0100}',
    ])
      assert.match(inLine(`a${hidden}b`), /^a(?:\\u[\da-f]{4})+b$/)
  })
})
