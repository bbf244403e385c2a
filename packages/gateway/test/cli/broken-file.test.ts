import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { headgate } from '../headgate-command.ts'
import { type Finished, folder } from '../headgate-process.ts'
import { type ChangingGateway, configWith, startChanging } from '../versions/running-gateway.ts'

function config(body: string, admin: string): Record<string, unknown> {
  return configWith({
    workers: 1,
    reload: { watch: false },
    admin: { address: admin },
    routes: [{ name: 'all', respond: { body } }],
  })
}

/** A gateway whose admin address is in its file only: port 0 would be another one for everybody. */
async function start(): Promise<{ gateway: ChangingGateway; address: string }> {
  const probe = await startChanging(config('probe', '127.0.0.1:0'))
  const address = new URL(probe.admin).host
  probe.process.child.kill('SIGTERM')
  await probe.process.finished
  return { gateway: await startChanging(config('one', address), {}, folder(), 150_000), address }
}

describe('a file that is broken', () => {
  it('does not keep anybody from asking the gateway that runs, or from going back', async () => {
    const { gateway } = await start()
    const { cwd } = gateway
    const env = { XDG_STATE_HOME: join(cwd, 'state') }
    const run = (...args: string[]): Promise<Finished> => headgate(args, { cwd, env })
    const file = join(cwd, 'headgate.json')
    const good = config('one', new URL(gateway.admin).host)
    const states: Record<string, string> = {
      'with a mistake elsewhere': JSON.stringify({ ...good, rooutes: 1 }),
      'that cannot be read at all': '{ "routes": [',
      'whose section admin is wrong': JSON.stringify({ ...good, admin: { adress: 1 } }),
    }
    for (const [state, text] of Object.entries(states)) {
      writeFileSync(file, text)
      const commands = [['status'], ['versions'], ['upstreams'], ['rollback', '1'], ['status', '-c', file]]
      const done = await Promise.all(commands.map((args) => run(...args)))
      for (const [index, { code, stderr }] of done.entries())
        assert.equal(code, 0, `${commands[index]?.join(' ')}, a file ${state}: ${stderr}`)
    }
    gateway.process.child.kill('SIGTERM')
    await gateway.process.finished
    const { code, stderr } = await run('status')
    assert.equal(code, 1)
    assert.match(
      stderr,
      /no gateway answers at 127\.0\.0\.1:\d+ \(as version 1 says, since \S*headgate\.json has mistakes\)/,
    )
  })

  it('is no matter where the environment says where the gateway is', async () => {
    const gateway = await startChanging(config('one', '127.0.0.1:0'), {}, folder(), 60_000)
    const cwd = folder({ 'headgate.yaml': 'routes: [' })
    const env = { HEADGATE_ADMIN: gateway.admin }
    const { code, stdout, stderr } = await headgate(['status'], { cwd, env })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^headgate /)
    const wrong = await headgate(['status'], { cwd, env: { HEADGATE_ADMIN: 'nonsense' } })
    assert.match(wrong.stderr, /^headgate: HEADGATE_ADMIN "nonsense" is not an address/)
  })
})

it('a dry run with a file of its own compares that with what is in force, and changes nothing', async () => {
  const gateway = await startChanging(config('one', '127.0.0.1:0'), {}, folder(), 120_000)
  const cwd = folder({
    'new.json': JSON.stringify(config('two', '127.0.0.1:0')),
    'same.json': JSON.stringify(config('one', '127.0.0.1:0')),
    'wrong.json': '{"routes":[]}',
  })
  const dry = (file: string): Promise<Finished> =>
    headgate(['reload', '--dry-run', '-c', file, '--admin', gateway.admin], { cwd })
  const [changed, same, wrong] = await Promise.all([dry('new.json'), dry('same.json'), dry('wrong.json')])
  assert.match(changed.stdout, /^would change: routes: 0 kept, 1 changed \(all\)/)
  assert.equal(same.stdout, 'nothing would change: version 1, which is in force, is the same\n')
  assert.equal(wrong.code, 78)
  assert.equal(await (await fetch(gateway.url)).text(), 'one')
})
