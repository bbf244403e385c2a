import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { ScriptedPeer } from '@headgate/core/testing'
import { RawServer } from '../../../core/test/h2/client-rig.ts'
import { frame } from '../../../core/test/h2/frames.ts'
import type { Pair } from '../../../core/test/h2/hpack-blocks.ts'
import { data, RawClient } from '../../../core/test/h2/raw-client.ts'
import type { RouteInput } from '../../src/config/input/input.ts'
import { startGateway } from '../survival/start-gateway.ts'
import type { CallLine } from '../grpc/shop.ts'

const GRPC: Pair = ['content-type', 'application/grpc']
const CALL: readonly Pair[] = [[':method', 'POST'], [':path', '/shop.Orders/Get'], GRPC, ['te', 'trailers']]
const MESSAGE = '\0\0\0\0\u0002hi'

interface RawSite {
  /** Sends a call with these fields besides. */
  readonly call: (fields?: readonly Pair[], content?: string) => void
  readonly client: RawClient
  readonly origin: () => Promise<RawServer>
  readonly line: () => Promise<CallLine>
}

/** A client and a server of gRPC that are both played byte by byte, and a gateway between them. */
async function startRaw(t: TestContext, route: Omit<RouteInput, 'upstream'> = {}): Promise<RawSite> {
  const peer = await ScriptedPeer.listen()
  t.after(() => peer.close())
  const gateway = await startGateway(t, {
    routes: [{ match: { grpc: {} }, ...route, upstream: `h2c://127.0.0.1:${peer.port}` }],
  })
  const client = new RawClient(await gateway.connect())
  client.begin()
  return {
    client,
    call: (fields = [], content = MESSAGE) =>
      client.send(client.head(1, [...CALL, ...fields], 4), data(1, content, 1)),
    async origin() {
      const server = new RawServer(await peer.accept())
      server.begin()
      return server
    },
    line: async () => (await gateway.logged(1)) as CallLine,
  }
}

/** The end of a response, as the server lies about it; the end that the client gets, and the status in the log. */
const ENDS: readonly (readonly [
  what: string,
  lie: (server: RawServer) => readonly Buffer[],
  end: RegExp,
  status: string,
])[] = [
  [
    'a status that is no number',
    (server) => [server.section(1, [['grpc-status', 'fine']])],
    /^HEADERS\+END 1 grpc-status=fine$/,
    'UNKNOWN',
  ],
  [
    'two statuses',
    (server) => [
      server.section(1, [
        ['grpc-status', '0'],
        ['grpc-status', '13'],
      ]),
    ],
    /^HEADERS\+END 1 grpc-status=0 grpc-status=13$/,
    'UNKNOWN',
  ],
  ['no status', () => [data(1, '', 1)], /^DATA\+END 1$/, 'UNKNOWN'],
  [
    'a message of the status with escapes, which are not resolved on the way',
    (server) => [
      server.section(1, [
        ['grpc-status', '5'],
        ['grpc-message', '%0D%0Agrpc-status: 0%zz'],
      ]),
    ],
    /^HEADERS\+END 1 grpc-status=5 grpc-message=%0D%0Agrpc-status: 0%zz$/,
    'NOT_FOUND',
  ],
  [
    'CR LF in the message of the status',
    (server) => [
      server.section(1, [
        ['grpc-status', '0'],
        ['grpc-message', 'a\r\ngrpc-status: 0'],
      ]),
    ],
    /^HEADERS\+END 1 grpc-status=14 grpc-message=[\w ]+$/,
    'UNAVAILABLE',
  ],
  [
    'a pseudo-field in trailers',
    (server) => [
      server.section(1, [
        [':status', '200'],
        ['grpc-status', '0'],
      ]),
    ],
    /^HEADERS\+END 1 grpc-status=14 grpc-message=[\w ]+$/,
    'UNAVAILABLE',
  ],
  [
    'trailers behind which more is to come',
    (server) => [server.section(1, [['grpc-status', '0']], 4), data(1, MESSAGE, 1)],
    /^HEADERS\+END 1 grpc-status=14 grpc-message=[\w ]+$/,
    'UNAVAILABLE',
  ],
  [
    'trailers that are too large',
    (server) => [
      server.section(1, [['grpc-status', '0']], 1),
      ...['a', 'b'].map((name) =>
        frame(9, name === 'b' ? 4 : 0, 1, server.block([[name, name.repeat(15_000)]])),
      ),
    ],
    /^HEADERS\+END 1 grpc-status=14 grpc-message=[\w ]+$/,
    'UNAVAILABLE',
  ],
]

for (const [what, lie, end, status] of ENDS) {
  test(`a server that ends a call with ${what} is understood as clients understand it, or refused`, async (t) => {
    const site = await startRaw(t)
    site.call()
    const server = await site.origin()
    await server.until('DATA+END 1')
    server.send(server.response(1, [GRPC]), data(1, MESSAGE))
    await site.client.until('DATA 1')
    server.send(...lie(server))
    const lines = await site.client.until(what === 'no status' ? 'DATA+END 1' : 'HEADERS+END 1')
    assert.match(lines.at(-1) ?? '', end)
    assert.equal((await site.line()).grpc_status, status)
  })
}

/** What is sent as grpc-timeout, and what the server is told of it, on a route with a limit of ten seconds. */
for (const [sent, told] of [
  ['5S', /^[45]\d{3}m$/],
  ['00000005S', /^[45]\d{3}m$/],
  ['99999999H', /^9\d{3}m$|^10000m$/],
  ['999999999999H', /^9\d{3}m$|^10000m$/],
  ['-1S', /^9\d{3}m$|^10000m$/],
  ['1.5S', /^9\d{3}m$|^10000m$/],
  ['5s', /^9\d{3}m$|^10000m$/],
  ['5S, 99999999H', /^9\d{3}m$|^10000m$/],
  ['0n', undefined],
  ['00000000H', undefined],
] as const) {
  const outcome = told === undefined ? 'ends the call at once' : 'is told to the server as what there is'
  test(`grpc-timeout ${sent} ${outcome}`, async (t) => {
    const { call, client, origin } = await startRaw(t, { timeout: '10s' })
    call([['grpc-timeout', sent]])
    if (told === undefined) {
      const lines = await client.until('HEADERS+END 1')
      assert.match(lines.at(-1) ?? '', / grpc-status=4 /)
      return
    }
    const lines = await (await origin()).until('HEADERS 1')
    assert.match(/ grpc-timeout=(\S+)/.exec(lines.at(-1) ?? '')?.[1] ?? '', told)
  })
}

/** Forms of Content-Type that some server takes for gRPC, well-formed or not. */
for (const [what, fields] of [
  ['with a suffix of no name', [['content-type', 'application/grpc+']]],
  ['that goes on', [['content-type', 'application/grpcs']]],
  ['in upper case', [['content-type', 'APPLICATION/GRPC+PROTO']]],
  ['with a second member', [['content-type', 'application/grpc, text/plain']]],
  ['behind another', [['content-type', 'text/plain, application/grpc']]],
  [
    'behind another line',
    [
      ['content-type', 'application/grpc-web-text'],
      ['content-type', 'application/grpc'],
    ],
  ],
] as const) {
  test(`a limit on messages holds for a Content-Type ${what}`, async (t) => {
    const route = { match: {}, grpc: { maxRequestMessage: '1B' } } as const
    const { client, line } = await startRaw(t, route)
    const head = CALL.filter(([name]) => name !== 'content-type')
    client.send(client.head(1, [...head, ...fields], 4), data(1, MESSAGE, 1))
    await client.until('HEADERS')
    assert.equal((await line()).error, 'request_body_too_large')
  })
}

/** Paths that are no call of shop.Orders/Get, or that call. */
for (const [path, isCall] of [
  ['/shop.Orders/Get', true],
  ['/shop.Orders/%47et', true],
  ['/shop%2EOrders/Get', true],
  ['//shop.Orders//Get', true],
  ['/other/../shop.Orders/Get', true],
  ['/shop.Orders/Get?a=/', true],
  ['/shop.Orders/get', false],
  ['/shop.Orders/Get/', false],
  ['/shop.Orders/Get/More', false],
  ['/shop.Orders', false],
  ['/shop.Orders/', false],
  ['/a/shop.Orders/Get', false],
  ['/shop.Orders/Get;v=1', false],
] as const) {
  test(`${path} is ${isCall ? 'the call' : 'none'} of a route for one method, and reaches the server as it was judged`, async (t) => {
    const { client, origin } = await startRaw(t, {
      match: { grpc: { service: 'shop.Orders', method: 'Get' } },
    })
    const fields = CALL.filter(([name]) => name !== ':path')
    client.send(client.head(1, [...fields, [':path', path]], 4), data(1, MESSAGE, 1))
    if (isCall) {
      const lines = await (await origin()).until('HEADERS 1')
      assert.match(lines.at(-1) ?? '', / :path=\/shop\.Orders\/Get(\?a=\/)? /)
    } else assert.match((await client.until('HEADERS+END 1')).at(-1) ?? '', / grpc-status=12 /)
  })
}
