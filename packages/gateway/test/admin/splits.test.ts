import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { headgate } from '../headgate-command.ts'
import { startOrigin } from '../origin.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'

async function start() {
  const [blue, green] = [
    await startOrigin((_, response) => response.end('blue')),
    await startOrigin((_, response) => response.end('green')),
  ]
  const config = (route: Record<string, unknown> = {}, weight = 100) =>
    configWith({
      reload: { watch: false },
      upstreams: { blue: { endpoints: [{ url: blue.url }] }, green: { endpoints: [{ url: green.url }] } },
      routes: [
        {
          name: 'shop',
          split: {
            upstreams: [
              { upstream: 'blue', weight },
              { upstream: 'green', weight: 0 },
            ],
          },
          ...route,
        },
        { name: 'plain', match: { path: '/plain' }, upstream: 'blue' },
      ],
    })
  const gateway = await startChanging(config())
  /** With connections of their own, so that both workers are asked. */
  const answers = async (count = 16): Promise<Set<string>> => {
    const texts = new Set<string>()
    for (let index = 0; index < count; index++)
      texts.add(await (await fetch(gateway.url, { headers: { connection: 'close' } })).text())
    return texts
  }
  return { gateway, config, answers, split: '/routes/shop/split' }
}

describe('the split of a route, changed by admin calls', () => {
  it('switches all traffic in all workers at once, and back', async () => {
    const { gateway, answers, split } = await start()
    assert.deepEqual(await answers(), new Set(['blue']))
    const switched = await gateway.call('POST', '/routes/shop/switch', { body: { to: 'green' } })
    assert.deepEqual(
      [switched.status, switched.body['weights'], switched.body['before']],
      [200, { blue: 0, green: 100 }, { blue: 100, green: 0 }],
    )
    assert.deepEqual(await answers(), new Set(['green']))
    const { routes } = (await gateway.call('GET', '/routes')).body as { routes: { split: unknown }[] }
    assert.deepEqual(routes[0]?.split, {
      upstreams: [
        { upstream: 'blue', weight: 100 },
        { upstream: 'green', weight: 0 },
      ],
      present: { blue: 0, green: 100 },
    })
    assert.deepEqual((await gateway.call('DELETE', split)).body['weights'], { blue: 100, green: 0 })
    assert.deepEqual(await answers(), new Set(['blue']))
    await gateway.call('PATCH', split, { body: { weights: { green: 100 } } })
    assert.deepEqual(await answers(40), new Set(['blue', 'green']))
    assert.match(gateway.process.stderr, /split of route shop/, 'each change is on record')
    const page = await (await fetch(`${gateway.admin}/metrics`)).text()
    assert.match(page, /headgate_split_weight\{route="shop",upstream="green"\} 100/)
    assert.match(page, /headgate_split_requests_total\{route="shop",upstream="green"\} [1-9]/)
  })

  it('takes If-Match, and refuses what makes no sense', async () => {
    const { gateway, split } = await start()
    const etag = (await gateway.call('GET', split)).headers.get('etag') ?? ''
    const body = { weights: { green: 7 } }
    const first = await gateway.call('PATCH', split, { body, headers: { 'if-match': etag } })
    assert.equal(first.status, 200)
    const second = await gateway.call('PATCH', split, { body, headers: { 'if-match': etag } })
    assert.equal(second.status, 412)
    assert.match(String(second.body['detail']), /the weights are blue 100, green 7/)
    assert.equal(second.headers.get('etag'), first.headers.get('etag'))
    for (const [wrong, message] of [
      [{ weights: { green: '7' } }, /the weight of green must be a whole number .* and "7" is none/],
      [{ weights: { gren: 7 } }, /"gren" is no upstream of the split, which has blue, green/],
      [{ weights: { blue: 0, green: 0 } }, /every weight would be 0/],
      [{ weights: [1, 2] }, /by upstream/],
      [{ weights: {}, more: 1 }, /by upstream/],
      [7, /by upstream/],
    ] as const) {
      const refused = await gateway.call('PATCH', split, { body: wrong })
      assert.equal(refused.status, 400)
      assert.match(String(refused.body['detail']), message)
    }
    assert.equal((await gateway.call('POST', '/routes/shop/switch', { body: { to: 'grey' } })).status, 400)
    const now = (await gateway.call('GET', split)).headers.get('etag') ?? ''
    const racing = [1, 2, 3, 4, 5].map((weight) =>
      gateway.call('PATCH', split, {
        body: { weights: { blue: weight } },
        headers: { 'if-match': now },
      }),
    )
    const statuses = (await Promise.all(racing)).map(({ status }) => status)
    assert.deepEqual(
      statuses.sort((one, other) => one - other),
      [200, 412, 412, 412, 412],
      'of calls that race, one wins',
    )
    await gateway.call('PATCH', split, { body: { weights: { blue: 100 } } })
    const missing = await gateway.call('PATCH', '/routes/plain/split', { body })
    assert.equal(missing.status, 404)
    assert.match(String(missing.body['detail']), /routes with one: shop/)
    assert.deepEqual((await gateway.call('GET', split)).body['weights'], { blue: 100, green: 7 })
  })

  it('outlasts a reload that leaves the split as it is, and a worker; a changed split starts afresh', async () => {
    const { gateway, config, answers, split } = await start()
    await gateway.call('POST', '/routes/shop/switch', { body: { to: 'green' } })
    gateway.write(config({ timeout: '20s' }))
    const kept = await gateway.call('POST', '/reload')
    assert.equal(kept.body['outcome'], 'applied')
    assert.doesNotMatch(String(kept.body['summary']), /splits/)
    assert.deepEqual(await answers(), new Set(['green']))
    gateway.write(config({}, 50))
    const reset = await gateway.call('POST', '/reload')
    assert.match(String(reset.body['summary']), /splits: 0 kept, 1 reset \(shop\)/)
    assert.deepEqual((await gateway.call('GET', split)).body['weights'], { blue: 50, green: 0 })
    assert.deepEqual(await answers(), new Set(['blue']))
  })

  it('has commands', async () => {
    const { gateway } = await start()
    const run = (...args: string[]) => headgate([...args, '--admin', gateway.admin], { cwd: gateway.cwd })
    assert.equal(
      (await run('split', 'shop', 'blue=50', 'green=50')).stdout,
      'shop: blue 50 (50 %), green 50 (50 %)\nbefore: blue 100, green 0\n',
    )
    assert.equal(
      (await run('switch', 'shop', 'green')).stdout,
      'shop: blue 0, green 100 (100 %)\nbefore: blue 50, green 50\n',
    )
    assert.equal(
      (await run('split', 'shop')).stdout,
      'shop: blue 0, green 100 (100 %)\nconfigured: blue 100, green 0\n',
    )
    assert.equal(
      (await run('split', 'shop', '--reset')).stdout,
      'shop: blue 100 (100 %), green 0\nbefore: blue 0, green 100\n',
    )
    const wrong = await run('split', 'shop', 'blue')
    assert.deepEqual(
      [wrong.code, wrong.stderr],
      [2, 'headgate: "blue" is not UPSTREAM=WEIGHT, such as canary=10\n'],
    )
    const refused = await run('switch', 'shop', 'grey')
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /"grey" is no upstream of the split, which has blue, green/)
  })
})
