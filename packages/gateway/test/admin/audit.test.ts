import assert from 'node:assert/strict'
import { it } from 'node:test'
import { becomes } from '../becomes.ts'
import { startOrigin } from '../origin.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'

it('every call that changes something, or was to, is one line in the log: who, what, from what to what', async () => {
  const origin = await startOrigin()
  const config = (name: string) =>
    configWith({
      reload: { watch: false },
      admin: { address: '127.0.0.1:0', token: { env: 'ADMIN_TOKEN' } },
      upstreams: { orders: { endpoints: [{ url: origin.url }] } },
      routes: [{ name, upstream: 'orders', rateLimit: [{ name: 'own', rate: '9/s' }] }],
    })
  const gateway = await startChanging(config('one'), { ADMIN_TOKEN: 'sesame' })
  const { host } = new URL(origin.url)
  const path = `/upstreams/orders/endpoints/${encodeURIComponent(host)}`
  const token = { authorization: 'Bearer sesame', 'headgate-author': 'ada\u00e9' }
  const stale = { ...token, 'if-match': '"stale"' }
  await gateway.call('PATCH', path, { body: { mark: 'down' }, headers: token })
  await gateway.call('PATCH', path, { body: { mark: 'down' }, headers: token })
  await gateway.call('PATCH', path, { body: { weight: 3 }, headers: stale })
  await gateway.call('PATCH', path, { body: { weight: 3 } })
  await gateway.call('PATCH', path, {
    body: { weight: 3 },
    headers: { ...token, origin: 'http://evil.example' },
  })
  await gateway.call('PATCH', '/upstreams/orders/endpoints/x', { body: { weight: 3 }, headers: token })
  await gateway.call('POST', '/rate-limits/one%2Fown/reset?key=s3cret', { headers: token })
  await gateway.call('GET', '/upstreams', { headers: token })
  await gateway.call('POST', '/reload?dryRun', { headers: token })
  gateway.write(config('two'))
  await gateway.call('POST', '/reload', { headers: token })
  const lines = (): Record<string, unknown>[] =>
    gateway.process.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ audit }) => audit !== undefined)
  assert.equal(await becomes(() => lines().length, 8), 8)
  const shown = lines().map(({ audit, level, operation, author, status, origin }) =>
    [audit, level, operation ?? origin, author, status].join(' '),
  )
  const ada = 'ada (127.0.0.1)'
  assert.deepEqual(shown, [
    `state info changeEndpoint ${ada} 200`,
    `state info changeEndpoint ${ada} 200`,
    `state warn changeEndpoint ${ada} 412`,
    'state warn changeEndpoint 127.0.0.1 401',
    `state warn changeEndpoint ${ada} 403`,
    `state warn changeEndpoint ${ada} 404`,
    `state info resetRateLimit ${ada} 200`,
    `configuration info admin ${ada} `,
  ])
  const [first, again, refused] = lines()
  assert.deepEqual(
    [first?.['before'], first?.['after']],
    [
      { mark: 'up', weight: 1 },
      { mark: 'down', weight: 1 },
    ],
  )
  assert.equal(first?.['msg'], `admin: endpoint ${host} of upstream orders: mark up -> down (${ada})`)
  assert.match(String(again?.['msg']), /: as it was \(/)
  assert.match(String(refused?.['msg']), /refused .*: the upstream has been changed since/)
  assert.ok(!gateway.process.stderr.includes('s3cret') && !gateway.process.stderr.includes('sesame'))
})
