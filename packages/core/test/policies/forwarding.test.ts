import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import { test } from 'node:test'
import { Exchange, type Peer } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { forwarding, type ForwardingOptions } from '../../src/policies/forwarding.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

type Fields = readonly (readonly [name: string, value: string])[]

interface Passing {
  readonly exchange: Exchange
  /** What the upstream sees. */
  readonly request: Record<string, string>
  /** What the peer sees. */
  readonly response: Record<string, string>
}

interface Case extends ForwardingOptions {
  readonly url?: string
  readonly peer?: string
  readonly fields?: Fields
  readonly answer?: Fields
}

async function pass(options: Case = {}): Promise<Passing> {
  const { url = 'http://shop.example/', peer = '192.0.2.9', fields = [], answer = [] } = options
  const request = HttpRequest.to(url)
  request.headers = HeaderList.of(fields)
  const from: Peer = { address: peer, port: 1234, encrypted: request.scheme === 'https' }
  const exchange = new Exchange(request, new VirtualClock(), from)
  let seen: Record<string, string> = {}
  const response = await forwarding(options)((passed) => {
    seen = recordOf(passed.request.headers)
    return Promise.resolve(new HttpResponse(200, HeaderList.of(answer)))
  })(exchange)
  return { exchange, request: seen, response: recordOf(response.headers) }
}

function recordOf(headers: HeaderList): Record<string, string> {
  return Object.fromEntries(Array.from(headers, ({ name }) => [name, headers.get(name) ?? '']))
}

function trusting(...addresses: string[]): BlockList {
  const list = new BlockList()
  for (const address of addresses) {
    const [network = '', bits] = address.split('/')
    const family = address.includes(':') ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(network, family)
    else list.addSubnet(network, Number(bits), family)
  }
  return list
}

/** Only fields that this policy adds are switched on where a test asks for them. */
const SILENT: ForwardingOptions = { xForwarded: false, forwarded: false, via: false }

const HOP_BY_HOP: Fields = [
  ['connection', 'keep-alive, X-Named, x-other-named'],
  ['keep-alive', 'timeout=5'],
  ['proxy-connection', 'keep-alive'],
  ['proxy-authenticate', 'Basic'],
  ['proxy-authorization', 'Basic eDp5'],
  ['te', 'trailers'],
  ['transfer-encoding', 'chunked'],
  ['upgrade', 'h2c'],
  ['http2-settings', 'AAMAAABkAARAAAAA'],
  ['x-named', '1'],
  ['X-Named', '2'],
  ['x-other-named', '3'],
]

test('hop-by-hop fields end here in both directions, with all that Connection names', async () => {
  const { request, response } = await pass({
    ...SILENT,
    fields: [['x-before', '1'], ...HOP_BY_HOP, ['x-behind', '2']],
    answer: [['x-before', '1'], ...HOP_BY_HOP, ['x-behind', '2']],
  })
  assert.deepEqual(request, { 'x-before': '1', 'x-behind': '2' })
  assert.deepEqual(response, { 'x-before': '1', 'x-behind': '2' })
})

test('several Connection lines are one list', async () => {
  const { request } = await pass({
    ...SILENT,
    fields: [
      ['connection', 'close'],
      ['x-a', '1'],
      ['connection', ' x-a ,, X-B'],
      ['x-b', '2'],
      ['x-c', '3'],
    ],
  })
  assert.deepEqual(request, { 'x-c': '3' })
})

for (const name of [
  'host',
  'content-length',
  'content-type',
  'cache-control',
  'authorization',
  'cookie',
  'x-request-id',
]) {
  test(`Connection cannot have ${name} removed`, async () => {
    const { request } = await pass({
      ...SILENT,
      fields: [
        ['connection', `close, ${name}`],
        [name, 'kept'],
      ],
    })
    assert.deepEqual(request, { [name]: 'kept' })
  })
}

test('nothing that we add can be removed through Connection', async () => {
  const { request } = await pass({
    fields: [
      [
        'connection',
        'x-forwarded-for, x-forwarded-proto, x-forwarded-host, x-forwarded-port, forwarded, via',
      ],
    ],
  })
  assert.equal(
    Object.keys(request).join(),
    'x-forwarded-for,x-forwarded-proto,x-forwarded-host,x-forwarded-port,forwarded,via',
  )
})

for (const name of [
  [
    'x_forwarded_for',
    'x-forwarded_for',
    'x.forwarded.for',
    'x_forwarded-proto',
    'x_forwarded_host',
    'x_real_ip',
  ],
  ['x_request_id', 'content_length', 'content.length', 'transfer_encoding', 'x_forwarded_anything'],
].flat()) {
  test(`a field that poses as one of ours is dropped: ${name}`, async () => {
    const trustedProxies = trusting('192.0.2.9')
    for (const trust of [{}, { trustedProxies }]) {
      const { request, response } = await pass({
        ...SILENT,
        ...trust,
        fields: [[name, '1']],
        answer: [[name, '1']],
      })
      assert.deepEqual([request, response], [{}, {}])
    }
  })
}

test('a field that a policy before this one has set cannot be removed, and its variants are dropped', async () => {
  for (const own of ['x-correlation-id', 'x_trace', 'x_request_id', 'x-forwarded-id']) {
    const fields: Fields = [
      ['connection', `close, ${own.toUpperCase()}, x-named`],
      [own, 'ours'],
      ['x-named', '1'],
      [own.replace(/[-_]/g, '.'), 'forged'],
      [own.replace(/[-_]/g, '!'), 'forged'],
      ['x_kept', '2'],
    ]
    const { request } = await pass({ ...SILENT, ownFields: [own], fields })
    assert.deepEqual(request, { [own]: 'ours', x_kept: '2' })
  }
})

test('hop-by-hop fields of a 1xx response end here, too', async () => {
  const exchange = new Exchange(HttpRequest.to('http://a.example/'), new VirtualClock())
  const hints = HeaderList.of([...HOP_BY_HOP, ['x_forwarded_for', '1'], ['link', '</a.css>']])
  await forwarding(SILENT)((passed) => {
    passed.beforeInform?.(hints)
    return Promise.resolve(new HttpResponse(200))
  })(exchange)
  assert.deepEqual(recordOf(hints), { link: '</a.css>' })
})

for (const name of ['x_custom', 'accept_language', 'user.id', 'content-type', 'x-forward', 'hosting']) {
  test(`a field that poses as nothing passes: ${name}`, async () => {
    const { request } = await pass({ ...SILENT, fields: [[name, '1']] })
    assert.deepEqual(request, { [name]: '1' })
  })
}

const CLAIMS: Fields = [
  ['x-forwarded-for', '203.0.113.7'],
  ['x-forwarded-proto', 'https'],
  ['x-forwarded-host', 'outer.example'],
  ['x-forwarded-port', '8443'],
  ['forwarded', 'for=203.0.113.7;proto=https'],
]

test('requests of one connection tell of the host and the scheme that each of them has', async () => {
  const peer: Peer = { address: '192.0.2.9', port: 1234, encrypted: false }
  const told = async (url: string, scheme: 'http' | 'https'): Promise<string[]> => {
    const exchange = new Exchange(HttpRequest.to(url), new VirtualClock(), peer)
    exchange.clientScheme = scheme
    await forwarding({ via: false })(async () => new HttpResponse(200))(exchange)
    return Array.from(exchange.request.headers, ({ value }) => value)
  }
  const ofShop = ['192.0.2.9', 'http', 'shop.example', '80', 'for=192.0.2.9;host=shop.example;proto=http']
  assert.deepEqual(await told('http://shop.example/', 'http'), ofShop)
  const other = 'for=192.0.2.9;host=b.example;proto='
  assert.deepEqual(await told('http://b.example/', 'http'), [
    '192.0.2.9',
    'http',
    'b.example',
    '80',
    `${other}http`,
  ])
  assert.deepEqual(await told('http://b.example/', 'https'), [
    '192.0.2.9',
    'https',
    'b.example',
    '443',
    `${other}http`,
  ])
  assert.deepEqual(await told('https://b.example/', 'https'), [
    '192.0.2.9',
    'https',
    'b.example',
    '443',
    `${other}https`,
  ])
  assert.deepEqual(await told('http://shop.example/', 'http'), ofShop)
})

test('what an untrusted peer claims is replaced by what its socket shows', async () => {
  const { request, exchange } = await pass({ url: 'http://shop.example:8080/', fields: CLAIMS })
  assert.deepEqual(request, {
    'x-forwarded-for': '192.0.2.9',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'shop.example:8080',
    'x-forwarded-port': '8080',
    forwarded: 'for=192.0.2.9;host="shop.example:8080";proto=http',
    via: '1.1 headgate',
  })
  assert.equal(exchange.clientAddress, '192.0.2.9')
})

test('what an untrusted peer claims is removed where we say nothing ourselves, too', async () => {
  const { request } = await pass({
    ...SILENT,
    fields: [...CLAIMS, ['x-forwarded-prefix', '/admin'], ['x-real-ip', '203.0.113.7'], ['x-kept', '1']],
  })
  assert.deepEqual(request, { 'x-kept': '1' })
})

test('what a trusted peer claims is passed on, and ours is added', async () => {
  const { request, exchange } = await pass({ trustedProxies: trusting('192.0.2.0/24'), fields: CLAIMS })
  assert.deepEqual(request, {
    'x-forwarded-for': '203.0.113.7, 192.0.2.9',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'outer.example',
    'x-forwarded-port': '8443',
    forwarded: 'for=203.0.113.7;proto=https, for=192.0.2.9;host=shop.example;proto=http',
    via: '1.1 headgate',
  })
  assert.equal(exchange.clientAddress, '203.0.113.7')
})

test('what a trusted peer claims passes as it is where we say nothing ourselves', async () => {
  const { request } = await pass({ ...SILENT, trustedProxies: trusting('192.0.2.9'), fields: CLAIMS })
  assert.deepEqual(request, Object.fromEntries(CLAIMS))
})

const OTHER_CLAIMS: Fields = [
  ['x-forwarded-user', 'ann'],
  ['x-forwarded-prefix', '/shop'],
  ['x-forwarded-client-cert', 'Hash=1'],
  ['x-forwarded-anything', '1'],
  ['x-real-ip', '203.0.113.7'],
  ['true-client-ip', '203.0.113.7'],
  ['x-client-ip', '203.0.113.7'],
  ['client-ip', '203.0.113.7'],
  ['x-cluster-client-ip', '203.0.113.7'],
  ['cf-connecting-ip', '203.0.113.7'],
  ['fastly-client-ip', '203.0.113.7'],
  ['x-envoy-external-address', '203.0.113.7'],
  ['x-original-forwarded-for', '203.0.113.7'],
  ['x-original-url', '/admin'],
  ['x-rewrite-url', '/admin'],
  ['x-original-host', 'admin.example'],
]

test('what a trusted peer says in other X-Forwarded fields, X-Real-IP and its like passes, but for variants of the names', async () => {
  const variants: Fields = [
    'x_forwarded_user',
    'x.forwarded.prefix',
    'x-forwarded_client_cert',
    'x_real_ip',
    'x.real-ip',
    'true_client_ip',
    'CF.Connecting_IP'.toLowerCase(),
    'x_original-url',
  ].map((name) => [name, 'forged'])
  for (const options of [{}, SILENT]) {
    const trustedProxies = trusting('192.0.2.9')
    const fields = [...OTHER_CLAIMS, ...variants]
    const trusted = await pass({ ...options, trustedProxies, fields })
    const others = await pass({ ...options, trustedProxies, fields, peer: '192.0.2.10' })
    for (const [name, value] of OTHER_CLAIMS) {
      assert.equal(trusted.request[name], value)
      assert.equal(others.request[name], undefined)
    }
    for (const [name] of variants) {
      assert.equal(trusted.request[name], undefined)
      assert.equal(others.request[name], undefined)
    }
  }
})

test('lists of a trusted peer are passed on without their empty members, and what holds nothing else is not said', async () => {
  const trustedProxies = trusting('192.0.2.9')
  const { request } = await pass({
    trustedProxies,
    fields: [
      ['x-forwarded-for', '203.0.113.7, ,'],
      ['x-forwarded-for', ''],
      ['x-forwarded-proto', 'https,'],
      ['x-forwarded-host', ','],
      ['forwarded', ', for=203.0.113.7 ,,'],
    ],
  })
  assert.equal(request['x-forwarded-for'], '203.0.113.7, 192.0.2.9')
  assert.equal(request['x-forwarded-proto'], 'https')
  assert.equal(request['x-forwarded-host'], 'shop.example')
  assert.equal(request.forwarded, 'for=203.0.113.7, for=192.0.2.9;host=shop.example;proto=http')
})

test('Forwarded that is not valid is not passed on: it could take in what we add', async () => {
  const fields: Fields = [['forwarded', 'for="203.0.113.7']]
  const { request, exchange } = await pass({ trustedProxies: trusting('192.0.2.9'), fields })
  assert.equal(request.forwarded, 'for=192.0.2.9;host=shop.example;proto=http')
  assert.equal(exchange.clientAddress, '192.0.2.9')
})

for (const [name, forwarded, client] of [
  ['one address', 'for=203.0.113.7', '203.0.113.7'],
  ['the nearest that is not trusted', 'for=203.0.113.66, for=203.0.113.7, for=192.0.2.5', '203.0.113.7'],
  ['empty members', ', for=203.0.113.7, ,', '203.0.113.7'],
  ['an IPv6 address with a port', 'for="[2001:db8::7]:443"', '2001:db8::7'],
  ['unknown', 'for=203.0.113.7, for=unknown, for=192.0.2.5', '192.0.2.5'],
  ['an element without an address', 'for=203.0.113.7, proto=https', '192.0.2.9'],
] as const) {
  test(`the client behind a trusted proxy that sends Forwarded alone, with ${name}`, async () => {
    const trustedProxies = trusting('192.0.2.0/24')
    const { exchange } = await pass({ trustedProxies, fields: [['forwarded', forwarded]] })
    assert.equal(exchange.clientAddress, client)
    const both: Fields = [
      ['forwarded', forwarded],
      ['x-forwarded-for', '198.51.100.1'],
    ]
    assert.equal((await pass({ trustedProxies, fields: both })).exchange.clientAddress, '198.51.100.1')
    assert.equal((await pass({ fields: [['forwarded', forwarded]] })).exchange.clientAddress, '192.0.2.9')
  })
}

test('ports are those of the scheme where the authority names none', async () => {
  for (const [url, port] of [
    ['http://a.example/', '80'],
    ['https://a.example/', '443'],
    ['https://a.example:8443/', '8443'],
  ] as const) {
    assert.equal((await pass({ url })).request['x-forwarded-port'], port)
  }
  assert.equal((await pass({ url: 'https://a.example/' })).request['x-forwarded-proto'], 'https')
})

for (const [name, list, client] of [
  ['none', undefined, '192.0.2.9'],
  ['one', '203.0.113.7', '203.0.113.7'],
  ['the nearest that is not trusted', '203.0.113.66, 203.0.113.7, 192.0.2.5', '203.0.113.7'],
  ['all of them trusted', '192.0.2.4, 192.0.2.5', '192.0.2.4'],
  ['one that is no address', '203.0.113.7, unknown, 192.0.2.5', '192.0.2.5'],
  ['nothing but garbage', 'garbage', '192.0.2.9'],
  ['an empty value', '', '192.0.2.9'],
  ['an empty member', '203.0.113.7,, 192.0.2.5', '203.0.113.7'],
  ['a comma at its end', '203.0.113.7,', '203.0.113.7'],
  ['commas and blanks at both ends', ', ,203.0.113.7 , ,\t', '203.0.113.7'],
  ['nothing but commas', ', ,', '192.0.2.9'],
  ['an address with a port', '203.0.113.7:5123', '203.0.113.7'],
  ['an IPv6 address', '2001:db8::7', '2001:db8::7'],
  ['an IPv6 address in brackets', '[2001:db8::7]', '2001:db8::7'],
  ['an IPv6 address in brackets with a port', '[2001:db8::7]:443', '2001:db8::7'],
  ['an address within a longer text', '203.0.113.7x', '192.0.2.9'],
] as const) {
  test(`the client behind a trusted proxy, with ${name} in X-Forwarded-For`, async () => {
    const { exchange } = await pass({
      trustedProxies: trusting('192.0.2.0/24'),
      fields: list === undefined ? [] : [['x-forwarded-for', list]],
    })
    assert.equal(exchange.clientAddress, client)
  })
}

for (const [name, fields, scheme] of [
  ['nothing', {}, 'http'],
  ['one scheme', { 'x-forwarded-proto': 'https' }, 'https'],
  ['it in upper case', { 'x-forwarded-proto': 'HTTPS' }, 'https'],
  ['that of a WebSocket', { 'x-forwarded-proto': 'wss' }, 'https'],
  ['none that we know', { 'x-forwarded-proto': 'gopher' }, 'http'],
  ['an empty one', { 'x-forwarded-proto': '' }, 'http'],
  ['Forwarded alone', { forwarded: 'for=203.0.113.7;proto=https' }, 'https'],
  ['Forwarded that says something else', { 'x-forwarded-proto': 'http', forwarded: 'proto=https' }, 'http'],
  ['Forwarded that is not valid', { forwarded: 'proto=https, ;=' }, 'http'],
  ['Forwarded without it', { forwarded: 'for=203.0.113.7' }, 'http'],
  ['Forwarded of a client in front', { forwarded: 'proto=https, for=203.0.113.7;proto=http' }, 'http'],
  [
    'Forwarded of two proxies',
    { forwarded: 'for=203.0.113.7;proto=https, for=192.0.2.4;proto=http' },
    'https',
  ],
  [
    'a scheme for each address',
    { 'x-forwarded-for': '203.0.113.7, 192.0.2.4', 'x-forwarded-proto': 'https,http' },
    'https',
  ],
  [
    'empty members in both lists',
    { 'x-forwarded-for': '203.0.113.7, 192.0.2.4, ', 'x-forwarded-proto': ',https,,http' },
    'https',
  ],
  [
    'one that a client put in front',
    { 'x-forwarded-for': '203.0.113.9, 203.0.113.7', 'x-forwarded-proto': 'https, http' },
    'http',
  ],
  [
    'more schemes than addresses',
    { 'x-forwarded-for': '192.0.2.4', 'x-forwarded-proto': 'https, http' },
    'http',
  ],
] as const) {
  test(`the scheme of a client behind a trusted proxy, with ${name}`, async () => {
    const { exchange } = await pass({
      trustedProxies: trusting('192.0.2.0/24'),
      fields: Object.entries(fields),
    })
    assert.equal(exchange.clientScheme, scheme)
    const untrusted = await pass({ trustedProxies: trusting('10.0.0.1'), fields: Object.entries(fields) })
    assert.equal(untrusted.exchange.clientScheme, 'http')
  })
}

test('where a trusted peer tells the scheme alone, X-Forwarded-Proto and X-Forwarded-Port say the same', async () => {
  const { request } = await pass({
    trustedProxies: trusting('192.0.2.9'),
    fields: [['forwarded', 'for=203.0.113.7;proto=https']],
  })
  assert.equal(request['x-forwarded-proto'], 'https')
  assert.equal(request['x-forwarded-port'], '443')
})

test('several X-Forwarded-For lines are one list', async () => {
  const { exchange, request } = await pass({
    trustedProxies: trusting('192.0.2.0/24'),
    fields: [
      ['x-forwarded-for', '203.0.113.7'],
      ['x-forwarded-for', '192.0.2.5'],
    ],
  })
  assert.equal(exchange.clientAddress, '203.0.113.7')
  assert.equal(request['x-forwarded-for'], '203.0.113.7, 192.0.2.5, 192.0.2.9')
})

test('an IPv6 peer stands as it is in X-Forwarded-For, and quoted in brackets in Forwarded', async () => {
  const { request } = await pass({ peer: '2001:db8::1', url: 'http://[2001:db8::2]:8080/' })
  assert.equal(request['x-forwarded-for'], '2001:db8::1')
  assert.equal(request['x-forwarded-host'], '[2001:db8::2]:8080')
  assert.equal(request.forwarded, 'for="[2001:db8::1]";host="[2001:db8::2]:8080";proto=http')
})

test('an IPv6 peer may be trusted by its network', async () => {
  for (const [peer, client] of [
    ['2001:db8::1', '203.0.113.7'],
    ['2001:db9::1', '2001:db9::1'],
  ] as const) {
    const { exchange } = await pass({ peer, trustedProxies: trusting('2001:db8::/32'), fields: CLAIMS })
    assert.equal(exchange.clientAddress, client)
  }
})

test('a link-local peer, whose address names its interface, is served like any other', async () => {
  const { request, exchange } = await pass({
    peer: 'fe80::1%eth0',
    trustedProxies: trusting('10.0.0.0/8'),
    fields: CLAIMS,
  })
  assert.equal(exchange.clientAddress, 'fe80::1%eth0')
  assert.equal(request['x-forwarded-for'], 'fe80::1%eth0')
})

test('a peer without an address, as behind a unix socket, is unknown and never trusted', async () => {
  const { request, exchange } = await pass({
    peer: '',
    trustedProxies: trusting('192.0.2.0/24'),
    fields: CLAIMS,
  })
  assert.equal(request['x-forwarded-for'], undefined)
  assert.equal(request.forwarded, 'for=unknown;host=shop.example;proto=http')
  assert.equal(exchange.clientAddress, '')
})

test('Via is added to what is there, with the version that was spoken, in both directions', async () => {
  const { request, response } = await pass({
    via: 'edge-1',
    fields: [['via', '1.0 fred']],
    answer: [['via', '1.1 origin-side']],
  })
  assert.equal(request.via, '1.0 fred, 1.1 edge-1')
  assert.equal(response.via, '1.1 origin-side, 1.1 edge-1')
})

test('Via can be left alone', async () => {
  const { request, response } = await pass({ via: false, fields: [['via', '1.0 fred']] })
  assert.equal(request.via, '1.0 fred')
  assert.equal(response.via, undefined)
})

test('end-to-end fields pass in their order, repeated ones apart', async () => {
  const request = HttpRequest.to('http://a.example/')
  const fields: [string, string][] = [
    ['accept', 'a'],
    ['cookie', '1'],
    ['accept', 'b'],
  ]
  request.headers = HeaderList.of(fields)
  const exchange = new Exchange(request, new VirtualClock())
  const cookies = HeaderList.of([
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
  ])
  const response = await forwarding(SILENT)(() => Promise.resolve(new HttpResponse(200, cookies)))(exchange)
  assert.deepEqual(
    Array.from(request.headers, ({ name, value }) => [name, value]),
    fields,
  )
  assert.deepEqual(response.headers.getAll('set-cookie'), ['a=1', 'b=2'])
})
