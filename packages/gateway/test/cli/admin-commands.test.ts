import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { headgate } from '../headgate-command.ts'
import { startOrigin } from '../origin.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'

async function start() {
  const origin = await startOrigin()
  const config = (name: string) =>
    configWith({
      workers: 1,
      reload: { watch: false },
      upstreams: { shop: { endpoints: [{ url: origin.url }] } },
      routes: [{ name, upstream: 'shop' }],
    })
  const gateway = await startChanging(config('first'))
  const { cwd } = gateway
  const run = (...args: string[]) => headgate([...args, '--admin', gateway.admin], { cwd })
  return { gateway, config, run, origin }
}

describe('commands that ask a running gateway', () => {
  it('reload it, list its versions, compare them and roll back', async () => {
    const { gateway, config, run } = await start()
    gateway.write(config('second'))
    const dry = await run('reload', '--dry-run')
    assert.match(dry.stdout, /^would change: routes: 0 kept, 1 added \(second\), 1 removed \(first\);/)
    assert.match((await run('reload')).stdout, /^version 2 is in force: routes: 0 kept/)
    assert.equal((await run('reload')).stdout, 'nothing has changed: version 2 is in force\n')
    const { stdout } = await run('versions')
    assert.match(stdout, /^VERSION +TIME +ORIGIN +BY +HASH +CHANGES\n2 \* +\S+ +admin +\w+ \(127\.0\.0\.1\)/)
    const differences = await run('diff', '1', '2')
    assert.match(differences.stdout, /^- routes\.first: .*\n\+ routes\.second: /)
    assert.equal((await run('diff', '1', '1')).stdout, 'nothing differs\n')
    assert.match((await run('rollback', '1')).stdout, /^version 3 is in force: .*1 added \(first\)/)
    const unknown = await run('rollback', '77')
    assert.deepEqual([unknown.code, unknown.stdout], [1, ''])
    assert.match(unknown.stderr, /there is no such version/)
  })

  it('show how it is, and its upstreams', async () => {
    const { gateway, run, origin } = await start()
    await (await fetch(gateway.url)).text()
    const status = await run('status')
    assert.match(status.stdout, /^headgate \d.*, running for \d+ s\nworkers +1 of 1 listen\n/)
    assert.match(
      status.stdout,
      new RegExp(`listeners +${gateway.url}\nconfiguration +version 1 of .* \\(start\\), 1 route\n$`),
    )
    const { host } = new URL(origin.url)
    const { stdout } = await run('upstreams')
    assert.match(stdout, new RegExp(`^UPSTREAM .*\nshop +${host} +up +1 +0 +1 +0 +0\n$`))
  })

  it('say what to do when none answers', async () => {
    const { code, stderr } = await headgate(['status', '--admin', '127.0.0.1:1'])
    assert.equal(code, 1)
    assert.match(stderr, /^headgate: no gateway answers at 127\.0\.0\.1:1: .*ECONNREFUSED.*--admin/)
    assert.match((await headgate(['status', '--admin', 'x'])).stderr, /--admin "x" /)
  })
})
