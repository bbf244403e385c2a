import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { headgate } from '../headgate-command.ts'
import { startOrigin } from '../origin.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'

describe('commands that change the state of a running gateway', () => {
  it('mark, weigh, add and remove endpoints', async () => {
    const [one, two] = [await startOrigin((_, r) => r.end('one')), await startOrigin((_, r) => r.end('two'))]
    const gateway = await startChanging(
      configWith({ upstreams: { shop: { endpoints: [{ url: one.url }] } }, routes: [{ upstream: 'shop' }] }),
    )
    const { cwd, admin } = gateway
    const run = (...args: string[]) => headgate(['endpoint', 'shop', ...args, '--admin', admin], { cwd })
    const [first, second] = [new URL(one.url).host, new URL(two.url).host]
    const get = async (): Promise<string> =>
      (await fetch(gateway.url, { headers: { connection: 'close' } })).text()
    assert.equal(
      (await run(two.url, '--add', '--weight', '4')).stdout,
      `${second} is in shop, with weight 4\n`,
    )
    assert.equal((await run(first, '--mark', 'down')).stdout, `${first} of shop is down, with weight 1\n`)
    for (let count = 0; count < 6; count++) assert.equal(await get(), 'two')
    assert.equal(
      (await run(first, '--mark', 'up', '--weight', '7')).stdout,
      `${first} of shop is up, with weight 7\n`,
    )
    assert.equal((await run(second, '--remove')).stdout, `${second} is out of shop\n`)
    for (let count = 0; count < 6; count++) assert.equal(await get(), 'one')
    const unknown = await run('127.0.0.1:2', '--mark', 'down')
    assert.deepEqual([unknown.code, unknown.stdout], [1, ''])
    assert.match(unknown.stderr, /there is no such endpoint: "headgate upstreams" lists them/)
  })

  for (const [args, says] of [
    [['endpoint', 'shop', 'x:1'], /say what to change: --mark down, --weight 3, --add or --remove/],
    [
      ['endpoint', 'shop', 'x:1', '--weight', '1.5'],
      /"1\.5" is no weight: give a whole number from 0 to 1000/,
    ],
    [['endpoint', 'shop', 'x:1', '--add'], /--add takes a URL, as http:\/\/x:1/],
    [['endpoint', 'shop', 'http://x:1', '--add', '--mark', 'down'], /--add goes with --weight alone/],
    [['endpoint', 'shop', 'x:1', '--remove', '--weight', '1'], /--remove goes without the others/],
    [['checks', 'stop'], /there is no "stop": say pause, resume or run/],
    [['checks', 'run'], /say of which upstream/],
    [['checks', 'pause', 'a', 'b'], /name one upstream/],
    [['breakers', '--reset', 'a', '--open', 'b'], /--reset and --open exclude each other/],
    [['breakers', '--endpoint', 'a'], /--endpoint goes with --reset or --open/],
    [['limits', '--usage', 'a', '--reset', 'b'], /--usage and --reset exclude each other/],
    [['limits', '--key', 'a'], /--key goes with --usage or --reset/],
    [['cache', 'clear'], /there is no "cache clear": use stats, show, purge or warm/],
    [['cache', 'show'], /show takes one URL, or its path/],
    [['cache', 'show', '/a', '-H', 'x'], /is not a header field/],
    [['cache', 'stats', '/a'], /a URL and its header fields go with "show"/],
    [['cache', 'stats', '--all'], /what is to be removed goes with "purge"/],
    [
      ['cache', 'purge', '--all', '--tag', 'a'],
      /purge takes one of --url, --prefix, --tag, --route and --all/,
    ],
  ] as const) {
    it(`exit with 2 and say why: headgate ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await headgate([...args])
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, says)
    })
  }
})
