import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { makeLog } from '../../src/cli/log.ts'
import { table } from '../../src/cli/table.ts'
import { inLine, printable } from '../../src/printable.ts'
import { headgate } from '../headgate-command.ts'
import { folder } from '../headgate-process.ts'
import { fc } from '../../../../scripts/testing/property.ts'

/** What a terminal obeys, or shows elsewhere or not at all; only the line break is the printer's own. */
const OBEYED = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
/** Clears the screen, sets the title, rings, returns, begins a line of its own, C1's CSI, turns the direction, has no width. */
const HOSTILE =
  'x\u001b[2J\u001b]0;owned\u0007\rheadgate: all is well\n2 * forged\u009b31m\u202egnol\u2028\u200b\u{e0041}\ud800y'

function assertHarmless(text: string, what: string): void {
  const found = OBEYED.exec(text)
  assert.equal(
    found,
    null,
    `${what}: ${JSON.stringify(text.slice(Math.max(0, (found?.index ?? 0) - 80)).slice(0, 120))}`,
  )
  assert.doesNotMatch(text, /^2 \* forged/m, what)
}

/** An admin listener whose every text is hostile. */
async function hostileGateway(): Promise<string> {
  const endpoint = {
    endpoint: HOSTILE,
    source: HOSTILE,
    status: HOSTILE,
    zone: HOSTILE,
    weight: 1,
    active: 0,
    idle: 0,
    pending: 0,
    failed: 0,
    lastCheck: { time: HOSTILE, took: 1, outcome: HOSTILE, reason: HOSTILE },
  }
  const facts = { id: 1, hash: HOSTILE, time: HOSTILE, origin: HOSTILE, author: HOSTILE, summary: HOSTILE }
  const answers: Record<string, unknown> = {
    '/status': {
      release: HOSTILE,
      phase: HOSTILE,
      uptime: 1,
      workers: [HOSTILE],
      listeners: [HOSTILE],
      routes: 1,
      checksPaused: [HOSTILE],
      openBreakers: [{ upstream: HOSTILE, endpoint: HOSTILE, workers: 1 }],
      configuration: facts,
      lastReload: { successful: false, time: HOSTILE, reason: HOSTILE },
    },
    '/upstreams': { upstreams: [{ name: HOSTILE, endpoints: [endpoint] }] },
    '/versions': { current: 1, versions: [facts] },
    '/diff': { differences: [{ path: HOSTILE, before: HOSTILE, after: { [HOSTILE]: HOSTILE } }] },
    '/reload': { outcome: 'applied', version: facts, summary: HOSTILE },
    '/metrics': `headgate_requests_total{route=${JSON.stringify(HOSTILE)},status_class="2xx"} 5\n`,
  }
  const server = createServer((request, response) => {
    const answer = answers[(request.url ?? '').split('?')[0] ?? '']
    response.statusCode = answer === undefined ? 404 : 200
    response.end(
      typeof answer === 'string' ? answer : JSON.stringify(answer ?? { title: HOSTILE, detail: HOSTILE }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('no text from elsewhere steers the terminal', () => {
  it('of whoever asks a gateway', async () => {
    const admin = await hostileGateway()
    const cwd = folder()
    const commands = [
      ['status'],
      ['upstreams'],
      ['versions'],
      ['diff', '1', '2'],
      ['reload'],
      ['top'],
      ['rollback', '9'],
      ['breakers'],
    ]
    await Promise.all(
      commands.map(async (args) => {
        const { stdout, stderr } = await headgate([...args, '--admin', admin], { cwd })
        assert.notEqual(`${stdout}${stderr}`, '', args[0])
        assertHarmless(`${stdout}${stderr}`, args.join(' '))
      }),
    )
  })

  it('of whoever looks at a configuration or a log', async () => {
    const config = {
      routes: [
        {
          name: 'a',
          match: { query: { [HOSTILE]: HOSTILE }, headers: { 'x-a': HOSTILE } },
          respond: { body: HOSTILE },
        },
        { name: 'b', upstream: 'http://127.0.0.1:1' },
      ],
    }
    const line = {
      time: '2026-01-01T00:00:00.000Z',
      method: 'GET',
      host: HOSTILE,
      path: `/${HOSTILE}`,
      status: 200,
    }
    const facts = { route: HOSTILE, duration_ms: 1, endpoint: HOSTILE, client: '127.0.0.1', version: '1.1' }
    const cwd = folder({
      'headgate.json': JSON.stringify(config),
      'wrong.json': JSON.stringify({
        routes: [{ [HOSTILE]: 1, upstream: HOSTILE, match: { path: HOSTILE } }],
      }),
      'access.log': `${JSON.stringify({ ...line, ...facts })}\n${HOSTILE}\n`,
    })
    const replayed = ['replay', '--log', 'access.log', '--against', 'headgate.json']
    const commands = [
      ['routes'],
      ['check'],
      ['check', '-c', 'wrong.json'],
      ['check', '-c', join(cwd, 'no\u001b[2Jfile.yaml')],
      ['explain', 'GET', '/a'],
      ['explain', 'GET', '/a', '-H', 'x-a: \u001b[2J'],
      replayed,
      [...replayed, '--json'],
      ['\u001b[2J'],
    ]
    await Promise.all(
      commands.map(async (args) => {
        const { stdout, stderr } = await headgate(args, { cwd })
        assert.notEqual(`${stdout}${stderr}`, '', args[0])
        assertHarmless(`${stdout}${stderr}`, args.join(' '))
        if (args.includes('--json')) assert.equal(typeof JSON.parse(stdout), 'object')
      }),
    )
  })

  it('of whoever watches the log of a gateway: an entry stays one, in one colour', async () => {
    let text = ''
    const write = (more: string): void => void (text += more)
    const terminal = { out: write, err: write, errStyled: write, errIsHuman: true, errHasColor: false }
    const log = await makeLog(terminal)
    log.info(HOSTILE)
    log.error(`line\n${HOSTILE}`)
    assertHarmless(text, 'log')
    assert.equal(text.match(/^headgate: /gm)?.length, 2)
    assert.ok(text.split('\n').every((line) => /^(?:headgate: | {4}|$)/.test(line)))
  })

  it('whatever it is; what is readable stays as it is, and JSON stays what it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme-ascii' }), (text, plain) => {
        assert.doesNotMatch(printable(text).replaceAll('\t', ''), OBEYED)
        assert.doesNotMatch(inLine(text), /[\n\t]/)
        assert.deepEqual(JSON.parse(printable(JSON.stringify({ text }))), { text })
        assert.equal(printable(plain), plain)
        assert.equal(table([['A'], [text]]).split('\n').length, 3)
      }),
      { numRuns: 500 },
    )
    assert.equal(printable('Grüße, 世界 → 🙂\n'), 'Grüße, 世界 → 🙂\n')
  })
})
