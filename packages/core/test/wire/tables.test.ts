import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  CHUNKED,
  type FramingFields,
  type FramingRule,
  framingToSend,
  REQUEST_RULES,
  requestFraming,
  RESPONSE_RULES,
  responseFraming,
  SENDING_RULES,
  UNTIL_CLOSE,
} from '../../src/h1/framing.ts'
import { WireFault } from '../../src/h1/fault.ts'
import { CLIENT_STATES, SERVER_STATES } from '../../src/h1/states.ts'
import { after } from '../../src/message/state-table.ts'
import { bodyFrom } from '../../src/message/body.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { dial, echo, eventually, gather, headers, proxy, serve } from '../h1/harness.ts'

type Table = Readonly<Record<string, Readonly<Partial<Record<string, string>>>>>

for (const [side, table] of Object.entries<Table>({ server: SERVER_STATES, client: CLIENT_STATES })) {
  test(`every state of a ${side} connection is reached from idle, and can always be lost`, () => {
    const reached = new Set(['idle'])
    for (const state of reached) for (const next of Object.values(table[state] ?? {})) reached.add(next ?? '')
    assert.deepEqual([...reached].sort(), Object.keys(table).sort())
    for (const [state, rows] of Object.entries(table)) {
      assert.equal(rows.gone, state === 'closed' ? undefined : 'closed', state)
    }
  })

  test(`a ${side} connection makes no move that its table does not have`, () => {
    const events = new Set(Object.values(table).flatMap((rows) => Object.keys(rows)))
    for (const [state, rows] of Object.entries(table)) {
      for (const event of events) {
        const next = rows[event]
        if (next === undefined) assert.throws(() => after(table, state, event), /no row in/)
        else assert.equal(after(table, state, event), next)
      }
    }
  })
}

/** Notes each row that is read while the test runs, as `state event`. */
function watched(t: TestContext, table: Table): Set<string> {
  const taken = new Set<string>()
  for (const [state, rows] of Object.entries(table)) {
    for (const [event, value] of Object.entries(rows)) {
      const get = (): unknown => {
        taken.add(`${state} ${event}`)
        return value
      }
      Object.defineProperty(rows, event, { get, configurable: true, enumerable: true })
      t.after(() => Object.defineProperty(rows, event, { value, configurable: true, enumerable: true }))
    }
  }
  return taken
}

function namesOf(table: Table): string[] {
  return Object.entries(table).flatMap(([state, rows]) =>
    Object.keys(rows).map((event) => `${state} ${event}`),
  )
}

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'
const LONG = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\n\r\n'
const WISH = 'GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'

test('every row of the server’s table is taken by a connection', async (t) => {
  const all = namesOf(SERVER_STATES)
  const taken = watched(t, SERVER_STATES)
  const server = await serve(t, echo)
  const early = await serve(t, () => Promise.resolve(new HttpResponse(403, headers(), bodyFrom('no'))))
  const silent = await serve(t, () => new Promise(() => {}))
  const tunnels = await proxy(t)

  const client = await server.client()
  client.send(GET) // idle request, exchange answered
  await client.receives('\n.')
  client.finish() // idle last
  await client.gone() // lingering gone

  const reset = await server.client()
  reset.reset() // idle gone
  const refused = await server.client()
  refused.send('x\r\n\r\n') // idle refused
  await refused.end()

  for (const [rest, end] of [
    [GET.slice(8), 'more'], // head bytes, head request
    [' x\r\n\r\n', 'more'], // head refused
    ['', 'finish'], // head last
    ['', 'reset'], // head gone
  ] as const) {
    const slow = await server.client()
    const { length } = server.connections
    slow.send(GET.slice(0, 8)) // idle bytes
    await eventually(() => server.connections[length - 1]?.socket.bytesRead === 8, 'half a head is read')
    if (end === 'finish') slow.finish()
    else if (end === 'reset') slow.reset()
    else {
      slow.send(rest.slice(0, 2))
      await eventually(
        () => server.connections[length - 1]?.socket.bytesRead === 10,
        'two bytes more are read',
      )
      slow.send(rest.slice(2))
    }
    if (end === 'more') await slow.receives('HTTP/1.1')
    else await slow.gone()
  }

  const last = await server.client()
  last.send(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')) // exchange last
  await last.end()
  const lost = await silent.client()
  lost.send(GET)
  await eventually(() => silent.exchanges.length === 1, 'the exchange runs')
  lost.reset() // exchange gone
  await eventually(() => silent.closed.length === 1, 'it is gone')

  for (const end of ['discarded', 'last', 'gone']) {
    const half = await early.client()
    half.send(`${LONG}0123456789`)
    await half.receives('no') // exchange answered-early
    if (end === 'gone') half.reset()
    else if (end === 'last') half.finish()
    else {
      half.forget()
      half.send(`0123456789${GET}`) // discarding discarded
      await half.receives('no')
    }
  }

  const switched = await tunnels.server.client()
  switched.send(WISH)
  const far = await tunnels.origin.accept()
  await far.receives('\r\n\r\n')
  far.send(SWITCHED) // exchange switched
  await switched.receives('\r\n\r\n')
  switched.reset() // tunnel gone
  await far.end()

  await eventually(
    () => taken.size === all.length,
    `all rows but ${all.filter((row) => !taken.has(row)).join(', ')}`,
  )
  assert.deepEqual([...taken].sort(), all.sort())
})

test('every row of the client’s table is taken by a connection', async (t) => {
  const all = namesOf(CLIENT_STATES)
  const taken = watched(t, CLIENT_STATES)
  const live = await dial(t)
  const { response } = live.send('GET') // idle sent
  live.origin.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe') // waiting head
  const { body } = await response
  live.origin.send('llo') // body complete
  await gather(body)
  live.origin.send('x') // idle gone
  await live.origin.end()

  const waiting = await dial(t)
  const unanswered = waiting.send('GET')
  waiting.origin.finish() // waiting gone
  await assert.rejects(unanswered.response)

  const cut = await dial(t)
  const half = cut.send('GET')
  cut.origin.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe')
  const broken = gather((await half.response).body)
  cut.origin.reset() // body gone
  assert.ok((await broken).error !== undefined)

  const switching = await dial(t)
  const wish = switching.send('GET', { upgrade: 'x' })
  switching.origin.send(SWITCHED) // waiting switched
  await wish.response
  switching.origin.reset() // tunnel gone
  await eventually(() => switching.connection.closed, 'the tunnel is gone')
  assert.deepEqual([...taken].sort(), all.sort())
})

const HEAD = 'HEAD'
interface Framed {
  readonly row: string
  readonly fields: Partial<FramingFields>
  readonly method?: string
  readonly status?: number
  readonly expected: number | 'refused'
}

const BOTH: readonly Framed[] = [
  {
    row: 'RFC 9112 6.1: TE in a message older than HTTP/1.1 is faulty framing',
    fields: { version: '1.0', transferEncoding: 'chunked' },
    expected: 'refused',
  },
  {
    row: 'RFC 9112 6.1, 6.3 rule 3: both fields are an attempt at smuggling',
    fields: { transferEncoding: 'chunked', contentLength: '5' },
    expected: 'refused',
  },
  {
    row: 'RFC 9112 6.1: only the final coding frames, and only "chunked" is understood here',
    fields: { transferEncoding: 'gzip, chunked' },
    expected: 'refused',
  },
  {
    row: 'RFC 9112 6.3 rule 5: an invalid or repeated Content-Length; lists of equal values are refused too',
    fields: { contentLength: '5, 5' },
    method: HEAD,
    expected: 'refused',
  },
  {
    row: 'RFC 9112 6.3 rule 4: chunked, the final coding',
    fields: { transferEncoding: 'Chunked' },
    expected: CHUNKED,
  },
  { row: 'RFC 9112 6.3 rule 6: a valid Content-Length', fields: { contentLength: '0042' }, expected: 42 },
]

const REQUESTS: readonly Framed[] = [
  ...BOTH.map((each) =>
    each.fields.transferEncoding === 'gzip, chunked'
      ? { ...each, fields: { transferEncoding: 'gzip' } }
      : each,
  ),
  {
    row: 'RFC 9112 6.1: a request with a coding that is not understood before a final "chunked" gets 501',
    fields: { transferEncoding: 'gzip, chunked' },
    expected: 'refused',
  },
  { row: 'RFC 9112 6.3 rule 7: a request without either has no content', fields: {}, expected: 0 },
]

const RESPONSES: readonly Framed[] = [
  ...BOTH,
  {
    row: 'RFC 9112 6.3 rule 1: to HEAD, 204 and 304 there is no content',
    fields: { contentLength: '5' },
    status: 304,
    expected: 0,
  },
  {
    row: 'RFC 9112 6.3 rule 8: a response without either ends with the connection',
    fields: {},
    expected: UNTIL_CLOSE,
  },
]

for (const [side, rules, cases] of [
  ['request', REQUEST_RULES, REQUESTS],
  ['response', RESPONSE_RULES, RESPONSES],
] as const) {
  for (const { row, fields, method = 'GET', status = 200, expected } of cases) {
    test(`how a ${side} ends, ${row}`, () => {
      const facts = {
        version: '1.1',
        contentLength: undefined,
        transferEncoding: undefined,
        ...fields,
      } as const
      const empty = side === 'response' && (status === 304 || method === HEAD)
      const first = rules.find((rule: FramingRule) => rule.applies(facts, empty))
      assert.equal(first?.section, row)
      const framing = side === 'request' ? requestFraming(facts) : responseFraming(facts, method, status)
      assert.equal(framing instanceof WireFault ? 'refused' : framing, expected)
    })
  }

  test(`every row on how a ${side} ends is among these`, () => {
    assert.deepEqual(cases.map(({ row }) => row).sort(), rules.map(({ section }) => section).sort())
  })
}

test('every row on how content is sent decides what is sent', () => {
  const cases = [
    [5, '1.1', 'RFC 9112 6.2: the length, where it is known', 5],
    [
      undefined,
      '1.0',
      'RFC 9112 6.1: no Transfer-Encoding to HTTP/1.0; the connection ends with the content',
      UNTIL_CLOSE,
    ],
    [undefined, '1.1', 'RFC 9112 7.1: chunks', CHUNKED],
  ] as const
  assert.deepEqual(
    cases.map(([, , row]) => row),
    SENDING_RULES.map(({ section }) => section),
  )
  for (const [length, version, row, framing] of cases) {
    const rule = SENDING_RULES.find(({ applies }) => applies(length, version))
    assert.equal(rule?.section, row)
    assert.equal(rule?.result(length), framing)
    assert.equal(framingToSend(length, version), framing)
  }
})
