import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { makeCertificate, makeRevocationList } from '../../../core/test/certificates.ts'
import { folder, HEADGATE, TestProcess } from '../headgate-process.ts'
import { ask, connected, requestOf } from './clients.ts'
import { resume } from './peers.ts'

const served = makeCertificate({ names: ['shop.example', 'pay.example'] })
const first = makeCertificate({ names: ['x'], commonName: 'First CA' })
const second = makeCertificate({ names: ['x'], commonName: 'Second CA' })
const client = makeCertificate({ names: ['orders.internal'], ca: first })
const successor = makeCertificate({ names: ['orders.internal'], ca: second })

/** A gateway with two workers, and what it says. */
async function start(
  tls: object,
): Promise<{ gateway: TestProcess; port: number; write: (tls: object) => void; cwd: string }> {
  const cwd = folder({
    'cert.pem': served.cert,
    'cert.key': served.key,
    'ca.pem': first.cert,
    'list.pem': makeRevocationList(first, []),
  })
  const write = (clients: object): void => {
    const listener = { address: '127.0.0.1:0', tls: { cert: 'cert.pem', key: 'cert.key', ...clients } }
    const config = {
      workers: 2,
      listeners: [listener],
      admin: { address: `unix:${join(cwd, 'admin.sock')}` },
      routes: [{ respond: { body: 'hello' } }],
    }
    writeFileSync(join(cwd, 'headgate.json'), JSON.stringify(config))
  }
  write(tls)
  const gateway = new TestProcess(process.execPath, [HEADGATE, 'run', '-c', join(cwd, 'headgate.json')], {
    cwd,
  })
  await gateway.print(/ready: version/)
  const [, port] = await gateway.print(/"url":"https:\/\/127\.0\.0\.1:(\d+)"/)
  return { gateway, port: Number(port), write, cwd }
}

/** What several connections in a row get, so that each worker has had some. */
async function all(port: number, asking: Parameters<typeof ask>[1]): Promise<Set<string>> {
  const said = await Promise.all(Array.from({ length: 12 }, () => ask(port, asking)))
  return new Set(said.map((each) => (each.startsWith('HTTP/1.1 200') ? 'hello' : each)))
}

it('authorities and lists are rotated when their files change, by all workers, and connections stay', async () => {
  const { gateway, port, cwd } = await start({ clientCertificates: { ca: 'ca.pem' } })
  const kept = await connected(port, { shows: client })
  assert.deepEqual(await all(port, { shows: client }), new Set(['hello']))
  assert.deepEqual(await all(port, { shows: successor }), new Set(['alert unknown ca']))
  writeFileSync(join(cwd, 'ca.pem'), first.cert + second.cert)
  await gateway.print(/ca\.pem is in force anew: CN=First CA; CN=Second CA/)
  assert.deepEqual(await all(port, { shows: successor }), new Set(['hello']))
  assert.deepEqual(await all(port, { shows: client }), new Set(['hello']))
  writeFileSync(join(cwd, 'ca.pem'), second.cert)
  await gateway.print(/ca\.pem is in force anew: CN=Second CA/)
  assert.deepEqual(await all(port, { shows: client }), new Set(['alert unknown ca']))
  // What is broken leaves what was there before.
  writeFileSync(join(cwd, 'ca.pem'), 'nothing')
  await gateway.print(
    /the authorities \S+ca\.pem cannot be used: it is not PEM; the one before stays in force: CN=Second CA/,
  )
  assert.deepEqual(await all(port, { shows: successor }), new Set(['hello']))
  kept.write(requestOf({}))
  const [answer] = (await once(kept, 'data')) as [Buffer]
  assert.match(answer.toString(), /^HTTP\/1\.1 200/)
  kept.destroy()
  gateway.child.kill('SIGTERM')
  assert.equal((await gateway.finished).code, 0)
})

it('a session is resumed by either worker, not by another name, and never where certificates are asked for', async () => {
  const { gateway, port, write, cwd } = await start({
    clientCertificates: {
      mode: 'none',
      ca: 'ca.pem',
      crl: 'list.pem',
      names: { 'pay.example': { mode: 'required' } },
    },
  })
  writeFileSync(join(cwd, 'client.pem'), client.cert + client.key)
  const shown = ['-cert', 'client.pem']
  for (const version of ['-tls1_2', '-tls1_3']) {
    const ticket = join(cwd, `ticket${version}`)
    const keep = [version, '-sess_out', ticket]
    const use = [version, '-sess_in', ticket]
    await resume(cwd, port, 'shop.example', keep)
    assert.ok(existsSync(ticket))
    // Each connection comes to either worker.
    for (let turn = 0; turn < 4; turn++)
      assert.match(await resume(cwd, port, 'shop.example', use), /\nReused, [^]*hello/)
    // One of a name that asks for nothing, at one that does.
    const without = await resume(cwd, port, 'pay.example', use)
    assert.doesNotMatch(without, /\nReused, |hello/, version)
    assert.match(await resume(cwd, port, 'pay.example', [...keep, ...shown]), /\nNew, [^]*hello/)
    assert.match(await resume(cwd, port, 'pay.example', [...use, ...shown]), /\nNew, [^]*hello/)
    assert.doesNotMatch(await resume(cwd, port, 'pay.example', use), /\nReused, |hello/)
    assert.match(await resume(cwd, port, 'shop.example', use), /\nNew, [^]*hello/)
    await resume(cwd, port, 'shop.example', keep)
  }
  writeFileSync(join(cwd, 'list.pem'), makeRevocationList(first, [client]))
  await gateway.print(/ca\.pem is in force anew/)
  for (const version of ['-tls1_2', '-tls1_3']) {
    const said = await resume(cwd, port, 'pay.example', [
      version,
      ...shown,
      '-sess_in',
      join(cwd, `ticket${version}`),
    ])
    assert.doesNotMatch(said, /\nReused, |hello/)
  }
  // From now on all names ask, and what was given out before is worth nothing.
  write({ clientCertificates: { ca: 'ca.pem' } })
  await gateway.print(/ready: version|reloaded|version \S+ is in force/)
  const asks = async (): Promise<boolean> => !(await all(port, { servername: 'shop.example' })).has('hello')
  await eventually(asks, 'all workers ask')
  for (const version of ['-tls1_2', '-tls1_3'])
    assert.doesNotMatch(
      await resume(cwd, port, 'shop.example', [version, '-sess_in', join(cwd, `ticket${version}`)]),
      /\nReused, |hello/,
    )
  gateway.child.kill('SIGTERM')
  assert.equal((await gateway.finished).code, 0)
})
