import assert from 'node:assert/strict'
import { it } from 'node:test'
import { headgate } from '../headgate-command.ts'
import { folder } from '../headgate-process.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'

const CONFIG = `requestId: false
timeouts: { exchange: 10s }
upstreams:
  stable: { endpoints: [{ url: "http://127.0.0.1:1" }] }
  next: { endpoints: [{ url: "http://127.0.0.1:2" }] }
rateLimits:
  office: { rate: 1/s, bypass: { addresses: [127.0.0.0/8] } }
routes:
  - name: shop
    match: { path: /shop }
    rateLimit: [office, { name: own, rate: 10/s, key: [client-ip, api-key, "header:x-user"] }]
    split:
      upstreams: [{ upstream: stable, weight: 90 }, { upstream: next, weight: 10 }]
      sticky: { header: x-user }
    mirror: { upstream: next, percent: 5 }
    timeouts: { attempt: 500ms }
  - name: items
    match: { path: [/items, /:version/items] }
    upstream: stable
    apiVersions:
      path: version
      header: x-api-version
      default: 2
      versions: { 1: { upstream: next, deprecated: 2026-01-01, sunset: 2027-06-30 }, 2: {} }
`

async function explain(cwd: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await headgate(['explain', 'GET', ...args], { cwd })
  assert.equal(stderr, '')
  return stdout
}

it('"explain" tells whose count limits take, without secrets, where a split sends it, the mirror and deadlines', async () => {
  const cwd = folder({ 'headgate.yaml': CONFIG })
  const headers = ['-H', 'x-user: ada', '-H', 'x-api-key: s3cret', '-H', 'x-request-timeout: 2']
  const shown = await explain(cwd, '/shop', ...headers)
  assert.match(
    shown,
    /\nRate limits:\n {2}office {4}does not concern it\n {2}shop\/own {2}counts for client-ip 127\.0\.0\.1, x-api-key sha256:[0-9a-f]{12}, x-user "ada"\n/,
  )
  assert.match(
    shown,
    /\nSplit:\n {2}stable 90 % \(weight 90\)\n {2}next 10 % \(weight 10\)\n {2}this request goes to (?:stable|next), by the field x-user\n {2}weights of the configuration\n/,
  )
  assert.match(shown, /\nMirror:\n {2}a copy of 5 % of all requests goes to next\n/)
  assert.match(
    shown,
    /\nDeadlines:\n {2}the whole exchange: 2s, as the client asks\n {2}the response head of each try: 500ms\n/,
  )
  const bare = await explain(cwd, '/shop', '--client', '192.0.2.7')
  assert.match(bare, /office {4}counts for client-ip 192\.0\.2\.7\n/)
  assert.match(bare, /client-ip 192\.0\.2\.7, for want of x-api-key/)
  assert.match(bare, /this request goes to one of them by chance/)
  assert.match(bare, /the whole exchange: 10s\n/)
})

it('"explain" tells which version of an API a request is for', async () => {
  const cwd = folder({ 'headgate.yaml': CONFIG })
  const first = await explain(cwd, '/v1/items')
  assert.match(
    first,
    /\nVersion:\n {2}1, named in the path\n {2}deprecated from 2026-01-01 on\n {2}ends on 2027-06-30\n/,
  )
  assert.match(first, /leads to 1: next \(deprecated\); 2: stable \(default\)\n/)
  assert.match(await explain(cwd, '/items'), /\nVersion:\n {2}2, the default, as none is named\n/)
  const none = await explain(cwd, '/items', '-H', 'x-api-version: 9')
  assert.match(none, /\nVersion:\n {2}none: there is no version "9", but 1, 2\n/)
  assert.match(none, /\nIt is answered without an upstream:\n {2}status 400\n/)
})

it('"explain --live" takes the weights of the gateway that runs', async () => {
  const upstreams = {
    blue: { endpoints: [{ url: 'http://127.0.0.1:1' }] },
    green: { endpoints: [{ url: 'http://127.0.0.1:2' }] },
  }
  const split = {
    upstreams: [
      { upstream: 'blue', weight: 1 },
      { upstream: 'green', weight: 0 },
    ],
  }
  const gateway = await startChanging(
    configWith({ workers: 1, upstreams, routes: [{ name: 'shop', split }] }),
  )
  await gateway.call('POST', '/routes/shop/switch', { body: { to: 'green' } })
  assert.match(
    await explain(gateway.cwd, '/'),
    /this request goes to blue\n {2}weights of the configuration\n/,
  )
  const live = await explain(gateway.cwd, '/', '--live', '--admin', gateway.admin)
  assert.match(
    live,
    /green 100 % \(weight 100\)\n {2}this request goes to green\n {2}weights of the gateway that runs\n/,
  )
})
