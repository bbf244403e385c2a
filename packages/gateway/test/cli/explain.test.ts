import assert from 'node:assert/strict'
import { it } from 'node:test'
import { headgate } from '../headgate-command.ts'
import { folder } from '../headgate-process.ts'

const CONFIG = `requestId: false
trustedProxies: [127.0.0.1]
upstreams:
  orders:
    endpoints: [{ url: "http://127.0.0.1:1" }, { url: "http://127.0.0.1:2", weight: 3 }]
routes:
  - { name: rest, upstream: orders }
  - name: order
    match: { path: "/api/orders/:id", methods: [GET, PUT] }
    upstream: orders
    timeout: 2s
    rewrite: { path: "/orders/\${params.id}", query: { remove: [debug] } }
    requestHeaders: { set: { x-order: "\${params.id}" } }
  - { name: canary, match: { path: "/api/orders/:id", headers: { x-canary: "true" } }, upstream: orders }
  - { name: shop, match: { host: shop.example }, upstream: orders }
  - { name: office, match: { client: [10.0.0.0/8], path: /office }, respond: { body: hello } }
  - { name: writes, match: { path: "/api/**", methods: [POST] }, upstream: orders }
  - { name: elsewhere, match: { path: /elsewhere }, upstream: orders }
`

it('"explain" tells which route takes a request, why no other, and what the upstream gets', async () => {
  const cwd = folder({ 'headgate.yaml': CONFIG })
  const { code, stdout, stderr } = await headgate(
    [
      'explain',
      'GET',
      'http://a.example/api//orders/7?debug=1&b=2',
      '-H',
      'accept: text/html',
      '-H',
      'X-B: c',
    ],
    { cwd },
  )
  assert.equal(stderr, '')
  assert.equal(code, 0)
  assert.match(
    stdout,
    /^GET a\.example\/api\/orders\/7\?debug=1&b=2\n\nRoute order:\n {2}leads to orders\n {2}:id is "7"\n/,
  )
  assert.match(
    stdout,
    /\nNot taken:\n {2}rest {7}matches, but "order" has the more specific host or path\n {2}canary {5}it is not so that header x-canary is "true"\n {2}shop {7}host is not shop\.example\n {2}office {5}path is not \/office\n {2}writes {5}method is not POST\n {2}elsewhere {2}path is not \/elsewhere\n/,
  )
  const names = [
    ...stdout.matchAll(
      /^ {2}(observe|problem|forwarding|requestHeaders|rewrite|timeout|retry) .*$|^ {2}(observe|problem)$/gm,
    ),
  ]
  assert.deepEqual(
    names.map(([, name, bare]) => name ?? bare),
    ['observe', 'problem', 'forwarding', 'requestHeaders', 'rewrite', 'timeout', 'retry'],
  )
  assert.match(stdout, /^ {2}timeout +\{"exchange":"2s"\}$/m)
  assert.match(
    stdout,
    /\nThe upstream gets:\n {2}GET \/orders\/7\?b=2\n {2}host: a\.example\n {2}accept: text\/html\n {2}x-b: c\n {2}x-forwarded-for: 127\.0\.0\.1\n[^]*\n {2}x-order: 7\n/,
  )
  assert.match(
    stdout,
    /\nEndpoints of orders:\n {2}http:\/\/127\.0\.0\.1:1 \(weight 1\)\n {2}http:\/\/127\.0\.0\.1:2 \(weight 3\)\n$/,
  )
})

it('"explain" sees the client through trusted proxies, and shows answers that need no upstream', async () => {
  const cwd = folder({ 'headgate.yaml': CONFIG })
  const { stdout } = await headgate(['explain', 'GET', '/office', '-H', 'x-forwarded-for: 10.1.1.1'], { cwd })
  assert.match(stdout, /^GET localhost\/office\n\nRoute office:\n {2}leads to answer 200\n/)
  assert.match(stdout, /\nIt is answered without an upstream:\n {2}status 200\n {2}content-type: text\/plain/)
  const other = await headgate(
    ['explain', 'GET', '/office', '-H', 'x-forwarded-for: 10.1.1.1', '--client', '10.2.2.2'],
    { cwd },
  )
  assert.match(other.stdout, /Route office/)
  const stranger = await headgate(
    ['explain', 'GET', '/office', '-H', 'x-forwarded-for: 10.1.1.1', '--client', '192.0.2.1'],
    { cwd },
  )
  assert.match(stranger.stdout, /Route rest[^]*office {5}it is not so that client is in 10\.0\.0\.0\/8/)
})

it('"explain" tells when no route takes a request, and what is wrong with one that is none', async () => {
  const cwd = folder({
    'headgate.yaml': 'routes: [{ match: { path: /a, methods: [PUT] }, upstream: "http://127.0.0.1:1" }]\n',
  })
  const { code, stdout } = await headgate(['explain', 'GET', '/a'], { cwd })
  assert.equal(code, 1)
  assert.match(
    stdout,
    /No route takes it:\n {2}the answer is 405, with Allow: PUT\n\nNot taken:\n {2}route-1 {2}method is not PUT\n$/,
  )
  for (const [args, message] of [
    [['GET', 'ftp://a/'], /not an absolute http or https URL/],
    [['GET', '/a', '-H', 'nothing'], /"nothing" is not a header field/],
    [['GET', '/a', '--client', 'me'], /"me" is not an IP address/],
    [['GET'], /missing required argument 'url'/],
  ] as const) {
    const wrong = await headgate(['explain', ...args], { cwd })
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, message)
  }
})

it('"explain" names the setting by which a path with an encoded slash is taken', async () => {
  const narrow = { 'headgate.yaml': CONFIG }
  const mixed = {
    'headgate.yaml': `${CONFIG}  - { name: files, match: { path: "/files/**" }, upstream: orders, paths: { encodedSlash: pass } }\n`,
  }
  for (const files of [narrow, mixed]) {
    const { code, stdout, stderr } = await headgate(['explain', 'GET', '/elsewhere%2Fa'], {
      cwd: folder(files),
    })
    assert.notEqual(code, 0)
    assert.match(
      `${stdout}${stderr}`,
      /%2F"? in the path is read differently .*; a route takes such paths with paths: \{ encodedSlash: pass \}\n/,
    )
  }
})
